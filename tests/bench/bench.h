/* Benches: each measures one thing and reports figures; bench.c runs them, prints the table and
 * writes build/bench.json. A figure is taken in the same run as what it is compared with.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdint.h>

#include "engine/run/engine.h"

double bench_now(void);                            /* steady seconds */
double bench_median(double *values, size_t count); /* sorts them */
double bench_rss_mb(void);
double bench_peak_mb(void);
/* The path of a database in the bench's own folder, emptied first when `fresh`. */
const char *bench_database(const char *name, int fresh);
/* `ratio` below 0 or `against` NULL: none. */
void bench_report(const char *name, double value, const char *unit, double ratio,
                  const char *against);
void bench_note(const char *text); /* a line in the table: skipped, and why */

/* An engine on `path` in real time; ends the process when it cannot be opened. */
struct engine *bench_open(const char *path);
void bench_close(struct engine *e);
int64_t bench_machine(struct engine *e, const char *name, const char *definition);
/* Starts `count` executions, at most `at_once` not yet ended, and runs until all have ended. */
void bench_run_all(struct engine *e, int64_t machine, const char *input, size_t count,
                   size_t at_once);

/* The last line of a command's output; 0 when it failed. */
int bench_command(const char *command, char line[512]);

/* This program, to be started anew. */
const char *bench_program_path(void);

void bench_transitions(void);
void bench_executions(void);
void bench_payload(void);
void bench_million(void);
void bench_program(void);
void bench_api(void);
void bench_tasks(void);
void bench_flat(void);
void bench_jsonata(void);
void bench_tests(void);
/* The second process of bench_million. */
int bench_million_child(const char *phase);
/* The server of bench_api that does nothing. */
int bench_plain_child(const char *port);
/* The server of bench_tasks. */
int bench_slow_child(const char *port);

#endif
