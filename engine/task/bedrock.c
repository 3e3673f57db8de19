/* The optimized Bedrock integration: bedrock:invokeModel (facts 4.6). Body is any JSON, in and out.
 *
 * Two parameters are Step Functions' own: Input, an object in S3 that is sent in place of Body, and
 * Output, where the answer's body is put, and told as that place. Both are calls of S3 in front of
 * and behind the one to the model. Errors are called "Bedrock.", causes are the SDK 2's. */
#include <string.h>

#include "engine/aws/protocol.h"
#include "service.h"
#include "table.h"
#include "web.h"

/* Models take their time; the service itself gives up after an hour. */
#define INVOKE_MS (INT64_C(60) * 60 * 1000)

/* Bodies are bytes: of the spellings that connectors know, only the SDK 1's leaves them alone. */
static const struct service_style s3_style = {.prefix = "S3", .speaks_v2 = true};

/* ---- S3 ---- */

struct place {
    struct asl_text uri, bucket, key;
};

/* {"S3Uri": "s3://bucket/key"} of that parameter. */
static bool read_place(const asl_value *parameters, const char *member, struct place *p)
{
    static const char scheme[] = "s3://";
    const asl_value *given = value_get_z(parameters, member);
    const asl_value *uri = given ? value_get_z(given, "S3Uri") : NULL;
    if (!uri || value_kind(uri) != VALUE_STRING)
        return false;
    p->uri = value_as_text(uri);
    if (!asl_text_starts(p->uri, scheme))
        return false;
    const char *bucket = p->uri.data + strlen(scheme), *end = p->uri.data + p->uri.size;
    const char *slash = memchr(bucket, '/', (size_t)(end - bucket));
    if (!slash || slash == bucket || slash + 1 == end)
        return false;
    p->bucket = (struct asl_text){bucket, (size_t)(slash - bucket)};
    p->key = (struct asl_text){slash + 1, (size_t)(end - slash - 1)};
    return true;
}

static asl_value *object_at(const struct place *p)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "Bucket", value_string(p->bucket));
    value_list_set_take(&l, "Key", value_string(p->key));
    return value_object_take(&l);
}

static asl_value *ask_input(const asl_value *given, const asl_value *last)
{
    struct place p;
    return !last && read_place(given, "Input", &p) ? object_at(&p) : NULL;
}

/* What the model's own API takes. */
static asl_value *own_parameters(const asl_value *given)
{
    static const char *const ours[] = {"Input", "Output"};
    struct value_list l;
    if (!given || value_kind(given) != VALUE_OBJECT)
        return given ? value_retain(given) : value_empty_object();
    value_list_init(&l);
    for (size_t i = 0; i < value_count(given); i++) {
        struct asl_text key = value_as_text(value_key_at(given, i));
        if (!asl_text_is(key, ours[0]) && !asl_text_is(key, ours[1]))
            value_list_push_member_take(&l, value_retain(value_key_at(given, i)),
                                        value_retain(value_at(given, i)));
    }
    return value_object_take(&l);
}

/* A body as it came, whatever its bytes; NULL: there is none. Yours. */
static asl_value *bytes_of(const asl_value *answer)
{
    const asl_value *encoded = value_get_z(answer, "Body");
    struct asl_buffer bytes;
    asl_value *body = NULL;
    if (!encoded || value_kind(encoded) != VALUE_STRING)
        return NULL;
    asl_buffer_init(&bytes, ASL_BUFFER_MAXIMUM);
    if (protocol_base64_decode(value_as_text(encoded), &bytes))
        body = value_string(asl_buffer_text(&bytes));
    asl_buffer_free(&bytes);
    return body;
}

