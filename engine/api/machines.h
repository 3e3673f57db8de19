/* What machines.c (making, changing) and machines_shown.c (describing, listing) share. */
#ifndef ENGINE_API_MACHINES_H
#define ENGINE_API_MACHINES_H

#include "engine/api/internal.h"

/* Members of a machine's document that are objects with defaults. */
#define MACHINE_CONFIGURATIONS                                                                     \
    "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration"

asl_value *machine_default_of(const char *member);
bool machine_is_deleted(const asl_value *machine);

struct definition {
    struct asl_buffer text;
    bool found;
};
/* A row's definition. False: it is missing (answered), or not yet durable (the call is handled
 * again once it is); else free d->text. */
bool machine_need_definition(struct api_call *call, int64_t row, struct definition *d);

/* The machine is about to have another row: what it is now stays known for the executions that
 * began with this one. */
void machine_keep_revision(struct api *a, const asl_value *machine);

#endif
