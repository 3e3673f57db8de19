/* Plays what AWS recorded of machines that consist of Pass and Succeed states only, straight at
 * paths and intrinsic functions: a small reading of InputPath, Parameters, ResultPath and
 * OutputPath stands here, so a miss means asl/path or asl/intrinsic and nothing else. Breaks when:
 * one of them answers other than AWS did.
 *
 * Reads ../shared/conformance where it stands; says "skipped" where it is absent. The floor may
 * only rise: a change that loses a case fails here.
 *
 *     test_pass_state [-v]     -v: also the hits
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "asl/intrinsic/intrinsic.h"
#include "tests/conformance/suite.h"

#define ROOT "../shared/conformance"

enum { FLOOR = 221 };

static size_t hits, misses;
static bool verbose;

/* ---- a machine of Pass states ---- */

struct run {
    const asl_value *input;     /* of the execution */
    const asl_value *effective; /* `$` at the moment */
    asl_value *context;
    int event;
    const char *refused; /* why creation refuses, when it does */
    char field[128];
    struct asl_buffer message; /* of a failure */
};

static const asl_value *context_of(void *state)
{
    return ((struct run *)state)->context;
}

static uint64_t four(void *state)
{
    (void)state;
    return 4;
}

static void nil_uuid(void *state, char out[37])
{
    (void)state;
    memcpy(out, "00000000-0000-4000-8000-000000000000", 37);
}

static const struct intrinsic_env env = {NULL, four, nil_uuid};

static struct path_scope scope_of(struct run *r)
{
    return (struct path_scope){.input = r->effective, .context = context_of, .state = r};
}

static asl_value *get_path(struct run *r, struct asl_text source, struct path_miss *miss)
{
    struct path_error error;
    struct path *p = path_compile(source, 0, &error);
    if (p == NULL) {
        r->refused = "path";
        return NULL;
    }
    struct path_scope scope = scope_of(r);
    asl_value *v = path_get(p, &scope, miss);
    path_free(p);
    return v;
}

static asl_value *template_path(struct run *r, struct asl_text field, struct asl_text source)
{
    asl_value *v = get_path(r, source, NULL);
    if (v == NULL) {
        asl_buffer_printf(
            &r->message,
            "The JSONPath '%.*s' specified for the field '%.*s' could not be found in "
            "the input '",
            ASL_TEXT_ARGS(source), ASL_TEXT_ARGS(field));
        value_print(r->effective, &r->message);
        asl_buffer_putc(&r->message, '\'');
    }
    return v;
}

static asl_value *template_call(struct run *r, struct asl_text source)
{
    struct path_error error;
    struct intrinsic *i = intrinsic_compile(source, &error);
    if (i == NULL) {
        r->refused = "call";
        return NULL;
    }
    struct path_scope scope = scope_of(r);
    struct asl_buffer message;
    asl_value *v = intrinsic_evaluate(i, &scope, &env, &message, NULL);
    asl_buffer_put_text(&r->message, asl_buffer_text(&message));
    asl_buffer_free(&message);
    intrinsic_free(i);
    return v;
}

/* A payload template; NULL when it fails. */
static asl_value *fill(struct run *r, const asl_value *template)
{
    struct value_list list;
    value_list_init(&list);
    if (value_kind(template) == VALUE_ARRAY) {
        for (size_t i = 0; i < value_count(template); i++) {
            asl_value *v = fill(r, value_at(template, i));
            if (v == NULL) {
                value_list_free(&list);
                return NULL;
            }
            value_list_push_take(&list, v);
        }
        return value_array_take(&list);
    }
    if (value_kind(template) != VALUE_OBJECT) {
        return value_retain(template);
    }
    for (size_t i = 0; i < value_count(template); i++) {
        struct asl_text key = value_as_text(value_key_at(template, i));
        const asl_value *member = value_at(template, i);
        bool is_dynamic = asl_text_ends(key, ".$");
        struct asl_text source = value_as_text(member);
        asl_value *v = !is_dynamic                          ? fill(r, member)
                       : source.size && *source.data == '$' ? template_path(r, key, source)
                                                            : template_call(r, source);
        if (v == NULL) {
            if (r->refused && r->field[0] == '\0') {
                snprintf(r->field, sizeof r->field, "%.*s", ASL_TEXT_ARGS(key));
            }
            value_list_free(&list);
            return NULL;
        }
        key.size -= is_dynamic ? 2 : 0;
        value_list_push_member_take(&list, value_string(key), v);
    }
    return value_object_take(&list);
}

