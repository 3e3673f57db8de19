/* What came of the tasks of a recorded execution, to be given again.
 *
 * Which outcome a task gets, first match wins, each is used once, in their recorded order: that of
 * the same state and Map iteration with equal parameters; of the same state and iteration; of the
 * same state with equal parameters; of the same resource with equal parameters (a state renamed).
 */
#ifndef ENGINE_REPLAY_OUTCOMES_H
#define ENGINE_REPLAY_OUTCOMES_H

#include "engine/replay/coming.h"
#include "engine/replay/recording.h"

struct outcome {
    int64_t scheduled;      /* id of its ...Scheduled event */
    const asl_value *state; /* name */
    int64_t iteration;      /* of the innermost Map; -1: none */
    uint64_t iterations;    /* of all Maps around (places.h); 0: not told */
    struct asl_text resource;
    asl_value *parameters;      /* what the task was given */
    const asl_value *events[3]; /* started, submitted, ended, as far as recorded */
    size_t count;
    bool used;
};

struct outcomes {
    const struct recording *recording; /* looked at: it must live as long */
    struct outcome *items;             /* in order of `scheduled` */
    size_t count;
    const asl_value *stop; /* recorded ExecutionAborted, or NULL */
};
void outcomes_read(struct outcomes *all, const struct recording *recording);
void outcomes_free(struct outcomes *all);

/* The parameters that a Scheduled event shows; yours, or NULL. */
asl_value *outcome_parameters(const asl_value *scheduled);
/* The one that fits best among those that were not used, or NULL. */
struct outcome *outcomes_find(struct outcomes *all, const struct outcome *wanted);
/* Lets it come to `task`, scheduled `now`, after the times that it took; it is used then. */
void outcome_comes(const struct outcomes *all, struct outcome *o, int64_t now, int64_t task,
                   struct coming *coming);

#endif
