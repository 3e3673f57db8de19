/* The stand-ins through their own door, under a clock of the test's: what survives a restart,
 * exports and their windows, keys and paths, numbers. What DynamoDB's expressions mean is compared
 * with dynalite's answers in test_dynalite.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "engine/local/dynamodb/number.h"
#include "engine/local/local.h"
#include "engine/local/s3/bucket.h"

#define NOW       1790000000000 /* ms: a moment in 2026 */
#define TABLE_ARN "arn:aws:dynamodb:us-east-1:123456789012:table/Things"

struct place {
    struct local *local;
    int64_t now;
    char folder[64];
    struct local_answer answer;
    asl_value *body; /* of the last answer */
};

static int64_t clock_of(void *state)
{
    return ((struct place *)state)->now;
}

static void open_place(struct place *p)
{
    char message[512] = "";
    struct local_options options = {
        .directory = p->folder, .now = clock_of, .now_state = p, .export_ms = 60000};
    p->local = local_new(&options, message);
    if (!p->local)
        print_error("%s\n", message);
    assert_non_null(p->local);
}

static int set_up(void **state)
{
    struct place *p = asl_allocate_zeroed(1, sizeof *p);
    snprintf(p->folder, sizeof p->folder, "/tmp/stand-in-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    p->now = NOW;
    local_answer_init(&p->answer);
    open_place(p);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    char command[128];
    local_free(p->local);
    local_answer_free(&p->answer);
    value_release(p->body);
    snprintf(command, sizeof command, "rm -rf '%s'", p->folder);
    assert_int_equal(system(command), 0);
    free(p);
    return 0;
}

static void restart(struct place *p)
{
    local_free(p->local);
    open_place(p);
}

/* Calls, and keeps the answer; single quotes stand for double ones. */
static const asl_value *call(struct place *p, const char *service, const char *operation,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));
static const asl_value *call(struct place *p, const char *service, const char *operation,
                             const char *format, ...)
{
    struct asl_buffer text;
    struct value_error error;
    va_list arguments;
    asl_buffer_init(&text, 1 << 20);
    va_start(arguments, format);
    asl_buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '\'')
            text.data[i] = '"';
    local_answer_free(&p->answer);
    local_answer_init(&p->answer);
    local_request(p->local, service, operation, asl_buffer_text(&text), &p->answer);
    asl_buffer_free(&text);
    value_release(p->body);
    p->body = value_parse(asl_buffer_text(&p->answer.body), 0, 0, &error);
    return p->body;
}

#define DYNAMODB(operation, ...) call(p, "dynamodb", operation, __VA_ARGS__)
#define S3(operation, ...)       call(p, "s3", operation, __VA_ARGS__)

static const asl_value *at(const asl_value *v, const char *path)
{
    char part[64];
    while (v && *path) {
        size_t size = strcspn(path, ".");
        snprintf(part, sizeof part, "%.*s", (int)size, path);
        v = value_get_z(v, part);
        path += size + (path[size] == '.');
    }
    return v;
}

static void expect_text(const asl_value *v, const char *wanted)
{
    assert_non_null(v);
    struct asl_text text = value_as_text(v);
    if (!asl_text_is(text, wanted))
        fail_msg("got \"%.*s\", wanted \"%s\"", ASL_TEXT_ARGS(text), wanted);
}

static void expect_ok(struct place *p)
{
    if (p->answer.status / 100 != 2)
        fail_msg("%d %s", p->answer.status, p->answer.body.data);
}

static void expect_error(struct place *p, const char *type, const char *message)
{
    struct asl_text got = value_as_text(at(p->body, "__type"));
    const asl_value *text = value_get_z(p->body, "message");
    text = text ? text : value_get_z(p->body, "Message");
    assert_int_equal(p->answer.status, 400);
    if (!asl_text_ends(got, type) || !text || !strstr(p->answer.body.data, message))
        fail_msg("got %s, wanted %s: %s", p->answer.body.data, type, message);
}

