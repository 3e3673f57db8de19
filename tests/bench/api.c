/* StartExecution through `stepwell serve`, side by side with a handler that answers `{}` on the
 * same HTTP server, and with moto's (Python): 64 keep-alive connections, the same client, the same
 * request, one run. Each execution passes three states and is durable before its start is answered;
 * afterwards the store is asked whether all that were acknowledged are there, and have succeeded.
 *
 * The rounds take turns (plain, start, plain, start ...) and medians are compared, so that what
 * else the machine does falls on both.
 */
#include "tests/bench/bench.h"
#include "tests/bench/load.h"

#include "engine/loop/http_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM      "build/stepwell"
#define MOTO_VERSION "5.2.1" /* what was compared last; any is taken */
enum { CONNECTIONS = 64, ROUNDS = 5 };
#define ROUND_SECONDS 1.5
#define MOTO_SECONDS  3.0

#define ROLE "arn:aws:iam::123456789012:role/bench"
static const char create[] =
    "{\"name\":\"Three\",\"roleArn\":\"" ROLE "\",\"definition\":\"{\\\"StartAt\\\":\\\"A\\\","
    "\\\"States\\\":{\\\"A\\\":{\\\"Type\\\":\\\"Pass\\\",\\\"Next\\\":\\\"B\\\"},"
    "\\\"B\\\":{\\\"Type\\\":\\\"Choice\\\",\\\"Choices\\\":[{\\\"Variable\\\":\\\"$.go\\\","
    "\\\"BooleanEquals\\\":true,\\\"Next\\\":\\\"C\\\"}]},\\\"C\\\":{\\\"Type\\\":\\\"Succeed\\\"}}"
    "}\"}";
static const char start[] =
    "{\"stateMachineArn\":\"arn:aws:states:us-east-1:123456789012:stateMachine:Three\","
    "\"input\":\"{\\\"go\\\":true}\"}";

/* ---- the handler that does nothing ---- */

static void answer_nothing(void *state, struct http_exchange *x,
                           const struct http_received *request)
{
    struct http_headers headers;
    (void)state, (void)request;
    http_headers_init(&headers);
    http_headers_add(&headers, "Content-Type", ASL_TEXT("application/x-amz-json-1.0"));
    http_exchange_answer(x, 200, &headers, ASL_TEXT("{}"));
    http_headers_free(&headers);
}

static void stop(void *loop)
{
    loop_stop(loop);
}

int bench_plain_child(const char *port)
{
    char message[256];
    struct loop *l = loop_new(LOOP_REAL, 1);
    struct http_in *h = http_in_new(l, "127.0.0.1", (uint16_t)atoi(port), NULL, NULL,
                                    answer_nothing, NULL, message);
    if (!h) {
        fprintf(stderr, "%s\n", message);
        return 1;
    }
    loop_on_signal(l, SIGTERM, stop, l);
    loop_run(l);
    http_in_free(h);
    loop_free(l);
    return 0;
}

/* ---- servers ---- */

struct server {
    pid_t pid;
    uint16_t port;
};

static struct server plain_server(void)
{
    char port[8];
    struct server s = {.port = load_free_port()};
    snprintf(port, sizeof port, "%u", (unsigned)s.port);
    s.pid = load_server((const char *[]){bench_program_path(), "--plain", port, NULL},
                        "build/bench/plain.log", s.port, 10);
    return s;
}

static struct server stepwell_server(const char *database)
{
    char port[8], answer[512];
    struct server s = {.port = load_free_port()};
    snprintf(port, sizeof port, "%u", (unsigned)s.port);
    s.pid = load_server((const char *[]){PROGRAM, "serve", "--port", port, "--db", database, NULL},
                        "build/bench/serve.log", s.port, 20);
    if (s.pid > 0 &&
        !load_call(s.port, "AWSStepFunctions.CreateStateMachine", create, answer, sizeof answer)) {
        fprintf(stderr, "CreateStateMachine: %s\n", answer);
        exit(1);
    }
    return s;
}

