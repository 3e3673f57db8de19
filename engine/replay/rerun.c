/* The free run: the definition goes its own way, and every task it orders gets the outcome that was
 * recorded for it, after the time it took then.
 *
 * Which outcome a task gets, first match wins, each is used once, in their recorded order: that of
 * the same state and Map iteration with equal parameters; of the same state and iteration; of the same
 * state with equal parameters; of the same resource with equal parameters (a state renamed).
 */
#include "engine/replay/player.h"

#include <stdlib.h>
#include <string.h>

#define MOVES_MAXIMUM 1000000

struct outcome {
    int64_t scheduled;           /* id of its ...Scheduled event */
    const asl_value *state;      /* name */
    int64_t iteration;           /* -1: none */
    struct asl_text resource;
    asl_value *parameters;       /* what the task was given */
    const asl_value *events[3];  /* started, submitted, ended, as far as recorded */
    size_t count;
    bool used;
};

/* An outcome on its way to a task of ours. */
struct coming {
    int64_t at, task;
    const asl_value *event;
};

struct rerun {
    struct player *p;
    struct outcome *outcomes;
    size_t outcome_count;
    struct coming *coming;
    size_t coming_count, coming_capacity;
    const asl_value *stop; /* recorded ExecutionAborted, or NULL */
    int64_t begun;         /* when the recording began */
    int64_t missing;       /* id of the Scheduled event without outcome, 0: none */
};

/* ---- what was recorded ---- */

static asl_value *parameters_of(const asl_value *scheduled)
{
    asl_value *v = event_payload(scheduled, "parameters");
    return v ? v : event_payload(scheduled, "input");
}

static void add_outcome(struct rerun *r, const asl_value *events, const asl_value *scheduled)
{
    struct outcome *o = &r->outcomes[r->outcome_count++];
    *o = (struct outcome){.scheduled = event_id(scheduled)};
    o->state = event_state(events, scheduled, &o->iteration);
    o->resource = event_detail_text(scheduled, "resource");
    o->parameters = parameters_of(scheduled);
}

static struct outcome *outcome_of(struct rerun *r, int64_t scheduled)
{
    size_t low = 0, high = r->outcome_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (r->outcomes[middle].scheduled < scheduled)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < r->outcome_count && r->outcomes[low].scheduled == scheduled;
    return found ? &r->outcomes[low] : NULL;
}

static void read_outcomes(struct rerun *r)
{
    const asl_value *events = r->p->recording->events;
    r->outcomes = asl_allocate_zeroed(value_count(events), sizeof *r->outcomes);
    for (size_t i = 0; i < value_count(events); i++) {
        const asl_value *event = value_at(events, i);
        if (asl_text_ends(event_type(event), "Scheduled")) {
            add_outcome(r, events, event);
            continue;
        }
        if (event_outside(event) == ASL_STOP && i + 1 == value_count(events))
            r->stop = event;
        struct outcome *o = event_outside(event) == ASL_START || event_outside(event) == ASL_REDRIVE
                                ? NULL
                                : outcome_of(r, event_task(events, event));
        if (o && o->count < sizeof o->events / sizeof *o->events)
            o->events[o->count++] = event;
    }
}

/* ---- finding a task's outcome ---- */

/* Each task makes its own token: with marks in them, parameters are equal where only marks differ. */
static bool equal_parameters(const asl_value *recorded, const asl_value *ours)
{
    if (!recorded || !ours)
        return recorded == ours;
    if (value_equal(recorded, ours))
        return true;
    struct comparison c = {0};
    bool same = compare_value(&c, recorded, ours, NULL);
    comparison_free(&c);
    return same;
}

/* How well an outcome fits; smaller is better, 4: not at all. */
static int misfit(const struct outcome *o, const struct outcome *wanted)
{
    bool state = o->state && wanted->state &&
                 asl_text_equal(value_as_text(o->state), value_as_text(wanted->state));
    bool place = state && o->iteration == wanted->iteration;
    if (!state && !asl_text_equal(o->resource, wanted->resource))
        return 4;
    bool equal = equal_parameters(o->parameters, wanted->parameters);
    return place && equal ? 0 : place ? 1 : state && equal ? 2 : !state && equal ? 3 : 4;
}

static struct outcome *find_outcome(struct rerun *r, const struct outcome *wanted)
{
    struct outcome *best = NULL;
    int least = 4;
    for (size_t i = 0; i < r->outcome_count && least > 0; i++) {
        struct outcome *o = &r->outcomes[i];
        int m = o->used ? 4 : misfit(o, wanted);
        if (m < least) {
            least = m;
            best = o;
        }
    }
    return best;
}

static void let_come(struct rerun *r, int64_t at, int64_t task, const asl_value *event)
{
    if (r->coming_count == r->coming_capacity) {
        r->coming_capacity = r->coming_capacity ? r->coming_capacity * 2 : 16;
        r->coming = asl_reallocate(r->coming, r->coming_capacity * sizeof *r->coming);
    }
    r->coming[r->coming_count++] = (struct coming){at, task, event};
}

/* How long after `from` an event was recorded; 0 where there are no times. */
static int64_t after(const struct rerun *r, const asl_value *from, const asl_value *event)
{
    return r->p->recording->timed ? event_time(event) - event_time(from) : 0;
}

