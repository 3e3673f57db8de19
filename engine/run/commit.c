/* A turn on its way to the disk.
 *
 *                        is idle
 *                   +-----------------------------------+
 *                   |                                   v
 *   FILLED (turn.c) +--offer--> OFFERED --takes it--> BUSY --> DURABLE --turn_act--> empty again
 *      ^                           |                   | ^
 *      +---------turn_now----------+                   v | go_on, after a while
 *                                                   NO ROOM: paused
 *
 * Why a thread. A commit is waiting (a sync) and work (SQLite's trees); both are done beside the
 * next turns. So while turn N is written, N + 1 takes arrivals and steps, and what it puts lies in
 * a batch of its own.
 *
 * Why an offer. The thread takes the next turn by itself when it is done with one: the disk never
 * waits for the loop, which may be among a hundred requests just then. What is offered and not
 * taken is taken back to be filled further, so turns grow while the disk is busy. Turns are offered
 * one at a time and taken in order: the order of commits is the order of turns, and what a crash
 * leaves is always a beginning of that order.
 *
 * Why not always. The handover costs two wakeups, and wins nothing where nobody is there to go on
 * meanwhile. A turn of a few changes with nothing ahead of it and nothing behind it is committed
 * here, at once.
 *
 * Why words. Whoever is answered by one commit is answered with some thirty others; each answer is
 * a system call that costs as much as all else about its request. So answers that are ready
 * beforehand are told here, by the thread, which waits for a disk half of its time, and not by the
 * loop, which never waits.
 *
 * Invariants (DESIGN)
 * 1., 2. Nothing of a turn is acted on or answered before it is durable: turn_act is called from
 * here only, with a turn whose commit said STORE_OK, and words are told behind that only.
 * 3. While a turn is offered the loop does not touch it: whoever puts something asks turn_now
 * first.
 * 4. After a failed sync the process stops at once: STORE_BROKEN ends it here.
 * A full disk pauses: the batch is kept, nothing is answered, no turn runs until it went through.
 *
 * The thread touches the store's writing half, the batches and words it took and `struct
 * committer`; never the engine.
 */
#include "engine/run/internal.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define RETRY_FULL_MS 1000
#define EXIT_BROKEN   74 /* EX_IOERR */
enum { FEW_CHANGES = 4 };

struct result {
    enum store_status status;
    struct store_error error;
    int64_t took_us;
};

struct committer {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct store *store;
    struct turn *offered;  /* NULL: none */
    struct turn *busy;     /* taken; stays while the disk is full */
    struct result failure; /* of `busy`, while `is_stopped` */
    struct done {
        struct turn *turn;
        struct result result;
    } done[TURNS]; /* durable, not yet taken up, in order */
    size_t done_count;
    bool is_stopped; /* by a failure, until it is told to go on */
    bool is_failure_told;
    bool is_ending;
    int wake; /* eventfd, told of results */
    struct event *woken;
};

static int64_t steady_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static struct result commit(struct store *store, struct store_batch *batch)
{
    struct result r;
    crash_here(CRASH_COMMIT_BEFORE);
    int64_t before = steady_us();
    r.status = store_commit(store, batch, &r.error);
    r.took_us = steady_us() - before;
    if (r.status == STORE_OK)
        crash_here(CRASH_COMMIT_UNTOLD);
    return r;
}

/* ---- the thread ---- */

static void tell(struct engine_word *words)
{
    for (struct engine_word *w = words, *next; w; w = next) {
        next = w->next;
        w->tell(w);
    }
}

/* Whether there is something to commit: `busy` then. */
static bool take_next(struct committer *c)
{
    if (c->is_stopped)
        return false;
    if (!c->busy) {
        c->busy = c->offered;
        c->offered = NULL;
    }
    return c->busy != NULL;
}

static void keep_result(struct committer *c, const struct result *result)
{
    bool is_told = c->done_count > 0; /* the loop is awake already, or about to be */
    if (result->status == STORE_OK) {
        c->done[c->done_count++] = (struct done){c->busy, *result};
        c->busy = NULL;
    } else {
        c->failure = *result;
        c->is_stopped = true;
        c->is_failure_told = is_told = false;
    }
    pthread_cond_broadcast(&c->changed);
    if (!is_told)
        eventfd_write(c->wake, 1);
}

