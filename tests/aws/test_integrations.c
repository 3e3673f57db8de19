/* Every optimized integration that AWS documents (facts 4.6 and the pages it was read from), in
 * each of the four patterns: what is offered compiles and runs to its end against a peer that
 * answers as the service would; what is not is refused at creation in AWS's words. Breaks when: the
 * table of asl/definition/integrations.c and the connectors of engine/task/ do not offer the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "engine/aws/catalogue/definition.h"
#include "tests/aws/desk.h"

enum { CALL = 1, SYNC = 2, TOKEN = 4, SYNC_2 = 8 };

static const struct {
    const char *suffix;
    unsigned bit;
} patterns[] = {{"", CALL}, {".sync", SYNC}, {".sync:2", SYNC_2}, {".waitForTaskToken", TOKEN}};

/* '@' in parameters stands for the peer's host and port. */
#define CLUSTER "\"ClusterName\":\"c\",\"CertificateAuthority\":\"LS0t\",\"Endpoint\":\"http://@\""
#define AGAIN   NULL

static const struct integration {
    const char *name; /* "<service>:<action>" */
    unsigned patterns;
    const char *parameters;
    const char *answer; /* of the call that starts it */
    const char *ended;  /* of the one that asks after it; AGAIN: the same */
    const char *first;  /* of one that goes before both, or NULL */
} integrations[] = {
    {"apigateway:invoke", CALL | TOKEN, "{\"ApiEndpoint\":\"@\",\"Method\":\"GET\"}", "{}", AGAIN,
     0},
    {"athena:startQueryExecution", CALL | SYNC, "{\"QueryString\":\"SELECT 1\"}",
     "{\"QueryExecutionId\":\"q\"}", "{\"QueryExecution\":{\"Status\":{\"State\":\"SUCCEEDED\"}}}",
     0},
    {"athena:stopQueryExecution", CALL, "{\"QueryExecutionId\":\"q\"}", "{}", AGAIN, 0},
    {"athena:getQueryExecution", CALL, "{\"QueryExecutionId\":\"q\"}", "{}", AGAIN, 0},
    {"athena:getQueryResults", CALL, "{\"QueryExecutionId\":\"q\"}", "{}", AGAIN, 0},
    {"batch:submitJob", CALL | SYNC,
     "{\"JobName\":\"j\",\"JobQueue\":\"q\",\"JobDefinition\":\"d\"}", "{\"jobId\":\"b\"}",
     "{\"jobs\":[{\"status\":\"SUCCEEDED\"}]}", 0},
    {"bedrock:invokeModel", CALL | TOKEN, "{\"ModelId\":\"m\",\"Body\":{}}", "{}", AGAIN, 0},
    {"bedrock:createModelCustomizationJob", CALL | SYNC,
     "{\"BaseModelIdentifier\":\"x\",\"CustomModelName\":\"x\",\"JobName\":\"x\","
     "\"OutputDataConfig\":{\"S3Uri\":\"x\"},\"RoleArn\":\"x\",\"TrainingDataConfig\":{}}",
     "{\"jobArn\":\"arn:j\"}", "{\"status\":\"Completed\"}", 0},
    {"bedrockagentcore:invokeHarness", CALL,
     "{\"HarnessArn\":\"arn:h\",\"RuntimeSessionId\":\"s\",\"Messages\":[]}", "", AGAIN, 0},
    {"codebuild:startBuild", CALL | SYNC, "{\"ProjectName\":\"p\"}", "{\"build\":{\"id\":\"p:1\"}}",
     "{\"builds\":[{\"buildStatus\":\"SUCCEEDED\"}]}", 0},
    {"codebuild:startBuildBatch", CALL | SYNC, "{\"ProjectName\":\"p\"}",
     "{\"buildBatch\":{\"id\":\"p:1\"}}",
     "{\"buildBatches\":[{\"buildBatchStatus\":\"SUCCEEDED\"}]}", 0},
    {"codebuild:retryBuildBatch", CALL | SYNC, "{\"Id\":\"p:1\"}",
     "{\"buildBatch\":{\"id\":\"p:1\"}}",
     "{\"buildBatches\":[{\"buildBatchStatus\":\"SUCCEEDED\"}]}", 0},
    {"codebuild:stopBuild", CALL, "{\"Id\":\"p:1\"}", "{}", AGAIN, 0},
    {"codebuild:stopBuildBatch", CALL, "{\"Id\":\"p:1\"}", "{}", AGAIN, 0},
    {"codebuild:batchGetBuilds", CALL, "{\"Ids\":[\"p:1\"]}", "{}", AGAIN, 0},
    {"codebuild:batchGetReports", CALL, "{\"ReportArns\":[\"x\"]}", "{}", AGAIN, 0},
    {"codebuild:batchDeleteBuilds", CALL, "{\"Ids\":[\"p:1\"]}", "{}", AGAIN, 0},
    {"codebuild:deleteBuildBatch", CALL, "{\"Id\":\"p:1\"}", "{}", AGAIN, 0},
    {"databrew:startJobRun", CALL | SYNC, "{\"Name\":\"j\"}", "{\"RunId\":\"r\"}",
     "{\"State\":\"SUCCEEDED\"}", 0},
    {"dynamodb:getItem", CALL, "{\"TableName\":\"t\",\"Key\":{}}", "{}", AGAIN, 0},
    {"dynamodb:putItem", CALL, "{\"TableName\":\"t\",\"Item\":{}}", "{}", AGAIN, 0},
    {"dynamodb:updateItem", CALL, "{\"TableName\":\"t\",\"Key\":{}}", "{}", AGAIN, 0},
    {"dynamodb:deleteItem", CALL, "{\"TableName\":\"t\",\"Key\":{}}", "{}", AGAIN, 0},
    {"ecs:runTask", CALL | SYNC | TOKEN, "{\"TaskDefinition\":\"d\"}",
     "{\"tasks\":[{\"taskArn\":\"arn:t\"}],\"failures\":[]}",
     "{\"tasks\":[{\"lastStatus\":\"STOPPED\"}]}", 0},
    {"eks:call", CALL | TOKEN, "{" CLUSTER ",\"Method\":\"GET\",\"Path\":\"/api/v1/pods\"}", "{}",
     AGAIN, 0},
    {"eks:runJob", CALL | SYNC | TOKEN, "{" CLUSTER ",\"Job\":{\"metadata\":{\"name\":\"j\"}}}",
     "{\"metadata\":{\"name\":\"j\"}}",
     "{\"status\":{\"conditions\":[{\"type\":\"Complete\",\"status\":\"True\"}]}}", 0},
    {"eks:createCluster", CALL | SYNC | TOKEN,
     "{\"Name\":\"c\",\"ResourcesVpcConfig\":{},\"RoleArn\":\"r\"}", "{\"cluster\":{}}",
     "{\"cluster\":{\"status\":\"ACTIVE\"}}", 0},
    {"eks:deleteCluster", CALL | SYNC | TOKEN, "{\"Name\":\"c\"}", "{\"cluster\":{}}", "gone", 0},
    {"eks:createNodegroup", CALL | SYNC | TOKEN,
     "{\"ClusterName\":\"c\",\"NodeRole\":\"r\",\"NodegroupName\":\"n\",\"Subnets\":[\"s\"]}",
     "{\"nodegroup\":{}}", "{\"nodegroup\":{\"status\":\"ACTIVE\"}}", 0},
    {"eks:deleteNodegroup", CALL | SYNC | TOKEN, "{\"ClusterName\":\"c\",\"NodegroupName\":\"n\"}",
     "{\"nodegroup\":{}}", "gone", 0},
    {"eks:createFargateProfile", CALL | SYNC | TOKEN,
     "{\"ClusterName\":\"c\",\"FargateProfileName\":\"f\",\"PodExecutionRoleArn\":\"r\"}",
     "{\"fargateProfile\":{}}", "{\"fargateProfile\":{\"status\":\"ACTIVE\"}}", 0},
    {"eks:deleteFargateProfile", CALL | SYNC | TOKEN,
     "{\"ClusterName\":\"c\",\"FargateProfileName\":\"f\"}", "{\"fargateProfile\":{}}", "gone", 0},
    {"elasticmapreduce:createCluster", CALL | SYNC,
     "{\"Name\":\"c\",\"Instances\":{\"KeepJobFlowAliveWhenNoSteps\":true}}",
     "{\"JobFlowId\":\"j\"}", "{\"Cluster\":{\"Status\":{\"State\":\"WAITING\"}}}", 0},
    {"elasticmapreduce:terminateCluster", CALL | SYNC, "{\"ClusterId\":\"j\"}", "{}",
     "{\"Cluster\":{\"Status\":{\"State\":\"TERMINATED\"}}}", 0},
    {"elasticmapreduce:addStep", CALL | SYNC,
     "{\"ClusterId\":\"j\",\"Step\":{\"Name\":\"n\",\"HadoopJarStep\":{\"Jar\":\"x\"}}}",
     "{\"StepIds\":[\"s\"]}", "{\"Step\":{\"Status\":{\"State\":\"COMPLETED\"}}}", 0},
    {"elasticmapreduce:cancelStep", CALL, "{\"ClusterId\":\"j\",\"StepId\":\"s\"}", "{}", AGAIN, 0},
    {"elasticmapreduce:setClusterTerminationProtection", CALL,
     "{\"ClusterId\":\"j\",\"TerminationProtected\":true}", "{}", AGAIN, 0},
    {"elasticmapreduce:modifyInstanceFleetByName", CALL,
     "{\"ClusterId\":\"j\",\"InstanceFleetName\":\"f\",\"InstanceFleet\":{}}", "{}", AGAIN,
     "{\"InstanceFleets\":[{\"Id\":\"i\",\"Name\":\"f\"}]}"},
    {"elasticmapreduce:modifyInstanceGroupByName", CALL,
     "{\"ClusterId\":\"j\",\"InstanceGroupName\":\"g\",\"InstanceGroup\":{}}", "{}", AGAIN,
     "{\"InstanceGroups\":[{\"Id\":\"i\",\"Name\":\"g\"}]}"},
    {"emr-containers:createVirtualCluster", CALL,
     "{\"Name\":\"v\",\"ContainerProvider\":{\"Id\":\"x\",\"Type\":\"EKS\"}}", "{\"id\":\"v\"}",
     AGAIN, 0},
    {"emr-containers:deleteVirtualCluster", CALL | SYNC, "{\"Id\":\"v\"}", "{\"id\":\"v\"}",
     "{\"virtualCluster\":{\"state\":\"TERMINATED\"}}", 0},
    {"emr-containers:startJobRun", CALL | SYNC, "{\"VirtualClusterId\":\"v\"}",
     "{\"id\":\"j\",\"virtualClusterId\":\"v\"}", "{\"jobRun\":{\"state\":\"COMPLETED\"}}", 0},
    {"emr-serverless:createApplication", CALL | SYNC, "{\"ReleaseLabel\":\"r\",\"Type\":\"SPARK\"}",
     "{\"applicationId\":\"a\"}", "{\"application\":{\"state\":\"CREATED\"}}", 0},
    {"emr-serverless:startApplication", CALL | SYNC, "{\"ApplicationId\":\"a\"}", "{}",
     "{\"application\":{\"state\":\"STARTED\"}}", 0},
    {"emr-serverless:stopApplication", CALL | SYNC, "{\"ApplicationId\":\"a\"}", "{}",
     "{\"application\":{\"state\":\"STOPPED\"}}", 0},
    {"emr-serverless:deleteApplication", CALL | SYNC, "{\"ApplicationId\":\"a\"}", "{}",
     "{\"application\":{\"state\":\"TERMINATED\"}}", 0},
    {"emr-serverless:startJobRun", CALL | SYNC,
     "{\"ApplicationId\":\"a\",\"ExecutionRoleArn\":\"r\"}",
     "{\"applicationId\":\"a\",\"jobRunId\":\"j\"}", "{\"jobRun\":{\"state\":\"SUCCESS\"}}", 0},
    {"emr-serverless:cancelJobRun", CALL | SYNC, "{\"ApplicationId\":\"a\",\"JobRunId\":\"j\"}",
     "{\"applicationId\":\"a\",\"jobRunId\":\"j\"}", "{\"jobRun\":{\"state\":\"CANCELLED\"}}", 0},
    {"events:putEvents", CALL | TOKEN, "{\"Entries\":[{\"Detail\":{}}]}",
     "{\"Entries\":[],\"FailedEntryCount\":0}", AGAIN, 0},
    {"glue:startJobRun", CALL | SYNC, "{\"JobName\":\"j\"}", "{\"JobRunId\":\"r\"}",
     "{\"JobRun\":{\"JobRunState\":\"SUCCEEDED\"}}", 0},
    {"http:invoke", CALL,
     "{\"ApiEndpoint\":\"https://a.example/\",\"Method\":\"GET\",\"Authentication\":"
     "{\"ConnectionArn\":\"arn:aws:events:r:1:connection/basic/u\"}}",
     "{}", AGAIN, 0},
    {"lambda:invoke", CALL | TOKEN, "{\"FunctionName\":\"f\"}", "{}", AGAIN, 0},
    {"mediaconvert:createJob", CALL | SYNC, "{\"Role\":\"r\",\"Settings\":{}}",
     "{\"job\":{\"id\":\"j\"}}", "{\"job\":{\"status\":\"COMPLETE\"}}", 0},
    {"sagemaker:createTrainingJob", CALL | SYNC,
     "{\"TrainingJobName\":\"j\",\"RoleArn\":\"r\",\"OutputDataConfig\":{\"S3OutputPath\":\"s\"}}",
     "{\"TrainingJobArn\":\"a\"}", "{\"TrainingJobStatus\":\"Completed\"}", 0},
    {"sagemaker:createTransformJob", CALL | SYNC,
     "{\"TransformJobName\":\"t\",\"ModelName\":\"m\",\"TransformInput\":{\"DataSource\":"
     "{\"S3DataSource\":{\"S3DataType\":\"S3Prefix\",\"S3Uri\":\"s3://x\"}}},\"TransformOutput\":"
     "{\"S3OutputPath\":\"s3://y\"},\"TransformResources\":{\"InstanceType\":\"ml.m5.large\","
     "\"InstanceCount\":1}}",
     "{\"TransformJobArn\":\"a\"}", "{\"TransformJobStatus\":\"Completed\"}", 0},
    {"sagemaker:createHyperParameterTuningJob", CALL | SYNC,
     "{\"HyperParameterTuningJobName\":\"j\",\"HyperParameterTuningJobConfig\":{\"Strategy\":"
     "\"Bayesian\",\"ResourceLimits\":{\"MaxParallelTrainingJobs\":1}}}",
     "{\"HyperParameterTuningJobArn\":\"a\"}", "{\"HyperParameterTuningJobStatus\":\"Completed\"}",
     0},
    {"sagemaker:createLabelingJob", CALL | SYNC,
     "{\"LabelingJobName\":\"j\",\"LabelAttributeName\":\"l\",\"RoleArn\":\"r\",\"InputConfig\":"
     "{\"DataSource\":{}},\"OutputConfig\":{\"S3OutputPath\":\"s\"},\"HumanTaskConfig\":"
     "{\"NumberOfHumanWorkersPerDataObject\":1,\"TaskDescription\":\"x\","
     "\"TaskTimeLimitInSeconds\":"
     "30,\"TaskTitle\":\"x\",\"UiConfig\":{},\"WorkteamArn\":\"x\"}}",
     "{\"LabelingJobArn\":\"a\"}", "{\"LabelingJobStatus\":\"Completed\"}", 0},
    {"sagemaker:createProcessingJob", CALL | SYNC,
     "{\"ProcessingJobName\":\"j\",\"RoleArn\":\"r\",\"AppSpecification\":{\"ImageUri\":\"i\"},"
     "\"ProcessingResources\":{\"ClusterConfig\":{\"VolumeSizeInGB\":1}}}",
     "{\"ProcessingJobArn\":\"a\"}", "{\"ProcessingJobStatus\":\"Completed\"}", 0},
    {"sagemaker:createEndpoint", CALL, "{\"EndpointName\":\"e\",\"EndpointConfigName\":\"c\"}",
     "{\"EndpointArn\":\"a\"}", AGAIN, 0},
    {"sagemaker:createEndpointConfig", CALL,
     "{\"EndpointConfigName\":\"c\",\"ProductionVariants\":[{\"VariantName\":\"v\"}]}",
     "{\"EndpointConfigArn\":\"a\"}", AGAIN, 0},
    {"sagemaker:createModel", CALL, "{\"ModelName\":\"m\"}", "{\"ModelArn\":\"a\"}", AGAIN, 0},
    {"sagemaker:updateEndpoint", CALL, "{\"EndpointName\":\"e\",\"EndpointConfigName\":\"c\"}",
     "{\"EndpointArn\":\"a\"}", AGAIN, 0},
    {"sns:publish", CALL | TOKEN, "{\"TopicArn\":\"t\",\"Message\":\"m\"}",
     "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>",
     AGAIN, 0},
    {"sqs:sendMessage", CALL | TOKEN, "{\"QueueUrl\":\"http://q/1/x\",\"MessageBody\":\"m\"}",
     "{\"MessageId\":\"m\"}", AGAIN, 0},
    {"states:startExecution", CALL | SYNC | SYNC_2 | TOKEN,
     "{\"StateMachineArn\":\"arn:aws:states:r:1:stateMachine:M\"}",
     "{\"executionArn\":\"arn:e\",\"startDate\":1}", "{\"status\":\"SUCCEEDED\"}", 0},
    /* of the SDK kind: every action alike */
    {"aws-sdk:sqs:listQueues", CALL | TOKEN, "{}", "{}", AGAIN, 0},
    {"aws-sdk:s3:getObject", CALL | TOKEN, "{\"Bucket\":\"b\",\"Key\":\"k\"}", "x", AGAIN, 0},
    /* what people write and AWS does not have */
    {"dynamodb:query", 0, "{}", "", AGAIN, 0},
    {"dynamodb:scan", 0, "{}", "", AGAIN, 0},
    {"lambda:Invoke", 0, "{}", "", AGAIN, 0},
    {"codebuild:createProject", 0, "{}", "", AGAIN, 0},
    {"eks:describeCluster", 0, "{}", "", AGAIN, 0},
    {"elasticmapreduce:runJobFlow", 0, "{}", "", AGAIN, 0},
    {"emr-serverless:getJobRun", 0, "{}", "", AGAIN, 0},
    {"sagemaker:describeTrainingJob", 0, "{}", "", AGAIN, 0},
    {"sagemaker:CreateTrainingJob", 0, "{}", "", AGAIN, 0},
    {"stepfunctions:startExecution", 0, "{}", "", AGAIN, 0},
    {"states:startSyncExecution", 0, "{}", "", AGAIN, 0},
    {"eventbridge:putEvents", 0, "{}", "", AGAIN, 0},
    {"s3:getObject", 0, "{}", "", AGAIN, 0},
    {"ses:sendEmail", 0, "{}", "", AGAIN, 0},
    {"aws-sdk:stepfunctions:startExecution", 0, "{}", "", AGAIN, 0},
    {"aws-sdk:s3:getObjects", 0, "{}", "", AGAIN, 0},
    {"aws-sdk:bedrockruntime:converseStream", 0, "{}", "", AGAIN, 0},
};

