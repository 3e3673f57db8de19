/* Lambda's asynchronous calls (InvocationType Event): kept until they are done. For local.c; what
 * others use of it stands in local.h. */
#ifndef ENGINE_LOCAL_ASYNC_H
#define ENGINE_LOCAL_ASYNC_H

#include "service.h"

/* Calls what is due, as far as there is room; fit for a timer. */
void async_go_on(void *local);
void async_free(struct local *l);

#endif
