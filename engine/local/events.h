/* What others ask of EventBridge's stand-in. For the files of this folder only. */
#ifndef ENGINE_LOCAL_EVENTS_H
#define ENGINE_LOCAL_EVENTS_H

#include "service.h"

/* Whether a call is about a rule with a pattern, by its body: it makes such a rule, names one, or
 * is about another bus than the default one. */
bool events_knows(struct local *l, struct asl_text body);
/* Appends what a target of a rule gets of an event. */
void events_input(const asl_value *rule, const asl_value *target, const asl_value *event,
                  struct asl_buffer *out);

#endif
