/* The inside of a step: executions as trees of frames, and what the files of this folder share.
 *
 * A frame is one thread of control inside one "States" object: the root, a Parallel's branch, a
 * Map's iteration. Its life:
 *
 *     ENTER --Entered--> WORK --+--> (leave: Exited, next state) --> ENTER ... or the frame's end
 *                          ^    +--> TASK      a task is open       --outcome--> leave | fail
 *                          |    +--> WAIT      until `due`          --tick-----> leave
 *                          |    +--> SPAWN/CHILDREN  branches, iterations --all done--> COLLECT
 *                          +---- RETRY until `due` <-- fail with a retrier left
 *
 * ENTER, WORK, SPAWN and COLLECT are runnable: the frame stands in the ready queue. One call of
 * step_advance() makes one of these moves and emits at most one event (SPAWN: one an iteration), so
 * that whoever replays a recording can choose, event by event, which branch goes on.
 *
 * Invariants
 * 1. Event ids are 1, 2, 3 ...; every event's previous one is on its own chain (frame->last), but
 *    for AWS's exceptions, which stand where they are made.
 * 2. A task has an outcome at most once: outcomes name the id of its Scheduled event, and the frame
 *    forgets it with the first.
 * 3. A finished execution never changes, but for ASL_REDRIVE, which appends.
 */
#ifndef ASL_RUN_RUN_H
#define ASL_RUN_RUN_H

#include "../asl.h"
#include "../definition/machine.h"
#include "history.h"

/* AWS's quotas (facts 5). */
#define PAYLOAD_MAXIMUM         262144
#define EVENTS_MAXIMUM          25000
#define VARIABLES_MAXIMUM       (10 * 1024 * 1024)
#define EXPRESS_SECONDS_MAXIMUM 300
#define INLINE_CONCURRENCY      40
#define DISTRIBUTED_CONCURRENCY 10000
#define NEVER                   INT64_MAX

enum frame_phase {
    FRAME_ENTER,
    FRAME_WORK,
    FRAME_SPAWN,
    FRAME_COLLECT,
    FRAME_TASK,
    FRAME_WAIT,
    FRAME_RETRY,
    FRAME_CHILDREN,
    FRAME_PHASES,
};

/* A task that is open. */
struct open_task {
    int64_t id;                                 /* of its Scheduled event; 0: none */
    int64_t deadline, heartbeat_deadline;       /* ms; NEVER */
    int64_t timeout_seconds, heartbeat_seconds; /* 0: none */
    asl_value *parameters, *credentials;        /* kept to send it again after a crash */
    char *token;                                /* or NULL */
    bool started, submitted;
};

struct frame {
    struct frame *parent;
    size_t index; /* branch or iteration */
    struct states *scope;
    struct state *state;
    enum frame_phase phase;

    bool ready;
    bool silent; /* within a distributed Map: its events are another execution's */
    struct frame *ready_next;
    size_t number; /* save.c's: place in the tree while it is written */

    asl_value *input; /* the state's raw input */
    int64_t entered_at, entered_event;
    int64_t before_entered; /* the event before Entered on this chain */
    int64_t last;           /* the last event on this chain */
    int64_t due;            /* WAIT, RETRY */
    uint32_t *retries;      /* used, by retrier; NULL: none yet */
    int64_t retry_count;

    struct open_task task;

    /* children of a Parallel or Map */
    struct frame **children; /* by index; NULL: not begun, or ended */
    asl_value **results;     /* by index; NULL: none (yet) */
    size_t child_count, next_child, running, failed;
    size_t concurrency; /* at once */
    size_t tolerated;   /* failures that do not fail the Map */
    bool wrecked;       /* it failed: children stay as they stood, for a redrive */
    asl_value *items;   /* of a Map */
    int64_t run;        /* of a distributed Map: its MapRunStarted event's id */
    asl_value *run_arn; /* its ARN; NULL: taken over from a state that did not hold it */
    int64_t run_redrives;
    size_t begun; /* before the run was redriven: items below are not begun for the first time */

    /* a child of a distributed Map */
    bool over;        /* it failed, which was tolerated: it stays for a redrive, and does not run */
    int64_t redrives; /* of the execution that it is */

    asl_value *variables; /* {"name": value} of this scope; NULL: none */
};

