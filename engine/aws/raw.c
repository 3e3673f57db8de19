/* Requests that no model describes: credentials, signature, sent. Not tried again: who sends
 * them knows what they do. */
#include "aws_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/loop/loop.h"
#include "sigv4.h"

struct aws_raw_call {
    struct aws *aws;
    struct http_request request; /* its texts are in the four below */
    char *method, *url, *signing_name, *cluster, *role_arn;
    struct asl_buffer body, ca_pem;
    struct loop_timer *timer; /* the start: nothing ends from within aws_raw_send */
    struct credentials_wait *credentials;
    struct http_call *http;
    void (*done)(void *state, const struct http_answer *answer);
    void *state;
};

static void raw_free(struct aws_raw_call *c)
{
    struct loop *loop = c->aws->loop;
    loop_timer_free(c->timer);
    http_headers_free(&c->request.headers);
    asl_buffer_free(&c->body);
    asl_buffer_free(&c->ca_pem);
    free(c->method);
    free(c->url);
    free(c->signing_name);
    free(c->cluster);
    free(c->role_arn);
    free(c);
    loop_release(loop);
}

void aws_raw_cancel(struct aws_raw_call *c)
{
    if (c->credentials)
        credentials_wait_cancel(c->credentials);
    if (c->http)
        http_call_cancel(c->http);
    raw_free(c);
}

static void on_answer(void *state, const struct http_answer *answer)
{
    struct aws_raw_call *c = state;
    c->http = NULL;
    c->done(c->state, answer);
    raw_free(c);
}

/* The path and query of an absolute URL. */
static void split(const char *url, struct asl_text *path, struct asl_text *query)
{
    const char *start = strstr(url, "://") + 3;
    const char *at = start + strcspn(start, "/?");
    size_t size = strcspn(at, "?");
    *path = (struct asl_text){at, size};
    *query = at[size] ? asl_text(at + size + 1) : (struct asl_text){"", 0};
}

static void sign(struct aws_raw_call *c, const struct credentials *who)
{
    struct asl_text path, query;
    struct asl_buffer parameters;
    struct sigv4_credentials keys = {who->access_key_id, who->secret_access_key,
                                     who->session_token};
    const char *host = strstr(c->url, "://") + 3;
    split(c->url, &path, &query);
    asl_buffer_init(&parameters, ASL_BUFFER_MAXIMUM);
    asl_buffer_put_text(&parameters, query);
    http_headers_set(&c->request.headers, "Host", (struct asl_text){host, strcspn(host, "/?")});
    struct sigv4 s = {
        .method = c->method,
        .path = path,
        .query = &parameters,
        .headers = &c->request.headers,
        .body = c->request.body,
        .credentials = &keys,
        .region = aws_region(c->aws),
        .service = c->signing_name,
        .now_ms = aws_wall_now(c->aws),
        .flags = SIGV4_ENCODE_PATH | SIGV4_NORMALIZE,
    };
    sigv4_sign(&s);
    asl_buffer_free(&parameters);
}

/* EKS takes a presigned GetCallerIdentity as a bearer token, with the cluster's name signed in
 * (aws-iam-authenticator's form; what `aws eks get-token` prints). Good for a minute. */
#define CLUSTER_TOKEN_SECONDS 60

static void put_base64url(struct asl_text bytes, struct asl_buffer *out)
{
    size_t from = out->size;
    protocol_base64_encode(bytes, out);
    for (size_t i = from; i < out->size; i++)
        if (out->data[i] == '+' || out->data[i] == '/')
            out->data[i] = out->data[i] == '+' ? '-' : '_';
    while (out->size > from && out->data[out->size - 1] == '=')
        out->data[--out->size] = '\0';
}

