/* A service that means harm, or has lost its mind, at the other end of a running engine (issue 6,
 * bar 5): each answer ends its task in bounded time and memory with the error that its kind has,
 * nobody else is called, and the next execution goes on as if nothing had been. Breaks when: a
 * bound between the wire and the history is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/aws/engine_desk.h"

/* What one answer may cost: the answer's own bound is 8 MiB; sanitizers and threads take theirs. */
#define MEMORY_MAXIMUM_KB (256 * 1024)
#define BOMB_BYTES        ((size_t)64 << 20) /* inflated */

struct hostile {
    const char *name;
    const char *action; /* of aws-sdk */
    /* status line and headers, without the blank line; NULL: nothing at all */
    const char *head;
    const char *body;  /* sent as it stands */
    const char *flood; /* and then this, over and over */
    const char *slow;  /* and then this, a byte every 30 ms */
    const char *error; /* begins so */
    const char *cause; /* holds that */
};

#define OK        "HTTP/1.1 200 OK\r\n"
#define DYNAMODB  "dynamodb:getItem"
#define S3        "s3:listObjectsV2"
#define TOO_LARGE "States.DataLimitExceeded"
#define CLIENT    "DynamoDb.SdkClientException"
#define CLIENT_S3 "S3.SdkClientException"
#define NO_SENSE  "Unable to unmarshall response"

static const struct hostile cases[] = {
    {"endless body", DYNAMODB, OK, "{\"Item\":{\"k\":{\"S\":\"", "xxxxxxxxxxxxxxxx", 0, TOO_LARGE,
     ""},
    {"endless body in chunks", DYNAMODB, OK "Transfer-Encoding: chunked\r\n", "",
     "10\r\nxxxxxxxxxxxxxxxx\r\n", 0, TOO_LARGE, ""},
    {"ten gigabytes announced", DYNAMODB, OK "Content-Length: 10000000000\r\n", "", "xxxxxxxx", 0,
     TOO_LARGE, ""},
    {"a length beyond all numbers", DYNAMODB, OK "Content-Length: 99999999999999999999999\r\n",
     "{}", 0, 0, TOO_LARGE, ""},
    {"trickle", DYNAMODB, OK "Content-Length: 1000000\r\n", "", 0, "x", "States.Timeout", ""},
    {"a head that never ends", DYNAMODB, "HTTP/1.1 200 OK\r\nX: ", "", 0, "x", "States.Timeout",
     ""},
    {"a flood of headers", DYNAMODB, OK, NULL, "X-More: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n", 0,
     TOO_LARGE, ""},
    {"one endless header", DYNAMODB, "HTTP/1.1 200 OK\r\nX: ", NULL, "xxxxxxxxxxxxxxxxxxxxxxxxxxx",
     0, "", ""},
    {"nothing", DYNAMODB, NULL, "", 0, 0, CLIENT, "The target server failed to respond"},
    {"no HTTP", DYNAMODB, "SSH-2.0-OpenSSH\r\n", "", 0, 0, CLIENT, "valid HTTP response"},
    {"cut in the middle", DYNAMODB, OK "Content-Length: 99\r\n", "{\"Item\":", 0, 0, CLIENT,
     "Premature end"},
    {"a redirect to a file", DYNAMODB,
     "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n", "", 0, 0,
     "DynamoDb.DynamoDbException", "Status Code: 302"},
    {"a redirect to the metadata service", S3,
     "HTTP/1.1 307 Go\r\nLocation: "
     "http://169.254.169.254/latest/meta-data/iam/security-credentials/"
     "\r\nContent-Length: 0\r\n",
     "", 0, 0, "S3.S3Exception", "Status Code: 307"},
    {"a redirect to itself", DYNAMODB,
     "HTTP/1.1 308 Go\r\nLocation: /again\r\nContent-Length: 0\r\n", "", 0, 0,
     "DynamoDb.DynamoDbException", "Status Code: 308"},
    {"a list where a map is", DYNAMODB, OK, "{\"Item\":[1,2]}", 0, 0, CLIENT, NO_SENSE},
    {"a number where a map is", DYNAMODB, OK, "{\"Item\":7}", 0, 0, CLIENT, NO_SENSE},
    {"an object where a text is", DYNAMODB, OK, "{\"Item\":{\"a\":{\"S\":{\"x\":1}}}}", 0, 0,
     CLIENT, NO_SENSE},
    {"JSON that is none", DYNAMODB, OK, "{\"Item\":", 0, 0, CLIENT, NO_SENSE},
    {"bytes that are no text", DYNAMODB, OK, "{\"Item\":{\"a\":{\"S\":\"\xff\xfe\"}}}", 0, 0,
     CLIENT, NO_SENSE},
    {"a number beyond all numbers", "dynamodb:describeTable", OK,
     "{\"Table\":{\"CreationDateTime\":1e999}}", 0, 0, CLIENT, NO_SENSE},
    {"depth", DYNAMODB, OK, "[[", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 0, TOO_LARGE, ""},
    {"XML that is none", S3, OK, "<ListBucketResult><Contents>", 0, 0, CLIENT_S3, NO_SENSE},
    {"entities in entities", S3, OK,
     "<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\"><!ENTITY y \"&x;&x;&x;&x;&x;&x;&x;&x;&x;\">"
     "<!ENTITY z \"&y;&y;&y;&y;&y;&y;&y;&y;&y;\">]><a>&z;&z;&z;</a>",
     0, 0, CLIENT_S3, NO_SENSE},
    {"a file as an entity", S3, OK,
     "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><ListBucketResult><Name>&x;</Name>"
     "</ListBucketResult>",
     0, 0, CLIENT_S3, NO_SENSE},
    {"an error code of lines", DYNAMODB, "HTTP/1.1 400 Bad\r\n",
     "{\"__type\":\"a\\r\\nX: 1%s%n\\u0000\",\"message\":\"\\u0007%n%s\\u0000tail\"}", 0, 0,
     "DynamoDb.", "Status Code: 400"},
    {"an error that is a page", DYNAMODB, "HTTP/1.1 502 Bad\r\nContent-Type: text/html\r\n",
     "<html><body>no</body></html>", 0, 0, "DynamoDb.DynamoDbException", "Status Code: 502"},
};