static void put_with_peer(struct asl_buffer *b, const char *text, unsigned port)
{
    for (; *text; text++)
        if (*text == '@')
            asl_buffer_printf(b, "127.0.0.1:%u", port);
        else
            asl_buffer_putc(b, *text);
}

static asl_machine *compile(struct desk *d, const char *arn, const char *parameters,
                            struct asl_diagnostics *diagnostics)
{
    struct asl_buffer text;
    struct asl_catalogue catalogue = catalogue_for_definitions(d->catalogue);
    asl_buffer_init(&text, 65536);
    asl_buffer_printf(&text,
                      "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"%s\","
                      "\"Parameters\":%s,\"End\":true}}}",
                      arn, parameters);
    asl_machine *m =
        asl_machine_compile_with(asl_buffer_text(&text), false, &catalogue, diagnostics);
    asl_buffer_free(&text);
    return m;
}

/* How it must end, by pattern. */
static bool ends_well(const char *said, unsigned pattern)
{
    const char *second = strchr(said, '\n');
    if (pattern == CALL)
        return strncmp(said, "SUCCEEDED ", 10) == 0;
    if (strncmp(said, "SUBMITTED ", 10) != 0 || !second)
        return false;
    return pattern == TOKEN ? second[1] == '\0' : strncmp(second + 1, "SUCCEEDED ", 10) == 0;
}

