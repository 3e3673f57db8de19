/* A test file, read: the definition compiled, every name in it looked up, recordings loaded. What
 * is wrong stands in `complaints`, with line and column; a file with complaints is not run.
 *
 * Untrusted: size, depth and counts are bounded, and whatever the file says only files beside it
 * are read, through `reader`.
 */
#ifndef ENGINE_TEST_FILE_H
#define ENGINE_TEST_FILE_H

#include "asl/asl.h"
#include "engine/replay/recording.h"
#include "engine/test/complaint.h"

#define TEST_FILE_MAXIMUM  ((size_t)64 << 20)
#define TESTS_MAXIMUM      100000
#define DEFINITION_MAXIMUM ((size_t)1 << 20)

/* How files are read, and which service calls exist. */
struct reader {
    void *state;
    /* Appends a whole file; false and a message. */
    bool (*read)(void *state, const char *path, size_t maximum, struct asl_buffer *out,
                 char message[256]);
    const struct asl_catalogue *catalogue; /* or NULL: SDK calls are not looked up */
    /* engine/aws/catalogue.h; NULL: mocks are not held against the model */
    struct catalogue *models;
};

struct test_case {
    const asl_value *value; /* of the file's "tests" */
    struct asl_text name;
    size_t line, column;
};

/* Something a test file names, read once. */
struct beside {
    char *name;                 /* as the file writes it */
    struct recording recording; /* of a history; events NULL: it is JSON */
    asl_value *json;            /* of resultFile, inputFile */
};

struct test_file {
    char *path, *folder; /* folder: with its slash, or "" */
    struct asl_buffer text;
    asl_value *root;       /* NULL: it is no JSON */
    char *definition_path; /* as it is shown; of a definition in the file itself: the file's */
    struct asl_buffer definition; /* substituted */
    asl_machine *machine;
    struct test_case *tests;
    size_t count;
    struct beside *beside;
    size_t beside_count;
    struct complaints complaints;
};

/* Reads it; complaints tell whether it can be run. */
void test_file_open(struct test_file *f, const char *path, const struct reader *reader);
/* The same from a text, as if it stood at `path`. */
void test_file_parse(struct test_file *f, const char *path, struct asl_text text,
                     const struct reader *reader);
void test_file_close(struct test_file *f);

/* What the file has read under that name; NULL: nothing. */
const struct beside *test_file_beside(const struct test_file *f, struct asl_text name);
/* A state of the machine by its name, nested ones included; NULL: there is none. */
struct state;
const struct state *test_file_state(const struct test_file *f, struct asl_text name);
bool state_is_in_map(const asl_machine *m, const struct state *s);
/* A member of the test, else of the file as a whole; NULL: neither has it. */
const asl_value *test_member(const struct test_file *f, const struct test_case *t,
                             const char *name);
bool member_is_true(const asl_value *owner, const char *name); /* it is there, and true */
/* The text of the value that begins at `start`, to its end. */
struct asl_text json_span(struct asl_text text, size_t start);

#endif
