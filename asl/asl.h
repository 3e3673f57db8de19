/* The language's door: definition text in, machine out; a step is a pure function.
 *
 *     asl_step(execution, event, env) -> execution', commands, history
 *
 * asl decides, store remembers, engine does: nothing here knows a clock, a file, a socket or a
 * random number; what is not pure is asked of `struct asl_env`. The caller steps an execution,
 * makes what came out durable in one transaction, and only then carries the commands out.
 *
 * Serves the Amazon States Language (states-language.net) as AWS runs it; histories have the shape
 * of GetExecutionHistory.
 */
#ifndef ASL_ASL_H
#define ASL_ASL_H

#include "value/value.h"

/* ---- definitions ---- */

enum asl_severity { ASL_ERROR, ASL_WARNING };

struct asl_diagnostic {
    enum asl_severity severity;
    const char *code;    /* "SCHEMA_VALIDATION_FAILED" ...: a constant */
    char *message;       /* AWS's words */
    char *location;      /* AWS's: "/States/X/Next"; NULL where AWS gives none */
    char *hint;          /* ours: what to do ("did you mean ..."), or NULL */
    size_t line, column; /* in the definition's text; 0 where there is none */
};

struct asl_diagnostics {
    struct asl_diagnostic *items;
    size_t count, capacity;
};
void asl_diagnostics_free(struct asl_diagnostics *d);
/* {"severity", "code", "message", "location"}, as ValidateStateMachineDefinition gives it; `ours`:
 * with "line", "column" and "hint" where they are known. Yours. */
asl_value *asl_diagnostic_value(const struct asl_diagnostic *d, bool ours);

typedef struct asl_machine asl_machine;

/* Compiles a definition. Every mistake is reported, not only the first; NULL when any is an error.
 * Warnings may come with a machine. `express`: EXPRESS rules apply. */
asl_machine *asl_machine_compile(struct asl_text definition, bool express,
                                 struct asl_diagnostics *diagnostics);
/* What only a catalogue of the services knows, asked of whoever has one. */
struct asl_catalogue {
    void *state;
    /* Is there an aws-sdk:<service>:<action>? */
    bool (*offers)(void *state, struct asl_text service, struct asl_text action);
    /* Appends what was probably meant, or nothing; may be NULL. */
    void (*hint)(void *state, struct asl_text service, struct asl_text action,
                 struct asl_buffer *out);
};
/* The same, refusing SDK calls that the catalogue does not have (NULL: all are let pass). */
asl_machine *asl_machine_compile_with(struct asl_text definition, bool express,
                                      const struct asl_catalogue *catalogue,
                                      struct asl_diagnostics *diagnostics);
/* Checks a template as far as it can be: a value that awaits the substitution of a "${Name}", in a
 * string or bare ("Seconds": ${Wait}), gets a warning of ours instead of the errors that it may not
 * deserve. Nothing that could run comes of it. False when any mistake is an error. */
bool asl_template_check(struct asl_text definition, bool express,
                        const struct asl_catalogue *catalogue, struct asl_diagnostics *diagnostics);
/* The same, for those who look into what the template holds: the machine is never to be run, and
 * the value of the definition, its bare marks quoted, goes to *out when not NULL; both are yours.
 * NULL when any mistake is an error. */
asl_machine *asl_template_compile(struct asl_text definition, bool express,
                                  const struct asl_catalogue *catalogue,
                                  struct asl_diagnostics *diagnostics, asl_value **out);
/* One state alone, as TestState takes it: a machine that has it as "StateName" and, for every state
 * it may go to, a Succeed of that name. Locations are AWS's ("/States/StateName/Branches"). */
asl_machine *asl_machine_compile_state(struct asl_text state, struct asl_diagnostics *diagnostics);
/* Machines are counted: an execution holds one. */
asl_machine *asl_machine_retain(asl_machine *m);
void asl_machine_release(asl_machine *m);
/* {"StateName": ["var", ...]}: DescribeStateMachine's variableReferences; yours. */
asl_value *asl_machine_variable_references(const asl_machine *m);

/* ---- the world, asked of the caller ---- */

/* A branch that could go on. */
struct asl_candidate {
    int64_t last;           /* id of the last event on its chain */
    const asl_value *state; /* the name of the state it stands in or is about to enter */
};
#define ASL_PICK_NONE SIZE_MAX

struct state;    /* definition/machine.h */
struct resource; /* the same */

