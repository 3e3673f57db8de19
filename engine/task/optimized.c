/* Optimized integrations that are their service's API and nothing more, request-response and
 * callback: one table. What else they can (.sync) is jobs.c's. */
#include "optimized.h"

#include <string.h>

#include "marks.h"
#include "table.h"
#include "words.h"

#define WORDS(p, s) .prefix = p, .service = s, .base_error = s "Exception", .metadata = true
#define ACTIONS(...)                                                                               \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

/* A member of the parameters that AWS shows in the answer, where the answer has it not. */
static asl_value *named_take(asl_value *answer, const asl_value *parameters, const char *member)
{
    const asl_value *name = parameters ? value_get_z(parameters, member) : NULL;
    if (!name || value_get_z(answer, member))
        return answer;
    return words_sorted_take(value_with_take(answer, value_string_z(member), value_retain(name)));
}

asl_value *optimized_name_job_take(asl_value *answer, const asl_value *parameters)
{
    return named_take(answer, parameters, "JobName");
}

asl_value *optimized_name_application_take(asl_value *answer, const asl_value *parameters)
{
    return named_take(answer, parameters, "ApplicationId");
}

static asl_value *shape_glue(struct service_task *t, asl_value *output)
{
    return optimized_name_job_take(output, service_given(t));
}

static asl_value *shape_emr_serverless(struct service_task *t, asl_value *output)
{
    return optimized_name_application_take(output, service_given(t));
}

/* "ecs:runTask can return an HTTP 200 response, but have a non-empty Failures field." */
static bool has_failures(const asl_value *output)
{
    const asl_value *failures = value_get_z(output, "Failures");
    return failures && value_kind(failures) == VALUE_ARRAY && value_count(failures) > 0;
}

static const struct optimized_service services[] = {
    {.type = "athena",
     .service = "athena",
     .style = {WORDS("Athena", "AmazonAthena")},
     .actions = ACTIONS("startQueryExecution", "stopQueryExecution", "getQueryExecution",
                        "getQueryResults")},
    {.type = "batch",
     .service = "batch",
     .style = {WORDS("Batch", "AWSBatch"), .add_take = marks_batch},
     .actions = ACTIONS("submitJob")},
    {.type = "bedrock",
     .service = "bedrock",
     .style = {WORDS("Bedrock", "AmazonBedrock"), .speaks_v2 = true},
     .actions = ACTIONS("createModelCustomizationJob")},
    {.type = "codebuild",
     .service = "codebuild",
     .style = {WORDS("CodeBuild", "AWSCodeBuild")},
     .actions =
         ACTIONS("startBuild", "stopBuild", "startBuildBatch", "stopBuildBatch", "retryBuildBatch",
                 "deleteBuildBatch", "batchDeleteBuilds", "batchGetBuilds", "batchGetReports")},
    {.type = "databrew",
     .service = "databrew",
     .style = {WORDS("DataBrew", "AWSGlueDataBrew")},
     .actions = ACTIONS("startJobRun")},
    {.type = "ecs",
     .service = "ecs",
     .style = {WORDS("ECS", "AmazonECS"), .add_take = marks_ecs, .has_refused = has_failures},
     .actions = ACTIONS("runTask")},
    {.type = "eks",
     .service = "eks",
     .style = {WORDS("EKS", "AmazonEKS")},
     .actions = ACTIONS("createCluster", "deleteCluster", "createNodegroup", "deleteNodegroup",
                        "createFargateProfile", "deleteFargateProfile")},
    {.type = "emr-containers",
     .service = "emrcontainers",
     .style = {WORDS("EMRContainers", "AmazonEMRContainers")},
     .actions = ACTIONS("createVirtualCluster", "deleteVirtualCluster", "startJobRun")},
    {.type = "emr-serverless",
     .service = "emrserverless",
     .style = {WORDS("EMRServerless", "AWSEMRServerless"), .shape_take = shape_emr_serverless},
     .actions = ACTIONS("createApplication", "startApplication", "stopApplication",
                        "deleteApplication", "startJobRun", "cancelJobRun")},
    {.type = "glue",
     .service = "glue",
     .style = {WORDS("Glue", "AWSGlue"), .shape_take = shape_glue},
     .actions = ACTIONS("startJobRun")},
    {.type = "mediaconvert",
     .service = "mediaconvert",
     .style = {WORDS("MediaConvert", "AWSMediaConvert"), .add_take = marks_mediaconvert},
     .actions = ACTIONS("createJob")},
    {.type = "sagemaker",
     .service = "sagemaker",
     .style = {WORDS("SageMaker", "AmazonSageMaker"), .add_take = marks_sagemaker},
     .actions = ACTIONS("createEndpoint", "createEndpointConfig", "createHyperParameterTuningJob",
                        "createLabelingJob", "createModel", "createProcessingJob",
                        "createTrainingJob", "createTransformJob", "updateEndpoint")},
    /* Message and MessageBody may be any JSON, as every text may. */
    {.type = "sns",
     .service = "sns",
     .style = {WORDS("SNS", "AmazonSNS")},
     .actions = ACTIONS("publish"),
     .known_by = "MessageDeduplicationId"},
    {.type = "sqs",
     .service = "sqs",
     .style = {WORDS("SQS", "AmazonSQS")},
     .actions = ACTIONS("sendMessage"),
     .known_by = "MessageDeduplicationId"},
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
    if (s->known_by && request->parameters && value_get_z(request->parameters, s->known_by))
        return true;
    return service_is_repeatable(service_operation(shared, s->service, request->resource->action));
}

static bool model(const struct resource *r, struct connector_model *m)
{
    const struct optimized_service *s = optimized_service(r->type);
    *m =
        (struct connector_model){.service = s->service, .operation = r->action, .style = &s->style};
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