static void make_table(struct place *p, bool with_recovery)
{
    DYNAMODB("CreateTable",
             "{'TableName':'Things','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':"
             "[{'AttributeName':'id','AttributeType':'S'}],'KeySchema':[{'AttributeName':'id',"
             "'KeyType':'HASH'}]}");
    expect_ok(p);
    S3("CreateBucket", "{'Bucket':'exports'}");
    expect_ok(p);
    if (!with_recovery)
        return;
    DYNAMODB("UpdateContinuousBackups", "{'TableName':'Things','PointInTimeRecoverySpecification':"
                                        "{'PointInTimeRecoveryEnabled':true}}");
    expect_ok(p);
}

static void put(struct place *p, const char *id, int v)
{
    DYNAMODB("PutItem", "{'TableName':'Things','Item':{'id':{'S':'%s'},'v':{'N':'%d'}}}", id, v);
    expect_ok(p);
}

static void take(struct place *p, const char *id)
{
    DYNAMODB("DeleteItem", "{'TableName':'Things','Key':{'id':{'S':'%s'}}}", id);
    expect_ok(p);
}

/* ---- durability ---- */

static void data_survives_a_restart(void **state)
{
    struct place *p = *state;
    make_table(p, true);
    put(p, "a", 1);
    S3("PutObject", "{'Bucket':'exports','Key':'x/y','Body':'bytes'}");
    expect_ok(p);
    restart(p);
    expect_text(
        at(DYNAMODB("GetItem", "{'TableName':'Things','Key':{'id':{'S':'a'}}}"), "Item.v.N"), "1");
    expect_text(at(DYNAMODB("DescribeContinuousBackups", "{'TableName':'Things'}"),
                   "ContinuousBackupsDescription.PointInTimeRecoveryDescription."
                   "PointInTimeRecoveryStatus"),
                "ENABLED");
    S3("GetObject", "{'Bucket':'exports','Key':'x/y'}");
    assert_string_equal(p->answer.body.data, "bytes");
}

/* A run beside a server: both work on the same tables, and neither's changes get lost or mixed up.
 */
static void two_may_share_the_data(void **state)
{
    struct place *p = *state;
    make_table(p, true);
    struct place other = {.now = p->now};
    snprintf(other.folder, sizeof other.folder, "%s", p->folder);
    local_answer_init(&other.answer);
    open_place(&other);
    for (int i = 0; i < 5; i++) {
        put(p, "a", i);
        put(&other, "b", i);
        put(&other, "a", 100 + i);
    }
    expect_text(
        at(DYNAMODB("GetItem", "{'TableName':'Things','Key':{'id':{'S':'a'}}}"), "Item.v.N"),
        "104");
    expect_text(
        at(DYNAMODB("GetItem", "{'TableName':'Things','Key':{'id':{'S':'b'}}}"), "Item.v.N"), "4");
    local_free(other.local);
    local_answer_free(&other.answer);
    value_release(other.body);
}

static void answers_carry_their_checksum(void **state)
{
    struct place *p = *state;
    char crc[16];
    DYNAMODB("ListTables", "{}");
    snprintf(crc, sizeof crc, "%lu",
             crc32(0, (unsigned char *)p->answer.body.data, (unsigned)p->answer.body.size));
    assert_string_equal(http_headers_get(&p->answer.headers, "x-amz-crc32"), crc);
    assert_int_equal(strlen(http_headers_get(&p->answer.headers, "x-amzn-RequestId")), 52);
}

static void a_foreign_file_is_no_database(void **state)
{
    struct place *p = *state;
    char message[512] = "", folder[80], file[256];
    snprintf(folder, sizeof folder, "%s/foreign", p->folder);
    snprintf(file, sizeof file, "mkdir %s && echo 'no database at all, but text' > %s/local.db",
             folder, folder);
    assert_int_equal(system(file), 0);
    struct local_options options = {.directory = folder, .now = clock_of, .now_state = p};
    assert_null(local_new(&options, message));
    assert_non_null(strstr(message, "local.db"));
}