/* What an onlooker is shown while a step runs: what the history does not tell. */
enum asl_sight {
    ASL_SEE_ENTERED,
    ASL_SEE_LEFT,    /* by `way`, of these number `index` */
    ASL_SEE_RULE,    /* of a Choice: rule number `index`, counted depth first, gave `yes` */
    ASL_SEE_RETRIER, /* number `index` decided; `yes`: once more, else its attempts were used up */
    ASL_SEE_CATCHER, /* number `index` took the error */
    ASL_SEE_ITEMS,   /* a Map goes over `index` items */
    /* What a state's data became, in `value`, at each station that it passed. */
    ASL_SEE_INPUT_PATH,
    ASL_SEE_PARAMETERS, /* or Arguments */
    ASL_SEE_RESULT,
    ASL_SEE_RESULT_SELECTOR,
    ASL_SEE_RESULT_PATH,
    ASL_SEE_ITEMS_PATH,    /* or Items */
    ASL_SEE_ITEM_SELECTOR, /* of all items; only where children are played (plays_children) */
    ASL_SEE_ITEM_BATCHER,  /* likewise */
    ASL_SEE_MAX_CONCURRENCY,
    ASL_SEE_TOLERATED_COUNT,
    ASL_SEE_TOLERATED_PERCENTAGE,
    ASL_SEE_VARIABLES, /* of the scope, when the state is left */
    ASL_SEE_BACKOFF,   /* seconds until a retry, before jitter */
    ASL_SIGHTS,
};
enum asl_way {
    ASL_BY_NEXT, /* or End */
    ASL_BY_RULE,
    ASL_BY_DEFAULT,
    ASL_BY_CATCHER,
};
struct asl_observation {
    enum asl_sight sight;
    const struct state *state; /* the machine's */
    enum asl_way way;
    size_t index;
    bool yes;
    const asl_value *value;    /* or NULL */
    const char *error, *cause; /* of RETRIER and CATCHER: what they are about; or NULL */
};

struct asl_env {
    void *state;
    int64_t (*now)(void *state);             /* milliseconds since 1970, UTC */
    uint64_t (*random)(void *state);         /* 64 random bits */
    void (*uuid)(void *state, char out[37]); /* a version 4 UUID */
    /* A task token for the task scheduled at `event_id`: opaque text, at most 1,024 bytes. NULL
     * function: tokens are made from uuid. */
    void (*token)(void *state, int64_t event_id, char out[1025]);
    /* Is there such an activity? Asked before a task of it is scheduled; NULL: there is. */
    bool (*has_activity)(void *state, struct asl_text arn);
    /* Is the machine being deleted? Asked before each state is entered: then the execution fails
     * there, as AWS terminates it "on the next state transition". NULL: it is not. */
    bool (*is_being_deleted)(void *state, struct asl_text machine_arn);
    /* Can the integration take such parameters? Asked before a task of a service is scheduled;
     * false: `problems` gets what is wrong with them, joined by ", ". NULL: it can. */
    bool (*accepts)(void *state, const struct resource *resource, const asl_value *parameters,
                    struct asl_buffer *problems);
    const char *region; /* for TaskScheduled; NULL: the one in the execution's ARN */
    /* Which branch goes on? Asked before every move; returns an index, or ASL_PICK_NONE: nobody for
     * now, the step returns with `runnable` set. NULL: first come, first served. Replay follows a
     * recording with it, event by event. */
    size_t (*pick)(void *state, const struct asl_candidate *candidates, size_t count);
    /* States to pass before asl_step returns with `runnable` set; 0: 1,000. */
    size_t budget;
    /* Who looks on (coverage, inspection): called in the midst of the step, must not step. NULL:
     * nobody does. */
    void (*see)(void *onlooker, const struct asl_observation *o);
    void *onlooker;
    /* Does someone else play the children of this Parallel or Map? Then none is begun; there comes
     * one ASL_RUN_CHILDREN, and ASL_TASK_SUCCEEDED with the array of results or ASL_TASK_FAILED
     * answers it. `*items`: what a Map's ItemReader would have read (given away), or NULL. NULL
     * function: nobody does. */
    bool (*plays_children)(void *state, const struct state *s, asl_value **items);
};

/* ---- executions ---- */

typedef struct asl_execution asl_execution;

enum asl_status {
    ASL_RUNNING,
    ASL_SUCCEEDED,
    ASL_FAILED,
    ASL_TIMED_OUT,
    ASL_ABORTED,
    ASL_PENDING_REDRIVE,
};
const char *asl_status_name(enum asl_status status); /* "RUNNING" ... */

/* What an execution is told at its birth; all texts are copied. */
struct asl_birth {
    struct asl_text arn, name, role_arn;
    struct asl_text machine_arn, machine_name;
    struct asl_text version_arn, alias_arn; /* empty: none */
    struct asl_text input;                  /* the caller's text, kept for ExecutionStarted */
    asl_value *parsed;                      /* the same, where it was parsed already; or NULL */
    bool synchronous;                       /* StartSyncExecution: no RedriveCount in its context */
    struct asl_text start; /* the state of the machine's own States to begin with; empty: StartAt */
    const asl_value *variables; /* {"name": value} assigned before; NULL: none */
    /* Of a state tested alone (TestState); such an execution cannot be saved. */
    bool alone;               /* causes do not begin with the state's name */
    uint32_t retries;         /* that each retrier has used up already */
    const asl_value *context; /* what $$ shows instead of the execution's own; NULL */
};

