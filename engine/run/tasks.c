/* Open tasks: the handle a connector holds, and what it reports.
 *
 * A handle lives from the commit that ordered the task to its outcome or cancellation. It names its
 * execution by id, never by pointer: the execution may leave memory meanwhile.
 */
#include "engine/run/internal.h"

#include "engine/loop/kept.h"

#include <stdlib.h>
#include <string.h>

struct task {
    struct task *hash_next;
    struct engine *engine;
    int64_t execution, id;
    enum task_pattern pattern;
    const struct connector *connector;
    void *handle;
    bool starting; /* within connector->start: reports wait */
    bool is_over;
    struct engine_trial trial; /* `tell` NULL: it is an execution's */
};

static size_t slot_of(const struct engine *e, int64_t execution, int64_t id)
{
    uint64_t key = (uint64_t)execution * 0x9E3779B97F4A7C15u ^ (uint64_t)id * 0xC2B2AE3D27D4EB4Fu;
    return (size_t)(key >> 32) & (e->task_table - 1);
}

static struct task **find(struct engine *e, int64_t execution, int64_t id)
{
    struct task **at = &e->tasks[slot_of(e, execution, id)];
    while (*at && ((*at)->execution != execution || (*at)->id != id))
        at = &(*at)->hash_next;
    return at;
}

static void grow(struct engine *e)
{
    struct task **old = e->tasks;
    size_t old_size = e->task_table;
    e->task_table = old_size ? old_size * 2 : 64;
    e->tasks = asl_allocate_zeroed(e->task_table, sizeof(struct task *));
    for (size_t i = 0; i < old_size; i++)
        for (struct task *t = old[i], *next; t; t = next) {
            next = t->hash_next;
            size_t slot = slot_of(e, t->execution, t->id);
            t->hash_next = e->tasks[slot];
            e->tasks[slot] = t;
        }
    free(old);
}

static struct task *add(struct engine *e, int64_t execution, int64_t id)
{
    if (e->task_count >= e->task_table)
        grow(e);
    struct task *t = kept_take(sizeof *t);
    *t = (struct task){.engine = e, .execution = execution, .id = id};
    struct task **at = find(e, execution, id);
    *at = t;
    e->task_count++;
    return t;
}

static void forget(struct task *t)
{
    struct engine *e = t->engine;
    struct task **at = find(e, t->execution, t->id);
    *at = t->hash_next;
    e->task_count--;
    kept_give_back(t);
}

/* ---- reports ---- */

static char *copy_or_null(struct asl_text t)
{
    return t.data ? asl_copy_text(t) : NULL;
}

static void report(struct task *t, enum asl_event_kind kind, const asl_value *output,
                   struct asl_text error, struct asl_text cause, struct asl_text worker)
{
    if (t->trial.tell) {
        t->trial.tell(t->trial.state, &(struct asl_event){.kind = kind,
                                                          .task = t->id,
                                                          .output = output,
                                                          .error = error,
                                                          .cause = cause,
                                                          .worker = worker});
        return;
    }
    struct live *l = live_get(t->engine, t->execution);
    if (!l)
        return;
    struct arrival *a = arrival_new(kind);
    a->event.task = t->id;
    a->may_stay_behind = kind == ASL_TASK_STARTED;
    a->output = output ? value_retain(output) : NULL;
    a->error = copy_or_null(error);
    a->cause = copy_or_null(cause);
    a->worker = copy_or_null(worker);
    a->event.output = a->output;
    a->event.error = asl_text(a->error);
    a->event.cause = asl_text(a->cause);
    a->event.worker = asl_text(a->worker);
    crash_here(CRASH_TASK_REPORTED);
    live_give(t->engine, l, a);
}

static const struct asl_text nothing = {NULL, 0};

static void is_over(struct task *t)
{
    if (t->starting || t->trial.tell)
        t->is_over = true;
    else
        forget(t);
}

/* The last report of a task: afterwards it is gone for the connector. A trial's owner may end it
 * when told. */
