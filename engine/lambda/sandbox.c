/* One process of a function: started without a shell in a group of its own, heard, killed with its
 * group, waited for. See internal.h for the invariants.
 *
 * Its end is told by a pidfd (Linux 5.3): no signal handler, no polling, and a number that cannot
 * be another's. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/loop/loop.h"

#define CHUNK        65536
#define LINE_MAXIMUM 65536

/* ---- streams ---- */

static void stream_close(struct stream *s)
{
    if (s->event)
        event_free(s->event);
    if (s->fd >= 0)
        close(s->fd);
    *s = (struct stream){.fd = -1};
}

static void stream_watch(struct sandbox *s, struct stream *stream, short what,
                         event_callback_fn call)
{
    fcntl(stream->fd, F_SETFL, O_NONBLOCK);
    stream->event = event_new(loop_base(s->function->lambda->loop), stream->fd,
                              (short)(what | EV_PERSIST), call, s);
    if (!stream->event || event_add(stream->event, NULL) != 0)
        asl_out_of_memory();
}

/* ---- the program's stdin ---- */

static void on_writable(evutil_socket_t fd, short what, void *state)
{
    struct sandbox *s = state;
    const struct asl_buffer *payload = s->invocation ? &s->invocation->payload : NULL;
    (void)what;
    size_t left = payload ? payload->size - s->written : 0;
    ssize_t put = left ? write(fd, payload->data + s->written, left) : 0;
    if (put < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (put > 0)
        s->written += (size_t)put;
    if (put < 0 || !payload || s->written == payload->size)
        stream_close(&s->in); /* all of it, or the program does not want to read on */
}

/* ---- what it writes ---- */

/* Takes what is there. False when the stream has ended. */
static bool drain(struct sandbox *s, struct stream *stream, bool is_output)
{
    char chunk[CHUNK];
    bool to_log = !is_output || s->function->runner->is_runtime;
    for (int i = 0; stream->fd >= 0 && i < 64; i++) {
        ssize_t got = read(stream->fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return true;
        if (got <= 0)
            return false;
        struct asl_text text = {chunk, (size_t)got};
        if (to_log)
            log_write(s, is_output ? &s->line : &s->error_line, text);
        else
            asl_buffer_put_text(&s->output,
                                text); /* beyond its maximum: full, and said at the end */
    }
    return true;
}

static void on_output(evutil_socket_t fd, short what, void *state)
{
    struct sandbox *s = state;
    (void)fd;
    (void)what;
    if (!drain(s, &s->out, true))
        stream_close(&s->out);
}

static void on_error(evutil_socket_t fd, short what, void *state)
{
    struct sandbox *s = state;
    (void)fd;
    (void)what;
    if (!drain(s, &s->err, false))
        stream_close(&s->err);
}

/* ---- its end ---- */

/* What a program's stdout holds, as the result; or what is wrong with it. */
static void finish_program(struct sandbox *s)
{
    struct value_error error;
    struct asl_text text = asl_buffer_text(&s->output);
    if (s->output.full || text.size > LAMBDA_PAYLOAD_MAXIMUM) {
        sandbox_fail(s, "Function.ResponseSizeTooLarge",
                     "Response payload size exceeded maximum allowed payload size (%d bytes).",
                     LAMBDA_PAYLOAD_MAXIMUM);
        return;
    }
    asl_value *v = text.size ? value_parse(text, 0, 0, &error) : value_null();
    if (v)
        sandbox_finish(s, NULL, text.size ? text : ASL_TEXT("null"));
    else
        sandbox_fail(
            s, "Runtime.MarshalError",
            "Unable to marshal response: the program's output is no JSON: line %zu, column "
            "%zu: %s",
            error.line, error.column, error.message);
    value_release(v);
}

/* A program that fails may say how: {"errorType", "errorMessage"} on stdout. */
static bool has_told(struct sandbox *s)
{
    struct value_error error;
    asl_value *v = s->output.full ? NULL : value_parse(asl_buffer_text(&s->output), 0, 0, &error);
    bool told = v && (value_get_z(v, "errorType") || value_get_z(v, "errorMessage"));
    if (told) {
        struct asl_buffer payload; /* as JSON is printed: without the program's newline */
        asl_buffer_init(&payload, LAMBDA_PAYLOAD_MAXIMUM);
        value_print(v, &payload);
        sandbox_finish(s, "Unhandled", asl_buffer_text(&payload));
        asl_buffer_free(&payload);
    }
    value_release(v);
    return told;
}

static void judge(struct sandbox *s, int status)
{
    bool is_program = !s->function->runner->is_runtime;
    if (is_program && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        finish_program(s);
    else if (is_program && has_told(s))
        return;
    else if (WIFSIGNALED(status))
        sandbox_fail(s, "Runtime.ExitError", "Runtime exited with error: signal: %s",
                     WTERMSIG(status) == SIGKILL ? "killed" : strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == 0)
        sandbox_fail(s, "Runtime.ExitError", "Runtime exited without providing a reason");
    else
        sandbox_fail(s, "Runtime.ExitError", "Runtime exited with error: exit status %d",
                     WEXITSTATUS(status));
}

static void sandbox_free(struct sandbox *s)
{
    struct function *f = s->function;
    struct sandbox **at = &f->sandboxes;
    while (*at && *at != s)
        at = &(*at)->next;
    if (*at)
        *at = s->next;
    runtime_close(s);
    stream_close(&s->life);
    stream_close(&s->in);
    stream_close(&s->out);
    stream_close(&s->err);
    if (s->patience)
        event_free(s->patience);
    asl_buffer_free(&s->output);
    asl_buffer_free(&s->line);
    asl_buffer_free(&s->error_line);
    free(s);
}

/* The rest of the group first, while the number is still its leader's; then the leader. */
static int bury(struct sandbox *s)
{
    int status = 0;
    kill(-s->pid, SIGKILL);
    while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
        ;
    s->function->lambda->processes--;
    if (!s->has_died)
        s->function->running--;
    return status;
}

static void on_end(evutil_socket_t fd, short what, void *state)
{
    struct sandbox *s = state;
    struct function *f = s->function;
    (void)fd;
    (void)what;
    drain(s, &s->out, true);
    drain(s, &s->err, false);
    log_flush(s, &s->line);
    log_flush(s, &s->error_line);
    int status = bury(s);
    s->has_died = true;
    if (s->invocation)
        judge(s, status);
    sandbox_free(s);
    function_go_on(f);
}

void sandbox_end(struct sandbox *s)
{
    bury(s);
    sandbox_free(s);
}

void sandbox_kill(struct sandbox *s)
{
    if (!s->has_died)
        s->function->running--;
    s->has_died = true;
    kill(-s->pid, SIGKILL);
}

/* ---- patience ---- */

static void on_patience(evutil_socket_t fd, short what, void *state)
{
    struct sandbox *s = state;
    (void)fd;
    (void)what;
    sandbox_kill(s);
    if (!s->invocation)
        return;
    double seconds = (double)s->function->timeout_ms / 1000;
    log_printf(s, "%s Task timed out after %.2f seconds", s->invocation->id, seconds);
    sandbox_fail(s, "Sandbox.Timedout", "Task timed out after %.2f seconds", seconds);
}

void sandbox_set_patience(struct sandbox *s, int64_t ms)
{
    struct timeval tv = {ms / 1000, ms % 1000 * 1000};
    if (ms > 0)
        evtimer_add(s->patience, &tv);
    else
        evtimer_del(s->patience);
}

/* ---- starting ---- */

struct ends {
    int in[2], out[2], err[2];
};

static void close_ends(struct ends *e)
{
    int *const all[] = {e->in, e->out, e->err};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 2; k++)
            if (all[i][k] >= 0)
                close(all[i][k]);
}

static bool open_ends(struct ends *e)
{
    *e = (struct ends){{-1, -1}, {-1, -1}, {-1, -1}};
    return pipe2(e->in, O_CLOEXEC) == 0 && pipe2(e->out, O_CLOEXEC) == 0 &&
           pipe2(e->err, O_CLOEXEC) == 0;
}

/* In a group of its own, signals as programs expect them, and of our files only its three. */
static int spawn(struct sandbox *s, const struct ends *e)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    if (s->function->runner->is_runtime)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    else
        posix_spawn_file_actions_adddup2(&actions, e->in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, e->out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, e->err[1], 2);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawn_file_actions_addchdir_np(&actions, s->function->folder);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETSIGMASK);
    char **environment = environment_of(s);
    int problem = posix_spawnp(&s->pid, s->function->words[0], &actions, &attributes,
                               s->function->words, environment);
    environment_free(environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return problem;
}

/* Takes our ends and begins to listen. */
static void watch(struct sandbox *s, struct ends *e)
{
    s->out.fd = e->out[0];
    s->err.fd = e->err[0];
    e->out[0] = e->err[0] = -1;
    stream_watch(s, &s->out, EV_READ, on_output);
    stream_watch(s, &s->err, EV_READ, on_error);
    stream_watch(s, &s->life, EV_READ, on_end);
    if (!s->function->runner->is_runtime) {
        s->in.fd = e->in[1];
        e->in[1] = -1;
        stream_watch(s, &s->in, EV_WRITE, on_writable);
    }
}

static struct sandbox *sandbox_new(struct function *f)
{
    struct sandbox *s = asl_allocate_zeroed(1, sizeof *s);
    unsigned char chance[8] = {0};
    RAND_bytes(chance, sizeof chance);
    s->function = f;
    s->life.fd = s->in.fd = s->out.fd = s->err.fd = -1;
    s->patience = evtimer_new(loop_base(f->lambda->loop), on_patience, s);
    if (!s->patience)
        asl_out_of_memory();
    asl_buffer_init(&s->output, LAMBDA_PAYLOAD_MAXIMUM + 1);
    asl_buffer_init(&s->line, LINE_MAXIMUM + 1);
    asl_buffer_init(&s->error_line, LINE_MAXIMUM + 1);
    snprintf(s->log_stream, sizeof s->log_stream, "[$LATEST]%02x%02x%02x%02x%02x%02x%02x%02x",
             chance[0], chance[1], chance[2], chance[3], chance[4], chance[5], chance[6],
             chance[7]);
    return s;
}

struct sandbox *sandbox_start(struct function *f, struct lambda_invocation *i, char problem[256])
{
    struct ends ends;
    struct sandbox *s = sandbox_new(f);
    int failure = 0;
    bool has_ends = open_ends(&ends);
    s->invocation = i;
    if (!has_ends)
        snprintf(problem, 256, "pipe: %s", strerror(errno));
    else if (f->runner->is_runtime && !runtime_open(s, problem))
        has_ends = false;
    else if ((failure = spawn(s, &ends)) != 0)
        snprintf(problem, 256, "fork/exec %.150s: %s", f->words[0], strerror(failure));
    else if ((s->life.fd = pidfd_open(s->pid, 0)) < 0) {
        failure = errno;
        snprintf(problem, 256, "pidfd_open: %s", strerror(failure));
        kill(-s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
    } else
        watch(s, &ends);
    close_ends(&ends);
    s->invocation = NULL; /* sandbox_give does it whole */
    if (!has_ends || failure != 0) {
        sandbox_free(s);
        return NULL;
    }
    s->next = f->sandboxes;
    f->sandboxes = s;
    f->running++;
    f->lambda->processes++;
    return s;
}
