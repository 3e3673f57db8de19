/* The engine: executions that run, durably. The door of engine/run for commands and the API.
 *
 * Everything happens in turns of the loop (turn.c): what has arrived is taken, whatever can run
 * runs, one commit makes it durable, and only then requests leave and callers are answered. A
 * callback named `done` is called once, from the loop, after the commit that makes true what it
 * says.
 *
 * One thread calls; commits of many changes are made on another, beside the next turn (commit.c).
 * An engine owns its store (a second process is refused).
 */
#ifndef ENGINE_RUN_ENGINE_H
#define ENGINE_RUN_ENGINE_H

#include "asl/asl.h"
#include "engine/loop/loop.h"
#include "engine/task/connector.h"
#include "store/store.h"

struct engine;

/* What becomes of a task whose outcome a crash left unknown and that may not simply be sent again
 * (DESIGN, invariant 5). */
enum engine_in_flight {
    ENGINE_IN_FLIGHT_RETRY, /* sent again, with a word on stderr */
    /* fails with States.TaskFailed: the definition's Retry and Catch decide */
    ENGINE_IN_FLIGHT_FAIL,
};

struct engine_options {
    struct loop *loop;
    const char *store_path;
    struct connectors connectors; /* loop, http, aws, region, account; .engine is filled in */
    enum engine_in_flight in_flight;
    size_t cached_executions; /* idle ones kept in memory; 0: 1,024 */
    int64_t turn_ms;          /* real time a turn may compute; 0: 8 */
    /* Where complaints go that belong to no caller (a full disk, a task sent again): one line, no
     * newline. NULL: stderr. */
    void (*complain)(void *state, const char *line);
    void *complain_state;
    /* Tests fix chance: NULL takes the kernel's. 64 random bits. */
    uint64_t (*random)(void *state);
    void *random_state;
};

/* NULL and *error when the store cannot be had. Recovery starts at the first turn of the loop. */
struct engine *engine_open(const struct engine_options *options, struct store_error *error);
/* Finishes the turn (commits what there is) and lets go. What is under way is resumable. */
void engine_close(struct engine *e);
struct store *engine_store(struct engine *e); /* to read */
struct loop *engine_loop(struct engine *e);
const char *engine_region(const struct engine *e);
const char *engine_account(const struct engine *e);
/* Executions that are running now, or wait in the store. 0: there is nothing left to do. */
int64_t engine_running(struct engine *e);

/* ---- machines ---- */

/* Compiles and keeps a definition under `name`: a new row, unless the newest of that name is the
 * same text. Gives its id and durable with whatever is committed next. -1 when the definition is
 * refused; diagnostics tell in any case. */
int64_t engine_put_machine(struct engine *e, const char *name, struct asl_text definition,
                           bool express, const char *role_arn, struct asl_diagnostics *diagnostics);
/* The same for a machine of another region or account than the engine's own: `arn` names it. */
int64_t engine_put_machine_as(struct engine *e, const char *arn, struct asl_text definition,
                              bool express, const char *role_arn,
                              struct asl_diagnostics *diagnostics);
/* The compiled machine of a row, cached; NULL when there is none (borrowed). */
asl_machine *engine_machine(struct engine *e, int64_t machine);
void engine_machine_arn(const struct engine *e, const char *name, struct asl_buffer *out);

/* ---- executions ---- */

enum engine_outcome {
    ENGINE_OK,
    ENGINE_NO_SUCH_MACHINE,
    ENGINE_NO_SUCH_EXECUTION,
    ENGINE_ALREADY_EXISTS, /* the name is taken, by another input or by a finished execution */
    ENGINE_BAD_INPUT,      /* see `message` */
    ENGINE_NOT_RUNNING,
    ENGINE_NO_SUCH_TASK, /* unknown, over, or of another execution */
};

struct engine_started {
    enum engine_outcome outcome;
    int64_t execution;
    const char *arn;
    int64_t start_ms;
    const char *message; /* what was wrong, or "" */
};

/* A document that is made with an execution: durable in the commit that starts it, or an earlier
 * one (then a crash may leave it without its execution). Its key is the execution's id in 19
 * digits. */
struct engine_mark {
    const char *kind;
    struct store_bytes value;
    void (*made)(void *state, int64_t execution, const struct engine_mark *mark); /* at once */
    void *state;
};

/* A word to be told the moment what it tells of is durable: by the thread that made it so, before
 * the loop hears of that. `tell` touches what is its own alone; whoever gives a word keeps it until
 * `done`. */
struct engine_word {
    void (*tell)(struct engine_word *w);
    struct engine_word *next; /* the engine's */
};

struct engine_started;

struct engine_start {
    int64_t machine;
    const char *name;                    /* NULL: a new UUID */
    struct asl_text input;               /* JSON text; kept as it is in ExecutionStarted */
    asl_value *parsed;                   /* the same, where it was parsed already; or NULL */
    const char *version_arn, *alias_arn; /* or NULL */
    bool synchronous;                    /* StartSyncExecution: see asl_birth */
    const char *from;                    /* a fork: the state it begins with; NULL: StartAt */
    const asl_value *variables;          /* a fork: {"name": value}, or NULL */
    const struct engine_mark *marks;
    size_t mark_count;
    /* Asked when it was taken, before it is durable, with what `done` will say: a word, or NULL.
     * Not asked where the start fails, or is that of another call. NULL function: no word. */
    struct engine_word *(*word)(void *state, const struct engine_started *started);
};

/* The same name and input while the first still runs gives the first again (AWS's idempotency). */
void engine_start(struct engine *e, const struct engine_start *start,
                  void (*done)(void *state, const struct engine_started *started), void *state);

