/* What a service manager is told (sd_notify's protocol, without its library): that the server is
 * ready, alive, stopping. Nothing where NOTIFY_SOCKET is not set. */
#ifndef ENGINE_CLI_NOTIFY_H
#define ENGINE_CLI_NOTIFY_H

#include "engine/loop/loop.h"

struct notify;

/* Tells that it is ready, and from now on, twice in each WATCHDOG_USEC, that the loop turns. */
struct notify *notify_ready(struct loop *l);
void notify_stopping(struct notify *n); /* NULL is allowed, here and below */
void notify_free(struct notify *n);

#endif
