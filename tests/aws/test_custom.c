/* What AWS's SDK for Java does for single services besides their models, seen through aws-sdk
 * Tasks. Breaks when: a row of engine/aws/custom.c, or of catalogue_renamed, does not do as the SDK
 * does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "engine/aws/custom.h"
#include "tests/aws/desk.h"

#define XML    "<?xml version=\"1.0\"?>\n"
#define S3(x)  XML "<" x
#define RESULT "<r xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">"

static const struct {
    const char *action, *parameters;
    struct desk_reply reply;
    const char *said, *asked;
} calls[] = {
    {"apigateway:getRestApis",
     "{}",
     {200, "", "{\"item\":[]}"},
     "SUCCEEDED ",
     "Accept: application/json\r\n"},
    {"glacier:listVaults", "{}", {200, "", "{}"}, "SUCCEEDED {}\n", "GET /-/vaults HTTP/1.1\r\n"},
    {"glacier:listVaults",
     "{\"accountId\":\"123456789012\"}",
     {200, "", "{}"},
     "SUCCEEDED {}\n",
     "x-amz-glacier-version: 2012-06-01\r\n"},
    {"s3:copyObject",
     "{\"DestinationBucket\":\"b\",\"destinationKey\":\"k\",\"SourceBucket\":\"a\",\"SourceKey\":"
     "\"x y/\xc3\xbc\","
     "\"SourceVersionId\":\"v1\"}",
     {200, "", S3("CopyObjectResult><ETag>e</ETag></CopyObjectResult>")},
     "SUCCEEDED {\"CopyObjectResult\":{\"ETag\":\"e\"}}\n",
     "x-amz-copy-source: /a/x%20y/%C3%BC?versionId=v1\r\n"},
    {"s3:copyObject",
     "{\"Bucket\":\"b\",\"Key\":\"k\",\"SourceBucket\":\"a\"}",
     {200, "", ""},
     "START_FAILED States.Runtime | The Parameters '",
     ""},
    {"s3:copyObject",
     "{\"Bucket\":\"b\",\"Key\":\"k\",\"CopySource\":\"a/b\"}",
     {200, "",
      S3("Error><Code>AccessDenied</Code><Message>No.</Message><RequestId>R</RequestId></Error>")},
     "FAILED S3.AccessDeniedException | No. (Service: S3, Status Code: 200, Request ID: R) (SDK "
     "Attempt Count: 1)",
     "x-amz-copy-source: a/b\r\n"},
    {"s3:getObject",
     "{\"Bucket\":\"b\",\"Key\":\"k\"}",
     {200, "", S3("Error>a file</Error>")},
     "SUCCEEDED {\"ContentLength\":43,",
     ""},
    {"s3:getBucketLocation",
     "{\"Bucket\":\"b\"}",
     {200, "",
      S3("LocationConstraint "
         "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">eu-west-1</LocationConstraint>")},
     "SUCCEEDED {\"LocationConstraint\":\"eu-west-1\"}\n",
     ""},
    {"s3:listObjectsV2",
     "{\"Bucket\":\"b\",\"EncodingType\":\"url\"}",
     {200, "",
      S3("ListBucketResult><EncodingType>url</EncodingType><Prefix>a%2Fb</"
         "Prefix><Contents><Key>a%2Fb+c%C3%BC%</Key>"
         "</Contents></ListBucketResult>")},
     "SUCCEEDED {\"Contents\":[{\"Key\":\"a/b "
     "c\xc3\xbc%\"}],\"EncodingType\":\"url\",\"Prefix\":\"a/b\"}\n",
     ""},
    {"s3:listObjectsV2",
     "{\"Bucket\":\"b\"}",
     {200, "", S3("ListBucketResult><Contents><Key>a%2Fb</Key></Contents></ListBucketResult>")},
     "SUCCEEDED {\"Contents\":[{\"Key\":\"a%2Fb\"}]}\n",
     ""},
    {"route53:listHostedZones",
     "{}",
     {200, "",
      RESULT "<HostedZones><HostedZone><Id>/hostedzone/Z1</Id><Name>n.</Name><CallerReference>a/b</"
             "CallerReference>"
             "</HostedZone></HostedZones></r>"},
     "SUCCEEDED {\"HostedZones\":[{\"CallerReference\":\"a/b\",\"Id\":\"Z1\",\"Name\":\"n.\"}]}\n",
     ""},
    {"route53:listHostedZonesByName",
     "{}", /* the SDK leaves these as they are */
     {200, "",
      RESULT "<HostedZones><HostedZone><Id>/hostedzone/Z1</Id></HostedZone></HostedZones></r>"},
     "SUCCEEDED {\"HostedZones\":[{\"Id\":\"/hostedzone/Z1\"}]}\n",
     ""},
    {"route53:getChange",
     "{\"Id\":\"C1\"}",
     {200, "", RESULT "<ChangeInfo><Id>/change/C1</Id><Status>INSYNC</Status></ChangeInfo></r>"},
     "SUCCEEDED {\"ChangeInfo\":{\"Id\":\"C1\",\"Status\":\"INSYNC\"}}\n",
     ""},
    {"ec2:describeImages",
     "{}",
     {200, "",
      "<r><imagesSet><item><imageId>i</imageId><isPublic>true</isPublic></item></imagesSet></r>"},
     "SUCCEEDED {\"Images\":[{\"ImageId\":\"i\",\"PublicLaunchPermissions\":true}]}\n",
     ""},
    {"cloudformation:listStacks",
     "{\"StackStatusFilters\":[\"CREATE_COMPLETE\"]}",
     {200, "", "<r><ListStacksResult/></r>"},
     "SUCCEEDED ",
     "StackStatusFilter.member.1=CREATE_COMPLETE"},
};

