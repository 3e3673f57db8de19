/* Values: exact, shared, strict. Breaks when: parse.c accepts what RFC 8259 does not, a number or
 * string changes on its way through, lookup or duplicate handling is off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asl/value/value.h"

static void assert_round_trip(const char *json)
{
    struct value_error error;
    struct asl_buffer out;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    asl_value *v = value_parse(asl_text(json), 0, 0, &error);
    assert_non_null(v);
    value_print(v, &out);
    assert_string_equal(asl_buffer_text(&out).data, json);
    value_release(v);
    asl_buffer_free(&out);
}

static void keeps_what_it_was_given(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "9007199254740993",
        "1e400",
        "1E5",
        "-0",
        "0.10",
        "123456789012345678901234567890",
        "\"a\\u0000b\"",
        "\"\xF0\x9F\x98\x80\"",
        "{\"b\":1,\"a\":[null,true,false,{}]}",
        "[]",
        "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u001f\"",
        "{\"\":0}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_round_trip(texts[i]);
}

static void refuses_what_is_not_json(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum value_problem problem;
        size_t line, column;
    } cases[] = {
        {"", VALUE_EMPTY_TEXT, 1, 1},
        {"01", VALUE_BAD_NUMBER, 1, 1},
        {"[1,\n 1.]", VALUE_BAD_NUMBER, 2, 2},
        {"+1", VALUE_UNEXPECTED, 1, 1},
        {"nul", VALUE_UNKNOWN_WORD, 1, 1},
        {"nullx", VALUE_UNKNOWN_WORD, 1, 1},
        {"[1 2]", VALUE_UNEXPECTED, 1, 4},
        {"{\"a\":1,}", VALUE_UNEXPECTED, 1, 8},
        {"{\"a\" 1}", VALUE_UNEXPECTED, 1, 6},
        {"\"abc", VALUE_ENDED_EARLY, 1, 5},
        {"{\"a\":", VALUE_ENDED_EARLY, 1, 6},
        {"\"\\x\"", VALUE_BAD_ESCAPE, 1, 2},
        {"\"\\ud800\"", VALUE_BAD_ESCAPE, 1, 2},
        {"\"\xFF\"", VALUE_BAD_UTF8, 1, 2},
        {"\"\xC0\x80\"", VALUE_BAD_UTF8, 1, 2},
        {"\"\n\"", VALUE_CONTROL_CHARACTER, 1, 2},
        {"1 2", VALUE_TRAILING, 1, 3},
        {"{\"\xC3\xA9\":x}", VALUE_UNKNOWN_WORD, 1, 6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct value_error error;
        assert_null(value_parse(asl_text(cases[i].text), 0, 0, &error));
        assert_int_equal(error.problem, cases[i].problem);
        assert_int_equal(error.line, cases[i].line);
        assert_int_equal(error.column, cases[i].column);
        assert_true(strlen(error.message) > 5);
    }
}

static void bounds_depth_and_size(void **state)
{
    (void)state;
    struct value_error error;
    size_t deep = 100000;
    char *text = malloc(deep + 1);
    memset(text, '[', deep);
    text[deep] = '\0';
    assert_null(value_parse((struct asl_text){text, deep}, 0, 0, &error));
    assert_int_equal(error.problem, VALUE_TOO_DEEP);
    assert_int_equal(error.column, VALUE_DEPTH_MAXIMUM + 1);
    assert_null(value_parse((struct asl_text){text, deep}, 0, 99, &error));
    assert_int_equal(error.problem, VALUE_TOO_LARGE);
    free(text);
    asl_value *v = value_null();
    for (size_t i = 0; i < 200000; i++) /* releasing must not recurse */
        v = value_append_take(value_empty_array(), v);
    assert_int_equal(value_depth(v), UINT16_MAX);
    value_release(v);
}

static void merges_or_refuses_duplicates(void **state)
{
    (void)state;
    struct value_error error;
    struct asl_buffer out;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    const char *text = "{\"a\":1,\"b\":2,\"a\":3}";
    asl_value *v = value_parse(asl_text(text), 0, 0, &error);
    value_print(v, &out);
    assert_string_equal(out.data, "{\"a\":3,\"b\":2}");
    value_release(v);
    assert_null(value_parse(asl_text(text), VALUE_REFUSE_DUPLICATES, 0, &error));
    assert_int_equal(error.problem, VALUE_DUPLICATE_KEY);
    asl_buffer_clear(&out);
    asl_buffer_putc(&out, '{');
    for (int i = 0; i < 300; i++)
        asl_buffer_printf(&out, "%s\"k%d\":%d", i ? "," : "", i % 100, i);
    asl_buffer_putc(&out, '}');
    v = value_parse(asl_buffer_text(&out), 0, 0, &error);
    assert_int_equal(value_count(v), 100);
    for (int i = 0; i < 100; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        int64_t n;
        assert_true(value_as_integer(value_get_z(v, key), &n));
        assert_int_equal(n, 200 + i);
    }
    assert_null(value_get_z(v, "k100"));
    value_release(v);
    asl_buffer_free(&out);
}