static asl_value *with_input(const asl_value *given, const asl_value *object)
{
    asl_value *p = own_parameters(given);
    asl_value *body = object ? bytes_of(object) : NULL;
    const asl_value *type = object ? value_get_z(object, "ContentType") : NULL;
    if (body)
        p = value_with_take(p, value_string_z("Body"), body);
    if (type && !value_get_z(p, "ContentType"))
        p = value_with_take(p, value_string_z("ContentType"), value_retain(type));
    return p;
}

static asl_value *ask_output(const asl_value *given, const asl_value *output)
{
    struct place p;
    const asl_value *type = value_get_z(output, "ContentType");
    const asl_value *body = value_get_z(output, "Body");
    if (!read_place(given, "Output", &p))
        return NULL;
    asl_value *object = object_at(&p);
    if (type)
        object = value_with_take(object, value_string_z("ContentType"), value_retain(type));
    return body ? value_with_take(object, value_string_z("Body"), value_retain(body)) : object;
}

static asl_value *told_as_place(const asl_value *given, asl_value *output)
{
    struct place p;
    return read_place(given, "Output", &p)
               ? value_with_take(output, value_string_z("Body"), value_string(p.uri))
               : output;
}

static const struct service_lookup lookup = {
    .service = "s3",
    .operation = "getObject",
    .style = &s3_style,
    .ask = ask_input,
    .found = with_input,
};

static const struct service_sequel sequel = {
    .service = "s3",
    .operation = "putObject",
    .style = &s3_style,
    .ask = ask_output,
    .shape_take = told_as_place,
};

/* ---- the model ---- */

/* As JSON or text for the state, as it came for S3. */
static asl_value *shape(struct service_task *t, asl_value *output)
{
    struct place p;
    asl_value *bytes = bytes_of(output);
    if (!bytes)
        return output;
    asl_value *body = read_place(service_given(t), "Output", &p) ? value_retain(bytes)
                                                                 : web_body(value_as_text(bytes));
    value_release(bytes);
    return value_with_take(output, value_string_z("Body"), body);
}

static const struct service_style style = {
    .prefix = "Bedrock",
    .speaks_v2 = true,
    .timeout_ms = INVOKE_MS,
    .shape_take = shape,
    .lookup = &lookup,
    .sequel = &sequel,
};

static bool takes(const struct resource *r)
{
    return strcmp(r->type, "bedrock") == 0 && strcmp(r->action, "invokeModel") == 0 &&
           (r->pattern == TASK_REQUEST_RESPONSE || r->pattern == TASK_CALLBACK);
}

/* NULL: they can be used. */
static const char *problem_of(const asl_value *p)
{
    struct place place;
    if (!p || value_kind(p) != VALUE_OBJECT)
        return "The Parameters must be a JSON object";
    if (value_get_z(p, "Input") && !read_place(p, "Input", &place))
        return "The value of the field 'Input' has an invalid format";
    if (value_get_z(p, "Output") && !read_place(p, "Output", &place))
        return "The value of the field 'Output' has an invalid format";
    if (value_get_z(p, "Input") && value_get_z(p, "Body"))
        return "Only one of the fields 'Body' and 'Input' can be given";
    return NULL;
}

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    const char *problem = problem_of(request->parameters);
    if (problem)
        return service_refuse(shared, task, request, problem);
    return service_start(shared, task, request, &style,
                         service_operation(shared, "bedrockruntime", "invokeModel"),
                         request->parameters);
}

/* It changes nothing but the bill. */
static bool repeatable(const struct connectors *shared, const struct task_request *request)
{
    (void)shared;
    (void)request;
    return true;
}

static bool model(const struct resource *r, struct connector_model *m)
{
    (void)r;
    *m = (struct connector_model){.service = "bedrockruntime",
                                  .operation = "invokeModel",
                                  .style = &style,
                                  .map = own_parameters,
                                  .any = "Body"};
    return true;
}

const struct connector connector_bedrock = {
    .name = "bedrock",
    .takes = takes,
    .start = start,
    .cancel = service_cancel,
    .repeatable = repeatable,
    .model = model,
};
