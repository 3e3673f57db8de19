/* Histories of AWS's as others may hold them: redriven, stopped, paged, in reverse, without data,
 * cut, damaged, of another machine. Breaks when a verdict is wrong, or a file that is no history is
 * taken or refused without saying where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "engine/replay/replay.h"

#define TASK(more)                                                                                 \
    "{\"StartAt\": \"T\", \"States\": {\"T\": {\"Type\": \"Task\", \"Resource\": "                 \
    "\"arn:aws:lambda:us-east-1:123456789012:function:f\"" more "}}}"
static const char task[] = TASK(", \"End\": true");
static const char task_then_pass[] =
    TASK(", \"Next\": \"P\"}, \"P\": {\"Type\": \"Pass\", \"End\": true");
static const char task_caught[] = TASK(
    ", \"Catch\": [{\"ErrorEquals\": [\"States.ALL\"], \"Next\": \"P\"}], \"Next\": \"P\"}, \"P\": "
    "{\"Type\": \"Pass\", \"End\": true");

#define STARTED                                                                                    \
    "{\"timestamp\": \"2024-05-01T10:00:00.000000+02:00\", \"type\": \"ExecutionStarted\", "       \
    "\"id\": 1, "                                                                                  \
    "\"previousEventId\": 0, \"executionStartedEventDetails\": {\"input\": \"{}\", "               \
    "\"inputDetails\": "                                                                           \
    "{\"truncated\": false}, \"roleArn\": \"arn:aws:iam::123456789012:role/r\"}}"
#define ENTERED                                                                                    \
    "{\"timestamp\": \"2024-05-01T10:00:00.010000+02:00\", \"type\": \"TaskStateEntered\", "       \
    "\"id\": 2, "                                                                                  \
    "\"previousEventId\": 0, \"stateEnteredEventDetails\": {\"name\": \"T\", \"input\": \"{}\", "  \
    "\"inputDetails\": {\"truncated\": false}}}"
#define SCHEDULED(id, previous, second)                                                            \
    "{\"timestamp\": \"2024-05-01T10:00:" second ".020000+02:00\", \"type\": "                     \
    "\"LambdaFunctionScheduled\", \"id\": " id ", \"previousEventId\": " previous                  \
    ", \"lambdaFunctionScheduledEventDetails\": {\"resource\": "                                   \
    "\"arn:aws:lambda:us-east-1:123456789012:function:f\", \"input\": \"{}\", \"inputDetails\": "  \
    "{\"truncated\": false}}},"                                                                    \
    "{\"timestamp\": \"2024-05-01T10:00:" second ".030000+02:00\", \"type\": "                     \
    "\"LambdaFunctionStarted\", "
#define REDRIVEN                                                                                   \
    "{\"events\": [" STARTED "," ENTERED "," SCHEDULED(                                            \
        "3", "2", "00") "\"id\": 4, \"previousEventId\": 3},"                                      \
                        "{\"timestamp\": \"2024-05-01T10:00:01.000000+02:00\", \"type\": "         \
                        "\"LambdaFunctionFailed\", \"id\": "                                       \
                        "5, \"previousEventId\": 4, \"lambdaFunctionFailedEventDetails\": "        \
                        "{\"error\": \"E\", \"cause\": "                                           \
                        "\"c\"}},"                                                                 \
                        "{\"timestamp\": \"2024-05-01T10:00:01.000000+02:00\", \"type\": "         \
                        "\"ExecutionFailed\", \"id\": 6, "                                         \
                        "\"previousEventId\": 5, \"executionFailedEventDetails\": {\"error\": "    \
                        "\"E\", \"cause\": \"c\"}},"                                               \
                        "{\"timestamp\": \"2024-05-01T10:00:09.000000+02:00\", \"type\": "         \
                        "\"ExecutionRedriven\", \"id\": 7, "                                       \
                        "\"previousEventId\": 6, \"executionRedrivenEventDetails\": "              \
                        "{\"redriveCount\": 1}}," SCHEDULED(                                       \
                            "8", "7",                                                              \
                            "09") "\"id\": 9, \"previousEventId\": 8},"                            \
                                  "{\"timestamp\": \"2024-05-01T10:00:10.000000+02:00\", "         \
                                  "\"type\": \"LambdaFunctionSucceeded\", "                        \
                                  "\"id\": 10, \"previousEventId\": 9, "                           \
                                  "\"lambdaFunctionSucceededEventDetails\": {\"output\": \"7\", "  \
                                  "\"outputDetails\": {\"truncated\": false}}},"                   \
                                  "{\"timestamp\": \"2024-05-01T10:00:10.000000+02:00\", "         \
                                  "\"type\": \"TaskStateExited\", \"id\": 11, "                    \
                                  "\"previousEventId\": 10, \"stateExitedEventDetails\": "         \
                                  "{\"name\": \"T\", \"output\": \"7\", "                          \
                                  "\"outputDetails\": {\"truncated\": false}}},"                   \
                                  "{\"timestamp\": \"2024-05-01T10:00:10.000000+02:00\", "         \
                                  "\"type\": \"ExecutionSucceeded\", \"id\": "                     \
                                  "12, \"previousEventId\": 11, "                                  \
                                  "\"executionSucceededEventDetails\": {\"output\": \"7\", "       \
                                  "\"outputDetails\": {\"truncated\": false}}}]}"

static asl_machine *compile(const char *text)
{
    struct asl_diagnostics d = {0};
    asl_machine *m = asl_machine_compile(asl_text(text), false, &d);
    if (!m)
        print_error("%s\n", d.count ? d.items[0].message : "");
    asl_diagnostics_free(&d);
    assert_non_null(m);
    return m;
}

static void verdict(const char *history, const char *definition, enum replay_verdict wanted)
{
    const struct replay_identity unknown = {0};
    struct recording r;
    struct replay_judgement j;
    char message[256] = "";
    asl_machine *m = compile(definition);
    asl_value *events = recording_parse(asl_text(history), message);
    if (!events || !recording_take(&r, events, message))
        fail_msg("%s", message);
    assert_true(replay_judge(m, &r, &unknown, &j, message));
    if (j.verdict != wanted)
        fail_msg("%s, not %s: event %lld %.*s", replay_verdict_name(j.verdict),
                 replay_verdict_name(wanted), (long long)j.event,
                 ASL_TEXT_ARGS(asl_buffer_text(&j.difference)));
    replay_judgement_free(&j);
    recording_free(&r);
    asl_machine_release(m);
}

static void test_redriven(void **state)
{
    (void)state;
    verdict(REDRIVEN, task, REPLAY_SAME);
    verdict(REDRIVEN, task_then_pass, REPLAY_OTHER_PATH); /* fails, is redriven, and goes on */
    verdict(REDRIVEN, task_caught, REPLAY_OTHER_PATH);    /* it would not have failed at all */
}

