/* See load.h. Answers are read whole: a Content-Length, or (HTTP/1.0) the connection's end. */
#include "tests/bench/load.h"

#include "tests/bench/bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_BYTES = 1 << 20 };

struct client {
    int fd; /* -1: none */
    bool is_waiting;
    double sent;
    char *answer;
    size_t size;
};

struct run {
    const struct load *load;
    struct load_result result;
    struct client clients[LOAD_CONNECTIONS];
    size_t request_size, sent, waiting;
    double began;
    float *times; /* milliseconds */
    size_t time_capacity;
    int epoll;
    bool is_over;
};

/* ---- sockets ---- */

static int connect_to(uint16_t port)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(port)};
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&where, sizeof where) != 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

uint16_t load_free_port(void)
{
    struct sockaddr_in where = {.sin_family = AF_INET};
    socklen_t size = sizeof where;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&where, sizeof where) != 0 ||
        getsockname(fd, (struct sockaddr *)&where, &size) != 0) {
        perror("a port for the bench");
        exit(1);
    }
    close(fd);
    return ntohs(where.sin_port);
}

/* ---- one client ---- */

static bool open_client(struct run *r, struct client *c)
{
    c->fd = connect_to(r->load->port);
    if (c->fd < 0)
        return false;
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(r->epoll, EPOLL_CTL_ADD, c->fd, &e);
    return true;
}

