/* Following a recording event by event: recorded outcomes go in where they were recorded, the clock
 * moves with the recording, and of several branches the one goes on whose turn it was. */
#include "engine/replay/player.h"

#include <string.h>

/* How late an outcome may be recorded after something fell due without the one proving that the
 * definition's clock would have struck first. */
#define LATE 1000 /* ms */

static const asl_value *next_recorded(const struct player *p)
{
    return recording_event(p->recording, asl_execution_last_event(p->x) + 1);
}

static bool is_outside(const asl_value *event)
{
    return event_outside(event) != ASL_START;
}

/* A branch that can go on does so at once; on AWS, within milliseconds. */
#define STARVED 250 /* ms */

static int64_t waiting_since(const struct player *p, const struct asl_candidate *c, int64_t now)
{
    for (size_t i = 0; i < p->waiting_count; i++)
        if (p->waiting[i].last == c->last && p->waiting[i].state == c->state)
            return p->waiting[i].since;
    return now;
}

/* Would a branch have gone on long ago of which the recording shows nothing? */
static bool is_one_starved(struct player *p, const struct asl_candidate *candidates, size_t count,
                           const asl_value *next)
{
    struct waiting waiting[PLAYER_WAITING];
    int64_t now = event_time(next);
    if (!p->recording->timed || count > PLAYER_WAITING)
        count = 0;
    for (size_t i = 0; i < count; i++) {
        waiting[i] = (struct waiting){candidates[i].last, waiting_since(p, &candidates[i], now),
                                      candidates[i].state};
        if (now - waiting[i].since > STARVED)
            p->starved = candidates[i].state;
    }
    memcpy(p->waiting, waiting, count * sizeof *waiting);
    p->waiting_count = count;
    return p->starved != NULL;
}

/* The branch that the next recorded event comes from. */
static size_t choose(const struct asl_candidate *candidates, size_t count, const asl_value *next)
{
    struct asl_text type = event_type(next), name = {NULL, 0};
    if (is_outside(next) || asl_text_is(type, "ExecutionTimedOut"))
        return ASL_PICK_NONE;
    bool evaluation = asl_text_is(type, "EvaluationFailed");
    if (evaluation)
        name = event_detail_text(next, "state");
    else if (asl_text_ends(type, "StateEntered") || asl_text_ends(type, "StateExited"))
        name = event_detail_text(next, "name");
    size_t found = ASL_PICK_NONE;
    for (size_t i = 0; i < count; i++) {
        bool follows = candidates[i].last == event_previous(next);
        bool named = name.data && asl_text_equal(name, value_as_text(candidates[i].state));
        if (follows && named)
            return i;
        if (found == ASL_PICK_NONE && (follows || (named && evaluation)))
            found = i;
    }
    return found;
}

static size_t pick(void *player, const struct asl_candidate *candidates, size_t count)
{
    struct player *p = player;
    const asl_value *next = next_recorded(p);
    if (p->forced || !next) {
        p->forced = false;
        return 0;
    }
    return is_one_starved(p, candidates, count, next) ? ASL_PICK_NONE
                                                      : choose(candidates, count, next);
}

/* ---- moves ---- */

static bool tick(struct player *p)
{
    int64_t due = asl_execution_due(p->x);
    if (due == INT64_MAX)
        return false;
    player_wait(p, due);
    return player_step_kind(p, ASL_TICK);
}

/* Would the definition's own clock have struck long before the recorded outcome came? */
static bool is_overdue(struct player *p, const asl_value *next)
{
    int64_t at = event_time(next);
    if (!p->recording->timed || asl_execution_due(p->x) >= at - LATE)
        return false;
    player_heartbeats(p);
    return asl_execution_due(p->x) < at - LATE;
}

static bool feed(struct player *p, const asl_value *next)
{
    bool timed_out = event_outside(next) == ASL_TASK_TIMED_OUT;
    if ((timed_out && asl_execution_due(p->x) != INT64_MAX) || is_overdue(p, next))
        return tick(p); /* its own clock must find it */
    if (p->recording->timed)
        player_wait(p, event_time(next));
    return player_feed(p, next, event_task(p->recording->events, next));
}

static bool go_on(struct player *p)
{
    int64_t before = asl_execution_last_event(p->x);
    if (!p->result.runnable)
        return false;
    player_step_kind(p, ASL_CONTINUE);
    return asl_execution_last_event(p->x) > before || !p->result.runnable;
}