/* ---- what is not offered says so ---- */

static void what_is_not_offered_is_named(void **state)
{
    struct place *p = *state;
    static const struct {
        const char *operation, *body, *type, *word;
    } table[] = {
        {"CreateBackup", "{}", "UnknownOperationException", "CreateBackup"},
        {"ExecuteStatement", "{}", "UnknownOperationException", "ExecuteStatement"},
        {"PutItem", "{'TableName':'Things','Item':{'id':{'S':'a'}},'Expected':{}}",
         "ValidationException", "Expected"},
        {"UpdateItem", "{'TableName':'Things','Key':{'id':{'S':'a'}},'AttributeUpdates':{}}",
         "ValidationException", "AttributeUpdates"},
        {"Query", "{'TableName':'Things','KeyConditions':{}}", "ValidationException",
         "KeyConditions"},
        {"Scan", "{'TableName':'Things','ScanFilter':{}}", "ValidationException", "ScanFilter"},
        {"UpdateTable", "{'TableName':'Things','GlobalSecondaryIndexUpdates':[]}",
         "ValidationException", "GlobalSecondaryIndexUpdates"},
        {"ExportTableToPointInTime",
         "{'TableArn':'" TABLE_ARN "','S3Bucket':'exports','ExportFormat':'ION'}",
         "ValidationException", "ION"},
    };
    make_table(p, true);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        DYNAMODB(table[i].operation, "%s", table[i].body);
        expect_error(p, table[i].type, table[i].word);
    }
    assert_true(local_offers("dynamodb"));
    assert_true(local_offers("s3"));
    assert_false(local_offers("states"));
}

/* ---- exports ---- */

/* Seconds before now. */
static void ask_export(struct place *p, const char *view, int from, int to, const char *more)
{
    DYNAMODB("ExportTableToPointInTime",
             "{'TableArn':'" TABLE_ARN "','S3Bucket':'exports','ExportType':'INCREMENTAL_EXPORT',"
             "'IncrementalExportSpecification':{'ExportFromTime':%lld,'ExportToTime':%lld,"
             "'ExportViewType':'%s'}%s}",
             (long long)(p->now / 1000 - from), (long long)(p->now / 1000 - to), view, more);
}

static void windows_have_rules(void **state)
{
    struct place *p = *state;
    static const struct {
        int from, to;
        const char *type, *word; /* NULL: it is taken */
    } table[] = {
        {900, 0, NULL, NULL},
        {3600, 1800, NULL, NULL},
        {86400, 0, NULL, NULL},
        {899, 0, "ValidationException", "15 minutes"},
        {0, 0, "ValidationException", "before"},
        {0, 900, "ValidationException", "before"},
        {86401, 0, "ValidationException", "24 hours"},
        {900, -1, "InvalidExportTimeException", "future"},
        {100001, 99000, "InvalidExportTimeException", "window"},
    };
    make_table(p, true);
    p->now += 100000 * 1000LL;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        ask_export(p, "NEW_IMAGE", table[i].from, table[i].to, "");
        if (table[i].type)
            expect_error(p, table[i].type, table[i].word);
        else
            expect_ok(p);
    }
    DYNAMODB("ExportTableToPointInTime",
             "{'TableArn':'" TABLE_ARN "','S3Bucket':'exports','ExportType':"
             "'INCREMENTAL_EXPORT'}");
    expect_error(p, "ValidationException", "ExportFromTime");
    DYNAMODB("ExportTableToPointInTime", "{'TableArn':'" TABLE_ARN "x','S3Bucket':'exports'}");
    expect_error(p, "TableNotFoundException", "Thingsx");
    DYNAMODB("ExportTableToPointInTime", "{'TableArn':'nonsense','S3Bucket':'exports'}");
    expect_error(p, "ValidationException", "nonsense");
    DYNAMODB("DescribeExport", "{'ExportArn':'" TABLE_ARN "/export/01790000000000-00000000'}");
    expect_error(p, "ExportNotFoundException", "not found");
}

