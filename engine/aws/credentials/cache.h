/* Credentials kept until shortly before they expire: the profile's own, and those of roles that
 * states ask for. One search at a time for each; who comes meanwhile waits for it. */
#ifndef ENGINE_AWS_CREDENTIALS_CACHE_H
#define ENGINE_AWS_CREDENTIALS_CACHE_H

#include "credentials.h"

struct credentials_cache;
struct credentials_wait;

struct credentials_cache *credentials_cache_new(struct aws *a);
void credentials_cache_free(struct credentials_cache *c);

/* `done` gets credentials to look at until it returns, or NULL and why; at once (then NULL is
 * returned) or later. `role_arn` NULL: the profile's own. `local`: the peer is on this machine;
 * then nobody is asked for credentials, and where none are written down, made-up ones do. */
struct credentials_wait *credentials_cache_get(
    struct credentials_cache *c, const char *role_arn, bool local,
    void (*done)(void *state, const struct credentials *found, const char *message), void *state);
/* What it would give at once, to be looked at until anything else is asked of it; NULL: nothing
 * yet. */
const struct credentials *credentials_cache_held(struct credentials_cache *c, const char *role_arn,
                                                 bool local);
void credentials_wait_cancel(struct credentials_wait *w);
/* The service did not take them (ExpiredToken and the like): fetch anew next time. */
void credentials_cache_forget(struct credentials_cache *c, const char *role_arn);

#endif