/* The same events, printed in other ways. */
static void test_pages(void **state)
{
    (void)state;
    struct value_error error;
    asl_value *whole = value_parse(asl_text(REDRIVEN), 0, 0, &error);
    const asl_value *events = value_get_z(whole, "events");
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    for (size_t size = 1; size <= 12; size += 4) { /* pages of so many, the newest first */
        asl_buffer_clear(&text);
        for (size_t end = value_count(events); end > 0; end = end > size ? end - size : 0) {
            asl_buffer_puts(&text, "{\"events\": [");
            for (size_t i = end; i > (end > size ? end - size : 0); i--) {
                asl_buffer_puts(&text, i == end ? "" : ",");
                value_print(value_at(events, i - 1), &text);
            }
            asl_buffer_puts(&text, "], \"nextToken\": \"x\"}\n");
        }
        verdict(text.data, task, REPLAY_SAME);
    }
    asl_buffer_free(&text);
    value_release(whole);
}

static void refused(const char *history, const char *words)
{
    struct recording r;
    char message[256] = "";
    asl_value *events = recording_parse(asl_text(history), message);
    if (events && recording_take(&r, events, message))
        fail_msg("taken: %.100s", history);
    if (!strstr(message, words))
        fail_msg("'%s' is not in '%s'", words, message);
}

static void test_damaged(void **state)
{
    (void)state;
    refused("", "the file is empty");
    refused("{\"events\": []}", "no events");
    refused("{\"events\": [\n 1]}", "line 1");
    refused("{\n\"executions\": []}", "{\"events\": [...]} is wanted");
    refused("{\"events\": [" STARTED ",\n", "line 2");
    refused("{\"events\": [" ENTERED "]}", "event 1 is missing");
    refused("{\"events\": [" STARTED "," STARTED "]}", "event 2 is missing");
    refused("{\"events\": [{\"id\": 1, \"type\": \"PassStateEntered\"}]}",
            "begins with ExecutionStarted");
    refused("{\"events\": [{\"id\": 1, \"previousEventId\": 0, \"type\": \"ExecutionStarted\", "
            "\"executionStartedEventDetails\": {\"inputDetails\": {\"truncated\": false}}}]}",
            "--include-execution-data");
    refused("{\"events\": [" STARTED ", {\"id\": 2, \"previousEventId\": 9, \"type\": \"X\"}]}",
            "previousEventId 9");
    refused("{\"events\": [" STARTED ", {\"id\": 2, \"previousEventId\": 0, \"type\": \"X\", "
            "\"xEventDetails\": 5}]}",
            "its details are no object");
}

/* Of another machine: a verdict, and the place. */
static void test_of_another_machine(void **state)
{
    (void)state;
    verdict(REDRIVEN,
            "{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Pass\", \"End\": true}}}",
            REPLAY_OTHER_PATH);
    verdict("{\"events\": [" STARTED "," ENTERED "]}",
            "{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Pass\", \"End\": true}}}",
            REPLAY_UNREACHABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redriven),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_of_another_machine),
    };
    return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
