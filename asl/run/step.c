/* The step: an event arrives, frames move until nothing can, commands and history come out.
 * The diagram of a frame's life is in run.h; the moves that are not a state kind's own are here. */
#include "children.h"
#include "run.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BUDGET_DEFAULT 1000

/* ---- results ---- */

void asl_result_init(struct asl_result *r, struct asl_history *history)
{
    *r = (struct asl_result){.history = history};
}

void asl_result_clear(struct asl_result *r)
{
    for (size_t i = 0; i < r->count; i++) {
        value_release(r->commands[i].parameters);
        value_release(r->commands[i].credentials);
    }
    r->count = 0;
    r->runnable = false;
}

void asl_result_free(struct asl_result *r)
{
    asl_result_clear(r);
    free(r->commands);
    r->commands = NULL;
    r->capacity = 0;
}

struct asl_command *run_command(struct run *r, enum asl_command_kind kind, int64_t task)
{
    struct asl_result *out = r->result;
    if (out->count == out->capacity) {
        out->capacity = out->capacity ? out->capacity * 2 : 4;
        out->commands = asl_reallocate(out->commands, out->capacity * sizeof *out->commands);
    }
    struct asl_command *c = &out->commands[out->count++];
    memset(c, 0, sizeof *c);
    c->kind = kind;
    c->task = task;
    return c;
}

static int64_t iteration_of(const struct frame *f)
{
    while (f->parent && f->parent->state->kind != STATE_MAP)
        f = f->parent;
    return f->parent ? (int64_t)f->index : -1;
}

void run_task_command(struct run *r, struct frame *f)
{
    bool is_task = f->state->kind == STATE_TASK;
    struct asl_command *c = run_command(r, is_task ? ASL_RUN_TASK : ASL_RUN_CHILDREN, f->task.id);
    c->resource = is_task ? &f->state->of.task.resource : NULL;
    c->parameters = f->task.parameters ? value_retain(f->task.parameters) : NULL;
    c->credentials = f->task.credentials ? value_retain(f->task.credentials) : NULL;
    c->timeout_seconds = f->task.timeout_seconds;
    c->heartbeat_seconds = f->task.heartbeat_seconds;
    c->state_name = f->state->name;
    c->iteration = iteration_of(f);
    c->retries = f->retry_count;
    c->started = f->task.started;
    c->submitted = f->task.submitted;
    if (f->task.token)
        strncpy(c->token, f->task.token, sizeof c->token - 1);
}

/* ---- events out ---- */

int64_t run_now(struct run *r)
{
    return r->env->now(r->env->state);
}

static bool ends_execution(enum history_type type)
{
    return type == EVENT_EXECUTION_SUCCEEDED || type == EVENT_EXECUTION_FAILED ||
           type == EVENT_EXECUTION_ABORTED || type == EVENT_EXECUTION_TIMED_OUT;
}

/* The last place of a history belongs to the event that ends it (facts 3.11). */
int64_t run_emit(struct run *r, struct history_event *e, int64_t previous)
{
    asl_execution *x = r->x;
    if (!x->machine->express && x->last_event + 1 >= EVENTS_MAXIMUM && !ends_execution(e->type)) {
        r->history_full = true;
        return x->last_event;
    }
    e->id = ++x->last_event;
    e->previous = previous;
    e->at = run_now(r);
    if (r->result->history)
        history_append(r->result->history, e);
    return e->id;
}

int64_t run_map_run_emit(struct run *r, const struct frame *map, size_t index,
                         struct history_event *e, int64_t previous)
{
    int64_t number = --r->x->last_silent;
    if (r->result->children && !map->silent) {
        e->at = run_now(r);
        children_append(r->result->children, map->run, index, -number, previous < 0 ? -previous : 0,
                        e);
    }
    return number;
}

int64_t run_emit_silent(struct run *r, const struct frame *f, struct history_event *e,
                        int64_t previous)
{
    while (f->parent && !frame_is_distributed(f->parent))
        f = f->parent;
    if (f->parent && !f->parent->state->of.map.child_express)
        return run_map_run_emit(r, f->parent, f->index, e, previous);
    return --r->x->last_silent;
}

