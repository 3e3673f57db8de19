/* The misbehaving peer: see peer.h. Threads, because the loop under test has this process's main
 * one. */
#include "peer.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/loop/loop.h"

#define CONNECTIONS   512
#define REQUESTS      4096
#define REQUEST_BYTES ((size_t)1 << 20)

struct peer {
    int listener;
    uint16_t port;
    peer_serve serve;
    void *state;
    pthread_t acceptor;
    pthread_mutex_t lock; /* guards what follows */
    pthread_t threads[CONNECTIONS];
    int sockets[CONNECTIONS];
    size_t connections;
    char *requests[REQUESTS];
    size_t request_count, serving, most;
};

struct connection {
    struct peer *peer;
    int fd;
};

bool peer_write(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        data += sent;
        size -= (size_t)sent;
    }
    return true;
}

bool peer_answer_bytes(int fd, int status, const char *headers, const char *body, size_t length)
{
    char head[4096];
    int size = snprintf(head, sizeof head, "HTTP/1.1 %d Something\r\n%sContent-Length: %zu\r\n\r\n",
                        status, headers, length);
    return peer_write(fd, head, (size_t)size) && peer_write(fd, body, length);
}

bool peer_answer(int fd, int status, const char *headers, const char *body)
{
    return peer_answer_bytes(fd, status, headers, body, strlen(body));
}

static size_t body_size(const char *head)
{
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, "content-length:", 15) == 0)
            return (size_t)strtoul(line + 17, NULL, 10);
    return 0;
}

/* One request, head and body; NULL when the client has gone. */
static char *read_request(int fd)
{
    char *text = calloc(1, REQUEST_BYTES + 1), *end = NULL;
    size_t size = 0, wanted = REQUEST_BYTES;
    while (size < wanted) {
        ssize_t got = recv(fd, text + size, wanted - size, 0);
        if (got <= 0) {
            free(text);
            return NULL;
        }
        size += (size_t)got;
        if (!end && (end = strstr(text, "\r\n\r\n"))) {
            wanted = (size_t)(end + 4 - text) + body_size(text);
            if (wanted > REQUEST_BYTES)
                wanted = REQUEST_BYTES;
        }
    }
    return text;
}

static bool serve_one(struct peer *p, int fd)
{
    char *request = read_request(fd);
    if (!request)
        return false;
    pthread_mutex_lock(&p->lock);
    size_t number = p->request_count;
    if (number < REQUESTS)
        p->requests[p->request_count++] = request;
    if (++p->serving > p->most)
        p->most = p->serving;
    pthread_mutex_unlock(&p->lock);
    bool stays = number < REQUESTS && p->serve(p->state, fd, number, request);
    pthread_mutex_lock(&p->lock);
    p->serving--;
    pthread_mutex_unlock(&p->lock);
    return stays;
}

static void *run_connection(void *state)
{
    struct connection c = *(struct connection *)state;
    free(state);
    while (serve_one(c.peer, c.fd))
        ;
    shutdown(c.fd, SHUT_RDWR); /* closed when the thread is joined: the number stays ours */
    return NULL;
}

static void *run_acceptor(void *state)
{
    struct peer *p = state;
    for (;;) {
        int fd = accept(p->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        struct connection *c = malloc(sizeof *c);
        *c = (struct connection){p, fd};
        pthread_mutex_lock(&p->lock);
        bool fits = p->connections < CONNECTIONS &&
                    pthread_create(&p->threads[p->connections], NULL, run_connection, c) == 0;
        if (fits)
            p->sockets[p->connections++] = fd;
        pthread_mutex_unlock(&p->lock);
        if (!fits) {
            free(c);
            close(fd);
        }
    }
}

struct peer *peer_start(peer_serve serve, void *state)
{
    struct peer *p = calloc(1, sizeof *p);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    p->serve = serve;
    p->state = state;
    p->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(p->listener, (struct sockaddr *)&a, sizeof a) != 0 || listen(p->listener, 256) != 0 ||
        getsockname(p->listener, (struct sockaddr *)&a, &size) != 0)
        abort();
    p->port = ntohs(a.sin_port);
    pthread_mutex_init(&p->lock, NULL);
    if (pthread_create(&p->acceptor, NULL, run_acceptor, p) != 0)
        abort();
    return p;
}

void peer_stop(struct peer *p)
{
    shutdown(p->listener, SHUT_RDWR);
    pthread_join(p->acceptor, NULL);
    close(p->listener);
    for (size_t i = 0; i < p->connections; i++) {
        shutdown(p->sockets[i], SHUT_RDWR);
        pthread_join(p->threads[i], NULL);
        close(p->sockets[i]);
    }
    for (size_t i = 0; i < p->request_count; i++)
        free(p->requests[i]);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

uint16_t peer_port(const struct peer *p)
{
    return p->port;
}

static size_t locked(struct peer *p, const size_t *number)
{
    pthread_mutex_lock(&p->lock);
    size_t value = *number;
    pthread_mutex_unlock(&p->lock);
    return value;
}

size_t peer_request_count(struct peer *p)
{
    return locked(p, &p->request_count);
}

size_t peer_connection_count(struct peer *p)
{
    return locked(p, &p->connections);
}

size_t peer_most_at_once(struct peer *p)
{
    return locked(p, &p->most);
}

const char *peer_request(struct peer *p, size_t number)
{
    return number < peer_request_count(p) ? p->requests[number] : NULL;
}

/* ---- one call, waited for ---- */

struct waiting {
    struct loop *loop;
    struct http_answer answer;
};

static void keep_answer(void *state, const struct http_answer *a)
{
    struct waiting *w = state;
    w->answer = *a;
    http_headers_init(&w->answer.headers);
    asl_buffer_init(&w->answer.body, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < a->headers.count; i++)
        http_headers_add(&w->answer.headers, a->headers.items[i].name,
                         asl_text(a->headers.items[i].value));
    asl_buffer_put_text(&w->answer.body, asl_buffer_text(&a->body));
    loop_stop(w->loop);
}

struct http_answer peer_wait(struct loop *l, struct http_out *h, const struct http_request *r)
{
    struct waiting w = {.loop = l};
    http_out_send(h, r, keep_answer, &w);
    loop_run(l);
    return w.answer;
}

void peer_answer_free(struct http_answer *a)
{
    http_headers_free(&a->headers);
    asl_buffer_free(&a->body);
}
