/* Plays a machine at the core under a virtual clock, following a recorded history: the recorded
 * outcomes go in where they were recorded, the clock moves where the recording waits, and of
 * several branches the one goes on whose turn it was. What comes out is for the caller to compare.
 */
#ifndef TESTS_CONFORMANCE_PLAY_H
#define TESTS_CONFORMANCE_PLAY_H

#include "asl/asl.h"

struct play {
    const asl_value *recorded; /* array of events, or NULL: nothing to follow */
    bool blurred;              /* its ids cannot be relied on: tasks are answered in their order */
    /* Answers tasks where no recording does: the outcome of the command, in `event`; false: none
     * (yet), then the next open task is asked for, and at last the clock moves on. Values put into
     * `event->output` are the caller's. */
    bool (*answer)(void *state, const struct asl_command *task, struct asl_event *event);
    void *state;
    bool express, synchronous;
    unsigned redrives; /* so many times, what failed is redriven */
    const char *machine_name;
    struct asl_text definition, input; /* texts */

    /* what came out; free with play_free() */
    asl_execution *execution;
    asl_value *events; /* array, as GetExecutionHistory shows them */
    struct asl_diagnostics diagnostics;
    char problem[256]; /* not played at all, or stuck; empty: it ended */

    /* at work */
    int64_t now;
    uint64_t random;
    unsigned uuids;
    bool forced;            /* the recording shows no way on: first come, first served */
    size_t cursor, started; /* of a blurred recording */
};

#define PLAY_REGION  "us-east-1"
#define PLAY_ACCOUNT "123456789012"
#define PLAY_PREFIX  "arn:aws:states:" PLAY_REGION ":" PLAY_ACCOUNT ":"
#define PLAY_ROLE    "arn:aws:iam::" PLAY_ACCOUNT ":role/played"

/* False when the definition or the input is refused (`problem`, `diagnostics`). */
bool play_run(struct play *p);
void play_free(struct play *p);

#endif