void engine_stop(struct engine *e, int64_t execution, struct asl_text error, struct asl_text cause,
                 void (*done)(void *state, enum engine_outcome outcome), void *state);
void engine_redrive(struct engine *e, int64_t execution,
                    void (*done)(void *state, enum engine_outcome outcome), void *state);

/* An event for an open task, from outside (a token, an activity worker): durable when done is
 * called. What is passed is copied. */
void engine_task_event(struct engine *e, int64_t execution, const struct asl_event *event,
                       void (*done)(void *state, enum engine_outcome outcome), void *state);

/* Where a token points; false when it is none of this store's. Whether the task is open tells the
 * event. */
bool engine_token_read(const struct engine *e, struct asl_text token, int64_t *execution,
                       int64_t *task);

/* Lets `see` look at an execution as it stands (in memory or loaded); false: there is none. What it
 * sees may not be durable yet: see engine_is_ahead. */
bool engine_look(struct engine *e, int64_t execution,
                 void (*see)(void *state, const asl_execution *x), void *state);

/* ---- activities ----
 *
 * A task of an activity waits in its execution until a worker takes it; whoever keeps the queues is
 * told here. Set before the loop runs: recovery tells of the waiting ones again. */
struct engine_activities {
    void *state;
    bool (*exists)(void *state, struct asl_text arn);
    /* A task waits for a worker. */
    void (*waits)(void *state, const char *arn, int64_t execution, int64_t task);
    /* A task (of any kind) is over or cancelled: it waits no more. */
    void (*over)(void *state, int64_t execution, int64_t task);
};
void engine_set_activities(struct engine *e, const struct engine_activities *activities);
/* Who knows which machines are being deleted: their executions fail where they would enter a state.
 */
void engine_set_deleting(struct engine *e,
                         bool (*is_being_deleted)(void *state, struct asl_text machine_arn),
                         void *state);
/* Lets `see` look at the command of an open task (token, parameters); false: it is not open. */
bool engine_look_task(struct engine *e, int64_t execution, int64_t task,
                      void (*see)(void *state, const struct asl_command *command), void *state);

/* ---- someone who stands in ----
 *
 * Asked for each task before it is carried out: true when `event` (SUCCEEDED with its output, or
 * FAILED) is the answer in its place. What it points to lives until the next question. */
struct engine_stand_in {
    void *state;
    bool (*answers)(void *state, int64_t execution, const asl_value *state_name,
                    struct asl_event *event);
};
void engine_set_stand_in(struct engine *e, const struct engine_stand_in *stand_in);

/* ---- a task on trial ----
 *
 * Carried out for itself, outside of any execution: nothing is kept of it (TestState). */
struct engine_trial {
    void *state;
    /* What a task of an execution would tell it, in the same order; the end comes once. */
    void (*tell)(void *state, const struct asl_event *event);
    /* The HTTP request and its answer (NULL: none came) as engine/task/exchange.h shows them,
     * before the end; looked at. NULL: not wanted. */
    void (*exchanged)(void *state, const asl_value *request, const asl_value *response);
    bool reveals_secrets; /* in the request: what the connection adds is shown, too */
};
/* Never tells from within. NULL: no connector carries out the resource. Yours to end, when it has
 * told its end or before (then the request is cancelled); also after engine_close. */
struct task *engine_try(struct engine *e, const struct task_request *request,
                        const struct engine_trial *trial);
void engine_try_end(struct task *t);

/* ---- map runs ----
 *
 * Kept as documents of this kind, by "<execution in 19 digits>:<MapRunStarted's id>", what
 * ASL_MAP_RUN says of the beginning; with ".end" behind it of the end, or that it was redriven
 * since; and by the run's ARN that key. */
#define ENGINE_MAP_RUNS "mapRun"
/* Events of the children of an execution's distributed Maps (of EXPRESS ones begin and end), chunks
 * for asl_children_read: by
 * "<execution in 19 digits>:<number of the first event in 19 digits>". */
#define ENGINE_MAP_CHILDREN "mapChildren"

/* ---- documents ---- */

/* Durable with whatever is committed next (store_put_document); reads see it from then on. */
void engine_put_document(struct engine *e, const char *kind, const char *key,
                         struct store_bytes value);
/* Calls `done` once all that was asked for so far is durable, and has `word` (or NULL) told just
 * before. Neither when the engine is closed before. */
void engine_after_commit(struct engine *e, struct engine_word *word,
                         void (*done)(void *state, enum engine_outcome outcome), void *state);
/* Whether a document or machine that was put, or an execution that was looked at, is not durable as
 * it was put or seen: whoever tells of it to others tells it after engine_after_commit. */
bool engine_is_ahead(const struct engine *e);
/* A version 4 UUID of the engine's chance. */
void engine_uuid(struct engine *e, char out[37]);
uint64_t engine_random(struct engine *e);

/* ---- watching ---- */

/* Called after each commit with the chunk of events it added to an execution (asl_history_read),
 * and with a NULL chunk once it has ended. `execution` 0: all. One watcher. */
void engine_watch(struct engine *e, int64_t execution,
                  void (*see)(void *state, int64_t execution, struct store_bytes chunk,
                              enum asl_status status),
                  void *state);
/* A second one, for who keeps an engine (the API); beside the first, of all executions. */
void engine_watch_all(struct engine *e,
                      void (*see)(void *state, int64_t execution, struct store_bytes chunk,
                                  enum asl_status status),
                      void *state);

/* ---- figures, for /metrics and benches ---- */

struct engine_figures {
    int64_t turns, commits, steps, events, started, finished;
    int64_t commit_us_total, commit_us_maximum;
    size_t live, open_tasks, queued;
};
void engine_get_figures(const struct engine *e, struct engine_figures *figures);

#endif
