/* The store on a disk that fails, by number: the n-th write or sync fails, finds the disk full, or
 * is where the process is killed, for n = 1, 2, 3 ... until nothing is hit any more. Breaks when
 * anything that was told to be durable is missing, or a batch is there by half.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/fault_vfs.h"
#include "tests/store/place.h"

/* Commits batches of one machine and three chunks until one fails; returns how many were told to be
 * durable. */
enum { CHUNK = 30000 }; /* some commits of it, and the WAL grows ahead (store/wal_file.c) */

static int64_t commit_until_it_fails(struct store *s, enum store_status *status)
{
    static char chunk[CHUNK];
    struct store_batch *b = store_batch_new();
    struct store_error error = {0};
    int64_t done = 0;
    *status = STORE_OK;
    while (done < 6 && *status == STORE_OK) {
        int64_t id = store_next_machine_id(s);
        put_machine(b, id, "arn:machine:M");
        for (int64_t k = 1; k <= 3; k++)
            store_append_history(b, id, k, 1, (struct store_bytes){chunk, sizeof chunk});
        *status = store_commit(s, b, &error);
        if (*status == STORE_OK)
            done = id;
    }
    if (*status == STORE_FULL) { /* the same batch again, when there is room again */
        fault_vfs_arm(FAULT_NONE, 0, 0);
        assert_false(store_batch_is_empty(b));
        if (store_commit(s, b, &error) != STORE_OK)
            fail_msg("again: %s", error.message);
        done++;
    }
    store_batch_free(b);
    return done;
}

static bool count_chunks(void *state, int64_t first, int64_t count, struct store_bytes chunk)
{
    (void)first, (void)count;
    *(int *)state += chunk.size == CHUNK ? 1 : 0;
    return true;
}

/* A small WAL, so that checkpoints, beside the commits and within them, come under the faults too.
 */
static struct store *open_with_small_wal(void)
{
    struct store *s = open_or_fail();
    store_set_checkpoint(s, 10, 20);
    return s;
}

/* Everything up to `done` is there and whole; a later batch is whole or absent. */
static void assert_holds(int64_t done)
{
    struct store *s = open_or_fail();
    int64_t next = store_next_machine_id(s);
    assert_true(next > done);
    for (int64_t id = 1; id <= next; id++) {
        int chunks = 0;
        store_read_history(s, id, 1, false, count_chunks, &chunks);
        assert_int_equal(chunks, id < next ? 3 : 0);
    }
    store_close(s);
}

static void fail_at_every(enum fault_kind kind, enum store_status expected)
{
    int hits = 0, clean = 0;
    for (int n = 1; n < 400 && clean < 2; n++) { /* both sizes of WAL must have come through */
        enum store_status status;
        remove_database();
        struct store *s = n % 2 ? open_or_fail() : open_with_small_wal();
        fault_vfs_arm(kind, n, expected == STORE_FULL);
        int64_t done = commit_until_it_fails(s, &status);
        bool hit = status != STORE_OK;
        if (hit)
            assert_int_equal(status, expected);
        fault_vfs_arm(FAULT_NONE, 0, 0);
        store_close(s);
        assert_holds(done);
        clean = hit ? 0 : clean + 1;
        hits += hit;
    }
    assert_true(hits >= 6); /* one a commit at the least */
}

static void bounds_its_wal(void **state)
{
    (void)state;
    static char chunk[9000];
    struct store *s = open_with_small_wal();
    struct store_batch *b = store_batch_new();
    for (int64_t id = 1; id <= 400; id++) {
        store_append_history(b, id, 1, 1, (struct store_bytes){chunk, sizeof chunk});
        commit(s, b);
    }
    char name[128];
    struct stat about;
    snprintf(name, sizeof name, "%s-wal", path);
    assert_int_equal(stat(name, &about), 0);
    assert_in_range(about.st_size, 1, 100 * 4120);
    store_batch_free(b);
    store_close(s);
}

/* From a few bytes to more than the WAL's file gathers. */
static void nothing_is_told_before_it_is_synced(void **state)
{
    (void)state;
    static char chunk[100000];
    struct store *s = open_or_fail();
    struct store_batch *b = store_batch_new();
    for (int64_t id = 1; id <= 64; id *= 2) {
        size_t before = fault_vfs_durable();
        for (int64_t i = 1; i <= id; i++)
            store_append_history(b, id, i, 1, (struct store_bytes){chunk, sizeof chunk});
        commit(s, b);
        assert_int_equal(fault_vfs_unsynced(), 0);
        assert_in_range(fault_vfs_durable() - before, sizeof chunk * (size_t)id, SIZE_MAX);
    }
    store_batch_free(b);
    store_close(s);
}

