/* What AWS refuses before anything runs, in its order: the definition, what a mock allows, the mock
 * itself, the context and the variables. Texts as recorded (facts 1.7).
 */
#include <string.h>

#include "engine/api/test_state/test_state.h"
#include "engine/mock/check.h"

static bool invalid(struct test_state *t, const char *message)
{
    api_invalid(t->call, "%s", message);
    return false;
}

/* ---- which state ---- */

static const asl_value *find_state(const asl_value *states, struct asl_text name);

static const asl_value *find_within(const asl_value *state, struct asl_text name)
{
    const asl_value *branches = api_get(state, "Branches");
    const asl_value *processor = api_get(state, "ItemProcessor");
    processor = processor ? processor : api_get(state, "Iterator");
    const asl_value *found = find_state(api_get(processor, "States"), name);
    for (size_t i = 0; i < api_count(branches) && !found; i++)
        found = find_state(api_get(value_at(branches, i), "States"), name);
    return found;
}

/* At any depth. */
static const asl_value *find_state(const asl_value *states, struct asl_text name)
{
    const asl_value *found = api_get(states, name.data);
    for (size_t i = 0; i < api_count(states) && !found; i++)
        found = find_within(value_at(states, i), name);
    return found;
}

static bool refuse_definition(struct test_state *t, const struct asl_diagnostics *d)
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
    api_fail(t->call, "InvalidDefinition", "Invalid State Machine Definition: '%s'",
             text.data ? text.data : "");
    asl_buffer_free(&text);
    return false;
}

/* The whole definition must be right, too. */
static bool check_whole(struct test_state *t)
{
    struct asl_diagnostics d = {0};
    asl_machine *m = asl_machine_compile(api_text(t->call, "definition"), false, &d);
    bool fine = m != NULL || refuse_definition(t, &d);
    asl_diagnostics_free(&d);
    asl_machine_release(m);
    return fine;
}

/* The state with what it has from the machine around it. */
static bool pick_state(struct test_state *t, struct asl_text name)
{
    if (!check_whole(t))
        return false;
    const asl_value *found = find_state(api_get(t->definition, "States"), name);
    const asl_value *language = api_get(t->definition, "QueryLanguage");
    if (!found)
        return invalid(t, "State not found in definition");
    t->state = value_retain(found);
    if (language && !api_get(found, "QueryLanguage"))
        t->state = api_with_take(t->state, "QueryLanguage", value_retain(language));
    return true;
}

static bool compile(struct test_state *t)
{
    struct asl_text text = api_text(t->call, "definition"), name = api_text(t->call, "stateName");
    struct asl_diagnostics d = {0};
    struct asl_buffer scratch;
    t->definition = value_parse(text, 0, 0, NULL);
    if (name.data && t->definition && !pick_state(t, name))
        return false;
    asl_buffer_init(&scratch, ASL_BUFFER_MAXIMUM);
    t->machine = asl_machine_compile_state(t->state ? value_compact(t->state, &scratch) : text, &d);
    bool fine = t->machine != NULL || refuse_definition(t, &d);
    asl_diagnostics_free(&d);
    asl_buffer_free(&scratch);
    if (fine) {
        t->tested = t->machine->root.start;
        if (!t->state)
            t->state = value_retain(t->definition);
    }
    return fine;
}

/* ---- what may be asked without a mock ---- */

static bool check_unmocked(struct test_state *t)
{
    const struct state *s = t->tested;
    const struct resource *r = &s->of.task.resource;
    if (s->kind == STATE_MAP || s->kind == STATE_PARALLEL) {
        api_fail(t->call, "InvalidDefinition",
                 "TestState API does not support Map or Parallel states. Supported state types "
                 "include: [Task, Wait, Pass, Succeed, Fail, Choice]");
        return false;
    }
    if (s->kind != STATE_TASK)
        return true;
    if (r->family == TASK_ACTIVITY || r->pattern != TASK_REQUEST_RESPONSE) {
        api_fail(t->call, "InvalidDefinition",
                 "TestState API does not support Activity tasks, or Task states with a '.sync' or "
                 "'.waitForTaskToken' service integration pattern, unless a mock is specified");
        return false;
    }
    return api_text(t->call, "roleArn").data ||
           invalid(t, "RoleArn must be specified when testing a Task state");
}

/* ---- the mock ---- */

static const char *kind_name(enum state_kind kind)
{
    static const char *const names[] = {"Pass",    "Task", "Choice",   "Wait",
                                        "Succeed", "Fail", "Parallel", "Map"};
    return names[kind];
}

static bool check_mock_allowed(struct test_state *t, bool has_result)
{
    enum state_kind kind = t->tested->kind;
    if (kind != STATE_TASK && kind != STATE_MAP && kind != STATE_PARALLEL) {
        api_invalid(t->call, "State type '%s' is not supported when a mock is specified",
                    kind_name(kind));
        return false;
    }
    if (api_flag(t->call, "revealSecrets"))
        return invalid(t, "TestState does not support RevealSecrets when a mock is specified.");
    if (has_result == t->is_mock_error)
        return invalid(t, "A test mock should have only one of the following fields: [result, "
                          "errorOutput].");
    return true;
}

