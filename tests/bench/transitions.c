/* Durable state transitions per second of a Pass/MathAdd/Choice loop, one execution and a thousand
 * at once; against aws-local-stepfunctions (npm, in memory, the same definition) and against a bare
 * loop that inserts the very same events into SQLite, one row each, as many to a commit, as
 * durably.
 */
#include "tests/bench/bench.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An iteration is two states and four events; AWS ends an execution at 25,000. */
enum { ONE_ITERATIONS = 6000, MANY_ITERATIONS = 100, MANY = 1000 };

static const char definition[] = "{\"StartAt\":\"Add\",\"States\":{"
                                 "\"Add\":{\"Type\":\"Pass\",\"Parameters\":{\"n.$\":\"States."
                                 "MathAdd($.n, 1)\",\"of.$\":\"$.of\"},"
                                 "\"Next\":\"Check\"},"
                                 "\"Check\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$."
                                 "n\",\"NumericLessThanPath\":\"$.of\","
                                 "\"Next\":\"Add\"}],\"Default\":\"Done\"},"
                                 "\"Done\":{\"Type\":\"Succeed\"}}}";

/* ---- the same events, bare ---- */

struct event_text {
    int64_t execution, id;
    char *text;
    size_t size;
};

struct events {
    struct event_text *items;
    size_t count, capacity;
    int64_t execution;
};

static bool keep_event(void *state, int64_t id, const asl_value *event)
{
    struct events *all = state;
    struct asl_buffer b;
    asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
    value_print(event, &b);
    if (all->count == all->capacity) {
        all->capacity = all->capacity ? all->capacity * 2 : 4096;
        all->items = asl_reallocate(all->items, all->capacity * sizeof *all->items);
    }
    struct event_text *e = &all->items[all->count++];
    e->execution = all->execution;
    e->id = id;
    e->text = asl_buffer_take(&b, &e->size);
    return true;
}

static bool keep_chunk(void *state, int64_t first, int64_t count, struct store_bytes chunk)
{
    char message[160];
    (void)first, (void)count;
    return asl_history_read(chunk.data, chunk.size, true, keep_event, state, message);
}

static bool keep_execution(void *state, const struct store_execution *x)
{
    struct {
        struct events *events;
        struct store *store;
    } *all = state;
    all->events->execution = x->id;
    store_read_history(all->store, x->id, 1, false, keep_chunk, all->events);
    return true;
}

static void check(int result, sqlite3 *db)
{
    if (result == SQLITE_OK || result == SQLITE_DONE)
        return;
    fprintf(stderr, "bare loop: %s\n", sqlite3_errmsg(db));
    exit(1);
}

/* Seconds to insert them all, `at_once` to a commit. */
static double insert_bare(const struct events *all, size_t at_once)
{
    sqlite3 *db;
    sqlite3_stmt *insert;
    check(sqlite3_open(bench_database("bare", 1), &db), db);
    check(sqlite3_exec(db,
                       "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                       "CREATE TABLE event(execution INTEGER, id INTEGER, text TEXT,"
                       " PRIMARY KEY(execution, id)) WITHOUT ROWID",
                       NULL, NULL, NULL),
          db);
    check(sqlite3_prepare_v2(db, "INSERT INTO event VALUES(?1, ?2, ?3)", -1, &insert, NULL), db);
    double began = bench_now();
    for (size_t i = 0; i < all->count; i++) {
        const struct event_text *e = &all->items[i];
        if (i % at_once == 0)
            check(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), db);
        sqlite3_bind_int64(insert, 1, e->execution);
        sqlite3_bind_int64(insert, 2, e->id);
        sqlite3_bind_text(insert, 3, e->text, (int)e->size, SQLITE_STATIC);
        check(sqlite3_step(insert), db);
        sqlite3_reset(insert);
        if (i % at_once == at_once - 1 || i + 1 == all->count)
            check(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), db);
    }
    double took = bench_now() - began;
    sqlite3_finalize(insert);
    sqlite3_close(db);
    return took;
}

static double bare_rate(struct engine *e, size_t at_once, double transitions)
{
    struct events all = {0};
    struct {
        struct events *events;
        struct store *store;
    } state = {&all, engine_store(e)};
    store_list_executions(engine_store(e), NULL, -1, INT64_MAX, SIZE_MAX, keep_execution, &state);
    double took = insert_bare(&all, at_once ? at_once : 1);
    for (size_t i = 0; i < all.count; i++)
        free(all.items[i].text);
    free(all.items);
    return transitions / took;
}

/* ---- the peer ---- */

static double peer_rate(const char *input, size_t count)
{
    char command[1024], line[512];
    FILE *f = fopen("build/bench/loop.json", "w");
    if (!f)
        return 0;
    fputs(definition, f);
    fclose(f);
    snprintf(command, sizeof command,
             "sh tests/bench/peer.sh build/bench/loop.json '%s' %zu 2>/dev/null", input, count);
    return bench_command(command, line) ? strtod(line, NULL) : 0;
}

static void compare_with_peer(const char *name, double rate, double seconds_each)
{
    char full[64];
    snprintf(full, sizeof full, "%s_against_peer", name);
    if (seconds_each > 0)
        bench_report(full, seconds_each, "transitions/s", rate / seconds_each,
                     "aws-local-stepfunctions (in memory)");
    else
        bench_note("aws-local-stepfunctions: skipped (node or npm is missing, or it cannot be "
                   "fetched)");
}

static void measure(const char *name, size_t executions, size_t iterations, size_t repeat)
{
    char input[64], bare[64];
    snprintf(input, sizeof input, "{\"n\":0,\"of\":%zu}", iterations);
    struct engine *e = bench_open(bench_database("loop", 1));
    int64_t machine = bench_machine(e, "Loop", definition);
    double transitions = (double)(executions * repeat) * (2.0 * (double)iterations + 1);
    struct engine_figures before, after;
    engine_get_figures(e, &before);
    double began = bench_now();
    for (size_t i = 0; i < repeat; i++)
        bench_run_all(e, machine, input, executions, executions);
    double rate = transitions / (bench_now() - began);
    engine_get_figures(e, &after);
    size_t per_commit = (size_t)((after.events - before.events) / (after.commits - before.commits));
    double bare_per_second = bare_rate(e, per_commit, transitions);
    bench_close(e);
    bench_report(name, rate, "transitions/s", rate / bare_per_second, "bare SQLite loop");
    snprintf(bare, sizeof bare, "%s_events_per_commit", name);
    bench_report(bare, (double)per_commit, "events", -1, NULL);
    compare_with_peer(name, rate, peer_rate(input, executions));
}

void bench_transitions(void)
{
    measure("transitions_one_execution", 1, ONE_ITERATIONS, 10);
    measure("transitions_thousand_at_once", MANY, MANY_ITERATIONS, 1);
}
