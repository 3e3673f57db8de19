/* Styles of the optimized integrations that are nothing but their service's API (facts 4.6). */
#ifndef ENGINE_TASK_OPTIMIZED_H
#define ENGINE_TASK_OPTIMIZED_H

#include "service.h"

struct optimized_service {
    const char *type;    /* of the resource: "glue" */
    const char *service; /* in the catalogue */
    struct service_style style;
    const char *const *actions; /* NULL-terminated */
    /* a parameter by which the service knows a call that comes again, where it has one beside the
     * model's token; NULL: none */
    const char *known_by;
};

/* By the resource's type; NULL when it is none of these. */
const struct optimized_service *optimized_service(const char *type);

/* Answers that name too little, taken and given back with what the parameters say: the job of
 * glue:startJobRun, the application of EMR Serverless. */
asl_value *optimized_name_job_take(asl_value *answer, const asl_value *parameters);
asl_value *optimized_name_application_take(asl_value *answer, const asl_value *parameters);

#endif
