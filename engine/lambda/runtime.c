/* The Lambda Runtime API, one port of the loopback a process: what a runtime asks for work and
 * tells its results. Serves: Lambda developer guide, "Using the Lambda runtime API for custom
 * runtimes" (2018-06-01).
 *
 * A port of its own tells which process is asking; the API has no other word for it. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "/2018-06-01/runtime/"

static void answer(struct http_exchange *x, int status, const char *body)
{
    struct http_headers headers;
    http_headers_init(&headers);
    http_headers_add(&headers, "Content-Type", ASL_TEXT("application/json"));
    http_exchange_answer(x, status, &headers, asl_text(body));
    http_headers_free(&headers);
}

static void refuse(struct http_exchange *x, int status, const char *type, const char *message)
{
    char body[256];
    snprintf(body, sizeof body, "{\"errorType\":\"%s\",\"errorMessage\":\"%s\"}", type, message);
    answer(x, status, body);
}

/* ---- next ---- */

static void add_number(struct http_headers *h, const char *name, int64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)n);
    http_headers_add(h, name, asl_text(text));
}

static void add_arn(struct http_headers *h, const struct lambda_invocation *i)
{
    struct asl_buffer arn;
    const struct lambda *l = i->function->lambda;
    asl_buffer_init(&arn, 2048);
    asl_buffer_printf(&arn, "arn:aws:lambda:%s:%s:function:%s%s%s", l->region, l->account, i->name,
                      i->qualifier[0] ? ":" : "", i->qualifier);
    http_headers_add(h, "Lambda-Runtime-Invoked-Function-Arn", asl_buffer_text(&arn));
    asl_buffer_free(&arn);
}

static void add_trace(struct http_headers *h, const struct lambda_invocation *i)
{
    char text[96];
    snprintf(text, sizeof text, "Root=1-%08llx-%.8s%.4s%.12s;Parent=%.8s%.8s;Sampled=0",
             (long long)(i->started / 1000), i->id, i->id + 9, i->id + 24, i->id, i->id + 28);
    http_headers_add(h, "Lambda-Runtime-Trace-Id", asl_text(text));
}

void runtime_deliver(struct sandbox *s)
{
    struct http_headers headers;
    struct http_exchange *x = s->poll;
    struct lambda_invocation *i = s->invocation;
    s->poll = NULL;
    http_exchange_on_gone(x, NULL, NULL);
    /* Loading the handler was not the call's time. */
    i->started = lambda_real_ms();
    i->deadline = i->started + s->function->timeout_ms;
    sandbox_set_patience(s, s->function->timeout_ms);
    http_headers_init(&headers);
    http_headers_add(&headers, "Content-Type", ASL_TEXT("application/json"));
    http_headers_add(&headers, "Lambda-Runtime-Aws-Request-Id", asl_text(i->id));
    add_number(&headers, "Lambda-Runtime-Deadline-Ms", i->deadline);
    add_arn(&headers, i);
    add_trace(&headers, i);
    if (i->client_context)
        http_headers_add(&headers, "Lambda-Runtime-Client-Context", asl_text(i->client_context));
    http_exchange_answer(x, 200, &headers, asl_buffer_text(&i->payload));
    http_headers_free(&headers);
}

static void on_gone(void *state)
{
    struct sandbox *s = state;
    struct http_exchange *x = s->poll;
    s->poll = NULL; /* it asks again, or it ends */
    answer(x, 503, "{}");
}

static void take_next(struct sandbox *s, struct http_exchange *x)
{
    bool is_first = !s->was_ready;
    s->was_ready = true;
    if (s->poll || (s->invocation && !is_first)) { /* its last one is not answered yet */
        refuse(x, 403, "InvalidStateTransition", "Transition from ready is not allowed");
        return;
    }
    s->poll = x;
    s->idle_since = lambda_real_ms();
    if (!s->invocation)
        sandbox_set_patience(s, 0);
    http_exchange_on_gone(x, on_gone, s);
    if (s->invocation)
        runtime_deliver(s);
    else if (!s->has_died)
        function_go_on(s->function);
}

