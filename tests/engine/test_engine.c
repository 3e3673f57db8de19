/* The engine: turns, durability, recovery. Breaks when: something is answered before it is durable, a
 * due moment is lost over a restart, a task is sent twice or never, a full disk is not waited for, a
 * token of another store is taken.
 *
 * The tests bring their own connector (the program links this connector_for instead of the table's):
 * functions whose names say what they do. Time is skipped.
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

#include "engine/run/engine.h"
#include "tests/store/fault_vfs.h"

/* ---- a connector of our own ---- */

struct call {
    struct loop_timer *timer;
    struct task *task;
    asl_value *parameters;
    char function[32];
    bool used;
};

static struct call calls[2048];
static int sent, sent_again, cancelled;
static char last_token[1100];
static bool is_repeatable;
static struct loop *loop;

static void end_call(struct call *c)
{
    loop_timer_free(c->timer);
    value_release(c->parameters);
    c->used = false;
}

static void call_ends(void *state)
{
    struct call *c = state;
    struct task *task = c->task;
    if (strcmp(c->function, "echo") == 0)
        task_report_succeeded(task, c->parameters);
    else if (strcmp(c->function, "fail") == 0)
        task_report_failed(task, ASL_TEXT("Boom"), ASL_TEXT("it was asked to"));
    else
        task_report_submitted(task, c->parameters);
    end_call(c);
}

static void *test_start(const struct connectors *shared, struct task *task,
                        const struct task_request *request)
{
    struct call *c = calls;
    while (c->used)
        c++;
    const char *name = strrchr(request->resource->arn, ':') + 1;
    *c = (struct call){.task = task, .used = true};
    snprintf(c->function, sizeof c->function, "%s", name);
    c->parameters = value_retain(request->parameters);
    c->timer = loop_timer_new(shared->loop, call_ends, c);
    sent++;
    sent_again += request->again;
    snprintf(last_token, sizeof last_token, "%s", request->token);
    if (strcmp(name, "hang") != 0 && strncmp(name, "invoke", 6) != 0)
        loop_timer_arm(c->timer, loop_now(shared->loop) + 500);
    return c;
}

static void test_cancel(void *handle)
{
    cancelled++;
    end_call(handle);
}

static bool test_repeatable(const struct connectors *shared, const struct task_request *request)
{
    (void)shared, (void)request;
    return is_repeatable;
}

static bool takes_all(const struct resource *resource)
{
    (void)resource;
    return true;
}

static const struct connector test_connector = {.name = "test",
                                                .takes = takes_all,
                                                .start = test_start,
                                                .cancel = test_cancel,
                                                .repeatable = test_repeatable};

const struct connector *connector_for(const struct resource *resource)
{
    return resource->family == TASK_ACTIVITY ? NULL : &test_connector;
}

/* ---- a folder, a loop, an engine ---- */

static enum engine_outcome last_outcome;
static char folder[64], path[96];
static struct engine *engine;
static char complaints[4096];
static enum engine_in_flight in_flight;

