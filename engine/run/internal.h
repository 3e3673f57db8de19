/* Shared by the files of engine/run only.
 *
 *   engine.c      open, close, machines
 *   live.c        executions in memory: the table, the queue of what can run, the idle ones
 *   turn.c        the turn: take, run, commit, act
 *   tasks.c       open tasks and their connectors; task_report_*
 *   calls.c       start, stop, redrive, task events: what callers ask
 *   recovery.c    what a restart takes up again
 *   world.c       asl_env: clock, chance, tokens
 */
#ifndef ENGINE_RUN_INTERNAL_H
#define ENGINE_RUN_INTERNAL_H

#include "engine/run/crash.h"
#include "engine/run/engine.h"

#define NEVER INT64_MAX

/* A caller who waits for the commit. */
struct waiter {
    struct waiter *next;
    void (*call)(struct waiter *w);
    int64_t execution;
    enum engine_outcome outcome;
    void (*started)(void *state, const struct engine_started *started);
    void (*done)(void *state, enum engine_outcome outcome);
    void *state;
    char *arn;
    int64_t start_ms;
};

/* An event on its way to an execution; owns what it carries. */
struct arrival {
    struct arrival *next;
    struct asl_event event;
    asl_value *output;
    char *error, *cause, *worker;
    struct waiter *waiter; /* told after the commit; or NULL */
    bool recover;          /* no event: give the open tasks to their connectors again */
};

/* An execution in memory. */
struct live {
    struct live *hash_next;
    struct live *idle_before, *idle_after; /* in the list of idle ones, oldest first */
    struct live *queue_next;
    bool is_queued, is_idle, is_new, is_dirty, is_runnable;
    bool is_due; /* the store says so */
    bool is_put; /* into this turn's batch */
    int64_t id, machine;
    asl_execution *x;
    struct asl_history *history; /* of this turn; NULL: untouched */
    struct arrival *arrivals, *arrivals_tail;
    struct live *dirty_next;
};

/* What a turn does after its commit. */
struct action {
    int64_t execution;
    struct asl_command command; /* holds its values */
    char *state_name;
    bool again;
};

struct machine {
    struct machine *next;
    int64_t id;
    char *name, *arn, *role_arn;
    asl_machine *compiled;
};

struct watcher {
    void (*see)(void *state, int64_t execution, struct store_bytes chunk, enum asl_status status);
    void *state;
    int64_t execution; /* 0: all */
};
#define WATCHERS 2

struct engine {
    struct engine_options options;
    struct loop *loop;
    struct store *store;
    struct store_batch *batch;
    struct connectors connectors;
    struct asl_env env;
    int64_t env_execution; /* whose step asks for a token */
    int64_t env_now;       /* one moment a step */
    unsigned char token_key[32];
    int64_t name_ms; /* of the last name made */
    unsigned name_count;

    struct machine *machines;

    struct live **table; /* by id, a power of two */
    size_t table_size, live_count;
    struct live *idle_oldest, *idle_newest;
    size_t idle_count;
    struct live *queue, *queue_tail;
    size_t queue_count;
    struct live *dirty, *dirty_tail;
    struct asl_history **spare; /* histories to use again */
    size_t spare_count, spare_capacity;

    struct task *trials;
    struct task **tasks; /* by execution and id, a power of two */
    size_t task_table, task_count;

    struct action *actions; /* of this turn, done after its commit */
    size_t action_count, action_capacity;
    struct waiter *waiters, *waiters_tail; /* answered after the commit */
    struct asl_result result;
    struct asl_buffer scratch;
    size_t turn_bytes; /* of history, in this turn */

    struct loop_timer *turn_timer, *due_timer;
    struct event *retry; /* of a commit that waits for room */
    int64_t next_due;
    bool turn_asked, is_paused, is_closing;

    struct watcher watchers[WATCHERS]; /* engine_watch, engine_watch_all */
    struct engine_activities activities;

    struct engine_figures figures;
};

void engine_complain(struct engine *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- live.c ---- */
struct live *live_find(struct engine *e, int64_t id); /* in memory only */
/* In memory or loaded; NULL: there is none, or it does not read back (complained). */
struct live *live_get(struct engine *e, int64_t id);
struct live *live_of_row(struct engine *e, const struct store_execution *row);
struct live *live_add_take(struct engine *e, int64_t id, int64_t machine, asl_execution *x);
void live_drop(struct engine *e, struct live *l);
void live_queue(struct engine *e, struct live *l);
struct live *live_next(struct engine *e); /* off the queue; NULL: empty */
/* Idle now: kept while there is room, the oldest go. */
void live_rest(struct engine *e, struct live *l);
/* After a look at it: back to rest unless it has something to do. */
void live_leave(struct engine *e, int64_t id);
void live_give(struct engine *e, struct live *l, struct arrival *a);
struct arrival *live_take_arrival(struct live *l);
struct arrival *arrival_new(enum asl_event_kind kind);
void arrival_free(struct arrival *a);
void live_free_all(struct engine *e);
struct asl_history *history_get(struct engine *e);
void history_put(struct engine *e, struct asl_history *h);

/* ---- turn.c ---- */
void turn_init(struct engine *e);
void turn_free(struct engine *e);
void turn_finish(struct engine *e); /* before closing: until no arrival is left, or the disk is full */
void turn_ask(struct engine *e); /* one soon */
void turn_run(void *engine);
bool turn_commit(struct engine *e); /* false: paused */
void turn_wait(struct engine *e, struct waiter *w); /* answered after the next commit */
void turn_arm_due(struct engine *e);

/* ---- tasks.c ---- */
void tasks_start(struct engine *e, struct action *a);
void tasks_cancel(struct engine *e, int64_t execution, int64_t task);
void tasks_free_all(struct engine *e);

/* ---- recovery.c ---- */
void recovery_begin(struct engine *e);
void recovery_take_up(struct engine *e, struct live *l);

/* ---- world.c ---- */
/* False and *error when the store does not give the key of its tokens. */
bool world_init(struct engine *e, struct store_error *error);
/* A skipped or scaled clock is kept with what happened by it: a restart goes on from there. */
void world_keep_clock(struct engine *e);
void world_name(struct engine *e, char out[37]); /* for an execution: UUIDs that ascend */

/* ---- engine.c ---- */
struct machine *machine_get(struct engine *e, int64_t id);

#endif
