/* Filters decided: does this element satisfy `[?( )]`?
 *
 * Comparing is Jayway 2.0.0's: loose and never an error. A path that is not there satisfies
 * nothing, not even `!=`; a text equals a number or boolean that it spells; null equals null and
 * the word null; kinds that cannot be compared satisfy nothing. `[?(@.a)]` asks for an `a` that is
 * not null.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "path_internal.h"

#include <pcre2.h>
#include <string.h>

#include "java_text.h"

/* One match may take so many steps; a pattern that needs more is taken as not matching. */
enum { REGEX_STEPS_MAXIMUM = 50000, REGEX_HEAP_MAXIMUM_KIB = 8192 };

enum order { LESS, EQUAL, GREATER, UNEQUAL, INCOMPARABLE };

/* ---- comparing ---- */

static bool is_nullish(const asl_value *v)
{
    return value_kind(v) == VALUE_NULL ||
           (value_kind(v) == VALUE_STRING && asl_text_is(value_as_text(v), "null"));
}

static enum order order_of(int sign)
{
    return sign < 0 ? LESS : sign > 0 ? GREATER : EQUAL;
}

static enum order compare_numbers(const asl_value *a, const asl_value *b)
{
    int64_t i, j;
    if (value_as_integer(a, &i) && value_as_integer(b, &j)) {
        return order_of((i > j) - (i < j));
    }
    double x = value_as_double(a), y = value_as_double(b);
    return order_of((x > y) - (x < y));
}

/* No longer text is looked at for a number in another spelling than JSON's: filters are hot. */
enum { SPELLED_MAXIMUM = 64 };

/* As Java reads numbers: ".85", "1." and "+3" are some too, which JSON's are not. NULL: none;
 * yours. */
static asl_value *number_spelled(struct asl_text text)
{
    asl_value *number = value_number_text(text);
    struct asl_buffer plain;
    if (number || text.size == 0 || text.size > SPELLED_MAXIMUM) {
        return number;
    }
    const char *at = text.data, *end = at + text.size;
    asl_buffer_init(&plain, SPELLED_MAXIMUM + 2);
    if (*at == '+' || *at == '-') {
        asl_buffer_puts(&plain, *at++ == '-' ? "-" : "");
    }
    if (at < end && *at == '.') {
        asl_buffer_putc(&plain, '0');
    }
    for (; at < end; at++) {
        bool ends = at + 1 == end || at[1] == 'e' || at[1] == 'E';
        bool is_behind_digit = at > text.data && at[-1] >= '0' && at[-1] <= '9';
        if (*at != '.' || !ends || !is_behind_digit) {
            asl_buffer_putc(&plain, *at);
        }
    }
    number = value_number_text(asl_buffer_text(&plain));
    asl_buffer_free(&plain);
    return number;
}

/* A text against a number: by the number it spells. */
static enum order compare_spelled(const asl_value *text, const asl_value *number, bool is_turned)
{
    asl_value *spelled = number_spelled(value_as_text(text));
    if (!spelled) {
        return INCOMPARABLE;
    }
    enum order order =
        is_turned ? compare_numbers(number, spelled) : compare_numbers(spelled, number);
    value_release(spelled);
    return order;
}

static bool spells_true(const asl_value *v)
{
    if (value_kind(v) == VALUE_BOOLEAN) {
        return value_as_boolean(v);
    }
    struct asl_text t = value_as_text(v);
    static const char word[] = "true";
    if (t.size != sizeof word - 1) {
        return false;
    }
    for (size_t i = 0; i < t.size; i++) {
        if ((t.data[i] | 0x20) != word[i]) {
            return false;
        }
    }
    return true;
}

