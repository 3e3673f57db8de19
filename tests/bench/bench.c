/* Runs the benches. Arguments: names of benches (default: all). */
#include "tests/bench/bench.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FOLDER "build/bench"

static const struct {
    const char *name;
    void (*run)(void);
} benches[] = {
    {"transitions", bench_transitions},
    {"executions", bench_executions},
    {"payload", bench_payload},
    {"million", bench_million},
    {"program", bench_program},
    {"api", bench_api},
    {"tasks", bench_tasks},
    {"flat", bench_flat},
    {"jsonata", bench_jsonata},
    {"tests", bench_tests},
};

/* What this program is started anew for, with one argument. */
static const struct {
    const char *option;
    int (*run)(const char *argument);
} children[] = {
    {"--million", bench_million_child},
    {"--plain", bench_plain_child},
    {"--slow", bench_slow_child},
};

static const char *program_path;
static FILE *json;
static int figures;

/* ---- figures ---- */

void bench_report(const char *name, double value, const char *unit, double ratio,
                  const char *against)
{
    char compared[128] = "";
    if (against)
        snprintf(compared, sizeof compared, "%10.2f x %s", ratio, against);
    printf("%-44s %14.1f %-14s %s\n", name, value, unit, compared);
    fflush(stdout);
    fprintf(json, "%s\n  \"%s\": {\"value\": %.6g, \"unit\": \"%s\"", figures++ ? "," : "", name,
            value, unit);
    if (against)
        fprintf(json, ", \"ratio\": %.6g, \"against\": \"%s\"", ratio, against);
    fprintf(json, "}");
}

void bench_note(const char *text)
{
    printf("%s\n", text);
    fflush(stdout);
}

double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_size);
    return values[count / 2];
}

static double status_mb(const char *key)
{
    char line[256];
    double kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0)
            kib = strtod(line + strlen(key), NULL);
    if (f)
        fclose(f);
    return kib / 1024;
}

double bench_rss_mb(void)
{
    return status_mb("VmRSS:");
}

double bench_peak_mb(void)
{
    return status_mb("VmHWM:");
}

const char *bench_database(const char *name, int fresh)
{
    static char path[256];
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lease"};
    for (size_t i = 0; fresh && i < 4; i++) {
        snprintf(path, sizeof path, FOLDER "/%s.db%s", name, suffixes[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, FOLDER "/%s.db", name);
    return path;
}

int bench_command(const char *command, char line[512])
{
    char got[512];
    line[0] = '\0';
    FILE *f = popen(command, "r");
    while (f && fgets(got, sizeof got, f))
        memcpy(line, got, sizeof got);
    return f && pclose(f) == 0 && line[0] != '\0';
}

/* ---- an engine ---- */

static struct loop *loop;

struct engine *bench_open(const char *path)
{
    struct store_error error;
    loop = loop_new(LOOP_REAL, 1);
    struct engine_options options = {
        .loop = loop,
        .store_path = path,
        .connectors = {.loop = loop, .region = "us-east-1", .account = "123456789012"},
    };
    struct engine *e = engine_open(&options, &error);
    if (!e) {
        fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
    return e;
}

void bench_close(struct engine *e)
{
    engine_close(e);
    loop_free(loop);
}

int64_t bench_machine(struct engine *e, const char *name, const char *definition)
{
    struct asl_diagnostics d = {0};
    int64_t id = engine_put_machine(e, name, asl_text(definition), false,
                                    "arn:aws:iam::123456789012:role/bench", &d);
    if (id < 0) {
        fprintf(stderr, "%s\n", d.items[0].message);
        exit(1);
    }
    asl_diagnostics_free(&d);
    return id;
}

/* ---- many executions ---- */

struct feed {
    struct engine *engine;
    struct engine_start start;
    size_t left, running, at_once;
};

static void feed_more(struct feed *f)
{
    while (f->left && f->running < f->at_once) {
        f->left--;
        f->running++;
        engine_start(f->engine, &f->start, NULL, NULL);
    }
}

static void one_ended(void *state, int64_t execution, struct store_bytes chunk,
                      enum asl_status status)
{
    struct feed *f = state;
    (void)execution, (void)status;
    if (chunk.data)
        return;
    f->running--;
    feed_more(f);
    if (!f->running)
        loop_stop(engine_loop(f->engine));
}

void bench_run_all(struct engine *e, int64_t machine, const char *input, size_t count,
                   size_t at_once)
{
    struct feed f = {e, {.machine = machine, .input = asl_text(input)}, count, 0, at_once};
    engine_watch(e, 0, one_ended, &f);
    feed_more(&f);
    loop_run(engine_loop(e));
    engine_watch(e, 0, NULL, NULL);
}

static int is_wanted(const char *name, int count, char **names)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return 1;
    return count == 0;
}

const char *bench_program_path(void)
{
    return program_path;
}

/* As engine/cli/main.c keeps it. */
#define KEPT_MEMORY (64 << 20)

int main(int count, char **arguments)
{
    mallopt(M_TRIM_THRESHOLD, KEPT_MEMORY);
    mallopt(M_MMAP_THRESHOLD, KEPT_MEMORY / 2);
    program_path = arguments[0];
    for (size_t i = 0; count == 3 && i < sizeof children / sizeof *children; i++)
        if (strcmp(arguments[1], children[i].option) == 0)
            return children[i].run(arguments[2]);
    mkdir("build", 0755);
    mkdir(FOLDER, 0755);
    json = fopen("build/bench.json", "w");
    if (!json) {
        perror("build/bench.json");
        return 1;
    }
    fprintf(json, "{");
    for (size_t i = 0; i < sizeof benches / sizeof *benches; i++)
        if (is_wanted(benches[i].name, count - 1, arguments + 1))
            benches[i].run();
    fprintf(json, "\n}\n");
    return fclose(json) == 0 ? 0 : 1;
}
