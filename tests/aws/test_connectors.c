/* Connectors against a peer that answers by script: outputs, error names and causes in AWS's
 * words (facts 4.3 to 4.5). Breaks when: a file of engine/task/ does not speak as its
 * integration does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/task/service.h"
#include "tests/aws/desk.h"

#define GET "{\"TableName\":\"t\",\"Key\":{\"k\":{\"S\":\"1\"}}}"

static const struct {
    const char *resource, *parameters;
    struct desk_reply replies[5];
    const char *said;
} cases[] = {
    {"arn:aws:states:::dynamodb:getItem",
     GET,
     {{200, "x-amzn-RequestId: R1\r\n", "{\"Item\":{\"k\":{\"S\":\"1\"},\"b\":{\"BOOL\":true}}}"}},
     "SUCCEEDED {\"Item\":{\"k\":{\"S\":\"1\"},\"b\":{\"BOOL\":true}},\"SdkHttpMetadata\":"
     "{\"AllHttpHeaders\":{\"x-amzn-RequestId\":[\"R1\"],\"Content-Length\":[\"42\"]},"
     "\"HttpHeaders\":{\"x-amzn-RequestId\":\"R1\",\"Content-Length\":\"42\"},"
     "\"HttpStatusCode\":200},\"SdkResponseMetadata\":{\"RequestId\":\"R1\"}}\n"},
    {"arn:aws:states:::dynamodb:putItem",
     "{\"TableName\":\"t\",\"Item\":{\"k\":{\"S\":\"1\"}}}",
     {{400, "x-amzn-RequestId: R2\r\n",
       "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\","
       "\"message\":\"Requested resource not found\"}"}},
     "FAILED DynamoDB.ResourceNotFoundException | Requested resource not found (Service: "
     "AmazonDynamoDBv2; Status Code: 400; Error Code: ResourceNotFoundException; Request ID: R2; "
     "Proxy: null)\n"},
    {"arn:aws:states:::dynamodb:putItem",
     "{\"TableName\":\"/t\",\"Item\":{}}",
     {{400, "x-amzn-RequestId: R3\r\n",
       "{\"__type\":\"com.amazon.coral.validate#ValidationException\",\"message\":\"bad\"}"}},
     "FAILED DynamoDB.AmazonDynamoDBException | bad (Service: AmazonDynamoDBv2; Status Code: 400; "
     "Error Code: ValidationException; Request ID: R3; Proxy: null)\n"},
    {"arn:aws:states:::aws-sdk:dynamodb:getItem",
     GET,
     {{200, "x-amzn-RequestId: R1\r\n", "{\"Item\":{\"k\":{\"S\":\"1\"}}}"}},
     "SUCCEEDED {\"Item\":{\"k\":{\"S\":\"1\"}}}\n"},
    {"arn:aws:states:::aws-sdk:dynamodb:describeTable",
     "{\"TableName\":\"t\"}",
     {{400, "x-amzn-RequestId: R2\r\n",
       "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\","
       "\"message\":\"Requested resource not found\"}"}},
     "FAILED DynamoDb.ResourceNotFoundException | Requested resource not found (Service: DynamoDb, "
     "Status Code: 400, Request ID: R2) (SDK Attempt Count: 1)\n"},
    {"arn:aws:states:::aws-sdk:dynamodb:describeTable",
     "{\"TableName\":\"/t\"}",
     {{400, "x-amzn-RequestId: R3\r\n",
       "{\"__type\":\"com.amazon.coral.validate#ValidationException\",\"message\":\"bad\"}"}},
     "FAILED DynamoDb.DynamoDbException | bad (Service: DynamoDb, Status Code: 400, Request ID: "
     "R3) "
     "(SDK Attempt Count: 1)\n"},
    {"arn:aws:states:::aws-sdk:dynamodb:describeTable",
     "{\"TableName\":\"t\"}",
     {{503, "x-amzn-RequestId: R4\r\n", ""}},
     "FAILED DynamoDb.DynamoDbException | Service Unavailable (Service: DynamoDb, Status Code: "
     "503, Request ID: R4) "
     "(SDK Attempt Count: 2)\n"},
    {"arn:aws:states:::aws-sdk:s3:getObject",
     "{\"Bucket\":\"b\",\"Key\":\"k\"}",
     {{404, "x-amz-request-id: R5\r\nx-amz-id-2: X\r\n",
       "<Error><Code>NoSuchKey</Code><Message>The specified key does not "
       "exist.</Message></Error>"}},
     "FAILED S3.NoSuchKeyException | The specified key does not exist. (Service: S3, Status Code: "
     "404, "
     "Request ID: R5, Extended Request ID: X) (SDK Attempt Count: 1)\n"},
    {"arn:aws:states:::aws-sdk:sfn:sendTaskSuccess",
     "{\"TaskToken\":\"t\",\"Output\":{\"a\":1}}",
     {{400, "x-amzn-RequestId: R6\r\n",
       "{\"__type\":\"InvalidToken\",\"message\":\"Invalid Token: 'Invalid token'\"}"}},
     "FAILED Sfn.InvalidTokenException | Invalid Token: 'Invalid token' (Service: Sfn, Status "
     "Code: "
     "400, Request ID: R6) (SDK Attempt Count: 1)\n"},
    {"arn:aws:states:::aws-sdk:dynamodb:noSuchAction",
     "{}",
     {{200, "", "{}"}},
     "START_FAILED States.Runtime | The resource arn:aws:states:::aws-sdk:dynamodb:noSuchAction is "
     "not "
     "one that Step Functions offers: no such service or action is known\n"},
    {"arn:aws:states:::dynamodb:query", "{}", {{200, "", "{}"}}, "no connector\n"},
    {"arn:aws:states:::aws-sdk:dynamodb:getItem",
     GET,
     {{0, "", ""}},
     "FAILED DynamoDb.SdkClientException | Unable to execute HTTP request: The target server "
     "failed to "
     "respond (SDK Attempt Count: 2)\n"},
    {"arn:aws:states:::dynamodb:getItem",
     GET,
     {{0, "", ""}},
     "FAILED DynamoDB.SdkClientException | Unable to execute HTTP request: The target server "
     "failed to "
     "respond\n"},
    {"arn:aws:states:::lambda:invoke",
     "{\"FunctionName\":\"f\",\"Payload\":\"x\"}",
     {{200, "X-Amz-Executed-Version: $LATEST\r\nx-amzn-RequestId: R7\r\n", "{\"a\":1}"}},
     "SUCCEEDED {\"ExecutedVersion\":\"$LATEST\",\"Payload\":{\"a\":1},"
     "\"SdkHttpMetadata\":{\"AllHttpHeaders\":{\"X-Amz-Executed-Version\":[\"$LATEST\"],"
     "\"x-amzn-RequestId\":[\"R7\"],\"Content-Length\":[\"7\"]},\"HttpHeaders\":"
     "{\"X-Amz-Executed-Version\":\"$LATEST\",\"x-amzn-RequestId\":\"R7\",\"Content-Length\":\"7\"}"
     ","
     "\"HttpStatusCode\":200},\"SdkResponseMetadata\":{\"RequestId\":\"R7\"},\"StatusCode\":200}"
     "\n"},
    {"arn:aws:states:::lambda:invoke",
     "{\"FunctionName\":\"f\"}",
     {{200, "X-Amz-Function-Error: Unhandled\r\n",
       "{\"errorMessage\":\"no\",\"errorType\":\"CustomException\"}"}},
     "FAILED CustomException | {\"errorMessage\":\"no\",\"errorType\":\"CustomException\"}\n"},
    {"arn:aws:states:::lambda:invoke",
     "{\"FunctionName\":\"no\"}",
     {{404, "x-amzn-RequestId: R8\r\nx-amzn-ErrorType: ResourceNotFoundException\r\n",
       "{\"Type\":\"User\",\"Message\":\"Function not found: no\"}"}},
     "FAILED Lambda.ResourceNotFoundException | Function not found: no (Service: AWSLambda; Status "
     "Code: "
     "404; Error Code: ResourceNotFoundException; Request ID: R8; Proxy: null)\n"},
    {"arn:aws:lambda:us-east-1:111111111111:function:f",
     "{\"in\":1}",
     {{200, "", "{\"out\":2}"}},
     "SUCCEEDED {\"out\":2}\n"},
    {"arn:aws:lambda:us-east-1:111111111111:function:f",
     "null",
     {{200, "", "not JSON"}},
     "SUCCEEDED \"not JSON\"\n"},
    {"arn:aws:states:::sqs:sendMessage.waitForTaskToken",
     "{\"QueueUrl\":\"http://q/1/x\",\"MessageBody\":{\"t\":1}}",
     {{200, "", "{\"MD5OfMessageBody\":\"m\",\"MessageId\":\"i\"}"}},
     "SUBMITTED {\"MD5OfMessageBody\":\"m\",\"MessageId\":\"i\",\"SdkHttpMetadata\":"
     "{\"AllHttpHeaders\":{\"Content-Length\":[\"40\"]},\"HttpHeaders\":{\"Content-Length\":\"40\"}"
     ","
     "\"HttpStatusCode\":200},\"SdkResponseMetadata\":{\"RequestId\":\"\"}}\n"},
    {"arn:aws:states:::sqs:sendMessage",
     "{\"QueueUrl\":\"http://q/1/x\",\"MessageBody\":\"\"}",
     {{400, "x-amzn-RequestId: R9\r\nx-amzn-query-error: MissingParameter;Sender\r\n",
       "{\"__type\":\"com.amazon.coral.service#MissingParameterException\",\"message\":\"The "
       "request "
       "must contain the parameter MessageBody.\"}"}},
     "FAILED SQS.AmazonSQSException | The request must contain the parameter MessageBody. "
     "(Service: "
     "AmazonSQS; Status Code: 400; Error Code: MissingParameter; Request ID: R9; Proxy: null)\n"},
    {"arn:aws:states:::sns:publish",
     "{\"TopicArn\":\"arn:t\",\"Message\":\"m\"}",
     {{404, "",
       "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not "
       "exist</Message></Error><RequestId>R10</RequestId></ErrorResponse>"}},
     "FAILED SNS.NotFoundException | Topic does not exist (Service: AmazonSNS; Status Code: 404; "
     "Error "
     "Code: NotFound; Request ID: R10; Proxy: null)\n"},
    {"arn:aws:states:::events:putEvents",
     "{\"Entries\":[{\"Detail\":{\"a\":1},\"DetailType\":\"t\","
     "\"Source\":\"s\"}]}",
     {{200, "", "{\"Entries\":[{\"EventId\":\"e\"}],\"FailedEntryCount\":0}"}},
     "SUCCEEDED {\"Entries\":[{\"EventId\":\"e\"}],\"FailedEntryCount\":0}\n"},
    {"arn:aws:states:::events:putEvents",
     "{\"Entries\":[{\"Detail\":\"x\"}]}",
     {{200, "",
       "{\"FailedEntryCount\":1,\"Entries\":[{\"ErrorCode\":\"MalformedDetail\","
       "\"ErrorMessage\":\"Detail is malformed.\"}]}"}},
     "FAILED EventBridge.FailedEntry | {\"Entries\":[{\"ErrorCode\":\"MalformedDetail\","
     "\"ErrorMessage\":\"Detail is malformed.\"}],\"FailedEntryCount\":1}\n"},
    {"arn:aws:states:::bedrock:invokeModel",
     "{\"ModelId\":\"m\",\"Body\":{\"p\":1}}",
     {{200, "Content-Type: application/json\r\n", "{\"completion\":\"x\"}"}},
     "SUCCEEDED {\"Body\":{\"completion\":\"x\"},\"ContentType\":\"application/json\"}\n"},
    {"arn:aws:states:::states:startExecution.sync",
     "{\"StateMachineArn\":\"arn:aws:states:r:1:stateMachine:M\",\"Input\":null,\"Name\":\"n\"}",
     {{200, "", "{\"executionArn\":\"arn:e\",\"startDate\":1.5}"},
      {200, "", "{\"executionArn\":\"arn:e\",\"status\":\"RUNNING\"}"},
      {200, "",
       "{\"executionArn\":\"arn:e\",\"status\":\"SUCCEEDED\",\"redriveCount\":0,"
       "\"input\":\"{}\",\"output\":\"[1]\",\"outputDetails\":{\"included\":true}}"}},
     "SUBMITTED "
     "{\"ExecutionArn\":\"arn:e\",\"SdkHttpMetadata\":{\"AllHttpHeaders\":{\"Content-Length\":"
     "[\"40\"]},\"HttpHeaders\":{\"Content-Length\":\"40\"},\"HttpStatusCode\":200},"
     "\"SdkResponseMetadata\":{\"RequestId\":\"\"},\"StartDate\":1500}\n"
     "SUCCEEDED {\"ExecutionArn\":\"arn:e\",\"Input\":\"{}\",\"Output\":\"[1]\",\"OutputDetails\":"
     "{\"Included\":true},\"RedriveCount\":0,\"Status\":\"SUCCEEDED\"}\n"},
    {"arn:aws:states:::states:startExecution.sync:2",
     "{\"StateMachineArn\":\"arn:aws:states:r:1:stateMachine:M\"}",
     {{200, "", "{\"executionArn\":\"arn:e\"}"},
      {503, "", "{}"},
      {503, "", "{}"},
      {200, "", "{\"status\":\"SUCCEEDED\",\"input\":\"{}\",\"output\":\"[1]\"}"}},
     "SUBMITTED "
     "{\"ExecutionArn\":\"arn:e\",\"SdkHttpMetadata\":{\"AllHttpHeaders\":{\"Content-Length\":"
     "[\"24\"]},\"HttpHeaders\":{\"Content-Length\":\"24\"},\"HttpStatusCode\":200},"
     "\"SdkResponseMetadata\":{\"RequestId\":\"\"}}\n"
     "SUCCEEDED {\"Input\":{},\"Output\":[1],\"Status\":\"SUCCEEDED\"}\n"},
    {"arn:aws:states:::states:startExecution.sync:2",
     "{\"StateMachineArn\":\"arn:aws:states:r:1:stateMachine:M\"}",
     {{200, "", "{\"executionArn\":\"arn:e\"}"},
      {200, "", "{\"status\":\"FAILED\",\"error\":\"E\",\"cause\":\"C\",\"input\":\"{}\"}"}},
     "SUBMITTED "
     "{\"ExecutionArn\":\"arn:e\",\"SdkHttpMetadata\":{\"AllHttpHeaders\":{\"Content-Length\":"
     "[\"24\"]},\"HttpHeaders\":{\"Content-Length\":\"24\"},\"HttpStatusCode\":200},"
     "\"SdkResponseMetadata\":{\"RequestId\":\"\"}}\n"
     "FAILED States.TaskFailed | {\"Cause\":\"C\",\"Error\":\"E\",\"Input\":\"{}\",\"Status\":"
     "\"FAILED\"}\n"},
    {"arn:aws:states:::states:startExecution",
     "{\"StateMachineArn\":\"arn:aws:states:r:1:stateMachine:M\",\"Input\":{\"a\":1}}",
     {{400, "x-amzn-RequestId: R11\r\n",
       "{\"__type\":\"com.amazonaws.swf.service.v2.model#"
       "StateMachineDoesNotExist\",\"message\":\"State Machine Does Not Exist: 'arn'\"}"}},
     "FAILED StepFunctions.StateMachineDoesNotExistException | State Machine Does Not Exist: 'arn' "
     "(Service: AWSStepFunctions; Status Code: 400; Error Code: StateMachineDoesNotExist; Request "
     "ID: "
     "R11; Proxy: null)\n"},
};

static void speaks_as_aws_does(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *said = desk_run(d, cases[i].resource, cases[i].parameters, cases[i].replies);
        if (strcmp(said, cases[i].said) != 0)
            fail_msg("%s\n--- wanted\n%s--- got\n%s", cases[i].resource, cases[i].said, said);
    }
}

static void refuses_what_the_model_does_not_take(void **state)
{
    static const struct desk_reply replies[] = {{200, "", "{}"}, {0}};
    static const struct {
        const char *resource, *parameters, *problem;
    } rows[] = {
        {"aws-sdk:dynamodb:getItem", "{\"Nope\":1}", "The field"},
        /* EMR's page: what createCluster and its kin take less than the API */
        {"elasticmapreduce:createCluster", "{\"Name\":\"c\",\"Instances\":{}}",
         "The field \"KeepJobFlowAliveWhenNoSteps\" is required but was missing]"},
        {"elasticmapreduce:createCluster.sync",
         "{\"Name\":\"c\",\"Instances\":{\"KeepJobFlowAliveWhenNoSteps\":false},\"Steps\":[]}",
         "The value of the field 'KeepJobFlowAliveWhenNoSteps' must be true, The field \"Steps\" "
         "is not "
         "supported by Step Functions]"},
        {"elasticmapreduce:modifyInstanceFleetByName",
         "{\"ClusterId\":\"j\",\"InstanceFleetName\":\"f\",\"InstanceFleet\":{\"InstanceFleetId\":"
         "\"i\"}}",
         "The field \"InstanceFleetId\" is not supported by Step Functions]"},
        {"elasticmapreduce:modifyInstanceGroupByName",
         "{\"ClusterId\":\"j\",\"InstanceGroupName\":\"g\",\"InstanceGroup\":{\"InstanceGroupId\":"
         "\"i\"}}",
         "The field \"InstanceGroupId\" is not supported by Step Functions]"},
    };
    struct desk *d = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char arn[128], wanted[256];
        snprintf(arn, sizeof arn, "arn:aws:states:::%s", rows[i].resource);
        snprintf(wanted, sizeof wanted,
                 "START_FAILED States.Runtime | The Parameters '%s' could not", rows[i].parameters);
        const char *said = desk_run(d, arn, rows[i].parameters, replies);
        if (strncmp(said, wanted, strlen(wanted)) != 0 || !strstr(said, rows[i].problem))
            fail_msg("%s: wanted %s in\n%s", arn, rows[i].problem, said);
    }
    assert_int_equal(peer_request_count(d->peer), 0);
}