static void exports_need_recovery(void **state)
{
    struct place *p = *state;
    make_table(p, false);
    ask_export(p, "NEW_IMAGE", 900, 0, "");
    expect_error(p, "PointInTimeRecoveryUnavailableException", "Things");
}

/* All lines of the export that was asked for last, once it has ended. */
static char *finished_export(struct place *p)
{
    char arn[256], command[256], *lines = asl_allocate(65536);
    snprintf(arn, sizeof arn, "%.*s",
             ASL_TEXT_ARGS(value_as_text(at(p->body, "ExportDescription.ExportArn"))));
    expect_text(at(p->body, "ExportDescription.ExportStatus"), "IN_PROGRESS");
    p->now += 59999;
    expect_text(
        at(DYNAMODB("DescribeExport", "{'ExportArn':'%s'}", arn), "ExportDescription.ExportStatus"),
        "IN_PROGRESS");
    p->now += 1;
    expect_text(
        at(DYNAMODB("DescribeExport", "{'ExportArn':'%s'}", arn), "ExportDescription.ExportStatus"),
        "COMPLETED");
    /* The manifest names the data file. */
    snprintf(command, sizeof command,
             "cd %s/s3/exports && zcat $(sed 's/.*dataFileS3Key\":\"//; s/\".*//' "
             "AWSDynamoDB/%s/manifest-files.json)",
             p->folder, strrchr(arn, '/') + 1);
    FILE *pipe = popen(command, "r");
    size_t size = fread(lines, 1, 65535, pipe);
    lines[size] = '\0';
    assert_int_equal(pclose(pipe), 0);
    return lines;
}

