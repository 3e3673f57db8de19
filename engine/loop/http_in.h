/* HTTP in: a strict HTTP/1.1 server on the loop's sockets.
 *
 * It refuses a missing, repeated or foreign Host, Content-Length with Transfer-Encoding, a foreign
 * Origin or Sec-Fetch-Site, too many or too large headers, bodies over the maximum; it cuts slow,
 * idle and never-reading clients by a deadline for the whole request and for the whole answer, and
 * caps connections and bytes, of bodies and of answers. It never sends CORS headers.
 *
 * Why not evhttp: a gate over it would have to read the raw bytes anyway. evhttp 2.1 shows headers
 * after joining folded lines, takes "+5" as a length and CL beside TE, has no word on connections
 * (no cap, no deadline for a whole request, no hook when one goes), and does not see a client go
 * while its request is being worked on. Reading a request strictly is the smaller half of a server.
 */
#ifndef ENGINE_LOOP_HTTP_IN_H
#define ENGINE_LOOP_HTTP_IN_H

#include "asl/value/text.h"
#include "http_out.h" /* struct http_headers */
#include "loop.h"

struct http_in;
struct sockaddr_un;
struct http_exchange;

struct http_in_limits {
    size_t connections;  /* 0: 4,096 */
    size_t header_bytes; /* 0: 64 KiB */
    size_t body_bytes;   /* 0: 16 MiB */
    size_t held_bytes;   /* of all bodies on their way in and answers on their way out; beyond it
                            slow clients are cut, at twice as much newcomers get 503; 0: 12 MiB */
    int64_t slow_ms;     /* who has held bytes for longer may be cut then; real time; 0: 200 ms */
    int64_t request_ms;  /* whole request in, and whole answer out; real time; 0: 30 s */
    int64_t idle_ms;     /* keep-alive; 0: 75 s */
};

struct http_received {
    const char *method;
    const char *path;  /* encoded, as sent, without the query */
    const char *query; /* behind '?', or "" */
    const char *host;
    struct http_headers headers;
    struct asl_text body;
};

/* `handle` is called once a request is whole and has passed the gate; it answers now or later, with
 * http_exchange_answer, once. */
typedef void (*http_in_handle)(void *state, struct http_exchange *x,
                               const struct http_received *request);

/* Listens on `address` ("127.0.0.1", "::1") and `port` (0: any; see http_in_port). `hosts` are
 * further names allowed in Host beside the address itself, the loopback addresses, localhost and
 * names under it; "*.x" stands for all names under x; NULL-terminated or NULL. Raises the soft
 * limit of open files towards what the connections need. NULL and a message on failure. */
struct http_in *http_in_new(struct loop *l, const char *address, uint16_t port,
                            const char *const *hosts, const struct http_in_limits *limits,
                            http_in_handle handle, void *state, char message[256]);
/* The same on a socket that listens already (unix_socket.h); taken. Its clients say Host:
 * localhost. */
struct http_in *http_in_on_socket(struct loop *l, int listening, const char *const *hosts,
                                  const struct http_in_limits *limits, http_in_handle handle,
                                  void *state);
/* One for this process alone: no port, an abstract name, and the kernel's word for who connects.
 * Where it is goes to http_out_set_inner. */
struct http_in *http_in_inner(struct loop *l, http_in_handle handle, void *state,
                              struct sockaddr_un *where, unsigned *size);
void http_in_free(struct http_in *h);
uint16_t http_in_port(const struct http_in *h);
/* Stops taking new requests; those taken are answered. */
void http_in_close(struct http_in *h);

/* Content-Length and Date are added (an answer to HEAD may bring its own Content-Length); a
 * "Connection" header of the caller's goes out where the connection is kept only. The
 * exchange is gone afterwards. A client that has gone is no error. */
void http_exchange_answer(struct http_exchange *x, int status, const struct http_headers *headers,
                          struct asl_text body);
/* An answer that is ready before it may be told. `prepare` copies what http_exchange_answer would
 * take; false: it cannot (the client has gone, the answer is over 4 KiB): http_exchange_answer
 * then. `send`, once, from any thread, gives the kernel what that takes without waiting; `finish`,
 * in the loop, behind it, sees to the rest (to all of it, when nobody has sent), and the exchange
 * is gone. */
bool http_exchange_prepare(struct http_exchange *x, int status, const struct http_headers *headers,
                           struct asl_text body);
void http_exchange_send(struct http_exchange *x);
void http_exchange_finish(struct http_exchange *x);
/* Told when the client goes before it was answered (long polls); answering is then a no-op. */
void http_exchange_on_gone(struct http_exchange *x, void (*gone)(void *state), void *state);

#endif
