/* The mocks of one test at work: which of them answers a call, and what then comes to the task. */
#ifndef ENGINE_TEST_MOCKS_H
#define ENGINE_TEST_MOCKS_H

#include "engine/replay/outcomes.h"
#include "engine/test/file.h"

struct mock {
    struct asl_text state;
    const asl_value *value; /* as the file has it */
    char *pointer;          /* JSON Pointer into the file */
    bool is_shared;         /* of the file: it may stay unused here */
    int64_t left;           /* calls that it still answers; INT64_MAX: any number */
    size_t used;
    struct outcomes *recorded; /* of its history, or NULL */
};

struct mocks {
    const struct test_file *file;
    struct mock *items;
    size_t count;
    struct outcomes *recorded; /* of the test's history, or NULL: what no mock answers */
};
void mocks_open(struct mocks *m, const struct test_file *f, const struct test_case *t);
void mocks_close(struct mocks *m);

enum answer {
    ANSWER_COMES, /* it is on its way */
    ANSWER_CALL,  /* the call is to be made */
    ANSWER_NONE,  /* nothing answers: `why` says so, for people */
};
/* Lets the answer come to a task that was scheduled at `now`. */
enum answer mocks_answer(struct mocks *m, const struct asl_command *call, int64_t now,
                         struct coming *coming, struct asl_buffer *why);

/* Of the pseudo-event that says until when a worker sends heartbeats: ms since 1970; -1: of
 * another. */
int64_t heartbeat_until(const asl_value *event);
/* An event as a history shows it: {"type", details}. Consumes the details' value. */
asl_value *outside_event(const char *type, const char *details, const char *member,
                         asl_value *value_taken);

#endif
