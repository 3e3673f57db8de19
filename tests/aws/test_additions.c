/* What the optimized integrations do beyond their service's API, as AWS documents it: marks on what
 * is started, fields added to answers, answers that are failures, and Bedrock's bodies in S3.
 * Breaks when: a style of engine/task/ loses its hooks, or service.c no longer makes the calls
 * before and behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/aws/desk.h"

#define HEADERS                                                                                    \
    "\"SdkHttpMetadata\":{\"AllHttpHeaders\":{\"Content-Length\":[\"17\"]},\"HttpHeaders\":"       \
    "{\"Content-Length\":\"17\"},\"HttpStatusCode\":200},\"SdkResponseMetadata\":"                 \
    "{\"RequestId\":\"\"}"
#define BATCH     "\"JobName\":\"j\",\"JobQueue\":\"q\",\"JobDefinition\":\"d\""
#define BATCH_OUT "{\"jobId\":\"b\"}"
#define TRAINING                                                                                   \
    "\"TrainingJobName\":\"j\",\"RoleArn\":\"r\",\"OutputDataConfig\":{\"S3OutputPath\":\"s\"}"
#define UNPLACED                                                                                   \
    "{\"tasks\":[{\"taskArn\":\"arn:t\"}],\"failures\":[{\"reason\":\"RESOURCE:CPU\"}]}"
#define THROTTLED                                                                                  \
    {                                                                                              \
        429, "x-amzn-RequestId: R1\r\nx-amzn-ErrorType: ThrottlingException\r\n",                  \
            "{\"message\":\"Too many requests\"}"                                                  \
    }

static const struct addition {
    const char *resource, *parameters;
    struct desk_reply replies[4];
    const char *said; /* how the report begins */
    /* in the requests, in their order: each stands in the next one or in the same */
    const char *sent[4];
    const char *missing; /* in no request; or NULL */
} additions[] = {
    /* "The JobName field is extracted from the request and inserted into the response." */
    {"glue:startJobRun",
     "{\"JobName\":\"j\"}",
     {{200, "", "{\"JobRunId\":\"r\"} "}},
     "SUCCEEDED {\"JobName\":\"j\",\"JobRunId\":\"r\"," HEADERS "}\n",
     {"{\"JobName\":\"j\"}"},
     NULL},
    {"glue:startJobRun.sync",
     "{\"JobName\":\"j\"}",
     {{200, "", "{\"JobRunId\":\"r\"} "},
      {200, "", "{\"JobRun\":{\"JobRunState\":\"SUCCEEDED\"}}"}},
     "SUBMITTED {\"JobName\":\"j\",\"JobRunId\":\"r\"," HEADERS "}\nSUCCEEDED {",
     {"{\"JobName\":\"j\"}"},
     NULL},
    /* "... the service integration API response includes the following data": the application. */
    {"emr-serverless:startApplication",
     "{\"ApplicationId\":\"a\"}",
     {{200, "", "{}               "}},
     "SUCCEEDED {\"ApplicationId\":\"a\"," HEADERS "}\n",
     {"POST /applications/a/start"},
     NULL},
    {"emr-serverless:startApplication.sync",
     "{\"ApplicationId\":\"a\"}",
     {{200, "", "{}               "},
      {200, "", "{\"application\":{\"state\":\"STARTING\"}}"},
      {200, "", "{\"application\":{\"state\":\"STARTED\"}}"}},
     "SUBMITTED {\"ApplicationId\":\"a\"," HEADERS "}\nSUCCEEDED {\"ApplicationId\":\"a\"}\n",
     {"GET /applications/a"},
     NULL},
    /* Of the others the answer is the service's own, and so is what .sync gives in the end. */
    {"emr-serverless:startJobRun.sync",
     "{\"ApplicationId\":\"a\",\"ExecutionRoleArn\":\"r\"}",
     {{200, "", "{\"applicationId\":\"a\",\"arn\":\"n\",\"jobRunId\":\"j\"}"},
      {200, "", "{\"jobRun\":{\"state\":\"RUNNING\"}}"},
      {200, "", "{\"jobRun\":{\"state\":\"SUCCESS\"}}"}},
     "SUBMITTED {\"ApplicationId\":\"a\",\"Arn\":\"n\",\"JobRunId\":\"j\",",
     {"GET /applications/a/jobruns/j"},
     NULL},
    {"emr-serverless:startJobRun.sync",
     "{\"ApplicationId\":\"a\",\"ExecutionRoleArn\":\"r\"}",
     {{200, "", "{\"applicationId\":\"a\",\"arn\":\"n\",\"jobRunId\":\"j\"}"},
      {200, "", "{\"jobRun\":{\"state\":\"FAILED\",\"stateDetails\":\"d\"}}"}},
     "SUBMITTED {",
     {"GET /applications/a/jobruns/j"},
     NULL},
    /* Failures: the answer of a request, the failure of a job or a callback, even when a task runs.
     */
    {"ecs:runTask",
     "{\"TaskDefinition\":\"d\"}",
     {{200, "", UNPLACED}},
     "SUCCEEDED {\"Failures\":[{\"Reason\":\"RESOURCE:CPU\"}],",
     {"\"startedBy\":\"AWS Step Functions\""},
     NULL},
    {"ecs:runTask.sync",
     "{\"TaskDefinition\":\"d\"}",
     {{200, "", UNPLACED}},
     "FAILED AmazonECS.Unknown | {\"Failures\":[{\"Reason\":\"RESOURCE:CPU\"}],",
     {"\"startedBy\""},
     NULL},
    {"ecs:runTask.waitForTaskToken",
     "{\"TaskDefinition\":\"d\",\"StartedBy\":\"me\"}",
     {{200, "", UNPLACED}},
     "FAILED AmazonECS.Unknown | {\"Failures\":[{\"Reason\":\"RESOURCE:CPU\"}],",
     {"\"startedBy\":\"me\""},
     NULL},
    {"ecs:runTask.waitForTaskToken",
     "{\"TaskDefinition\":\"d\"}",
     {{200, "", "{\"tasks\":[{\"taskArn\":\"arn:t\"}],\"failures\":[]}"}},
     "SUBMITTED {\"Failures\":[],",
     {"\"startedBy\""},
     NULL},
    /* A container's environment tells who started it. */
    {"batch:submitJob",
     "{" BATCH "}",
     {{200, "", BATCH_OUT}},
     "SUCCEEDED {",
     {"\"containerOverrides\":{\"environment\":[{\"name\":\"MANAGED_BY_AWS\","
      "\"value\":\"STARTED_BY_STEP_FUNCTIONS\"}]}"},
     NULL},
    {"batch:submitJob",
     "{" BATCH ",\"ContainerOverrides\":{\"Command\":[\"x\"],\"Environment\":[{\"Name\":\"A\","
     "\"Value\":\"1\"}]}}",
     {{200, "", BATCH_OUT}},
     "SUCCEEDED {",
     {"\"command\":[\"x\"]", "[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"MANAGED_BY_AWS\""},
     NULL},
    {"batch:submitJob",
     "{" BATCH ",\"NodeOverrides\":{\"NumNodes\":2}}",
     {{200, "", BATCH_OUT}},
     "SUCCEEDED {",
     {"\"nodeOverrides\":{\"numNodes\":2}"},
     "containerOverrides"},
    {"sagemaker:createTrainingJob.sync",
     "{" TRAINING ",\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}",
     {{200, "", "{\"TrainingJobArn\":\"a\"}"}, {200, "", "{\"TrainingJobStatus\":\"Completed\"}"}},
     "SUBMITTED {",
     {"[{\"Key\":\"k\",\"Value\":\"v\"},{\"Key\":\"MANAGED_BY_AWS\","
      "\"Value\":\"STARTED_BY_STEP_FUNCTIONS\"},{\"Key\":\"AWS_STEP_FUNCTIONS_EXECUTION_ARN\","
      "\"Value\":\"arn:aws:states:us-east-1:111111111111:execution:M:e\"}]"},
     NULL},
    {"sagemaker:createTrainingJob",
     "{" TRAINING "}",
     {{200, "", "{\"TrainingJobArn\":\"a\"}"}},
     "SUCCEEDED {",
     {"\"TrainingJobName\":\"j\""},
     "MANAGED_BY_AWS"},
    {"mediaconvert:createJob",
     "{\"Role\":\"r\",\"Settings\":{},\"Tags\":{\"a\":\"b\"}}",
     {{200, "", "{\"job\":{\"id\":\"j\"}}"}},
     "SUCCEEDED {",
     {"\"tags\":{\"a\":\"b\",\"ManagedByService\":\"AWSStepFunctions\"}"},
     NULL},
    /* Bedrock: the body from S3, the answer to S3. */
    {"bedrock:invokeModel",
     "{\"ModelId\":\"m\",\"Input\":{\"S3Uri\":\"s3://b/in/x y.json\"},"
     "\"Output\":{\"S3Uri\":\"s3://b/out.json\"}}",
     {{200, "Content-Type: application/json\r\n", "{\"prompt\":\"p\"}"},
      {200, "Content-Type: application/json\r\n", "{\"completion\":\"c\"}"},
      {200, "", ""}},
     "SUCCEEDED {\"Body\":\"s3://b/out.json\",\"ContentType\":\"application/json\"}\n",
     {"GET /b/in/x%20y.json", "POST /model/m/invoke", "{\"prompt\":\"p\"}", "PUT /b/out.json"},
     NULL},
    {"bedrock:invokeModel",
     "{\"ModelId\":\"m\",\"Body\":{\"p\":1},\"Output\":{\"S3Uri\":\"s3://b/out.json\"}}",
     {{200, "Content-Type: application/json\r\n", "{\"completion\":\"c\"}"}, {200, "", ""}},
     "SUCCEEDED {\"Body\":\"s3://b/out.json\",",
     {"{\"p\":1}", "PUT /b/out.json", "{\"completion\":\"c\"}"},
     NULL},
    {"bedrock:invokeModel.waitForTaskToken",
     "{\"ModelId\":\"m\",\"Input\":{\"S3Uri\":\"s3://b/in\"}}",
     {{200, "Content-Type: text/plain\r\n", "plain"},
      {200, "Content-Type: application/json\r\n", "{}"}},
     "SUBMITTED {\"Body\":{},\"ContentType\":\"application/json\"}\n",
     {"GET /b/in", "Content-Type: text/plain", "plain"},
     NULL},
    {"bedrock:invokeModel",
     "{\"ModelId\":\"m\",\"Input\":{\"S3Uri\":\"s3://b/in\"}}",
     {{404, "x-amz-request-id: R2\r\n",
       "<Error><Code>NoSuchKey</Code><Message>The specified key does not "
       "exist.</Message></Error>"}},
     "FAILED S3.NoSuchKeyException | The specified key does not exist. (Service: S3, Status Code: "
     "404, Request ID: R2",
     {"GET /b/in"},
     "/model/"},
    {"bedrock:invokeModel",
     "{\"ModelId\":\"m\",\"Body\":{},\"Output\":{\"S3Uri\":\"s3://b/o\"}}",
     {{200, "Content-Type: application/json\r\n", "{}"},
      {403, "x-amz-request-id: R3\r\n",
       "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"}},
     "FAILED S3.AccessDeniedException | Access Denied (Service: S3, Status Code: 403, Request ID: "
     "R3",
     {"PUT /b/o"},
     NULL},
    {"bedrock:invokeModel",
     "{\"ModelId\":\"m\",\"Body\":{}}",
     {THROTTLED},
     "FAILED Bedrock.ThrottlingException | Too many requests (Service: BedrockRuntime, Status "
     "Code: "
     "429, Request ID: R1) (SDK Attempt Count: 2)\n",
     {"POST /model/m/invoke"},
     NULL},
    /* What cannot be used is refused before anything is sent. */
    {"bedrock:invokeModel",
     "{\"ModelId\":\"m\",\"Body\":{},\"Input\":{\"S3Uri\":\"s3://b/in\"}}",
     {{200, "", "{}"}},
     "START_FAILED States.Runtime | The Parameters '",
     {NULL},
     "HTTP"},
    {"bedrock:invokeModel",
     "{\"ModelId\":\"m\",\"Input\":{\"S3Uri\":\"https://b/in\"}}",
     {{200, "", "{}"}},
     "START_FAILED States.Runtime | The Parameters '",
     {NULL},
     "HTTP"},
    {"bedrock:invokeModel",
     "{\"ModelId\":\"m\",\"Body\":{},\"Output\":{\"S3Uri\":\"s3://b/\"}}",
     {{200, "", "{}"}},
     "START_FAILED States.Runtime | The Parameters '",
     {NULL},
     "HTTP"},
};

