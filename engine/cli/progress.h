/* Live progress of one execution: one line a state with its time, a countdown on a Wait, colour and
 * moving lines only on a terminal. */
#ifndef ENGINE_CLI_PROGRESS_H
#define ENGINE_CLI_PROGRESS_H

#include "engine/cli/session.h"

struct progress;
enum progress_show {
    PROGRESS_ALL,    /* from the execution's first event on */
    PROGRESS_NEW,    /* what comes from now on (resume) */
    PROGRESS_NOTHING /* quiet: only stops the loop */
};
/* Shows `execution` on stderr until progress_free; stops the loop when it has ended. One that has
 * ended already is over at once: ask progress_is_over before running the loop. */
struct progress *progress_new(struct session *s, int64_t execution, enum progress_show show);
void progress_free(struct progress *p);
bool progress_is_over(const struct progress *p);
enum asl_status progress_status(const struct progress *p);

#endif
