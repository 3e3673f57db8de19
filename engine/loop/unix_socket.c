/* A listening socket with a name in the file system. */
#include "engine/loop/unix_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

/* Whether the name is free, or made free: a socket that nobody answers is a dead process's. */
static bool make_free(const struct sockaddr_un *where, char message[256])
{
    struct stat st;
    if (lstat(where->sun_path, &st) != 0)
        return true;
    if (!S_ISSOCK(st.st_mode)) {
        snprintf(message, 256, "cannot listen on %s: a file of that name is there",
                 where->sun_path);
        return false;
    }
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_dead = s >= 0 && connect(s, (const struct sockaddr *)where, sizeof *where) != 0 &&
                   errno == ECONNREFUSED;
    if (s >= 0)
        close(s);
    if (is_dead && unlink(where->sun_path) == 0)
        return true;
    snprintf(message, 256, "cannot listen on %s: another process %s", where->sun_path,
             is_dead ? "owns it" : "listens there");
    return false;
}

int unix_socket_listen(const char *path, char message[256])
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    if (!*path || strlen(path) >= sizeof where.sun_path) {
        snprintf(message, 256, "cannot listen on \"%.120s\": a path of 1 to %zu bytes is wanted",
                 path, sizeof where.sun_path - 1);
        return -1;
    }
    memcpy(where.sun_path, path, strlen(path) + 1);
    if (!make_free(&where, message))
        return -1;
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* Nobody can connect between bind and listen: so the mode is set in between. */
    if (s >= 0 && bind(s, (struct sockaddr *)&where, sizeof where) == 0 && chmod(path, 0600) == 0 &&
        listen(s, BACKLOG) == 0)
        return s;
    snprintf(message, 256, "cannot listen on %s: %s", path, strerror(errno));
    if (s >= 0)
        close(s);
    return -1;
}
