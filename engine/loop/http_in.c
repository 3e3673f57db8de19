/* HTTP in: connections. Reading a head is http_head.c's; here are sockets, bodies, deadlines, caps.
 *
 * A connection is in one state; the function beside each arrow makes the transition:
 *
 *   IDLE ----first byte (on_read)----> HEAD --head passes (take_head)--> BODY
 *     ^                                 |                                 |
 *     |                         refuse  v                                 v whole (hand_over)
 *     +---drained (on_written)-- WRITING <--answer (http_exchange_answer)- WORKING
 *                                 |
 *                                 v drained, and not to be kept (linger)
 *                              LINGERING --> gone (connection_free)
 *
 * Deadlines, in real time: IDLE idle_ms (a new connection request_ms, for it has not shown a
 * request yet); HEAD and BODY together request_ms; WORKING none (long polls); WRITING request_ms;
 * LINGERING 2 s. One request at a time: what is pipelined behind waits in a bounded buffer.
 *
 * Invariants. A connection in WORKING has exactly one exchange; the exchange outlives it when the
 * client goes. `held` are the bytes kept for a client (of a body that is not whole, an answer that
 * is not drained), `in->held_bytes` their sum; who holds more than SMALL is in `in->holding`.
 *
 * Memory under slow clients: thousands that send a body by drops or never read their answer would
 * hold what they like until their deadlines. Beyond held_bytes, those that have held theirs for
 * more than slow_ms are cut, the oldest first: honest clients are done by then. While twice
 * held_bytes are held nonetheless, newcomers are refused with 503. */
#include "http_connection.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "http_listen.h"

#define LINGER_MS      2000 /* for the client to read why it was refused, before RST may eat it */
#define LINGER_BYTES   (1 << 20)  /* and no more than this is read and thrown away meanwhile */
#define CHUNK_LINE     256        /* bytes of a chunk's size line with its extensions */
#define PIPELINE_BYTES (64 << 10) /* read ahead of the request in work */
#define PAUSE_MS       100 /* before accepting again when the process has no descriptors left */

/* ---- a connection's life ---- */

void connection_arm(struct connection *c, int64_t ms)
{
    struct timeval after = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
    evtimer_add(c->deadline, &after);
}

static int64_t real_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void connection_hold(struct connection *c, size_t bytes)
{
    if (c->held <= SMALL && c->held + bytes > SMALL) {
        TAILQ_INSERT_TAIL(&c->in->holding, c, holding);
        c->held_since = real_ms();
    }
    c->held += bytes;
    c->in->held_bytes += bytes;
}

static void hold_nothing(struct connection *c)
{
    if (c->held > SMALL)
        TAILQ_REMOVE(&c->in->holding, c, holding);
    c->in->held_bytes -= c->held;
    c->held = 0;
}

static void forget_body(struct connection *c)
{
    hold_nothing(c);
    asl_buffer_free(&c->body);
}

void connection_leave_idle(struct connection *c)
{
    if (c->state == IDLE)
        TAILQ_REMOVE(&c->in->idle, c, idle);
}

static void enter_idle(struct connection *c, int64_t deadline_ms)
{
    c->state = IDLE;
    TAILQ_INSERT_TAIL(&c->in->idle, c, idle);
    connection_arm(c, deadline_ms);
}

/* The client goes, or is made to. */
void connection_free(struct connection *c)
{
    connection_leave_idle(c);
    struct http_exchange *x = c->exchange;
    if (x) {
        c->exchange = NULL;
        x->connection = NULL;
        if (x->is_ready)
            /* who sends the answer may be about to: closed after that */
            bufferevent_setfd(c->socket, -1);
        if (x->gone)
            x->gone(x->gone_state);
    }
    TAILQ_REMOVE(&c->in->all, c, all);
    c->in->count--;
    forget_body(c);
    http_head_free(&c->head);
    event_free(c->deadline);
    /* libevent frees the buffers in the loop's next round only: too late for who is cut for memory.
     */
    struct evbuffer *output = bufferevent_get_output(c->socket);
    evbuffer_unfreeze(output, 1);
    evbuffer_drain(output, evbuffer_get_length(output));
    bufferevent_free(c->socket);
    free(c);
}

