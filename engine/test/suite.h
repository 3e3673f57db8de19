/* A run of test files: found, read, played by the pool, reported, and where asked for rewritten. */
#ifndef ENGINE_TEST_SUITE_H
#define ENGINE_TEST_SUITE_H

#include "engine/coverage/coverage.h"
#include "engine/test/pool.h"
#include "engine/test/report.h"

struct suite_options {
    struct reader reader;
    const char *const *paths; /* files and folders */
    size_t path_count;
    const char *const *filters; /* of which a test's "file: name" contains one; none: all tests */
    size_t filter_count;
    int workers; /* 0: in this process */
    bool update, verbose, colour, coverage;
    const struct report_form *form;
    struct asl_buffer *out;
    const struct report_form *second_form; /* into `second_out`; NULL: none */
    struct asl_buffer *second_out;
    /* Made in each worker, and let go there; NULL: calls are not made. */
    void (*open_world)(void *state, struct world *world);
    void (*close_world)(void *state, struct world *world);
    void *world_state;
};

struct suite {
    const struct suite_options *options;
    struct test_file *files;
    size_t file_count;
    struct job *jobs;
    size_t job_count;
    asl_value ***results;       /* by file and test; NULL: not selected */
    struct coverage **coverage; /* one a definition; NULL: nobody counts */
    size_t *coverage_of;        /* by file */
    size_t coverage_count;
    size_t updated; /* expectations rewritten */
    struct tally tally;
    char message[512]; /* why it could not be done */
};

/* Finds and reads the files. False and a message: a path cannot be read, or there is no test file.
 */
bool test_suite_open(struct suite *s, const struct suite_options *options);
/* Plays and reports. False and a message when that cannot be done. */
bool test_suite_run(struct suite *s);
/* "file: name" of each selected test, a line each. */
void test_suite_list(const struct suite *s, struct asl_buffer *out);
void test_suite_close(struct suite *s);
/* Whether a file's name is that of a test file: "*.test.json". */
bool test_suite_is_file(const char *name);

#endif
