/* A whole engine for tests of what its Tasks do on the wire: its store in a folder of its own, all
 * of AWS routed to a peer (peer.h), one execution after the other. Ends the process when it cannot
 * be opened, or when an execution does not end within a minute. */
#ifndef TESTS_AWS_ENGINE_DESK_H
#define TESTS_AWS_ENGINE_DESK_H

#include "engine/aws/aws.h"
#include "engine/loop/loop.h"
#include "engine/run/engine.h"
#include "tests/aws/peer.h"

#define ENGINE_DESK_REGION  "us-east-1"
#define ENGINE_DESK_ACCOUNT "123456789012"
#define ENGINE_DESK_ROLE    "arn:aws:iam::" ENGINE_DESK_ACCOUNT ":role/played"

struct engine_desk {
    /* filled in before it is opened */
    struct catalogue *catalogue;
    peer_serve serve;
    void *state;
    void (*see)(void *state, int64_t id, const asl_value *event); /* each event; or NULL */
    void *see_state;
    const asl_value *connections; /* of HTTP Tasks, or NULL */
    bool unrouted;                /* nothing is routed: the environment says where to go */
    /* filled in by it */
    struct loop *loop;
    struct http_out *http;
    struct aws *aws;
    struct peer *peer;
    struct engine *engine;
    char url[64]; /* the peer's */
    char folder[64];
    /* of the last execution */
    int64_t execution;
    asl_value *events; /* array */
    enum asl_status status;
};

/* `environment`: NULL for keys that are none, in ENGINE_DESK_REGION; "@" in it is the peer's URL,
 * "^" the same with a host that counts as another machine, "~" the folder. */
void engine_desk_open(struct engine_desk *d, enum loop_time time, const char *const *environment);
/* Runs it to its end; false, with a word on stderr, when the definition is refused. */
bool engine_desk_run(struct engine_desk *d, const char *name, struct asl_text definition,
                     struct asl_text input);
/* The details of the last event of that type, or NULL. */
const asl_value *engine_desk_last(const struct engine_desk *d, const char *type);
/* Closes the engine; what it wrote stays for engine_desk_close(). */
void engine_desk_stop(struct engine_desk *d);
void engine_desk_close(struct engine_desk *d);

#endif
