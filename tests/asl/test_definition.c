/* Definitions and what is said of them: one case a file in tests/asl/definition.
 *
 *     {"why": "...", "definition": "text" | ["line", ...], "express": bool, "template": bool,
 *      "expect": [{"severity"?, "code", "message", "location"?, "hint"?, "line"?, "column"?}],
 *      "partial": true when further diagnostics may follow}
 *
 * Then what compiling makes of a sound definition, looked at through machine.h.
 */
#include <dirent.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "asl/asl.h"
#include "asl/definition/machine.h"

#define CASES "tests/asl/definition"

/* ---- cases ---- */

static asl_value *read_case(const char *path)
{
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char block[4096];
    size_t size;
    while ((size = fread(block, 1, sizeof block, file)) > 0) {
        asl_buffer_put(&text, block, size);
    }
    fclose(file);
    struct value_error error;
    asl_value *v = value_parse(asl_buffer_text(&text), 0, 0, &error);
    if (v == NULL) {
        fail_msg("%s: %zu:%zu: %s", path, error.line, error.column, error.message);
    }
    asl_buffer_free(&text);
    return v;
}

static void join_lines(const asl_value *definition, struct asl_buffer *text)
{
    if (value_kind(definition) == VALUE_STRING) {
        asl_buffer_put_text(text, value_as_text(definition));
    }
    for (size_t i = 0; i < value_count(definition); i++) {
        asl_buffer_puts(text, i == 0 ? "" : "\n");
        asl_buffer_put_text(text, value_as_text(value_at(definition, i)));
    }
}

static bool same_text(const char *path, size_t index, const asl_value *wanted, const char *name,
                      const char *got)
{
    const asl_value *v = value_get_z(wanted, name);
    bool same = v == NULL ? got == NULL : got != NULL && asl_text_is(value_as_text(v), got);
    if (!same) {
        print_error("%s: diagnostic %zu: %s\n    wanted: %.*s\n    got:    %s\n", path, index, name,
                    ASL_TEXT_ARGS(v == NULL ? ASL_TEXT("(none)") : value_as_text(v)),
                    got == NULL ? "(none)" : got);
    }
    return same;
}

static bool same_number(const char *path, size_t index, const asl_value *wanted, const char *name,
                        size_t got)
{
    const asl_value *v = value_get_z(wanted, name);
    int64_t number = 0;
    bool same = v == NULL || (value_as_integer(v, &number) && (size_t)number == got);
    if (!same) {
        print_error("%s: diagnostic %zu: %s: wanted %lld, got %zu\n", path, index, name,
                    (long long)number, got);
    }
    return same;
}

static bool same_diagnostic(const char *path, size_t index, const asl_value *all,
                            const asl_value *wanted, const struct asl_diagnostic *got)
{
    const asl_value *severity = value_get_z(wanted, "severity");
    bool same = (severity != NULL) == (got->severity == ASL_WARNING);
    same &= same_text(path, index, wanted, "code", got->code);
    same &= same_text(path, index, wanted, "message", got->message);
    if (value_get_z(all, "any_location") == NULL) {
        same &= same_text(path, index, wanted, "location", got->location);
    }
    if (value_get_z(wanted, "hint") != NULL) {
        same &= same_text(path, index, wanted, "hint", got->hint);
    }
    same &= same_number(path, index, wanted, "line", got->line);
    return same & same_number(path, index, wanted, "column", got->column);
}

static bool play(const char *path)
{
    asl_value *v = read_case(path);
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    join_lines(value_get_z(v, "definition"), &text);
    const asl_value *express = value_get_z(v, "express");
    const asl_value *expect = value_get_z(v, "expect");
    struct asl_diagnostics d = {0};
    bool is_express = express != NULL && value_is_true(express);
    const asl_value *template = value_get_z(v, "template");
    bool is_template = template != NULL && value_is_true(template);
    asl_machine *m =
        is_template ? NULL : asl_machine_compile(asl_buffer_text(&text), is_express, &d);
    bool sound =
        is_template ? asl_template_check(asl_buffer_text(&text), is_express, NULL, &d) : m != NULL;
    size_t errors = 0;
    for (size_t i = 0; i < d.count; i++) {
        errors += d.items[i].severity == ASL_ERROR;
    }
    bool same = sound == (errors == 0);
    bool partial = value_get_z(v, "partial") != NULL;
    if (partial ? d.count < value_count(expect) : d.count != value_count(expect)) {
        print_error("%s: %zu diagnostics, wanted %zu\n", path, d.count, value_count(expect));
        same = false;
    }
    for (size_t i = 0; i < d.count && i < value_count(expect); i++) {
        same &= same_diagnostic(path, i, v, value_at(expect, i), &d.items[i]);
    }
    for (size_t i = value_count(expect); !partial && i < d.count; i++) {
        print_error("%s: unwanted: %s: %s\n", path, d.items[i].code, d.items[i].message);
    }
    asl_machine_release(m);
    asl_diagnostics_free(&d);
    asl_buffer_free(&text);
    value_release(v);
    return same;
}

