/* The two styles of words (facts 4.4, 4.5). Optimized integrations speak as the SDK for Java 1
 * does:
 *   DynamoDB.ResourceNotFoundException
 *   <message> (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ...; Request ID: ...;
 *   Proxy: null)
 * aws-sdk integrations as the SDK for Java 2:
 *   DynamoDb.ResourceNotFoundException
 *   <message> (Service: DynamoDb, Status Code: 400, Request ID: ...) (SDK Attempt Count: 1)
 */
#include "words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CAUSE_MAXIMUM 32768

/* ---- failures ---- */

static bool is_v1(const struct words_about *t)
{
    return t->style->prefix != NULL && !t->style->speaks_v2;
}

static const char *prefix_of(const struct words_about *t)
{
    return t->style->prefix ? t->style->prefix : t->operation->service->error_prefix;
}

static void put_exception(const char *name, struct asl_buffer *out)
{
    struct asl_text text = asl_text(name);
    if (asl_text_ends(text, "Fault"))
        text.size -= strlen("Fault");
    asl_buffer_put_text(out, text);
    if (!asl_text_ends(text, "Exception"))
        asl_buffer_puts(out, "Exception");
}

void words_put_error(const struct words_about *t, const char *code, struct asl_buffer *out)
{
    const struct catalogue_service *s = t->operation->service;
    if (!is_v1(t)) {
        char name[512];
        catalogue_error_name(s, asl_text(code), name, sizeof name);
        asl_buffer_printf(out, "%s%s", prefix_of(t), strchr(name, '.'));
        return;
    }
    const struct catalogue_shape *known = catalogue_exception(s, asl_text(code));
    asl_buffer_printf(out, "%s.", t->style->prefix);
    if (known)
        put_exception(known->name, out);
    else
        asl_buffer_puts(out, t->style->base_error);
}

static void put_attempts(size_t attempts, struct asl_buffer *out)
{
    if (attempts > 0)
        asl_buffer_printf(out, " (SDK Attempt Count: %zu)", attempts);
}

static void put_cause(const struct words_about *t, const struct aws_outcome *o,
                      struct asl_buffer *out)
{
    const struct aws_answer *a = &o->answer;
    asl_buffer_puts(out, a->message[0] ? a->message : "null");
    if (is_v1(t)) {
        asl_buffer_printf(out, " (Service: %s; Status Code: %d; Error Code: %s; Request ID: %s",
                          t->style->service, a->status, a->code[0] ? a->code : "null",
                          a->request_id[0] ? a->request_id : "null");
        if (a->extended_request_id[0])
            asl_buffer_printf(out, "; S3 Extended Request ID: %s", a->extended_request_id);
        asl_buffer_puts(out, "; Proxy: null)");
        return;
    }
    asl_buffer_printf(out, " (Service: %s, Status Code: %d, Request ID: %s",
                      t->operation->service->error_prefix, a->status,
                      a->request_id[0] ? a->request_id : "null");
    if (a->extended_request_id[0])
        asl_buffer_printf(out, ", Extended Request ID: %s", a->extended_request_id);
    asl_buffer_putc(out, ')');
    put_attempts(o->attempts, out);
}

static void fail_client(const struct words_about *t, const struct aws_outcome *o,
                        struct asl_buffer *error, struct asl_buffer *cause)
{
    if (o->failure == HTTP_TOO_LARGE) {
        asl_buffer_puts(error, "States.DataLimitExceeded");
        asl_buffer_printf(cause,
                          "The state/task '%s' returned a result with a size exceeding the "
                          "maximum number of bytes service limit.",
                          t->type);
        return;
    }
    asl_buffer_printf(error, "%s.SdkClientException", prefix_of(t));
    asl_buffer_puts(cause, o->answer.message);
    if (!is_v1(t))
        put_attempts(o->attempts, cause);
}