static int begin(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/stepwell-engine-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/t.db", folder);
    last_outcome = ENGINE_OK;
    complaints[0] = '\0';
    sent = sent_again = cancelled = 0;
    is_repeatable = true;
    in_flight = ENGINE_IN_FLIGHT_RETRY;
    fault_vfs_arm(FAULT_NONE, 0, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lease"};
    for (size_t i = 0; i < 4; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
    return rmdir(folder);
}

static void complain(void *state, const char *line)
{
    (void)state;
    print_message("# %s\n", line);
    strncat(complaints, line, sizeof complaints - strlen(complaints) - 1);
}

static void open_engine(enum loop_time time)
{
    struct store_error error;
    loop = loop_new(time, 1);
    struct engine_options options = {
        .loop = loop,
        .store_path = path,
        .connectors = {.loop = loop, .region = "us-east-1", .account = "123456789012"},
        .in_flight = in_flight,
        .complain = complain,
    };
    engine = engine_open(&options, &error);
    if (!engine)
        fail_msg("%s", error.message);
}

static void close_engine(void)
{
    engine_close(engine);
    loop_free(loop);
}

static void stop_loop(void *state)
{
    (void)state;
    loop_stop(loop);
}

/* Lets the loop run for that long by its own clock. */
static void run_for(int64_t ms)
{
    struct loop_timer *t = loop_timer_new(loop, stop_loop, NULL);
    loop_timer_arm(t, loop_now(loop) + ms);
    loop_run(loop);
    loop_timer_free(t);
}

static int64_t put(const char *name, const char *definition)
{
    struct asl_diagnostics d = {0};
    int64_t id = engine_put_machine(engine, name, asl_text(definition), false,
                                    "arn:aws:iam::123456789012:role/r", &d);
    if (id < 0)
        fail_msg("%s", d.items[0].message);
    asl_diagnostics_free(&d);
    return id;
}

static struct engine_started last_started;
static char last_arn[256];

static void note_started(void *state, const struct engine_started *started)
{
    (void)state;
    last_started = *started;
    snprintf(last_arn, sizeof last_arn, "%s", started->arn ? started->arn : "");
}

static int64_t start(int64_t machine, const char *name, const char *input)
{
    last_started = (struct engine_started){.outcome = ENGINE_NO_SUCH_TASK};
    engine_start(engine,
                 &(struct engine_start){.machine = machine, .name = name, .input = asl_text(input)},
                 note_started, NULL);
    return last_started.execution;
}

static void note_outcome(void *state, enum engine_outcome outcome)
{
    (void)state;
    last_outcome = outcome;
}

struct found {
    int status;
    int64_t id, due, open_tasks, last_event, started, stopped;
};

static bool note_found(void *state, const struct store_execution *x)
{
    *(struct found *)state = (struct found){x->status,     x->id,      x->due,    x->open_tasks,
                                            x->last_event, x->started, x->stopped};
    return false;
}

static struct found find(int64_t id)
{
    struct found found = {.status = -1};
    store_get_execution(engine_store(engine), id, note_found, &found);
    return found;
}

/* "ExecutionStarted WaitStateEntered ...", and ids must run without a gap. */
struct history {
    char types[4096];
    int64_t next;
};

static bool note_event(void *state, int64_t id, const asl_value *event)
{
    struct history *h = state;
    assert_int_equal(id, h->next++);
    struct asl_text type = value_as_text(value_get_z(event, "type"));
    size_t used = strlen(h->types);
    snprintf(h->types + used, sizeof h->types - used, "%s%.*s", used ? " " : "",
             ASL_TEXT_ARGS(type));
    return true;
}

static bool note_chunk(void *state, int64_t first, int64_t count, struct store_bytes chunk)
{
    char message[160];
    (void)first, (void)count;
    assert_true(asl_history_read(chunk.data, chunk.size, true, note_event, state, message));
    return true;
}

static const char *history(int64_t id)
{
    static struct history h;
    h = (struct history){.next = 1};
    store_read_history(engine_store(engine), id, 1, false, note_chunk, &h);
    return h.types;
}

#define TASK(function)                                                                             \
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"                        \
    "\"arn:aws:lambda:us-east-1:123456789012:function:" function "\",\"End\":true}}}"
#define CALLBACK(resource)                                                                         \
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"                        \
    "\"arn:aws:states:::" resource ".waitForTaskToken\",\"Parameters\":{\"FunctionName\":\"f\","   \
    "\"QueueUrl\":\"q\",\"MessageBody\":{\"t.$\":\"$$.Task.Token\"}},\"End\":true}}}"
#define PASS                                                                                       \
    "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"},"                     \
    "\"B\":{\"Type\":\"Pass\",\"End\":true}}}"
#define WAIT                                                                                       \
    "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":60,\"Next\":\"P\"},"      \
    "\"P\":{\"Type\":\"Pass\",\"End\":true}}}"
#define FOR_EVER                                                                                   \
    "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"C\"},\"C\":{\"Type\":"        \
    "\"Choice\",\"Choices\":[{\"Variable\":\"$.end\",\"IsPresent\":true,\"Next\":\"Z\"}],"          \
    "\"Default\":\"A\"},\"Z\":{\"Type\":\"Succeed\"}}}"

/* ---- turns ---- */

static void runs_to_the_end_in_one_turn(void **state)
{
    (void)state;
    open_engine(LOOP_SKIP);
    run_for(1); /* recovery's own turn */
    struct engine_figures before, after;
    int64_t machine = put("M", PASS);
    engine_get_figures(engine, &before);
    start(machine, "one", "{\"a\":1}");
    assert_int_equal(last_started.outcome, ENGINE_NO_SUCH_TASK); /* not answered yet */
    run_for(1);
    engine_get_figures(engine, &after);
    assert_int_equal(last_started.outcome, ENGINE_OK);
    assert_string_equal(last_arn, "arn:aws:states:us-east-1:123456789012:execution:M:one");
    assert_int_equal(after.commits - before.commits, 1);
    assert_int_equal(find(last_started.execution).status, ASL_SUCCEEDED);
    assert_string_equal(history(last_started.execution),
                        "ExecutionStarted PassStateEntered PassStateExited PassStateEntered "
                        "PassStateExited ExecutionSucceeded");
    assert_int_equal(after.live, 0); /* nothing left to do: not in memory */
    close_engine();
}

static void commits_many_at_once(void **state)
{
    (void)state;
    open_engine(LOOP_SKIP);
    int64_t machine = put("M", PASS);
    for (int i = 0; i < 500; i++)
        start(machine, NULL, "{}");
    run_for(1000);
    struct engine_figures f;
    engine_get_figures(engine, &f);
    assert_int_equal(f.finished, 500);
    assert_true(f.commits < 200);
    assert_int_equal(store_count_executions(engine_store(engine), NULL, ASL_SUCCEEDED), 500);
    close_engine();
}

static void answers_the_same_start_alike(void **state)
{
    (void)state;
    open_engine(LOOP_SKIP);
    int64_t machine = put("M", WAIT);
    start(machine, "one", "{\"a\":1}");
    run_for(1);
    int64_t first = last_started.execution;
    start(machine, "one", "{ \"a\" : 1 }");
    run_for(1);
    assert_int_equal(last_started.outcome, ENGINE_OK);
    assert_int_equal(last_started.execution, first);
    start(machine, "one", "{\"a\":2}");
    run_for(1);
    assert_int_equal(last_started.outcome, ENGINE_ALREADY_EXISTS);
    start(machine, "two", "{");
    run_for(1);
    assert_int_equal(last_started.outcome, ENGINE_BAD_INPUT);
    start(machine + 7, "two", "{}");
    run_for(1);
    assert_int_equal(last_started.outcome, ENGINE_NO_SUCH_MACHINE);
    run_for(100000); /* over: now the name is taken for good */
    start(machine, "one", "{\"a\":1}");
    run_for(1);
    assert_int_equal(last_started.outcome, ENGINE_ALREADY_EXISTS);
    close_engine();
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
    open_engine(LOOP_SKIP);
    int64_t machine = put("M", WAIT);
    for (int i = 0; i < 3; i++) {
        struct engine_start s = {.machine = machine, .name = "one", .input = asl_text(inputs[i])};
        answers[i] = (struct engine_started){.outcome = ENGINE_NO_SUCH_TASK};
        engine_start(engine, &s, keep_answer, &answers[i]);
    }
    assert_int_equal(answers[0].outcome, ENGINE_NO_SUCH_TASK); /* not answered yet */
    assert_int_equal(answers[1].outcome, ENGINE_NO_SUCH_TASK);
    assert_int_equal(answers[2].outcome, ENGINE_ALREADY_EXISTS);
    run_for(1);
    assert_int_equal(answers[0].outcome, ENGINE_OK);
    assert_int_equal(answers[1].outcome, ENGINE_OK);
    assert_int_equal(answers[1].execution, answers[0].execution);
    assert_int_equal(answers[1].start_ms, answers[0].start_ms);
    assert_int_equal(find(answers[0].execution).started, answers[0].start_ms);
    assert_int_equal(store_count_executions(engine_store(engine), NULL, ASL_RUNNING), 1);
    close_engine();
}

static void shares_time_among_executions(void **state)
{
    (void)state;
    open_engine(LOOP_REAL);
    int64_t endless = put("E", FOR_EVER), waits = put("W", TASK("echo"));
    for (int i = 0; i < 3; i++)
        start(endless, NULL, "{}");
    start(waits, "w", "{}");
    run_for(1500); /* the endless ones end at the limit of a history, or are still at it */
    struct found w = find(last_started.execution);
    assert_int_equal(w.status, ASL_SUCCEEDED);
    assert_in_range(w.stopped - w.started, 500, 1400);
    close_engine();
}

/* ---- waiting ---- */

static void keeps_its_due_moment_over_a_restart(void **state)
{
    (void)state;
    open_engine(LOOP_REAL);
    int64_t machine = put("M", WAIT);
    start(machine, "one", "{}");
    run_for(50);
    int64_t id = last_started.execution;
    struct found before = find(id);
    assert_int_equal(before.due, before.started + 60000);
    close_engine();
    open_engine(LOOP_SKIP);
    assert_int_equal(find(id).due, before.due);
    run_for(70000);
    struct found after = find(id);
    assert_int_equal(after.status, ASL_SUCCEEDED);
    assert_in_range(after.stopped, before.due, before.due + 100);
    assert_string_equal(history(id), "ExecutionStarted WaitStateEntered WaitStateExited "
                                     "PassStateEntered PassStateExited ExecutionSucceeded");
    close_engine();
}

static void a_skipped_clock_goes_on_where_it_was(void **state)
{
    (void)state;
    open_engine(LOOP_SKIP);
    int64_t machine = put("M", "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":60,"
                               "\"Next\":\"V\"},\"V\":{\"Type\":\"Wait\",\"Seconds\":60,\"End\":true}}}");
    start(machine, "one", "{}");
    run_for(90000);
    int64_t id = last_started.execution;
    close_engine();
    open_engine(LOOP_SKIP);
    run_for(100000);
    struct found f = find(id);
    assert_int_equal(f.status, ASL_SUCCEEDED);
    assert_in_range(f.stopped - f.started, 120000, 120500);
    close_engine();
}

static void goes_on_in_the_middle_of_a_budget(void **state)
{
    (void)state;
    open_engine(LOOP_REAL);
    int64_t machine = put("E", FOR_EVER);
    last_started = (struct engine_started){.execution = 0};
    start(machine, "one", "{}");
    while (!last_started.execution)
        run_for(12); /* a turn or two */
    int64_t id = last_started.execution;
    close_engine();
    open_engine(LOOP_REAL);
    run_for(3000);
    struct found f = find(id);
    assert_int_equal(f.status, ASL_FAILED); /* at AWS's limit of 25,000 events */
    assert_int_equal(f.last_event, 25000);
    history(id); /* without a gap */
    close_engine();
}

static void fires_many_in_order(void **state)
{
    (void)state;
    open_engine(LOOP_SKIP);
    int64_t machine = put("M", "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\","
                               "\"SecondsPath\":\"$.s\",\"End\":true}}}");
    for (int i = 0; i < 3000; i++) {
        char input[32];
        snprintf(input, sizeof input, "{\"s\":%d}", (i * 7919) % 1000);
        start(machine, NULL, input);
    }
    run_for(2000000);
    struct engine_figures f;
    engine_get_figures(engine, &f);
    assert_int_equal(f.finished, 3000);
    assert_int_equal(f.live, 0);
    close_engine();
}

/* ---- tasks ---- */

static void carries_out_a_task(void **state)
{
    (void)state;
    open_engine(LOOP_SKIP);
    start(put("M", TASK("echo")), "one", "{\"a\":1}");
    run_for(10000);
    assert_int_equal(sent, 1);
    assert_string_equal(history(last_started.execution),
                        "ExecutionStarted TaskStateEntered LambdaFunctionScheduled "
                        "LambdaFunctionStarted LambdaFunctionSucceeded TaskStateExited "
                        "ExecutionSucceeded");
    start(put("F", TASK("fail")), "two", "{}");
    run_for(10000);
    assert_int_equal(find(last_started.execution).status, ASL_FAILED);
    close_engine();
}

static void see_nothing(void *state, const asl_execution *x)
{
    (void)state, (void)x;
}

/* On a real clock a start waits for company (behind.c): not for long, not for who looks, and not over
 * a graceful end; and it is there once. */
static void records_a_start_though_nothing_follows(void **state)
{
    static const char begun[] = "ExecutionStarted TaskStateEntered LambdaFunctionScheduled";
    static const char whole[] = "ExecutionStarted TaskStateEntered LambdaFunctionScheduled "
                                "LambdaFunctionStarted";
    (void)state;
    open_engine(LOOP_REAL);
    int64_t machine = put("M", TASK("hang")), before = loop_now(loop), looked, left, closed;
    start(machine, "looked", "{}");
    run_for(40);
    looked = last_started.execution;
    if (loop_now(loop) < before + 200) /* else the machine was slow: it may be there already */
        assert_string_equal(history(looked), begun);
    engine_look(engine, looked, see_nothing, NULL);
    assert_true(engine_is_ahead(engine) || strcmp(history(looked), whole) == 0);
    run_for(40);
    assert_string_equal(history(looked), whole);
    start(machine, "left", "{}");
    run_for(600);
    left = last_started.execution;
    assert_string_equal(history(left), whole);
    start(machine, "closed", "{}");
    run_for(40);
    closed = last_started.execution;
    close_engine();
    open_engine(LOOP_REAL);
    run_for(400);
    assert_int_equal(sent_again, 3);
    assert_string_equal(history(looked), whole);
    assert_string_equal(history(left), whole);
    assert_string_equal(history(closed), whole);
    close_engine();
}

static void stops_and_lets_go_of_its_task(void **state)
{
    (void)state;
    open_engine(LOOP_SKIP);
    start(put("M", TASK("hang")), "one", "{}");
    run_for(1000);
    int64_t id = last_started.execution;
    assert_int_equal(sent, 1);
    engine_stop(engine, id, ASL_TEXT("E"), ASL_TEXT("C"), note_outcome, NULL);
    run_for(1);
    assert_int_equal(last_outcome, ENGINE_OK);
    assert_int_equal(cancelled, 1);
    assert_int_equal(find(id).status, ASL_ABORTED);
    engine_stop(engine, id, ASL_TEXT(""), ASL_TEXT(""), note_outcome, NULL);
    run_for(1);
    assert_int_equal(last_outcome, ENGINE_NOT_RUNNING);
    engine_stop(engine, 99, ASL_TEXT(""), ASL_TEXT(""), note_outcome, NULL);
    run_for(1);
    assert_int_equal(last_outcome, ENGINE_NO_SUCH_EXECUTION);
    close_engine();
}

static void takes_a_token_once_over_restarts(void **state)
{
    (void)state;
    open_engine(LOOP_SKIP);
    start(put("M", CALLBACK("sqs:sendMessage")), "one", "{}");
    run_for(1000);
    int64_t id = last_started.execution, execution = 0, task = 0;
    char token[1100];
    strcpy(token, last_token);
    assert_true(engine_token_read(engine, asl_text(token), &execution, &task));
    assert_int_equal(execution, id);
    close_engine();

    open_engine(LOOP_SKIP);
    run_for(1000);
    assert_int_equal(sent, 1); /* it was submitted: its token brings the end */
    assert_true(engine_token_read(engine, asl_text(token), &execution, &task));
    char forged[1100];
    strcpy(forged, token);
    forged[20] = forged[20] == 'A' ? 'B' : 'A';
    int64_t nothing;
    assert_false(engine_token_read(engine, asl_text(forged), &nothing, &nothing));
    assert_false(engine_token_read(engine, ASL_TEXT(""), &nothing, &nothing));
    asl_value *output = value_literal("{\"ok\":true}");
    struct asl_event done = {.kind = ASL_TASK_SUCCEEDED, .task = task, .output = output};
    engine_task_event(engine, execution, &done, note_outcome, NULL);
    run_for(1);
    assert_int_equal(last_outcome, ENGINE_OK);
    assert_int_equal(find(id).status, ASL_SUCCEEDED);
    engine_task_event(engine, execution, &done, note_outcome, NULL);
    run_for(1);
    assert_int_equal(last_outcome, ENGINE_NO_SUCH_TASK);
    value_release(output);
    assert_string_equal(history(id), "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted "
                                     "TaskSubmitted TaskSucceeded TaskStateExited "
                                     "ExecutionSucceeded");
    close_engine();
}

static void lets_go_of_a_request_whose_token_came_first(void **state)
{
    (void)state;
    open_engine(LOOP_SKIP);
    start(put("M", CALLBACK("lambda:invoke")), "one", "{}");
    run_for(1000);
    int64_t execution = 0, task = 0;
    assert_true(engine_token_read(engine, asl_text(last_token), &execution, &task));
    struct asl_event failed = {.kind = ASL_TASK_FAILED, .task = task, .error = ASL_TEXT("E")};
    engine_task_event(engine, execution, &failed, note_outcome, NULL);
    run_for(1);
    assert_int_equal(last_outcome, ENGINE_OK);
    assert_int_equal(cancelled, 1);
    assert_int_equal(find(execution).status, ASL_FAILED);
    close_engine();
}

/* ---- recovery ---- */

static void sends_open_tasks_again(void **state)
{
    (void)state;
    open_engine(LOOP_REAL);
    start(put("M", TASK("echo")), "one", "{}");
    run_for(100);
    int64_t id = last_started.execution;
    assert_int_equal(sent, 1);
    assert_int_equal(find(id).open_tasks, 1);
    close_engine();
    open_engine(LOOP_SKIP);
    run_for(10000);
    assert_int_equal(sent, 2);
    assert_int_equal(sent_again, 1);
    assert_string_equal(complaints, "");
    assert_string_equal(history(id), "ExecutionStarted TaskStateEntered LambdaFunctionScheduled "
                                     "LambdaFunctionStarted LambdaFunctionSucceeded "
                                     "TaskStateExited ExecutionSucceeded");
    close_engine();
}

static void keeps_few_in_memory_however_many_are_open(void **state)
{
    (void)state;
    enum { MANY = 1500 };
    open_engine(LOOP_SKIP);
    int64_t machine = put("M", TASK("hang"));
    for (int i = 0; i < MANY; i++)
        start(machine, NULL, "{}");
    run_for(1000);
    close_engine();
    open_engine(LOOP_SKIP);
    run_for(1000);
    struct engine_figures f;
    engine_get_figures(engine, &f);
    assert_int_equal(sent_again, MANY);
    assert_int_equal(f.open_tasks, MANY);
    assert_true(f.live <= 1024);
    close_engine();
}

static void says_so_when_sending_again_is_a_risk(void **state)
{
    (void)state;
    open_engine(LOOP_REAL);
    start(put("M", TASK("echo")), "one", "{}");
    run_for(100);
    close_engine();
    is_repeatable = false;
    open_engine(LOOP_SKIP);
    run_for(10000);
    assert_int_equal(sent, 2);
    assert_non_null(strstr(complaints, "sent again"));
    close_engine();
}

static void fails_what_may_not_be_sent_again(void **state)
{
    (void)state;
    open_engine(LOOP_REAL);
    start(put("M", TASK("echo")), "one", "{}");
    run_for(100);
    int64_t id = last_started.execution;
    close_engine();
    is_repeatable = false;
    in_flight = ENGINE_IN_FLIGHT_FAIL;
    open_engine(LOOP_SKIP);
    run_for(10000);
    assert_int_equal(sent, 1);
    assert_int_equal(find(id).status, ASL_FAILED);
    close_engine();
}

/* ---- faults ---- */

static void waits_for_a_full_disk(void **state)
{
    (void)state;
    open_engine(LOOP_REAL);
    int64_t machine = put("M", PASS);
    run_for(10);
    fault_vfs_arm(FAULT_WRITE_FULL, 1, 1);
    start(machine, "one", "{}");
    run_for(700);
    assert_int_equal(last_started.outcome, ENGINE_NO_SUCH_TASK); /* not answered */
    assert_non_null(strstr(complaints, "disk is full"));
    fault_vfs_arm(FAULT_NONE, 0, 0);
    run_for(1500);
    assert_int_equal(last_started.outcome, ENGINE_OK);
    assert_int_equal(find(last_started.execution).status, ASL_SUCCEEDED);
    assert_non_null(strstr(complaints, "takes writes again"));
    close_engine();
}

static void closes_on_a_full_disk(void **state)
{
    (void)state;
    open_engine(LOOP_REAL);
    int64_t machine = put("M", PASS);
    run_for(10);
    fault_vfs_arm(FAULT_WRITE_FULL, 1, 1);
    start(machine, "one", "{}");
    run_for(50);
    close_engine();
    fault_vfs_arm(FAULT_NONE, 0, 0);
    assert_int_equal(last_started.outcome, ENGINE_NO_SUCH_TASK);
    open_engine(LOOP_REAL);
    assert_int_equal(store_count_executions(engine_store(engine), NULL, -1), 0);
    close_engine();
}

static void dies_of_a_failed_sync(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        open_engine(LOOP_REAL);
        int64_t machine = put("M", PASS);
        run_for(10);
        fault_vfs_arm(FAULT_SYNC_IO, 1, 0);
        start(machine, "one", "{}");
        run_for(1000);
        _exit(last_started.outcome == ENGINE_OK ? 1 : 2); /* it should not live */
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 74);
    open_engine(LOOP_REAL);
    close_engine();
}

