/* The engine: turns, waiting, tasks, watching. Breaks when: something is answered before it is
 * durable, a due moment is lost over a restart, a token of another store is taken. Recovery:
 * test_recovery.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/engine/rig.h"
#include "tests/store/fault_vfs.h"

const struct connector *connector_for(const struct resource *resource)
{
    return rig_connector_for(resource);
}

/* ---- turns ---- */

static void runs_to_the_end_in_one_turn(void **state)
{
    (void)state;
    rig_open(LOOP_SKIP);
    rig_run_for(1); /* recovery's own turn */
    struct engine_figures before, after;
    int64_t machine = rig_put("M", PASS);
    engine_get_figures(rig.engine, &before);
    rig_start(machine, "one", "{\"a\":1}");
    assert_int_equal(rig.last_started.outcome, ENGINE_NO_SUCH_TASK); /* not answered yet */
    rig_run_for(1);
    engine_get_figures(rig.engine, &after);
    assert_int_equal(rig.last_started.outcome, ENGINE_OK);
    assert_string_equal(rig.last_arn, "arn:aws:states:us-east-1:123456789012:execution:M:one");
    assert_int_equal(after.commits - before.commits, 1);
    assert_int_equal(rig_find(rig.last_started.execution).status, ASL_SUCCEEDED);
    assert_string_equal(rig_history(rig.last_started.execution),
                        "ExecutionStarted PassStateEntered PassStateExited PassStateEntered "
                        "PassStateExited ExecutionSucceeded");
    assert_int_equal(after.live, 0); /* nothing left to do: not in memory */
    rig_close();
}

static void commits_many_at_once(void **state)
{
    (void)state;
    rig_open(LOOP_SKIP);
    int64_t machine = rig_put("M", PASS);
    for (int i = 0; i < 500; i++)
        rig_start(machine, NULL, "{}");
    rig_run_for(1000);
    struct engine_figures f;
    engine_get_figures(rig.engine, &f);
    assert_int_equal(f.finished, 500);
    assert_true(f.commits < 200);
    assert_int_equal(store_count_executions(engine_store(rig.engine), NULL, ASL_SUCCEEDED), 500);
    rig_close();
}

static void answers_the_same_start_alike(void **state)
{
    (void)state;
    rig_open(LOOP_SKIP);
    int64_t machine = rig_put("M", WAIT);
    rig_start(machine, "one", "{\"a\":1}");
    rig_run_for(1);
    int64_t first = rig.last_started.execution;
    rig_start(machine, "one", "{ \"a\" : 1 }");
    rig_run_for(1);
    assert_int_equal(rig.last_started.outcome, ENGINE_OK);
    assert_int_equal(rig.last_started.execution, first);
    rig_start(machine, "one", "{\"a\":2}");
    rig_run_for(1);
    assert_int_equal(rig.last_started.outcome, ENGINE_ALREADY_EXISTS);
    rig_start(machine, "two", "{");
    rig_run_for(1);
    assert_int_equal(rig.last_started.outcome, ENGINE_BAD_INPUT);
    rig_start(machine + 7, "two", "{}");
    rig_run_for(1);
    assert_int_equal(rig.last_started.outcome, ENGINE_NO_SUCH_MACHINE);
    rig_run_for(100000); /* over: now the name is taken for good */
    rig_start(machine, "one", "{\"a\":1}");
    rig_run_for(1);
    assert_int_equal(rig.last_started.outcome, ENGINE_ALREADY_EXISTS);
    rig_close();
}

static struct engine_started answers[3];

static void keep_answer(void *state, const struct engine_started *started)
{
    struct engine_started *answer = state;
    *answer = *started;
}

