/* Where an execution stands that was recorded before its end: the states that were entered and not
 * left, each on its branch and in its Map iterations. */
#ifndef ENGINE_REPLAY_STANDING_H
#define ENGINE_REPLAY_STANDING_H

#include "engine/replay/places.h"

struct stand {
    const asl_value *state; /* its name */
    uint64_t iterations;    /* see places.h */
    int64_t iteration;      /* the innermost; -1: none */
    bool is_reached;        /* standing_reach() came by */
};

struct standing {
    struct stand *items;
    size_t count, unreached;
};

/* Of a history and its places; the names are the history's. Containers count by their branches,
 * where these have begun. */
void standing_find(struct standing *s, const asl_value *events, const struct places *places);
void standing_free(struct standing *s);
/* A replay has entered a state. */
void standing_reach(struct standing *s, const struct place *entered);

#endif
