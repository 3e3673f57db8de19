/* A million executions that wait: what they cost in memory, how long a restart takes, and how late
 * ten thousand of them fire that fall due within one second.
 *
 * One process fills the store and is killed (kill -9); another opens what it left. Those that fall
 * due are strewn among the million.
 */
#include "tests/bench/bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MILLION = 1000000, DUE = 10000, FIRST = 100000, AT_ONCE = 4000 };

static const char definition[] =
    "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"TimestampPath\":\"$.at\","
    "\"Next\":\"Done\"},\"Done\":{\"Type\":\"Succeed\"}}}";

static void timestamp(int64_t ms, char out[64])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm t;
    char day[32];
    gmtime_r(&seconds, &t);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &t);
    snprintf(out, 64, "{\"at\":\"%s.%03dZ\"}", day, (int)(ms % 1000));
}

/* ---- the first process: fill ---- */

struct fill {
    struct engine *engine;
    int64_t machine, soon; /* when the ten thousand fall due; 0: not yet known */
    size_t begun, done, due;
    double began;
};

static void fill_more(struct fill *f);

static void filled(void *state, const struct engine_started *started)
{
    struct fill *f = state;
    if (started->outcome != ENGINE_OK) {
        fprintf(stderr, "%s\n", started->message);
        exit(1);
    }
    if (++f->done == MILLION)
        loop_stop(engine_loop(f->engine));
    else
        fill_more(f);
}

static void fill_more(struct fill *f)
{
    while (f->begun < MILLION && f->begun - f->done < AT_ONCE) {
        char input[64];
        int64_t at = loop_now(engine_loop(f->engine)) + 86400000 + (int64_t)(f->begun % 100000);
        if (f->done >= FIRST && f->soon == 0) { /* when the rest will be there, and some more */
            double left = (MILLION - FIRST) * (bench_now() - f->began) / FIRST;
            f->soon = loop_now(engine_loop(f->engine)) + (int64_t)(left * 1500) + 5000;
        }
        if (f->soon && f->begun % 80 == 0 && f->due < DUE)
            at = f->soon + (int64_t)(f->due++ / 10);
        timestamp(at, input);
        f->begun++;
        engine_start(f->engine,
                     &(struct engine_start){.machine = f->machine, .input = asl_text(input)},
                     filled, f);
    }
}

static int fill(void)
{
    struct fill f = {.engine = bench_open(bench_database("million", 1)), .began = bench_now()};
    f.machine = bench_machine(f.engine, "Wait", definition);
    fill_more(&f);
    loop_run(engine_loop(f.engine));
    printf("%lld %.1f %.1f %.0f\n", (long long)f.soon, bench_rss_mb(), bench_peak_mb(),
           MILLION / (bench_now() - f.began));
    fflush(stdout);
    raise(SIGKILL);
    return 1;
}

/* ---- the second process: wake ---- */

struct wake {
    struct engine *engine;
    double late[DUE];
    size_t count;
};

static int64_t due_of(const asl_value *input)
{
    struct tm t = {0};
    struct asl_text at = value_as_text(value_get_z(input, "at"));
    char text[64];
    snprintf(text, sizeof text, "%.*s", ASL_TEXT_ARGS(at));
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &t);
    return (int64_t)timegm(&t) * 1000 + (rest && *rest == '.' ? strtol(rest + 1, NULL, 10) : 0);
}

static bool is_exit(void *state, int64_t id, const asl_value *event)
{
    (void)id;
    const asl_value *details = value_get_z(event, "executionSucceededEventDetails");
    if (!details)
        return true;
    asl_value *output = value_parse(value_as_text(value_get_z(details, "output")), 0, 0, NULL);
    *(int64_t *)state = due_of(output);
    value_release(output);
    return false;
}

/* Late is from the due moment to the commit of what followed from it. */
static void woken(void *state, int64_t execution, struct store_bytes chunk, enum asl_status status)
{
    struct wake *w = state;
    int64_t due = 0;
    char message[160];
    (void)execution, (void)status;
    if (!chunk.data) {
        if (w->count == DUE)
            loop_stop(engine_loop(w->engine));
        return;
    }
    asl_history_read(chunk.data, chunk.size, true, is_exit, &due, message);
    if (due && w->count < DUE)
        w->late[w->count++] = (double)(loop_now(engine_loop(w->engine)) - due);
}

static void stop(void *state)
{
    loop_stop(engine_loop(state));
}

static int wake(void)
{
    static struct wake w;
    double began = bench_now();
    w.engine = bench_open(bench_database("million", 0));
    struct loop_timer *first = loop_timer_new(engine_loop(w.engine), stop, w.engine);
    loop_timer_arm(first, 0);
    loop_run(engine_loop(w.engine)); /* one turn: it takes work */
    double ready = bench_now() - began;
    loop_timer_free(first);
    double idle = bench_rss_mb();
    engine_watch(w.engine, 0, woken, &w);
    loop_run(engine_loop(w.engine));
    double middle = bench_median(w.late, DUE);
    printf("%.3f %.1f %.1f %.1f %.1f %.1f\n", ready, idle, bench_peak_mb(), middle,
           w.late[DUE * 99 / 100], w.late[DUE - 1]);
    bench_close(w.engine);
    return 0;
}

int bench_million_child(const char *phase)
{
    return strcmp(phase, "fill") == 0 ? fill() : wake();
}

/* ---- the parent ---- */

static int run_phase(const char *phase, char line[512])
{
    char command[300];
    char self[200];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    if (size < 0)
        return 0;
    self[size] = '\0';
    snprintf(command, sizeof command, "%s --million %s; true", self, phase);
    return bench_command(command, line);
}

void bench_million(void)
{
    char line[512];
    double soon, rss, peak, rate, ready, idle, median, p99, most;
    if (!run_phase("fill", line) ||
        sscanf(line, "%lf %lf %lf %lf", &soon, &rss, &peak, &rate) != 4) {
        bench_note("million: the filling process failed");
        return;
    }
    bench_report("million_waiting_started", rate, "executions/s", -1, NULL);
    bench_report("million_waiting_resident", peak, "MB", peak / 150, "150 MB");
    if (!run_phase("wake", line) ||
        sscanf(line, "%lf %lf %lf %lf %lf %lf", &ready, &idle, &peak, &median, &p99, &most) != 6) {
        bench_note("million: the waking process failed");
        return;
    }
    bench_report("million_restart_to_ready", ready * 1000, "ms", ready, "1 s");
    bench_report("million_restarted_resident", idle, "MB", idle / 150, "150 MB");
    bench_report("million_woken_resident", peak, "MB", peak / 150, "150 MB");
    bench_report("million_due_lateness_median", median, "ms", median / 50, "50 ms");
    bench_report("million_due_lateness_p99", p99, "ms", -1, NULL);
    bench_report("million_due_lateness_maximum", most, "ms", -1, NULL);
    bench_database("million", 1);
}