/* Asked before the first is durable, even before its first step. */
static void answers_the_same_start_alike_before_it_is_durable(void **state)
{
    (void)state;
    static const char *const inputs[] = {"{\"a\":1}", "{ \"a\" : 1 }", "{\"a\":2}"};
    rig_open(LOOP_SKIP);
    int64_t machine = rig_put("M", WAIT);
    for (int i = 0; i < 3; i++) {
        struct engine_start s = {.machine = machine, .name = "one", .input = asl_text(inputs[i])};
        answers[i] = (struct engine_started){.outcome = ENGINE_NO_SUCH_TASK};
        engine_start(rig.engine, &s, keep_answer, &answers[i]);
    }
    assert_int_equal(answers[0].outcome, ENGINE_NO_SUCH_TASK); /* not answered yet */
    assert_int_equal(answers[1].outcome, ENGINE_NO_SUCH_TASK);
    assert_int_equal(answers[2].outcome, ENGINE_ALREADY_EXISTS);
    rig_run_for(1);
    assert_int_equal(answers[0].outcome, ENGINE_OK);
    assert_int_equal(answers[1].outcome, ENGINE_OK);
    assert_int_equal(answers[1].execution, answers[0].execution);
    assert_int_equal(answers[1].start_ms, answers[0].start_ms);
    assert_int_equal(rig_find(answers[0].execution).started, answers[0].start_ms);
    assert_int_equal(store_count_executions(engine_store(rig.engine), NULL, ASL_RUNNING), 1);
    rig_close();
}

static void shares_time_among_executions(void **state)
{
    (void)state;
    rig_open(LOOP_REAL);
    int64_t endless = rig_put("E", FOR_EVER), waits = rig_put("W", TASK("echo"));
    for (int i = 0; i < 3; i++)
        rig_start(endless, NULL, "{}");
    rig_start(waits, "w", "{}");
    rig_run_for(1500); /* the endless ones end at the limit of a history, or are still at it */
    struct rig_found w = rig_find(rig.last_started.execution);
    assert_int_equal(w.status, ASL_SUCCEEDED);
    assert_in_range(w.stopped - w.started, 500, 1400);
    rig_close();
}

/* ---- waiting ---- */

static void keeps_its_due_moment_over_a_restart(void **state)
{
    (void)state;
    rig_open(LOOP_REAL);
    int64_t machine = rig_put("M", WAIT);
    rig_start(machine, "one", "{}");
    rig_run_for(50);
    int64_t id = rig.last_started.execution;
    struct rig_found before = rig_find(id);
    assert_int_equal(before.due, before.started + 60000);
    rig_close();
    rig_open(LOOP_SKIP);
    assert_int_equal(rig_find(id).due, before.due);
    rig_run_for(70000);
    struct rig_found after = rig_find(id);
    assert_int_equal(after.status, ASL_SUCCEEDED);
    assert_in_range(after.stopped, before.due, before.due + 100);
    assert_string_equal(rig_history(id), "ExecutionStarted WaitStateEntered WaitStateExited "
                                         "PassStateEntered PassStateExited ExecutionSucceeded");
    rig_close();
}

static void a_skipped_clock_goes_on_where_it_was(void **state)
{
    (void)state;
    rig_open(LOOP_SKIP);
    int64_t machine =
        rig_put("M", "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":60,"
                     "\"Next\":\"V\"},\"V\":{\"Type\":\"Wait\",\"Seconds\":60,\"End\":true}}}");
    rig_start(machine, "one", "{}");
    rig_run_for(90000);
    int64_t id = rig.last_started.execution;
    rig_close();
    rig_open(LOOP_SKIP);
    rig_run_for(100000);
    struct rig_found f = rig_find(id);
    assert_int_equal(f.status, ASL_SUCCEEDED);
    assert_in_range(f.stopped - f.started, 120000, 120500);
    rig_close();
}

static void goes_on_in_the_middle_of_a_budget(void **state)
{
    (void)state;
    rig_open(LOOP_REAL);
    int64_t machine = rig_put("E", FOR_EVER);
    rig.last_started = (struct engine_started){.execution = 0};
    rig_start(machine, "one", "{}");
    while (!rig.last_started.execution)
        rig_run_for(12); /* a turn or two */
    int64_t id = rig.last_started.execution;
    rig_close();
    rig_open(LOOP_REAL);
    rig_run_for(3000);
    struct rig_found f = rig_find(id);
    assert_int_equal(f.status, ASL_FAILED); /* at AWS's limit of 25,000 events */
    assert_int_equal(f.last_event, 25000);
    rig_history(id); /* without a gap */
    rig_close();
}

static void fires_many_in_order(void **state)
{
    (void)state;
    rig_open(LOOP_SKIP);
    int64_t machine = rig_put("M", "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\","
                                   "\"SecondsPath\":\"$.s\",\"End\":true}}}");
    for (int i = 0; i < 3000; i++) {
        char input[32];
        snprintf(input, sizeof input, "{\"s\":%d}", (i * 7919) % 1000);
        rig_start(machine, NULL, input);
    }
    rig_run_for(2000000);
    struct engine_figures f;
    engine_get_figures(rig.engine, &f);
    assert_int_equal(f.finished, 3000);
    assert_int_equal(f.live, 0);
    rig_close();
}