static void sends_what_the_service_takes(void **state)
{
    static const struct desk_reply replies[] = {{200, "", "{}"}, {0}};
    static const struct {
        const char *resource, *parameters, *sent[3];
    } requests[] = {
        {"arn:aws:states:::lambda:invoke",
         "{\"FunctionName\":\"f:1\",\"Payload\":\"x\"}",
         {"POST /2015-03-31/functions/f%3A1/invocations HTTP/1.1", "\r\n\r\n\"x\""}},
        {"arn:aws:lambda:us-east-1:111111111111:function:f",
         "{\"in\":1}",
         {"/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A111111111111%3Afunction%3Af/invocations",
          "\r\n\r\n{\"in\":1}"}},
        {"arn:aws:states:::dynamodb:updateItem",
         "{\"TableName\":\"t\",\"Key\":{\"id\":\"k\"},\"ExpressionAttributeValues\":{\":l\":{\"L\":"
         "[\"a\","
         "{\"M\":{\"x\":\"y\",\"n\":{\"N\":\"1\"}}}]}}}",
         {"\"Key\":{\"id\":{\"S\":\"k\"}}",
          "{\":l\":{\"L\":[{\"S\":\"a\"},{\"M\":{\"x\":{\"S\":\"y\"},\"n\":{\"N\":\"1\"}}}]}}"}},
        {"arn:aws:states:::sqs:sendMessage",
         "{\"QueueUrl\":\"http://q/1/x\",\"MessageBody\":{\"t\":[1,null]}}",
         {"X-Amz-Target: AmazonSQS.SendMessage", "\"MessageBody\":\"{\\\"t\\\":[1,null]}\""}},
        {"arn:aws:states:::events:putEvents",
         "{\"Entries\":[{\"Detail\":{\"a\":1}}]}",
         {"\"Detail\":\"{\\\"a\\\":1}\"",
          "\"Resources\":[\"arn:aws:states:us-east-1:111111111111:execution:M:e\","
          "\"arn:aws:states:us-east-1:111111111111:stateMachine:M\"]"}},
    };
    struct desk *d = *state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        desk_run(d, requests[i].resource, requests[i].parameters, replies);
        const char *sent = peer_request(d->peer, peer_request_count(d->peer) - 1);
        for (const char *const *want = requests[i].sent; *want; want++)
            if (!strstr(sent, *want))
                fail_msg("%s: no %s in\n%s", requests[i].resource, *want, sent);
    }
}

