/* What callers ask: start, stop, redrive, task events. Each is answered after the commit. */
#include "engine/run/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- answering ---- */

static struct engine_started started_of(const struct waiter *w)
{
    return (struct engine_started){.outcome = w->outcome,
                                   .execution = w->execution,
                                   .arn = w->arn,
                                   .start_ms = w->start_ms,
                                   .message = ""};
}

struct engine_word *waiter_word(const struct waiter *w)
{
    struct engine_started started = started_of(w);
    return w->word && w->outcome == ENGINE_OK ? w->word(w->state, &started) : NULL;
}

static void answer_started(struct waiter *w)
{
    struct engine_started started = started_of(w);
    w->started(w->state, &started);
    free(w->arn);
    free(w);
}

static void answer_done(struct waiter *w)
{
    w->done(w->state, w->outcome);
    free(w);
}

static struct waiter *waiter_done(void (*done)(void *state, enum engine_outcome outcome),
                                  void *state, enum engine_outcome unless_taken)
{
    if (!done)
        return NULL;
    struct waiter *w = asl_allocate_zeroed(1, sizeof *w);
    w->call = answer_done;
    w->done = done;
    w->state = state;
    w->outcome = unless_taken;
    return w;
}

/* ---- start ---- */

static void refuse(enum engine_outcome outcome, const char *message,
                   void (*done)(void *state, const struct engine_started *started), void *state)
{
    struct engine_started started = {.outcome = outcome, .message = message};
    done(state, &started);
}

/* Region and account are the machine's. */
static void execution_arn(const struct machine *m, const char *name, struct asl_buffer *out)
{
    const char *resource = strstr(m->arn, ":stateMachine:");
    asl_buffer_put(out, m->arn, resource ? (size_t)(resource - m->arn) : strlen(m->arn));
    const char *parts[] = {m->compiled->express ? ":express:" : ":execution:", m->name, ":", name};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        asl_buffer_puts(out, parts[i]);
}

struct same_name {
    struct engine *engine;
    int64_t id, started;
    int status;
};

static bool note_same(void *state, const struct store_execution *row)
{
    struct same_name *same = state;
    same->id = row->id;
    same->started = row->started;
    same->status = row->status;
    return false;
}

struct input_check {
    struct asl_text input;
    bool is_same;
};

static void check_input(void *state, const asl_execution *x)
{
    struct input_check *check = state;
    asl_value *given = value_parse(check->input, 0, 0, NULL);
    check->is_same = given && value_equal(given, asl_execution_input(x));
    value_release(given);
}

/* The name is taken in the store: the same start again, or a clash. */
static void answer_same(struct engine *e, const struct engine_start *start, const char *arn,
                        const struct same_name *same,
                        void (*done)(void *state, const struct engine_started *started),
                        void *state)
{
    struct input_check check = {start->input, false};
    if (same->status == ASL_RUNNING)
        engine_look(e, same->id, check_input, &check);
    if (!check.is_same) {
        refuse(ENGINE_ALREADY_EXISTS, "an execution of that name exists", done, state);
        return;
    }
    struct engine_started started = {ENGINE_OK, same->id, arn, same->started, ""};
    done(state, &started);
}

static struct waiter *
waiter_started(int64_t execution, const char *arn,
               void (*done)(void *state, const struct engine_started *started), void *state)
{
    struct waiter *w = asl_allocate_zeroed(1, sizeof *w);
    w->call = answer_started;
    w->started = done;
    w->state = state;
    w->execution = execution;
    w->arn = asl_copy_text(asl_text(arn));
    return w;
}

/* The name is taken by a start that is not durable yet: the same start again gets the first one's
 * answer, when that does. */
static void wait_for_same(const struct engine_start *start, struct live *first, const char *arn,
                          void (*done)(void *state, const struct engine_started *started),
                          void *state)
{
    struct input_check check = {start->input, false};
    check_input(&check, first->x);
    if (!check.is_same) {
        refuse(ENGINE_ALREADY_EXISTS, "an execution of that name exists", done, state);
        return;
    }
    struct waiter *w = waiter_started(first->id, arn, done, state);
    struct waiter **last = &first->same_starts;
    while (*last)
        last = &(*last)->next;
    *last = w;
}

