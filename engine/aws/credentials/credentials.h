/* Credentials: one file per source, all of one shape, and a table that is the chain.
 *
 * A search asks the sources in order. A source answers at once, or later through
 * credentials_answer(). NONE hands on to the next; BROKEN ends the search with a message: a profile
 * that asks for a role which cannot be had must not fall through to somebody else's keys.
 *
 * Secrets are wiped when they are freed and are never part of a message.
 */
#ifndef ENGINE_AWS_CREDENTIALS_H
#define ENGINE_AWS_CREDENTIALS_H

#include "engine/aws/aws.h"
#include "engine/aws/config.h"

struct credentials {
    char *access_key_id, *secret_access_key;
    char *session_token; /* NULL: none */
    int64_t expires_ms;  /* wall clock; INT64_MAX: never */
};
void credentials_free(struct credentials *c); /* wipes; the struct stays */
void credentials_copy(struct credentials *to, const struct credentials *from); /* `to` is empty */

enum credentials_result {
    CREDENTIALS_NONE,   /* this source is not configured */
    CREDENTIALS_FOUND,  /* search->found is filled */
    CREDENTIALS_BROKEN, /* configured, but: search->message */
    CREDENTIALS_LATER,  /* asked somebody; credentials_answer() follows */
};

struct credentials_search {
    struct aws *aws;
    const struct config *config;
    struct loop *loop;
    struct http_out *http;
    const char *profile;  /* whose credentials */
    const char *only;     /* a source's name: nobody else is asked (credential_source); or NULL */
    bool use_environment; /* variables count: not for a source_profile, nor a profile by flag */
    bool local;           /* for a peer on this machine: do not go out to find credentials */
    int64_t now_ms;       /* wall clock */
    size_t depth;         /* of source_profile after source_profile */
    struct credentials found;
    char message[512];
    /* the chain's own */
    size_t source;
    bool waiting;                 /* the source said LATER and has not answered */
    void *handle;                 /* the source's, while it is waiting */
    void (*cancel)(void *handle); /* set by the source when it says LATER */
    void (*done)(void *state, struct credentials_search *search, enum credentials_result result);
    void *state;
};

struct credentials_source {
    const char *name; /* for messages: "environment" */
    enum credentials_result (*find)(struct credentials_search *s);
};

/* Starts a search (fill in the first block). `done` may be called from within; the result is FOUND,
 * NONE or BROKEN, and `found` may be taken out. The search is yours: credentials_search_free. */
struct credentials_search *credentials_search_new(struct aws *a, const char *profile);
void credentials_search_run(struct credentials_search *s,
                            void (*done)(void *state, struct credentials_search *search,
                                         enum credentials_result result),
                            void *state);
/* Not from within `done`'s own source; cancels what waits. */
void credentials_search_free(struct credentials_search *s);

/* For sources. */
void credentials_answer(struct credentials_search *s, enum credentials_result result);
enum credentials_result credentials_broken(struct credentials_search *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Checks and copies; BROKEN when a text is none that a header can carry. `token`, `expiration` (ISO
 * 8601) may be NULL. */
enum credentials_result credentials_set(struct credentials_search *s, const char *access_key_id,
                                        const char *secret_access_key, const char *token,
                                        const char *expiration);
/* Visible ASCII of a sane length: what headers and a signature's scope can hold. Never quotes. */
bool credentials_are_plain(const struct credentials *c, char message[512]);
/* Milliseconds since 1970 of "2026-01-02T03:04:05Z" (a fraction and offsets are understood); false
 * when it is no such moment. */
bool credentials_moment(const char *iso8601, int64_t *ms);

/* Reads what container and metadata services, credential_process and STS answer: {AccessKeyId,
 * SecretAccessKey, <token_key>, Expiration}. False and a message (that quotes nothing) when it
 * is none. */
bool credentials_read(const asl_value *object, const char *token_key, struct credentials *out,
                      char message[512]);
/* The same from JSON text, into search->found; FOUND or BROKEN. */
enum credentials_result credentials_read_text(struct credentials_search *s, struct asl_text text,
                                              const char *token_key);

/* The sources, in the chain's order. */
enum credentials_result credentials_environment(struct credentials_search *s);
enum credentials_result credentials_web_identity(struct credentials_search *s);
enum credentials_result credentials_role(struct credentials_search *s);
enum credentials_result credentials_sso(struct credentials_search *s);
enum credentials_result credentials_files(struct credentials_search *s);
enum credentials_result credentials_process(struct credentials_search *s);
enum credentials_result credentials_container(struct credentials_search *s);
enum credentials_result credentials_metadata(struct credentials_search *s);

#endif
