/* Connectors to the embedded stand-ins over real sockets: the same bytes that AWS would get,
 * answered, read and named. Breaks when: serialising, signing, sending, serving or parsing do
 * not fit together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/local/local.h"
#include "tests/aws/desk.h"

struct world {
    struct desk *desk;
    struct local *local;
    struct http_in *http;
    char folder[64], url[64];
};

static int64_t now(void *state)
{
    return loop_now(state);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    void *desk;
    char message[512];
    static const char *const hosts[] = {"localhost", NULL};
    desk_open(&desk);
    w->desk = desk;
    snprintf(w->folder, sizeof w->folder, "/tmp/stepwell-stand-in-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    struct local_options o = {.directory = w->folder,
                              .loop = w->desk->loop,
                              .now = now,
                              .now_state = w->desk->loop,
                              .export_ms = 90000};
    w->local = local_new(&o, message);
    w->http =
        http_in_new(w->desk->loop, "127.0.0.1", 0, hosts, NULL, local_handle, w->local, message);
    if (!w->local || !w->http)
        fail_msg("%s", message);
    snprintf(w->url, sizeof w->url, "http://127.0.0.1:%u", http_in_port(w->http));
    assert_true(aws_route(w->desk->aws, "dynamodb", w->url, message));
    assert_true(aws_route(w->desk->aws, "s3", w->url, message));
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    char command[128];
    void *desk = w->desk;
    http_in_free(w->http);
    local_free(w->local);
    desk_close(&desk);
    snprintf(command, sizeof command, "rm -r %s", w->folder);
    assert_int_equal(system(command), 0);
    free(w);
    return 0;
}

/* What it must begin with, and what must stand in it. */
static const struct {
    const char *resource, *parameters, *said, *holds;
} steps[] = {
    {"aws-sdk:dynamodb:createTable",
     "{\"TableName\":\"things\",\"AttributeDefinitions\":[{\"AttributeName\":\"k\","
     "\"AttributeType\":\"S\"}],"
     "\"KeySchema\":[{\"AttributeName\":\"k\",\"KeyType\":\"HASH\"}],\"BillingMode\":\"PAY_PER_"
     "REQUEST\"}",
     "SUCCEEDED {\"TableDescription\":{", "\"TableName\":\"things\""},
    {"dynamodb:putItem",
     "{\"TableName\":\"things\",\"Item\":{\"k\":{\"S\":\"1\"},\"n\":{\"N\":\"41\"}}}",
     "SUCCEEDED {\"SdkHttpMetadata\":", "\"HttpStatusCode\":200"},
    {"dynamodb:updateItem",
     "{\"TableName\":\"things\",\"Key\":{\"k\":{\"S\":\"1\"}},\"UpdateExpression\":\"SET n = n + "
     ":one\","
     "\"ExpressionAttributeValues\":{\":one\":{\"N\":\"1\"}},\"ReturnValues\":\"ALL_NEW\"}",
     "SUCCEEDED {\"Attributes\":{", "\"n\":{\"N\":\"42\"}"},
    {"dynamodb:getItem", "{\"TableName\":\"things\",\"Key\":{\"k\":{\"S\":\"1\"}}}",
     "SUCCEEDED {\"Item\":{", "\"n\":{\"N\":\"42\"}"},
    {"dynamodb:putItem",
     "{\"TableName\":\"things\",\"Item\":{\"k\":{\"S\":\"1\"}},\"ConditionExpression\":"
     "\"attribute_not_exists(k)\"}",
     "FAILED DynamoDB.ConditionalCheckFailedException | The conditional request failed (Service: "
     "AmazonDynamoDBv2; Status Code: 400; Error Code: ConditionalCheckFailedException; Request "
     "ID: ",
     "; Proxy: null)"},
    {"dynamodb:getItem", "{\"TableName\":\"nope\",\"Key\":{\"k\":{\"S\":\"1\"}}}",
     "FAILED DynamoDB.ResourceNotFoundException | ", "Service: AmazonDynamoDBv2; Status Code: 400"},
    {"aws-sdk:dynamodb:query",
     "{\"TableName\":\"things\",\"KeyConditionExpression\":\"k = "
     ":k\",\"ExpressionAttributeValues\":{\":k\":"
     "{\"S\":\"1\"}}}",
     "SUCCEEDED {", "\"Count\":1"},
    {"aws-sdk:dynamodb:getItem", "{\"TableName\":\"nope\",\"Key\":{\"k\":{\"S\":\"1\"}}}",
     "FAILED DynamoDb.ResourceNotFoundException | ", "(SDK Attempt Count: 1)"},
    {"aws-sdk:s3:createBucket", "{\"Bucket\":\"stuff\"}", "SUCCEEDED {", ""},
    {"aws-sdk:s3:putObject", "{\"Bucket\":\"stuff\",\"Key\":\"a b/ü+&.txt\",\"Body\":{\"x\":1}}",
     "SUCCEEDED {", "\"ETag\":"},
    {"aws-sdk:s3:getObject", "{\"Bucket\":\"stuff\",\"Key\":\"a b/ü+&.txt\"}", "SUCCEEDED {",
     "\"Body\":\"{\\\"x\\\":1}\""},
    {"aws-sdk:s3:listObjectsV2", "{\"Bucket\":\"stuff\",\"Prefix\":\"a b/\"}", "SUCCEEDED {",
     "\"Key\":\"a b/ü+&.txt\""},
    {"aws-sdk:s3:getObject", "{\"Bucket\":\"stuff\",\"Key\":\"none\"}",
     "FAILED S3.NoSuchKeyException | The specified key does not exist. (Service: S3, Status Code: "
     "404, "
     "Request ID: ",
     "Extended Request ID: "},
    {"aws-sdk:s3:headObject", "{\"Bucket\":\"stuff\",\"Key\":\"none\"}",
     "FAILED S3.NoSuchKeyException | ", "Status Code: 404"},
    {"aws-sdk:s3:getObject", "{\"Bucket\":\"nobucket\",\"Key\":\"none\"}",
     "FAILED S3.NoSuchBucketException | The specified bucket does not exist (Service: S3, Status "
     "Code: "
     "404, Request ID: ",
     "Extended Request ID: "},
};

static void does_a_days_work(void **state)
{
    struct world *w = *state;
    static const struct desk_reply none[] = {{0}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        char arn[128];
        snprintf(arn, sizeof arn, "arn:aws:states:::%s", steps[i].resource);
        const char *said = desk_run(w->desk, arn, steps[i].parameters, none);
        if (strncmp(said, steps[i].said, strlen(steps[i].said)) != 0 ||
            !strstr(said, steps[i].holds))
            fail_msg("%s\n--- wanted\n%s...%s\n--- got\n%s", arn, steps[i].said, steps[i].holds,
                     said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(does_a_days_work, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
