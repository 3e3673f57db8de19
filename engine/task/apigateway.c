/* The optimized API Gateway integration: apigateway:invoke (facts 4.5). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/sigv4.h"
#include "service.h"
#include "table.h"
#include "web.h"
#include "words.h"

/* API Gateway itself answers within 29 s; longer ones are allowed on request. */
#define TIMEOUT_MS 300000

struct gateway_task {
    struct service_handle handle;
    struct task *task;
    enum task_pattern pattern;
    char *url, *role_arn;
    struct aws_raw_call *call;
};

static const struct web_field fields[] = {
    {"ApiEndpoint", WEB_STRING, true}, {"Method", WEB_STRING, true},
    {"Stage", WEB_STRING, false},      {"Path", WEB_STRING, false},
    {"Headers", WEB_LISTS, false},     {"QueryParameters", WEB_LISTS, false},
    {"RequestBody", WEB_ANY, false},   {"AllowNullValues", WEB_ANY, false},
    {"AuthType", WEB_STRING, false},
};

/* "Call API Gateway REST APIs with Step Functions", unsupported headers. */
static const char *const refused[] = {
    "Authorization",
    "Connection",
    "Content-MD5",
    "Expect",
    "Host",
    "Max-Forwards",
    "Proxy-Authenticate",
    "Server",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Via",
    "WWW-Authenticate",
    "X-Amz*",
    "X-Forwarded*",
};

static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"};

static void gateway_free(struct gateway_task *t)
{
    free(t->url);
    free(t->role_arn);
    free(t);
}

static void cancel(void *handle)
{
    struct gateway_task *t = handle;
    aws_raw_cancel(t->call);
    gateway_free(t);
}

static void report(struct gateway_task *t, const struct http_answer *a)
{
    asl_value *output = web_output(a);
    if (t->pattern == TASK_CALLBACK)
        task_report_submitted(t->task, output);
    else
        task_report_succeeded(t->task, output);
    value_release(output);
}

static void report_failure(struct gateway_task *t, const struct http_answer *a)
{
    char error[32], text[512];
    if (a->failure == HTTP_DONE) {
        snprintf(error, sizeof error, "ApiGateway.%d", a->status);
        task_report_failed(t->task, asl_text(error), words_cut(asl_buffer_text(&a->body)));
        return;
    }
    aws_words_of_failure(a, t->url, text);
    task_report_failed(t->task, ASL_TEXT("ApiGateway.SdkClientException"), asl_text(text));
}

static void on_answer(void *state, const struct http_answer *a)
{
    struct gateway_task *t = state;
    if (a->failure == HTTP_DONE && a->status >= 200 && a->status < 300)
        report(t, a);
    else
        report_failure(t, a);
    gateway_free(t);
}

static bool takes(const struct resource *r)
{
    return strcmp(r->type, "apigateway") == 0 && strcmp(r->action, "invoke") == 0 &&
           (r->pattern == TASK_REQUEST_RESPONSE || r->pattern == TASK_CALLBACK);
}

/* base / stage / path ? query; the path as it is written, encoded where it must be. */
static void put_url(const asl_value *p, const char *base, struct asl_buffer *url)
{
    const char *parts[] = {web_text(p, "Stage"), web_text(p, "Path")};
    asl_buffer_puts(url, base);
    for (size_t i = 0; i < 2; i++) {
        const char *part = parts[i];
        while (*part == '/')
            part++;
        if (*part)
            asl_buffer_putc(url, '/');
        sigv4_encode(asl_text(part), true, url);
    }
    if (url->size == strlen(base))
        asl_buffer_putc(url, '/');
    web_put_query(value_get_z(p, "QueryParameters"), url);
}

/* "Any null values in the request input state will not be sent to your API." */
static asl_value *without_nulls(const asl_value *v)
{
    struct value_list out;
    bool is_object = value_kind(v) == VALUE_OBJECT;
    if (!is_object && value_kind(v) != VALUE_ARRAY)
        return value_retain(v);
    value_list_init(&out);
    for (size_t i = 0; i < value_count(v); i++)
        if (!is_object)
            value_list_push_take(&out, without_nulls(value_at(v, i)));
        else if (value_kind(value_at(v, i)) != VALUE_NULL)
            value_list_push_member_take(&out, value_retain(value_key_at(v, i)),
                                        without_nulls(value_at(v, i)));
    return is_object ? value_object_take(&out) : value_array_take(&out);
}

