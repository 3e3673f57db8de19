/* HTTP out: libcurl's multi interface on libevent.
 *
 * A call's way, and who moves it on:
 *
 *   http_out_send -> waiting (in its host's queue) -> pump() -> running (in curl) -> collect()
 *          |                                                       ^                     |
 *          +-------------------------------------------------------+                    done
 *
 * Queues are ours and not curl's, so that a call's time starts when it is sent out and not when
 * it begins to wait. A call that finds room and nobody before it is given to curl at once. `pump`
 * runs from an event of its own: nothing is ever finished from within http_out_send. Invariants:
 *
 *   1. `done` is called from `collect` and `pump` only, when no curl function is on the stack.
 *   2. host.running is the number of its calls in curl; out.running is the sum over hosts.
 *   3. A host with neither waiting nor running calls does not exist.
 *   4. The loop is held once for every call that exists.
 *
 *   5. ring.running is the number of its calls in curl; out.running is also the sum over rings.
 *
 * Rings. For each call curl looks for a free connection by walking all that it keeps to that host,
 * the busy ones too: with a thousand calls at once that walk took a third of all the time. So there
 * are several multi handles, each with few calls and its own connections; the first with room takes
 * a call, so that few calls at once stay in the first, and find its connections warm.
 *
 * Curl's own timer is a timer of libevent, never of the loop's clock: sockets are real when time
 * is skipped.
 */
#include "http_out.h"

#include "address.h"
#include "http_request.h"
#include "kept.h"
#include "watches.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <curl/curl.h>
#include <event2/event.h>

#define DEFAULT_IN_ALL     1024
#define DEFAULT_PER_HOST   256
#define DEFAULT_TIMEOUT_MS 60000
#define DEFAULT_CONNECT_MS 10000
#define DEFAULT_ANSWER     ((size_t)8 << 20)
/* All header lines of an answer, interim ones included: AWS sends a few hundred bytes. */
#define HEADER_BYTES ((size_t)256 << 10)
/* Easy handles kept for the next call: making one costs more than a small request. As many as run
 * at once by default, so that a full house does not make and drop them. */
#define SPARE_HANDLES DEFAULT_IN_ALL
#define RING_CALLS    64

/* A multi handle with its connections; made when the ones before it are full. */
struct ring {
    struct http_out *out;
    struct ring *next;
    CURLM *multi;
    struct event *timer;
    size_t running;
    bool has_news;   /* curl may have finished something */
    bool is_in_curl; /* curl_multi_socket_action is on the stack */
};

/* What an easy handle was set up for, but for what each call sets. Handles of the two common kinds
 * are used again as they are; any other is wiped first. */
enum easy_kind {
    EASY_ANY,
    EASY_DIRECT,  /* a body or none, the system's authorities, no proxy */
    EASY_PROXIED, /* the same, a proxy where the standard variables say so */
    EASY_KINDS
};

struct http_call {
    struct http_out *out;
    struct ring *ring; /* NULL while waiting */
    struct http_host *host;
    struct http_call *next, *previous; /* among the host's waiting or all running */
    CURL *easy;                        /* NULL while waiting */
    enum easy_kind kind;
    struct http_request_copy sent; /* it lies behind the call, in the same block */
    const char *objection;         /* why it cannot be sent as it is; NULL: it can */
    int64_t timeout_ms, connect_timeout_ms;
    bool direct, public_only;
    size_t header_bytes;
    char error[CURL_ERROR_SIZE];
    struct http_answer answer;
    void (*done)(void *state, const struct http_answer *answer);
    void *state;
};

struct call_list {
    struct http_call *first, *last;
};

struct http_host {
    struct http_host *next;
    char *authority; /* "scheme://host:port" as written in the URL */
    size_t running;
    struct call_list waiting;
};

struct spare_handles {
    CURL *items[SPARE_HANDLES];
    size_t count;
};

struct http_out {
    struct loop *loop;
    struct ring *rings;
    struct event *pump, *collector;
    struct watches *watches;
    size_t in_all, per_host, running;
    struct http_host *hosts;
    struct call_list calls; /* running */
    struct spare_handles spare[EASY_KINDS];
    struct sockaddr_un inner;
    socklen_t inner_size; /* 0: there is none */
};