static unsigned count_lines(const char *text)
{
    unsigned count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void incremental_exports_tell_what_changed(void **state)
{
    struct place *p = *state;
    make_table(p, true);
    put(p, "kept", 1);
    put(p, "changed", 1);
    put(p, "removed", 1);
    p->now += 1000 * 1000;
    put(p, "changed", 2);
    put(p, "changed", 3);
    take(p, "removed");
    put(p, "new", 1);
    put(p, "passing", 1);
    take(p, "passing");
    p->now += 500 * 1000;
    put(p, "late", 1);
    p->now += 500 * 1000;
    ask_export(p, "NEW_AND_OLD_IMAGES", 1000, 100, "");
    char *lines = finished_export(p);
    assert_int_equal(count_lines(lines), 4);
    assert_non_null(
        strstr(lines, "{\"Metadata\":{\"WriteTimestampMicros\":{\"N\":\"1790001000000001\"}},"
                      "\"Keys\":{\"id\":{\"S\":\"changed\"}},\"OldImage\":{\"id\":{\"S\":"
                      "\"changed\"},\"v\":{\"N\":\"1\"}},\"NewImage\":{\"id\":{\"S\":\"changed\"},"
                      "\"v\":{\"N\":\"3\"}}}\n"));
    assert_non_null(strstr(lines,
                           "\"Keys\":{\"id\":{\"S\":\"removed\"}},\"OldImage\":{\"id\":{\"S\":"
                           "\"removed\"},\"v\":{\"N\":\"1\"}}}\n"));
    assert_non_null(strstr(lines, "\"Keys\":{\"id\":{\"S\":\"new\"}},\"NewImage\":"));
    assert_non_null(strstr(lines, "\"late\""));
    assert_null(strstr(lines, "passing"));
    assert_null(strstr(lines, "kept"));
    free(lines);
    ask_export(p, "NEW_IMAGE", 1060, 160, "");
    lines = finished_export(p);
    assert_null(strstr(lines, "OldImage"));
    assert_non_null(strstr(lines, "\"Keys\":{\"id\":{\"S\":\"removed\"}}}\n"));
    free(lines);
}

/* Windows that touch: each change is in exactly one. */
static void windows_that_touch_miss_nothing(void **state)
{
    struct place *p = *state;
    char id[16];
    unsigned seen = 0;
    make_table(p, true);
    int64_t begin = p->now / 1000;
    for (int i = 0; i < 60; i++) {
        snprintf(id, sizeof id, "i%d", i);
        put(p, id, i);
        p->now += 59999; /* so that some changes lie at a window's very edge */
    }
    p->now += 60000;
    for (int window = 0; window < 4; window++) {
        int64_t from = begin + window * 900;
        ask_export(p, "NEW_IMAGE", (int)(p->now / 1000 - from), (int)(p->now / 1000 - from - 900),
                   "");
        expect_ok(p);
        char *lines = finished_export(p);
        seen += count_lines(lines);
        free(lines);
    }
    assert_int_equal(seen, 60);
}

static void full_exports_show_the_past(void **state)
{
    struct place *p = *state;
    make_table(p, true);
    put(p, "same", 1);
    put(p, "changed", 1);
    put(p, "gone", 1);
    p->now += 100 * 1000;
    int64_t then = p->now / 1000;
    put(p, "changed", 2);
    put(p, "changed", 3);
    take(p, "gone");
    put(p, "later", 1);
    DYNAMODB("ExportTableToPointInTime",
             "{'TableArn':'" TABLE_ARN "','S3Bucket':'exports','ExportTime':%lld}",
             (long long)then);
    expect_ok(p);
    char *lines = finished_export(p);
    assert_int_equal(count_lines(lines), 3);
    assert_non_null(strstr(lines, "{\"Item\":{\"id\":{\"S\":\"changed\"},\"v\":{\"N\":\"1\"}}}\n"));
    assert_non_null(strstr(lines, "\"gone\""));
    assert_non_null(strstr(lines, "\"same\""));
    free(lines);
}

static void a_token_makes_one_export(void **state)
{
    struct place *p = *state;
    char first[256];
    make_table(p, true);
    p->now += 2000 * 1000;
    ask_export(p, "NEW_IMAGE", 1000, 0, ",'ClientToken':'once'");
    expect_ok(p);
    snprintf(first, sizeof first, "%.*s",
             ASL_TEXT_ARGS(value_as_text(at(p->body, "ExportDescription.ExportArn"))));
    ask_export(p, "NEW_IMAGE", 1000, 0, ",'ClientToken':'once'");
    expect_text(at(p->body, "ExportDescription.ExportArn"), first);
    ask_export(p, "NEW_IMAGE", 1100, 0, ",'ClientToken':'once'");
    expect_error(p, "ExportConflictException", "token");
    assert_int_equal(value_count(at(DYNAMODB("ListExports", "{}"), "ExportSummaries")), 1);
    p->now += 8LL * 3600 * 1000 + 1; /* the token is forgotten */
    ask_export(p, "NEW_IMAGE", 1000, 0, ",'ClientToken':'once'");
    assert_false(asl_text_is(value_as_text(at(p->body, "ExportDescription.ExportArn")), first));
}

static void an_interrupted_export_ends_after_all(void **state)
{
    struct place *p = *state;
    make_table(p, true);
    p->now += 1000 * 1000;
    ask_export(p, "NEW_IMAGE", 1000, 0, "");
    restart(p);
    ask_export(p, "NEW_IMAGE", 950, 0, "");
    char *lines = finished_export(p);
    free(lines);
    const asl_value *all =
        at(DYNAMODB("ListExports", "{'TableArn':'" TABLE_ARN "'}"), "ExportSummaries");
    assert_int_equal(value_count(all), 2);
    for (size_t i = 0; i < 2; i++)
        expect_text(at(value_at(all, i), "ExportStatus"), "COMPLETED");
}

static void an_export_without_bucket_fails(void **state)
{
    struct place *p = *state;
    char arn[256];
    make_table(p, true);
    S3("DeleteBucket", "{'Bucket':'exports'}");
    expect_ok(p);
    p->now += 1000 * 1000;
    ask_export(p, "NEW_IMAGE", 1000, 0, "");
    snprintf(arn, sizeof arn, "%.*s",
             ASL_TEXT_ARGS(value_as_text(at(p->body, "ExportDescription.ExportArn"))));
    p->now += 60000;
    DYNAMODB("DescribeExport", "{'ExportArn':'%s'}", arn);
    expect_text(at(p->body, "ExportDescription.ExportStatus"), "FAILED");
    expect_text(at(p->body, "ExportDescription.FailureCode"), "S3NoSuchBucket");
}

/* ---- transactions ---- */

static void a_transaction_is_all_or_nothing(void **state)
{
    struct place *p = *state;
    static const char both[] =
        "{'ClientRequestToken':'t1','TransactItems':[{'Put':{'TableName':'Things','Item':{'id':{'S'"
        ":'x'}}}},"
        "{'Update':{'TableName':'Things','Key':{'id':{'S':'a'}},'UpdateExpression':'ADD v :one',"
        "'ExpressionAttributeValues':{':one':{'N':'1'}}}}]}";
    make_table(p, false);
    put(p, "a", 1);
    DYNAMODB(
        "TransactWriteItems",
        "{'TransactItems':[{'Put':{'TableName':'Things','Item':{'id':{'S':'x'}}}},"
        "{'Delete':{'TableName':'Things','Key':{'id':{'S':'a'}},'ConditionExpression':'v = :v',"
        "'ExpressionAttributeValues':{':v':{'N':'9'}},'ReturnValuesOnConditionCheckFailure':"
        "'ALL_OLD'}}]}");
    expect_error(p, "TransactionCanceledException", "[None, ConditionalCheckFailed]");
    expect_text(at(value_at(at(p->body, "CancellationReasons"), 1), "Item.v.N"), "1");
    assert_null(at(DYNAMODB("GetItem", "{'TableName':'Things','Key':{'id':{'S':'x'}}}"), "Item"));
    DYNAMODB("TransactWriteItems", "%s", both);
    expect_ok(p);
    DYNAMODB("TransactWriteItems", "%s", both); /* the same token: done already */
    expect_ok(p);
    expect_text(
        at(DYNAMODB("GetItem", "{'TableName':'Things','Key':{'id':{'S':'a'}}}"), "Item.v.N"), "2");
    DYNAMODB("TransactWriteItems",
             "{'ClientRequestToken':'t1','TransactItems':[{'Put':{'TableName':"
             "'Things','Item':{'id':{'S':'y'}}}}]}");
    expect_error(p, "IdempotentParameterMismatchException", "token");
    DYNAMODB("TransactWriteItems",
             "{'TransactItems':[{'Put':{'TableName':'Things','Item':{'id':{'S':'y'}}}},"
             "{'Put':{'TableName':'Things','Item':{'id':{'S':'y'}}}}]}");
    expect_error(p, "ValidationException", "multiple operations on one item");
}

/* ---- S3 ---- */

static const char *const odd_keys[] = {
    "a",
    "a/b",
    "a/b/c",
    "a/",
    "/",
    "//",
    "/a",
    "a//b",
    "..",
    ".",
    "../x",
    "a/../../b",
    "a/.",
    "%",
    "%41",
    "a%",
    "a%/b",
    "%+",
    "a b+c",
    "\xc3\xa9t\xc3\xa9",
    "\xf0\x9f\x98\x80",
    "x\ny",
    "\x01",
    "con:*?\"<>|\\",
    ".hidden",
    "~",
    "a/b%",
};

static void every_key_has_its_own_place(void **state)
{
    struct place *p = *state;
    struct asl_buffer path, key;
    make_table(p, false);
    asl_buffer_init(&path, 16384);
    asl_buffer_init(&key, 16384);
    for (size_t i = 0; i < sizeof odd_keys / sizeof *odd_keys; i++) {
        char why[256] = "";
        asl_buffer_clear(&path);
        asl_buffer_clear(&key);
        assert_true(key_to_path(asl_text(odd_keys[i]), &path));
        assert_null(strstr(path.data, "/../"));
        assert_int_not_equal(path.data[0], '/');
        path_to_key(asl_buffer_text(&path), &key);
        assert_string_equal(key.data ? key.data : "", odd_keys[i]);
        if (!bucket_put(p->local, ASL_TEXT("exports"), asl_text(odd_keys[i]), asl_text(odd_keys[i]),
                        NULL, why))
            fail_msg("%s: %s", odd_keys[i], why);
    }
    asl_value *keys = bucket_keys(p->local, ASL_TEXT("exports"), ASL_TEXT(""));
    assert_int_equal(value_count(keys), sizeof odd_keys / sizeof *odd_keys);
    for (size_t i = 0; i < value_count(keys); i++) {
        struct object o;
        struct asl_text name = value_as_text(value_at(keys, i));
        if (i > 0)
            assert_true(asl_text_compare(value_as_text(value_at(keys, i - 1)), name) < 0);
        assert_true(bucket_find(p->local, ASL_TEXT("exports"), name, &o));
        asl_buffer_clear(&key);
        assert_true(object_read(&o, 0, o.size, &key));
        assert_true(asl_text_equal(asl_buffer_text(&key), name));
        object_free(&o);
    }
    for (size_t i = 0; i < value_count(keys); i++) {
        char why[256];
        assert_true(
            bucket_remove(p->local, ASL_TEXT("exports"), value_as_text(value_at(keys, i)), why));
    }
    value_release(keys);
    keys = bucket_keys(p->local, ASL_TEXT("exports"), ASL_TEXT(""));
    assert_int_equal(value_count(keys), 0);
    value_release(keys);
    char why[256];
    assert_true(bucket_delete(p->local, ASL_TEXT("exports"), why)); /* no folder was left behind */
    asl_buffer_free(&path);
    asl_buffer_free(&key);
}

static void long_keys_fit(void **state)
{
    struct place *p = *state;
    char long_key[1025], why[256];
    struct object o;
    make_table(p, false);
    memset(long_key, '?', 1024); /* each becomes three bytes of a path */
    long_key[1024] = '\0';
    assert_true(
        bucket_put(p->local, ASL_TEXT("exports"), asl_text(long_key), ASL_TEXT("x"), NULL, why));
    assert_true(bucket_find(p->local, ASL_TEXT("exports"), asl_text(long_key), &o));
    object_free(&o);
    asl_value *keys = bucket_keys(p->local, ASL_TEXT("exports"), ASL_TEXT("???"));
    assert_int_equal(value_count(keys), 1);
    assert_true(asl_text_is(value_as_text(value_at(keys, 0)), long_key));
    value_release(keys);
    struct asl_buffer path;
    asl_buffer_init(&path, 16384);
    assert_false(key_to_path(ASL_TEXT(""), &path));
    assert_false(key_to_path(ASL_TEXT("\xff"), &path));
    assert_false(key_to_path(ASL_TEXT("a\0b"), &path));
    asl_buffer_free(&path);
}

static void a_file_put_by_hand_is_an_object(void **state)
{
    struct place *p = *state;
    char command[256];
    make_table(p, false);
    snprintf(command, sizeof command,
             "mkdir -p %s/s3/exports/in && printf hello > %s/s3/exports/in/file", p->folder,
             p->folder);
    assert_int_equal(system(command), 0);
    S3("GetObject", "{'Bucket':'exports','Key':'in/file'}");
    assert_string_equal(p->answer.body.data, "hello");
    assert_string_equal(http_headers_get(&p->answer.headers, "ETag"),
                        "\"5d41402abc4b2a76b9719d911017c592\"");
    snprintf(command, sizeof command, "printf changed > %s/s3/exports/in/file", p->folder);
    assert_int_equal(system(command), 0);
    S3("GetObject", "{'Bucket':'exports','Key':'in/file'}");
    assert_string_equal(p->answer.body.data, "changed");
    assert_string_not_equal(http_headers_get(&p->answer.headers, "ETag"),
                            "\"5d41402abc4b2a76b9719d911017c592\"");
}

static void bucket_names_stay_in_their_folder(void **state)
{
    struct place *p = *state;
    static const char *const wrong[] = {"..",  ".",   "a",   "A-Big", "a..b",
                                        "-ab", "ab-", "a/b", "a_b",   ".new"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        S3("CreateBucket", "{'Bucket':'%s'}", wrong[i]);
        assert_int_not_equal(p->answer.status, 200);
        assert_false(bucket_exists(p->local, asl_text(wrong[i])));
    }
}

/* ---- numbers ---- */

static struct number number_of(const char *text)
{
    struct number n;
    assert_int_equal(number_read(asl_text(text), &n), NUMBER_FINE);
    return n;
}

static void keys_sort_as_numbers_do(void **state)
{
    (void)state;
    static const char *const ascending[] = {
        "-9.9e125", "-1e125",
        "-1e124",   "-123456",
        "-100.1",   "-100",
        "-99.9",    "-10",
        "-1.5",     "-1.25",
        "-1",       "-0.5",
        "-0.05",    "-1e-129",
        "-1e-130",  "0",
        "1e-130",   "1e-129",
        "0.05",     "0.5",
        "1",        "1.0000000000000000000000001",
        "1.25",     "1.5",
        "10",       "99.9",
        "100",      "100.1",
        "123456",   "1e124",
        "1e125",    "9.9e125",
    };
    size_t count = sizeof ascending / sizeof *ascending;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++) {
            unsigned char a[NUMBER_KEY_BYTES], b[NUMBER_KEY_BYTES];
            struct number x = number_of(ascending[i]), y = number_of(ascending[k]);
            struct asl_text s = {(char *)a, number_key(&x, a)}, t = {(char *)b, number_key(&y, b)};
            int wanted = (i > k) - (i < k), order = asl_text_compare(s, t),
                by_value = number_compare(&x, &y);
            assert_int_equal((order > 0) - (order < 0), wanted);
            assert_int_equal((by_value > 0) - (by_value < 0), wanted);
        }
}

