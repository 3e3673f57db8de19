/* The catalogue as a whole: every service opens, every operation of it maps, serialises a request
 * of generated parameters and reads an empty answer; names follow the published list. Breaks when:
 * a renewal loses a service, an encoder change loses a field, a naming rule is off.
 *
 * `test_catalogue --table` prints the row of every service. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/protocol.h"
#include "tests/aws/protocol_suite.h"

#define SERVICES "../shared/facts/aws-sdk-services.tsv"
enum { GENERATED_DEPTH = 6 };

static bool prints_table;

/* ---- parameters that a shape takes: all that is required, scalars of their type ---- */
static asl_value *generate(const struct catalogue_shape *s, unsigned depth);

static asl_value *generate_structure(const struct catalogue_shape *s, unsigned depth)
{
    struct value_list list;
    value_list_init(&list);
    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct catalogue_member *m = &s->members[i];
        bool wanted = (m->flags & CATALOGUE_REQUIRED) || m->location == CATALOGUE_IN_URI;
        if (wanted || (s->flags & CATALOGUE_UNION && i == 0))
            value_list_set_take(&list, m->name, generate(m->shape, depth + 1));
    }
    return value_object_take(&list);
}

static asl_value *generate(const struct catalogue_shape *s, unsigned depth)
{
    struct value_list list;
    value_list_init(&list);
    switch ((enum catalogue_type)s->type) {
    case CATALOGUE_STRUCTURE:
        return depth < GENERATED_DEPTH ? generate_structure(s, depth) : value_object_take(&list);
    case CATALOGUE_LIST:
        if (depth < GENERATED_DEPTH)
            value_list_push_take(&list, generate(s->members[0].shape, depth + 1));
        return value_array_take(&list);
    case CATALOGUE_MAP:
        if (depth < GENERATED_DEPTH)
            value_list_set_take(&list, "key", generate(s->members[1].shape, depth + 1));
        return value_object_take(&list);
    case CATALOGUE_STRING:
        return value_string_z(s->value_count > 0 ? s->values[0] : "text");
    case CATALOGUE_BLOB:
        return value_string_z("bytes");
    case CATALOGUE_BOOLEAN:
        return value_boolean(true);
    case CATALOGUE_TIMESTAMP:
        return value_integer(1700000000);
    case CATALOGUE_INTEGER:
    case CATALOGUE_LONG:
    case CATALOGUE_FLOAT:
    case CATALOGUE_DOUBLE:
        return value_integer(1);
    case CATALOGUE_TYPES:
        break;
    }
    return value_null();
}

static bool serializes(const struct catalogue_operation *o, struct asl_buffer *problems)
{
    struct aws_request request;
    asl_value *parameters = NULL;
    if (o->input.shape != NULL)
        parameters = generate(o->input.shape, 0);
    aws_request_init(&request);
    bool done = protocol_serialize(o, PROTOCOL_STATES, parameters, "token", &request, problems) &&
                request.path.size > 0 && request.path.data[0] == '/';
    aws_request_free(&request);
    value_release(parameters);
    return done;
}

static bool parses_nothing(const struct catalogue_operation *o)
{
    struct http_headers headers = {0};
    struct aws_answer answer;
    protocol_parse(o, PROTOCOL_STATES, 200, &headers, ASL_TEXT(""), &answer);
    bool fine = !answer.failed && value_kind(answer.output) == VALUE_OBJECT;
    aws_answer_free(&answer);
    return fine;
}

static void every_operation_maps_serializes_and_parses(void **state)
{
    (void)state;
    struct catalogue *c = catalogue_new();
    struct asl_buffer problems;
    size_t total = 0, refused = 0, bad = 0;
    asl_buffer_init(&problems, 4096);
    assert_int_equal(catalogue_count(c), 437);
    if (prints_table)
        printf("%-36s %-18s %6s %6s %6s %6s %11s\n", "service", "protocol", "ops", "maps", "writes",
               "reads", "unsupported");
    for (size_t i = 0; i < catalogue_count(c); i++) {
        const struct catalogue_service *s = catalogue_service(c, asl_text(catalogue_name_at(c, i)));
        size_t maps = 0, writes = 0, reads = 0, streams = 0;
        assert_non_null(s);
        for (uint32_t k = 0; k < s->operation_count; k++) {
            const struct catalogue_operation *o = &s->operations[k];
            char action[128];
            maps +=
                catalogue_operation(s, asl_text(catalogue_action(o, action, sizeof action))) == o;
            streams += (o->flags & CATALOGUE_UNSUPPORTED) != 0;
            bool wrote = serializes(o, &problems);
            if (!wrote)
                fprintf(stderr, "%s:%s: %.*s\n", s->arn_name, o->name,
                        ASL_TEXT_ARGS(asl_buffer_text(&problems)));
            writes += wrote;
            reads += parses_nothing(o) || (o->flags & CATALOGUE_STREAMS_EVENTS);
        }
        if (prints_table)
            printf("%-36s %-18s %6u %6zu %6zu %6zu %11zu\n", s->arn_name,
                   catalogue_protocol_name(s->protocol), s->operation_count, maps, writes, reads,
                   streams);
        total += s->operation_count;
        refused += streams;
        bad += s->operation_count == 0 || maps != s->operation_count ||
               writes != s->operation_count || reads != s->operation_count;
    }
    printf("%zu services, %zu operations, %zu of them not offered by Step Functions\n",
           catalogue_count(c), total, refused);
    asl_buffer_free(&problems);
    catalogue_free(c);
    assert_int_equal(total, 19465);
    assert_int_equal(bad, 0);
}

