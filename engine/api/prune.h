/* Parameters without what the model does not know: AWS passes over it, and nothing of it is kept.
 */
#ifndef ENGINE_API_PRUNE_H
#define ENGINE_API_PRUNE_H

#include "engine/aws/catalogue.h"

/* Takes `v`, which satisfies `shape`; gives it back where there is nothing to leave out. */
asl_value *prune_take(asl_value *v, const struct catalogue_shape *shape);

#endif