/* InputPath or OutputPath; `v` is looked at. */
static asl_value *through(struct run *r, const asl_value *state, const char *field,
                          const asl_value *v)
{
    const asl_value *path = value_get_z(state, field);
    if (path == NULL) {
        return value_retain(v);
    }
    if (value_kind(path) == VALUE_NULL) {
        return value_empty_object();
    }
    struct path_miss miss = {""};
    const asl_value *before = r->effective;
    r->effective = v;
    asl_value *result = get_path(r, value_as_text(path), &miss);
    r->effective = before;
    if (result == NULL) {
        asl_buffer_printf(&r->message, "Invalid path '%.*s' : %s",
                          ASL_TEXT_ARGS(value_as_text(path)), miss.message);
    }
    return result;
}

static asl_value *put_result(struct run *r, const asl_value *state, const asl_value *input,
                             asl_value *result)
{
    const asl_value *path = value_get_z(state, "ResultPath");
    if (path == NULL || result == NULL) {
        return result;
    }
    if (value_kind(path) == VALUE_NULL) {
        value_release(result);
        return value_retain(input);
    }
    struct path_error error;
    struct path_miss miss = {""};
    struct path *p = path_compile(value_as_text(path), PATH_REFERENCE, &error);
    if (p == NULL) {
        r->refused = "ResultPath";
        value_release(result);
        return NULL;
    }
    asl_value *v = path_set_take(p, value_retain(input), result, &miss);
    asl_buffer_puts(&r->message, v ? "" : miss.message);
    path_free(p);
    return v;
}

static asl_value *run_pass(struct run *r, const asl_value *state, const asl_value *input)
{
    asl_value *effective = through(r, state, "InputPath", input);
    if (effective == NULL) {
        return NULL;
    }
    r->effective = effective;
    const asl_value *parameters = value_get_z(state, "Parameters");
    const asl_value *fixed = value_get_z(state, "Result");
    asl_value *result = parameters ? fill(r, parameters) : value_retain(effective);
    if (fixed != NULL && result != NULL) {
        value_release(result);
        result = value_retain(fixed);
    }
    asl_value *whole = put_result(r, state, input, result);
    value_release(effective);
    if (whole == NULL) {
        return NULL;
    }
    asl_value *output = through(r, state, "OutputPath", whole);
    value_release(whole);
    return output;
}

/* With the words that the recorder left for what differs from run to run. */
static asl_value *context_for(const asl_value *input)
{
    asl_value *context = value_literal("{\"Execution\":{\"Id\":\"<\",\"Name\":\"<\",\"RoleArn\":"
                                       "\"snf_role_arn\",\"StartTime\":\"date\","
                                       "\"RedriveCount\":0,\"Input\":null},\"State\":{\"Name\":"
                                       "\"TestState\",\"EnteredTime\":\"date\"},"
                                       "\"StateMachine\":{\"Id\":\"<\",\"Name\":\"a-b-c\"}}");
    struct path *place = path_compile(ASL_TEXT("$.Execution.Input"), PATH_REFERENCE, NULL);
    context = path_set_take(place, context, value_retain(input), NULL);
    path_free(place);
    return context;
}

static bool is_playable(const asl_value *machine)
{
    const asl_value *states = value_get_z(machine, "States");
    for (size_t i = 0; states != NULL && i < value_count(states); i++) {
        const asl_value *state = value_at(states, i);
        const asl_value *type = value_get_z(state, "Type");
        if (type == NULL || value_get_z(state, "QueryLanguage") || value_get_z(state, "Assign") ||
            !(asl_text_is(value_as_text(type), "Pass") ||
              asl_text_is(value_as_text(type), "Succeed"))) {
            return false;
        }
    }
    return states != NULL && value_count(states) > 0 && !value_get_z(machine, "QueryLanguage");
}

