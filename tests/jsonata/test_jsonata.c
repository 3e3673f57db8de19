/* What the suite does not say: limits end what runs away, references are found, natives are called,
 * positions and messages are the reference's. Cases as data.
 */
#include "asl/jsonata/jsonata.h"
#include "asl/jsonata/states_functions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

static double random_half(void *state)
{
    (void)state;
    return 0.5;
}

static void fixed_uuid(void *state, char out[37])
{
    (void)state;
    strcpy(out, "00000000-0000-4000-8000-000000000000");
}

static const asl_value *variable(void *state, struct asl_text name)
{
    return state ? value_get(state, name) : NULL;
}

/* The outcome as text: JSON, "undefined", "function", or "CODE@position message". */
static void evaluate(const char *source, const char *input, unsigned flags, struct asl_buffer *out)
{
    struct jsonata_error error = {0};
    asl_value *data = input ? value_literal(input) : NULL, *value = NULL;
    asl_value *bindings = value_literal("{\"states\":{\"input\":{\"big\":12345678901234567890}}}");
    struct jsonata_env env = {.state = bindings,
                              .variable = variable,
                              .now_ms = 1600000000000,
                              .random = random_half,
                              .uuid = fixed_uuid,
                              .natives = jsonata_states_functions};
    asl_buffer_init(out, ASL_BUFFER_MAXIMUM);
    struct jsonata *e = jsonata_compile(asl_text(source), flags, &error);
    enum jsonata_outcome outcome =
        e ? jsonata_evaluate(e, data, &env, &value, &error) : JSONATA_FAILED;
    if (outcome == JSONATA_VALUE)
        value_print(value, out);
    else if (outcome == JSONATA_UNDEFINED)
        asl_buffer_puts(out, "undefined");
    else if (outcome == JSONATA_FUNCTION)
        asl_buffer_puts(out, "function");
    else
        asl_buffer_printf(out, "%s@%zd %s", error.code, (ssize_t)error.position,
                          error.message.data ? error.message.data : "");
    if (outcome == JSONATA_FAILED)
        jsonata_error_free(&error);
    jsonata_free(e);
    value_release(value);
    value_release(data);
    value_release(bindings);
}

static void check(const char *source, const char *input, unsigned flags, const char *expected)
{
    struct asl_buffer out;
    evaluate(source, input, flags, &out);
    if (strcmp(out.data ? out.data : "", expected) != 0)
        fail_msg("%s\n  gave     %s\n  expected %s", source, out.data, expected);
    asl_buffer_free(&out);
}

