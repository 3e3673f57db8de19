/* Calls through the door, against a peer: what is sent, what is made of the answer, when it is
 * tried again, and that no secret is told. Breaks when: engine/aws/call.c, request.c, retry.c or
 * the credentials go wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/aws.h"
#include "engine/aws/request.h"
#include "engine/loop/loop.h"
#include "tests/aws/peer.h"

#define SECRET "canarySecretKey0123456789"
#define TOKEN  "canarySessionToken"

struct world {
    struct loop *loop;
    struct http_out *http;
    struct catalogue *catalogue;
    struct peer *peer;
    const struct reply *replies;
    const char *sts;  /* what it answers to AssumeRole, whenever that comes */
    const char *held; /* requests that say so are not answered yet; guarded by the lock */
    pthread_mutex_t lock;
    pthread_cond_t let_go;
    struct aws *aws;
    /* the last outcome */
    enum aws_trouble trouble;
    bool failed;
    char code[256], message[8192], output[512];
    size_t attempts;
};

/* What the peer answers to each request in turn; the last one again and again. */
struct reply {
    int status; /* 0: cuts the connection */
    const char *headers, *body;
};

static bool serve(void *state, int fd, size_t number, const char *request)
{
    struct world *w = state;
    size_t i = 0;
    pthread_mutex_lock(&w->lock);
    while (w->held && strstr(request, w->held))
        pthread_cond_wait(&w->let_go, &w->lock);
    pthread_mutex_unlock(&w->lock);
    if (w->sts && strstr(request, "Action=AssumeRole"))
        return peer_answer(fd, 200, "", w->sts);
    while (i < number && w->replies[i + 1].body)
        i++;
    const struct reply *r = &w->replies[i];
    return r->status != 0 && peer_answer(fd, r->status, r->headers, r->body);
}

static void hold(struct world *w, const char *held)
{
    pthread_mutex_lock(&w->lock);
    w->held = held;
    pthread_cond_broadcast(&w->let_go);
    pthread_mutex_unlock(&w->lock);
}

static int64_t fixed_clock(void *state)
{
    (void)state;
    return INT64_C(1440938160000); /* 2015-08-30T12:36:00Z */
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    w->loop = loop_new(LOOP_REAL, 1);
    w->http = http_out_new(w->loop, 0, 0);
    w->catalogue = catalogue_new();
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->let_go, NULL);
    w->peer = peer_start(serve, w);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    aws_free(w->aws);
    hold(w, NULL); /* also of a test that failed on its way */
    peer_stop(w->peer);
    http_out_free(w->http);
    catalogue_free(w->catalogue);
    loop_free(w->loop);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->let_go);
    free(w);
    return 0;
}

static void open_aws(struct world *w, const char *const *environment)
{
    char url[64], message[512] = "";
    struct aws_options o = {.loop = w->loop,
                            .http = w->http,
                            .catalogue = w->catalogue,
                            .environment = environment,
                            .wall_clock = fixed_clock};
    w->aws = aws_new(&o, message);
    if (!w->aws)
        fail_msg("%s", message);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", peer_port(w->peer));
    assert_true(aws_route(w->aws, "*", url, message));
}

static const char *const keys[] = {"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=" SECRET,
                                   "AWS_SESSION_TOKEN=" TOKEN, "AWS_REGION=us-east-1", NULL};

static void keep(void *state, const struct aws_outcome *o)
{
    struct world *w = state;
    w->trouble = o->trouble;
    w->failed = o->answer.failed;
    w->attempts = o->attempts;
    snprintf(w->code, sizeof w->code, "%s", o->answer.code);
    snprintf(w->message, sizeof w->message, "%s", o->answer.message);
    w->output[0] = '\0';
    if (o->answer.output) {
        struct asl_buffer b;
        asl_buffer_init(&b, sizeof w->output - 1);
        value_print(o->answer.output, &b);
        snprintf(w->output, sizeof w->output, "%s", b.data ? b.data : "");
        asl_buffer_free(&b);
    }
    loop_stop(w->loop);
}

