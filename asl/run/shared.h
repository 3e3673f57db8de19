/* Values that stand in a text once and are referred to afterwards: address to index. The values are
 * held, so that an address stays its own. */
#ifndef ASL_RUN_SHARED_H
#define ASL_RUN_SHARED_H

#include "../value/value.h"

struct shared_slot {
    asl_value *value;
    uint32_t index;
    bool as_name; /* the same string may stand there bare and quoted */
};

enum { SHARED_FEW = 8 };

struct shared {
    /* in order: most texts have no more, and looking through them costs less than a table */
    struct shared_slot few[SHARED_FEW];
    struct shared_slot *slots; /* beyond: open addressing, a power of two */
    size_t capacity, count;
};

void shared_clear(struct shared *s);
/* True and *index when `v` was seen before; else it is remembered under the next index. */
bool shared_seen(struct shared *s, const asl_value *v, bool as_name, uint32_t *index);

#endif
