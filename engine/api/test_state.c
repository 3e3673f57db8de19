/* TestState: one state, run by the pure step with no store and no waiting. Serves: facts 1.7.
 *
 * The state stands alone in a machine; what it leads to is a Succeed of that name, so that the first
 * state entered behind it tells "nextState". A clock of its own jumps over a Wait.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/api/internal.h"

#define STEPS_MAXIMUM 64 /* one state and a Succeed need three */

struct test {
    struct api_call *call;
    int64_t now;
    asl_execution *x;
    asl_value *output;    /* of the state */
    char *next;           /* or NULL */
    size_t entered;
    bool wants_task;
};

static int64_t test_now(void *state)
{
    return ((struct test *)state)->now;
}

static uint64_t test_random(void *state)
{
    return engine_random(((struct test *)state)->call->api->engine);
}

static void test_uuid(void *state, char out[37])
{
    engine_uuid(((struct test *)state)->call->api->engine, out);
}

/* ---- which state ---- */

/* The text of the state to test: the definition itself, or one of its States. Yours; NULL after
 * answering. */
static asl_value *find_state(const asl_value *states, struct asl_text name)
{
    const asl_value *found = states ? value_get(states, name) : NULL;
    if (found)
        return value_retain(found);
    asl_value *inner = NULL;
    for (size_t i = 0; i < api_count(states) && !inner; i++) {
        const asl_value *s = value_at(states, i), *branches = api_get(s, "Branches");
        const asl_value *processor = api_get(s, "ItemProcessor");
        processor = processor ? processor : api_get(s, "Iterator");
        inner = processor ? find_state(api_get(processor, "States"), name) : NULL;
        for (size_t b = 0; branches && b < api_count(branches) && !inner; b++)
            inner = find_state(api_get(value_at(branches, b), "States"), name);
    }
    return inner;
}

static asl_value *state_of(struct api_call *call, const asl_value *definition)
{
    struct asl_text name = api_text(call, "stateName");
    if (!name.data)
        return value_retain(definition);
    asl_value *state = find_state(api_get(definition, "States"), name);
    const asl_value *language = api_get(definition, "QueryLanguage");
    if (!state)
        api_invalid(call, "State not found in definition");
    else if (language && !api_get(state, "QueryLanguage"))
        state = api_with_take(state, "QueryLanguage", value_retain(language));
    return state;
}

static void refuse_definition(struct api_call *call, const struct asl_diagnostics *d)
{
    struct asl_buffer text;
    asl_buffer_init(&text, 1 << 20);
    for (size_t i = 0; i < d->count; i++) {
        if (d->items[i].severity != ASL_ERROR)
            continue;
        asl_buffer_printf(&text, "%s%s: %s", text.size ? ", " : "", d->items[i].code,
                          d->items[i].message);
        if (d->items[i].location)
            asl_buffer_printf(&text, " at %s", d->items[i].location);
    }
    api_fail(call, "InvalidDefinition", "Invalid State Machine Definition: '%s'",
             text.data ? text.data : "");
    asl_buffer_free(&text);
}

/* ---- running it ---- */

static bool see_event(void *state, int64_t id, const asl_value *event)
{
    struct test *t = state;
    const asl_value *entered = api_get(event, "stateEnteredEventDetails");
    const asl_value *exited = api_get(event, "stateExitedEventDetails");
    (void)id;
    if (entered && ++t->entered == 2)
        t->next = asl_copy_text(value_as_text(api_get(entered, "name")));
    if (exited && t->entered == 1 && !t->output)
        t->output = value_retain(api_get(exited, "output"));
    return true;
}

static void run(struct test *t)
{
    const struct asl_env env = {
        .state = t,
        .now = test_now,
        .random = test_random,
        .uuid = test_uuid,
        .region = engine_region(t->call->api->engine),
    };
    struct asl_history *history = asl_history_new();
    struct asl_result result;
    struct asl_event event = {.kind = ASL_START};
    char message[160];
    asl_result_init(&result, history);
    for (int i = 0; i < STEPS_MAXIMUM && asl_execution_status(t->x) == ASL_RUNNING; i++) {
        asl_step(t->x, &event, &env, &result);
        for (size_t c = 0; c < result.count; c++)
            t->wants_task = t->wants_task || result.commands[c].kind == ASL_RUN_TASK;
        event.kind = result.runnable ? ASL_CONTINUE : ASL_TICK;
        if (!result.runnable && asl_execution_due(t->x) != INT64_MAX)
            t->now = asl_execution_due(t->x);
        asl_result_clear(&result);
        if (t->wants_task)
            break;
    }
    struct asl_text bytes = asl_history_bytes(history);
    asl_history_read(bytes.data, bytes.size, true, see_event, t, message);
    asl_result_free(&result);
    asl_history_free(history);
}

