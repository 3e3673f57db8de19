/* Many tests at once, in processes of their own: what one does to its process (a crash, no end) is
 * the failure of that test and of no other.
 *
 * Files are read before; the workers are forks and share what was read. Each takes the next test
 * that nobody took, and sends its result back through a pipe.
 */
#ifndef ENGINE_TEST_POOL_H
#define ENGINE_TEST_POOL_H

#include "engine/test/expect.h"

/* A test that plays longer than this (real time) is ended. */
#define TEST_SECONDS_MAXIMUM    60
#define TEST_SECONDS_WITH_CALLS 900
#define WORKERS_MAXIMUM         256

struct job {
    const struct test_file *file;
    size_t file_number, test;
    const char *skip; /* why it is not run; NULL: it is */
};

struct pool {
    const struct job *jobs;
    size_t count;
    int workers; /* 0: in this process */
    bool update;
    unsigned seconds; /* real time a test may take */
    void *state;
    /* In the worker, before its first test and after its last. */
    void (*open)(void *state, struct world *world);
    void (*close)(void *state, struct world *world);
    /* In the worker: which of `world` a test of that file sees (its collector of coverage). */
    void (*enter)(void *state, struct world *world, size_t file_number);
    /* In the worker, after its last test: what else goes back; NULL: nothing. Yours to take. */
    asl_value *(*account)(void *state, size_t number);
    /* Here, one after another, in any order. */
    void (*see)(void *state, size_t job, const asl_value *result);
    void (*see_account)(void *state, size_t number, const asl_value *account);
};
/* False and a message when no worker can be had. */
bool pool_run(const struct pool *p, char message[256]);

#endif
