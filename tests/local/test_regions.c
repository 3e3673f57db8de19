/* Data is of a region: the same names in two regions are two things, an ARN of another region is
 * not found, what crosses regions on AWS crosses them here, and a database of before regions opens,
 * its data the server's own region's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asl/value/value.h"
#include "engine/local/local.h"

#define EAST "us-east-1"
#define WEST "eu-west-1"

struct place {
    char folder[40];
    const char *home;
    struct local *local;
    int status;
    char region[64]; /* x-amz-bucket-region of the last answer */
    char text[65536];
};

static int64_t clock_of(void *state)
{
    (void)state;
    return INT64_C(1795000000000);
}

static void open_place(struct place *p)
{
    char message[512] = "";
    struct local_options options = {.directory = p->folder, .now = clock_of, .region = p->home};
    p->local = local_new(&options, message);
    if (!p->local)
        fail_msg("%s", message);
}

static int begin(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    snprintf(p->folder, sizeof p->folder, "/tmp/stand-in-XXXXXX");
    p->home = EAST;
    assert_non_null(mkdtemp(p->folder));
    *state = p;
    return 0;
}

static int end(void **state)
{
    struct place *p = *state;
    char command[64];
    local_free(p->local);
    snprintf(command, sizeof command, "rm -rf '%s'", p->folder);
    assert_int_equal(system(command), 0);
    free(p);
    return 0;
}

static const char *send(struct place *p, struct http_received *r, const char *region,
                        const char *service)
{
    char authorization[200];
    struct local_answer answer;
    snprintf(authorization, sizeof authorization,
             "AWS4-HMAC-SHA256 Credential=AKID/20260101/%s/%s/aws4_request, SignedHeaders=host, "
             "Signature=0",
             region ? region : "", service);
    http_headers_add(&r->headers, "X-Amz-Date", ASL_TEXT("20260101T000000Z"));
    r->host = "localhost";
    if (region)
        http_headers_add(&r->headers, "Authorization", asl_text(authorization));
    local_answer_init(&answer);
    local_call(p->local, r, &answer);
    p->status = answer.status;
    const char *there = http_headers_get(&answer.headers, "x-amz-bucket-region");
    snprintf(p->region, sizeof p->region, "%s", there ? there : "");
    snprintf(p->text, sizeof p->text, "%.*s", ASL_TEXT_ARGS(asl_buffer_text(&answer.body)));
    local_answer_free(&answer);
    http_headers_free(&r->headers);
    return p->text;
}

/* A call of AWS JSON, signed for `region` (NULL: not signed); single quotes stand for double ones.
 */
static const char *call(struct place *p, const char *region, const char *service,
                        const char *target, const char *body)
{
    char *text = strdup(body);
    for (char *at = text; (at = strchr(at, '\'')) != NULL;)
        *at = '"';
    struct http_received r = {.method = "POST", .path = "/", .query = "", .body = asl_text(text)};
    http_headers_init(&r.headers);
    http_headers_add(&r.headers, "X-Amz-Target", asl_text(target));
    http_headers_add(&r.headers, "Content-Type", ASL_TEXT("application/x-amz-json-1.0"));
    send(p, &r, region, service);
    free(text);
    return p->text;
}

static int s3(struct place *p, const char *region, const char *method, const char *path,
              const char *body)
{
    char plain[200];
    size_t size = strcspn(path, "?");
    snprintf(plain, sizeof plain, "%.*s", (int)size, path);
    struct http_received r = {.method = method,
                              .path = plain,
                              .query = path[size] ? path + size + 1 : "",
                              .body = asl_text(body)};
    http_headers_init(&r.headers);
    send(p, &r, region, "s3");
    return p->status;
}

/* A form of the query protocol. */
static const char *form(struct place *p, const char *region, const char *service, const char *body)
{
    struct http_received r = {.method = "POST", .path = "/", .query = "", .body = asl_text(body)};
    http_headers_init(&r.headers);
    http_headers_add(&r.headers, "Content-Type", ASL_TEXT("application/x-www-form-urlencoded"));
    return send(p, &r, region, service);
}

#define has(text, part)                                                                            \
    do {                                                                                           \
        if (!strstr(text, part))                                                                   \
            fail_msg("no '%s' in: %s", part, text);                                                \
    } while (0)
#define lacks(text, part)                                                                          \
    do {                                                                                           \
        if (strstr(text, part))                                                                    \
            fail_msg("'%s' in: %s", part, text);                                                   \
    } while (0)

static const char *send_message(struct place *p, const char *region, const char *text)
{
    char body[256];
    snprintf(body, sizeof body,
             "{'QueueUrl':'http://localhost/123456789012/jobs','MessageBody':'%s'}", text);
    return call(p, region, "sqs", "AmazonSQS.SendMessage", body);
}

static const char *receive(struct place *p, const char *region)
{
    return call(p, region, "sqs", "AmazonSQS.ReceiveMessage",
                "{'QueueUrl':'http://localhost/123456789012/jobs','MaxNumberOfMessages':10}");
}

