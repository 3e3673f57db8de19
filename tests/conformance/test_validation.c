/* Plays every validation outcome recorded from AWS, strictly: messages, their order, codes,
 * locations; and loads every definition that AWS accepted. Prints a table and each miss.
 *
 * Reads ../shared/conformance where it stands; says "skipped" where it is absent. The floors may
 * only rise: a change that loses a case fails here.
 *
 *     test_validation [-v]     -v: also the hits
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "asl/asl.h"
#include "tests/conformance/suite.h"

#define ROOT "../shared/conformance"

enum group { REFUSED, ACCEPTED, VALIDATED, TEST_STATE, REFERENCES, GROUPS };

static const char *const group_names[GROUPS] = {"refused at creation", "accepted at creation",
                                                "ValidateStateMachineDefinition", "TestState",
                                                "variableReferences"};
static const size_t floors[GROUPS] = {47, 863, 7, 113, 9};

static size_t hits[GROUPS], totals[GROUPS];
static bool verbose;

/* ---- compiling and comparing ---- */

static struct asl_text text_of(const asl_value *v, const char *name)
{
    const asl_value *member = v == NULL ? NULL : value_get_z(v, name);
    return member != NULL && value_kind(member) == VALUE_STRING ? value_as_text(member)
                                                                : ASL_TEXT("");
}

/* A definition is given as text or as the value it parses to. */
static asl_machine *compile(const asl_value *definition, bool express, struct asl_diagnostics *d)
{
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (value_kind(definition) == VALUE_STRING) {
        asl_buffer_put_text(&text, value_as_text(definition));
    } else {
        value_print(definition, &text);
    }
    asl_machine *m = asl_machine_compile(asl_buffer_text(&text), express, d);
    asl_buffer_free(&text);
    return m;
}

/* As the recorder joins them: messages only; or as InvalidDefinition does. */
static void join(const struct asl_diagnostics *d, bool whole, struct asl_buffer *out)
{
    bool first = true;
    for (size_t i = 0; i < d->count; i++) {
        const struct asl_diagnostic *item = &d->items[i];
        if (item->severity != ASL_ERROR) {
            continue;
        }
        if (!first) {
            asl_buffer_puts(out, whole ? ", " : "; ");
        }
        first = false;
        if (whole) {
            asl_buffer_printf(out, "%s: %s at %s", item->code, item->message,
                              item->location == NULL ? "null" : item->location);
        } else {
            asl_buffer_puts(out, item->message);
        }
    }
}

static void judge(enum group group, const char *path, struct asl_text expected, struct asl_text got)
{
    bool hit = asl_text_equal(expected, got);
    totals[group]++;
    hits[group] += hit;
    if (!hit || verbose) {
        const char *name = strrchr(path, '/');
        printf("%s %s\n", hit ? "hit " : "MISS", name == NULL ? path : name + 1);
    }
    if (!hit) {
        printf("    AWS:  %.*s\n    ours: %.*s\n", ASL_TEXT_ARGS(expected), ASL_TEXT_ARGS(got));
    }
}

static void judge_definition(enum group group, const char *path, const asl_value *definition,
                             bool express, struct asl_text expected, bool whole)
{
    struct asl_diagnostics d = {0};
    struct asl_buffer got;
    asl_buffer_init(&got, ASL_BUFFER_MAXIMUM);
    asl_machine *m = compile(definition, express, &d);
    join(&d, whole, &got);
    if ((m == NULL) != (got.size > 0)) {
        asl_buffer_puts(&got, " (machine and diagnostics disagree)");
    }
    judge(group, path, expected, asl_buffer_text(&got));
    asl_machine_release(m);
    asl_diagnostics_free(&d);
    asl_buffer_free(&got);
}

/* ---- aws-cases ---- */

static void play_case(void *state, const char *path, const asl_value *v)
{
    (void)state;
    const asl_value *result = value_get_z(v, "result");
    bool refused = asl_text_is(text_of(result, "error"), "VALIDATION_FAILED");
    judge_definition(refused ? REFUSED : ACCEPTED, path, value_get_z(v, "definition"), false,
                     refused ? text_of(result, "cause") : ASL_TEXT(""), false);
}

/* ---- histories ---- */

/* "Invalid State Machine Definition: '<what>'" somewhere in the recorded answers: <what>. */
static struct asl_text find_refusal(const asl_value *v)
{
    static const char start[] = "Invalid State Machine Definition: '";
    if (value_kind(v) == VALUE_STRING) {
        struct asl_text t = value_as_text(v);
        const char *at = memmem(t.data, t.size, start, sizeof start - 1);
        if (at != NULL) {
            at += sizeof start - 1;
            return (struct asl_text){at, (size_t)(t.data + t.size - at) - 1};
        }
        return ASL_TEXT("");
    }
    for (size_t i = 0; value_depth(v) > 0 && i < value_count(v); i++) {
        struct asl_text found = find_refusal(value_at(v, i));
        if (found.size > 0) {
            return found;
        }
    }
    return ASL_TEXT("");
}