/* What curl says, as the callers tell failures apart. What is not listed is HTTP_CUT_OFF. */
static const struct {
    CURLcode code;
    enum http_failure failure;
} failures[] = {
    {CURLE_OK, HTTP_DONE},
    {CURLE_UNSUPPORTED_PROTOCOL, HTTP_BAD_URL},
    {CURLE_URL_MALFORMAT, HTTP_BAD_URL},
    {CURLE_COULDNT_RESOLVE_PROXY, HTTP_UNRESOLVED},
    {CURLE_COULDNT_RESOLVE_HOST, HTTP_UNRESOLVED},
    {CURLE_COULDNT_CONNECT, HTTP_REFUSED},
    {CURLE_PROXY, HTTP_REFUSED},
    {CURLE_OPERATION_TIMEDOUT, HTTP_TIMED_OUT},
    {CURLE_SSL_CONNECT_ERROR, HTTP_TLS},
    {CURLE_SSL_CERTPROBLEM, HTTP_TLS},
    {CURLE_SSL_CIPHER, HTTP_TLS},
    {CURLE_PEER_FAILED_VERIFICATION, HTTP_TLS},
    {CURLE_SSL_CACERT_BADFILE, HTTP_TLS},
    {CURLE_SSL_ISSUER_ERROR, HTTP_TLS},
    {CURLE_SSL_INVALIDCERTSTATUS, HTTP_TLS},
    {CURLE_SSL_CLIENTCERT, HTTP_TLS},
    {CURLE_WEIRD_SERVER_REPLY, HTTP_MALFORMED},
    {CURLE_HTTP2, HTTP_MALFORMED},
    {CURLE_BAD_CONTENT_ENCODING, HTTP_MALFORMED},
    {CURLE_FILESIZE_EXCEEDED, HTTP_TOO_LARGE},
};

/* ---- lists ---- */

static void list_append(struct call_list *l, struct http_call *c)
{
    c->next = NULL;
    c->previous = l->last;
    *(l->last ? &l->last->next : &l->first) = c;
    l->last = c;
}

static void list_remove(struct call_list *l, struct http_call *c)
{
    *(c->previous ? &c->previous->next : &l->first) = c->next;
    *(c->next ? &c->next->previous : &l->last) = c->previous;
}

/* ---- hosts ---- */

static struct asl_text authority_of(const char *url)
{
    const char *colon = strstr(url, "://");
    const char *start = colon ? colon + 3 : url;
    return (struct asl_text){url, (size_t)(start - url) + strcspn(start, "/?#")};
}

void http_url_host(const char *url, char *host, size_t size)
{
    struct asl_text authority = authority_of(url);
    const char *colon = strstr(url, "://");
    const char *start = colon ? colon + 3 : url, *end = authority.data + authority.size;
    for (const char *at = start; at < end; at++)
        if (*at == '@')
            start = at + 1;
    if (start < end && *start == '[') {
        const char *bracket = memchr(start, ']', (size_t)(end - start));
        start++;
        end = bracket ? bracket : end;
    } else {
        const char *port = start < end ? memchr(start, ':', (size_t)(end - start)) : NULL;
        end = port ? port : end;
    }
    size_t length = (size_t)(end - start);
    if (length >= size)
        length = size - 1;
    memcpy(host, start, length);
    host[length] = '\0';
}

static struct http_host *host_for(struct http_out *h, const char *url)
{
    struct asl_text authority = authority_of(url);
    for (struct http_host *at = h->hosts; at; at = at->next)
        if (asl_text_is(authority, at->authority))
            return at;
    struct http_host *host = asl_allocate_zeroed(1, sizeof *host);
    host->authority = asl_copy_text(authority);
    host->next = h->hosts;
    h->hosts = host;
    return host;
}

static void host_drop_if_idle(struct http_out *h, struct http_host *host)
{
    if (host->running > 0 || host->waiting.first)
        return;
    struct http_host **at = &h->hosts;
    while (*at != host)
        at = &(*at)->next;
    *at = host->next;
    free(host->authority);
    free(host);
}

/* ---- calls ---- */

static void easy_give_back(struct http_out *h, CURL *easy, enum easy_kind kind)
{
    struct spare_handles *spare = &h->spare[kind];
    if (spare->count == SPARE_HANDLES) {
        curl_easy_cleanup(easy);
        return;
    }
    if (kind == EASY_ANY)
        curl_easy_reset(easy);
    else
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL); /* it goes with the call */
    spare->items[spare->count++] = easy;
}

