/* Optimized integrations that are their service's API and nothing more, request-response and
 * callback: one table. What else they can (.sync) is jobs.c's. */
#include "optimized.h"

#include <string.h>

#include "table.h"

#define STYLE(p, s, b)                                                                             \
    {                                                                                              \
        .prefix = p, .service = s, .base_error = b, .metadata = true                               \
    }
#define ACTIONS(...)                                                                               \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static const struct optimized_service services[] = {
    {"athena", "athena", STYLE("Athena", "AmazonAthena", "AmazonAthenaException"),
     ACTIONS("startQueryExecution", "stopQueryExecution", "getQueryExecution", "getQueryResults")},
    {"batch", "batch", STYLE("Batch", "AWSBatch", "AWSBatchException"), ACTIONS("submitJob")},
    {"bedrock", "bedrock", STYLE("Bedrock", "AmazonBedrock", "AmazonBedrockException"),
     ACTIONS("createModelCustomizationJob")},
    {"codebuild", "codebuild", STYLE("CodeBuild", "AWSCodeBuild", "AWSCodeBuildException"),
     ACTIONS("startBuild", "stopBuild", "startBuildBatch", "stopBuildBatch", "retryBuildBatch",
             "deleteBuildBatch", "batchDeleteBuilds", "batchGetBuilds", "batchGetReports")},
    {"databrew", "databrew", STYLE("DataBrew", "AWSGlueDataBrew", "AWSGlueDataBrewException"),
     ACTIONS("startJobRun")},
    {"ecs",
     "ecs",
     {.prefix = "ECS",
      .service = "AmazonECS",
      .base_error = "AmazonECSException",
      .metadata = true,
      .added_member = "StartedBy",
      .added_value = "AWS Step Functions"},
     ACTIONS("runTask")},
    {"eks", "eks", STYLE("EKS", "AmazonEKS", "AmazonEKSException"),
     ACTIONS("createCluster", "deleteCluster", "createNodegroup", "deleteNodegroup",
             "createFargateProfile", "deleteFargateProfile")},
    {"emr-containers", "emrcontainers",
     STYLE("EMRContainers", "AmazonEMRContainers", "AmazonEMRContainersException"),
     ACTIONS("createVirtualCluster", "deleteVirtualCluster", "startJobRun")},
    {"emr-serverless", "emrserverless",
     STYLE("EMRServerless", "AWSEMRServerless", "AWSEMRServerlessException"),
     ACTIONS("createApplication", "startApplication", "stopApplication", "deleteApplication",
             "startJobRun", "cancelJobRun")},
    {"glue", "glue", STYLE("Glue", "AWSGlue", "AWSGlueException"), ACTIONS("startJobRun")},
    {"mediaconvert", "mediaconvert",
     STYLE("MediaConvert", "AWSMediaConvert", "AWSMediaConvertException"), ACTIONS("createJob")},
    {"sagemaker", "sagemaker", STYLE("SageMaker", "AmazonSageMaker", "AmazonSageMakerException"),
     ACTIONS("createEndpoint", "createEndpointConfig", "createHyperParameterTuningJob",
             "createLabelingJob", "createModel", "createProcessingJob", "createTrainingJob",
             "createTransformJob", "updateEndpoint")},
};

const struct optimized_service *optimized_service(const char *type)
{
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (strcmp(services[i].type, type) == 0)
            return &services[i];
    return NULL;
}

static bool takes(const struct resource *r)
{
    const struct optimized_service *s = optimized_service(r->type);
    if (!s || (r->pattern != TASK_REQUEST_RESPONSE && r->pattern != TASK_CALLBACK))
        return false;
    for (const char *const *a = s->actions; *a; a++)
        if (strcmp(*a, r->action) == 0)
            return true;
    return false;
}

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    const struct optimized_service *s = optimized_service(request->resource->type);
    return service_start(shared, task, request, &s->style,
                         service_operation(shared, s->service, request->resource->action),
                         request->parameters);
}

static bool repeatable(const struct connectors *shared, const struct task_request *request)
{
    const struct optimized_service *s = optimized_service(request->resource->type);
    return service_is_repeatable(service_operation(shared, s->service, request->resource->action));
}

static bool model(const struct resource *r, struct connector_model *m)
{
    const struct optimized_service *s = optimized_service(r->type);
    *m = (struct connector_model){
        .service = s->service, .operation = r->action, .style = &s->style};
    return true;
}

const struct connector connector_optimized = {
    .name = "optimized",
    .takes = takes,
    .start = start,
    .cancel = service_cancel,
    .repeatable = repeatable,
    .model = model,
};
