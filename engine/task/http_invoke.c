/* HTTP Tasks: http:invoke (facts 4.5), with connections from the user's own file.
 *
 *   start -(OAuth: token)-> request -> report
 *
 * Only https, and only to public addresses, unless the connection allows private ones or `http` is
 * routed: a definition must not reach into the network that Stepwell stands in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connections.h"
#include "engine/aws/endpoint.h"
#include "engine/aws/protocol.h"
#include "engine/aws/sigv4.h"
#include "exchange.h"
#include "service.h"
#include "table.h"
#include "web.h"
#include "words.h"

#define TIMEOUT_MS     60000 /* AWS's own */
#define ANSWER_MAXIMUM ((size_t)1 << 20)

struct http_task {
    struct service_handle handle;
    const struct connectors *shared;
    struct task *task;
    const asl_value *connection;
    char *method;
    struct asl_buffer url, body;
    struct http_headers headers;
    asl_value *shown; /* the request, for who inspects the task; or NULL */
    bool open;        /* private addresses too */
    struct aws_raw_call *call;
};

static const struct web_field fields[] = {
    {"ApiEndpoint", WEB_STRING, true},  {"Method", WEB_STRING, true},
    {"Authentication", WEB_ANY, false}, {"InvocationConfig", WEB_ANY, false},
    {"Headers", WEB_MAP, false},        {"QueryParameters", WEB_MAP, false},
    {"RequestBody", WEB_ANY, false},    {"Transform", WEB_ANY, false},
};

static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"};

/* "Call HTTPS APIs in Step Functions workflows", headers that are refused. */
static const char *const refused[] = {
    "A-IM",
    "Accept-Charset",
    "Accept-Datetime",
    "Accept-Encoding",
    "Authorization",
    "Cache-Control",
    "Connection",
    "Content-Encoding",
    "Content-MD5",
    "Date",
    "Expect",
    "Forwarded",
    "From",
    "Host",
    "HTTP2-Settings",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Max-Forwards",
    "Origin",
    "Pragma",
    "Proxy-Authorization",
    "Referer",
    "Server",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "User-Agent",
    "Via",
    "Warning",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
};

/* ---- ends ---- */

static void http_task_free(struct http_task *t)
{
    for (size_t i = 0; i < t->headers.count; i++)
        explicit_bzero(t->headers.items[i].value, strlen(t->headers.items[i].value));
    http_headers_free(&t->headers);
    asl_buffer_free(&t->url);
    asl_buffer_free(&t->body);
    value_release(t->shown);
    free(t->method);
    free(t);
}

static void cancel(void *handle)
{
    struct http_task *t = handle;
    if (t->call)
        aws_raw_cancel(t->call);
    http_task_free(t);
}

static void fail_socket(struct http_task *t, const struct http_answer *a, const char *url)
{
    char text[512];
    aws_words_of_failure(a, url, text);
    task_report_failed(t->task, ASL_TEXT("States.Http.Socket"), asl_text(text));
}

/* As it stands now: whoever may not see secrets is shown it before the connection adds its own. */
static void note_request(struct http_task *t)
{
    if (!task_is_inspected(t->task))
        return;
    value_release(t->shown);
    t->shown = exchange_request(t->method, t->url.data, &t->headers, asl_buffer_text(&t->body));
}

static void show_exchange(const struct http_task *t, const struct http_answer *a)
{
    if (!t->shown)
        return;
    asl_value *response = a->failure == HTTP_DONE ? exchange_response(t->url.data, a) : NULL;
    task_report_exchange(t->task, t->shown, response);
    value_release(response);
}

static void report(struct http_task *t, const struct http_answer *a)
{
    char error[48];
    show_exchange(t, a);
    if (a->failure != HTTP_DONE) {
        fail_socket(t, a, t->url.data);
    } else if (a->status < 200 || a->status > 299) {
        snprintf(error, sizeof error, "States.Http.StatusCode.%d", a->status);
        task_report_failed(t->task, asl_text(error), words_cut(asl_buffer_text(&a->body)));
    } else {
        asl_value *output = web_output(a);
        task_report_succeeded(t->task, output);
        value_release(output);
    }
    http_task_free(t);
}

static void on_answer(void *state, const struct http_answer *a)
{
    struct http_task *t = state;
    t->call = NULL;
    report(t, a);
}

static void send_out(struct http_task *t)
{
    struct aws_raw raw = {.request = {.method = t->method,
                                      .url = t->url.data,
                                      .headers = t->headers,
                                      .body = asl_buffer_text(&t->body),
                                      .timeout_ms = TIMEOUT_MS,
                                      .answer_maximum = ANSWER_MAXIMUM,
                                      .public_only = !t->open}};
    if (task_reveals_secrets(t->task))
        note_request(t);
    t->call = aws_raw_send(t->shared->aws, &raw, on_answer, t);
}

