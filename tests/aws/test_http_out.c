/* HTTP out against a peer that misbehaves. Breaks when: engine/loop/http_out.c mistakes one
 * failure for another, follows a redirect, sends what nobody asked for, grows beyond its bounds,
 * or blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/loop/http_out.h"
#include "engine/loop/loop.h"
#include "tests/aws/peer.h"

#define SHORT_MS    400   /* for what is to run into it */
#define PATIENCE_MS 60000 /* for all else, however slow the machine */

enum { ASKS = 400, AT_ONCE = 8 }; /* requests to one host */

struct world {
    struct loop *loop;
    struct http_out *http;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    w->loop = loop_new(LOOP_REAL, 1);
    w->http = http_out_new(w->loop, 64, AT_ONCE);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    http_out_free(w->http);
    loop_free(w->loop);
    free(w);
    return 0;
}

static void url_of(struct peer *p, const char *path, char url[128])
{
    snprintf(url, 128, "http://127.0.0.1:%u%s", peer_port(p), path);
}

/* ---- a table of bad peers ---- */

/* Written as they stand; a NULL ends them. '~' writes a byte every 30 ms without end, '*' as many
 * as it can. */
static const struct bad_peer {
    const char *name;
    const char *answer;
    enum http_failure failure;
    int status;
} bad_peers[] = {
    {"a whole answer", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", HTTP_DONE, 200},
    {"an error is an answer", "HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\n{}", HTTP_DONE, 503},
    {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
     HTTP_DONE, 200},
    {"an interim answer first",
     "HTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
     HTTP_DONE, 200},
    {"body until the end", "HTTP/1.1 200 OK\r\n\r\n{}", HTTP_DONE, 200},
    {"redirect", "HTTP/1.1 302 Go\r\nLocation: file:///etc/passwd\r\nContent-Length: 2\r\n\r\n{}",
     HTTP_DONE, 302},
    {"nothing", "", HTTP_CUT_OFF, 0},
    {"cut in the status", "HTTP/1.1 2", HTTP_CUT_OFF, 0},
    {"cut in the body", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", HTTP_CUT_OFF, 200},
    {"cut in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{", HTTP_CUT_OFF,
     200},
    {"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n", HTTP_MALFORMED, 0},
    {"a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}", HTTP_MALFORMED,
     200},
    {"a chunk size that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
     HTTP_CUT_OFF, 200},
    {"HTTP/0.9", "<html>hello</html>", HTTP_MALFORMED, 0},
    {"trickle", "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n~", HTTP_TIMED_OUT, 200},
    {"announced too large", "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n*",
     HTTP_TOO_LARGE, 200},
    {"endless", "HTTP/1.1 200 OK\r\n\r\n*", HTTP_TOO_LARGE, 200},
    {"endless headers", "HTTP/1.1 200 OK\r\n+", HTTP_TOO_LARGE, 200},
};

static bool flood(int fd, const char *unit)
{
    while (peer_write(fd, unit, strlen(unit)))
        ;
    return false;
}

static bool trickle(int fd)
{
    while (peer_write(fd, "a", 1))
        usleep(30000);
    return false;
}

static bool serve_badly(void *state, int fd, size_t number, const char *request)
{
    const struct bad_peer *b = state;
    (void)number;
    (void)request;
    for (const char *at = b->answer; *at; at++) {
        if (*at == '~')
            return trickle(fd);
        else if (*at == '*')
            return flood(fd, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        else if (*at == '+')
            return flood(fd,
                         "X-More: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n");
        else if (!peer_write(fd, at, 1))
            return false;
    }
    return false;
}

static void tells_failures_apart(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < sizeof bad_peers / sizeof *bad_peers; i++) {
        char url[128];
        struct peer *p = peer_start(serve_badly, (void *)&bad_peers[i]);
        url_of(p, "/", url);
        struct http_request r = {
            .method = "POST", .url = url, .timeout_ms = PATIENCE_MS, .answer_maximum = 1 << 20};
        if (bad_peers[i].failure == HTTP_TIMED_OUT)
            r.timeout_ms = SHORT_MS;
        struct http_answer a = peer_wait(w->loop, w->http, &r);
        while (a.failure == HTTP_TIMED_OUT && a.status == 0 && r.timeout_ms < PATIENCE_MS) {
            peer_answer_free(&a); /* a stalled machine: not even the head has come */
            r.timeout_ms *= 2;
            a = peer_wait(w->loop, w->http, &r);
        }
        if (a.failure != bad_peers[i].failure || a.status != bad_peers[i].status)
            fail_msg("%s: failure %d (%s), status %d", bad_peers[i].name, a.failure, a.message,
                     a.status);
        assert_int_equal(a.failure == HTTP_DONE, a.message[0] == '\0');
        if (a.failure == HTTP_DONE) {
            assert_string_equal(a.body.data, "{}");
            assert_null(http_headers_get(&a.headers, "X-Early"));
        }
        peer_answer_free(&a);
        peer_stop(p);
    }
}

static void fails_where_nobody_is(void **state)
{
    static const struct {
        const char *url;
        enum http_failure failure;
    } cases[] = {
        {"http://127.0.0.1:1/", HTTP_REFUSED},
        {"http://no-such-host.invalid/", HTTP_UNRESOLVED},
        {"file:///etc/passwd", HTTP_BAD_URL},
        {"gopher://127.0.0.1/", HTTP_BAD_URL},
        {"http://", HTTP_BAD_URL},
        {"", HTTP_BAD_URL},
        {"http://127.0.0.1:1/a b", HTTP_BAD_URL},
        {"http://127.0.0.1:1/a\r\nX: y", HTTP_BAD_URL},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_request r = {.method = "GET", .url = cases[i].url, .timeout_ms = PATIENCE_MS};
        struct http_answer a = peer_wait(w->loop, w->http, &r);
        if (a.failure != cases[i].failure)
            fail_msg("%s: failure %d (%s)", cases[i].url, a.failure, a.message);
        peer_answer_free(&a);
    }
}

static bool serve_well(void *state, int fd, size_t number, const char *request)
{
    (void)state;
    (void)number;
    (void)request;
    return peer_answer(fd, 200, "X-Amzn-RequestId:  abc \r\n", "{}");
}

static void sends_what_was_asked_and_no_more(void **state)
{
    struct world *w = *state;
    struct peer *p = peer_start(serve_well, NULL);
    char url[128], want[512];
    url_of(p, "/a/../b%20c?x=1", url);
    struct http_request r = {.method = "POST", .url = url, .body = ASL_TEXT("{\"a\":1}")};
    http_headers_add(&r.headers, "X-Empty", ASL_TEXT(""));
    http_headers_add(&r.headers, "X-Amz-Target", ASL_TEXT("T.Op"));
    struct http_answer a = peer_wait(w->loop, w->http, &r);
    assert_int_equal(a.failure, HTTP_DONE);
    assert_string_equal(http_headers_get(&a.headers, "x-amzn-requestid"), "abc");
    assert_string_equal(a.reason, "Something");
    snprintf(want, sizeof want,
             "POST /a/../b%%20c?x=1 HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nX-Empty:\r\n"
             "X-Amz-Target: T.Op\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
             peer_port(p));
    assert_string_equal(peer_request(p, 0), want);
    peer_answer_free(&a);
    http_headers_free(&r.headers);
    peer_stop(p);
}

static void refuses_headers_that_break_the_line(void **state)
{
    struct world *w = *state;
    struct http_request r = {.method = "GET", .url = "http://127.0.0.1:1/"};
    http_headers_add(&r.headers, "X-A", ASL_TEXT("b\r\nX-Evil: 1"));
    struct http_answer a = peer_wait(w->loop, w->http, &r);
    assert_int_equal(a.failure, HTTP_BAD_URL);
    peer_answer_free(&a);
    http_headers_free(&r.headers);
}

static void keeps_away_from_private_addresses(void **state)
{
    struct world *w = *state;
    struct peer *p = peer_start(serve_well, NULL);
    char url[128];
    url_of(p, "/", url);
    struct http_request r = {.method = "GET", .url = url, .public_only = true};
    struct http_answer a = peer_wait(w->loop, w->http, &r);
    assert_int_equal(a.failure, HTTP_FORBIDDEN);
    assert_int_equal(peer_request_count(p), 0);
    peer_answer_free(&a);
    peer_stop(p);
}

/* ---- many at once ---- */

struct crowd {
    struct loop *loop;
    size_t left, good;
};

static void one_of_many(void *state, const struct http_answer *a)
{
    struct crowd *c = state;
    c->good += a->failure == HTTP_DONE && a->status == 200;
    if (--c->left == 0)
        loop_stop(c->loop);
}

/* Nobody is answered before as many have come as may at once. */
static bool serve_together(void *state, int fd, size_t number, const char *request)
{
    struct peer **p = state;
    for (int i = 0; i < PATIENCE_MS && peer_most_at_once(*p) < AT_ONCE; i++)
        usleep(1000);
    return serve_well(NULL, fd, number, request);
}

static void bounds_what_goes_to_one_host_and_reuses_connections(void **state)
{
    struct world *w = *state;
    struct peer *p = peer_start(serve_together, &p);
    struct crowd c = {w->loop, ASKS, 0};
    char url[128];
    url_of(p, "/", url);
    struct http_request r = {.method = "GET", .url = url};
    for (size_t i = 0; i < ASKS; i++)
        http_out_send(w->http, &r, one_of_many, &c);
    loop_run(w->loop);
    assert_int_equal(c.good, ASKS);
    assert_int_equal(peer_most_at_once(p), AT_ONCE);
    assert_int_equal(peer_connection_count(p), AT_ONCE);
    peer_stop(p);
}

static bool serve_never(void *state, int fd, size_t number, const char *request)
{
    (void)fd;
    (void)number;
    (void)request;
    while (!atomic_load((atomic_bool *)state))
        usleep(1000);
    return false;
}

static void must_not_be_called(void *state, const struct http_answer *a)
{
    (void)state;
    (void)a;
    fail_msg("called after it was cancelled");
}

static void forgets_what_was_cancelled(void **state)
{
    struct world *w = *state;
    atomic_bool end = false;
    struct peer *slow = peer_start(serve_never, &end), *good = peer_start(serve_well, NULL);
    struct http_call *calls[20];
    char url[128];
    url_of(slow, "/", url);
    struct http_request r = {.method = "GET", .url = url, .timeout_ms = PATIENCE_MS};
    for (size_t i = 0; i < 20; i++) /* 8 run, 12 wait */
        calls[i] = http_out_send(w->http, &r, must_not_be_called, NULL);
    url_of(good, "/", url);
    struct http_answer a = peer_wait(w->loop, w->http, &r);
    assert_int_equal(a.failure, HTTP_DONE);
    peer_answer_free(&a);
    for (size_t i = 0; i < 18; i++) /* two are left for http_out_free */
        http_call_cancel(calls[i]);
    a = peer_wait(w->loop, w->http, &r);
    assert_int_equal(a.failure, HTTP_DONE);
    peer_answer_free(&a);
    http_out_free(w->http);
    w->http = http_out_new(w->loop, 64, AT_ONCE);
    atomic_store(&end, true);
    peer_stop(slow);
    peer_stop(good);
}

static void finds_the_host_in_a_url(void **state)
{
    static const struct {
        const char *url, *host;
    } cases[] = {
        {"https://dynamodb.us-east-1.amazonaws.com/", "dynamodb.us-east-1.amazonaws.com"},
        {"http://127.0.0.1:8000", "127.0.0.1"},
        {"http://[::1]:80/x", "::1"},
        {"http://u:p@host:1/?a@b", "host"},
        {"no-scheme/x", "no-scheme"},
        {"", ""},
        {"http://[::1", "::1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char host[64];
        http_url_host(cases[i].url, host, sizeof host);
        assert_string_equal(host, cases[i].host);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_failures_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fails_where_nobody_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sends_what_was_asked_and_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_headers_that_break_the_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_away_from_private_addresses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_what_goes_to_one_host_and_reuses_connections, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(forgets_what_was_cancelled, set_up, tear_down),
        cmocka_unit_test(finds_the_host_in_a_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