static void run(struct desk *d, const struct integration *k, const char *arn,
                const char *parameters, unsigned pattern)
{
    struct desk_reply replies[4] = {{0}};
    size_t n = 0;
    bool is_gone = k->ended && strcmp(k->ended, "gone") == 0;
    if (k->first)
        replies[n++] = (struct desk_reply){200, "", k->first};
    replies[n++] = (struct desk_reply){200, "", k->answer};
    if (is_gone)
        replies[n] = (struct desk_reply){
            404, "", "{\"__type\":\"ResourceNotFoundException\",\"message\":\"no\"}"};
    else if (k->ended)
        replies[n] = (struct desk_reply){200, "", k->ended};
    const char *said = desk_run(d, arn, parameters, replies);
    if (!ends_well(said, pattern))
        fail_msg("%s\n%s", arn, said);
}

static void check_refusal(const char *arn, const struct asl_diagnostics *diagnostics)
{
    char words[512];
    snprintf(
        words, sizeof words,
        "The resource provided %s is not recognized. The value is not a valid resource ARN, or "
        "the resource is not available in this region.",
        arn);
    for (size_t i = 0; i < diagnostics->count; i++)
        if (strstr(diagnostics->items[i].message, words))
            return;
    fail_msg("%s: refused with %s", arn,
             diagnostics->count ? diagnostics->items[0].message : "nothing");
}