/* "RequestBody is only supported for PATCH, POST, and PUT HTTP methods." */
static bool takes_body(const asl_value *p)
{
    static const char *const with_body[] = {"PATCH", "POST", "PUT"};
    return table_has(with_body, sizeof with_body / sizeof *with_body, web_text(p, "Method"));
}

static void put_body(const asl_value *p, struct http_headers *headers, struct asl_buffer *body)
{
    const asl_value *given = value_get_z(p, "RequestBody");
    const asl_value *nulls = value_get_z(p, "AllowNullValues");
    if (!given || value_kind(given) == VALUE_NULL || !takes_body(p))
        return;
    asl_value *sent = nulls && value_is_true(nulls) ? value_retain(given) : without_nulls(given);
    value_print(sent, body);
    value_release(sent);
    if (!http_headers_get(headers, "Content-Type"))
        http_headers_add(headers, "Content-Type", ASL_TEXT("application/json"));
}

static bool is_signed(const asl_value *p)
{
    const char *type = web_text(p, "AuthType");
    return strcmp(type, "IAM_ROLE") == 0 || strcmp(type, "RESOURCE_POLICY") == 0;
}

static void *send_it(const struct connectors *shared, struct task *task,
                     const struct task_request *request, struct aws_raw *raw)
{
    struct gateway_task *t = asl_allocate_zeroed(1, sizeof *t);
    t->handle.cancel = cancel;
    t->task = task;
    t->pattern = request->resource->pattern;
    t->url = asl_copy_text(asl_text(raw->request.url));
    t->role_arn = service_role(request->credentials);
    raw->role_arn = t->role_arn;
    raw->request.timeout_ms = TIMEOUT_MS;
    t->call = aws_raw_send(shared->aws, raw, on_answer, t);
    return t;
}

static bool check(const asl_value *p, struct http_request *r, struct asl_buffer *problems)
{
    if (!p || value_kind(p) != VALUE_OBJECT) {
        asl_buffer_puts(problems, "The Parameters must be a JSON object");
        return false;
    }
    r->method = web_text(p, "Method");
    if (!web_check(p, fields, sizeof fields / sizeof *fields, problems))
        return false;
    if (!table_has(methods, sizeof methods / sizeof *methods, r->method))
        asl_buffer_puts(problems, "The value of the field 'Method' has an invalid format");
    return web_put_headers(value_get_z(p, "Headers"), refused, sizeof refused / sizeof *refused,
                           &r->headers, problems);
}

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    const asl_value *p = request->parameters;
    char base[512], message[512];
    struct asl_buffer problems, url, body;
    struct aws_raw raw = {0};
    void *handle;
    asl_buffer_init(&problems, 8192);
    asl_buffer_init(&url, 65536);
    asl_buffer_init(&body, ASL_BUFFER_MAXIMUM);
    if (!check(p, &raw.request, &problems)) {
        handle = service_refuse(shared, task, request, problems.data);
    } else if (!aws_base_url(shared->aws, service_state(request), web_text(p, "ApiEndpoint"), base,
                             message)) {
        handle = service_fail_soon(shared, task, "ApiGateway.SdkClientException", message);
    } else {
        put_url(p, base, &url);
        put_body(p, &raw.request.headers, &body);
        raw.request.url = url.data;
        raw.request.body = asl_buffer_text(&body);
        raw.signing_name = is_signed(p) ? "execute-api" : NULL;
        handle = send_it(shared, task, request, &raw);
    }
    http_headers_free(&raw.request.headers);
    asl_buffer_free(&problems);
    asl_buffer_free(&url);
    asl_buffer_free(&body);
    return handle;
}

static bool repeatable(const struct connectors *shared, const struct task_request *request)
{
    const char *method = request->parameters ? web_text(request->parameters, "Method") : "";
    (void)shared;
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0;
}

const struct connector connector_apigateway = {
    .name = "apigateway",
    .takes = takes,
    .start = start,
    .cancel = service_cancel_any,
    .repeatable = repeatable,
};
