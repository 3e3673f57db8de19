/* The service's quotas: how many of a thing there may be. Serves: facts 5 (quotas), 1.2 (the
 * errors).
 *
 * They begin as AWS gives them to a new account. Lower ones let a client's handling of the refusals
 * be tried; `executions`, of those that are open at once, is AWS's to raise and begins without a
 * bound. */
#ifndef ENGINE_API_QUOTA_H
#define ENGINE_API_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

enum quota {
    QUOTA_ACTIVITIES, /* of an account in a region */
    QUOTA_ALIASES,    /* of a state machine */
    QUOTA_EXECUTIONS, /* open at once; 0: no bound */
    QUOTA_MACHINES,   /* of an account in a region */
    QUOTA_TAGS,       /* of a resource */
    QUOTA_VERSIONS,   /* of a state machine */
    QUOTA_WORKERS,    /* polling one activity */
    QUOTAS,
};

struct quotas {
    int64_t most[QUOTAS];
};

void quotas_init(struct quotas *q);
/* "aliases=3"; false with a message that names what there is. */
bool quotas_set(struct quotas *q, const char *assignment, char message[256]);

#endif
