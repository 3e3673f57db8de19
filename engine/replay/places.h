/* Where each event of a history stands: in which state, in which Map iterations, and behind which
 * states on its branch. Computed forwards, an event at a time, so that a history that grows is read
 * once. Events are as `struct recording` keeps them: in order of id, previousEventId below the id.
 */
#ifndef ENGINE_REPLAY_PLACES_H
#define ENGINE_REPLAY_PLACES_H

#include "asl/value/value.h"

struct place {
    const asl_value *state; /* name of the state it happens in; NULL: in none */
    int64_t entry;          /* id of that state's StateEntered; 0: none (yet) */
    int64_t inside;         /* id of the entry of the Map or Parallel around the branch; 0: none */
    int64_t iteration;      /* index of the innermost Map iteration; -1: none */
    uint64_t iterations;    /* all of them, outermost first, as one number; 0: none */
    /* the names of the states entered before and here, and the iterations */
    uint64_t path;
    bool over; /* the state was left, or its Map or Parallel has failed for good */
};

struct places {
    struct place *items; /* by index of the event */
    size_t count, capacity;
};

void places_free(struct places *p);
/* Reads what the array has beyond what was read. */
void places_extend(struct places *p, const asl_value *events);
/* A number for a text within another place. */
uint64_t places_mix(uint64_t seed, struct asl_text text);

#endif
