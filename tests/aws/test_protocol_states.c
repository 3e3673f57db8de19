/* The protocols as Step Functions uses them: spellings, conversions, error names, and answers that
 * are wrong on purpose. Breaks when: a member is taken or shown under another name than AWS's, a
 * problem is worded otherwise, or a hostile answer gets further than a clean failure.
 *
 * Each case is one row: service, action, what goes in, what must come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/protocol.h"

static struct catalogue *catalogue;

static int open_catalogue(void **state)
{
    (void)state;
    catalogue = catalogue_new();
    return 0;
}

static int close_catalogue(void **state)
{
    (void)state;
    catalogue_free(catalogue);
    return 0;
}

static const struct catalogue_operation *find(const char *service, const char *action)
{
    const struct catalogue_service *s = catalogue_service(catalogue, asl_text(service));
    assert_non_null(s);
    const struct catalogue_operation *o = catalogue_operation(s, asl_text(action));
    assert_non_null(o);
    return o;
}

/* ---- requests ---- */
struct written {
    struct aws_request request;
    struct asl_buffer problems;
    bool made;
};

static void write_call(struct written *w, const char *service, const char *action,
                       const char *parameters, const char *token)
{
    asl_value *v = value_literal(parameters);
    aws_request_init(&w->request);
    asl_buffer_init(&w->problems, 65536);
    w->made = protocol_serialize(find(service, action), PROTOCOL_STATES, v, token, &w->request,
                                 &w->problems);
    value_release(v);
}

static void free_written(struct written *w)
{
    aws_request_free(&w->request);
    asl_buffer_free(&w->problems);
}

static struct asl_text body_of(const struct written *w)
{
    struct asl_text body = asl_buffer_text(&w->request.body);
    return body.data != NULL ? body : ASL_TEXT("");
}

static void takes_every_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *service, *action, *parameters, *body;
    } cases[] = {
        {"dynamodb", "getItem", "{\"TableName\":\"t\",\"Key\":{\"id\":{\"S\":\"1\"}}}",
         "{\"TableName\":\"t\",\"Key\":{\"id\":{\"S\":\"1\"}}}"},
        {"dynamodb", "putItem",
         "{\"tableName\":\"t\",\"Item\":{\"a\":{\"BOOL\":true},\"b\":{\"Bool\":false},"
         "\"c\":{\"Nul\":true},\"d\":{\"NULL\":true},\"e\":{\"Ss\":[\"x\"]}}}",
         "{\"TableName\":\"t\",\"Item\":{\"a\":{\"BOOL\":true},\"b\":{\"BOOL\":false},"
         "\"c\":{\"NULL\":true},\"d\":{\"NULL\":true},\"e\":{\"SS\":[\"x\"]}}}"},
        /* camelCase in the model, map keys untouched */
        {"ecs", "listTasks", "{\"Cluster\":\"c\",\"maxResults\":5}",
         "{\"cluster\":\"c\",\"maxResults\":5}"},
        {"rds", "describeDBInstances", "{\"DbInstanceIdentifier\":\"a b\"}",
         "Action=DescribeDBInstances&Version=2014-10-31&DBInstanceIdentifier=a%20b"},
        /* strings take JSON, numbers take their text, null is left out */
        {"sqs", "sendMessage",
         "{\"QueueUrl\":\"q\",\"MessageBody\":{\"a\":[1,\"x\"]},\"DelaySeconds\":\"5\","
         "\"MessageGroupId\":null}",
         "{\"QueueUrl\":\"q\",\"MessageBody\":\"{\\\"a\\\":[1,\\\"x\\\"]}\",\"DelaySeconds\":5}"},
        {"sfn", "startExecution", "{\"Input\":null,\"StateMachineArn\":\"a\",\"Name\":\"n\"}",
         "{\"stateMachineArn\":\"a\",\"name\":\"n\"}"},
        {"cloudwatch", "getMetricData",
         "{\"StartTime\":\"2023-11-14T22:13:20Z\",\"EndTime\":1700000001.5}",
         "{\"StartTime\":1700000000,\"EndTime\":1700000001.5}"},
        {"lambda", "invoke", "{\"FunctionName\":\"f\",\"Payload\":{\"k\":1}}", "{\"k\":1}"},
        /* recorded: ETag 2b5df3712557f503a9977a8ea893b2c9, 49e31cee5aec8faf3345893addb14346 */
        {"s3", "putObject", "{\"Bucket\":\"b\",\"Key\":\"k\",\"Body\":\"text data\"}",
         "\"text data\""},
        {"s3", "putObject", "{\"Bucket\":\"b\",\"Key\":\"k\",\"Body\":{\"Dict\":\"Value\"}}",
         "{\"Dict\":\"Value\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct written w;
        write_call(&w, cases[i].service, cases[i].action, cases[i].parameters, NULL);
        if (!w.made)
            fprintf(stderr, "%s: %.*s\n", cases[i].action,
                    ASL_TEXT_ARGS(asl_buffer_text(&w.problems)));
        assert_true(w.made);
        assert_string_equal(body_of(&w).data, cases[i].body);
        free_written(&w);
    }
}

