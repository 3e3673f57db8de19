/* Mocks against the service models. Breaks when: a connector stops telling what it calls, a .sync
 * result is looked up under another shape than the job's, a mock that AWS refuses is let pass or
 * the other way round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "asl/definition/compile.h"
#include "engine/mock/check.h"
#include "engine/task/accept.h"

static struct catalogue *catalogue;
static struct constraint_checker *checker;

static int open_both(void **state)
{
    (void)state;
    catalogue = catalogue_new();
    checker = constraint_checker_new();
    return 0;
}

static int close_both(void **state)
{
    (void)state;
    constraint_checker_free(checker);
    catalogue_free(catalogue);
    return 0;
}

#define PREFIX "arn:aws:states:::"
#define SCHEMA "Mock result schema validation error: "

static const struct {
    const char *resource;
    enum mock_mode mode;
    const char *result;
    const char *message; /* "": taken */
} results[] = {
    /* aws-sdk: bean names, the operation's own output */
    {PREFIX "aws-sdk:s3:getObject", MOCK_STRICT, "{\"ContentLength\":9000}", ""},
    {PREFIX "aws-sdk:s3:getObject", MOCK_STRICT, "{\"ContentLength\":\"9000\"}",
     SCHEMA "Field 'ContentLength' must be a number"},
    {PREFIX "aws-sdk:s3:getObject", MOCK_NONE, "{\"ContentLength\":\"9000\"}", ""},
    {PREFIX "aws-sdk:sfn:startExecution", MOCK_STRICT, "{\"StartDate\":\"2026-01-01T00:00:00Z\"}",
     SCHEMA "Required field 'ExecutionArn' is missing"},
    {PREFIX "aws-sdk:sfn:startExecution", MOCK_PRESENT, "{\"StartDate\":\"2026-01-01T00:00:00Z\"}",
     ""},
    {PREFIX "aws-sdk:s3:getObject", MOCK_STRICT, "[1]", "Mocked result must be a JSON object."},
    /* optimized: as the connector shows it */
    {PREFIX "dynamodb:getItem", MOCK_STRICT, "{\"Item\":{\"id\":{\"S\":\"a\"}}}", ""},
    {PREFIX "dynamodb:getItem", MOCK_STRICT, "{\"Item\":{\"id\":{\"S\":1}}}",
     SCHEMA "Field 'S' must be a string"},
    {PREFIX "sqs:sendMessage", MOCK_STRICT, "{\"MessageId\":1}",
     SCHEMA "Field 'MessageId' must be a string"},
    {PREFIX "events:putEvents", MOCK_STRICT, "{\"FailedEntryCount\":\"0\"}",
     SCHEMA "Field 'FailedEntryCount' must be a number"},
    {PREFIX "glue:startJobRun", MOCK_STRICT, "{\"JobRunId\":1}",
     SCHEMA "Field 'JobRunId' must be a string"},
    {PREFIX "lambda:invoke", MOCK_STRICT, "{\"StatusCode\":200,\"Payload\":{\"any\":[1]}}", ""},
    {PREFIX "lambda:invoke", MOCK_STRICT, "{\"StatusCode\":\"200\"}",
     SCHEMA "Field 'StatusCode' must be a number"},
    {PREFIX "bedrock:invokeModel", MOCK_STRICT,
     "{\"Body\":{\"completion\":\"\"},\"ContentType\":\"application/json\"}", ""},
    /* .sync: what Describe shows of the job, wrapped where it is */
    {PREFIX "glue:startJobRun.sync", MOCK_STRICT, "{\"JobRunState\":\"SUCCEEDED\"}", ""},
    {PREFIX "glue:startJobRun.sync", MOCK_STRICT, "{\"JobRunState\":\"DONE\"}",
     SCHEMA "Field 'JobRunState' is not an expected value"},
    {PREFIX "batch:submitJob.sync", MOCK_PRESENT, "{\"StartedAt\":\"now\"}",
     SCHEMA "Field 'StartedAt' must be a number"},
    {PREFIX "codebuild:startBuild.sync", MOCK_STRICT, "{\"Build\":{\"BuildNumber\":\"1\"}}",
     SCHEMA "Field 'BuildNumber' must be a number"},
    {PREFIX "codebuild:startBuild.sync", MOCK_STRICT, "{\"BuildNumber\":1}",
     SCHEMA "Required field 'Build' is missing"},
    {PREFIX "codebuild:startBuild.sync", MOCK_PRESENT, "{\"BuildNumber\":1}", ""},
    {PREFIX "codebuild:startBuild.sync", MOCK_STRICT, "{\"Build\":1}",
     SCHEMA "Field 'Build' must be an object"},
    {PREFIX "elasticmapreduce:addStep.sync", MOCK_STRICT, "{\"Step\":{\"Name\":1}}",
     SCHEMA "Field 'Name' must be a string"},
    {PREFIX "states:startExecution.sync", MOCK_STRICT, "{\"Status\":\"SUCCEEDED\"}",
     SCHEMA "Required field 'ExecutionArn' is missing"},
    {PREFIX "states:startExecution.sync", MOCK_PRESENT, "{\"Output\":{}}",
     SCHEMA "Field 'Output' must be a string"},
    {PREFIX "states:startExecution.sync:2", MOCK_PRESENT, "{\"Output\":{},\"Input\":[]}", ""},
    /* nobody's model */
    {PREFIX "sqs:sendMessage.waitForTaskToken", MOCK_STRICT, "{\"MessageId\":1}", ""},
    {PREFIX "apigateway:invoke", MOCK_STRICT, "{\"StatusCode\":\"200\"}", ""},
    {"arn:aws:lambda:us-east-1:123456789012:function:f", MOCK_STRICT, "5", ""},
    {"arn:aws:states:us-east-1:123456789012:activity:a", MOCK_STRICT, "[]", ""},
};