/* ---- tasks ---- */

static void carries_out_a_task(void **state)
{
    (void)state;
    rig_open(LOOP_SKIP);
    rig_start(rig_put("M", TASK("echo")), "one", "{\"a\":1}");
    rig_run_for(10000);
    assert_int_equal(rig.sent, 1);
    assert_string_equal(rig_history(rig.last_started.execution),
                        "ExecutionStarted TaskStateEntered LambdaFunctionScheduled "
                        "LambdaFunctionStarted LambdaFunctionSucceeded TaskStateExited "
                        "ExecutionSucceeded");
    rig_start(rig_put("F", TASK("fail")), "two", "{}");
    rig_run_for(10000);
    assert_int_equal(rig_find(rig.last_started.execution).status, ASL_FAILED);
    rig_close();
}

static void see_nothing(void *state, const asl_execution *x)
{
    (void)state, (void)x;
}

/* On a real clock a start waits for company (behind.c): not for long, not for who looks, and not
 * over a graceful end; and it is there once. */
static void records_a_start_though_nothing_follows(void **state)
{
    static const char begun[] = "ExecutionStarted TaskStateEntered LambdaFunctionScheduled";
    static const char whole[] = "ExecutionStarted TaskStateEntered LambdaFunctionScheduled "
                                "LambdaFunctionStarted";
    (void)state;
    rig_open(LOOP_REAL);
    int64_t machine = rig_put("M", TASK("hang")), before = loop_now(rig.loop), looked, left, closed;
    rig_start(machine, "looked", "{}");
    rig_run_for(40);
    looked = rig.last_started.execution;
    if (loop_now(rig.loop) < before + 200) /* else the machine was slow: it may be there already */
        assert_string_equal(rig_history(looked), begun);
    engine_look(rig.engine, looked, see_nothing, NULL);
    assert_true(engine_is_ahead(rig.engine) || strcmp(rig_history(looked), whole) == 0);
    rig_run_for(40);
    assert_string_equal(rig_history(looked), whole);
    rig_start(machine, "left", "{}");
    rig_run_for(600);
    left = rig.last_started.execution;
    assert_string_equal(rig_history(left), whole);
    rig_start(machine, "closed", "{}");
    rig_run_for(40);
    closed = rig.last_started.execution;
    rig_close();
    rig_open(LOOP_REAL);
    rig_run_for(400);
    assert_int_equal(rig.sent_again, 3);
    assert_string_equal(rig_history(looked), whole);
    assert_string_equal(rig_history(left), whole);
    assert_string_equal(rig_history(closed), whole);
    rig_close();
}

static void stops_and_lets_go_of_its_task(void **state)
{
    (void)state;
    rig_open(LOOP_SKIP);
    rig_start(rig_put("M", TASK("hang")), "one", "{}");
    rig_run_for(1000);
    int64_t id = rig.last_started.execution;
    assert_int_equal(rig.sent, 1);
    engine_stop(rig.engine, id, ASL_TEXT("E"), ASL_TEXT("C"), rig_note_outcome, NULL);
    rig_run_for(1);
    assert_int_equal(rig.last_outcome, ENGINE_OK);
    assert_int_equal(rig.cancelled, 1);
    assert_int_equal(rig_find(id).status, ASL_ABORTED);
    engine_stop(rig.engine, id, ASL_TEXT(""), ASL_TEXT(""), rig_note_outcome, NULL);
    rig_run_for(1);
    assert_int_equal(rig.last_outcome, ENGINE_NOT_RUNNING);
    engine_stop(rig.engine, 99, ASL_TEXT(""), ASL_TEXT(""), rig_note_outcome, NULL);
    rig_run_for(1);
    assert_int_equal(rig.last_outcome, ENGINE_NO_SUCH_EXECUTION);
    rig_close();
}

