/* Numbers: casting, rounding, aggregation, bases. */
#include "library.h"
#include "power.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- casting ---- */

static size_t digits(struct asl_text t, size_t at)
{
    size_t start = at;
    while (at < t.size && t.data[at] >= '0' && t.data[at] <= '9')
        at++;
    return at - start;
}

/* -?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)? */
static bool is_decimal(struct asl_text t)
{
    size_t at = t.size > 0 && t.data[0] == '-', run = digits(t, at);
    if (run == 0)
        return false;
    at += run;
    if (at < t.size && t.data[at] == '.') {
        run = digits(t, at + 1);
        if (run == 0)
            return false;
        at += 1 + run;
    }
    if (at < t.size && (t.data[at] | 0x20) == 'e') {
        at++;
        at += at < t.size && (t.data[at] == '-' || t.data[at] == '+');
        run = digits(t, at);
        if (run == 0)
            return false;
        at += run;
    }
    return at == t.size;
}

static double parse_double(struct asl_text t)
{
    char few[64], *copy = t.size < sizeof few ? few : asl_copy_text(t);
    if (copy == few) {
        memcpy(few, t.data, t.size);
        few[t.size] = '\0';
    }
    double d = strtod(copy, NULL);
    if (copy != few)
        free(copy);
    return d;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

/* 0x.., 0o.., 0b..; false when it is none of them. */
static bool parse_prefixed(struct asl_text t, double *out)
{
    if (t.size < 3 || t.data[0] != '0')
        return false;
    char kind = (char)(t.data[1] | 0x20);
    int base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
    double value = 0;
    for (size_t i = 2; i < t.size; i++) {
        int digit = digit_value(t.data[i]);
        if (digit >= base)
            return false;
        value = value * base + digit;
    }
    *out = value;
    return base > 0;
}

static bool is_prefix(struct asl_text t, size_t at, char kind, int base)
{
    return at + 2 < t.size && t.data[at] == '0' && (t.data[at + 1] | 0x20) == kind &&
           digit_value(t.data[at + 2]) < base;
}

/* What the reference takes for one of them before JavaScript finds that it is none: its expression
 * asks for hexadecimal digits at the beginning, octal ones anywhere, binary ones at the end. */
static bool looks_prefixed(struct asl_text t)
{
    if (is_prefix(t, 0, 'x', 16))
        return true;
    for (size_t at = 0; at + 2 < t.size; at++) {
        if (is_prefix(t, at, 'o', 8))
            return true;
        size_t end = at + 2;
        while (is_prefix(t, at, 'b', 2) && end < t.size && digit_value(t.data[end]) < 2)
            end++;
        if (end == t.size && end > at + 2)
            return true;
    }
    return false;
}

/* JavaScript reads over it. */
static struct asl_text without_space_behind(struct asl_text t)
{
    while (t.size > 0 && strchr(" \t\n\r\v\f", t.data[t.size - 1]) && t.data[t.size - 1])
        t.size--;
    return t;
}

/* [-+]? and Infinity, or figures with a point and an exponent. */
static bool is_javascript_decimal(struct asl_text t)
{
    size_t at = t.size > 0 && (t.data[0] == '-' || t.data[0] == '+');
    if (asl_text_is((struct asl_text){t.data + at, t.size - at}, "Infinity"))
        return true;
    size_t whole = digits(t, at), fraction = 0;
    at += whole;
    if (at < t.size && t.data[at] == '.') {
        fraction = digits(t, at + 1);
        at += 1 + fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (at < t.size && (t.data[at] | 0x20) == 'e') {
        at++;
        at += at < t.size && (t.data[at] == '-' || t.data[at] == '+');
        size_t exponent = digits(t, at);
        if (exponent == 0)
            return false;
        at += exponent;
    }
    return at == t.size;
}

double jsonata_javascript_number(struct run *run, item i)
{
    if (i.kind == ITEM_NUMBER)
        return i.as.number;
    if (i.kind == ITEM_BOOLEAN)
        return i.as.boolean;
    if (i.kind == ITEM_NULL)
        return 0;
    item text = i.kind == ITEM_ARRAY ? jsonata_javascript_text(run, i) : i;
    if (text.kind != ITEM_STRING)
        return NAN;
    struct asl_text t = without_space_behind(item_string(text));
    while (t.size > 0 && strchr(" \t\n\r\v\f", t.data[0]) && t.data[0])
        t = (struct asl_text){t.data + 1, t.size - 1};
    double value;
    if (t.size == 0)
        return 0;
    if (parse_prefixed(t, &value))
        return value;
    return is_javascript_decimal(t) ? parse_double(t) : NAN;
}

NATIVE(number)
{
    UNUSED_IN_NATIVE;
    item i = arguments[0];
    double parsed;
    if (i.kind == ITEM_UNDEFINED || i.kind == ITEM_NUMBER)
        return i;
    if (i.kind == ITEM_BOOLEAN)
        return item_number(i.as.boolean);
    if (i.kind == ITEM_STRING) {
        jsonata_charge_bytes(run, i.size);
        if (is_decimal(item_string(i)) && isfinite(parsed = parse_double(item_string(i))))
            return item_number(parsed);
        if (parse_prefixed(without_space_behind(item_string(i)), &parsed))
            return item_number(parsed);
        if (looks_prefixed(item_string(i)))
            return item_number(NAN);
    }
    item failed = jsonata_fail_value(run, "D3030", i);
    run->failure.index = 1;
    return failed;
}

/* ---- rounding ---- */

/* The decimal text of `d` with its exponent moved, read again: rounding to decimals without the
 * error that multiplying would make. */
static double shift(double d, double places)
{
    char text[64], number[32];
    if (!isfinite(d))
        return NAN; /* "Infinitye2" is no number */
    value_format_double(d, number);
    char *mark = strchr(number, 'e');
    double exponent = (mark ? strtod(mark + 1, NULL) : 0) + places;
    if (!(fabs(exponent) < 1e21) || exponent != floor(exponent)) /* has an e of its own */
        return NAN;
    if (mark)
        *mark = '\0';
    snprintf(text, sizeof text, "%se%.0f", number, exponent);
    return strtod(text, NULL);
}

double jsonata_round(double d, double precision)
{
    if (precision != 0)
        d = shift(d, precision);
    if (!isfinite(d))
        return precision != 0 ? NAN : d;
    double result = floor(d);
    if (d - result >= 0.5)
        result += 1;
    if (fabs(result - d) == 0.5 && fabs(fmod(result, 2)) == 1)
        result -= 1;
    if (precision != 0)
        result = shift(result, -precision);
    return result == 0 ? 0 : result;
}

NATIVE(round_number)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_NUMBER)
        return item_undefined();
    double precision = arguments[1].kind == ITEM_NUMBER ? arguments[1].as.number : 0;
    return item_number(jsonata_round(arguments[0].as.number, isnan(precision) ? 0 : precision));
}