static void judges_results_as_aws_does(void **state)
{
    struct asl_buffer message;
    (void)state;
    asl_buffer_init(&message, 65536);
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        struct resource r = {0};
        asl_value *v = value_literal(results[i].result);
        resource_compile(asl_text(results[i].resource), &r);
        bool fine = mock_check_result(checker, catalogue, &r, results[i].mode, v, &message);
        const char *said = message.size ? message.data : "";
        if (fine != (results[i].message[0] == '\0') || strcmp(said, results[i].message) != 0)
            fail_msg("%s: %s: \"%s\", not \"%s\"", results[i].resource, results[i].result, said,
                     results[i].message);
        value_release(v);
        resource_free(&r);
    }
    asl_buffer_free(&message);
}

static const struct {
    const char *resource, *error;
    const char *hint; /* stands in the message; NULL: taken */
} errors[] = {
    {PREFIX "aws-sdk:s3:getObject", "S3.NoSuchKeyException", NULL},
    {PREFIX "aws-sdk:s3:getObject", "S3.S3Exception", NULL},
    {PREFIX "aws-sdk:s3:getObject", "S3.SdkClientException", NULL},
    {PREFIX "aws-sdk:s3:getObject", "S3.NoSuchKey", "did you mean 'S3.NoSuchKeyException'?"},
    {PREFIX "aws-sdk:dynamodb:getItem", "DynamoDb.ResourceNotFoundException", NULL},
    {PREFIX "aws-sdk:dynamodb:getItem", "DynamoDB.ResourceNotFoundException", "DynamoDb."},
    {PREFIX "dynamodb:getItem", "DynamoDB.ResourceNotFoundException", NULL},
    {PREFIX "dynamodb:getItem", "DynamoDB.AmazonDynamoDBException", NULL},
    {PREFIX "dynamodb:getItem", "ResourceNotFound",
     "did you mean 'DynamoDB.ResourceNotFoundException'?"},
    {PREFIX "dynamodb:getItem", "Oops", "its errors are named like"},
    {PREFIX "dynamodb:getItem", "States.Timeout", NULL},
    {PREFIX "dynamodb:getItem", "States.Timeot", "did you mean 'States.Timeout'?"},
    {PREFIX "lambda:invoke", "MyError", NULL},
    {PREFIX "http:invoke", "States.Http.StatusCode.503", NULL},
    {PREFIX "http:invoke", "Http.503", "States.Http."},
    {PREFIX "apigateway:invoke", "ApiGateway.403", NULL},
    {PREFIX "sqs:sendMessage.waitForTaskToken", "MyError", NULL},
    {"arn:aws:states:us-east-1:123456789012:activity:a", "MyError", NULL},
};

static void judges_errors_by_the_service(void **state)
{
    struct asl_buffer message;
    (void)state;
    asl_buffer_init(&message, 65536);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct resource r = {0};
        resource_compile(asl_text(errors[i].resource), &r);
        bool fine = mock_check_error(catalogue, &r, asl_text(errors[i].error), &message);
        if (fine != (errors[i].hint == NULL) || (!fine && !strstr(message.data, errors[i].hint)))
            fail_msg("%s: %s: \"%s\"", errors[i].resource, errors[i].error,
                     message.size ? message.data : "");
        resource_free(&r);
    }
    asl_buffer_free(&message);
}

