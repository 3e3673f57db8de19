/* Recorded outcomes; see outcomes.h. */
#include "engine/replay/outcomes.h"

#include <stdlib.h>

#include "engine/replay/compare.h"
#include "engine/replay/places.h"

asl_value *outcome_parameters(const asl_value *scheduled)
{
    asl_value *v = event_payload(scheduled, "parameters");
    return v ? v : event_payload(scheduled, "input");
}

static void add(struct outcomes *all, const asl_value *scheduled, const struct place *at)
{
    struct outcome *o = &all->items[all->count++];
    *o = (struct outcome){.scheduled = event_id(scheduled),
                          .state = at->state,
                          .iteration = at->iteration,
                          .iterations = at->iterations};
    o->resource = event_detail_text(scheduled, "resource");
    o->parameters = outcome_parameters(scheduled);
}

static struct outcome *outcome_of(const struct outcomes *all, int64_t scheduled)
{
    size_t low = 0, high = all->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (all->items[middle].scheduled < scheduled)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < all->count && all->items[low].scheduled == scheduled;
    return found ? &all->items[low] : NULL;
}

void outcomes_read(struct outcomes *all, const struct recording *recording)
{
    const asl_value *events = recording->events;
    struct places places = {0};
    *all = (struct outcomes){.recording = recording};
    places_extend(&places, events);
    all->items = asl_allocate_zeroed(value_count(events), sizeof *all->items);
    for (size_t i = 0; i < value_count(events); i++) {
        const asl_value *event = value_at(events, i);
        if (asl_text_ends(event_type(event), "Scheduled")) {
            add(all, event, &places.items[i]);
            continue;
        }
        if (event_outside(event) == ASL_STOP && i + 1 == value_count(events))
            all->stop = event;
        struct outcome *o = event_outside(event) == ASL_START || event_outside(event) == ASL_REDRIVE
                                ? NULL
                                : outcome_of(all, event_task(events, event));
        if (o && o->count < sizeof o->events / sizeof *o->events)
            o->events[o->count++] = event;
    }
    places_free(&places);
}

void outcomes_free(struct outcomes *all)
{
    for (size_t i = 0; i < all->count; i++)
        value_release(all->items[i].parameters);
    free(all->items);
    *all = (struct outcomes){0};
}

/* ---- finding a task's outcome ---- */

/* Each task makes its own token: with marks in them, parameters are equal where only marks differ.
 */
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
    bool place = state && o->iteration == wanted->iteration &&
                 (!wanted->iterations || o->iterations == wanted->iterations);
    if (!state && !asl_text_equal(o->resource, wanted->resource))
        return 4;
    bool equal = equal_parameters(o->parameters, wanted->parameters);
    return place && equal ? 0 : place ? 1 : state && equal ? 2 : !state && equal ? 3 : 4;
}

struct outcome *outcomes_find(struct outcomes *all, const struct outcome *wanted)
{
    struct outcome *best = NULL;
    int least = 4;
    for (size_t i = 0; i < all->count && least > 0; i++) {
        struct outcome *o = &all->items[i];
        int m = o->used ? 4 : misfit(o, wanted);
        if (m < least) {
            least = m;
            best = o;
        }
    }
    return best;
}

/* How long after `from` an event was recorded; 0 where there are no times. */
static int64_t after(const struct outcomes *all, const asl_value *from, const asl_value *event)
{
    return all->recording->timed ? event_time(event) - event_time(from) : 0;
}

void outcome_comes(const struct outcomes *all, struct outcome *o, int64_t now, int64_t task,
                   struct coming *coming)
{
    const asl_value *from = recording_event(all->recording, o->scheduled);
    o->used = true;
    for (size_t i = 0; i < o->count; i++)
        if (event_outside(o->events[i]) != ASL_TASK_TIMED_OUT) /* the clock's to find */
            coming_add(coming, now + after(all, from, o->events[i]), task, o->events[i]);
}
