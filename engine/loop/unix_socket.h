/* Listening on a path: a socket of this user's alone (0600). */
#ifndef ENGINE_LOOP_UNIX_SOCKET_H
#define ENGINE_LOOP_UNIX_SOCKET_H

/* The listening socket, non-blocking; -1 and a message. One that a process left behind is replaced;
 * one that answers, or anything else of that name, is not touched. Unlink the path at the end. */
int unix_socket_listen(const char *path, char message[256]);

#endif
