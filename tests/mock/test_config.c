/* Mock files of Step Functions Local. Breaks when: a file that is wrong is taken, a complaint loses
 * its place, or an invocation gets another's response. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "engine/mock/config.h"

#define RESPONSES(text) "{\"StateMachines\":{},\"MockedResponses\":{\"R\":{" text "}}}"
#define USES(text)                                                                                 \
    "{\"StateMachines\":{\"M\":{\"TestCases\":{\"C\":{" text                                       \
    "}}}},\"MockedResponses\":{\"R\":{\"0\":{\"Return\":1}}}}"

static const struct {
    const char *text, *message; /* "": taken */
} files[] = {
    {USES("\"A\":\"R\""), ""},
    {RESPONSES("\"0\":{\"Return\":null},\"1-2\":{\"Throw\":{\"Error\":\"E\",\"Cause\":\"C\"}}"),
     ""},
    {"{\n \"StateMachines\": {},\n}", "f:3:1: "},
    {"[]", "f:1:1: a mock file must be an object, not an array"},
    {"{\"StateMachines\":{}}", "f:1:1: the file wants \"MockedResponses\""},
    {"{\"MockedResponses\":{}}", "f:1:1: the file wants \"StateMachines\""},
    {"{\"StateMachines\":{\"M\":{}},\"MockedResponses\":{}}",
     "f:1:23: the state machine 'M' wants \"TestCases\""},
    {USES("\"A\":\"S\""), "f:1:46: there is no mocked response 'S'; did you mean 'R'?"},
    {USES("\"A\":\"Missing\""), "f:1:46: there is no mocked response 'Missing'; there are: 'R'"},
    {USES("\"A\":{}"), "f:1:46: the state 'A' wants the name of a mocked response, not an object"},
    {RESPONSES(""), "f:1:44: the mocked response 'R' has no invocation"},
    {RESPONSES("\"x\":{\"Return\":1}"),
     "f:1:45: 'x' is no invocation: \"0\" is the first, \"1-2\" the two behind it"},
    {RESPONSES("\"-1\":{\"Return\":1}"), "f:1:45: '-1' is no invocation"},
    {RESPONSES("\"1-\":{\"Return\":1}"), "f:1:45: '1-' is no invocation"},
    {RESPONSES("\"2-1\":{\"Return\":1}"), "f:1:45: the range '2-1' runs backwards"},
    {RESPONSES("\"0-2\":{\"Return\":1},\"2\":{\"Return\":2}"),
     "f:1:64: the invocations '2' overlap '0-2'"},
    {RESPONSES("\"0\":{\"Return\":1,\"Throw\":{\"Error\":\"E\"}}"),
     "f:1:49: a response has either \"Return\" or \"Throw\", and nothing else"},
    {RESPONSES("\"0\":{}"), "f:1:49: a response has either \"Return\" or \"Throw\""},
    {RESPONSES("\"0\":5"), "f:1:49: an invocation's response must be an object, not a number"},
    {RESPONSES("\"0\":{\"Throw\":{\"Cause\":\"C\"}}"), "f:1:58: Throw wants an \"Error\""},
    {RESPONSES("\"0\":{\"Throw\":{\"Error\":5}}"), "f:1:67: Error must be a string, not a number"},
    {RESPONSES("\"0\":{\"Return\":1},\"0\":{\"Return\":2}"), "f:1:"}, /* a key twice */
};

static void tells_what_is_wrong_and_where(void **state)
{
    struct asl_buffer message;
    (void)state;
    asl_buffer_init(&message, 65536);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct mock_config *c = mock_config_read("f", asl_text(files[i].text), &message);
        const char *said = message.size ? message.data : "";
        bool wanted = files[i].message[0] != '\0';
        if ((c == NULL) != wanted || strncmp(said, files[i].message, strlen(files[i].message)) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", files[i].text, said, files[i].message);
        mock_config_free(c);
    }
    asl_buffer_free(&message);
}

