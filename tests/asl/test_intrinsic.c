/* Intrinsic functions. Breaks when: a digest, Java's random numbers, the grammar of calls or one of
 * the 18 functions answers other than AWS does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asl/intrinsic/hash.h"
#include "asl/intrinsic/intrinsic.h"
#include "asl/intrinsic/java_random.h"

static struct asl_text digest(const char *algorithm, struct asl_text data, struct asl_buffer *out)
{
    asl_buffer_clear(out);
    assert_true(intrinsic_hash(asl_text(algorithm), data, out));
    return asl_buffer_text(out);
}

/* Every length of 0 to 299 bytes, so that each way the padding can fall is met: the MD5 of all
 * digests in a row, as another implementation gives it; and the digest of "hello". */
static void digests_of_every_length(void **state)
{
    (void)state;
    static const struct {
        const char *algorithm, *of_all, *hello;
    } cases[] = {
        {"MD5", "e5b64e002faa2b921e7dcb0baefb05fc", "5d41402abc4b2a76b9719d911017c592"},
        {"SHA-1", "6df49302700d5c01ab2bd651a0c7c936", "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"},
        {"SHA-256", "3d5c059d0df664bc92fcb01ea81b46ad",
         "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"},
        {"SHA-384", "cd4e800211b9e3d722c86a4a3941c3f0",
         "59e1748777448c69de6b800d7a33bbfb9ff1b463e44354c3553bcdb9c666fa90"
         "125a3c79f90397bdf5f6a13de828684f"},
        {"SHA-512", "966c3488d674a4a059ad3c67d374ca82",
         "9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca7"
         "2323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043"},
    };
    char data[300];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (char)(i % 251);
    }
    struct asl_buffer all, one;
    asl_buffer_init(&all, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&one, ASL_BUFFER_MAXIMUM);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        asl_buffer_clear(&all);
        for (size_t n = 0; n < sizeof data; n++) {
            asl_buffer_put_text(&all, digest(cases[c].algorithm, (struct asl_text){data, n}, &one));
        }
        digest("MD5", asl_buffer_text(&all), &one);
        assert_string_equal(one.data, cases[c].of_all);
        digest(cases[c].algorithm, ASL_TEXT("hello"), &one);
        assert_string_equal(one.data, cases[c].hello);
    }
    assert_false(intrinsic_hash(ASL_TEXT("sha-256"), ASL_TEXT("x"), &one));
    assert_false(intrinsic_hash(ASL_TEXT("SHA-25"), ASL_TEXT("x"), &one));
    asl_buffer_free(&all);
    asl_buffer_free(&one);
}

/* The recorded seeded results of AWS, which are java.util.Random's, and values that the Java
 * documentation's algorithm gives. */
static void random_numbers_are_javas(void **state)
{
    (void)state;
    static const struct {
        int64_t seed;
        int32_t bound, expected;
    } cases[] = {{42, 99, 62}, {1, 999, 105}, {2, 999, 805}, {-10, 9, 0}, {0, 9, 6}, {1, 7, 4}};
    struct java_random r;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        java_random_seed(&r, cases[i].seed);
        assert_int_equal(java_random_next_int_below(&r, cases[i].bound), cases[i].expected);
    }
    java_random_seed(&r, 42);
    assert_int_equal(java_random_next_int(&r), -1170105035);
    assert_int_equal(java_random_next_int(&r), 234785527);
    java_random_seed(&r, 42);
    assert_int_equal(java_random_next_int_below(&r, 16), 11);
    java_random_seed(&r, 42);
    assert_true(java_random_next_double(&r) == 0.7275636800328681);
}

/* ---- calls ---- */

struct row {
    const char *call, *input, *expected; /* JSON, or `!` and the message */
};

#define FAILED(call)        "!There was an error while evaluating the intrinsic function: " call ". "
#define INVALID(call, name) FAILED(call) "Invalid arguments in States." name
#define SOURCE              "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: "
#define NO_JSON(why, line, column)                                                                 \
    FAILED("States.StringToJson($)")                                                               \
    "Cannot convert String to Json in States.StringToJson, caused by: " why "\n at " SOURCE #line  \
    ", column: " #column "]"
#define EXPECTED "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"