/* ---- names ---- */
/* The n-th field of a line of tab-separated values. */
static struct asl_text field(struct asl_text line, unsigned n)
{
    for (; n > 0; n--) {
        const char *tab = memchr(line.data, '\t', line.size);
        if (tab == NULL)
            return ASL_TEXT("");
        line.size -= (size_t)(tab + 1 - line.data);
        line.data = tab + 1;
    }
    const char *tab = memchr(line.data, '\t', line.size);
    return (struct asl_text){line.data, tab != NULL ? (size_t)(tab - line.data) : line.size};
}

static bool next_line(struct asl_text *rest, struct asl_text *line)
{
    const char *end = rest->size > 0 ? memchr(rest->data, '\n', rest->size) : NULL;
    if (end == NULL)
        return false;
    *line = (struct asl_text){rest->data, (size_t)(end - rest->data)};
    *rest = (struct asl_text){end + 1, rest->size - line->size - 1};
    return true;
}

static void names_services_as_published(void **state)
{
    (void)state;
    struct asl_buffer text;
    if (!suite_read(SERVICES, &text)) {
        printf("skipped: %s is not here\n", SERVICES);
        skip();
    }
    struct catalogue *c = catalogue_new();
    struct asl_text rest = asl_buffer_text(&text), line;
    size_t checked = 0, wrong = 0;
    next_line(&rest, &line); /* the heads of the columns */
    while (next_line(&rest, &line)) {
        const struct catalogue_service *s = catalogue_service(c, field(line, 2));
        bool same = s != NULL && asl_text_is(field(line, 1), s->id) &&
                    asl_text_is(field(line, 3), s->error_prefix) &&
                    asl_text_is(field(line, 4), s->endpoint_prefix) &&
                    asl_text_is(field(line, 5), s->signing_name);
        if (!same)
            fprintf(stderr, "%.*s\n", ASL_TEXT_ARGS(line));
        checked++;
        wrong += !same;
    }
    printf("%zu published services checked, %zu differ\n", checked, wrong);
    catalogue_free(c);
    asl_buffer_free(&text);
    assert_true(checked > 400);
    assert_int_equal(wrong, 0);
}

static void names_members_as_beans(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"taskArn", "TaskArn"},
        {"DBInstanceIdentifier", "DbInstanceIdentifier"},
        {"SSEKMSKeyId", "SsekmsKeyId"},
        {"ACL", "Acl"},
        {"ETag", "ETag"},
        {"ChecksumCRC32", "ChecksumCRC32"},
        {"MD5OfMessageBody", "Md5OfMessageBody"},
        {"IPSet", "IpSet"},
        {"VPCs", "VpCs"},
        {"BOOL", "Bool"},
        {"equals", "EqualsValue"},
        {"Default", "DefaultValue"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[64];
        catalogue_bean_name(NULL, NULL, cases[i][0], out, sizeof out);
        assert_string_equal(out, cases[i][1]);
    }
}

/* Does a spelling lead back to the member it was made from? */
static bool leads_back(const struct catalogue_service *s, const struct catalogue_shape *structure,
                       const struct catalogue_member *m, const char *spelling)
{
    return catalogue_member_spelt(s, structure, asl_text(spelling)) == m;
}