static const struct {
    const char *resource, *parameters;
    const char *problems; /* "": taken */
} parameters[] = {
    {PREFIX "dynamodb:putItem", "{\"TableName\":\"T\",\"Item\":{\"id\":{\"S\":\"a\"}}}", ""},
    {PREFIX "dynamodb:putItem", "{\"TableName\":\"T\",\"Items\":{}}",
     "The field \"Items\" is not supported by Step Functions"},
    {PREFIX "aws-sdk:s3:getObject", "{\"Bucket\":\"b\",\"Key\":\"k\",\"Foo\":1,\"Bar\":2}",
     "The field \"Foo\" is not supported by Step Functions, The field \"Bar\" is not supported by "
     "Step Functions"},
    /* members that are any JSON, whatever the model says */
    {PREFIX "lambda:invoke", "{\"FunctionName\":\"f\",\"Payload\":{\"any\":1}}", ""},
    {PREFIX "lambda:invoke", "{\"FunctionName\":\"f\",\"Payload\":[1,{\"a\":null}]}", ""},
    {PREFIX "lambda:invoke", "{\"FunctionName\":\"f\",\"Payload\":\"text\"}", ""},
    {PREFIX "lambda:invoke", "{\"FunctionName\":\"f\",\"Payload\":null}", ""},
    {PREFIX "sqs:sendMessage", "{\"QueueUrl\":\"u\",\"MessageBody\":{\"any\":1}}", ""},
    {PREFIX "sqs:sendMessage.waitForTaskToken", "{\"QueueUrl\":\"u\",\"MessageBody\":{\"any\":1}}",
     ""},
    {PREFIX "sns:publish", "{\"TopicArn\":\"t\",\"Message\":{\"any\":1}}", ""},
    {PREFIX "events:putEvents", "{\"Entries\":[{\"Detail\":{\"any\":1},\"Source\":\"s\"}]}", ""},
    {PREFIX "states:startExecution", "{\"StateMachineArn\":\"a\",\"Input\":{\"any\":1}}", ""},
    {PREFIX "states:startExecution.sync", "{\"StateMachineArn\":\"a\",\"Input\":{\"any\":1}}", ""},
    {PREFIX "states:startExecution.sync:2", "{\"StateMachineArn\":\"a\",\"Input\":{\"any\":1}}",
     ""},
    {PREFIX "bedrock:invokeModel", "{\"ModelId\":\"m\",\"Body\":{\"any\":1}}", ""},
    {PREFIX "apigateway:invoke",
     "{\"ApiEndpoint\":\"e\",\"Method\":\"POST\",\"RequestBody\":{\"any\":1}}", ""},
    {PREFIX "sqs:sendMessage", "{\"QueueUrl\":\"u\",\"MessageBody\":[1]}", ""},
    {PREFIX "sqs:sendMessage.waitForTaskToken", "{\"QueueUrl\":\"u\",\"MessageBody\":[1]}", ""},
    {PREFIX "sns:publish", "{\"TopicArn\":\"t\",\"Message\":[1]}", ""},
    {PREFIX "events:putEvents", "{\"Entries\":[{\"Detail\":[1],\"Source\":\"s\"}]}", ""},
    {PREFIX "states:startExecution", "{\"StateMachineArn\":\"a\",\"Input\":[1]}", ""},
    {PREFIX "states:startExecution.sync", "{\"StateMachineArn\":\"a\",\"Input\":[1]}", ""},
    {PREFIX "states:startExecution.sync:2", "{\"StateMachineArn\":\"a\",\"Input\":[1]}", ""},
    {PREFIX "bedrock:invokeModel", "{\"ModelId\":\"m\",\"Body\":[1]}", ""},
    {PREFIX "apigateway:invoke", "{\"ApiEndpoint\":\"e\",\"Method\":\"POST\",\"RequestBody\":[1]}",
     ""},
    {PREFIX "sqs:sendMessage", "{\"QueueUrl\":\"u\",\"MessageBody\":\"text\"}", ""},
    {PREFIX "sqs:sendMessage.waitForTaskToken", "{\"QueueUrl\":\"u\",\"MessageBody\":\"text\"}",
     ""},
    {PREFIX "sns:publish", "{\"TopicArn\":\"t\",\"Message\":\"text\"}", ""},
    {PREFIX "events:putEvents", "{\"Entries\":[{\"Detail\":\"text\",\"Source\":\"s\"}]}", ""},
    {PREFIX "states:startExecution", "{\"StateMachineArn\":\"a\",\"Input\":\"text\"}", ""},
    {PREFIX "states:startExecution.sync", "{\"StateMachineArn\":\"a\",\"Input\":\"text\"}", ""},
    {PREFIX "states:startExecution.sync:2", "{\"StateMachineArn\":\"a\",\"Input\":\"text\"}", ""},
    {PREFIX "bedrock:invokeModel", "{\"ModelId\":\"m\",\"Body\":\"text\"}", ""},
    {PREFIX "apigateway:invoke",
     "{\"ApiEndpoint\":\"e\",\"Method\":\"POST\",\"RequestBody\":\"text\"}", ""},
    {PREFIX "sqs:sendMessage", "{\"QueueUrl\":\"u\",\"MessageBody\":5}", ""},
    {PREFIX "sqs:sendMessage.waitForTaskToken", "{\"QueueUrl\":\"u\",\"MessageBody\":5}", ""},
    {PREFIX "sns:publish", "{\"TopicArn\":\"t\",\"Message\":5}", ""},
    {PREFIX "events:putEvents", "{\"Entries\":[{\"Detail\":5,\"Source\":\"s\"}]}", ""},
    {PREFIX "states:startExecution", "{\"StateMachineArn\":\"a\",\"Input\":5}", ""},
    {PREFIX "states:startExecution.sync", "{\"StateMachineArn\":\"a\",\"Input\":5}", ""},
    {PREFIX "states:startExecution.sync:2", "{\"StateMachineArn\":\"a\",\"Input\":5}", ""},
    {PREFIX "bedrock:invokeModel", "{\"ModelId\":\"m\",\"Body\":5}", ""},
    {PREFIX "apigateway:invoke", "{\"ApiEndpoint\":\"e\",\"Method\":\"POST\",\"RequestBody\":5}",
     ""},
    {PREFIX "sqs:sendMessage", "{\"QueueUrl\":\"u\",\"MessageBody\":true}", ""},
    {PREFIX "sqs:sendMessage.waitForTaskToken", "{\"QueueUrl\":\"u\",\"MessageBody\":true}", ""},
    {PREFIX "sns:publish", "{\"TopicArn\":\"t\",\"Message\":true}", ""},
    {PREFIX "events:putEvents", "{\"Entries\":[{\"Detail\":true,\"Source\":\"s\"}]}", ""},
    {PREFIX "states:startExecution", "{\"StateMachineArn\":\"a\",\"Input\":true}", ""},
    {PREFIX "states:startExecution.sync", "{\"StateMachineArn\":\"a\",\"Input\":true}", ""},
    {PREFIX "states:startExecution.sync:2", "{\"StateMachineArn\":\"a\",\"Input\":true}", ""},
    {PREFIX "bedrock:invokeModel", "{\"ModelId\":\"m\",\"Body\":true}", ""},
    {PREFIX "apigateway:invoke", "{\"ApiEndpoint\":\"e\",\"Method\":\"POST\",\"RequestBody\":true}",
     ""},
    {PREFIX "aws-sdk:lambda:invoke", "{\"FunctionName\":\"f\",\"Payload\":{\"any\":1}}", ""},
    {PREFIX "aws-sdk:sqs:sendMessage", "{\"QueueUrl\":\"u\",\"MessageBody\":{\"any\":1}}", ""},
    {PREFIX "aws-sdk:sns:publish", "{\"TopicArn\":\"t\",\"Message\":{\"any\":1}}", ""},
    {PREFIX "aws-sdk:eventbridge:putEvents",
     "{\"Entries\":[{\"Detail\":{\"any\":1},\"Source\":\"s\"}]}", ""},
    {PREFIX "aws-sdk:sfn:startExecution", "{\"StateMachineArn\":\"a\",\"Input\":{\"any\":1}}", ""},
    {PREFIX "aws-sdk:bedrockruntime:invokeModel", "{\"ModelId\":\"m\",\"Body\":{\"any\":1}}", ""},
    {PREFIX "aws-sdk:lambda:invoke", "{\"FunctionName\":\"f\",\"Payload\":[1]}", ""},
    {PREFIX "aws-sdk:sqs:sendMessage", "{\"QueueUrl\":\"u\",\"MessageBody\":[1]}", ""},
    {PREFIX "aws-sdk:sns:publish", "{\"TopicArn\":\"t\",\"Message\":[1]}", ""},
    {PREFIX "aws-sdk:eventbridge:putEvents", "{\"Entries\":[{\"Detail\":[1],\"Source\":\"s\"}]}",
     ""},
    {PREFIX "aws-sdk:sfn:startExecution", "{\"StateMachineArn\":\"a\",\"Input\":[1]}", ""},
    {PREFIX "aws-sdk:bedrockruntime:invokeModel", "{\"ModelId\":\"m\",\"Body\":[1]}", ""},
    {PREFIX "aws-sdk:lambda:invoke", "{\"FunctionName\":\"f\",\"Payload\":\"text\"}", ""},
    {PREFIX "aws-sdk:sqs:sendMessage", "{\"QueueUrl\":\"u\",\"MessageBody\":\"text\"}", ""},
    {PREFIX "aws-sdk:sns:publish", "{\"TopicArn\":\"t\",\"Message\":\"text\"}", ""},
    {PREFIX "aws-sdk:eventbridge:putEvents",
     "{\"Entries\":[{\"Detail\":\"text\",\"Source\":\"s\"}]}", ""},
    {PREFIX "aws-sdk:sfn:startExecution", "{\"StateMachineArn\":\"a\",\"Input\":\"text\"}", ""},
    {PREFIX "aws-sdk:bedrockruntime:invokeModel", "{\"ModelId\":\"m\",\"Body\":\"text\"}", ""},
    /* and what a connector makes something else of before it calls */
    {PREFIX "elasticmapreduce:modifyInstanceFleetByName",
     "{\"ClusterId\":\"c\",\"InstanceFleetName\":\"n\",\"InstanceFleet\":{"
     "\"TargetOnDemandCapacity\":1}}",
     ""},
    {PREFIX "elasticmapreduce:modifyInstanceGroupByName",
     "{\"ClusterId\":\"c\",\"InstanceGroupName\":\"n\",\"InstanceGroup\":{\"InstanceCount\":1}}",
     ""},
    {PREFIX "elasticmapreduce:terminateCluster.sync", "{\"ClusterId\":\"c\"}", ""},
    {PREFIX "elasticmapreduce:cancelStep", "{\"ClusterId\":\"c\",\"StepId\":\"s\"}", ""},
    {PREFIX "elasticmapreduce:setClusterTerminationProtection",
     "{\"ClusterId\":\"c\",\"TerminationProtected\":true}", ""},
    {PREFIX "eks:call", "{\"ClusterName\":\"c\",\"Method\":\"GET\",\"Path\":\"/\"}", ""},
    {PREFIX "ecs:runTask.sync",
     "{\"Cluster\":\"c\",\"TaskDefinition\":\"t\",\"LaunchType\":\"FARGATE\"}", ""},
    {PREFIX "batch:submitJob.sync",
     "{\"JobName\":\"n\",\"JobQueue\":\"q\",\"JobDefinition\":\"d\",\"Parameters\":{\"a\":\"b\"}}",
     ""},
    {PREFIX "states:startExecution.sync:2", "{\"StateMachineArn\":\"a\",\"Input\":{\"x\":1}}", ""},
    {PREFIX "states:startExecution", "{\"StateMachine\":\"a\"}",
     "The field \"StateMachine\" is not supported by Step Functions"},
    {PREFIX "elasticmapreduce:addStep", "{\"ClusterId\":\"c\",\"Step\":{\"Name\":\"n\"}}", ""},
    {PREFIX "apigateway:invoke", "{\"Whatever\":1}", ""},
    {"arn:aws:lambda:us-east-1:123456789012:function:f", "{\"Whatever\":1}", ""},
};

static void knows_parameters_that_cannot_be_sent(void **state)
{
    struct asl_buffer problems;
    (void)state;
    asl_buffer_init(&problems, 65536);
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        struct resource r = {0};
        asl_value *v = value_literal(parameters[i].parameters);
        resource_compile(asl_text(parameters[i].resource), &r);
        asl_buffer_clear(&problems);
        bool fine = accept_parameters(catalogue, &r, v, &problems);
        const char *said = problems.size ? problems.data : "";
        if (fine != (parameters[i].problems[0] == '\0') ||
            strncmp(said, parameters[i].problems, strlen(parameters[i].problems)) != 0)
            fail_msg("%s: %s: \"%s\"", parameters[i].resource, parameters[i].parameters, said);
        value_release(v);
        resource_free(&r);
    }
    asl_buffer_free(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_results_as_aws_does),
        cmocka_unit_test(judges_errors_by_the_service),
        cmocka_unit_test(knows_parameters_that_cannot_be_sent),
    };
    return cmocka_run_group_tests(tests, open_both, close_both);
}