static void refuses_in_aws_words(void **state)
{
    (void)state;
    static const struct {
        const char *service, *action, *parameters, *problems;
    } cases[] = {
        {"dynamodb", "getItem", "{\"TableName\":\"t\",\"Bogus\":1,\"Other\":2}",
         "The field \"Bogus\" is not supported by Step Functions, "
         "The field \"Other\" is not supported by Step Functions"},
        {"dynamodb", "getItem", "{\"TableName\":\"t\",\"Key\":{\"a\":{\"Q\":\"1\"}}}",
         "The field \"Q\" is not supported by Step Functions"},
        {"dynamodb", "getItem", "{\"TableName\":\"t\",\"Key\":\"x\"}",
         "The value of the field 'Key' has an invalid format"},
        {"sqs", "sendMessage", "{\"QueueUrl\":\"q\",\"DelaySeconds\":\"soon\"}",
         "The value of the field 'DelaySeconds' has an invalid format"},
        {"sqs", "sendMessage", "{\"QueueUrl\":\"q\",\"DelaySeconds\":1.5}",
         "The value of the field 'DelaySeconds' has an invalid format"},
        {"cloudwatch", "getMetricData", "{\"StartTime\":\"yesterday\"}",
         "The value of the field 'StartTime' has an invalid format"},
        {"s3", "getObject", "{\"Bucket\":\"b\"}", "The field 'Key' is required but was missing"},
        {"s3", "getObject", "{\"Bucket\":\"\",\"Key\":\"k\"}",
         "The field 'Bucket' is required but was missing"},
        /* one header must not become two, nor a host another host */
        {"s3", "putObject",
         "{\"Bucket\":\"b\",\"Key\":\"k\",\"CacheControl\":\"a\\r\\nX-Evil: 1\"}",
         "The value of the field 'CacheControl' has an invalid format"},
        {"s3", "putObject",
         "{\"Bucket\":\"b\",\"Key\":\"k\",\"Metadata\":{\"a: b\\r\\nX-Evil\":\"1\"}}",
         "The value of the field 'Metadata' has an invalid format"},
        {"s3control", "getJobTagging", "{\"AccountId\":\"evil.example/\",\"JobId\":\"j\"}",
         "The value of the field 'AccountId' has an invalid format"},
        {"s3", "putObjectTagging",
         "{\"Bucket\":\"b\",\"Key\":\"k\",\"Tagging\":{\"TagSet\":[{\"Key\":\"\\u0001\",\"Value\":"
         "\"v\"}]}}",
         "The value of the field 'Key' has an invalid format"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct written w;
        write_call(&w, cases[i].service, cases[i].action, cases[i].parameters, NULL);
        assert_false(w.made);
        assert_string_equal(asl_buffer_text(&w.problems).data, cases[i].problems);
        free_written(&w);
    }
}

static void adds_tokens_checksums_and_hosts(void **state)
{
    (void)state;
    struct written w;
    write_call(&w, "dynamodb", "transactWriteItems", "{\"TransactItems\":[]}", "derived");
    assert_string_equal(body_of(&w).data,
                        "{\"TransactItems\":[],\"ClientRequestToken\":\"derived\"}");
    free_written(&w);
    write_call(&w, "dynamodb", "transactWriteItems", "{\"clientRequestToken\":\"mine\"}",
               "derived");
    assert_string_equal(body_of(&w).data, "{\"ClientRequestToken\":\"mine\"}");
    free_written(&w);
    write_call(&w, "s3", "deleteObjects",
               "{\"Bucket\":\"b\",\"Delete\":{\"Objects\":[{\"Key\":\"a&b\"}]}}", NULL);
    assert_string_equal(
        body_of(&w).data,
        "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key>a&amp;b"
        "</Key></Object></Delete>");
    assert_string_equal(http_headers_get(&w.request.headers, "x-amz-sdk-checksum-algorithm"),
                        "CRC32");
    assert_string_equal(http_headers_get(&w.request.headers, "x-amz-checksum-crc32"), "IAUDIQ==");
    assert_string_equal(asl_buffer_text(&w.request.query).data, "delete");
    free_written(&w);
    /* recorded from AWS: the CRC32 of "text data" with its quotes */
    write_call(&w, "s3", "putObject",
               "{\"Bucket\":\"b\",\"Key\":\"a b/\\u00e9\",\"Body\":\"text data\","
               "\"ChecksumAlgorithm\":\"CRC32\"}",
               NULL);
    assert_string_equal(http_headers_get(&w.request.headers, "x-amz-checksum-crc32"), "KUmHvQ==");
    assert_string_equal(asl_buffer_text(&w.request.path).data, "/b/a%20b/%C3%A9");
    free_written(&w);
    write_call(&w, "s3control", "getJobTagging", "{\"AccountId\":\"111122223333\",\"JobId\":\"j\"}",
               NULL);
    assert_string_equal(w.request.host_prefix, "111122223333.");
    free_written(&w);
}

/* The check values that the algorithms' definitions give for "123456789". */
static void computes_checksums(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"CRC32", "x-amz-checksum-crc32", "y/Q5Jg=="},
        {"CRC32C", "x-amz-checksum-crc32c", "4waSgw=="},
        {"CRC64NVME", "x-amz-checksum-crc64nvme", "rosUhgp5mIg="},
        {"SHA1", "x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="},
        {"SHA256", "x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="},
        {"SHA512", "x-amz-checksum-sha512",
         "2eZ2LdHI6vbWGzxhkvxAjU1tXxF20MKRabwk5xw/J0rSf81YEbMT1oH35V7ALXPUmclUVba1u1A6z1dPuo/"
         "+hQ=="},
        {"MD5", "x-amz-checksum-md5", "JfnnlDI7RTiF9RgfG2JNCw=="},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct written w;
        char parameters[256];
        snprintf(parameters, sizeof parameters,
                 "{\"Bucket\":\"b\",\"Key\":\"k\",\"Body\":123456789,\"ChecksumAlgorithm\":\"%s\"}",
                 cases[i][0]);
        write_call(&w, "s3", "putObject", parameters, NULL);
        assert_true(w.made);
        assert_string_equal(http_headers_get(&w.request.headers, cases[i][1]), cases[i][2]);
        free_written(&w);
    }
}

