/* One state: what all kinds share, then what each kind has of its own. Choice and Map, the two
 * large ones, have files of their own.
 * Serves: ASL spec "States", "State Input and Output Processing"; facts 3.1, 3.2.
 */
#include "compile.h"

#include <stdlib.h>

#include "fields.h"

struct kind_name {
    const char *name;
    enum state_kind kind;
};
/* In AWS's order: the message lists them so. */
static const struct kind_name kind_names[] = {
    {"Task", STATE_TASK},         {"Wait", STATE_WAIT}, {"Pass", STATE_PASS},
    {"Succeed", STATE_SUCCEED},   {"Fail", STATE_FAIL}, {"Choice", STATE_CHOICE},
    {"Parallel", STATE_PARALLEL}, {"Map", STATE_MAP},
};

static bool find_kind(struct compiler *c, const asl_value *v, const struct place *place,
                      enum state_kind *kind)
{
    const asl_value *type = value_get_z(v, "Type");
    struct place here = place_key(place, ASL_TEXT("Type"));
    if (type == NULL) {
        report(c, CODE_SCHEMA, place, "The field 'Type' is required");
        return false;
    }
    for (size_t i = 0; i < sizeof kind_names / sizeof *kind_names; i++) {
        if (value_kind(type) == VALUE_STRING &&
            asl_text_is(value_as_text(type), kind_names[i].name)) {
            *kind = kind_names[i].kind;
            return true;
        }
    }
    if (value_kind(type) != VALUE_STRING) {
        report(c, CODE_SCHEMA, &here, "Expected value of type [STRING]");
        return false;
    }
    report(c, CODE_SCHEMA, &here,
           "The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, "
           "Choice, Parallel, Map]");
    suggest(c, value_as_text(type), "Task|Wait|Pass|Succeed|Fail|Choice|Parallel|Map");
    return false;
}

/* JSONPath only when it says exactly so; absent, the machine's; anything else counts as JSONata
 * (and is complained of as a value). */
static void choose_language(struct compiler *c, const asl_value *v, const struct place *place)
{
    const asl_value *own = value_get_z(v, "QueryLanguage");
    c->language = c->machine->language;
    if (own == NULL) {
        return;
    }
    bool jsonpath = value_kind(own) == VALUE_STRING && asl_text_is(value_as_text(own), "JSONPath");
    c->language = jsonpath ? LANGUAGE_JSONPATH : LANGUAGE_JSONATA;
    if (jsonpath && c->machine->language == LANGUAGE_JSONATA) {
        c->downgraded = true;
        report(c, CODE_SCHEMA, place,
               "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine");
    }
}

/* ---- shared fields ---- */

static bool is_null(const asl_value *object, const char *name)
{
    const asl_value *v = value_get_z(object, name);
    return v != NULL && value_kind(v) == VALUE_NULL;
}

static void compile_jsonpath_flow(struct compiler *c, const asl_value *v, const struct place *place,
                                  struct state *state)
{
    state->input_path = path_member(c, v, "InputPath", 0, START_ANYWHERE, place);
    state->input_null = is_null(v, "InputPath");
    state->output_path = path_member(c, v, "OutputPath", 0, START_ANYWHERE, place);
    state->output_null = is_null(v, "OutputPath");
    state->result_path = path_member(c, v, "ResultPath", PATH_REFERENCE, START_NO_CONTEXT, place);
    state->result_discarded = is_null(v, "ResultPath");
    if (state->kind != STATE_MAP) {
        state->parameters = template_member(c, v, "Parameters", place);
    }
    state->result_selector = template_member(c, v, "ResultSelector", place);
}

static bool has_result(const struct state *state)
{
    return state->kind == STATE_TASK || state->kind == STATE_PARALLEL || state->kind == STATE_MAP;
}

static void compile_jsonata_flow(struct compiler *c, const asl_value *v, const struct place *place,
                                 struct state *state)
{
    state->parameters = template_member(c, v, "Arguments", place);
    c->data = has_result(state) ? DATA_RESULT : 0;
    state->output = template_member(c, v, "Output", place);
    c->data = 0;
}