static void make_marks(struct engine *e, const struct engine_start *start, int64_t execution)
{
    char key[24];
    snprintf(key, sizeof key, "%019" PRId64, execution);
    for (size_t i = 0; i < start->mark_count; i++) {
        const struct engine_mark *mark = &start->marks[i];
        store_put_document(turn_now(e)->batch, mark->kind, key, mark->value);
        mark->made(mark->state, execution, mark);
    }
}

static void begin(struct engine *e, const struct engine_start *start, const struct machine *m,
                  const char *name, const char *arn,
                  void (*done)(void *state, const struct engine_started *started), void *state)
{
    struct value_error error;
    struct asl_birth birth = {
        .arn = asl_text(arn),
        .name = asl_text(name),
        .role_arn = asl_text(m->role_arn),
        .machine_arn = asl_text(m->arn),
        .machine_name = asl_text(m->name),
        .version_arn = asl_text(start->version_arn),
        .alias_arn = asl_text(start->alias_arn),
        .input = start->input,
        .parsed = start->parsed,
        .synchronous = start->synchronous,
        .start = asl_text(start->from ? start->from : ""),
        .variables = start->variables,
    };
    asl_execution *x = asl_execution_new(m->compiled, &birth, &error);
    if (!x) {
        char message[256];
        if (error.problem == VALUE_FINE)
            snprintf(message, sizeof message, "%s", error.message);
        else
            snprintf(message, sizeof message,
                     "the input is no JSON value: line %zu, column %zu: %s", error.line,
                     error.column, error.message);
        refuse(ENGINE_BAD_INPUT, message, done, state);
        return;
    }
    struct live *l = live_add_take(e, store_next_execution_id(e->store), m->id, x);
    l->is_new = true;
    l->turn = e->turn_number;
    if (start->name)
        live_starting(e, l);
    make_marks(e, start, l->id);
    struct arrival *a = arrival_new(ASL_START);
    if (done) {
        a->waiter = waiter_started(l->id, arn, done, state);
        a->waiter->word = start->word;
    }
    e->figures.started++;
    live_give(e, l, a);
}

void engine_start(struct engine *e, const struct engine_start *start,
                  void (*done)(void *state, const struct engine_started *started), void *state)
{
    struct machine *m = machine_get(e, start->machine);
    if (!m) {
        if (done)
            refuse(ENGINE_NO_SUCH_MACHINE, "there is no such state machine", done, state);
        return;
    }
    char uuid[37];
    if (!start->name)
        world_name(e, uuid);
    struct asl_buffer arn;
    asl_buffer_init(&arn, 4096);
    execution_arn(m, start->name ? start->name : uuid, &arn);
    if (m->compiled->express) { /* a name may come twice: a UUID tells them apart */
        char own[37];
        e->env.uuid(e, own);
        asl_buffer_printf(&arn, ":%s", own);
    }
    struct same_name same = {.engine = e};
    bool asked = start->name && !m->compiled->express;
    struct live *first = NULL;
    if (asked && store_find_execution(e->store, arn.data, note_same, &same) == STORE_OK && same.id)
        answer_same(e, start, arn.data, &same, done, state);
    else if (asked && (first = live_find_starting(e, arn.data)) != NULL)
        wait_for_same(start, first, arn.data, done, state);
    else
        begin(e, start, m, start->name ? start->name : uuid, arn.data, done, state);
    asl_buffer_free(&arn);
}

/* ---- events from outside ---- */

static void give(struct engine *e, int64_t execution, struct arrival *a, struct waiter *w)
{
    struct live *l = live_get(e, execution);
    if (!l) {
        arrival_free(a);
        if (w) {
            w->outcome = ENGINE_NO_SUCH_EXECUTION;
            turn_wait(e, w);
        }
        return;
    }
    a->waiter = w;
    live_give(e, l, a);
}

static char *copy_or_null(struct asl_text t)
{
    return t.data ? asl_copy_text(t) : NULL;
}

void engine_stop(struct engine *e, int64_t execution, struct asl_text error, struct asl_text cause,
                 void (*done)(void *state, enum engine_outcome outcome), void *state)
{
    struct arrival *a = arrival_new(ASL_STOP);
    a->error = copy_or_null(error);
    a->cause = copy_or_null(cause);
    a->event.error = asl_text(a->error);
    a->event.cause = asl_text(a->cause);
    give(e, execution, a, waiter_done(done, state, ENGINE_NOT_RUNNING));
}

