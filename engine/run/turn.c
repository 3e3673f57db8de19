/* The turn of the loop.
 *
 *   1. take      arrivals wait at their executions (live.c); what is due is fetched from the store
 *   2. run       everything runnable, for a bounded time, many steps of many executions, in memory
 *   3. commit    once: all history, all state of the turn
 *   4. act       tasks to their connectors, answers to callers, the due timer
 *
 * Invariants (DESIGN)
 * 1. No command is acted on before the transaction that orders it is committed: actions and waiters
 *    are gathered during 2 and carried out in 4 only.
 * 2. What is acknowledged is durable: waiters are answered in 4 only.
 * 4. After a failed sync the process stops at once: STORE_BROKEN ends it here.
 * A full disk pauses: the batch is kept, nothing is answered, no turn runs until it went through.
 *
 * Due. The store's index of due moments is the only heap there is: one timer stands for its first
 * entry. What a budget left runnable is written as due at once, so that a restart finds it the same
 * way; whatever was fetched as due is written anew, so that it leaves the index's front.
 */
#include "engine/run/internal.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH_BYTES_MAXIMUM ((size_t)16 << 20) /* a turn ends early rather than hold more */
#define DUE_AT_ONCE 2000                       /* due executions taken up in one turn */
#define RETRY_FULL_MS 1000
#define EXIT_BROKEN 74 /* EX_IOERR */

static int64_t steady_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* A timer, not loop_soon: it comes behind whatever else is ready, so that one commit serves all that
 * has arrived; and it can be taken back when the engine closes. */
void turn_ask(struct engine *e)
{
    if (e->turn_asked || e->is_paused || e->is_closing)
        return;
    e->turn_asked = true;
    loop_timer_arm(e->turn_timer, INT64_MIN);
}

void turn_wait(struct engine *e, struct waiter *w)
{
    w->next = NULL;
    if (e->waiters_tail)
        e->waiters_tail->next = w;
    else
        e->waiters = w;
    e->waiters_tail = w;
    turn_ask(e);
}

/* ---- 1. take ---- */

static bool take_up_due(void *state, const struct store_execution *row)
{
    struct engine *e = state;
    struct live *l = live_of_row(e, row);
    if (l && !l->is_due) {
        l->is_due = true;
        live_queue(e, l);
    }
    return true;
}

static void take_due(struct engine *e)
{
    int64_t now = loop_now(e->loop);
    if (e->next_due > now || e->is_closing)
        return;
    store_due_executions(e->store, now, DUE_AT_ONCE, take_up_due, e);
    e->next_due = NEVER; /* asked anew after the commit that moves these */
}

void turn_arm_due(struct engine *e)
{
    e->next_due = store_next_due(e->store);
    if (e->next_due == NEVER)
        loop_timer_disarm(e->due_timer);
    else
        loop_timer_arm(e->due_timer, e->next_due);
}

/* ---- 2. run ---- */

static void mark_dirty(struct engine *e, struct live *l)
{
    if (l->is_dirty)
        return;
    l->is_dirty = true;
    l->dirty_next = NULL;
    if (e->dirty_tail)
        e->dirty_tail->dirty_next = l;
    else
        e->dirty = l;
    e->dirty_tail = l;
}

static void add_action(struct engine *e, struct live *l, struct asl_command *c, bool again)
{
    if (e->action_count == e->action_capacity) {
        e->action_capacity = e->action_capacity ? e->action_capacity * 2 : 64;
        e->actions = asl_reallocate(e->actions, e->action_capacity * sizeof *e->actions);
    }
    struct action *a = &e->actions[e->action_count++];
    *a = (struct action){.execution = l->id, .command = *c, .again = again};
    a->state_name = c->state_name ? asl_copy_text(value_as_text(c->state_name)) : NULL;
    c->parameters = c->credentials = NULL; /* they are the action's now */
}