/* A task sent again after a crash is the same call; another attempt of the machine is not. */
static void derives_the_idempotency_token(void **state)
{
    (void)state;
    struct task_request r = {.execution_arn = "arn:e", .event_id = 5};
    char first[37], second[37];
    service_token(&r, first);
    service_token(&r, second);
    assert_string_equal(first, second);
    assert_int_equal(strlen(first), 36);
    r.event_id = 6;
    service_token(&r, second);
    assert_string_not_equal(first, second);
}

static void knows_what_may_be_sent_again(void **state)
{
    static const struct {
        const char *resource;
        bool repeatable;
    } resources[] = {
        {"arn:aws:states:::dynamodb:getItem", true},
        {"arn:aws:states:::dynamodb:putItem", false},
        {"arn:aws:states:::aws-sdk:dynamodb:describeTable", true},
        {"arn:aws:states:::aws-sdk:dynamodb:exportTableToPointInTime", true}, /* ClientToken */
        {"arn:aws:states:::aws-sdk:sqs:sendMessage", false},
    };
    struct desk *d = *state;
    for (size_t i = 0; i < sizeof resources / sizeof *resources; i++) {
        struct resource r = desk_resource(resources[i].resource);
        struct task_request request = {.resource = &r};
        if (connector_for(&r)->repeatable(&d->shared, &request) != resources[i].repeatable)
            fail_msg("%s", resources[i].resource);
        desk_resource_free(&r);
    }
}

