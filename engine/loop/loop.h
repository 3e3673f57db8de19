/* The one event loop: timers, signals, sockets; libevent underneath. One thread.
 *
 * Time. All of Stepwell's time comes from here: `loop_now` is the one clock, real, skipped or
 * scaled. With LOOP_SKIP the loop jumps to the next due timer as soon as nothing else can run: no
 * request on its way, no handler that was asked for. Sockets are always real.
 */
#ifndef ENGINE_LOOP_LOOP_H
#define ENGINE_LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct event_base;

enum loop_time { LOOP_REAL, LOOP_SKIP, LOOP_SCALED };

struct loop *loop_new(enum loop_time time, double scale);
void loop_free(struct loop *l);
struct event_base *loop_base(struct loop *l); /* for libevent's own (evhttp, sockets) */

/* Milliseconds since 1970, UTC; never runs backwards. */
int64_t loop_now(const struct loop *l);
bool loop_is_real(const struct loop *l); /* LOOP_REAL */
/* Unless real, the clock shows `least_ms` at least from now on: a skipped or scaled clock goes on
 * where it was when the process ended. */
void loop_go_on_from(struct loop *l, int64_t least_ms);

/* Runs until loop_stop(). */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

/* Calls once at `due_ms` of loop_now's clock (a past time: at the next turn). The timer is freed by
 * loop_timer_free only; arming again moves it. */
struct loop_timer *loop_timer_new(struct loop *l, void (*call)(void *state), void *state);
void loop_timer_arm(struct loop_timer *t, int64_t due_ms);
void loop_timer_disarm(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

/* Calls soon, in this turn or the next, outside of the present call. */
void loop_soon(struct loop *l, void (*call)(void *state), void *state);

/* While held, LOOP_SKIP does not jump: something real is on its way (a request, a child process).
 */
void loop_hold(struct loop *l);
void loop_release(struct loop *l);

/* SIGTERM, SIGINT and the like, delivered in the loop. */
void loop_on_signal(struct loop *l, int signal, void (*call)(void *state), void *state);

#endif
