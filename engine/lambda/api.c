/* Lambda's Invoke API: POST /2015-03-31/functions/NAME/invocations, as the AWS CLI, SDKs and the
 * engine's own Tasks call it. Serves: Lambda API reference, Invoke. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/protocol.h"

#define FUNCTIONS     "/2015-03-31/functions/"
#define HANDLER       "/handler/"
#define EVENT_MAXIMUM 1048576 /* of InvocationType Event */

/* A call that waits for its result. */
struct waiting {
    struct http_exchange *exchange;
    struct lambda_invocation *invocation;
    char version[160];
};

/* ---- paths ---- */

bool lambda_is_path(const char *path)
{
    return strncmp(path, FUNCTIONS, strlen(FUNCTIONS)) == 0 ||
           strncmp(path, HANDLER, strlen(HANDLER)) == 0;
}

char *lambda_path(const char *key)
{
    struct asl_buffer path;
    asl_buffer_init(&path, 4096);
    asl_buffer_puts(&path, HANDLER);
    for (; *key; key++) {
        unsigned char c = (unsigned char)*key;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            strchr("-_.", c))
            asl_buffer_putc(&path, (char)c);
        else
            asl_buffer_printf(&path, "%%%02X", c);
    }
    return asl_buffer_take(&path, NULL);
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* Up to the next '/' or the end; *at moves there. */
static void decode_segment(const char **at, struct asl_buffer *out)
{
    for (; **at && **at != '/'; (*at)++) {
        const char *c = *at;
        if (*c == '%' && hex(c[1]) >= 0 && hex(c[2]) >= 0) {
            asl_buffer_putc(out, (char)(16 * hex(c[1]) + hex(c[2])));
            *at += 2;
        } else
            asl_buffer_putc(out, *c);
    }
}

static void query_qualifier(const char *query, struct asl_buffer *out)
{
    for (const char *at = query; at && *at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL)
        if (strncmp(at, "Qualifier=", 10) == 0) {
            const char *value = at + 10;
            struct asl_buffer one;
            asl_buffer_init(&one, 1024);
            for (; *value && *value != '&'; value++)
                asl_buffer_putc(&one, *value);
            const char *text = one.data ? one.data : "";
            decode_segment(&text, out);
            asl_buffer_free(&one);
        }
}

/* ---- answers ---- */