static enum order compare(const asl_value *a, const asl_value *b)
{
    if (is_nullish(a) || is_nullish(b)) {
        return is_nullish(a) && is_nullish(b) ? EQUAL : UNEQUAL;
    }
    enum value_kind x = value_kind(a), y = value_kind(b);
    if (x == VALUE_STRING && y == VALUE_STRING) {
        return order_of(asl_text_compare(value_as_text(a), value_as_text(b)));
    }
    if (x == VALUE_NUMBER && y == VALUE_NUMBER) {
        return compare_numbers(a, b);
    }
    if (x == VALUE_STRING && y == VALUE_NUMBER) {
        return compare_spelled(a, b, false);
    }
    if (x == VALUE_NUMBER && y == VALUE_STRING) {
        return compare_spelled(b, a, true);
    }
    bool is_scalar = x <= VALUE_STRING && y <= VALUE_STRING;
    if (is_scalar && (x == VALUE_BOOLEAN || y == VALUE_BOOLEAN) && x != VALUE_NUMBER &&
        y != VALUE_NUMBER) {
        return order_of(spells_true(a) - spells_true(b));
    }
    if (x >= VALUE_ARRAY && x == y) {
        return value_equal(a, b) ? EQUAL : UNEQUAL;
    }
    return INCOMPARABLE;
}

/* ---- operators ---- */

struct path_operator {
    const char *spelling;
    bool (*holds)(struct path_walk *w, const asl_value *left, const asl_value *right);
};

static bool equals(struct path_walk *w, const asl_value *a, const asl_value *b)
{
    (void)w;
    return compare(a, b) == EQUAL;
}

static bool differs(struct path_walk *w, const asl_value *a, const asl_value *b)
{
    (void)w;
    enum order order = compare(a, b);
    return order != EQUAL && order != INCOMPARABLE;
}

static bool is_less(struct path_walk *w, const asl_value *a, const asl_value *b)
{
    (void)w;
    return compare(a, b) == LESS;
}

static bool is_less_or_equal(struct path_walk *w, const asl_value *a, const asl_value *b)
{
    (void)w;
    enum order order = compare(a, b);
    return order == LESS || order == EQUAL;
}

static bool is_greater(struct path_walk *w, const asl_value *a, const asl_value *b)
{
    return is_less(w, b, a);
}

static bool is_greater_or_equal(struct path_walk *w, const asl_value *a, const asl_value *b)
{
    return is_less_or_equal(w, b, a);
}

static bool is_in(struct path_walk *w, const asl_value *element, const asl_value *list)
{
    if (value_kind(list) != VALUE_ARRAY || !path_spend(w, value_count(list))) {
        return false;
    }
    for (size_t i = 0; i < value_count(list); i++) {
        if (compare(element, value_at(list, i)) == EQUAL) {
            return true;
        }
    }
    return false;
}

static bool is_not_in(struct path_walk *w, const asl_value *element, const asl_value *list)
{
    return !is_in(w, element, list);
}

/* How many of `some` are in `all`; SIZE_MAX when one of them is no array. */
static size_t count_in(struct path_walk *w, const asl_value *some, const asl_value *all)
{
    if (value_kind(some) != VALUE_ARRAY || value_kind(all) != VALUE_ARRAY) {
        return SIZE_MAX;
    }
    size_t count = 0;
    for (size_t i = 0; i < value_count(some); i++) {
        count += is_in(w, value_at(some, i), all);
    }
    return count;
}

static bool is_subset(struct path_walk *w, const asl_value *a, const asl_value *b)
{
    return value_kind(a) == VALUE_ARRAY && count_in(w, a, b) == value_count(a);
}

static bool has_all(struct path_walk *w, const asl_value *a, const asl_value *b)
{
    return is_subset(w, b, a);
}

static bool has_any(struct path_walk *w, const asl_value *a, const asl_value *b)
{
    size_t count = count_in(w, a, b);
    return count != 0 && count != SIZE_MAX;
}

static bool has_none(struct path_walk *w, const asl_value *a, const asl_value *b)
{
    return count_in(w, a, b) == 0;
}

