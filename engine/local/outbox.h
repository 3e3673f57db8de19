/* What stand-ins tell state machines and functions: behind the commit, at least once. For the files
 * of this folder only. */
#ifndef ENGINE_LOCAL_OUTBOX_H
#define ENGINE_LOCAL_OUTBOX_H

#include "service.h"

/* Whether something of that ARN can be told: a state machine or a function. */
bool outbox_takes(struct asl_text arn);
/* Puts a message in, in the turn's transaction. `name` tells it apart from others for the same
 * target: an execution's name. */
void outbox_post(struct local *l, struct asl_text arn, const char *name, struct asl_text input);
/* Tells what waits, one after the other; behind a commit. */
void outbox_deliver(struct local *l);

#endif
