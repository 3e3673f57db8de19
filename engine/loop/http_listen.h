/* Around a listening HTTP server: its port, the names it goes by, descriptors, phrases. No
 * connection. */
#ifndef ENGINE_LOOP_HTTP_LISTEN_H
#define ENGINE_LOOP_HTTP_LISTEN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

uint16_t http_listen_port(int listening);
/* The values of Host that are served: the address, those of this machine, and `hosts`
 * (NULL-terminated, or NULL). NULL-terminated, the caller's, as each of its texts. */
char **http_listen_hosts(const char *address, const char *const *hosts);
/* Raises the soft limit of open files towards what so many connections need. */
void http_listen_raise_descriptors(size_t connections);

/* "OK" for 200; "Status" for one that is not known. */
const char *http_phrase(int status);

#endif