static size_t count_lost_spellings(const struct catalogue_service *s,
                                   const struct catalogue_shape *structure)
{
    size_t lost = 0;
    for (uint32_t i = 0; i < structure->member_count; i++) {
        const struct catalogue_member *m = &structure->members[i];
        char bean[256], capital[256];
        catalogue_bean_name(s, structure, m->name, bean, sizeof bean);
        snprintf(capital, sizeof capital, "%s", m->name);
        capital[0] = (char)(capital[0] >= 'a' && capital[0] <= 'z' ? capital[0] - 32 : capital[0]);
        bool fine = leads_back(s, structure, m, m->name) && leads_back(s, structure, m, bean) &&
                    leads_back(s, structure, m, capital);
        if (!fine)
            fprintf(stderr, "%s: %s / %s\n", s->arn_name, m->name, bean);
        lost += !fine;
    }
    return lost;
}

/* Every member of every structure is reached by each of its spellings, and by no other's. */
static void takes_every_spelling_of_every_member(void **state)
{
    (void)state;
    struct catalogue *c = catalogue_new();
    size_t lost = 0, members = 0;
    for (size_t i = 0; i < catalogue_count(c); i++) {
        const struct catalogue_service *s = catalogue_service(c, asl_text(catalogue_name_at(c, i)));
        for (uint32_t k = 0; k < s->shape_count; k++) {
            if (s->shapes[k].type != CATALOGUE_STRUCTURE)
                continue;
            members += s->shapes[k].member_count;
            lost += count_lost_spellings(s, &s->shapes[k]);
        }
    }
    printf("%zu members, %zu with a spelling that leads elsewhere\n", members, lost);
    catalogue_free(c);
    assert_int_equal(lost, 0);
}

static void names_errors_as_exception_classes(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"s3", "NoSuchKey", "S3.NoSuchKeyException"},
        {"rds", "DBInstanceNotFound", "Rds.DbInstanceNotFoundException"},
        {"sfn", "InvalidToken", "Sfn.InvalidTokenException"},
        {"dynamodb", "ResourceNotFoundException", "DynamoDb.ResourceNotFoundException"},
        {"dynamodb", "ValidationException", "DynamoDb.DynamoDbException"},
        {"secretsmanager", "Whatever", "SecretsManager.SecretsManagerException"},
    };
    struct catalogue *c = catalogue_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[128];
        catalogue_error_name(catalogue_service(c, asl_text(cases[i][0])), asl_text(cases[i][1]),
                             out, sizeof out);
        assert_string_equal(out, cases[i][2]);
    }
    catalogue_free(c);
}

static void finds_and_suggests(void **state)
{
    (void)state;
    struct catalogue *c = catalogue_new();
    char out[128];
    const struct catalogue_service *dynamodb = catalogue_service(c, ASL_TEXT("DynamoDB"));
    assert_non_null(dynamodb);
    assert_string_equal(dynamodb->id, "DynamoDB");
    assert_non_null(catalogue_operation(dynamodb, ASL_TEXT("putItem")));
    assert_null(catalogue_operation(dynamodb, ASL_TEXT("putitem")));
    assert_null(catalogue_service(c, ASL_TEXT("dynamo")));
    assert_null(catalogue_service(c, ASL_TEXT("")));
    assert_true(catalogue_suggest_service(c, ASL_TEXT("stepfunctions"), out, sizeof out));
    assert_string_equal(out, "sfn");
    assert_true(catalogue_suggest_service(c, ASL_TEXT("secrets-manager"), out, sizeof out));
    assert_string_equal(out, "secretsmanager");
    assert_false(catalogue_suggest_service(c, ASL_TEXT("zzzzqqqq"), out, sizeof out));
    assert_true(catalogue_suggest_action(dynamodb, ASL_TEXT("putitems"), out, sizeof out));
    assert_string_equal(out, "putItem");
    assert_string_equal(catalogue_ended(ASL_TEXT("lookoutvision")), "Amazon Lookout for Vision");
    assert_null(catalogue_ended(ASL_TEXT("dynamodb")));
    catalogue_free(c);
}

/* A service is read when it is first asked for, and then kept. */
static void reads_each_service_once(void **state)
{
    (void)state;
    struct catalogue *c = catalogue_new();
    assert_true(catalogue_count(c) > 400);
    for (size_t i = 0; i < catalogue_count(c); i++) {
        struct asl_text name = asl_text(catalogue_name_at(c, i));
        const void *service = catalogue_service(c, name);
        assert_non_null(service);
        assert_ptr_equal(catalogue_service(c, name), service);
    }
    catalogue_free(c);
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_maps_serializes_and_parses),
        cmocka_unit_test(names_services_as_published),
        cmocka_unit_test(names_members_as_beans),
        cmocka_unit_test(takes_every_spelling_of_every_member),
        cmocka_unit_test(names_errors_as_exception_classes),
        cmocka_unit_test(finds_and_suggests),
        cmocka_unit_test(reads_each_service_once),
    };
    prints_table = count > 1 && strcmp(arguments[1], "--table") == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