static void offers_what_aws_offers(void **state)
{
    struct desk *d = *state;
    char url[64], message[512];
    size_t offered = 0, refused = 0;
    snprintf(url, sizeof url, "http://127.0.0.1:%u", peer_port(d->peer));
    assert_true(aws_route(d->aws, "http", url, message));
    asl_value *connections =
        value_literal("{\"basic\":{\"AuthorizationType\":\"BASIC\",\"AuthParameters\":"
                      "{\"BasicAuthParameters\":{\"Username\":\"u\",\"Password\":\"p\"}}}}");
    d->shared.connections = connections;
    for (size_t i = 0; i < sizeof integrations / sizeof *integrations; i++)
        for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
            const struct integration *k = &integrations[i];
            struct asl_diagnostics diagnostics = {0};
            struct asl_buffer parameters;
            char arn[160];
            snprintf(arn, sizeof arn, "arn:aws:states:::%s%s", k->name, patterns[p].suffix);
            asl_buffer_init(&parameters, 8192);
            put_with_peer(&parameters, k->parameters, peer_port(d->peer));
            asl_machine *m = compile(d, arn, parameters.data, &diagnostics);
            if (k->patterns & patterns[p].bit) {
                if (!m)
                    fail_msg("%s: %s", arn, diagnostics.items[0].message);
                run(d, k, arn, parameters.data, patterns[p].bit);
                offered++;
            } else {
                if (m)
                    fail_msg("%s is none of AWS's, and compiled", arn);
                check_refusal(arn, &diagnostics);
                refused++;
            }
            asl_machine_release(m);
            asl_diagnostics_free(&diagnostics);
            asl_buffer_free(&parameters);
        }
    value_release(connections);
    printf("integrations: %zu resources offered and run, %zu refused\n", offered, refused);
}