/* *is_ready: it was set up for this kind before. */
static CURL *easy_take(struct http_out *h, enum easy_kind kind, bool *is_ready)
{
    *is_ready = kind != EASY_ANY && h->spare[kind].count > 0;
    struct spare_handles *spare = &h->spare[*is_ready ? kind : EASY_ANY];
    CURL *easy = spare->count > 0 ? spare->items[--spare->count] : curl_easy_init();
    if (!easy)
        asl_out_of_memory();
    return easy;
}

/* Out of every list and of curl; what the call owns goes. */
static void call_free(struct http_call *c)
{
    struct http_out *h = c->out;
    if (c->easy) {
        curl_multi_remove_handle(c->ring->multi, c->easy);
        c->ring->running--;
        easy_give_back(h, c->easy, c->kind);
        list_remove(&h->calls, c);
        c->host->running--;
        h->running--;
    } else {
        list_remove(&c->host->waiting, c);
    }
    host_drop_if_idle(h, c->host);
    http_headers_free(&c->answer.headers);
    asl_buffer_free(&c->answer.body);
    kept_give_back(c);
    loop_release(h->loop);
}

/* There may be room for one that waits. */
static void pump_soon(struct http_out *h)
{
    for (const struct http_host *at = h->hosts; at; at = at->next)
        if (at->waiting.first) {
            event_active(h->pump, 0, 0);
            return;
        }
}

static void call_finish(struct http_call *c, enum http_failure failure, const char *message)
{
    struct http_out *h = c->out;
    c->answer.failure = failure;
    snprintf(c->answer.message, sizeof c->answer.message, "%s", message);
    c->done(c->state, &c->answer);
    call_free(c);
    pump_soon(h);
}

/* ---- what curl calls ---- */

static size_t on_body(char *data, size_t unit, size_t count, void *state)
{
    struct http_call *c = state;
    asl_buffer_put(&c->answer.body, data, unit * count);
    return c->answer.body.full ? 0 : unit * count;
}

static struct asl_text trimmed(const char *data, size_t size)
{
    while (size > 0 && strchr(" \t\r\n", data[size - 1]))
        size--;
    while (size > 0 && (*data == ' ' || *data == '\t'))
        data++, size--;
    return (struct asl_text){data, size};
}

/* "HTTP/1.1 404 Not Found" */
static void keep_reason(struct http_call *c, struct asl_text line)
{
    size_t at = 0;
    for (int part = 0; part < 2; part++) {
        while (at < line.size && line.data[at] != ' ')
            at++;
        at += at < line.size;
    }
    snprintf(c->answer.reason, sizeof c->answer.reason, "%.*s", (int)(line.size - at),
             line.data + at);
}

static size_t on_header(char *data, size_t unit, size_t count, void *state)
{
    struct http_call *c = state;
    size_t size = unit * count;
    const char *colon = memchr(data, ':', size);
    c->header_bytes += size;
    if (c->header_bytes > HEADER_BYTES)
        return 0;
    if (size >= 5 && memcmp(data, "HTTP/", 5) == 0) { /* an interim answer came before */
        http_headers_free(&c->answer.headers);
        keep_reason(c, trimmed(data, size));
    } else if (colon) {
        http_headers_put(&c->answer.headers, (struct asl_text){data, (size_t)(colon - data)},
                         trimmed(colon + 1, size - (size_t)(colon + 1 - data)));
    }
    return size;
}

static bool is_inner(const struct http_call *c)
{
    static const char url[] = HTTP_OUT_INNER;
    return c->out->inner_size && strncmp(c->sent.url, url, sizeof url - 1) == 0 &&
           (c->sent.url[sizeof url - 1] == '/' || !c->sent.url[sizeof url - 1]);
}

static curl_socket_t on_open_socket(void *state, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct http_call *c = state;
    (void)purpose;
    if (is_inner(c)) { /* curl lets the address be another, and has room for any */
        a->family = AF_UNIX;
        a->protocol = 0;
        a->addrlen = c->out->inner_size;
        memcpy(&a->addr, &c->out->inner, c->out->inner_size);
    }
    if (c->public_only && !address_is_public(&a->addr)) {
        c->answer.failure = HTTP_FORBIDDEN;
        return CURL_SOCKET_BAD;
    }
    curl_socket_t fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
    if (fd >= 0)
        watches_opened(c->out->watches, fd);
    return fd;
}

