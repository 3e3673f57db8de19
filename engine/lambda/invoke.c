/* Invocations: queued, given to a sandbox, timed, ended. */
#include "internal.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/loop/loop.h"

#define WAITING_MAXIMUM   1000  /* of one function; then Lambda's 429 */
#define PROCESSES_MAXIMUM 64    /* of all functions */
#define INIT_MS           10000 /* what Lambda gives a runtime to load its handler */
/* between a result and asking for more: else it hangs, and is killed */
#define NEXT_MS       5000
#define IDLE_MS       300000
#define SWEEP_SECONDS 30

int64_t lambda_real_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- ends ---- */

static void invocation_free(struct lambda_invocation *i)
{
    loop_release(i->function->lambda->loop);
    asl_buffer_free(&i->payload);
    free(i->name);
    free(i->qualifier);
    free(i->client_context);
    free(i);
}

static void finish(struct lambda_invocation *i, const char *error, struct asl_text payload)
{
    struct lambda_result r = {i->id, error, payload, {i->tail, i->wants_log ? i->tail_size : 0}};
    if (i->done)
        i->done(i->state, &r);
    invocation_free(i);
}

void sandbox_finish(struct sandbox *s, const char *error, struct asl_text payload)
{
    struct lambda_invocation *i = s->invocation;
    double ms = (double)(lambda_real_ms() - i->started);
    log_flush(s, &s->error_line);
    log_printf(s, "END RequestId: %s", i->id);
    log_printf(s,
               "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %.0f ms\tMemory Size: "
               "%lld MB",
               i->id, ms, ms, (long long)s->function->memory_mb);
    sandbox_set_patience(s, s->function->runner->is_runtime ? NEXT_MS : 0);
    s->invocation = NULL;
    s->idle_since = lambda_real_ms();
    finish(i, error, payload);
}

static void put_error(struct asl_buffer *out, const char *id, const char *type, const char *format,
                      va_list arguments)
{
    struct asl_buffer message;
    struct value_list l;
    asl_buffer_init(&message, 8192);
    asl_buffer_printf(&message, "RequestId: %s Error: ", id);
    asl_buffer_vprintf(&message, format, arguments);
    value_list_init(&l);
    value_list_set_take(&l, "errorType", value_string_z(type));
    value_list_set_take(&l, "errorMessage", value_string(asl_buffer_text(&message)));
    asl_value *v = value_object_take(&l);
    value_print(v, out);
    value_release(v);
    asl_buffer_free(&message);
}

void sandbox_fail(struct sandbox *s, const char *type, const char *format, ...)
{
    struct asl_buffer payload;
    va_list arguments;
    asl_buffer_init(&payload, 65536);
    va_start(arguments, format);
    put_error(&payload, s->invocation->id, type, format, arguments);
    va_end(arguments);
    sandbox_finish(s, "Unhandled", asl_buffer_text(&payload));
    asl_buffer_free(&payload);
}

void invocation_fail(struct lambda_invocation *i, const char *type, const char *format, ...)
{
    struct asl_buffer payload;
    va_list arguments;
    asl_buffer_init(&payload, 65536);
    va_start(arguments, format);
    put_error(&payload, i->id, type, format, arguments);
    va_end(arguments);
    finish(i, "Unhandled", asl_buffer_text(&payload));
    asl_buffer_free(&payload);
}

/* ---- the queue ---- */

static struct lambda_invocation *take_first(struct function *f)
{
    struct lambda_invocation *i = f->first;
    f->first = i->next;
    if (!f->first)
        f->last = NULL;
    f->waiting--;
    i->next = NULL;
    return i;
}

static void take_out(struct lambda_invocation *wanted)
{
    struct function *f = wanted->function;
    struct lambda_invocation **at = &f->first, *before = NULL;
    while (*at && *at != wanted) {
        before = *at;
        at = &(*at)->next;
    }
    if (!*at)
        return;
    *at = wanted->next;
    if (f->last == wanted)
        f->last = before;
    f->waiting--;
}

void sandbox_give(struct sandbox *s, struct lambda_invocation *i)
{
    bool is_cold = s->function->runner->is_runtime && !s->was_ready;
    s->invocation = i;
    i->sandbox = s;
    i->started = lambda_real_ms();
    i->deadline = i->started + s->function->timeout_ms;
    sandbox_set_patience(s, s->function->timeout_ms + (is_cold ? INIT_MS : 0));
    log_printf(s, "START RequestId: %s Version: %s", i->id,
               i->qualifier[0] ? i->qualifier : "$LATEST");
}

static struct sandbox *idle_sandbox(struct function *f)
{
    for (struct sandbox *s = f->sandboxes; s; s = s->next)
        if (s->poll && !s->invocation && !s->has_died)
            return s;
    return NULL;
}

/* Has given its result and will ask for more at once: better than a new process. */
static size_t about_to_ask(const struct function *f)
{
    size_t count = 0;
    for (const struct sandbox *s = f->sandboxes; s; s = s->next)
        count += s->was_ready && !s->poll && !s->invocation && !s->has_died;
    return count;
}

