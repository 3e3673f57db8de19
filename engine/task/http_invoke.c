/* HTTP Tasks: http:invoke (facts 4.5; "Call HTTPS APIs in Step Functions workflows"), with
 * connections from the user's own file.
 *
 *   start -(OAuth, no token kept: token)-> request -> report
 *              ^------- a kept token was refused: once -------'
 *
 * Only https, and only to public addresses, unless the connection allows private ones or `http` is
 * routed: a definition must not reach into the network that Stepwell stands in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connections.h"
#include "engine/aws/endpoint.h"
#include "engine/aws/protocol.h"
#include "engine/loop/loop.h"
#include "exchange.h"
#include "form.h"
#include "service.h"
#include "table.h"
#include "tokens.h"
#include "web.h"
#include "words.h"

#define TIMEOUT_MS     60000 /* AWS's own */
#define ANSWER_MAXIMUM ((size_t)1 << 20)

struct http_task {
    struct service_handle handle;
    const struct connectors *shared;
    struct task *task;
    const asl_value *connection;
    asl_value *parameters;
    char *method;
    struct asl_buffer url, body;
    struct http_headers headers;
    asl_value *shown; /* the request, for who inspects the task; or NULL */
    bool open;        /* private addresses too */
    bool kept;        /* the token is an earlier task's */
    struct aws_raw_call *call;
};

static const struct web_field fields[] = {
    {"ApiEndpoint", WEB_STRING, true},  {"Method", WEB_STRING, true},
    {"Authentication", WEB_ANY, false}, {"InvocationConfig", WEB_ANY, false},
    {"Headers", WEB_MAP, false},        {"QueryParameters", WEB_TREE, false},
    {"RequestBody", WEB_ANY, false},    {"Transform", WEB_ANY, false},
};

static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"};

/* "You can't use the following headers in your HTTP Task definition." "*": whatever follows. */
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
    "X-Amz-*",
    "X-Amzn-*",
    "X-Forwarded-*",
};

/* "An HTTP Task fails with the States.Runtime error if ... the response contains a content-type of"
 */
static const char *const unreadable[] = {"application/octet-stream", "image/", "video/", "audio/"};

/* "Connection errors are prefixed with Events.ConnectionResource." */
#define NO_CONNECTION  "Events.ConnectionResource.ResourceNotFound"
#define BAD_CONNECTION "Events.ConnectionResource.InvalidConnectionState"

/* ---- ends ---- */