static void *work(void *state)
{
    struct committer *c = state;
    pthread_mutex_lock(&c->mutex);
    for (;;) {
        bool is_taken;
        while (!(is_taken = take_next(c)) && !c->is_ending)
            pthread_cond_wait(&c->changed, &c->mutex);
        if (!is_taken)
            break;
        struct turn *t = c->busy; /* the loop does not touch it before it has the result */
        pthread_mutex_unlock(&c->mutex);
        struct result result = commit(c->store, t->batch);
        if (result.status == STORE_OK)
            tell(t->words);
        pthread_mutex_lock(&c->mutex);
        keep_result(c, &result);
    }
    pthread_mutex_unlock(&c->mutex);
    return NULL;
}

static void is_woken(evutil_socket_t fd, short what, void *engine);

/* Signals belong to the loop's thread. */
static int begin_thread(struct committer *c)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&c->thread, NULL, work, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

/* NULL when the machine gives no thread: commits are done here then. */
static struct committer *committer_new(struct engine *e)
{
    struct committer *c = asl_allocate_zeroed(1, sizeof *c);
    c->store = e->store;
    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->wake < 0)
        goto no_descriptor;
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->changed, NULL);
    c->woken = event_new(loop_base(e->loop), c->wake, EV_READ | EV_PERSIST, is_woken, e);
    if (!c->woken || event_add(c->woken, NULL) != 0)
        asl_out_of_memory();
    if (begin_thread(c) == 0)
        return c;
    event_free(c->woken);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->mutex);
    close(c->wake);
no_descriptor:
    free(c);
    return NULL;
}

static void committer_free(struct committer *c)
{
    pthread_mutex_lock(&c->mutex);
    c->is_ending = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->mutex);
    pthread_join(c->thread, NULL);
    event_free(c->woken);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->mutex);
    close(c->wake);
    free(c);
}

/* One result, in order; false: there is none. A failure is told once. */
static bool take_result(struct committer *c, bool wait, struct done *done)
{
    pthread_mutex_lock(&c->mutex);
    while (wait && c->done_count == 0 && !c->is_stopped)
        pthread_cond_wait(&c->changed, &c->mutex);
    bool is_there = c->done_count > 0;
    if (is_there) {
        *done = c->done[0];
        c->done_count--;
        for (size_t i = 0; i < c->done_count; i++)
            c->done[i] = c->done[i + 1];
    } else if (c->is_stopped && !c->is_failure_told) {
        *done = (struct done){c->busy, c->failure};
        c->is_failure_told = is_there = true;
    }
    pthread_mutex_unlock(&c->mutex);
    return is_there;
}

/* After a failure: the same turn again. */
static void go_on(struct committer *c)
{
    pthread_mutex_lock(&c->mutex);
    c->is_stopped = false;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->mutex);
}

/* ---- turns ---- */

static struct turn *empty_turn(struct engine *e)
{
    for (size_t i = 0; i < TURNS; i++)
        if (&e->turns[i] != e->now && e->turns[i].number == 0)
            return &e->turns[i];
    return NULL;
}

/* `now` is on its way: another one is filled. */
static void leave_turn(struct engine *e)
{
    e->sent++;
    e->now = empty_turn(e);
    e->now->number = ++e->turn_number;
}

/* A skipped clock waits for the disk. */
static void hold_clock(struct engine *e)
{
    bool wanted = e->is_offered || e->sent;
    if (wanted && !e->is_holding)
        loop_hold(e->loop);
    if (!wanted && e->is_holding)
        loop_release(e->loop);
    e->is_holding = wanted;
}

/* To the thread: at once when that has nothing to do, else when it is done. One more must be empty,
 * to be filled then. */
static void offer(struct engine *e)
{
    struct committer *c = e->committer;
    if (e->is_offered || !empty_turn(e))
        return;
    pthread_mutex_lock(&c->mutex);
    bool is_taken = !c->busy;
    if (is_taken)
        c->busy = e->now;
    else
        c->offered = e->now;
    if (is_taken)
        pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->mutex);
    if (is_taken)
        leave_turn(e);
    e->is_offered = !is_taken;
    hold_clock(e);
}

/* Whether the thread has taken what was offered; what it has not is taken back when `back` says so.
 */
static void see_offer(struct engine *e, bool back)
{
    struct committer *c = e->committer;
    if (!e->is_offered)
        return;
    pthread_mutex_lock(&c->mutex);
    bool is_taken = c->offered != e->now;
    if (back)
        c->offered = NULL;
    pthread_mutex_unlock(&c->mutex);
    if (is_taken)
        leave_turn(e);
    e->is_offered = !is_taken && !back;
    hold_clock(e);
}

struct turn *turn_now(struct engine *e)
{
    see_offer(e, true);
    return e->now;
}

/* The oldest on its way has become durable. */
static void take_durable(struct engine *e, struct turn *t)
{
    e->durable = t->number;
    e->sent--;
}