static void results_and_errors(void **state)
{
    (void)state;
    static const struct {
        const char *source, *input, *expected;
    } cases[] = {
        {"\"a\" + 1", NULL,
         "T2001@5 The left side of the \"+\" operator must evaluate to a number"},
        {"$unknown(1)", NULL, "T1006@9 Attempted to invoke a non-function"},
        {"sum([1])", NULL, "T1005@4 Attempted to invoke a non-function. Did you mean $sum?"},
        {"$uppercase(1)", NULL,
         "T0410@11 Argument 1 of function \"uppercase\" does not match function signature"},
        {"\"\xc3\xa9\xf0\x9f\x98\x80\" + 1", NULL,
         "T2001@7 The left side of the \"+\" operator must evaluate to a number"},
        {"1 +", NULL, "S0207@3 Unexpected end of expression"},
        {"[1", NULL, "S0203@2 Expected \"]\" before end of expression"},
        {"/(a+/", NULL, "S0302@5 No terminating / in regular expression"},
        {"$contains(\"x\", /a(?<=x+)/)", NULL, NULL},
        {"$", "[1,2]", "[1,2]"},
        {"$states.input.big", NULL, "12345678901234567890"},
        {"a", "{\"a\":1.50}", "1.50"},
        {"a + 0", "{\"a\":1.50}", "1.5"},
        {"{\"b\":1,\"10\":2,\"9\":3}", NULL, "{\"9\":3,\"10\":2,\"b\":1}"},
        {"0.1 + 0.2", NULL, "0.30000000000000004"},
        {"$string(0.1 + 0.2)", NULL, "\"0.3\""},
        {"1/0", NULL, "null"},
        {"function($x){$x}", NULL, "function"},
        {"[$sum]", NULL, "function"},
        {"nothing", "{}", "undefined"},
        {"$length(\"\xf0\x9f\x98\x80!\")", NULL, "2"},
        {"$now()", NULL, "\"2020-09-13T12:26:40.000Z\""},
        {"$uppercase(\"stra\xc3\x9f"
         "e\")",
         NULL, "\"STRASSE\""},
        {"$lowercase(\"\xce\xa3\xce\x91\xce\xa3\")", NULL, "\"\xcf\x83\xce\xb1\xcf\x82\""},
        /* half way between two: away from zero */
        {"$string(927705913316458.5)", NULL, "\"927705913316459\""},
        {"$formatNumber(1000000000000000.625, \"0.00\")", NULL, "\"1000000000000000.63\""},
        {"$formatNumber(999999999999999.5, \"#,##0\")", NULL, "\"1,000,000,000,000,000\""},
        /* the years 0 to 99 are those from 1900 where JavaScript makes a date of its parts */
        {"$fromMillis(-62135596800000, \"[Y] [x] [XI]\")", NULL, "\"1 12 \""},
        /* what is applied partially is given its arguments unchecked, as JavaScript finds them */
        {"$substring(?, 1)([1, 2, 3])", NULL, "\"23\""},
        {"$substring(?, \"1\", \"2\")(\"abcdefghijklmnopq\")", NULL, "\"bcdefghijkl\""},
        {"$abs(?)([\" -7 \"])", NULL, "7"},
        {"$abs(?)({})", NULL,
         "T0410@8 Argument 1 of function \"(\" does not match function signature"},
        {"$sum(?)([1, \"2\", null])", NULL, "\"12null\""},
        {"$average(?)([1, \"2\"])", NULL, "6"},
        {"$count(?)(\"a\xf0\x9f\x98\x80\")", NULL, "3"},
        {"$count(?)(5)", NULL, "undefined"},
        {"$reverse(?)(5)", NULL, "[null]"},
        {"$map(?, ?)(\"ab\", $uppercase)", NULL, "[\"A\",\"B\"]"},
        {"($uppercase ~> $length ~> $uppercase)(\"w\")", NULL,
         "T0410@39 Argument 1 of function \"f\" does not match function signature"},
        {"($length ~> $uppercase ~> $length)(\"w\")", NULL,
         "T0410@35 Argument 1 of function \"g\" does not match function signature"},
        {"$map(?, $uppercase)(\"ab\")", NULL, "T1006@20 Attempted to invoke a non-function"},
        {"$toMillis(\"2018-0003\")", NULL, "1519862400000"},
        {"$toMillis(\"2018-05-00:01\")", NULL, "1525132860000"},
        {"$parseInteger(\"12\", \"\xd9\xa0\")", NULL,
         "D3131@14 What is read holds a character before the digits of the picture"},
        {"$each(?, function($v, $k){$k & $v})([\"x\", \"y\"])", NULL, "[\"0x\",\"1y\"]"},
        {"$pad(?, -4, [0, 1])([7])", NULL, "\"0,17\""},
        {"$power(?, 2)(\"x\")", NULL,
         "D3061@13 The power function has resulted in a value that cannot be represented as a JSON "
         "number: base=\"x\", exponent=2"},
        {"$assert(?, 37)(0)", NULL, "D3141@15 37"},
        {"$uppercase(?)(1)", NULL,
         "T0410@14 Argument 1 of function \"(\" does not match function signature"},
        {"$substringBefore(\"is undefined\", nothing)", NULL, "\"is \""},
        /* beyond the dates, or in a zone that is no number, every part is NaN */
        {"$fromMillis(1e300)", NULL, "\"0NaN-NaN-NaNTNaN:NaN:NaN.NaNZ\""},
        {"$fromMillis(0, \"[Y] [P] [Z] [Z0] [D1o]\", \"UTC\")", NULL,
         "\"NaN am 0N:aN NaN:NaN NaNth\""},
        {"$fromMillis(0, \"[MN]\", \"UTC\")", NULL,
         "D3110@12 What is no time has no name, nor words, to format it with"},
        {"$fromMillis(-8640000000000000, \"[Y] [W] [d]\")", NULL, "\"-271821 NaN NaN\""},
        {"$parseInteger(\"123456789012345678901234567890\", \"0\")", NULL,
         "1.2345678901234568e+29"},
        {"$parseInteger($pad(\"7\", -900, \"0\"), \"0\")", NULL, "7"},
        /* words are found the shorter first */
        {"$toMillis(\"2021-05-sixteen\", \"[Y]-[M]-[Dw]teen\")", NULL, "1620259200000"},
        {"$toMillis(\"2024330\", \"[Y][d]\")", NULL, "-2126736000000"},
        {"$parseInteger(\"\xc2\xa0+5\", \"0\")", NULL, "5"},
        {"$parseInteger(\"- 5\", \"0\")", NULL, "null"},
        /* classes of JavaScript, not of POSIX; a hyphen beside \\d is one */
        {"$match(\"a:\", /[:alph:]/).match", NULL, "[\"a\",\":\"]"},
        {"$match(\"a-1\", /[\\w--]/).match", NULL, "[\"a\",\"-\",\"1\"]"},
        {"$match(\"b-1\", /[a-\\d]/).match", NULL, "[\"-\",\"1\"]"},
        /* the place of an error within a function that was an argument, called in tail position */
        {"\xce\xbb($f){\xce\xbb($x){$f($x)}(1)}(function($a){$pad($g)($a)})", "{}",
         "T0411@14 Context value is not a compatible type with argument 1 of function \"pad\""},
        {"$replace(\"ab\", /(a)(b)/, \"$2$1$$$0\")", NULL, "\"ba$ab\""},
        {"($f := function($n){$n = 0 ? \"end\" : $f($n - 1)}; $f(100000))", NULL, "\"end\""},
        /* powers round as V8's do */
        {"$power(3.87, 4)", NULL, "224.30753361"},
        {"$power(10, -128)", NULL, "9.999999999999999e-129"},
        {"$power(-2, 3)", NULL, "-8"},
        {"$power(2, 1023.5)", NULL, "1.2711610061536462e+308"},
        {"$power(0.5, 1074)", NULL, "5e-324"},
        {"$power(1.0000001, 5000000000)", NULL, "1.4035575382338372e+217"},
        {"$parseInteger(\"one hundred afive\", \"A\")", NULL, "2.129076336576802e+24"},
        /* rows that leave their path are values */
        {"$#$pos[]{\"k\": $}[$pos<3]^($)[-1]", "[3,1,4,1,5,9]", "{\"k\":{\"@\":4,\"pos\":2}}"},
        {"$#$i^($)[i=1].[$, $i]", "[3,1,2]", "[1,1]"},
        {"$#$i{\"x\": $, \"y\": $}", "[5]", "{\"x\":5}"},
        /* signatures go by letters */
        {"function($x, $y)<a<n>+>{$x}([1], 2)", NULL,
         "T0412@28 Argument 2 of function undefined must be an array of \"numbers\""},
        {"function($x, $y)<n?a<n>>{$x}({})", NULL,
         "T0412@29 Argument 2 of function undefined must be an array of \"numbers\""},
        {"function($x)<n?\?\?>{$x}(1)", NULL,
         "S0403@13 A parameter can carry one of ? - + and one more ? or - in signature "
         "\"<n?\?\?>\""},
        /* calls in tail position, and what hangs around them */
        {"function($x){($sum($x))[1]}([1,2])", NULL, "undefined"},
        {"function($x){($sum($x))[0]}([1,2])", NULL, "3"},
        {"function($x){($sum($x)){\"a\": $}}([1,2])", NULL, "function"},
        {"function(){$sum([1,2]){\"a\": $} ?: 2}()", NULL, "3"},
        {"(λ($f) { λ($x) { $x($x) }($eval)})(1)", NULL,
         "T0410@19 Argument 1 of function \"x\" does not match function signature"},
        {"($f := $substringAfter(?, \"(\") ~> $substringBefore; $f(\"x(y\"))", NULL, "undefined"},
        {"function($f){$f(?, 1)}($append)", NULL, "S0202@23 Expected \")\", got \"..\""},
        /* errors of JavaScript there */
        {"{\"a\": 1} ~> |*|{\"b\": 2}|", NULL,
         "T2014@16 A transform can change objects only; its pattern found 1"},
        {"[null][0].x", NULL,
         "T2015@-1 A path cannot go on from null, which its array constructor gave"},
        {"$split(\"a\", nothing)", NULL,
         "T0410@7 Argument 2 of function \"split\" does not match function signature"},
        {"$partition([1,2,3,4,5], 2.6)", NULL, "[[1,2],[3,4],[5]]"},
        {"$partition([1,2,3])", NULL, "[[1,2,3]]"},
        {"$partition([1], 0)", NULL, "undefined"},
        {"$range(1.4, 5.6, 2.2)", NULL, "[1,3,5]"},
        {"$range(1, 9, 9)", NULL, "1"},
        {"$range(1, 9, 0.49)", NULL, "undefined"},
        {"$range(1, 9)", NULL, "undefined"},
        {"$random(77)", NULL, "0.7240700207191966"},
        {"$uuid()", NULL, "\"00000000-0000-4000-8000-000000000000\""},
        {"$uuid(\"x\")", NULL,
         "T0410@6 Argument 1 of function \"uuid\" does not match function signature"},
        {"$parse(\"{\\\"a\\\":[1]}\").a", NULL, "[1]"},
        {"$parse(\"\")", NULL, "D3137@7 Invalid JSON"},
        {"$hash(\"data\", \"UNSUPPORTED\")", NULL,
         "D3137@6 Hash algorithm 'UNSUPPORTED' must be one of SHA-1, SHA-384, SHA-256, SHA-512, "
         "MD5"},
        {"$hash(\"abc\", \"MD5\")", NULL, "\"900150983cd24fb0d6963f7d28e17f72\""},
        {"$eval(\"1 + $$.a\")", "{\"a\":2}", "3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (cases[i].expected)
            check(cases[i].source, cases[i].input, 0, cases[i].expected);
    check("$eval(\"1\")", NULL, JSONATA_NO_EVAL, "T1006@6 Attempted to invoke a non-function");
    check("[1/0, -1/0, $number(\"0x1\") * (1/0 - 1/0)]", NULL, JSONATA_NON_FINITE_TEXT,
          "D1001@35 Number out of range: null");
    check("[1/0]", NULL, JSONATA_NON_FINITE_TEXT, "[\"Infinity\"]");
}

/* ---- limits ---- */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#if defined(__SANITIZE_ADDRESS__)
#define SECONDS_MAXIMUM 20.0 /* with the sanitizers on */
#else
#define SECONDS_MAXIMUM 1.0
#endif

static char *repeated(const char *part, size_t times, const char *before, const char *after)
{
    struct asl_buffer b;
    size_t size;
    asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
    asl_buffer_puts(&b, before);
    for (size_t i = 0; i < times; i++)
        asl_buffer_puts(&b, part);
    asl_buffer_puts(&b, after);
    return asl_buffer_take(&b, &size);
}

/* The bound of one value: bytes of a string, 8 for each element of an array. */
static void values_are_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        enum jsonata_outcome outcome;
    } cases[] = {
        {"$count([1..100])", JSONATA_VALUE},
        {"$count([1..101])", JSONATA_FAILED},
        {"$length($pad(\"\", 800))", JSONATA_VALUE},
        {"$length($pad(\"\", 801))", JSONATA_FAILED},
        {"$count($append([1..60], [1..60]))", JSONATA_FAILED},
        {"$map([1..100], function($i){[1..100]}) ~> $count", JSONATA_VALUE},
        {"($pad(\"\", 500) & $pad(\"\", 500)) ~> $length", JSONATA_FAILED},
    };
    struct jsonata_env env = {.value_maximum = 800};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jsonata_error error = {0};
        asl_value *value = NULL;
        struct jsonata *e = jsonata_compile(asl_text(cases[i].source), 0, &error);
        enum jsonata_outcome outcome = jsonata_evaluate(e, NULL, &env, &value, &error);
        if (outcome != cases[i].outcome)
            fail_msg("%s: outcome %d", cases[i].source, (int)outcome);
        if (outcome == JSONATA_FAILED)
            assert_string_equal(error.code, "D2015");
        if (outcome == JSONATA_FAILED)
            jsonata_error_free(&error);
        value_release(value);
        jsonata_free(e);
    }
}

