/* The store's contract. Breaks when: a row does not come back as it was given, a second process
 * gets in, a file that is not ours is touched, or a failure is called by a wrong name.
 * test_faults.c breaks the disk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"
#include "tests/store/place.h"

#define ARN(name) "arn:aws:states:us-east-1:123456789012:execution:M:" name

static struct store_execution execution(int64_t id, const char *arn, const char *name)
{
    return (struct store_execution){.id = id,
                                    .machine = 1,
                                    .arn = arn,
                                    .name = name,
                                    .started = 5000 + id,
                                    .due = INT64_MAX,
                                    .last_event = 2,
                                    .state = {"st\0te", 5}};
}

/* ---- what readers gather ---- */

struct gathered {
    int64_t ids[256];
    size_t count;
    char text[4096];
};

static bool gather(void *state, const struct store_execution *x)
{
    struct gathered *g = state;
    g->ids[g->count++] = x->id;
    snprintf(g->text, sizeof g->text, "%s|%s|%d|%lld|%lld|%zu", x->arn, x->name, x->status,
             (long long)x->started, (long long)x->last_event, x->state.size);
    return true;
}

static bool gather_chunk(void *state, int64_t first, int64_t count, struct store_bytes chunk)
{
    struct gathered *g = state;
    size_t used = strlen(g->text);
    g->ids[g->count++] = first;
    snprintf(g->text + used, sizeof g->text - used, "[%lld+%lld %.*s]", (long long)first,
             (long long)count, (int)chunk.size, (const char *)chunk.data);
    return true;
}

static bool gather_machine(void *state, const struct store_machine *m)
{
    struct gathered *g = state;
    g->ids[g->count++] = m->id;
    snprintf(g->text, sizeof g->text, "%s %s %.*s", m->name, m->arn, (int)m->definition.size,
             (const char *)m->definition.data);
    return true;
}

static bool gather_document(void *state, const char *key, struct store_bytes value)
{
    struct gathered *g = state;
    size_t used = strlen(g->text);
    g->count++;
    snprintf(g->text + used, sizeof g->text - used, "%s=%.*s;", key, (int)value.size,
             (const char *)value.data);
    return true;
}

/* ---- rows ---- */

static void gives_back_what_was_put(void **state)
{
    (void)state;
    struct store *s = open_or_fail();
    struct store_batch *b = store_batch_new();
    assert_int_equal(store_next_machine_id(s), 1);
    assert_int_equal(store_next_execution_id(s), 1);
    put_machine(b, 1, "arn:machine:M");
    struct store_execution x = execution(1, ARN("one"), "one");
    store_insert_execution(b, &x);
    /* An express arn does not end with its name. */
    struct store_execution y = execution(2, "arn:aws:states:r:1:express:M:two:uuid", "two");
    store_insert_execution(b, &y);
    store_put_document(b, "alias", "b", (struct store_bytes){"2", 1});
    store_put_document(b, "alias", "a", (struct store_bytes){"1", 1});
    store_put_document(b, "other", "a", (struct store_bytes){"x", 1});
    commit(s, b);
    store_close(s);

    s = open_or_fail();
    struct gathered g = {0};
    assert_int_equal(store_find_execution(s, ARN("one"), gather, &g), STORE_OK);
    assert_string_equal(g.text, ARN("one") "|one|0|5001|2|5");
    assert_int_equal(store_find_execution(s, y.arn, gather, &g), STORE_OK);
    assert_string_equal(g.text, "arn:aws:states:r:1:express:M:two:uuid|two|0|5002|2|5");
    assert_int_equal(store_find_execution(s, ARN("none"), gather, &g), STORE_NOT_FOUND);
    assert_int_equal(store_find_execution(s, "one", gather, &g), STORE_NOT_FOUND);
    assert_int_equal(store_get_execution(s, 3, gather, &g), STORE_NOT_FOUND);
    assert_int_equal(store_next_execution_id(s), 3);
    assert_int_equal(store_next_machine_id(s), 2);
    g = (struct gathered){0};
    assert_int_equal(store_each_document(s, "alias", NULL, 10, gather_document, &g), STORE_OK);
    assert_string_equal(g.text, "a=1;b=2;");
    g = (struct gathered){0};
    assert_int_equal(store_each_document(s, "alias", "a", 10, gather_document, &g), STORE_OK);
    assert_string_equal(g.text, "b=2;");
    store_put_document(b, "alias", "a", (struct store_bytes){NULL, 0});
    commit(s, b);
    assert_int_equal(store_get_document(s, "alias", "a", gather_document, &g), STORE_NOT_FOUND);
    store_batch_free(b);
    store_close(s);
}

