/* The connectors there are; table.c lists them. */
#ifndef ENGINE_TASK_TABLE_H
#define ENGINE_TASK_TABLE_H

#include "connector.h"

extern const struct connector connector_dynamodb;
extern const struct connector connector_lambda;
extern const struct connector connector_events;
extern const struct connector connector_states_job;
extern const struct connector connector_states;
extern const struct connector connector_optimized;
extern const struct connector connector_jobs;
extern const struct connector connector_apigateway;
extern const struct connector connector_http_invoke;
extern const struct connector connector_bedrock;
extern const struct connector connector_agentcore;
extern const struct connector connector_eks;
extern const struct connector connector_emr;
extern const struct connector connector_emr_job;
extern const struct connector connector_aws_sdk;

/* Is the action one of these? */
bool table_has(const char *const *actions, size_t count, const char *action);

#endif
