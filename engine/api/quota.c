/* One table: a quota's name and what it begins with. */
#include "engine/api/quota.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int64_t normal;
} quotas[QUOTAS] = {
    [QUOTA_ACTIVITIES] = {"activities", 100000},
    [QUOTA_ALIASES] = {"aliases", 100},
    [QUOTA_EXECUTIONS] = {"executions", 0},
    [QUOTA_MACHINES] = {"machines", 100000},
    [QUOTA_TAGS] = {"tags", 50},
    [QUOTA_VERSIONS] = {"versions", 1000},
    [QUOTA_WORKERS] = {"workers", 1000},
};

void quotas_init(struct quotas *q)
{
    for (size_t i = 0; i < QUOTAS; i++)
        q->most[i] = quotas[i].normal;
}

static bool read_number(const char *text, int64_t *number)
{
    size_t size = strlen(text);
    if (size == 0 || size > 9 || strspn(text, "0123456789") != size)
        return false;
    *number = strtoll(text, NULL, 10);
    return *number > 0;
}

static void tell(const char *assignment, char message[256])
{
    int size = snprintf(message, 256, "'%.60s' is no quota: NAME=N with N from 1 to 999999999, of",
                        assignment);
    for (size_t i = 0; i < QUOTAS && size > 0 && size < 256; i++)
        size += snprintf(message + size, 256 - (size_t)size, "%s %s", i ? "," : "", quotas[i].name);
}

bool quotas_set(struct quotas *q, const char *assignment, char message[256])
{
    const char *equals = strchr(assignment, '=');
    size_t size = equals ? (size_t)(equals - assignment) : 0;
    for (size_t i = 0; size && i < QUOTAS; i++)
        if (strlen(quotas[i].name) == size && strncmp(quotas[i].name, assignment, size) == 0 &&
            read_number(equals + 1, &q->most[i]))
            return true;
    tell(assignment, message);
    return false;
}
