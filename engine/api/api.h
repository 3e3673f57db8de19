/* The Step Functions API: AWS JSON 1.0 on one engine. Serves: API reference, 2016-11-23; facts 1.
 *
 * Requests come from http_in's gate and are answered there; an answer that tells of something new
 * leaves after the commit that makes it durable. Signatures are not looked at: whoever listens
 * elsewhere than on loopback has decided so.
 */
#ifndef ENGINE_API_API_H
#define ENGINE_API_API_H

#include "engine/api/quota.h"
#include "engine/aws/catalogue.h"
#include "engine/loop/http_in.h"
#include "engine/run/engine.h"

struct api;

enum api_level { API_ERROR, API_WARN, API_INFO, API_DEBUG };

/* Borrowed: outlive the api. */
struct api_options {
    struct engine *engine;
    struct catalogue *catalogue; /* the model of the API itself, and what definitions may call */
    struct mock_desk *mocks;     /* for "#TestCase"; NULL: there is none */
    /* EventBridge's rules with a pattern, which another keeps: what ListRules shows of them in a
     * region for these parameters, an array, yours; or NULL. */
    asl_value *(*pattern_rules)(void *state, const char *region, const asl_value *parameters);
    void *pattern_state;
    struct aws *aws; /* for deliveries and dead-letter queues; NULL: there are none */
    /* Where the API says what concerns no caller: one line, no newline. NULL: errors and warnings
     * to stderr. */
    void (*log)(void *state, enum api_level level, const char *line);
    void *log_state;
    const struct quotas *quotas; /* NULL: AWS's */
    bool without_schedules;      /* none starts anything from here */
    enum api_level log_level;    /* the last one that is wanted; API_DEBUG tells of every request */
};

/* Reads what the store holds (machines, aliases, activities, tags ...). Make it before the loop
 * runs: recovery asks it about activities. NULL and a message when the store does not read back. */
struct api *api_new(const struct api_options *options, char message[512]);
/* Calls that wait are dropped. Free it before the HTTP server, after engine_close. */
void api_free(struct api *a);

/* A definition from a file, as machine `name` of the server's own region and account: made, or
 * changed as by UpdateStateMachine, unless it is the same. Refused: see message, diagnostics. */
enum api_placed { API_CREATED, API_UPDATED, API_UNCHANGED, API_REFUSED };
enum api_placed api_place_definition(struct api *a, const char *name, struct asl_text definition,
                                     bool express, struct asl_diagnostics *diagnostics,
                                     char message[256]);

/* A graceful end: long polls are answered at once with nothing; true when no call waits any more.
 */
bool api_close(struct api *a);

/* Whether a request is meant for this API: its X-Amz-Target says so. */
bool api_is_meant(const struct http_received *request);
/* Fit for http_in_handle: `api` is the struct api. Answers always, now or later. */
void api_handle(void *api, struct http_exchange *x, const struct http_received *request);
/* The same for what the engine's own executions call. Whatever they sign with, they are of their
 * machine's account: accounts are not held apart. */
void api_handle_inner(void *api, struct http_exchange *x, const struct http_received *request);

/* Prometheus text (version 0.0.4) for /metrics. Appends. */
void api_metrics(struct api *a, struct asl_buffer *out);

#endif
