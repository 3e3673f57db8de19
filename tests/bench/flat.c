/* Whether a store that has grown is as quick as a new one: starts through the API (64 keep-alive
 * connections) and the first page of ListExecutions, with a thousand executions stored and with a
 * million.
 *
 * The rounds take turns between two servers, so that what else the machine and its disk do falls on
 * both. The store is filled by the engine itself, in this process, with the executions of three
 * states that are then measured. BENCH_FLAT=100000 makes it smaller.
 */
#include "tests/bench/bench.h"
#include "tests/bench/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "build/stepwell"
enum { FEWEST = 1000, MOST = 1000000, CONNECTIONS = 64, LISTERS = 4, ROUNDS = 5 };
#define START_SECONDS 1.0
#define LIST_SECONDS  0.5

static const char definition[] =
    "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"},"
    "\"B\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.go\",\"BooleanEquals\":true,"
    "\"Next\":\"C\"}]},\"C\":{\"Type\":\"Succeed\"}}}";

static const char create[] =
    "{\"name\":\"Three\",\"roleArn\":\"arn:aws:iam::123456789012:role/bench\",\"definition\":"
    "\"{\\\"StartAt\\\":\\\"A\\\",\\\"States\\\":{\\\"A\\\":{\\\"Type\\\":\\\"Pass\\\","
    "\\\"Next\\\":"
    "\\\"B\\\"},\\\"B\\\":{\\\"Type\\\":\\\"Choice\\\",\\\"Choices\\\":[{\\\"Variable\\\":\\\"$."
    "go\\\","
    "\\\"BooleanEquals\\\":true,\\\"Next\\\":\\\"C\\\"}]},\\\"C\\\":{\\\"Type\\\":\\\"Succeed\\\"}}"
    "}\"}";
#define MACHINE "\"arn:aws:states:us-east-1:123456789012:stateMachine:Three\""
static const char start[] = "{\"stateMachineArn\":" MACHINE ",\"input\":\"{\\\"go\\\":true}\"}";
static const char list[] = "{\"stateMachineArn\":" MACHINE ",\"maxResults\":100}";

struct figures {
    double rate, p99, list_median, list_p99;
};

/* Under the machine's name, so that the API lists them with its own. */
static void fill(const char *database, size_t count)
{
    struct engine *e = bench_open(database);
    int64_t machine = bench_machine(e, "Three", definition);
    bench_run_all(e, machine, "{\"go\":true}", count, 8000);
    bench_close(e);
}

static struct load_result ask(uint16_t port, const char *target, const char *body,
                              size_t connections, double seconds)
{
    char request[2048];
    load_request(request, sizeof request, port, target, body);
    struct load_result r = load_run(&(struct load){
        .port = port, .request = request, .connections = connections, .seconds = seconds});
    if (r.failed || !r.answered) {
        fprintf(stderr, "bench: %zu calls of %s failed: %s\n", r.failed, target, r.answer);
        exit(1);
    }
    return r;
}

struct side {
    size_t stored;
    pid_t server;
    uint16_t port;
    double rate[ROUNDS], p99[ROUNDS], list_median[ROUNDS], list_p99[ROUNDS];
};

static void serve(struct side *s, const char *database)
{
    char port[8], answer[512];
    s->port = load_free_port();
    snprintf(port, sizeof port, "%u", (unsigned)s->port);
    s->server =
        load_server((const char *[]){PROGRAM, "serve", "--port", port, "--db", database, NULL},
                    "build/bench/serve.log", s->port, 60);
    if (s->server < 0 ||
        !load_call(s->port, "AWSStepFunctions.CreateStateMachine", create, answer, sizeof answer)) {
        fprintf(stderr, "bench: the server does not start; see build/bench/serve.log\n");
        exit(1);
    }
}

static void measure(struct side *s, int round)
{
    struct load_result r =
        ask(s->port, "AWSStepFunctions.StartExecution", start, CONNECTIONS, START_SECONDS);
    s->rate[round] = (double)r.answered / r.seconds;
    s->p99[round] = r.p99_ms;
    r = ask(s->port, "AWSStepFunctions.ListExecutions", list, LISTERS, LIST_SECONDS);
    s->list_median[round] = r.median_ms;
    s->list_p99[round] = r.p99_ms;
}

static struct figures sum_up(struct side *s)
{
    char name[64];
    struct figures f = {bench_median(s->rate, ROUNDS), bench_median(s->p99, ROUNDS),
                        bench_median(s->list_median, ROUNDS), bench_median(s->list_p99, ROUNDS)};
    load_end(s->server);
    snprintf(name, sizeof name, "flat_starts_with_%zu_stored", s->stored);
    bench_report(name, f.rate, "requests/s", -1, NULL);
    snprintf(name, sizeof name, "flat_start_p99_with_%zu_stored", s->stored);
    bench_report(name, f.p99, "ms", -1, NULL);
    snprintf(name, sizeof name, "flat_list_with_%zu_stored", s->stored);
    bench_report(name, f.list_median * 1000, "us", -1, NULL);
    return f;
}

void bench_flat(void)
{
    char small[256], large[256];
    const char *wanted = getenv("BENCH_FLAT");
    size_t most = wanted ? strtoul(wanted, NULL, 10) : MOST;
    if (access(PROGRAM, X_OK) != 0 || most <= FEWEST) {
        bench_note("flat: skipped (build/stepwell is not built, or BENCH_FLAT is too small)");
        return;
    }
    snprintf(small, sizeof small, "%s", bench_database("flat-small", 1));
    snprintf(large, sizeof large, "%s", bench_database("flat-large", 1));
    fill(small, FEWEST);
    fill(large, most);
    sync(); /* what the filling wrote is not to be waited for by what is measured */
    static struct side sides[2];
    sides[0].stored = FEWEST;
    sides[1].stored = most;
    serve(&sides[0], small);
    serve(&sides[1], large);
    for (int i = 0; i < 2 * ROUNDS; i++)
        measure(&sides[i % 2], i / 2);
    struct figures few = sum_up(&sides[0]), many = sum_up(&sides[1]);
    bench_report("flat_starts", many.rate, "requests/s", few.rate / many.rate,
                 "slower than with a thousand stored");
    bench_report("flat_start_p99", many.p99, "ms", many.p99 / few.p99, "a thousand stored");
    bench_report("flat_list_first_page", many.list_median * 1000, "us",
                 many.list_median / few.list_median, "a thousand stored");
    bench_report("flat_list_first_page_p99", many.list_p99 * 1000, "us",
                 many.list_p99 / few.list_p99, "a thousand stored");
    bench_database("flat-small", 1);
    bench_database("flat-large", 1);
}
