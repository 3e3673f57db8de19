/* One test: the execution, played on the pure step under a virtual clock, and what it came to.
 *
 * Nothing leaves but the calls whose mock says "call": those go to `world`. No store, no sockets,
 * no clock of the machine's: a test comes out the same every time.
 */
#ifndef ENGINE_TEST_RUN_H
#define ENGINE_TEST_RUN_H

#include "engine/replay/player.h"
#include "engine/test/mocks.h"

struct coverage;

struct world {
    void *state;
    void (*begin)(void *state); /* a test begins: nothing of the one before is there; or NULL */
    /* Makes a call and returns when it is over: its events ([{"type", "timestamp", ...}], times
     * from 0 in seconds), yours; NULL and a message. `routes`: the test's, or NULL. */
    asl_value *(*call)(void *state, const struct asl_command *call, const asl_value *routes,
                       char message[512]);
    struct catalogue *models;  /* refuse parameters as AWS does; NULL: any are taken */
    size_t events_maximum;     /* a test that runs in circles ends there; 0: 200,000 */
    struct coverage *coverage; /* engine/coverage/coverage.h; NULL: nobody counts */
};

/* Which way a Choice went. */
struct decision {
    const struct state *state;
    size_t rule; /* SIZE_MAX: the default */
};

/* A test that was played: what it came to, still with its execution. */
struct test_run {
    const struct test_file *file;
    const struct test_case *test;
    const struct world *world;
    struct player player;
    struct mocks mocks;
    struct coming coming;
    struct value_list calls; /* {"state", "resource", "parameters", "index", "attempt", "at" ...} */
    struct decision *decisions;
    size_t decision_count, decision_capacity;
    size_t *entered; /* by state id: how often, children of distributed Maps included */
    void (*see)(void *onlooker, const struct asl_observation *o); /* who looks on, too, or NULL */
    void *onlooker;
    struct asl_buffer broken; /* why it could not go on: nothing answered; empty: it could */
    int64_t started, stop_at;
};
/* Plays it to its end, or as far as it comes. */
void test_run_open(struct test_run *r, const struct test_file *f, const struct test_case *t,
                   const struct world *world);
void test_run_close(struct test_run *r);

/* "RUNNING" where it waits for ever. */
const char *test_run_status(const struct test_run *r);

#endif