static void sign_in(struct aws_raw_call *c, const struct credentials *who)
{
    struct http_headers headers;
    struct asl_buffer query, url, bearer;
    struct sigv4_credentials keys = {who->access_key_id, who->secret_access_key,
                                     who->session_token};
    char host[256], region[64];
    if (!endpoint_real_host("sts", aws_region(c->aws), "", host, region))
        snprintf(host, sizeof host, "sts.amazonaws.com");
    http_headers_init(&headers);
    http_headers_add(&headers, "Host", asl_text(host));
    http_headers_add(&headers, "x-k8s-aws-id", asl_text(c->cluster));
    asl_buffer_init(&query, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&url, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&bearer, ASL_BUFFER_MAXIMUM);
    asl_buffer_puts(&query, "Action=GetCallerIdentity&Version=2011-06-15");
    struct sigv4 s = {
        .method = "GET",
        .path = ASL_TEXT("/"),
        .query = &query,
        .headers = &headers,
        .credentials = &keys,
        .region = region,
        .service = "sts",
        .now_ms = aws_wall_now(c->aws),
        .expires_seconds = CLUSTER_TOKEN_SECONDS,
        .flags = SIGV4_QUERY | SIGV4_ENCODE_PATH | SIGV4_NORMALIZE,
    };
    sigv4_sign(&s);
    asl_buffer_printf(&url, "https://%s/?%s", host, query.data);
    asl_buffer_puts(&bearer, "Bearer k8s-aws-v1.");
    put_base64url(asl_buffer_text(&url), &bearer);
    http_headers_set(&c->request.headers, "Authorization", asl_buffer_text(&bearer));
    http_headers_free(&headers);
    asl_buffer_free(&query);
    asl_buffer_free(&url);
    asl_buffer_free(&bearer);
}

static void send_out(struct aws_raw_call *c)
{
    c->http = http_out_send(c->aws->http, &c->request, on_answer, c);
}

static void on_credentials(void *state, const struct credentials *found, const char *message)
{
    struct aws_raw_call *c = state;
    c->credentials = NULL;
    if (found) {
        if (c->cluster)
            sign_in(c, found);
        else
            sign(c, found);
        send_out(c);
        return;
    }
    struct http_answer answer = {.failure = HTTP_CANCELLED};
    snprintf(answer.message, sizeof answer.message, "%.250s", message);
    c->done(c->state, &answer);
    raw_free(c);
}

static void on_timer(void *state)
{
    struct aws_raw_call *c = state;
    if (!c->signing_name && !c->cluster) {
        send_out(c);
        return;
    }
    struct credentials_wait *wait =
        credentials_cache_get(c->aws->credentials, c->role_arn, endpoint_url_is_local(c->url),
                              on_credentials, c); /* may end the call: see call.c */
    if (wait)
        c->credentials = wait;
}

static char *copy(const char *text)
{
    return text ? asl_copy_text(asl_text(text)) : NULL;
}

struct aws_raw_call *aws_raw_send(struct aws *a, const struct aws_raw *raw,
                                  void (*done)(void *state, const struct http_answer *answer),
                                  void *state)
{
    struct aws_raw_call *c = asl_allocate_zeroed(1, sizeof *c);
    const struct http_headers *headers = &raw->request.headers;
    c->aws = a;
    c->request = raw->request;
    c->request.method = c->method = copy(raw->request.method);
    c->request.url = c->url = copy(raw->request.url);
    c->request.ca_bundle = a->ca_bundle;
    http_headers_init(&c->request.headers);
    for (size_t i = 0; i < headers->count; i++)
        http_headers_add(&c->request.headers, headers->items[i].name,
                         asl_text(headers->items[i].value));
    asl_buffer_init(&c->body, ASL_BUFFER_MAXIMUM);
    asl_buffer_put_text(&c->body, raw->request.body);
    c->request.body = asl_buffer_text(&c->body);
    c->signing_name = copy(raw->signing_name);
    c->cluster = copy(raw->cluster);
    asl_buffer_init(&c->ca_pem, ASL_BUFFER_MAXIMUM);
    asl_buffer_put_text(&c->ca_pem, raw->request.ca_pem);
    c->request.ca_pem = asl_buffer_text(&c->ca_pem);
    c->role_arn = copy(raw->role_arn);
    c->done = done;
    c->state = state;
    c->timer = loop_timer_new(a->loop, on_timer, c);
    loop_hold(a->loop);
    loop_timer_arm(c->timer, loop_now(a->loop));
    return c;
}