/* Of a connection, which outlives the call that opened it. */
static int on_close_socket(void *out, curl_socket_t fd)
{
    struct http_out *h = out;
    watches_closing(h->watches, fd);
    return close(fd);
}

/* ---- from request to easy handle ---- */

static bool is_loopback(const char *url)
{
    char host[256];
    http_url_host(url, host, sizeof host);
    return address_host_is_loopback(host);
}

static bool expects_body(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
           strcmp(method, "PATCH") == 0;
}

static enum easy_kind kind_of(const struct http_request *r)
{
    bool is_common = !r->ca_bundle && !r->ca_pem.size && !r->public_only && expects_body(r->method);
    return !is_common ? EASY_ANY : r->direct || is_loopback(r->url) ? EASY_DIRECT : EASY_PROXIED;
}

static void set_method(struct http_call *c)
{
    if (strcmp(c->sent.method, "HEAD") == 0)
        curl_easy_setopt(c->easy, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, c->sent.method);
    if (c->sent.body.size > 0 || expects_body(c->sent.method)) {
        curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->sent.body.size);
        curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS,
                         c->sent.body.size > 0 ? c->sent.body.data : "");
    }
}

static void set_trust(struct http_call *c)
{
    curl_easy_setopt(c->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(c->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (c->sent.ca_bundle)
        curl_easy_setopt(c->easy, CURLOPT_CAINFO, c->sent.ca_bundle);
    if (c->sent.ca_pem.size > 0) {
        struct curl_blob pem = {(void *)(uintptr_t)c->sent.ca_pem.data, c->sent.ca_pem.size,
                                CURL_BLOB_COPY};
        curl_easy_setopt(c->easy, CURLOPT_CAINFO_BLOB, &pem);
    }
}

/* What is the same for all calls of a kind. */
static void set_kind(struct http_call *c)
{
    curl_easy_setopt(c->easy, CURLOPT_PATH_AS_IS, 1L); /* "/a/../b" is a key in S3 */
    curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->easy, CURLOPT_QUICK_EXIT, 1L); /* a slow resolver must not stop the loop */
    curl_easy_setopt(c->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c->easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(c->easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    curl_easy_setopt(c->easy, CURLOPT_CLOSESOCKETDATA, c->out);
    curl_easy_setopt(c->easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    /* A connection that somebody else opened was not asked for its address. */
    curl_easy_setopt(c->easy, CURLOPT_FRESH_CONNECT, c->public_only ? 1L : 0L);
    set_trust(c);
    if (c->direct || is_loopback(c->sent.url))
        curl_easy_setopt(c->easy, CURLOPT_PROXY, "");
}

static void set_call(struct http_call *c)
{
    curl_easy_setopt(c->easy, CURLOPT_URL, c->sent.url);
    curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
    curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->error);
    curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
    curl_easy_setopt(c->easy, CURLOPT_HEADERDATA, c);
    curl_easy_setopt(c->easy, CURLOPT_OPENSOCKETDATA, c);
    curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->sent.lines);
    curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, (long)c->timeout_ms);
    curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)c->connect_timeout_ms);
    curl_easy_setopt(c->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)c->answer.body.maximum);
    set_method(c);
}

/* ---- rings ---- */

static void on_timer(evutil_socket_t fd, short what, void *ring);
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *ring, void *socket_state);
static int watch_time(CURLM *multi, long timeout_ms, void *ring);

/* curl and the TLS below it wake with the first request: two megabytes that an engine which only
 * waits need not hold. */
