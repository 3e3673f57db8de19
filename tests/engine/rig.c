/* One struct holds what a test looks at; begin() makes it new for each. Calls of the connector are
 * timers of the loop, so that skipped time answers them at once.
 */
#include "tests/engine/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
struct rig rig;

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
    rig.sent++;
    rig.sent_again += request->again;
    snprintf(rig.last_token, sizeof rig.last_token, "%s", request->token);
    if (strcmp(name, "hang") != 0 && strncmp(name, "invoke", 6) != 0)
        loop_timer_arm(c->timer, loop_now(shared->loop) + 500);
    return c;
}

static void test_cancel(void *handle)
{
    rig.cancelled++;
    end_call(handle);
}

static bool test_repeatable(const struct connectors *shared, const struct task_request *request)
{
    (void)shared, (void)request;
    return rig.is_repeatable;
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

const struct connector *rig_connector_for(const struct resource *resource)
{
    return resource->family == TASK_ACTIVITY ? NULL : &test_connector;
}

/* ---- a folder, a loop, an engine ---- */

int rig_begin(void **state)
{
    (void)state;
    strcpy(rig.folder, "/tmp/stepwell-engine-XXXXXX");
    assert_non_null(mkdtemp(rig.folder));
    snprintf(rig.path, sizeof rig.path, "%s/t.db", rig.folder);
    rig.last_outcome = ENGINE_OK;
    rig.complaints[0] = '\0';
    rig.sent = rig.sent_again = rig.cancelled = 0;
    rig.is_repeatable = true;
    rig.in_flight = ENGINE_IN_FLIGHT_RETRY;
    fault_vfs_arm(FAULT_NONE, 0, 0);
    return 0;
}

int rig_end(void **state)
{
    (void)state;
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lease"};
    for (size_t i = 0; i < 4; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", rig.path, suffixes[i]);
        unlink(name);
    }
    return rmdir(rig.folder);
}

static void complain(void *state, const char *line)
{
    (void)state;
    print_message("# %s\n", line);
    strncat(rig.complaints, line, sizeof rig.complaints - strlen(rig.complaints) - 1);
}

void rig_open(enum loop_time time)
{
    struct store_error error;
    rig.loop = loop_new(time, 1);
    struct engine_options options = {
        .loop = rig.loop,
        .store_path = rig.path,
        .connectors = {.loop = rig.loop, .region = "us-east-1", .account = "123456789012"},
        .in_flight = rig.in_flight,
        .complain = complain,
    };
    rig.engine = engine_open(&options, &error);
    if (!rig.engine)
        fail_msg("%s", error.message);
}

void rig_close(void)
{
    engine_close(rig.engine);
    loop_free(rig.loop);
}

static void stop_loop(void *state)
{
    (void)state;
    loop_stop(rig.loop);
}

void rig_run_for(int64_t ms)
{
    struct loop_timer *t = loop_timer_new(rig.loop, stop_loop, NULL);
    loop_timer_arm(t, loop_now(rig.loop) + ms);
    loop_run(rig.loop);
    loop_timer_free(t);
}

int64_t rig_put(const char *name, const char *definition)
{
    struct asl_diagnostics d = {0};
    int64_t id = engine_put_machine(rig.engine, name, asl_text(definition), false,
                                    "arn:aws:iam::123456789012:role/r", &d);
    if (id < 0)
        fail_msg("%s", d.items[0].message);
    asl_diagnostics_free(&d);
    return id;
}

static void note_started(void *state, const struct engine_started *started)
{
    (void)state;
    rig.last_started = *started;
    snprintf(rig.last_arn, sizeof rig.last_arn, "%s", started->arn ? started->arn : "");
}

int64_t rig_start(int64_t machine, const char *name, const char *input)
{
    rig.last_started = (struct engine_started){.outcome = ENGINE_NO_SUCH_TASK};
    engine_start(rig.engine,
                 &(struct engine_start){.machine = machine, .name = name, .input = asl_text(input)},
                 note_started, NULL);
    return rig.last_started.execution;
}

void rig_note_outcome(void *state, enum engine_outcome outcome)
{
    (void)state;
    rig.last_outcome = outcome;
}

static bool note_found(void *state, const struct store_execution *x)
{
    *(struct rig_found *)state = (struct rig_found){
        x->status, x->id, x->due, x->open_tasks, x->last_event, x->started, x->stopped};
    return false;
}

struct rig_found rig_find(int64_t id)
{
    struct rig_found found = {.status = -1};
    store_get_execution(engine_store(rig.engine), id, note_found, &found);
    return found;
}

bool rig_note_event(void *state, int64_t id, const asl_value *event)
{
    struct rig_history *h = state;
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
    assert_true(asl_history_read(chunk.data, chunk.size, true, rig_note_event, state, message));
    return true;
}

const char *rig_history(int64_t id)
{
    static struct rig_history h;
    h = (struct rig_history){.next = 1};
    store_read_history(engine_store(rig.engine), id, 1, false, note_chunk, &h);
    return h.types;
}