/* ---- bedrockagentcore:invokeHarness: a stream folded into one message ---- */

static void put_number(struct asl_buffer *b, size_t n, size_t bytes)
{
    while (bytes-- > 0)
        asl_buffer_putc(b, (char)(n >> 8 * bytes));
}

static void put_header(struct asl_buffer *b, const char *name, const char *value)
{
    put_number(b, strlen(name), 1);
    asl_buffer_puts(b, name);
    put_number(b, 7, 1);
    put_number(b, strlen(value), 2);
    asl_buffer_puts(b, value);
}

/* One message of application/vnd.amazon.eventstream. */
static void put_message(struct asl_buffer *b, const char *kind, const char *type,
                        const char *payload)
{
    struct asl_buffer headers;
    size_t from = b->size;
    asl_buffer_init(&headers, 4096);
    put_header(&headers, kind, type);
    put_header(&headers, ":content-type", "application/json");
    put_number(b, 16 + headers.size + strlen(payload), 4);
    put_number(b, headers.size, 4);
    put_number(b, crc32(0, (const unsigned char *)b->data + from, 8), 4);
    asl_buffer_put_text(b, asl_buffer_text(&headers));
    asl_buffer_puts(b, payload);
    put_number(b, crc32(0, (const unsigned char *)b->data + from, (uInt)(b->size - from)), 4);
    asl_buffer_free(&headers);
}

