/* The turn of the loop.
 *
 *   1. take      arrivals wait at their executions (live.c); what is due is fetched from the store
 *   2. run       everything runnable, for a bounded time, many steps of many executions, in memory
 *   3. put       all history, all state of the turn into its batch; commit.c makes it durable
 *   4. act       tasks to their connectors, answers to callers, the due timer
 *
 * While one turn is committed, the next is filled: it may be run several times (1 to 3) until the
 * disk is free for it. So what is in memory may be ahead of the disk by several turns (TURNS).
 *
 * Invariants (DESIGN)
 * 1. No command is acted on before the transaction that orders it is committed: actions and waiters
 *    are gathered in the turn and carried out in 4 only.
 * 2. What is acknowledged is durable: waiters are answered in 4 only.
 * An execution that a turn holds something of is pinned until 4: it stays in memory, for the store
 * does not know it as it is.
 *
 * Due. The store's index of due moments is the only heap there is: one timer stands for its first
 * entry. What a budget left runnable is written as due at once, so that a restart finds it the same
 * way; whatever was fetched as due is written anew, so that it leaves the index's front. While the
 * turn that does so is not durable, the store still shows what it took: nothing more is taken until
 * then.
 */
#include "engine/run/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH_BYTES_MAXIMUM ((size_t)16 << 20) /* a turn ends early rather than hold more */
#define DUE_AT_ONCE         2000               /* due executions taken up in one turn */

static int64_t steady_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* A timer, not loop_soon: it comes behind whatever else is ready, so that one commit serves all
 * that has arrived; and it can be taken back when the engine closes. */
void turn_ask(struct engine *e)
{
    if (e->turn_asked || e->is_paused || e->is_closing)
        return;
    e->turn_asked = true;
    loop_timer_arm(e->turn_timer, INT64_MIN);
}

static void add_waiter(struct turn *t, struct waiter *w)
{
    w->next = NULL;
    if (t->waiters_tail)
        t->waiters_tail->next = w;
    else
        t->waiters = w;
    t->waiters_tail = w;
}

void turn_add_word(struct turn *t, struct engine_word *word)
{
    if (!word)
        return;
    word->next = t->words;
    t->words = word;
}

void turn_wait(struct engine *e, struct waiter *w)
{
    add_waiter(turn_now(e), w);
    turn_ask(e);
}

/* ---- 1. take ---- */

/* What is pinned is newer in memory; the turn that pins it tells when it is due. */
static bool take_up_due(void *state, const struct store_execution *row)
{
    struct engine *e = state;
    struct live *l = live_of_row(e, row);
    if (l && !l->is_due && !l->pins) {
        l->is_due = true;
        live_queue(e, l);
    }
    return true;
}

static bool is_taking_due(const struct engine *e)
{
    for (size_t i = 0; i < TURNS; i++)
        if (e->turns[i].took_due)
            return true;
    return false;
}

static void take_due(struct engine *e)
{
    int64_t now = loop_now(e->loop);
    if (e->next_due > now || e->is_closing || is_taking_due(e))
        return;
    store_due_executions(e->store, now, DUE_AT_ONCE, take_up_due, e);
    e->next_due = NEVER;
    e->now->took_due = true;
}

/* When something is due next, as far as is known: a moment too early costs a look, and is mended by
 * it. */
void turn_arm_due(struct engine *e)
{
    if (e->next_due == NEVER || is_taking_due(e))
        loop_timer_disarm(e->due_timer);
    else
        loop_timer_arm(e->due_timer, e->next_due);
}

/* ---- 2. run ---- */

/* `items` with room for one more of `size` bytes. */
static void *grown(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity ? *capacity * 2 : 64;
    return asl_reallocate(items, *capacity * size);
}

static void mark_dirty(struct engine *e, struct live *l)
{
    l->turn = e->turn_number;
    if (l->is_dirty)
        return;
    behind_leave(e, l);
    l->is_dirty = true;
    e->dirty = grown(e->dirty, e->dirty_count, &e->dirty_capacity, sizeof(struct live *));
    e->dirty[e->dirty_count++] = l;
}