static void forgets_a_task_that_is_cancelled(void **state)
{
    static const struct desk_reply slow[] = {{503, "", ""}, {0}}, well[] = {{200, "", "{}"}, {0}};
    struct desk *d = *state;
    for (int ms = 0; ms < 30; ms += 3) {
        desk_cancel_after(d, "arn:aws:states:::aws-sdk:dynamodb:getItem", "{\"Nope\":1}", slow, ms);
        desk_cancel_after(d, "arn:aws:states:::dynamodb:getItem", GET, slow, ms);
    }
    assert_string_equal(desk_run(d, "arn:aws:states:::aws-sdk:sqs:listQueues", "{}", well),
                        "SUCCEEDED {}\n");
}

/* What a job's end is made of; the submission's own report is not looked at. */
static const struct {
    const char *resource, *parameters;
    struct desk_reply replies[5];
    const char *ends, *asked; /* asked: in the last request */
} jobs[] = {
    {"glue:startJobRun.sync",
     "{\"JobName\":\"j\"}",
     {{200, "", "{\"JobRunId\":\"r1\"}"},
      {200, "", "{\"JobRun\":{\"JobRunState\":\"RUNNING\"}}"},
      {200, "", "{\"JobRun\":{\"Id\":\"r1\",\"JobRunState\":\"SUCCEEDED\"}}"}},
     "SUCCEEDED {\"Id\":\"r1\",\"JobRunState\":\"SUCCEEDED\"}\n",
     "{\"JobName\":\"j\",\"RunId\":\"r1\"}"},
    {"glue:startJobRun.sync",
     "{\"JobName\":\"j\"}",
     {{200, "", "{\"JobRunId\":\"r1\"}"},
      {200, "", "{\"JobRun\":{\"ErrorMessage\":\"m\",\"JobRunState\":\"FAILED\"}}"}},
     "FAILED States.TaskFailed | {\"ErrorMessage\":\"m\",\"JobRunState\":\"FAILED\"}\n",
     ""},
    {"batch:submitJob.sync",
     "{\"JobName\":\"j\",\"JobQueue\":\"q\",\"JobDefinition\":\"d\"}",
     {{200, "", "{\"jobId\":\"b1\",\"jobName\":\"j\"}"},
      {200, "", "{\"jobs\":[{\"jobId\":\"b1\",\"status\":\"SUCCEEDED\"}]}"}},
     "SUCCEEDED {\"JobId\":\"b1\",\"Status\":\"SUCCEEDED\"}\n",
     "{\"jobs\":[\"b1\"]}"},
    {"ecs:runTask.sync",
     "{\"Cluster\":\"c\",\"TaskDefinition\":\"d\"}",
     {{200, "", "{\"tasks\":[{\"taskArn\":\"arn:t\"}],\"failures\":[]}"},
      {200, "", "{\"tasks\":[{\"lastStatus\":\"RUNNING\"}]}"},
      {200, "", "{\"tasks\":[{\"containers\":[{\"exitCode\":0}],\"lastStatus\":\"STOPPED\"}]}"}},
     "SUCCEEDED {\"Containers\":[{\"ExitCode\":0}],\"LastStatus\":\"STOPPED\"}\n",
     "{\"cluster\":\"c\",\"tasks\":[\"arn:t\"]}"},
    {"ecs:runTask.sync",
     "{\"TaskDefinition\":\"d\"}",
     {{200, "", "{\"tasks\":[{\"taskArn\":\"arn:t\"}]}"},
      {200, "", "{\"tasks\":[{\"containers\":[{\"exitCode\":1}],\"lastStatus\":\"STOPPED\"}]}"}},
     "FAILED States.TaskFailed | {\"Containers\":[{\"ExitCode\":1}],\"LastStatus\":\"STOPPED\"}\n",
     "{\"tasks\":[\"arn:t\"]}"},
    {"ecs:runTask.sync",
     "{\"TaskDefinition\":\"d\"}",
     {{200, "", "{\"tasks\":[],\"failures\":[{\"reason\":\"full\"}]}"}},
     "FAILED AmazonECS.Unknown | {",
     "\"startedBy\":\"AWS Step Functions\""},
    {"codebuild:startBuild.sync",
     "{\"ProjectName\":\"p\"}",
     {{200, "", "{\"build\":{\"id\":\"p:1\"}}"},
      {200, "", "{\"builds\":[{\"id\":\"p:1\",\"buildStatus\":\"SUCCEEDED\"}]}"}},
     "SUCCEEDED {\"Build\":{\"BuildStatus\":\"SUCCEEDED\",\"Id\":\"p:1\"}}\n",
     "{\"ids\":[\"p:1\"]}"},
    {"codebuild:startBuild.sync",
     "{\"ProjectName\":\"p\"}",
     {{200, "", "{\"build\":{\"id\":\"p:1\"}}"},
      {200, "", "{\"builds\":[{\"id\":\"p:1\",\"buildStatus\":\"FAILED\"}]}"}},
     "FAILED States.TaskFailed | {\"Build\":{\"BuildStatus\":\"FAILED\",\"Id\":\"p:1\"}}\n",
     ""},
    {"athena:startQueryExecution.sync",
     "{\"QueryString\":\"SELECT 1\"}",
     {{200, "", "{\"QueryExecutionId\":\"q\"}"},
      {200, "", "{\"QueryExecution\":{\"Status\":{\"State\":\"QUEUED\"}}}"},
      {200, "", "{\"QueryExecution\":{\"Status\":{\"State\":\"SUCCEEDED\"}}}"}},
     "SUCCEEDED {\"QueryExecution\":{\"Status\":{\"State\":\"SUCCEEDED\"}}}\n",
     ""},
    {"elasticmapreduce:addStep.sync",
     "{\"ClusterId\":\"j-1\",\"Step\":{\"Name\":\"n\",\"HadoopJarStep\":"
     "{\"Jar\":\"x.jar\"}}}",
     {{200, "", "{\"StepIds\":[\"s-1\"]}"},
      {200, "", "{\"Step\":{\"Id\":\"s-1\",\"Status\":{\"State\":\"COMPLETED\"}}}"}},
     "SUCCEEDED {\"Step\":{\"Id\":\"s-1\",\"Status\":{\"State\":\"COMPLETED\"}}}\n",
     "{\"ClusterId\":\"j-1\",\"StepId\":\"s-1\"}"},
    {"elasticmapreduce:createCluster.sync",
     "{\"Name\":\"c\",\"Instances\":{\"KeepJobFlowAliveWhenNoSteps\":true}}",
     {{200, "", "{\"JobFlowId\":\"j-1\",\"ClusterArn\":\"arn:c\"}"},
      {200, "", "{\"Cluster\":{\"Id\":\"j-1\",\"Status\":{\"State\":\"WAITING\"}}}"}},
     "SUCCEEDED {\"Cluster\":{\"Id\":\"j-1\",\"Status\":{\"State\":\"WAITING\"}},\"ClusterArn\":"
     "\"arn:c\",\"ClusterId\":\"j-1\"}\n",
     "{\"ClusterId\":\"j-1\"}"},
    {"elasticmapreduce:terminateCluster",
     "{\"ClusterId\":\"j-1\"}",
     {{200, "", ""}},
     "SUCCEEDED {\"SdkHttpMetadata\":",
     "{\"JobFlowIds\":[\"j-1\"]}"},
    {"eks:deleteCluster.sync",
     "{\"Name\":\"c\"}",
     {{200, "", "{\"cluster\":{\"name\":\"c\"}}"},
      {200, "", "{\"cluster\":{\"name\":\"c\",\"status\":\"DELETING\"}}"},
      {404, "", "{\"__type\":\"ResourceNotFoundException\",\"message\":\"gone\"}"}},
     "SUCCEEDED {\"Cluster\":{\"Name\":\"c\",\"Status\":\"DELETING\"}}\n",
     "GET /clusters/c"},
    {"sagemaker:createTransformJob.sync",
     "{\"TransformJobName\":\"t\",\"ModelName\":\"m\",\"TransformInput\":{\"DataSource\":"
     "{\"S3DataSource\":{\"S3DataType\":\"S3Prefix\",\"S3Uri\":\"s3://x\"}}},\"TransformOutput\":"
     "{\"S3OutputPath\":\"s3://y\"},\"TransformResources\":{\"InstanceType\":\"ml.m5.large\","
     "\"InstanceCount\":1}}",
     {{200, "", "{\"TransformJobArn\":\"arn:t\"}"},
      {200, "", "{\"TransformJobStatus\":\"Completed\"}"}},
     "SUCCEEDED {\"TransformJobStatus\":\"Completed\"}\n",
     "{\"TransformJobName\":\"t\"}"},
};