/* The output; or NULL, and r->message the cause, or r->refused. */
static asl_value *play(struct run *r, const asl_value *machine)
{
    const asl_value *states = value_get_z(machine, "States");
    const asl_value *name = value_get_z(machine, "StartAt");
    asl_value *v = value_retain(r->input);
    r->event = 2;
    while (name != NULL && v != NULL) {
        const asl_value *state = value_get(states, value_as_text(name));
        asl_value *output = state ? run_pass(r, state, v) : NULL;
        value_release(v);
        v = output;
        if (v == NULL && r->refused == NULL) {
            struct asl_buffer message = r->message;
            asl_buffer_init(&r->message, ASL_BUFFER_MAXIMUM);
            asl_buffer_printf(&r->message,
                              "An error occurred while executing the state '%.*s' (entered at the "
                              "event id #%d). ",
                              ASL_TEXT_ARGS(value_as_text(name)), r->event);
            asl_buffer_put_text(&r->message, asl_buffer_text(&message));
            asl_buffer_free(&message);
        }
        r->event += 2;
        name = state ? value_get_z(state, "Next") : NULL;
    }
    return v;
}

/* ---- judging ---- */

/* What a recorder replaced (an id, a random value) matches any text or number. */
static bool is_replaced(const asl_value *v)
{
    struct asl_text t = value_as_text(v);
    return value_kind(v) == VALUE_STRING &&
           (asl_text_is(t, "RandomNumberGenerated") ||
            (t.size > 0 && memchr(t.data, '<', t.size) != NULL && memchr(t.data, '>', t.size)) ||
            (t.size == 36 && t.data[14] == '4' && t.data[8] == '-' && t.data[23] == '-'));
}

static bool is_like(const asl_value *expected, const asl_value *got)
{
    if (is_replaced(expected)) {
        return value_kind(got) == VALUE_STRING || value_kind(got) == VALUE_NUMBER;
    }
    if (value_kind(expected) != value_kind(got) || value_count(expected) != value_count(got)) {
        return false;
    }
    if (value_kind(expected) < VALUE_ARRAY) {
        return value_equal(expected, got);
    }
    for (size_t i = 0; i < value_count(expected); i++) {
        const asl_value *other = value_kind(expected) == VALUE_ARRAY
                                     ? value_at(got, i)
                                     : value_get(got, value_as_text(value_key_at(expected, i)));
        if (other == NULL || !is_like(value_at(expected, i), other)) {
            return false;
        }
    }
    return true;
}

struct expectation {
    const asl_value *output; /* or: */
    struct asl_text error, cause;
};

static void judge(const char *path, const asl_value *machine, const asl_value *input,
                  const struct expectation *expected)
{
    struct run r = {.input = input, .context = context_for(input)};
    asl_buffer_init(&r.message, ASL_BUFFER_MAXIMUM);
    asl_value *v = play(&r, machine);
    if (r.refused != NULL) {
        asl_buffer_clear(&r.message);
        asl_buffer_printf(&r.message,
                          "The value for the field '%s' must be a valid JSONPath or a valid "
                          "intrinsic function call",
                          r.field);
    }
    bool is_hit =
        expected->output
            ? v != NULL && is_like(expected->output, v)
            : v == NULL && asl_text_equal(asl_buffer_text(&r.message), expected->cause) &&
                  (r.refused != NULL) == asl_text_is(expected->error, "VALIDATION_FAILED");
    hits += is_hit;
    misses += !is_hit;
    const char *name = strrchr(path, '/');
    if (!is_hit || verbose) {
        printf("%s %s\n", is_hit ? "hit " : "MISS", name ? name + 1 : path);
    }
    if (!is_hit) {
        struct asl_buffer text;
        asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
        asl_buffer_puts(&text, "    input: ");
        value_print(input, &text);
        asl_buffer_puts(&text, "\n    AWS:   ");
        if (expected->output) {
            value_print(expected->output, &text);
        } else {
            asl_buffer_put_text(&text, expected->cause);
        }
        asl_buffer_puts(&text, "\n    ours:  ");
        if (v) {
            value_print(v, &text);
        } else {
            asl_buffer_put_text(&text, asl_buffer_text(&r.message));
        }
        printf("%s\n", text.data);
        asl_buffer_free(&text);
    }
    value_release(v);
    value_release(r.context);
    asl_buffer_free(&r.message);
}