static void sets_aside_what_does_not_read_back(void **state)
{
    (void)state;
    sqlite3 *db;
    open_engine(LOOP_REAL);
    int64_t machine = put("M", WAIT);
    start(machine, "one", "{}");
    start(machine, "two", "{}");
    run_for(50);
    int64_t two = last_started.execution;
    close_engine();
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE execution SET state = x'0102030405' WHERE tail = 'one'",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    open_engine(LOOP_SKIP);
    run_for(100000);
    struct engine_figures f;
    engine_get_figures(engine, &f);
    assert_non_null(strstr(complaints, "one cannot be taken up"));
    assert_true(f.turns < 20); /* it does not come again and again */
    assert_int_equal(find(two).status, ASL_SUCCEEDED); /* the others go on */
    assert_int_equal(find(two - 1).status, ASL_RUNNING);
    close_engine();
}

/* ---- watching ---- */

struct watched {
    struct history history;
    int ends;
};

static void note_watched(void *state, int64_t execution, struct store_bytes chunk,
                         enum asl_status status)
{
    struct watched *w = state;
    (void)execution;
    if (chunk.data) {
        char message[160];
        assert_true(asl_history_read(chunk.data, chunk.size, true, note_event, &w->history, message));
    } else {
        assert_int_equal(status, ASL_SUCCEEDED);
        w->ends++;
    }
}

static void tells_its_watcher_everything(void **state)
{
    (void)state;
    struct watched w = {.history = {.next = 1}};
    open_engine(LOOP_SKIP);
    engine_watch(engine, 0, note_watched, &w);
    start(put("M", TASK("echo")), "one", "{}");
    run_for(10000);
    assert_int_equal(w.ends, 1);
    assert_string_equal(w.history.types, history(last_started.execution));
    close_engine();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

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
        TEST(sends_open_tasks_again),
        TEST(keeps_few_in_memory_however_many_are_open),
        TEST(says_so_when_sending_again_is_a_risk),
        TEST(fails_what_may_not_be_sent_again),
        TEST(waits_for_a_full_disk),
        TEST(closes_on_a_full_disk),
        TEST(dies_of_a_failed_sync),
        TEST(sets_aside_what_does_not_read_back),
        TEST(tells_its_watcher_everything),
    };
    fault_vfs_register();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
