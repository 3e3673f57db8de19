/* The embedded stand-ins: DynamoDB, S3, SQS and others (README), speaking HTTP like the real
 * services, so that a workflow runs off-cloud with nothing installed. What is not offered says so
 * by name.
 *
 * All data lies under one directory and survives restarts: `local.db` (SQLite, WAL,
 * synchronous=FULL) and `s3/<bucket>/...`, folders and files one may look into. An answer leaves
 * only after the changes it tells of are on disk; the requests of one turn of the loop share a
 * commit.
 *
 * Requests must be signed for the service they mean; signatures are not verified (loopback). What a
 * request finds and makes is of the region that it is signed for; buckets are known in all, and
 * reached in their own.
 */
#ifndef ENGINE_LOCAL_LOCAL_H
#define ENGINE_LOCAL_LOCAL_H

#include "engine/loop/http_in.h"

struct catalogue;
struct local;

/* Tells a state machine or a Lambda function something, by its ARN: starts an execution of that
 * name (the same name again is the same execution), or calls the function asynchronously. `done` is
 * called once, from the loop; false: it is to be tried again. */
typedef void (*local_tell)(void *state, const char *arn, const char *name, struct asl_text input,
                           void (*done)(void *state, bool is_done), void *done_state);

/* A function that is to be called: what runs it, what it was called, and with what. Looked at. */
struct local_function_call {
    const char *key;
    struct asl_text name, qualifier, context, payload;
};
enum local_call_end {
    LOCAL_CALL_DONE,   /* it answered */
    LOCAL_CALL_FAILED, /* it was called, and failed */
    LOCAL_CALL_BUSY,   /* too many calls wait for it */
    LOCAL_CALL_LOST,   /* nothing runs it here */
};
/* Calls a function; `done` is called once, from the loop or at once. */
typedef void (*local_calls)(void *state, const struct local_function_call *call,
                            void (*done)(void *state, enum local_call_end end), void *done_state);

/* Texts are copied. */
struct local_options {
    const char *directory;       /* made when missing, 0700 */
    struct loop *loop;           /* commits, and exports that end; NULL (tests): each request is
                                    committed by itself, exports end when they are asked about */
    int64_t (*now)(void *state); /* ms since 1970; all time comes from here */
    void *now_state;
    int64_t export_ms;           /* how long an export takes; 0: 90 s */
    const char *account;         /* NULL: "123456789012" */
    const char *region;          /* NULL: "us-east-1" */
    struct catalogue *catalogue; /* borrowed; NULL: one of its own */
    /* For rules and topics that have state machines and functions behind them; NULL: what is for
     * them waits. */
    local_tell tell;
    void *tell_state;
    local_calls call; /* for what is kept by local_keep_call; NULL: it waits */
    void *call_state;
};

/* NULL and a message on failure. */
struct local *local_new(const struct local_options *options, char message[512]);
/* Answers what waits. Free it before the loop and the HTTP server. */
void local_free(struct local *l);

/* Whether a stand-in exists for that service, by its signing name ("dynamodb", "events") or the
 * catalogue's ("eventbridge"). */
bool local_offers(const char *service);
/* "dynamodb, s3, ...": for messages. */
const char *local_offered(void);
/* The service a request is meant for, by its X-Amz-Target or signature: "dynamodb", "s3", another
 * signing name, or "" when nothing tells. `out` is cut at its size. */
void local_service_of(const struct http_received *request, char out[64]);

/* Fit for http_in_handle: `local` is the struct local. Answers always, if need be with the
 * service's own error. */
void local_handle(void *local, struct http_exchange *x, const struct http_received *request);

/* The same without a connection, for tests and for the program's own needs (seeding tables): the
 * answer is filled, and on disk. Nothing waits: a long poll tells what is there. */
struct local_answer {
    int status;
    struct http_headers headers;
    struct asl_buffer body;
    /* Not answered yet: for `patience_ms` of real time, unless something changes or our clock shows
     * `look_again_at`. */
    bool waits;
    int64_t patience_ms, look_again_at;
};
void local_answer_init(struct local_answer *a);
void local_answer_free(struct local_answer *a);
void local_call(struct local *l, const struct http_received *request, struct local_answer *answer);
/* One call by the program itself, as if signed: local_request(l, "dynamodb", "CreateTable", body,
 * answer); parameters and answer are JSON, by the model's names. Of S3 the calls on one bucket or
 * object are there, their parameters as JSON ({"Bucket", "Key", "Body", "Prefix"}); the answer is
 * S3's own, XML or bytes. */
void local_request(struct local *l, const char *service, const char *operation,
                   struct asl_text body, struct local_answer *answer);
/* In another region than the server's own. */
void local_request_in(struct local *l, const char *region, const char *service,
                      const char *operation, struct asl_text body, struct local_answer *answer);

/* Of a call to EventBridge (AWSEvents): whether it is about events, buses and rules with a pattern.
 * Rules that are schedules are the API's. */
bool local_takes_events(struct local *l, const struct http_received *request);

/* Keeps an asynchronous call of a function: on disk when it returns. It is made soon, at least
 * once, and again when it fails, twice; over the ends of this process. False: the disk failed. */
bool local_keep_call(struct local *l, const struct local_function_call *call);

/* The folder of a bucket, whether it exists or not; freed by the caller. */
char *local_bucket_folder(const struct local *l, const char *bucket);

#endif
