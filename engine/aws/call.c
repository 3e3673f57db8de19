/* One call: its way from parameters to an outcome.
 *
 *   NEW -timer-> begin() -> CREDENTIALS -found-> send() -> HTTP -answer-> judge() -> done
 *                                 ^                                          |
 *                                 +------------- timer (a retry) ------------+
 *
 * A call always waits for exactly one of: its timer, its credentials, its HTTP call; cancelling
 * it is cancelling that one. The loop is held as long as a call lives: time that is skipped does
 * not pass for a service that asked us to slow down.
 */
#include "aws_internal.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/loop/kept.h"
#include "engine/loop/loop.h"
#include "request.h"
#include "retry.h"

#define TIMEOUT_MS 60000
/* Four minutes: AWS takes five. Less is not the clock's fault. */
#define SKEW_MS (INT64_C(4) * 60 * 1000)

struct aws_call {
    struct aws *aws;
    const struct catalogue_operation *operation;
    enum protocol_names names;
    asl_value *parameters;
    char *region, *role_arn, *token, *state_name;
    size_t attempts, made;
    int64_t timeout_ms;
    bool signs_with; /* `with` was given: nothing is looked up */
    struct credentials with;
    bool renewed; /* credentials or clock were put right once */
    struct endpoint endpoint;
    struct aws_request request;
    bool serialised;
    struct loop_timer *timer;
    struct credentials_wait *credentials;
    struct http_call *http;
    void (*done)(void *state, const struct aws_outcome *outcome);
    void *state;
};

/* ---- ends ---- */

static void call_free(struct aws_call *c)
{
    struct loop *loop = c->aws->loop;
    loop_timer_free(c->timer);
    aws_request_free(&c->request);
    credentials_free(&c->with);
    value_release(c->parameters);
    free(c->region);
    free(c->role_arn);
    free(c->token);
    free(c->state_name);
    kept_give_back(c);
    loop_release(loop);
}

void aws_call_cancel(struct aws_call *c)
{
    if (c->credentials)
        credentials_wait_cancel(c->credentials);
    if (c->http)
        http_call_cancel(c->http);
    call_free(c);
}

/* All but its answer: that is initialised by who fills it (message.h: aws_answer_init). */
static void outcome_init(struct aws_outcome *o, enum aws_trouble trouble, enum http_failure failure,
                         const struct http_headers *headers)
{
    o->trouble = trouble;
    o->failure = failure;
    o->attempts = 0;
    o->headers = headers;
}

static void finish(struct aws_call *c, struct aws_outcome *outcome)
{
    outcome->attempts = c->made;
    c->done(c->state, outcome);
    aws_answer_free(&outcome->answer);
    call_free(c);
}

static void fail(struct aws_call *c, enum aws_trouble trouble, enum http_failure failure,
                 const char *message)
{
    struct aws_outcome outcome;
    outcome_init(&outcome, trouble, failure, NULL);
    aws_answer_init(&outcome.answer, 0, true);
    snprintf(outcome.answer.message, sizeof outcome.answer.message, "%s", message);
    finish(c, &outcome);
}

/* ---- what the wire did not give, in the words of AWS's SDK for Java ---- */

void aws_words_of_failure(const struct http_answer *a, const char *url, char text[512])
{
    char host[256];
    http_url_host(url, host, sizeof host);
    switch (a->failure) {
    case HTTP_UNRESOLVED:
        snprintf(text, 512, "Unable to execute HTTP request: %s: Name or service not known", host);
        break;
    case HTTP_REFUSED:
        snprintf(text, 512,
                 "Unable to execute HTTP request: Connect to %s failed: Connection refused", host);
        break;
    case HTTP_TIMED_OUT:
        snprintf(text, 512, "Unable to execute HTTP request: Read timed out");
        break;
    case HTTP_CUT_OFF:
        snprintf(text, 512, "Unable to execute HTTP request: %s",
                 a->status == 0 ? "The target server failed to respond"
                                : "Premature end of the message body");
        break;
    case HTTP_MALFORMED:
        snprintf(text, 512,
                 "Unable to execute HTTP request: The server failed to respond with a valid "
                 "HTTP response");
        break;
    default:
        snprintf(text, 512, "Unable to execute HTTP request: %s", a->message);
    }
}

/* ---- again ---- */

static uint64_t random_bits(void)
{
    uint64_t bits = 0;
    RAND_bytes((unsigned char *)&bits, sizeof bits);
    return bits;
}

/* The Date of the answer is far from ours: from now on ours is theirs. */
static bool learn_clock(struct aws *a, const struct http_headers *headers)
{
    const char *date = http_headers_get(headers, "Date");
    int64_t seconds;
    int32_t nanoseconds;
    if (!date || !protocol_time_parse(asl_text(date), &seconds, &nanoseconds))
        return false;
    int64_t off = seconds * 1000 - aws_wall_now(a);
    if (off > -SKEW_MS && off < SKEW_MS)
        return false;
    a->skew_ms += off;
    return true;
}