static const char *const turns[][2] = {
    {"messageStart", "{\"role\":\"assistant\"}"},
    {"contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"I look it up\"}}"},
    {"contentBlockStop", "{\"contentBlockIndex\":0}"},
    {"contentBlockDelta", "{\"contentBlockIndex\":1,\"delta\":{\"toolUse\":{\"input\":\"{}\"}}}"},
    {"messageStop", "{\"stopReason\":\"tool_use\"}"},
    {"metadata", "{\"usage\":{\"inputTokens\":3,\"outputTokens\":4,\"totalTokens\":7},"
                 "\"metrics\":{\"latencyMs\":10}}"},
    {"messageStart", "{\"role\":\"user\"}"},
    {"contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"a tool's\"}}"},
    {"messageStop", "{\"stopReason\":\"tool_result\"}"},
    {"somethingNewer", "{}"},
    {"messageStart", "{\"role\":\"assistant\"}"},
    {"contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"It is \"}}"},
    {"contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"\u00fcber\"}}"},
    {"contentBlockStop", "{\"contentBlockIndex\":0}"},
    {"messageStop", "{\"stopReason\":\"end_turn\"}"},
    {"metadata", "{\"usage\":{\"inputTokens\":5,\"outputTokens\":6,\"totalTokens\":11},"
                 "\"metrics\":{\"latencyMs\":20}}"},
};
static const char harness[] = "arn:aws:states:::bedrockagentcore:invokeHarness";
static const char to_harness[] =
    "{\"HarnessArn\":\"arn:h\",\"RuntimeSessionId\":\"s\",\"Messages\":[]}";

static const char *run_stream(struct desk *d, struct asl_buffer *stream)
{
    struct desk_reply replies[] = {
        {200, "Content-Type: application/vnd.amazon.eventstream\r\n", stream->data}, {0}};
    d->raw = stream->data;
    d->raw_size = stream->size;
    return desk_run(d, harness, to_harness, replies);
}

static void folds_an_agents_stream(void **state)
{
    struct desk *d = *state;
    struct asl_buffer stream;
    asl_buffer_init(&stream, 1 << 20);
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++)
        put_message(&stream, ":event-type", turns[i][0], turns[i][1]);
    assert_string_equal(
        run_stream(d, &stream),
        "SUCCEEDED {\"Metrics\":{\"LatencyMs\":30},\"Output\":{\"Message\":{\"Content\":[{"
        "\"Text\":\"It is über\"}],\"Role\":\"assistant\"}},\"StopReason\":\"end_turn\","
        "\"Usage\":{\"InputTokens\":8,\"OutputTokens\":10,\"TotalTokens\":18}}\n");
    put_message(&stream, ":exception-type", "internalServerException", "{\"message\":\"oh\"}");
    assert_string_equal(run_stream(d, &stream),
                        "FAILED BedrockAgentCore.InternalServerException | oh\n");
    asl_buffer_free(&stream);
}