static void take_commands(struct engine *e, struct live *l, bool again)
{
    for (size_t i = 0; i < e->result.count; i++)
        if (e->result.commands[i].kind != ASL_FINISH) /* its status says it */
            add_action(e, l, &e->result.commands[i], again);
    asl_result_clear(&e->result);
}

static void begin_history(struct engine *e, struct live *l)
{
    if (!l->history)
        l->history = history_get(e);
    e->result.history = l->history;
}

static bool is_outcome(enum asl_event_kind kind)
{
    return kind == ASL_TASK_SUCCEEDED || kind == ASL_TASK_FAILED || kind == ASL_TASK_START_FAILED ||
           kind == ASL_TASK_SUBMIT_FAILED || kind == ASL_TASK_TIMED_OUT;
}

static bool step(struct engine *e, struct live *l, const struct asl_event *event,
                 struct waiter *waiter)
{
    begin_history(e, l);
    size_t before = asl_history_bytes(l->history).size;
    e->env_execution = l->id;
    e->env_now = loop_now(e->loop);
    bool taken = asl_step(l->x, event, &e->env, &e->result);
    e->turn_bytes += asl_history_bytes(l->history).size - before;
    e->figures.steps++;
    l->is_runnable = e->result.runnable;
    take_commands(e, l, false);
    if (taken || l->is_new)
        mark_dirty(e, l);
    if (taken && is_outcome(event->kind)) /* a token's: the connector's request has no purpose now */
        add_action(e, l, &(struct asl_command){.kind = ASL_CANCEL_TASK, .task = event->task}, false);
    if (waiter) {
        waiter->outcome = taken ? ENGINE_OK : waiter->outcome;
        turn_wait(e, waiter);
    }
    crash_here(CRASH_STEPPED);
    return taken;
}

/* The store said it is due. When nothing falls due, it was saved in the middle of a budget. */
static void run_due(struct engine *e, struct live *l)
{
    l->is_due = false;
    crash_here(CRASH_DUE);
    mark_dirty(e, l);
    if (!step(e, l, &(struct asl_event){.kind = ASL_TICK}, NULL))
        step(e, l, &(struct asl_event){.kind = ASL_CONTINUE}, NULL);
}

static void write_row(struct engine *e, struct live *l)
{
    asl_buffer_clear(&e->scratch);
    asl_execution_save(l->x, &e->scratch);
    struct store_execution row = {
        .id = l->id,
        .machine = l->machine,
        .status = (int)asl_execution_status(l->x),
        .started = asl_execution_started(l->x),
        .stopped = asl_execution_stopped(l->x),
        .due = asl_execution_due(l->x),
        .open_tasks = (int64_t)asl_execution_open_tasks(l->x),
        .last_event = asl_execution_last_event(l->x),
        .state = {e->scratch.data, e->scratch.size},
    };
    if (l->is_runnable)
        row.due = loop_now(e->loop); /* behind what has waited longer */
    if (l->is_new) {
        char *arn = asl_copy_text(asl_execution_arn(l->x));
        char *name = asl_copy_text(asl_execution_name(l->x));
        row.arn = arn;
        row.name = name;
        store_insert_execution(e->batch, &row);
        free(arn);
        free(name);
    } else {
        store_update_execution(e->batch, &row);
    }
    l->is_new = false;
}

static bool watches(const struct watcher *w, const struct live *l)
{
    return w->see && (!w->execution || w->execution == l->id);
}

static bool is_watched(const struct engine *e, const struct live *l)
{
    return watches(&e->watchers[0], l) || watches(&e->watchers[1], l);
}

/* Its state and events of this turn into the batch, once a turn. */
static void put(struct engine *e, struct live *l)
{
    write_row(e, l);
    l->is_put = true;
    if (l->history && asl_history_count(l->history)) {
        struct asl_text bytes = asl_history_bytes(l->history);
        e->figures.events += (int64_t)asl_history_count(l->history);
        store_append_history(e->batch, l->id, asl_history_first(l->history),
                             (int64_t)asl_history_count(l->history),
                             (struct store_bytes){bytes.data, bytes.size});
    }
    if (l->history && !is_watched(e, l)) {
        history_put(e, l->history);
        l->history = NULL;
    }
}

