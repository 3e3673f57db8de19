/* The engine after a crash, and with a failing disk. Breaks when: a task is sent twice or never, a
 * full disk is not waited for, something goes on after a failed sync.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/engine/rig.h"
#include "tests/store/fault_vfs.h"

const struct connector *connector_for(const struct resource *resource)
{
    return rig_connector_for(resource);
}

/* ---- recovery ---- */

static void sends_open_tasks_again(void **state)
{
    (void)state;
    rig_open(LOOP_REAL);
    rig_start(rig_put("M", TASK("echo")), "one", "{}");
    rig_run_for(100);
    int64_t id = rig.last_started.execution;
    assert_int_equal(rig.sent, 1);
    assert_int_equal(rig_find(id).open_tasks, 1);
    rig_close();
    rig_open(LOOP_SKIP);
    rig_run_for(10000);
    assert_int_equal(rig.sent, 2);
    assert_int_equal(rig.sent_again, 1);
    assert_string_equal(rig.complaints, "");
    assert_string_equal(rig_history(id),
                        "ExecutionStarted TaskStateEntered LambdaFunctionScheduled "
                        "LambdaFunctionStarted LambdaFunctionSucceeded "
                        "TaskStateExited ExecutionSucceeded");
    rig_close();
}

static void keeps_few_in_memory_however_many_are_open(void **state)
{
    (void)state;
    enum { MANY = 1500 };
    rig_open(LOOP_SKIP);
    int64_t machine = rig_put("M", TASK("hang"));
    for (int i = 0; i < MANY; i++)
        rig_start(machine, NULL, "{}");
    rig_run_for(1000);
    rig_close();
    rig_open(LOOP_SKIP);
    rig_run_for(1000);
    struct engine_figures f;
    engine_get_figures(rig.engine, &f);
    assert_int_equal(rig.sent_again, MANY);
    assert_int_equal(f.open_tasks, MANY);
    assert_true(f.live <= 1024);
    rig_close();
}

static void says_so_when_sending_again_is_a_risk(void **state)
{
    (void)state;
    rig_open(LOOP_REAL);
    rig_start(rig_put("M", TASK("echo")), "one", "{}");
    rig_run_for(100);
    rig_close();
    rig.is_repeatable = false;
    rig_open(LOOP_SKIP);
    rig_run_for(10000);
    assert_int_equal(rig.sent, 2);
    assert_non_null(strstr(rig.complaints, "sent again"));
    rig_close();
}

static void fails_what_may_not_be_sent_again(void **state)
{
    (void)state;
    rig_open(LOOP_REAL);
    rig_start(rig_put("M", TASK("echo")), "one", "{}");
    rig_run_for(100);
    int64_t id = rig.last_started.execution;
    rig_close();
    rig.is_repeatable = false;
    rig.in_flight = ENGINE_IN_FLIGHT_FAIL;
    rig_open(LOOP_SKIP);
    rig_run_for(10000);
    assert_int_equal(rig.sent, 1);
    assert_int_equal(rig_find(id).status, ASL_FAILED);
    rig_close();
}

/* ---- faults ---- */

static void waits_for_a_full_disk(void **state)
{
    (void)state;
    rig_open(LOOP_REAL);
    int64_t machine = rig_put("M", PASS);
    rig_run_for(10);
    fault_vfs_arm(FAULT_WRITE_FULL, 1, 1);
    rig_start(machine, "one", "{}");
    rig_run_for(700);
    assert_int_equal(rig.last_started.outcome, ENGINE_NO_SUCH_TASK); /* not answered */
    assert_non_null(strstr(rig.complaints, "disk is full"));
    fault_vfs_arm(FAULT_NONE, 0, 0);
    rig_run_for(1500);
    assert_int_equal(rig.last_started.outcome, ENGINE_OK);
    assert_int_equal(rig_find(rig.last_started.execution).status, ASL_SUCCEEDED);
    assert_non_null(strstr(rig.complaints, "takes writes again"));
    rig_close();
}

static void closes_on_a_full_disk(void **state)
{
    (void)state;
    rig_open(LOOP_REAL);
    int64_t machine = rig_put("M", PASS);
    rig_run_for(10);
    fault_vfs_arm(FAULT_WRITE_FULL, 1, 1);
    rig_start(machine, "one", "{}");
    rig_run_for(50);
    rig_close();
    fault_vfs_arm(FAULT_NONE, 0, 0);
    assert_int_equal(rig.last_started.outcome, ENGINE_NO_SUCH_TASK);
    rig_open(LOOP_REAL);
    assert_int_equal(store_count_executions(engine_store(rig.engine), NULL, -1), 0);
    rig_close();
}

static void dies_of_a_failed_sync(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        rig_open(LOOP_REAL);
        int64_t machine = rig_put("M", PASS);
        rig_run_for(10);
        fault_vfs_arm(FAULT_SYNC_IO, 1, 0);
        rig_start(machine, "one", "{}");
        rig_run_for(1000);
        _exit(rig.last_started.outcome == ENGINE_OK ? 1 : 2); /* it should not live */
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 74);
    rig_open(LOOP_REAL);
    rig_close();
}

static void sets_aside_what_does_not_read_back(void **state)
{
    (void)state;
    sqlite3 *db;
    rig_open(LOOP_REAL);
    int64_t machine = rig_put("M", WAIT);
    rig_start(machine, "one", "{}");
    rig_start(machine, "two", "{}");
    rig_run_for(50);
    int64_t two = rig.last_started.execution;
    rig_close();
    assert_int_equal(sqlite3_open(rig.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "UPDATE execution SET state = x'0102030405' WHERE tail = 'one'",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    rig_open(LOOP_SKIP);
    rig_run_for(100000);
    struct engine_figures f;
    engine_get_figures(rig.engine, &f);
    assert_non_null(strstr(rig.complaints, "one cannot be taken up"));
    assert_true(f.turns < 20);                             /* it does not come again and again */
    assert_int_equal(rig_find(two).status, ASL_SUCCEEDED); /* the others go on */
    assert_int_equal(rig_find(two - 1).status, ASL_RUNNING);
    rig_close();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(sends_open_tasks_again),
        TEST(keeps_few_in_memory_however_many_are_open),
        TEST(says_so_when_sending_again_is_a_risk),
        TEST(fails_what_may_not_be_sent_again),
        TEST(waits_for_a_full_disk),
        TEST(closes_on_a_full_disk),
        TEST(dies_of_a_failed_sync),
        TEST(sets_aside_what_does_not_read_back),
    };
    fault_vfs_register();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