/* ---- the peer ---- */

struct world {
    struct engine_desk desk;
    _Atomic(const struct hostile *) now; /* NULL: a good answer */
    struct asl_buffer bomb;
};

static bool send_head(int fd, const struct hostile *h)
{
    if (!h->head || !peer_write(fd, h->head, strlen(h->head)))
        return false;
    bool ends = h->body != NULL && !(h->slow && strstr(h->name, "head"));
    return !ends || peer_write(fd, "\r\n", 2);
}

/* Many at once: a byte a packet would be a trickle. */
static void flood(int fd, const char *unit)
{
    struct asl_buffer block;
    asl_buffer_init(&block, ASL_BUFFER_MAXIMUM);
    while (block.size < 65536)
        asl_buffer_puts(&block, unit);
    while (peer_write(fd, block.data, block.size))
        ;
    asl_buffer_free(&block);
}

static bool serve(void *state, int fd, size_t number, const char *request)
{
    struct world *w = state;
    const struct hostile *h = w->now;
    (void)number;
    (void)request;
    if (!h)
        return peer_answer(fd, 200, "", "{\"Item\":{\"k\":{\"S\":\"fine\"}}}");
    if (h->flood && strcmp(h->flood, "bomb") == 0)
        return peer_answer_bytes(fd, 200, "Content-Encoding: gzip\r\n", w->bomb.data, w->bomb.size);
    if (!send_head(fd, h) || (h->body && !peer_write(fd, h->body, strlen(h->body))))
        return false;
    if (h->flood)
        flood(fd, h->flood);
    while (h->slow && peer_write(fd, h->slow, strlen(h->slow)))
        usleep(30000);
    return false;
}

/* ---- the engine ---- */

static int set_up(void **state)
{
    static const char *const environment[] = {"AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
                                              "AWS_SECRET_ACCESS_KEY=secret",
                                              "AWS_REGION=us-east-1", "AWS_MAX_ATTEMPTS=1", NULL};
    struct world *w = calloc(1, sizeof *w);
    w->desk.catalogue = catalogue_new();
    w->desk.serve = serve;
    w->desk.state = w;
    engine_desk_open(&w->desk, LOOP_REAL, environment);
    asl_buffer_init(&w->bomb, ASL_BUFFER_MAXIMUM);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    engine_desk_close(&w->desk);
    catalogue_free(w->desk.catalogue);
    asl_buffer_free(&w->bomb);
    free(w);
    return 0;
}