/* ---- results ---- */

static void take_response(struct sandbox *s, struct http_exchange *x, struct asl_text body)
{
    if (body.size > LAMBDA_PAYLOAD_MAXIMUM) {
        refuse(x, 413, "RequestEntityTooLarge",
               "Exceeded maximum allowed payload size (6291456 bytes).");
        sandbox_fail(s, "Function.ResponseSizeTooLarge",
                     "Response payload size exceeded maximum allowed payload size (%d bytes).",
                     LAMBDA_PAYLOAD_MAXIMUM);
        return;
    }
    sandbox_finish(s, NULL, body); /* first: the body is the exchange's */
    answer(x, 202, "{\"status\":\"OK\"}");
}

static void take_error(struct sandbox *s, struct http_exchange *x,
                       const struct http_received *request)
{
    struct value_error error;
    const char *type = http_headers_get(&request->headers, "Lambda-Runtime-Function-Error-Type");
    asl_value *v = value_parse(request->body, 0, LAMBDA_PAYLOAD_MAXIMUM, &error);
    if (v && value_kind(v) == VALUE_OBJECT)
        sandbox_finish(s, "Unhandled", request->body);
    else
        sandbox_fail(s, type ? type : "Runtime.Unknown", "Unknown application error occurred");
    value_release(v);
    answer(x, 202, "{\"status\":\"OK\"}");
}

/* "invocation/<id>/response": the sandbox's own, or refused. */
static void take_result(struct sandbox *s, struct http_exchange *x,
                        const struct http_received *request)
{
    const char *at = request->path + strlen(PREFIX "invocation/");
    const char *slash = strchr(at, '/');
    bool is_own = s->invocation && slash && (size_t)(slash - at) == strlen(s->invocation->id) &&
                  strncmp(at, s->invocation->id, strlen(s->invocation->id)) == 0;
    if (!slash || (strcmp(slash, "/response") != 0 && strcmp(slash, "/error") != 0))
        refuse(x, 404, "NotFound", "no such path");
    else if (!is_own)
        refuse(x, 400, "InvalidRequestID", "Invalid request ID");
    else if (strcmp(slash, "/response") == 0)
        take_response(s, x, request->body);
    else
        take_error(s, x, request);
}

static void on_request(void *state, struct http_exchange *x, const struct http_received *request)
{
    struct sandbox *s = state;
    bool is_get = strcmp(request->method, "GET") == 0,
         is_post = strcmp(request->method, "POST") == 0;
    if (is_get && strcmp(request->path, PREFIX "invocation/next") == 0)
        take_next(s, x);
    else if (is_post &&
             strncmp(request->path, PREFIX "invocation/", strlen(PREFIX "invocation/")) == 0)
        take_result(s, x, request);
    else if (is_post && strcmp(request->path, PREFIX "init/error") == 0 && s->invocation &&
             !s->was_ready)
        take_error(s, x, request);
    else if (is_post && strcmp(request->path, PREFIX "init/error") == 0)
        refuse(x, 403, "InvalidStateTransition", "nothing is being initialised");
    else
        refuse(x, 404, "NotFound", "no such path");
}

/* ---- life ---- */

bool runtime_open(struct sandbox *s, char problem[256])
{
    const struct http_in_limits limits = {.connections = 8,
                                          .body_bytes = (size_t)8 << 20,
                                          .held_bytes = (size_t)64 << 20,
                                          .request_ms = 60000,
                                          .idle_ms = INT64_C(1) << 40};
    s->api = http_in_new(s->function->lambda->loop, "127.0.0.1", 0, NULL, &limits, on_request, s,
                         problem);
    return s->api != NULL;
}

void runtime_close(struct sandbox *s)
{
    struct http_exchange *x = s->poll;
    s->poll = NULL;
    if (x)
        http_exchange_on_gone(x, NULL, NULL);
    http_in_free(s->api);
    s->api = NULL;
    if (x)
        http_exchange_answer(x, 503, &(struct http_headers){0}, ASL_TEXT(""));
}
