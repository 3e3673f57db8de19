/* What the files of this folder share.
 *
 *   lambda_invoke -> waiting -> (a sandbox is free, or one is started) -> running -> finish -> done
 *
 * A sandbox is one process of a function and what we hold of it. It lives from its start to the
 * moment the kernel tells of its end (pidfd): nothing else frees it, so that no event comes too
 * late. One that is killed is `is_dying` and takes nothing any more.
 *
 * Invariants:
 *   1. An invocation is waiting in its function's queue, or is the invocation of exactly one
 * sandbox.
 *   2. A process is waited for exactly once; its group is killed before, while its number is its
 * own.
 *   3. `done` is called from the loop only, after the invocation has left queue and sandbox.
 */
#ifndef ENGINE_LAMBDA_INTERNAL_H
#define ENGINE_LAMBDA_INTERNAL_H

#include <event2/event.h>
#include <sys/types.h>

#include "lambda.h"

#define LOG_TAIL 4096

/* How a function is run. */
struct runner {
    const char *prefix;    /* "node:" */
    bool is_runtime;       /* speaks the Runtime API; else one process a call */
    bool is_handler;       /* a file and a name in it; else words */
    const char *program;   /* NULL: the first word */
    const char *bootstrap; /* its argument in front of our bootstrap's text: "-e"; NULL: none */
    const char *identity;  /* AWS_EXECUTION_ENV */
};

struct function {
    struct function *next;
    struct lambda *lambda;
    char *key, *runs;
    const struct runner *runner;
    char **words;     /* NULL-terminated: what is executed */
    char *word_bytes; /* the words point into it; or NULL */
    char *folder;     /* absolute: where it runs */
    char *handler;    /* "index.handler"; or "" */
    int64_t timeout_ms, memory_mb;
    size_t concurrency;
    asl_value *environment; /* or NULL */
    bool with_credentials;
    struct sandbox *sandboxes;
    size_t running;                         /* sandboxes that are not dying */
    struct lambda_invocation *first, *last; /* waiting */
    size_t waiting;
};

struct lambda_invocation {
    struct lambda_invocation *next;
    struct function *function;
    struct sandbox *sandbox; /* NULL: waiting */
    char id[37];
    char *name, *qualifier; /* as called; qualifier may be "" */
    char *client_context;   /* or NULL */
    struct asl_buffer payload;
    char tail[LOG_TAIL];
    size_t tail_size;
    bool wants_log;
    int64_t started, deadline; /* real, ms since 1970 */
    void (*done)(void *state, const struct lambda_result *r);
    void *state;
};

/* One end of a pipe to a process. */
struct stream {
    int fd; /* -1: closed */
    struct event *event;
};

struct sandbox {
    struct sandbox *next;
    struct function *function;
    struct lambda_invocation *invocation; /* or NULL */
    pid_t pid;
    struct stream life, in, out, err;   /* life: the pidfd */
    struct event *patience;             /* real time */
    size_t written;                     /* of the invocation's payload */
    struct asl_buffer output;           /* a program's stdout */
    struct asl_buffer line, error_line; /* what was written of a line */
    struct http_in *api;                /* the Runtime API, of its own port */
    struct http_exchange *poll;         /* its /next that waits; or NULL */
    char log_stream[40];
    int64_t idle_since;
    bool was_ready; /* it has asked for work */
    bool has_died;  /* killed by us: the invocation is told already */
};

struct lambda {
    struct loop *loop;
    char *region, *account, *log_folder;
    const char *const *environment;
    const char *(*endpoint)(void *state);
    void (*log)(void *state, const char *function, struct asl_text line);
    bool (*keep)(void *state, const struct lambda_call *call);
    void *state;
    struct function *functions;
    struct event *sweep, *soon;
    size_t processes;
};

void lambda_make_id(char id[37]); /* of a request: a version 4 UUID */
int64_t lambda_real_ms(void);     /* since 1970: timeouts are real whatever our clock does */

/* function.c */
struct function *function_of(const struct lambda *l, const char *key);
void function_free(struct function *f);

/* invoke.c */
/* Gives waiting invocations to sandboxes as far as there is room. */
void function_go_on(struct function *f);
/* Ends the invocation of a sandbox; NULL `error`: it went well. */
void sandbox_finish(struct sandbox *s, const char *error, struct asl_text payload);
/* Ends it with one of Lambda's own errors: {"errorType", "errorMessage"}. The message begins with
 * "RequestId: <id> Error: ". */
void sandbox_fail(struct sandbox *s, const char *type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void invocation_fail(struct lambda_invocation *i, const char *type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Starts an invocation's clock: it is with its sandbox now. */
void sandbox_give(struct sandbox *s, struct lambda_invocation *i);

/* sandbox.c */
/* Starts a process; NULL and what went wrong. `i` is what a program is started for; or NULL. */
struct sandbox *sandbox_start(struct function *f, struct lambda_invocation *i, char problem[256]);
/* Takes nothing any more, and dies. */
void sandbox_kill(struct sandbox *s);
/* In the loop's real time; 0: none. */
void sandbox_set_patience(struct sandbox *s, int64_t ms);
/* At the end: kills, waits for it, frees. */
void sandbox_end(struct sandbox *s);

/* environment.c: NULL-terminated, one block; freed by environment_free. */
char **environment_of(const struct sandbox *s);
void environment_free(char **environment);

/* runtime.c */
/* Begins to listen for a sandbox; false and what went wrong. */
bool runtime_open(struct sandbox *s, char problem[256]);
/* Hands the sandbox's invocation to its waiting poll. */
void runtime_deliver(struct sandbox *s);
void runtime_close(struct sandbox *s);

/* log.c */
/* What a process wrote: lines go to the log, and the last of it to its invocation. */
void log_write(struct sandbox *s, struct asl_buffer *line, struct asl_text text);
/* What is left of a line without an end. */
void log_flush(struct sandbox *s, struct asl_buffer *line);
void log_printf(struct sandbox *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* bootstrap.c: the programs that load a handler; for "node:" and "python:". */
const char *bootstrap_of(const struct runner *r);

#endif