/* ---- OAuth client credentials ---- */

static const asl_value *oauth_of(const asl_value *connection)
{
    return connection_get(value_get_z(connection, "AuthParameters"), "OAuthParameters");
}

static void on_token(void *state, const struct http_answer *a)
{
    struct http_task *t = state;
    struct value_error error;
    struct asl_buffer header;
    bool answered = a->failure == HTTP_DONE && a->status == 200;
    asl_value *v = answered ? value_parse(asl_buffer_text(&a->body), 0, 0, &error) : NULL;
    const asl_value *token = v ? value_get_z(v, "access_token") : NULL;
    t->call = NULL;
    if (token && value_kind(token) == VALUE_STRING) {
        asl_buffer_init(&header, ASL_BUFFER_MAXIMUM);
        asl_buffer_printf(&header, "Bearer %.*s", ASL_TEXT_ARGS(value_as_text(token)));
        http_headers_set(&t->headers, "Authorization", asl_buffer_text(&header));
        explicit_bzero(header.data, header.size);
        asl_buffer_free(&header);
        send_out(t);
    } else if (a->failure != HTTP_DONE) {
        fail_socket(t, a, web_text(oauth_of(t->connection), "AuthorizationEndpoint"));
        http_task_free(t);
    } else {
        task_report_failed(
            t->task, ASL_TEXT("States.Runtime"),
            ASL_TEXT("The connection's authorization endpoint gave no access token."));
        http_task_free(t);
    }
    value_release(v);
}

static bool put_client(const asl_value *oauth, struct http_headers *headers,
                       struct asl_buffer *form, char message[512])
{
    const asl_value *client = value_get_z(oauth, "ClientParameters");
    const asl_value *more = value_get_z(oauth, "OAuthHttpParameters");
    struct asl_buffer secret, header;
    asl_buffer_init(&secret, 65536);
    asl_buffer_init(&header, ASL_BUFFER_MAXIMUM);
    bool good = connection_secret(connection_get(client, "ClientID"), &secret, message);
    asl_buffer_putc(&secret, ':');
    good = good && connection_secret(connection_get(client, "ClientSecret"), &secret, message) &&
           connection_put_headers(connection_get(more, "HeaderParameters"), headers, message) &&
           connection_put_pairs(connection_get(more, "BodyParameters"), form, message);
    asl_buffer_puts(&header, "Basic ");
    protocol_base64_encode(asl_buffer_text(&secret), &header);
    http_headers_set(headers, "Authorization", asl_buffer_text(&header));
    if (form->size == 0)
        asl_buffer_puts(form, "grant_type=client_credentials");
    explicit_bzero(secret.data, secret.size);
    asl_buffer_free(&secret);
    asl_buffer_free(&header);
    return good;
}

static bool ask_token(struct http_task *t, char message[512])
{
    const asl_value *oauth = oauth_of(t->connection);
    const char *url = oauth ? web_text(oauth, "AuthorizationEndpoint") : "";
    const char *method = oauth ? web_text(oauth, "HttpMethod") : "";
    struct asl_buffer form;
    struct aws_raw raw = {.request = {.method = *method ? method : "POST",
                                      .url = url,
                                      .timeout_ms = TIMEOUT_MS,
                                      .answer_maximum = ANSWER_MAXIMUM,
                                      .public_only = !t->open}};
    if (!oauth || (strncmp(url, "https://", 8) != 0 && !t->open)) {
        snprintf(message, 512, "the connection's AuthorizationEndpoint is no https:// URL");
        return false;
    }
    asl_buffer_init(&form, 65536);
    bool good = put_client(oauth, &raw.request.headers, &form, message);
    http_headers_set(&raw.request.headers, "Content-Type",
                     ASL_TEXT("application/x-www-form-urlencoded"));
    raw.request.body = asl_buffer_text(&form);
    if (good)
        t->call = aws_raw_send(t->shared->aws, &raw, on_token, t);
    http_headers_free(&raw.request.headers);
    asl_buffer_free(&form);
    return good;
}

/* ---- from parameters to a request ---- */

static bool is_form(const asl_value *p)
{
    const asl_value *transform = value_get_z(p, "Transform");
    return transform && strcmp(web_text(transform, "RequestBodyEncoding"), "URL_ENCODED") == 0;
}

