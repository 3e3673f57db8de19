/* Event patterns (EventBridge user guide, "Event patterns") and SNS's filter policies, which are
 * the same but for their outermost form: an object from field to what its value may be. */
#ifndef ENGINE_LOCAL_PATTERN_H
#define ENGINE_LOCAL_PATTERN_H

#include "asl/value/value.h"

/* Whether a pattern is one. False and what is wrong, in EventBridge's words. */
bool pattern_check(const asl_value *pattern, char message[256]);
/* Whether an event fits. The pattern has been checked. */
bool pattern_matches(const asl_value *pattern, const asl_value *event);

#endif