void turn_put_soon(struct engine *e, struct live *l)
{
    mark_dirty(e, l);
    turn_ask(e);
}

static void put_behind(struct engine *e)
{
    struct live *l;
    while ((l = behind_due(e)))
        mark_dirty(e, l);
    behind_arm(e);
}

static void add_action(struct engine *e, const struct live *l, struct asl_command *c, bool again)
{
    struct turn *t = e->now;
    t->actions = grown(t->actions, t->action_count, &t->action_capacity, sizeof *t->actions);
    t->actions[t->action_count++] = (struct action){
        .kind = c->kind,
        .execution = l->id,
        .task = c->task,
        .resource = c->resource,
        .parameters = c->parameters,
        .credentials = c->credentials,
        .state_name = c->state_name ? value_retain(c->state_name) : NULL,
        .token = c->token[0] ? asl_copy_text(asl_text(c->token)) : NULL,
        .timeout_seconds = c->timeout_seconds,
        .again = again,
        .started = c->started,
        .submitted = c->submitted,
    };
    c->parameters = c->credentials = NULL; /* they are the action's now */
}

/* Whoever awaits the task's outcome, now that another has come: a token's holder was quicker than
 * the connector's request, which has no purpose any more. */
static void add_cancel(struct engine *e, const struct live *l, int64_t task)
{
    struct turn *t = e->now;
    t->actions = grown(t->actions, t->action_count, &t->action_capacity, sizeof *t->actions);
    t->actions[t->action_count++] =
        (struct action){.kind = ASL_CANCEL_TASK, .execution = l->id, .task = task};
}

static void action_free(struct action *a)
{
    value_release(a->parameters);
    value_release(a->credentials);
    value_release(a->state_name);
    free(a->token);
}

/* Kept under the execution and the run's first event, ".end" behind it of the end or of going on
 * after it; the run's ARN leads there. Durable with the events that tell of it. */
static void keep_map_run(struct engine *e, const struct live *l, const struct asl_command *c)
{
    char key[64];
    struct asl_buffer scratch;
    const asl_value *arn = value_get_z(c->parameters, "mapRunArn");
    snprintf(key, sizeof key, "%019lld:%lld%s", (long long)l->id, (long long)c->task,
             arn ? "" : ".end");
    asl_buffer_init(&scratch, ASL_BUFFER_MAXIMUM);
    struct asl_text text = value_compact(c->parameters, &scratch);
    store_put_document(e->now->batch, ENGINE_MAP_RUNS, key,
                       (struct store_bytes){text.data, text.size});
    if (arn)
        store_put_document(e->now->batch, ENGINE_MAP_RUNS, value_as_text(arn).data,
                           (struct store_bytes){key, strlen(key)});
    asl_buffer_free(&scratch);
}

/* Durable with the state that they led to. */
static void keep_children(struct engine *e, const struct live *l)
{
    char key[64];
    struct asl_buffer bytes;
    long long first = asl_children_first(e->result.children);
    if (!first)
        return;
    asl_buffer_init(&bytes, ASL_BUFFER_MAXIMUM);
    asl_children_bytes(e->result.children, &bytes);
    snprintf(key, sizeof key, "%019lld:%019lld", (long long)l->id, first);
    store_put_document(e->now->batch, ENGINE_MAP_CHILDREN, key,
                       (struct store_bytes){bytes.data, bytes.size});
    e->turn_bytes += bytes.size;
    asl_buffer_free(&bytes);
    asl_children_clear(e->result.children);
}