static void finds_the_newest_revision(void **state)
{
    (void)state;
    struct store *s = open_or_fail();
    struct store_batch *b = store_batch_new();
    put_machine(b, 1, "arn:machine:M");
    put_machine(b, 2, "arn:machine:N");
    put_machine(b, 3, "arn:machine:M");
    commit(s, b);
    struct gathered g = {0};
    assert_int_equal(store_find_machine(s, "arn:machine:M", gather_machine, &g), STORE_OK);
    assert_int_equal(g.ids[0], 3);
    assert_int_equal(store_get_machine(s, 1, gather_machine, &g), STORE_OK);
    assert_string_equal(g.text, "M arn:machine:M {}");
    assert_int_equal(store_find_machine(s, "arn:machine:O", gather_machine, &g), STORE_NOT_FOUND);
    g = (struct gathered){0};
    assert_int_equal(store_each_machine(s, gather_machine, &g), STORE_OK);
    assert_int_equal(g.count, 3);
    store_batch_free(b);
    store_close(s);
}

static void lists_newest_first(void **state)
{
    (void)state;
    struct store *s = open_or_fail();
    struct store_batch *b = store_batch_new();
    put_machine(b, 1, "arn:machine:M");
    put_machine(b, 2, "arn:machine:N");
    for (int64_t id = 1; id <= 60; id++) {
        char name[32], arn[96];
        snprintf(name, sizeof name, "x%lld", (long long)id);
        snprintf(arn, sizeof arn, ARN("%s"), name);
        struct store_execution x = execution(id, arn, name);
        x.machine = id % 2 ? 1 : 2;
        x.status = (int)(id % 3);
        store_insert_execution(b, &x);
    }
    commit(s, b);
    static const struct {
        const char *machine;
        int status;
        int64_t after;
        size_t limit, count;
        int64_t first, last;
    } cases[] = {
        {NULL, -1, INT64_MAX, 10, 10, 60, 51},
        {NULL, -1, 51, 100, 50, 50, 1},
        {"arn:machine:M", -1, INT64_MAX, 5, 5, 59, 51},
        {"arn:machine:M", 0, INT64_MAX, 100, 10, 57, 3},
        {NULL, 2, 30, 3, 3, 29, 23},
        {NULL, 7, INT64_MAX, 3, 0, 0, 0},
        {"arn:machine:X", -1, INT64_MAX, 3, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gathered g = {0};
        assert_int_equal(store_list_executions(s, cases[i].machine, cases[i].status, cases[i].after,
                                               cases[i].limit, gather, &g),
                         STORE_OK);
        assert_int_equal(g.count, cases[i].count);
        for (size_t k = 1; k < g.count; k++)
            assert_true(g.ids[k] < g.ids[k - 1]);
        if (g.count) {
            assert_int_equal(g.ids[0], cases[i].first);
            assert_int_equal(g.ids[g.count - 1], cases[i].last);
        }
    }
    assert_int_equal(store_count_executions(s, NULL, -1), 60);
    assert_int_equal(store_count_executions(s, "arn:machine:M", 0), 10);
    store_batch_free(b);
    store_close(s);
}

static void knows_what_is_due_and_open(void **state)
{
    (void)state;
    struct store *s = open_or_fail();
    struct store_batch *b = store_batch_new();
    put_machine(b, 1, "arn:machine:M");
    assert_int_equal(store_next_due(s), INT64_MAX);
    for (int64_t id = 1; id <= 5; id++) {
        char name[32], arn[96];
        snprintf(name, sizeof name, "x%lld", (long long)id);
        snprintf(arn, sizeof arn, ARN("%s"), name);
        struct store_execution x = execution(id, arn, name);
        x.due = id == 5 ? INT64_MAX : 100 - 10 * id;
        x.open_tasks = id == 5 ? 2 : 0;
        store_insert_execution(b, &x);
    }
    commit(s, b);
    assert_int_equal(store_next_due(s), 60);
    struct gathered g = {0};
    assert_int_equal(store_due_executions(s, 80, 2, gather, &g), STORE_OK);
    assert_int_equal(g.count, 2);
    assert_int_equal(g.ids[0], 4);
    assert_int_equal(g.ids[1], 3);
    g = (struct gathered){0};
    assert_int_equal(store_open_executions(s, gather, &g), STORE_OK);
    assert_int_equal(g.count, 1);
    assert_int_equal(g.ids[0], 5);

    /* A finished one is neither; a redriven one is again. */
    struct store_execution x = execution(4, "", "");
    x.status = 2;
    x.stopped = 9;
    x.due = 1;
    x.open_tasks = 1;
    store_update_execution(b, &x);
    commit(s, b);
    assert_int_equal(store_next_due(s), 70);
    assert_int_equal(store_count_executions(s, NULL, 2), 1);
    x.status = 0;
    store_update_execution(b, &x);
    commit(s, b);
    assert_int_equal(store_next_due(s), 1);
    assert_int_equal(store_count_executions(s, NULL, 2), 0);
    store_batch_free(b);
    store_close(s);
}

static void keeps_history_in_order(void **state)
{
    (void)state;
    struct store *s = open_or_fail();
    struct store_batch *b = store_batch_new();
    for (int64_t x = 1; x <= 2; x++) {
        store_append_history(b, x, 1, 5, (struct store_bytes){"a", 1});
        store_append_history(b, x, 6, 2, (struct store_bytes){"b", 1});
        store_append_history(b, x, 8, 1, (struct store_bytes){"c", 1});
    }
    commit(s, b);
    static const struct {
        int64_t execution, from;
        bool descending;
        const char *expected;
    } cases[] = {
        {1, 1, false, "[1+5 a][6+2 b][8+1 c]"},
        {1, 7, false, "[6+2 b][8+1 c]"},
        {2, 6, false, "[6+2 b][8+1 c]"},
        {2, INT64_MAX, true, "[8+1 c][6+2 b][1+5 a]"},
        {1, 5, true, "[1+5 a]"},
        {3, 1, false, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gathered g = {0};
        assert_int_equal(store_read_history(s, cases[i].execution, cases[i].from,
                                            cases[i].descending, gather_chunk, &g),
                         STORE_OK);
        assert_string_equal(g.text, cases[i].expected);
    }
    store_batch_free(b);
    store_close(s);
}

struct few {
    struct gathered g;
    size_t wanted;
};

static bool gather_few(void *state, int64_t first, int64_t count, struct store_bytes chunk)
{
    struct few *f = state;
    gather_chunk(&f->g, first, count, chunk);
    return f->g.count < f->wanted;
}

/* One that is over when it is first written has its first chunk in its own row; nobody sees that.
 */
static void put_brief_execution(struct store *s, struct store_batch *b, int64_t id)
{
    struct store_execution x = execution(id, ARN("brief"), "brief");
    x.status = 1;
    x.last_event = 5;
    store_insert_execution(b, &x);
    store_append_history(b, id, 1, 5, (struct store_bytes){"a", 1});
    commit(s, b);
}

static void reads_a_brief_history_like_any_other(void **state)
{
    (void)state;
    struct store *s = open_or_fail();
    struct store_batch *b = store_batch_new();
    put_machine(b, 1, "arn:machine:M");
    put_brief_execution(s, b, 1);
    struct gathered alone = {0};
    assert_int_equal(store_read_history(s, 1, 1, false, gather_chunk, &alone), STORE_OK);
    assert_string_equal(alone.text, "[1+5 a]");
    struct store_execution again = execution(1, ARN("brief"), "brief"); /* redriven */
    store_update_execution(b, &again);
    store_append_history(b, 1, 6, 2, (struct store_bytes){"b", 1});
    commit(s, b);
    static const struct {
        int64_t from;
        bool descending;
        size_t wanted;
        const char *expected;
    } cases[] = {
        {1, false, 9, "[1+5 a][6+2 b]"}, {5, false, 9, "[1+5 a][6+2 b]"}, {6, false, 9, "[6+2 b]"},
        {1, false, 1, "[1+5 a]"},        {7, true, 9, "[6+2 b][1+5 a]"},  {7, true, 1, "[6+2 b]"},
        {5, true, 9, "[1+5 a]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct few f = {.wanted = cases[i].wanted};
        assert_int_equal(
            store_read_history(s, 1, cases[i].from, cases[i].descending, gather_few, &f), STORE_OK);
        assert_string_equal(f.g.text, cases[i].expected);
    }
    store_batch_free(b);
    store_close(s);
}

/* A file of the first schema: what it holds stays, what comes has its place. */
static void takes_over_an_older_schema(void **state)
{
    (void)state;
    struct store *s = open_or_fail();
    struct store_batch *b = store_batch_new();
    struct store_execution x = execution(1, ARN("old"), "old");
    put_machine(b, 1, "arn:machine:M");
    store_insert_execution(b, &x);
    commit(s, b);
    store_append_history(b, 1, 1, 5, (struct store_bytes){"o", 1});
    commit(s, b);
    store_close(s);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "ALTER TABLE execution DROP COLUMN head;"
                                  "ALTER TABLE execution DROP COLUMN head_count;"
                                  "PRAGMA user_version = 1",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    s = open_or_fail();
    put_brief_execution(s, b, 2);
    struct gathered old = {0}, new = {0};
    assert_int_equal(store_read_history(s, 1, 1, false, gather_chunk, &old), STORE_OK);
    assert_string_equal(old.text, "[1+5 o]");
    assert_int_equal(store_read_history(s, 2, 1, false, gather_chunk, &new), STORE_OK);
    assert_string_equal(new.text, "[1+5 a]");
    store_batch_free(b);
    store_close(s);
}

static void refuses_a_taken_arn(void **state)
{
    (void)state;
    struct store *s = open_or_fail();
    struct store_batch *b = store_batch_new();
    struct store_error error;
    put_machine(b, 1, "arn:machine:M");
    struct store_execution x = execution(1, ARN("one"), "one");
    store_insert_execution(b, &x);
    commit(s, b);
    x.id = 2;
    store_put_document(b, "k", "v", (struct store_bytes){"1", 1});
    store_insert_execution(b, &x);
    assert_int_equal(store_commit(s, b, &error), STORE_CONFLICT);
    assert_false(store_batch_is_empty(b));
    struct gathered g = {0};
    assert_int_equal(store_get_document(s, "k", "v", gather_document, &g), STORE_NOT_FOUND);
    store_batch_free(b);
    store_close(s);
}

/* ---- whose file is it ---- */

static void assert_refused(enum store_status status, const char *word)
{
    struct store_error error;
    struct store *s = store_open(path, &error);
    assert_null(s);
    if (error.status != status || !strstr(error.message, word))
        fail_msg("status %d: %s", error.status, error.message);
    assert_non_null(strstr(error.message, path));
}

static void write_file(const char *name, const void *data, size_t size)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    fclose(f);
}

static void leaves_foreign_files_alone(void **state)
{
    (void)state;
    static const char text[] = "dear diary, today I was nearly opened as a database";
    write_file(path, text, sizeof text);
    assert_refused(STORE_FOREIGN, "not a Stepwell database");
    char back[sizeof text] = "";
    FILE *f = fopen(path, "r");
    assert_int_equal(fread(back, 1, sizeof back, f), sizeof text);
    fclose(f);
    assert_string_equal(back, text);

    remove_database();
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE t(a)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_refused(STORE_FOREIGN, "not a Stepwell database");

    remove_database();
    store_close(open_or_fail());
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL);
    sqlite3_close(db);
    assert_refused(STORE_FOREIGN, "newer");

    strcpy(path, folder);
    assert_refused(STORE_FOREIGN, "Is a directory");
    remove_named("-lease");
    snprintf(path, sizeof path, "%s/none/t.db", folder);
    assert_refused(STORE_NOT_FOUND, "No such file");
    snprintf(path, sizeof path, "%s/t.db", folder);
}

static void fill(struct store *s, int64_t count)
{
    struct store_batch *b = store_batch_new();
    static char chunk[3000];
    memset(chunk, 'h', sizeof chunk);
    put_machine(b, 1, "arn:machine:M");
    for (int64_t id = 1; id <= count; id++)
        store_append_history(b, id, 1, 5, (struct store_bytes){chunk, sizeof chunk});
    commit(s, b);
    store_batch_free(b);
}

static void names_a_cut_off_database(void **state)
{
    (void)state;
    struct store *s = open_or_fail();
    fill(s, 100);
    store_close(s);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(truncate(path, about.st_size / 2), 0);
    assert_refused(STORE_DAMAGED, "damaged or cut off");
}

static void names_damage_met_later(void **state)
{
    (void)state;
    struct store *s = open_or_fail();
    fill(s, 100);
    store_close(s);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    int fd = open(path, O_RDWR);
    char junk[4096];
    memset(junk, 0xA5, sizeof junk);
    for (off_t at = 20 * 4096; at < about.st_size; at += 4096)
        assert_int_equal(pwrite(fd, junk, sizeof junk, at), sizeof junk);
    close(fd);
    struct store_error error;
    s = store_open(path, &error);
    if (s) {
        struct gathered g = {0};
        enum store_status status = STORE_OK;
        for (int64_t id = 1; id <= 100 && status == STORE_OK; id++) {
            g = (struct gathered){0};
            status = store_read_history(s, id, 1, false, gather_chunk, &g);
        }
        assert_int_equal(status, STORE_DAMAGED);
        assert_non_null(strstr(store_last_error(s)->message, "damaged"));
        store_close(s);
    } else {
        assert_int_equal(error.status, STORE_DAMAGED);
    }
}

static void is_for_its_owner_only(void **state)
{
    (void)state;
    mode_t before = umask(0);
    struct store *s = open_or_fail();
    fill(s, 1);
    umask(before);
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lease"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char name[128];
        struct stat about;
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        assert_int_equal(stat(name, &about), 0);
        assert_int_equal(about.st_mode & 0777, 0600);
    }
    store_close(s);
}