/* Each text in one of the requests since `first`, none before the one in front of it. */
static void check_sent(struct desk *d, const struct addition *a, size_t first)
{
    size_t i = first, count = peer_request_count(d->peer);
    for (const char *const *want = a->sent; want < a->sent + 4 && *want; want++) {
        while (i < count && !strstr(peer_request(d->peer, i), *want))
            i++;
        if (i == count)
            fail_msg("%s %s: no %s in\n%s", a->resource, a->parameters, *want,
                     count > first ? peer_request(d->peer, count - 1) : "(nothing)");
    }
    for (i = first; a->missing && i < count; i++)
        if (strstr(peer_request(d->peer, i), a->missing))
            fail_msg("%s: %s in\n%s", a->resource, a->missing, peer_request(d->peer, i));
}

static void adds_what_aws_adds(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < sizeof additions / sizeof *additions; i++) {
        const struct addition *a = &additions[i];
        char arn[160] = "arn:aws:states:::";
        size_t first = peer_request_count(d->peer);
        strcat(arn, a->resource);
        const char *said = desk_run(d, arn, a->parameters, a->replies);
        if (strncmp(said, a->said, strlen(a->said)) != 0)
            fail_msg("%s %s\n--- wanted\n%s\n--- got\n%s", arn, a->parameters, a->said, said);
        check_sent(d, a, first);
    }
}

