/* The event loop: libevent underneath, one clock on top.
 *
 * Our timers stand in a heap of our own, keyed by our clock; one libevent timeout stands for the
 * earliest of them. So the same timers serve real, skipped and scaled time, and libevent's own
 * (evhttp, curl) stay real.
 *
 * The clock. real: the wall clock. scaled: the wall clock's distance from the start, times the
 * scale. skip: the wall clock plus what was jumped over. It never runs backwards: when the wall
 * clock is set back it stands still; a long sleep is cut into pieces, so that a clock set forward
 * is noticed.
 *
 * A jump (skip) happens only when a poll of everything found nothing ready, nothing is held and
 * nothing was asked for soon: then the clock moves to the earliest timer.
 */
#include "loop.h"

#include <assert.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "asl/value/text.h"

/* The longest single sleep, real: how late a clock that was set forward is noticed. */
enum { NAP_MS = 5000 };

struct loop_timer {
    struct loop *loop;
    void (*call)(void *state);
    void *state;
    int64_t due;
    uint64_t order; /* of arming: equal dues go first come, first served */
    size_t place;   /* in the heap, from 1; 0: not armed */
};

struct soon {
    void (*call)(void *state);
    void *state;
};

struct soons {
    struct soon *items;
    size_t count, capacity;
};

struct signal_watch {
    struct event *event;
    int number;
    void (*call)(void *state);
    void *state;
};

enum { SIGNALS = 8 };

struct loop {
    struct event_base *base;
    struct event *tick;       /* the earliest timer, real time */
    struct event *soon_tick;  /* made active when something is asked for soon */
    struct loop_timer **heap; /* from 1 */
    size_t timers, capacity;
    uint64_t armed;
    struct soons soon, running;
    enum loop_time time;
    double scale;
    int64_t started; /* wall clock, for LOOP_SCALED */
    int64_t jumped;  /* for LOOP_SKIP */
    int64_t latest;  /* what was last told */
    size_t held;
    bool stopped;
    struct signal_watch signals[SIGNALS];
    size_t signal_count;
};

/* ---- the clock ---- */

static int64_t wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t loop_now(const struct loop *l)
{
    int64_t now = wall_ms();
    if (l->time == LOOP_SCALED)
        now = l->started + (int64_t)((double)(now - l->started) * l->scale);
    now += l->jumped;
    /* The one member that asking the time changes: what makes it never run backwards. */
    struct loop *mutable = (struct loop *)(uintptr_t)l;
    if (now > l->latest)
        mutable->latest = now;
    return l->latest;
}

bool loop_is_real(const struct loop *l)
{
    return l->time == LOOP_REAL;
}

void loop_go_on_from(struct loop *l, int64_t least_ms)
{
    int64_t now = loop_now(l);
    if (l->time != LOOP_REAL && least_ms > now)
        l->jumped += least_ms - now;
}

/* Real milliseconds until our clock shows `due`, rounded up, at most a nap. */
static int64_t real_wait(const struct loop *l, int64_t due)
{
    int64_t now = loop_now(l);
    if (due <= now)
        return 0;
    double wait = (double)(due - now);
    if (l->time == LOOP_SCALED)
        wait /= l->scale;
    return wait < NAP_MS ? (int64_t)wait + 1 : NAP_MS;
}

/* ---- the heap ---- */