static bool check_container_result(struct test_state *t)
{
    const struct state *s = t->tested;
    bool is_map = s->kind == STATE_MAP;
    if (is_map && s->of.map.result_writer)
        return value_kind(t->mock_result) == VALUE_OBJECT ||
               invalid(t, "Mocked result must be a JSON object.");
    if (value_kind(t->mock_result) != VALUE_ARRAY)
        return invalid(t, "Mocked result must be an array.");
    if (!is_map && value_count(t->mock_result) != s->of.parallel.count)
        return invalid(t, "Mocked result must contain the same number of items as number of "
                          "Parallel branches.");
    if (is_map && t->failed_iterations > (int64_t)value_count(t->mock_result))
        return invalid(t, "Map iteration failure count must be less than or equal to the number "
                          "of Map iterations");
    return true;
}

static bool check_task_result(struct test_state *t, struct asl_text mode_name)
{
    struct api *a = t->call->api;
    enum mock_mode mode = MOCK_STRICT;
    struct asl_buffer message;
    mock_mode_named(mode_name, &mode);
    asl_buffer_init(&message, 65536);
    bool fine = mock_check_result(a->checker, a->catalogue, &t->tested->of.task.resource, mode,
                                  t->mock_result, &message);
    if (!fine)
        invalid(t, message.data);
    asl_buffer_free(&message);
    return fine;
}

static bool read_mock(struct test_state *t, const asl_value *mock)
{
    const asl_value *result = api_get(mock, "result"), *error = api_get(mock, "errorOutput");
    const asl_value *mode = api_get(mock, "fieldValidationMode");
    const asl_value *name = api_get(error, "error"), *cause = api_get(error, "cause");
    t->is_mocked = true;
    t->is_mock_error = error != NULL;
    if (!check_mock_allowed(t, result != NULL))
        return false;
    if (error && !name)
        return invalid(t, "The 'error' of a mock's errorOutput must be specified");
    if (error) {
        t->mock_error = value_as_text(name);
        t->mock_cause = cause ? value_as_text(cause) : (struct asl_text){NULL, 0};
        return true;
    }
    t->mock_text = value_as_text(result);
    t->mock_result = value_parse(t->mock_text, 0, 0, NULL);
    if (!t->mock_result)
        return invalid(t, "Mocked result must be valid JSON");
    return t->tested->kind == STATE_TASK
               ? check_task_result(t, mode ? value_as_text(mode) : ASL_TEXT("STRICT"))
               : check_container_result(t);
}

/* ---- the rest ---- */

/* "This field may only be specified if a mock is specified in the same request." */
static bool check_context_allowed(struct test_state *t, bool is_mocked)
{
    return is_mocked || !api_text(t->call, "context").data ||
           invalid(t, "TestState does not support Context when a mock is not specified.");
}

static bool read_configuration(struct test_state *t, bool is_mocked)
{
    const asl_value *configuration = api_get(t->call->in, "stateConfiguration");
    const asl_value *count = api_get(configuration, "mapIterationFailureCount");
    if (!count)
        return true;
    if (!is_mocked)
        return invalid(t, "TestState does not support MapIterationFailureCount when a mock is not "
                          "specified.");
    value_as_integer(count, &t->failed_iterations);
    return true;
}

static bool read_variables(struct test_state *t)
{
    struct asl_text text = api_text(t->call, "variables");
    if (!text.data)
        return true;
    t->variables = value_parse(text, 0, 0, NULL);
    return (t->variables && value_kind(t->variables) == VALUE_OBJECT) ||
           invalid(t, "Variables must be a valid JSON object");
}

static void read_items(struct test_state *t)
{
    const asl_value *configuration = api_get(t->call->in, "stateConfiguration");
    const asl_value *data = api_get(configuration, "mapItemReaderData");
    if (data && t->tested->kind == STATE_MAP && t->tested->of.map.item_reader)
        test_state_read_items(t, value_as_text(data));
}

static bool is_input_fine(const struct test_state *t)
{
    asl_value *v = api_read_input(t->call, t->input);
    bool is_fine = v != NULL;
    value_release(v);
    return is_fine;
}

bool test_state_read(struct test_state *t)
{
    const asl_value *mock = api_get(t->call->in, "mock");
    t->input = api_text(t->call, "input");
    t->input = t->input.data ? t->input : ASL_TEXT("{}");
    if (!api_check_role(t->call) || !is_input_fine(t) || !compile(t) ||
        !read_configuration(t, mock != NULL) || !(mock ? read_mock(t, mock) : check_unmocked(t)) ||
        !check_context_allowed(t, mock != NULL) || !test_state_check_context(t) ||
        !read_variables(t))
        return false;
    read_items(t);
    return true;
}
