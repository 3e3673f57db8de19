/* Shared by the files of engine/run only.
 *
 *   engine.c      open, close, machines
 *   live.c        executions in memory: the table, the queue of what can run, the idle ones
 *   turn.c        the turn: take, run, put, act
 *   commit.c      a turn on its way to the disk, on a thread of its own
 *   tasks.c       open tasks and their connectors; task_report_*
 *   calls.c       start, stop, redrive, task events: what callers ask
 *   behind.c      starts of tasks that reach the disk with what follows them
 *   recovery.c    what a restart takes up again
 *   world.c       asl_env: clock, chance, tokens
 */
#ifndef ENGINE_RUN_INTERNAL_H
#define ENGINE_RUN_INTERNAL_H

#include "engine/run/crash.h"
#include "engine/run/engine.h"

#define NEVER INT64_MAX
enum { STARTING_NAMES = 4096 }; /* slots: some more than a turn starts by name */

/* A caller who waits for the commit. */
struct waiter {
    struct waiter *next;
    void (*call)(struct waiter *w);
    int64_t execution;
    enum engine_outcome outcome;
    void (*started)(void *state, const struct engine_started *started);
    void (*done)(void *state, enum engine_outcome outcome);
    struct engine_word *(*word)(void *state, const struct engine_started *started); /* or NULL */
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
    bool may_stay_behind;  /* behind.c */
};

/* An execution in memory. */
struct live {
    struct live *hash_next;
    struct live *idle_before, *idle_after; /* in the list of idle ones, oldest first */
    struct live *queue_next;
    struct live *name_next; /* in the table of names being started */
    bool is_queued, is_idle, is_runnable;
    bool is_new;      /* not yet put: there is no row of it in any batch */
    bool is_dirty;    /* stepped, not yet put */
    bool is_starting; /* its name is in the table: no row of it is durable */
    bool is_due;      /* the store says so */
    bool is_behind;   /* behind.c; then not dirty */
    int64_t behind_until;
    struct live *behind_before, *behind_after;
    unsigned pins; /* turns not yet acted on that hold something put of it */
    int64_t turn;  /* the last turn it was changed in */
    int64_t id, machine;
    asl_execution *x;
    struct asl_history *history; /* not yet put; NULL: untouched */
    struct arrival *arrivals, *arrivals_tail;
    struct waiter *same_starts; /* the same start asked again, while is_starting */
};

/* What a turn does after its commit: of a command what its carrying out asks for. A command itself
 * has room for the longest token there is, a kilobyte, and a turn holds a thousand of these. */
struct action {
    enum asl_command_kind kind;
    int64_t execution, task;
    const struct resource *resource;
    asl_value *parameters, *credentials, *state_name; /* held; or NULL */
    char *token;                                      /* NULL: there is none */
    int64_t timeout_seconds;
    bool again, started, submitted;
};

/* An execution as it was put into a turn's batch. */
struct change {
    struct live *live;           /* pinned */
    struct asl_history *history; /* for a watcher; or NULL */
    enum asl_status status;
    bool is_first; /* its row is new */
};

/* What one commit makes true, and what is done then. */
struct turn {
    int64_t number;
    struct store_batch *batch;
    struct change *changes;
    size_t change_count, change_capacity;
    struct action *actions;
    size_t action_count, action_capacity;
    struct waiter *waiters, *waiters_tail;
    struct engine_word *words; /* told by the committing thread, in any order */
    int64_t due;               /* the earliest that it writes, or NEVER */
    bool took_due;             /* the store is asked anew what is due next, once this is durable */
};

/* One is filled, one committed, one acted on; one may be durable and wait for that, and one must be
 * empty to be filled next. */
enum { TURNS = 5 };

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

/* Parameters that an integration takes, looked at before. */
struct accepted {
    const struct resource *resource;
    asl_value *parameters; /* held */
};
enum { ACCEPTED = 16 }; /* few: what comes from an input is held in vain */

struct engine {
    struct engine_options options;
    struct loop *loop;
    struct store *store;
    struct turn turns[TURNS];
    struct turn *now;    /* being filled; ask turn_now */
    size_t sent;         /* turns on their way: not empty, and not `now` */
    bool is_offered;     /* `now` may be taken by the thread, or has been */
    bool is_holding;     /* the clock, while something is on its way */
    struct turn *stuck;  /* of `sent`: found no room, without the thread */
    int64_t turn_number; /* of `now` */
    int64_t starting;    /* running executions whose first row is not durable */
    int64_t durable;     /* number of the last turn that is */
    int64_t told;        /* number of the newest turn that something was put into, or seen of */
    struct committer *committer; /* the thread, once there is one */
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
    struct live **dirty; /* stepped, perhaps not yet put */
    size_t dirty_count, dirty_capacity;
    struct live *names[STARTING_NAMES]; /* being started, by their arn */
    struct asl_history **spare;         /* histories to use again */
    size_t spare_count, spare_capacity;