void engine_redrive(struct engine *e, int64_t execution,
                    void (*done)(void *state, enum engine_outcome outcome), void *state)
{
    give(e, execution, arrival_new(ASL_REDRIVE), waiter_done(done, state, ENGINE_NOT_RUNNING));
}

void engine_task_event(struct engine *e, int64_t execution, const struct asl_event *event,
                       void (*done)(void *state, enum engine_outcome outcome), void *state)
{
    struct arrival *a = arrival_new(event->kind);
    a->event.task = event->task;
    a->output = event->output ? value_retain(event->output) : NULL;
    a->error = copy_or_null(event->error);
    a->cause = copy_or_null(event->cause);
    a->worker = copy_or_null(event->worker);
    a->event.output = a->output;
    a->event.error = asl_text(a->error);
    a->event.cause = asl_text(a->cause);
    a->event.worker = asl_text(a->worker);
    give(e, execution, a, waiter_done(done, state, ENGINE_NO_SUCH_TASK));
}

/* ---- looking ---- */

static void note_look(struct engine *e, struct live *l)
{
    if (l->is_behind)
        turn_put_soon(e, l);
    int64_t turn = l->is_new || l->is_dirty ? turn_now(e)->number : l->turn;
    if (turn > e->told)
        e->told = turn;
}

bool engine_is_ahead(const struct engine *e)
{
    return e->told > e->durable;
}

bool engine_look(struct engine *e, int64_t execution,
                 void (*see)(void *state, const asl_execution *x), void *state)
{
    struct live *l = live_get(e, execution);
    if (!l)
        return false;
    note_look(e, l);
    see(state, l->x);
    live_leave(e, execution);
    return true;
}

bool engine_look_task(struct engine *e, int64_t execution, int64_t task,
                      void (*see)(void *state, const struct asl_command *command), void *state)
{
    struct live *l = live_get(e, execution);
    struct asl_result open;
    bool is_open = false;
    if (!l)
        return false;
    asl_result_init(&open, NULL);
    e->env_execution = execution;
    asl_execution_open_commands(l->x, &e->env, &open);
    for (size_t i = 0; i < open.count && !is_open; i++)
        if (open.commands[i].task == task) {
            is_open = true;
            see(state, &open.commands[i]);
        }
    asl_result_free(&open);
    note_look(e, l);
    live_rest(e, l);
    return is_open;
}

/* ---- documents, and what callers need of the world ---- */

void engine_put_document(struct engine *e, const char *kind, const char *key,
                         struct store_bytes value)
{
    store_put_document(turn_now(e)->batch, kind, key, value);
    e->told = e->turn_number;
    turn_ask(e);
}

void engine_after_commit(struct engine *e, struct engine_word *word,
                         void (*done)(void *state, enum engine_outcome outcome), void *state)
{
    turn_add_word(turn_now(e), word);
    turn_wait(e, waiter_done(done, state, ENGINE_OK));
}

void engine_uuid(struct engine *e, char out[37])
{
    e->env.uuid(e, out);
}

uint64_t engine_random(struct engine *e)
{
    return e->env.random(e);
}

static bool has_activity(void *engine, struct asl_text arn)
{
    struct engine *e = engine;
    return e->activities.exists(e->activities.state, arn);
}

void engine_set_activities(struct engine *e, const struct engine_activities *activities)
{
    e->activities = *activities;
    e->env.has_activity = activities->exists ? has_activity : NULL;
}

static bool is_being_deleted(void *engine, struct asl_text machine_arn)
{
    struct engine *e = engine;
    return e->is_being_deleted(e->deleting_state, machine_arn);
}

void engine_set_deleting(struct engine *e, bool (*asked)(void *state, struct asl_text machine_arn),
                         void *state)
{
    e->is_being_deleted = asked;
    e->deleting_state = state;
    e->env.is_being_deleted = asked ? is_being_deleted : NULL;
}

void engine_set_stand_in(struct engine *e, const struct engine_stand_in *stand_in)
{
    e->stand_in = *stand_in;
}

void engine_watch(struct engine *e, int64_t execution,
                  void (*see)(void *state, int64_t execution, struct store_bytes chunk,
                              enum asl_status status),
                  void *state)
{
    e->watchers[0] = (struct watcher){see, state, execution};
}

void engine_watch_all(struct engine *e,
                      void (*see)(void *state, int64_t execution, struct store_bytes chunk,
                                  enum asl_status status),
                      void *state)
{
    e->watchers[1] = (struct watcher){see, state, 0};
}