int64_t run_emit_on(struct run *r, struct frame *f, struct history_event *e)
{
    if (f->silent)
        f->last = run_emit_silent(r, f, e, f->last);
    else
        f->last = run_emit(r, e, f->last);
    return f->last;
}

static const enum history_type entered_types[] = {
    [STATE_PASS] = EVENT_PASS_STATE_ENTERED,         [STATE_TASK] = EVENT_TASK_STATE_ENTERED,
    [STATE_CHOICE] = EVENT_CHOICE_STATE_ENTERED,     [STATE_WAIT] = EVENT_WAIT_STATE_ENTERED,
    [STATE_SUCCEED] = EVENT_SUCCEED_STATE_ENTERED,   [STATE_FAIL] = EVENT_FAIL_STATE_ENTERED,
    [STATE_PARALLEL] = EVENT_PARALLEL_STATE_ENTERED, [STATE_MAP] = EVENT_MAP_STATE_ENTERED,
};

static const enum history_type exited_types[] = {
    [STATE_PASS] = EVENT_PASS_STATE_EXITED,
    [STATE_TASK] = EVENT_TASK_STATE_EXITED,
    [STATE_CHOICE] = EVENT_CHOICE_STATE_EXITED,
    [STATE_WAIT] = EVENT_WAIT_STATE_EXITED,
    [STATE_SUCCEED] = EVENT_SUCCEED_STATE_EXITED,
    [STATE_FAIL] = EVENT_NONE, /* no FailStateExited exists */
    [STATE_PARALLEL] = EVENT_PARALLEL_STATE_EXITED,
    [STATE_MAP] = EVENT_MAP_STATE_EXITED,
};

/* ---- moves ---- */

void state_enter(struct run *r, struct frame *f, struct state *state)
{
    f->state = state;
    f->phase = FRAME_ENTER;
    free(f->retries);
    f->retries = NULL;
    f->retry_count = 0;
    ready_push_first(r->x, f);
}

static void merge_variables_take(struct frame *f, asl_value *assigned)
{
    if (!assigned)
        return;
    if (!f->variables) {
        f->variables = assigned;
        return;
    }
    for (size_t i = 0; i < value_count(assigned); i++)
        f->variables = value_with_take(f->variables, value_retain(value_key_at(assigned, i)),
                                       value_retain(value_at(assigned, i)));
    value_release(assigned);
}

static void frame_end_take(struct run *r, struct frame *f, asl_value *output)
{
    asl_execution *x = r->x;
    if (f->parent) {
        container_child_ended(r, f, output);
        return;
    }
    struct history_event e;
    history_event_init(&e, EVENT_EXECUTION_SUCCEEDED);
    e.payload = output;
    run_emit(r, &e, f->last);
    value_release(x->output);
    x->output = output;
    execution_end(r, ASL_SUCCEEDED);
}

void state_leave_take(struct run *r, struct frame *f, asl_value *output, asl_value *assigned,
                      struct state *next)
{
    struct history_event e;
    run_show(r, f->state, ASL_SEE_LEFT, r->way_index, true);
    history_event_init(&e, exited_types[f->state->kind]);
    e.name = f->state->name;
    e.payload = output;
    e.assigned = assigned && value_count(assigned) ? assigned : NULL;
    run_emit_on(r, f, &e);
    merge_variables_take(f, assigned);
    run_show_value(r, f->state, ASL_SEE_VARIABLES, f->variables);
    if (next) {
        frame_set_input_take(f, output);
        state_enter(r, f, next);
    } else {
        frame_end_take(r, f, output);
    }
}

static void enter(struct run *r, struct frame *f)
{
    struct history_event e;
    run_show(r, f->state, ASL_SEE_ENTERED, 0, true);
    history_event_init(&e, entered_types[f->state->kind]);
    e.name = f->state->name;
    e.payload = f->input;
    f->before_entered = f->last;
    f->entered_event = run_emit_on(r, f, &e);
    f->entered_at = run_now(r);
    f->phase = FRAME_WORK;
    ready_push_first(r->x, f);
}