static const struct row calls[] = {
    {"States.Array()", "{}", "[]"},
    {"States.Array( $.a , null,true,false, -1.5e3, 'x')", "{\"a\":{}}",
     "[{},null,true,false,-1.5e3,\"x\"]"},
    {"States.Array($.a[1,0], $['b c'], $.o[?(@.p>1)].p, $$.N, $v.w, $.t.['x:y,z)'])",
     "{\"a\":[1,2],\"b c\":3,\"o\":[{\"p\":1},{\"p\":2}],\"t\":{\"x:y,z)\":6}}",
     "[[2,1],3,[2],\"ctx\",4,6]"},
    {"States.Array(States.Array(States.Array('deep')))", "{}", "[[[\"deep\"]]]"},
    {"States.Array('\\'\\{\\}\\\\')", "{}", "[\"'{}\\\\\"]"},
    {"States.ArrayContains($, 'true')", "[true]", "true"},
    {"States.ArrayContains($, 1)", "[1.0,\"1.0\",[1],null]", "false"},
    {"States.ArrayContains($, '1')", "[1]", "true"},
    {"States.ArrayContains($, 'null')", "[null]", "false"},
    {"States.ArrayContains($.a, $.b)", "{\"a\":[{\"x\":[1],\"y\":2}],\"b\":{\"y\":2,\"x\":[1]}}",
     "true"},
    {"States.ArrayGetItem($, 1.9)", "[1,2,3]", "2"},
    {"States.ArrayPartition($, 2)", "[1,2,3]", "[[1,2],[3]]"},
    {"States.ArrayPartition($, 0)", "[1]",
     INVALID("States.ArrayPartition($, 0)", "ArrayPartition")},
    {"States.ArrayRange(1, 9, 2)", "{}", "[1,3,5,7,9]"},
    {"States.ArrayRange(9, 1, -4)", "{}", "[9,5,1]"},
    {"States.ArrayRange(-2147483648, 2147483647, 2147483647)", "{}", "[-2147483648,-1,2147483646]"},
    {"States.ArrayLength(States.ArrayRange(1, 1000, 1))", "{}", "1000"},
    {"States.ArrayRange(1000, 0, -1)", "{}",
     INVALID("States.ArrayRange(1000, 0, -1)", "ArrayRange")},
    {"States.ArrayUnique($)",
     "[1,1.0,\"1\",{\"a\":[1],\"b\":2},{\"b\":2,\"a\":[1]},null,[],[[]],null,[]]",
     "[1,1.0,\"1\",{\"a\":[1],\"b\":2},null,[],[[]]]"},
    {"States.Base64Encode('a')", "{}", "\"YQ==\""},
    {"States.Base64Encode('')", "{}", "\"\""},
    {"States.Base64Decode('YQ')", "{}", "\"a\""},
    {"States.Base64Decode('YWI=')", "{}", "\"ab\""},
    {"States.Base64Decode('/w==')", "{}", "\"\xEF\xBF\xBD\""},
    {"States.Base64Decode('YQ=')", "{}", INVALID("States.Base64Decode('YQ=')", "Base64Decode")},
    {"States.Base64Decode('Y')", "{}", INVALID("States.Base64Decode('Y')", "Base64Decode")},
    {"States.Base64Decode('Y-==')", "{}", INVALID("States.Base64Decode('Y-==')", "Base64Decode")},
    {"States.Format('no placeholder')", "{}", "\"no placeholder\""},
    {"States.Format('\\{\\} {} \\\\ \\'', 1)", "{}", "\"{} 1 \\\\ '\""},
    {"States.Format($.t, 5)", "{\"t\":\"\\\\{x\\\\}={}\"}", "\"{x}=5\""},
    {"States.Format('{} {}', $, null)", "{\"a\":[1,\"b\",{\"c\":null}],\"d\":true}",
     "\"{a=[1, b, {c=null}], d=true} null\""},
    {"States.Format('{} {} {} {} {} {}', 1.10, 1e2, 1.5E10, 0.00012, 123456789012345678901, "
     "-0.001)",
     "{}", "\"1.1 100.0 1.5E10 1.2E-4 123456789012345678901 -0.001\""},
    {"States.Format('{}', 1, 2)", "{}", INVALID("States.Format('{}', 1, 2)", "Format")},
    {"States.Format('{}{}', 1)", "{}", INVALID("States.Format('{}{}', 1)", "Format")},
    {"States.Format()", "{}", INVALID("States.Format()", "Format")},
    {"States.Format(1)", "{}", INVALID("States.Format(1)", "Format")},
    {"States.Hash('hello', 'MD5')", "{}", "\"5d41402abc4b2a76b9719d911017c592\""},
    {"States.Hash($, 'MD5')", "{\"a\":1}", "\"bb6cb5c68df4652941caf652a366f2d8\""},
    {"States.JsonMerge($.a, $.b, false)", "{\"a\":{\"x\":1,\"y\":2},\"b\":{\"y\":{},\"z\":3}}",
     "{\"x\":1,\"y\":{},\"z\":3}"},
    {"States.JsonMerge($, $, true)", "{}", INVALID("States.JsonMerge($, $, true)", "JsonMerge")},
    {"States.JsonMerge($, $, 'false')", "{}",
     INVALID("States.JsonMerge($, $, 'false')", "JsonMerge")},
    {"States.JsonToString($)", "{\"a\":[1.10,\"\\u0001\"]}",
     "\"{\\\"a\\\":[1.10,\\\"\\\\u0001\\\"]}\""},
    {"States.MathAdd(-1.5, 0)", "{}", "-1"},
    {"States.MathAdd(0.49999999999999994, 0)", "{}", "0"},
    {"States.MathAdd(2147483647.4, 0)", "{}", "2147483647"},
    {"States.MathAdd(-2147483648, -1)", "{}",
     INVALID("States.MathAdd(-2147483648, -1)", "MathAdd")},
    {"States.MathRandom(1, 1000, 1)", "{}", "106"},
    {"States.MathRandom(1.9, 2.9, 5.5)", "{}", "1"},
    {"States.MathRandom(0, 10)", "{}", "0"},
    {"States.MathRandom(-2147483648, 2147483647, 42)", "{}", "-1170105035"},
    {"States.MathRandom(1, 5, null)", "{}", INVALID("States.MathRandom(1, 5, null)", "MathRandom")},
    {"States.StringSplit(',,,,', ',')", "{}", "[]"},
    {"States.StringSplit(', , ,', ',')", "{}", "[\" \",\" \"]"},
    {"States.StringSplit('', ',')", "{}", "[]"},
    {"States.StringSplit('abc', '')", "{}", "[\"abc\"]"},
    {"States.StringSplit('a\xF0\x9F\x9A\x80"
     "b\xC3\xA9"
     "c', '\xC3\xA9\xF0\x9F\x9A\x80')",
     "{}", "[\"a\",\"b\",\"c\"]"},
    {"States.UUID('x')", "{}", "\"00000000-0000-4000-8000-000000000000\""},
    {"States.Format('{}', $.nope)", "{\"other\":1}",
     "!The function 'States.Format('{}', $.nope)' had the following error: The JsonPath argument "
     "for "
     "the field '$.nope' could not be found in the input '{\"other\":1}'"},
    {"States.Array(States.ArrayLength($$.nope.x))", "{}",
     "!The function 'States.Array(States.ArrayLength($$.nope.x))' had the following error: The "
     "JsonPath argument for the field '$$.nope.x' could not be found in the input '{}'"},
    {"States.Array($.items[*].x)", "{}", "[[]]"},
    {"States.JsonToString(1, 2)", "{}",
     INVALID("States.JsonToString(1, 2)", "JsonToString: only a single argument is allowed.")},
};

