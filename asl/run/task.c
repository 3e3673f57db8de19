/* Task: from the resource to a command, from an outcome to the state's end.
 * Serves: ASL spec "Task State"; facts 2.2, 3.1, 4. */
#include "run.h"

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_SECONDS_MAXIMUM 99999999

/* The events of each family of resources, by what happens. */
struct task_events {
    enum history_type scheduled, started, start_failed, submitted, submit_failed, succeeded, failed,
        timed_out;
};

static const struct task_events task_events[] = {
    [TASK_LAMBDA] = {EVENT_LAMBDA_FUNCTION_SCHEDULED, EVENT_LAMBDA_FUNCTION_STARTED,
                     EVENT_LAMBDA_FUNCTION_START_FAILED, EVENT_NONE, EVENT_LAMBDA_FUNCTION_FAILED,
                     EVENT_LAMBDA_FUNCTION_SUCCEEDED, EVENT_LAMBDA_FUNCTION_FAILED,
                     EVENT_LAMBDA_FUNCTION_TIMED_OUT},
    [TASK_ACTIVITY] = {EVENT_ACTIVITY_SCHEDULED, EVENT_ACTIVITY_STARTED,
                       EVENT_ACTIVITY_SCHEDULE_FAILED, EVENT_NONE, EVENT_ACTIVITY_FAILED,
                       EVENT_ACTIVITY_SUCCEEDED, EVENT_ACTIVITY_FAILED, EVENT_ACTIVITY_TIMED_OUT},
    [TASK_SERVICE] = {EVENT_TASK_SCHEDULED, EVENT_TASK_STARTED, EVENT_TASK_START_FAILED,
                      EVENT_TASK_SUBMITTED, EVENT_TASK_SUBMIT_FAILED, EVENT_TASK_SUCCEEDED,
                      EVENT_TASK_FAILED, EVENT_TASK_TIMED_OUT},
};

static const struct task_events *events_of(const struct frame *f)
{
    return &task_events[f->state->of.task.resource.family];
}

static void event_of(struct history_event *e, enum history_type type, const struct frame *f)
{
    const struct resource *resource = &f->state->of.task.resource;
    history_event_init(e, type);
    e->resource = asl_text(resource->name);
    e->resource_type = asl_text(resource->type);
    if (resource->family != TASK_SERVICE)
        e->resource = asl_text(resource->arn);
}

/* ---- starting ---- */

static bool has_token(const struct resource *resource)
{
    return resource->family == TASK_ACTIVITY || resource->pattern != TASK_REQUEST_RESPONSE;
}

/* The token is asked for before the arguments are evaluated: they carry it. Its event id is the
 * Scheduled event's, the next one to come. */
static void give_token(struct run *r, struct frame *f)
{
    if (!has_token(&f->state->of.task.resource))
        return;
    char token[1025] = "";
    if (r->env->token)
        r->env->token(r->env->state, f->silent ? r->x->last_silent - 1 : r->x->last_event + 1,
                      token);
    else
        r->env->uuid(r->env->state, token);
    f->task.token = asl_copy_text(asl_text(token));
}

/* Credentials' RoleArn, evaluated; NULL when there are none. */
static bool evaluate_credentials(struct run *r, struct frame *f, const asl_value *effective)
{
    const struct template *t = f->state->of.task.credentials;
    if (!t)
        return true;
    f->task.credentials = flow_template(r, t, effective);
    return f->task.credentials != NULL;
}

static bool prepare(struct run *r, struct frame *f, const asl_value *effective)
{
    const struct state *s = f->state;
    give_token(r, f);
    flow_forget_caches(r); /* the context shows the token now */
    f->task.parameters =
        s->parameters ? flow_template(r, s->parameters, effective) : value_retain(effective);
    if (f->task.parameters)
        run_show_value(r, s, ASL_SEE_PARAMETERS, f->task.parameters);
    return f->task.parameters &&
           flow_integer(r, &s->of.task.timeout, effective, 0, TIMEOUT_SECONDS_MAXIMUM, 0,
                        &f->task.timeout_seconds) &&
           flow_integer(r, &s->of.task.heartbeat, effective, 0, TIMEOUT_SECONDS_MAXIMUM, 0,
                        &f->task.heartbeat_seconds) &&
           evaluate_credentials(r, f, effective) &&
           parameters_are_accepted(r, &s->of.task.resource, f->task.parameters) &&
           flow_check_size(r, f->task.parameters, value_as_text(s->name));
}

static int64_t after_seconds(int64_t now, int64_t seconds)
{
    return seconds ? now + seconds * 1000 : NEVER;
}

/* The fourth part of an ARN: "arn:aws:states:<region>:...". */
static struct asl_text region_of(struct asl_text arn)
{
    for (int part = 0; part < 3 && arn.size; part++) {
        const char *colon = memchr(arn.data, ':', arn.size);
        size_t taken = colon ? (size_t)(colon - arn.data) + 1 : arn.size;
        arn.data += taken;
        arn.size -= taken;
    }
    const char *end = arn.size ? memchr(arn.data, ':', arn.size) : NULL;
    arn.size = end ? (size_t)(end - arn.data) : 0;
    return arn;
}