static void work(struct run *r, struct frame *f)
{
    static bool (*const works[])(struct run *, struct frame *) = {
        [STATE_PASS] = work_pass,         [STATE_TASK] = work_task,
        [STATE_CHOICE] = work_choice,     [STATE_WAIT] = work_wait,
        [STATE_SUCCEED] = work_succeed,   [STATE_FAIL] = work_fail,
        [STATE_PARALLEL] = work_parallel, [STATE_MAP] = work_map,
    };
    flow_begin(r, f);
    if (!works[f->state->kind](r, f))
        state_fail(r, f);
    flow_end(r);
}

static void advance(struct run *r, struct frame *f)
{
    switch (f->phase) {
    case FRAME_ENTER:
        enter(r, f);
        return;
    case FRAME_WORK:
        work(r, f);
        return;
    case FRAME_SPAWN:
        container_spawn(r, f);
        return;
    case FRAME_COLLECT:
        container_collect(r, f);
        return;
    default:
        assert(0 && "a blocked frame in the ready queue");
    }
}

/* ---- ends ---- */

static void cancel_task(void *run, struct frame *f)
{
    if (f->phase == FRAME_TASK)
        run_command(run, ASL_CANCEL_TASK, f->task.id);
    frame_settle(f);
}

void execution_end(struct run *r, enum asl_status status)
{
    asl_execution *x = r->x;
    if (status != ASL_SUCCEEDED)
        frame_each(x->root, map_run_abort, r);
    frame_each(x->root, cancel_task, r);
    while (x->ready_head)
        ready_remove(x, x->ready_head);
    x->status = status;
    x->stopped = run_now(r);
    run_command(r, ASL_FINISH, 0);
    if (status == ASL_SUCCEEDED) {
        frame_free(x->root);
        x->root = NULL;
    } /* else the frames stay: a redrive goes on with what had not succeeded */
    x->deadline = NEVER;
}

static void set_end(asl_execution *x, struct asl_text error, struct asl_text cause)
{
    free(x->error);
    free(x->cause);
    x->error = error.data ? asl_copy_text(error) : NULL;
    x->cause = cause.data ? asl_copy_text(cause) : NULL;
}

/* Ended from outside: previousEventId is 0, as recorded. */
static void end_from_outside(struct run *r, enum history_type type, enum asl_status status,
                             struct asl_text error, struct asl_text cause)
{
    struct history_event e;
    history_event_init(&e, type);
    e.error = error;
    e.cause = cause;
    set_end(r->x, error, cause);
    run_emit(r, &e, 0);
    execution_end(r, status);
}

/* What no Retry and no Catch is asked about. */
static void fail_at_once(struct run *r, struct asl_text cause)
{
    struct history_event e;
    history_event_init(&e, EVENT_EXECUTION_FAILED);
    e.error = ASL_TEXT("States.Runtime");
    e.cause = cause;
    set_end(r->x, e.error, e.cause);
    run_emit(r, &e, r->x->last_event);
    execution_end(r, ASL_FAILED);
}

static bool is_machine_gone(const struct run *r)
{
    const struct asl_env *env = r->env;
    return env->is_being_deleted &&
           env->is_being_deleted(env->state, asl_execution_machine_arn(r->x));
}

/* AWS's words, as its knowledge center tells them (step-functions-stuck-deleting-status). */
static void fail_without_machine(struct run *r)
{
    struct asl_buffer cause;
    asl_buffer_init(&cause, 4096);
    asl_buffer_printf(&cause, "State machine %.*s has been deleted.",
                      ASL_TEXT_ARGS(value_as_text(r->x->machine_name)));
    fail_at_once(r, asl_buffer_text(&cause));
    asl_buffer_free(&cause);
}

/* ---- going on ---- */

/* More branches than this are not offered at once: asking is linear in them. */
#define CANDIDATES_MAXIMUM 1024

/* The frame that goes on; NULL: none for now. */
static struct frame *pick_ready(struct run *r)
{
    struct frame *f = r->x->ready_head;
    if (!r->env->pick)
        return f;
    size_t count = 0;
    for (struct frame *c = f; c && count < CANDIDATES_MAXIMUM; c = c->ready_next)
        count++;
    struct asl_candidate *candidates = asl_allocate(count * sizeof *candidates);
    struct frame *c = f;
    for (size_t i = 0; i < count; i++, c = c->ready_next)
        candidates[i] = (struct asl_candidate){c->last, c->state->name};
    size_t picked = r->env->pick(r->env->state, candidates, count);
    free(candidates);
    if (picked >= count)
        return NULL;
    while (picked--)
        f = f->ready_next;
    return f;
}