static const struct row json_texts[] = {
    {"States.StringToJson($)", "\"\"", "null"},
    {"States.StringToJson($)", "\" \\t\"", "null"},
    {"States.StringToJson($)", "\"-0\"", "0"},
    {"States.StringToJson($)", "\"[-0,-0.0,{\\\"a\\\":-0}]\"", "[0,-0.0,{\"a\":0}]"},
    {"States.StringToJson($)", "\"{\\\"a\\\":1,\\\"a\\\":2} rest\"", "{\"a\":2}"},
    {"States.StringToJson($)", "\"{bad json}\"",
     NO_JSON("Unexpected character ('b' (code 98)): was expecting double-quote to start field name",
             1, 2)},
    {"States.StringToJson($)", "\"{\\\"a\\\":1\"",
     NO_JSON("Unexpected end-of-input: expected close marker for Object (start marker at " SOURCE
             "1, column: 1])",
             1, 7)},
    {"States.StringToJson($)", "\"undefined\"",
     NO_JSON("Unrecognized token 'undefined': was expecting " EXPECTED, 1, 10)},
    {"States.StringToJson($)", "\"[1,\\n tru]\"",
     NO_JSON("Unrecognized token 'tru': was expecting " EXPECTED, 2, 5)},
    {"States.StringToJson($)", "\"[1,]\"",
     NO_JSON("Unexpected character (']' (code 93)): expected a valid value " EXPECTED, 1, 4)},
    {"States.StringToJson($)", "\"{'a':1}\"",
     NO_JSON("Unexpected character (''' (code 39)): was expecting double-quote to start field name",
             1, 2)},
    {"States.StringToJson($)", "\"{\\\"a\\\" 1}\"",
     NO_JSON("Unexpected character ('1' (code 49)): was expecting a colon to separate field name "
             "and value",
             1, 6)},
    {"States.StringToJson($)", "\"[1 2]\"",
     NO_JSON("Unexpected character ('2' (code 50)): was expecting comma to separate Array entries",
             1, 4)},
    {"States.StringToJson($)", "\"01\"",
     NO_JSON("Invalid numeric value: Leading zeroes not allowed", 1, 2)},
    {"States.StringToJson($)", "\"[1.x]\"",
     NO_JSON(
         "Unexpected character ('x' (code 120)) in numeric value: Decimal point not followed by "
         "a digit",
         1, 4)},
    {"States.StringToJson($)", "\"1x\"",
     NO_JSON("Unexpected character ('x' (code 120)): Expected space separating root-level values",
             1, 2)},
    {"States.StringToJson($)", "\"\\\"abc\"",
     NO_JSON("Unexpected end-of-input: was expecting closing quote for a string value", 1, 5)},
    {"States.StringToJson($)", "\"[1,}\"",
     NO_JSON("Unexpected character ('}' (code 125)): expected a value", 1, 4)},
    {"States.StringToJson($)", "\"{\\\"a\\\":}\"",
     NO_JSON("Unexpected character ('}' (code 125)): expected a value", 1, 6)},
    {"States.StringToJson($)", "\"]\"",
     NO_JSON("Unexpected close marker ']': expected '}' (for root starting at " SOURCE
             "1, column: 0])",
             1, 1)},
    {"States.StringToJson($)", "\"[1.\"",
     NO_JSON("Unexpected character ((CTRL-CHAR, code 0)) in numeric value: Decimal point not "
             "followed by a digit",
             1, 3)},
    {"States.StringToJson($)", "\"[1,\"",
     NO_JSON("Unexpected end-of-input within/between Array entries", 1, 4)},
    {"States.StringToJson($)", "\"{\\\"a\"",
     NO_JSON("Unexpected end-of-input in field name", 1, 4)},
    {"States.StringToJson($)", "\"[\\\"a\\nb\\\"]\"",
     NO_JSON("Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash "
             "to be included in string value",
             1, 4)},
    {"States.StringToJson($)", "\"\\\"\\\\x\\\"\"",
     NO_JSON("Unrecognized character escape 'x' (code 120)", 1, 3)},
    {"States.StringToJson($)", "\"NaN\"",
     NO_JSON(
         "Non-standard token 'NaN': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow", 1,
         4)},
    {"States.StringToJson($)", "\"[}\"",
     NO_JSON("Unexpected close marker '}': expected ']' (for Array starting at " SOURCE
             "1, column: 1])",
             1, 2)},
    {"States.StringToJson($)", "\"\xE2\x9C\x93\"",
     NO_JSON("Unexpected character ('\xE2\x9C\x93' (code 10003 / 0x2713)): expected a valid "
             "value " EXPECTED,
             1, 1)},
};

