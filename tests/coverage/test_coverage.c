/* Coverage counts what a step decides. Breaks when: a point of the definition is missing or twice,
 * an outcome is counted for another point, lines are off, merged or stored counts differ, a foreign
 * or damaged count is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/coverage/coverage.h"
#include "engine/coverage/lines.h"

/* ---- a world where tasks do as their input says ---- */

static int64_t now_ms;

static int64_t now(void *state)
{
    (void)state;
    return now_ms;
}

static uint64_t chance(void *state)
{
    (void)state;
    return 4;
}

static void uuid(void *state, char out[37])
{
    (void)state;
    snprintf(out, 37, "00000000-0000-4000-8000-000000000000");
}

/* Its parameters' "fail" is the error it fails with, else it succeeds with them. */
static void answer(asl_execution *x, const struct asl_env *env, struct asl_result *result)
{
    int64_t task = 0;
    asl_value *parameters = NULL;
    for (size_t i = 0; i < result->count && !task; i++)
        if (result->commands[i].kind == ASL_RUN_TASK) {
            task = result->commands[i].task;
            parameters = value_retain(result->commands[i].parameters);
        }
    const asl_value *error = value_get_z(parameters, "fail");
    struct asl_event event = {.kind = error ? ASL_TASK_FAILED : ASL_TASK_SUCCEEDED,
                              .task = task,
                              .output = parameters,
                              .cause = ASL_TEXT("asked to")};
    if (error)
        event.error = value_as_text(error);
    asl_result_clear(result);
    asl_step(x, &event, env, result);
    value_release(parameters);
}

static bool has_task(const struct asl_result *result)
{
    for (size_t i = 0; i < result->count; i++)
        if (result->commands[i].kind == ASL_RUN_TASK)
            return true;
    return false;
}

static enum asl_status run(asl_machine *machine, struct coverage *c, const char *input)
{
    struct asl_env env = {.now = now, .random = chance, .uuid = uuid};
    struct asl_birth birth = {
        .arn = ASL_TEXT("arn:aws:states:us-east-1:123456789012:execution:m:x"),
        .name = ASL_TEXT("x"),
        .machine_arn = ASL_TEXT("arn:aws:states:us-east-1:123456789012:stateMachine:m"),
        .machine_name = ASL_TEXT("m"),
        .input = asl_text(input)};
    struct value_error error;
    struct asl_result result;
    asl_execution *x = asl_execution_new(machine, &birth, &error);
    asl_result_init(&result, NULL);
    coverage_watch(c, &env);
    struct asl_event event = {.kind = ASL_START};
    asl_step(x, &event, &env, &result);
    while (asl_execution_status(x) == ASL_RUNNING) {
        if (has_task(&result)) {
            answer(x, &env, &result);
            continue;
        }
        asl_result_clear(&result);
        now_ms = asl_execution_due(x);
        event.kind = ASL_TICK;
        asl_step(x, &event, &env, &result);
    }
    enum asl_status status = asl_execution_status(x);
    coverage_count(c);
    asl_result_free(&result);
    asl_execution_free(x);
    return status;
}

static asl_machine *compile(const char *text)
{
    struct asl_diagnostics d = {0};
    asl_machine *m = asl_machine_compile(asl_text(text), false, &d);
    for (size_t i = 0; !m && i < d.count; i++)
        print_error("%zu: %s\n", d.items[i].line, d.items[i].message);
    asl_diagnostics_free(&d);
    assert_non_null(m);
    return m;
}

/* ---- the machine looked at: every kind of point, one a line ---- */

