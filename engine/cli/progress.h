/* Live progress of one execution: one line a state with its time, a countdown on a Wait, colour and
 * moving lines only on a terminal. */
#ifndef ENGINE_CLI_PROGRESS_H
#define ENGINE_CLI_PROGRESS_H

#include "engine/cli/session.h"

struct progress;
/* Shows `execution` on stderr until progress_free; stops the loop when it has ended. `quiet`: shows
 * nothing, only stops the loop. */
struct progress *progress_new(struct session *s, int64_t execution, bool quiet);
void progress_free(struct progress *p);
bool progress_is_over(const struct progress *p);
enum asl_status progress_status(const struct progress *p);

#endif