static const asl_value *context_of(void *state)
{
    return ((const asl_value **)state)[0];
}

static const asl_value *variable_of(void *state, struct asl_text name)
{
    return value_get(((const asl_value **)state)[1], name);
}

static uint64_t no_random(void *state)
{
    (void)state;
    return UINT64_C(0x5deece66d); /* java.util.Random scrambles it to 0, and draws 0 first */
}

static void no_uuid(void *state, char out[37])
{
    (void)state;
    memcpy(out, "00000000-0000-4000-8000-000000000000", 37);
}

static const struct intrinsic_env env = {NULL, no_random, no_uuid};

/* What the call gives over `input`: JSON, or `!` and the message. */
static void call_text(const char *source, const asl_value *input, struct asl_buffer *out)
{
    struct path_error error;
    struct intrinsic *i = intrinsic_compile(asl_text(source), &error);
    if (!i) {
        fail_msg("%s: %s at %zu", source, error.message, error.offset);
    }
    asl_value *context = value_literal("{\"N\":\"ctx\"}");
    asl_value *variables = value_literal("{\"v\":{\"w\":4}}");
    const asl_value *around[] = {context, variables};
    struct path_scope scope = {input, context_of, variable_of, around};
    struct asl_buffer message;
    asl_value *v = intrinsic_evaluate(i, &scope, &env, &message, NULL);
    if (v) {
        value_print(v, out);
    } else {
        asl_buffer_printf(out, "!%s", message.data);
    }
    asl_buffer_free(&message);
    value_release(v);
    value_release(context);
    value_release(variables);
    intrinsic_free(i);
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct asl_buffer got;
        asl_buffer_init(&got, ASL_BUFFER_MAXIMUM);
        asl_value *input = value_literal(rows[i].input);
        call_text(rows[i].call, input, &got);
        if (strcmp(got.data, rows[i].expected) != 0) {
            fail_msg("%s over %s\n  expected %s\n  got      %s", rows[i].call, rows[i].input,
                     rows[i].expected, got.data);
        }
        value_release(input);
        asl_buffer_free(&got);
    }
}

