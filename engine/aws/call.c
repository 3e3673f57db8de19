/* One call: its way from parameters to an outcome.
 *
 *   NEW -prepare(), credentials are there-> send_out() -> HTTP -answer-> judge() -> done
 *    |                                          ^                          |
 *    +-else: timer-> CREDENTIALS -found---------+                          |
 *    |                    ^                                                |
 *    |                    +------------- timer (a retry) ------------------+
 *    +-it cannot be sent: timer-> done
 *
 * A call always waits for exactly one of: its timer, its credentials, its HTTP call; cancelling
 * it is cancelling that one. The loop is held as long as a call lives: time that is skipped does
 * not pass for a service that asked us to slow down.
 *
 * Why it is sent from within aws_call where nothing stands in the way: a timer for each of a
 * thousand calls that begin in one turn costs itself, and a second walk over all their memory. What
 * must not come from within aws_call is `done`: whatever would end the call there goes by the
 * timer.
 */
#include "aws_internal.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/loop/kept.h"
#include "engine/loop/loop.h"
#include "custom.h"
#include "request.h"
#include "retry.h"

#define TIMEOUT_MS 60000
/* Four minutes: AWS takes five. Less is not the clock's fault. */
#define SKEW_MS (INT64_C(4) * 60 * 1000)

struct aws_call {
    struct aws *aws;
    const struct catalogue_operation *operation;
    enum protocol_names names;
    char *role_arn;
    size_t attempts, made;
    int64_t timeout_ms;
    bool signs_with; /* `with` was given: nothing is looked up */
    struct credentials with;
    bool renewed;            /* credentials or clock were put right once */
    struct aws_place *place; /* NULL: none was found */
    struct aws_request request;
    char *objection; /* why it cannot be sent, until the timer has it told; or NULL */
    enum aws_trouble trouble;
    struct loop_timer *timer; /* NULL: it was never waited for */
    struct credentials_wait *credentials;
    struct http_call *http;
    void (*done)(void *state, const struct aws_outcome *outcome);
    void *state;
};

/* ---- where it goes ----
 *
 * The rules look at the operation, and in some cases at more: what they say to the operation alone
 * is kept, for a lookup prints and compares some thirty texts. */

static void place_release(struct aws_place *p)
{
    if (p && --p->users == 0)
        free(p);
}

void aws_places_forget(struct aws *a)
{
    for (size_t i = 0; i < PLACES; i++) {
        place_release(a->places[i]);
        a->places[i] = NULL;
    }
}

static bool has_state_routes(const struct aws *a)
{
    for (size_t i = 0; i < a->rules.route_count; i++)
        if (strncmp(a->routes[i].where, "state:", strlen("state:")) == 0)
            return true;
    return false;
}

static struct aws_place *look_up(struct aws *a, const struct aws_ask *ask, struct asl_text function,
                                 char message[512])
{
    char action[128];
    struct endpoint_rules rules = a->rules;
    struct aws_place *p = asl_allocate(sizeof *p);
    if (ask->region)
        rules.region = ask->region;
    catalogue_action(ask->operation, action, sizeof action);
    const struct endpoint_about about = {ask->operation->service, action, ask->state, function};
    p->operation = ask->operation;
    p->users = 1;
    if (endpoint_find(&rules, &about, &p->at, message))
        return p;
    free(p);
    return NULL;
}

/* Release it; NULL and why. */
static struct aws_place *place_of(struct aws *a, const struct aws_ask *ask, char message[512])
{
    struct asl_text function = aws_function_of(ask->operation, ask->parameters);
    bool is_shared = !ask->region && !function.size && !(ask->state.size && has_state_routes(a));
    struct aws_place **kept =
        &a->places[(uintptr_t)ask->operation / sizeof *ask->operation % PLACES];
    if (is_shared && *kept && (*kept)->operation == ask->operation) {
        (*kept)->users++;
        return *kept;
    }
    struct aws_place *p = look_up(a, ask, function, message);
    if (p && is_shared) {
        place_release(*kept);
        *kept = p;
        p->users++;
    }
    return p;
}

/* ---- ends ---- */

