/* A turn on its way to the disk.
 *
 *   FILLED (turn.c) --send_off--> UNDER WAY --take_durable--> DURABLE --turn_act--> empty again
 *                              |    ^
 *                     no room  v    | try_again, after a while
 *                             PAUSED
 *
 * Why a thread. A commit is waiting (a sync) and work (SQLite's trees); both are done beside the next
 * turn. So while turn N is written, N + 1 takes arrivals and steps, and what it puts lies in a batch of
 * its own. At most one turn is under way: the order of commits is the order of turns, and what a crash
 * leaves is always a beginning of that order.
 *
 * Why not always. The handover costs two wakeups, and wins nothing where nobody is there to go on
 * meanwhile. A turn of a few changes with nothing behind it is committed here, at once.
 *
 * Invariants (DESIGN)
 * 1., 2. Nothing of a turn is acted on or answered before it is durable: turn_act is called from here
 *    only, with a turn whose commit said STORE_OK.
 * 4. After a failed sync the process stops at once: STORE_BROKEN ends it here.
 * A full disk pauses: the batch is kept, nothing is answered, no turn runs until it went through.
 *
 * The thread touches the store's writing half, the batch it was given and `struct committer`; never the
 * engine.
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
#define EXIT_BROKEN 74 /* EX_IOERR */
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
    struct store_batch *batch; /* to be committed; NULL: nothing to do */
    bool is_ending;
    bool is_done; /* `result` holds, and was not taken yet */
    struct result result;
    int wake; /* eventfd, told with every result */
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

static void *work(void *state)
{
    struct committer *c = state;
    pthread_mutex_lock(&c->mutex);
    for (;;) {
        while (!c->batch && !c->is_ending)
            pthread_cond_wait(&c->changed, &c->mutex);
        if (!c->batch)
            break;
        struct store_batch *batch = c->batch;
        pthread_mutex_unlock(&c->mutex);
        struct result result = commit(c->store, batch);
        pthread_mutex_lock(&c->mutex);
        c->result = result;
        c->batch = NULL;
        c->is_done = true;
        pthread_cond_broadcast(&c->changed);
        eventfd_write(c->wake, 1);
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

static void hand_over(struct engine *e)
{
    struct committer *c = e->committer;
    loop_hold(e->loop); /* a skipped clock waits for the disk */
    pthread_mutex_lock(&c->mutex);
    c->batch = e->under_way->batch;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->mutex);
}

/* The result, once; false: there is none. */
static bool take_result(struct committer *c, bool wait, struct result *result)
{
    pthread_mutex_lock(&c->mutex);
    while (wait && c->batch)
        pthread_cond_wait(&c->changed, &c->mutex);
    bool is_done = c->is_done;
    c->is_done = false;
    *result = c->result;
    pthread_mutex_unlock(&c->mutex);
    return is_done;
}

/* ---- a full disk ---- */

static void begin_commit(struct engine *e);

static void try_again(evutil_socket_t fd, short what, void *engine)
{
    (void)fd, (void)what;
    begin_commit(engine);
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

/* ---- under way ---- */

static void count_commit(struct engine *e, int64_t took_us)
{
    e->figures.commits++;
    e->figures.commit_us_total += took_us;
    if (took_us > e->figures.commit_us_maximum)
        e->figures.commit_us_maximum = took_us;
}

static struct turn *empty_turn(struct engine *e)
{
    for (size_t i = 0; i < TURNS; i++)
        if (e->turns[i].number == 0)
            return &e->turns[i];
    abort(); /* one is filled, one committed, one acted on: never more */
}

static void send_off(struct engine *e)
{
    e->under_way = e->now;
    e->now = empty_turn(e);
    e->now->number = ++e->turn_number;
}

static struct turn *take_durable(struct engine *e)
{
    struct turn *t = e->under_way;
    e->under_way = NULL;
    e->durable = t->number;
    return t;
}

/* Committed here: acted on before anything else. */
static void act_at_once(struct engine *e)
{
    turn_act(e, take_durable(e));
    if (e->queue)
        turn_ask(e);
}

/* Committed beside us: what arrived meanwhile goes first, so that the disk has work while callers are
 * answered. What needs no disk (waiters alone) stays behind this turn's actions. */
static void act_beside(struct engine *e)
{
    struct turn *t = take_durable(e);
    if (e->queue && !e->is_closing)
        turn_fill(e);
    if (!store_batch_is_empty(e->now->batch)) {
        send_off(e);
        hand_over(e);
    }
    turn_act(e, t);
    if (!e->under_way && turn_has_something(e->now))
        commit_now(e);
    if (e->queue)
        turn_ask(e);
}

static void take_up(struct engine *e, const struct result *r, void (*go_on)(struct engine *e))
{
    if (r->status == STORE_FULL || r->status == STORE_BUSY) {
        pause_for_space(e, &r->error);
        return;
    }
    if (r->status != STORE_OK) {
        engine_complain(e, "%s; stopping now, what was acknowledged is safe", r->error.message);
        _exit(EXIT_BROKEN);
    }
    resume(e);
    count_commit(e, r->took_us);
    crash_here(CRASH_COMMIT_AFTER);
    go_on(e);
}

static void is_woken(evutil_socket_t fd, short what, void *engine)
{
    (void)what;
    struct engine *e = engine;
    struct result result;
    eventfd_t count;
    eventfd_read(fd, &count);
    if (!take_result(e->committer, false, &result))
        return; /* commit_wait had it */
    loop_release(e->loop);
    take_up(e, &result, act_beside);
}

/* Whether there is somebody to go on beside the commit. */
static bool wants_thread(const struct engine *e)
{
    return (e->queue || e->under_way->change_count > FEW_CHANGES) && !e->is_closing &&
           store_reads_beside_commits(e->store);
}

static void begin_commit(struct engine *e)
{
    bool beside = wants_thread(e);
    if (beside && !e->committer)
        e->committer = committer_new(e);
    if (beside && e->committer) {
        hand_over(e);
    } else {
        struct result result = commit(e->store, e->under_way->batch);
        take_up(e, &result, act_at_once);
    }
}

void commit_now(struct engine *e)
{
    if (e->under_way)
        return; /* act_beside sends it */
    send_off(e);
    if (store_batch_is_empty(e->under_way->batch))
        act_at_once(e);
    else
        begin_commit(e);
}

bool commit_wait(struct engine *e)
{
    struct result result;
    while (e->under_way && !e->is_paused)
        if (take_result(e->committer, true, &result)) {
            loop_release(e->loop);
            take_up(e, &result, act_beside);
        }
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