static struct ring *ring_new(struct http_out *h)
{
    struct ring *r = asl_allocate_zeroed(1, sizeof *r);
    kept_begin_curl();
    r->out = h;
    r->multi = curl_multi_init();
    r->timer = event_new(loop_base(h->loop), -1, 0, on_timer, r);
    if (!r->multi || !r->timer)
        asl_out_of_memory();
    curl_multi_setopt(r->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(r->multi, CURLMOPT_SOCKETDATA, r);
    curl_multi_setopt(r->multi, CURLMOPT_TIMERFUNCTION, watch_time);
    curl_multi_setopt(r->multi, CURLMOPT_TIMERDATA, r);
    curl_multi_setopt(r->multi, CURLMOPT_MAXCONNECTS, (long)RING_CALLS);
    return r;
}

static void ring_free(struct ring *r)
{
    curl_multi_cleanup(r->multi); /* closes connections: calls watch_socket and watch_time */
    curl_global_cleanup();
    event_free(r->timer);
    free(r);
}

static struct ring *ring_with_room(struct http_out *h)
{
    struct ring **at = &h->rings;
    while (*at && (*at)->running >= RING_CALLS)
        at = &(*at)->next;
    if (!*at)
        *at = ring_new(h);
    return *at;
}

/* ---- running ---- */

static void start(struct http_out *h, struct http_call *c)
{
    list_remove(&c->host->waiting, c);
    bool is_ready;
    /* first: it tells curl whose memory to take, before curl makes anything */
    c->ring = ring_with_room(h);
    c->ring->running++;
    c->easy = easy_take(h, c->kind, &is_ready);
    list_append(&h->calls, c);
    c->host->running++;
    h->running++;
    if (!is_ready)
        set_kind(c);
    set_call(c);
    curl_multi_add_handle(c->ring->multi, c->easy);
}

static struct http_host *host_with_room(struct http_out *h)
{
    for (struct http_host *at = h->hosts; at; at = at->next)
        if (at->waiting.first && at->running < h->per_host)
            return at;
    return NULL;
}

/* Sends out what the limits allow. */
static void pump(struct http_out *h)
{
    struct http_host *host;
    while (h->running < h->in_all && (host = host_with_room(h))) {
        struct http_call *c = host->waiting.first;
        if (c->objection)
            call_finish(c, HTTP_BAD_URL, c->objection);
        else
            start(h, c);
    }
}

static enum http_failure failure_of(const struct http_call *c, CURLcode code)
{
    if (c->answer.failure == HTTP_FORBIDDEN && code != CURLE_OK)
        return HTTP_FORBIDDEN;
    if (c->answer.body.full || c->header_bytes > HEADER_BYTES)
        return HTTP_TOO_LARGE;
    if (code == CURLE_OK && c->answer.status < 200)
        return HTTP_MALFORMED;
    long sent = 0;
    curl_easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &sent);
    if (code == CURLE_UNSUPPORTED_PROTOCOL && sent > 0) /* so curl calls an answer without a head */
        return HTTP_MALFORMED;
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        if (failures[i].code == code)
            return failures[i].failure;
    return HTTP_CUT_OFF;
}

static const char *message_of(const struct http_call *c, enum http_failure failure, CURLcode code)
{
    if (failure == HTTP_DONE)
        return "";
    if (failure == HTTP_FORBIDDEN)
        return "the host's address is not a public one";
    if (failure == HTTP_TOO_LARGE)
        return "the answer is larger than its maximum";
    return c->error[0] ? c->error : curl_easy_strerror(code);
}

/* Finishes what curl has finished. */
static void collect(struct ring *r)
{
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(r->multi, &left))) {
        if (m->msg != CURLMSG_DONE)
            continue;
        CURLcode code = m->data.result;
        struct http_call *c = NULL;
        long status = 0;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
        curl_easy_getinfo(m->easy_handle, CURLINFO_RESPONSE_CODE, &status);
        c->answer.status = (int)status;
        enum http_failure failure = failure_of(c, code);
        call_finish(c, failure, message_of(c, failure, code));
    }
}

/* When all that is ready in this round of the loop has been read: curl's code and that of whoever
 * waits for an answer are each larger than a processor's first cache, so a hundred answers one by
 * one would fetch both a hundred times. */
static void collect_soon(struct ring *r)
{
    r->has_news = true;
    event_active(r->out->collector, 0, 0);
}

static void on_collector(evutil_socket_t fd, short what, void *out)
{
    struct http_out *h = out;
    (void)fd, (void)what;
    for (struct ring *r = h->rings; r; r = r->next)
        if (r->has_news) {
            r->has_news = false;
            collect(r);
        }
}

/* ---- between curl and libevent ---- */

static void let_curl(struct ring *r, curl_socket_t fd, int action)
{
    int running;
    r->is_in_curl = true;
    curl_multi_socket_action(r->multi, fd, action, &running);
    r->is_in_curl = false;
    collect_soon(r);
}

static void on_socket_ready(void *owner, evutil_socket_t fd, short what)
{
    struct ring *r = owner;
    int action =
        ((what & EV_READ) ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0);
    let_curl(r, fd, action);
}

static void on_timer(evutil_socket_t fd, short what, void *state)
{
    (void)fd;
    (void)what;
    let_curl(state, CURL_SOCKET_TIMEOUT, 0);
}

