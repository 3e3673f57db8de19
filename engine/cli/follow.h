/* What run and resume share: following an execution to its end, and telling how it ended. */
#ifndef ENGINE_CLI_FOLLOW_H
#define ENGINE_CLI_FOLLOW_H

#include "engine/cli/progress.h"

/* Runs the loop until the execution has ended or a signal came; prints the outcome (`json`: the
 * members of DescribeExecution) and returns the exit status. */
int follow_execution(struct session *s, int64_t execution, bool json, enum progress_show show,
                     const char *db);

#endif
