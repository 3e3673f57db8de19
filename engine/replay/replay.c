/* The verdict; see replay.h.
 *
 * Two histories are compared by where each event stands on its branch (places.h): the names of the
 * states before it, back to the beginning, and the indices of the Map iterations, as one 64-bit
 * number. Events with the same place and type belong together in their order; ids do not count, so
 * the order in which branches took turns does not either.
 */
#include "engine/replay/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asl/definition/machine.h"
#include "engine/replay/places.h"
#include "engine/replay/player.h"
#include "engine/replay/standing.h"

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
    asl_buffer_free(&j->stands_in);
}

/* ---- places ---- */

struct placed {
    uint64_t place;
    size_t index; /* of the event in its history */
    bool entered; /* a StateEntered event: it makes the path */
    const asl_value *event;
};

struct order {
    struct placed *items; /* sorted */
    size_t count;
};

static uint64_t type_number(const asl_value *event)
{
    return places_mix(0xCBF29CE484222325u, event_type(event));
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

static struct order order_of(const asl_value *events)
{
    size_t count = value_count(events);
    struct order all = {asl_allocate_zeroed(count + 1, sizeof *all.items), count};
    struct places places = {0};
    places_extend(&places, events);
    for (size_t i = 0; i < count; i++) {
        const asl_value *event = value_at(events, i);
        uint64_t place = is_placeless(event_type(event)) ? 0 : places.items[i].path;
        all.items[i] = (struct placed){
            .place = place ^ type_number(event),
            .index = i,
            .entered = asl_text_ends(event_type(event), "StateEntered"),
            .event = event,
        };
    }
    places_free(&places);
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
    bool open;    /* the recording was taken before the end: what goes beyond it is no difference */
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

static void contrast(struct contrast *t, const struct order *recorded, const struct order *ours)
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
                                 const struct player *p, const struct standing *standing,
                                 enum rerun_end end)
{
    if (end == RERUN_NEEDS)
        return REPLAY_NEEDS_OUTCOME;
    if (end == RERUN_LONG || !failed_alike(r, p->x))
        return REPLAY_FAILS;
    if (!r->ended && standing->unreached)
        return REPLAY_UNREACHABLE;
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

static void judge_rerun(struct player *p, const struct recording *r, struct standing *standing,
                        struct replay_judgement *j)
{
    int64_t task = 0;
    enum rerun_end end = rerun(p, standing, &task);
    struct contrast t = {.j = j, .open = !r->ended, .first = SIZE_MAX};
    t.c = (struct comparison){.drew_random = p->drew_random, .untimed = !r->timed};
    struct order recorded = order_of(r->events), ours = order_of(p->events);
    asl_buffer_clear(&j->difference);
    contrast(&t, &recorded, &ours);
    j->verdict = weigh(&t, r, p, standing, end);
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

/* Where an open execution stands, and whether the edited definition came there. */
static void tell_standing(struct replay_judgement *j, const struct standing *standing)
{
    enum { SHOWN = 10 };
    j->is_open = true;
    j->goes_on = j->verdict == REPLAY_SAME || j->verdict == REPLAY_OTHER_PAYLOAD ||
                 j->verdict == REPLAY_OTHER_PATH;
    for (size_t i = 0; i < standing->count && i < SHOWN; i++) {
        const struct stand *stand = &standing->items[i];
        asl_buffer_printf(&j->stands_in, "%s%.*s", i ? ", " : "",
                          ASL_TEXT_ARGS(value_as_text(stand->state)));
        if (stand->iteration >= 0)
            asl_buffer_printf(&j->stands_in, "[%lld]", (long long)stand->iteration);
    }
    if (standing->count > SHOWN)
        asl_buffer_printf(&j->stands_in, " and %zu more", standing->count - SHOWN);
}

/* What following left to be found out. */
static void judge_on(struct player *p, asl_machine *machine, const struct recording *r,
                     const struct replay_identity *identity, bool same, struct replay_judgement *j)
{
    struct places places = {0};
    struct standing standing = {0};
    if (!r->ended) {
        places_extend(&places, r->events);
        standing_find(&standing, r->events, &places);
    }
    if (!same && player_open(p, machine, r, identity)) {
        judge_rerun(p, r, &standing, j);
        player_close(p);
    }
    if (same && !r->ended && (j->status == ASL_FAILED || j->status == ASL_TIMED_OUT))
        j->verdict = REPLAY_FAILS; /* at once, on what was recorded last */
    if (!r->ended)
        tell_standing(j, &standing);
    standing_free(&standing);
    places_free(&places);
}

/* A fork may have begun where the definition has no state. */
static bool can_begin(const asl_machine *machine, const struct replay_identity *identity)
{
    bool can = !identity->from;
    for (size_t i = 0; !can && i < machine->root.count; i++)
        can = asl_text_is(value_as_text(machine->root.states[i]->name), identity->from);
    return can;
}

bool replay_judge(asl_machine *machine, const struct recording *r,
                  const struct replay_identity *identity, struct replay_judgement *j,
                  char message[256])
{
    struct asl_buffer *const buffers[] = {&j->state, &j->difference, &j->needs,
                                          &j->error, &j->cause,      &j->stands_in};
    struct player p;
    *j = (struct replay_judgement){0};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        asl_buffer_init(buffers[i], ASL_BUFFER_MAXIMUM);
    if (!can_begin(machine, identity)) {
        j->verdict = REPLAY_UNREACHABLE;
        asl_buffer_printf(&j->difference,
                          "it began at %s, which the definition has not at its top "
                          "level",
                          identity->from);
        return true;
    }
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
    if (fine)
        judge_on(&p, machine, r, identity, same, j);
    return fine;
}

bool replay_watch(asl_machine *machine, const struct recording *r,
                  const struct replay_identity *identity,
                  void (*see)(void *onlooker, const struct asl_observation *o), void *onlooker)
{
    struct player p;
    struct comparison c = {0};
    struct asl_buffer difference;
    int64_t at;
    if (!player_open(&p, machine, r, identity))
        return false;
    asl_buffer_init(&difference, 65536);
    p.env.see = see;
    p.env.onlooker = onlooker;
    bool same = follow(&p, &c, &difference, &at);
    comparison_free(&c);
    asl_buffer_free(&difference);
    player_close(&p);
    return same;
}