/* NULL when the input is no JSON, or (error->problem VALUE_FINE) there is no such state to begin
 * with, or the variables are no object; *error tells. Nothing happens before the first step. */
asl_execution *asl_execution_new(asl_machine *machine, const struct asl_birth *birth,
                                 struct value_error *error);
void asl_execution_free(asl_execution *x);

enum asl_status asl_execution_status(const asl_execution *x);
/* The earliest moment something falls due (wait, retry delay, task, heartbeat, machine timeout), in
 * ms since 1970; INT64_MAX when nothing does. One number: the store indexes it. */
int64_t asl_execution_due(const asl_execution *x);
/* Tasks begun and not finished: what recovery takes up again. */
size_t asl_execution_open_tasks(const asl_execution *x);
int64_t asl_execution_last_event(const asl_execution *x);  /* id; 0 before the first */
struct asl_text asl_execution_arn(const asl_execution *x); /* NUL-terminated, like those below */
struct asl_text asl_execution_name(const asl_execution *x);
struct asl_text asl_execution_role_arn(const asl_execution *x);
struct asl_text asl_execution_machine_arn(const asl_execution *x);
struct asl_text asl_execution_version_arn(const asl_execution *x); /* empty: none */
struct asl_text asl_execution_alias_arn(const asl_execution *x);   /* empty: none */
const asl_value *asl_execution_input(const asl_execution *x);
int64_t asl_execution_redrives(const asl_execution *x);
int64_t asl_execution_redriven_at(const asl_execution *x);     /* ms since 1970; 0: never */
const asl_value *asl_execution_output(const asl_execution *x); /* NULL unless SUCCEEDED */
const char *asl_execution_error(const asl_execution *x);       /* NULL: none */
const char *asl_execution_cause(const asl_execution *x);
int64_t asl_execution_started(const asl_execution *x); /* ms since 1970 */
int64_t asl_execution_stopped(const asl_execution *x); /* 0 while RUNNING */

/* How far a distributed Map's run is, by its MapRunStarted event's id. False: it is none, or over
 * (what ASL_MAP_RUN told of its end holds). */
struct asl_map_run {
    size_t total, pending, running, succeeded, failed;
    /* had no success before the run was redriven, and wait for their turn */
    size_t pending_redrive;
    size_t concurrency; /* at most at once; 0: no bound of its own */
};
bool asl_execution_map_run(const asl_execution *x, int64_t started, struct asl_map_run *run);

/* Who an execution is. Whoever keeps its bytes mostly keeps that beside them: they need not repeat
 * it. */
struct asl_identity {
    struct asl_text arn, name, role_arn, machine_arn, machine_name;
};

/* Everything needed to go on, as bytes with a version; no clock, no pointers. What is as `known`
 * says is left out, and `known` has to be the same when they are loaded; NULL: nothing is known. */
void asl_execution_save(const asl_execution *x, const struct asl_identity *known,
                        struct asl_buffer *out);
/* NULL and a message when the bytes are not such a state, or not of this machine. */
asl_execution *asl_execution_load(asl_machine *machine, const struct asl_identity *known,
                                  const void *bytes, size_t size, char message[160]);

/* ---- a step ---- */

enum asl_event_kind {
    ASL_START,          /* the first event of every execution */
    ASL_CONTINUE,       /* go on where the budget ended */
    ASL_TICK,           /* time has passed: whatever is due by env's now falls due */
    ASL_TASK_STARTED,   /* the request is on its way (Task, Lambda: Started; Activity: a worker) */
    ASL_TASK_SUBMITTED, /* .sync and callback: the service took it; `output` is its answer */
    ASL_TASK_SUCCEEDED,
    ASL_TASK_FAILED,
    ASL_TASK_START_FAILED, /* it could not be started: TaskStartFailed, LambdaFunctionStartFailed */
    ASL_TASK_SUBMIT_FAILED,
    /* by someone else's clock (a replay); the execution's own clock is ASL_TICK */
    ASL_TASK_TIMED_OUT,
    ASL_TASK_HEARTBEAT,
    ASL_MAP_RUN_UPDATED, /* `task` is its MapRunStarted event's id, `output` {"maxConcurrency",
                            "toleratedFailures"}, each if it changes */
    ASL_STOP,            /* StopExecution: error and cause may be empty */
    ASL_REDRIVE,
};