static void go_on(struct run *r)
{
    asl_execution *x = r->x;
    size_t budget = r->env->budget ? r->env->budget : BUDGET_DEFAULT;
    while (x->status == ASL_RUNNING) {
        if (r->history_full) {
            fail_at_once(
                r, ASL_TEXT("The execution reached the maximum number of history events (25000)."));
            break;
        }
        if (!x->ready_head)
            break;
        if (budget-- == 0) {
            r->result->runnable = true;
            break;
        }
        struct frame *f = pick_ready(r);
        if (!f) {
            r->result->runnable = true;
            break;
        }
        if (f->phase == FRAME_ENTER && is_machine_gone(r)) {
            fail_without_machine(r);
            break;
        }
        ready_remove(x, f);
        advance(r, f);
    }
}

/* ---- events in ---- */

/* Was the caller's input written as we print it? */
static bool is_compact(const asl_execution *x)
{
    struct asl_buffer scratch;
    asl_buffer_init(&scratch, ASL_BUFFER_MAXIMUM);
    bool same = asl_text_equal(value_compact(x->input, &scratch),
                               (struct asl_text){x->raw_input, x->raw_input_size});
    asl_buffer_free(&scratch);
    return same;
}

static void start(struct run *r)
{
    asl_execution *x = r->x;
    struct history_event e;
    history_event_init(&e, EVENT_EXECUTION_STARTED);
    if (is_compact(x)) /* the same text as the first state's input: it stands in the chunk once */
        e.payload = x->input;
    else
        e.raw_payload = (struct asl_text){x->raw_input, x->raw_input_size};
    e.role_arn = value_as_text(x->role_arn);
    if (x->alias_arn)
        e.alias_arn = value_as_text(x->alias_arn);
    if (x->version_arn)
        e.version_arn = value_as_text(x->version_arn);
    x->started = run_now(r);
    run_emit(r, &e, 0);
    free(x->raw_input); /* the history has it now */
    x->raw_input = NULL;
    x->raw_input_size = 0;
    int64_t seconds = x->machine->timeout_seconds;
    if (x->machine->express && (seconds == 0 || seconds > EXPRESS_SECONDS_MAXIMUM))
        seconds = EXPRESS_SECONDS_MAXIMUM;
    x->deadline = seconds ? x->started + seconds * 1000 : NEVER;
    if (!x->root) { /* else it was born in the midst */
        x->root = frame_new(NULL, 0, &x->machine->root);
        x->root->input = value_retain(x->input);
        x->root->state = x->root->scope->start;
    }
    state_enter(r, x->root, x->root->state); /* its `last` is 0: so is the first state's previous */
    x->root->retry_count = x->retries_before;
}

struct due_search {
    int64_t now, due;
    struct frame *frame;
};

static void find_due(void *state, struct frame *f)
{
    struct due_search *s = state;
    int64_t due = f->phase == FRAME_WAIT || f->phase == FRAME_RETRY ? f->due : NEVER;
    if (f->task.deadline < due)
        due = f->task.deadline;
    if (f->task.heartbeat_deadline < due)
        due = f->task.heartbeat_deadline;
    if (due <= s->now && due < s->due) {
        s->due = due;
        s->frame = f;
    }
}

static void fire(struct run *r, struct frame *f, int64_t due)
{
    flow_begin(r, f);
    if (f->phase == FRAME_WAIT) {
        wait_is_over(r, f);
    } else if (f->phase == FRAME_RETRY) {
        f->due = NEVER;
        f->phase = FRAME_WORK;
        ready_push_first(r->x, f);
    } else {
        task_timed_out(r, f, f->task.deadline != due);
    }
    flow_end(r);
}