/* ---- reading the recordings ---- */

/* A definition or input given as text or as the value itself. */
static asl_value *value_of(const asl_value *given)
{
    struct value_error error;
    return given == NULL                       ? NULL
           : value_kind(given) == VALUE_STRING ? value_parse(value_as_text(given), 0, 0, &error)
                                               : value_retain(given);
}

static void see_case(void *state, const char *path, const asl_value *v)
{
    (void)state;
    asl_value *machine = value_of(value_get_z(v, "definition"));
    const asl_value *result = value_get_z(v, "result"), *input = value_get_z(v, "input");
    if (machine != NULL && result != NULL && input != NULL && is_playable(machine)) {
        const asl_value *error = value_get_z(result, "error"),
                        *cause = value_get_z(result, "cause");
        struct expectation expected = {.output = value_get_z(result, "output"),
                                       .error = error ? value_as_text(error) : ASL_TEXT(""),
                                       .cause = cause ? value_as_text(cause) : ASL_TEXT("")};
        bool is_ours = expected.output || asl_text_is(expected.error, "States.Runtime") ||
                       strncmp(path, "States.", 7) == 0 || strstr(path, "/States.");
        if (is_ours) {
            judge(path, machine, input, &expected);
        }
    }
    value_release(machine);
}

/* Every ending of an execution in what AWS answered, in order. */
static void find_endings(const asl_value *v, struct value_list *found)
{
    if (value_kind(v) == VALUE_OBJECT && (value_get_z(v, "executionSucceededEventDetails") ||
                                          value_get_z(v, "executionFailedEventDetails"))) {
        value_list_push_take(found, value_retain(v));
        return;
    }
    for (size_t i = 0; i < value_count(v); i++) {
        find_endings(value_at(v, i), found);
    }
}

/* Outputs are shown parsed by the recorder, but for bare texts and numbers. */
static void see_history(void *state, const char *path, const asl_value *v)
{
    (void)state;
    const asl_value *machines = value_get_z(v, "stateMachines");
    const asl_value *recorded = value_get_z(v, "expected");
    if (machines == NULL || recorded == NULL || value_count(machines) != 1) {
        return;
    }
    const asl_value *given = value_at(machines, 0), *inputs = value_get_z(given, "inputs");
    asl_value *machine = value_of(value_get_z(given, "definition"));
    struct value_list endings;
    value_list_init(&endings);
    find_endings(recorded, &endings);
    if (machine != NULL && inputs != NULL && value_count(inputs) == endings.count &&
        is_playable(machine)) {
        for (size_t i = 0; i < endings.count; i++) {
            const asl_value *end = value_get_z(endings.items[i], "executionSucceededEventDetails");
            const asl_value *failed = value_get_z(endings.items[i], "executionFailedEventDetails");
            struct expectation expected = {0};
            if (end != NULL) {
                expected.output = value_get_z(end, "output");
            } else {
                expected.error = value_as_text(value_get_z(failed, "error"));
                expected.cause = value_as_text(value_get_z(failed, "cause"));
            }
            if (expected.output ||
                (expected.cause.size && !memchr(expected.cause.data, '<', expected.cause.size))) {
                judge(path, machine, value_at(inputs, i), &expected);
            }
        }
    }
    value_list_free(&endings);
    value_release(machine);
}

int main(int argc, char **argv)
{
    struct stat info;
    verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
    if (stat(ROOT "/aws-cases", &info) != 0) {
        printf("skipped: no recordings at " ROOT "\n0 passed, 0 failed, 1 skipped\n");
        return 0;
    }
    suite_each(&(struct suite){.name = "aws-cases"}, see_case, NULL);
    suite_each(&(struct suite){.name = "histories"}, see_history, NULL);
    printf("%zu of %zu recorded outcomes of Pass states\n", hits, hits + misses);
    bool is_fine = hits >= FLOOR;
    if (!is_fine) {
        printf("the floor is %d\n", FLOOR);
    }
    printf("%zu passed, %d failed\n", hits, is_fine ? 0 : 1);
    return is_fine ? 0 : 1;
}
