/* Dying on purpose; see crash.h. */
#include "engine/run/crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[CRASH_POINTS] = {
    [CRASH_TURN_BEGIN] = "turn.begin",
    [CRASH_STEPPED] = "turn.stepped",
    [CRASH_BESIDE_COMMIT] = "turn.beside",
    [CRASH_COMMIT_BEFORE] = "commit.before",
    [CRASH_COMMIT_UNTOLD] = "commit.untold",
    [CRASH_COMMIT_AFTER] = "commit.after",
    [CRASH_TASK_SEND] = "task.send",
    [CRASH_TASK_SENT] = "task.sent",
    [CRASH_TASK_REPORTED] = "task.reported",
    [CRASH_ANSWER] = "answer",
    [CRASH_FINISHED] = "finished",
    [CRASH_RECOVERY] = "recovery",
    [CRASH_DUE] = "due",
    [CRASH_CLOSE] = "close",
};

/* Read once: which point, at which passing. CRASH_POINTS: none. */
static atomic_int wanted = -1;
static atomic_long passings = 1;

static void read_environment(void)
{
    const char *at = getenv("STEPWELL_CRASH_AT");
    size_t size = at ? strcspn(at, ":") : 0;
    int found = CRASH_POINTS;
    for (int i = 0; at && i < CRASH_POINTS; i++)
        if (strlen(names[i]) == size && strncmp(names[i], at, size) == 0)
            found = i;
    if (at && at[size] == ':')
        passings = strtol(at + size + 1, NULL, 10);
    wanted = found; /* last: from here on the other threads look */
}

const char *crash_point_name(enum crash_point point)
{
    return names[point];
}

void crash_here(enum crash_point point)
{
    if (wanted < 0)
        read_environment();
    if ((int)point == wanted && atomic_fetch_sub(&passings, 1) <= 1)
        raise(SIGKILL);
}