static void run_arrivals(struct engine *e, struct live *l)
{
    while (!l->is_runnable && l->arrivals) {
        struct arrival *a = live_take_arrival(l);
        if (a->recover) {
            if (l->is_due) /* a task whose time is over is not sent again */
                run_due(e, l);
            recovery_take_up(e, l);
            take_commands(e, l, true);
        } else {
            step(e, l, &a->event, a->waiter);
            a->waiter = NULL;
        }
        arrival_free(a);
    }
}

/* What is still to be done for it waits its turn at the queue's end: no execution starves another. */
static void run_one(struct engine *e, struct live *l)
{
    if (l->is_runnable) {
        struct asl_event go_on = {.kind = ASL_CONTINUE};
        step(e, l, &go_on, NULL);
    } else {
        run_arrivals(e, l);
        if (l->is_due && !l->is_runnable)
            run_due(e, l);
    }
    if (l->is_runnable || l->is_due || l->arrivals)
        live_queue(e, l);
    else if (l->is_dirty)
        put(e, l); /* while it is warm; nothing more can come to it in this turn */
    else
        live_rest(e, l);
}

static void run_queue(struct engine *e)
{
    int64_t until = steady_us() + e->options.turn_ms * 1000;
    struct live *l;
    size_t count = 0;
    e->turn_bytes = 0;
    while ((l = live_next(e))) {
        run_one(e, l);
        if ((++count & 15) == 0 && steady_us() >= until)
            break;
        if (e->turn_bytes > BATCH_BYTES_MAXIMUM)
            break;
    }
}

/* ---- 3. commit ---- */

static void fill_batch(struct engine *e)
{
    if (e->dirty)
        world_keep_clock(e);
    for (struct live *l = e->dirty; l; l = l->dirty_next)
        if (!l->is_put)
            put(e, l);
}

static void try_again(evutil_socket_t fd, short what, void *engine)
{
    (void)fd, (void)what;
    struct engine *e = engine;
    if (turn_commit(e) && e->queue)
        turn_ask(e);
}

/* In real time, whatever the loop's clock does: the disk is real. */
static void pause_for_space(struct engine *e, const struct store_error *error)
{
    static const struct timeval wait = {RETRY_FULL_MS / 1000, RETRY_FULL_MS % 1000 * 1000};
    if (!e->is_paused) {
        engine_complain(e, "%s; nothing is acknowledged until then", error->message);
        e->is_paused = true;
        loop_hold(e->loop);
    }
    if (!e->retry)
        e->retry = evtimer_new(loop_base(e->loop), try_again, e);
    if (!e->retry || evtimer_add(e->retry, &wait) != 0)
        asl_out_of_memory();
}

static void resume(struct engine *e)
{
    if (!e->is_paused)
        return;
    engine_complain(e, "%s takes writes again: going on", store_path(e->store));
    e->is_paused = false;
    loop_release(e->loop);
}

static void act(struct engine *e);

bool turn_commit(struct engine *e)
{
    struct store_error error;
    if (store_batch_is_empty(e->batch)) {
        act(e);
        return true;
    }
    crash_here(CRASH_COMMIT_BEFORE);
    int64_t before = steady_us();
    enum store_status status = store_commit(e->store, e->batch, &error);
    int64_t took = steady_us() - before;
    if (status == STORE_FULL || status == STORE_BUSY) {
        pause_for_space(e, &error);
        return false;
    }
    if (status != STORE_OK) {
        engine_complain(e, "%s; stopping now, what was acknowledged is safe", error.message);
        _exit(EXIT_BROKEN);
    }
    resume(e);
    e->figures.commits++;
    e->figures.commit_us_total += took;
    if (took > e->figures.commit_us_maximum)
        e->figures.commit_us_maximum = took;
    crash_here(CRASH_COMMIT_AFTER);
    act(e);
    return true;
}