/* Runs `body` in a child; returns its wait status. */
static int in_child(void (*body)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        body();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void open_read_only_folder(void)
{
    struct store_error error;
    if (geteuid() == 0 && setuid(65534) != 0)
        _exit(2);
    struct store *s = store_open(path, &error);
    bool refused = !s && error.status == STORE_READ_ONLY && strstr(error.message, "may not be");
    _exit(refused ? 0 : 1);
}

static void read_in_read_only_folder(void)
{
    struct store_error error;
    struct gathered g = {0};
    if (geteuid() == 0 && setuid(65534) != 0)
        _exit(2);
    struct store *s = store_open_reader(path, &error);
    _exit(s && store_each_machine(s, gather_machine, &g) == STORE_OK && g.count == 1 ? 0 : 1);
}

static void says_when_it_may_not_write(void **state)
{
    (void)state;
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(in_child(open_read_only_folder), 0);
    assert_int_equal(chmod(folder, 0755), 0);
    struct store *s = open_or_fail();
    fill(s, 1);
    store_close(s);
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(in_child(open_read_only_folder), 0);
    assert_int_equal(in_child(read_in_read_only_folder), 0);
    assert_int_equal(chmod(folder, 0755), 0);
}

/* ---- one owner ---- */

static void expect_busy(void)
{
    struct store_error error;
    char owner[32];
    snprintf(owner, sizeof owner, "process %ld", (long)getppid());
    bool busy = !store_open(path, &error) && error.status == STORE_BUSY &&
                strstr(error.message, owner) != NULL;
    _exit(busy ? 0 : 1);
}

static void expect_readable(void)
{
    struct store_error error;
    struct gathered g = {0};
    struct store *s = store_open_reader(path, &error);
    _exit(s && store_each_machine(s, gather_machine, &g) == STORE_OK && g.count == 1 ? 0 : 1);
}

static void open_and_die(void)
{
    struct store_error error;
    struct store *s = store_open(path, &error);
    if (s)
        fill(s, 3);
    raise(SIGKILL);
}

static void has_one_owner(void **state)
{
    (void)state;
    struct store_error error;
    assert_null(store_open_reader(path, &error));
    assert_int_equal(error.status, STORE_NOT_FOUND);
    struct store *s = open_or_fail();
    fill(s, 1);
    assert_int_equal(in_child(expect_busy), 0);
    assert_int_equal(in_child(expect_readable), 0);
    assert_null(store_open(path, &error)); /* the same process is no better */
    assert_int_equal(error.status, STORE_BUSY);
    store_close(s);
    store_close(open_or_fail());
}

static void survives_the_death_of_its_owner(void **state)
{
    (void)state;
    assert_true(WIFSIGNALED(in_child(open_and_die)));
    struct store *s = open_or_fail();
    struct gathered g = {0};
    assert_int_equal(store_read_history(s, 3, 1, false, gather_chunk, &g), STORE_OK);
    assert_int_equal(g.count, 1);
    store_close(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(gives_back_what_was_put),
        TEST(finds_the_newest_revision),
        TEST(lists_newest_first),
        TEST(knows_what_is_due_and_open),
        TEST(keeps_history_in_order),
        TEST(reads_a_brief_history_like_any_other),
        TEST(takes_over_an_older_schema),
        TEST(refuses_a_taken_arn),
        TEST(leaves_foreign_files_alone),
        TEST(names_a_cut_off_database),
        TEST(names_damage_met_later),
        TEST(is_for_its_owner_only),
        TEST(says_when_it_may_not_write),
        TEST(has_one_owner),
        TEST(survives_the_death_of_its_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