enum array_format { FORMAT_INDICES, FORMAT_REPEAT, FORMAT_COMMAS, FORMAT_BRACKETS };

static enum array_format format_of(const asl_value *p)
{
    static const char *const names[] = {"INDICES", "REPEAT", "COMMAS", "BRACKETS"};
    const asl_value *options =
        connection_get(value_get_z(p, "Transform"), "RequestEncodingOptions");
    const char *asked = options ? web_text(options, "ArrayFormat") : "";
    for (size_t i = 0; i < 4; i++)
        if (strcmp(names[i], asked) == 0)
            return (enum array_format)i;
    return FORMAT_INDICES;
}

static void put_pair(const char *key, struct asl_text value, struct asl_buffer *out)
{
    if (out->size > 0)
        asl_buffer_putc(out, '&');
    sigv4_encode(asl_text(key), false, out);
    asl_buffer_putc(out, '=');
    sigv4_encode(value, false, out);
}

static void put_form(const char *key, const asl_value *v, enum array_format format,
                     struct asl_buffer *out);

static void put_form_array(const char *key, const asl_value *v, enum array_format format,
                           struct asl_buffer *out)
{
    struct asl_buffer joined;
    asl_buffer_init(&joined, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < value_count(v); i++) {
        char name[512];
        if (format == FORMAT_COMMAS) {
            if (i > 0)
                asl_buffer_putc(&joined, ',');
            web_put_scalar(value_at(v, i), &joined);
            continue;
        }
        if (format == FORMAT_INDICES)
            snprintf(name, sizeof name, "%.480s[%zu]", key, i);
        else
            snprintf(name, sizeof name, "%.480s%s", key, format == FORMAT_BRACKETS ? "[]" : "");
        put_form(name, value_at(v, i), format, out);
    }
    if (format == FORMAT_COMMAS)
        put_pair(key, asl_buffer_text(&joined), out);
    asl_buffer_free(&joined);
}

/* {"a": {"b": 1}} is a[b]=1; depth is bounded by the value's own. */
static void put_form(const char *key, const asl_value *v, enum array_format format,
                     struct asl_buffer *out)
{
    struct asl_buffer text;
    if (value_kind(v) == VALUE_ARRAY) {
        put_form_array(key, v, format, out);
        return;
    }
    if (value_kind(v) == VALUE_OBJECT) {
        for (size_t i = 0; i < value_count(v); i++) {
            char name[512];
            struct asl_text inner = value_as_text(value_key_at(v, i));
            snprintf(name, sizeof name, *key ? "%.250s[%.*s]" : "%s%.*s", key,
                     (int)(inner.size > 250 ? 250 : inner.size), inner.data);
            put_form(name, value_at(v, i), format, out);
        }
        return;
    }
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    web_put_scalar(v, &text);
    put_pair(key, asl_buffer_text(&text), out);
    asl_buffer_free(&text);
}

static void put_body(struct http_task *t, const asl_value *p)
{
    const asl_value *given = value_get_z(p, "RequestBody");
    const char *type = "application/json";
    if (!given || value_kind(given) == VALUE_NULL)
        return;
    if (is_form(p)) {
        type = "application/x-www-form-urlencoded";
        put_form("", given, format_of(p), &t->body);
    } else {
        web_put_scalar(given, &t->body);
    }
    if (!http_headers_get(&t->headers, "Content-Type"))
        http_headers_add(&t->headers, "Content-Type", asl_text(type));
}

/* ApiEndpoint is a whole URL; a route for the state or `http` takes the place of scheme and host. */
static bool put_url(struct http_task *t, struct asl_text state, const asl_value *p,
                    char message[512])
{
    static const char https[] = "https://";
    const char *endpoint = web_text(p, "ApiEndpoint");
    const char *route = aws_route_of_state(t->shared->aws, state, "http");
    if (route && strcmp(route, "aws") == 0)
        route = NULL;
    if (route && !endpoint_url_is_good(route)) {
        snprintf(message, 512,
                 "The route of this Task goes to '%.200s', and only an http:// or https:// URL can "
                 "take it",
                 route);
        return false;
    }
    if (!asl_text_starts(asl_text(endpoint), https) || strpbrk(endpoint, "#@ \\")) {
        snprintf(message, 512, "The value of the field 'ApiEndpoint' has an invalid format");
        return false;
    }
    const char *host = endpoint + strlen(https);
    const char *rest = host + strcspn(host, "/?");
    if (route)
        asl_buffer_puts(&t->url, route);
    else
        asl_buffer_put(&t->url, endpoint, (size_t)(rest - endpoint));
    t->open = t->open || route;
    asl_buffer_printf(&t->url, "%s%s", *rest == '/' ? "" : "/", rest);
    web_put_query(value_get_z(p, "QueryParameters"), &t->url);
    return true;
}

