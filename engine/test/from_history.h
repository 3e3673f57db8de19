/* A test written from a recorded execution: its outcomes as mocks, its end, path and calls as what
 * to expect. What does not come out again by itself (ids and times made anew in every run) is
 * expected by its type only. */
#ifndef ENGINE_TEST_FROM_HISTORY_H
#define ENGINE_TEST_FROM_HISTORY_H

#include "engine/test/file.h"

struct from_history {
    const struct recording *recording;
    const char *name;      /* of the test */
    const char *execution; /* the execution's name, or NULL: unknown */
    const char *machine;   /* its machine's, or NULL */
    bool express;
    asl_value *definition;    /* a file's name as the test file shall show it, or itself */
    asl_value *substitutions; /* an object, or NULL */
    const char *path;         /* where the test file will stand */
    const struct reader *reader;
};

/* The test file's text into `out`. False and a message when the definition cannot be had. `notes`
 * gets a line for what the test does not show yet; empty: it passes. */
bool test_from_history(const struct from_history *h, struct asl_buffer *out,
                       struct asl_buffer *notes, char message[512]);

#endif
