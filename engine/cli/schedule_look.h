/* `stepwell schedule list` and `show`. */
#ifndef ENGINE_CLI_SCHEDULE_LOOK_H
#define ENGINE_CLI_SCHEDULE_LOOK_H

#include "engine/cli/cli.h"

/* `only`: one schedule's name; NULL: all. Returns an exit_status. */
int schedule_look(const char *db, const char *only, bool json);
/* Says that there is none of that name; EXIT_WRONG_USAGE. */
int schedule_missing(const char *name);

#endif
