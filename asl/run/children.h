/* Events of the children of distributed Maps, which are executions of their own to whoever asks:
 * kept beside the execution's own history, each with the run and the item it belongs to. The
 * numbers of the events are the execution's, counted over all children; one child's are renumbered
 * by who shows it. */
#ifndef ASL_RUN_CHILDREN_H
#define ASL_RUN_CHILDREN_H

#include "../asl.h"
#include "history.h"

/* `number` and `previous` (0: none) count the execution's silent events. */
void children_append(struct asl_children *c, int64_t run, size_t index, int64_t number,
                     int64_t previous, struct history_event *e);

#endif