/* A process that ends in the middle leaves zeros behind its last commit. */
static void reads_back_what_grew_ahead(void **state)
{
    (void)state;
    static char chunk[CHUNK];
    pid_t child = fork();
    if (child == 0) {
        struct store_error error;
        struct store *s = store_open(path, &error);
        struct store_batch *b = store_batch_new();
        for (int64_t id = 1; s && id <= 100; id++) {
            put_machine(b, id, "arn:machine:M");
            for (int64_t i = 1; i <= 3; i++)
                store_append_history(b, id, i, 1, (struct store_bytes){chunk, sizeof chunk});
            if (store_commit(s, b, &error) != STORE_OK)
                _exit(1);
        }
        raise(SIGKILL);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_holds(100);
}

static void write_errors_end_it(void **state)
{
    (void)state;
    fail_at_every(FAULT_WRITE_IO, STORE_BROKEN);
}

static void sync_errors_end_it(void **state)
{
    (void)state;
    fail_at_every(FAULT_SYNC_IO, STORE_BROKEN);
}

static void a_full_disk_keeps_the_batch(void **state)
{
    (void)state;
    fail_at_every(FAULT_WRITE_FULL, STORE_FULL);
}

static void opening_on_a_failing_disk_is_refused(void **state)
{
    (void)state;
    static const enum fault_kind kinds[] = {FAULT_WRITE_IO, FAULT_WRITE_FULL, FAULT_SYNC_IO};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (int n = 1; n < 100; n++) {
            struct store_error error;
            remove_database();
            fault_vfs_arm(kinds[k], n, 1);
            struct store *s = store_open(path, &error);
            bool hit = fault_vfs_was_hit();
            if (!s)
                assert_int_equal(error.status,
                                 kinds[k] == FAULT_WRITE_FULL ? STORE_FULL : STORE_BROKEN);
            fault_vfs_arm(FAULT_NONE, 0, 0);
            store_close(s);
            store_close(open_or_fail()); /* and is fine once the disk is */
            if (!hit)
                break;
        }
    }
}

/* The child tells through a pipe what it was told to be durable, then dies at the n-th call. */
static void kill_at_every(enum fault_kind kind)
{
    int killed = 0, clean = 0;
    for (int n = 1; n < 400 && clean < 2; n++) {
        int pipes[2];
        remove_database();
        store_close(open_or_fail());
        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork();
        if (child == 0) {
            struct store_error error;
            struct store_batch *b = store_batch_new();
            static char chunk[CHUNK];
            struct store *s = store_open(path, &error);
            if (s && n % 2)
                store_set_checkpoint(s, 10, 20);
            fault_vfs_arm(kind, n, 0);
            for (int64_t id = 1; s && id <= 6; id++) {
                put_machine(b, id, "arn:machine:M");
                for (int64_t i = 1; i <= 3; i++)
                    store_append_history(b, id, i, 1, (struct store_bytes){chunk, sizeof chunk});
                if (store_commit(s, b, &error) != STORE_OK || write(pipes[1], "k", 1) != 1)
                    _exit(1);
            }
            fault_vfs_arm(FAULT_NONE, 0, 0);
            _exit(0);
        }
        close(pipes[1]);
        int64_t done = 0;
        char c;
        while (read(pipes[0], &c, 1) == 1)
            done++;
        close(pipes[0]);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
        assert_holds(done);
        clean = WIFSIGNALED(status) ? 0 : clean + 1;
        killed += WIFSIGNALED(status) ? 1 : 0;
    }
    assert_true(killed >= 6);
}

static void survives_kill_at_every_write(void **state)
{
    (void)state;
    kill_at_every(FAULT_KILL_WRITE);
}

static void survives_kill_at_every_sync(void **state)
{
    (void)state;
    kill_at_every(FAULT_KILL_SYNC);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(bounds_its_wal),
        TEST(nothing_is_told_before_it_is_synced),
        TEST(reads_back_what_grew_ahead),
        TEST(write_errors_end_it),
        TEST(sync_errors_end_it),
        TEST(a_full_disk_keeps_the_batch),
        TEST(opening_on_a_failing_disk_is_refused),
        TEST(survives_kill_at_every_write),
        TEST(survives_kill_at_every_sync),
    };
    fault_vfs_register();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
