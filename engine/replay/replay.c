/* The verdict; see replay.h.
 *
 * Two histories are compared by where each event stands on its branch: the names of the states before
 * it, back to the beginning, and the indices of the Map iterations, as one 64-bit number. Events with
 * the same place and type belong together in their order; ids do not count, so the order in which
 * branches took turns does not either.
 */
#include "engine/replay/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/replay/player.h"

const char *replay_verdict_name(enum replay_verdict verdict)
{
    static const char *const names[REPLAY_VERDICTS] = {
        [REPLAY_SAME] = "same",
        [REPLAY_OTHER_PAYLOAD] = "other-payload",
        [REPLAY_OTHER_PATH] = "other-path",
        [REPLAY_FAILS] = "would-fail",
        [REPLAY_NEEDS_OUTCOME] = "needs-outcome",
        [REPLAY_UNREACHABLE] = "unreachable",
    };
    return names[verdict];
}

void replay_judgement_free(struct replay_judgement *j)
{
    asl_buffer_free(&j->state);
    asl_buffer_free(&j->difference);
    asl_buffer_free(&j->needs);
    asl_buffer_free(&j->error);
    asl_buffer_free(&j->cause);
}

/* ---- places ---- */

struct placed {
    uint64_t place;
    size_t index; /* of the event in its history */
    bool entered; /* a StateEntered event: it makes the path */
    const asl_value *event;
};

struct places {
    struct placed *items; /* sorted */
    size_t count;
};

static uint64_t mix(uint64_t seed, struct asl_text text)
{
    for (size_t i = 0; i < text.size; i++)
        seed = (seed ^ (unsigned char)text.data[i]) * 0x100000001B3u;
    return (seed ^ seed >> 29) * 0xBF58476D1CE4E5B9u + 1;
}

static uint64_t type_number(const asl_value *event)
{
    return mix(0xCBF29CE484222325u, event_type(event));
}

/* A container is left behind its last branch, whichever that was, and an iteration may begin behind
 * the end of another: their place is that of the container's entry. */
static int64_t anchor_of(const asl_value *events, const asl_value *event)
{
    struct asl_text type = event_type(event);
    int64_t entry = asl_text_ends(type, "StateExited") || asl_text_is(type, "MapIterationStarted")
                        ? event_entry(events, event)
                        : 0;
    return entry ? entry : event_previous(event);
}

static uint64_t place_of(const asl_value *events, const uint64_t *places, const asl_value *event)
{
    struct asl_text type = event_type(event);
    int64_t before = anchor_of(events, event), index = 0;
    uint64_t place = before >= 1 ? places[before - 1] : 0;
    if (asl_text_ends(type, "StateEntered"))
        return mix(place, event_detail_text(event, "name"));
    if (!asl_text_is(type, "MapIterationStarted"))
        return place;
    const asl_value *v = event_detail(event, "index");
    if (v)
        value_as_integer(v, &index);
    return mix(place + (uint64_t)index + 1, ASL_TEXT("iteration"));
}

/* These stand behind whichever branch ended last, or behind the last event of all. */
static bool is_placeless(struct asl_text type)
{
    return asl_text_starts(type, "Execution") || asl_text_ends(type, "StateSucceeded") ||
           asl_text_ends(type, "StateFailed");
}