static void close_client(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

/* A request fits into a socket's buffer: one write. */
static void ask(struct run *r, struct client *c)
{
    if (c->fd < 0 && !open_client(r, c)) {
        r->result.failed++;
        r->is_over = true;
        return;
    }
    c->size = 0;
    c->sent = bench_now();
    c->is_waiting = true;
    r->sent++;
    r->waiting++;
    if (write(c->fd, r->load->request, r->request_size) != (ssize_t)r->request_size)
        shutdown(c->fd, SHUT_RDWR); /* it shows as an end */
}

static void keep_time(struct run *r, double ms)
{
    size_t n = r->result.answered;
    if (n == r->time_capacity) {
        r->time_capacity = n ? 2 * n : 65536;
        r->times = asl_reallocate(r->times, r->time_capacity * sizeof *r->times);
    }
    r->times[n] = (float)ms;
}

static void answered(struct run *r, struct client *c, bool whole)
{
    double now = bench_now();
    bool fine = whole && c->size > 12 && memcmp(c->answer + 9, "200", 3) == 0;
    if (fine) {
        keep_time(r, (now - c->sent) * 1000);
        r->result.answered++;
    } else {
        r->result.failed++;
    }
    if (!fine || r->waiting == 1)
        snprintf(r->result.answer, sizeof r->result.answer, "%.*s", (int)c->size, c->answer);
    c->is_waiting = false;
    r->waiting--;
    if (r->load->seconds > 0 && now - r->began >= r->load->seconds)
        r->is_over = true;
    if (r->load->requests && r->sent >= r->load->requests)
        r->is_over = true;
    if (!r->is_over)
        ask(r, c);
}

/* Where the answer ends, or 0: not yet known, or with the connection. */
static size_t answer_size(struct client *c)
{
    c->answer[c->size] = '\0';
    const char *end = strstr(c->answer, "\r\n\r\n");
    const char *length = end ? strcasestr(c->answer, "\r\nContent-Length:") : NULL;
    if (!length || length > end)
        return 0;
    return (size_t)(end + 4 - c->answer) + strtoul(length + 17, NULL, 10);
}

/* Whether the server ends the connection behind this answer. */
static bool ends_after(const struct client *c)
{
    const char *end = strstr(c->answer, "\r\n\r\n");
    const char *close = strcasestr(c->answer, "\r\nConnection: close");
    return memcmp(c->answer, "HTTP/1.0", 8) == 0 || (close && close < end);
}

static void hear(struct run *r, struct client *c)
{
    ssize_t got = read(c->fd, c->answer + c->size, ANSWER_BYTES - 1 - c->size);
    if (got <= 0) { /* HTTP/1.0 ends an answer so */
        close_client(c);
        if (c->is_waiting)
            answered(r, c, c->size > 0 && answer_size(c) <= c->size);
        return;
    }
    c->size += (size_t)got;
    size_t whole = answer_size(c);
    if (!whole || c->size < whole || !c->is_waiting)
        return;
    if (ends_after(c))
        close_client(c);
    answered(r, c, true);
}

/* ---- all of them ---- */

static int by_size(const void *a, const void *b)
{
    float left = *(const float *)a, right = *(const float *)b;
    return left < right ? -1 : left > right;
}

static void sum_up(struct run *r)
{
    size_t n = r->result.answered;
    r->result.seconds = bench_now() - r->began;
    if (!n)
        return;
    qsort(r->times, n, sizeof *r->times, by_size);
    r->result.median_ms = (double)r->times[n / 2];
    r->result.p99_ms = (double)r->times[n - 1 - n / 100];
}

struct load_result load_run(const struct load *l)
{
    struct run *r = asl_allocate_zeroed(1, sizeof *r);
    struct epoll_event events[256];
    r->load = l;
    r->request_size = strlen(l->request);
    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    r->began = bench_now();
    for (size_t i = 0; i < l->connections; i++) {
        r->clients[i].fd = -1;
        r->clients[i].answer = asl_allocate(ANSWER_BYTES);
    }
    for (size_t i = 0; i < l->connections && !r->is_over; i++)
        if (!l->requests || r->sent < l->requests)
            ask(r, &r->clients[i]);
    while (r->waiting) {
        int n = epoll_wait(r->epoll, events, 256, 60000);
        if (n == 0 || (n < 0 && errno != EINTR))
            break; /* a server that answers no more: what waits counts as failed */
        for (int i = 0; i < n; i++)
            hear(r, events[i].data.ptr);
    }
    r->result.failed += r->waiting;
    sum_up(r);
    for (size_t i = 0; i < l->connections; i++) {
        close_client(&r->clients[i]);
        free(r->clients[i].answer);
    }
    close(r->epoll);
    struct load_result result = r->result;
    free(r->times);
    free(r);
    return result;
}

void load_request(char *out, size_t size, uint16_t port, const char *target, const char *body)
{
    int n =
        snprintf(out, size,
                 "POST / HTTP/1.1\r\n"
                 "Host: localhost:%u\r\n"
                 "Content-Type: application/x-amz-json-1.0\r\n"
                 "X-Amz-Target: %s\r\n"
                 "X-Amz-Date: 20260101T000000Z\r\n"
                 "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/states/"
                 "aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature="
                 "0000000000000000000000000000000000000000000000000000000000000000\r\n"
                 "Content-Length: %zu\r\n\r\n%s",
                 (unsigned)port, target, strlen(body), body);
    if (n < 0 || (size_t)n >= size) {
        fprintf(stderr, "bench: a request of %d bytes is too long\n", n);
        exit(1);
    }
}

int load_call(uint16_t port, const char *target, const char *body, char *answer, size_t size)
{
    char request[8192];
    load_request(request, sizeof request, port, target, body);
    struct load_result r =
        load_run(&(struct load){.port = port, .request = request, .connections = 1, .requests = 1});
    const char *at = strstr(r.answer, "\r\n\r\n");
    snprintf(answer, size, "%s", at ? at + 4 : r.answer);
    return r.answered == 1;
}

/* ---- servers ---- */

pid_t load_server(const char *const *arguments, const char *log, uint16_t port, double seconds)
{
    pid_t child = fork();
    if (child == 0) {
        if (!freopen(log, "w", stdout) || dup2(1, 2) < 0)
            _exit(127);
        execvp(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    for (double until = bench_now() + seconds; child > 0 && bench_now() < until; usleep(10000)) {
        int fd = connect_to(port);
        if (fd >= 0) {
            close(fd);
            return child;
        }
        if (waitpid(child, NULL, WNOHANG) == child)
            return -1;
    }
    if (child > 0)
        load_end(child);
    return -1;
}

double load_end(pid_t pid)
{
    struct rusage used;
    kill(pid, SIGTERM);
    if (wait4(pid, NULL, 0, &used) != pid)
        return 0;
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}
