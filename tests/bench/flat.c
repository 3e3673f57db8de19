/* Whether a store that has grown is as quick as a new one: starts through the API (64 keep-alive
 * connections) and the first page of ListExecutions, with a thousand executions stored and with a
 * million.
 *
 * The store is filled by the engine itself, in this process, with the executions of three states that
 * are then measured. BENCH_FLAT=100000 makes it smaller.
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
#define LIST_SECONDS 0.5

static const char definition[] =
    "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"},"
    "\"B\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.go\",\"BooleanEquals\":true,"
    "\"Next\":\"C\"}]},\"C\":{\"Type\":\"Succeed\"}}}";

static const char create[] =
    "{\"name\":\"Three\",\"roleArn\":\"arn:aws:iam::123456789012:role/bench\",\"definition\":"
    "\"{\\\"StartAt\\\":\\\"A\\\",\\\"States\\\":{\\\"A\\\":{\\\"Type\\\":\\\"Pass\\\",\\\"Next\\\":"
    "\\\"B\\\"},\\\"B\\\":{\\\"Type\\\":\\\"Choice\\\",\\\"Choices\\\":[{\\\"Variable\\\":\\\"$.go\\\","
    "\\\"BooleanEquals\\\":true,\\\"Next\\\":\\\"C\\\"}]},\\\"C\\\":{\\\"Type\\\":\\\"Succeed\\\"}}}\"}";
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

static struct figures measure(const char *database, size_t stored)
{
    char port[8], answer[512], name[64];
    double rate[ROUNDS], p99[ROUNDS], list_median[ROUNDS], list_p99[ROUNDS];
    uint16_t number = load_free_port();
    snprintf(port, sizeof port, "%u", (unsigned)number);
    pid_t server = load_server((const char *[]){PROGRAM, "serve", "--port", port, "--db", database, NULL},
                               "build/bench/serve.log", number, 60);
    if (server < 0 ||
        !load_call(number, "AWSStepFunctions.CreateStateMachine", create, answer, sizeof answer)) {
        fprintf(stderr, "bench: the server does not start; see build/bench/serve.log\n");
        exit(1);
    }
    for (int i = 0; i < ROUNDS; i++) {
        struct load_result r =
            ask(number, "AWSStepFunctions.StartExecution", start, CONNECTIONS, START_SECONDS);
        rate[i] = (double)r.answered / r.seconds;
        p99[i] = r.p99_ms;
        r = ask(number, "AWSStepFunctions.ListExecutions", list, LISTERS, LIST_SECONDS);
        list_median[i] = r.median_ms;
        list_p99[i] = r.p99_ms;
    }
    load_end(server);
    struct figures f = {bench_median(rate, ROUNDS), bench_median(p99, ROUNDS),
                        bench_median(list_median, ROUNDS), bench_median(list_p99, ROUNDS)};
    snprintf(name, sizeof name, "flat_starts_with_%zu_stored", stored);
    bench_report(name, f.rate, "requests/s", -1, NULL);
    snprintf(name, sizeof name, "flat_start_p99_with_%zu_stored", stored);
    bench_report(name, f.p99, "ms", -1, NULL);
    snprintf(name, sizeof name, "flat_list_with_%zu_stored", stored);
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
    struct figures few = measure(small, FEWEST), many = measure(large, most);
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