static void does_as_the_sdk(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        char arn[128];
        const struct desk_reply replies[] = {calls[i].reply, {0}};
        snprintf(arn, sizeof arn, "arn:aws:states:::aws-sdk:%s", calls[i].action);
        const char *said = desk_run(d, arn, calls[i].parameters, replies);
        if (strncmp(said, calls[i].said, strlen(calls[i].said)) != 0)
            fail_msg("%s %s\n--- wanted\n%s\n--- got\n%s", arn, calls[i].parameters, calls[i].said,
                     said);
        if (!calls[i].asked[0])
            continue;
        const char *asked = peer_request(d->peer, peer_request_count(d->peer) - 1);
        if (!strstr(asked, calls[i].asked))
            fail_msg("%s: no %s in\n%s", arn, calls[i].asked, asked);
    }
}

/* "toLocationConstraint": the bucket is made where the call goes, unless it says where. */
static void makes_buckets_where_it_calls(void **state)
{
    static const struct {
        const char *parameters, *region, *given; /* given NULL: as it was */
    } rows[] = {
        {"{\"Bucket\":\"b\"}", "eu-west-1",
         "{\"Bucket\":\"b\",\"CreateBucketConfiguration\":{\"LocationConstraint\":\"eu-west-1\"}}"},
        {"{\"Bucket\":\"b\",\"CreateBucketConfiguration\":{\"Tags\":[]}}", "eu-west-1",
         "{\"Bucket\":\"b\",\"CreateBucketConfiguration\":{\"Tags\":[],\"LocationConstraint\":\"eu-"
         "west-1\"}}"},
        {"{\"Bucket\":\"b\"}", "us-east-1", NULL},
        {"{\"Bucket\":\"b\"}", NULL, NULL},
        {"{\"Bucket\":\"b\",\"createBucketConfiguration\":{\"locationConstraint\":\"x\"}}",
         "eu-west-1", NULL},
        {"{\"Bucket\":\"b\",\"CreateBucketConfiguration\":{\"Location\":{}}}", "eu-west-1", NULL},
    };
    struct desk *d = *state;
    const struct catalogue_service *s = catalogue_service(d->catalogue, ASL_TEXT("s3"));
    const struct catalogue_operation *o = catalogue_operation(s, ASL_TEXT("createBucket"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        asl_value *parameters = value_literal(rows[i].parameters);
        asl_value *given = custom_given(o, parameters, rows[i].region);
        asl_value *wanted = rows[i].given ? value_literal(rows[i].given) : NULL;
        if (!given != !wanted || (given && !value_equal(given, wanted)))
            fail_msg("%s in %s", rows[i].parameters, rows[i].region ? rows[i].region : "no region");
        value_release(parameters);
        value_release(given);
        value_release(wanted);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_open, desk_close)
    const struct CMUnitTest tests[] = {
        TEST(does_as_the_sdk),
        TEST(makes_buckets_where_it_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