static bool before(const struct loop_timer *a, const struct loop_timer *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void put(struct loop *l, struct loop_timer *t, size_t place)
{
    l->heap[place] = t;
    t->place = place;
}

static void rise(struct loop *l, struct loop_timer *t, size_t place)
{
    for (; place > 1 && before(t, l->heap[place / 2]); place /= 2)
        put(l, l->heap[place / 2], place);
    put(l, t, place);
}

static void sink(struct loop *l, struct loop_timer *t, size_t place)
{
    for (size_t child; (child = 2 * place) <= l->timers; place = child) {
        if (child < l->timers && before(l->heap[child + 1], l->heap[child]))
            child++;
        if (!before(l->heap[child], t))
            break;
        put(l, l->heap[child], place);
    }
    put(l, t, place);
}

static void set_tick(struct loop *l)
{
    if (l->timers == 0) {
        evtimer_del(l->tick);
        return;
    }
    int64_t wait = real_wait(l, l->heap[1]->due);
    struct timeval tv = {wait / 1000, (wait % 1000) * 1000};
    evtimer_add(l->tick, &tv);
}

struct loop_timer *loop_timer_new(struct loop *l, void (*call)(void *state), void *state)
{
    struct loop_timer *t = asl_allocate(sizeof *t);
    *t = (struct loop_timer){.loop = l, .call = call, .state = state};
    return t;
}

static void take_out(struct loop *l, struct loop_timer *t)
{
    size_t place = t->place;
    struct loop_timer *last = l->heap[l->timers--];
    t->place = 0;
    if (last == t)
        return;
    if (place > 1 && before(last, l->heap[place / 2]))
        rise(l, last, place);
    else
        sink(l, last, place);
}

void loop_timer_arm(struct loop_timer *t, int64_t due_ms)
{
    struct loop *l = t->loop;
    const struct loop_timer *earliest = l->timers ? l->heap[1] : NULL;
    if (t->place)
        take_out(l, t);
    if (l->timers + 1 >= l->capacity) {
        l->capacity = l->capacity ? 2 * l->capacity : 16;
        l->heap = asl_reallocate(l->heap, l->capacity * sizeof *l->heap);
    }
    t->due = due_ms;
    t->order = l->armed++;
    rise(l, t, ++l->timers);
    if (l->heap[1] != earliest || earliest == t)
        set_tick(l);
}

void loop_timer_disarm(struct loop_timer *t)
{
    if (!t->place)
        return;
    bool was_earliest = t->place == 1;
    take_out(t->loop, t);
    if (was_earliest)
        set_tick(t->loop);
}

void loop_timer_free(struct loop_timer *t)
{
    if (!t)
        return;
    loop_timer_disarm(t);
    free(t);
}

/* Those armed while this runs wait for the next round, so that a timer that arms itself in the past
 * cannot keep the loop from its sockets. */
static void run_due(struct loop *l)
{
    int64_t now = loop_now(l);
    uint64_t round = l->armed;
    while (l->timers && !l->stopped) {
        struct loop_timer *t = l->heap[1];
        if (t->due > now || t->order >= round)
            break;
        take_out(l, t);
        t->call(t->state);
    }
    set_tick(l);
}

static void on_tick(evutil_socket_t fd, short what, void *state)
{
    (void)fd, (void)what;
    run_due(state);
}

/* ---- soon ---- */

void loop_soon(struct loop *l, void (*call)(void *state), void *state)
{
    struct soons *s = &l->soon;
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 16;
        s->items = asl_reallocate(s->items, s->capacity * sizeof *s->items);
    }
    s->items[s->count++] = (struct soon){call, state};
    if (s->count == 1)
        event_active(l->soon_tick, EV_TIMEOUT, 0);
}

static void on_soon(evutil_socket_t fd, short what, void *state)
{
    (void)fd, (void)what;
    struct loop *l = state;
    struct soons now = l->soon;
    l->soon = l->running;
    l->soon.count = 0;
    for (size_t i = 0; i < now.count; i++)
        now.items[i].call(now.items[i].state);
    now.count = 0;
    l->running = now;
}

/* ---- signals ---- */

static void on_signal(evutil_socket_t number, short what, void *state)
{
    (void)number, (void)what;
    struct signal_watch *w = state;
    w->call(w->state);
}

void loop_on_signal(struct loop *l, int number, void (*call)(void *state), void *state)
{
    struct signal_watch *w = l->signals;
    while (w < l->signals + l->signal_count && w->number != number)
        w++;
    if (w == l->signals + l->signal_count) {
        assert(l->signal_count < SIGNALS);
        l->signal_count++;
        w->number = number;
        w->event = evsignal_new(l->base, number, on_signal, w);
        if (!w->event || evsignal_add(w->event, NULL) != 0)
            asl_out_of_memory();
    }
    w->call = call;
    w->state = state;
}

/* ---- life ---- */

struct loop *loop_new(enum loop_time time, double scale)
{
    struct loop *l = asl_allocate_zeroed(1, sizeof *l);
    l->time = time;
    l->scale = scale > 0 ? scale : 1;
    l->started = wall_ms();
    l->base = event_base_new();
    if (!l->base)
        asl_out_of_memory();
    l->tick = evtimer_new(l->base, on_tick, l);
    l->soon_tick = event_new(l->base, -1, 0, on_soon, l);
    if (!l->tick || !l->soon_tick)
        asl_out_of_memory();
    signal(SIGPIPE, SIG_IGN); /* a peer that has gone is an error of write, not our end */
    return l;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->signal_count; i++)
        event_free(l->signals[i].event);
    event_free(l->soon_tick);
    event_free(l->tick);
    event_base_free(l->base);
    free(l->soon.items);
    free(l->running.items);
    free(l->heap);
    free(l);
}

struct event_base *loop_base(struct loop *l)
{
    return l->base;
}

void loop_hold(struct loop *l)
{
    l->held++;
}

void loop_release(struct loop *l)
{
    assert(l->held > 0);
    l->held--;
}

/* ---- running ---- */

static bool may_jump(const struct loop *l)
{
    return l->time == LOOP_SKIP && l->held == 0 && l->soon.count == 0 && l->timers > 0;
}

static void jump(struct loop *l)
{
    int64_t now = loop_now(l);
    if (l->heap[1]->due > now)
        l->jumped += l->heap[1]->due - now;
    run_due(l);
}

void loop_run(struct loop *l)
{
    l->stopped = false;
    while (!l->stopped) {
        /* NONBLOCK alone goes on until a poll finds nothing: what follows is quiet. */
        if (may_jump(l)) {
            event_base_loop(l->base, EVLOOP_NONBLOCK);
            if (!l->stopped && may_jump(l))
                jump(l);
        } else {
            event_base_loop(l->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
        }
    }
}

void loop_stop(struct loop *l)
{
    l->stopped = true;
    event_base_loopbreak(l->base);
}
