/* Recovery: what a restart takes up again. The normal path, not a special mode: an execution with open
 * tasks is loaded like any other and its commands are carried out as if they had just been ordered.
 *
 * A task that was handed over (Submitted: .sync, callback) is not sent again: its outcome comes by its
 * token, or by its own connector's polling.
 */
#include "engine/run/internal.h"

#include <stdlib.h>

struct ids {
    int64_t *items;
    size_t count, capacity;
};

static bool note_open(void *state, const struct store_execution *row)
{
    struct ids *ids = state;
    if (ids->count == ids->capacity) {
        ids->capacity = ids->capacity ? ids->capacity * 2 : 64;
        ids->items = asl_reallocate(ids->items, ids->capacity * sizeof *ids->items);
    }
    ids->items[ids->count++] = row->id;
    return true;
}

void recovery_begin(struct engine *e)
{
    struct ids ids = {NULL, 0, 0};
    store_open_executions(e->store, note_open, &ids);
    for (size_t i = 0; i < ids.count; i++) {
        struct live *l = live_get(e, ids.items[i]);
        if (!l)
            continue;
        struct arrival *a = arrival_new(ASL_CONTINUE);
        a->recover = true;
        live_give(e, l, a);
    }
    free(ids.items);
    turn_arm_due(e);
}

void recovery_take_up(struct engine *e, struct live *l)
{
    crash_here(CRASH_RECOVERY);
    e->result.history = NULL;
    asl_execution_open_commands(l->x, &e->env, &e->result);
}