static void test_cases(void **state)
{
    (void)state;
    struct dirent **entries;
    int count = scandir(CASES, &entries, NULL, alphasort);
    assert_true(count > 0);
    size_t misses = 0, played = 0;
    for (int i = 0; i < count; i++) {
        char path[512];
        snprintf(path, sizeof path, CASES "/%s", entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            played++;
            misses += !play(path);
        }
        free(entries[i]);
    }
    free(entries);
    print_message("%zu cases, %zu missed\n", played, misses);
    assert_int_equal(misses, 0);
}

/* ---- machines ---- */

static asl_machine *compile(const char *text)
{
    struct asl_diagnostics d = {0};
    asl_machine *m = asl_machine_compile(asl_text(text), false, &d);
    for (size_t i = 0; i < d.count; i++) {
        if (d.items[i].severity == ASL_ERROR) {
            print_error("%s at %s\n", d.items[i].message, d.items[i].location);
        }
    }
    asl_diagnostics_free(&d);
    assert_non_null(m);
    return m;
}

/* Ids run in the order of the text, nested states included; transitions are pointers. */
static void test_states(void **state)
{
    (void)state;
    asl_machine *m =
        compile("{\"StartAt\":\"B\",\"TimeoutSeconds\":9,\"States\":{"
                "\"A\":{\"Type\":\"Parallel\",\"Branches\":[{\"StartAt\":\"A1\",\"States\":{"
                "\"A1\":{\"Type\":\"Pass\",\"End\":true}}}],\"End\":true},"
                "\"B\":{\"Type\":\"Wait\",\"Seconds\":3,\"Next\":\"A\"}}}");
    assert_int_equal(m->state_count, 3);
    assert_int_equal(m->timeout_seconds, 9);
    assert_true(asl_text_is(value_as_text(m->by_id[1]->name), "A1"));
    assert_true(asl_text_is(value_as_text(m->by_id[2]->name), "B"));
    assert_ptr_equal(m->root.start, m->by_id[2]);
    assert_ptr_equal(m->by_id[2]->next, m->by_id[0]);
    assert_null(m->by_id[0]->next);
    assert_ptr_equal(m->by_id[0]->of.parallel.branches[0]->start, m->by_id[1]);
    assert_ptr_equal(m->by_id[0]->of.parallel.branches[0]->outer, &m->root);
    asl_machine *again = asl_machine_retain(m);
    asl_machine_release(m);
    assert_int_equal(again->state_count, 3);
    asl_machine_release(again);
}

static void test_templates(void **state)
{
    (void)state;
    asl_machine *m = compile(
        "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Parameters\":{"
        "\"constant\":{\"a\":[1,2,{\"b\":null}]},\"list\":[1,{\"x.$\":\"$.y\"}],"
        "\"call.$\":\"States.UUID()\"},\"ResultPath\":null,\"InputPath\":null,\"End\":true}}}");
    const struct state *a = m->root.start;
    assert_true(a->result_discarded && a->input_null && !a->output_null);
    const struct template *t = a->parameters;
    assert_int_equal(t->kind, TEMPLATE_OBJECT);
    assert_int_equal(t->of.children.count, 3);
    assert_int_equal(t->of.children.items[0].kind, TEMPLATE_LITERAL);
    assert_int_equal(t->of.children.items[1].kind, TEMPLATE_ARRAY);
    const struct template *hole =
        &t->of.children.items[1].of.children.items[1].of.children.items[0];
    assert_int_equal(hole->kind, TEMPLATE_PATH);
    assert_string_equal(hole->field, "x.$");
    assert_true(asl_text_is(value_as_text(hole->key), "x"));
    assert_int_equal(t->of.children.items[2].kind, TEMPLATE_INTRINSIC);
    assert_true(asl_text_is(value_as_text(t->of.children.items[2].key), "call"));
    asl_machine_release(m);
}