static void names_come_again(void **state)
{
    struct place *p = *state;
    static const struct {
        const char *service, *make, *with, *look, *look_with;
    } things[] = {
        {"dynamodb", "DynamoDB_20120810.CreateTable",
         "{'TableName':'same','KeySchema':[{'AttributeName':'k','KeyType':'HASH'}],'"
         "AttributeDefinitions':"
         "[{'AttributeName':'k','AttributeType':'S'}],'BillingMode':'PAY_PER_REQUEST'}",
         "DynamoDB_20120810.DescribeTable", "{'TableName':'same'}"},
        {"sqs", "AmazonSQS.CreateQueue", "{'QueueName':'same'}", "AmazonSQS.GetQueueAttributes",
         "{'QueueUrl':'http://localhost/123456789012/same','AttributeNames':['QueueArn']}"},
        {"secretsmanager", "secretsmanager.CreateSecret", "{'Name':'same','SecretString':'s'}",
         "secretsmanager.DescribeSecret", "{'SecretId':'same'}"},
        {"ssm", "AmazonSSM.PutParameter", "{'Name':'same','Value':'v','Type':'String'}",
         "AmazonSSM.GetParameter", "{'Name':'same'}"},
        {"events", "AWSEvents.CreateEventBus", "{'Name':'same'}", "AWSEvents.DescribeEventBus",
         "{'Name':'same'}"},
    };
    open_place(p);
    for (size_t i = 0; i < sizeof things / sizeof *things; i++) {
        call(p, EAST, things[i].service, things[i].make, things[i].with);
        assert_int_equal(p->status, 200);
        call(p, WEST, things[i].service, things[i].look, things[i].look_with);
        assert_int_equal(p->status, 400);
        call(p, WEST, things[i].service, things[i].make, things[i].with);
        assert_int_equal(p->status, 200);
        has(call(p, WEST, things[i].service, things[i].look, things[i].look_with),
            WEST ":123456789012:");
        has(call(p, EAST, things[i].service, things[i].look, things[i].look_with),
            EAST ":123456789012:");
    }
    has(call(p, "?", "dynamodb", "DynamoDB_20120810.ListTables", "{}"), "same"); /* home */
    lacks(call(p, "ap-south-1", "dynamodb", "DynamoDB_20120810.ListTables", "{}"), "same");
    call(p, EAST, "dynamodb", "DynamoDB_20120810.DeleteTable", "{'TableName':'same'}");
    has(call(p, WEST, "dynamodb", "DynamoDB_20120810.ListTables", "{}"), "same");
    call(p, WEST, "dynamodb", "DynamoDB_20120810.DescribeTable",
         "{'TableName':'arn:aws:dynamodb:us-east-1:123456789012:table/same'}");
    assert_int_equal(p->status, 400);
    call(p, WEST, "ssm", "AmazonSSM.GetParameter",
         "{'Name':'arn:aws:ssm:us-east-1:123456789012:parameter/same'}");
    has(p->text, "ParameterNotFound");
}

static void messages_stay_in_their_region(void **state)
{
    struct place *p = *state;
    open_place(p);
    call(p, EAST, "sqs", "AmazonSQS.CreateQueue", "{'QueueName':'jobs'}");
    call(p, WEST, "sqs", "AmazonSQS.CreateQueue", "{'QueueName':'jobs'}");
    send_message(p, EAST, "of the east");
    lacks(receive(p, WEST), "of the east");
    has(receive(p, EAST), "of the east");
    /* over a restart, under another region of the server's own */
    send_message(p, WEST, "of the west");
    local_free(p->local);
    p->home = WEST;
    open_place(p);
    has(receive(p, NULL), "of the west");
}

static void a_topic_reaches_a_queue_of_another_region(void **state)
{
    struct place *p = *state;
    open_place(p);
    call(p, WEST, "sqs", "AmazonSQS.CreateQueue", "{'QueueName':'jobs'}");
    has(form(p, EAST, "sns", "Action=CreateTopic&Name=news"),
        "arn:aws:sns:us-east-1:123456789012:news");
    form(p, EAST, "sns",
         "Action=Subscribe&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A123456789012%3Anews&Protocol=sqs"
         "&Endpoint=arn%3Aaws%3Asqs%3Aeu-west-1%3A123456789012%3Ajobs");
    assert_int_equal(p->status, 200);
    form(p, WEST, "sns",
         "Action=Publish&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A123456789012%3Anews&Message=no");
    assert_int_equal(p->status, 400);
    has(p->text, "Invalid parameter: TopicArn");
    form(p, EAST, "sns",
         "Action=Publish&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A123456789012%3Anews&Message=told");
    assert_int_equal(p->status, 200);
    has(receive(p, WEST), "told");
}