static void answer(struct test *t)
{
    bool fine = asl_execution_status(t->x) == ASL_SUCCEEDED;
    struct value_list l;
    value_list_init(&l);
    if (t->output && fine)
        value_list_set_take(&l, "output", value_retain(t->output));
    if (!fine && asl_execution_error(t->x))
        value_list_set_take(&l, "error", value_string_z(asl_execution_error(t->x)));
    if (!fine && asl_execution_cause(t->x))
        value_list_set_take(&l, "cause", value_string_z(asl_execution_cause(t->x)));
    if (t->next)
        value_list_set_take(&l, "nextState", value_string_z(t->next));
    value_list_set_take(&l, "status", value_string_z(fine ? "SUCCEEDED" : "FAILED"));
    api_answer_take(t->call, value_object_take(&l));
}

static void test(struct api_call *call, asl_machine *machine, struct asl_text input)
{
    struct test t = {.call = call, .now = api_now(call)};
    char arn[API_ARN_BYTES], machine_arn[API_ARN_BYTES], name[37];
    engine_uuid(call->api->engine, name);
    api_make_arn(call->api, "express", "TestState", name, arn);
    api_make_arn(call->api, "stateMachine", "TestState", NULL, machine_arn);
    const struct asl_birth birth = {
        .arn = asl_text(arn),
        .name = asl_text(name),
        .role_arn = api_text(call, "roleArn"),
        .machine_arn = asl_text(machine_arn),
        .machine_name = ASL_TEXT("TestState"),
        .input = input,
        .synchronous = true,
    };
    struct value_error error;
    t.x = asl_execution_new(machine, &birth, &error);
    run(&t);
    if (t.wants_task)
        api_invalid(call, "This TestState does not run Task states; start an execution instead");
    else
        answer(&t);
    value_release(t.output);
    free(t.next);
    asl_execution_free(t.x);
}

/* False after answering. */
static bool check_kind(struct api_call *call, const asl_value *state)
{
    const asl_value *type = api_get(state, "Type");
    struct asl_text kind = type ? value_as_text(type) : (struct asl_text){"", 0};
    if (asl_text_is(kind, "Map") || asl_text_is(kind, "Parallel")) {
        api_fail(call, "InvalidDefinition",
                 "TestState API does not support Map or Parallel states. Supported state types "
                 "include: [Task, Wait, Pass, Succeed, Fail, Choice]");
        return false;
    }
    if (asl_text_is(kind, "Task") && !api_text(call, "roleArn").data) {
        api_invalid(call, "RoleArn must be specified when testing a Task state");
        return false;
    }
    return true;
}

void api_TestState(struct api_call *call)
{
    static const char *const later[] = {"mock", "variables", "context", "stateConfiguration"};
    struct asl_text text = api_text(call, "definition"), input = api_text(call, "input");
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (api_get(call->in, later[i])) {
            api_invalid(call, "Stepwell's TestState does not take '%s' yet", later[i]);
            return;
        }
    input = input.data ? input : ASL_TEXT("{}");
    if (!api_check_input(call, input))
        return;
    asl_value *definition = value_parse(text, 0, 0, NULL);
    asl_value *state = definition ? state_of(call, definition) : NULL;
    if (definition && (!state || !check_kind(call, state))) {
        value_release(state);
        value_release(definition);
        return;
    }
    struct asl_diagnostics diagnostics = {0};
    struct asl_buffer scratch;
    asl_buffer_init(&scratch, ASL_BUFFER_MAXIMUM);
    bool is_whole = !api_text(call, "stateName").data;
    asl_machine *machine = asl_machine_compile_state(
        is_whole || !state ? text : value_compact(state, &scratch), &diagnostics);
    if (machine)
        test(call, machine, input);
    else
        refuse_definition(call, &diagnostics);
    asl_diagnostics_free(&diagnostics);
    asl_machine_release(machine);
    asl_buffer_free(&scratch);
    value_release(state);
    value_release(definition);
}