/* A JSONata hole is named by its path from the state. */
static void test_jsonata_fields(void **state)
{
    (void)state;
    asl_machine *m = compile(
        "{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Choice\","
        "\"Choices\":[{\"Condition\":\"{% true "
        "%}\",\"Next\":\"B\",\"Output\":{\"v\":[0,\"{%1%}\"]}}]},"
        "\"B\":{\"Type\":\"Wait\",\"Seconds\":\"{% 1 %}\",\"End\":true}}}");
    const struct choice_rule *rule = &m->root.start->of.choice.rules[0];
    assert_string_equal(rule->condition->field, "Choices[0]/Condition");
    assert_true(asl_text_is(jsonata_source(rule->condition->of.jsonata), "true"));
    const struct template *v = &rule->output->of.children.items[0];
    assert_string_equal(v->of.children.items[1].field, "Choices[0]/Output/v[1]");
    const struct setting *seconds = &m->by_id[1]->of.wait.seconds;
    assert_null(seconds->value);
    assert_string_equal(seconds->name, "Seconds");
    assert_string_equal(seconds->template->field, "Seconds");
    asl_machine_release(m);
}

struct resource_case {
    const char *arn, *type, *name, *action;
    enum task_family family;
    enum task_pattern pattern;
};

static void test_resources(void **state)
{
    (void)state;
    static const struct resource_case cases[] = {
        {"arn:aws:states:::states:startExecution.sync:2", "states", "startExecution.sync:2",
         "startExecution", TASK_SERVICE, TASK_SYNC_2},
        {"arn:aws-cn:states:::aws-sdk:s3:getObject", "aws-sdk:s3", "getObject", "getObject",
         TASK_SERVICE, TASK_REQUEST_RESPONSE},
        {"arn:aws:states:::sqs:sendMessage.waitForTaskToken", "sqs", "sendMessage.waitForTaskToken",
         "sendMessage", TASK_SERVICE, TASK_CALLBACK},
        {"arn:aws:lambda:us-east-1:123456789012:function:f:1", "lambda", NULL, "function",
         TASK_LAMBDA, TASK_REQUEST_RESPONSE},
        {"arn:aws:states:us-east-1:123456789012:activity:a", "activity", NULL, "activity",
         TASK_ACTIVITY, TASK_REQUEST_RESPONSE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        snprintf(
            text, sizeof text,
            "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Task\",\"Resource\":\"%s\","
            "\"Parameters\":{\"StateMachineArn\":\"x\",\"QueueUrl\":\"x\",\"MessageBody\":\"x\"},"
            "\"End\":true}}}",
            cases[i].arn);
        asl_machine *m = compile(text);
        const struct resource *r = &m->root.start->of.task.resource;
        assert_string_equal(r->arn, cases[i].arn);
        assert_string_equal(r->type, cases[i].type);
        assert_string_equal(r->name, cases[i].name == NULL ? cases[i].arn : cases[i].name);
        assert_string_equal(r->action, cases[i].action);
        assert_int_equal(r->family, cases[i].family);
        assert_int_equal(r->pattern, cases[i].pattern);
        asl_machine_release(m);
    }
}

static void test_retry(void **state)
{
    (void)state;
    asl_machine *m = compile(
        "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Task\","
        "\"Resource\":\"arn:aws:lambda:us-east-1:123456789012:function:f\","
        "\"Retry\":[{\"ErrorEquals\":[\"X\"],\"MaxAttempts\":0,\"JitterStrategy\":\"FULL\"},"
        "{\"ErrorEquals\":[\"States.ALL\"]}],"
        "\"Catch\":[{\"ErrorEquals\":[\"Y\",\"Z\"],\"ResultPath\":null,\"Next\":\"A\"}],\"End\":"
        "true}}}");
    const struct state *a = m->root.start;
    assert_int_equal(a->retrier_count, 2);
    assert_int_equal(a->retriers[0].max_attempts, 0);
    assert_true(a->retriers[0].full_jitter);
    assert_int_equal(a->retriers[1].max_attempts, 3);
    assert_int_equal(a->retriers[1].interval_seconds, 1);
    assert_true(a->retriers[1].backoff_rate == 2.0);
    assert_int_equal(a->catchers[0].error_count, 2);
    assert_true(a->catchers[0].discard);
    assert_ptr_equal(a->catchers[0].next, a);
    asl_machine_release(m);
}

/* One state alone: its targets are there, places are AWS's, lines are those of the text given. */
static void test_state_alone(void **state)
{
    (void)state;
    struct asl_diagnostics d = {0};
    asl_machine *m =
        asl_machine_compile_state(ASL_TEXT("{\"Type\":\"Pass\",\"Next\":\"Somewhere\"}"), &d);
    assert_non_null(m);
    assert_true(asl_text_is(value_as_text(m->root.start->name), "StateName"));
    assert_true(asl_text_is(value_as_text(m->root.start->next->name), "Somewhere"));
    asl_machine_release(m);
    m = asl_machine_compile_state(ASL_TEXT("{\n \"Type\": \"Parallel\",\n \"Branches\": [],\n"
                                           " \"End\": true}"),
                                  &d);
    assert_null(m);
    assert_int_equal(d.count, 1);
    assert_string_equal(d.items[0].message, "Value cannot be empty");
    assert_string_equal(d.items[0].location, "/States/StateName/Branches");
    assert_int_equal(d.items[0].line, 3);
    assert_int_equal(d.items[0].column, 14);
    asl_diagnostics_free(&d);
}

/* SDK calls are refused only where a catalogue is there to say so. */
static bool offers_s3(void *state, struct asl_text service, struct asl_text action)
{
    (void)state;
    return asl_text_is(service, "s3") && asl_text_is(action, "getObject");
}

static void hint_s3(void *state, struct asl_text service, struct asl_text action,
                    struct asl_buffer *out)
{
    (void)state;
    asl_buffer_printf(out, "no %.*s in %.*s", ASL_TEXT_ARGS(action), ASL_TEXT_ARGS(service));
}

static void test_catalogue(void **state)
{
    (void)state;
    struct asl_text text =
        ASL_TEXT("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Task\",\"Resource\":"
                 "\"arn:aws:states:::aws-sdk:s3:getObject\",\"Parameters\":{},\"Next\":\"B\"},"
                 "\"B\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::aws-sdk:s3:fetch\","
                 "\"Parameters\":{},\"End\":true}}}");
    struct asl_catalogue catalogue = {.offers = offers_s3, .hint = hint_s3};
    struct asl_diagnostics d = {0};
    asl_machine *m = asl_machine_compile_with(text, false, NULL, &d);
    assert_non_null(m);
    asl_machine_release(m);
    assert_null(asl_machine_compile_with(text, false, &catalogue, &d));
    assert_int_equal(d.count, 1);
    assert_string_equal(d.items[0].location, "/States/B/Resource");
    assert_string_equal(d.items[0].hint, "no fetch in s3");
    asl_diagnostics_free(&d);
}

/* Variables by state; a function's name counts where the machine assigns it. */
static void test_references(void **state)
{
    (void)state;
    asl_machine *m = compile(
        "{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\","
        "\"Assign\":{\"sum\":1},\"Output\":\"{% $count($b) + $sum + $a + $hash($b, 'MD5') %}\","
        "\"Next\":\"B\"},\"B\":{\"Type\":\"Succeed\"}}}");
    asl_value *got = asl_machine_variable_references(m);
    asl_value *wanted = value_literal("{\"A\":[\"a\",\"b\",\"sum\"]}");
    assert_true(value_equal(got, wanted));
    value_release(got);
    value_release(wanted);
    asl_machine_release(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),       cmocka_unit_test(test_states),
        cmocka_unit_test(test_templates),   cmocka_unit_test(test_jsonata_fields),
        cmocka_unit_test(test_resources),   cmocka_unit_test(test_retry),
        cmocka_unit_test(test_state_alone), cmocka_unit_test(test_catalogue),
        cmocka_unit_test(test_references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