/* What the connection adds to every request: its own headers and query parameters win. */
static bool put_connection(struct http_task *t, char message[512])
{
    const asl_value *more =
        connection_get(value_get_z(t->connection, "AuthParameters"), "InvocationHttpParameters");
    struct asl_buffer query;
    asl_buffer_init(&query, 65536);
    bool good =
        connection_authorize(t->connection, &t->headers, message) &&
        connection_put_pairs(connection_get(more, "QueryStringParameters"), &query, message) &&
        connection_put_headers(connection_get(more, "HeaderParameters"), &t->headers, message);
    if (good && query.size > 0)
        asl_buffer_printf(&t->url, "%s%s", memchr(t->url.data, '?', t->url.size) ? "&" : "?",
                          query.data);
    asl_buffer_free(&query);
    return good;
}

static bool check(const asl_value *p, struct http_task *t, struct asl_buffer *problems)
{
    if (!p || value_kind(p) != VALUE_OBJECT) {
        asl_buffer_puts(problems, "The Parameters must be a JSON object");
        return false;
    }
    if (!web_check(p, fields, sizeof fields / sizeof *fields, problems))
        return false;
    t->method = asl_copy_text(asl_text(web_text(p, "Method")));
    if (!table_has(methods, sizeof methods / sizeof *methods, t->method))
        asl_buffer_puts(problems, "The value of the field 'Method' has an invalid format");
    return web_put_headers(value_get_z(p, "Headers"), refused, sizeof refused / sizeof *refused,
                           &t->headers, problems);
}

static bool find_connection(struct http_task *t, const asl_value *p, char message[512])
{
    const asl_value *authentication = value_get_z(p, "Authentication");
    const asl_value *arn = authentication ? value_get_z(authentication, "ConnectionArn") : NULL;
    if (!arn || value_kind(arn) != VALUE_STRING) {
        snprintf(message, 512, "The field \"Authentication\" is required but was missing");
        return false;
    }
    t->connection = connections_find(t->shared->connections, value_as_text(arn));
    if (!t->connection) {
        snprintf(message, 512,
                 "the connection %.200s is not configured: put it into the file that "
                 "--connections names",
                 value_as_text(arn).data);
        return false;
    }
    const asl_value *private_too = value_get_z(t->connection, "AllowPrivate");
    t->open = private_too && value_is_true(private_too);
    return true;
}

static bool compose(struct http_task *t, const struct task_request *request, char message[512])
{
    const asl_value *p = request->parameters;
    char agent[128];
    if (!find_connection(t, p, message) || !put_url(t, service_state(request), p, message))
        return false;
    put_body(t, p);
    snprintf(agent, sizeof agent, "Amazon|StepFunctions|HttpInvoke|%s", t->shared->region);
    http_headers_set(&t->headers, "User-Agent", asl_text(agent));
    if (!http_headers_get(&t->headers, "Accept"))
        http_headers_add(&t->headers, "Accept", ASL_TEXT("*/*"));
    note_request(t);
    return put_connection(t, message);
}

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    struct http_task *t = asl_allocate_zeroed(1, sizeof *t);
    struct asl_buffer problems;
    char message[512];
    void *handle = t;
    t->handle.cancel = cancel;
    t->shared = shared;
    t->task = task;
    asl_buffer_init(&t->url, 65536);
    asl_buffer_init(&t->body, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&problems, 8192);
    if (!check(request->parameters, t, &problems))
        handle = service_refuse(shared, task, request, problems.data);
    else if (!compose(t, request, message))
        handle = service_refuse(shared, task, request, message);
    else if (connection_kind(t->connection) != CONNECTION_OAUTH)
        send_out(t);
    else if (!ask_token(t, message))
        handle = service_refuse(shared, task, request, message);
    if (handle != t)
        http_task_free(t);
    asl_buffer_free(&problems);
    return handle;
}

static bool takes(const struct resource *r)
{
    return strcmp(r->type, "http") == 0 && strcmp(r->action, "invoke") == 0 &&
           r->pattern == TASK_REQUEST_RESPONSE;
}

static bool repeatable(const struct connectors *shared, const struct task_request *request)
{
    const char *method = request->parameters ? web_text(request->parameters, "Method") : "";
    (void)shared;
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0;
}

const struct connector connector_http_invoke = {
    .name = "http",
    .takes = takes,
    .start = start,
    .cancel = service_cancel_any,
    .repeatable = repeatable,
};
