/* AWS's shared files and environment, and where a call goes. Breaks when: engine/aws/ini.c takes
 * or refuses what AWS's tools do not, config.c looks in the wrong order, endpoint.c lets a call
 * leave for AWS that nobody asked for, or a message quotes a secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/aws/config.h"
#include "engine/aws/endpoint.h"

/* ---- INI ---- */

static void reads_what_aws_tools_read(void **state)
{
    (void)state;
    struct ini ini;
    char message[512];
    static const char text[] = "\xEF\xBB\xBF# a comment\r\n"
                               "[default]\r\n"
                               "Region = eu-west-1 ; why not\n"
                               "aws_secret_access_key=a#b;c=d/e+f\n"
                               "empty = # nothing\n"
                               "\n"
                               "[ profile   two  words ] # behind\n"
                               "s3 =\n"
                               "  max_concurrent_requests = 20\n"
                               "\taddressing_style=path\n"
                               "long = one\n"
                               "  two\n"
                               "[default]\n"
                               "region = us-east-1";
    assert_true(ini_parse(asl_text(text), "f", &ini, message));
    assert_int_equal(ini.count, 2);
    const struct ini_section *d = ini_section(&ini, "default");
    const struct ini_section *p = ini_section(&ini, "profile two words");
    assert_non_null(p);
    assert_string_equal(ini_property(d, "region")->value, "us-east-1");
    assert_string_equal(ini_property(d, "aws_secret_access_key")->value, "a#b;c=d/e+f");
    assert_string_equal(ini_property(d, "empty")->value, "");
    assert_string_equal(ini_nested(ini_property(p, "s3"), "addressing_style")->value, "path");
    assert_string_equal(ini_property(p, "long")->value, "one\ntwo");
    assert_null(ini_property(p, "region"));
    assert_null(ini_property(NULL, "region"));
    ini_free(&ini);
}

static void tells_the_line_of_a_mistake(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[default\n", "f:1: a section's name begins with '[' but does not end with ']'"},
        {"\n[]\n", "f:2: a section has no name"},
        {"region = x\n", "f:1: a property stands before the first section"},
        {"[a]\nsecretsecret\n", "f:2: expected `[section]` or `name = value`"},
        {"[a]\n= v\n", "f:2: expected `[section]` or `name = value`"},
        {"[a]\n  b = c\n", "f:2: an indented line continues nothing: it stands below no property"},
        {"[a]\nb =\n  secretsecret\n", "f:3: expected `name = value` in the nested properties"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ini ini;
        char message[512];
        assert_false(ini_parse(asl_text(cases[i].text), "f", &ini, message));
        assert_string_equal(message, cases[i].message);
    }
    struct ini ini;
    char message[512];
    assert_false(ini_parse((struct asl_text){"[a]\nb\0=c\n", 9}, "f", &ini, message));
    assert_string_equal(message, "f:2: a NUL character: this is no text file");
}

/* ---- configuration ---- */

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int make_home(void **state)
{
    char *home = strdup("/tmp/stepwell-config-XXXXXX"), path[128];
    assert_non_null(mkdtemp(home));
    snprintf(path, sizeof path, "%s/.aws", home);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/.aws/config", home);
    write_file(path, "[default]\nregion = eu-central-1\nservices = local\n"
                     "[profile dev]\nregion = ap-south-1\nendpoint_url = http://localhost:1\n"
                     "aws_access_key_id = fromconfig\nuse_fips_endpoint = true\n"
                     "[services local]\ndynamodb =\n  endpoint_url = http://localhost:8000/base/\n"
                     "cloudwatch_logs =\n  endpoint_url = ftp://localhost\n");
    snprintf(path, sizeof path, "%s/.aws/credentials", home);
    write_file(path, "[dev]\naws_access_key_id = fromkeys\n[keysonly]\n");
    *state = home;
    return 0;
}

static int remove_home(void **state)
{
    char path[128];
    static const char *const names[] = {"/.aws/config", "/.aws/credentials", "/.aws", ""};
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s%s", (char *)*state, names[i]);
        remove(path);
    }
    free(*state);
    return 0;
}

static struct config load(const char *home, const char *const *more, const char *profile)
{
    const char *environment[16] = {0};
    char home_line[128], message[512] = "";
    struct config c;
    size_t n = 0;
    snprintf(home_line, sizeof home_line, "HOME=%s", home);
    environment[n++] = home_line;
    for (; more && *more; more++)
        environment[n++] = *more;
    if (!config_load(&c, environment, profile, message))
        fail_msg("%s", message);
    return c;
}

