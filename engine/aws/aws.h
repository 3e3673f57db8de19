/* The door to AWS: an operation and its parameters in, an answer out.
 *
 *   aws_call -> endpoint -> credentials -> serialise -> sign -> http_out -> parse -> done
 *                              ^                                           |
 *                              +------------------- retry -----------------+
 *
 * Configuration is read once, from the environment that is given. Nothing leaves for real AWS
 * unless `real` is set. Secrets stay in here: no message, answer or log line holds one.
 */
#ifndef ENGINE_AWS_AWS_H
#define ENGINE_AWS_AWS_H

#include "asl/value/value.h"
#include "catalogue.h"
#include "engine/loop/http_out.h"
#include "message.h"
#include "protocol.h"

struct aws;
struct aws_call;

struct aws_options {
    struct loop *loop;
    struct http_out *http;
    struct catalogue *catalogue;
    const char *const *environment; /* as environ; NULL: empty. Not kept */
    const char *profile;            /* from a flag; NULL: AWS_PROFILE, else "default" */
    const char *region;             /* from a flag; NULL: AWS_REGION and so on */
    bool real;                      /* real AWS was asked for (--aws) */
    /* The embedded stand-in's URL for a service by ARN name ("dynamodb"), or NULL when it has
     * none. */
    const char *(*stand_in)(void *state, const char *service);
    void *stand_in_state;
    /* Wall-clock milliseconds since 1970, for signatures and expiry: real AWS does not follow a
     * skipped clock. NULL: the system's. */
    int64_t (*wall_clock)(void *state);
    void *wall_clock_state;
    /* Asks a person for the MFA code of a device, for a profile whose role wants one; it may take
     * its time. False: nobody is there to be asked, or nothing was said. NULL: nobody is. */
    bool (*ask_code)(void *state, const char *profile, const char *device, char code[16]);
    void *ask_state;
};

/* NULL and a message when the configuration is wrong (a file that does not parse, no such
 * profile). */
struct aws *aws_new(const struct aws_options *options, char message[512]);
void aws_free(struct aws *a); /* after every call is done, cancelled or forgotten */

/* The region in use: flag, environment, profile, else "us-east-1" (off-cloud any will do). */
const char *aws_region(const struct aws *a);
struct catalogue *aws_catalogue(struct aws *a);

/* An explicit route, before every other rule, the nearest first: `where` is a state
 * ("state:Charge"), a Lambda function ("function:price", "function:price:prod", "function:*"), a
 * service and action
 * ("dynamodb:putItem"), a service ("dynamodb") or "*"; `url` http or https, "aws" for real AWS,
 * "local" for the stand-in, or "/path" for a path of the stand-in. False and a message when either
 * is wrong. */
bool aws_route(struct aws *a, const char *where, const char *url, char message[512]);
/* The URL that a service is routed to, or NULL; `service` as in aws_route. */
const char *aws_route_of(const struct aws *a, const char *service);
/* The same for a Task (`state`: its name, or empty): a route of its own first. */
const char *aws_route_of_state(const struct aws *a, struct asl_text state, const char *service);
/* Where a call of this operation would go, and by which rule, in words: for a dry run. `state` is
 * the Task's name, or empty; of `parameters` (or NULL) a Lambda function's name is taken. */
bool aws_where_of(struct aws *a, const struct catalogue_operation *operation, struct asl_text state,
                  const asl_value *parameters, char url[512], char why[160], char message[512]);
/* The same of a call that no Task makes. */
bool aws_where(struct aws *a, const struct catalogue_operation *operation, char url[512],
               char why[160], char message[512]);

/* Whether a place was set for it: a route, a variable, the profile, or real AWS; the embedded
 * stand-in is none. */
bool aws_is_set(struct aws *a, const struct catalogue_operation *operation);

struct aws_ask {
    const struct catalogue_operation *operation;
    enum protocol_names names;   /* spellings taken, and how the answer is shown */
    const asl_value *parameters; /* NULL: none */
    const char *region;          /* another than the one in use; NULL: that */
    const char *role_arn;        /* to be assumed first (Credentials.RoleArn), or NULL */
    struct asl_text state;       /* the Task that asks, for routes; may be empty */
    const char *token;           /* an idempotency token for members that want one; NULL: random */
    size_t attempts;             /* at most; 0: AWS_MAX_ATTEMPTS, the profile's, else 3 */
    int64_t timeout_ms;          /* of one attempt; 0: 60 s */
};

enum aws_trouble {
    AWS_ANSWERED, /* a service answered: a success or its own error */
    AWS_CLIENT,   /* no answer that can be used: network, TLS, size, credentials, endpoint */
    AWS_REFUSED,  /* never sent: the model does not take these parameters; `message` is what
                          AWS puts between the brackets of "could not be used to start the Task" */
    AWS_ROLE,     /* `role_arn` could not be assumed; `message` tells why */
};

struct aws_outcome {
    enum aws_trouble trouble;
    struct aws_answer answer;  /* for trouble but AWS_ANSWERED: failed, with `message` set */
    enum http_failure failure; /* of AWS_CLIENT: what went wrong on the wire; else HTTP_DONE */
    size_t attempts;           /* made */
    const struct http_headers *headers; /* of the last answer; NULL when none came */
};

/* `done` is called once, from the loop, never from within; the outcome is looked at until it
 * returns. */
struct aws_call *aws_call(struct aws *a, const struct aws_ask *ask,
                          void (*done)(void *state, const struct aws_outcome *outcome),
                          void *state);
void aws_call_cancel(struct aws_call *c); /* `done` is not called any more */
/* A call whose end nobody waits for (stopping a job); aws_free cancels what is left of them. */
void aws_call_forget(struct aws *a, const struct aws_ask *ask);

/* ---- requests that no model describes: API Gateway's own APIs, HTTP Tasks ---- */

struct aws_raw {
    struct http_request request; /* url whole; Host is added when it is signed */
    const char *signing_name;    /* "execute-api"; NULL: unsigned */
    const char *cluster;  /* signs in to this EKS cluster's Kubernetes API instead; NULL: none */
    const char *role_arn; /* to be assumed first, or NULL */
};

struct aws_raw_call;

/* As http_out_send; credentials that cannot be had are HTTP_CANCELLED with the reason as
 * message. */
struct aws_raw_call *aws_raw_send(struct aws *a, const struct aws_raw *raw,
                                  void (*done)(void *state, const struct http_answer *answer),
                                  void *state);
void aws_raw_cancel(struct aws_raw_call *c);

/* Where an API of API Gateway is called: a route for the state or "execute-api", the host itself
 * when it is on this machine (plain HTTP), https when real AWS was asked for. Fills scheme, host
 * and base path, without '/' at the end. False and a message when the host is none, or nothing
 * allows it. */
bool aws_base_url(struct aws *a, struct asl_text state, const char *host, char url[512],
                  char message[512]);
/* The same for any absolute URL: a route for the state or `where` ("eks:call"), `asked` itself when
 * it is on this machine or real AWS was asked for. */
bool aws_place(struct aws *a, struct asl_text state, const char *where, const char *asked,
               char url[512], char message[512]);

/* "Unable to execute HTTP request: ...": what AWS's SDK says of a failure on the wire. */
void aws_words_of_failure(const struct http_answer *answer, const char *url, char text[512]);

#endif
