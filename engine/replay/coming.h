/* What is on its way to the tasks of one execution: each event at its moment of the virtual clock,
 * the earliest first, those of one moment in the order in which they were announced. */
#ifndef ENGINE_REPLAY_COMING_H
#define ENGINE_REPLAY_COMING_H

#include "asl/value/value.h"

struct coming_event {
    int64_t at, task; /* ms since 1970; id of the Scheduled event */
    asl_value *event; /* as a history shows it */
    uint64_t number;  /* in the order of their announcement */
};

struct coming {
    struct coming_event *items; /* a heap: the earliest is the first */
    size_t count, capacity;
    uint64_t announced;
};
void coming_free(struct coming *c);
void coming_add(struct coming *c, int64_t at, int64_t task, const asl_value *event);
int64_t coming_next(const struct coming *c); /* its moment; INT64_MAX: nothing comes */
/* Takes the earliest out (count > 0); its event is yours. */
struct coming_event coming_take(struct coming *c);
/* Nobody waits for that task any more. */
void coming_forget(struct coming *c, int64_t task);

#endif