/* One for the next invocation: a warm one, else a new one. False: it has to wait. */
static bool serve_first(struct function *f)
{
    char problem[256];
    struct sandbox *s = idle_sandbox(f);
    if (!s && about_to_ask(f) >= f->waiting)
        return false;
    if (!s && (f->running >= f->concurrency || f->lambda->processes >= PROCESSES_MAXIMUM))
        return false;
    struct lambda_invocation *i = take_first(f);
    if (!s && !(s = sandbox_start(f, i, problem))) {
        invocation_fail(i, "Runtime.InvalidEntrypoint", "%s", problem);
        return true;
    }
    sandbox_give(s, i);
    if (s->poll)
        runtime_deliver(s);
    return true;
}

void function_go_on(struct function *f)
{
    while (f->first && serve_first(f))
        ;
    /* A place among all processes may have become another function's. */
    for (struct function *o = f->lambda->functions; o; o = o->next)
        while (o != f && o->first && serve_first(o))
            ;
}

/* ---- calls ---- */

void lambda_make_id(char id[37])
{
    unsigned char b[16] = {0};
    RAND_bytes(b, sizeof b);
    snprintf(id, 37, "%02x%02x%02x%02x-%02x%02x-4%x%02x-a%x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6] & 15, b[7], b[8] & 15, b[9], b[10], b[11], b[12],
             b[13], b[14], b[15]);
}

/* The loop's next turn: nothing ends from within lambda_invoke. */
static void on_soon(evutil_socket_t fd, short what, void *state)
{
    struct lambda *l = state;
    (void)fd;
    (void)what;
    for (struct function *f = l->functions; f; f = f->next)
        while (f->first && serve_first(f))
            ;
}

struct lambda_invocation *lambda_invoke(struct lambda *l, const struct lambda_call *call,
                                        void (*done)(void *state, const struct lambda_result *r),
                                        void *state, bool *busy)
{
    struct function *f = function_of(l, call->key);
    *busy = f && f->waiting >= WAITING_MAXIMUM;
    if (!f || *busy)
        return NULL;
    struct lambda_invocation *i = asl_allocate_zeroed(1, sizeof *i);
    i->function = f;
    lambda_make_id(i->id);
    i->name = asl_copy_text(call->name);
    i->qualifier = asl_copy_text(call->qualifier);
    i->client_context = call->client_context ? asl_copy_text(asl_text(call->client_context)) : NULL;
    i->wants_log = call->wants_log;
    asl_buffer_init(&i->payload, LAMBDA_PAYLOAD_MAXIMUM);
    asl_buffer_put_text(&i->payload, call->payload);
    i->done = done;
    i->state = state;
    *(f->last ? &f->last->next : &f->first) = i;
    f->last = i;
    f->waiting++;
    loop_hold(l->loop);
    event_active(l->soon, EV_TIMEOUT, 0);
    return i;
}

void lambda_cancel(struct lambda_invocation *i)
{
    struct sandbox *s = i->sandbox;
    if (s) {
        s->invocation = NULL;
        sandbox_kill(s);
    } else
        take_out(i);
    invocation_free(i);
}

/* ---- life ---- */

static void on_sweep(evutil_socket_t fd, short what, void *state)
{
    struct lambda *l = state;
    int64_t now = lambda_real_ms();
    (void)fd;
    (void)what;
    for (struct function *f = l->functions; f; f = f->next)
        for (struct sandbox *s = f->sandboxes; s; s = s->next)
            if (s->poll && !s->invocation && !s->has_died && now - s->idle_since > IDLE_MS)
                sandbox_kill(s);
}

static char *copy(const char *text)
{
    return text ? asl_copy_text(asl_text(text)) : NULL;
}

struct lambda *lambda_new(const struct lambda_options *o)
{
    struct lambda *l = asl_allocate_zeroed(1, sizeof *l);
    struct timeval often = {SWEEP_SECONDS, 0};
    l->loop = o->loop;
    l->region = copy(o->region ? o->region : "us-east-1");
    l->account = copy(o->account ? o->account : "123456789012");
    l->log_folder = copy(o->log_folder);
    l->environment = o->environment;
    l->endpoint = o->endpoint;
    l->log = o->log;
    l->keep = o->keep;
    l->state = o->state;
    l->soon = event_new(loop_base(l->loop), -1, 0, on_soon, l);
    if (!l->soon)
        asl_out_of_memory();
    l->sweep = event_new(loop_base(l->loop), -1, EV_PERSIST, on_sweep, l);
    if (!l->sweep || event_add(l->sweep, &often) != 0)
        asl_out_of_memory();
    return l;
}

static void drop(struct function *f)
{
    while (f->first)
        invocation_free(take_first(f));
    while (f->sandboxes) {
        struct sandbox *s = f->sandboxes;
        if (s->invocation)
            invocation_free(s->invocation);
        s->invocation = NULL;
        sandbox_end(s);
    }
    function_free(f);
}

void lambda_free(struct lambda *l)
{
    if (!l)
        return;
    while (l->functions) {
        struct function *f = l->functions;
        l->functions = f->next;
        drop(f);
    }
    event_free(l->sweep);
    event_free(l->soon);
    free(l->region);
    free(l->account);
    free(l->log_folder);
    free(l);
}