static bool may_try_again(struct aws_call *c, enum retry_kind kind,
                          const struct http_headers *headers)
{
    if (kind == RETRY_NO || c->made >= c->attempts)
        return false;
    if (kind == RETRY_TRANSIENT || kind == RETRY_THROTTLED)
        return true;
    if (c->renewed)
        return false;
    c->renewed = true;
    if (kind == RETRY_SKEWED)
        return learn_clock(c->aws, headers);
    if (!c->signs_with)
        credentials_cache_forget(c->aws->credentials, c->role_arn);
    return !c->signs_with;
}

static bool try_again(struct aws_call *c, enum retry_kind kind, const struct http_headers *headers)
{
    if (!may_try_again(c, kind, headers))
        return false;
    int64_t delay = retry_delay_ms(kind, c->made + 1, random_bits());
    loop_timer_arm(c->timer, loop_now(c->aws->loop) + delay);
    return true;
}

/* ---- the answer ---- */

static void judge_failure(struct aws_call *c, const struct http_answer *a)
{
    char text[512];
    if (try_again(c, retry_of_failure(a->failure), &a->headers))
        return;
    aws_words_of_failure(a, c->endpoint.url, text);
    fail(c, AWS_CLIENT, a->failure, text);
}

static void judge_answer(struct aws_call *c, const struct http_answer *a)
{
    struct aws_outcome outcome;
    outcome_init(&outcome, AWS_ANSWERED, HTTP_DONE, &a->headers);
    protocol_parse(c->operation, c->names, a->status, &a->headers, asl_buffer_text(&a->body),
                   &outcome.answer);
    if (outcome.answer.failed && !outcome.answer.malformed &&
        try_again(c, retry_of_answer(a->status, outcome.answer.code), &a->headers)) {
        aws_answer_free(&outcome.answer);
        return;
    }
    if (outcome.answer.malformed) {
        outcome.trouble = AWS_CLIENT;
        outcome.failure = HTTP_MALFORMED;
    }
    finish(c, &outcome);
}

static void on_answer(void *state, const struct http_answer *a)
{
    struct aws_call *c = state;
    c->http = NULL;
    if (a->failure == HTTP_DONE)
        judge_answer(c, a);
    else
        judge_failure(c, a);
}

/* ---- sending ---- */

static void send_out(struct aws_call *c, const struct credentials *credentials)
{
    struct asl_buffer url;
    char message[256];
    struct http_request request = {.timeout_ms = c->timeout_ms, .ca_bundle = c->aws->ca_bundle};
    struct request_place place = {&c->endpoint, c->operation, credentials, aws_wall_now(c->aws)};
    bool good = request_make(&place, &c->request, &request, &url, message);
    if (good) {
        c->made++;
        c->http = http_out_send(c->aws->http, &request, on_answer, c);
    }
    http_headers_free(&request.headers);
    asl_buffer_free(&url);
    if (!good)
        fail(c, AWS_CLIENT, HTTP_BAD_URL, message);
}

static void on_credentials(void *state, const struct credentials *found, const char *message)
{
    struct aws_call *c = state;
    c->credentials = NULL;
    if (found)
        send_out(c, found);
    else
        fail(c, c->role_arn ? AWS_ROLE : AWS_CLIENT, HTTP_DONE, message);
}

static void get_credentials(struct aws_call *c)
{
    bool is_unsigned = c->operation->flags & CATALOGUE_UNSIGNED;
    if (c->signs_with || is_unsigned) {
        send_out(c, is_unsigned ? NULL : &c->with);
        return;
    }
    /* `done` may come at once, and may free the call: it is not touched after NULL. */
    struct credentials_wait *wait = credentials_cache_get(c->aws->credentials, c->role_arn,
                                                          c->endpoint.local, on_credentials, c);
    if (wait)
        c->credentials = wait;
}

/* ---- the start ---- */

static bool serialise(struct aws_call *c)
{
    struct asl_buffer problems;
    asl_buffer_init(&problems, sizeof((struct aws_answer *)0)->message - 1);
    c->serialised =
        protocol_serialize(c->operation, c->names, c->parameters, c->token, &c->request, &problems);
    bool good = c->serialised;
    if (!good)
        fail(c, AWS_REFUSED, HTTP_DONE, problems.data ? problems.data : "");
    asl_buffer_free(&problems);
    return good;
}

static const asl_value *parameter(const struct aws_call *c, const char *name)
{
    const struct catalogue_shape *input = c->operation->input.shape;
    for (size_t i = 0; c->parameters && input && i < value_count(c->parameters); i++) {
        const struct catalogue_member *m = catalogue_member_spelt(
            c->operation->service, input, value_as_text(value_key_at(c->parameters, i)));
        if (m && strcmp(m->name, name) == 0)
            return value_at(c->parameters, i);
    }
    return NULL;
}

