/* An execution of the store with its events and its definition: what replay plays again and a test is
 * written from. */
#ifndef ENGINE_CLI_RECORDED_H
#define ENGINE_CLI_RECORDED_H

#include "engine/cli/cli.h"

struct recorded {
    int64_t machine; /* its row */
    char *arn, *name, *machine_name, *machine_arn;
    bool express;
    struct asl_buffer definition;
    asl_machine *compiled; /* NULL: it does not compile */
    asl_value *events;     /* an array, as GetExecutionHistory shows them */
    char message[160];     /* what is damaged, or "" */
};
/* False when the history is damaged. Free it in any case. */
bool cli_read_recorded(struct store *store, int64_t execution, struct recorded *o);
void cli_recorded_free(struct recorded *o);

#endif
