/* The jobs that .sync waits for: one row each (facts 4.6). How they are waited for is job.c's.
 *
 * Styles come from optimized.c: a job is started as its request-response form is. */
#include <string.h>

#include "job.h"
#include "optimized.h"
#include "table.h"

#define ANSWER JOB_OF_ANSWER
#define GIVEN  JOB_OF_PARAMETERS
#define REASON                                                                                     \
    {                                                                                              \
        "Reason", "The Step Functions execution was stopped.", JOB_CONSTANT                        \
    }

/* A task that stopped has failed unless every container ended with 0. */
static bool container_failed(const asl_value *task)
{
    const asl_value *containers = value_get_z(task, "Containers");
    const asl_value *code = value_get_z(task, "StopCode");
    if (code && asl_text_is(value_as_text(code), "TaskFailedToStart"))
        return true;
    for (size_t i = 0; containers && i < value_count(containers); i++) {
        const asl_value *exit = value_get_z(value_at(containers, i), "ExitCode");
        int64_t number;
        if (!exit || !value_as_integer(exit, &number) || number != 0)
            return true;
    }
    return false;
}

#define SAGEMAKER(what)                                                                            \
    {                                                                                              \
        .type = "sagemaker", .action = "create" what "Job", .service = "sagemaker",                \
        .describe = "describe" what "Job", .stop = "stop" what "Job",                              \
        .keys = {{what "JobName", what "JobName", GIVEN}}, .object = "",                           \
        .status = what "JobStatus", .succeeded = "Completed", .failed = "Failed Stopped"           \
    }

#define CODEBUILD(name, what, ids, objects, stopper)                                               \
    {                                                                                              \
        .type = "codebuild", .action = name, .service = "codebuild", .describe = ids,              \
        .stop = stopper, .keys = {{"Ids[]", what ".Id", ANSWER}},                                  \
        .stop_keys = {{"Id", what ".Id", ANSWER}}, .object = objects "[0]", .wrap = what,          \
        .status = what "Status", .succeeded = "SUCCEEDED",                                         \
        .failed = "FAILED FAULT TIMED_OUT STOPPED"                                                 \
    }
#define BUILD_BATCH(name)                                                                          \
    CODEBUILD(name, "BuildBatch", "batchGetBuildBatches", "BuildBatches", "stopBuildBatch")

#define CLUSTER_KEY                                                                                \
    {                                                                                              \
        "Name", "Name", GIVEN                                                                      \
    }
#define PART_KEYS(what)                                                                            \
    {"ClusterName", "ClusterName", GIVEN},                                                         \
    {                                                                                              \
        what "Name", what "Name", GIVEN                                                            \
    }

#define EKS(what, ...)                                                                             \
    {                                                                                              \
        .type = "eks", .service = "eks", .describe = "describe" what, .object = what,              \
        .wrap = what, .status = "Status", __VA_ARGS__                                              \
    }
#define EKS_CREATES(what, bad, ...)                                                                \
    EKS(what, .action = "create" what, .succeeded = "ACTIVE", .failed = bad, .keys = {__VA_ARGS__})
/* It has succeeded when it is gone. */
#define EKS_DELETES(what, bad, ...)                                                                \
    EKS(what, .action = "delete" what, .succeeded = "", .failed = bad,                             \
        .gone_code = "ResourceNotFoundException", .keys = {__VA_ARGS__})

#define APPLICATION(name, from, undo, done, bad)                                                   \
    {                                                                                              \
        .type = "emr-serverless", .action = name, .service = "emrserverless",                      \
        .describe = "getApplication", .stop = undo,                                                \
        .keys = {{"ApplicationId", "ApplicationId", from}}, .object = "Application",               \
        .wrap = "Application", .status = "State", .succeeded = done, .failed = bad,                \
        .gives_answer = true, .answer_take = optimized_name_application_take                       \
    }
#define JOB_RUN(name, undo, done, bad)                                                             \
    {                                                                                              \
        .type = "emr-serverless", .action = name, .service = "emrserverless",                      \
        .describe = "getJobRun", .stop = undo,                                                     \
        .keys = {{"ApplicationId", "ApplicationId", ANSWER}, {"JobRunId", "JobRunId", ANSWER}},    \
        .object = "JobRun", .wrap = "JobRun", .status = "State", .succeeded = done, .failed = bad, \
        .gives_answer = true                                                                       \
    }