static void take_commands(struct engine *e, struct live *l, bool again)
{
    for (size_t i = 0; i < e->result.count; i++)
        if (e->result.commands[i].kind == ASL_MAP_RUN)
            keep_map_run(e, l, &e->result.commands[i]);
        else if (e->result.commands[i].kind != ASL_FINISH) /* its status says it */
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

/* One step, and what follows from it but that the execution is to be put. */
static bool take_step(struct engine *e, struct live *l, const struct asl_event *event)
{
    begin_history(e, l);
    size_t before = asl_history_bytes(l->history).size;
    e->env_execution = l->id;
    e->env_now = loop_now(e->loop);
    bool taken = asl_step(l->x, event, &e->env, &e->result);
    e->turn_bytes += asl_history_bytes(l->history).size - before;
    e->figures.steps++;
    keep_children(e, l);
    l->is_runnable = e->result.runnable;
    return taken;
}

static bool step(struct engine *e, struct live *l, const struct asl_event *event,
                 struct waiter *waiter)
{
    bool taken = take_step(e, l, event);
    take_commands(e, l, false);
    if (taken || l->is_new)
        mark_dirty(e, l);
    if (taken && is_outcome(event->kind))
        add_cancel(e, l, event->task);
    if (waiter) {
        waiter->outcome = taken ? ENGINE_OK : waiter->outcome;
        waiter->start_ms = asl_execution_started(l->x);
        turn_add_word(e->now, waiter_word(waiter));
        turn_wait(e, waiter);
    }
    crash_here(CRASH_STEPPED);
    return taken;
}

/* behind.c. What orders nothing and leaves nothing to do may wait; else it is a step like any
 * other. */
static void step_behind(struct engine *e, struct live *l, const struct asl_event *event)
{
    if (!behind_may_stay(e, l)) {
        step(e, l, event, NULL);
        return;
    }
    bool taken = take_step(e, l, event), has_more = e->result.count || l->is_runnable;
    if (taken && has_more)
        mark_dirty(e, l);
    else if (taken)
        behind_add(e, l);
    take_commands(e, l, false);
    crash_here(CRASH_STEPPED);
}

/* While a turn is acted on its executions are pinned, and most have nothing else to take: no
 * arrival has to be made, queued and found again, when all that its step touches has just been
 * touched. */
bool turn_task_started(struct engine *e, int64_t execution, int64_t task)
{
    struct live *l = live_find(e, execution);
    if (!l || !l->pins || l->is_queued || l->arrivals || l->is_runnable || !behind_may_stay(e, l))
        return false;
    turn_now(e);
    step_behind(e, l, &(struct asl_event){.kind = ASL_TASK_STARTED, .task = task});
    if (l->is_runnable)
        live_queue(e, l);
    if (l->is_dirty)
        turn_ask(e);
    return true;
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

static int64_t due_of(struct engine *e, const struct live *l)
{
    if (l->is_runnable)
        return loop_now(e->loop); /* behind what has waited longer */
    return asl_execution_status(l->x) == ASL_RUNNING ? asl_execution_due(l->x) : NEVER;
}

static void write_row(struct engine *e, struct live *l)
{
    struct turn *t = e->now;
    struct machine *m = machine_get(e, l->machine);
    const char *arn = asl_execution_arn(l->x).data, *name = asl_execution_name(l->x).data;
    struct asl_identity known = machine_identity(m, arn, name);
    asl_buffer_clear(&e->scratch);
    asl_execution_save(l->x, &known, &e->scratch);
    struct store_execution row = {
        .id = l->id,
        .machine = l->machine,
        .status = (int)asl_execution_status(l->x),
        .started = asl_execution_started(l->x),
        .stopped = asl_execution_stopped(l->x),
        .due = due_of(e, l),
        .open_tasks = (int64_t)asl_execution_open_tasks(l->x),
        .last_event = asl_execution_last_event(l->x),
        .state = {e->scratch.data, e->scratch.size},
        .arn = arn,
        .name = name,
    };
    if (l->is_new)
        store_insert_execution(t->batch, &row);
    else
        store_update_execution(t->batch, &row);
    if (row.due < t->due)
        t->due = row.due;
}

static bool watches(const struct watcher *w, const struct live *l)
{
    return w->see && (!w->execution || w->execution == l->id);
}

static bool is_watched(const struct engine *e, const struct live *l)
{
    return watches(&e->watchers[0], l) || watches(&e->watchers[1], l);
}

static void note_change(struct engine *e, struct live *l)
{
    struct turn *t = e->now;
    t->changes = grown(t->changes, t->change_count, &t->change_capacity, sizeof *t->changes);
    t->changes[t->change_count++] = (struct change){
        .live = l,
        .history = is_watched(e, l) ? l->history : NULL,
        .status = asl_execution_status(l->x),
        .is_first = l->is_new,
    };
    if (l->history && !is_watched(e, l))
        history_put(e, l->history);
    l->history = NULL;
    l->pins++;
    e->starting += l->is_new && asl_execution_status(l->x) == ASL_RUNNING;
}

/* Its state and events since it was last put into the turn's batch. */
static void put(struct engine *e, struct live *l)
{
    write_row(e, l);
    if (l->history && asl_history_count(l->history)) {
        struct asl_text bytes = asl_history_bytes(l->history);
        e->figures.events += (int64_t)asl_history_count(l->history);
        store_append_history(e->now->batch, l->id, asl_history_first(l->history),
                             (int64_t)asl_history_count(l->history),
                             (struct store_bytes){bytes.data, bytes.size});
    }
    note_change(e, l);
    l->is_new = l->is_dirty = false;
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
        } else if (a->may_stay_behind) {
            step_behind(e, l, &a->event);
        } else {
            step(e, l, &a->event, a->waiter);
            a->waiter = NULL;
        }
        arrival_free(a);
    }
}