static void reads_numbers_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool integer;
        int64_t value;
    } cases[] = {
        {"5", true, 5},
        {"5.0", true, 5},
        {"5e0", true, 5},
        {"50e-1", true, 5},
        {"5.5", false, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775808", true, INT64_MIN},
        {"1e18", true, 1000000000000000000},
        {"1e400", false, 0},
        {"0e400", true, 0},
        {"1e-400", false, 0},
        {"-0", true, 0},
        {"1.50e1", true, 15},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asl_value *v = value_number_text(asl_text(cases[i].text));
        int64_t n = 0;
        assert_int_equal(value_as_integer(v, &n), cases[i].integer);
        assert_int_equal(n, cases[i].value);
        value_release(v);
    }
    static const struct {
        double d;
        const char *text;
    } doubles[] = {{0.1, "0.1"},
                   {5, "5"},
                   {1e21, "1e+21"},
                   {123456789012345680000.0, "123456789012345680000"},
                   {1e-7, "1e-7"},
                   {0.000001, "0.000001"},
                   {-1.5, "-1.5"},
                   {0.1 + 0.2, "0.30000000000000004"},
                   {1.7976931348623157e308, "1.7976931348623157e+308"},
                   {5e-324, "5e-324"},
                   {0x1p-44, "5.684341886080802e-14"},
                   {-0.0, "0"}};
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        asl_value *v = value_double(doubles[i].d);
        assert_string_equal(value_as_text(v).data, doubles[i].text);
        value_release(v);
    }
}

static void shares_and_changes_copies(void **state)
{
    (void)state;
    asl_value *a = value_literal("{\"x\":1,\"y\":[1,2]}");
    asl_value *b = value_with_take(value_retain(a), value_string_z("x"), value_integer(2));
    assert_false(value_equal(a, b));
    assert_ptr_equal(value_get_z(a, "y"), value_get_z(b, "y"));
    asl_value *c = value_with_take(b, value_string_z("x"), value_literal("1.0"));
    assert_ptr_equal(b, c); /* alone: changed in place */
    assert_true(value_equal(a, c));
    value_release(a);
    value_release(c);
}

static void locates(void **state)
{
    (void)state;
    const char *text = "{\n \"States\": {\"a/b\": [1,\n  {\"Next\": \"x\"}]}}";
    struct value_place place;
    assert_true(value_locate(asl_text(text), asl_text("/States/a~1b/1/Next"), false, &place));
    assert_int_equal(place.line, 3);
    assert_int_equal(place.column, 12);
    assert_true(value_locate(asl_text(text), asl_text("/States/a~1b/1/Next"), true, &place));
    assert_int_equal(place.column, 4);
    assert_false(value_locate(asl_text(text), asl_text("/States/zz"), false, &place));
    assert_int_equal(place.line, 2);
}

static void check_short(const char *json, size_t maximum, const char *expected)
{
    asl_value *v = json ? value_literal(json) : NULL;
    struct asl_buffer out;
    asl_buffer_init(&out, 1000);
    value_print_short(v, maximum, &out);
    assert_string_equal(out.data, expected);
    asl_buffer_free(&out);
    value_release(v);
}

static void prints_short(void **state)
{
    (void)state;
    check_short(NULL, 10, "nothing");
    check_short("[1, 2]", 5, "[1,2]");
    check_short("[1, 2]", 4, "[1,2...");
    check_short("\"a\u00e9b\"", 4, "\"a\xc3\xa9...");
    check_short("\"a\u00e9b\"", 3, "\"a...");
    check_short("\"a\u00e9b\"", 0, "...");
}

static void lists_members(void **state)
{
    (void)state;
    asl_value *object = value_literal("{\"a\": 1, \"b\": [2]}");
    asl_value *members = value_members(object);
    asl_value *expected =
        value_literal("[{\"Key\":\"a\",\"Value\":1},{\"Key\":\"b\",\"Value\":[2]}]");
    assert_true(value_equal(members, expected));
    value_release(object);
    value_release(members);
    value_release(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_it_was_given),
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(bounds_depth_and_size),
        cmocka_unit_test(merges_or_refuses_duplicates),
        cmocka_unit_test(reads_numbers_exactly),
        cmocka_unit_test(shares_and_changes_copies),
        cmocka_unit_test(locates),
        cmocka_unit_test(prints_short),
        cmocka_unit_test(lists_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
