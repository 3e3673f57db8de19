/* What others ask of EventBridge's stand-in. For the files of this folder only. */
#ifndef ENGINE_LOCAL_EVENTS_H
#define ENGINE_LOCAL_EVENTS_H

#include "service.h"

/* Whether a call is about a rule with a pattern, by its body: it makes such a rule, names one, or is
 * about another bus than the default one. */
bool events_knows(struct local *l, struct asl_text body);
/* Tells targets what waits to be told, one after the other; behind a commit. */
void events_deliver(struct local *l);

#endif