static void waits_for_jobs(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        char arn[128];
        snprintf(arn, sizeof arn, "arn:aws:states:::%s", jobs[i].resource);
        const char *said = desk_run(d, arn, jobs[i].parameters, jobs[i].replies);
        const char *end = strncmp(said, "SUBMITTED", 9) == 0 ? strchr(said, '\n') + 1 : said;
        if (strncmp(end, jobs[i].ends, strlen(jobs[i].ends)) != 0)
            fail_msg("%s\n--- wanted\n%s--- got\n%s", arn, jobs[i].ends, said);
        const char *asked = peer_request(d->peer, peer_request_count(d->peer) - 1);
        if (!strstr(asked, jobs[i].asked))
            fail_msg("%s: no %s in\n%s", arn, jobs[i].asked, asked);
    }
}

/* @ stands for the peer's host and port. */
static const struct {
    const char *parameters;
    struct desk_reply replies[2];
    const char *said, *asked, *not_asked;
} apis[] = {
    {"{\"ApiEndpoint\":\"@\",\"Method\":\"POST\",\"Stage\":\"s "
     "1\",\"Path\":\"/a/b\",\"QueryParameters\":"
     "{\"q\":[\"1\",\"ü&\"]},\"Headers\":{\"X-A\":[\"b\"]},\"RequestBody\":{\"m\":1}}",
     {{200, "Content-Type: application/json\r\n", "{\"m\":1}"}},
     "SUCCEEDED {\"Headers\":{\"Content-Type\":[\"application/json\"],\"Content-Length\":[\"7\"]},"
     "\"ResponseBody\":{\"m\":1},\"StatusCode\":200,\"StatusText\":\"Something\"}\n",
     "POST /s%201/a/b?q=1&q=%C3%BC%26 HTTP/1.1\r\n",
     NULL},
    {"{\"ApiEndpoint\":\"@\",\"Method\":\"GET\"}",
     {{200, "", "plain"}},
     "SUCCEEDED {\"Headers\":{\"Content-Length\":[\"5\"]},\"ResponseBody\":\"plain\",",
     "GET / HTTP/1.1\r\n",
     NULL},
    {"{\"ApiEndpoint\":\"@\",\"Method\":\"GET\",\"AuthType\":\"IAM_ROLE\"}",
     {{200, "", ""}},
     "SUCCEEDED {",
     "us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date",
     NULL},
    {"{\"ApiEndpoint\":\"@\",\"Method\":\"POST\",\"RequestBody\":\"Hello\"}",
     {{403, "", "{\"message\":\"Missing Authentication Token\"}"}},
     "FAILED ApiGateway.403 | {\"message\":\"Missing Authentication Token\"}\n",
     "\r\n\r\n\"Hello\"",
     NULL},
    {"{\"ApiEndpoint\":\"@\",\"Method\":\"GET\",\"Headers\":{\"X\":\"single\"}}",
     {{200, "", ""}},
     "START_FAILED States.Runtime | The Parameters '{",
     "",
     NULL},
    {"{\"ApiEndpoint\":\"@\",\"Method\":\"PUT\",\"RequestBody\":{\"a\":null,\"b\":[null,{\"c\":"
     "null,\"d\":1}]}}",
     {{200, "", ""}},
     "SUCCEEDED ",
     "\r\n\r\n{\"b\":[null,{\"d\":1}]}",
     NULL},
    {"{\"ApiEndpoint\":\"@\",\"Method\":\"PATCH\",\"AllowNullValues\":true,\"RequestBody\":{\"a\":"
     "null}}",
     {{200, "", ""}},
     "SUCCEEDED ",
     "\r\n\r\n{\"a\":null}",
     NULL},
    {"{\"ApiEndpoint\":\"@\",\"Method\":\"DELETE\",\"RequestBody\":{\"a\":1},\"Path\":\"x\"}",
     {{200, "", ""}},
     "SUCCEEDED ",
     "DELETE /x HTTP/1.1\r\n",
     "Content-Type"},
    {"{\"ApiEndpoint\":\"@\",\"Method\":\"GET\",\"Headers\":{\"x-amzn-trace-id\":[\"evil\"]}}",
     {{200, "", ""}},
     "START_FAILED States.Runtime | The Parameters '{",
     "",
     NULL},
    {"{\"ApiEndpoint\":\"@\",\"Method\":\"GET\",\"Headers\":{\"host\":[\"evil\"]}}",
     {{200, "", ""}},
     "START_FAILED States.Runtime | The Parameters '{",
     "",
     NULL},
    {"{\"ApiEndpoint\":\"abc.execute-api.us-east-1.amazonaws.com\",\"Method\":\"GET\"}",
     {{200, "", ""}},
     "START_FAILED ApiGateway.SdkClientException | nothing may be sent to abc",
     "",
     NULL},
    {"{\"ApiEndpoint\":\"@\",\"Method\":\"GET\"}",
     {{0, "", ""}},
     "FAILED ApiGateway.SdkClientException | Unable to execute HTTP request: ",
     "",
     NULL},
};

