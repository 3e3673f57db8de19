/* A peer on loopback for tests of what goes out: raw sockets, so that it can misbehave at will.
 *
 * Every connection has a thread of its own; it reads requests and hands each to `serve`, which
 * writes whatever it likes to the socket and says whether the connection stays. Requests are
 * kept, in the order they came. */
#ifndef TESTS_AWS_PEER_H
#define TESTS_AWS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/loop/http_out.h"

struct peer;
struct loop;

/* `number` counts requests from 0; `request` is head and body, NUL-terminated. */
typedef bool (*peer_serve)(void *state, int fd, size_t number, const char *request);

struct peer *peer_start(peer_serve serve, void *state);
void peer_stop(struct peer *p); /* ends connections, joins threads */
uint16_t peer_port(const struct peer *p);
size_t peer_request_count(struct peer *p);
/* Lives until peer_stop; NULL beyond the last. */
const char *peer_request(struct peer *p, size_t number);
size_t peer_connection_count(struct peer *p);
/* The most requests that were being served at one time. */
size_t peer_most_at_once(struct peer *p);

/* Writes it all; a client that has gone is no error. False when it has. */
bool peer_write(int fd, const char *data, size_t size);
/* A whole answer with Content-Length; `headers` are lines ending in CRLF, or "". */
bool peer_answer(int fd, int status, const char *headers, const char *body);
bool peer_answer_bytes(int fd, int status, const char *headers, const char *body, size_t length);

/* Sends one request and runs the loop until it is done. The answer is yours: wait_answer_free. */
struct http_answer peer_wait(struct loop *l, struct http_out *h, const struct http_request *r);
void peer_answer_free(struct http_answer *a);

#endif
