/* What is told of a test: status, output or error, the next state, and under DEBUG and TRACE what
 * the data became at each station. Which stations AWS shows of which state is a table, as recorded.
 */
#include <stdio.h>
#include <string.h>

#include "engine/api/test_state/test_state.h"

#define BIT(kind) (1u << STATE_##kind)

static const struct station {
    enum asl_sight sight;
    const char *member;
    unsigned jsonpath, jsonata; /* states of which it is shown */
} stations[] = {
    {ASL_SEE_INPUT_PATH, "afterInputPath",
     BIT(PASS) | BIT(TASK) | BIT(CHOICE) | BIT(WAIT) | BIT(SUCCEED) | BIT(FAIL) | BIT(MAP), 0},
    {ASL_SEE_PARAMETERS, "afterParameters", BIT(PASS) | BIT(TASK), 0},
    {ASL_SEE_PARAMETERS, "afterArguments", 0, BIT(TASK)},
    {ASL_SEE_ITEMS_PATH, "afterItemsPath", BIT(MAP), 0},
    {ASL_SEE_ITEM_SELECTOR, "afterItemSelector", BIT(MAP), BIT(MAP)},
    {ASL_SEE_ITEM_BATCHER, "afterItemBatcher", BIT(MAP), BIT(MAP)},
    {ASL_SEE_RESULT, "result", BIT(PASS) | BIT(TASK), BIT(TASK)},
    {ASL_SEE_RESULT_SELECTOR, "afterResultSelector",
     BIT(PASS) | BIT(TASK) | BIT(PARALLEL) | BIT(MAP), 0},
    {ASL_SEE_RESULT_PATH, "afterResultPath", BIT(PASS) | BIT(TASK) | BIT(PARALLEL) | BIT(MAP), 0},
};

/* ---- values as texts ---- */

static struct asl_text written_as(const struct test_state *t, const asl_value *v)
{
    const struct {
        struct asl_text text;
        const asl_value *whole;
    } sources[] = {{t->input, asl_execution_input(t->x)},
                   {t->mock_text, t->mock_result},
                   {api_text(t->call, "context"), t->context},
                   {api_text(t->call, "variables"), t->variables}};
    struct asl_text found = {NULL, 0};
    for (size_t i = 0; i < sizeof sources / sizeof *sources && !found.data; i++)
        if (sources[i].text.data)
            found = source_text(sources[i].text, sources[i].whole, v);
    return found;
}

static void put_json(const struct test_state *t, struct value_list *l, const char *member,
                     const asl_value *v)
{
    struct asl_text written = written_as(t, v);
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (written.data)
        asl_buffer_put_text(&text, written);
    else
        value_print(v, &text);
    value_list_set_take(l, member, value_string(asl_buffer_text(&text)));
    asl_buffer_free(&text);
}

/* ---- inspectionData ---- */

/* A Result makes InputPath and Parameters idle. */
static bool is_idle(const struct test_state *t, enum asl_sight sight)
{
    return t->tested->kind == STATE_PASS && t->tested->of.pass.result &&
           (sight == ASL_SEE_INPUT_PATH || sight == ASL_SEE_PARAMETERS);
}

static void put_stations(const struct test_state *t, struct value_list *l)
{
    const struct state *s = t->tested;
    for (size_t i = 0; i < sizeof stations / sizeof *stations; i++) {
        const struct station *at = &stations[i];
        unsigned kinds = s->language == LANGUAGE_JSONATA ? at->jsonata : at->jsonpath;
        const asl_value *v = t->seen[at->sight];
        if (v && kinds & (1u << s->kind) && !is_idle(t, at->sight))
            put_json(t, l, at->member, v);
    }
    if (t->pointed)
        put_json(t, l, "afterItemsPointer", t->pointed);
}

/* A float of the model, also where it is whole. */
static asl_value *percentage(const asl_value *v)
{
    char text[64];
    int64_t whole;
    if (!value_as_integer(v, &whole))
        return value_retain(v);
    snprintf(text, sizeof text, "%lld.0", (long long)whole);
    return value_number_text(asl_text(text));
}

static void put_numbers(const struct test_state *t, struct value_list *l)
{
    const asl_value *concurrency = t->seen[ASL_SEE_MAX_CONCURRENCY];
    const asl_value *count = t->seen[ASL_SEE_TOLERATED_COUNT];
    const asl_value *share = t->seen[ASL_SEE_TOLERATED_PERCENTAGE];
    if (concurrency)
        value_list_set_take(l, "maxConcurrency", value_retain(concurrency));
    if (count)
        value_list_set_take(l, "toleratedFailureCount", value_retain(count));
    if (share)
        value_list_set_take(l, "toleratedFailurePercentage", percentage(share));
}

static void put_error_details(const struct test_state *t, struct value_list *l)
{
    struct value_list details;
    const asl_value *seconds = t->seen[ASL_SEE_BACKOFF];
    if (t->retry_index < 0 && t->catch_index < 0)
        return;
    value_list_init(&details);
    if (t->catch_index >= 0)
        value_list_set_take(&details, "catchIndex", value_integer(t->catch_index));
    if (t->retry_index >= 0)
        value_list_set_take(&details, "retryIndex", value_integer(t->retry_index));
    if (t->is_retriable && seconds)
        value_list_set_take(&details, "retryBackoffIntervalSeconds",
                            value_integer((int64_t)value_as_double(seconds)));
    value_list_set_take(l, "errorDetails", value_object_take(&details));
}

static asl_value *inspection(const struct test_state *t)
{
    const asl_value *left = t->seen[ASL_SEE_VARIABLES];
    const asl_value *variables = left ? left : t->variables;
    struct value_list l;
    value_list_init(&l);
    put_json(t, &l, "input", asl_execution_input(t->x));
    put_stations(t, &l);
    put_numbers(t, &l);
    if (variables && value_count(variables))
        put_json(t, &l, "variables", variables);
    put_error_details(t, &l);
    if (t->request)
        value_list_set_take(&l, "request", value_retain(t->request));
    if (t->response)
        value_list_set_take(&l, "response", value_retain(t->response));
    return value_object_take(&l);
}

/* ---- the answer ---- */

static void put_text(struct value_list *l, const char *member, const char *text)
{
    if (text)
        value_list_set_take(l, member, value_string_z(text));
}

static void put_end(const struct test_state *t, struct value_list *l)
{
    enum asl_status status = asl_execution_status(t->x);
    bool fine = status == ASL_SUCCEEDED;
    if (fine)
        put_json(t, l, "output", asl_execution_output(t->x));
    if (t->is_late || status == ASL_TIMED_OUT) {
        put_text(l, "error", "States.Timeout");
    } else if (fine ? t->is_caught : t->is_retriable) {
        put_text(l, "error", t->error);
        put_text(l, "cause", t->cause);
    } else if (!fine) {
        put_text(l, "error", asl_execution_error(t->x));
        put_text(l, "cause", asl_execution_cause(t->x));
    }
    if (fine)
        put_text(l, "nextState", t->next);
    put_text(l, "status",
             fine                             ? t->is_caught ? "CAUGHT_ERROR" : "SUCCEEDED"
             : t->is_retriable && !t->is_late ? "RETRIABLE"
                                              : "FAILED");
}

asl_value *test_state_answer(struct test_state *t)
{
    struct asl_text level = api_text(t->call, "inspectionLevel");
    struct value_list l;
    value_list_init(&l);
    put_end(t, &l);
    if (asl_text_is(level, "DEBUG") || asl_text_is(level, "TRACE"))
        value_list_set_take(&l, "inspectionData", inspection(t));
    return value_object_take(&l);
}