struct asl_event {
    enum asl_event_kind kind;
    int64_t task;            /* id: that of its ...Scheduled event */
    const asl_value *output; /* of SUCCEEDED and SUBMITTED */
    size_t failed;           /* of SUCCEEDED for ASL_RUN_CHILDREN: iterations that failed */
    struct asl_text error, cause;
    struct asl_text worker; /* of STARTED: the activity worker's name */
};

enum asl_command_kind {
    ASL_RUN_TASK,
    ASL_RUN_CHILDREN, /* play the children of a Parallel or Map: asl_env's plays_children */
    /* a distributed Map's run began, ended, or goes on after all: `task` is its MapRunStarted
       event's id, `parameters` what is to be kept of it (struct asl_map_run's members): with
       "mapRunArn" of the beginning, with "status" of the end, with neither of its being redriven:
       "redriveCount" and "redriveDate", which voids its end */
    ASL_MAP_RUN,
    ASL_CANCEL_TASK, /* nobody waits for it any more (sibling failed, timeout, stop) */
    ASL_FINISH,      /* the execution has ended; see asl_execution_status() */
};

/* What is asked of the engine. Texts belong to the machine or the execution and live until the next
 * step; values are held. */
struct asl_command {
    enum asl_command_kind kind;
    int64_t task;                    /* id: that of its ...Scheduled event */
    const struct resource *resource; /* see definition/machine.h */
    asl_value *parameters;           /* what the service gets */
    asl_value *credentials;          /* {"RoleArn": ...} or NULL */
    int64_t timeout_seconds;         /* 0: none */
    int64_t heartbeat_seconds;       /* 0: none */
    const asl_value *state_name;
    int64_t iteration;       /* index of the innermost Map iteration around it, -1: none */
    int64_t retries;         /* how often it was tried before, since its state was entered */
    char token[1025];        /* callback, sync and activity tasks; else empty */
    bool started, submitted; /* of asl_execution_open_commands: how far it was known to be */
};

/* History events as they are emitted, encoded at once into a chunk (see history.h). */
struct asl_history;
struct asl_children;

struct asl_result {
    struct asl_command *commands;
    size_t count, capacity;
    struct asl_history *history; /* where events go; NULL: they are not kept */
    /* where those of a distributed Map's STANDARD children go; or NULL */
    struct asl_children *children;
    bool runnable; /* the budget ended: step again with ASL_CONTINUE */
};
void asl_result_init(struct asl_result *r, struct asl_history *history);
void asl_result_clear(struct asl_result *r); /* releases the commands */
void asl_result_free(struct asl_result *r);

/* One step. An event for a task that is no longer open (a late answer) changes nothing and returns
 * false; so does any event for a finished execution (but ASL_REDRIVE). */
bool asl_step(asl_execution *x, const struct asl_event *event, const struct asl_env *env,
              struct asl_result *result);

/* What recovery needs: the commands of all open tasks, as they were given. */
void asl_execution_open_commands(asl_execution *x, const struct asl_env *env,
                                 struct asl_result *result);

/* ---- history ---- */

/* Many events in one chunk of bytes; each payload text stands in it once. */
struct asl_history *asl_history_new(void);
void asl_history_free(struct asl_history *h);
/* Empties it; the next event starts a new chunk. */
void asl_history_clear(struct asl_history *h);
size_t asl_history_count(const struct asl_history *h);
int64_t asl_history_first(const struct asl_history *h); /* id of its first event */
/* The chunk's bytes; valid until the next event or clear. */
struct asl_text asl_history_bytes(const struct asl_history *h);

/* Reads a chunk: each event as GetExecutionHistory shows it ({"timestamp": <epoch seconds>, "type",
 * "id", "previousEventId", "...EventDetails"}). `see` returns false to stop. False and a message
 * when the bytes are damaged. With `include_data` false, inputs and outputs are left out. */
bool asl_history_read(const void *bytes, size_t size, bool include_data,
                      bool (*see)(void *state, int64_t id, const asl_value *event), void *state,
                      char message[160]);

/* The same for the children of distributed Maps, of all of them in one chunk. */
struct asl_children *asl_children_new(void);
void asl_children_free(struct asl_children *c); /* NULL is allowed */
void asl_children_clear(struct asl_children *c);
/* number of its first event; 0: it is empty */
int64_t asl_children_first(const struct asl_children *c);
void asl_children_bytes(const struct asl_children *c, struct asl_buffer *out); /* appends */

struct asl_child_event {
    int64_t run;              /* MapRunStarted's id */
    int64_t index;            /* of the item, or batch */
    int64_t number, previous; /* counted over all children of the execution, ascending; 0: none */
};
/* As asl_history_read; an event's own "id" and "previousEventId" mean nothing. */
bool asl_children_read(const void *bytes, size_t size, bool include_data,
                       bool (*see)(void *state, const struct asl_child_event *which,
                                   const asl_value *event),
                       void *state, char message[160]);

#endif