static void call(struct world *w, const char *service, const char *action, const char *parameters)
{
    asl_value *p = value_literal(parameters);
    struct aws_ask ask = {
        .operation = catalogue_operation(catalogue_service(w->catalogue, asl_text(service)),
                                         asl_text(action)),
        .names = PROTOCOL_STATES,
        .parameters = p,
        .timeout_ms = 60000,
    };
    assert_non_null(ask.operation);
    aws_call(w->aws, &ask, keep, w);
    value_release(p);
    loop_run(w->loop);
    assert_null(strstr(w->message, "canary"));
}

#define GET "{\"TableName\":\"t\",\"Key\":{\"k\":{\"S\":\"1\"}}}"

static void signs_and_sends_a_call(void **state)
{
    struct world *w = *state;
    static const struct reply replies[] = {
        {200, "x-amzn-RequestId: R1\r\n", "{\"Item\":{\"k\":{\"S\":\"1\"}}}"}, {0}};
    w->replies = replies;
    open_aws(w, keys);
    call(w, "dynamodb", "getItem", GET);
    assert_int_equal(w->trouble, AWS_ANSWERED);
    assert_string_equal(w->output, "{\"Item\":{\"k\":{\"S\":\"1\"}}}");
    const char *sent = peer_request(w->peer, 0);
    assert_non_null(strstr(sent, "POST / HTTP/1.1\r\n"));
    assert_non_null(strstr(sent, "X-Amz-Target: DynamoDB_20120810.GetItem\r\n"));
    assert_non_null(strstr(sent, "X-Amz-Date: 20150830T123600Z\r\n"));
    assert_non_null(strstr(sent, "X-Amz-Security-Token: " TOKEN "\r\n"));
    assert_non_null(strstr(sent, "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/"
                                 "us-east-1/dynamodb/aws4_request, SignedHeaders="));
    assert_non_null(strstr(sent, "\r\n\r\n" GET));
    assert_null(strstr(sent, SECRET));
}

/* S3 Control signs as S3 does, though it is another service. */
static void signs_the_kin_of_s3_as_s3(void **state)
{
    struct world *w = *state;
    static const struct reply replies[] = {{200, "", "<R/>"}, {0}};
    w->replies = replies;
    open_aws(w, keys);
    call(w, "s3control", "getAccessPoint", "{\"AccountId\":\"111111111111\",\"Name\":\"n\"}");
    call(w, "glacier", "listVaults", "{\"AccountId\":\"-\"}");
    assert_non_null(strstr(peer_request(w->peer, 0), "x-amz-content-sha256: e3b0c442"));
    assert_non_null(strstr(peer_request(w->peer, 0), "/us-east-1/s3/aws4_request"));
    assert_null(strstr(peer_request(w->peer, 1), "x-amz-content-sha256"));
}

static void takes_the_services_own_error(void **state)
{
    struct world *w = *state;
    static const struct reply replies[] = {
        {400, "x-amzn-RequestId: R1\r\n",
         "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\","
         "\"message\":\"Requested resource not found\"}"},
        {0}};
    w->replies = replies;
    open_aws(w, keys);
    call(w, "dynamodb", "getItem", GET);
    assert_int_equal(w->trouble, AWS_ANSWERED);
    assert_true(w->failed);
    assert_int_equal(w->attempts, 1);
    assert_string_equal(w->code, "ResourceNotFoundException");
    assert_string_equal(w->message, "Requested resource not found");
}

static void tries_again_what_an_sdk_would(void **state)
{
    struct world *w = *state;
    static const struct reply replies[] = {
        {500, "", "{\"__type\":\"InternalServerError\"}"}, {503, "", ""}, {200, "", "{}"}, {0}};
    w->replies = replies;
    open_aws(w, keys);
    call(w, "dynamodb", "getItem", GET);
    assert_false(w->failed);
    assert_int_equal(w->attempts, 3);
    assert_string_equal(w->output, "{}");
}

static void gives_up_after_its_attempts(void **state)
{
    struct world *w = *state;
    static const struct reply replies[] = {
        {400, "", "{\"__type\":\"ThrottlingException\",\"message\":\"slow\"}"}, {0}};
    w->replies = replies;
    open_aws(w, (const char *const[]){keys[0], keys[1], "AWS_MAX_ATTEMPTS=2", NULL});
    call(w, "dynamodb", "getItem", GET);
    assert_int_equal(w->attempts, 2);
    assert_string_equal(w->code, "ThrottlingException");
}

