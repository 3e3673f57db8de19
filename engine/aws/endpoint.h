/* Where a call goes: one lookup, first match wins (DESIGN, "Where calls go"). */
#ifndef ENGINE_AWS_ENDPOINT_H
#define ENGINE_AWS_ENDPOINT_H

#include "catalogue.h"
#include "config.h"

enum endpoint_origin {
    ENDPOINT_ROUTE,
    ENDPOINT_SERVICE_VARIABLE,
    ENDPOINT_VARIABLE,
    ENDPOINT_PROFILE,
    ENDPOINT_REAL,
    ENDPOINT_STAND_IN,
};

struct endpoint_route {
    char *where; /* "state:Charge", "function:price", "dynamodb:putItem", "dynamodb", "*" */
    char *url;   /* or "aws", "local" (the stand-in), "/..." (a path of the stand-in) */
};

/* The call that is to go somewhere. */
struct endpoint_about {
    const struct catalogue_service *service;
    const char *action;       /* as in a resource ("putItem"); may be NULL */
    struct asl_text state;    /* the Task's name; may be empty */
    struct asl_text function; /* Lambda's: a name or an ARN, as it was given; may be empty */
};

/* What the lookup looks at. */
struct endpoint_rules {
    const struct config *config;
    const char *region; /* NULL: none was given */
    bool real;
    const struct endpoint_route *routes;
    size_t route_count;
    const char *(*stand_in)(void *state, const char *service);
    void *stand_in_state;
};

struct endpoint {
    enum endpoint_origin origin;
    char url[512]; /* scheme, host, port, base path; no '/' at its end */
    char signing_region[64];
    bool local;    /* loopback: nothing leaves this machine */
    char why[160]; /* the rule, in words */
};

/* Off-cloud any region will do where none is set. */
#define ENDPOINT_DEFAULT_REGION "us-east-1"

/* False and what to set in `message` when there is no such place. */
bool endpoint_find(const struct endpoint_rules *rules, const struct endpoint_about *about,
                   struct endpoint *out, char message[512]);

/* An absolute http or https URL with a host and nothing that a URL cannot hold; no user, query or
 * fragment. */
bool endpoint_url_is_good(const char *url);
/* Its host is this machine: localhost, 127.*, ::1. */
bool endpoint_url_is_local(const char *url);
/* "us-east-1": a label of a host. */
bool endpoint_region_is_good(const char *region);
/* The partition's name ("aws") of a region; unknown ones are "aws". */
const char *endpoint_partition(const char *region);
/* The real host of a service in a region; `kind` as in the table. False when it does not fit. */
bool endpoint_real_host(const char *endpoint_prefix, const char *region, const char *kind,
                        char host[256], char signing_region[64]);

#endif
