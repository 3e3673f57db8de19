/* Recovery: what a restart takes up again. The normal path, not a special mode: an execution with
 * open tasks is loaded like any other and its commands are carried out as if they had just been
 * ordered.
 *
 * A task that was handed over (Submitted: .sync, callback) is not sent again: its outcome comes by
 * its token, or by its own connector's polling.
 */
#include "engine/run/internal.h"

static bool take_up(void *state, const struct store_execution *row)
{
    struct engine *e = state;
    struct live *l = live_of_row(e, row);
    if (!l)
        return true;
    struct arrival *a = arrival_new(ASL_CONTINUE);
    a->recover = true;
    live_give(e, l, a);
    return true;
}

void recovery_begin(struct engine *e)
{
    store_open_executions(e->store, take_up, e);
    e->next_due = store_next_due(e->store);
    turn_arm_due(e);
}

void recovery_take_up(struct engine *e, struct live *l)
{
    crash_here(CRASH_RECOVERY);
    e->result.history = NULL;
    asl_execution_open_commands(l->x, &e->env, &e->result);
}