NATIVE(floor_number)
{
    UNUSED_IN_NATIVE;
    return arguments[0].kind == ITEM_NUMBER ? item_number(floor(arguments[0].as.number))
                                            : item_undefined();
}

NATIVE(ceil_number)
{
    UNUSED_IN_NATIVE;
    return arguments[0].kind == ITEM_NUMBER ? item_number(ceil(arguments[0].as.number))
                                            : item_undefined();
}

NATIVE(abs_number)
{
    UNUSED_IN_NATIVE;
    return arguments[0].kind == ITEM_NUMBER ? item_number(fabs(arguments[0].as.number))
                                            : item_undefined();
}

NATIVE(sqrt_number)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_NUMBER)
        return item_undefined();
    if (!(arguments[0].as.number < 0))
        return item_number(sqrt(arguments[0].as.number));
    item failed = jsonata_fail_value(run, "D3060", arguments[0]);
    run->failure.index = 1;
    return failed;
}

NATIVE(power)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_NUMBER)
        return item_undefined();
    double base = arguments[0].as.number;
    double exponent = arguments[1].kind == ITEM_NUMBER ? arguments[1].as.number : NAN;
    double result = jsonata_power(base, exponent);
    if (isfinite(result))
        return item_number(result);
    item failed = jsonata_fail_value(run, "D3061", arguments[0]);
    run->failure.index = 1;
    run->failure.extra = arguments[1];
    return failed;
}

NATIVE(random_number)
{
    UNUSED_IN_NATIVE;
    return item_number(run->env->random ? run->env->random(run->env->state) : 0);
}

/* ---- aggregation: the signature has seen to it that all are numbers ---- */

