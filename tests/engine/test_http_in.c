/* The HTTP server at its socket: what it takes, what it refuses with which status, and when it cuts
 * a client off. Requests are bytes, as rude clients send them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/loop/http_in.h"

#define ANSWER_BYTES 65536
#define PATIENCE_MS  60000

struct server {
    struct loop *loop;
    struct http_in *in;
    struct http_exchange *held; /* of /hold and /ready: answered when /release or /finish comes */
    bool was_gone;
};

static void on_gone(void *state)
{
    ((struct server *)state)->was_gone = true;
}

static void answer_text(struct http_exchange *x, int status, const char *text)
{
    http_exchange_answer(x, status, NULL, asl_text(text));
}

static void *send_elsewhere(void *exchange)
{
    http_exchange_send(exchange);
    return NULL;
}

/* Answers that are ready before they may be told. */
static bool handle_ready(struct server *s, struct http_exchange *x, const char *path)
{
    static char long_text[8 << 10];
    memset(long_text, 'x', sizeof long_text - 1);
    if (strcmp(path, "/ready") == 0) {
        assert_false(http_exchange_prepare(x, 200, NULL, asl_text(long_text)));
        assert_true(http_exchange_prepare(x, 200, NULL, ASL_TEXT("it was ready")));
        s->held = x;
        http_exchange_on_gone(x, on_gone, s);
    } else if (strcmp(path, "/send") == 0) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, send_elsewhere, s->held), 0);
        pthread_join(thread, NULL);
        answer_text(x, 200, "sent");
    } else if (strcmp(path, "/finish") == 0) {
        http_exchange_finish(s->held);
        s->held = NULL;
        answer_text(x, 200, s->was_gone ? "gone" : "here");
        s->was_gone = false;
    } else if (strcmp(path, "/held") == 0) {
        answer_text(x, 200, !s->held ? "held: none" : s->was_gone ? "held: gone" : "held: one");
    } else {
        return false;
    }
    return true;
}

/* Echoes method, path, query and body; a few paths do something of their own. */
static void handle(void *state, struct http_exchange *x, const struct http_received *request)
{
    struct server *s = state;
    struct asl_buffer out;
    if (handle_ready(s, x, request->path))
        return;
    if (strcmp(request->path, "/hold") == 0) {
        s->held = x;
        http_exchange_on_gone(x, on_gone, s);
        return;
    }
    if (strcmp(request->path, "/release") == 0) {
        if (s->held)
            answer_text(s->held, 200, "held");
        answer_text(x, 200, s->was_gone ? "gone" : "here");
        s->held = NULL;
        return;
    }
    if (strcmp(request->path, "/large") == 0) {
        char *large = asl_allocate(8 << 20);
        memset(large, 'x', 8 << 20);
        http_exchange_answer(x, 200, NULL, (struct asl_text){large, 8 << 20});
        free(large);
        return;
    }
    asl_buffer_init(&out, 1 << 20);
    asl_buffer_printf(&out, "%s|%s|%s|%.*s", request->method, request->path, request->query,
                      ASL_TEXT_ARGS(request->body));
    http_exchange_answer(x, 200, NULL, asl_buffer_text(&out));
    asl_buffer_free(&out);
}

static void on_stop(void *state)
{
    loop_stop(((struct server *)state)->loop);
}

/* The server lives in a child, so that tests may block on their sockets. Its port comes back. */
static uint16_t serve(const struct http_in_limits *limits, pid_t *child)
{
    int pipes[2];
    char message[256];
    uint16_t port = 0;
    assert_int_equal(pipe(pipes), 0);
    fflush(NULL);
    *child = fork();
    if (*child == 0) {
        static const char *const hosts[] = {"api.example", "*.inner.example", NULL};
        struct server s = {.loop = loop_new(LOOP_REAL, 1)};
        s.in = http_in_new(s.loop, "127.0.0.1", 0, hosts, limits, handle, &s, message);
        if (!s.in)
            _exit(1);
        port = http_in_port(s.in);
        if (write(pipes[1], &port, sizeof port) != sizeof port)
            _exit(1);
        loop_on_signal(s.loop, SIGTERM, on_stop, &s);
        loop_run(s.loop);
        http_in_free(s.in);
        if (s.held)
            answer_text(s.held, 200, "");
        loop_free(s.loop);
        exit(0); /* with the leak check */
    }
    assert_int_equal(read(pipes[0], &port, sizeof port), sizeof port);
    close(pipes[0]);
    close(pipes[1]);
    return port;
}