static const char definition[] =
    /* 1 */
    "{\"StartAt\": \"Pick/one\", \"States\": {\n"
    /* 2 */ "  \"Pick/one\": {\"Type\": \"Choice\", \"Choices\": [\n"
    /* 3 */ "    {\"And\": [\n"
    /* 4 */ "      {\"Variable\": \"$.a\", \"IsPresent\": true},\n"
    /* 5 */ "      {\"Not\":\n"
    /* 6 */ "         {\"Variable\": \"$.a\", \"NumericGreaterThan\": 5}}],\n"
    /* 7 */ "     \"Next\": \"Loop\"},\n"
    /* 8 */ "    {\"Variable\": \"$.fail\", \"IsPresent\": true,\n"
    /* 9 */ "     \"Next\": \"Call\"}],\n"
    /* 10 */ "    \"Default\": \"Done\"},\n"
    /* 11 */ "  \"Loop\": {\"Type\": \"Map\", \"ItemsPath\": \"$.items\",\n"
    /* 12 */ "    \"ItemProcessor\": {\"StartAt\": \"Item\", \"States\": {\n"
    /* 13 */ "      \"Item\": {\"Type\": \"Pass\",\n"
    /* 14 */ "        \"End\": true}}},\n"
    /* 15 */ "    \"Next\": \"Done\"},\n"
    /* 16 */ "  \"Call\": {\"Type\": \"Task\", \"Resource\": "
    "\"arn:aws:lambda:us-east-1:123456789012:function:f\",\n"
    /* 17 */ "    \"Retry\": [\n"
    /* 18 */ "      {\"ErrorEquals\": [\"Soon\"], \"MaxAttempts\": 2},\n"
    /* 19 */ "      {\"ErrorEquals\": [\"Never\"], \"MaxAttempts\": 0}],\n"
    /* 20 */ "    \"Catch\": [\n"
    /* 21 */ "      {\"ErrorEquals\": [\"Soon\"],\n"
    /* 22 */ "        \"Next\": \"Done\"},\n"
    /* 23 */ "      {\"ErrorEquals\": [\"States.ALL\"],\n"
    /* 24 */ "        \"Next\": \"Both\"}],\n"
    /* 25 */ "    \"Next\": \"Done\"},\n"
    /* 26 */ "  \"Both\": {\"Type\": \"Parallel\", \"Branches\": [\n"
    /* 27 */ "    {\"StartAt\": \"Left\", \"States\": {\"Left\": {\"Type\": \"Succeed\"}}},\n"
    /* 28 */ "    {\"StartAt\": \"Right\", \"States\": {\"Right\": {\"Type\": \"Fail\"}}}],\n"
    /* 29 */ "    \"End\": true},\n"
    /* 30 */ "  \"Done\": {\"Type\": \"Succeed\"}}}\n";

struct expected {
    const char *location;
    enum coverage_kind kind;
    size_t line;
    uint64_t hits[3];
};

/* After the five runs of after_runs(). */
static const struct expected expected[] = {
    {"/States/Pick~1one", COVERAGE_STATE, 2, {5}},
    {"/States/Pick~1one/Choices/0", COVERAGE_RULE, 3, {2, 3}},
    {"/States/Pick~1one/Choices/0/And/0", COVERAGE_OPERAND, 4, {3, 2}},
    {"/States/Pick~1one/Choices/0/And/1/Not", COVERAGE_OPERAND, 5, {1, 2}},
    {"/States/Pick~1one/Choices/1", COVERAGE_RULE, 8, {2, 1}},
    {"/States/Pick~1one/Choices/0/Next", COVERAGE_TRANSITION, 7, {2}},
    {"/States/Pick~1one/Choices/1/Next", COVERAGE_TRANSITION, 9, {2}},
    {"/States/Pick~1one/Default", COVERAGE_TRANSITION, 10, {1}},
    {"/States/Loop", COVERAGE_STATE, 11, {2}},
    {"/States/Loop", COVERAGE_MAP, 11, {1, 0, 1}},
    {"/States/Loop/Next", COVERAGE_TRANSITION, 15, {2}},
    {"/States/Loop/ItemProcessor/States/Item", COVERAGE_STATE, 13, {3}},
    {"/States/Loop/ItemProcessor/States/Item/End", COVERAGE_TRANSITION, 14, {3}},
    {"/States/Call", COVERAGE_STATE, 16, {2}},
    {"/States/Call/Next", COVERAGE_TRANSITION, 25, {0}},
    {"/States/Call/Retry/0", COVERAGE_RETRY, 18, {3}},
    {"/States/Call/Retry/1", COVERAGE_RETRY, 19, {1}},
    {"/States/Call/Catch/0", COVERAGE_CATCH, 21, {1}},
    {"/States/Call/Catch/1", COVERAGE_CATCH, 23, {1}},
    {"/States/Call/Catch/0/Next", COVERAGE_TRANSITION, 22, {1}},
    {"/States/Call/Catch/1/Next", COVERAGE_TRANSITION, 24, {1}},
    {"/States/Both", COVERAGE_STATE, 26, {1}},
    {"/States/Both/End", COVERAGE_TRANSITION, 29, {0}},
    {"/States/Both/Branches/0/States/Left", COVERAGE_STATE, 27, {1}},
    {"/States/Both/Branches/1/States/Right", COVERAGE_STATE, 28, {1}},
    {"/States/Done", COVERAGE_STATE, 30, {4}},
};
#define EXPECTED (sizeof expected / sizeof *expected)

