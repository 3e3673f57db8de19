/* The one event loop, on libevent, and the one clock.
 *
 * Timers wait in a heap of our own, because the clock they go by may be a made-up one; libevent is
 * asked for a single wake-up, the nearest. Invariants: the clock never runs backwards; a timer never
 * fires before loop_now() has reached its due time; under LOOP_SKIP the clock jumps only when nobody
 * holds the loop and nothing is to be called soon.
 */
#include "engine/loop/loop.h"

#include <assert.h>
#include <event2/event.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include "asl/value/text.h"

#define SIGNALS_MAXIMUM 8

struct loop_timer {
    struct loop *loop;
    void (*call)(void *state);
    void *state;
    int64_t due;
    uint64_t order;   /* of arming: equal due times fire in this order */
    size_t place;     /* in the heap, from 1; 0: not armed */
};

struct soon {
    void (*call)(void *state);
    void *state;
};

struct on_signal {
    struct event *event;
    void (*call)(void *state);
    void *state;
};

struct loop {
    struct event_base *base;
    struct event *wake;
    enum loop_time time;
    double scale;
    int64_t real_origin, origin; /* where the clocks began, ms */
    int64_t now;                 /* the last moment told; the skipped clock itself */
    struct loop_timer **heap;    /* from 1 */
    size_t count, capacity;
    uint64_t orders;
    struct soon *soon;
    size_t soon_count, soon_capacity;
    size_t holds;
    bool stopped;
    struct on_signal signals[SIGNALS_MAXIMUM];
    size_t signal_count;
};

static int64_t real_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t steady_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the clock ---- */

static int64_t clock_now(const struct loop *l)
{
    if (l->time == LOOP_REAL)
        return real_now();
    if (l->time == LOOP_SCALED)
        return l->origin + (int64_t)((double)(steady_now() - l->real_origin) * l->scale);
    return l->now;
}

