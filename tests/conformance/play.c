/* The virtual world and the hand that follows a recording; see play.h. */
#include "tests/conformance/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/replay/recording.h"

#define MOVES_MAXIMUM 200000
#define BEGINNING     INT64_C(1700000000000)

/* ---- the recording ---- */

static const asl_value *recorded_at(const struct play *p, int64_t id)
{
    return p->recorded && id >= 1 && (size_t)id <= value_count(p->recorded)
               ? value_at(p->recorded, (size_t)id - 1)
               : NULL;
}

/* ---- the world ---- */

static int64_t play_now(void *state)
{
    return ((struct play *)state)->now;
}

static uint64_t play_random(void *state)
{
    struct play *p = state;
    uint64_t z = p->random += 0x9E3779B97F4A7C15u; /* splitmix64 */
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static void play_uuid(void *state, char out[37])
{
    struct play *p = state;
    snprintf(out, 37, "00000000-0000-4000-8000-%012u", ++p->uuids);
}

/* Only the recorded failure tells that an activity had been deleted. */
static bool play_has_activity(void *state, struct asl_text arn)
{
    struct play *p = state;
    const asl_value *next = recorded_at(p, asl_execution_last_event(p->execution) + 1);
    (void)arn;
    return !next || !asl_text_is(event_type(next), "ExecutionFailed") ||
           !asl_text_ends(event_detail_text(next, "cause"), "does not exist.");
}

static bool is_state_event(struct asl_text type)
{
    return asl_text_ends(type, "StateEntered") || asl_text_ends(type, "StateExited");
}

/* The branch that the next recorded event comes from. */
static size_t play_pick(void *state, const struct asl_candidate *candidates, size_t count)
{
    struct play *p = state;
    const asl_value *next = recorded_at(p, asl_execution_last_event(p->execution) + 1);
    if (!next || p->blurred)
        return 0;
    if (p->forced) {
        p->forced = false;
        return 0;
    }
    if (event_outside(next) != ASL_START || asl_text_is(event_type(next), "ExecutionTimedOut"))
        return ASL_PICK_NONE;
    int64_t previous = event_previous(next);
    struct asl_text type = event_type(next), name = {NULL, 0};
    if (asl_text_is(type, "EvaluationFailed"))
        name = event_detail_text(next, "state");
    else if (is_state_event(type))
        name = event_detail_text(next, "name");
    size_t found = ASL_PICK_NONE;
    for (size_t i = 0; i < count; i++) {
        bool is_named = name.data && asl_text_equal(name, value_as_text(candidates[i].state));
        if (candidates[i].last == previous && is_named)
            return i;
        if (found == ASL_PICK_NONE &&
            (candidates[i].last == previous || (is_named && asl_text_is(type, "EvaluationFailed"))))
            found = i;
    }
    return found;
}

/* ---- moves ---- */

struct table {
    struct play *p;
    struct asl_env env;
    struct asl_result result;
};

static bool step(struct table *t, const struct asl_event *event)
{
    asl_result_clear(&t->result);
    bool taken = asl_step(t->p->execution, event, &t->env, &t->result);
    t->p->now++;
    return taken;
}

static bool step_kind(struct table *t, enum asl_event_kind kind)
{
    struct asl_event event = {.kind = kind};
    return step(t, &event);
}

static bool tick(struct table *t)
{
    int64_t due = asl_execution_due(t->p->execution);
    if (due == INT64_MAX)
        return false;
    if (due > t->p->now)
        t->p->now = due;
    return step_kind(t, ASL_TICK);
}

/* The open task at `place`, for recordings that do not tell which. */
static int64_t open_task(struct table *t, size_t place)
{
    struct asl_result open;
    asl_result_init(&open, NULL);
    asl_execution_open_commands(t->p->execution, &t->env, &open);
    int64_t task = place < open.count ? open.commands[place].task : 0;
    asl_result_free(&open);
    return task;
}

/* Values are recorded as values, or as JSON text where the recorder did not parse. */
static asl_value *recorded_output(const asl_value *event)
{
    const asl_value *details = event_details(event);
    const asl_value *v = details ? value_get_z(details, "output") : NULL;
    struct value_error error;
    if (!v)
        return value_null();
    asl_value *parsed =
        value_kind(v) == VALUE_STRING ? value_parse(value_as_text(v), 0, 0, &error) : NULL;
    return parsed ? parsed : value_retain(v);
}

/* Error and cause as texts: a cause that the recorder parsed is printed again. */
static struct asl_text recorded_text(const asl_value *event, const char *name,
                                     struct asl_buffer *scratch)
{
    const asl_value *details = event_details(event);
    const asl_value *v = details ? value_get_z(details, name) : NULL;
    if (!v)
        return (struct asl_text){NULL, 0};
    if (value_kind(v) == VALUE_STRING)
        return value_as_text(v);
    value_print(v, scratch);
    return asl_buffer_text(scratch);
}

static bool feed(struct table *t, enum asl_event_kind outside, const asl_value *recorded)
{
    struct play *p = t->p;
    if (outside == ASL_TASK_TIMED_OUT && asl_execution_due(p->execution) != INT64_MAX)
        return tick(t); /* its own clock must find it */
    struct asl_buffer cause;
    asl_buffer_init(&cause, ASL_BUFFER_MAXIMUM);
    asl_value *output = recorded_output(recorded);
    struct asl_event event = {
        .kind = outside,
        .task = p->blurred ? open_task(t, outside == ASL_TASK_STARTED ? p->started++ : 0)
                           : event_task(p->recorded, recorded),
        .output = output,
        .error = event_detail_text(recorded, "error"),
        .cause = recorded_text(recorded, "cause", &cause),
        .worker = event_detail_text(recorded, "workerName"),
    };
    bool taken = step(t, &event);
    value_release(output);
    asl_buffer_free(&cause);
    return taken;
}

/* False: nothing can go on, or the recording holds all that could. */
static bool go_on(struct table *t)
{
    int64_t before = asl_execution_last_event(t->p->execution);
    if (!t->result.runnable)
        return false;
    step_kind(t, ASL_CONTINUE);
    return !t->env.pick || !t->result.runnable ||
           asl_execution_last_event(t->p->execution) > before;
}

/* The next event that came from outside, where the recording tells no order: what has begun first.
 */
static const asl_value *next_outside(struct play *p)
{
    size_t count = value_count(p->recorded);
    while (p->cursor < 2 * count) {
        bool begins = p->cursor < count;
        const asl_value *event = value_at(p->recorded, p->cursor++ % count);
        enum asl_event_kind outside = event_outside(event);
        if (outside != ASL_START && (outside == ASL_TASK_STARTED) == begins)
            return event;
    }
    return NULL;
}

/* The children of a distributed Map publish nothing; where their results are discarded, any does.
 */
static bool answer_child(struct table *t)
{
    int64_t task = open_task(t, 0);
    asl_value *output = value_empty_object();
    struct asl_event event = {.kind = ASL_TASK_SUCCEEDED, .task = task, .output = output};
    bool taken = task < 0 && step(t, &event);
    value_release(output);
    return taken;
}

/* One move towards the next recorded event. False: there is none. */
static bool follow(struct table *t)
{
    struct play *p = t->p;
    if (p->blurred && go_on(t))
        return true;
    const asl_value *next =
        p->blurred ? next_outside(p) : recorded_at(p, asl_execution_last_event(p->execution) + 1);
    enum asl_event_kind outside = next ? event_outside(next) : ASL_START;
    if (outside != ASL_START && feed(t, outside, next))
        return true;
    if (go_on(t) || answer_child(t) || tick(t))
        return true;
    if (!t->result.runnable)
        return false;
    p->forced = true;
    return step_kind(t, ASL_CONTINUE);
}

static bool answer(struct table *t)
{
    struct play *p = t->p;
    struct asl_result open;
    bool taken = false;
    asl_result_init(&open, NULL);
    asl_execution_open_commands(p->execution, &t->env, &open);
    for (size_t i = 0; i < open.count && !taken; i++) {
        struct asl_event event = {.task = open.commands[i].task};
        taken = p->answer(p->state, &open.commands[i], &event) && step(t, &event);
    }
    asl_result_free(&open);
    return taken;
}

static bool is_over(struct table *t)
{
    struct play *p = t->p;
    enum asl_status status = asl_execution_status(p->execution);
    if (status != ASL_RUNNING && status != ASL_SUCCEEDED && p->redrives && p->redrives--)
        return !step_kind(t, ASL_REDRIVE);
    return status != ASL_RUNNING;
}

static void play_on(struct table *t)
{
    struct play *p = t->p;
    step_kind(t, ASL_START);
    for (size_t moves = 0; !is_over(t); moves++) {
        bool moved = p->recorded ? follow(t) : go_on(t) || (p->answer && answer(t)) || tick(t);
        if (!moved || moves == MOVES_MAXIMUM) {
            snprintf(p->problem, sizeof p->problem, "stuck behind event %lld",
                     (long long)asl_execution_last_event(p->execution));
            return;
        }
    }
}

/* ---- all of it ---- */

static bool collect(void *state, int64_t id, const asl_value *event)
{
    struct play *p = state;
    (void)id;
    p->events = value_append_take(p->events, value_retain(event));
    return true;
}

static asl_execution *be_born(struct play *p, asl_machine *machine)
{
    char machine_arn[256], arn[512];
    snprintf(machine_arn, sizeof machine_arn, PLAY_PREFIX "stateMachine:%s", p->machine_name);
    snprintf(arn, sizeof arn, PLAY_PREFIX "%s:%s:execution-name%s",
             p->express ? "express" : "execution", p->machine_name,
             p->express ? ":00000000-0000-4000-8000-000000000000" : "");
    struct asl_birth birth = {
        .arn = asl_text(arn),
        .name = ASL_TEXT("execution-name"),
        .role_arn = ASL_TEXT(PLAY_ROLE),
        .machine_arn = asl_text(machine_arn),
        .machine_name = asl_text(p->machine_name),
        .input = p->input,
        .synchronous = p->synchronous,
    };
    struct value_error error;
    asl_execution *x = asl_execution_new(machine, &birth, &error);
    if (!x)
        snprintf(p->problem, sizeof p->problem, "input refused: %s", error.message);
    return x;
}

bool play_run(struct play *p)
{
    p->now = BEGINNING;
    p->events = value_empty_array();
    asl_machine *machine = asl_machine_compile(p->definition, p->express, &p->diagnostics);
    if (!machine) {
        const char *first = p->diagnostics.count ? p->diagnostics.items[0].message : "no reason";
        snprintf(p->problem, sizeof p->problem, "definition refused: %s", first);
        return false;
    }
    p->execution = be_born(p, machine);
    asl_machine_release(machine);
    if (!p->execution)
        return false;
    struct asl_history *history = asl_history_new();
    struct table t = {.p = p,
                      .env = {.state = p,
                              .now = play_now,
                              .random = play_random,
                              .uuid = play_uuid,
                              .has_activity = play_has_activity,
                              .region = PLAY_REGION,
                              .pick = p->recorded ? play_pick : NULL}};
    asl_result_init(&t.result, history);
    play_on(&t);
    asl_result_free(&t.result);
    struct asl_text bytes = asl_history_bytes(history);
    char message[160];
    if (!asl_history_read(bytes.data, bytes.size, true, collect, p, message))
        snprintf(p->problem, sizeof p->problem, "history damaged: %s", message);
    asl_history_free(history);
    return true;
}

void play_free(struct play *p)
{
    asl_execution_free(p->execution);
    value_release(p->events);
    asl_diagnostics_free(&p->diagnostics);
    p->execution = NULL;
    p->events = NULL;
}
