/* `serve DIR|FILE...`: definitions that are put as machines before the server listens. */
#ifndef ENGINE_CLI_SERVE_FILES_H
#define ENGINE_CLI_SERVE_FILES_H

#include "engine/api/api.h"
#include "engine/cli/cli.h"

struct serve_files {
    struct texts paths, variables;
    const char *type; /* of all that do not say it by their names; NULL: STANDARD */
};
/* All or nothing, told on stderr. False after complaining. */
bool serve_files_put(const struct serve_files *files, struct api *api, struct catalogue *catalogue);

#endif