struct asl_execution {
    asl_machine *machine;
    asl_value *arn, *name, *role_arn, *machine_arn, *machine_name;
    asl_value *version_arn, *alias_arn; /* or NULL */
    char *raw_input;
    size_t raw_input_size;
    asl_value *input;
    enum asl_status status;
    bool synchronous;
    /* see asl_birth */
    bool alone;
    uint32_t retries_before;
    asl_value *context; /* or NULL */
    int64_t started, stopped, deadline;
    int64_t last_event;
    int64_t last_silent; /* ids for what silent frames would have emitted: -1, -2 ... */
    int64_t redrives, redriven_at;
    asl_value *output;
    char *error, *cause;
    struct frame *root;
    struct frame *ready_head, *ready_tail;
};

/* A text that the executions of a machine mostly have in common: the last such value, or a new one.
 */
asl_value *execution_text(asl_machine *machine, size_t which, struct asl_text text);

/* Why a state failed. */
struct failure {
    char *error, *cause; /* NULL: none */
    char *location;      /* of an evaluation, or NULL */
    bool is_set;
    bool is_terminal;   /* States.Runtime: neither retried nor caught */
    bool is_evaluation; /* JSONata: EvaluationFailed goes before */
    bool is_heartbeat;  /* States.HeartbeatTimeout matches it too */
    bool is_from_child; /* a branch or an iteration failed */
};

/* One step at work. */
struct run {
    asl_execution *x;
    const struct asl_env *env;
    struct asl_result *result;
    struct failure failure;
    size_t tolerated_count; /* of the Map that begins, as its fields say */
    double tolerated_percentage;
    bool history_full;
    enum asl_way way; /* how state_leave_take() is to leave; back to ASL_BY_NEXT behind it */
    size_t way_index; /* the rule's or catcher's number */

    /* what expressions see; set by flow_begin() and by the states */
    struct frame *frame;
    const asl_value *states_input, *states_result, *states_error;
    const asl_value *item; /* within ItemSelector: the item at hand, or NULL */
    int64_t item_index;
    asl_value *context_cache, *states_cache;
};

/* ---- execution.c ---- */
struct frame *frame_new(struct frame *parent, size_t index, struct states *scope);
void frame_free(struct frame *f); /* with its children */
void frame_forget_task(struct frame *f);
void frame_forget_children(struct frame *f);
/* Nothing is awaited any more; what was under way would begin again. */
void frame_settle(struct frame *f);
void frame_set_input_take(struct frame *f, asl_value *input);
void ready_push(asl_execution *x, struct frame *f);       /* behind all others */
void ready_push_first(asl_execution *x, struct frame *f); /* goes on before all others */
void ready_remove(asl_execution *x, struct frame *f);
/* Removes a frame and all below it from the queue. */
void ready_remove_tree(asl_execution *x, struct frame *f);
struct frame *frame_of_task(struct frame *f, int64_t task);
/* Calls `see` for a frame and all below it, in order. */
void frame_each(struct frame *f, void (*see)(void *state, struct frame *f), void *state);
static inline bool frame_is_distributed(const struct frame *f)
{
    return f->state->kind == STATE_MAP && f->state->of.map.distributed;
}

/* ---- step.c ---- */
/* Of a redriven execution: what of the frame had succeeded is kept, what failed or was cut off
 * begins again, its retries unused; `previous` is the event behind which it goes on. */
void frame_restart(struct run *r, struct frame *f, int64_t previous);
int64_t run_now(struct run *r);
/* Emits an event; `previous` is an id. Returns the new event's id. */
int64_t run_emit(struct run *r, struct history_event *e, int64_t previous);
/* The same on the frame's chain: previous is frame->last, which becomes the new id. */
int64_t run_emit_on(struct run *r, struct frame *f, struct history_event *e);
/* What happens within a distributed Map's child, or to it: kept where the children's events are
 * wanted; of an EXPRESS child, what happens to it. Returns its (negative) number. */
int64_t run_emit_silent(struct run *r, const struct frame *f, struct history_event *e,
                        int64_t previous);
int64_t run_map_run_emit(struct run *r, const struct frame *map, size_t index,
                         struct history_event *e, int64_t previous);
