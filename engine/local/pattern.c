/* Event patterns: a walk over pattern and event. A field of the pattern is an object (look deeper),
 * or an array of what the value may be: values, or objects of one operator. Operators are a table.
 */
#include "pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <arpa/inet.h>

#define DEPTH_MAXIMUM 100

static bool complain(char *message, const char *what)
{
    snprintf(message, 256, "Event pattern is not valid. Reason: %s", what);
    return false;
}

/* ---- operators: whether one value fits ---- */

static bool is_text(const asl_value *v)
{
    return v && value_kind(v) == VALUE_STRING;
}

static bool same_letters(struct asl_text a, struct asl_text b)
{
    return a.size == b.size && strncasecmp(a.data, b.data, a.size) == 0;
}

/* The part of `text` that an affix would take; false when it is shorter. */
static bool affix(struct asl_text text, struct asl_text wanted, bool at_end, struct asl_text *part)
{
    if (text.size < wanted.size)
        return false;
    *part = (struct asl_text){text.data + (at_end ? text.size - wanted.size : 0), wanted.size};
    return true;
}

static bool fits_affix(const asl_value *wanted, const asl_value *v, bool at_end)
{
    struct asl_text part;
    const asl_value *any_case = value_get_z(wanted, "equals-ignore-case");
    if (!is_text(v))
        return false;
    struct asl_text text = value_as_text(any_case ? any_case : wanted);
    return affix(value_as_text(v), text, at_end, &part) &&
           (any_case ? same_letters(part, text) : asl_text_equal(part, text));
}

static bool fits_prefix(const asl_value *wanted, const asl_value *v)
{
    return fits_affix(wanted, v, false);
}

static bool fits_suffix(const asl_value *wanted, const asl_value *v)
{
    return fits_affix(wanted, v, true);
}

static bool fits_any_case(const asl_value *wanted, const asl_value *v)
{
    return is_text(v) && same_letters(value_as_text(wanted), value_as_text(v));
}

/* '*' stands for any characters; greedy with one place to go back to. */
static bool fits_wildcard(const asl_value *wanted, const asl_value *v)
{
    if (!is_text(v))
        return false;
    struct asl_text p = value_as_text(wanted), t = value_as_text(v);
    size_t i = 0, k = 0, star = SIZE_MAX, mark = 0;
    while (k < t.size) {
        bool is_escaped = i + 1 < p.size && p.data[i] == '\\';
        if (i < p.size && p.data[i] == '*') {
            star = i++;
            mark = k;
        } else if (i < p.size && p.data[i + is_escaped] == t.data[k]) {
            i += 1 + (size_t)is_escaped;
            k++;
        } else if (star != SIZE_MAX) {
            i = star + 1;
            k = ++mark;
        } else
            return false;
    }
    while (i < p.size && p.data[i] == '*')
        i++;
    return i == p.size;
}

static bool compare(double a, struct asl_text operator, double b)
{
    return asl_text_is(operator, "=")    ? a == b
           : asl_text_is(operator, "<")  ? a < b
           : asl_text_is(operator, "<=") ? a <= b
           : asl_text_is(operator, ">")  ? a > b
                                         : a >= b;
}

static bool fits_numeric(const asl_value *wanted, const asl_value *v)
{
    if (value_kind(v) != VALUE_NUMBER)
        return false;
    for (size_t i = 0; i + 1 < value_count(wanted); i += 2)
        if (!compare(value_as_double(v), value_as_text(value_at(wanted, i)),
                     value_as_double(value_at(wanted, i + 1))))
            return false;
    return true;
}

