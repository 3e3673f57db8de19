/* The loop and its clock. Breaks when: timers come in the wrong order or too early, a timer that
 * was disarmed comes, skipped time waits or jumps while something is held, time runs backwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/loop/loop.h"

static char log_text[256];
static struct loop *loop;

static void say(void *state)
{
    strcat(log_text, state);
}

static void stop(void *state)
{
    (void)state;
    loop_stop(loop);
}

static int begin(void **state)
{
    (void)state;
    log_text[0] = '\0';
    return 0;
}

static int64_t real_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void calls_timers_in_order(void **state)
{
    (void)state;
    static const enum loop_time times[] = {LOOP_REAL, LOOP_SKIP, LOOP_SCALED};
    for (size_t k = 0; k < 3; k++) {
        loop = loop_new(times[k], 10);
        begin(NULL);
        int64_t now = loop_now(loop);
        struct loop_timer *t[6];
        for (size_t i = 0; i < 5; i++)
            t[i] = loop_timer_new(loop, say, &"a\0b\0c\0d\0e"[2 * i]);
        t[5] = loop_timer_new(loop, stop, NULL);
        loop_timer_arm(t[0], now + 30);
        loop_timer_arm(t[1], now + 10);
        loop_timer_arm(t[2], now - 5);
        loop_timer_arm(t[3], now + 10);
        loop_timer_arm(t[4], now + 1);
        loop_timer_arm(t[5], now + 40);
        loop_timer_disarm(t[4]);
        loop_timer_arm(t[0], now + 5); /* moves */
        loop_run(loop);
        assert_string_equal(log_text, "cabd");
        assert_true(loop_now(loop) >= now + 40);
        for (size_t i = 0; i < 6; i++)
            loop_timer_free(t[i]);
        loop_free(loop);
    }
}

struct check {
    int64_t due;
    int calls;
};
static int64_t last_due;

static void check_order(void *state)
{
    struct check *c = state;
    assert_true(c->due >= last_due);
    assert_true(loop_now(loop) >= c->due);
    last_due = c->due;
    c->calls++;
}

static void keeps_thousands_in_order(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static struct check checks[COUNT];
    static struct loop_timer *timers[COUNT];
    loop = loop_new(LOOP_SKIP, 0);
    int64_t now = loop_now(loop);
    srand(7);
    for (size_t i = 0; i < COUNT; i++) {
        checks[i] = (struct check){now + rand() % 1000000, 0};
        timers[i] = loop_timer_new(loop, check_order, &checks[i]);
        loop_timer_arm(timers[i], checks[i].due);
    }
    for (size_t i = 0; i < COUNT; i += 3)
        loop_timer_disarm(timers[i]);
    struct loop_timer *end = loop_timer_new(loop, stop, NULL);
    loop_timer_arm(end, now + 2000000);
    int64_t began = real_ms();
    loop_run(loop);
    assert_true(real_ms() - began < 5000);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(checks[i].calls, i % 3 ? 1 : 0);
        loop_timer_free(timers[i]);
    }
    loop_timer_free(end);
    loop_free(loop);
}

static void release(void *state)
{
    loop_release(loop);
    say(state);
}

static void does_not_jump_while_held(void **state)
{
    (void)state;
    loop = loop_new(LOOP_SKIP, 0);
    struct loop_timer *day = loop_timer_new(loop, stop, NULL);
    struct loop_timer *real = loop_timer_new(loop, release, "r");
    int64_t now = loop_now(loop), began = real_ms();
    loop_timer_arm(day, now + 86400000);
    loop_timer_arm(real, now + 60);
    loop_hold(loop);
    loop_run(loop);
    assert_string_equal(log_text, "r");
    assert_in_range(real_ms() - began, 55, 5000);
    assert_true(loop_now(loop) - now >= 86400000);
    loop_timer_free(day);
    loop_timer_free(real);
    loop_free(loop);
}

static void say_twice(void *state)
{
    say("1");
    loop_soon(loop, say, state);
    loop_soon(loop, stop, NULL);
}

static void calls_soon_outside_of_the_call(void **state)
{
    (void)state;
    loop = loop_new(LOOP_REAL, 0);
    loop_soon(loop, say_twice, "2");
    loop_soon(loop, say, "3");
    assert_string_equal(log_text, "");
    loop_run(loop);
    assert_string_equal(log_text, "132");
    loop_free(loop);
}

static void delivers_signals(void **state)
{
    (void)state;
    loop = loop_new(LOOP_REAL, 0);
    loop_on_signal(loop, SIGTERM, say, "x");
    loop_on_signal(loop, SIGTERM, stop, NULL);
    raise(SIGTERM);
    loop_run(loop);
    assert_string_equal(log_text, "");
    loop_free(loop);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(calls_timers_in_order, begin),
        cmocka_unit_test_setup(keeps_thousands_in_order, begin),
        cmocka_unit_test_setup(does_not_jump_while_held, begin),
        cmocka_unit_test_setup(calls_soon_outside_of_the_call, begin),
        cmocka_unit_test_setup(delivers_signals, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