static void looks_in_the_right_order(void **state)
{
    struct config c = load(*state, NULL, NULL);
    assert_string_equal(config_region(&c), "eu-central-1");
    config_free(&c);
    c = load(*state, (const char *const[]){"AWS_PROFILE=dev", "OTHER=1", NULL}, NULL);
    assert_string_equal(config_region(&c), "ap-south-1");
    assert_string_equal(config_value(&c, "dev", "aws_access_key_id"), "fromkeys");
    assert_null(config_variable(&c, "OTHER"));
    assert_true(config_is_on(&c, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"));
    config_free(&c);
    c = load(*state, (const char *const[]){"AWS_DEFAULT_REGION=r1", "AWS_REGION=r2", NULL}, "dev");
    assert_string_equal(config_region(&c), "r2");
    assert_true(c.profile_asked);
    config_free(&c);
    c = load(*state, NULL, "keysonly");
    assert_null(config_region(&c));
    config_free(&c);
}

static void complains_of_what_is_not_there(void **state)
{
    char home[128], message[512];
    struct config c;
    snprintf(home, sizeof home, "HOME=%s", (char *)*state);
    assert_false(config_load(&c, (const char *const[]){home, NULL}, "nobody", message));
    assert_non_null(strstr(message, "The config profile (nobody) could not be found in "));
    assert_false(
        config_load(&c, (const char *const[]){"AWS_CONFIG_FILE=/tmp", NULL}, NULL, message));
    assert_string_equal(message, "/tmp cannot be read: Invalid argument");
    assert_true(
        config_load(&c, (const char *const[]){"AWS_CONFIG_FILE=/no/such", NULL}, NULL, message));
    config_free(&c);
    assert_true(config_load(&c, NULL, NULL, message));
    config_free(&c);
}

/* ---- endpoints ---- */

static const char *only_dynamodb(void *state, const char *service)
{
    (void)state;
    return strcmp(service, "dynamodb") == 0 ? "http://127.0.0.1:5" : NULL;
}

static const struct catalogue_service dynamodb = {
    .id = "DynamoDB", .arn_name = "dynamodb", .endpoint_prefix = "dynamodb"};
static const struct catalogue_service logs = {
    .id = "CloudWatch Logs", .arn_name = "cloudwatchlogs", .endpoint_prefix = "logs"};
static const struct catalogue_service iam = {
    .id = "IAM", .arn_name = "iam", .endpoint_prefix = "iam"};

static void finds_where_a_call_goes(void **state)
{
    static struct endpoint_route routes[] = {{"dynamodb:putItem", "http://route:1"},
                                             {"iam", "aws"}};
    static const struct {
        const char *environment[4];
        const char *profile;
        bool real, routed;
        const char *region;
        const struct catalogue_service *service;
        const char *action, *url; /* or the message */
    } cases[] = {
        {{0}, NULL, false, false, NULL, &dynamodb, "getItem", "http://localhost:8000/base"},
        {{0}, NULL, true, false, "us-east-1", &dynamodb, "getItem", "http://localhost:8000/base"},
        {{0}, NULL, false, true, NULL, &dynamodb, "putItem", "http://route:1"},
        {{0}, NULL, false, true, "us-east-1", &iam, "getUser", "https://iam.amazonaws.com"},
        {{0},
         NULL,
         false,
         true,
         NULL,
         &iam,
         "getUser",
         "You must specify a region: set AWS_REGION, a profile's `region`, or --region"},
        {{"AWS_ENDPOINT_URL=http://all:2/"},
         NULL,
         false,
         false,
         NULL,
         &dynamodb,
         "getItem",
         "http://all:2"},
        {{"AWS_ENDPOINT_URL=http://all:2", "AWS_ENDPOINT_URL_DYNAMODB=https://own:3"},
         NULL,
         false,
         false,
         NULL,
         &dynamodb,
         "getItem",
         "https://own:3"},
        {{"AWS_ENDPOINT_URL=http://all:2", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"},
         NULL,
         false,
         false,
         NULL,
         &dynamodb,
         "getItem",
         "http://127.0.0.1:5"},
        {{0}, "dev", false, false, NULL, &dynamodb, "getItem", "http://localhost:1"},
        {{0}, "keysonly", false, false, NULL, &dynamodb, "getItem", "http://127.0.0.1:5"},
        {{0},
         "keysonly",
         true,
         false,
         "us-west-2",
         &dynamodb,
         "getItem",
         "https://dynamodb.us-west-2.amazonaws.com"},
        {{"AWS_USE_DUALSTACK_ENDPOINT=true"},
         "keysonly",
         true,
         false,
         "us-west-2",
         &dynamodb,
         "getItem",
         "https://dynamodb.us-west-2.api.aws"},
        {{"AWS_USE_FIPS_ENDPOINT=true"},
         "keysonly",
         true,
         false,
         "us-west-2",
         &dynamodb,
         "getItem",
         "https://dynamodb-fips.us-west-2.amazonaws.com"},
        {{0},
         "keysonly",
         true,
         false,
         "cn-north-1",
         &dynamodb,
         "getItem",
         "https://dynamodb.cn-north-1.amazonaws.com.cn"},
        {{"AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=http://logs:4"},
         NULL,
         false,
         false,
         NULL,
         &logs,
         "putLogEvents",
         "http://logs:4"},
        {{0},
         NULL,
         false,
         false,
         NULL,
         &logs,
         "putLogEvents",
         "the profile's [services] endpoint_url is no URL that can be called: it must be http:// "
         "or "
         "https://, a host, and at most a port and a path"},
        {{0},
         "keysonly",
         false,
         false,
         NULL,
         &logs,
         "putLogEvents",
         "nothing answers for cloudwatchlogs here: set AWS_ENDPOINT_URL_CLOUDWATCH_LOGS to a URL "
         "that "
         "speaks its API, route it with --route cloudwatchlogs=URL, or allow real AWS with --aws"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config c = load(*state, cases[i].environment, cases[i].profile);
        struct endpoint e;
        char message[512];
        struct endpoint_rules rules = {.config = &c,
                                       .region = cases[i].region,
                                       .real = cases[i].real,
                                       .routes = routes,
                                       .route_count = cases[i].routed ? 2 : 0,
                                       .stand_in = only_dynamodb};
        const struct endpoint_about about = {.service = cases[i].service,
                                             .action = cases[i].action};
        bool found = endpoint_find(&rules, &about, &e, message);
        if (strcmp(found ? e.url : message, cases[i].url) != 0)
            fail_msg("case %zu: %s", i, found ? e.url : message);
        config_free(&c);
    }
}

static void knows_the_partitions(void **state)
{
    static const struct {
        const char *region, *partition;
    } cases[] = {
        {"us-east-1", "aws"},
        {"mx-central-1", "aws"},
        {"us-gov-west-1", "aws-us-gov"},
        {"cn-north-1", "aws-cn"},
        {"us-iso-east-1", "aws-iso"},
        {"us-isob-east-1", "aws-iso-b"},
        {"eu-isoe-west-1", "aws-iso-e"},
        {"eusc-de-east-1", "aws-eusc"},
        {"nowhere", "aws"},
    };
    char host[256], region[64];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(endpoint_partition(cases[i].region), cases[i].partition);
    assert_true(endpoint_real_host("s3", "eu-west-1", "dualstack", host, region));
    assert_string_equal(host, "s3.dualstack.eu-west-1.amazonaws.com");
    assert_true(endpoint_real_host("route53", "eu-west-1", "", host, region));
    assert_string_equal(host, "route53.amazonaws.com");
    assert_string_equal(region, "us-east-1");
}

static void refuses_urls_that_are_none(void **state)
{
    static const char *const bad[] = {
        "",           "localhost:8000", "ftp://x",       "http://",
        "http:///x",  "http://a b",     "http://a\nb",   "http://u:p@h",
        "http://h?x", "http://h#x",     "https://h\x7f",
    };
    static const char *const good[] = {"http://localhost:8000", "https://h/p/", "http://[::1]:1"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(endpoint_url_is_good(bad[i]));
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(endpoint_url_is_good(good[i]));
    assert_false(endpoint_region_is_good("us-east-1.evil.com/"));
    assert_false(endpoint_region_is_good(""));
    assert_true(endpoint_region_is_good("us-east-1"));
}

/* Where services stand that follow no rule, as botocore's rule sets say. */
static void finds_the_hosts_of_newer_services(void **state)
{
    static const char *const cases[][5] = {
        /* prefix, region, kind, host, signing region */
        {"dsql", "eu-west-1", "", "dsql.eu-west-1.api.aws", "eu-west-1"},
        {"dsql", "eu-west-1", "fips", "dsql-fips.eu-west-1.api.aws", "eu-west-1"},
        {"geo-maps", "us-east-1", "", "maps.geo.us-east-1.amazonaws.com", "us-east-1"},
        {"billing", "eu-west-1", "", "billing.us-east-1.api.aws", "us-east-1"},
        {"billing", "us-east-1", "", "billing.us-east-1.api.aws", "us-east-1"},
        {"artifact", "eu-west-1", "", "artifact.us-east-1.amazonaws.com", "us-east-1"},
        {"iam", "eu-west-1", "", "iam.amazonaws.com", "us-east-1"},
        {"iam", "cn-north-1", "", "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"},
        {"dynamodb", "us-gov-west-1", "", "dynamodb.us-gov-west-1.amazonaws.com", "us-gov-west-1"},
        {"s3", "eu-west-1", "dualstack", "s3.dualstack.eu-west-1.amazonaws.com", "eu-west-1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char host[256], region[64];
        assert_true(endpoint_real_host(cases[i][0], cases[i][1], cases[i][2], host, region));
        assert_string_equal(host, cases[i][3]);
        assert_string_equal(region, cases[i][4]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_hosts_of_newer_services),
        cmocka_unit_test(reads_what_aws_tools_read),
        cmocka_unit_test(tells_the_line_of_a_mistake),
        cmocka_unit_test_setup_teardown(looks_in_the_right_order, make_home, remove_home),
        cmocka_unit_test_setup_teardown(complains_of_what_is_not_there, make_home, remove_home),
        cmocka_unit_test_setup_teardown(finds_where_a_call_goes, make_home, remove_home),
        cmocka_unit_test(knows_the_partitions),
        cmocka_unit_test(refuses_urls_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
