/* Lambda: a function's ARN as the resource, and lambda:invoke (facts 4.5).
 *
 * The two differ in what they take and give: the ARN form sends the whole parameters and gives
 * the payload; lambda:invoke takes the API's members and gives the API's answer with the payload
 * read. */
#include <stdlib.h>
#include <string.h>

#include "engine/aws/protocol.h"
#include "service.h"
#include "table.h"

/* A function runs for 15 minutes at most; the answer comes when it has ended. */
#define INVOKE_MS (INT64_C(16) * 60 * 1000)

/* The payload as JSON where it is JSON, else as a string. */
static asl_value *payload_of(const asl_value *output, struct asl_buffer *text)
{
    struct value_error error;
    const asl_value *encoded = value_get_z(output, "Payload");
    asl_buffer_init(text, ASL_BUFFER_MAXIMUM);
    if (encoded)
        protocol_base64_decode(value_as_text(encoded), text);
    if (text->size == 0)
        return value_null();
    asl_value *payload = value_parse(asl_buffer_text(text), 0, 0, &error);
    return payload ? payload : value_string(asl_buffer_text(text));
}

/* A function that failed: error is its errorType, cause the whole payload as it came. */
static void fail_with(struct service_task *t, const asl_value *payload, struct asl_text text)
{
    const asl_value *type = value_get_z(payload, "errorType");
    bool named = type && value_kind(type) == VALUE_STRING && value_as_text(type).size > 0;
    char *error = asl_copy_text(named ? value_as_text(type) : ASL_TEXT("Lambda.Unknown"));
    service_fail(t, error, text);
    free(error);
}

static asl_value *read_payload_take(struct service_task *t, asl_value *output, asl_value **payload)
{
    struct asl_buffer text;
    *payload = payload_of(output, &text);
    if (value_get_z(output, "FunctionError")) {
        fail_with(t, *payload, asl_buffer_text(&text));
        value_release(*payload);
        value_release(output);
        output = NULL;
    }
    asl_buffer_free(&text);
    return output;
}

static asl_value *shape_invoke(struct service_task *t, asl_value *output)
{
    asl_value *payload;
    output = read_payload_take(t, output, &payload);
    return output ? value_with_take(output, value_string_z("Payload"), payload) : NULL;
}

static asl_value *shape_function(struct service_task *t, asl_value *output)
{
    asl_value *payload;
    output = read_payload_take(t, output, &payload);
    if (!output)
        return NULL;
    value_release(output);
    return payload;
}

static const struct service_style style_invoke = {
    .prefix = "Lambda",
    .service = "AWSLambda",
    .base_error = "AWSLambdaException",
    .metadata = true,
    .timeout_ms = INVOKE_MS,
    .shape_take = shape_invoke,
};

static const struct service_style style_function = {
    .prefix = "Lambda",
    .service = "AWSLambda",
    .base_error = "AWSLambdaException",
    .timeout_ms = INVOKE_MS,
    .shape_take = shape_function,
};

static bool takes(const struct resource *r)
{
    return r->family == TASK_LAMBDA ||
           (strcmp(r->type, "lambda") == 0 && strcmp(r->action, "invoke") == 0 &&
            (r->pattern == TASK_REQUEST_RESPONSE || r->pattern == TASK_CALLBACK));
}

/* A payload travels as JSON text, a string's with its quotes. */
static asl_value *as_json_text(const asl_value *payload)
{
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    value_print(payload, &text);
    asl_value *string = value_string(asl_buffer_text(&text));
    asl_buffer_free(&text);
    return string;
}

static asl_value *parameters_of(const struct task_request *request)
{
    const asl_value *payload = request->parameters;
    asl_value *parameters;
    if (request->resource->family == TASK_LAMBDA) {
        struct value_list l;
        value_list_init(&l);
        value_list_set_take(&l, "FunctionName", value_string_z(request->resource->arn));
        parameters = value_object_take(&l);
    } else {
        parameters = value_retain(request->parameters);
        payload = value_get_z(parameters, "Payload");
    }
    return payload ? value_with_take(parameters, value_string_z("Payload"), as_json_text(payload))
                   : parameters;
}

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    bool whole = request->resource->family == TASK_LAMBDA;
    if (!whole && (!request->parameters || value_kind(request->parameters) != VALUE_OBJECT))
        return service_refuse(shared, task, request, "The Parameters must be a JSON object");
    asl_value *parameters = parameters_of(request);
    void *handle = service_start(shared, task, request, whole ? &style_function : &style_invoke,
                                 service_operation(shared, "lambda", "invoke"), parameters);
    value_release(parameters);
    return handle;
}

/* Nobody but the function's author knows what it does. */
static bool repeatable(const struct connectors *shared, const struct task_request *request)
{
    (void)shared;
    (void)request;
    return false;
}

static bool model(const struct resource *r, struct connector_model *m)
{
    *m = (struct connector_model){
        .service = "lambda", .operation = "invoke", .style = &style_invoke, .any = "Payload"};
    return r->family != TASK_LAMBDA;
}

const struct connector connector_lambda = {
    .name = "lambda",
    .takes = takes,
    .start = start,
    .cancel = service_cancel,
    .repeatable = repeatable,
    .model = model,
};
