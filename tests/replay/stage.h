/* Runs a definition at the core under a clock of its own, a move at a time, with whatever world it
 * is given: the campaign's executions are recorded on it, and edited definitions really run on it.
 * Nothing of engine/replay is used here: it is what replay is judged by. */
#ifndef TESTS_REPLAY_STAGE_H
#define TESTS_REPLAY_STAGE_H

#include "asl/run/run.h"

/* Where an event or a frame stands: Map names and indices, "M[2]/N[0]"; "" outside of Maps. */
#define STAGE_WHERE 512

/* What comes to a task, as an event for the core; its output is owned. */
struct stage_coming {
    int64_t at;
    struct asl_event event;
    asl_value *output;
};

struct stage {
    /* given */
    asl_machine *machine;
    const char *input;
    int64_t now; /* when it begins; then the clock */
    /* A task was ordered: stage_comes() as often as it likes. False: its outcome is unknown. */
    bool (*order)(void *world, struct stage *s, const struct asl_command *task);
    void *world;
    /* Asked whenever nothing can run: stop here, the execution stays open? `next` is the moment of
     * what comes next, INT64_MAX when nothing does. */
    bool (*rests)(void *world, struct stage *s, int64_t next);
    int64_t stop_at; /* StopExecution; INT64_MAX: never */
    size_t events_maximum;

    /* what came */
    asl_execution *x;
    asl_value *events;
    bool is_long;    /* too many events */
    bool is_unknown; /* a task's outcome is */

    /* at work */
    struct asl_env env;
    struct asl_history *history;
    struct asl_result result;
    int64_t dead[1024]; /* tasks whose worker gives no sign of life */
    size_t dead_count;
    struct stage_coming *coming;
    size_t coming_count, coming_capacity;
};

bool stage_run(struct stage *s); /* false: the input is refused */
void stage_free(struct stage *s);
void stage_comes(struct stage *s, int64_t at, const struct asl_event *event);
void stage_dies(struct stage *s, int64_t task);
/* Of a frame of s->x. */
void stage_where(const struct frame *f, char where[STAGE_WHERE]);

#endif
