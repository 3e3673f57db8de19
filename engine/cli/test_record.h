/* stepwell test --from-history: a test file from an execution of the store or an AWS history. */
#ifndef ENGINE_CLI_TEST_RECORD_H
#define ENGINE_CLI_TEST_RECORD_H

#include "engine/cli/cli.h"
#include "engine/test/file.h"

struct record_options {
    const char *source;     /* a file, or an execution */
    const char *definition; /* a file; NULL: the store's own */
    const char *output;     /* NULL: stdout */
    const char *name;       /* of the test; NULL: made from the source */
    const char *type, *db;  /* or NULL */
    struct texts variables; /* "Name=Value" */
    const struct reader *reader;
};
/* Gives the exit status. */
int test_record(const struct record_options *o);

#endif
