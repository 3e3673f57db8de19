/* systemd's word, over a datagram. The watchdog runs in real time, whatever the loop's clock does.
 */
#include "engine/cli/notify.h"

#include <event2/event.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/cli/cli.h"

struct notify {
    struct sockaddr_un where;
    socklen_t size;
    int socket;
    struct event *watchdog; /* or NULL */
};

static void tell(struct notify *n, const char *text)
{
    if (sendto(n->socket, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&n->where, n->size) <
        0)
        cli_note("the service manager cannot be told %s", text);
}

static void on_watchdog(evutil_socket_t fd, short what, void *notify)
{
    (void)fd, (void)what;
    tell(notify, "WATCHDOG=1");
}

/* In microseconds; 0: none is wanted of this process. */
static long watchdog_wish(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (!usec || (pid && strtol(pid, NULL, 10) != (long)getpid()))
        return 0;
    long wish = strtol(usec, NULL, 10);
    return wish > 0 ? wish : 0;
}

static void begin_watchdog(struct notify *n, struct loop *l)
{
    long half = watchdog_wish() / 2;
    struct timeval every = {half / 1000000, half % 1000000};
    if (half <= 0)
        return;
    n->watchdog = event_new(loop_base(l), -1, EV_PERSIST, on_watchdog, n);
    if (!n->watchdog || evtimer_add(n->watchdog, &every) != 0)
        asl_out_of_memory();
}

struct notify *notify_ready(struct loop *l)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    if (!path || !*path || strlen(path) >= sizeof where.sun_path)
        return NULL;
    int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return NULL;
    struct notify *n = asl_allocate_zeroed(1, sizeof *n);
    memcpy(where.sun_path, path, strlen(path));
    if (where.sun_path[0] == '@') /* an abstract name */
        where.sun_path[0] = '\0';
    n->where = where;
    n->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    n->socket = s;
    tell(n, "READY=1");
    begin_watchdog(n, l);
    return n;
}

void notify_stopping(struct notify *n)
{
    if (n)
        tell(n, "STOPPING=1");
}

void notify_free(struct notify *n)
{
    if (!n)
        return;
    if (n->watchdog)
        event_free(n->watchdog);
    close(n->socket);
    free(n);
}
