/* Where the calls of a definition would go, without making any. */
#ifndef ENGINE_CLI_DRY_RUN_H
#define ENGINE_CLI_DRY_RUN_H

#include "engine/cli/session.h"

/* A line a Task: state, resource, where, why; with `json` an array of objects. Makes no file and
 * sends nothing. Returns the exit status: EXIT_REFUSED when a Task has nowhere to go. */
int dry_run(const struct session_settings *settings, const struct texts *variables,
            const char *path, bool json);

#endif