static void refuse(struct http_exchange *x, int status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void refuse(struct http_exchange *x, int status, const char *code, const char *format, ...)
{
    struct asl_buffer message, body;
    struct http_headers headers;
    struct value_list l;
    char id[37];
    va_list arguments;
    asl_buffer_init(&message, 4096);
    asl_buffer_init(&body, 16384);
    va_start(arguments, format);
    asl_buffer_vprintf(&message, format, arguments);
    va_end(arguments);
    value_list_init(&l);
    value_list_set_take(&l, "Type", value_string_z("User"));
    value_list_set_take(&l, "Message", value_string(asl_buffer_text(&message)));
    asl_value *v = value_object_take(&l);
    value_print(v, &body);
    value_release(v);
    http_headers_init(&headers);
    http_headers_add(&headers, "Content-Type", ASL_TEXT("application/json"));
    http_headers_add(&headers, "x-amzn-ErrorType", asl_text(code));
    lambda_make_id(id);
    http_headers_add(&headers, "x-amzn-RequestId", asl_text(id));
    http_exchange_answer(x, status, &headers, asl_buffer_text(&body));
    http_headers_free(&headers);
    asl_buffer_free(&message);
    asl_buffer_free(&body);
}

static void answer(struct waiting *w, const struct lambda_result *r)
{
    struct http_headers headers;
    struct asl_buffer log;
    http_headers_init(&headers);
    asl_buffer_init(&log, 3 * LOG_TAIL);
    http_headers_add(&headers, "Content-Type", ASL_TEXT("application/json"));
    http_headers_add(&headers, "x-amzn-RequestId", asl_text(r->request_id));
    http_headers_add(&headers, "X-Amz-Executed-Version", asl_text(w->version));
    if (r->function_error)
        http_headers_add(&headers, "X-Amz-Function-Error", asl_text(r->function_error));
    if (r->log.size) {
        protocol_base64_encode(r->log, &log);
        http_headers_add(&headers, "X-Amz-Log-Result", asl_buffer_text(&log));
    }
    http_exchange_answer(w->exchange, 200, &headers, r->payload);
    http_headers_free(&headers);
    asl_buffer_free(&log);
}

static void on_result(void *state, const struct lambda_result *r)
{
    struct waiting *w = state;
    http_exchange_on_gone(w->exchange, NULL, NULL);
    answer(w, r);
    free(w);
}

/* Nobody wants the outcome any more: a Task that timed out or was aborted. */
static void on_gone(void *state)
{
    struct waiting *w = state;
    lambda_cancel(w->invocation);
    http_exchange_answer(w->exchange, 408, &(struct http_headers){0}, ASL_TEXT(""));
    free(w);
}

static void answer_empty(struct http_exchange *x, int status)
{
    struct http_headers headers;
    http_headers_init(&headers);
    http_headers_add(&headers, "X-Amz-Executed-Version", ASL_TEXT("$LATEST"));
    http_exchange_answer(x, status, &headers, ASL_TEXT(""));
    http_headers_free(&headers);
}

/* ---- the call ---- */

/* False after refusing. */
static bool check_payload(struct http_exchange *x, struct asl_text body, bool is_event)
{
    struct value_error error;
    size_t most = is_event ? EVENT_MAXIMUM : LAMBDA_PAYLOAD_MAXIMUM;
    if (body.size > most) {
        refuse(x, 413, "RequestEntityTooLargeException",
               "%zu byte payload is too large for the %s invocation type (limit %zu bytes)",
               body.size, is_event ? "Event" : "RequestResponse", most);
        return false;
    }
    asl_value *v = value_parse(body, 0, 0, &error);
    if (!v)
        refuse(
            x, 400, "InvalidRequestContentException",
            "Could not parse request body into json: Could not parse payload into json: line %zu, "
            "column %zu: %s",
            error.line, error.column, error.message);
    value_release(v);
    return v != NULL;
}

static void refuse_unknown(struct lambda *l, struct http_exchange *x, struct asl_text name,
                           struct asl_text qualifier)
{
    refuse(x, 404, "ResourceNotFoundException",
           "Function not found: arn:aws:lambda:%s:%s:function:%.*s:%.*s", l->region, l->account,
           ASL_TEXT_ARGS(name), ASL_TEXT_ARGS(qualifier.size ? qualifier : ASL_TEXT("$LATEST")));
}

static void invoke(struct lambda *l, struct http_exchange *x, const struct http_received *request,
                   struct lambda_call *call)
{
    const char *type = http_headers_get(&request->headers, "X-Amz-Invocation-Type");
    const char *log = http_headers_get(&request->headers, "X-Amz-Log-Type");
    bool is_event = type && strcmp(type, "Event") == 0, busy;
    call->payload = request->body.size ? request->body : ASL_TEXT("{}");
    call->client_context = http_headers_get(&request->headers, "X-Amz-Client-Context");
    call->wants_log = log && strcmp(log, "Tail") == 0;
    if (!check_payload(x, call->payload, is_event))
        return;
    if (type && strcmp(type, "DryRun") == 0) {
        answer_empty(x, 204);
        return;
    }
    if (is_event && l->keep) {
        if (!function_of(l, call->key))
            refuse_unknown(l, x, call->name, call->qualifier);
        else if (l->keep(l->state, call))
            answer_empty(x, 202);
        else
            refuse(x, 500, "ServiceException",
                   "The call cannot be kept: the stand-ins' database failed.");
        return;
    }
    struct waiting *w = is_event ? NULL : asl_allocate_zeroed(1, sizeof *w);
    struct lambda_invocation *i = lambda_invoke(l, call, w ? on_result : NULL, w, &busy);
    if (!i) {
        free(w);
        if (busy)
            refuse(x, 429, "TooManyRequestsException", "Rate Exceeded.");
        else
            refuse_unknown(l, x, call->name, call->qualifier);
        return;
    }
    if (is_event) {
        answer_empty(x, 202);
        return;
    }
    struct asl_text q = call->qualifier;
    snprintf(
        w->version, sizeof w->version, "%.*s",
        ASL_TEXT_ARGS(q.size && q.data[0] >= '0' && q.data[0] <= '9' ? q : ASL_TEXT("$LATEST")));
    w->exchange = x;
    w->invocation = i;
    http_exchange_on_gone(x, on_gone, w);
}

void lambda_handle(void *lambda, struct http_exchange *x, const struct http_received *request)
{
    struct lambda *l = lambda;
    struct asl_buffer key, given, asked;
    struct lambda_call call = {.key = NULL};
    const char *at = request->path;
    asl_buffer_init(&key, 1024);
    asl_buffer_init(&given, 1024);
    asl_buffer_init(&asked, 1024);
    if (strncmp(at, HANDLER, strlen(HANDLER)) == 0) {
        at += strlen(HANDLER);
        decode_segment(&at, &key);
        call.key = key.data;
    }
    bool is_function = strncmp(at, FUNCTIONS, strlen(FUNCTIONS)) == 0;
    if (is_function) {
        at += strlen(FUNCTIONS);
        decode_segment(&at, &given);
    }
    query_qualifier(request->query, &asked);
    if (!is_function || strcmp(at, "/invocations") != 0 || strcmp(request->method, "POST") != 0)
        refuse(x, 501, "NotImplemented",
               "This stand-in of Lambda offers Invoke only: POST " FUNCTIONS "NAME/invocations. "
               "Functions are given with --route function:NAME=...");
    else if (!lambda_read_name(asl_buffer_text(&given), &call.name, &call.qualifier))
        refuse(x, 400, "ValidationException",
               "1 validation error detected: Value '%.200s' at 'functionName' failed to satisfy "
               "constraint: Member must be a function's name or ARN",
               given.data ? given.data : "");
    else {
        if (asked.size)
            call.qualifier = asl_buffer_text(&asked);
        if (!call.key)
            call.key = lambda_key_of(l, call.name, call.qualifier);
        if (call.key)
            invoke(l, x, request, &call);
        else
            refuse_unknown(l, x, call.name, call.qualifier);
    }
    asl_buffer_free(&key);
    asl_buffer_free(&given);
    asl_buffer_free(&asked);
}
