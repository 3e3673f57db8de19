/* Which sockets libcurl wants to hear of, on libevent.
 *
 * Curl lets go of a connection's socket when an answer is whole and asks for it again with the next
 * request: two calls of the kernel a request, for nothing. So a socket that was only read from
 * stays watched when curl lets it go, parked, and is there when curl asks again. When a parked one
 * becomes ready (the peer closed it, or speaks unasked), it is let go of really; curl looks at the
 * connection itself before it uses it again.
 *
 * Only sockets that are told of here when they open and before they close may be parked: of any
 * other (a resolver's pipe) nobody would say that its number means another one now.
 */
#ifndef ENGINE_LOOP_WATCHES_H
#define ENGINE_LOOP_WATCHES_H

#include <event2/event.h>

struct watches;
/* `ready` is called from the loop for a socket that is wanted, with the owner that wants it. */
struct watches *watches_new(struct event_base *base,
                            void (*ready)(void *owner, evutil_socket_t fd, short what));
void watches_free(struct watches *w);
void watches_opened(struct watches *w, evutil_socket_t fd);
void watches_closing(struct watches *w, evutil_socket_t fd);
/* EV_READ, EV_WRITE or both; 0: not any more. */
void watches_want(struct watches *w, evutil_socket_t fd, short kind, void *owner);

#endif
