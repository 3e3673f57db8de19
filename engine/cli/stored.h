/* An execution of the store with all that happened in it, to be looked at: what replay, coverage
 * and fork begin with. */
#ifndef ENGINE_CLI_STORED_H
#define ENGINE_CLI_STORED_H

#include "engine/cli/cli.h"

struct stored {
    int64_t machine; /* its row; 0: it is gone */
    char *arn, *name, *machine_name, *machine_arn;
    struct asl_buffer definition;
    bool express;
    asl_machine *compiled;
    asl_value *events; /* as GetExecutionHistory shows them; may be taken out */
    asl_value *fork;   /* {"from", "variables", "of"}: it began in the midst; NULL: it did not */
};

/* The kind of the documents (key: an execution's id in 19 digits) that tell of forks. */
#define STORED_FORK "fork"

/* What it was, for replay; borrowed from it. */
struct replay_identity;
void stored_identity(const struct stored *s, struct replay_identity *identity);

/* False after complaining: it cannot be read, or its definition is missing or does not compile. To
 * be freed in any case. */
bool stored_load(struct stored *s, struct store *store, int64_t id);
void stored_free(struct stored *s);
/* Calls `see` for every execution (of the machine of that name; NULL: of all), the newest first;
 * gives how many there were. */
size_t stored_each(struct store *store, const char *machine, void (*see)(void *state, int64_t id),
                   void *state);

#endif