bool connection_may_hold(struct connection *c, size_t bytes)
{
    struct http_in *in = c->in;
    struct connection *oldest;
    if (c->held + bytes <= SMALL)
        return true;
    while (in->held_bytes + bytes > in->limits.held_bytes &&
           (oldest = TAILQ_FIRST(&in->holding)) != NULL && oldest != c &&
           real_ms() - oldest->held_since > in->limits.slow_ms)
        connection_free(oldest);
    return in->held_bytes < 2 * in->limits.held_bytes; /* one large answer may pass it */
}

/* ---- reading ---- */

static void hand_over(struct connection *c)
{
    struct http_exchange *x = asl_allocate_zeroed(1, sizeof *x);
    x->connection = c;
    x->head = c->head;
    x->is_head = strcmp(c->head.method, "HEAD") == 0;
    x->body = c->body;
    hold_nothing(c);
    c->head = (struct http_head){.query = "", .host = ""};
    asl_buffer_init(&c->body, 0);
    c->exchange = x;
    c->state = WORKING;
    evtimer_del(c->deadline);
    bufferevent_setwatermark(c->socket, EV_READ, 0, PIPELINE_BYTES);
    struct http_received request = {
        .method = x->head.method,
        .path = x->head.target,
        .query = x->head.query,
        .host = x->head.host,
        .headers = x->head.headers,
        .body = asl_buffer_text(&x->body),
    };
    c->in->handle(c->in->state, x, &request);
}

/* Moves up to `size` bytes of the input to the body; false when a cap was passed. */
static bool take_body(struct connection *c, struct evbuffer *input, size_t size)
{
    size_t have = evbuffer_get_length(input);
    size = size < have ? size : have;
    if (size == 0)
        return true;
    if (!connection_may_hold(c, size)) {
        connection_refuse(c, 503, "too many bytes of requests are on their way in; try again");
        return false;
    }
    char *room = asl_buffer_room(&c->body, size);
    if (!room) {
        connection_refuse(c, 413, "the body is longer than this server takes");
        return false;
    }
    evbuffer_remove(input, room, size);
    c->body.size += size;
    asl_buffer_put(&c->body, "", 0); /* the NUL behind it */
    connection_hold(c, size);
    c->left -= (int64_t)size;
    return true;
}

/* Reads "1a2b" and extensions, which are ignored. */
static bool read_chunk_size(const char *line, int64_t *size)
{
    size_t digits = strspn(line, "0123456789abcdefABCDEF");
    if (digits == 0 || digits > 8)
        return false;
    if (line[digits] != '\0' && !strchr("; \t", line[digits]))
        return false;
    *size = strtoll(line, NULL, 16);
    return true;
}

/* One CRLF line of the input, or NULL: none yet, or (then refused) one that is too long. */
static char *take_line(struct connection *c, struct evbuffer *input, size_t maximum)
{
    size_t size;
    struct evbuffer_ptr end = evbuffer_search_eol(input, NULL, NULL, EVBUFFER_EOL_CRLF_STRICT);
    if (end.pos > (ssize_t)maximum || (end.pos < 0 && evbuffer_get_length(input) > maximum)) {
        connection_refuse(c, 400, "a line of the chunked body is too long");
        return NULL;
    }
    return evbuffer_readln(input, &size, EVBUFFER_EOL_CRLF_STRICT);
}

/* One part of a chunked body (RFC 9112, 7.1). True: go on; false: more bytes are needed, or the
 * state has changed. */
static bool take_chunk_part(struct connection *c, struct evbuffer *input)
{
    if (c->part == CHUNK_DATA) {
        if (!take_body(c, input, (size_t)c->left))
            return false;
        if (c->left == 0)
            c->part = CHUNK_END;
        return c->left == 0;
    }
    char *line = take_line(c, input, CHUNK_LINE);
    if (!line)
        return false;
    size_t size = strlen(line);
    bool is_fine = true;
    if (c->part == CHUNK_SIZE) {
        is_fine = read_chunk_size(line, &c->left);
        c->part = c->left ? CHUNK_DATA : CHUNK_TRAILER;
    } else if (c->part == CHUNK_END) {
        is_fine = size == 0;
        c->part = CHUNK_SIZE;
    } else {
        c->trailer_bytes += size + 2;
        is_fine = c->trailer_bytes <= c->in->limits.header_bytes;
    }
    free(line);
    if (!is_fine)
        connection_refuse(c, 400, "the chunked body is malformed");
    else if (c->part == CHUNK_TRAILER && size == 0)
        hand_over(c);
    return c->state == BODY;
}

