/* What the stand-ins share: the database, the turn, time. For the files of this folder only. */
#ifndef ENGINE_LOCAL_SERVICE_H
#define ENGINE_LOCAL_SERVICE_H

#include <sqlite3.h>

#include "asl/value/value.h"
#include "engine/loop/loop.h"
#include "local.h"

#define REGION_BYTES 64

struct local {
    char *directory;
    char *account;
    char home[REGION_BYTES];   /* the server's own: of what is not signed */
    char region[REGION_BYTES]; /* of the request that is carried out; otherwise home */
    int64_t export_ms;
    int64_t (*clock)(void *state);
    void *clock_state;
    struct loop *loop;
    struct database *database;
    struct loop_timer *export_timer;
    /* the turn */
    bool is_turn_open;
    char failure[256];               /* why the turn could not be committed */
    struct loop_timer *commit_timer; /* due at once: the turn's end */
    struct pending *pending;
    size_t pending_count, pending_capacity;
    /* what waits (park.c) */
    bool may_wait; /* the request that is being carried out */
    bool has_news;
    struct parked **parked;
    size_t parked_count;
    struct event *park_tick;
    struct loop_timer *park_timer;
    /* what waits to be told (outbox.c) */
    bool has_mail;
    struct letter *letter; /* on its way; or NULL */
    struct loop_timer *mail_timer;
    local_tell tell; /* or NULL */
    void *tell_state;
    /* calls of functions that are kept (async.c) */
    local_calls call; /* or NULL */
    void *call_state;
    struct async_call *async; /* under way */
    size_t async_count;
    struct loop_timer *async_timer;
    /* the models */
    struct catalogue *catalogue, *own_catalogue;
    struct constraint_checker *checker; /* made when first needed */
};

int64_t local_now(const struct local *l); /* ms since 1970 */

/* ---- regions (region.c) ---- */

/* The region that a request is signed for; home where it is not, or for none that reads. */
void local_region_of(const struct local *l, const struct http_received *request,
                     char out[REGION_BYTES]);
/* Data is of `region` from here on; `before` is for going back (NULL: not wanted). A text that is
 * no region's name changes nothing. */
void local_enter(struct local *l, struct asl_text region, char before[REGION_BYTES]);
/* The fourth part of an ARN; {"", 0} where the text is none. */
struct asl_text local_arn_region(struct asl_text arn);
/* Whether a text that may be an ARN means something of the region that we are in. */
bool local_arn_is_here(const struct local *l, struct asl_text arn);

/* `size` - 1 random characters of `alphabet` and a NUL. */
void local_random(char *out, size_t size, const char *alphabet);

/* A service: with hooks of its own, or described by AWS's model (model.h). `handle` answers; false:
 * what it changed in the database is taken back. */
struct model_service;
struct local_service {
    const char *name;     /* signing name */
    const char *arn_name; /* in the catalogue; NULL: the same */
    bool (*handle)(struct local *l, const struct http_received *request,
                   struct local_answer *answer);
    /* The answer when the database failed. */
    void (*fail)(struct local_answer *answer, const char *why);
    const struct model_service *model; /* instead of both */
};
extern const struct local_service local_dynamodb, local_s3, local_sqs, local_sns, local_events,
    local_secretsmanager, local_ssm;

/* A change beside the requests, committed with what the turn has so far; NULL, or why it cannot be.
 */
const char *local_begin_write(struct local *l);
const char *local_end_write(struct local *l);

struct catalogue *local_catalogue(struct local *l);
/* Something changed that a waiting request may want: it is carried out again behind the commit. */
void local_news(struct local *l);
/* Appends a line to <directory>/<name>.log: what was published where nobody on this machine
 * listens. A line may tell of something whose caller was then told 500. */
void local_log(struct local *l, const char *name, const asl_value *v);
/* Carries a request out in a savepoint of the turn. */
void local_carry_out(struct local *l, const struct local_service *service,
                     const struct http_received *request, struct local_answer *answer);
/* Takes the answer; it leaves behind the commit. */
void local_answer_later(struct local *l, struct http_exchange *x,
                        const struct local_service *service, struct local_answer *answer);

/* ---- the database: prepared statements by their text, failures remembered until asked ---- */

/* `region` is borrowed, and read anew by each call; what a database of before regions holds becomes
 * its. */
struct database *database_open(const char *path, const char *region, char message[512]);
const char *database_region(const struct database *d);
void database_close(struct database *d);
/* A statement with its arguments bound, ready to step. `kinds` has a letter an argument: 'i'
 * int64_t, 't' struct asl_text as text, 'b' struct asl_text as blob, 'z' const char * (NULL: SQL
 * null). `sql` must be a literal: it is kept. Bound bytes must live until the statement is done. */
sqlite3_stmt *database_query(struct database *d, const char *sql, const char *kinds, ...);
/* True: a row. False: no more, or a failure. */
bool database_step(struct database *d, sqlite3_stmt *s);
/* Query, run to the end. */
void database_run(struct database *d, const char *sql, const char *kinds, ...);
struct asl_text database_text(sqlite3_stmt *s, int column); /* or blob; until the next step */
/* The first failure since the last call, or NULL; forgets it. */
const char *database_failure(struct database *d);
bool database_has_failed(const struct database *d);
/* Whether a transaction is open: SQLite ends one by itself on a full disk. */
bool database_is_in_transaction(const struct database *d);
int64_t database_last_id(const struct database *d);

#endif