static void schedule(struct run *r, struct frame *f)
{
    struct history_event e;
    event_of(&e, events_of(f)->scheduled, f);
    e.payload = f->task.parameters;
    e.region = r->env->region ? asl_text(r->env->region) : region_of(asl_execution_arn(r->x));
    e.credentials = f->task.credentials;
    if (f->task.timeout_seconds)
        e.timeout = f->task.timeout_seconds;
    if (f->task.heartbeat_seconds)
        e.heartbeat = f->task.heartbeat_seconds;
    f->task.id = run_emit_on(r, f, &e);
    if (r->history_full)
        return; /* the execution ends here: nothing may be started for it */
    int64_t now = run_now(r);
    f->task.deadline = after_seconds(now, f->task.timeout_seconds);
    f->task.heartbeat_deadline = after_seconds(now, f->task.heartbeat_seconds);
    f->phase = FRAME_TASK;
    run_task_command(r, f);
}

static bool is_scheduled_to_nobody(const struct run *r, const struct resource *resource)
{
    return resource->family == TASK_ACTIVITY && r->env->has_activity &&
           !r->env->has_activity(r->env->state, asl_text(resource->arn));
}

bool work_task(struct run *r, struct frame *f)
{
    const struct resource *resource = &f->state->of.task.resource;
    frame_forget_task(f);
    if (is_scheduled_to_nobody(r, resource))
        return fail_runtime(r, "The activity %s does not exist.", resource->arn);
    asl_value *effective = flow_of(f->state)->effective_input(r, f);
    bool fine = effective && prepare(r, f, effective);
    value_release(effective);
    if (fine)
        schedule(r, f);
    return fine;
}

/* ---- outcomes ---- */

static void emit_failure(struct run *r, struct frame *f, enum history_type type)
{
    struct history_event e;
    event_of(&e, type, f);
    e.error = asl_text(r->failure.error);
    e.cause = asl_text(r->failure.cause);
    run_emit_on(r, f, &e);
}

static void fail_task(struct run *r, struct frame *f, enum history_type type)
{
    emit_failure(r, f, type);
    state_fail(r, f);
}

/* What the message about an oversized result calls the task (facts 3.11). */
static struct asl_text name_for_limit(const struct resource *resource)
{
    return asl_text(resource->family == TASK_SERVICE ? resource->type : resource->arn);
}

static void succeeded(struct run *r, struct frame *f, const asl_value *output)
{
    const struct state *s = f->state;
    if (!flow_check_size(r, output, name_for_limit(&s->of.task.resource))) {
        fail_task(r, f, events_of(f)->failed);
        return;
    }
    struct history_event e;
    event_of(&e, events_of(f)->succeeded, f);
    e.payload = output;
    run_emit_on(r, f, &e);
    run_show_value(r, s, ASL_SEE_RESULT, output);
    if (!flow_leave(r, f, s->output, s->assign, output, s->next))
        state_fail(r, f);
}

static void failed(struct run *r, struct frame *f, const struct asl_event *event,
                   enum history_type type)
{
    struct asl_text none = {NULL, 0};
    fail_with(r, event->error.data ? event->error : none, event->cause.data ? event->cause : none);
    r->failure.is_terminal = false; /* the service's own word, whatever it says */
    if (r->failure.error && strcmp(r->failure.error, "States.Runtime") == 0)
        r->failure.is_terminal = true;
    fail_task(r, f, type);
}

static void progressed(struct run *r, struct frame *f, enum history_type type,
                       const struct asl_event *event)
{
    struct history_event e;
    if (type == EVENT_NONE)
        return;
    event_of(&e, type, f);
    e.payload = event->output;
    if (event->worker.size)
        e.worker = event->worker;
    run_emit_on(r, f, &e);
}

/* The task is over for the frame before anything follows from it: an outcome comes once. */
static void close_task(struct frame *f)
{
    struct open_task closed = f->task;
    closed.id = 0;
    closed.deadline = closed.heartbeat_deadline = NEVER;
    f->task = closed;
    f->phase = FRAME_WORK;
}

void task_outcome(struct run *r, struct frame *f, const struct asl_event *event)
{
    const struct task_events *events = events_of(f);
    switch (event->kind) {
    case ASL_TASK_STARTED:
        f->task.started = true;
        progressed(r, f, events->started, event);
        if (f->task.heartbeat_seconds)
            f->task.heartbeat_deadline = after_seconds(run_now(r), f->task.heartbeat_seconds);
        return;
    case ASL_TASK_SUBMITTED:
        f->task.submitted = true;
        progressed(r, f, events->submitted, event);
        return;
    case ASL_TASK_HEARTBEAT:
        f->task.heartbeat_deadline = after_seconds(run_now(r), f->task.heartbeat_seconds);
        return;
    case ASL_TASK_TIMED_OUT:
        task_timed_out(r, f, false);
        return;
    default:
        break;
    }
    close_task(f);
    if (event->kind == ASL_TASK_SUCCEEDED)
        succeeded(r, f, event->output);
    else if (event->kind == ASL_TASK_START_FAILED)
        failed(r, f, event, events->start_failed);
    else if (event->kind == ASL_TASK_SUBMIT_FAILED)
        failed(r, f, event, events->submit_failed);
    else
        failed(r, f, event, events->failed);
}

void task_timed_out(struct run *r, struct frame *f, bool heartbeat)
{
    struct asl_text none = {NULL, 0};
    run_command(r, ASL_CANCEL_TASK, f->task.id);
    close_task(f);
    fail_with(r, ASL_TEXT("States.Timeout"), none);
    r->failure.is_heartbeat = heartbeat;
    fail_task(r, f, events_of(f)->timed_out);
}
