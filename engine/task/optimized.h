/* Styles of the optimized integrations that are nothing but their service's API (facts 4.6). */
#ifndef ENGINE_TASK_OPTIMIZED_H
#define ENGINE_TASK_OPTIMIZED_H

#include "service.h"

struct optimized_service {
    const char *type;    /* of the resource: "glue" */
    const char *service; /* in the catalogue */
    struct service_style style;
    const char *const *actions; /* NULL-terminated */
};

/* By the resource's type; NULL when it is none of these. */
const struct optimized_service *optimized_service(const char *type);

#endif