static const struct coverage_point *find(const struct coverage *c, const struct expected *e)
{
    for (size_t i = 0; i < coverage_point_count(c); i++) {
        const struct coverage_point *p = coverage_point(c, i);
        if (p->kind == e->kind && strcmp(p->location, e->location) == 0)
            return p;
    }
    return NULL;
}

static void check_points(const struct coverage *c, uint64_t times)
{
    assert_int_equal(coverage_point_count(c), EXPECTED);
    for (size_t i = 0; i < EXPECTED; i++) {
        const struct coverage_point *p = find(c, &expected[i]);
        if (!p)
            fail_msg("no point %s", expected[i].location);
        for (size_t k = 0; k < 3; k++)
            if (p->hits[k] != times * expected[i].hits[k] || p->line != expected[i].line)
                fail_msg("%s: line %zu, hits[%zu] %llu, not line %zu, %llu", p->location, p->line,
                         k, (unsigned long long)p->hits[k], expected[i].line,
                         (unsigned long long)(times * expected[i].hits[k]));
    }
}

static struct coverage *collector(asl_machine *m)
{
    char message[256];
    struct coverage *c = coverage_new(m, asl_text(definition), "dir/m.asl.json", message);
    assert_non_null(c);
    return c;
}

static struct coverage *after_runs(asl_machine *m, asl_machine *run_by)
{
    struct coverage *c = collector(m);
    assert_int_equal(run(run_by, c, "{\"a\": 1, \"items\": []}"), ASL_SUCCEEDED);
    assert_int_equal(run(run_by, c, "{\"a\": 5, \"items\": [1, 2, 3]}"), ASL_SUCCEEDED);
    assert_int_equal(run(run_by, c, "{\"a\": 6}"), ASL_SUCCEEDED);
    assert_int_equal(run(run_by, c, "{\"fail\": \"Soon\"}"), ASL_SUCCEEDED);
    assert_int_equal(run(run_by, c, "{\"fail\": \"Never\"}"), ASL_FAILED);
    return c;
}

static void test_counts(void **state)
{
    (void)state;
    asl_machine *m = compile(definition), *again = compile(definition);
    struct coverage *c = after_runs(m, m), *other = after_runs(m, again);
    check_points(c, 1);
    check_points(other, 1);
    assert_int_equal(coverage_executions(c), 5);
    assert_int_equal(coverage_entered(c, m->root.start->id), 5);
    assert_int_equal(coverage_left(c, m->root.start->id, ASL_BY_DEFAULT, 0), 1);
    assert_int_equal(coverage_left(c, m->root.start->id, ASL_BY_RULE, 1), 2);
    assert_true(coverage_merge(c, other));
    check_points(c, 2);
    assert_int_equal(coverage_executions(c), 10);
    coverage_free(c);
    coverage_free(other);
    asl_machine_release(m);
    asl_machine_release(again);
}

static void test_json(void **state)
{
    (void)state;
    char message[256] = "";
    asl_machine *m = compile(definition);
    struct coverage *c = after_runs(m, m), *back = collector(m);
    asl_value *json = coverage_json(c);
    assert_true(coverage_add_json(back, json, message));
    assert_true(coverage_add_json(back, json, message));
    check_points(back, 2);
    /* of another text */
    asl_machine *short_one =
        compile("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"}}}");
    struct coverage *foreign = coverage_new(
        short_one, ASL_TEXT("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"}}}"), "a",
        message);
    assert_false(coverage_add_json(foreign, json, message));
    assert_non_null(strstr(message, "another definition"));
    assert_false(coverage_merge(foreign, c));
    /* damaged: nothing is added */
    asl_value *points = value_retain(value_get_z(json, "points"));
    points = value_with_element_take(points, 3, value_literal("{\"kind\": \"rules\"}"));
    asl_value *damaged = value_with_take(value_retain(json), value_string_z("points"), points);
    assert_false(coverage_add_json(back, damaged, message));
    assert_non_null(strstr(message, "points[3]"));
    check_points(back, 2);
    /* a machine with a text that is not its own */
    assert_null(coverage_new(m, ASL_TEXT("{\"States\": {}}"), "b", message));
    assert_non_null(strstr(message, "b is not the text"));
    value_release(damaged);
    value_release(json);
    coverage_free(c);
    coverage_free(back);
    coverage_free(foreign);
    asl_machine_release(m);
    asl_machine_release(short_one);
}