/* Whatever is due, earliest first; the execution's own end before all. */
static bool tick(struct run *r)
{
    asl_execution *x = r->x;
    bool changed = false;
    while (x->status == ASL_RUNNING) {
        struct due_search s = {run_now(r), NEVER, NULL};
        if (x->deadline <= s.now) {
            struct asl_text none = {NULL, 0};
            end_from_outside(r, EVENT_EXECUTION_TIMED_OUT, ASL_TIMED_OUT, none, none);
            return true;
        }
        frame_each(x->root, find_due, &s);
        if (!s.frame)
            break;
        fire(r, s.frame, s.due);
        changed = true;
        go_on(r);
        if (r->result->runnable)
            break;
    }
    return changed;
}

static bool task_event(struct run *r, const struct asl_event *event)
{
    struct frame *f = frame_of_task(r->x->root, event->task);
    if (!f)
        return false;
    flow_begin(r, f);
    if (f->state->kind == STATE_TASK)
        task_outcome(r, f, event);
    else
        container_outcome(r, f, event);
    flow_end(r);
    return true;
}

void frame_restart(struct run *r, struct frame *f, int64_t previous)
{
    bool distributed = f->child_count && frame_is_distributed(f);
    free(f->retries);
    f->retries = NULL;
    f->retry_count = 0;
    f->last = previous;
    f->wrecked = false;
    if (distributed && !map_run_redrive(r, f)) {
        ready_push(r->x, f); /* to fail, see container_spawn */
        return;
    }
    for (size_t i = 0; i < f->child_count; i++)
        if (f->children[i] && !f->children[i]->over)
            frame_restart(r, f->children[i],
                          distributed ? map_run_redrive_child(r, f, i) : previous);
    if (f->phase == FRAME_CHILDREN && f->next_child < f->child_count)
        f->phase = FRAME_SPAWN;
    if (f->phase != FRAME_CHILDREN)
        ready_push(r->x, f);
}

static bool redrive(struct run *r)
{
    asl_execution *x = r->x;
    if (x->status == ASL_RUNNING || x->status == ASL_SUCCEEDED || !x->root)
        return false;
    x->status = ASL_RUNNING;
    x->stopped = 0;
    x->redrives++;
    x->redriven_at = run_now(r);
    struct asl_text none = {NULL, 0};
    set_end(x, none, none);
    struct history_event e;
    history_event_init(&e, EVENT_EXECUTION_REDRIVEN);
    e.number = x->redrives;
    int64_t redriven = run_emit(r, &e, x->last_event);
    if (x->machine->timeout_seconds)
        x->deadline = x->redriven_at + x->machine->timeout_seconds * 1000;
    frame_restart(r, x->root, redriven);
    return true;
}

static bool take_event(struct run *r, const struct asl_event *event)
{
    asl_execution *x = r->x;
    if (event->kind == ASL_REDRIVE)
        return redrive(r);
    if (x->status != ASL_RUNNING || (x->last_event == 0) != (event->kind == ASL_START))
        return false;
    switch (event->kind) {
    case ASL_START:
        start(r);
        return true;
    case ASL_CONTINUE:
        return x->ready_head != NULL;
    case ASL_TICK:
        return tick(r);
    case ASL_STOP:
        end_from_outside(r, EVENT_EXECUTION_ABORTED, ASL_ABORTED,
                         event->error.size ? event->error : (struct asl_text){NULL, 0},
                         event->cause.size ? event->cause : (struct asl_text){NULL, 0});
        return true;
    case ASL_MAP_RUN_UPDATED:
        return map_run_update(r, event);
    default:
        return task_event(r, event);
    }
}

bool asl_step(asl_execution *x, const struct asl_event *event, const struct asl_env *env,
              struct asl_result *result)
{
    struct run r = {.x = x, .env = env, .result = result};
    bool taken = take_event(&r, event);
    if (taken && !result->runnable)
        go_on(&r);
    flow_end(&r);
    failure_free(&r.failure);
    return taken;
}

static void open_command(void *run, struct frame *f)
{
    if (f->phase == FRAME_TASK)
        run_task_command(run, f);
}

void asl_execution_open_commands(asl_execution *x, const struct asl_env *env,
                                 struct asl_result *result)
{
    struct run r = {.x = x, .env = env, .result = result};
    if (x->root && x->status == ASL_RUNNING)
        frame_each(x->root, open_command, &r);
}