int64_t loop_now(const struct loop *l)
{
    struct loop *mine = (struct loop *)l;
    int64_t now = clock_now(l);
    if (now > mine->now)
        mine->now = now; /* a clock set back does not take us along */
    return mine->now;
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

static void sift_up(struct loop *l, struct loop_timer *t, size_t place)
{
    for (; place > 1 && before(t, l->heap[place / 2]); place /= 2)
        put(l, l->heap[place / 2], place);
    put(l, t, place);
}

static void sift_down(struct loop *l, struct loop_timer *t, size_t place)
{
    for (size_t child; (child = 2 * place) <= l->count; place = child) {
        if (child < l->count && before(l->heap[child + 1], l->heap[child]))
            child++;
        if (!before(l->heap[child], t))
            break;
        put(l, l->heap[child], place);
    }
    put(l, t, place);
}

struct loop_timer *loop_timer_new(struct loop *l, void (*call)(void *state), void *state)
{
    struct loop_timer *t = asl_allocate_zeroed(1, sizeof *t);
    t->loop = l;
    t->call = call;
    t->state = state;
    return t;
}

void loop_timer_disarm(struct loop_timer *t)
{
    struct loop *l = t->loop;
    size_t place = t->place;
    if (place == 0)
        return;
    t->place = 0;
    struct loop_timer *last = l->heap[l->count--];
    if (last == t)
        return;
    if (place > 1 && before(last, l->heap[place / 2]))
        sift_up(l, last, place);
    else
        sift_down(l, last, place);
}

void loop_timer_arm(struct loop_timer *t, int64_t due_ms)
{
    struct loop *l = t->loop;
    loop_timer_disarm(t);
    t->due = due_ms;
    t->order = l->orders++;
    if (l->count + 2 > l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 16;
        l->heap = asl_reallocate(l->heap, l->capacity * sizeof(struct loop_timer *));
    }
    l->count++;
    sift_up(l, t, l->count);
}

void loop_timer_free(struct loop_timer *t)
{
    if (!t)
        return;
    loop_timer_disarm(t);
    free(t);
}

/* ---- soon ---- */

void loop_soon(struct loop *l, void (*call)(void *state), void *state)
{
    if (l->soon_count == l->soon_capacity) {
        l->soon_capacity = l->soon_capacity ? l->soon_capacity * 2 : 16;
        l->soon = asl_reallocate(l->soon, l->soon_capacity * sizeof *l->soon);
    }
    l->soon[l->soon_count++] = (struct soon){call, state};
}

/* Those that are there now; what they ask for comes in the next round. */
static bool call_soon(struct loop *l)
{
    size_t count = l->soon_count;
    for (size_t i = 0; i < count && !l->stopped; i++) {
        struct soon s = l->soon[i];
        s.call(s.state);
    }
    l->soon_count -= count;
    for (size_t i = 0; i < l->soon_count; i++)
        l->soon[i] = l->soon[count + i];
    return count > 0;
}

/* ---- running ---- */

static bool fire_due(struct loop *l)
{
    bool fired = false;
    int64_t now = loop_now(l);
    uint64_t until = l->orders; /* what is armed from here on waits for the next round */
    while (l->count && l->heap[1]->due <= now && l->heap[1]->order < until && !l->stopped) {
        struct loop_timer *t = l->heap[1];
        loop_timer_disarm(t);
        t->call(t->state);
        fired = true;
    }
    return fired;
}

static void on_wake(evutil_socket_t fd, short what, void *state)
{
    (void)fd, (void)what, (void)state; /* being awake is all */
}

/* Real milliseconds until the nearest timer; -1: there is none. */
static int64_t real_wait(const struct loop *l)
{
    if (!l->count)
        return -1;
    int64_t wait = l->heap[1]->due - loop_now(l);
    if (wait <= 0)
        return 0;
    return l->time == LOOP_SCALED ? (int64_t)((double)wait / l->scale) + 1 : wait;
}

/* Waits for sockets, signals or the nearest timer. */
static void wait_for_something(struct loop *l)
{
    int64_t wait = l->soon_count ? 0 : real_wait(l);
    if (l->time == LOOP_SKIP && wait > 0)
        wait = -1; /* held: the clock stands until what holds it is over */
    if (wait == 0) {
        event_base_loop(l->base, EVLOOP_NONBLOCK);
        return;
    }
    if (wait > 0) {
        if (wait > INT_MAX)
            wait = INT_MAX;
        struct timeval tv = {wait / 1000, (suseconds_t)(wait % 1000) * 1000};
        event_add(l->wake, &tv);
    }
    event_base_loop(l->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
    event_del(l->wake);
}

/* Under LOOP_SKIP: with nothing else to do, on to the next due timer. */
static bool skip_ahead(struct loop *l)
{
    if (l->time != LOOP_SKIP || l->holds || l->soon_count || !l->count)
        return false;
    event_base_loop(l->base, EVLOOP_NONBLOCK); /* sockets and signals first */
    if (l->stopped || l->holds || l->soon_count || !l->count)
        return true;
    if (l->heap[1]->due > l->now && l->heap[1]->due != INT64_MAX)
        l->now = l->heap[1]->due;
    return l->heap[1]->due <= l->now;
}

void loop_run(struct loop *l)
{
    l->stopped = false;
    while (!l->stopped) {
        bool busy = call_soon(l);
        if (!l->stopped)
            busy |= fire_due(l);
        if (l->stopped)
            break;
        if (busy)
            event_base_loop(l->base, EVLOOP_NONBLOCK);
        else if (!skip_ahead(l))
            wait_for_something(l);
    }
}

void loop_stop(struct loop *l)
{
    l->stopped = true;
    event_base_loopbreak(l->base);
}

void loop_hold(struct loop *l)
{
    l->holds++;
}

void loop_release(struct loop *l)
{
    assert(l->holds > 0);
    l->holds--;
}

/* ---- signals ---- */

static void signal_came(evutil_socket_t fd, short what, void *state)
{
    (void)fd, (void)what;
    struct on_signal *s = state;
    s->call(s->state);
}

void loop_on_signal(struct loop *l, int signal_number, void (*call)(void *state), void *state)
{
    assert(l->signal_count < SIGNALS_MAXIMUM);
    struct on_signal *s = &l->signals[l->signal_count++];
    s->call = call;
    s->state = state;
    s->event = evsignal_new(l->base, signal_number, signal_came, s);
    if (!s->event || event_add(s->event, NULL) != 0)
        asl_out_of_memory();
}

/* ---- life ---- */

struct event_base *loop_base(struct loop *l)
{
    return l->base;
}

struct loop *loop_new(enum loop_time time, double scale)
{
    struct loop *l = asl_allocate_zeroed(1, sizeof *l);
    l->time = time;
    l->scale = scale > 0 ? scale : 1;
    l->origin = l->now = real_now();
    l->real_origin = steady_now();
    l->base = event_base_new();
    l->wake = l->base ? event_new(l->base, -1, 0, on_wake, NULL) : NULL;
    if (!l->wake)
        asl_out_of_memory();
    return l;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->signal_count; i++)
        event_free(l->signals[i].event);
    assert(l->count == 0 || l->stopped); /* armed timers belong to others, who free them first */
    event_free(l->wake);
    event_base_free(l->base);
    free(l->heap);
    free(l->soon);
    free(l);
}