/* AWS does not say why. */
static void fail_role(const struct words_about *t, struct asl_buffer *error,
                      struct asl_buffer *cause)
{
    asl_buffer_puts(error, "States.TaskFailed");
    asl_buffer_printf(cause, "The role %s is not authorized to assume the task state's role, %s.",
                      t->machine_role ? t->machine_role : "", t->role_arn ? t->role_arn : "");
}

struct asl_text words_cut(struct asl_text cause)
{
    if (cause.size <= CAUSE_MAXIMUM)
        return cause;
    cause.size = CAUSE_MAXIMUM;
    while (cause.size > 0 && (cause.data[cause.size] & 0xC0) == 0x80) /* not within a character */
        cause.size--;
    return cause;
}

void words_of_failure(struct words *w, const struct words_about *about, const struct aws_outcome *o)
{
    asl_buffer_init(&w->error, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&w->cause, ASL_BUFFER_MAXIMUM);
    if (o->trouble == AWS_ANSWERED) {
        words_put_error(about, o->answer.code, &w->error);
        put_cause(about, o, &w->cause);
    } else if (o->trouble == AWS_ROLE) {
        fail_role(about, &w->error, &w->cause);
    } else {
        fail_client(about, o, &w->error, &w->cause);
    }
}

void words_of_unknown(struct words *w, const struct service_style *style, const asl_value *answer)
{
    asl_buffer_init(&w->error, 256);
    asl_buffer_init(&w->cause, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&w->error, "%s.Unknown", style->service);
    value_print(answer, &w->cause);
}

void words_free(struct words *w)
{
    asl_buffer_free(&w->error);
    asl_buffer_free(&w->cause);
}

/* ---- success ---- */

static asl_value *header_values(const struct http_headers *h, const char *name)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < h->count; i++)
        if (strcasecmp(h->items[i].name, name) == 0)
            value_list_push_take(&l, value_string_z(h->items[i].value));
    return value_array_take(&l);
}

/* {AllHttpHeaders: {name: [values]}, HttpHeaders: {name: value}, HttpStatusCode} */
static asl_value *http_metadata(const struct http_headers *h, int status)
{
    struct value_list all, one, out;
    value_list_init(&all);
    value_list_init(&one);
    value_list_init(&out);
    for (size_t i = 0; i < h->count; i++) {
        value_list_set_take(&all, h->items[i].name, header_values(h, h->items[i].name));
        value_list_set_take(&one, h->items[i].name, value_string_z(h->items[i].value));
    }
    value_list_set_take(&out, "AllHttpHeaders", value_object_take(&all));
    value_list_set_take(&out, "HttpHeaders", value_object_take(&one));
    value_list_set_take(&out, "HttpStatusCode", value_integer(status));
    return value_object_take(&out);
}

static asl_value *with_metadata_take(asl_value *output, const struct aws_outcome *o)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "RequestId", value_string_z(o->answer.request_id));
    output = value_with_take(output, value_string_z("SdkHttpMetadata"),
                             http_metadata(o->headers, o->answer.status));
    return value_with_take(output, value_string_z("SdkResponseMetadata"), value_object_take(&l));
}

static int compare_keys(const void *a, const void *b)
{
    const asl_value *const *x = a, *const *y = b;
    return asl_text_compare(value_as_text(x[0]), value_as_text(y[0]));
}

asl_value *words_sorted_take(asl_value *object)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < value_count(object); i++)
        value_list_push_member_take(&l, value_retain(value_key_at(object, i)),
                                    value_retain(value_at(object, i)));
    if (l.count > 0)
        qsort(l.items, l.count / 2, 2 * sizeof *l.items, compare_keys);
    value_release(object);
    return value_object_take(&l);
}

asl_value *words_of_success(const struct service_style *style, const struct aws_outcome *o)
{
    asl_value *output = o->answer.output ? value_retain(o->answer.output) : value_empty_object();
    if (style->metadata)
        output = with_metadata_take(output, o);
    if (style->prefix && value_kind(output) == VALUE_OBJECT)
        output = words_sorted_take(output);
    return output;
}
