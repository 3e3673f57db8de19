/* The stand-ins behind a port while another program talks to them. */
#ifndef TESTS_LOCAL_HOST_H
#define TESTS_LOCAL_HOST_H

/* Serves a fresh data directory, runs `command` in a shell with STAND_IN (the URL) and WORK (a
 * scratch folder) set, and gives its exit status. Exports take a second. The command may kill and
 * restart nothing: for restarts see test_local.c. */
int host_run(const char *command);

#endif
