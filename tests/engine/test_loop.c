/* The loop: order of timers, the three clocks, signals. Breaks when a timer fires early or out of
 * order, when the skipped clock waits or jumps while it is held. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "engine/loop/loop.h"

struct test {
    struct loop *loop;
    struct loop_timer *timers[4];
    char log[64];
    int64_t at[8];
    size_t count;
};

static void note(struct test *t, char c)
{
    t->at[t->count] = loop_now(t->loop);
    t->log[t->count++] = c;
}

static void fire_a(void *state)
{
    note(state, 'a');
}

static void fire_b(void *state)
{
    note(state, 'b');
}

static void fire_last(void *state)
{
    struct test *t = state;
    note(t, 'z');
    loop_stop(t->loop);
}

static void skips_in_order(void **state)
{
    (void)state;
    struct test t = {.loop = loop_new(LOOP_SKIP, 1)};
    int64_t start = loop_now(t.loop);
    t.timers[0] = loop_timer_new(t.loop, fire_last, &t);
    t.timers[1] = loop_timer_new(t.loop, fire_a, &t);
    t.timers[2] = loop_timer_new(t.loop, fire_b, &t);
    t.timers[3] = loop_timer_new(t.loop, fire_b, &t);
    loop_timer_arm(t.timers[0], start + 31536000000); /* a year */
    loop_timer_arm(t.timers[1], start + 60000);
    loop_timer_arm(t.timers[2], start + 60000);
    loop_timer_arm(t.timers[3], start + 10);
    loop_timer_disarm(t.timers[3]);
    loop_run(t.loop);
    assert_string_equal(t.log, "abz");
    assert_int_equal(t.at[0], start + 60000);
    assert_int_equal(t.at[2], start + 31536000000);
    for (int i = 0; i < 4; i++)
        loop_timer_free(t.timers[i]);
    loop_free(t.loop);
}

static void let_go(void *state)
{
    struct test *t = state;
    note(t, 'r');
    loop_release(t->loop);
}

/* Something real that takes a moment: two rounds of the loop. */
static void soon_again(void *state)
{
    struct test *t = state;
    note(t, 's');
    loop_soon(t->loop, let_go, t);
}

static void stands_while_held(void **state)
{
    (void)state;
    struct test t = {.loop = loop_new(LOOP_SKIP, 1)};
    int64_t start = loop_now(t.loop);
    t.timers[0] = loop_timer_new(t.loop, fire_last, &t);
    loop_timer_arm(t.timers[0], start + 5000);
    loop_hold(t.loop);
    loop_soon(t.loop, soon_again, &t);
    loop_run(t.loop);
    assert_string_equal(t.log, "srz");
    assert_int_equal(t.at[1], start);
    assert_int_equal(t.at[2], start + 5000);
    loop_timer_free(t.timers[0]);
    loop_free(t.loop);
}

static void scales(void **state)
{
    (void)state;
    struct test t = {.loop = loop_new(LOOP_SCALED, 100000)};
    int64_t start = loop_now(t.loop);
    t.timers[0] = loop_timer_new(t.loop, fire_last, &t);
    loop_timer_arm(t.timers[0], start + 600000); /* ten minutes: six milliseconds */
    loop_run(t.loop);
    assert_true(t.at[0] >= start + 600000);
    loop_timer_free(t.timers[0]);
    loop_free(t.loop);
}

static void hears_signals(void **state)
{
    (void)state;
    struct test t = {.loop = loop_new(LOOP_REAL, 1)};
    loop_on_signal(t.loop, SIGUSR1, fire_last, &t);
    raise(SIGUSR1);
    loop_run(t.loop);
    assert_string_equal(t.log, "z");
    loop_free(t.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skips_in_order),
        cmocka_unit_test(stands_while_held),
        cmocka_unit_test(scales),
        cmocka_unit_test(hears_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