static struct load_result starts(const struct server *s, double seconds)
{
    char request[2048];
    load_request(request, sizeof request, s->port, "AWSStepFunctions.StartExecution", start);
    struct load_result r = load_run(&(struct load){
        .port = s->port, .request = request, .connections = CONNECTIONS, .seconds = seconds});
    if (r.failed)
        fprintf(stderr, "bench: %zu starts failed, the last with: %s\n", r.failed, r.answer);
    return r;
}

/* ---- moto ---- */

/* Starts a second on moto's server; 0 when there is none. Its first seconds go into imports. */
static double moto_rate(void)
{
    char port[8], answer[512], version[512];
    struct server s = {.port = load_free_port()};
    if (!bench_command("python3 -c 'import moto, flask; print(moto.__version__)' 2>/dev/null",
                       version))
        return 0;
    snprintf(port, sizeof port, "%u", (unsigned)s.port);
    s.pid = load_server(
        (const char *[]){"python3", "-m", "moto.server", "-H", "127.0.0.1", "-p", port, NULL},
        "build/bench/moto.log", s.port, 60);
    if (s.pid < 0)
        return 0;
    double rate = 0;
    if (load_call(s.port, "AWSStepFunctions.CreateStateMachine", create, answer, sizeof answer)) {
        struct load_result r = starts(&s, MOTO_SECONDS);
        rate = (double)r.answered / r.seconds;
    }
    load_end(s.pid);
    return rate;
}

static void compare_with_moto(double rate)
{
    double theirs = moto_rate();
    if (theirs > 0)
        bench_report("api_start_execution_of_moto", theirs, "requests/s", rate / theirs,
                     "moto's server, that many times faster");
    else
        bench_note("moto: skipped (python3 with moto[server] " MOTO_VERSION " is not installed)");
}

/* ---- the bench ---- */

/* What was acknowledged is there, and has ended well. */
static void check_store(const char *database, size_t acknowledged)
{
    struct store_error error;
    struct store *s = store_open_reader(database, &error);
    int64_t done = s ? store_count_executions(s, NULL, ASL_SUCCEEDED) : -1;
    int64_t all = s ? store_count_executions(s, NULL, -1) : -1;
    store_close(s);
    if (done != (int64_t)acknowledged || all != done) {
        fprintf(stderr,
                "bench: %zu starts were acknowledged, the store holds %lld, %lld succeeded\n",
                acknowledged, (long long)all, (long long)done);
        exit(1);
    }
    bench_report("api_executions_checked", (double)done, "durable, done", -1, NULL);
}

void bench_api(void)
{
    double plain[ROUNDS], ours[ROUNDS], ratio[ROUNDS], median[ROUNDS], p99[ROUNDS];
    const char *database = bench_database("api", 1);
    size_t acknowledged = 0;
    if (access(PROGRAM, X_OK) != 0) {
        bench_note("api: skipped (build/stepwell is not built)");
        return;
    }
    struct server p = plain_server(), s = stepwell_server(database);
    if (p.pid < 0 || s.pid < 0) {
        bench_note("api: a server does not start; see build/bench/plain.log and serve.log");
        return;
    }
    for (int i = 0; i < ROUNDS; i++) {
        struct load_result r = starts(&p, ROUND_SECONDS);
        plain[i] = (double)r.answered / r.seconds;
        r = starts(&s, ROUND_SECONDS);
        acknowledged += r.answered;
        ours[i] = (double)r.answered / r.seconds;
        ratio[i] = ours[i] / plain[i];
        median[i] = r.median_ms;
        p99[i] = r.p99_ms;
    }
    load_end(p.pid);
    double processor = load_end(s.pid);
    double rate = bench_median(ours, ROUNDS);
    bench_report("api_plain_handler", bench_median(plain, ROUNDS), "requests/s", -1, NULL);
    bench_report("api_start_execution", rate, "requests/s", bench_median(ratio, ROUNDS),
                 "a handler that answers {}");
    bench_report("api_start_execution_median", bench_median(median, ROUNDS), "ms", -1, NULL);
    bench_report("api_start_execution_p99", bench_median(p99, ROUNDS), "ms", -1, NULL);
    bench_report("api_start_execution_processor", processor * 1e6 / (double)acknowledged,
                 "us a request", -1, NULL);
    check_store(database, acknowledged);
    compare_with_moto(rate);
}