static void invokes_apis(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < sizeof apis / sizeof *apis; i++) {
        char parameters[1024];
        const char *at = strchr(apis[i].parameters, '@');
        if (at)
            snprintf(parameters, sizeof parameters, "%.*s127.0.0.1:%u%s",
                     (int)(at - apis[i].parameters), apis[i].parameters, peer_port(d->peer),
                     at + 1);
        else
            snprintf(parameters, sizeof parameters, "%s", apis[i].parameters);
        const char *said =
            desk_run(d, "arn:aws:states:::apigateway:invoke", parameters, apis[i].replies);
        if (strncmp(said, apis[i].said, strlen(apis[i].said)) != 0)
            fail_msg("%s\n--- wanted\n%s--- got\n%s", parameters, apis[i].said, said);
        size_t count = peer_request_count(d->peer);
        if (apis[i].asked[0] && !strstr(peer_request(d->peer, count - 1), apis[i].asked))
            fail_msg("%s: no %s in\n%s", parameters, apis[i].asked,
                     peer_request(d->peer, count - 1));
        if (apis[i].not_asked && strstr(peer_request(d->peer, count - 1), apis[i].not_asked))
            fail_msg("%s: %s in\n%s", parameters, apis[i].not_asked,
                     peer_request(d->peer, count - 1));
    }
}

