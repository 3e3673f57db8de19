/* Dying on purpose; see crash.h. */
#include "engine/run/crash.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[CRASH_POINTS] = {
    [CRASH_TURN_BEGIN] = "turn.begin",       [CRASH_STEPPED] = "turn.stepped",
    [CRASH_COMMIT_BEFORE] = "commit.before", [CRASH_COMMIT_AFTER] = "commit.after",
    [CRASH_TASK_SEND] = "task.send",         [CRASH_TASK_SENT] = "task.sent",
    [CRASH_TASK_REPORTED] = "task.reported", [CRASH_ANSWER] = "answer",
    [CRASH_FINISHED] = "finished",           [CRASH_RECOVERY] = "recovery",
    [CRASH_DUE] = "due",                     [CRASH_CLOSE] = "close",
};

/* Read once: which point, at which passing. CRASH_POINTS: none. */
static int wanted = -1;
static long passings = 1;

static void read_environment(void)
{
    const char *at = getenv("STEPWELL_CRASH_AT");
    wanted = CRASH_POINTS;
    if (!at)
        return;
    size_t size = strcspn(at, ":");
    for (int i = 0; i < CRASH_POINTS; i++)
        if (strlen(names[i]) == size && strncmp(names[i], at, size) == 0)
            wanted = i;
    if (at[size] == ':')
        passings = strtol(at + size + 1, NULL, 10);
}

const char *crash_point_name(enum crash_point point)
{
    return names[point];
}

void crash_here(enum crash_point point)
{
    if (wanted < 0)
        read_environment();
    if ((int)point == wanted && --passings <= 0)
        raise(SIGKILL);
}
