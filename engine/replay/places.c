/* Places; see places.h.
 *
 * Most events stand where the one before them on their chain stands. The exceptions: a state is
 * entered or left; a Map or Parallel starts, and its branches stand inside of it; an iteration
 * begins, maybe behind the end of another; a Map or Parallel fails, or starts anew for a retry,
 * from within. */
#include "engine/replay/places.h"

#include <stdlib.h>

#include "engine/replay/recording.h"

void places_free(struct places *p)
{
    free(p->items);
    *p = (struct places){0};
}

uint64_t places_mix(uint64_t seed, struct asl_text text)
{
    for (size_t i = 0; i < text.size; i++)
        seed = (seed ^ (unsigned char)text.data[i]) * 0x100000001B3u;
    return (seed ^ seed >> 29) * 0xBF58476D1CE4E5B9u + 1;
}

static const struct place nowhere = {.iteration = -1};

static struct place place_at(const struct places *p, int64_t id)
{
    return id >= 1 && (size_t)id <= p->count ? p->items[id - 1] : nowhere;
}

static bool is_named(const asl_value *name, struct asl_text wanted)
{
    return name && asl_text_equal(value_as_text(name), wanted);
}

/* Out of branches and iterations, to the entry of the state of that name; 0: it is in none such. */
static int64_t entry_of(const struct places *p, struct place at, struct asl_text name)
{
    if (at.entry && !at.over && is_named(at.state, name))
        return at.entry;
    for (int64_t outer = at.inside; outer; outer = place_at(p, outer).inside)
        if (is_named(place_at(p, outer).state, name))
            return outer;
    return 0;
}

/* The Map or Parallel that an event without a name speaks of: the state at hand, or, once branches
 * have begun, the one around them. */
static int64_t container_of(const struct places *p, const asl_value *events, struct place at,
                            const char *entered)
{
    const asl_value *entry = at.entry ? value_at(events, (size_t)at.entry - 1) : NULL;
    if (entry && !at.over && asl_text_is(event_type(entry), entered))
        return at.entry;
    for (int64_t outer = at.inside; outer; outer = place_at(p, outer).inside)
        if (asl_text_is(event_type(value_at(events, (size_t)outer - 1)), entered))
            return outer;
    return 0;
}

static struct place enter(struct place at, const asl_value *event, int64_t id)
{
    const asl_value *name = event_detail(event, "name");
    at.state = name && value_kind(name) == VALUE_STRING ? name : NULL;
    at.entry = id;
    at.over = false;
    at.path = places_mix(at.path, event_detail_text(event, "name"));
    return at;
}

static struct place leave(const struct places *p, struct place at, const asl_value *event)
{
    int64_t entry = entry_of(p, at, event_detail_text(event, "name"));
    if (entry)
        at = place_at(p, entry);
    at.over = true;
    return at;
}

static struct place begin_iteration(const struct places *p, struct place at, const asl_value *event)
{
    struct asl_text name = event_detail_text(event, "name");
    const asl_value *v = event_detail(event, "index");
    int64_t entry = entry_of(p, at, name), index = 0;
    if (v)
        value_as_integer(v, &index);
    if (entry)
        at = place_at(p, entry);
    at.inside = entry;
    at.iteration = index;
    at.iterations = places_mix(at.iterations + (uint64_t)index + 1, name);
    at.path = places_mix(at.path + (uint64_t)index + 1, ASL_TEXT("iteration"));
    at.state = NULL;
    at.entry = 0;
    return at;
}

/* Started: what follows is inside of it. Failed: it is over. */
static struct place of_container(const struct places *p, const asl_value *events, struct place at,
                                 struct asl_text type)
{
    const char *entered = asl_text_starts(type, "Map") ? "MapStateEntered" : "ParallelStateEntered";
    int64_t entry = container_of(p, events, at, entered);
    if (!entry)
        return at;
    at = place_at(p, entry);
    if (asl_text_ends(type, "StateStarted"))
        at.inside = entry;
    else
        at.over = true;
    return at;
}

static struct place place_of(const struct places *p, const asl_value *events,
                             const asl_value *event)
{
    struct asl_text type = event_type(event);
    struct place at = place_at(p, event_previous(event));
    if (asl_text_ends(type, "StateEntered"))
        return enter(at, event, event_id(event));
    if (asl_text_ends(type, "StateExited"))
        return leave(p, at, event);
    if (asl_text_is(type, "MapIterationStarted"))
        return begin_iteration(p, at, event);
    if (asl_text_ends(type, "StateStarted") || asl_text_ends(type, "StateFailed"))
        return of_container(p, events, at, type);
    return at;
}

void places_extend(struct places *p, const asl_value *events)
{
    size_t count = value_count(events);
    if (count > p->capacity) {
        p->capacity = count > 2 * p->capacity ? count : 2 * p->capacity;
        p->items = asl_reallocate(p->items, p->capacity * sizeof *p->items);
    }
    while (p->count < count) {
        struct place place = place_of(p, events, value_at(events, p->count));
        p->items[p->count++] = place;
    }
}