/* What is still to be done for it waits its turn at the queue's end: no execution starves another.
 */
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
        put(e, l); /* while it is warm */
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

/* What is still queued when the time is up is put as it stands. */
static void put_rest(struct engine *e)
{
    if (e->dirty_count)
        world_keep_clock(e);
    for (size_t i = 0; i < e->dirty_count; i++)
        if (e->dirty[i]->is_dirty)
            put(e, e->dirty[i]);
    e->dirty_count = 0;
}

/* ---- 4. act ---- */

static void tell_watcher(const struct watcher *w, const struct change *c)
{
    if (!watches(w, c->live))
        return;
    if (c->history && asl_history_count(c->history)) {
        struct asl_text bytes = asl_history_bytes(c->history);
        w->see(w->state, c->live->id, (struct store_bytes){bytes.data, bytes.size}, c->status);
    }
    if (c->status != ASL_RUNNING)
        w->see(w->state, c->live->id, (struct store_bytes){NULL, 0}, c->status);
}

/* Its first row is durable: who asked for the same start meanwhile is answered with this turn. They
 * wait at the execution, for its first step may come in a later turn than the one they asked in. */
static void first_is_durable(struct engine *e, struct turn *t, struct live *l)
{
    live_started(e, l);
    for (struct waiter *w; (w = l->same_starts);) {
        l->same_starts = w->next;
        w->start_ms = asl_execution_started(l->x);
        add_waiter(t, w);
    }
}

/* Tells first, in order of the commit, then puts the executions to rest. */
static void settle(struct engine *e, struct turn *t)
{
    for (size_t i = 0; i < t->change_count; i++)
        e->starting -= t->changes[i].is_first && t->changes[i].status == ASL_RUNNING;
    for (size_t i = 0; i < t->change_count; i++) {
        struct change *c = &t->changes[i];
        if (c->is_first)
            first_is_durable(e, t, c->live);
        if (c->status != ASL_RUNNING) {
            e->figures.finished++;
            crash_here(CRASH_FINISHED);
        }
        for (size_t k = 0; k < WATCHERS; k++)
            tell_watcher(&e->watchers[k], c);
        if (c->history)
            history_put(e, c->history);
        c->live->pins--;
        live_rest(e, c->live);
    }
    t->change_count = 0;
}

static void carry_out(struct engine *e, struct action *a)
{
    switch (a->kind) {
    case ASL_RUN_TASK:
        if (e->is_closing)
            return; /* recovery starts it */
        tasks_start(e, a);
        live_leave(e, a->execution); /* it may have been loaded for this */
        return;
    case ASL_CANCEL_TASK:
        tasks_cancel(e, a->execution, a->task);
        return;
    case ASL_MAP_RUN:      /* kept when the step was taken */
    case ASL_RUN_CHILDREN: /* the engine has the step run them */
    case ASL_FINISH:
        return;
    }
}

static void carry_out_all(struct engine *e, struct turn *t)
{
    for (size_t i = 0; i < t->action_count; i++) {
        carry_out(e, &t->actions[i]);
        action_free(&t->actions[i]);
    }
    t->action_count = 0;
}

