/* Retry, catch, and what failing means for a frame.
 * Serves: ASL spec "Errors"; facts 2.2, 2.3, 3.9 to 3.11. */
#include "run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CAUSE_MAXIMUM 32768 /* AWS's own bound on a cause */

void failure_free(struct failure *failure)
{
    free(failure->error);
    free(failure->cause);
    free(failure->location);
    *failure = (struct failure){0};
}

static char *copy_or_null(struct asl_text t)
{
    return t.data ? asl_copy_text(t) : NULL;
}

void fail_with(struct run *r, struct asl_text error, struct asl_text cause)
{
    struct failure f = {.error = copy_or_null(error), .cause = copy_or_null(cause), .is_set = true};
    f.is_terminal = asl_text_is(error, "States.Runtime");
    failure_free(&r->failure);
    r->failure = f;
}

/* AWS's opening of every cause that is its own. */
static void fail_in_state(struct run *r, const char *error, const char *format, va_list arguments)
{
    struct asl_buffer cause;
    asl_buffer_init(&cause, CAUSE_MAXIMUM);
    struct asl_text name = value_as_text(r->frame->state->name);
    if (!r->x->alone)
        asl_buffer_printf(&cause,
                          "An error occurred while executing the state '%.*s' (entered at the "
                          "event id #%lld). ",
                          ASL_TEXT_ARGS(name), (long long)r->frame->entered_event);
    asl_buffer_vprintf(&cause, format, arguments);
    fail_with(r, asl_text(error), asl_buffer_text(&cause));
    asl_buffer_free(&cause);
}

bool fail_runtime(struct run *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail_in_state(r, "States.Runtime", format, arguments);
    va_end(arguments);
    return false;
}

bool fail_evaluation(struct run *r, const char *location, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail_in_state(r, "States.QueryEvaluationError", format, arguments);
    va_end(arguments);
    r->failure.is_evaluation = true;
    r->failure.location = location ? asl_copy_text(asl_text(location)) : NULL;
    return false;
}

bool fail_data_limit(struct run *r, struct asl_text what)
{
    struct asl_buffer cause;
    asl_buffer_init(&cause, CAUSE_MAXIMUM);
    asl_buffer_printf(&cause,
                      "The state/task '%.*s' returned a result with a size exceeding the maximum "
                      "number of bytes service limit.",
                      ASL_TEXT_ARGS(what));
    fail_with(r, ASL_TEXT("States.DataLimitExceeded"), asl_buffer_text(&cause));
    asl_buffer_free(&cause);
    return false;
}

bool fail_reference(struct run *r, const struct path *p, const asl_value *document,
                    void (*describe)(const struct path *p, const asl_value *document,
                                     struct asl_buffer *out))
{
    struct asl_buffer cause;
    asl_buffer_init(&cause, CAUSE_MAXIMUM);
    describe(p, document, &cause);
    fail_with(r, ASL_TEXT("States.ReferencePathConflict"), asl_buffer_text(&cause));
    asl_buffer_free(&cause);
    return false;
}

/* ---- matching ---- */

static bool matches(const struct failure *failure, asl_value *const *errors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct asl_text wanted = value_as_text(errors[i]);
        bool timeout = failure->error && strcmp(failure->error, "States.Timeout") == 0;
        if (asl_text_is(wanted, "States.ALL") ||
            (failure->error && asl_text_is(wanted, failure->error)) ||
            (asl_text_is(wanted, "States.TaskFailed") && !timeout) ||
            (asl_text_is(wanted, "States.HeartbeatTimeout") && failure->is_heartbeat))
            return true;
    }
    return false;
}

/* ---- retry ---- */

/* Retriers have their attempts still, unless they were used up before the execution began. */
static void begin_counting(struct run *r, struct frame *f)
{
    size_t count = f->state->retrier_count;
    f->retries = asl_allocate(count * sizeof *f->retries);
    for (size_t i = 0; i < count; i++)
        f->retries[i] = r->x->retries_before;
}

static void show_backoff(struct run *r, double seconds)
{
    if (!r->env->see)
        return;
    asl_value *v = value_double(seconds);
    run_show_value(r, r->frame->state, ASL_SEE_BACKOFF, v);
    value_release(v);
}

/* Milliseconds before attempt number `used` + 1. */
static int64_t retry_delay(struct run *r, const struct retrier *retrier, uint32_t used)
{
    double seconds = (double)retrier->interval_seconds * pow(retrier->backoff_rate, used);
    if (retrier->max_delay_seconds && seconds > (double)retrier->max_delay_seconds)
        seconds = (double)retrier->max_delay_seconds;
    if (!(seconds < 99999999.0))
        seconds = 99999999.0;
    show_backoff(r, seconds);
    if (retrier->full_jitter)
        seconds *= (double)(r->env->random(r->env->state) >> 11) * 0x1p-53;
    return (int64_t)(seconds * 1000.0 + 0.5);
}

