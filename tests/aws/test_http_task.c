/* HTTP Tasks against a peer that answers by script: "Call HTTPS APIs in Step Functions workflows".
 * Breaks when: http_invoke.c, form.c, tokens.c or connections.c does not do as the page says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/task/tokens.h"
#include "tests/aws/desk.h"

#define CONNECTIONS                                                                                \
    "{\"key\":{\"AuthorizationType\":\"API_KEY\",\"AuthParameters\":{\"ApiKeyAuthParameters\":"    \
    "{\"ApiKeyName\":\"X-Key\",\"ApiKeyValue\":{\"env\":\"STEPWELL_TEST_KEY\"}},"                  \
    "\"InvocationHttpParameters\":{\"QueryStringParameters\":[{\"Key\":\"v\",\"Value\":\"2\"}],"   \
    "\"HeaderParameters\":[{\"Key\":\"X-H\",\"Value\":\"h\"}]}}},"                                 \
    "\"basic\":{\"AuthorizationType\":\"BASIC\",\"AuthParameters\":{\"BasicAuthParameters\":"      \
    "{\"Username\":\"u\",\"Password\":\"canary\"}}},"                                              \
    "\"oauth\":{\"AuthorizationType\":\"OAUTH_CLIENT_CREDENTIALS\",\"AuthParameters\":{"           \
    "\"OAuthParameters\":{\"AuthorizationEndpoint\":\"http://127.0.0.1:%u/"                        \
    "token\",\"ClientParameters\":"                                                                \
    "{\"ClientID\":\"i\",\"ClientSecret\":\"canary\"}}}},"                                         \
    "\"nokey\":{\"AuthorizationType\":\"API_KEY\",\"AuthParameters\":{\"ApiKeyAuthParameters\":"   \
    "{\"ApiKeyName\":\"X-Key\",\"ApiKeyValue\":{\"env\":\"STEPWELL_NOT_SET\"}}}},"                 \
    "\"merges\":{\"AuthorizationType\":\"API_KEY\",\"AuthParameters\":{"                           \
    "\"ApiKeyAuthParameters\":{\"ApiKeyName\":\"ApiKey\",\"ApiKeyValue\":\"k\"},"                  \
    "\"InvocationHttpParameters\":{"                                                               \
    "\"BodyParameters\":[{\"Key\":\"BodyParam\",\"Value\":\"theirs\"}],"                           \
    "\"HeaderParameters\":[{\"Key\":\"Header-Param\",\"Value\":\"theirs\"}],"                      \
    "\"QueryStringParameters\":[{\"Key\":\"QueryParam\",\"Value\":\"theirs\"}]}}}}"
#define AS(name)                                                                                   \
    "\"Authentication\":{\"ConnectionArn\":\"arn:aws:events:r:1:connection/" name "/u\"}"

#define GET_OF(method, name, more)                                                                 \
    "{\"ApiEndpoint\":\"https://api.example/x\",\"Method\":\"" method "\"," AS(name) more "}"
#define FORM(arrays)                                                                               \
    "\"Transform\":{\"RequestBodyEncoding\":\"URL_ENCODED\",\"RequestEncodingOptions\":{"          \
    "\"ArrayFormat\":\"" arrays "\"}}"

static const struct {
    const char *parameters;
    struct desk_reply replies[3];
    const char *said, *asked[4];
} http_calls[] = {
    {"{\"ApiEndpoint\":\"https://api.example/p?x=1\",\"Method\":\"POST\"," AS(
         "key") ",\"QueryParameters\":{\"q\":[\"a\",\"b "
                "c\"]},\"Headers\":{\"X-A\":\"1\"},\"RequestBody\":{\"m\":1}}",
     {{200, "Content-Type: application/json\r\n", "{\"ok\":true}"}},
     "SUCCEEDED {\"Headers\":{\"Content-Type\":[\"application/json\"],\"Content-Length\":[\"11\"]},"
     "\"ResponseBody\":{\"ok\":true},\"StatusCode\":200,\"StatusText\":\"Something\"}\n",
     {"POST /p?x=1&q=a&q=b%20c&v=2 HTTP/1.1\r\n", "X-Key: canarykey\r\n", "X-H: h\r\n",
      "User-Agent: Amazon|StepFunctions|HttpInvoke|us-east-1\r\n"}},
    {"{\"ApiEndpoint\":\"https://api.example\",\"Method\":\"POST\"," AS(
         "basic") ",\"Transform\":{\"RequestBodyEncoding\":\"URL_ENCODED\"},\"RequestBody\":{\"a\":"
                  "[1,\"x y\"],"
                  "\"b\":{\"c\":true}}}",
     {{200, "", ""}},
     "SUCCEEDED {",
     {"Authorization: Basic dTpjYW5hcnk=\r\n", "\r\n\r\na%5B0%5D=1&a%5B1%5D=x%20y&b%5Bc%5D=true",
      "Content-Type: application/x-www-form-urlencoded\r\n"}},
    {"{\"ApiEndpoint\":\"https://api.example/x\",\"Method\":\"GET\"," AS("oauth") "}",
     {{200, "", "{\"access_token\":\"canarytoken\",\"expires_in\":60}"}, {200, "", "[1]"}},
     "SUCCEEDED {\"Headers\":{\"Content-Length\":[\"3\"]},\"ResponseBody\":[1],",
     {"GET /x HTTP/1.1\r\n", "Authorization: Bearer canarytoken\r\n"}},
    {"{\"ApiEndpoint\":\"https://api.example/x\",\"Method\":\"GET\"," AS("oauth") "}",
     {{401, "", "canary"}},
     "FAILED Events.ConnectionResource.InvalidConnectionState | The connection's authorization "
     "endpoint gave no access token.\n",
     {"POST /token HTTP/1.1\r\n", "grant_type=client_credentials"}},
    {"{\"ApiEndpoint\":\"https://api.example/x\",\"Method\":\"GET\"," AS("basic") "}",
     {{404, "", "{\"message\":\"no\"}"}},
     "FAILED States.Http.StatusCode.404 | {\"message\":\"no\"}\n",
     {0}},
    {"{\"ApiEndpoint\":\"https://api.example/x\",\"Method\":\"GET\"," AS("basic") "}",
     {{0, "", ""}},
     "FAILED States.Http.Socket | Unable to execute HTTP request: ",
     {0}},
    {"{\"ApiEndpoint\":\"http://api.example/x\",\"Method\":\"GET\"," AS("basic") "}",
     {{200, "", ""}},
     "START_FAILED States.Runtime | The Parameters '",
     {0}},
    {"{\"ApiEndpoint\":\"https://api.example/x\",\"Method\":\"GET\"," AS("nobody") "}",
     {{200, "", ""}},
     "START_FAILED Events.ConnectionResource.ResourceNotFound | the connection arn:aws:events:r:1:"
     "connection/nobody/u is not configured",
     {0}},
    {"{\"ApiEndpoint\":\"https://api.example/x\",\"Method\":\"GET\"," AS("nokey") "}",
     {{200, "", ""}},
     "START_FAILED Events.ConnectionResource.InvalidConnectionState | the connection's secret is "
     "not "
     "set",
     {0}},
    {"{\"ApiEndpoint\":\"https://api.example/"
     "x\",\"Method\":\"GET\",\"Headers\":{\"Authorization\":\"x\"}," AS("basic") "}",
     {{200, "", ""}},
     "START_FAILED States.Runtime | The Parameters '",
     {0}},
    /* "Merging EventBridge connection and HTTP Task definition data": the connection's values win.
     */
    {GET_OF("POST", "merges",
            ",\"Headers\":{\"Request-Id\":\"r\",\"header-param\":\"ours\"},"
            "\"RequestBody\":{\"Job\":\"J\",\"BodyParam\":\"ours\",\"Z\":1},"
            "\"QueryParameters\":{\"QueryParam\":\"ours\"}"),
     {{206, "", ""}},
     "SUCCEEDED {",
     {"POST /x?QueryParam=theirs HTTP/1.1\r\n", "eader-param: theirs\r\n",
      "\r\n\r\n{\"Job\":\"J\",\"BodyParam\":\"theirs\",\"Z\":1}", "Range: bytes=0-262144\r\n"}},
    {GET_OF("POST", "merges", ""),
     {{200, "", ""}},
     "SUCCEEDED {",
     {"\r\n\r\n{\"BodyParam\":\"theirs\"}", "Content-Type: application/json; charset=UTF-8\r\n"}},
    {GET_OF("POST", "merges", ",\"RequestBody\":\"text\""),
     {{200, "", ""}},
     "START_FAILED States.Runtime | The Parameters '",
     {0}},
    {GET_OF("POST", "merges", ",\"RequestBody\":{\"a\":[1,{\"b\":[2,3]}]}," FORM("INDICES")),
     {{200, "", ""}},
     "SUCCEEDED {",
     {"\r\n\r\na%5B0%5D=1&a%5B1%5D%5Bb%5D%5B0%5D=2&a%5B1%5D%5Bb%5D%5B1%5D=3&BodyParam=theirs"}},
    {GET_OF("POST", "basic", ",\"RequestBody\":{\"a\":[1,2]}," FORM("REPEAT")),
     {{200, "", ""}},
     "SUCCEEDED {",
     {"\r\n\r\na=1&a=2"}},
    {GET_OF("POST", "basic", ",\"RequestBody\":{\"a\":[1,2],\"\":null}," FORM("COMMAS")),
     {{200, "", ""}},
     "SUCCEEDED {",
     {"\r\n\r\na=1%2C2&=null"}},
    {GET_OF("POST", "basic", ",\"RequestBody\":{\"a\":{\"b\":[1,2]}}," FORM("BRACKETS")),
     {{200, "", ""}},
     "SUCCEEDED {",
     {"\r\n\r\na%5Bb%5D%5B%5D=1&a%5Bb%5D%5B%5D=2"}},
    {GET_OF("POST", "basic", ",\"RequestBody\":{}," FORM("DOTS")),
     {{200, "", ""}},
     "START_FAILED States.Runtime | The Parameters '",
     {0}},
    {GET_OF("GET", "basic", ",\"Headers\":{\"x-amz-date\":\"x\"}"),
     {{200, "", ""}},
     "START_FAILED States.Runtime | The Parameters '",
     {0}},
    {GET_OF("GET", "basic", ",\"Headers\":{\"X-Forwarded-Anything\":\"x\"}"),
     {{200, "", ""}},
     "START_FAILED States.Runtime | The Parameters '",
     {0}},
    {GET_OF("GET", "basic", ",\"QueryParameters\":{\"f\":{\"a\":[1]},\"g\":[]}"),
     {{200, "", ""}},
     "SUCCEEDED {",
     {"GET /x?f%5Ba%5D%5B0%5D=1 HTTP/1.1\r\n"}},
    {"{\"ApiEndpoint\":\"https://api.example/x\",\"Method\":\"GET\",\"InvocationConfig\":{"
     "\"ConnectionArn\":\"arn:aws:events:r:1:connection/basic/u\"}}",
     {{200, "", "[]"}},
     "SUCCEEDED {",
     {"Authorization: Basic "}},
    {"{\"ApiEndpoint\":\"https://api.example/x\",\"Method\":\"GET\",\"InvocationConfig\":{}}",
     {{200, "", "[]"}},
     "START_FAILED States.Runtime | The Parameters '",
     {0}},
    /* "Unsupported HTTP Task responses" */
    {GET_OF("GET", "basic", ""),
     {{200, "Content-Type: Application/Octet-Stream\r\n", "x"}},
     "FAILED States.Runtime | The response's content type 'Application/Octet-Stream'",
     {0}},
    {GET_OF("GET", "basic", ""),
     {{200, "Content-Type: image/svg+xml\r\n", "<svg/>"}},
     "FAILED States.Runtime | The response's content type 'image/svg+xml'",
     {0}},
    {GET_OF("GET", "basic", ""),
     {{200, "Content-Type: text/plain\r\n", "\xff\xfe"}},
     "FAILED States.Runtime | The response can't be read as a valid string\n",
     {0}},
};

