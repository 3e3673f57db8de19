/* HTTP out: libcurl multi on the loop (curl_multi_socket_action), TLS verified always.
 *
 * Bounded: bytes of answer, time, requests at once (in all and per host); what waits, waits in
 * order. Redirects are never followed; only http and https are spoken; a proxy is used only as
 * the standard variables say. Connections are kept and reused.
 */
#ifndef ENGINE_LOOP_HTTP_OUT_H
#define ENGINE_LOOP_HTTP_OUT_H

#include "asl/value/text.h"
#include "loop.h"

struct http_out;
struct sockaddr_un;
struct http_call;

struct http_header {
    char *name;
    char *value;
};
/* Copied by value it is looked at; the one that was filled is freed. */
struct http_headers {
    struct http_header *items;
    size_t count, capacity;
    struct http_headers_block *blocks; /* where items and texts lie */
};
void http_headers_init(struct http_headers *h);
void http_headers_free(struct http_headers *h);
void http_headers_add(struct http_headers *h, const char *name, struct asl_text value);
/* adds */
void http_headers_put(struct http_headers *h, struct asl_text name, struct asl_text value);
void http_headers_set(struct http_headers *h, const char *name, struct asl_text value);
const char *http_headers_get(const struct http_headers *h,
                             const char *name); /* any case; or NULL */

struct http_request {
    const char *method;
    const char *url; /* whole, encoded */
    struct http_headers headers;
    struct asl_text body;
    int64_t timeout_ms;         /* real time, of the whole call; 0: 60 s */
    int64_t connect_timeout_ms; /* 0: 10 s */
    size_t answer_maximum;      /* bytes of body; 0: 8 MiB */
    const char *ca_bundle;      /* a PEM file instead of the system's authorities; NULL: those */
    struct asl_text ca_pem;     /* authorities as PEM text, instead of either; empty: those */
    bool direct;                /* past any proxy (instance metadata); loopback always goes so */
    bool public_only;           /* refuse loopback, private and link-local addresses */
};

enum http_failure {
    HTTP_DONE,       /* an answer came, whatever its status */
    HTTP_UNRESOLVED, /* the host has no address */
    HTTP_REFUSED,    /* no connection */
    HTTP_TIMED_OUT,
    HTTP_TLS,       /* certificate or handshake */
    HTTP_CUT_OFF,   /* the connection ended before the answer did */
    HTTP_TOO_LARGE, /* the answer passed its maximum */
    HTTP_MALFORMED, /* no HTTP */
    HTTP_BAD_URL,   /* or a header that cannot be sent: a line break in it */
    HTTP_FORBIDDEN, /* public_only, and the host's address is not public */
    HTTP_CANCELLED,
};

struct http_answer {
    enum http_failure failure;
    char message[256]; /* curl's words, for the cause; never a secret */
    int status;
    char reason[64]; /* "Not Found", as it was sent; may be "" */
    struct http_headers headers;
    struct asl_buffer body;
};

/* At most `in_all` requests at once (0: 1,024), `per_host` to one host and port (0: 256). */
struct http_out *http_out_new(struct loop *l, size_t in_all, size_t per_host);
/* Requests to HTTP_OUT_INNER go to this process's own server (http_in_inner) instead. */
#define HTTP_OUT_INNER "http://127.0.0.1:1"
void http_out_set_inner(struct http_out *h, const struct sockaddr_un *where, unsigned size);
/* What is on its way is dropped; `done` is not called. Not from within `done`. */
void http_out_free(struct http_out *h);
/* Copies the request. `done` is called once, from the loop, never from within this call; the answer
 * is the caller's to look at until it returns. */
struct http_call *http_out_send(struct http_out *h, const struct http_request *request,
                                void (*done)(void *state, const struct http_answer *answer),
                                void *state);
/* `done` is not called any more. Not for the call whose `done` is running. */
void http_call_cancel(struct http_call *c);

/* The host of an absolute URL, without user, port and brackets; cut at `size`. "" when there is
 * none. */
void http_url_host(const char *url, char *host, size_t size);

#endif