/* ---- a full disk ---- */

static void commit_here(struct engine *e, struct turn *t);

static void try_again(evutil_socket_t fd, short what, void *engine)
{
    (void)fd, (void)what;
    struct engine *e = engine;
    struct turn *t = e->stuck;
    e->stuck = NULL;
    if (t)
        commit_here(e, t);
    else
        go_on(e->committer);
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

/* ---- durable ---- */

static void count_commit(struct engine *e, int64_t took_us)
{
    e->figures.commits++;
    e->figures.commit_us_total += took_us;
    if (took_us > e->figures.commit_us_maximum)
        e->figures.commit_us_maximum = took_us;
}

/* What waited for this one and needs no disk (waiters alone), or came too late to be offered. */
static void commit_rest(struct engine *e)
{
    if (!e->is_offered && !e->is_paused && turn_has_something(e->now))
        commit_now(e);
    if (e->queue)
        turn_ask(e);
}

/* False: not now, or never. */
static bool went_well(struct engine *e, const struct result *r)
{
    if (r->status == STORE_FULL || r->status == STORE_BUSY) {
        pause_for_space(e, &r->error);
        return false;
    }
    if (r->status != STORE_OK) {
        engine_complain(e, "%s; stopping now, what was acknowledged is safe", r->error.message);
        _exit(EXIT_BROKEN);
    }
    resume(e);
    count_commit(e, r->took_us);
    crash_here(CRASH_COMMIT_AFTER);
    return true;
}

/* Committed here: acted on before anything else. */
static void commit_here(struct engine *e, struct turn *t)
{
    struct result result = {.status = STORE_OK};
    if (!store_batch_is_empty(t->batch)) {
        result = commit(e->store, t->batch);
        if (!went_well(e, &result)) {
            e->stuck = t;
            return;
        }
    }
    take_durable(e, t);
    hold_clock(e);
    turn_act(e, t);
    if (e->queue || turn_has_something(e->now))
        turn_ask(e);
}

/* When the disk has nothing to do, what arrived meanwhile goes first, so that it has while callers
 * are answered. */
static void feed_the_disk(struct engine *e)
{
    see_offer(e, false);
    if (e->is_offered || e->sent || e->is_closing)
        return;
    if (e->queue)
        turn_fill(e);
    commit_feed(e);
}

static void take_up(struct engine *e, const struct done *done)
{
    see_offer(e, false); /* it may have been `now` */
    if (!went_well(e, &done->result))
        return;
    take_durable(e, done->turn);
    feed_the_disk(e);
    turn_act(e, done->turn);
    commit_rest(e);
    hold_clock(e);
}

static void is_woken(evutil_socket_t fd, short what, void *engine)
{
    (void)what;
    struct engine *e = engine;
    struct done done;
    eventfd_t count;
    eventfd_read(fd, &count);
    while (take_result(e->committer, false, &done)) /* commit_wait may have had them */
        take_up(e, &done);
}

/* Whether there is somebody to go on beside the commit. */
static bool wants_thread(const struct engine *e)
{
    return (e->queue || e->now->change_count > FEW_CHANGES) && !e->is_closing &&
           store_reads_beside_commits(e->store);
}

bool commit_is_idle(struct engine *e)
{
    struct committer *c = e->committer;
    if (!c || e->is_offered)
        return false;
    pthread_mutex_lock(&c->mutex);
    bool is_idle = !c->busy;
    pthread_mutex_unlock(&c->mutex);
    return is_idle;
}

void commit_feed(struct engine *e)
{
    if (!store_batch_is_empty(e->now->batch))
        offer(e);
}

void commit_now(struct engine *e)
{
    struct turn *t = e->now;
    bool is_first = !e->sent;
    if (is_first && !store_batch_is_empty(t->batch) && wants_thread(e) && !e->committer)
        e->committer = committer_new(e);
    if (e->committer && !store_batch_is_empty(t->batch) && (!is_first || wants_thread(e))) {
        offer(e);
    } else if (is_first) {
        leave_turn(e);
        commit_here(e, t);
    } /* else it stays behind those ahead of it: commit_rest */
}

bool commit_wait(struct engine *e)
{
    struct done done;
    while ((see_offer(e, false), e->sent || e->is_offered) && !e->is_paused)
        if (take_result(e->committer, true, &done))
            take_up(e, &done);
    return !e->is_paused;
}

void commit_free(struct engine *e)
{
    if (e->committer)
        committer_free(e->committer);
    if (e->retry)
        event_free(e->retry);
    if (e->is_paused)
        loop_release(e->loop);
}