    struct task *trials;
    struct task **tasks; /* by execution and id, a power of two */
    size_t task_table, task_count;

    struct accepted accepted[ACCEPTED];
    struct asl_result result;
    struct asl_buffer scratch;
    size_t turn_bytes; /* of history, in this turn */

    struct live *behind_oldest, *behind_newest;
    bool behind_timer_armed;

    struct loop_timer *turn_timer, *due_timer, *behind_timer;
    struct event *retry; /* of a commit that waits for room */
    int64_t next_due;
    bool turn_asked, is_paused, is_closing;
    bool is_in_turn; /* filling or acting */

    struct watcher watchers[WATCHERS]; /* engine_watch, engine_watch_all */
    struct engine_activities activities;
    bool (*is_being_deleted)(void *state, struct asl_text machine_arn); /* or NULL */
    void *deleting_state;
    struct engine_stand_in stand_in;

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
/* Back to rest, unless it has something to do or is pinned: kept while there is room, the oldest
 * go; gone if it has ended. */
void live_rest(struct engine *e, struct live *l);
void live_leave(struct engine *e, int64_t id); /* the same, after a look at it */
/* Its arn is taken before its row is durable; until live_started. */
void live_starting(struct engine *e, struct live *l);
void live_started(struct engine *e, struct live *l);
struct live *live_find_starting(const struct engine *e, const char *arn); /* NULL: none */
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
/* before closing: until no arrival is left, or the disk is full */
void turn_finish(struct engine *e);
void turn_ask(struct engine *e); /* one soon */
void turn_run(void *engine);
void turn_fill(struct engine *e); /* takes, runs, puts; commits nothing */
/* Something has arrived. A turn waits for the end of the loop's round, so that one commit serves
 * all that is ready; but a disk that has nothing to do gets what there is once that is worth a
 * commit. */
void turn_feed(struct engine *e);
/* What is to be told of it, once it was taken; NULL: nothing. */
struct engine_word *waiter_word(const struct waiter *w);
void turn_add_word(struct turn *t, struct engine_word *word); /* or NULL */
/* answered after the commit of what came so far */
void turn_wait(struct engine *e, struct waiter *w);
void turn_act(struct engine *e, struct turn *t); /* it is durable */
bool turn_has_something(const struct turn *t);
void turn_arm_due(struct engine *e);

/* TaskStarted, taken at once; false: it has to arrive as anything else does. */
bool turn_task_started(struct engine *e, int64_t execution, int64_t task);

/* It is put in this turn, whatever it waits for. */
void turn_put_soon(struct engine *e, struct live *l);

/* ---- behind.c ---- */
bool behind_may_stay(const struct engine *e, const struct live *l);
void behind_add(struct engine *e, struct live *l);
void behind_leave(struct engine *e, struct live *l);
struct live *behind_due(struct engine *e); /* the oldest, when its time has come; or NULL */
void behind_wake(void *engine);            /* of its timer */
void behind_arm(struct engine *e);

/* ---- commit.c ---- */
/* The turn that is filled now, for putting something into it: it goes nowhere until commit_now. */
struct turn *turn_now(struct engine *e);
/* `now` goes to the disk, behind those on their way. */
void commit_now(struct engine *e);
/* The thread is there and waits for a turn. */
bool commit_is_idle(struct engine *e);
/* `now` goes to that thread; never committed here, so nothing is acted on. */
void commit_feed(struct engine *e);
/* Waits until nothing is on its way; false: the disk is full. */
bool commit_wait(struct engine *e);
void commit_free(struct engine *e);

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
void world_free(struct engine *e);
/* A skipped or scaled clock is kept with what happened by it: a restart goes on from there. */
void world_keep_clock(struct engine *e);
void world_name(struct engine *e, char out[37]); /* for an execution: UUIDs that ascend */

/* ---- engine.c ---- */
struct machine *machine_get(struct engine *e, int64_t id);
/* Who an execution of that machine is: what its row and its machine's row hold, and its saved state
 * need not. Points into all three. */
struct asl_identity machine_identity(const struct machine *m, const char *arn, const char *name);

#endif