static int by_place(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static struct places places_of(const asl_value *events)
{
    size_t count = value_count(events);
    struct places all = {asl_allocate_zeroed(count + 1, sizeof *all.items), count};
    uint64_t *numbers = asl_allocate_zeroed(count + 1, sizeof *numbers);
    for (size_t i = 0; i < count; i++) {
        const asl_value *event = value_at(events, i);
        numbers[i] = place_of(events, numbers, event);
        all.items[i] = (struct placed){
            .place = (is_placeless(event_type(event)) ? 0 : numbers[i]) ^ type_number(event),
            .index = i,
            .entered = asl_text_ends(event_type(event), "StateEntered"),
            .event = event,
        };
    }
    free(numbers);
    qsort(all.items, count, sizeof *all.items, by_place);
    return all;
}

/* ---- comparing two histories ---- */

struct contrast {
    struct replay_judgement *j;
    struct comparison c;
    bool path_lost;  /* a recorded state was not entered */
    bool path_grown; /* one was entered that is not in the recording */
    bool payload;
    bool open; /* the recording was taken before the end: what goes beyond it is no difference */
    size_t first; /* index of the first recorded event that differs */
};

static void note(struct contrast *t, size_t index, const struct asl_buffer *difference)
{
    if (index >= t->first)
        return;
    t->first = index;
    asl_buffer_clear(&t->j->difference);
    asl_buffer_put_text(&t->j->difference, asl_buffer_text(difference));
}

static void contrast_pair(struct contrast *t, const struct placed *recorded,
                          const struct placed *ours)
{
    struct asl_buffer difference;
    asl_buffer_init(&difference, 65536);
    if (!compare_event(&t->c, recorded->event, ours->event, false, &difference)) {
        t->payload = true;
        note(t, recorded->index, &difference);
    }
    asl_buffer_free(&difference);
}

static void contrast_lone(struct contrast *t, const struct placed *lone, bool recorded)
{
    struct asl_buffer difference;
    asl_buffer_init(&difference, 65536);
    const asl_value *name = event_detail(lone->event, "name");
    struct asl_text text = name ? value_as_text(name) : ASL_TEXT("");
    asl_buffer_printf(&difference, "%.*s%s%.*s: %s", ASL_TEXT_ARGS(event_type(lone->event)),
                      text.size ? " " : "", ASL_TEXT_ARGS(text),
                      recorded ? "recorded, not replayed" : "replayed, not recorded");
    if (lone->entered)
        *(recorded ? &t->path_lost : &t->path_grown) = true;
    t->payload = true;
    if (recorded)
        note(t, lone->index, &difference);
    else if (t->first == SIZE_MAX)
        asl_buffer_put_text(&t->j->difference, asl_buffer_text(&difference)), t->first--;
    asl_buffer_free(&difference);
}

static void contrast(struct contrast *t, const struct places *recorded, const struct places *ours)
{
    size_t i = 0, k = 0;
    while (i < recorded->count || k < ours->count) {
        const struct placed *a = i < recorded->count ? &recorded->items[i] : NULL;
        const struct placed *b = k < ours->count ? &ours->items[k] : NULL;
        if (a && b && a->place == b->place)
            contrast_pair(t, a, b), i++, k++;
        else if (a && (!b || a->place < b->place))
            contrast_lone(t, a, true), i++;
        else if (t->open)
            k++;
        else
            contrast_lone(t, b, false), k++;
    }
}

/* ---- the verdict ---- */

static void put_z(struct asl_buffer *out, const char *text)
{
    asl_buffer_clear(out);
    asl_buffer_puts(out, text ? text : "");
}

static void tell_end(struct replay_judgement *j, const asl_execution *x)
{
    j->status = asl_execution_status(x);
    put_z(&j->error, asl_execution_error(x));
    put_z(&j->cause, asl_execution_cause(x));
}

/* Does it fail as the recording did? */
static bool failed_alike(const struct recording *r, const asl_execution *x)
{
    const asl_value *last = recording_event(r, (int64_t)value_count(r->events));
    enum asl_status status = asl_execution_status(x);
    const char *type = status == ASL_TIMED_OUT ? "ExecutionTimedOut" : "ExecutionFailed";
    if (status != ASL_FAILED && status != ASL_TIMED_OUT)
        return true;
    const char *error = asl_execution_error(x);
    struct asl_text recorded = event_detail_text(last, "error");
    return asl_text_is(event_type(last), type) &&
           asl_text_equal(recorded, asl_text(error ? error : ""));
}

static enum replay_verdict weigh(const struct contrast *t, const struct recording *r,
                                 const struct player *p, enum rerun_end end)
{
    if (!r->ended && t->path_lost)
        return REPLAY_UNREACHABLE;
    if (end == RERUN_NEEDS)
        return REPLAY_NEEDS_OUTCOME;
    if (end == RERUN_LONG || !failed_alike(r, p->x))
        return REPLAY_FAILS;
    if (t->path_lost || t->path_grown)
        return REPLAY_OTHER_PATH;
    return t->payload ? REPLAY_OTHER_PAYLOAD : REPLAY_SAME;
}

static void name_state(struct replay_judgement *j, const asl_value *events, const asl_value *event)
{
    int64_t iteration;
    const asl_value *name = event ? event_state(events, event, &iteration) : NULL;
    asl_buffer_clear(&j->state);
    if (name)
        asl_buffer_put_text(&j->state, value_as_text(name));
}

static void tell_needs(struct replay_judgement *j, const struct player *p, int64_t task)
{
    if (task < 1 || (size_t)task > value_count(p->events)) {
        asl_buffer_puts(&j->needs, "a task of a distributed Map's child, which records nothing");
        return;
    }
    const asl_value *scheduled = value_at(p->events, (size_t)task - 1);
    asl_value *parameters = event_payload(scheduled, "parameters");
    if (!parameters)
        parameters = event_payload(scheduled, "input");
    if (parameters)
        value_print(parameters, &j->needs);
    value_release(parameters);
    name_state(j, p->events, scheduled);
}

static void judge_rerun(struct player *p, const struct recording *r, struct replay_judgement *j)
{
    int64_t task = 0;
    enum rerun_end end = rerun(p, &task);
    struct contrast t = {.j = j, .open = !r->ended, .first = SIZE_MAX};
    t.c = (struct comparison){.drew_random = p->drew_random, .untimed = !r->timed};
    struct places recorded = places_of(r->events), ours = places_of(p->events);
    asl_buffer_clear(&j->difference);
    contrast(&t, &recorded, &ours);
    j->verdict = weigh(&t, r, p, end);
    if (t.first < value_count(r->events)) {
        j->event = (int64_t)t.first + 1;
        name_state(j, r->events, value_at(r->events, t.first));
    }
    tell_end(j, p->x);
    if (end == RERUN_LONG)
        put_z(&j->cause, "it had not ended after twice as many events as were recorded");
    if (j->verdict == REPLAY_NEEDS_OUTCOME)
        tell_needs(j, p, task);
    comparison_free(&t.c);
    free(recorded.items);
    free(ours.items);
}

bool replay_judge(asl_machine *machine, const struct recording *r,
                  const struct replay_identity *identity, struct replay_judgement *j,
                  char message[256])
{
    struct asl_buffer *const buffers[] = {&j->state, &j->difference, &j->needs, &j->error,
                                          &j->cause};
    struct player p;
    *j = (struct replay_judgement){0};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        asl_buffer_init(buffers[i], ASL_BUFFER_MAXIMUM);
    bool fine = player_open(&p, machine, r, identity), same = false;
    if (fine) {
        struct comparison c = {0};
        same = follow(&p, &c, &j->difference, &j->event);
        comparison_free(&c);
        tell_end(j, p.x);
    } else {
        snprintf(message, 256, "%s", p.message);
    }
    if (same)
        j->event = 0;
    else if (fine)
        name_state(j, r->events, recording_event(r, j->event));
    player_close(&p);
    if (fine && !same && player_open(&p, machine, r, identity)) {
        judge_rerun(&p, r, j);
        player_close(&p);
    }
    return fine;
}