/* What several regions answer for is signed with SigV4a: keys of another kind. */
static const char *regions_asked(const struct aws_call *c)
{
    const char *service = c->operation->service->arn_name;
    const asl_value *bucket = strcmp(service, "s3") == 0 ? parameter(c, "Bucket") : NULL;
    if (bucket && value_kind(bucket) == VALUE_STRING &&
        asl_text_starts(value_as_text(bucket), "arn:") &&
        asl_text_ends(value_as_text(bucket), ".mrap"))
        return "S3 multi-region access points are signed with SigV4a, which is not offered: name the "
               "bucket or a region's access point";
    if (strcmp(service, "eventbridge") == 0 && parameter(c, "EndpointId"))
        return "EventBridge global endpoints are signed with SigV4a, which is not offered: leave "
               "EndpointId out, and a region's own endpoint is called";
    if (strcmp(service, "cloudfrontkeyvaluestore") == 0)
        return "CloudFront KeyValueStore is signed with SigV4a, which is not offered";
    return NULL;
}

/* A few old services take Signature Version 2 only, one a bearer token: said before they say
 * worse. */
static const char *objection_to(const struct aws_call *c)
{
    const struct catalogue_service *s = c->operation->service;
    bool is_signed = !(c->operation->flags & CATALOGUE_UNSIGNED);
    if (c->endpoint.origin != ENDPOINT_REAL || !is_signed)
        return NULL;
    if (s->flags & CATALOGUE_BEARER)
        return "this service signs in with a bearer token, which is not offered";
    if (s->signature_version && strcmp(s->signature_version, "v2") == 0)
        return "this service takes only Signature Version 2, which is not offered";
    return regions_asked(c);
}

static void on_timer(void *state)
{
    struct aws_call *c = state;
    char action[128], message[512];
    struct endpoint_rules rules = c->aws->rules;
    if (c->serialised) {
        get_credentials(c);
        return;
    }
    if (c->region)
        rules.region = c->region;
    catalogue_action(c->operation, action, sizeof action);
    const struct endpoint_about about = {c->operation->service, action,
                                         {c->state_name, c->state_name ? strlen(c->state_name) : 0},
                                         aws_function_of(c->operation, c->parameters)};
    if (!endpoint_find(&rules, &about, &c->endpoint, message))
        fail(c, AWS_CLIENT, HTTP_DONE, message);
    else if (objection_to(c))
        fail(c, AWS_CLIENT, HTTP_DONE, objection_to(c));
    else if (serialise(c))
        get_credentials(c);
}

static char *random_token(void)
{
    unsigned char b[16] = {0};
    char text[37];
    RAND_bytes(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* version 4 */
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(text, sizeof text,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
    return asl_copy_text(asl_text(text));
}

static struct aws_call *call_new(struct aws *a, const struct aws_ask *ask,
                                 void (*done)(void *state, const struct aws_outcome *outcome),
                                 void *state)
{
    struct aws_call *c = kept_take(sizeof *c);
    *c = (struct aws_call){.aws = a};
    c->operation = ask->operation;
    c->names = ask->names;
    c->parameters = ask->parameters ? value_retain(ask->parameters) : NULL;
    c->region = ask->region ? asl_copy_text(asl_text(ask->region)) : NULL;
    c->role_arn = ask->role_arn ? asl_copy_text(asl_text(ask->role_arn)) : NULL;
    c->token = ask->token ? asl_copy_text(asl_text(ask->token)) : random_token();
    c->state_name = ask->state.size ? asl_copy_text(ask->state) : NULL;
    c->attempts = ask->attempts ? ask->attempts : a->attempts;
    c->timeout_ms = ask->timeout_ms > 0 ? ask->timeout_ms : TIMEOUT_MS;
    c->done = done;
    c->state = state;
    aws_request_init(&c->request);
    c->timer = loop_timer_new(a->loop, on_timer, c);
    loop_hold(a->loop);
    loop_timer_arm(c->timer, loop_now(a->loop));
    return c;
}

struct aws_call *aws_call(struct aws *a, const struct aws_ask *ask,
                          void (*done)(void *state, const struct aws_outcome *outcome), void *state)
{
    return call_new(a, ask, done, state);
}

struct aws_call *aws_call_with(struct aws *a, const struct aws_ask *ask,
                               const struct credentials *with,
                               void (*done)(void *state, const struct aws_outcome *outcome),
                               void *state)
{
    struct aws_call *c = call_new(a, ask, done, state);
    c->signs_with = true;
    credentials_copy(&c->with, with);
    return c;
}

/* ---- calls that nobody waits for ---- */

struct aws_orphan {
    struct aws_orphan *next;
    struct aws *aws;
    struct aws_call *call;
};

static void orphan_drop(struct aws_orphan *o)
{
    struct aws_orphan **at = &o->aws->orphans;
    while (*at != o)
        at = &(*at)->next;
    *at = o->next;
    free(o);
}

static void on_orphan_done(void *state, const struct aws_outcome *outcome)
{
    (void)outcome;
    orphan_drop(state);
}

void aws_call_forget(struct aws *a, const struct aws_ask *ask)
{
    struct aws_orphan *o = asl_allocate_zeroed(1, sizeof *o);
    o->aws = a;
    o->next = a->orphans;
    a->orphans = o;
    o->call = call_new(a, ask, on_orphan_done, o);
}

void aws_orphans_cancel(struct aws *a)
{
    while (a->orphans) {
        struct aws_orphan *o = a->orphans;
        aws_call_cancel(o->call);
        orphan_drop(o);
    }
}
