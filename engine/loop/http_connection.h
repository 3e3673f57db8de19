/* A connection of the HTTP server, as its two files share it: http_in.c reads and keeps it,
 * http_answer.c answers. The states and the invariants stand at the head of http_in.c. */
#ifndef ENGINE_LOOP_HTTP_CONNECTION_H
#define ENGINE_LOOP_HTTP_CONNECTION_H

#include <stdbool.h>
#include <sys/queue.h>
#include <time.h>

#include "http_head.h"
#include "http_in.h"

#define SMALL (4 << 10) /* bytes a connection may always hold */

enum state { IDLE, HEAD, BODY, WORKING, WRITING, LINGERING };
enum chunk_part { CHUNK_SIZE, CHUNK_DATA, CHUNK_END, CHUNK_TRAILER };

struct connection {
    TAILQ_ENTRY(connection) all;
    TAILQ_ENTRY(connection) idle;    /* while IDLE: the longest idle first */
    TAILQ_ENTRY(connection) holding; /* while `held` > SMALL: the first to hold first */
    size_t held;                     /* bytes kept for the client */
    int64_t held_since;              /* real ms */
    struct http_in *in;
    struct bufferevent *socket;
    struct event *deadline;
    enum state state;
    bool keep;      /* after this answer */
    bool has_ended; /* the client sends no more; it may still read */
    size_t scanned; /* bytes of the input in which no end of head was found */
    struct http_head head;
    struct asl_buffer body;
    int64_t left; /* bytes of the body, or of the chunk, still to come */
    enum chunk_part part;
    size_t trailer_bytes;
    size_t lingered;
    struct http_exchange *exchange; /* while WORKING */
};

TAILQ_HEAD(connections, connection);

struct http_in {
    struct loop *loop;
    struct evconnlistener *listener;
    struct event *resume; /* accepting after a pause */
    char **hosts;
    struct http_in_limits limits;
    http_in_handle handle;
    void *state;
    uint16_t port;
    bool is_closing, is_inner;
    struct connections all, idle, holding;
    size_t count;
    size_t held_bytes;
    time_t date_of; /* the second that `date` shows */
    char date[64];
};

struct http_exchange {
    struct connection *connection; /* NULL once the client has gone */
    bool is_head;
    struct http_head head;
    struct asl_buffer body;
    void (*gone)(void *state);
    void *gone_state;
    bool is_ready; /* the answer is: see http_answer.c */
    int fd;
    struct asl_buffer ready;
    size_t sent; /* of it */
};

void connection_arm(struct connection *c, int64_t ms); /* its deadline, from now */
void connection_free(struct connection *c);
void connection_leave_idle(struct connection *c);
void connection_hold(struct connection *c, size_t bytes);
/* May `c` hold so many bytes more? Cuts slow ones where they hold too many. */
bool connection_may_hold(struct connection *c, size_t bytes);
/* The answer is with the kernel, whole: the next request, or the end. */
void connection_answered(struct connection *c);
/* Answers by itself, and the connection ends then. */
void connection_refuse(struct connection *c, int status, const char *why);

#endif
