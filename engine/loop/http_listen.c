/* See http_listen.h. */
#include "http_listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>

#include "asl/value/text.h"

/* Names that always mean this machine (RFC 6761, 6.3), whatever address is listened on. */
static const char *const own_hosts[] = {"localhost", "*.localhost", "127.0.0.1", "::1"};
#define OWN_HOSTS (sizeof own_hosts / sizeof *own_hosts)

char **http_listen_hosts(const char *address, const char *const *hosts)
{
    size_t count = 0, given = 0;
    while (hosts && hosts[given])
        given++;
    char **all = asl_allocate_zeroed(given + OWN_HOSTS + 2, sizeof *all);
    all[count++] = asl_copy_text(asl_text(address));
    for (size_t i = 0; i < OWN_HOSTS; i++)
        all[count++] = asl_copy_text(asl_text(own_hosts[i]));
    for (size_t i = 0; i < given; i++)
        all[count++] = asl_copy_text(asl_text(hosts[i]));
    return all;
}

/* Each connection is a descriptor; Debian gives a process 1,024 unless asked. */
void http_listen_raise_descriptors(size_t connections)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    rlim_t wanted = (rlim_t)connections + 512; /* 512: files, pipes, calls out */
    if (limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

uint16_t http_listen_port(int listening)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    getsockname(listening, (struct sockaddr *)&address, &size);
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

const char *http_phrase(int status)
{
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Status";
}