/* A picture is no text: its bytes go to S3 as they came, and come from there. */
static void carries_bytes(void **state)
{
    static const char picture[] = "\x89PNG\xff\xfe";
    struct desk *d = *state;
    const struct desk_reply replies[] = {
        {200, "", picture}, {200, "Content-Type: image/png\r\n", picture}, {200, "", ""}, {0}};
    d->raw = picture;
    d->raw_size = strlen(picture);
    size_t first = peer_request_count(d->peer);
    const char *said = desk_run(d, "arn:aws:states:::bedrock:invokeModel",
                                "{\"ModelId\":\"m\",\"Accept\":\"image/png\",\"Input\":{\"S3Uri\":"
                                "\"s3://b/in\"},\"Output\":{\"S3Uri\":\"s3://b/out\"}}",
                                replies);
    assert_string_equal(said,
                        "SUCCEEDED {\"Body\":\"s3://b/out\",\"ContentType\":\"image/png\"}\n");
    assert_int_equal(peer_request_count(d->peer), first + 3);
    for (size_t i = 1; i < 3; i++) {
        const char *sent = peer_request(d->peer, first + i), *body = strstr(sent, "\r\n\r\n");
        assert_non_null(body);
        assert_string_equal(body + 4, picture);
    }
    d->raw = NULL;
}

