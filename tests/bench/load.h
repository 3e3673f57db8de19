/* A load on an HTTP server: some keep-alive connections, each of which asks again as soon as it is
 * answered. One thread, one epoll, one write and one read a request: cheap, so that what is
 * measured is the server and not the client. */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct load {
    uint16_t port;       /* of 127.0.0.1 */
    const char *request; /* head and body, the same each time */
    size_t connections;  /* at most LOAD_CONNECTIONS */
    double seconds;      /* 0: until `requests` */
    size_t requests;     /* 0: until `seconds` */
};
enum { LOAD_CONNECTIONS = 1024 };

struct load_result {
    size_t answered; /* with status 200 */
    size_t failed;   /* any other answer, or a connection that ended without one */
    double seconds;
    double median_ms, p99_ms;
    char answer[2048]; /* the last one, for a complaint */
};

/* Requests still on their way at the end are waited for, so that each that was sent is counted.
 * Zeros when nobody listens. */
struct load_result load_run(const struct load *l);

/* A request as SDKs send them: POST / with `target` ("AWSStepFunctions.StartExecution"). */
void load_request(char *out, size_t size, uint16_t port, const char *target, const char *body);
/* One call; the answer's body, cut at `size`. 0 when it was not answered with 200. */
int load_call(uint16_t port, const char *target, const char *body, char *answer, size_t size);

/* Starts a program (stdout and stderr into `log`) and waits until it listens on `port`, at most
 * `seconds`. -1: it does not. */
pid_t load_server(const char *const *arguments, const char *log, uint16_t port, double seconds);
/* Asks the process to end, waits, and gives the seconds of processor time it took. */
double load_end(pid_t pid);
/* A port nobody listens on now. */
uint16_t load_free_port(void);

#endif
