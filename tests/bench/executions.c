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

static void write_states(struct asl_buffer *out, int count)
{
    asl_buffer_puts(out, "{\"StartAt\":\"P0\",\"States\":{");
    for (int i = 0; i < count; i++) {
        asl_buffer_printf(out, "%s\"P%d\":{\"Type\":\"Pass\",", i ? "," : "", i);
        if (i + 1 < count)
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
        asl_buffer_printf(&b, "%s{\"id\":%d,\"name\":\"a name of some length, %d\"}", i ? "," : "",
                          i, i);
    asl_buffer_puts(&b, "]}");
    return asl_buffer_take(&b, &size);
}

/* One after the other, each durable: what one costs, the median of the rounds. */
static double milliseconds_each(int states, size_t size)
{
    enum { ROUNDS = 9, COUNT = 60 };
    double took[ROUNDS];
    struct asl_buffer definition;
    asl_buffer_init(&definition, 65536);
    write_states(&definition, states);
    struct engine *e = bench_open(bench_database("payload", 1));
    int64_t machine = bench_machine(e, "Pass", definition.data);
    char *input = payload(size);
    bench_run_all(e, machine, input, 20, 1); /* warm */
    for (size_t i = 0; i < ROUNDS; i++) {
        double began = bench_now();
        bench_run_all(e, machine, input, COUNT, 1);
        took[i] = (bench_now() - began) * 1000 / COUNT;
    }
    free(input);
    bench_close(e);
    asl_buffer_free(&definition);
    return bench_median(took, ROUNDS);
}

/* ---- the states alone: the step, without reading the payload in and without a disk ---- */

static int64_t no_time(void *state)
{
    (void)state;
    return 1700000000000;
}

static uint64_t no_chance(void *state)
{
    (void)state;
    return 4;
}

static void no_uuid(void *state, char out[37])
{
    (void)state;
    strcpy(out, "00000000-0000-4000-8000-000000000000");
}

static double step_once(asl_machine *m, struct asl_text input, struct asl_history *history)
{
    struct asl_birth birth = {.arn = asl_text("a:b"),
                              .name = asl_text("b"),
                              .role_arn = asl_text("r"),
                              .machine_arn = asl_text("m"),
                              .machine_name = asl_text("m"),
                              .input = input};
    struct asl_env env = {.now = no_time, .random = no_chance, .uuid = no_uuid, .budget = 100000};
    struct asl_result result;
    asl_execution *x = asl_execution_new(m, &birth, NULL);
    asl_result_init(&result, history);
    double began = bench_now();
    asl_step(x, &(struct asl_event){.kind = ASL_START}, &env, &result);
    double took = bench_now() - began;
    asl_result_free(&result);
    asl_history_clear(history);
    asl_execution_free(x);
    return took;
}

/* Microseconds that a state adds, of the thousand between ten and a thousand and ten. */
static double microseconds_a_state(size_t size)
{
    enum { TIMES = 41, FEW = 10, MORE = 1000 };
    double took[2];
    char *input = payload(size);
    struct asl_history *history = asl_history_new();
    for (int k = 0; k < 2; k++) {
        double times[TIMES];
        struct asl_diagnostics d = {0};
        struct asl_buffer definition;
        asl_buffer_init(&definition, 1 << 20);
        write_states(&definition, k ? FEW + MORE : FEW);
        asl_machine *m = asl_machine_compile(asl_buffer_text(&definition), false, &d);
        for (int i = 0; i < TIMES; i++)
            times[i] = step_once(m, asl_text(input), history);
        took[k] = bench_median(times, TIMES);
        asl_machine_release(m);
        asl_diagnostics_free(&d);
        asl_buffer_free(&definition);
    }
    asl_history_free(history);
    free(input);
    return (took[1] - took[0]) * 1e6 / MORE;
}

/* A payload is read in once, and made durable once with what it became: that costs what its bytes
 * cost. The states it passes through should cost nothing of the kind. */
void bench_payload(void)
{
    enum { SMALL = 2048, LARGE = 200 * 1024 };
    double small = milliseconds_each(10, SMALL), large = milliseconds_each(10, LARGE);
    bench_report("payload_2_kib_ten_states", small, "ms", -1, NULL);
    bench_report("payload_200_kib_ten_states", large, "ms", large / small, "2 KiB");
    small = microseconds_a_state(SMALL);
    large = microseconds_a_state(LARGE);
    bench_report("payload_2_kib_state_alone", small, "us a state", -1, NULL);
    bench_report("payload_200_kib_state_alone", large, "us a state", large / small, "2 KiB");
}
