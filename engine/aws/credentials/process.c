/* credential_process: a program of the user's prints credentials as JSON.
 *
 * Run without a shell, as AWS's tools do; its stderr is ours, so that it can say what it needs;
 * what it prints is bounded and never shown. The loop reads the pipe; the end is known when the
 * pipe is at its end and the program has been waited for. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

#include "credentials.h"
#include "engine/loop/command_line.h"
#include "engine/loop/loop.h"

#define OUTPUT_MAXIMUM 65536
#define PATIENCE_MS    60000
#define REAP_MS        10

extern char **environ;

struct process {
    struct credentials_search *search;
    pid_t pid; /* 0: waited for */
    int pipe;  /* -1: at its end */
    struct event *event, *patience, *reaper;
    struct asl_buffer output;
};

static void process_free(struct process *p)
{
    struct event *const events[] = {p->event, p->patience, p->reaper};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i])
            event_free(events[i]);
    if (p->pipe >= 0)
        close(p->pipe);
    if (p->pid > 0) {
        kill(p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    if (p->output.data)
        explicit_bzero(p->output.data, p->output.size);
    asl_buffer_free(&p->output);
    free(p);
}

static void cancel(void *handle)
{
    struct process *p = handle;
    struct loop *loop = p->search->loop;
    process_free(p);
    loop_release(loop);
}

static void finish(struct process *p, enum credentials_result result)
{
    struct credentials_search *s = p->search;
    cancel(p);
    credentials_answer(s, result);
}

static void judge(struct process *p, int status)
{
    struct credentials_search *s = p->search;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        finish(p, credentials_broken(s, "credential_process of profile %.100s failed (%s %d)",
                                     s->profile, WIFEXITED(status) ? "exit status" : "signal",
                                     WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status)));
    else
        finish(p, credentials_read_text(s, asl_buffer_text(&p->output), "SessionToken"));
}

static void on_reap(evutil_socket_t fd, short what, void *state)
{
    struct process *p = state;
    struct timeval soon = {0, REAP_MS * 1000};
    int status = 0;
    (void)fd;
    (void)what;
    if (waitpid(p->pid, &status, WNOHANG) == 0) {
        event_add(p->reaper, &soon);
        return;
    }
    p->pid = 0;
    judge(p, status);
}

static void on_output(evutil_socket_t fd, short what, void *state)
{
    struct process *p = state;
    char chunk[4096];
    (void)what;
    ssize_t got = read(fd, chunk, sizeof chunk);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (got > 0) {
        asl_buffer_put(&p->output, chunk, (size_t)got);
        explicit_bzero(chunk, (size_t)got);
        if (p->output.full)
            finish(p, credentials_broken(p->search, "credential_process prints more than %d bytes",
                                         OUTPUT_MAXIMUM));
        return;
    }
    event_del(p->event);
    on_reap(-1, 0, p);
}

static void on_patience(evutil_socket_t fd, short what, void *state)
{
    struct process *p = state;
    (void)fd;
    (void)what;
    finish(p, credentials_broken(p->search,
                                 "credential_process of profile %.100s did not end within %d "
                                 "seconds",
                                 p->search->profile, PATIENCE_MS / 1000));
}

static int spawn(struct process *p, char *const words[])
{
    int ends[2];
    sigset_t defaults;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    sigemptyset(&defaults); /* we ignore SIGPIPE; programs expect not to */
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    int problem = posix_spawnp(&p->pid, words[0], &actions, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    p->pipe = ends[0];
    fcntl(p->pipe, F_SETFL, O_NONBLOCK);
    return problem;
}

static void watch(struct process *p)
{
    struct event_base *base = loop_base(p->search->loop);
    struct timeval patience = {PATIENCE_MS / 1000, 0};
    p->event = event_new(base, p->pipe, EV_READ | EV_PERSIST, on_output, p);
    p->patience = event_new(base, -1, 0, on_patience, p);
    p->reaper = event_new(base, -1, 0, on_reap, p);
    if (!p->event || !p->patience || !p->reaper)
        asl_out_of_memory();
    event_add(p->event, NULL);
    event_add(p->patience, &patience);
    loop_hold(p->search->loop);
}

enum credentials_result credentials_process(struct credentials_search *s)
{
    const char *command = config_value(s->config, s->profile, "credential_process");
    char *words[COMMAND_LINE_WORDS + 1];
    if (s->local || !command)
        return CREDENTIALS_NONE;
    char *line = asl_copy_text(asl_text(command));
    struct process *p = asl_allocate_zeroed(1, sizeof *p);
    p->search = s;
    p->pipe = -1;
    asl_buffer_init(&p->output, OUTPUT_MAXIMUM);
    int problem = command_line_split(line, words) > 0 ? spawn(p, words) : EINVAL;
    free(line);
    if (problem != 0) {
        p->pid = 0;
        process_free(p);
        return credentials_broken(s, "credential_process of profile %.100s cannot be run: %s",
                                  s->profile, strerror(problem));
    }
    watch(p);
    s->handle = p;
    s->cancel = cancel;
    return CREDENTIALS_LATER;
}
