/* Numeric addresses and names of hosts: which are this machine's own, and which a request to the
 * outside may reach. Nothing is resolved here. */
#ifndef ENGINE_LOOP_ADDRESS_H
#define ENGINE_LOOP_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* "127.0.0.1" or "::1", with a port; the size of what was written to *out; 0: `text` is no numeric
 * address. */
socklen_t address_from_text(const char *text, uint16_t port, struct sockaddr_storage *out);

/* "localhost", or a numeric address of loopback. A name that only begins like one
 * ("127.example.com") is somebody else's. */
bool address_host_is_loopback(const char *host);

/* False for loopback, private, shared, link-local, multicast and unspecified addresses (RFC 1122,
 * 1918, 2544, 3927, 4193, 4291, 6598, 6890), also where an IPv6 address carries one of IPv4 (RFC
 * 3056, 4291, 6052); false for all that is no internet address. */
bool address_is_public(const struct sockaddr *address);

#endif