/* Ends as an error (or a result), in time and memory. */
static void ends(const char *source, const char *code)
{
    struct asl_buffer out;
    double began = seconds();
    evaluate(source, "{\"a\":{\"b\":[1,2,3]}}", 0, &out);
    double took = seconds() - began;
    if (code && strncmp(out.data, code, strlen(code)) != 0)
        fail_msg("%.100s\n  gave %.300s\n  expected %s", source, out.data, code);
    if (took > SECONDS_MAXIMUM)
        fail_msg("%.100s took %.2f s", source, took);
    asl_buffer_free(&out);
}

static void runaways_end(void **state)
{
    (void)state;
    static const struct {
        const char *source, *code;
    } cases[] = {
        {"$contains(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\", /^(a+)+$/)", "U1001"},
        {"$map([1..100000], function($i){$contains(\"aaaaaaaaaaaaaaaaaaaaaa!\", /^(a+)+$/)})",
         "U1001"},
        {"($f := function(){$f()}; $f())", "U1001"},
        {"($f := function($n){$n + $f($n + 1)}; $f(0))", "U1001"},
        {"($f := function($s){$f($s & $s)}; $f(\"x\"))", NULL},
        {"($f := function($s){$f([$s, $s])}; $f(1))", NULL},
        {"($f := function($s){$f([[$s]])}; $f(1))", NULL},
        {"($f := function($n, $s){$n = 0 ? $s : $f($n - 1, [[$s]])}; $string($f(5000, 1)))",
         "U1001"},
        {"($f := function($n, $s){$n = 0 ? $s : $f($n - 1, [[$s]])}; $f(5000, 1))", "U1001"},
        {"($f := function($n, $s){$n = 0 ? $s : $f($n - 1, [[$s]])}; $f(5000, 1) = $f(5000, 1))",
         NULL},
        {"$pad(\"x\", 1000000000)", "D2015"},
        {"$pad(\"x\", -1e18, \"ab\")", "D2015"},
        {"[1..10000000]", "D2015"},
        {"[1..100000000]", "D2014"},
        {"$sum([1..1000].([1..1000]))", NULL},
        {"$sort([1..200000], function($a, $b){$a < $b})", NULL},
        {"$join([1..1000000].$string())", NULL},
        {"$map([1..100000], function($i){$pad(\"\", 100000)})", NULL},
        {"$map([1..1000000], function($i){$length($pad(\"\", 1000))})", NULL},
        {"$replace($pad(\"\", 1000000, \"a\"), /a*?b/, \"\")", NULL},
        {"$split($pad(\"\", 3000000, \"ab\"), \"\")", NULL},
        {"$formatInteger(1e15, \"i\")", NULL},
        {"$formatInteger(1, $pad(\"\", 100000, \"#,0\"))", NULL},
        {"$fromMillis(0, \"[Y,9999999999-9999999999]\")", NULL},
        {"$formatBase(1e308, 2)", NULL},
        {"$power(10, 300) ~> $formatNumber(\"#,##0.00\")", NULL},
        {"$distinct([1..100000])", NULL},
        {"($e := function($n){$eval(\"$e(\" & $string($n+1) & \")\")}; $e(1))", NULL},
        {"$map([1..100000], function($i){$eval(\"1+\" & $string($i))})", NULL},
        {"$reduce([1..1000000], function($a, $b){$append($a, $b)})", NULL},
        {"$zip([1..1000000], [1..1000000], [1..1000000])", NULL},
        {"a.**.**.**.**.**.**.**.**.**.**.**.**.**.**.**.**.**.**.**.**", NULL},
        {"$spread([1..300000].{\"a\": $})", NULL},
        {"[1..300000]{$string($): $}", NULL},
        {"([1..3000])^($, $, $).([1..3000])", NULL},
        {"$contains($pad(\"\", 100000, \"a\"), $pad(\"\", 50000, \"a\") & \"b\")", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ends(cases[i].source, cases[i].code);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
#if !defined(__SANITIZE_ADDRESS__)
    assert_true(usage.ru_maxrss < 256 * 1024);
#endif
}

static void deep_expressions_end(void **state)
{
    (void)state;
    static const struct {
        const char *part, *before, *after, *code;
        size_t times;
    } cases[] = {
        {"(", "", "", "U1001", 100000},       {"[", "", "", "U1001", 100000},
        {"{\"a\":", "", "", "U1001", 100000}, {"-", "", "1", "U1001", 100000},
        {"1+", "", "1", NULL, 100000},        {"a.", "", "a", NULL, 100000},
        {"$f(", "", "", "U1001", 100000},     {"function(){", "", "", NULL, 100000},
        {"1?", "", "", NULL, 100000},         {"a[", "", "", "U1001", 100000},
        {"[]", "a", "", NULL, 100000},        {"[0]", "a", "", NULL, 100000},
        {"a ?: ", "", "1", "U1001", 100000},  {"/", "", "", NULL, 100000},
        {"|a|", "", "", NULL, 100000},        {"1+", "", "1", "301", 300},
        {"\"x\"&", "", "1", "\"xx", 2000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *source = repeated(cases[i].part, cases[i].times, cases[i].before, cases[i].after);
        ends(source, cases[i].code);
        free(source);
    }
}

/* ---- references ---- */

static void see(void *state, enum jsonata_reference_kind kind, struct asl_text name,
                struct asl_text path, size_t position)
{
    static const char *const kinds[] = {"$", "$$", ""};
    (void)position;
    asl_buffer_printf(state, "%s%.*s:%.*s ", kinds[kind],
                      kind == JSONATA_CONTEXT ? 0 : (int)name.size, name.data, ASL_TEXT_ARGS(path));
}

static void references(void **state)
{
    (void)state;
    static const struct {
        const char *source, *expected;
    } cases[] = {
        {"$states.result.a.b", "$states:result/a/b "},
        {"$states.errorOutput.Cause & $x", "$states:errorOutput/Cause $x: "},
        {"$states.input[0].a", "$states:input "},
        {"name", "name: "},
        {"a.b", "a: "},
        {"$$.a", "$$:a "},
        {"$x.name", "$x:name "},
        {"$map($y, function($v){$v.name & $z})", "$map: $y: $z: "},
        {"($a := 1; $a + $b)", "$b: "},
        {"$states.input.items[price > 1].(name & other)", "$states:input/items "},
        {"{\"k\": inner, \"l\": $v}", "inner: $v: "},
        {"($f := function($n){$f($n - 1)}; $f(1))", ""},
        {"$o@$i.($i.a & $j)", "$o: $j: "},
        {"$ ~> |a|{\"b\": c}|", "$: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct asl_buffer out;
        struct jsonata_error error;
        asl_buffer_init(&out, 4096);
        struct jsonata *e = jsonata_compile(asl_text(cases[i].source), 0, &error);
        assert_non_null(e);
        jsonata_each_reference(e, see, &out);
        if (strcmp(out.data ? out.data : "", cases[i].expected) != 0)
            fail_msg("%s\n  gave     %s\n  expected %s", cases[i].source, out.data,
                     cases[i].expected);
        asl_buffer_free(&out);
        jsonata_free(e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_and_errors),   cmocka_unit_test(references),
        cmocka_unit_test(deep_expressions_end), cmocka_unit_test(values_are_bounded),
        cmocka_unit_test(runaways_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