static void stop(pid_t child)
{
    int status;
    kill(child, SIGTERM);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int dial(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void say(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* cut off already: the answer tells */
        bytes += n;
        size -= (size_t)n;
    }
}

/* Reads until the server closes, `needle` came or `out` is full. Silence is waited out for as long
 * as a stalled machine may take, and is a failure then. */
static size_t hear(int fd, char *out, const char *needle)
{
    size_t size = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (size + 1 < ANSWER_BYTES) {
        if (poll(&p, 1, PATIENCE_MS) <= 0) {
            out[size] = '\0';
            fail_msg("nothing more came for %d ms; so far: %s", PATIENCE_MS, out);
        }
        ssize_t n = recv(fd, out + size, ANSWER_BYTES - 1 - size, 0);
        if (n <= 0)
            break;
        size += (size_t)n;
        out[size] = '\0';
        if (needle && strstr(out, needle))
            break;
    }
    out[size] = '\0';
    return size;
}

static int status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : 0;
}

#define HOST  "Host: localhost\r\n"
#define CLOSE "Connection: close\r\n"

/* clang-format off: one request a line */
static const struct {
    const char *what, *request;
    int status;
    const char *body; /* what a 200 echoes */
} table[] = {
    {"plain GET", "GET /a?b=c HTTP/1.1\r\n" HOST CLOSE "\r\n", 200, "GET|/a|b=c|"},
    {"body by length", "POST / HTTP/1.1\r\n" HOST CLOSE "Content-Length: 3\r\n\r\nabc", 200,
     "POST|/||abc"},
    {"body in chunks",
     "POST / HTTP/1.1\r\n" HOST CLOSE
     "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nT: v\r\n\r\n",
     200, "POST|/||abc"},
    {"HTTP/1.0", "GET / HTTP/1.0\r\n" HOST "\r\n", 200, "GET|/||"},
    {"empty line first", "\r\nGET / HTTP/1.1\r\n" HOST CLOSE "\r\n", 200, "GET|/||"},
    {"Host with port", "GET / HTTP/1.1\r\nHost: 127.0.0.1:9999\r\n" CLOSE "\r\n", 200, "GET|/||"},
    {"Host in capitals", "GET / HTTP/1.1\r\nHost: LOCALHOST\r\n" CLOSE "\r\n", 200, "GET|/||"},
    {"Host under localhost", "GET / HTTP/1.1\r\nHost: bucket.localhost:80\r\n" CLOSE "\r\n", 200,
     "GET|/||"},
    {"Host of the list", "GET / HTTP/1.1\r\nHost: api.example\r\n" CLOSE "\r\n", 200, "GET|/||"},
    {"Host under one of the list", "GET / HTTP/1.1\r\nHost: a.b.inner.example\r\n" CLOSE "\r\n",
     200, "GET|/||"},
    {"Origin of its own",
     "GET / HTTP/1.1\r\nHost: localhost:80\r\nOrigin: http://localhost:80\r\n" CLOSE "\r\n", 200,
     "GET|/||"},
    {"fetch by its own page",
     "GET / HTTP/1.1\r\n" HOST "Sec-Fetch-Site: same-origin\r\n" CLOSE "\r\n", 200, "GET|/||"},
    {"typed into the address bar",
     "GET / HTTP/1.1\r\n" HOST "Sec-Fetch-Site: none\r\n" CLOSE "\r\n", 200, "GET|/||"},
    {"no Host", "GET / HTTP/1.1\r\n\r\n", 400, NULL},
    {"no Host in 1.0", "GET / HTTP/1.0\r\n\r\n", 400, NULL},
    {"two Hosts", "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400, NULL},
    {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 403, NULL},
    {"foreign Host", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403, NULL},
    {"Host that only ends alike", "GET / HTTP/1.1\r\nHost: evillocalhost\r\n\r\n", 403, NULL},
    {"Host that begins alike", "GET / HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n", 403, NULL},
    {"the list's name without its part", "GET / HTTP/1.1\r\nHost: inner.example\r\n\r\n", 403,
     NULL},
    {"Host with a user", "GET / HTTP/1.1\r\nHost: a@localhost\r\n\r\n", 403, NULL},
    {"Host with a bad port", "GET / HTTP/1.1\r\nHost: localhost:x\r\n\r\n", 403, NULL},
    {"foreign Origin",
     "POST / HTTP/1.1\r\n" HOST "Origin: http://evil.example\r\nContent-Length: 0\r\n\r\n", 403,
     NULL},
    {"null Origin", "POST / HTTP/1.1\r\n" HOST "Origin: null\r\nContent-Length: 0\r\n\r\n", 403,
     NULL},
    {"Origin of another port",
     "GET / HTTP/1.1\r\nHost: localhost:80\r\nOrigin: http://localhost:81\r\n\r\n", 403, NULL},
    {"two Origins",
     "GET / HTTP/1.1\r\n" HOST "Origin: http://localhost\r\nOrigin: http://localhost\r\n\r\n", 403,
     NULL},
    {"cross-site fetch", "GET / HTTP/1.1\r\n" HOST "Sec-Fetch-Site: cross-site\r\n\r\n", 403, NULL},
    {"same-site fetch", "GET / HTTP/1.1\r\n" HOST "Sec-Fetch-Site: same-site\r\n\r\n", 403, NULL},
    {"length and chunks",
     "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400, NULL},
    {"two lengths, equal",
     "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400, NULL},
    {"signed length", "POST / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\nabc", 400, NULL},
    {"negative length", "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400, NULL},
    {"length in a list", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3, 3\r\n\r\nabc", 400, NULL},
    {"length in hex", "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x3\r\n\r\nabc", 400, NULL},
    {"overflowing length",
     "POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n", 400, NULL},
    {"empty length", "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400, NULL},
    {"too long a body", "POST / HTTP/1.1\r\n" HOST "Content-Length: 1048577\r\n\r\n", 413, NULL},
    {"two codings", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
     501, NULL},
    {"chunked twice",
     "POST / HTTP/1.1\r\n" HOST
     "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400, NULL},
    {"chunks in 1.0", "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
     NULL},
    {"chunk size of no digits",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, NULL},
    {"negative chunk", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400,
     NULL},
    {"huge chunk size",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400,
     NULL},
    {"chunk without its end",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", 400, NULL},
    {"space before the colon", "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", 400, NULL},
    {"folded field", "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", 400, NULL},
    {"field without colon", "GET / HTTP/1.1\r\n" HOST "nonsense\r\n\r\n", 400, NULL},
    {"nameless field", "GET / HTTP/1.1\r\n" HOST ": x\r\n\r\n", 400, NULL},
    {"control character in a value",
     "GET / HTTP/1.1\r\n" HOST "A: b\x01"
     "c\r\n\r\n",
     400, NULL},
    {"bare CR in a value", "GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n", 400, NULL},
    {"bare LF at a line's end", "GET / HTTP/1.1\nHost: localhost\r\n\r\n", 400, NULL},
    {"two spaces in the request line", "GET  / HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
    {"no version", "GET /\r\n" HOST "\r\n", 400, NULL},
    {"HTTP/2", "GET / HTTP/2.0\r\n" HOST "\r\n", 505, NULL},
    {"no HTTP at all", "\x16\x03\x01\x02\r\n\r\n", 400, NULL},
    {"unknown method", "BREW / HTTP/1.1\r\n" HOST "\r\n", 501, NULL},
    {"CONNECT", "CONNECT evil.example:443 HTTP/1.1\r\n" HOST "\r\n", 501, NULL},
    {"absolute target", "GET http://localhost/ HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
    {"asterisk target", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
    {"raw UTF-8 in the target", "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
    {"fragment in the target", "GET /#a HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
    {"another expectation", "GET / HTTP/1.1\r\n" HOST "Expect: miracles\r\n\r\n", 417, NULL},
};
/* clang-format on */

static void each_request_gets_its_status(void **state)
{
    (void)state;
    pid_t child;
    char answer[ANSWER_BYTES];
    uint16_t port = serve(&(struct http_in_limits){.body_bytes = 1 << 20}, &child);
    unsigned failures = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int fd = dial(port);
        say(fd, table[i].request, strlen(table[i].request));
        hear(fd, answer, NULL);
        bool is_fine = status_of(answer) == table[i].status &&
                       (!table[i].body || strstr(answer, table[i].body)) &&
                       !strstr(answer, "Access-Control");
        if (!is_fine) {
            failures++;
            print_error("%s: wanted %d %s, got: %s\n", table[i].what, table[i].status,
                        table[i].body ? table[i].body : "", answer);
        }
        close(fd);
    }
    assert_int_equal(failures, 0);
    stop(child);
}

static void floods_are_refused(void **state)
{
    (void)state;
    pid_t child;
    char answer[ANSWER_BYTES], field[64];
    uint16_t port = serve(NULL, &child);
    int fd = dial(port);
    say(fd, "GET / HTTP/1.1\r\n" HOST, strlen("GET / HTTP/1.1\r\n" HOST));
    for (int i = 0; i < 101; i++) {
        int size = snprintf(field, sizeof field, "A%d: b\r\n", i);
        say(fd, field, (size_t)size);
    }
    say(fd, "\r\n", 2);
    hear(fd, answer, NULL);
    assert_int_equal(status_of(answer), 431);
    close(fd);

    fd = dial(port); /* one endless field */
    char *large = asl_allocate(70000);
    memset(large, 'a', 70000);
    say(fd, "GET / HTTP/1.1\r\nA: ", 19);
    say(fd, large, 70000);
    hear(fd, answer, NULL);
    assert_int_equal(status_of(answer), 431);
    close(fd);

    fd = dial(port); /* a long target */
    say(fd, "GET /", 5);
    say(fd, large, 9000);
    say(fd, " HTTP/1.1\r\n" HOST "\r\n", strlen(" HTTP/1.1\r\n" HOST "\r\n"));
    hear(fd, answer, NULL);
    assert_int_equal(status_of(answer), 414);
    close(fd);

    fd = dial(port); /* an endless chunk line */
    say(fd, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1;",
        strlen("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1;"));
    say(fd, large, 1000);
    hear(fd, answer, NULL);
    assert_int_equal(status_of(answer), 400);
    close(fd);
    free(large);
    stop(child);
}

static void connections_are_kept_and_pipelined(void **state)
{
    (void)state;
    pid_t child;
    char answer[ANSWER_BYTES];
    uint16_t port = serve(NULL, &child);
    int fd = dial(port);
    const char *two = "GET /one HTTP/1.1\r\n" HOST "\r\nPOST /two HTTP/1.1\r\n" HOST
                      "Content-Length: 2\r\n\r\nhi";
    say(fd, two, strlen(two));
    hear(fd, answer, "/two||hi");
    assert_non_null(strstr(answer, "GET|/one||"));
    assert_non_null(strstr(answer, "POST|/two||hi"));
    const char *head = "HEAD /three HTTP/1.1\r\n" HOST "\r\n";
    say(fd, head, strlen(head));
    hear(fd, answer, "\r\n\r\n");
    assert_non_null(strstr(answer, "Content-Length: 13\r\n"));
    assert_null(strstr(answer, "HEAD|"));
    const char *asks =
        "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    say(fd, asks, strlen(asks));
    hear(fd, answer, "\r\n\r\n");
    assert_int_equal(status_of(answer), 100);
    say(fd, "ok", 2);
    hear(fd, answer, "||ok");
    assert_int_equal(status_of(answer), 200);
    close(fd);
    stop(child);
}

static void a_request_may_arrive_byte_by_byte(void **state)
{
    (void)state;
    pid_t child;
    char answer[ANSWER_BYTES];
    uint16_t port = serve(NULL, &child);
    int fd = dial(port);
    const char *slow =
        "POST /s HTTP/1.1\r\n" HOST CLOSE "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for (const char *c = slow; *c; c++) {
        say(fd, c, 1);
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    hear(fd, answer, NULL);
    assert_non_null(strstr(answer, "POST|/s||abc"));
    close(fd);
    stop(child);
}

static void ask(int fd, const char *path, char *answer, const char *until)
{
    char request[256];
    int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" HOST "\r\n", path);
    say(fd, request, (size_t)size);
    if (until)
        hear(fd, answer, until);
}

static void wait_until_held(int fd, const char *how)
{
    char answer[ANSWER_BYTES];
    do
        ask(fd, "/held", answer, "held: ");
    while (!strstr(answer, how));
}

/* How many sockets the server has open, its listening one among them. */
static size_t sockets_of(pid_t child)
{
    char path[64], target[64];
    size_t count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)child);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *e; (e = readdir(folder));) {
        ssize_t size = readlinkat(dirfd(folder), e->d_name, target, sizeof target - 1);
        count += size > 7 && strncmp(target, "socket:", 7) == 0;
    }
    closedir(folder);
    return count;
}

/* Where this process was stopped between dialling and speaking, the server has cut it off without a
 * word: then it is said again. */
static void say_until_answered(uint16_t port, const char *request, char *answer)
{
    do {
        int fd = dial(port);
        say(fd, request, strlen(request));
        hear(fd, answer, NULL);
        close(fd);
    } while (status_of(answer) == 0);
}

static void slow_and_idle_clients_are_cut(void **state)
{
    (void)state;
    pid_t child;
    char answer[ANSWER_BYTES];
    uint16_t port = serve(&(struct http_in_limits){.request_ms = 300, .idle_ms = 300}, &child);
    size_t sockets = sockets_of(child);
    int silent = dial(port);
    assert_int_equal(hear(silent, answer, NULL), 0); /* closed without a word */
    close(silent);
    say_until_answered(port, "POST / HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\nabc", answer);
    assert_int_equal(status_of(answer), 408);
    say_until_answered(port, "GET / HTTP/1.1\r\n" HOST "\r\n", answer); /* heard until it was cut */
    assert_int_equal(status_of(answer), 200);

    int deaf = dial(port);
    const char *large = "GET /large HTTP/1.1\r\n" HOST "\r\n";
    say(deaf, large, strlen(large));
    /* so it was accepted */
    say_until_answered(port, "GET / HTTP/1.1\r\n" HOST CLOSE "\r\n", answer);
    for (int i = 0; i < PATIENCE_MS && sockets_of(child) > sockets; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_int_equal(sockets_of(child), sockets);
    size_t read = 0;
    for (ssize_t n; (n = recv(deaf, answer, sizeof answer, 0)) > 0;)
        read += (size_t)n;
    assert_true(read < 8 << 20); /* it never read, and was cut */
    close(deaf);
    stop(child);
}

static void a_client_that_goes_is_noticed(void **state)
{
    (void)state;
    pid_t child;
    char answer[ANSWER_BYTES];
    uint16_t port = serve(NULL, &child);
    int fd = dial(port), other = dial(port);
    ask(fd, "/hold", answer, NULL);
    wait_until_held(other, "held: one");
    close(fd);
    wait_until_held(other, "held: gone");
    ask(other, "/release", answer, "gone");
    close(other);
    stop(child);
}

/* Sent by another thread or not at all, with the next request behind it or without: the client sees
 * one answer, and the connection is kept. */
static void a_ready_answer_may_be_sent_elsewhere(void **state)
{
    (void)state;
    pid_t child;
    char answer[ANSWER_BYTES];
    uint16_t port = serve(NULL, &child);
    int fd = dial(port), other = dial(port);
    for (int is_sent = 0; is_sent < 2; is_sent++)
        for (int is_pipelined = 0; is_pipelined < 2; is_pipelined++) {
            ask(fd, "/ready", answer, NULL);
            if (is_pipelined)
                ask(fd, "/next", answer, NULL);
            wait_until_held(other, "held: one");
            if (is_sent) {
                ask(other, "/send", answer, "sent");
                hear(fd, answer, "it was ready"); /* before the loop knows */
            }
            ask(other, "/finish", answer, "here");
            if (!is_sent)
                hear(fd, answer, "it was ready");
            if (is_pipelined && !strstr(answer, "/next"))
                hear(fd, answer, "/next|");
            ask(fd, "/again", answer, "/again|");
            assert_null(strstr(answer, "it was ready"));
        }
    /* Its client goes: the descriptor stays its own until the other thread is done with it. */
    for (int is_sent = 0; is_sent < 2; is_sent++) {
        ask(fd, "/ready", answer, NULL);
        wait_until_held(other, "held: one");
        close(fd);
        wait_until_held(other, "held: gone");
        fd = dial(port);
        ask(fd, "/new", answer, "/new|");
        if (is_sent)
            ask(other, "/send", answer, "sent");
        ask(other, "/finish", answer, "gone");
        ask(fd, "/still", answer, "/still|");
        assert_null(strstr(answer, "it was ready"));
    }
    close(fd);
    close(other);
    stop(child);
}

static void the_longest_idle_makes_room(void **state)
{
    (void)state;
    pid_t child;
    char answer[ANSWER_BYTES];
    uint16_t port = serve(&(struct http_in_limits){.connections = 3}, &child);
    int fds[3];
    const char *get = "GET / HTTP/1.1\r\n" HOST "\r\n";
    for (int i = 0; i < 3; i++) {
        fds[i] = dial(port);
        say(fds[i], get, strlen(get));
        hear(fds[i], answer, "GET|");
    }
    int fresh = dial(port);
    say(fresh, get, strlen(get));
    hear(fresh, answer, "GET|");
    assert_int_equal(status_of(answer), 200);
    assert_int_equal(hear(fds[0], answer, NULL), 0); /* it went */
    say(fds[2], get, strlen(get));
    hear(fds[2], answer, "GET|");
    assert_int_equal(status_of(answer), 200);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    close(fresh);
    stop(child);
}

/* Slow heads, slow bodies and clients that never read: what they may hold is bounded, others are
 * served meanwhile, and all are gone at their deadline. */
static void a_crowd_of_slow_clients_is_bounded(void **state)
{
    (void)state;
    enum { EACH = 60, REQUEST_MS = 2500 };
    static int slow[3 * EACH];
    static const char large[] = "GET /large HTTP/1.1\r\n" HOST "\r\n";
    static const char body[] = "POST / HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n";
    static const char honest[] = "GET /a HTTP/1.1\r\n" HOST CLOSE "\r\n";
    char answer[ANSWER_BYTES] = "";
    pid_t child;
    uint16_t port = serve(
        &(struct http_in_limits){.request_ms = REQUEST_MS, .held_bytes = 4 << 20, .slow_ms = 60000},
        &child);
    for (int i = 0; i < EACH; i++) {
        slow[i] = dial(port);
        say(slow[i], "GET / HT", 8);
        slow[EACH + i] = dial(port);
        say(slow[EACH + i], body, sizeof body - 1);
        say(slow[EACH + i], answer, 1000);
        slow[2 * EACH + i] = dial(port);
        say(slow[2 * EACH + i], large, sizeof large - 1);
    }
    unsigned refused = 0;
    for (int i = 0; i < EACH; i++) {
        hear(slow[2 * EACH + i], answer, "\r\n");
        refused += status_of(answer) == 503;
    }
    /* The first answers of 8 MiB fill what may be held; again, where we were stopped until they
     * were cut. */
    assert_true(refused >= EACH / 2);
    for (int i = 0; i < 50; i++) {
        int fd = dial(port);
        say(fd, honest, sizeof honest - 1);
        hear(fd, answer, NULL);
        assert_int_equal(status_of(answer), 200);
        close(fd);
    }
    for (int i = 0; i < 3 * EACH; i++) { /* hear() ends when the server closes */
        while (hear(slow[i], answer, NULL) == ANSWER_BYTES - 1)
            ;
        struct pollfd p = {.fd = slow[i], .events = POLLIN};
        assert_int_equal(poll(&p, 1, 0), 1);
        close(slow[i]);
    }
    stop(child);
}

static void wrong_addresses_are_explained(void **state)
{
    (void)state;
    char message[256] = "";
    struct loop *l = loop_new(LOOP_REAL, 1);
    assert_null(http_in_new(l, "nowhere", 0, NULL, NULL, handle, NULL, message));
    assert_non_null(strstr(message, "nowhere"));
    struct http_in *first = http_in_new(l, "127.0.0.1", 0, NULL, NULL, handle, NULL, message);
    assert_non_null(first);
    assert_null(
        http_in_new(l, "127.0.0.1", http_in_port(first), NULL, NULL, handle, NULL, message));
    assert_non_null(strstr(message, "port"));
    http_in_free(first);
    loop_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_gets_its_status),
        cmocka_unit_test(floods_are_refused),
        cmocka_unit_test(connections_are_kept_and_pipelined),
        cmocka_unit_test(a_request_may_arrive_byte_by_byte),
        cmocka_unit_test(slow_and_idle_clients_are_cut),
        cmocka_unit_test(a_client_that_goes_is_noticed),
        cmocka_unit_test(a_ready_answer_may_be_sent_elsewhere),
        cmocka_unit_test(the_longest_idle_makes_room),
        cmocka_unit_test(a_crowd_of_slow_clients_is_bounded),
        cmocka_unit_test(wrong_addresses_are_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
