/* Lambda functions on this machine: programs and handler files of the user's, called as Lambda
 * calls them.
 *
 * What runs a function, by the text that names it:
 *
 *   exec:PROGRAM WORDS...   reads the event on stdin, writes the result on stdout; one process a
 * call sh:COMMAND              the same, through /bin/sh node:PATH/FILE.EXPORT   a handler for
 * Node, through the Lambda Runtime API; kept warm python:PATH/FILE.NAME   a handler for Python,
 * likewise runtime:PROGRAM WORDS.. any program that speaks the Runtime API (a custom runtime's
 * bootstrap)
 *
 * Everything runs in the one event loop; a call ends with Lambda's own error payloads where the
 * function fails, times out or dies. Processes live in groups of their own and are killed with
 * them. Functions see a clean environment: no credentials of ours unless asked for.
 */
#ifndef ENGINE_LAMBDA_LAMBDA_H
#define ENGINE_LAMBDA_LAMBDA_H

#include "asl/value/value.h"
#include "engine/loop/http_in.h"

#define LAMBDA_PAYLOAD_MAXIMUM 6291456 /* bytes, of an event and of a result: AWS's limit */

struct lambda;
struct lambda_invocation;
struct lambda_call;

/* Texts are copied. */
struct lambda_options {
    struct loop *loop;
    const char *region, *account;
    const char *const *environment; /* ours; lives as long. NULL: empty */
    /* Where a function finds the services (AWS_ENDPOINT_URL), asked when one is started; may give
     * NULL. */
    const char *(*endpoint)(void *state);
    /* A line that a function wrote, without its newline; or NULL. */
    void (*log)(void *state, const char *function, struct asl_text line);
    void *state;
    /* Keeps a call of InvocationType Event until it is done: on disk when it returns true, and made
     * by lambda_invoke some time later. NULL: it is made at once, and gone with the process. */
    bool (*keep)(void *state, const struct lambda_call *call);
    const char *log_folder; /* <function>.log below it, made when needed; NULL: no files */
};
struct lambda *lambda_new(const struct lambda_options *options);
/* Kills what runs. Invocations that are under way are dropped; `done` is not called. */
void lambda_free(struct lambda *l); /* NULL is allowed */

/* A function. Texts are copied. */
struct lambda_function {
    const char *key;    /* what it is found by: "function:NAME[:QUALIFIER]", "function:*", or any
                           other route ("state:Charge", "lambda") */
    const char *runs;   /* see above */
    const char *folder; /* relative paths begin here; NULL: the current folder */
    int64_t timeout_ms; /* 0: 15 minutes, the most that Lambda allows */
    int64_t memory_mb;  /* told to the function; 0: 128 */
    size_t concurrency; /* calls at once; 0: 10 */
    const asl_value *environment; /* {"NAME": "value"}; or NULL */
    bool with_credentials;        /* our AWS_* variables reach it */
};
/* Whether a text names a way to run a function. */
bool lambda_can_run(const char *runs);
/* Replaces one of the same key. False and a message when it cannot be run: no such file, no words.
 */
bool lambda_add(struct lambda *l, const struct lambda_function *f, char message[512]);
/* What runs the function of a key, as it was given; NULL: there is none. */
const char *lambda_runs(const struct lambda *l, const char *key);
/* The key that calls of this function go to: by name and qualifier, by name, "function:*"; NULL. */
const char *lambda_key_of(const struct lambda *l, struct asl_text name, struct asl_text qualifier);
/* Name and qualifier of "name", "name:qualifier", "123456789012:function:name" or an ARN; false: it
 * is none of them. They point into `given`; the qualifier may be empty. */
bool lambda_read_name(struct asl_text given, struct asl_text *name, struct asl_text *qualifier);

struct lambda_call {
    const char *key;
    struct asl_text name, qualifier; /* what it was called: shown to the function */
    struct asl_text payload;         /* JSON; copied */
    const char *client_context;      /* base64, from the caller; or NULL */
    bool wants_log;
};

struct lambda_result {
    const char *request_id;
    const char *function_error; /* NULL: it went well; else "Unhandled" */
    struct asl_text payload;
    struct asl_text log; /* the last 4 KiB of what it wrote, when it was wanted */
};

/* `done` is called once, from the loop, never from within. NULL: nobody waits. NULL is returned
 * when there is no such key, or too many calls wait (`busy` is set). */
struct lambda_invocation *lambda_invoke(struct lambda *l, const struct lambda_call *call,
                                        void (*done)(void *state, const struct lambda_result *r),
                                        void *state, bool *busy);
/* Kills its process; `done` is not called any more. */
void lambda_cancel(struct lambda_invocation *i);

/* Fit for http_in_handle: Lambda's Invoke API, for /2015-03-31/functions/NAME/invocations, and
 * below /handler/KEY for one function whatever NAME says. Answers always. */
void lambda_handle(void *lambda, struct http_exchange *x, const struct http_received *request);
/* Whether a path is for lambda_handle. */
bool lambda_is_path(const char *path);
/* "/handler/<key>", encoded: the base path of a function's own URL; freed by the caller. */
char *lambda_path(const char *key);

#endif