static void calls_give_what_aws_gives(void **state)
{
    (void)state;
    check_rows(calls, sizeof calls / sizeof *calls);
}

static void json_complaints_are_jacksons(void **state)
{
    (void)state;
    check_rows(json_texts, sizeof json_texts / sizeof *json_texts);
}

static void refuses_what_is_no_call(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "States.UUID",
        "States.UUID(",
        "States.UUID)",
        "States.UUID(,)",
        "States.UUID() trailing",
        "States.Nope()",
        "states.UUID()",
        "States.Format('a)",
        "States.Format('He said \\\"Hi\\\"')",
        "States.Format('open \\",
        "States.Array(1,)",
        "States.Array(1 2)",
        "States.Array(01)",
        "States.Array(+1)",
        "States.Array(.5)",
        "States.Array(1.)",
        "States.Array(nul)",
        "States.Array($.a",
        "States.Array($.)",
        "States.Array(@.a)",
        "States.Array(\"a\")",
        "States.Array({})",
        "States.Array([1])",
        "$.a",
        "Format('a')",
        "States.Array(States.Nope())",
        " States.UUID()",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct path_error error = {0};
        struct intrinsic *call = intrinsic_compile(asl_text(wrong[i]), &error);
        if (call) {
            fail_msg("taken for a call: %s", wrong[i]);
        }
        assert_true(strlen(error.message) > 0 && error.offset <= strlen(wrong[i]));
    }
    assert_true(intrinsic_looks_like(ASL_TEXT("States.Format('x')")));
    assert_true(intrinsic_looks_like(ASL_TEXT("Nope(")));
    assert_false(intrinsic_looks_like(ASL_TEXT("$.a")));
    assert_false(intrinsic_looks_like(ASL_TEXT("States.UUID)")));
}

static void nest_calls(struct asl_buffer *out, int depth)
{
    asl_buffer_clear(out);
    for (int i = 0; i < depth; i++) {
        asl_buffer_puts(out, "States.Array(");
    }
    for (int i = 0; i < depth; i++) {
        asl_buffer_putc(out, ')');
    }
}

static void limits_hold(void **state)
{
    (void)state;
    struct path_error error;
    struct asl_buffer b;
    asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
    nest_calls(&b, 10);
    struct intrinsic *i = intrinsic_compile(asl_buffer_text(&b), &error);
    assert_non_null(i);
    intrinsic_free(i);
    nest_calls(&b, 11);
    assert_null(intrinsic_compile(asl_buffer_text(&b), &error));
    nest_calls(&b, 40000);
    assert_null(intrinsic_compile(asl_buffer_text(&b), &error));
    asl_buffer_free(&b);

    char *text = malloc(10001);
    memset(text, 'a', 10001);
    struct asl_buffer got;
    asl_buffer_init(&got, ASL_BUFFER_MAXIMUM);
    static const size_t sizes[] = {10000, 10001};
    for (size_t s = 0; s < 2; s++) {
        asl_value *input = value_string((struct asl_text){text, sizes[s]});
        asl_buffer_clear(&got);
        call_text("States.ArrayLength(States.Array(States.Hash($, 'MD5'), States.Base64Encode($)))",
                  input, &got);
        assert_int_equal(strcmp(got.data, "2") == 0, s == 0);
        value_release(input);
    }
    asl_buffer_free(&got);
    free(text);
}

static void count_path(void *state, const struct path *p)
{
    size_t *count = state;
    assert_true(path_source(p).size > 0);
    (*count)++;
}

static void shows_its_paths(void **state)
{
    (void)state;
    struct path_error error;
    struct intrinsic *i = intrinsic_compile(
        ASL_TEXT("States.Format('{}{}', States.ArrayGetItem($.a, $v), $$.X)"), &error);
    assert_non_null(i);
    size_t count = 0;
    intrinsic_each_path(i, count_path, &count);
    assert_int_equal(count, 3);
    intrinsic_free(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_of_every_length),   cmocka_unit_test(random_numbers_are_javas),
        cmocka_unit_test(calls_give_what_aws_gives), cmocka_unit_test(json_complaints_are_jacksons),
        cmocka_unit_test(refuses_what_is_no_call),   cmocka_unit_test(limits_hold),
        cmocka_unit_test(shows_its_paths),
    };
    return cmocka_run_group_tests_name("intrinsic", tests, NULL, NULL);
}