static void compile_assign(struct compiler *c, const asl_value *v, const struct place *place,
                           struct state *state)
{
    assign_check(c, v, place);
    c->data = has_result(state) ? DATA_RESULT : 0;
    state->assign = template_member(c, v, "Assign", place);
    c->data = 0;
}

/* ---- kinds ---- */

/* A member "x.$", or a value that looks like a path, somewhere in it. */
static bool holds_reference(const asl_value *v)
{
    if (looks_like_reference(v)) {
        return true;
    }
    for (size_t i = 0; value_depth(v) > 0 && i < value_count(v); i++) {
        bool hole =
            value_kind(v) == VALUE_OBJECT && asl_text_ends(value_as_text(value_key_at(v, i)), ".$");
        if (hole || holds_reference(value_at(v, i))) {
            return true;
        }
    }
    return false;
}

static void compile_pass(struct compiler *c, const asl_value *v, const struct place *place,
                         struct state *state)
{
    const asl_value *result = value_get_z(v, "Result");
    if (result == NULL) {
        return;
    }
    state->of.pass.result = value_retain(result);
    if (holds_reference(result)) {
        struct place here = place_key(place, ASL_TEXT("Result"));
        warn(c, CODE_STATIC, &here,
             "The 'Result' of a Pass state is static: the path in it is not evaluated");
    }
}

static void compile_task(struct compiler *c, const asl_value *v, const struct place *place,
                         struct state *state)
{
    const asl_value *resource = value_get_z(v, "Resource");
    if (resource != NULL && value_kind(resource) == VALUE_STRING) {
        resource_compile(value_as_text(resource), &state->of.task.resource);
        resource_check(c, v, place, &state->of.task.resource);
    }
    setting_compile(c, v, "TimeoutSeconds", "TimeoutSecondsPath", SETTING_REFERENCE, place,
                    &state->of.task.timeout);
    setting_compile(c, v, "HeartbeatSeconds", "HeartbeatSecondsPath", SETTING_REFERENCE, place,
                    &state->of.task.heartbeat);
    state->of.task.credentials = template_member(c, v, "Credentials", place);
}

static void compile_wait(struct compiler *c, const asl_value *v, const struct place *place,
                         struct state *state)
{
    setting_compile(c, v, "Seconds", "SecondsPath", SETTING_CONTEXT, place,
                    &state->of.wait.seconds);
    setting_compile(c, v, "Timestamp", "TimestampPath", SETTING_CONTEXT, place,
                    &state->of.wait.timestamp);
}

static void warn_path(struct compiler *c, const asl_value *v, const char *name,
                      const struct place *place)
{
    const asl_value *member = value_get_z(v, name);
    if (c->language == LANGUAGE_JSONPATH && member != NULL && looks_like_reference(member)) {
        struct place here = place_key(place, asl_text(name));
        warn(
            c, CODE_NO_PATH, &here,
            "The value of the field '%s' looks like a path, but the field's name does not end with "
            "'Path'",
            name);
    }
}

static void compile_fail(struct compiler *c, const asl_value *v, const struct place *place,
                         struct state *state)
{
    setting_compile(c, v, "Error", "ErrorPath", SETTING_INTRINSIC, place, &state->of.fail.error);
    setting_compile(c, v, "Cause", "CausePath", SETTING_INTRINSIC, place, &state->of.fail.cause);
    warn_path(c, v, "Error", place);
    warn_path(c, v, "Cause", place);
}

