/* Steps the one state until it has ended, was caught, or waits to be tried again.
 *
 * A mock answers the command that asks for a call or for children; without one the call is really
 * made (engine_try) and the loop's clock counts. Waiting is skipped: a clock of the test's own
 * jumps to the next due moment, up to the five minutes that AWS gives a test.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/api/test_state/test_state.h"
#include "engine/task/accept.h"

#define TEST_MS (5 * INT64_C(60000))

/* ---- the world of the step ---- */

static int64_t env_now(void *state)
{
    return ((struct test_state *)state)->now;
}

static uint64_t env_random(void *state)
{
    return engine_random(((struct test_state *)state)->call->api->engine);
}

static void env_uuid(void *state, char out[37])
{
    engine_uuid(((struct test_state *)state)->call->api->engine, out);
}

static bool env_accepts(void *state, const struct resource *resource, const asl_value *parameters,
                        struct asl_buffer *problems)
{
    struct catalogue *catalogue = ((struct test_state *)state)->call->api->catalogue;
    return accept_parameters(catalogue, resource, parameters, problems);
}

static bool env_plays(void *state, const struct state *s, asl_value **items)
{
    struct test_state *t = state;
    (void)s;
    *items = t->items ? value_retain(t->items) : NULL;
    return true;
}

static char *copy(const char *text)
{
    return text ? asl_copy_text(asl_text(text)) : NULL;
}

static void note_failure(struct test_state *t, const struct asl_observation *o)
{
    free(t->error);
    free(t->cause);
    t->error = copy(o->error);
    t->cause = copy(o->cause);
}

static void see(void *state, const struct asl_observation *o)
{
    struct test_state *t = state;
    if (o->sight == ASL_SEE_ENTERED && ++t->entered == 2)
        t->next = asl_copy_text(value_as_text(o->state->name));
    if (o->state != t->tested)
        return;
    if (o->sight == ASL_SEE_RETRIER) {
        t->retry_index = (int64_t)o->index;
        t->is_retriable = o->yes;
        note_failure(t, o);
    } else if (o->sight == ASL_SEE_CATCHER) {
        t->catch_index = (int64_t)o->index;
        t->is_caught = true;
        note_failure(t, o);
    } else if (o->value) {
        value_release(t->seen[o->sight]);
        t->seen[o->sight] = value_retain(o->value);
    }
}

/* ---- steps ---- */

static void play(struct test_state *t, struct asl_event event);

/* What answers a command, as an event; false: it is really carried out. */
static bool mocked_event(const struct test_state *t, int64_t task, struct asl_event *event)
{
    *event = (struct asl_event){.kind = ASL_TASK_SUCCEEDED, .task = task};
    if (t->read_failure) {
        event->kind = ASL_TASK_FAILED;
        event->error = ASL_TEXT("States.ItemReaderFailed");
        event->cause = asl_text(t->read_failure);
    } else if (t->is_mock_error) {
        event->kind = ASL_TASK_FAILED;
        event->error = t->mock_error;
        event->cause = t->mock_cause;
    } else {
        event->output = t->mock_result;
        event->failed = (size_t)t->failed_iterations;
    }
    return t->is_mocked;
}

static void tell(void *state, const struct asl_event *event)
{
    struct test_state *t = state;
    t->now = loop_now(engine_loop(t->call->api->engine));
    struct asl_event own = *event;
    own.task = t->task_id;
    play(t, own);
}

static void exchanged(void *state, const asl_value *request, const asl_value *response)
{
    struct test_state *t = state;
    value_release(t->request);
    value_release(t->response);
    t->request = value_retain(request);
    t->response = response ? value_retain(response) : NULL;
}

static void on_timer(void *state)
{
    struct test_state *t = state;
    t->now = loop_now(engine_loop(t->call->api->engine));
    t->is_late = t->now >= t->deadline;
    if (t->is_late)
        test_state_done(t);
    else
        play(t, (struct asl_event){.kind = ASL_TICK});
}

static void arm(struct test_state *t)
{
    int64_t due = asl_execution_due(t->x);
    if (!t->timer)
        t->timer = loop_timer_new(engine_loop(t->call->api->engine), on_timer, t);
    loop_timer_arm(t->timer, due < t->deadline ? due : t->deadline);
}

/* False: nobody carries it out; the event says so. */
static bool begin_call(struct test_state *t, const struct asl_command *c, struct asl_event *event)
{
    bool traces = asl_text_is(api_text(t->call, "inspectionLevel"), "TRACE");
    const struct engine_trial trial = {
        .state = t,
        .tell = tell,
        .exchanged = traces ? exchanged : NULL,
        .reveals_secrets = api_flag(t->call, "revealSecrets"),
    };
    asl_value *name = value_retain(c->state_name);
    const struct task_request request = {
        .resource = c->resource,
        .parameters = c->parameters,
        .credentials = c->credentials,
        .state_name = name,
        .execution_arn = asl_execution_arn(t->x).data,
        .machine_arn = asl_execution_machine_arn(t->x).data,
        .role_arn = asl_execution_role_arn(t->x).data,
        .token = c->token,
        .event_id = c->task,
        .timeout_seconds = c->timeout_seconds,
    };
    t->task_id = c->task;
    t->task = engine_try(t->call->api->engine, &request, &trial);
    value_release(name);
    *event = (struct asl_event){.kind = ASL_TASK_FAILED,
                                .task = c->task,
                                .error = ASL_TEXT("States.Runtime"),
                                .cause = ASL_TEXT("Stepwell cannot carry out the resource")};
    return t->task != NULL;
}

