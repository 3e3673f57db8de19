/* `stepwell test`: a thousand small tests, the same through aws-local-stepfunctions, and a
 * year-long workflow. Each small test is a task that is tried again after five seconds, a choice,
 * for every second a wait of a minute, and a check of output, path and duration; twenty files of
 * fifty. */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FOLDER "build/bench/tests"
#define FILES  20
#define EACH   50

static const char definition[] =
    "{\"StartAt\": \"Get\", \"States\": {\n"
    " \"Get\": {\"Type\": \"Task\", \"Resource\": "
    "\"arn:aws:lambda:us-east-1:123456789012:function:get\",\n"
    "  \"Retry\": [{\"ErrorEquals\": [\"Busy\"], \"IntervalSeconds\": 5, \"MaxAttempts\": 2}],\n"
    "  \"ResultPath\": \"$.order\", \"Next\": \"Big\"},\n"
    " \"Big\": {\"Type\": \"Choice\", \"Default\": \"Done\", \"Choices\": [{\"Variable\": "
    "\"$.order.total\",\n"
    "  \"NumericGreaterThan\": 100, \"Next\": \"Wait\"}]},\n"
    " \"Wait\": {\"Type\": \"Wait\", \"Seconds\": 60, \"Next\": \"Done\"},\n"
    " \"Done\": {\"Type\": \"Pass\", \"Parameters\": {\"id.$\": \"$.id\", \"total.$\": "
    "\"$.order.total\"},\n"
    "  \"End\": true}}}";

static int write_file(int number)
{
    char path[128];
    snprintf(path, sizeof path, FOLDER "/small%02d.test.json", number);
    FILE *f = fopen(path, "w");
    if (!f)
        return 0;
    fprintf(f, "{\"definition\": %s,\n \"tests\": [\n", definition);
    for (int i = 0; i < EACH; i++) {
        int id = number * EACH + i, waits = id % 2;
        fprintf(
            f,
            "  {\"name\": \"order %d\", \"input\": {\"id\": %d}, \"mocks\": {\"Get\": [{\"error\": "
            "\"Busy\"}, {\"result\": {\"total\": %d}}]}, \"expect\": {\"output\": {\"id\": %d, "
            "\"total\": %d}, \"path\": [\"Get\", \"Big\", %s\"Done\"], \"duration\": \"%s5 "
            "s\"}}%s\n",
            id, id, waits ? 200 : 50, id, waits ? 200 : 50, waits ? "\"Wait\", " : "",
            waits ? "1 min " : "", i + 1 < EACH ? "," : "");
    }
    fprintf(f, " ]}\n");
    return fclose(f) == 0;
}

/* Median of several whole runs of the program, start and end included, in seconds; below 0: it
 * failed. */
static double run_program(const char *arguments)
{
    enum { RUNS = 5 };
    double taken[RUNS];
    char command[512], line[512];
    snprintf(command, sizeof command, "build/stepwell test %s | tail -n 1 | grep ' 0 failed'",
             arguments);
    for (int i = 0; i < RUNS; i++) {
        double began = bench_now();
        if (!bench_command(command, line))
            return -1;
        taken[i] = bench_now() - began;
    }
    return bench_median(taken, RUNS);
}

static double peer(const char *way, int count)
{
    char command[512], line[512];
    snprintf(command, sizeof command,
             "PEER=peer_tests.mjs sh tests/bench/peer.sh " FOLDER "/small00.test.json %d %s "
             "2>/dev/null",
             count, way);
    return bench_command(command, line) ? strtod(line, NULL) : 0;
}

void bench_tests(void)
{
    mkdir(FOLDER, 0755);
    for (int i = 0; i < FILES; i++)
        if (!write_file(i)) {
            bench_note("tests: " FOLDER " cannot be written");
            return;
        }
    double seconds = run_program(FOLDER),
           year = run_program("tests/test_command/cases/year.test.json");
    if (seconds < 0 || year < 0) {
        bench_note("tests: build/stepwell test failed");
        return;
    }
    double each = seconds / (FILES * EACH), own = peer("new", 10), shared = peer("shared", 200);
    bench_report("a thousand small tests, whole program", seconds * 1000, "ms",
                 own > 0 ? 1 / own / each : -1, own > 0 ? "aws-local-stepfunctions" : NULL);
    if (shared > 0)
        bench_report("the same, the peer's machine made only once", seconds * 1000, "ms",
                     1 / shared / each, "aws-local-stepfunctions");
    else
        bench_note(
            "tests: skipped the peer: node, npm or aws-local-stepfunctions is not to be had");
    bench_report("a year with retries and timeouts, whole program", year * 1000, "ms", -1, NULL);
    char line[512];
    if (bench_command(
            "build/stepwell test tests/test_command/cases/year.test.json --json | grep wallMs | "
            "tr -dc 0-9.",
            line))
        bench_report("a year with retries and timeouts, the test", strtod(line, NULL), "ms", -1,
                     NULL);
}