static bool fits_cidr(const asl_value *wanted, const asl_value *v)
{
    unsigned char network[16], address[16];
    char text[64];
    if (!is_text(v))
        return false;
    snprintf(text, sizeof text, "%.60s", value_as_text(wanted).data);
    char *slash = strchr(text, '/');
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    if (!slash)
        return false;
    *slash = '\0';
    int bits = atoi(slash + 1), whole = bits / 8, rest = bits % 8;
    if (inet_pton(family, text, network) != 1 ||
        inet_pton(family, value_as_text(v).data, address) != 1 || bits < 0 ||
        bits > (family == AF_INET ? 32 : 128) || memcmp(network, address, (size_t)whole) != 0)
        return false;
    return rest == 0 || ((network[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

static bool fits_one(const asl_value *wanted, const asl_value *v);

/* A value, a list of them, or an object of one operator: none of which may fit. */
static bool fits_anything_but(const asl_value *wanted, const asl_value *v)
{
    if (value_kind(wanted) == VALUE_OBJECT) {
        const asl_value *each = value_at(wanted, 0);
        if (value_kind(each) != VALUE_ARRAY)
            return !fits_one(wanted, v);
        for (size_t i = 0; i < value_count(each); i++) {
            asl_value *single =
                value_with_take(value_retain(wanted), value_retain(value_key_at(wanted, 0)),
                                value_retain(value_at(each, i)));
            bool fits = fits_one(single, v);
            value_release(single);
            if (fits)
                return false;
        }
        return true;
    }
    if (value_kind(wanted) != VALUE_ARRAY)
        return !value_equal(wanted, v);
    for (size_t i = 0; i < value_count(wanted); i++)
        if (value_equal(value_at(wanted, i), v))
            return false;
    return true;
}

/* ---- and whether they are well formed ---- */

static bool wants_text(const asl_value *v, char *message)
{
    return is_text(v) || complain(message, "the operator wants a string");
}

static bool wants_affix(const asl_value *v, char *message)
{
    return wants_text(value_kind(v) == VALUE_OBJECT ? value_get_z(v, "equals-ignore-case") : v,
                      message);
}

static bool wants_numbers(const asl_value *v, char *message)
{
    static const char *const operators[] = {"=", "<", "<=", ">", ">="};
    size_t count = value_kind(v) == VALUE_ARRAY ? value_count(v) : 0;
    bool fine = count == 2 || count == 4;
    for (size_t i = 0; fine && i < count; i += 2) {
        bool known = false;
        for (size_t k = 0; k < sizeof operators / sizeof *operators; k++)
            known |= asl_text_is(value_as_text(value_at(v, i)), operators[k]);
        fine = known && value_kind(value_at(v, i + 1)) == VALUE_NUMBER;
    }
    return fine || complain(message,
                            "numeric wants one or two pairs of an operator (=, <, <=, >, >=) and a "
                            "number");
}

static bool check_one(const asl_value *v, char *message);

static bool wants_anything(const asl_value *v, char *message)
{
    if (value_kind(v) == VALUE_ARRAY || value_kind(v) == VALUE_OBJECT)
        if (value_count(v) == 0)
            return complain(message, "anything-but wants at least one value");
    if (value_kind(v) != VALUE_OBJECT)
        return true;
    const asl_value *each = value_at(v, 0);
    return value_kind(each) == VALUE_ARRAY || check_one(v, message);
}

static bool wants_boolean(const asl_value *v, char *message)
{
    return value_kind(v) == VALUE_BOOLEAN || complain(message, "exists wants true or false");
}

static const struct {
    const char *name;
    bool (*fits)(const asl_value *wanted, const asl_value *v); /* NULL: exists, seen to before */
    bool (*check)(const asl_value *wanted, char *message);
} operators[] = {
    {"prefix", fits_prefix, wants_affix},
    {"suffix", fits_suffix, wants_affix},
    {"equals-ignore-case", fits_any_case, wants_text},
    {"wildcard", fits_wildcard, wants_text},
    {"numeric", fits_numeric, wants_numbers},
    {"anything-but", fits_anything_but, wants_anything},
    {"cidr", fits_cidr, wants_text},
    {"exists", NULL, wants_boolean},
};
#define OPERATORS (sizeof operators / sizeof *operators)

static size_t operator_of(const asl_value *v)
{
    size_t i = 0;
    if (value_kind(v) != VALUE_OBJECT || value_count(v) != 1)
        return OPERATORS;
    while (i < OPERATORS && !asl_text_is(value_as_text(value_key_at(v, 0)), operators[i].name))
        i++;
    return i;
}

static bool fits_one(const asl_value *wanted, const asl_value *v)
{
    if (value_kind(wanted) != VALUE_OBJECT)
        return value_equal(wanted, v);
    size_t i = operator_of(wanted);
    return i < OPERATORS && operators[i].fits && operators[i].fits(value_at(wanted, 0), v);
}

/* ---- a field ---- */

/* -1: no `exists` among them; else what it wants. */
static int exists_wanted(const asl_value *list)
{
    for (size_t i = 0; i < value_count(list); i++) {
        const asl_value *wanted = value_get_z(value_at(list, i), "exists");
        if (wanted)
            return value_is_true(wanted);
    }
    return -1;
}

static bool fits_any(const asl_value *list, const asl_value *v)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (fits_one(value_at(list, i), v))
            return true;
    return false;
}

/* `v` may be missing (NULL). Of an array any element will do. */
static bool leaf_matches(const asl_value *list, const asl_value *v)
{
    int exists = exists_wanted(list);
    bool is_leaf = v && value_kind(v) != VALUE_OBJECT;
    if (exists >= 0 && exists == is_leaf)
        return true;
    if (!v)
        return false;
    if (value_kind(v) != VALUE_ARRAY)
        return fits_any(list, v);
    for (size_t i = 0; i < value_count(v); i++)
        if (fits_any(list, value_at(v, i)))
            return true;
    return false;
}

static bool deeper_matches(const asl_value *pattern, const asl_value *v)
{
    if (!v || value_kind(v) != VALUE_ARRAY)
        return pattern_matches(pattern, v);
    for (size_t i = 0; i < value_count(v); i++)
        if (pattern_matches(pattern, value_at(v, i)))
            return true;
    return false;
}

bool pattern_matches(const asl_value *pattern, const asl_value *event)
{
    for (size_t i = 0; i < value_count(pattern); i++) {
        struct asl_text key = value_as_text(value_key_at(pattern, i));
        const asl_value *wanted = value_at(pattern, i);
        const asl_value *v =
            event && value_kind(event) == VALUE_OBJECT ? value_get(event, key) : NULL;
        bool fits = false;
        if (asl_text_is(key, "$or"))
            for (size_t k = 0; !fits && k < value_count(wanted); k++)
                fits = pattern_matches(value_at(wanted, k), event);
        else if (value_kind(wanted) == VALUE_ARRAY)
            fits = leaf_matches(wanted, v);
        else
            fits = deeper_matches(wanted, v);
        if (!fits)
            return false;
    }
    return true;
}

/* ---- checking ---- */

static bool check_one(const asl_value *v, char *message)
{
    size_t i = operator_of(v);
    char text[160];
    if (value_kind(v) == VALUE_ARRAY)
        return complain(message, "a list within a list of values");
    if (value_kind(v) != VALUE_OBJECT)
        return true;
    if (i < OPERATORS)
        return operators[i].check(value_at(v, 0), message);
    snprintf(text, sizeof text, "Unrecognized match type %.*s",
             value_count(v) ? (int)value_as_text(value_key_at(v, 0)).size : 0,
             value_count(v) ? value_as_text(value_key_at(v, 0)).data : "");
    return complain(message, text);
}

bool pattern_check(const asl_value *pattern, char message[256])
{
    if (!pattern || value_kind(pattern) != VALUE_OBJECT || value_depth(pattern) > DEPTH_MAXIMUM)
        return complain(message, "Filter is not an object");
    if (value_count(pattern) == 0)
        return complain(message, "Empty objects are not allowed");
    for (size_t i = 0; i < value_count(pattern); i++) {
        struct asl_text key = value_as_text(value_key_at(pattern, i));
        const asl_value *v = value_at(pattern, i);
        char text[160];
        if (value_kind(v) == VALUE_OBJECT) {
            if (!pattern_check(v, message))
                return false;
            continue;
        }
        snprintf(text, sizeof text, "\"%.100s\" must be an object or an array", key.data);
        if (value_kind(v) != VALUE_ARRAY)
            return complain(message, text);
        if (value_count(v) == 0)
            return complain(message, "Empty arrays are not allowed");
        for (size_t k = 0; k < value_count(v); k++)
            if (!(asl_text_is(key, "$or") ? pattern_check(value_at(v, k), message)
                                          : check_one(value_at(v, k), message)))
                return false;
    }
    return true;
}
