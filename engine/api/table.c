/* The operations of the service, in alphabetical order: a name and who answers it. */
#include "engine/api/internal.h"

#define LINE(name) {#name, api_##name},
static const struct api_operation operations[] = {API_OPERATIONS(LINE)};

const struct api_operation *api_operation_named(struct asl_text name)
{
    size_t from = 0, to = sizeof operations / sizeof *operations;
    while (from < to) {
        size_t middle = (from + to) / 2;
        int order = asl_text_compare(name, asl_text(operations[middle].name));
        if (order == 0)
            return &operations[middle];
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return NULL;
}
