/* Would the integration take such parameters? Asked before a task is scheduled, as AWS asks: what
 * the service's model does not know never becomes a call (facts 3.11). */
#ifndef ENGINE_TASK_ACCEPT_H
#define ENGINE_TASK_ACCEPT_H

#include "asl/asl.h"
#include "engine/aws/catalogue.h"

/* False: `problems` gets AWS's words, joined by ", ", as they stand between the brackets of "The
 * Parameters '...' could not be used to start the Task: [...]". Appends. What no model describes is
 * taken. */
bool accept_parameters(struct catalogue *catalogue, const struct resource *resource,
                       const asl_value *parameters, struct asl_buffer *problems);

#endif
