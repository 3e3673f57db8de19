/* A desk for connector tests: a peer that answers by script, a resource made from its ARN, and
 * what the connector reported, as one line of text. It stands in for the engine's task_report_*. */
#ifndef TESTS_AWS_DESK_H
#define TESTS_AWS_DESK_H

#include "engine/aws/aws.h"
#include "engine/loop/loop.h"
#include "engine/task/connector.h"
#include "tests/aws/peer.h"

struct desk_reply {
    int status;                 /* 0: cuts the connection */
    const char *headers, *body; /* body NULL: the replies end; the last one comes again */
};

struct desk {
    struct loop *loop;
    struct http_out *http;
    struct catalogue *catalogue;
    struct aws *aws;
    struct peer *peer;
    const struct desk_reply *replies;
    const char *raw; /* a body that is no text: where a reply's body is this pointer */
    size_t raw_size;
    size_t first; /* number of the present run's first request */
    struct connectors shared;
    bool again, submitted;       /* of the requests to come: sent again after a crash */
    const asl_value *state_name; /* of the requests to come; or NULL */
    struct asl_buffer said;      /* "STARTED ...\nSUCCEEDED {...}\n" */
};

int desk_open(void **state); /* cmocka set-up and tear-down: *state is a struct desk */
int desk_close(void **state);

/* Carries out a task to its end and gives what was reported; lives until the next one. */
const char *desk_run(struct desk *d, const char *resource_arn, const char *parameters,
                     const struct desk_reply *replies);
/* Starts it and cancels it after some milliseconds of the loop's time, wherever it is then. The
 * replies live as long as the desk: what was cancelled may still be on its way to the peer. */
void desk_cancel_after(struct desk *d, const char *resource_arn, const char *parameters,
                       const struct desk_reply *replies, int milliseconds);

/* Starts it, looks on for ten minutes of the loop's time, which skips ahead while no call is under
 * way, and stops what runs, as nobody will want the outcome; until all that asks for has been
 * answered. */
void desk_stop(struct desk *d, const char *resource_arn, const char *parameters,
               const struct desk_reply *replies);

/* A resource from its ARN, as definition/ would make it; free with desk_resource_free. */
struct resource desk_resource(const char *arn);
void desk_resource_free(struct resource *r);

#endif