static bool contains(struct path_walk *w, const asl_value *a, const asl_value *b)
{
    if (value_kind(a) == VALUE_ARRAY) {
        return is_in(w, b, a);
    }
    struct asl_text text = value_as_text(a), part = value_as_text(b);
    if (value_kind(a) != VALUE_STRING || value_kind(b) != VALUE_STRING ||
        !path_spend(w, text.size / 16)) {
        return false;
    }
    for (size_t at = 0; at + part.size <= text.size; at++) {
        if (part.size == 0 || memcmp(text.data + at, part.data, part.size) == 0) {
            return true;
        }
    }
    return false;
}

/* Characters as Java counts them: UTF-16 units. */
static size_t java_length(struct asl_text text)
{
    size_t length = 0;
    for (size_t at = 0; at < text.size;) {
        length += value_utf8_next(text, &at) > 0xffff ? 2 : 1;
    }
    return length;
}

static bool has_size(struct path_walk *w, const asl_value *a, const asl_value *b)
{
    (void)w;
    asl_value *number = value_number_text(value_as_text(b));
    int64_t size;
    bool is_number = number && value_as_integer(number, &size);
    value_release(number);
    if (!is_number || size < 0) {
        return false;
    }
    if (value_kind(a) == VALUE_ARRAY) {
        return value_count(a) == (size_t)size;
    }
    return value_kind(a) == VALUE_STRING && java_length(value_as_text(a)) == (size_t)size;
}

static bool is_empty(struct path_walk *w, const asl_value *a, const asl_value *b)
{
    (void)w;
    if (value_kind(a) == VALUE_STRING) {
        return (value_as_text(a).size == 0) == spells_true(b);
    }
    return value_kind(a) >= VALUE_ARRAY && (value_count(a) == 0) == spells_true(b);
}

/* Longer spellings stand before their beginnings. =~ is decided by matches() below. */
static const struct path_operator operators[] = {
    {"==", equals},
    {"!=", differs},
    {"=~", NULL},
    {"<=", is_less_or_equal},
    {">=", is_greater_or_equal},
    {"<", is_less},
    {">", is_greater},
    {"in", is_in},
    {"nin", is_not_in},
    {"subsetof", is_subset},
    {"anyof", has_any},
    {"noneof", has_none},
    {"all", has_all},
    {"contains", contains},
    {"size", has_size},
    {"empty", is_empty},
};

const struct path_operator *path_operator_at(struct asl_text text, size_t *spelled)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (!asl_text_starts(text, operators[i].spelling)) {
            continue;
        }
        *spelled = strlen(operators[i].spelling);
        char last = operators[i].spelling[*spelled - 1];
        bool is_word = last >= 'a' && last <= 'z';
        if (!is_word || (*spelled < text.size && strchr(" \t['\"@$(", text.data[*spelled]))) {
            return &operators[i];
        }
    }
    return NULL;
}

bool path_operator_is_match(const struct path_operator *o)
{
    return o->holds == NULL;
}

/* ---- patterns ---- */

static bool matches_text(struct path_walk *w, pcre2_code *regex, struct asl_text text)
{
    if (!path_spend(w, 1 + text.size / 16)) {
        return false;
    }
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    if (!data || !limits) {
        asl_out_of_memory();
    }
    pcre2_set_match_limit(limits, REGEX_STEPS_MAXIMUM);
    pcre2_set_heap_limit(limits, REGEX_HEAP_MAXIMUM_KIB);
    int code =
        pcre2_match(regex, (PCRE2_SPTR)(text.data ? text.data : ""), text.size, 0, 0, data, limits);
    pcre2_match_context_free(limits);
    pcre2_match_data_free(data);
    if (code == PCRE2_ERROR_MATCHLIMIT || code == PCRE2_ERROR_HEAPLIMIT) {
        path_spend(w,
                   REGEX_STEPS_MAXIMUM); /* or a hostile pattern costs its limit once an element */
    }
    return code >= 0;
}