static void play_references(const char *path, const asl_value *machine, const asl_value *expected)
{
    const asl_value *describe = value_get_z(expected, "describe_response");
    const asl_value *wanted = describe == NULL ? NULL : value_get_z(describe, "variableReferences");
    if (describe == NULL || strstr(path, "variable_references") == NULL) {
        return;
    }
    struct asl_diagnostics d = {0};
    asl_machine *m = compile(value_get_z(machine, "definition"), false, &d);
    asl_value *got = m == NULL ? value_null() : asl_machine_variable_references(m);
    asl_value *none = value_empty_object();
    struct asl_buffer scratch[2];
    asl_buffer_init(&scratch[0], ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&scratch[1], ASL_BUFFER_MAXIMUM);
    value_print(wanted == NULL ? none : wanted, &scratch[0]);
    value_print(got, &scratch[1]);
    bool equal = value_equal(wanted == NULL ? none : wanted, got); /* states in any order */
    judge(REFERENCES, path, asl_buffer_text(&scratch[0]), asl_buffer_text(&scratch[equal ? 0 : 1]));
    asl_buffer_free(&scratch[0]);
    asl_buffer_free(&scratch[1]);
    value_release(got);
    value_release(none);
    asl_machine_release(m);
    asl_diagnostics_free(&d);
}

static void play_machines(const char *path, const asl_value *machines, const asl_value *expected,
                          struct asl_text refusal)
{
    for (size_t i = 0; i < value_count(machines); i++) {
        const asl_value *machine = value_at(machines, i);
        bool express = asl_text_is(text_of(machine, "type"), "EXPRESS");
        judge_definition(refusal.size > 0 ? REFUSED : ACCEPTED, path,
                         value_get_z(machine, "definition"), express, refusal, true);
        play_references(path, machine, expected);
    }
}

/* ValidateStateMachineDefinition's answer, diagnostics as it shows them. */
static void play_validate(const char *path, const asl_value *call, const asl_value *expected)
{
    const asl_value *response = value_get_z(expected, "validation_response");
    bool express = asl_text_is(text_of(call, "type"), "EXPRESS");
    const asl_value *list = response == NULL ? NULL : value_get_z(response, "diagnostics");
    if (list == NULL) {
        return;
    }
    struct asl_buffer wanted;
    asl_buffer_init(&wanted, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < value_count(list); i++) {
        const asl_value *item = value_at(list, i);
        const asl_value *location = value_get_z(item, "location");
        asl_buffer_printf(
            &wanted, "%s%.*s: %.*s at %.*s", i == 0 ? "" : ", ",
            ASL_TEXT_ARGS(text_of(item, "code")), ASL_TEXT_ARGS(text_of(item, "message")),
            ASL_TEXT_ARGS(location == NULL ? ASL_TEXT("null") : value_as_text(location)));
    }
    judge_definition(VALIDATED, path, value_get_z(call, "definition"), express,
                     asl_buffer_text(&wanted), true);
    asl_buffer_free(&wanted);
}

/* TestState takes one state, or a whole machine with the name of one. Answers of another kind than
 * a refused definition say nothing about it: those must compile. */
static void play_test_state(const char *path, const asl_value *call, struct asl_text refusal,
                            bool refused_otherwise)
{
    const asl_value *definition = value_get_z(call, "definition");
    if (definition == NULL || value_kind(definition) != VALUE_OBJECT || refused_otherwise) {
        return;
    }
    struct asl_diagnostics d = {0};
    struct asl_buffer text, got;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&got, ASL_BUFFER_MAXIMUM);
    value_print(definition, &text);
    asl_machine *m = value_get_z(definition, "States") != NULL
                         ? asl_machine_compile(asl_buffer_text(&text), false, &d)
                         : asl_machine_compile_state(asl_buffer_text(&text), &d);
    join(&d, true, &got);
    judge(TEST_STATE, path, refusal, asl_buffer_text(&got));
    asl_machine_release(m);
    asl_diagnostics_free(&d);
    asl_buffer_free(&text);
    asl_buffer_free(&got);
}

/* An InvalidDefinition that names no diagnostic ("TestState API does not support ...") is the
 * API's. */
static bool holds_text(const asl_value *v, const char *text)
{
    if (value_kind(v) == VALUE_STRING) {
        return asl_text_is(value_as_text(v), text);
    }
    for (size_t i = 0; value_depth(v) > 0 && i < value_count(v); i++) {
        if (holds_text(value_at(v, i), text)) {
            return true;
        }
    }
    return false;
}

static void play_history(void *state, const char *path, const asl_value *v)
{
    (void)state;
    const asl_value *expected = value_get_z(v, "expected");
    const asl_value *calls = value_get_z(v, "directCalls");
    struct asl_text refusal = find_refusal(expected);
    play_machines(path, value_get_z(v, "stateMachines"), expected, refusal);
    for (size_t i = 0; calls != NULL && i < value_count(calls); i++) {
        const asl_value *call = value_at(calls, i);
        struct asl_text operation = text_of(call, "operation");
        if (asl_text_is(operation, "ValidateStateMachineDefinition")) {
            play_validate(path, call, expected);
        } else if (asl_text_is(operation, "TestState")) {
            play_test_state(path, call, refusal,
                            refusal.size == 0 && holds_text(expected, "InvalidDefinition"));
        }
    }
}

int main(int count, char **arguments)
{
    struct stat info;
    verbose = count > 1 && strcmp(arguments[1], "-v") == 0;
    if (stat(ROOT, &info) != 0) {
        printf("skipped: %s is not here\n0 passed, 0 failed, 1 skipped\n", ROOT);
        return 0;
    }
    suite_each(&(struct suite){.name = "aws-cases"}, play_case, NULL);
    suite_each(&(struct suite){.name = "histories"}, play_history, NULL);
    size_t passed = 0, failures = 0;
    for (size_t i = 0; i < GROUPS; i++) {
        bool low = hits[i] < floors[i];
        printf("%-32s %4zu of %4zu%s\n", group_names[i], hits[i], totals[i],
               low ? "   BELOW THE FLOOR" : "");
        passed += hits[i];
        failures += low;
    }
    printf("%zu passed, %zu failed\n", passed, failures);
    return failures > 0;
}
