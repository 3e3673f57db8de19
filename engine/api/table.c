/* The operations of the service, in alphabetical order: a name and who answers it. */
#include "engine/api/internal.h"

#define LINE(name) {#name, api_##name},
static const struct api_operation operations[] = {API_OPERATIONS(LINE)};

const struct api_operation *api_operation_named(struct asl_text name)
{
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (asl_text_is(name, operations[i].name))
            return &operations[i];
    return NULL;
}
