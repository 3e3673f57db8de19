/* Is a definition what a recorded execution ran under, and if it was edited: what would have come?
 *
 * The recording is first followed event by event; when everything comes out as recorded the verdict
 * is REPLAY_SAME. Otherwise the definition runs freely under a virtual clock with the recorded
 * outcomes (by state, Map iteration and parameters, after their recorded durations), and what came
 * is compared with what was, branch by branch, so that another interleaving of branches is no
 * difference.
 *
 * A recording that was taken while the execution was open is played on until every state that it
 * stood in is come to: what follows there is nobody's to know, and no difference.
 *
 * Calls nobody: no task leaves.
 */
#ifndef ENGINE_REPLAY_REPLAY_H
#define ENGINE_REPLAY_REPLAY_H

#include "engine/replay/recording.h"

enum replay_verdict {
    REPLAY_SAME,
    REPLAY_OTHER_PAYLOAD, /* the same states in the same order, with other data */
    REPLAY_OTHER_PATH,
    REPLAY_FAILS,         /* it would end FAILED or TIMED_OUT where it did not */
    REPLAY_NEEDS_OUTCOME, /* a task whose outcome was never recorded */
    REPLAY_UNREACHABLE,   /* an open execution: where it stands is not come to */
    REPLAY_VERDICTS,
};
const char *replay_verdict_name(enum replay_verdict verdict); /* "same", "other-payload", ... */

/* What a recording does not tell of its execution; NULL: unknown, made up and matched. */
struct replay_identity {
    const char *arn, *name, *machine_arn, *machine_name;
    bool express;
    /* Of a fork: the state it began with, and {"name": value} of the variables it was given. */
    const char *from;
    const asl_value *variables;
};

struct replay_judgement {
    enum replay_verdict verdict;
    int64_t event;                /* id of the first event that differs, 0: none */
    struct asl_buffer state;      /* its state's name, or empty */
    struct asl_buffer difference; /* "path: recorded ..., replayed ..." */
    struct asl_buffer needs;      /* REPLAY_NEEDS_OUTCOME: the task's parameters */
    enum asl_status status;       /* how the replay ended */
    struct asl_buffer error, cause;
    bool is_open; /* the recording was taken before the end */
    bool goes_on; /* of an open one: what it stands in is come to, so it could go on from there */
    struct asl_buffer stands_in; /* of an open one: "Call, Each[2]" */
};
void replay_judgement_free(struct replay_judgement *j);

/* False and a message when the recording cannot be played at all (its input is no JSON). */
bool replay_judge(asl_machine *machine, const struct recording *r,
                  const struct replay_identity *identity, struct replay_judgement *j,
                  char message[256]);

/* Follows the recording while somebody looks on (asl_env's `see`). False: it does not replay as
 * recorded; what there is up to the first difference was seen. */
bool replay_watch(asl_machine *machine, const struct recording *r,
                  const struct replay_identity *identity,
                  void (*see)(void *onlooker, const struct asl_observation *o), void *onlooker);

#endif