/* Its first start was taken before a crash, and the execution has ended since. */
static void finds_what_it_started_before_a_crash(void **state)
{
    static const char parameters[] =
        "{\"StateMachineArn\":\"arn:aws:states:us-east-1:1:stateMachine:M:7\",\"Name\":\"n\"}";
    static const struct desk_reply replies[] = {
        {400, "", "{\"__type\":\"ExecutionAlreadyExists\",\"message\":\"taken\"}"},
        {200, "", "{\"status\":\"SUCCEEDED\",\"output\":\"1\"}"},
        {0}};
    struct desk *d = *state;
    const char *resource = "arn:aws:states:::states:startExecution.sync:2";
    const char *said = desk_run(d, resource, parameters, replies);
    assert_non_null(strstr(said, "FAILED StepFunctions.ExecutionAlreadyExistsException | taken"));
    d->again = true;
    said = desk_run(d, resource, parameters, replies);
    assert_string_equal(
        said, "SUBMITTED {\"ExecutionArn\":\"arn:aws:states:us-east-1:1:execution:M:n\"}\n"
              "SUCCEEDED {\"Output\":1,\"Status\":\"SUCCEEDED\"}\n");
    d->submitted = true;
    said = desk_run(d, resource, parameters, replies);
    assert_string_equal(said, "SUCCEEDED {\"Output\":1,\"Status\":\"SUCCEEDED\"}\n");
    assert_non_null(strstr(peer_request(d->peer, peer_request_count(d->peer) - 1),
                           "{\"executionArn\":\"arn:aws:states:us-east-1:1:execution:M:n\"}"));
}