static void order_outcome(struct rerun *r, int64_t task)
{
    const asl_value *events = r->p->events;
    const asl_value *scheduled = task >= 1 && (size_t)task <= value_count(events)
                                     ? value_at(events, (size_t)task - 1)
                                     : NULL;
    struct outcome wanted = {0};
    if (scheduled) {
        wanted.state = event_state(events, scheduled, &wanted.iteration);
        wanted.resource = event_detail_text(scheduled, "resource");
        wanted.parameters = parameters_of(scheduled);
    }
    struct outcome *o = scheduled ? find_outcome(r, &wanted) : NULL;
    value_release(wanted.parameters);
    if (!o) {
        r->missing = r->missing ? r->missing : task;
        return;
    }
    o->used = true;
    const asl_value *from = recording_event(r->p->recording, o->scheduled);
    for (size_t i = 0; i < o->count; i++)
        if (event_outside(o->events[i]) != ASL_TASK_TIMED_OUT) /* the clock's to find */
            let_come(r, r->p->now + after(r, from, o->events[i]), task, o->events[i]);
}

static void forget(struct rerun *r, int64_t task)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->coming_count; i++)
        if (r->coming[i].task != task)
            r->coming[kept++] = r->coming[i];
    r->coming_count = kept;
}

static void take_commands(struct rerun *r)
{
    const struct asl_result *result = &r->p->result;
    for (size_t i = 0; i < result->count; i++) {
        if (result->commands[i].kind == ASL_RUN_TASK)
            order_outcome(r, result->commands[i].task);
        else if (result->commands[i].kind == ASL_CANCEL_TASK)
            forget(r, result->commands[i].task);
    }
}

/* ---- running ---- */

static size_t earliest(const struct rerun *r)
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < r->coming_count; i++)
        if (found == SIZE_MAX || r->coming[i].at < r->coming[found].at)
            found = i;
    return found;
}

static bool feed_earliest(struct rerun *r, size_t index)
{
    struct coming c = r->coming[index];
    for (size_t i = index + 1; i < r->coming_count; i++)
        r->coming[i - 1] = r->coming[i]; /* in order: started stays before ended */
    r->coming_count--;
    player_wait(r->p, c.at);
    player_feed(r->p, c.event, c.task);
    return true;
}

/* Time passes up to what is due. Where only a heartbeat is, and the outcome is still to come, the
 * worker was alive. */
static bool tick(struct rerun *r, int64_t due)
{
    if (r->coming_count) {
        player_wait(r->p, due - 1);
        player_heartbeats(r->p);
        if (asl_execution_due(r->p->x) > due)
            return true;
    }
    player_wait(r->p, due);
    player_step_kind(r->p, ASL_TICK);
    return true;
}

/* Has the recording been left behind, which was taken while the execution was open? What was recorded
 * still comes, however late under this definition. */
static bool is_behind(const struct rerun *r, int64_t next)
{
    const struct recording *recording = r->p->recording;
    size_t count = value_count(recording->events);
    if (recording->ended || r->coming_count)
        return false;
    return !recording->timed || next > event_time(value_at(recording->events, count - 1));
}

/* One move. False: there is none, or none that the recording covers. */
static bool move(struct rerun *r)
{
    struct player *p = r->p;
    if (p->result.runnable)
        return player_step_kind(p, ASL_CONTINUE), true;
    size_t index = earliest(r);
    int64_t due = asl_execution_due(p->x);
    int64_t outcome = index == SIZE_MAX ? INT64_MAX : r->coming[index].at;
    int64_t next = outcome < due ? outcome : due;
    int64_t stop = !r->stop ? INT64_MAX
                   : p->recording->timed ? event_time(r->stop)
                   : next == INT64_MAX   ? p->now
                                         : INT64_MAX;
    if (stop <= next && stop != INT64_MAX) {
        player_wait(p, stop);
        return player_feed(p, r->stop, 0);
    }
    if (next == INT64_MAX || is_behind(r, next))
        return false;
    return outcome <= due ? feed_earliest(r, index) : tick(r, due);
}

static int64_t longest_open(struct player *p)
{
    struct asl_result open;
    asl_result_init(&open, NULL);
    asl_execution_open_commands(p->x, &p->env, &open);
    int64_t task = open.count ? open.commands[0].task : 0;
    asl_result_free(&open);
    return task;
}

static enum rerun_end run(struct rerun *r)
{
    struct player *p = r->p;
    size_t most = 2 * value_count(p->recording->events) + 30000;
    player_step_kind(p, ASL_START);
    take_commands(r);
    for (size_t moves = 0; asl_execution_status(p->x) == ASL_RUNNING; moves++) {
        if (moves == MOVES_MAXIMUM || value_count(p->events) > most)
            return RERUN_LONG;
        if (r->missing && !p->result.runnable)
            return RERUN_NEEDS;
        if (!move(r)) {
            r->missing = p->recording->ended ? longest_open(p) : 0;
            return p->recording->ended ? RERUN_NEEDS : RERUN_OPEN;
        }
        take_commands(r);
    }
    return RERUN_ENDED;
}

enum rerun_end rerun(struct player *p, int64_t *task)
{
    struct rerun r = {.p = p};
    read_outcomes(&r);
    enum rerun_end end = run(&r);
    *task = r.missing;
    for (size_t i = 0; i < r.outcome_count; i++)
        value_release(r.outcomes[i].parameters);
    free(r.outcomes);
    free(r.coming);
    return end;
}
