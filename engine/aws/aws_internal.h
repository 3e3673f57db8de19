/* What the files of this folder share: the inside of struct aws, and calls with credentials
 * given. */
#ifndef ENGINE_AWS_AWS_INTERNAL_H
#define ENGINE_AWS_AWS_INTERNAL_H

#include "aws.h"
#include "config.h"
#include "credentials/cache.h"
#include "credentials/credentials.h"
#include "endpoint.h"

/* A place that was found for an operation, shared by its calls. */
struct aws_place {
    struct endpoint at;
    const struct catalogue_operation *operation;
    size_t users; /* calls, and the table while it is in there */
};
enum { PLACES = 64 };

struct aws {
    struct loop *loop;
    struct http_out *http;
    struct catalogue *catalogue;
    struct config config;
    struct endpoint_rules rules;
    struct endpoint_route *routes; /* grows; rules.routes points here */
    char *region;                  /* given by flag, environment or profile; NULL: none */
    char *ca_bundle;               /* AWS_CA_BUNDLE, the profile's; NULL: the system's */
    size_t attempts;
    /* where an operation goes whoever asks (call.c); NULL: not known */
    struct aws_place *places[PLACES];
    struct credentials_cache *credentials;
    struct aws_orphan *orphans; /* calls that nobody waits for */
    int64_t skew_ms;            /* what services said our clock is behind them */
    int64_t (*wall_clock)(void *state);
    void *wall_clock_state;
    bool (*ask_code)(void *state, const char *profile, const char *device, char code[16]);
    void *ask_state;
};

/* The Lambda function that parameters name, as it stands there; empty where it is another service.
 */
struct asl_text aws_function_of(const struct catalogue_operation *o, const asl_value *parameters);

int64_t aws_wall_now(const struct aws *a); /* as signatures need it: with the skew */

/* As aws_call, signed with `with` (copied) and nothing else. */
struct aws_call *aws_call_with(struct aws *a, const struct aws_ask *ask,
                               const struct credentials *with,
                               void (*done)(void *state, const struct aws_outcome *outcome),
                               void *state);

void aws_orphans_cancel(struct aws *a);

void aws_places_forget(struct aws *a); /* the rules have changed, or end */

#endif