/* The first retrier that matches decides; once its attempts are used up, none does. */
static bool try_retry(struct run *r, struct frame *f)
{
    const struct state *s = f->state;
    for (size_t i = 0; i < s->retrier_count; i++) {
        const struct retrier *retrier = &s->retriers[i];
        if (!matches(&r->failure, retrier->errors, retrier->error_count))
            continue;
        if (!f->retries)
            begin_counting(r, f);
        run_show(r, s, ASL_SEE_RETRIER, i, f->retries[i] < retrier->max_attempts);
        if (f->retries[i] >= retrier->max_attempts)
            return false;
        f->due = run_now(r) + retry_delay(r, retrier, f->retries[i]);
        f->retries[i]++;
        f->retry_count++;
        f->phase = FRAME_RETRY;
        return true;
    }
    return false;
}

/* ---- catch ---- */

static asl_value *error_output(const struct failure *failure)
{
    struct value_list l;
    value_list_init(&l);
    if (failure->error)
        value_list_set_take(&l, "Error", value_string_z(failure->error));
    value_list_set_take(&l, "Cause", value_string_z(failure->cause ? failure->cause : ""));
    return value_object_take(&l);
}

/* True when a catcher took it: the frame goes on. False: r->failure says what to fail with. */
static bool try_catch(struct run *r, struct frame *f)
{
    const struct state *s = f->state;
    for (size_t i = 0; i < s->catcher_count; i++) {
        const struct catcher *c = &s->catchers[i];
        if (!matches(&r->failure, c->errors, c->error_count))
            continue;
        run_show(r, s, ASL_SEE_CATCHER, i, true);
        asl_value *caught = error_output(&r->failure), *output = NULL, *assigned = NULL;
        flow_forget_caches(r);
        r->states_error = caught;
        bool fine = flow_of(s)->caught(r, f, c, caught, &output, &assigned) &&
                    flow_check_size(r, output, value_as_text(s->name));
        r->states_error = NULL;
        flow_forget_caches(r);
        value_release(caught);
        if (fine) {
            failure_free(&r->failure);
            frame_forget_children(f);
            r->way = ASL_BY_CATCHER;
            r->way_index = i;
            state_leave_take(r, f, output, assigned, c->next);
            r->way = ASL_BY_NEXT;
            return true;
        }
        value_release(output);
        value_release(assigned);
        return false;
    }
    return false;
}

/* ---- failing ---- */

/* Evaluated while entering, AWS leaves the Entered event out of the chain; a Wait does not. */
static void emit_evaluation_failed(struct run *r, struct frame *f)
{
    struct history_event e;
    history_event_init(&e, EVENT_EVALUATION_FAILED);
    e.error = asl_text(r->failure.error);
    e.cause = asl_text(r->failure.cause);
    if (r->failure.location)
        e.location = asl_text(r->failure.location);
    e.name = f->state->name;
    if (f->last == f->entered_event && f->state->kind != STATE_WAIT)
        f->last = f->before_entered;
    run_emit_on(r, f, &e);
    r->failure.is_evaluation = false; /* told */
    if (f->state->kind == STATE_MAP || f->state->kind == STATE_PARALLEL)
        r->failure.is_from_child = true; /* ...StateFailed follows */
}

static void emit_container_failed(struct run *r, struct frame *f)
{
    struct history_event e;
    if (f->state->kind == STATE_MAP)
        history_event_init(&e, EVENT_MAP_STATE_FAILED);
    else if (f->state->kind == STATE_PARALLEL)
        history_event_init(&e, EVENT_PARALLEL_STATE_FAILED);
    else
        return;
    run_emit_on(r, f, &e);
}

static void fail_execution(struct run *r, struct frame *root)
{
    asl_execution *x = r->x;
    struct history_event e;
    history_event_init(&e, EVENT_EXECUTION_FAILED);
    e.error = asl_text(r->failure.error);
    e.cause = asl_text(r->failure.cause);
    run_emit(r, &e, root->last);
    free(x->error);
    free(x->cause);
    x->error = r->failure.error;
    x->cause = r->failure.cause;
    r->failure.error = r->failure.cause = NULL;
    execution_end(r, ASL_FAILED);
}

static void fail_frame(struct run *r, struct frame *f)
{
    if (f->parent)
        container_child_failed(r, f);
    else
        fail_execution(r, f);
}

void state_fail(struct run *r, struct frame *f)
{
    if (r->failure.is_evaluation)
        emit_evaluation_failed(r, f);
    frame_forget_task(f);
    if (!r->failure.is_terminal && try_retry(r, f)) {
        frame_forget_children(f);
        failure_free(&r->failure);
        return;
    }
    if (r->failure.is_from_child)
        emit_container_failed(r, f);
    if (!r->failure.is_terminal && try_catch(r, f))
        return;
    if (r->failure.is_evaluation) /* the catcher's own expressions failed */
        emit_evaluation_failed(r, f);
    fail_frame(r, f);
}