/* Cut anywhere or with any bit turned: an error, never an answer, and nothing read beyond. */
static void refuses_a_damaged_stream(void **state)
{
    struct desk *d = *state;
    struct asl_buffer stream;
    asl_buffer_init(&stream, 1 << 20);
    put_message(&stream, ":event-type", "messageStop", "{\"stopReason\":\"end_turn\"}");
    size_t size = stream.size;
    for (size_t i = 1; i < size; i += 7) {
        stream.size = i;
        assert_non_null(strstr(run_stream(d, &stream), "FAILED BedrockAgentCore.SdkClient"));
    }
    stream.size = size;
    for (size_t i = 0; i < size; i += 3) {
        stream.data[i] ^= 0x10;
        assert_non_null(strstr(run_stream(d, &stream), "FAILED BedrockAgentCore.SdkClient"));
        stream.data[i] ^= 0x10;
    }
    asl_buffer_free(&stream);
}

/* ---- EKS: a job and its logs ---- */

static void runs_a_kubernetes_job(void **state)
{
    static const struct desk_reply replies[] = {
        {201, "", "{\"metadata\":{\"name\":\"j\"}}"},
        {200, "", "{\"status\":{\"active\":1}}"},
        {500, "", "{}"},
        {200, "", "{\"status\":{\"conditions\":[{\"type\":\"Failed\",\"status\":\"True\"}]}}"},
        {200, "",
         "{\"items\":[{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"a\"},"
         "{\"name\":\"b\"}]}}]}"},
        {200, "", "{\"x\":1}"},
        {403, "", "no"},
        {0, "", NULL},
    };
    struct desk *d = *state;
    struct asl_buffer p;
    asl_buffer_init(&p, 4096);
    put_with_peer(&p,
                  "{" CLUSTER ",\"Namespace\":\"n\",\"Job\":{\"kind\":\"Job\"},\"LogOptions\":"
                  "{\"RetrieveLogs\":true,\"LogParameters\":{\"tailLines\":[\"6\"]}}}",
                  peer_port(d->peer));
    const char *said = desk_run(d, "arn:aws:states:::eks:runJob.sync", p.data, replies);
    const char *end = strstr(said, "FAILED ");
    assert_non_null(end);
    assert_string_equal(
        end, "FAILED States.TaskFailed | {\"status\":{\"conditions\":[{\"type\":\"Failed\","
             "\"status\":\"True\"}]},\"logs\":{\"pods\":{\"p\":{\"containers\":{\"a\":{\"log\":"
             "{\"x\":1}},\"b\":{\"error\":\"EKS.403\",\"cause\":\"no\"}}}}}}\n");
    static const char *const sent[] = {
        "POST /apis/batch/v1/namespaces/n/jobs HTTP/1.1\r\n",
        "GET /apis/batch/v1/namespaces/n/jobs/j HTTP/1.1\r\n",
        "GET /apis/batch/v1/namespaces/n/jobs/j HTTP/1.1\r\n",
        "GET /apis/batch/v1/namespaces/n/jobs/j HTTP/1.1\r\n",
        "GET /api/v1/namespaces/n/pods?labelSelector=job-name%3Dj HTTP/1.1\r\n",
        "GET /api/v1/namespaces/n/pods/p/log?container=a&tailLines=6 HTTP/1.1\r\n",
        "GET /api/v1/namespaces/n/pods/p/log?container=b&tailLines=6 HTTP/1.1\r\n",
    };
    assert_int_equal(peer_request_count(d->peer), sizeof sent / sizeof *sent);
    for (size_t i = 0; i < sizeof sent / sizeof *sent; i++) {
        assert_non_null(strstr(peer_request(d->peer, i), sent[i]));
        assert_non_null(strstr(peer_request(d->peer, i), "Authorization: Bearer k8s-aws-v1.aHR0"));
    }
    asl_buffer_free(&p);
}