static void a_bucket_is_one_for_all_and_reached_in_its_region(void **state)
{
    struct place *p = *state;
    open_place(p);
    assert_int_equal(s3(p, WEST, "PUT", "/photos", ""), 200);
    assert_int_equal(s3(p, WEST, "PUT", "/photos/a", "bytes"), 200);
    assert_int_equal(s3(p, EAST, "GET", "/photos/a", ""), 301);
    assert_string_equal(p->region, WEST);
    has(p->text, "<Code>PermanentRedirect</Code>");
    assert_int_equal(s3(p, EAST, "PUT", "/photos", ""), 409);
    assert_int_equal(s3(p, EAST, "GET", "/photos?location", ""), 200);
    has(p->text, ">eu-west-1</LocationConstraint>");
    assert_int_equal(s3(p, EAST, "GET", "/", ""), 200);
    has(p->text, "photos");
    assert_int_equal(s3(p, WEST, "GET", "/photos/a", ""), 200);
    assert_string_equal(p->text, "bytes");
    /* from us-east-1 a bucket may be made elsewhere */
    assert_int_equal(s3(p, EAST, "PUT", "/far",
                        "<CreateBucketConfiguration><LocationConstraint>ap-south-1"
                        "</LocationConstraint></CreateBucketConfiguration>"),
                     200);
    assert_int_equal(s3(p, "ap-south-1", "HEAD", "/far", ""), 200);
    assert_string_equal(p->region, "ap-south-1");
}

/* What the tables were before regions, with something in each. */
static const char before[] =
    "PRAGMA user_version = 2;"
    "CREATE TABLE ddb_table(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " description TEXT NOT NULL, recovery_since INTEGER NOT NULL);"
    "CREATE TABLE ddb_token(token TEXT PRIMARY KEY, request TEXT NOT NULL, made INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE ddb_item(table_id INTEGER NOT NULL, hash BLOB NOT NULL, range BLOB NOT NULL,"
    " item TEXT NOT NULL, PRIMARY KEY(table_id, hash, range)) WITHOUT ROWID;"
    "CREATE TABLE ddb_export(arn TEXT PRIMARY KEY, table_arn TEXT NOT NULL, table_id INTEGER NOT "
    "NULL,"
    " token TEXT NOT NULL, status TEXT NOT NULL, started INTEGER NOT NULL, due INTEGER NOT NULL,"
    " request TEXT NOT NULL, description TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE s3_bucket(name TEXT PRIMARY KEY, created INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE document(kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL,"
    " PRIMARY KEY(kind, key)) WITHOUT ROWID;"
    "CREATE TABLE sqs_message(id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL,"
    " visible INTEGER NOT NULL, sent INTEGER NOT NULL, first INTEGER NOT NULL,"
    " received INTEGER NOT NULL, grp TEXT NOT NULL, body TEXT NOT NULL, document TEXT NOT NULL,"
    " receipt TEXT NOT NULL);"
    "CREATE TABLE sqs_seen(queue TEXT NOT NULL, key TEXT NOT NULL, until INTEGER NOT NULL,"
    " message TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY(queue, key)) WITHOUT ROWID;"
    "CREATE TABLE event_out(id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL,"
    " name TEXT NOT NULL, input TEXT NOT NULL, tries INTEGER NOT NULL, due INTEGER NOT NULL);"
    "INSERT INTO ddb_table VALUES(7, 'old', "
    "'{\"TableName\":\"old\",\"KeySchema\":[{\"AttributeName\":\"k\","
    "\"KeyType\":\"HASH\"}],\"AttributeDefinitions\":[{\"AttributeName\":\"k\",\"AttributeType\":"
    "\"S\"}]}', 0);"
    "INSERT INTO document VALUES('sqs', 'jobs', '{\"attributes\":{}}');"
    "INSERT INTO sqs_message VALUES(3, 'jobs', 0, 1794999999000, 0, 0, '', 'kept', "
    "'{\"MessageId\":\"m\"}', '');"
    "INSERT INTO s3_bucket VALUES('photos', 5);";

static void a_database_of_before_regions_opens(void **state)
{
    struct place *p = *state;
    sqlite3 *d;
    char path[80];
    snprintf(path, sizeof path, "%s/local.db", p->folder);
    assert_int_equal(sqlite3_open(path, &d), SQLITE_OK);
    assert_int_equal(sqlite3_exec(d, before, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(d);
    p->home = WEST;
    open_place(p);
    has(call(p, WEST, "dynamodb", "DynamoDB_20120810.ListTables", "{}"), "old");
    lacks(call(p, EAST, "dynamodb", "DynamoDB_20120810.ListTables", "{}"), "old");
    call(p, EAST, "sqs", "AmazonSQS.CreateQueue", "{'QueueName':'jobs'}");
    lacks(receive(p, EAST), "kept");
    has(receive(p, WEST), "kept");
    /* and again, under another region: what was given a region keeps it */
    local_free(p->local);
    p->home = EAST;
    open_place(p);
    has(call(p, WEST, "dynamodb", "DynamoDB_20120810.ListTables", "{}"), "old");
    lacks(call(p, EAST, "dynamodb", "DynamoDB_20120810.ListTables", "{}"), "old");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_come_again, begin, end),
        cmocka_unit_test_setup_teardown(messages_stay_in_their_region, begin, end),
        cmocka_unit_test_setup_teardown(a_topic_reaches_a_queue_of_another_region, begin, end),
        cmocka_unit_test_setup_teardown(a_bucket_is_one_for_all_and_reached_in_its_region, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_database_of_before_regions_opens, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
