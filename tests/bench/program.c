/* The program as people get it: its size, how soon it enters a first state, what it takes while it
 * only waits. */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "build/stepwell"

static int run_pass(void)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(127);
        execl(PROGRAM, PROGRAM, "run", "build/bench/pass.json", "--db", "build/bench/start.db",
              (char *)NULL);
        _exit(127);
    }
    return waitpid(child, &status, 0) == child ? status : -1;
}

/* From the process's start to its end, of a run of one Pass state: more than to its first state. */
static void measure_start(void)
{
    enum { TIMES = 21 };
    double took[TIMES];
    FILE *f = fopen("build/bench/pass.json", "w");
    if (!f)
        return;
    fputs("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}", f);
    fclose(f);
    for (size_t i = 0; i < TIMES; i++) {
        double began = bench_now();
        if (run_pass() != 0) {
            bench_note("program: `run` failed");
            return;
        }
        took[i] = (bench_now() - began) * 1000;
    }
    double ms = bench_median(took, TIMES);
    bench_report("program_start_to_end_of_first_state", ms, "ms", ms / 15, "15 ms");
    bench_database("start", 1);
}

static void measure_size(void)
{
    struct stat about;
    if (system("strip -o build/bench/stripped " PROGRAM) != 0 ||
        stat("build/bench/stripped", &about) != 0)
        return;
    double mb = (double)about.st_size / 1e6;
    bench_report("program_stripped", mb, "MB", mb / 4, "4 MB");
}

static void measure_idle(void)
{
    char line[512];
    FILE *f = fopen("build/bench/wait.json", "w");
    if (!f)
        return;
    fputs("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Wait\",\"Seconds\":60,\"End\":true}}}",
          f);
    fclose(f);
    if (!bench_command(PROGRAM
                       " run build/bench/wait.json --db build/bench/idle.db >/dev/null 2>&1 "
                       "& pid=$!; sleep 1; sed -n 's/^VmRSS:[[:space:]]*\\([0-9]*\\).*/\\1/p' "
                       "/proc/$pid/status; kill $pid; wait $pid; true",
                       line))
        return;
    double mb = strtod(line, NULL) / 1024;
    bench_report("program_idle_resident", mb, "MB", mb / 12, "12 MB");
    bench_database("idle", 1);
}

void bench_program(void)
{
    if (access(PROGRAM, X_OK) != 0) {
        bench_note("program: skipped (build/stepwell is not built)");
        return;
    }
    measure_size();
    measure_start();
    measure_idle();
}