static void complains_within_bounds(void **state)
{
    struct asl_buffer text, message;
    (void)state;
    asl_buffer_init(&text, 1 << 20);
    asl_buffer_init(&message, 65536);
    asl_buffer_puts(&text, "{\"StateMachines\":{},\"MockedResponses\":{");
    for (int i = 0; i < 100; i++)
        asl_buffer_printf(&text, "%s\"R%d\":{}", i ? "," : "", i);
    asl_buffer_puts(&text, "}}");
    assert_null(mock_config_read("f", asl_buffer_text(&text), &message));
    assert_non_null(strstr(message.data, "\nf: and 80 more"));
    asl_buffer_free(&text);
    asl_buffer_free(&message);
}

static const char asked[] =
    "{\"StateMachines\":{\"M\":{\"TestCases\":{\"C\":{\"A\":\"R\",\"P\":\"R\"}}}},"
    "\"MockedResponses\":{\"R\":{\"0\":{\"Return\":\"first\"},\"2-3\":{\"Throw\":{\"Error\":\"E\"}}"
    "}}}";

static void answers_by_invocation(void **state)
{
    static const struct {
        const char *machine, *test_case, *state;
        int64_t invocation;
        enum mock_answer answer;
    } cases[] = {
        {"M", "C", "A", 0, MOCK_RETURNS}, {"M", "C", "A", 1, MOCK_MISSING},
        {"M", "C", "A", 2, MOCK_THROWS},  {"M", "C", "A", 3, MOCK_THROWS},
        {"M", "C", "A", 4, MOCK_MISSING}, {"M", "C", "B", 0, MOCK_REAL},
        {"M", "D", "A", 0, MOCK_REAL},    {"N", "C", "A", 0, MOCK_REAL},
    };
    struct asl_buffer message;
    (void)state;
    asl_buffer_init(&message, 65536);
    struct mock_config *c = mock_config_read("f", asl_text(asked), &message);
    assert_non_null(c);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const asl_value *value = NULL;
        struct asl_text response = {NULL, 0};
        enum mock_answer answer =
            mock_config_answer(c, asl_text(cases[i].machine), asl_text(cases[i].test_case),
                               asl_text(cases[i].state), cases[i].invocation, &value, &response);
        assert_int_equal(answer, cases[i].answer);
        if (answer == MOCK_RETURNS)
            assert_true(asl_text_is(value_as_text(value), "first"));
        if (answer == MOCK_THROWS)
            assert_true(asl_text_is(value_as_text(value_get_z(value, "Error")), "E"));
        if (answer != MOCK_REAL)
            assert_true(asl_text_is(response, "R"));
    }
    mock_config_free(c);
    asl_buffer_free(&message);
}

static void checks_the_states_of_a_machine(void **state)
{
    struct asl_diagnostics d = {0};
    struct asl_buffer message;
    (void)state;
    asl_buffer_init(&message, 65536);
    asl_machine *m = asl_machine_compile(
        ASL_TEXT("{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"End\":true}}}"), false,
        &d);
    struct mock_config *c = mock_config_read("f", asl_text(asked), &message);
    assert_non_null(m);
    assert_non_null(c);
    assert_false(mock_config_check(c, "M", "C", m, &message));
    assert_string_equal(message.data, "f:1:42: the state machine has no state 'A'\n"
                                      "f:1:50: the state 'P' is no Task: only Tasks are mocked");
    assert_true(mock_config_check(c, "M", "C", NULL, &message));
    assert_false(mock_config_check(c, "m", "C", NULL, &message));
    assert_string_equal(message.data, "f:1:2: there is no state machine 'm'; did you mean 'M'?");
    assert_false(mock_config_check(c, "M", "D", NULL, &message));
    mock_config_free(c);
    asl_machine_release(m);
    asl_diagnostics_free(&d);
    asl_buffer_free(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_is_wrong_and_where),
        cmocka_unit_test(complains_within_bounds),
        cmocka_unit_test(answers_by_invocation),
        cmocka_unit_test(checks_the_states_of_a_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
