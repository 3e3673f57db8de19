/* Executions and frames: life, looking, the ready queue. Moving them is step.c's work. */
#include "run.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- frames ---- */

struct frame *frame_new(struct frame *parent, size_t index, struct states *scope)
{
    struct frame *f = asl_allocate_zeroed(1, sizeof *f);
    f->parent = parent;
    f->index = index;
    f->scope = scope;
    f->silent = parent && parent->silent;
    f->due = f->task.deadline = f->task.heartbeat_deadline = NEVER;
    return f;
}

void frame_forget_task(struct frame *f)
{
    value_release(f->task.parameters);
    value_release(f->task.credentials);
    free(f->task.token);
    f->task = (struct open_task){.deadline = NEVER, .heartbeat_deadline = NEVER};
}

void frame_forget_children(struct frame *f)
{
    for (size_t i = 0; i < f->child_count; i++) {
        frame_free(f->children[i]);
        value_release(f->results[i]);
    }
    free(f->children);
    free(f->results);
    value_release(f->items);
    value_release(f->run_arn);
    f->children = NULL;
    f->results = NULL;
    f->items = f->run_arn = NULL;
    f->run_redrives = 0;
    f->begun = 0;
    f->child_count = f->next_child = f->running = f->failed = f->concurrency = f->tolerated = 0;
    f->wrecked = false;
}

void frame_settle(struct frame *f)
{
    if (f->phase == FRAME_TASK || f->phase == FRAME_WAIT || f->phase == FRAME_RETRY)
        f->phase = FRAME_WORK;
    f->due = NEVER;
    frame_forget_task(f);
}

void frame_free(struct frame *f)
{
    if (!f)
        return;
    assert(!f->ready); /* it would be found in the queue */
    frame_forget_task(f);
    frame_forget_children(f);
    value_release(f->input);
    value_release(f->variables);
    free(f->retries);
    free(f);
}

void frame_set_input_take(struct frame *f, asl_value *input)
{
    value_release(f->input);
    f->input = input;
}

struct frame *frame_of_task(struct frame *f, int64_t task)
{
    if (f->phase == FRAME_TASK && f->task.id == task)
        return f;
    for (size_t i = 0; i < f->child_count; i++) {
        struct frame *found = f->children[i] ? frame_of_task(f->children[i], task) : NULL;
        if (found)
            return found;
    }
    return NULL;
}

void frame_each(struct frame *f, void (*see)(void *state, struct frame *f), void *state)
{
    see(state, f);
    for (size_t i = 0; i < f->child_count; i++)
        if (f->children[i])
            frame_each(f->children[i], see, state);
}

/* ---- the ready queue: first come, first served ---- */

void ready_push(asl_execution *x, struct frame *f)
{
    assert(!f->ready);
    f->ready = true;
    f->ready_next = NULL;
    if (x->ready_tail)
        x->ready_tail->ready_next = f;
    else
        x->ready_head = f;
    x->ready_tail = f;
}

void ready_push_first(asl_execution *x, struct frame *f)
{
    assert(!f->ready);
    f->ready = true;
    f->ready_next = x->ready_head;
    x->ready_head = f;
    if (!x->ready_tail)
        x->ready_tail = f;
}

void ready_remove(asl_execution *x, struct frame *f)
{
    if (!f->ready)
        return;
    struct frame *before = NULL;
    for (struct frame *at = x->ready_head; at != f; at = at->ready_next)
        before = at;
    if (before)
        before->ready_next = f->ready_next;
    else
        x->ready_head = f->ready_next;
    if (x->ready_tail == f)
        x->ready_tail = before;
    f->ready = false;
    f->ready_next = NULL;
}

static void remove_one(void *execution, struct frame *f)
{
    ready_remove(execution, f);
}

void ready_remove_tree(asl_execution *x, struct frame *f)
{
    frame_each(f, remove_one, x);
}

/* ---- executions ---- */

static asl_value *text_or_null(struct asl_text t)
{
    return t.size ? value_string(t) : NULL;
}

static struct state *find_start(const asl_machine *machine, struct asl_text name)
{
    for (size_t i = 0; i < machine->root.count; i++)
        if (asl_text_equal(value_as_text(machine->root.states[i]->name), name))
            return machine->root.states[i];
    return NULL;
}

/* A fork is born in its root frame, which waits for ASL_START; others get theirs then. */
static bool be_born_within(asl_execution *x, const struct asl_birth *birth,
                           struct value_error *error)
{
    struct state *start =
        birth->start.size ? find_start(x->machine, birth->start) : x->machine->root.start;
    bool fits = !birth->variables || value_kind(birth->variables) == VALUE_OBJECT;
    if (!start || !fits) {
        *error = (struct value_error){.problem = VALUE_FINE};
        snprintf(error->message, sizeof error->message,
                 start ? "variables are an object: {\"name\": value}"
                       : "there is no such state to begin with at the definition's top level");
        return false;
    }
    if (birth->start.size || birth->variables) {
        x->root = frame_new(NULL, 0, &x->machine->root);
        x->root->state = start;
        x->root->phase = FRAME_ENTER;
        x->root->input = value_retain(x->input);
        x->root->variables = birth->variables ? value_retain(birth->variables) : NULL;
    }
    return true;
}