static void keeps_to_the_cluster_it_may_call(void **state)
{
    static const struct desk_reply replies[] = {{200, "", "{}"}, {0}};
    struct desk *d = *state;
    const char *said =
        desk_run(d, "arn:aws:states:::eks:call",
                 "{\"ClusterName\":\"c\",\"CertificateAuthority\":\"LS0t\",\"Endpoint\":"
                 "\"https://abc.eks.amazonaws.com\",\"Method\":\"GET\",\"Path\":\"/\"}",
                 replies);
    assert_string_equal(said, "START_FAILED EKS.SdkClientException | nothing may be sent to "
                              "abc.eks.amazonaws.com: route it with --route eks:call=URL, or allow "
                              "real AWS with --aws\n");
    said = desk_run(d, "arn:aws:states:::eks:call",
                    "{\"ClusterName\":\"c\",\"CertificateAuthority\":\"LS0t\",\"Endpoint\":"
                    "\"https://127.0.0.1:1\",\"Method\":\"GET\",\"Path\":\"/\"}",
                    replies);
    assert_non_null(strstr(said, "The CertificateAuthority is no PEM certificate in base64"));
    assert_int_equal(peer_request_count(d->peer), 0);
}

/* ---- EMR: by name ---- */

static void finds_a_fleet_on_any_page(void **state)
{
    static const struct desk_reply replies[] = {
        {200, "", "{\"InstanceFleets\":[{\"Id\":\"1\",\"Name\":\"x\"}],\"Marker\":\"m\"}"},
        {200, "", "{\"InstanceFleets\":[{\"Id\":\"2\",\"Name\":\"f\"}]}"},
        {200, "", ""},
        {0, "", NULL},
    };
    static const char fleet[] = "arn:aws:states:::elasticmapreduce:modifyInstanceFleetByName";
    struct desk *d = *state;
    const char *said =
        desk_run(d, fleet,
                 "{\"ClusterId\":\"j\",\"InstanceFleetName\":\"f\",\"InstanceFleet\":"
                 "{\"TargetSpotCapacity\":8}}",
                 replies);
    assert_non_null(strstr(said, "SUCCEEDED {\"SdkHttpMetadata\":"));
    assert_non_null(strstr(peer_request(d->peer, 1), "{\"ClusterId\":\"j\",\"Marker\":\"m\"}"));
    assert_non_null(strstr(peer_request(d->peer, 2),
                           "{\"ClusterId\":\"j\",\"InstanceFleet\":{\"TargetSpotCapacity\":8,"
                           "\"InstanceFleetId\":\"2\"}}"));
    said = desk_run(d, fleet,
                    "{\"ClusterId\":\"j\",\"InstanceFleetName\":\"none\",\"InstanceFleet\":{}}",
                    replies);
    assert_string_equal(said,
                        "FAILED ElasticMapReduce.InvalidRequestException | The cluster j has no "
                        "instance fleet of the name 'none'\n");
    said = desk_run(d, fleet, "{\"ClusterId\":\"j\",\"InstanceFleet\":{}}", replies);
    assert_non_null(strstr(said, "The field \"InstanceFleetName\" is required but was missing"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_open, desk_close)
    const struct CMUnitTest tests[] = {
        TEST(offers_what_aws_offers),           TEST(folds_an_agents_stream),
        TEST(refuses_a_damaged_stream),         TEST(runs_a_kubernetes_job),
        TEST(keeps_to_the_cluster_it_may_call), TEST(finds_a_fleet_on_any_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