static void sums_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b, *sum; /* NULL: refused */
    } table[] = {
        {"0.1", "0.2", "0.3"},
        {"1", "-1", "0"},
        {"-5", "3", "-2"},
        {"99", "1", "100"},
        {"1e37", "1", "10000000000000000000000000000000000001"},
        {"1e38", "1", NULL},
        {"9.9e125", "1e125", NULL},
        {"1e125", "-1e125", "0"},
        {"0", "-0", "0"},
        {"100", "-0.01", "99.99"},
        {"99999999999999999999999999999999999999", "1", "100000000000000000000000000000000000000"},
        {"1e-130", "-1e-130", "0"},
        {"-0.5", "-0.5", "-1"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct number a = number_of(table[i].a), b = number_of(table[i].b), sum;
        struct asl_buffer text;
        bool is_fine = number_add(&a, &b, &sum) == NUMBER_FINE;
        assert_int_equal(is_fine, table[i].sum != NULL);
        if (!is_fine)
            continue;
        asl_buffer_init(&text, 512);
        number_print(&sum, &text);
        assert_string_equal(text.data, table[i].sum);
        asl_buffer_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(data_survives_a_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_may_share_the_data, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_carry_their_checksum, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_foreign_file_is_no_database, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_offered_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(windows_have_rules, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exports_need_recovery, set_up, tear_down),
        cmocka_unit_test_setup_teardown(incremental_exports_tell_what_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(windows_that_touch_miss_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(full_exports_show_the_past, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_token_makes_one_export, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_interrupted_export_ends_after_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_export_without_bucket_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_transaction_is_all_or_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_key_has_its_own_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_keys_fit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_put_by_hand_is_an_object, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bucket_names_stay_in_their_folder, set_up, tear_down),
        cmocka_unit_test(keys_sort_as_numbers_do),
        cmocka_unit_test(sums_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
