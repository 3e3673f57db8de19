/* The free run: the definition goes its own way, and every task it orders gets the outcome that was
 * recorded for it (outcomes.h), after the time it took then. */
#include "engine/replay/outcomes.h"
#include "engine/replay/places.h"
#include "engine/replay/player.h"
#include "engine/replay/standing.h"

#define MOVES_MAXIMUM 1000000

struct rerun {
    struct player *p;
    struct outcomes outcomes;
    struct coming coming;
    int64_t missing;           /* id of the Scheduled event without outcome, 0: none */
    struct places places;      /* of the events that came */
    struct standing *standing; /* of the recording, when it is open */
    size_t asked; /* recorded events looked through for what was asked of the execution */
};

static void order_outcome(struct rerun *r, int64_t task)
{
    const asl_value *events = r->p->events;
    const asl_value *scheduled = task >= 1 && (size_t)task <= value_count(events)
                                     ? value_at(events, (size_t)task - 1)
                                     : NULL;
    struct outcome wanted = {0};
    if (scheduled) {
        const struct place *at = &r->places.items[task - 1];
        wanted.state = at->state;
        wanted.iteration = at->iteration;
        wanted.iterations = at->iterations;
        wanted.resource = event_detail_text(scheduled, "resource");
        wanted.parameters = outcome_parameters(scheduled);
    }
    struct outcome *o = scheduled ? outcomes_find(&r->outcomes, &wanted) : NULL;
    value_release(wanted.parameters);
    if (!o) {
        r->missing = r->missing ? r->missing : task;
        return;
    }
    outcome_comes(&r->outcomes, o, r->p->now, task, &r->coming);
    if (o->count && event_outside(o->events[o->count - 1]) == ASL_TASK_TIMED_OUT)
        player_dies(r->p, task);
}

/* What a step gave: events, which may come to where the recording stands, and commands. */
static void take_result(struct rerun *r)
{
    const struct asl_result *result = &r->p->result;
    size_t seen = r->places.count;
    places_extend(&r->places, r->p->events);
    for (; seen < r->places.count; seen++)
        if (r->places.items[seen].entry == (int64_t)seen + 1 && r->places.items[seen].state)
            standing_reach(r->standing, &r->places.items[seen]);
    for (size_t i = 0; i < result->count; i++) {
        if (result->commands[i].kind == ASL_RUN_TASK)
            order_outcome(r, result->commands[i].task);
        else if (result->commands[i].kind == ASL_CANCEL_TASK)
            coming_forget(&r->coming, result->commands[i].task);
    }
}

/* ---- running ---- */

static bool feed_earliest(struct rerun *r)
{
    struct coming_event c = coming_take(&r->coming);
    player_wait(r->p, c.at);
    player_feed(r->p, c.event, c.task);
    value_release(c.event);
    return true;
}

/* Time passes up to what is due. Where only a heartbeat is: workers were alive, but for those whose
 * tasks were recorded to have timed out. */
static bool tick(struct rerun *r, int64_t due)
{
    player_wait(r->p, due - 1);
    player_heartbeats(r->p);
    if (asl_execution_due(r->p->x) > due)
        return true;
    player_wait(r->p, due);
    player_step_kind(r->p, ASL_TICK);
    return true;
}

/* Has the recording been left behind, which was taken while the execution was open? What was
 * recorded still comes, however late under this definition, and so does the state in which it
 * stood. */
static bool is_behind(const struct rerun *r, int64_t next)
{
    const struct recording *recording = r->p->recording;
    size_t count = value_count(recording->events);
    if (recording->ended || r->coming.count || r->standing->unreached)
        return false;
    return !recording->timed || next > event_time(value_at(recording->events, count - 1));
}

/* What was asked of the execution next: to stop, or to be redriven. NULL: nothing more. */
static const asl_value *next_asked(struct rerun *r)
{
    const asl_value *events = r->p->recording->events;
    for (; r->asked < value_count(events); r->asked++) {
        enum asl_event_kind kind = event_outside(value_at(events, r->asked));
        if (kind == ASL_STOP || kind == ASL_REDRIVE)
            return value_at(events, r->asked);
    }
    return NULL;
}

static const asl_value *next_stop(struct rerun *r)
{
    const asl_value *asked = next_asked(r);
    return asked && event_outside(asked) == ASL_STOP ? asked : NULL;
}

/* It has ended without success: was it redriven then? A stop that came too late for it goes by. */
static bool redrive(struct rerun *r)
{
    const asl_value *asked;
    while ((asked = next_asked(r)) && event_outside(asked) != ASL_REDRIVE)
        r->asked++;
    if (!asked)
        return false;
    r->asked++;
    if (r->p->recording->timed)
        player_wait(r->p, event_time(asked));
    return player_step_kind(r->p, ASL_REDRIVE);
}

/* One move. False: there is none, or none that the recording covers. */
static bool move(struct rerun *r)
{
    struct player *p = r->p;
    if (p->result.runnable)
        return player_step_kind(p, ASL_CONTINUE), true;
    int64_t due = asl_execution_due(p->x);
    int64_t outcome = coming_next(&r->coming);
    int64_t next = outcome < due ? outcome : due;
    const asl_value *asked = next_stop(r);
    int64_t stop = !asked                ? INT64_MAX
                   : p->recording->timed ? event_time(asked)
                   : next == INT64_MAX   ? p->now
                                         : INT64_MAX;
    if (stop <= next && stop != INT64_MAX) {
        r->asked++;
        player_wait(p, stop);
        return player_feed(p, asked, 0);
    }
    if (next == INT64_MAX || is_behind(r, next))
        return false;
    return outcome <= due ? feed_earliest(r) : tick(r, due);
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

/* Of an open execution: it stands where it stood, what it would need next is nobody's to know. */
static bool is_enough(const struct rerun *r)
{
    return !r->p->recording->ended && !r->standing->unreached;
}

static enum rerun_end run(struct rerun *r)
{
    struct player *p = r->p;
    size_t most = 2 * value_count(p->recording->events) + 30000;
    player_step_kind(p, ASL_START);
    take_result(r);
    for (size_t moves = 0;; moves++) {
        enum asl_status status = asl_execution_status(p->x);
        if (status == ASL_SUCCEEDED || (status != ASL_RUNNING && !redrive(r)))
            return RERUN_ENDED;
        if (status != ASL_RUNNING)
            take_result(r);
        if (moves == MOVES_MAXIMUM || value_count(p->events) > most)
            return RERUN_LONG;
        if (r->missing && !p->result.runnable)
            return is_enough(r) ? RERUN_OPEN : RERUN_NEEDS;
        if (!move(r)) {
            r->missing = p->recording->ended ? longest_open(p) : 0;
            return p->recording->ended ? RERUN_NEEDS : RERUN_OPEN;
        }
        take_result(r);
    }
}

enum rerun_end rerun(struct player *p, struct standing *standing, int64_t *task)
{
    struct rerun r = {.p = p, .standing = standing};
    outcomes_read(&r.outcomes, p->recording);
    enum rerun_end end = run(&r);
    *task = r.missing;
    outcomes_free(&r.outcomes);
    coming_free(&r.coming);
    places_free(&r.places);
    return end;
}