/* The children of a distributed Map publish nothing; where their results are discarded, any does.
 */
static bool answer_child(struct player *p)
{
    struct asl_result open;
    asl_result_init(&open, NULL);
    asl_execution_open_commands(p->x, &p->env, &open);
    int64_t task = open.count ? open.commands[0].task : 0;
    asl_result_free(&open);
    asl_value *output = value_empty_object();
    struct asl_event event = {.kind = ASL_TASK_SUCCEEDED, .task = task, .output = output};
    bool taken = task < 0 && player_step(p, &event);
    value_release(output);
    return taken;
}

/* One move towards the next recorded event. False: there is none. */
static bool move(struct player *p)
{
    const asl_value *next = next_recorded(p);
    if (!next)
        return false;
    if (is_outside(next) && feed(p, next))
        return true;
    if (p->recording->timed && !asl_text_ends(event_type(next), "StateExited"))
        player_wait(p, event_time(next) < asl_execution_due(p->x) ? event_time(next) : p->now);
    if (go_on(p) || answer_child(p) || tick(p))
        return true;
    if (!p->result.runnable)
        return false;
    p->forced = true;
    return player_step_kind(p, ASL_CONTINUE);
}

/* ---- comparing on the way ---- */

/* Until November 2024 a distributed Map's Exited pointed at MapRunSucceeded, since then at
 * MapRunStarted (facts 2.3): an older recording is read as today's. */
static asl_value *of_today(const struct player *p, const asl_value *event)
{
    const asl_value *before = recording_event(p->recording, event_previous(event));
    if (before && asl_text_is(event_type(event), "MapStateExited") &&
        asl_text_is(event_type(before), "MapRunSucceeded"))
        return value_with_take(value_retain(event), value_string_z("previousEventId"),
                               value_integer(event_previous(before)));
    return value_retain(event);
}

/* Compares what has come since `*seen`. */
static bool compare_new(struct player *p, struct comparison *c, size_t *seen,
                        struct asl_buffer *difference)
{
    for (; *seen < value_count(p->events); ++*seen) {
        const asl_value *recorded = recording_event(p->recording, (int64_t)*seen + 1);
        if (!recorded && !p->recording->ended)
            return true; /* taken while it was open: what follows is nobody's to judge */
        if (!recorded) {
            asl_buffer_printf(difference, "recorded nothing more, replayed %.*s",
                              ASL_TEXT_ARGS(event_type(value_at(p->events, *seen))));
            return false;
        }
        c->drew_random = p->drew_random;
        asl_value *today = of_today(p, recorded);
        bool same = compare_event(c, today, value_at(p->events, *seen), true, difference);
        value_release(today);
        if (!same)
            return false;
    }
    return true;
}

/* An end is one, unless the recording goes on with a redrive. */
static bool is_over(const struct player *p)
{
    const asl_value *next = next_recorded(p);
    return asl_execution_status(p->x) != ASL_RUNNING &&
           !(next && event_outside(next) == ASL_REDRIVE);
}

static void find_dead(struct player *p)
{
    const asl_value *events = p->recording->events;
    for (size_t i = 0; i < value_count(events); i++)
        if (event_outside(value_at(events, i)) == ASL_TASK_TIMED_OUT)
            player_dies(p, event_task(events, value_at(events, i)));
}

bool follow(struct player *p, struct comparison *c, struct asl_buffer *difference, int64_t *at)
{
    size_t seen = 0, idle = 0, count = value_count(p->recording->events);
    p->env.pick = pick;
    c->untimed = !p->recording->timed;
    find_dead(p);
    player_step_kind(p, ASL_START);
    bool same = compare_new(p, c, &seen, difference);
    while (same && seen < count && !is_over(p)) {
        size_t before = seen;
        bool moved = move(p);
        same = compare_new(p, c, &seen, difference);
        idle = seen == before ? idle + 1 : 0;
        if (!moved || idle > count + 1000 || p->starved)
            break;
    }
    if (same && p->starved) {
        asl_buffer_printf(difference, "recorded nothing of %.*s, which would have gone on",
                          ASL_TEXT_ARGS(value_as_text(p->starved)));
        same = false;
    }
    if (same && seen < count)
        asl_buffer_printf(difference, "recorded %.*s, replayed nothing more",
                          ASL_TEXT_ARGS(event_type(value_at(p->recording->events, seen))));
    *at = (int64_t)seen + 1;
    return same && seen == count;
}
