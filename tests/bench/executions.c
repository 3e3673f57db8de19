/* Whole executions: how many of a three-state machine begin and end durably in a second, and what a
 * large payload costs on its way through ten states. */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char three[] =
    "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"},"
    "\"B\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.go\",\"BooleanEquals\":true,"
    "\"Next\":\"C\"}]},\"C\":{\"Type\":\"Succeed\"}}}";

/* What DBOS states for PostgreSQL on 96 virtual CPUs. */
#define MARK 43000.0

void bench_executions(void)
{
    enum { COUNT = 200000, AT_ONCE = 8000 };
    struct engine *e = bench_open(bench_database("executions", 1));
    int64_t machine = bench_machine(e, "Three", three);
    double began = bench_now();
    bench_run_all(e, machine, "{\"go\":true}", COUNT, AT_ONCE);
    double rate = COUNT / (bench_now() - began);
    struct engine_figures f;
    engine_get_figures(e, &f);
    bench_report("executions_durable", rate, "executions/s", rate / MARK, "43,000 (DBOS, 96 vCPU)");
    bench_report("executions_per_commit", COUNT / (double)f.commits, "executions", -1, NULL);
    bench_report("commit_mean", (double)f.commit_us_total / (double)f.commits / 1000, "ms", -1,
                 NULL);
    bench_close(e);
}

static void write_ten_states(struct asl_buffer *out)
{
    asl_buffer_puts(out, "{\"StartAt\":\"P0\",\"States\":{");
    for (int i = 0; i < 10; i++) {
        asl_buffer_printf(out, "%s\"P%d\":{\"Type\":\"Pass\",", i ? "," : "", i);
        if (i < 9)
            asl_buffer_printf(out, "\"Next\":\"P%d\"}", i + 1);
        else
            asl_buffer_puts(out, "\"End\":true}");
    }
    asl_buffer_puts(out, "}}");
}

/* {"rows":[{"id":0,"name":"..."} ...]} of about `size` bytes. */
static char *payload(size_t size)
{
    struct asl_buffer b;
    asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
    asl_buffer_puts(&b, "{\"rows\":[");
    for (int i = 0; b.size + 64 < size; i++)
        asl_buffer_printf(&b, "%s{\"id\":%d,\"name\":\"a name of some length, %d\"}", i ? "," : "", i,
                          i);
    asl_buffer_puts(&b, "]}");
    return asl_buffer_take(&b, &size);
}

static double milliseconds_each(const char *definition, size_t size, size_t count)
{
    struct engine *e = bench_open(bench_database("payload", 1));
    int64_t machine = bench_machine(e, "Ten", definition);
    char *input = payload(size);
    bench_run_all(e, machine, input, 20, 1); /* warm */
    double began = bench_now();
    bench_run_all(e, machine, input, count, 1);
    double took = (bench_now() - began) * 1000 / (double)count;
    free(input);
    bench_close(e);
    return took;
}

void bench_payload(void)
{
    struct asl_buffer definition;
    asl_buffer_init(&definition, 65536);
    write_ten_states(&definition);
    double small = milliseconds_each(definition.data, 2048, 300);
    double large = milliseconds_each(definition.data, 200 * 1024, 300);
    bench_report("payload_2_kib_ten_states", small, "ms", -1, NULL);
    bench_report("payload_200_kib_ten_states", large, "ms", large / small, "2 KiB");
    asl_buffer_free(&definition);
}
