/* From a resource to its connector. To add one: copy the smallest (dynamodb.c), list it here. */
#include "table.h"

#include <string.h>

static const struct connector *const connectors[] = {
    &connector_dynamodb,   &connector_lambda,     &connector_events,
    &connector_states_job, /* before the one that takes the rest of its actions */
    &connector_states,     &connector_apigateway, &connector_http_invoke,
    &connector_bedrock,    &connector_agentcore,  &connector_eks,
    &connector_optimized,  &connector_jobs,       &connector_emr,
    &connector_emr_job,    &connector_aws_sdk,
};

bool table_has(const char *const *actions, size_t count, const char *action)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(actions[i], action) == 0)
            return true;
    return false;
}

const struct connector *connector_for(const struct resource *resource)
{
    if (resource->family == TASK_ACTIVITY)
        return NULL;
    for (size_t i = 0; i < sizeof connectors / sizeof *connectors; i++)
        if (connectors[i]->takes(resource))
            return connectors[i];
    return NULL;
}