static double at_number(struct run *run, const struct array *a, uint32_t i)
{
    return jsonata_at(&run->heap, a, i).as.number;
}

static double total(struct run *run, const struct array *a)
{
    double sum = 0;
    jsonata_charge(run, a->count / 8);
    for (uint32_t i = 0; i < a->count; i++)
        sum += at_number(run, a, i);
    return sum;
}

NATIVE(sum)
{
    UNUSED_IN_NATIVE;
    return arguments[0].kind == ITEM_ARRAY ? item_number(total(run, arguments[0].as.array))
                                           : item_undefined();
}

NATIVE(count_items)
{
    UNUSED_IN_NATIVE;
    return item_number(arguments[0].kind == ITEM_ARRAY ? arguments[0].as.array->count : 0);
}

NATIVE(average)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_ARRAY || arguments[0].as.array->count == 0)
        return item_undefined();
    return item_number(total(run, arguments[0].as.array) / arguments[0].as.array->count);
}

/* The largest of them, or of their opposites. */
static item largest(struct run *run, item list, double sign)
{
    if (list.kind != ITEM_ARRAY || list.as.array->count == 0)
        return item_undefined();
    const struct array *a = list.as.array;
    item best = jsonata_at(&run->heap, a, 0);
    jsonata_charge(run, a->count / 8);
    for (uint32_t i = 0; i < a->count; i++) {
        item one = jsonata_at(&run->heap, a, i);
        if (isnan(one.as.number))
            return one;
        if (sign * one.as.number > sign * best.as.number)
            best = one;
    }
    return best;
}

NATIVE(max)
{
    UNUSED_IN_NATIVE;
    return largest(run, arguments[0], 1);
}

NATIVE(min)
{
    UNUSED_IN_NATIVE;
    return largest(run, arguments[0], -1);
}

/* ---- bases ---- */

/* Doubles have up to 1,024 binary digits. */
#define BASE_DIGITS 1100

item jsonata_format_base(struct run *run, double d, int base)
{
    char text[BASE_DIGITS], *at = text + sizeof text;
    if (base == 10 || !isfinite(d)) {
        size_t size = jsonata_print_number(d, false, text);
        return jsonata_string_copy(&run->heap, (struct asl_text){text, size});
    }
    double rest = fabs(d);
    /* the low digits of numbers beyond 2^53 are not known; V8 (found by trying) prints zeros for
     * them, one less than that makes */
    while (rest >= 9007199254740992.0 * base && at > text + 2) {
        rest /= base;
        *--at = '0';
    }
    do {
        double remainder = fmod(rest, base);
        int digit = (int)remainder;
        *--at = (char)(digit < 10 ? '0' + digit : 'a' + digit - 10);
        rest = (rest - remainder) / base;
    } while (rest > 0 && at > text + 1);
    if (d < 0)
        *--at = '-';
    return jsonata_string_copy(&run->heap,
                               (struct asl_text){at, (size_t)(text + sizeof text - at)});
}

NATIVE(format_base)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_NUMBER)
        return item_undefined();
    double base = arguments[1].kind == ITEM_NUMBER ? jsonata_round(arguments[1].as.number, 0) : 10;
    if (!(base >= 2 && base <= 36))
        return jsonata_fail_value(run, "D3100", item_number(base));
    return jsonata_format_base(run, jsonata_round(arguments[0].as.number, 0), (int)base);
}

const struct native jsonata_number_functions[] = {
    {"number", "<(nsb)-:n>", 1, 1, number},
    {"round", "<n-n?:n>", 2, 2, round_number},
    {"floor", "<n-:n>", 1, 1, floor_number},
    {"ceil", "<n-:n>", 1, 1, ceil_number},
    {"abs", "<n-:n>", 1, 1, abs_number},
    {"sqrt", "<n-:n>", 1, 1, sqrt_number},
    {"power", "<n-n:n>", 2, 2, power},
    {"random", "<:n>", 0, 0, random_number},
    {"sum", "<a<n>:n>", 1, 1, sum},
    {"count", "<a:n>", 1, 1, count_items},
    {"average", "<a<n>:n>", 1, 1, average},
    {"max", "<a<n>:n>", 1, 1, max},
    {"min", "<a<n>:n>", 1, 1, min},
    {"formatBase", "<n-n?:s>", 2, 2, format_base},
    {NULL, NULL, 0, 0, NULL},
};