asl_value *execution_text(asl_machine *machine, size_t which, struct asl_text text)
{
    asl_value **told = &machine->told[which];
    if (!*told || !asl_text_equal(value_as_text(*told), text)) {
        value_release(*told);
        *told = value_string(text);
    }
    return value_retain(*told);
}

asl_execution *asl_execution_new(asl_machine *machine, const struct asl_birth *birth,
                                 struct value_error *error)
{
    bool is_parsed = birth->parsed && birth->input.size <= PAYLOAD_MAXIMUM;
    asl_value *input = is_parsed ? value_retain(birth->parsed)
                                 : value_parse(birth->input, 0, PAYLOAD_MAXIMUM, error);
    if (!input)
        return NULL;
    asl_execution *x = asl_allocate_zeroed(1, sizeof *x);
    x->machine = asl_machine_retain(machine);
    x->arn = value_string(birth->arn);
    x->name = value_string(birth->name);
    x->role_arn = execution_text(machine, MACHINE_ROLE_ARN, birth->role_arn);
    x->machine_arn = execution_text(machine, MACHINE_ARN, birth->machine_arn);
    x->machine_name = execution_text(machine, MACHINE_NAME, birth->machine_name);
    x->version_arn = text_or_null(birth->version_arn);
    x->alias_arn = text_or_null(birth->alias_arn);
    x->raw_input = asl_copy_text(birth->input);
    x->raw_input_size = birth->input.size;
    x->synchronous = birth->synchronous;
    x->input = input;
    x->synchronous = birth->synchronous;
    x->alone = birth->alone;
    x->retries_before = birth->retries;
    x->context = birth->context ? value_retain(birth->context) : NULL;
    x->deadline = NEVER;
    if (!be_born_within(x, birth, error)) {
        asl_execution_free(x);
        return NULL;
    }
    return x;
}

void asl_execution_free(asl_execution *x)
{
    if (!x)
        return;
    while (x->ready_head)
        ready_remove(x, x->ready_head);
    frame_free(x->root);
    asl_value *values[] = {x->arn,          x->name,        x->role_arn,  x->machine_arn,
                           x->machine_name, x->version_arn, x->alias_arn, x->input,
                           x->output,       x->context};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        value_release(values[i]);
    free(x->raw_input);
    free(x->error);
    free(x->cause);
    asl_machine_release(x->machine);
    free(x);
}

const char *asl_status_name(enum asl_status status)
{
    static const char *const names[] = {"RUNNING",   "SUCCEEDED", "FAILED",
                                        "TIMED_OUT", "ABORTED",   "PENDING_REDRIVE"};
    return names[status];
}

enum asl_status asl_execution_status(const asl_execution *x)
{
    return x->status;
}

static void earliest(void *state, struct frame *f)
{
    int64_t *due = state;
    int64_t moments[] = {f->phase == FRAME_WAIT || f->phase == FRAME_RETRY ? f->due : NEVER,
                         f->task.deadline, f->task.heartbeat_deadline};
    for (size_t i = 0; i < 3; i++)
        if (moments[i] < *due)
            *due = moments[i];
}

int64_t asl_execution_due(const asl_execution *x)
{
    if (x->status != ASL_RUNNING)
        return NEVER;
    int64_t due = x->deadline;
    if (x->root)
        frame_each(x->root, earliest, &due);
    return due;
}

static void count_task(void *state, struct frame *f)
{
    *(size_t *)state += f->phase == FRAME_TASK;
}

size_t asl_execution_open_tasks(const asl_execution *x)
{
    size_t count = 0;
    if (x->root && x->status == ASL_RUNNING)
        frame_each(x->root, count_task, &count);
    return count;
}

int64_t asl_execution_last_event(const asl_execution *x)
{
    return x->last_event;
}

static struct asl_text text_of(const asl_value *v)
{
    return v ? value_as_text(v) : ASL_TEXT("");
}

struct asl_text asl_execution_arn(const asl_execution *x)
{
    return text_of(x->arn);
}

struct asl_text asl_execution_name(const asl_execution *x)
{
    return text_of(x->name);
}

struct asl_text asl_execution_role_arn(const asl_execution *x)
{
    return text_of(x->role_arn);
}

struct asl_text asl_execution_machine_arn(const asl_execution *x)
{
    return text_of(x->machine_arn);
}

struct asl_text asl_execution_version_arn(const asl_execution *x)
{
    return text_of(x->version_arn);
}

struct asl_text asl_execution_alias_arn(const asl_execution *x)
{
    return text_of(x->alias_arn);
}

const asl_value *asl_execution_input(const asl_execution *x)
{
    return x->input;
}

int64_t asl_execution_redrives(const asl_execution *x)
{
    return x->redrives;
}

int64_t asl_execution_redriven_at(const asl_execution *x)
{
    return x->redriven_at;
}

const asl_value *asl_execution_output(const asl_execution *x)
{
    return x->output;
}

const char *asl_execution_error(const asl_execution *x)
{
    return x->error;
}

const char *asl_execution_cause(const asl_execution *x)
{
    return x->cause;
}

int64_t asl_execution_started(const asl_execution *x)
{
    return x->started;
}

int64_t asl_execution_stopped(const asl_execution *x)
{
    return x->stopped;
}