static void ends_a_job_run_with_its_answer(void **state)
{
    static const struct desk_reply well[] = {
        {200, "", "{\"applicationId\":\"a\",\"arn\":\"n\",\"jobRunId\":\"j\"}"},
        {200, "", "{\"jobRun\":{\"state\":\"SUCCESS\"}}"},
        {0}};
    static const struct desk_reply badly[] = {
        {200, "", "{\"applicationId\":\"a\",\"arn\":\"n\",\"jobRunId\":\"j\"}"},
        {200, "", "{\"jobRun\":{\"state\":\"FAILED\",\"stateDetails\":\"d\"}}"},
        {0}};
    static const char run[] = "arn:aws:states:::emr-serverless:startJobRun.sync";
    static const char parameters[] = "{\"ApplicationId\":\"a\",\"ExecutionRoleArn\":\"r\"}";
    struct desk *d = *state;
    assert_non_null(
        strstr(desk_run(d, run, parameters, well),
               "\nSUCCEEDED {\"ApplicationId\":\"a\",\"Arn\":\"n\",\"JobRunId\":\"j\"}\n"));
    assert_non_null(strstr(desk_run(d, run, parameters, badly),
                           "\nFAILED States.TaskFailed | {\"JobRun\":{\"State\":\"FAILED\","
                           "\"StateDetails\":\"d\"}}\n"));
}