static void takes_a_token_once_over_restarts(void **state)
{
    (void)state;
    rig_open(LOOP_SKIP);
    rig_start(rig_put("M", CALLBACK("sqs:sendMessage")), "one", "{}");
    rig_run_for(1000);
    int64_t id = rig.last_started.execution, execution = 0, task = 0;
    char token[1100];
    strcpy(token, rig.last_token);
    assert_true(engine_token_read(rig.engine, asl_text(token), &execution, &task));
    assert_int_equal(execution, id);
    rig_close();

    rig_open(LOOP_SKIP);
    rig_run_for(1000);
    assert_int_equal(rig.sent, 1); /* it was submitted: its token brings the end */
    assert_true(engine_token_read(rig.engine, asl_text(token), &execution, &task));
    char forged[1100];
    strcpy(forged, token);
    forged[20] = forged[20] == 'A' ? 'B' : 'A';
    int64_t nothing;
    assert_false(engine_token_read(rig.engine, asl_text(forged), &nothing, &nothing));
    assert_false(engine_token_read(rig.engine, ASL_TEXT(""), &nothing, &nothing));
    asl_value *output = value_literal("{\"ok\":true}");
    struct asl_event done = {.kind = ASL_TASK_SUCCEEDED, .task = task, .output = output};
    engine_task_event(rig.engine, execution, &done, rig_note_outcome, NULL);
    rig_run_for(1);
    assert_int_equal(rig.last_outcome, ENGINE_OK);
    assert_int_equal(rig_find(id).status, ASL_SUCCEEDED);
    engine_task_event(rig.engine, execution, &done, rig_note_outcome, NULL);
    rig_run_for(1);
    assert_int_equal(rig.last_outcome, ENGINE_NO_SUCH_TASK);
    value_release(output);
    assert_string_equal(rig_history(id),
                        "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted "
                        "TaskSubmitted TaskSucceeded TaskStateExited "
                        "ExecutionSucceeded");
    rig_close();
}

static void lets_go_of_a_request_whose_token_came_first(void **state)
{
    (void)state;
    rig_open(LOOP_SKIP);
    rig_start(rig_put("M", CALLBACK("lambda:invoke")), "one", "{}");
    rig_run_for(1000);
    int64_t execution = 0, task = 0;
    assert_true(engine_token_read(rig.engine, asl_text(rig.last_token), &execution, &task));
    struct asl_event failed = {.kind = ASL_TASK_FAILED, .task = task, .error = ASL_TEXT("E")};
    engine_task_event(rig.engine, execution, &failed, rig_note_outcome, NULL);
    rig_run_for(1);
    assert_int_equal(rig.last_outcome, ENGINE_OK);
    assert_int_equal(rig.cancelled, 1);
    assert_int_equal(rig_find(execution).status, ASL_FAILED);
    rig_close();
}

/* ---- watching ---- */

struct watched {
    struct rig_history history;
    int ends;
};

static void note_watched(void *state, int64_t execution, struct store_bytes chunk,
                         enum asl_status status)
{
    struct watched *w = state;
    (void)execution;
    if (chunk.data) {
        char message[160];
        assert_true(
            asl_history_read(chunk.data, chunk.size, true, rig_note_event, &w->history, message));
    } else {
        assert_int_equal(status, ASL_SUCCEEDED);
        w->ends++;
    }
}

static void tells_its_watcher_everything(void **state)
{
    (void)state;
    struct watched w = {.history = {.next = 1}};
    rig_open(LOOP_SKIP);
    engine_watch(rig.engine, 0, note_watched, &w);
    rig_start(rig_put("M", TASK("echo")), "one", "{}");
    rig_run_for(10000);
    assert_int_equal(w.ends, 1);
    assert_string_equal(w.history.types, rig_history(rig.last_started.execution));
    rig_close();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(runs_to_the_end_in_one_turn),
        TEST(commits_many_at_once),
        TEST(answers_the_same_start_alike),
        TEST(answers_the_same_start_alike_before_it_is_durable),
        TEST(shares_time_among_executions),
        TEST(keeps_its_due_moment_over_a_restart),
        TEST(a_skipped_clock_goes_on_where_it_was),
        TEST(goes_on_in_the_middle_of_a_budget),
        TEST(fires_many_in_order),
        TEST(carries_out_a_task),
        TEST(records_a_start_though_nothing_follows),
        TEST(stops_and_lets_go_of_its_task),
        TEST(takes_a_token_once_over_restarts),
        TEST(lets_go_of_a_request_whose_token_came_first),
        TEST(tells_its_watcher_everything),
    };
    fault_vfs_register();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