static const struct job_kind kinds[] = {
    {.type = "athena",
     .action = "startQueryExecution",
     .service = "athena",
     .describe = "getQueryExecution",
     .stop = "stopQueryExecution",
     .keys = {{"QueryExecutionId", "QueryExecutionId", ANSWER}},
     .object = "QueryExecution",
     .wrap = "QueryExecution",
     .status = "Status.State",
     .succeeded = "SUCCEEDED",
     .failed = "FAILED CANCELLED"},
    {.type = "batch",
     .action = "submitJob",
     .service = "batch",
     .describe = "describeJobs",
     .stop = "terminateJob",
     .keys = {{"Jobs[]", "JobId", ANSWER}},
     .stop_keys = {{"JobId", "JobId", ANSWER}, REASON},
     .object = "Jobs[0]",
     .status = "Status",
     .succeeded = "SUCCEEDED",
     .failed = "FAILED"},
    {.type = "bedrock",
     .action = "createModelCustomizationJob",
     .service = "bedrock",
     .describe = "getModelCustomizationJob",
     .stop = "stopModelCustomizationJob",
     .keys = {{"JobIdentifier", "JobArn", ANSWER}},
     .object = "",
     .status = "Status",
     .succeeded = "Completed",
     .failed = "Failed Stopped"},
    CODEBUILD("startBuild", "Build", "batchGetBuilds", "Builds", "stopBuild"),
    BUILD_BATCH("startBuildBatch"),
    BUILD_BATCH("retryBuildBatch"),
    {.type = "databrew",
     .action = "startJobRun",
     .service = "databrew",
     .describe = "describeJobRun",
     .stop = "stopJobRun",
     .keys = {{"Name", "Name", GIVEN}, {"RunId", "RunId", ANSWER}},
     .object = "",
     .status = "State",
     .succeeded = "SUCCEEDED",
     .failed = "FAILED STOPPED TIMEOUT"},
    {.type = "ecs",
     .action = "runTask",
     .service = "ecs",
     .describe = "describeTasks",
     .stop = "stopTask",
     .keys = {{"Cluster", "Cluster", GIVEN}, {"Tasks[]", "Tasks[0].TaskArn", ANSWER}},
     .stop_keys = {{"Cluster", "Cluster", GIVEN}, {"Task", "Tasks[0].TaskArn", ANSWER}, REASON},
     .object = "Tasks[0]",
     .status = "LastStatus",
     .succeeded = "STOPPED",
     .failed = "",
     .has_failed = container_failed},
    EKS_CREATES("Cluster", "FAILED", CLUSTER_KEY),
    EKS_DELETES("Cluster", "FAILED", CLUSTER_KEY),
    EKS_CREATES("Nodegroup", "CREATE_FAILED DEGRADED", PART_KEYS("Nodegroup")),
    EKS_DELETES("Nodegroup", "DELETE_FAILED", PART_KEYS("Nodegroup")),
    EKS_CREATES("FargateProfile", "CREATE_FAILED", PART_KEYS("FargateProfile")),
    EKS_DELETES("FargateProfile", "DELETE_FAILED", PART_KEYS("FargateProfile")),
    {.type = "emr-containers",
     .action = "startJobRun",
     .service = "emrcontainers",
     .describe = "describeJobRun",
     .stop = "cancelJobRun",
     .keys = {{"Id", "Id", ANSWER}, {"VirtualClusterId", "VirtualClusterId", ANSWER}},
     .object = "JobRun",
     .wrap = "JobRun",
     .status = "State",
     .succeeded = "COMPLETED",
     .failed = "FAILED CANCELLED"},
    {.type = "emr-containers",
     .action = "deleteVirtualCluster",
     .service = "emrcontainers",
     .describe = "describeVirtualCluster",
     .keys = {{"Id", "Id", ANSWER}},
     .object = "VirtualCluster",
     .wrap = "VirtualCluster",
     .status = "State",
     .succeeded = "TERMINATED",
     .failed = "ARRESTED"},
    JOB_RUN("startJobRun", "cancelJobRun", "SUCCESS", "FAILED CANCELLED"),
    JOB_RUN("cancelJobRun", NULL, "CANCELLED", "FAILED SUCCESS"),
    /* What is undone when the task is aborted: AWS's policies for these tasks allow it. */
    APPLICATION("createApplication", ANSWER, "deleteApplication", "CREATED STARTED", "TERMINATED"),
    APPLICATION("startApplication", GIVEN, "stopApplication", "STARTED", ""),
    APPLICATION("stopApplication", GIVEN, NULL, "STOPPED CREATED", ""),
    APPLICATION("deleteApplication", GIVEN, NULL, "TERMINATED", ""),
    {.type = "glue",
     .action = "startJobRun",
     .service = "glue",
     .describe = "getJobRun",
     .stop = "batchStopJobRun",
     .keys = {{"JobName", "JobName", GIVEN}, {"RunId", "JobRunId", ANSWER}},
     .stop_keys = {{"JobName", "JobName", GIVEN}, {"JobRunIds[]", "JobRunId", ANSWER}},
     .object = "JobRun",
     .status = "JobRunState",
     .succeeded = "SUCCEEDED",
     .failed = "FAILED STOPPED TIMEOUT ERROR EXPIRED",
     .answer_take = optimized_name_job_take},
    {.type = "mediaconvert",
     .action = "createJob",
     .service = "mediaconvert",
     .describe = "getJob",
     .stop = "cancelJob",
     .keys = {{"Id", "Job.Id", ANSWER}},
     .object = "Job",
     .wrap = "Job",
     .status = "Status",
     .succeeded = "COMPLETE",
     .failed = "ERROR CANCELED"},
    SAGEMAKER("Training"),
    SAGEMAKER("Transform"),
    SAGEMAKER("HyperParameterTuning"),
    SAGEMAKER("Labeling"),
    SAGEMAKER("Processing"),
};

static const struct job_kind *kind_of(const struct resource *r)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].type, r->type) == 0 && strcmp(kinds[i].action, r->action) == 0)
            return &kinds[i];
    return NULL;
}

static bool takes(const struct resource *r)
{
    return r->pattern == TASK_SYNC && kind_of(r) != NULL;
}

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    const struct job_kind *kind = kind_of(request->resource);
    return job_start(shared, task, request, kind, &optimized_service(kind->type)->style);
}

static bool repeatable(const struct connectors *shared, const struct task_request *request)
{
    return job_is_repeatable(shared, kind_of(request->resource));
}

static bool model(const struct resource *r, struct connector_model *m)
{
    const struct job_kind *kind = kind_of(r);
    *m = (struct connector_model){.service = kind->service,
                                  .operation = kind->operation ? kind->operation : kind->action,
                                  .style = &optimized_service(kind->type)->style,
                                  .map = kind->map,
                                  .job = kind};
    return true;
}

const struct connector connector_jobs = {
    .name = "jobs",
    .takes = takes,
    .start = start,
    .cancel = job_cancel,
    .repeatable = repeatable,
    .stop = job_stop,
    .model = model,
};