enum next { NEXT_STEP, NEXT_WAIT, NEXT_DONE };

static enum next answer_commands(struct test_state *t, struct asl_event *event)
{
    for (size_t i = 0; i < t->result.count; i++) {
        const struct asl_command *c = &t->result.commands[i];
        if (c->kind == ASL_CANCEL_TASK) {
            engine_try_end(t->task);
            t->task = NULL;
        }
        if (c->kind != ASL_RUN_TASK && c->kind != ASL_RUN_CHILDREN)
            continue;
        if (mocked_event(t, c->task, event))
            return NEXT_STEP;
        return begin_call(t, c, event) ? NEXT_WAIT : NEXT_STEP;
    }
    return t->task ? NEXT_WAIT : NEXT_DONE;
}

/* Nothing but time goes on: it jumps. */
static enum next skip_time(struct test_state *t, struct asl_event *event)
{
    int64_t due = asl_execution_due(t->x);
    *event = (struct asl_event){.kind = ASL_TICK};
    t->is_late = due > t->deadline;
    if (t->is_late)
        return NEXT_DONE;
    t->now = due;
    return NEXT_STEP;
}

static enum next step(struct test_state *t, struct asl_event *event)
{
    asl_step(t->x, event, &t->env, &t->result);
    enum next next;
    if (asl_execution_status(t->x) != ASL_RUNNING || t->is_retriable) {
        next = NEXT_DONE;
    } else if (t->result.runnable) {
        *event = (struct asl_event){.kind = ASL_CONTINUE};
        next = NEXT_STEP;
    } else {
        next = answer_commands(t, event);
        if (next == NEXT_DONE)
            next = skip_time(t, event);
    }
    asl_result_clear(&t->result);
    return next;
}

static void play(struct test_state *t, struct asl_event event)
{
    enum next next;
    do
        next = step(t, &event);
    while (next == NEXT_STEP);
    if (next == NEXT_DONE)
        test_state_done(t);
    else
        arm(t);
}

void test_state_stop(struct test_state *t)
{
    engine_try_end(t->task);
    t->task = NULL;
    if (t->timer)
        loop_timer_free(t->timer);
    t->timer = NULL;
}

/* ---- birth ---- */

static uint32_t retries_of(const struct test_state *t)
{
    const asl_value *configuration = api_get(t->call->in, "stateConfiguration");
    const asl_value *count = api_get(configuration, "retrierRetryCount");
    int64_t n = 0;
    if (!count || !value_as_integer(count, &n) || n < 0)
        return 0;
    return n > INT32_MAX ? INT32_MAX : (uint32_t)n;
}

void test_state_play(struct test_state *t)
{
    struct api *a = t->call->api;
    char arn[API_ARN_BYTES], machine_arn[API_ARN_BYTES], name[37], machine[37];
    struct value_error error;
    engine_uuid(a->engine, name);
    engine_uuid(a->engine, machine);
    api_make_arn(&t->call->scope, "express", machine, name, arn);
    api_make_arn(&t->call->scope, "stateMachine", machine, NULL, machine_arn);
    const struct asl_birth birth = {
        .arn = asl_text(arn),
        .name = asl_text(name),
        .role_arn = api_text(t->call, "roleArn"),
        .machine_arn = asl_text(machine_arn),
        .machine_name = asl_text(machine),
        .input = t->input,
        .synchronous = true,
        .alone = true,
        .retries = retries_of(t),
        .context = t->context,
        .variables = t->variables,
    };
    t->env = (struct asl_env){
        .state = t,
        .now = env_now,
        .random = env_random,
        .uuid = env_uuid,
        .accepts = env_accepts,
        .region = t->call->scope.region,
        .see = see,
        .onlooker = t,
        .plays_children = env_plays,
    };
    t->now = api_now(t->call);
    t->deadline = t->now + TEST_MS;
    t->x = asl_execution_new(t->machine, &birth, &error);
    if (!t->x) { /* JSON, as was checked, but larger than a payload may be */
        struct api_call *call = t->call;
        call->gone = NULL;
        test_state_free(t);
        api_fail(call, "InvalidExecutionInput", "Invalid State Machine Execution Input: '%s'",
                 error.message);
        return;
    }
    play(t, (struct asl_event){.kind = ASL_START});
}