static void contains(const struct asl_buffer *text, const char *part)
{
    if (!text->data || !strstr(text->data, part))
        fail_msg("\"%s\" is missing in:\n%s", part, text->data ? text->data : "");
}

static void test_reports(void **state)
{
    (void)state;
    char message[256];
    asl_machine *m = compile(definition);
    struct coverage *c = after_runs(m, m);
    struct asl_buffer out;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    struct coverage_sum all = coverage_sum(c, COVERAGE_KINDS);
    assert_int_equal(all.goals, 26 + 4 + 2);
    assert_int_equal(all.reached, all.goals - 3);
    coverage_report_text(&c, 1, &out);
    contains(&out, "dir/m.asl.json: 90.6 % of 32 goals reached by 5 executions\n");
    contains(&out, "  rules         100.0 %  4 of 4\n");
    contains(&out, "  dir/m.asl.json:11: Loop never had one item\n");
    contains(&out, "  dir/m.asl.json:25: Call to Done was never taken\n");
    contains(&out, "  dir/m.asl.json:29: Both to the end was never taken\n");
    asl_buffer_clear(&out);
    coverage_report_lcov(&c, 1, &out);
    contains(&out, "SF:dir/m.asl.json\n");
    contains(&out, "FN:2,Pick/one\n");
    contains(&out, "FNDA:5,Pick/one\n");
    contains(&out, "FNF:8\nFNH:8\n");
    contains(&out, "BRDA:3,1,0,2\nBRDA:3,1,1,3\n");
    contains(&out, "DA:25,0\n");
    contains(&out, "DA:27,1\n");
    asl_buffer_clear(&out);
    asl_value *json = coverage_report_json(&c, 1);
    value_print(json, &out);
    contains(&out,
             "{\"percent\":90.6,\"reached\":29,\"goals\":32,\"kinds\":{\"states\":{\"percent\":100,"
             "\"reached\":8,\"goals\":8},");
    value_release(json);
    asl_buffer_clear(&out);
    struct coverage_threshold t;
    assert_true(coverage_threshold_read("90,states=100", &t, message));
    assert_true(coverage_threshold_met(&t, &c, 1, &out));
    assert_true(coverage_threshold_read("90.7,maps=100", &t, message));
    assert_false(coverage_threshold_met(&t, &c, 1, &out));
    assert_string_equal(out.data, "maps: covered 66.6 %, wanted 100.0 %\n"
                                  "covered 90.6 %, wanted 90.7 %\n");
    static const char *const wrong[] = {"x",       "101", "-1",  "state=3",
                                        "states=", "90;", "nan", "5,,"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (coverage_threshold_read(wrong[i], &t, message))
            fail_msg("taken: %s", wrong[i]);
    asl_buffer_free(&out);
    coverage_free(c);
    asl_machine_release(m);
}

static void test_lines(void **state)
{
    (void)state;
    struct lines_wanted wanted[] = {{"/a~1b~0", 0}, {"/c/1", 0},      {"/c/0/x\"", 0}, {"/none", 0},
                                    {"/c/2", 0},    {"/c/1/deep", 0}, {"/last", 0}};
    lines_find(ASL_TEXT("{\"a/b~\": 1,\n \"c\": [{\"x\\u0022\": [\"]\\\"}\"]},\n\n {\"deep\"\n:"
                        "-1.5e3}, \ntrue],\n\n\"last\": \"\\\\\"}"),
               wanted, 7);
    static const struct lines_wanted found[] = {{"/a~1b~0", 1},   {"/c/0/x\"", 2}, {"/c/1", 4},
                                                {"/c/1/deep", 4}, {"/c/2", 6},     {"/last", 8},
                                                {"/none", 0}};
    for (size_t i = 0; i < 7; i++) {
        assert_string_equal(wanted[i].location, found[i].location);
        assert_int_equal(wanted[i].line, found[i].line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_reports),
    };
    return cmocka_run_group_tests_name("coverage", tests, NULL, NULL);
}