static void puts_its_clock_right(void **state)
{
    struct world *w = *state;
    static const struct reply replies[] = {
        {400, "Date: Sun, 30 Aug 2015 13:36:00 GMT\r\n", "{\"__type\":\"RequestTimeTooSkewed\"}"},
        {200, "", "{}"},
        {0}};
    w->replies = replies;
    open_aws(w, keys);
    call(w, "dynamodb", "getItem", GET);
    assert_false(w->failed);
    assert_non_null(strstr(peer_request(w->peer, 1), "X-Amz-Date: 20150830T133600Z\r\n"));
}

static void names_trouble_on_the_way(void **state)
{
    struct world *w = *state;
    char message[512];
    static const struct reply broken[] = {{200, "", "{\"Item\":["}, {0}};
    static const struct {
        const char *url, *message;
    } cases[] = {
        {"http://127.0.0.1:1",
         "Unable to execute HTTP request: Connect to 127.0.0.1 failed: Connection refused"},
        {"http://no-such-host.invalid",
         "Unable to execute HTTP request: no-such-host.invalid: Name or service not known"},
    };
    w->replies = broken;
    open_aws(w, (const char *const[]){keys[0], keys[1], "AWS_MAX_ATTEMPTS=1", NULL});
    call(w, "dynamodb", "getItem", GET);
    assert_int_equal(w->trouble, AWS_CLIENT);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        aws_free(w->aws);
        open_aws(w, (const char *const[]){keys[0], keys[1], "AWS_MAX_ATTEMPTS=1", NULL});
        assert_true(aws_route(w->aws, "dynamodb", cases[i].url, message));
        call(w, "dynamodb", "getItem", GET);
        assert_int_equal(w->trouble, AWS_CLIENT);
        assert_string_equal(w->message, cases[i].message);
    }
}