/* What is slow is to run into the time limit, all else not: the machine itself may be slow. */
static void run(struct world *w, const char *action, bool in_time)
{
    static int count;
    char name[32], definition[512];
    bool is_s3 = strncmp(action, "s3", 2) == 0;
    const char *parameters = is_s3                             ? "{\"Bucket\":\"bucket\"}"
                             : strstr(action, "describeTable") ? "{\"TableName\":\"t\"}"
                                                               : "{\"TableName\":\"t\",\"Key\":{}}";
    snprintf(name, sizeof name, "m%d", count++);
    snprintf(
        definition, sizeof definition,
        "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::"
        "aws-sdk:%s\",\"TimeoutSeconds\":%d,\"Parameters\":%s,\"End\":true}}}",
        action, in_time ? 60 : 1, parameters);
    assert_true(engine_desk_run(&w->desk, name, asl_text(definition), ASL_TEXT("{}")));
}

static struct asl_text said(const struct world *w, const char *member)
{
    const asl_value *details = engine_desk_last(&w->desk, "ExecutionFailed");
    const asl_value *v = details ? value_get_z(details, member) : NULL;
    return v ? value_as_text(v) : ASL_TEXT("");
}

static bool holds(struct asl_text text, const char *part)
{
    return !*part || (text.size && memmem(text.data, text.size, part, strlen(part)));
}

static void expect_health(struct world *w, const char *after)
{
    w->now = NULL;
    run(w, DYNAMODB, true);
    if (w->desk.status != ASL_SUCCEEDED)
        fail_msg("after %s the next execution did not succeed", after);
}

static long memory_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* One that does not end is ended by the time limit of tests/run.sh. */
static void survive(struct world *w, const struct hostile *h)
{
    size_t requests = peer_request_count(w->desk.peer);
    long memory = memory_kb();
    w->now = h;
    run(w, h->action, !h->slow);
    if (w->desk.status != ASL_FAILED || !asl_text_starts(said(w, "error"), h->error) ||
        !holds(said(w, "cause"), h->cause))
        fail_msg("%s: wanted %s | %s, got %.*s | %.*s", h->name, h->error, h->cause,
                 ASL_TEXT_ARGS(said(w, "error")), ASL_TEXT_ARGS(said(w, "cause")));
    if (said(w, "cause").size > 32768 || said(w, "error").size > 256)
        fail_msg("%s: the history swallowed it whole", h->name);
    if (memory_kb() - memory > MEMORY_MAXIMUM_KB)
        fail_msg("%s: took %ld KiB", h->name, memory_kb() - memory);
    /* A kept connection that dies without a byte may have been stale: libcurl opens another. */
    size_t allowed = h->head ? 1 : 2;
    if (peer_request_count(w->desk.peer) > requests + allowed)
        fail_msg("%s: was asked %zu times", h->name, peer_request_count(w->desk.peer) - requests);
    expect_health(w, h->name);
}

static void survives_every_answer(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        survive(*state, &cases[i]);
}

/* We ask for no compression: what comes compressed is not inflated, and no answer. */
static void inflates_nothing(void **state)
{
    static const struct hostile bomb = {"a gzip bomb", DYNAMODB, OK,     "",
                                        "bomb",        0,        CLIENT, NO_SENSE};
    struct world *w = *state;
    z_stream z = {0};
    static unsigned char zeros[1 << 16], out[1 << 16];
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    for (size_t done = 0; done <= BOMB_BYTES; done += sizeof zeros) {
        z.next_in = zeros;
        z.avail_in = sizeof zeros;
        do {
            z.next_out = out;
            z.avail_out = sizeof out;
            deflate(&z, done + sizeof zeros > BOMB_BYTES ? Z_FINISH : Z_NO_FLUSH);
            asl_buffer_put(&w->bomb, (const char *)out, sizeof out - z.avail_out);
        } while (z.avail_out == 0);
    }
    deflateEnd(&z);
    survive(w, &bomb);
}

/* A million characters of message are cut at the API's bound, between characters. */
static void cuts_what_goes_into_the_history(void **state)
{
    struct asl_buffer body;
    struct hostile long_message = {"a long message", DYNAMODB, "HTTP/1.1 400 Bad\r\n", NULL, 0, 0,
                                   "DynamoDb.",      ""};
    asl_buffer_init(&body, ASL_BUFFER_MAXIMUM);
    asl_buffer_puts(&body, "{\"__type\":\"");
    for (int i = 0; i < 100000; i++)
        asl_buffer_puts(&body, "Code");
    asl_buffer_puts(&body, "\",\"message\":\"");
    for (int i = 0; i < 1000000; i++)
        asl_buffer_puts(&body, "\xc3\xa4");
    asl_buffer_puts(&body, "\"}");
    long_message.body = body.data;
    survive(*state, &long_message);
    asl_buffer_free(&body);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(survives_every_answer),
        TEST(inflates_nothing),
        TEST(cuts_what_goes_into_the_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