static void http_task_free(struct http_task *t)
{
    for (size_t i = 0; i < t->headers.count; i++)
        explicit_bzero(t->headers.items[i].value, strlen(t->headers.items[i].value));
    http_headers_free(&t->headers);
    asl_buffer_free(&t->url);
    asl_buffer_free(&t->body);
    value_release(t->shown);
    value_release(t->parameters);
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

/* False and why: what was answered is no text. */
static bool is_readable(const struct http_answer *a, char why[256])
{
    const char *type = http_headers_get(&a->headers, "Content-Type");
    for (size_t i = 0; type && i < sizeof unreadable / sizeof *unreadable; i++)
        if (strncasecmp(type, unreadable[i], strlen(unreadable[i])) == 0) {
            snprintf(why, 256,
                     "The response's content type '%.100s' is not supported by HTTP Tasks", type);
            return false;
        }
    snprintf(why, 256, "The response can't be read as a valid string");
    return value_utf8_valid(asl_buffer_text(&a->body));
}

static void report(struct http_task *t, const struct http_answer *a)
{
    char error[48], why[256];
    show_exchange(t, a);
    if (a->failure != HTTP_DONE) {
        fail_socket(t, a, t->url.data);
    } else if (!is_readable(a, why)) {
        task_report_failed(t->task, ASL_TEXT("States.Runtime"), asl_text(why));
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

static void ask_again(struct http_task *t);

static void on_answer(void *state, const struct http_answer *a)
{
    struct http_task *t = state;
    t->call = NULL;
    if (t->kept && a->failure == HTTP_DONE && (a->status == 401 || a->status == 407))
        ask_again(t);
    else
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

static void use_token(struct http_task *t, struct asl_text token)
{
    struct asl_buffer header;
    asl_buffer_init(&header, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&header, "Bearer %.*s", ASL_TEXT_ARGS(token));
    http_headers_set(&t->headers, "Authorization", asl_buffer_text(&header));
    explicit_bzero(header.data, header.size);
    asl_buffer_free(&header);
    send_out(t);
}

static void keep_token(struct http_task *t, struct asl_text token, const asl_value *answer)
{
    const asl_value *seconds = value_get_z(answer, "expires_in");
    int64_t number = 0;
    if (seconds && value_as_integer(seconds, &number))
        tokens_keep(t->shared->tokens, t->connection, token, loop_now(t->shared->loop), number);
}

static void on_token(void *state, const struct http_answer *a)
{
    struct http_task *t = state;
    struct value_error error;
    bool answered = a->failure == HTTP_DONE && a->status >= 200 && a->status <= 299;
    asl_value *v = answered ? value_parse(asl_buffer_text(&a->body), 0, 0, &error) : NULL;
    const asl_value *token = v ? value_get_z(v, "access_token") : NULL;
    t->call = NULL;
    if (token && value_kind(token) == VALUE_STRING) {
        keep_token(t, value_as_text(token), v);
        use_token(t, value_as_text(token));
    } else if (a->failure != HTTP_DONE) {
        fail_socket(t, a, web_text(oauth_of(t->connection), "AuthorizationEndpoint"));
        http_task_free(t);
    } else {
        task_report_failed(
            t->task, ASL_TEXT(BAD_CONNECTION),
            ASL_TEXT("The connection's authorization endpoint gave no access token."));
        http_task_free(t);
    }
    value_release(v);
}

/* Basic authentication of the client, and the pairs that the connection adds to the form. */
static bool put_client(const asl_value *oauth, struct http_headers *headers,
                       struct asl_buffer *form, char message[512])
{
    static const char grant[] = "grant_type=";
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
    if (form->size == 0 || !memmem(form->data, form->size, grant, strlen(grant)))
        asl_buffer_printf(form, "%s%sclient_credentials", form->size > 0 ? "&" : "", grant);
    explicit_bzero(secret.data, secret.size);
    asl_buffer_free(&secret);
    asl_buffer_free(&header);
    return good;
}

static bool put_endpoint(const asl_value *oauth, struct asl_buffer *url, char message[512])
{
    const asl_value *more = value_get_z(oauth, "OAuthHttpParameters");
    asl_value *query =
        connection_merged(NULL, connection_get(more, "QueryStringParameters"), message);
    asl_buffer_puts(url, web_text(oauth, "AuthorizationEndpoint"));
    web_put_query(query, url);
    value_release(query);
    return query != NULL;
}

static bool ask_token(struct http_task *t, char message[512])
{
    const asl_value *oauth = oauth_of(t->connection);
    const char *endpoint = oauth ? web_text(oauth, "AuthorizationEndpoint") : "";
    const char *method = oauth ? web_text(oauth, "HttpMethod") : "";
    struct asl_buffer form, url;
    struct aws_raw raw = {.request = {.method = *method ? method : "POST",
                                      .timeout_ms = TIMEOUT_MS,
                                      .answer_maximum = ANSWER_MAXIMUM,
                                      .public_only = !t->open}};
    if (!oauth || (strncmp(endpoint, "https://", 8) != 0 && !t->open)) {
        snprintf(message, 512, "the connection's AuthorizationEndpoint is no https:// URL");
        return false;
    }
    asl_buffer_init(&form, 65536);
    asl_buffer_init(&url, 65536);
    bool good = put_client(oauth, &raw.request.headers, &form, message) &&
                put_endpoint(oauth, &url, message);
    http_headers_set(&raw.request.headers, "Content-Type",
                     ASL_TEXT("application/x-www-form-urlencoded"));
    raw.request.url = url.data;
    raw.request.body = asl_buffer_text(&form);
    if (good)
        t->call = aws_raw_send(t->shared->aws, &raw, on_token, t);
    http_headers_free(&raw.request.headers);
    asl_buffer_free(&form);
    asl_buffer_free(&url);
    return good;
}

/* The token that was kept holds no longer, whatever its server had said. */
static void ask_again(struct http_task *t)
{
    char message[512];
    t->kept = false;
    tokens_drop(t->shared->tokens, t->connection);
    if (ask_token(t, message))
        return;
    task_report_failed(t->task, ASL_TEXT(BAD_CONNECTION), asl_text(message));
    http_task_free(t);
}

static bool authorize(struct http_task *t, char message[512])
{
    if (connection_kind(t->connection) != CONNECTION_OAUTH) {
        send_out(t);
        return true;
    }
    const char *token = tokens_find(t->shared->tokens, t->connection, loop_now(t->shared->loop));
    if (!token)
        return ask_token(t, message);
    t->kept = true;
    use_token(t, asl_text(token));
    return true;
}

/* ---- from parameters to a request ---- */

/* How the body is written, from Transform. */
struct encoding {
    bool is_form;
    enum form_arrays arrays;
};

static bool is_text(const asl_value *v)
{
    return v && value_kind(v) == VALUE_STRING;
}

static bool is_nothing(const asl_value *v)
{
    return !v || value_kind(v) == VALUE_NULL;
}

static bool read_encoding(const asl_value *p, struct encoding *e, struct asl_buffer *problems)
{
    const asl_value *transform = value_get_z(p, "Transform");
    const asl_value *body = connection_get(transform, "RequestBodyEncoding");
    const asl_value *options = connection_get(transform, "RequestEncodingOptions");
    const asl_value *arrays = connection_get(options, "ArrayFormat");
    *e = (struct encoding){.is_form =
                               is_text(body) && asl_text_is(value_as_text(body), "URL_ENCODED")};
    const char *wrong = NULL;
    if (!is_nothing(body) && !e->is_form &&
        !(is_text(body) && asl_text_is(value_as_text(body), "NONE")))
        wrong = "RequestBodyEncoding";
    else if (!is_nothing(arrays) &&
             !(is_text(arrays) && form_arrays_named(value_as_text(arrays), &e->arrays)))
        wrong = "ArrayFormat";
    if (wrong)
        asl_buffer_printf(problems, "The value of the field '%s' has an invalid format", wrong);
    return !wrong;
}

static void put_body(struct http_task *t, const asl_value *body)
{
    struct encoding e;
    struct asl_buffer none;
    const char *type = "application/json; charset=UTF-8";
    if (is_nothing(body))
        return;
    asl_buffer_init(&none, 512);
    read_encoding(t->parameters, &e, &none);
    asl_buffer_free(&none);
    if (e.is_form && !is_text(body)) {
        type = "application/x-www-form-urlencoded";
        form_put(body, e.arrays, &t->body);
    } else {
        web_put_scalar(body, &t->body);
    }
    if (!http_headers_get(&t->headers, "Content-Type"))
        http_headers_add(&t->headers, "Content-Type", asl_text(type));
}

/* ApiEndpoint is a whole URL; a route for the state or `http` takes the place of scheme and host.
 */
static bool put_url(struct http_task *t, struct asl_text state, char message[512])
{
    static const char https[] = "https://";
    const char *endpoint = web_text(t->parameters, "ApiEndpoint");
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
    return true;
}

/* URL, query and body with what the connection adds ("Step Functions overwrites the values in the
 * HTTP Task with the values in the connection"), or without it. */
static bool put_merged(struct http_task *t, struct asl_text state, const asl_value *more,
                       char message[512])
{
    const asl_value *pairs = connection_get(more, "BodyParameters");
    const asl_value *given = value_get_z(t->parameters, "RequestBody");
    bool merges = pairs && value_count(pairs) > 0;
    if (merges && !is_nothing(given) && value_kind(given) != VALUE_OBJECT) {
        snprintf(message, 512,
                 "The field 'RequestBody' must be a JSON object, because the connection has body "
                 "parameters of its own");
        return false;
    }
    asl_buffer_clear(&t->url);
    asl_buffer_clear(&t->body);
    if (!put_url(t, state, message))
        return false;
    asl_value *query = connection_merged(value_get_z(t->parameters, "QueryParameters"),
                                         connection_get(more, "QueryStringParameters"), message);
    asl_value *body = merges              ? connection_merged(given, pairs, message)
                      : is_nothing(given) ? NULL
                                          : value_retain(given);
    bool good = query && (body || !merges);
    if (good) {
        web_put_query(query, &t->url);
        put_body(t, body);
    }
    value_release(query);
    value_release(body);
    return good;
}

/* What the connection adds to every request: its own headers, query and body parameters win. */
static bool put_connection(struct http_task *t, struct asl_text state, char message[512])
{
    const asl_value *more =
        connection_get(value_get_z(t->connection, "AuthParameters"), "InvocationHttpParameters");
    return put_merged(t, state, more, message) &&
           connection_authorize(t->connection, &t->headers, message) &&
           connection_put_headers(connection_get(more, "HeaderParameters"), &t->headers, message);
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
    struct encoding encoding;
    return read_encoding(p, &encoding, problems) &&
           web_put_headers(value_get_z(p, "Headers"), refused, sizeof refused / sizeof *refused,
                           &t->headers, problems);
}

/* "To specify the EventBridge connection, use either the Authentication or InvocationConfig field."
 */
static bool find_arn(const asl_value *p, const asl_value **arn, struct asl_buffer *problems)
{
    const asl_value *config = value_get_z(p, "InvocationConfig");
    if (is_nothing(config))
        config = value_get_z(p, "Authentication");
    *arn = connection_get(is_nothing(config) ? NULL : config, "ConnectionArn");
    if (!is_text(*arn))
        asl_buffer_printf(problems, "The field \"%s\" is required but was missing",
                          is_nothing(config) ? "Authentication" : "ConnectionArn");
    return problems->size == 0;
}

/* NULL: all is sent as it should; else why not, with the error that AWS calls it by. */
static const char *compose(struct http_task *t, const struct task_request *request,
                           const asl_value *arn, char message[512])
{
    char agent[128];
    t->connection = connections_find(t->shared->connections, value_as_text(arn));
    if (!t->connection) {
        snprintf(message, 512,
                 "the connection %.200s is not configured: put it into the file that "
                 "--connections names",
                 value_as_text(arn).data);
        return NO_CONNECTION;
    }
    const asl_value *private_too = value_get_z(t->connection, "AllowPrivate");
    t->open = private_too && value_is_true(private_too);
    snprintf(agent, sizeof agent, "Amazon|StepFunctions|HttpInvoke|%s", t->shared->region);
    http_headers_set(&t->headers, "User-Agent", asl_text(agent));
    http_headers_set(&t->headers, "Range", ASL_TEXT("bytes=0-262144"));
    if (!put_merged(t, service_state(request), NULL, message))
        return "";
    note_request(t);
    bool is_string = is_text(value_get_z(t->parameters, "RequestBody"));
    if (!put_connection(t, service_state(request), message))
        return is_string ? "" : BAD_CONNECTION;
    return NULL;
}

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    struct http_task *t = asl_allocate_zeroed(1, sizeof *t);
    struct asl_buffer problems;
    const asl_value *arn;
    const char *error = NULL;
    char message[512];
    void *handle = t;
    t->handle.cancel = cancel;
    t->shared = shared;
    t->task = task;
    if (request->parameters)
        t->parameters = value_retain(request->parameters);
    asl_buffer_init(&t->url, 65536);
    asl_buffer_init(&t->body, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&problems, 8192);
    if (!check(request->parameters, t, &problems) ||
        !find_arn(request->parameters, &arn, &problems))
        handle = service_refuse(shared, task, request, problems.data);
    else if ((error = compose(t, request, arn, message)) != NULL)
        handle = *error ? service_fail_soon(shared, task, error, message)
                        : service_refuse(shared, task, request, message);
    else if (!authorize(t, message))
        handle = service_fail_soon(shared, task, BAD_CONNECTION, message);
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