static void answer(struct turn *t)
{
    struct waiter *w = t->waiters;
    t->waiters = t->waiters_tail = NULL;
    t->words = NULL; /* told, or left to those who wait */
    for (struct waiter *next; w; w = next) {
        next = w->next;
        crash_here(CRASH_ANSWER);
        w->call(w);
    }
}

/* Connectors and callers may ask for more at once: that goes into `now`, which is another turn. */
void turn_act(struct engine *e, struct turn *t)
{
    e->is_in_turn = true;
    carry_out_all(e, t);
    settle(e, t);
    answer(t);
    if (t->took_due) /* what it took has left the index's front */
        e->next_due = store_next_due(e->store);
    if (t->due < e->next_due)
        e->next_due = t->due;
    t->due = NEVER;
    t->took_due = false;
    t->number = 0;
    e->is_in_turn = false;
    turn_arm_due(e);
}

bool turn_has_something(const struct turn *t)
{
    return !store_batch_is_empty(t->batch) || t->action_count || t->waiters || t->took_due;
}

void turn_fill(struct engine *e)
{
    e->is_in_turn = true;
    e->figures.turns++;
    turn_now(e);
    take_due(e);
    crash_here(CRASH_TURN_BEGIN);
    run_queue(e);
    put_behind(e);
    put_rest(e);
    e->is_in_turn = false;
    if (e->sent)
        crash_here(CRASH_BESIDE_COMMIT);
}

/* Fewer cost more in commits than the disk's idling does; and where many are under way, one commit
 * for a good part of them costs less than several. */
static size_t worth_a_commit(const struct engine *e)
{
    return e->live_count / 2 > 32 ? e->live_count / 2 : 32;
}

/* 64 clients that are answered by one commit ask again all at once: without this they would stay
 * one batch for ever, and the disk would wait while they are heard, and they while it writes. */
void turn_feed(struct engine *e)
{
    if (e->queue_count < worth_a_commit(e) || e->is_in_turn || e->is_paused || e->is_closing ||
        !commit_is_idle(e))
        return;
    turn_fill(e);
    commit_feed(e);
}

void turn_run(void *engine)
{
    struct engine *e = engine;
    e->turn_asked = false;
    loop_timer_disarm(e->turn_timer);
    if (e->is_paused)
        return;                                                      /* commit.c goes on */
    if (store_batch_bytes(turn_now(e)->batch) < BATCH_BYTES_MAXIMUM) /* else: the disk first */
        turn_fill(e);
    if (turn_has_something(e->now))
        commit_now(e);
    if (e->queue)
        turn_ask(e);
}

/* ---- begin and end ---- */

void turn_init(struct engine *e)
{
    e->turn_timer = loop_timer_new(e->loop, turn_run, e);
    e->due_timer = loop_timer_new(e->loop, turn_run, e);
    e->behind_timer = loop_timer_new(e->loop, behind_wake, e);
    for (size_t i = 0; i < TURNS; i++) {
        e->turns[i].batch = store_batch_new();
        e->turns[i].due = NEVER;
    }
    e->now = &e->turns[0];
    e->now->number = e->turn_number = 1;
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
    while (commit_wait(e) && (has_arrivals(e) || turn_has_something(e->now)));
}

static void free_turn(struct turn *t)
{
    for (struct waiter *w = t->waiters, *next; w; w = next) {
        next = w->next;
        free(w->arn);
        free(w);
    }
    for (size_t i = 0; i < t->action_count; i++)
        action_free(&t->actions[i]);
    for (size_t i = 0; i < t->change_count; i++)
        if (t->changes[i].history)
            asl_history_free(t->changes[i].history);
    free(t->actions);
    free(t->changes);
    store_batch_free(t->batch);
}

void turn_free(struct engine *e)
{
    loop_timer_free(e->turn_timer);
    loop_timer_free(e->due_timer);
    loop_timer_free(e->behind_timer);
    for (size_t i = 0; i < TURNS; i++)
        free_turn(&e->turns[i]);
    free(e->dirty);
}