static void compile_parallel(struct compiler *c, const asl_value *v, const struct place *place,
                             struct state *state)
{
    const asl_value *branches = value_get_z(v, "Branches");
    if (branches == NULL || value_kind(branches) != VALUE_ARRAY) {
        return;
    }
    struct place inner = place_key(place, ASL_TEXT("Branches"));
    size_t count = value_count(branches);
    state->of.parallel.branches = asl_allocate_zeroed(count == 0 ? 1 : count, sizeof(void *));
    for (size_t i = 0; i < count; i++) {
        struct place here = place_index(&inner, i);
        if (!fields_check(c, value_at(branches, i), &here, &shape_container, 0)) {
            continue;
        }
        struct states *branch = asl_allocate_zeroed(1, sizeof *branch);
        state->of.parallel.branches[state->of.parallel.count++] = branch;
        states_compile(c, value_at(branches, i), &here, state->owner, branch);
    }
}

static void compile_nothing(struct compiler *c, const asl_value *v, const struct place *place,
                            struct state *state)
{
    (void)c;
    (void)v;
    (void)place;
    (void)state;
}

typedef void compile_function(struct compiler *c, const asl_value *v, const struct place *place,
                              struct state *state);

static compile_function *const kind_compilers[] = {
    [STATE_PASS] = compile_pass,         [STATE_TASK] = compile_task,
    [STATE_CHOICE] = choice_compile,     [STATE_WAIT] = compile_wait,
    [STATE_SUCCEED] = compile_nothing,   [STATE_FAIL] = compile_fail,
    [STATE_PARALLEL] = compile_parallel, [STATE_MAP] = map_compile,
};

static void compile_working(struct compiler *c, const asl_value *v, const struct place *place,
                            struct state *state)
{
    if (has_result(state)) {
        retry_compile(c, v, place, state);
        catch_compile(c, v, place, state);
    }
}

void state_compile(struct compiler *c, const asl_value *v, const struct place *place,
                   struct state *state)
{
    if (is_awaited(c, v)) {
        warn_substitution(c, place);
        return;
    }
    if (value_kind(v) != VALUE_OBJECT) {
        report(c, CODE_SCHEMA, place, "Expected value of type [OBJECT]");
        return;
    }
    if (!find_kind(c, v, place, &state->kind)) {
        return;
    }
    choose_language(c, v, place);
    state->language = c->language;
    fields_check(c, v, place, &shape_state, 1u << state->kind);
    if (state->language == LANGUAGE_JSONATA) {
        compile_jsonata_flow(c, v, place, state);
    } else {
        compile_jsonpath_flow(c, v, place, state);
    }
    compile_assign(c, v, place, state);
    kind_compilers[state->kind](c, v, place, state);
    compile_working(c, v, place, state);
    state->next = target_member(c, v, "Next");
}

/* ---- the end ---- */

static void free_parallel(struct state *state)
{
    for (size_t i = 0; i < state->of.parallel.count; i++) {
        states_free(state->of.parallel.branches[i]);
        free(state->of.parallel.branches[i]);
    }
    free(state->of.parallel.branches);
}

static void free_kind(struct state *state)
{
    switch (state->kind) {
    case STATE_PASS:
        value_release(state->of.pass.result);
        break;
    case STATE_TASK:
        resource_free(&state->of.task.resource);
        setting_free(&state->of.task.timeout);
        setting_free(&state->of.task.heartbeat);
        template_free(state->of.task.credentials);
        break;
    case STATE_CHOICE:
        choice_free(state);
        break;
    case STATE_WAIT:
        setting_free(&state->of.wait.seconds);
        setting_free(&state->of.wait.timestamp);
        break;
    case STATE_FAIL:
        setting_free(&state->of.fail.error);
        setting_free(&state->of.fail.cause);
        break;
    case STATE_PARALLEL:
        free_parallel(state);
        break;
    case STATE_MAP:
        map_free(state);
        break;
    case STATE_SUCCEED:
        break;
    }
}

void state_free(struct state *state)
{
    free_kind(state);
    retry_free(state);
    value_release(state->name);
    path_free(state->input_path);
    path_free(state->output_path);
    path_free(state->result_path);
    template_free(state->parameters);
    template_free(state->result_selector);
    template_free(state->output);
    template_free(state->assign);
    free(state);
}