static void calls_https_apis(void **state)
{
    struct desk *d = *state;
    char text[8192], url[64], message[512];
    setenv("STEPWELL_TEST_KEY", "canarykey", 1);
    snprintf(text, sizeof text, CONNECTIONS, peer_port(d->peer));
    snprintf(url, sizeof url, "http://127.0.0.1:%u", peer_port(d->peer));
    assert_true(aws_route(d->aws, "http", url, message));
    asl_value *connections = value_literal(text);
    d->shared.connections = connections;
    for (size_t i = 0; i < sizeof http_calls / sizeof *http_calls; i++) {
        const char *said = desk_run(d, "arn:aws:states:::http:invoke", http_calls[i].parameters,
                                    http_calls[i].replies);
        if (strncmp(said, http_calls[i].said, strlen(http_calls[i].said)) != 0 ||
            strstr(said, "canary"))
            fail_msg("case %zu\n--- wanted\n%s--- got\n%s", i, http_calls[i].said, said);
        size_t count = peer_request_count(d->peer);
        for (size_t j = 0; j < 4 && http_calls[i].asked[j]; j++)
            if (!strstr(peer_request(d->peer, count - 1), http_calls[i].asked[j]))
                fail_msg("case %zu: no %s in\n%s", i, http_calls[i].asked[j],
                         peer_request(d->peer, count - 1));
    }
    value_release(connections);
}

