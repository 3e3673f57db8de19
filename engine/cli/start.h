/* What run and fork share: an execution is started, and followed to its end. */
#ifndef ENGINE_CLI_START_H
#define ENGINE_CLI_START_H

#include "engine/cli/session.h"

/* Is it an execution's name by AWS's rule? NULL is. False after complaining. */
bool start_check_name(const char *name);
/* Keeps a definition (of the file `path`) as the machine `name`; `role` NULL: the usual. Its row,
 * or -1 after complaining. */
int64_t start_put_machine(struct session *s, const char *path, const char *name,
                          struct asl_text definition, bool express, const char *role);
/* Starts it, shows how it goes, prints the outcome (`json`: the members of DescribeExecution); the
 * exit status. */
int start_and_follow(struct session *s, const struct engine_start *ask, bool json, bool quiet,
                     const char *db);

#endif