struct asl_command *run_command(struct run *r, enum asl_command_kind kind, int64_t task);
void run_task_command(struct run *r, struct frame *f);
/* Shows something to who looks on, if anybody does. */
static inline void run_show(struct run *r, const struct state *s, enum asl_sight sight,
                            size_t index, bool yes)
{
    if (r->env->see)
        r->env->see(r->env->onlooker, &(struct asl_observation){.sight = sight,
                                                                .state = s,
                                                                .way = r->way,
                                                                .index = index,
                                                                .yes = yes,
                                                                .error = r->failure.error,
                                                                .cause = r->failure.cause});
}
static inline void run_show_value(struct run *r, const struct state *s, enum asl_sight sight,
                                  const asl_value *value)
{
    if (r->env->see)
        r->env->see(r->env->onlooker,
                    &(struct asl_observation){.sight = sight, .state = s, .value = value});
}
/* Leaves the state with `output` for `next` (NULL: the frame ends). Consumes output and assigned.
 */
void state_leave_take(struct run *r, struct frame *f, asl_value *output, asl_value *assigned,
                      struct state *next);
void state_enter(struct run *r, struct frame *f, struct state *state);
void execution_end(struct run *r, enum asl_status status);

/* ---- failure.c: retry, catch, and what failing means ---- */
/* Sets the failure of this run: error name and cause as they are. */
void fail_with(struct run *r, struct asl_text error, struct asl_text cause);
/* States.Runtime with "An error occurred while executing the state ..." in front. Returns false. */
bool fail_runtime(struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* States.QueryEvaluationError, the same words in front. `location` NULL: none. Returns false. */
bool fail_evaluation(struct run *r, const char *location, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool fail_data_limit(struct run *r, struct asl_text what);
/* States.ReferencePathConflict: a place that cannot be written, or a Map's items that are not
 * there. The cause stands for itself, as reported from AWS. */
bool fail_reference(struct run *r, const struct path *p, const asl_value *document,
                    void (*describe)(const struct path *p, const asl_value *document,
                                     struct asl_buffer *out));
void failure_free(struct failure *failure);
/* The state of `f` has failed with r->failure: retry, catch, or fail the frame. */
void state_fail(struct run *r, struct frame *f);

/* ---- containers.c: Parallel and Map ---- */
void container_child_ended(struct run *r, struct frame *child, asl_value *output);
void container_child_failed(struct run *r, struct frame *child);
void container_abort_children(struct run *r, struct frame *f, const struct frame *failed);
bool work_parallel(struct run *r, struct frame *f);
bool work_map(struct run *r, struct frame *f);
void container_spawn(struct run *r, struct frame *f);
void container_collect(struct run *r, struct frame *f);
/* The answer of whoever played the children (asl_env's plays_children). */
void container_outcome(struct run *r, struct frame *f, const struct asl_event *event);

/* ---- batches.c ---- */
/* The inputs that an ItemBatcher makes of the items: [{"BatchInput", "Items"}]; yours. NULL:
 * r->failure is set. */
asl_value *batches_of(struct run *r, const struct state *s, const asl_value *items,
                      const asl_value *effective);

/* ---- states.c, task.c, choice.c: one work function a kind; false: r->failure is set ---- */
bool work_pass(struct run *r, struct frame *f);
bool work_choice(struct run *r, struct frame *f);
bool work_wait(struct run *r, struct frame *f);
bool work_succeed(struct run *r, struct frame *f);
bool work_fail(struct run *r, struct frame *f);
bool work_task(struct run *r, struct frame *f);
/* Can the integration take such parameters? (parameters.c) False: r->failure is set. */
bool parameters_are_accepted(struct run *r, const struct resource *resource,
                             const asl_value *parameters);
void wait_is_over(struct run *r, struct frame *f);
/* Outcomes of the open task of `f`. */
void task_outcome(struct run *r, struct frame *f, const struct asl_event *event);
void task_timed_out(struct run *r, struct frame *f, bool heartbeat);

/* ---- flow.c, flow_jsonpath.c, flow_jsonata.c: a state's data flow, asked of its language ---- */
struct flow {
    /* What the state works on: InputPath applied, or the raw input. */
    asl_value *(*effective_input)(struct run *r, struct frame *f);
    /* A hole of a template; NULL with r->failure set. */
    asl_value *(*hole)(struct run *r, const struct template *t, const asl_value *input);
    /* From the result of the work to the state's output and assignments (NULL: none), by the Output
     * and Assign given: the state's own, or those of a Choice's rule. False with r->failure set. */
    bool (*leave)(struct run *r, struct frame *f, const struct template *output_template,
                  const struct template *assign_template, const asl_value *result,
                  asl_value **output, asl_value **assigned);
    /* The same for a catcher. */
    bool (*caught)(struct run *r, struct frame *f, const struct catcher *c,
                   const asl_value *error_output, asl_value **output, asl_value **assigned);
};
const struct flow *flow_of(const struct state *s);
extern const struct flow flow_jsonpath, flow_jsonata;

void flow_begin(struct run *r, struct frame *f); /* expressions see this frame from here on */
void flow_end(struct run *r);
void flow_forget_caches(struct run *r); /* what $states or $$ show has changed */
asl_value *flow_template(struct run *r, const struct template *t, const asl_value *input);
/* Assign's template to {"name": value}, within the limits. */
bool flow_assign(struct run *r, const struct template *t, const asl_value *input,
                 asl_value **assigned);
const asl_value *flow_variable(void *run, struct asl_text name);
const asl_value *flow_context(void *run);
/* Raises an output over the payload limit or the depth limit. */
bool flow_check_size(struct run *r, const asl_value *v, struct asl_text what);
/* Leaves the state with what `result` becomes: flow->leave, the size check, Exited, `next`. */
bool flow_leave(struct run *r, struct frame *f, const struct template *output_template,
                const struct template *assign_template, const asl_value *result,
                struct state *next);
/* A setting's value: the constant, or its template evaluated on `input`. NULL: absent (no failure)
 * or failed (r->failure.is_set). */
asl_value *flow_setting(struct run *r, const struct setting *s, const asl_value *input);
bool flow_is_set(const struct setting *s);
/* A path looked up in what this frame sees; NULL and Jayway's words when it misses. */
asl_value *flow_path(struct run *r, const struct path *p, const asl_value *input,
                     struct path_miss *miss);
/* AWS applies no path to null, not even `$`. False: r->failure is set. */
bool flow_can_read(struct run *r, const struct path *p, const asl_value *input);
/* A whole number within [least, most], worded as AWS words it for the field. */
bool flow_integer(struct run *r, const struct setting *s, const asl_value *input, int64_t least,
                  int64_t most, int64_t absent, int64_t *out);

/* ---- context.c ---- */
asl_value *context_build(struct run *r);

/* ---- timestamp.c ---- */
/* ISO-8601 extended offset date-time ("2016-12-05T21:29:29.5+01:00") to ms since 1970, and the
 * nanoseconds within; false when it is not one. */
bool timestamp_parse(struct asl_text text, int64_t *ms, int32_t *nanoseconds);
/* "2019-03-26T20:14:13.192Z" */
void timestamp_format(int64_t ms, char out[32]);

/* ---- map_run.c ---- */
/* MapRunStarted, and what is kept of the beginning. */
void map_run_begin(struct run *r, struct frame *f);
/* MapRunFailed, and the end; `now_failed`: 1 when a child's failure ends it. */
void map_run_fail(struct run *r, struct frame *f, int64_t id, size_t now_failed);
void map_run_tell_end(struct run *r, const struct frame *f, int64_t id, const char *status,
                      size_t now_failed);
/* What happens to an item, by the iteration's event, happens to an execution; its number. */
int64_t map_run_emit(struct run *r, const struct frame *map, enum history_type type, size_t index);
/* For each frame of an execution that ends otherwise than by itself: the children end, too. */
void map_run_abort(void *run, struct frame *f);
/* A run's own bound (AWS: a hard limit): behind it the Map fails with States.Runtime. */
#define MAP_RUN_REDRIVES 1000
/* MapRunRedriven; what had no success waits for its turn again. EXPRESS children begin anew. False:
 * the run is out of redrives, and stays as it was; container_spawn fails its Map. */
bool map_run_redrive(struct run *r, struct frame *f);
bool map_run_is_out_of_redrives(const struct frame *f);
/* ExecutionRedriven; its number. */
int64_t map_run_redrive_child(struct run *r, struct frame *f, size_t index);
bool map_run_update(struct run *r, const struct asl_event *event);

#endif