static void on_pump(evutil_socket_t fd, short what, void *state)
{
    (void)fd;
    (void)what;
    pump(state);
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *ring, void *socket_state)
{
    struct ring *r = ring;
    bool wants = what != CURL_POLL_REMOVE;
    (void)easy, (void)socket_state;
    watches_want(r->out->watches, fd,
                 (short)((wants && (what & CURL_POLL_IN) ? EV_READ : 0) |
                         (wants && (what & CURL_POLL_OUT) ? EV_WRITE : 0)),
                 r);
    return 0;
}

static int watch_time(CURLM *multi, long timeout_ms, void *state)
{
    struct ring *r = state;
    struct timeval due = {timeout_ms / 1000, (timeout_ms % 1000) * 1000};
    (void)multi;
    if (timeout_ms < 0)
        event_del(r->timer);
    else if (timeout_ms == 0 && !r->is_in_curl)
        /* a call was added: behind what is ready now, not a round later */
        event_active(r->timer, 0, 0);
    else
        event_add(r->timer, &due);
    return 0;
}

/* ---- the door ---- */

/* With CURLOPT_NOSIGNAL curl leaves SIGPIPE to us; a peer that went must not end the process. */
static void ignore_broken_pipes(void)
{
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

struct http_out *http_out_new(struct loop *l, size_t in_all, size_t per_host)
{
    struct http_out *h = asl_allocate_zeroed(1, sizeof *h);
    ignore_broken_pipes();
    h->loop = l;
    h->in_all = in_all ? in_all : DEFAULT_IN_ALL;
    h->per_host = per_host ? per_host : DEFAULT_PER_HOST;
    h->pump = event_new(loop_base(l), -1, 0, on_pump, h);
    h->collector = event_new(loop_base(l), -1, 0, on_collector, h);
    if (!h->pump || !h->collector)
        asl_out_of_memory();
    h->watches = watches_new(loop_base(l), on_socket_ready);
    return h;
}

void http_out_set_inner(struct http_out *h, const struct sockaddr_un *where, socklen_t size)
{
    h->inner = *where;
    h->inner_size = size;
}

void http_out_free(struct http_out *h)
{
    if (!h)
        return;
    while (h->calls.first)
        call_free(h->calls.first);
    while (h->hosts) /* goes with its last call */
        call_free(h->hosts->waiting.first);
    for (size_t kind = 0; kind < EASY_KINDS; kind++)
        for (size_t i = 0; i < h->spare[kind].count; i++)
            curl_easy_cleanup(h->spare[kind].items[i]);
    for (struct ring *r = h->rings, *next; r; r = next) {
        next = r->next;
        ring_free(r);
    }
    watches_free(h->watches);
    event_free(h->collector);
    event_free(h->pump);
    free(h);
}

static struct http_call *call_new(struct http_out *h, const struct http_request *r)
{
    char *block = kept_take(sizeof(struct http_call) + http_request_size(r));
    struct http_call *c = (struct http_call *)(void *)block;
    *c = (struct http_call){
        .out = h,
        .kind = kind_of(r),
        .objection = http_request_objection(r),
        .sent = http_request_copy(r, c + 1),
        .timeout_ms = r->timeout_ms > 0 ? r->timeout_ms : DEFAULT_TIMEOUT_MS,
        .connect_timeout_ms =
            r->connect_timeout_ms > 0 ? r->connect_timeout_ms : DEFAULT_CONNECT_MS,
        .direct = r->direct,
        .public_only = r->public_only,
    };
    asl_buffer_init(&c->answer.body, r->answer_maximum ? r->answer_maximum : DEFAULT_ANSWER);
    return c;
}

struct http_call *http_out_send(struct http_out *h, const struct http_request *request,
                                void (*done)(void *state, const struct http_answer *answer),
                                void *state)
{
    struct http_call *c = call_new(h, request);
    c->done = done;
    c->state = state;
    c->host = host_for(h, c->sent.url);
    bool is_next = !c->objection && !c->host->waiting.first && c->host->running < h->per_host &&
                   h->running < h->in_all;
    list_append(&c->host->waiting, c);
    loop_hold(h->loop);
    if (is_next)
        start(h, c);
    else
        event_active(h->pump, 0, 0);
    return c;
}

void http_call_cancel(struct http_call *c)
{
    struct http_out *h = c->out;
    call_free(c);
    pump_soon(h);
}
