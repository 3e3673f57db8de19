/* Rows of one table, and what they do: small functions on values. */
#include "custom.h"

#include <string.h>
#include <strings.h>

#include "engine/aws/protocol/xml_tree.h"
#include "engine/aws/sigv4.h"

/* ---- members by their names in any case, as Step Functions takes them ---- */

static bool is_called(struct asl_text key, const char *name)
{
    return key.size == strlen(name) && strncasecmp(key.data, name, key.size) == 0;
}

static const asl_value *given(const asl_value *parameters, const char *name)
{
    for (size_t i = 0; parameters && i < value_count(parameters); i++)
        if (is_called(value_as_text(value_key_at(parameters, i)), name) &&
            value_kind(value_at(parameters, i)) != VALUE_NULL)
            return value_at(parameters, i);
    return NULL;
}

static asl_value *with_take(asl_value *object, const char *name, asl_value *v)
{
    return value_with_take(object, value_string_z(name), v);
}

static asl_value *object_of(const asl_value *parameters)
{
    return parameters ? value_retain(parameters) : value_empty_object();
}

/* ---- Glacier: whose account it is need not be said ---- */

static asl_value *name_account(const asl_value *parameters, const char *region)
{
    (void)region;
    if (given(parameters, "AccountId"))
        return NULL;
    return with_take(object_of(parameters), "AccountId", value_string_z("-"));
}

/* ---- S3: a bucket is made where the call goes ---- */

static asl_value *name_location(const asl_value *parameters, const char *region)
{
    const asl_value *config = given(parameters, "CreateBucketConfiguration");
    bool is_object = config && value_kind(config) == VALUE_OBJECT;
    if (!region || strcmp(region, "us-east-1") == 0 || (config && !is_object) ||
        given(config, "LocationConstraint") || given(config, "Location"))
        return NULL;
    asl_value *located = with_take(config ? value_retain(config) : value_empty_object(),
                                   "LocationConstraint", value_string_z(region));
    return with_take(object_of(parameters), "CreateBucketConfiguration", located);
}

/* ---- S3: what is copied, in parts, and where to ---- */

static const struct {
    const char *name, *to; /* to NULL: a part of CopySource */
} copy_names[] = {
    {"SourceBucket", NULL},          {"SourceKey", NULL},       {"SourceVersionId", NULL},
    {"DestinationBucket", "Bucket"}, {"DestinationKey", "Key"},
};
enum { COPY_NAMES = sizeof copy_names / sizeof *copy_names };

static size_t copy_name(struct asl_text key)
{
    size_t i = 0;
    while (i < COPY_NAMES && !is_called(key, copy_names[i].name))
        i++;
    return i;
}

static bool is_text(const asl_value *v)
{
    return v && value_kind(v) == VALUE_STRING;
}

static void put_encoded(const char *before, const asl_value *v, struct asl_buffer *out)
{
    asl_buffer_puts(out, before);
    sigv4_encode(value_as_text(v), true, out);
}

static asl_value *copy_source(const asl_value *parameters)
{
    const asl_value *bucket = given(parameters, "SourceBucket");
    const asl_value *key = given(parameters, "SourceKey");
    const asl_value *version = given(parameters, "SourceVersionId");
    struct asl_buffer source;
    if (!is_text(bucket) || !is_text(key))
        return NULL;
    asl_buffer_init(&source, 65536);
    put_encoded("/", bucket, &source);
    put_encoded(asl_text_starts(value_as_text(bucket), "arn:") ? "/object/" : "/", key, &source);
    if (is_text(version))
        put_encoded("?versionId=", version, &source);
    asl_value *whole = value_string(asl_buffer_text(&source));
    asl_buffer_free(&source);
    return whole;
}

static asl_value *join_source(const asl_value *parameters, const char *region)
{
    struct value_list out;
    bool any = false;
    (void)region;
    for (size_t i = 0; parameters && i < value_count(parameters); i++)
        any = any || copy_name(value_as_text(value_key_at(parameters, i))) < COPY_NAMES;
    asl_value *source = any ? copy_source(parameters) : NULL;
    if (!any)
        return NULL;
    value_list_init(&out);
    for (size_t i = 0; i < value_count(parameters); i++) {
        const asl_value *key = value_key_at(parameters, i);
        size_t found = copy_name(value_as_text(key));
        const char *to = found < COPY_NAMES ? copy_names[found].to : NULL;
        if (to)
            value_list_set_take(&out, to, value_retain(value_at(parameters, i)));
        else if (found == COPY_NAMES || !source) /* half a source is for the model to refuse */
            value_list_push_member_take(&out, value_retain(key),
                                        value_retain(value_at(parameters, i)));
    }
    if (source)
        value_list_set_take(&out, "CopySource", source);
    return value_object_take(&out);
}