static void stops_jobs_that_nobody_wants(void **state)
{
    struct desk *d = *state;
    static const struct desk_reply running[] = {
        {200, "", "{\"JobRunId\":\"r1\"}"},
        {200, "", "{\"JobRun\":{\"JobRunState\":\"RUNNING\"}}"},
        {0}};
    desk_stop(d, "arn:aws:states:::glue:startJobRun.sync", "{\"JobName\":\"j\"}", running);
    const char *asked = peer_request(d->peer, peer_request_count(d->peer) - 1);
    assert_non_null(strstr(asked, "X-Amz-Target: AWSGlue.BatchStopJobRun"));
    assert_non_null(strstr(asked, "{\"JobName\":\"j\",\"JobRunIds\":[\"r1\"]}"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_open, desk_close)
    const struct CMUnitTest tests[] = {
        TEST(speaks_as_aws_does),
        TEST(sends_what_the_service_takes),
        TEST(refuses_what_the_model_does_not_take),
        cmocka_unit_test(derives_the_idempotency_token),
        TEST(knows_what_may_be_sent_again),
        TEST(forgets_a_task_that_is_cancelled),
        TEST(waits_for_jobs),
        TEST(invokes_apis),
        TEST(finds_what_it_started_before_a_crash),
        TEST(stops_jobs_that_nobody_wants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
