/* What AWS adds to the parameters of jobs that it starts, so that it knows them by it later: hooks
 * for `add_take` of a style (service.h). All from AWS's documentation or from what runs in AWS
 * show. */
#ifndef ENGINE_TASK_MARKS_H
#define ENGINE_TASK_MARKS_H

#include "service.h"

/* StartedBy, where it is left out. */
asl_value *marks_ecs(asl_value *parameters, const struct task_request *request);
/* A variable in the container's environment; jobs of several containers have none. */
asl_value *marks_batch(asl_value *parameters, const struct task_request *request);
/* Two tags on what .sync waits for. */
asl_value *marks_sagemaker(asl_value *parameters, const struct task_request *request);
/* A tag. */
asl_value *marks_mediaconvert(asl_value *parameters, const struct task_request *request);

#endif