static void take_some_body(struct connection *c, struct evbuffer *input)
{
    if (c->head.chunked) {
        while (take_chunk_part(c, input))
            ;
        return;
    }
    if (take_body(c, input, (size_t)c->left) && c->left == 0)
        hand_over(c);
}

static void pass_gate(struct connection *c)
{
    struct http_in *in = c->in;
    if (!http_head_host_is_allowed(c->head.host, (const char *const *)in->hosts))
        connection_refuse(
            c, 403,
            "this Host is not served here; add it with the option for allowed hosts if "
            "it is yours");
    else if (http_head_is_foreign(&c->head))
        connection_refuse(c, 403, "requests on behalf of other sites are not served");
    else if (c->head.content_length > (int64_t)in->limits.body_bytes)
        connection_refuse(c, 413, "the body is longer than this server takes");
    else {
        c->keep = c->head.keep_alive;
        c->state = BODY;
        c->left = c->head.content_length;
        c->part = CHUNK_SIZE;
        c->trailer_bytes = 0;
        asl_buffer_init(&c->body, in->limits.body_bytes);
        bool has_body = c->left > 0 || c->head.chunked;
        if (c->head.expects_continue && has_body)
            bufferevent_write(c->socket, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    }
}

/* Empty lines before a request are skipped (RFC 9112, 2.2). */
static void skip_empty_lines(struct evbuffer *input)
{
    char start[2];
    while (evbuffer_copyout(input, start, 2) == 2 && start[0] == '\r' && start[1] == '\n')
        evbuffer_drain(input, 2);
}

static void take_head(struct connection *c, struct evbuffer *input)
{
    if (c->scanned == 0)
        skip_empty_lines(input);
    struct evbuffer_ptr from;
    evbuffer_ptr_set(input, &from, c->scanned, EVBUFFER_PTR_SET);
    struct evbuffer_ptr end = evbuffer_search(input, "\r\n\r\n", 4, &from);
    size_t size = end.pos >= 0 ? (size_t)end.pos + 4 : evbuffer_get_length(input);
    if (size > c->in->limits.header_bytes) {
        connection_refuse(c, 431, "the request's head is too large");
        return;
    }
    if (end.pos < 0) {
        c->scanned = size > 3 ? size - 3 : 0;
        return;
    }
    c->scanned = 0;
    const char *why = "";
    const char *bytes = (const char *)evbuffer_pullup(input, (ssize_t)size);
    int status = http_head_read(&c->head, (struct asl_text){bytes, size}, &why);
    evbuffer_drain(input, size);
    if (status)
        connection_refuse(c, status, why);
    else
        pass_gate(c);
}

static void throw_away(struct connection *c, struct evbuffer *input)
{
    size_t size = evbuffer_get_length(input);
    c->lingered += size;
    evbuffer_drain(input, size);
    if (c->lingered > LINGER_BYTES)
        connection_free(c);
}

/* Takes what has arrived as far as it goes: a head, its body, and the next head once the answer to
 * the first is written. */
static void go_on(struct connection *c)
{
    struct evbuffer *input = bufferevent_get_input(c->socket);
    enum state before;
    do {
        before = c->state;
        if (c->state == IDLE && evbuffer_get_length(input) > 0) {
            connection_leave_idle(c);
            c->state = HEAD;
            connection_arm(c, c->in->limits.request_ms);
        }
        if (c->state == HEAD)
            take_head(c, input);
        if (c->state == BODY)
            take_some_body(c, input);
    } while (c->state != before);
}

static void on_read(struct bufferevent *socket, void *state)
{
    struct connection *c = state;
    if (c->state == LINGERING)
        throw_away(c, bufferevent_get_input(socket));
    else
        go_on(c);
}

static void linger(struct connection *c)
{
    if (c->has_ended) {
        connection_free(c);
        return;
    }
    c->state = LINGERING;
    bufferevent_setwatermark(c->socket, EV_READ, 0, 0);
    shutdown(bufferevent_getfd(c->socket), SHUT_WR);
    connection_arm(c, LINGER_MS);
    throw_away(c, bufferevent_get_input(c->socket));
}

void connection_answered(struct connection *c)
{
    forget_body(c);
    if (!c->keep) {
        linger(c);
        return;
    }
    http_head_free(&c->head);
    bufferevent_setwatermark(c->socket, EV_READ, 0, 0);
    enter_idle(c, c->in->limits.idle_ms);
    go_on(c);
}

/* The output is drained. */
static void on_written(struct bufferevent *socket, void *state)
{
    struct connection *c = state;
    if (c->state == WRITING && evbuffer_get_length(bufferevent_get_output(socket)) == 0)
        connection_answered(c);
}

/* A client that ends its half while its answer is on the way gets the answer still; one that does
 * so earlier is taken to have gone. */
static void on_event(struct bufferevent *socket, short what, void *state)
{
    (void)socket;
    struct connection *c = state;
    if (what & BEV_EVENT_EOF && c->state == WRITING) {
        c->has_ended = true;
        c->keep = false;
    } else if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        connection_free(c);
}

static void on_deadline(evutil_socket_t fd, short what, void *state)
{
    (void)fd, (void)what;
    struct connection *c = state;
    if (c->state == HEAD || c->state == BODY)
        connection_refuse(c, 408, "the request did not arrive in time");
    else
        connection_free(c);
}

/* ---- accepting ---- */

/* The longest idle makes room; when none is idle the newcomer goes. */
static bool make_room(struct http_in *in)
{
    if (in->count < in->limits.connections)
        return true;
    struct connection *oldest = TAILQ_FIRST(&in->idle);
    if (oldest)
        connection_free(oldest);
    return oldest != NULL;
}

/* Whether this very process made the connection. */
static bool is_own(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == getpid();
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int size, void *state)
{
    (void)listener, (void)address, (void)size;
    struct http_in *in = state;
    if ((in->is_inner && !is_own(fd)) || !make_room(in)) {
        close(fd);
        return;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *c = asl_allocate_zeroed(1, sizeof *c);
    c->in = in;
    c->head = (struct http_head){.query = "", .host = ""};
    c->socket = bufferevent_socket_new(loop_base(in->loop), fd, BEV_OPT_CLOSE_ON_FREE);
    c->deadline = evtimer_new(loop_base(in->loop), on_deadline, c);
    if (!c->socket || !c->deadline)
        asl_out_of_memory();
    bufferevent_setcb(c->socket, on_read, on_written, on_event, c);
    TAILQ_INSERT_TAIL(&in->all, c, all);
    in->count++;
    enter_idle(c, in->limits.request_ms);
    bufferevent_enable(c->socket, EV_READ | EV_WRITE);
}

static void on_accept_error(struct evconnlistener *listener, void *state)
{
    struct http_in *in = state;
    struct timeval pause = {.tv_usec = PAUSE_MS * 1000};
    evconnlistener_disable(listener);
    evtimer_add(in->resume, &pause);
}

static void on_resume(evutil_socket_t fd, short what, void *state)
{
    (void)fd, (void)what;
    struct http_in *in = state;
    if (in->listener)
        evconnlistener_enable(in->listener);
}

/* ---- the server ---- */

static void set_defaults(struct http_in_limits *l)
{
    if (!l->connections)
        l->connections = 4096;
    if (!l->header_bytes)
        l->header_bytes = 64 << 10;
    if (!l->body_bytes)
        l->body_bytes = 16 << 20;
    if (!l->held_bytes)
        l->held_bytes = 12 << 20;
    if (!l->slow_ms)
        l->slow_ms = 200;
    if (!l->request_ms)
        l->request_ms = 30000;
    if (!l->idle_ms)
        l->idle_ms = 75000;
}

#define LISTENER_FLAGS (LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE)

static struct http_in *server_new(struct loop *l, const struct http_in_limits *limits,
                                  http_in_handle handle, void *state)
{
    struct http_in *in = asl_allocate_zeroed(1, sizeof *in);
    in->loop = l;
    in->limits = limits ? *limits : (struct http_in_limits){0};
    set_defaults(&in->limits);
    in->handle = handle;
    in->state = state;
    TAILQ_INIT(&in->all);
    TAILQ_INIT(&in->idle);
    TAILQ_INIT(&in->holding);
    return in;
}

static void begin_listening(struct http_in *in, const char *address, const char *const *hosts)
{
    evconnlistener_set_error_cb(in->listener, on_accept_error);
    in->resume = evtimer_new(loop_base(in->loop), on_resume, in);
    in->hosts = http_listen_hosts(address, hosts);
    http_listen_raise_descriptors(in->limits.connections);
}

struct http_in *http_in_new(struct loop *l, const char *address, uint16_t port,
                            const char *const *hosts, const struct http_in_limits *limits,
                            http_in_handle handle, void *state, char message[256])
{
    struct sockaddr_storage where;
    socklen_t size = address_from_text(address, port, &where);
    if (!size) {
        snprintf(message, 256,
                 "cannot listen on \"%s\": give a numeric IPv4 or IPv6 address, for "
                 "example 127.0.0.1",
                 address);
        return NULL;
    }
    struct http_in *in = server_new(l, limits, handle, state);
    in->listener = evconnlistener_new_bind(loop_base(l), on_accept, in, LISTENER_FLAGS, 1024,
                                           (struct sockaddr *)&where, (int)size);
    if (!in->listener) {
        snprintf(message, 256, "cannot listen on %s port %u: %s", address, (unsigned)port,
                 errno == EADDRINUSE ? "another process has that port; choose another one"
                                     : strerror(errno));
        free(in);
        return NULL;
    }
    begin_listening(in, address, hosts);
    in->port = http_listen_port(evconnlistener_get_fd(in->listener));
    return in;
}

struct http_in *http_in_on_socket(struct loop *l, int listening, const char *const *hosts,
                                  const struct http_in_limits *limits, http_in_handle handle,
                                  void *state)
{
    struct http_in *in = server_new(l, limits, handle, state);
    in->listener = evconnlistener_new(loop_base(l), on_accept, in, LISTENER_FLAGS, 0, listening);
    if (!in->listener)
        asl_out_of_memory();
    begin_listening(in, "127.0.0.1", hosts);
    return in;
}

struct http_in *http_in_inner(struct loop *l, http_in_handle handle, void *state,
                              struct sockaddr_un *where, socklen_t *size)
{
    int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    *where = (struct sockaddr_un){.sun_family = AF_UNIX};
    *size = sizeof *where;
    /* Of an address that is its family alone the kernel makes an abstract name. */
    if (listening < 0 || bind(listening, (struct sockaddr *)where, sizeof where->sun_family) != 0 ||
        listen(listening, 1024) != 0 || getsockname(listening, (struct sockaddr *)where, size) != 0)
        asl_out_of_memory(); /* of descriptors */
    struct http_in *in = http_in_on_socket(l, listening, NULL, NULL, handle, state);
    in->is_inner = true;
    return in;
}

uint16_t http_in_port(const struct http_in *h)
{
    return h->port;
}

void http_in_close(struct http_in *h)
{
    h->is_closing = true;
    if (h->listener)
        evconnlistener_free(h->listener);
    h->listener = NULL;
    while (!TAILQ_EMPTY(&h->idle))
        connection_free(TAILQ_FIRST(&h->idle));
}

void http_in_free(struct http_in *h)
{
    if (!h)
        return;
    http_in_close(h);
    while (!TAILQ_EMPTY(&h->all))
        connection_free(TAILQ_FIRST(&h->all));
    event_free(h->resume);
    for (size_t i = 0; h->hosts[i]; i++)
        free(h->hosts[i]);
    free(h->hosts);
    free(h);
}