static void report_end(struct task *t, enum asl_event_kind kind, const asl_value *output,
                       struct asl_text error, struct asl_text cause)
{
    if (!t->trial.tell) {
        report(t, kind, output, error, cause, nothing);
        is_over(t);
        return;
    }
    is_over(t);
    report(t, kind, output, error, cause, nothing);
}

void task_report_started(struct task *t, struct asl_text worker)
{
    report(t, ASL_TASK_STARTED, NULL, nothing, nothing, worker);
}

void task_report_submitted(struct task *t, const asl_value *output)
{
    report(t, ASL_TASK_SUBMITTED, output, nothing, nothing, nothing);
    if (t->pattern == TASK_CALLBACK)
        is_over(t); /* who holds the token goes on */
}

void task_report_succeeded(struct task *t, const asl_value *output)
{
    report_end(t, ASL_TASK_SUCCEEDED, output, nothing, nothing);
}

void task_report_failed(struct task *t, struct asl_text error, struct asl_text cause)
{
    report_end(t, ASL_TASK_FAILED, NULL, error, cause);
}

void task_report_submit_failed(struct task *t, struct asl_text error, struct asl_text cause)
{
    report_end(t, ASL_TASK_SUBMIT_FAILED, NULL, error, cause);
}

void task_report_start_failed(struct task *t, struct asl_text error, struct asl_text cause)
{
    report_end(t, ASL_TASK_START_FAILED, NULL, error, cause);
}

/* ---- starting and cancelling ---- */

static void fill_request(const struct action *a, const asl_execution *x,
                         const asl_value *state_name, struct task_request *request)
{
    *request = (struct task_request){
        .resource = a->resource,
        .parameters = a->parameters,
        .credentials = a->credentials,
        .state_name = state_name,
        .execution_arn = asl_execution_arn(x).data,
        .machine_arn = asl_execution_machine_arn(x).data,
        .role_arn = asl_execution_role_arn(x).data,
        .token = a->token ? a->token : "",
        .event_id = a->task,
        .timeout_seconds = a->timeout_seconds,
        .again = a->again,
        .submitted = a->again && a->submitted,
    };
}

/* A task whose outcome is unknown and that may not be sent again: fails, or is sent with a word. */
static bool may_send(struct engine *e, struct task *t, const struct task_request *request)
{
    if (!request->again || t->connector->repeatable(&e->connectors, request))
        return true;
    if (e->options.in_flight == ENGINE_IN_FLIGHT_RETRY) {
        engine_complain(e, "%.*s (%s) was under way when Stepwell stopped: it is sent again",
                        ASL_TEXT_ARGS(value_as_text(request->state_name)), request->resource->arn);
        return true;
    }
    report_end(
        t, ASL_TASK_FAILED, NULL, ASL_TEXT("States.TaskFailed"),
        ASL_TEXT("Stepwell stopped while this task was under way, so its outcome is unknown; "
                 "it is not sent again because of --in-flight=fail."));
    return false;
}

/* The whole life of a task that someone stands in for; false: nobody does. */
static bool is_answered(struct engine *e, const struct action *a, const asl_value *state_name)
{
    struct asl_event answer;
    if (!e->stand_in.answers ||
        !e->stand_in.answers(e->stand_in.state, a->execution, state_name, &answer))
        return false;
    struct task *t = add(e, a->execution, a->task);
    bool submits =
        a->resource->family == TASK_SERVICE && a->resource->pattern != TASK_REQUEST_RESPONSE;
    if (!a->started)
        report(t, ASL_TASK_STARTED, NULL, nothing, nothing, nothing);
    if (submits && !a->submitted)
        report(t, ASL_TASK_SUBMITTED, answer.output, nothing, nothing, nothing);
    report_end(t, answer.kind, answer.output, answer.error, answer.cause);
    return true;
}

