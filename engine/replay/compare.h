/* Comparing a replayed event with the recorded one.
 *
 * What the replay had to make up (the execution's name, UUIDs, task tokens) are marks: texts of a
 * shape nobody else uses, each standing for one recorded text from where the two first meet. Random
 * numbers and times of day cannot be made again: two numbers may differ once the replay drew a
 * random one, two timestamps may lie COMPARE_TIME_SLACK apart (any distance where the recording has
 * no times). Payloads are compared as JSON values: spacing and order of members do not count,
 * spelling of numbers (1 and 1.0) does.
 */
#ifndef ENGINE_REPLAY_COMPARE_H
#define ENGINE_REPLAY_COMPARE_H

#include "asl/value/value.h"

#define COMPARE_TIME_SLACK 2000 /* ms */

/* A mark is MARK_PREFIX and twelve digits, or a UUID that begins with MARK_UUID. */
#define MARK_PREFIX "StepwellReplay" /* no separator: an intrinsic may split at one */
#define MARK_UUID   "00000000-0000-4000-8000-"
#define MARK_DIGITS 12

struct meeting {
    char *mark, *text;
};

struct comparison {
    struct meeting *meetings;
    size_t count, capacity;
    bool drew_random; /* the replay asked for random numbers */
    bool untimed;     /* the recording's timestamps say nothing */
};

void comparison_free(struct comparison *c);

/* False at the first difference, appended to `difference` (may be NULL) as
 * "path: recorded ..., replayed ...". `ids`: id and previousEventId count. */
bool compare_event(struct comparison *c, const asl_value *recorded, const asl_value *replayed,
                   bool ids, struct asl_buffer *difference);
bool compare_value(struct comparison *c, const asl_value *recorded, const asl_value *replayed,
                   struct asl_buffer *difference);

#endif