/* ---- texts in an answer, wherever they stand ---- */

/* `change` gets each text under one of the names and gives another, or NULL: it stays. */
struct texts {
    const char *const *names; /* ends with NULL */
    asl_value *(*change)(struct asl_text text);
};

static bool is_named(const asl_value *key, const char *const *names)
{
    for (; *names; names++)
        if (asl_text_is(value_as_text(key), *names))
            return true;
    return false;
}

static asl_value *texts_changed(const asl_value *v, const struct texts *t, bool named)
{
    struct value_list out;
    asl_value *changed = named && is_text(v) ? t->change(value_as_text(v)) : NULL;
    if (changed || (value_kind(v) != VALUE_OBJECT && value_kind(v) != VALUE_ARRAY))
        return changed ? changed : value_retain(v);
    value_list_init(&out);
    bool is_object = value_kind(v) == VALUE_OBJECT;
    for (size_t i = 0; i < value_count(v); i++)
        if (is_object)
            value_list_push_member_take(
                &out, value_retain(value_key_at(v, i)),
                texts_changed(value_at(v, i), t, is_named(value_key_at(v, i), t->names)));
        else
            value_list_push_take(&out, texts_changed(value_at(v, i), t, false));
    return is_object ? value_object_take(&out) : value_array_take(&out);
}

static asl_value *change_texts(const asl_value *output, struct asl_text body, const struct texts *t)
{
    (void)body;
    return texts_changed(output, t, false);
}

/* "/hostedzone/Z1" is Z1: "when the service accepts those IDs, the resource path portion cannot be
 * included". */
static asl_value *without_path(struct asl_text text)
{
    for (size_t i = text.size; i > 1; i--)
        if (text.data[i - 1] == '/')
            return value_string((struct asl_text){text.data + i, text.size - i});
    return NULL;
}

static asl_value *shorten_ids(const asl_value *output, struct asl_text body)
{
    static const char *const names[] = {"Id", "HostedZoneId", "HealthCheckId", "SetIdentifier",
                                        NULL};
    return change_texts(output, body, &(struct texts){names, without_path});
}

/* ---- S3: names that were asked for with EncodingType url ---- */

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static asl_value *decoded(struct asl_text text)
{
    struct asl_buffer out;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < text.size; i++) {
        int high = i + 2 < text.size && text.data[i] == '%' ? hex(text.data[i + 1]) : -1;
        int low = high >= 0 ? hex(text.data[i + 2]) : -1;
        asl_buffer_putc(&out, low >= 0              ? (char)(high * 16 + low)
                              : text.data[i] == '+' ? ' '
                                                    : text.data[i]);
        i += low >= 0 ? 2 : 0;
    }
    asl_value *v =
        value_utf8_valid(asl_buffer_text(&out)) ? value_string(asl_buffer_text(&out)) : NULL;
    asl_buffer_free(&out);
    return v;
}

static asl_value *decode_names(const asl_value *output, struct asl_text body)
{
    static const char *const names[] = {"Delimiter", "Key",           "KeyMarker",
                                        "Marker",    "NextKeyMarker", "NextMarker",
                                        "Prefix",    "StartAfter",    NULL};
    const asl_value *how = value_get_z(output, "EncodingType");
    if (!is_text(how) || !asl_text_is(value_as_text(how), "url"))
        return NULL;
    return change_texts(output, body, &(struct texts){names, decoded});
}

/* The whole body is one element, and what is asked for its text. */
static asl_value *read_location(const asl_value *output, struct asl_text body)
{
    char problem[128];
    struct xml_node *root = xml_parse(body, problem, sizeof problem);
    asl_value *out = NULL;
    if (root && strcmp(root->name, "LocationConstraint") == 0 && !root->first &&
        root->text.size > 0)
        out = with_take(value_retain(output), "LocationConstraint",
                        value_string(asl_buffer_text(&root->text)));
    xml_free(root);
    return out;
}

/* ---- the table ---- */