static void carry_out(struct engine *e, struct action *a, struct live *l,
                      const asl_value *state_name)
{
    const struct resource *resource = a->resource;
    if (is_answered(e, a, state_name))
        return;
    if (resource->family == TASK_ACTIVITY) { /* it waits in the execution until a worker asks */
        if (e->activities.waits && !a->started)
            e->activities.waits(e->activities.state, resource->arn, a->execution, a->task);
        return;
    }
    if (resource->pattern == TASK_CALLBACK && a->submitted)
        return; /* handed over before the restart: its token brings the end */
    struct task *t = add(e, a->execution, a->task);
    t->pattern = resource->pattern;
    t->connector = connector_for(resource);
    if (!t->connector) {
        struct asl_buffer cause;
        asl_buffer_init(&cause, 4096);
        asl_buffer_printf(&cause, "Stepwell cannot carry out the resource %s", resource->arn);
        report_end(t, ASL_TASK_FAILED, NULL, ASL_TEXT("States.Runtime"), asl_buffer_text(&cause));
        asl_buffer_free(&cause);
        return;
    }
    struct task_request request;
    fill_request(a, l->x, state_name, &request);
    if (may_send(e, t, &request)) {
        crash_here(CRASH_TASK_SEND);
        t->starting = true;
        t->handle = t->connector->start(&e->connectors, t, &request);
        t->starting = false;
        crash_here(CRASH_TASK_SENT);
        if (!a->started && !t->is_over && !turn_task_started(e, t->execution, t->id))
            task_report_started(t, nothing);
        if (t->is_over)
            forget(t);
    }
}

void tasks_start(struct engine *e, struct action *a)
{
    struct live *l = live_get(e, a->execution);
    if (!l || (e->task_table && *find(e, a->execution, a->task)))
        return;
    asl_value *none = a->state_name ? NULL : value_string_z("");
    carry_out(e, a, l, a->state_name ? a->state_name : none);
    value_release(none);
}

static void let_go(struct task *t, bool stops)
{
    if (t->connector && t->handle) {
        if (stops && t->connector->stop)
            t->connector->stop(t->handle);
        else
            t->connector->cancel(t->handle);
    }
    forget(t);
}

void tasks_cancel(struct engine *e, int64_t execution, int64_t id)
{
    struct task *t = e->task_table ? *find(e, execution, id) : NULL;
    if (t)
        let_go(t, true);
    else if (e->activities.over)
        e->activities.over(e->activities.state, execution, id);
}

/* ---- trials ---- */

struct task *engine_try(struct engine *e, const struct task_request *request,
                        const struct engine_trial *trial)
{
    const struct connector *connector = connector_for(request->resource);
    if (!connector)
        return NULL;
    struct task *t = asl_allocate_zeroed(1, sizeof *t);
    t->engine = e;
    t->id = request->event_id;
    t->pattern = request->resource->pattern;
    t->connector = connector;
    t->trial = *trial;
    t->hash_next = e->trials;
    e->trials = t;
    t->handle = connector->start(&e->connectors, t, request);
    return t;
}

bool task_is_inspected(const struct task *t)
{
    return t->trial.exchanged != NULL;
}

bool task_reveals_secrets(const struct task *t)
{
    return t->trial.reveals_secrets;
}

void task_report_exchange(struct task *t, const asl_value *request, const asl_value *response)
{
    if (t->trial.exchanged)
        t->trial.exchanged(t->trial.state, request, response);
}

static void cancel_trial(struct task *t)
{
    if (!t->is_over && t->handle)
        t->connector->cancel(t->handle);
    t->is_over = true;
    t->engine = NULL;
}

void engine_try_end(struct task *t)
{
    if (!t)
        return;
    if (t->engine) {
        struct task **at = &t->engine->trials;
        while (*at != t)
            at = &(*at)->hash_next;
        *at = t->hash_next;
        cancel_trial(t);
    }
    free(t);
}

void tasks_free_all(struct engine *e)
{
    for (struct task *t = e->trials; t; t = t->hash_next)
        cancel_trial(t); /* their owners free them */
    e->trials = NULL;
    for (size_t i = 0; i < e->task_table; i++)
        while (e->tasks[i])
            let_go(e->tasks[i], false);
    free(e->tasks);
    e->tasks = NULL;
    e->task_table = 0;
}