static void call_free(struct aws_call *c)
{
    struct loop *loop = c->aws->loop;
    loop_timer_free(c->timer);
    aws_request_free(&c->request);
    credentials_free(&c->with);
    place_release(c->place);
    free(c->role_arn);
    free(c->objection);
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

static void on_timer(void *call);

static void arm(struct aws_call *c, int64_t due_ms)
{
    if (!c->timer)
        c->timer = loop_timer_new(c->aws->loop, on_timer, c);
    loop_timer_arm(c->timer, due_ms);
}

static bool try_again(struct aws_call *c, enum retry_kind kind, const struct http_headers *headers)
{
    if (!may_try_again(c, kind, headers))
        return false;
    int64_t delay = retry_delay_ms(kind, c->made + 1, random_bits());
    arm(c, loop_now(c->aws->loop) + delay);
    return true;
}

/* ---- the answer ---- */

static void judge_failure(struct aws_call *c, const struct http_answer *a)
{
    char text[512];
    if (try_again(c, retry_of_failure(a->failure), &a->headers))
        return;
    aws_words_of_failure(a, c->place->at.url, text);
    fail(c, AWS_CLIENT, a->failure, text);
}

static void judge_answer(struct aws_call *c, const struct http_answer *a)
{
    struct aws_outcome outcome;
    outcome_init(&outcome, AWS_ANSWERED, HTTP_DONE, &a->headers);
    struct asl_text body = asl_buffer_text(&a->body);
    int status = a->status == 200 && custom_failed(c->operation, body) ? 500 : a->status;
    protocol_parse(c->operation, c->names, status, &a->headers, body, &outcome.answer);
    outcome.answer.status = a->status;
    if (c->names != PROTOCOL_NATIVE)
        custom_answer(c->operation, body, &outcome.answer);
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

static bool send_out(struct aws_call *c, const struct credentials *credentials, char message[256])
{
    struct asl_buffer url;
    char room[512];
    struct http_request request = {.timeout_ms = c->timeout_ms, .ca_bundle = c->aws->ca_bundle};
    struct request_place place = {&c->place->at, c->operation, credentials, aws_wall_now(c->aws)};
    asl_buffer_init_on(&url, room, sizeof room, ASL_BUFFER_MAXIMUM);
    bool good = request_make(&place, &c->request, &request, &url, message);
    if (good) {
        c->made++;
        c->http = http_out_send(c->aws->http, &request, on_answer, c);
    }
    http_headers_free(&request.headers);
    asl_buffer_free(&url);
    return good;
}

static void on_credentials(void *state, const struct credentials *found, const char *why)
{
    struct aws_call *c = state;
    char message[256];
    c->credentials = NULL;
    if (!found)
        fail(c, c->role_arn ? AWS_ROLE : AWS_CLIENT, HTTP_DONE, why);
    else if (!send_out(c, found, message))
        fail(c, AWS_CLIENT, HTTP_BAD_URL, message);
}

static bool is_unsigned(const struct aws_call *c)
{
    return c->operation->flags & CATALOGUE_UNSIGNED;
}

static void get_credentials(struct aws_call *c)
{
    char message[256];
    if (c->signs_with || is_unsigned(c)) {
        if (!send_out(c, is_unsigned(c) ? NULL : &c->with, message))
            fail(c, AWS_CLIENT, HTTP_BAD_URL, message);
        return;
    }
    /* `done` may come at once, and may free the call: it is not touched after NULL. */
    struct credentials_wait *wait = credentials_cache_get(c->aws->credentials, c->role_arn,
                                                          c->place->at.local, on_credentials, c);
    if (wait)
        c->credentials = wait;
}

static void on_timer(void *call)
{
    struct aws_call *c = call;
    if (c->objection)
        fail(c, c->trouble, HTTP_DONE, c->objection);
    else
        get_credentials(c);
}

/* ---- the start ---- */

/* False: why it cannot be sent is the call's objection. */
static bool objects(struct aws_call *c, enum aws_trouble trouble, const char *why)
{
    c->objection = asl_copy_text(asl_text(why));
    c->trouble = trouble;
    return false;
}

static void random_token(char text[37])
{
    unsigned char b[16] = {0};
    RAND_bytes(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* version 4 */
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
}

static bool serialise(struct aws_call *c, const struct aws_ask *ask)
{
    struct asl_buffer problems;
    char token[37];
    const char *given = ask->token;
    asl_buffer_init(&problems, sizeof((struct aws_answer *)0)->message - 1);
    if (!given && protocol_wants_token(c->operation)) {
        random_token(token);
        given = token;
    }
    asl_value *changed = c->names == PROTOCOL_NATIVE
                             ? NULL
                             : custom_given(c->operation, ask->parameters,
                                            ask->region ? ask->region : aws_region(c->aws));
    bool good = protocol_serialize(c->operation, c->names, changed ? changed : ask->parameters,
                                   given, &c->request, &problems);
    custom_headers(c->operation, &c->request);
    value_release(changed);
    if (!good)
        objects(c, AWS_REFUSED, problems.data ? problems.data : "");
    asl_buffer_free(&problems);
    return good;
}

static const asl_value *parameter(const struct aws_ask *ask, const char *name)
{
    const struct catalogue_shape *input = ask->operation->input.shape;
    for (size_t i = 0; ask->parameters && input && i < value_count(ask->parameters); i++) {
        const struct catalogue_member *m = catalogue_member_spelt(
            ask->operation->service, input, value_as_text(value_key_at(ask->parameters, i)));
        if (m && strcmp(m->name, name) == 0)
            return value_at(ask->parameters, i);
    }
    return NULL;
}

/* What several regions answer for is signed with SigV4a: keys of another kind. */
static const char *regions_asked(const struct aws_ask *ask)
{
    const char *service = ask->operation->service->arn_name;
    const asl_value *bucket = strcmp(service, "s3") == 0 ? parameter(ask, "Bucket") : NULL;
    if (bucket && value_kind(bucket) == VALUE_STRING &&
        asl_text_starts(value_as_text(bucket), "arn:") &&
        asl_text_ends(value_as_text(bucket), ".mrap"))
        return "S3 multi-region access points are signed with SigV4a, which is not offered: name "
               "the "
               "bucket or a region's access point";
    if (strcmp(service, "eventbridge") == 0 && parameter(ask, "EndpointId"))
        return "EventBridge global endpoints are signed with SigV4a, which is not offered: leave "
               "EndpointId out, and a region's own endpoint is called";
    if (strcmp(service, "cloudfrontkeyvaluestore") == 0)
        return "CloudFront KeyValueStore is signed with SigV4a, which is not offered";
    return NULL;
}

/* A few old services take Signature Version 2 only, one a bearer token: said before they say
 * worse. */
static const char *objection_to(const struct aws_call *c, const struct aws_ask *ask)
{
    const struct catalogue_service *s = c->operation->service;
    if (c->place->at.origin != ENDPOINT_REAL || is_unsigned(c))
        return NULL;
    if (s->flags & CATALOGUE_BEARER)
        return "this service signs in with a bearer token, which is not offered";
    if (s->signature_version && strcmp(s->signature_version, "v2") == 0)
        return "this service takes only Signature Version 2, which is not offered";
    return regions_asked(ask);
}

static bool prepare(struct aws_call *c, const struct aws_ask *ask)
{
    char message[512];
    c->place = place_of(c->aws, ask, message);
    if (!c->place)
        return objects(c, AWS_CLIENT, message);
    const char *objection = objection_to(c, ask);
    return objection ? objects(c, AWS_CLIENT, objection) : serialise(c, ask);
}

/* False: not now. */
static bool send_now(struct aws_call *c)
{
    char message[256]; /* what does not fit will not fit later either: it is told then */
    if (is_unsigned(c))
        return send_out(c, NULL, message);
    const struct credentials *held =
        c->signs_with
            ? &c->with
            : credentials_cache_held(c->aws->credentials, c->role_arn, c->place->at.local);
    return held && send_out(c, held, message);
}

static struct aws_call *call_new(struct aws *a, const struct aws_ask *ask,
                                 void (*done)(void *state, const struct aws_outcome *outcome),
                                 void *state)
{
    struct aws_call *c = kept_take(sizeof *c);
    *c = (struct aws_call){
        .aws = a,
        .operation = ask->operation,
        .names = ask->names,
        .role_arn = ask->role_arn ? asl_copy_text(asl_text(ask->role_arn)) : NULL,
        .attempts = ask->attempts ? ask->attempts : a->attempts,
        .timeout_ms = ask->timeout_ms > 0 ? ask->timeout_ms : TIMEOUT_MS,
        .done = done,
        .state = state,
    };
    aws_request_init(&c->request);
    loop_hold(a->loop);
    return c;
}

static void begin(struct aws_call *c, const struct aws_ask *ask)
{
    if (!prepare(c, ask) || !send_now(c))
        arm(c, loop_now(c->aws->loop));
}

struct aws_call *aws_call(struct aws *a, const struct aws_ask *ask,
                          void (*done)(void *state, const struct aws_outcome *outcome), void *state)
{
    struct aws_call *c = call_new(a, ask, done, state);
    begin(c, ask);
    return c;
}

struct aws_call *aws_call_with(struct aws *a, const struct aws_ask *ask,
                               const struct credentials *with,
                               void (*done)(void *state, const struct aws_outcome *outcome),
                               void *state)
{
    struct aws_call *c = call_new(a, ask, done, state);
    c->signs_with = true;
    credentials_copy(&c->with, with);
    begin(c, ask);
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
    o->call = aws_call(a, ask, on_orphan_done, o);
}

void aws_orphans_cancel(struct aws *a)
{
    while (a->orphans) {
        struct aws_orphan *o = a->orphans;
        aws_call_cancel(o->call);
        orphan_drop(o);
    }
}