static const struct custom {
    const char *service, *operation; /* the operation NULL: all, "List*": all that begin so */
    asl_value *(*given)(const asl_value *parameters, const char *region);
    asl_value *(*answered)(const asl_value *output, struct asl_text body);
    const char *header, *value;
} customs[] = {
    /* else it answers in HAL: {"_embedded": {"item": ...}} */
    {"apigateway", NULL, NULL, NULL, "Accept", "application/json"},
    {"glacier", NULL, name_account, NULL, "x-amz-glacier-version", "2012-06-01"},
    {"route53", "Change*", NULL, shorten_ids, NULL, NULL},
    {"route53", "Create*", NULL, shorten_ids, NULL, NULL},
    {"route53", "DeleteHostedZone", NULL, shorten_ids, NULL, NULL},
    {"route53", "GetChange", NULL, shorten_ids, NULL, NULL},
    {"route53", "GetHealthCheck", NULL, shorten_ids, NULL, NULL},
    {"route53", "GetHostedZone", NULL, shorten_ids, NULL, NULL},
    {"route53", "GetReusableDelegationSet", NULL, shorten_ids, NULL, NULL},
    {"route53", "ListHealthChecks", NULL, shorten_ids, NULL, NULL},
    {"route53", "ListHostedZones", NULL, shorten_ids, NULL, NULL},
    {"route53", "ListResourceRecordSets", NULL, shorten_ids, NULL, NULL},
    {"route53", "ListReusableDelegationSets", NULL, shorten_ids, NULL, NULL},
    {"s3", "CopyObject", join_source, NULL, NULL, NULL},
    {"s3", "CreateBucket", name_location, NULL, NULL, NULL},
    {"s3", "GetBucketLocation", NULL, read_location, NULL, NULL},
    {"s3", "List*", NULL, decode_names, NULL, NULL},
    {"s3", "UploadPartCopy", join_source, NULL, NULL, NULL},
};

static const struct custom *custom_of(const struct catalogue_operation *o)
{
    for (size_t i = 0; i < sizeof customs / sizeof *customs; i++) {
        const char *name = customs[i].operation;
        size_t size = name ? strcspn(name, "*") : 0;
        if (strcmp(customs[i].service, o->service->arn_name) == 0 &&
            (!name || (strncmp(o->name, name, size) == 0 && (name[size] || !o->name[size]))))
            return &customs[i];
    }
    return NULL;
}

asl_value *custom_given(const struct catalogue_operation *o, const asl_value *parameters,
                        const char *region)
{
    const struct custom *c = custom_of(o);
    bool is_object = !parameters || value_kind(parameters) == VALUE_OBJECT;
    return c && c->given && is_object ? c->given(parameters, region) : NULL;
}

void custom_headers(const struct catalogue_operation *o, struct aws_request *request)
{
    const struct custom *c = custom_of(o);
    if (c && c->header && !http_headers_get(&request->headers, c->header))
        http_headers_add(&request->headers, c->header, asl_text(c->value));
}

void custom_answer(const struct catalogue_operation *o, struct asl_text body,
                   struct aws_answer *answer)
{
    const struct custom *c = custom_of(o);
    bool has = c && c->answered && !answer->failed && answer->output &&
               value_kind(answer->output) == VALUE_OBJECT;
    asl_value *output = has ? c->answered(answer->output, body) : NULL;
    if (!output)
        return;
    value_release(answer->output);
    answer->output = output;
}

bool custom_failed(const struct catalogue_operation *o, struct asl_text body)
{
    static const char start[] = "<Error";
    const struct catalogue_shape *output = o->output.shape;
    if (strcmp(o->service->arn_name, "s3") != 0 || !output ||
        (output->payload && (output->payload->shape->type == CATALOGUE_BLOB ||
                             output->payload->shape->type == CATALOGUE_STRING)))
        return false;
    size_t i = 0;
    while (i < body.size && strchr(" \t\r\n", body.data[i])) /* and the prologue */
        i++;
    if (body.size - i > 5 && memcmp(body.data + i, "<?xml", 5) == 0) {
        const char *end = memmem(body.data + i, body.size - i, "?>", 2);
        i = end ? (size_t)(end - body.data) + 2 : body.size;
    }
    while (i < body.size && strchr(" \t\r\n", body.data[i]))
        i++;
    size_t size = sizeof start - 1;
    return body.size - i > size && memcmp(body.data + i, start, size) == 0 &&
           strchr("> \t\r\n/", body.data[i + size]);
}