/* A token is asked for once and kept while it holds; one that is refused before is asked for anew.
 */
static void keeps_oauth_tokens(void **state)
{
    static const struct desk_reply first[] = {
        {200, "", "{\"access_token\":\"one\",\"expires_in\":3600}"}, {200, "", "1"}, {0}};
    static const struct desk_reply refused[] = {
        {401, "", ""},
        {200, "", "{\"access_token\":\"two\",\"expires_in\":\"x\"}"},
        {200, "", "3"},
        {0}};
    static const struct {
        const struct desk_reply *replies;
        size_t requests; /* since the first */
        const char *last;
    } turns[] = {
        {first, 2, "Authorization: Bearer one\r\n"},
        {first + 1, 3, "Authorization: Bearer one\r\n"},
        {refused, 6, "Authorization: Bearer two\r\n"},
        {first, 8, "Authorization: Bearer one\r\n"},
    };
    struct desk *d = *state;
    char text[8192], url[64], message[512];
    snprintf(text, sizeof text, CONNECTIONS, peer_port(d->peer));
    snprintf(url, sizeof url, "http://127.0.0.1:%u", peer_port(d->peer));
    assert_true(aws_route(d->aws, "http", url, message));
    asl_value *connections = value_literal(text);
    d->shared.connections = connections;
    d->shared.tokens = tokens_open();
    size_t before = peer_request_count(d->peer);
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        const char *said = desk_run(d, "arn:aws:states:::http:invoke", GET_OF("GET", "oauth", ""),
                                    turns[i].replies);
        size_t count = peer_request_count(d->peer);
        if (strncmp(said, "SUCCEEDED", 9) != 0 || count - before != turns[i].requests ||
            !strstr(peer_request(d->peer, count - 1), turns[i].last))
            fail_msg("turn %zu: %s, %zu requests, the last\n%s", i, said, count - before,
                     peer_request(d->peer, count - 1));
    }
    tokens_close(d->shared.tokens);
    d->shared.tokens = NULL;
    value_release(connections);
}