/* Strings as they are, arrays by any element, the rest as Java writes it; null never. */
static bool matches(struct path_walk *w, pcre2_code *regex, const asl_value *v, bool is_element)
{
    if (value_kind(v) == VALUE_STRING) {
        return matches_text(w, regex, value_as_text(v));
    }
    if (value_kind(v) == VALUE_NULL) {
        return false;
    }
    if (value_kind(v) == VALUE_ARRAY && !is_element) {
        for (size_t i = 0; i < value_count(v); i++) {
            if (matches(w, regex, value_at(v, i), true)) {
                return true;
            }
        }
        return false;
    }
    struct asl_buffer text;
    asl_buffer_init(&text, PATH_TEXT_MAXIMUM);
    java_text(v, &text);
    bool is_match = matches_text(w, regex, asl_buffer_text(&text));
    asl_buffer_free(&text);
    return is_match;
}

/* ---- the tree ---- */

/* The operand's value (yours), or NULL when its path finds nothing. */
static asl_value *operand_value(const struct path_operand *o, struct path_walk *w,
                                const asl_value *current)
{
    if (o->kind != OPERAND_PATH) {
        return value_retain(o->value);
    }
    const asl_value *start = o->path->is_current           ? current
                             : o->path->root == PATH_INPUT ? w->root
                                                           : path_start(o->path, w->scope);
    bool is_bare_scalar =
        o->path->is_current && o->path->count == 0 && value_kind(current) < VALUE_ARRAY;
    if (!start || is_bare_scalar) {
        return NULL;
    }
    struct value_list outer = w->found; /* the walk around us goes on collecting afterwards */
    value_list_init(&w->found);
    enum path_outcome outcome = path_walk_from(w, o->path, start, NULL);
    struct value_list mine = w->found;
    w->found = outer;
    asl_value *v = NULL;
    if (outcome == PATH_FOUND && path_is_definite(o->path) && mine.count > 0) {
        v = value_retain(mine.items[0]);
    } else if (outcome == PATH_FOUND && !path_is_definite(o->path)) {
        return value_array_take(&mine);
    }
    value_list_free(&mine);
    return v;
}

static bool operand_exists(const struct path_operand *o, struct path_walk *w,
                           const asl_value *current)
{
    asl_value *v = operand_value(o, w, current);
    bool exists =
        v && value_kind(v) != VALUE_NULL && (path_is_definite(o->path) || value_count(v) > 0);
    value_release(v);
    return exists;
}

static bool matches_pattern(const struct path_filter *f, struct path_walk *w,
                            const asl_value *current)
{
    bool is_left_regex = f->a.kind == OPERAND_REGEX;
    asl_value *v = operand_value(is_left_regex ? &f->b : &f->a, w, current);
    bool is_match = v && matches(w, is_left_regex ? f->a.regex : f->b.regex, v, false);
    value_release(v);
    return is_match;
}

static bool comparison_holds(const struct path_filter *f, struct path_walk *w,
                             const asl_value *current)
{
    if (path_operator_is_match(f->operator_)) {
        return matches_pattern(f, w, current);
    }
    asl_value *left = operand_value(&f->a, w, current);
    asl_value *right = left ? operand_value(&f->b, w, current) : NULL;
    bool holds = left && right && f->operator_->holds(w, left, right);
    value_release(left);
    value_release(right);
    return holds;
}

bool path_filter_accepts(const struct path_filter *f, struct path_walk *w, const asl_value *current)
{
    if (!path_spend(w, 1)) {
        return false;
    }
    switch (f->kind) {
    case FILTER_OR:
        return path_filter_accepts(f->left, w, current) ||
               path_filter_accepts(f->right, w, current);
    case FILTER_AND:
        return path_filter_accepts(f->left, w, current) &&
               path_filter_accepts(f->right, w, current);
    case FILTER_NOT:
        return !path_filter_accepts(f->left, w, current);
    case FILTER_EXISTS:
        return operand_exists(&f->a, w, current);
    case FILTER_COMPARE:
        return comparison_holds(f, w, current);
    }
    return false;
}