/* ---- answers ---- */
static void read_answer(struct aws_answer *a, const char *service, const char *action,
                        enum protocol_names names, int status, const char *header,
                        const char *value, struct asl_text body)
{
    struct http_headers headers;
    http_headers_init(&headers);
    if (header != NULL)
        http_headers_add(&headers, header, asl_text(value));
    protocol_parse(find(service, action), names, status, &headers, body, a);
    http_headers_free(&headers);
}

static void shows_what_aws_shows(void **state)
{
    (void)state;
    static const struct {
        const char *service, *action;
        enum protocol_names names;
        const char *header, *value, *body, *output;
    } cases[] = {
        {"dynamodb", "getItem", PROTOCOL_STATES, NULL, NULL,
         "{\"Item\":{\"id\":{\"S\":\"1\"},\"t\":{\"BOOL\":true},\"z\":{\"NULL\":true},"
         "\"n\":{\"N\":\"1.10\"}}}",
         "{\"Item\":{\"id\":{\"S\":\"1\"},\"t\":{\"Bool\":true},\"z\":{\"Nul\":true},"
         "\"n\":{\"N\":\"1.10\"}}}"},
        {"dynamodb", "getItem", PROTOCOL_V1, NULL, NULL, "{\"Item\":{\"t\":{\"BOOL\":true}}}",
         "{\"Item\":{\"t\":{\"BOOL\":true}}}"},
        {"dynamodb", "putItem", PROTOCOL_STATES, NULL, NULL, "{}", "{}"},
        {"sfn", "startExecution", PROTOCOL_STATES, NULL, NULL,
         "{\"executionArn\":\"a\",\"startDate\":1700000000.123,\"unknown\":1}",
         "{\"ExecutionArn\":\"a\",\"StartDate\":\"2023-11-14T22:13:20.123Z\"}"},
        {"sfn", "startExecution", PROTOCOL_V1, NULL, NULL,
         "{\"executionArn\":\"a\",\"startDate\":1700000000.123}",
         "{\"ExecutionArn\":\"a\",\"StartDate\":1700000000123}"},
        {"rds", "describeDBInstances", PROTOCOL_STATES, NULL, NULL,
         "<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances><DBInstance>"
         "<DBInstanceStatus>available</DBInstanceStatus><AllocatedStorage>20</AllocatedStorage>"
         "</DBInstance></DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>",
         "{\"DbInstances\":[{\"DbInstanceStatus\":\"available\",\"AllocatedStorage\":20}]}"},
        {"ec2", "describeInstances", PROTOCOL_STATES, NULL, NULL,
         "<DescribeInstancesResponse><requestId>r</"
         "requestId><reservationSet><item><instancesSet><item>"
         "<instanceId>i-1</instanceId></item></instancesSet></item></reservationSet>"
         "</DescribeInstancesResponse>",
         "{\"Reservations\":[{\"Instances\":[{\"InstanceId\":\"i-1\"}]}]}"},
        {"s3", "getObject", PROTOCOL_STATES, "ETag", "\"e\"", "text data",
         "{\"ETag\":\"\\\"e\\\"\",\"Metadata\":{},\"Body\":\"text data\"}"},
        {"s3", "getObject", PROTOCOL_STATES, "x-amz-meta-Colour", "blue", "\xff\xfe",
         "{\"Metadata\":{\"Colour\":\"blue\"},\"Body\":\"//4=\"}"},
        {"s3", "listObjectsV2", PROTOCOL_STATES, NULL, NULL,
         "<?xml version=\"1.0\"?><ListBucketResult "
         "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
         "<Contents><Key>a&amp;b</Key><Size>3</Size><LastModified>2009-10-12T17:50:30.000Z"
         "</LastModified></Contents><Contents><Key>c</Key></Contents></ListBucketResult>",
         "{\"Contents\":[{\"Key\":\"a&b\",\"LastModified\":\"2009-10-12T17:50:30Z\",\"Size\":3},"
         "{\"Key\":\"c\"}]}"},
        {"kms", "encrypt", PROTOCOL_STATES, NULL, NULL, "{\"CiphertextBlob\":\"aGVsbG8=\"}",
         "{\"CiphertextBlob\":\"hello\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aws_answer a;
        asl_value *wanted = value_literal(cases[i].output);
        read_answer(&a, cases[i].service, cases[i].action, cases[i].names, 200, cases[i].header,
                    cases[i].value, asl_text(cases[i].body));
        if (a.failed || !value_equal(a.output, wanted)) {
            struct asl_buffer ours;
            asl_buffer_init(&ours, 65536);
            if (a.output != NULL)
                value_print(a.output, &ours);
            fprintf(stderr, "%s: %s %.*s\n", cases[i].action, a.message,
                    ASL_TEXT_ARGS(asl_buffer_text(&ours)));
            asl_buffer_free(&ours);
            fail();
        }
        value_release(wanted);
        aws_answer_free(&a);
    }
}

static void names_failures(void **state)
{
    (void)state;
    static const struct {
        const char *service, *action;
        int status;
        const char *header, *value, *body, *error, *message;
    } cases[] = {
        {"dynamodb", "putItem", 400, "x-amzn-RequestId", "id",
         "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\","
         "\"message\":\"Requested resource not found\"}",
         "DynamoDb.ResourceNotFoundException", "Requested resource not found"},
        {"s3", "listObjects", 404, NULL, NULL,
         "<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message>"
         "<RequestId>id</RequestId><HostId>h</HostId></Error>",
         "S3.NoSuchBucketException", "The specified bucket does not exist"},
        {"s3", "headObject", 404, NULL, NULL, "", "S3.NoSuchKeyException", ""},
        {"sfn", "sendTaskSuccess", 400, NULL, NULL,
         "{\"__type\":\"InvalidToken\",\"message\":\"Invalid Token: 'Invalid token'\"}",
         "Sfn.InvalidTokenException", "Invalid Token: 'Invalid token'"},
        {"sqs", "sendMessage", 400, "x-amzn-query-error",
         "AWS.SimpleQueueService.NonExistentQueue;Sender",
         "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\",\"message\":\"no queue\"}",
         "Sqs.QueueDoesNotExistException", "no queue"},
        {"rds", "describeDBInstances", 404, NULL, NULL,
         "<ErrorResponse><Error><Type>Sender</Type><Code>DBInstanceNotFound</Code><Message>m</"
         "Message>"
         "</Error><RequestId>id</RequestId></ErrorResponse>",
         "Rds.DbInstanceNotFoundException", "m"},
        {"ec2", "describeInstances", 400, NULL, NULL,
         "<Response><Errors><Error><Code>InvalidInstanceID.Malformed</Code><Message>m</Message></"
         "Error>"
         "</Errors><RequestID>id</RequestID></Response>",
         "Ec2.Ec2Exception", "m"},
        {"lambda", "getFunction", 404, "x-amzn-ErrorType", "ResourceNotFoundException:http://x/",
         "{\"Message\":\"Function not found\",\"Type\":\"User\"}",
         "Lambda.ResourceNotFoundException", "Function not found"},
        {"dynamodb", "putItem", 503, NULL, NULL, "<html>busy</html>", "DynamoDb.DynamoDbException",
         "Service Unavailable"},
        {"dynamodb", "putItem", 500, "x-amzn-ErrorType", "InternalServerError:http://x/", "",
         "DynamoDb.InternalServerErrorException", ""},
        {"dynamodb", "putItem", 301, NULL, NULL, "", "DynamoDb.DynamoDbException",
         "Moved Permanently"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aws_answer a;
        char error[256];
        read_answer(&a, cases[i].service, cases[i].action, PROTOCOL_STATES, cases[i].status,
                    cases[i].header, cases[i].value, asl_text(cases[i].body));
        assert_true(a.failed);
        assert_false(a.malformed);
        catalogue_error_name(find(cases[i].service, cases[i].action)->service, asl_text(a.code),
                             error, sizeof error);
        assert_string_equal(error, cases[i].error);
        assert_string_equal(a.message, cases[i].message);
        if (strstr(cases[i].body, ">id<") != NULL ||
            (cases[i].value && !strcmp(cases[i].value, "id")))
            assert_string_equal(a.request_id, "id");
        aws_answer_free(&a);
    }
}

/* ---- answers that contradict the model ---- */
static void fails_cleanly_on_wrong_answers(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"dynamodb", "getItem", "{\"Item\":[1,2]}"},
        {"dynamodb", "getItem", "{\"Item\":{\"a\":7}}"},
        {"dynamodb", "getItem", "{\"Item\":{\"a\":{\"S\":{\"x\":1}}}}"},
        {"bedrockruntime", "converse", "{\"output\":{}}"}, /* a union has exactly one member */
        {"bedrockruntime", "converse", "{\"output\":{\"message\":{},\"other\":{}}}"},
        {"dynamodb", "getItem", "[]"},
        {"dynamodb", "getItem", "{\"Item\":"},
        {"dynamodb", "getItem", "\"text\""},
        {"dynamodb", "describeTable", "{\"Table\":{\"CreationDateTime\":\"never\"}}"},
        {"dynamodb", "describeTable", "{\"Table\":{\"ItemCount\":1.5}}"},
        {"dynamodb", "describeTable", "{\"Table\":{\"CreationDateTime\":1e300}}"},
        {"kms", "encrypt", "{\"CiphertextBlob\":\"***\"}"},
        {"s3", "listObjectsV2",
         "<ListBucketResult><Contents><Size>big</Size></Contents></ListBucketResult>"},
        {"s3", "listObjectsV2", "<ListBucketResult><Contents>"},
        {"s3", "listObjectsV2", "not xml"},
        {"s3", "listObjectsV2",
         "<!DOCTYPE a [<!ENTITY x \"xxxxxxxx\"><!ENTITY y \"&x;&x;&x;\">]><a>&y;</a>"},
        {"sqs", "getQueueAttributes", "{\"Attributes\":[\"a\"]}"},
        {"iam", "listUsers",
         "<ListUsersResponse><ListUsersResult><MaxItems><a/></MaxItems><Users>"
         "<member><CreateDate>x</CreateDate></member></Users></ListUsersResult>"
         "</ListUsersResponse>"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aws_answer a;
        read_answer(&a, cases[i][0], cases[i][1], PROTOCOL_STATES, 200, NULL, NULL,
                    asl_text(cases[i][2]));
        if (!a.failed)
            fprintf(stderr, "taken: %s\n", cases[i][2]);
        assert_true(a.failed && a.malformed && a.output == NULL);
        assert_string_equal(a.code, "SdkClientException");
        assert_true(asl_text_starts(asl_text(a.message), "Unable to unmarshall response of "));
        aws_answer_free(&a);
    }
}

/* `unit` over and over between two ends. */
static struct asl_buffer repeated(const char *front, const char *unit, size_t times,
                                  const char *back)
{
    struct asl_buffer b;
    asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
    asl_buffer_puts(&b, front);
    for (size_t i = 0; i < times; i++)
        asl_buffer_puts(&b, unit);
    asl_buffer_puts(&b, back);
    return b;
}

static void bounds_depth(void **state)
{
    (void)state;
    static const struct {
        const char *service, *action, *front, *unit;
    } cases[] = {
        {"dynamodb", "getItem", "{\"Item\":{\"a\":", "{\"M\":{\"a\":"},
        {"dynamodb", "getItem", "", "["},
        {"s3", "listObjectsV2", "", "<a>"},
        {"rds", "describeDBInstances", "", "<a>"},
        {"ec2", "describeInstances", "", "<a><b>"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asl_buffer deep = repeated(cases[i].front, cases[i].unit, 100000, "");
        struct aws_answer a;
        read_answer(&a, cases[i].service, cases[i].action, PROTOCOL_STATES, 200, NULL, NULL,
                    asl_buffer_text(&deep));
        assert_true(a.failed && a.malformed);
        aws_answer_free(&a);
        read_answer(&a, cases[i].service, cases[i].action, PROTOCOL_STATES, 400, NULL, NULL,
                    asl_buffer_text(&deep));
        assert_true(a.failed);
        assert_string_equal(a.code, "400");
        aws_answer_free(&a);
        asl_buffer_free(&deep);
    }
    struct asl_buffer long_message =
        repeated("{\"__type\":\"X\",\"message\":\"", "\xc3\xa9", 100000, "\"}");
    struct aws_answer a;
    read_answer(&a, "dynamodb", "getItem", PROTOCOL_STATES, 400, NULL, NULL,
                asl_buffer_text(&long_message));
    assert_true(value_utf8_valid(asl_text(a.message))); /* cut, but between characters */
    assert_int_equal(strlen(a.message), sizeof a.message - 2);
    aws_answer_free(&a);
    asl_buffer_free(&long_message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_every_spelling),
        cmocka_unit_test(refuses_in_aws_words),
        cmocka_unit_test(adds_tokens_checksums_and_hosts),
        cmocka_unit_test(computes_checksums),
        cmocka_unit_test(shows_what_aws_shows),
        cmocka_unit_test(names_failures),
        cmocka_unit_test(fails_cleanly_on_wrong_answers),
        cmocka_unit_test(bounds_depth),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