/* ---- 4. act ---- */

static void tell_watcher(const struct watcher *w, struct live *l)
{
    if (!watches(w, l))
        return;
    enum asl_status status = asl_execution_status(l->x);
    if (l->history && asl_history_count(l->history)) {
        struct asl_text bytes = asl_history_bytes(l->history);
        w->see(w->state, l->id, (struct store_bytes){bytes.data, bytes.size}, status);
    }
    if (status != ASL_RUNNING)
        w->see(w->state, l->id, (struct store_bytes){NULL, 0}, status);
}

/* Tells first, in order of the commit, then puts the executions to rest. */
static void settle_dirty(struct engine *e)
{
    struct live *l = e->dirty;
    e->dirty = e->dirty_tail = NULL;
    for (struct live *next; l; l = next) {
        next = l->dirty_next;
        l->is_dirty = l->is_put = false;
        if (asl_execution_status(l->x) != ASL_RUNNING) {
            e->figures.finished++;
            crash_here(CRASH_FINISHED);
        }
        for (size_t i = 0; i < WATCHERS; i++)
            tell_watcher(&e->watchers[i], l);
        if (l->history) {
            history_put(e, l->history);
            l->history = NULL;
        }
        if (!l->is_queued && !l->is_idle)
            live_rest(e, l);
    }
}

static void carry_out(struct engine *e, struct action *a)
{
    switch (a->command.kind) {
    case ASL_RUN_TASK:
        if (e->is_closing)
            return; /* recovery starts it */
        tasks_start(e, a);
        live_leave(e, a->execution); /* it may have been loaded for this */
        return;
    case ASL_CANCEL_TASK:
        tasks_cancel(e, a->execution, a->command.task);
        return;
    case ASL_RUN_CHILDREN: /* the engine has the step run them */
    case ASL_FINISH:
        return;
    }
}

static void act(struct engine *e)
{
    struct action *actions = e->actions;
    size_t count = e->action_count;
    struct waiter *w = e->waiters;
    e->actions = NULL; /* connectors and callers may ask for more at once */
    e->action_count = e->action_capacity = 0;
    e->waiters = e->waiters_tail = NULL;
    for (size_t i = 0; i < count; i++) {
        carry_out(e, &actions[i]);
        value_release(actions[i].command.parameters);
        value_release(actions[i].command.credentials);
        free(actions[i].state_name);
    }
    free(actions);
    settle_dirty(e);
    for (struct waiter *next; w; w = next) {
        next = w->next;
        crash_here(CRASH_ANSWER);
        w->call(w);
    }
    turn_arm_due(e);
}

void turn_run(void *engine)
{
    struct engine *e = engine;
    e->turn_asked = false;
    loop_timer_disarm(e->turn_timer);
    if (e->is_paused)
        return; /* try_again goes on */
    e->figures.turns++;
    take_due(e);
    crash_here(CRASH_TURN_BEGIN);
    run_queue(e);
    fill_batch(e);
    if (!turn_commit(e))
        return;
    if (e->queue)
        turn_ask(e);
}

/* ---- begin and end ---- */

void turn_init(struct engine *e)
{
    e->turn_timer = loop_timer_new(e->loop, turn_run, e);
    e->due_timer = loop_timer_new(e->loop, turn_run, e);
}

static bool has_arrivals(const struct engine *e)
{
    for (const struct live *l = e->queue; l; l = l->queue_next)
        if (l->arrivals)
            return true;
    return false;
}

/* What has arrived is not lost to a graceful end: an outcome that came is recorded. */
void turn_finish(struct engine *e)
{
    do
        turn_run(e);
    while (!e->is_paused && has_arrivals(e));
}

void turn_free(struct engine *e)
{
    loop_timer_free(e->turn_timer);
    loop_timer_free(e->due_timer);
    if (e->retry)
        event_free(e->retry);
    if (e->is_paused)
        loop_release(e->loop);
}