/* What was begun is undone when nobody wants it any more. */
static void undoes_what_it_began(void **state)
{
#define STARTING                                                                                   \
    {                                                                                              \
        200, "", "{\"application\":{\"state\":\"STARTING\"}}"                                      \
    }
    static const struct {
        const char *resource, *parameters;
        struct desk_reply replies[3];
        const char *undone;
    } tasks[] = {
        {"arn:aws:states:::emr-serverless:createApplication.sync",
         "{\"ReleaseLabel\":\"r\",\"Type\":\"SPARK\"}",
         {{200, "", "{\"applicationId\":\"a\"}"}, STARTING},
         "DELETE /applications/a"},
        {"arn:aws:states:::emr-serverless:startApplication.sync",
         "{\"ApplicationId\":\"a\"}",
         {{200, "", "{}"}, STARTING},
         "POST /applications/a/stop"},
    };
#undef STARTING
    struct desk *d = *state;
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
        desk_stop(d, tasks[i].resource, tasks[i].parameters, tasks[i].replies);
        const char *last = peer_request(d->peer, peer_request_count(d->peer) - 1);
        if (strncmp(last, tasks[i].undone, strlen(tasks[i].undone)) != 0)
            fail_msg("%s: ended with %s", tasks[i].resource, last);
    }
}

/* Let go of at any moment, before, between and behind the calls. */
static void forgets_at_any_moment(void **state)
{
    static const struct desk_reply replies[] = {{200, "Content-Type: application/json\r\n", "{}"},
                                                {0}};
    struct desk *d = *state;
    for (int ms = 0; ms < 30; ms += 3)
        desk_cancel_after(d, "arn:aws:states:::bedrock:invokeModel",
                          "{\"ModelId\":\"m\",\"Input\":{\"S3Uri\":\"s3://b/in\"},"
                          "\"Output\":{\"S3Uri\":\"s3://b/out\"}}",
                          replies, ms);
}

static void knows_a_message_that_comes_again(void **state)
{
    static const struct {
        const char *resource, *parameters;
        bool repeatable;
    } messages[] = {
        {"arn:aws:states:::sqs:sendMessage", "{\"MessageBody\":\"b\"}", false},
        {"arn:aws:states:::sqs:sendMessage", "{\"MessageDeduplicationId\":\"1\"}", true},
        {"arn:aws:states:::sns:publish", "{\"Message\":\"m\"}", false},
        {"arn:aws:states:::sns:publish", "{\"MessageDeduplicationId\":\"1\"}", true},
        {"arn:aws:states:::glue:startJobRun", "{\"MessageDeduplicationId\":\"1\"}", false},
    };
    struct desk *d = *state;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct resource r = desk_resource(messages[i].resource);
        asl_value *parameters = value_literal(messages[i].parameters);
        struct task_request request = {.resource = &r, .parameters = parameters};
        if (connector_for(&r)->repeatable(&d->shared, &request) != messages[i].repeatable)
            fail_msg("%s %s", messages[i].resource, messages[i].parameters);
        value_release(parameters);
        desk_resource_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(adds_what_aws_adds, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(carries_bytes, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(ends_a_job_run_with_its_answer, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(undoes_what_it_began, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(forgets_at_any_moment, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(knows_a_message_that_comes_again, desk_open, desk_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