/* Real AWS would refuse them in words that nobody understands: said before anything is sent. */
static void says_what_it_cannot_sign(void **state)
{
    static const struct {
        const char *service, *action, *parameters, *message;
    } cases[] = {
        {"s3", "getObject",
         "{\"Bucket\":\"arn:aws:s3::123456789012:accesspoint/x.mrap\",\"Key\":\"k\"}",
         "S3 multi-region access points are signed with SigV4a"},
        {"eventbridge", "putEvents", "{\"Entries\":[],\"endpointId\":\"abc.def\"}",
         "EventBridge global endpoints are signed with SigV4a"},
        {"cloudfrontkeyvaluestore", "listKeys", "{\"KvsARN\":\"a\"}",
         "CloudFront KeyValueStore is signed with SigV4a"},
    };
    struct world *w = *state;
    char message[512];
    open_aws(w, (const char *const[]){keys[0], keys[1], "AWS_REGION=us-east-1", NULL});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(aws_route(w->aws, cases[i].service, "aws", message));
        call(w, cases[i].service, cases[i].action, cases[i].parameters);
        assert_int_equal(w->trouble, AWS_CLIENT);
        if (strncmp(w->message, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("%s: %s", cases[i].service, w->message);
    }
}

static void finds_the_host_of_a_bucket(void **state)
{
    static const struct {
        const char *path, *url;
    } cases[] = {
        {"/bucket/a%20b", "https://bucket.s3.us-east-1.amazonaws.com/a%20b"},
        {"/dotted.bucket/k", "https://s3.us-east-1.amazonaws.com/dotted.bucket/k"},
        {"/arn%3Aaws%3As3%3Aeu-west-1%3A123456789012%3Aaccesspoint%2Fpoint/a/b",
         "https://point-123456789012.s3-accesspoint.eu-west-1.amazonaws.com/a/b"},
        {"/arn%3Aaws-cn%3As3%3Acn-north-1%3A123456789012%3Aaccesspoint%2Fpoint",
         "https://point-123456789012.s3-accesspoint.cn-north-1.amazonaws.com.cn/"},
        {"/arn%3Aaws%3As3%3Aevil.example%2F%3A1%3Aaccesspoint%2Fpoint/k",
         "https://s3.us-east-1.amazonaws.com/arn%3Aaws%3As3%3Aevil.example%2F%3A1%3Aaccesspoint"
         "%2Fpoint/k"},
        {"/arn%3A", "https://s3.us-east-1.amazonaws.com/arn%3A"},
        {"/arn%3Aaws%3As3%3A", "https://s3.us-east-1.amazonaws.com/arn%3Aaws%3As3%3A"},
    };
    struct world *w = *state;
    struct endpoint e = {.origin = ENDPOINT_REAL,
                         .url = "https://s3.us-east-1.amazonaws.com",
                         .signing_region = "us-east-1"};
    const struct catalogue_operation *o =
        catalogue_operation(catalogue_service(w->catalogue, ASL_TEXT("s3")), ASL_TEXT("getObject"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aws_request request;
        struct http_request out = {0};
        struct asl_buffer url;
        char message[256];
        aws_request_init(&request);
        asl_buffer_init(&url, 4096);
        request.method = "GET";
        asl_buffer_puts(&request.path, cases[i].path);
        struct request_place place = {&e, o, NULL, 0};
        assert_true(request_make(&place, &request, &out, &url, message));
        assert_string_equal(url.data, cases[i].url);
        http_headers_free(&out.headers);
        asl_buffer_free(&url);
        aws_request_free(&request);
    }
}

static void refuses_parameters_before_sending(void **state)
{
    struct world *w = *state;
    static const struct reply replies[] = {{200, "", "{}"}, {0}};
    w->replies = replies;
    open_aws(w, keys);
    call(w, "dynamodb", "getItem", "{\"NoSuchField\":1}");
    assert_int_equal(w->trouble, AWS_REFUSED);
    assert_non_null(strstr(w->message, "NoSuchField"));
    assert_int_equal(peer_request_count(w->peer), 0);
}

static void makes_up_credentials_for_this_machine_only(void **state)
{
    struct world *w = *state;
    char message[512];
    static const struct reply replies[] = {{200, "", "{}"}, {0}};
    w->replies = replies;
    open_aws(w, (const char *const[]){"AWS_EC2_METADATA_DISABLED=true", NULL});
    call(w, "dynamodb", "getItem", GET);
    assert_non_null(strstr(peer_request(w->peer, 0), "Credential=stepwell/"));
    assert_true(aws_route(w->aws, "dynamodb:putItem", "http://192.0.2.1", message));
    call(w, "dynamodb", "putItem", "{\"TableName\":\"t\",\"Item\":{}}");
    assert_int_equal(w->trouble, AWS_CLIENT);
    assert_non_null(strstr(w->message, "Unable to load credentials"));
    assert_int_equal(w->attempts, 0);
}

static void never_tells_a_broken_secret(void **state)
{
    struct world *w = *state;
    static const struct reply replies[] = {{200, "", "{}"}, {0}};
    w->replies = replies;
    open_aws(w, (const char *const[]){keys[0], "AWS_SECRET_ACCESS_KEY=canary with\nbreak", NULL});
    call(w, "dynamodb", "getItem", GET);
    assert_int_equal(w->trouble, AWS_CLIENT);
    assert_non_null(strstr(w->message, "secret access key"));
    assert_int_equal(peer_request_count(w->peer), 0);
}

#define ASSUMED                                                                                    \
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>"   \
    "<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>canaryrole</"                \
    "SecretAccessKey>"                                                                             \
    "<SessionToken>rt</SessionToken><Expiration>2015-08-30T13:36:00Z</Expiration></Credentials>"   \
    "</AssumeRoleResult></AssumeRoleResponse>"

static void ask_as(struct world *w, const char *role)
{
    asl_value *p = value_literal(GET);
    struct aws_ask ask = {
        .operation = catalogue_operation(catalogue_service(w->catalogue, ASL_TEXT("dynamodb")),
                                         ASL_TEXT("getItem")),
        .parameters = p,
        .names = PROTOCOL_STATES,
        .role_arn = role,
    };
    aws_call(w->aws, &ask, keep, w);
    value_release(p);
    loop_run(w->loop);
}

static void assumes_the_role_of_a_state_once(void **state)
{
    struct world *w = *state;
    static const struct reply replies[] = {{200, "", "{}"}, {0}};
    w->replies = replies;
    w->sts = ASSUMED;
    open_aws(w, keys);
    ask_as(w, "arn:aws:iam::111111111111:role/R");
    assert_false(w->failed);
    ask_as(w, "arn:aws:iam::111111111111:role/R");
    assert_false(w->failed);
    assert_int_equal(peer_request_count(w->peer), 3);
    assert_non_null(strstr(peer_request(w->peer, 0), "Action=AssumeRole&"));
    assert_non_null(strstr(peer_request(w->peer, 0), "Credential=AKIDEXAMPLE/"));
    assert_non_null(strstr(peer_request(w->peer, 1), "Credential=ASIAROLE/"));
    assert_non_null(strstr(peer_request(w->peer, 2), "X-Amz-Security-Token: rt\r\n"));
}

static void tells_when_a_role_is_refused(void **state)
{
    struct world *w = *state;
    static const struct reply replies[] = {
        {403, "",
         "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error>"
         "<RequestId>r</RequestId></ErrorResponse>"},
        {0}};
    w->replies = replies;
    open_aws(w, keys);
    ask_as(w, "arn:aws:iam::111111111111:role/R");
    assert_int_equal(w->trouble, AWS_ROLE);
    assert_string_equal(w->message,
                        "role arn:aws:iam::111111111111:role/R could not be assumed: not you");
}

static void must_not_be_called(void *state, const struct aws_outcome *o)
{
    (void)state;
    (void)o;
    fail_msg("called after it was cancelled");
}

struct awaited {
    struct world *world;
    struct loop_timer *timer;
    size_t requests;
};

static void look_again(void *state)
{
    struct awaited *a = state;
    if (peer_request_count(a->world->peer) >= a->requests)
        loop_stop(a->world->loop);
    else
        loop_timer_arm(a->timer, loop_now(a->world->loop) + 1);
}

/* Runs the loop until the peer has got so many requests. */
static void run_until_asked(struct world *w, size_t requests)
{
    struct awaited a = {.world = w, .requests = requests};
    a.timer = loop_timer_new(w->loop, look_again, &a);
    loop_timer_arm(a.timer, 0);
    loop_run(w->loop);
    loop_timer_free(a.timer);
}

/* Cancelled before they began, while a role is being assumed, and while the answer is on its
 * way. */
static void forgets_what_was_cancelled(void **state)
{
    struct world *w = *state;
    static const struct reply replies[] = {{200, "", "{}"}, {0}};
    asl_value *p = value_literal(GET);
    struct aws_call *calls[6];
    w->replies = replies;
    w->sts = ASSUMED;
    open_aws(w, keys);
    struct aws_ask ask = {
        .operation = catalogue_operation(catalogue_service(w->catalogue, ASL_TEXT("dynamodb")),
                                         ASL_TEXT("getItem")),
        .parameters = p,
        .names = PROTOCOL_STATES,
        .role_arn = "arn:aws:iam::1:role/R",
    };
    hold(w, "Action=AssumeRole");
    for (size_t i = 0; i < 6; i++)
        calls[i] = aws_call(w->aws, &ask, must_not_be_called, w);
    for (size_t i = 0; i < 2; i++)
        aws_call_cancel(calls[i]);
    run_until_asked(w, 1);
    assert_non_null(strstr(peer_request(w->peer, 0), "Action=AssumeRole&"));
    for (size_t i = 2; i < 4; i++)
        aws_call_cancel(calls[i]);
    hold(w, "GetItem"); /* the role's answer comes, and the two that are left ask */
    run_until_asked(w, 3);
    for (size_t i = 4; i < 6; i++)
        aws_call_cancel(calls[i]);
    hold(w, NULL);
    call(w, "dynamodb", "getItem", GET);
    assert_false(w->failed);
    value_release(p);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(signs_and_sends_a_call),
        TEST(signs_the_kin_of_s3_as_s3),
        TEST(takes_the_services_own_error),
        TEST(tries_again_what_an_sdk_would),
        TEST(gives_up_after_its_attempts),
        TEST(puts_its_clock_right),
        TEST(names_trouble_on_the_way),
        TEST(says_what_it_cannot_sign),
        TEST(finds_the_host_of_a_bucket),
        TEST(refuses_parameters_before_sending),
        TEST(makes_up_credentials_for_this_machine_only),
        TEST(never_tells_a_broken_secret),
        TEST(assumes_the_role_of_a_state_once),
        TEST(tells_when_a_role_is_refused),
        TEST(forgets_what_was_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
