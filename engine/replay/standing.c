/* Standing states; see standing.h.
 *
 * A state that fails has no Exited event of its own: it is gone with its iteration
 * (MapIterationFailed), with its Map or Parallel, or because that starts anew for a retry. So an
 * entry stands unless one of these came behind it, at its own level or further out. */
#include "engine/replay/standing.h"

#include <stdlib.h>

#include "engine/replay/recording.h"

/* By index of an event: for entries, what became of them. */
struct fate {
    bool left;         /* exited, aborted, or failed for good */
    bool has_branches; /* a Map or Parallel that began */
    int64_t begun;     /* id of the last time that it began */
};

/* An iteration that ended badly: what was entered in it before is gone. */
struct lost {
    uint64_t iterations;
    int64_t id;
};

struct search {
    const asl_value *events;
    const struct places *places;
    struct fate *fates;
    struct lost *lost;
    size_t lost_count;
};

static bool is_iteration_end(struct asl_text type)
{
    return asl_text_is(type, "MapIterationFailed") || asl_text_is(type, "MapIterationAborted");
}

static void see_event(struct search *s, size_t index)
{
    const asl_value *event = value_at(s->events, index);
    const struct place *at = &s->places->items[index];
    struct asl_text type = event_type(event);
    struct fate *fate = at->entry ? &s->fates[at->entry - 1] : NULL;
    if (is_iteration_end(type))
        s->lost[s->lost_count++] = (struct lost){at->iterations, event_id(event)};
    if (fate && (asl_text_ends(type, "StateExited") || asl_text_ends(type, "StateAborted") ||
                 asl_text_ends(type, "StateFailed")))
        fate->left = true;
    if (fate &&
        (asl_text_is(type, "MapStateStarted") || asl_text_is(type, "ParallelStateStarted"))) {
        fate->has_branches = true;
        fate->begun = event_id(event);
    }
}

static bool is_lost(const struct search *s, const struct place *at, int64_t id)
{
    for (size_t i = 0; i < s->lost_count; i++)
        if (at->iterations && s->lost[i].iterations == at->iterations && s->lost[i].id > id)
            return true;
    return false;
}

static bool stands(const struct search *s, int64_t id)
{
    const struct place *at = &s->places->items[id - 1];
    if (s->fates[id - 1].left || is_lost(s, at, id))
        return false;
    for (int64_t outer = at->inside; outer; outer = at->inside) {
        const struct fate *fate = &s->fates[outer - 1];
        at = &s->places->items[outer - 1];
        if (fate->left || fate->begun > id || is_lost(s, at, outer))
            return false;
    }
    return true;
}

void standing_find(struct standing *s, const asl_value *events, const struct places *places)
{
    size_t count = value_count(events);
    struct search search = {events, places, NULL, NULL, 0};
    *s = (struct standing){0};
    s->items = asl_allocate_zeroed(count + 1, sizeof *s->items);
    search.fates = asl_allocate_zeroed(count + 1, sizeof *search.fates);
    search.lost = asl_allocate_zeroed(count + 1, sizeof *search.lost);
    for (size_t i = 0; i < count; i++)
        see_event(&search, i);
    for (size_t i = 0; i < count; i++) {
        const struct place *at = &places->items[i];
        if (at->entry == (int64_t)i + 1 && at->state && !search.fates[i].has_branches &&
            stands(&search, at->entry))
            s->items[s->count++] = (struct stand){at->state, at->iterations, at->iteration, false};
    }
    s->unreached = s->count;
    free(search.fates);
    free(search.lost);
}

void standing_free(struct standing *s)
{
    free(s->items);
    *s = (struct standing){0};
}

void standing_reach(struct standing *s, const struct place *entered)
{
    for (size_t i = 0; i < s->count && s->unreached; i++) {
        struct stand *stand = &s->items[i];
        if (stand->is_reached || stand->iterations != entered->iterations ||
            !asl_text_equal(value_as_text(stand->state), value_as_text(entered->state)))
            continue;
        stand->is_reached = true;
        s->unreached--;
    }
}
