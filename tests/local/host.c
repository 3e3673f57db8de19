/* Hosts the stand-ins in this process and runs a client as a child: the loop serves until it ends.
 */
#include "local/host.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/local/local.h"

struct host {
    struct loop *loop;
    pid_t child;
    int status;
};

static int64_t now(void *state)
{
    return loop_now(state);
}

static void on_child(void *state)
{
    struct host *h = state;
    int status;
    if (waitpid(h->child, &status, WNOHANG) != h->child)
        return;
    h->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    loop_stop(h->loop);
}

static pid_t start(const char *command, uint16_t port, const char *work)
{
    fflush(NULL);
    pid_t child = fork();
    if (child != 0)
        return child;
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)port);
    setenv("STAND_IN", url, 1);
    setenv("WORK", work, 1);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

int host_run(const char *command)
{
    char message[512] = "", work[] = "/tmp/stand-in-XXXXXX", data[64], remove[80];
    if (!mkdtemp(work))
        return 125;
    snprintf(data, sizeof data, "%s/data", work);
    snprintf(remove, sizeof remove, "rm -rf '%s'", work);
    struct host h = {.loop = loop_new(LOOP_REAL, 1), .status = 125};
    struct local_options options = {
        .directory = data, .loop = h.loop, .now = now, .now_state = h.loop, .export_ms = 1000};
    struct local *l = local_new(&options, message);
    struct http_in *in =
        l ? http_in_new(h.loop, "127.0.0.1", 0, NULL, NULL, local_handle, l, message) : NULL;
    if (in) {
        loop_on_signal(h.loop, SIGCHLD, on_child, &h);
        h.child = start(command, http_in_port(in), work);
        loop_run(h.loop);
    } else
        fprintf(stderr, "%s\n", message);
    http_in_free(in);
    local_free(l);
    loop_free(h.loop);
    if (system(remove) != 0)
        fprintf(stderr, "%s is left behind\n", work);
    return h.status;
}
