/* Named points where the process can be made to die, as by power loss, to prove that recovery is
 * the normal path. STEPWELL_CRASH_AT=name or name:n kills it (SIGKILL) at the n-th passing. Always
 * compiled in: without the variable a point costs one comparison. Any thread may pass. */
#ifndef ENGINE_RUN_CRASH_H
#define ENGINE_RUN_CRASH_H

enum crash_point {
    CRASH_TURN_BEGIN,    /* arrivals taken, nothing stepped */
    CRASH_STEPPED,       /* an execution stepped, in memory only */
    CRASH_BESIDE_COMMIT, /* a turn stepped and put while another is committed */
    CRASH_COMMIT_BEFORE, /* the batch is full, nothing written */
    CRASH_COMMIT_UNTOLD, /* durable, the engine's thread does not know yet */
    CRASH_COMMIT_AFTER,  /* durable, nothing acted on */
    CRASH_TASK_SEND,     /* about to give a task to its connector */
    CRASH_TASK_SENT,     /* given; the request may be on its way */
    CRASH_TASK_REPORTED, /* an outcome came, not yet stepped */
    CRASH_ANSWER,        /* about to answer a caller */
    CRASH_FINISHED,      /* an execution's end is durable, nobody told */
    CRASH_RECOVERY,      /* an execution is being taken up again */
    CRASH_DUE,           /* something fell due, not yet stepped */
    CRASH_CLOSE,         /* closing */
    CRASH_POINTS,
};

void crash_here(enum crash_point point);
const char *crash_point_name(enum crash_point point); /* "commit.before" */

#endif