/* Without a route a definition does not reach this machine or its network. */
static void keeps_http_tasks_outside(void **state)
{
    static const struct desk_reply replies[] = {{200, "", "{}"}, {0}};
    struct desk *d = *state;
    char text[4096], parameters[256];
    snprintf(text, sizeof text, CONNECTIONS, peer_port(d->peer));
    asl_value *connections = value_literal(text);
    d->shared.connections = connections;
    snprintf(parameters, sizeof parameters,
             "{\"ApiEndpoint\":\"https://127.0.0.1:%u/\",\"Method\":\"GET\"," AS("basic") "}",
             peer_port(d->peer));
    const char *said = desk_run(d, "arn:aws:states:::http:invoke", parameters, replies);
    assert_string_equal(said,
                        "FAILED States.Http.Socket | Unable to execute HTTP request: the host's "
                        "address is not a public one\n");
    assert_int_equal(peer_request_count(d->peer), 0);
    value_release(connections);
}

/* A route of one state takes its HTTP Task and its call of API Gateway, and no other state's. */
static void routes_web_tasks_by_state(void **state)
{
    static const struct desk_reply replies[] = {{200, "", "{}"}, {0}};
    static const char *const calls[][2] = {
        {"arn:aws:states:::http:invoke",
         "{\"ApiEndpoint\":\"https://127.0.0.1:1/\",\"Method\":\"GET\"," AS("basic") "}"},
        {"arn:aws:states:::apigateway:invoke",
         "{\"ApiEndpoint\":\"abc.execute-api.us-east-1.amazonaws.com\",\"Method\":\"GET\"}"},
    };
    struct desk *d = *state;
    char text[4096], url[64], message[512];
    asl_value *names[] = {value_string_z("Mine"), value_string_z("Other")};
    setenv("STEPWELL_TEST_KEY", "canarykey", 1);
    snprintf(text, sizeof text, CONNECTIONS, peer_port(d->peer));
    snprintf(url, sizeof url, "http://127.0.0.1:%u", peer_port(d->peer));
    assert_true(aws_route(d->aws, "state:Mine", url, message));
    asl_value *connections = value_literal(text);
    d->shared.connections = connections;
    for (size_t i = 0; i < 4; i++) {
        d->state_name = names[i % 2];
        const char *said = desk_run(d, calls[i / 2][0], calls[i / 2][1], replies);
        if ((strncmp(said, "SUCCEEDED", 9) == 0) != (i % 2 == 0))
            fail_msg("%s in %s: %s", calls[i / 2][0], i % 2 ? "Other" : "Mine", said);
    }
    assert_int_equal(peer_request_count(d->peer), 2);
    value_release(names[0]);
    value_release(names[1]);
    d->state_name = NULL;
    value_release(connections);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_open, desk_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(calls_https_apis),
        TEST(keeps_oauth_tokens),
        TEST(keeps_http_tasks_outside),
        TEST(routes_web_tasks_by_state),
    };
    return cmocka_run_group_tests_name("http-task", tests, NULL, NULL);
}
