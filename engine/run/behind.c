/* Starts of tasks that may reach the disk a little later.
 *
 * When a request has left, its execution takes TaskStarted: one more event, no command, nothing
 * that a caller waits for. A row of its own in the next commit would make three rows of a short
 * task where two do, and cost as much as its outcome. So such an execution stays behind: in memory
 * it has the event, with the moment at which it happened; it is put with the next event that comes
 * to it, or after a quarter of a second at the latest (AWS's own GetExecutionHistory is not
 * quicker), or when somebody looks at it.
 *
 * Why a crash loses nothing: what is lost is a TaskStarted nobody was told of. The task is open in
 * the store, as it is when a crash falls between the commit that orders it and the one that tells
 * of its start; recovery takes it up in the same way, by the same token.
 *
 * Invariant: an execution behind is not dirty, and all its steps since it was last put were such
 * starts. The first other change (turn.c: mark_dirty) takes it off this list, and its whole history
 * goes along. Only on a real clock: one that jumps would have nothing to wait for.
 */
#include "engine/run/internal.h"

#define BEHIND_MS 250

bool behind_may_stay(const struct engine *e, const struct live *l)
{
    return loop_is_real(e->loop) && !e->is_closing && !l->is_new && !l->is_dirty;
}

void behind_add(struct engine *e, struct live *l)
{
    if (l->is_behind)
        return;
    l->is_behind = true;
    l->behind_until = loop_now(e->loop) + BEHIND_MS;
    l->behind_before = e->behind_newest;
    l->behind_after = NULL;
    if (e->behind_newest)
        e->behind_newest->behind_after = l;
    else
        e->behind_oldest = l;
    e->behind_newest = l;
    if (!e->behind_timer_armed) {
        e->behind_timer_armed = true;
        loop_timer_arm(e->behind_timer, l->behind_until);
    }
}

void behind_leave(struct engine *e, struct live *l)
{
    if (!l->is_behind)
        return;
    l->is_behind = false;
    if (l->behind_before)
        l->behind_before->behind_after = l->behind_after;
    else
        e->behind_oldest = l->behind_after;
    if (l->behind_after)
        l->behind_after->behind_before = l->behind_before;
    else
        e->behind_newest = l->behind_before;
    l->behind_before = l->behind_after = NULL;
}

struct live *behind_due(struct engine *e)
{
    struct live *l = e->behind_oldest;
    return l && (e->is_closing || l->behind_until <= loop_now(e->loop)) ? l : NULL;
}

/* The timer is left alone by those that go: it wakes once too often, four times a second. */
void behind_wake(void *engine)
{
    struct engine *e = engine;
    e->behind_timer_armed = false;
    if (behind_due(e))
        turn_ask(e);
    else
        behind_arm(e);
}

void behind_arm(struct engine *e)
{
    if (e->behind_timer_armed || !e->behind_oldest)
        return;
    e->behind_timer_armed = true;
    loop_timer_arm(e->behind_timer, e->behind_oldest->behind_until);
}
