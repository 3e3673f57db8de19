/* Comparing what came with what is expected; see match.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "engine/test/match.h"

#include <math.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "asl/definition/guess.h"

/* A pattern from a test file may be a bad one: it gives up instead of hanging. */
#define REGEX_STEPS_MAXIMUM 1000000
/* What is shown of a value. */
#define SHOWN_MAXIMUM 2000

/* One comparison at work. */
struct matching {
    struct mismatches *found; /* NULL: only the answer counts */
    bool partial;             /* objects may have more members */
};

static bool compare(struct matching *m, const asl_value *expected, const asl_value *came,
                    const struct step *at, const struct step *came_at);

/* ---- differences ---- */

void mismatches_free(struct mismatches *m)
{
    for (size_t i = 0; i < m->count; i++) {
        free(m->items[i].pointer);
        free(m->items[i].place);
        free(m->items[i].expected);
        free(m->items[i].came);
    }
    free(m->items);
    *m = (struct mismatches){0};
}

/* As a JSONPath: "$.items[2]['a b']". */
static void put_place(const struct step *step, struct asl_buffer *out)
{
    if (!step || !step->parent) {
        asl_buffer_putc(out, '$');
        return;
    }
    put_place(step->parent, out);
    bool plain = step->key.size > 0;
    for (size_t i = 0; plain && i < step->key.size; i++)
        plain = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_",
                       step->key.data[i]) != NULL &&
                step->key.data[i];
    if (!step->key.data)
        asl_buffer_printf(out, "[%zu]", step->index);
    else
        asl_buffer_printf(out, plain ? ".%.*s" : "['%.*s']", ASL_TEXT_ARGS(step->key));
}

static char *copy_shown(struct asl_text t)
{
    struct asl_buffer b;
    asl_buffer_init(&b, SHOWN_MAXIMUM + 64);
    asl_buffer_put(&b, t.data, t.size < SHOWN_MAXIMUM ? t.size : SHOWN_MAXIMUM);
    if (t.size > SHOWN_MAXIMUM)
        asl_buffer_printf(&b, " ... (%zu bytes in all)", t.size);
    asl_buffer_puts(&b, "");
    return b.data ? asl_buffer_take(&b, NULL) : asl_copy_text(ASL_TEXT(""));
}

void mismatches_add(struct mismatches *m, const struct step *at, const struct step *came_at,
                    struct asl_text expected, struct asl_text came)
{
    struct asl_buffer pointer, place;
    if (!m)
        return;
    if (m->count == MISMATCHES_MAXIMUM) {
        m->more++;
        return;
    }
    if (!m->items)
        m->items = asl_allocate(MISMATCHES_MAXIMUM * sizeof *m->items);
    asl_buffer_init(&pointer, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&place, ASL_BUFFER_MAXIMUM);
    step_pointer(at, &pointer);
    put_place(came_at, &place);
    m->items[m->count++] = (struct mismatch){
        .pointer = asl_copy_text(asl_buffer_text(&pointer)),
        .place = asl_copy_text(asl_buffer_text(&place)),
        .expected = copy_shown(expected),
        .came = copy_shown(came),
    };
    asl_buffer_free(&pointer);
    asl_buffer_free(&place);
}

static void put_value(const asl_value *v, struct asl_buffer *out)
{
    if (v)
        value_print(v, out);
    else
        asl_buffer_puts(out, "nothing");
}

/* `words` before the expected value; NULL `expected`: only words. Returns false. */
static bool differ(struct matching *m, const struct step *at, const struct step *came_at,
                   const char *words, const asl_value *expected, const asl_value *came)
{
    struct asl_buffer wanted, got;
    if (!m->found)
        return false;
    asl_buffer_init(&wanted, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&got, ASL_BUFFER_MAXIMUM);
    asl_buffer_puts(&wanted, words);
    if (expected)
        value_print(expected, &wanted);
    put_value(came, &got);
    mismatches_add(m->found, at, came_at, asl_buffer_text(&wanted), asl_buffer_text(&got));
    asl_buffer_free(&wanted);
    asl_buffer_free(&got);
    return false;
}

/* Silently: does it fit? */
static bool fits(struct matching *m, const asl_value *expected, const asl_value *came)
{
    struct matching quiet = {.partial = m->partial};
    return compare(&quiet, expected, came, NULL, NULL);
}

/* ---- matchers ---- */

/* What a matcher is asked: its operand, what came (NULL: nothing), and both places. */
struct question {
    const asl_value *operand, *came;
    const struct step *at, *came_at;
};

static bool is_any(struct matching *m, const struct question *q)
{
    return q->came || differ(m, q->at, q->came_at, "anything", NULL, NULL);
}

static bool is_absent(struct matching *m, const struct question *q)
{
    return !q->came || differ(m, q->at, q->came_at, "nothing here", NULL, q->came);
}

static bool is_type(struct matching *m, const struct question *q)
{
    int64_t n;
    const char *kind = q->came ? value_kind_name(value_kind(q->came)) : "nothing";
    struct asl_text wanted = value_as_text(q->operand);
    bool whole = q->came && value_kind(q->came) == VALUE_NUMBER && value_as_integer(q->came, &n);
    return asl_text_is(wanted, kind) || (whole && asl_text_is(wanted, "integer")) ||
           differ(m, q->at, q->came_at, "of type ", q->operand, q->came);
}

/* 1: matches, 0: does not, -1: the pattern is wrong. */
static int regex_match(struct asl_text pattern, struct asl_text subject)
{
    int code;
    PCRE2_SIZE offset;
    pcre2_code *regex = pcre2_compile((PCRE2_SPTR)(pattern.data ? pattern.data : ""), pattern.size,
                                      PCRE2_UTF | PCRE2_NO_UTF_CHECK, &code, &offset, NULL);
    if (!regex)
        return -1;
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(regex, NULL);
    pcre2_set_match_limit(context, REGEX_STEPS_MAXIMUM);
    pcre2_set_depth_limit(context, REGEX_STEPS_MAXIMUM / 100);
    int found = pcre2_match(regex, (PCRE2_SPTR)(subject.data ? subject.data : ""), subject.size, 0,
                            PCRE2_NO_UTF_CHECK, data, context);
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    pcre2_code_free(regex);
    return found >= 0;
}

static bool matches(struct matching *m, const struct question *q)
{
    bool text = q->came && value_kind(q->came) == VALUE_STRING;
    return (text && regex_match(value_as_text(q->operand), value_as_text(q->came)) == 1) ||
           differ(m, q->at, q->came_at, "a text that matches ", q->operand, q->came);
}

static bool has_element(struct matching *m, const asl_value *list, const asl_value *wanted)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (fits(m, wanted, value_at(list, i)))
            return true;
    return false;
}

static bool contains(struct matching *m, const struct question *q)
{
    const asl_value *operand = q->operand, *came = q->came;
    bool fine = false;
    if (came && value_kind(came) == VALUE_STRING && value_kind(operand) == VALUE_STRING) {
        struct asl_text part = value_as_text(operand), whole = value_as_text(came);
        fine = !part.size || (whole.size && memmem(whole.data, whole.size, part.data, part.size));
    } else if (came && value_kind(came) == VALUE_ARRAY) {
        fine = value_kind(operand) == VALUE_ARRAY || has_element(m, came, operand);
        for (size_t i = 0; fine && value_kind(operand) == VALUE_ARRAY && i < value_count(operand);
             i++)
            fine = has_element(m, came, value_at(operand, i));
    }
    return fine || differ(m, q->at, q->came_at, "what contains ", operand, came);
}

static bool has_part(struct matching *m, const struct question *q)
{
    struct matching inner = {m->found, true};
    return compare(&inner, q->operand, q->came, q->at, q->came_at);
}

static bool is_unordered(struct matching *m, const struct question *q)
{
    size_t count = value_count(q->operand);
    if (!q->came || value_kind(q->came) != VALUE_ARRAY || value_count(q->came) != count)
        return differ(m, q->at, q->came_at, "in any order ", q->operand, q->came);
    bool *taken = asl_allocate_zeroed(count + 1, sizeof *taken), fine = true;
    for (size_t i = 0; fine && i < count; i++) {
        size_t k = 0;
        while (k < count && (taken[k] || !fits(m, value_at(q->operand, i), value_at(q->came, k))))
            k++;
        fine = k < count;
        if (fine)
            taken[k] = true;
    }
    free(taken);
    return fine || differ(m, q->at, q->came_at, "in any order ", q->operand, q->came);
}

static bool is_each(struct matching *m, const struct question *q)
{
    bool fine = true;
    if (!q->came || value_kind(q->came) != VALUE_ARRAY)
        return differ(m, q->at, q->came_at, "a list", NULL, q->came);
    for (size_t i = 0; i < value_count(q->came); i++) {
        struct step element = step_index(q->came_at, i);
        fine &= compare(m, q->operand, value_at(q->came, i), q->at, &element);
    }
    return fine;
}

static bool has_length(struct matching *m, const struct question *q)
{
    enum value_kind kind = q->came ? value_kind(q->came) : VALUE_NULL;
    size_t length = q->came ? value_count(q->came) : 0;
    if (kind != VALUE_ARRAY && kind != VALUE_OBJECT && kind != VALUE_STRING)
        return differ(m, q->at, q->came_at, "of length ", q->operand, q->came);
    if (kind == VALUE_STRING) {
        struct asl_text t = value_as_text(q->came);
        for (size_t at = length = 0; at < t.size; length++)
            value_utf8_next(t, &at);
    }
    asl_value *n = value_integer((int64_t)length);
    bool fine = fits(m, q->operand, n);
    value_release(n);
    return fine || differ(m, q->at, q->came_at, "of length ", q->operand, q->came);
}

static bool is_number(const asl_value *v)
{
    return v && value_kind(v) == VALUE_NUMBER;
}

static bool is_above(struct matching *m, const struct question *q)
{
    return (is_number(q->came) && value_as_double(q->came) > value_as_double(q->operand)) ||
           differ(m, q->at, q->came_at, "above ", q->operand, q->came);
}

static bool is_at_least(struct matching *m, const struct question *q)
{
    return (is_number(q->came) && value_as_double(q->came) >= value_as_double(q->operand)) ||
           differ(m, q->at, q->came_at, "at least ", q->operand, q->came);
}

static bool is_below(struct matching *m, const struct question *q)
{
    return (is_number(q->came) && value_as_double(q->came) < value_as_double(q->operand)) ||
           differ(m, q->at, q->came_at, "below ", q->operand, q->came);
}

static bool is_at_most(struct matching *m, const struct question *q)
{
    return (is_number(q->came) && value_as_double(q->came) <= value_as_double(q->operand)) ||
           differ(m, q->at, q->came_at, "at most ", q->operand, q->came);
}

static bool is_near(struct matching *m, const struct question *q)
{
    double wanted = value_as_double(value_at(q->operand, 0));
    double slack = value_as_double(value_at(q->operand, 1));
    return (is_number(q->came) && fabs(value_as_double(q->came) - wanted) <= slack) ||
           differ(m, q->at, q->came_at, "[number, how far at most] ", q->operand, q->came);
}

static bool is_not(struct matching *m, const struct question *q)
{
    return !fits(m, q->operand, q->came) ||
           differ(m, q->at, q->came_at, "not ", q->operand, q->came);
}

static bool is_one_of(struct matching *m, const struct question *q)
{
    for (size_t i = 0; i < value_count(q->operand); i++)
        if (fits(m, value_at(q->operand, i), q->came))
            return true;
    return differ(m, q->at, q->came_at, "one of ", q->operand, q->came);
}

static bool is_json(struct matching *m, const struct question *q)
{
    struct value_error error;
    asl_value *v = q->came && value_kind(q->came) == VALUE_STRING
                       ? value_parse(value_as_text(q->came), 0, 0, &error)
                       : NULL;
    bool fine = v ? compare(m, q->operand, v, q->at, q->came_at)
                  : differ(m, q->at, q->came_at, "a text that holds JSON", NULL, q->came);
    value_release(v);
    return fine;
}

static bool is_literal(struct matching *m, const struct question *q)
{
    return (q->came && value_equal(q->operand, q->came)) ||
           differ(m, q->at, q->came_at, "", q->operand, q->came);
}

static bool is_record(struct matching *m, const struct question *q)
{
    return differ(m, q->at, q->came_at, "(nothing is recorded yet: run with --update)", NULL,
                  q->came);
}

/* ---- what operands may be ---- */

static bool takes_anything(const asl_value *v)
{
    (void)v;
    return true;
}

static bool takes_true(const asl_value *v)
{
    return value_is_true(v);
}

static bool takes_type(const asl_value *v)
{
    static const char *const types[] = {"null",   "boolean", "number", "integer",
                                        "string", "array",   "object"};
    for (size_t i = 0; value_kind(v) == VALUE_STRING && i < sizeof types / sizeof *types; i++)
        if (asl_text_is(value_as_text(v), types[i]))
            return true;
    return false;
}

static bool takes_pattern(const asl_value *v)
{
    return value_kind(v) == VALUE_STRING && regex_match(value_as_text(v), ASL_TEXT("")) >= 0;
}

static bool takes_list(const asl_value *v)
{
    return value_kind(v) == VALUE_ARRAY;
}

static bool takes_object_or_list(const asl_value *v)
{
    return value_kind(v) == VALUE_OBJECT || value_kind(v) == VALUE_ARRAY;
}

static bool takes_number(const asl_value *v)
{
    return value_kind(v) == VALUE_NUMBER;
}

static bool takes_two_numbers(const asl_value *v)
{
    return value_kind(v) == VALUE_ARRAY && value_count(v) == 2 && takes_number(value_at(v, 0)) &&
           takes_number(value_at(v, 1));
}

static bool takes_length(const asl_value *v)
{
    return value_kind(v) == VALUE_NUMBER || match_is_matcher(v);
}

#define EXPECTATION "{\"$ref\":\"#/$defs/expectation\"}"
#define NUMBER      "{\"type\":\"number\"}"

static const struct matcher {
    const char *name;
    bool (*holds)(struct matching *m, const struct question *q);
    bool (*takes)(const asl_value *operand);
    bool nested; /* the operand holds expectations */
    const char *operand, *schema, *help;
} matchers[] = {
    {"$any", is_any, takes_true, false, "true", "{\"const\":true}",
     "anything, as long as it is there"},
    {"$absent", is_absent, takes_true, false, "true", "{\"const\":true}",
     "the member must not be there"},
    {"$type", is_type, takes_type, false, "null, boolean, number, integer, string, array or object",
     "{\"enum\":[\"null\",\"boolean\",\"number\",\"integer\",\"string\",\"array\",\"object\"]}",
     "the kind of value"},
    {"$matches", matches, takes_pattern, false, "a regular expression (PCRE2)",
     "{\"type\":\"string\"}", "a text in which the pattern is found"},
    {"$contains", contains, takes_anything, true, "a part", EXPECTATION,
     "a text with that part, or a list with such an element (of a list: all of them)"},
    {"$partial", has_part, takes_object_or_list, true, "an object or a list",
     "{\"type\":[\"object\",\"array\"],\"allOf\":[" EXPECTATION "]}",
     "at least these members, at any depth"},
    {"$unordered", is_unordered, takes_list, true, "a list",
     "{\"type\":\"array\",\"items\":" EXPECTATION "}", "these elements, in any order"},
    {"$each", is_each, takes_anything, true, "an expectation", EXPECTATION,
     "a list; every element is like that"},
    {"$length", has_length, takes_length, true, "a number, or a matcher",
     "{\"anyOf\":[" NUMBER ",{\"$ref\":\"#/$defs/matcher\"}]}", "elements, members or characters"},
    {"$above", is_above, takes_number, false, "a number", NUMBER, "a number above"},
    {"$atLeast", is_at_least, takes_number, false, "a number", NUMBER, "that number or more"},
    {"$below", is_below, takes_number, false, "a number", NUMBER, "a number below"},
    {"$atMost", is_at_most, takes_number, false, "a number", NUMBER, "that number or less"},
    {"$near", is_near, takes_two_numbers, false, "[number, how far at most]",
     "{\"type\":\"array\",\"items\":" NUMBER ",\"minItems\":2,\"maxItems\":2}",
     "a number that near"},
    {"$not", is_not, takes_anything, true, "an expectation", EXPECTATION, "what does not fit"},
    {"$oneOf", is_one_of, takes_list, true, "a list of expectations",
     "{\"type\":\"array\",\"items\":" EXPECTATION "}", "what fits one of them"},
    {"$json", is_json, takes_anything, true, "an expectation", EXPECTATION,
     "a text that holds such JSON"},
    {"$literal", is_literal, takes_anything, false, "any JSON", "{}",
     "just that, also where it looks like a matcher"},
    {"$record", is_record, takes_true, false, "true", "{\"const\":true}",
     "whatever comes: --update writes it here"},
};
#define MATCHERS (sizeof matchers / sizeof *matchers)

static const struct matcher *find_matcher(struct asl_text name)
{
    for (size_t i = 0; i < MATCHERS; i++)
        if (asl_text_is(name, matchers[i].name))
            return &matchers[i];
    return NULL;
}

bool match_describe(size_t index, const char **name, const char **help)
{
    if (index >= MATCHERS)
        return false;
    *name = matchers[index].name;
    *help = matchers[index].help;
    return true;
}

asl_value *match_operand_schema(size_t index)
{
    return value_literal(matchers[index].schema);
}

bool match_is_matcher(const asl_value *v)
{
    if (value_kind(v) != VALUE_OBJECT || !value_count(v))
        return false;
    for (size_t i = 0; i < value_count(v); i++)
        if (!asl_text_starts(value_as_text(value_key_at(v, i)), "$"))
            return false;
    return true;
}

bool match_is_record(const asl_value *v)
{
    return value_kind(v) == VALUE_OBJECT && value_count(v) == 1 && value_get_z(v, "$record");
}

/* ---- comparing ---- */

static bool apply_matchers(struct matching *m, const asl_value *expected, const asl_value *came,
                           const struct step *at, const struct step *came_at)
{
    bool fine = true;
    for (size_t i = 0; i < value_count(expected); i++) {
        struct asl_text name = value_as_text(value_key_at(expected, i));
        const struct matcher *matcher = find_matcher(name);
        struct step inner = step_key(at, name);
        struct question q = {value_at(expected, i), came, &inner, came_at};
        fine &= matcher ? matcher->holds(m, &q)
                        : differ(m, at, came_at, "a matcher that there is, not ", expected, came);
    }
    return fine;
}

static void tell_unexpected(struct matching *m, const asl_value *expected, const asl_value *came,
                            const struct step *at, const struct step *came_at, bool *fine)
{
    for (size_t i = 0; i < value_count(came); i++) {
        struct asl_text name = value_as_text(value_key_at(came, i));
        struct step inner = step_key(came_at, name);
        if (value_find(expected, name) == SIZE_MAX)
            *fine = differ(m, at, &inner, "no such member", NULL, value_at(came, i));
    }
}

static bool compare_objects(struct matching *m, const asl_value *expected, const asl_value *came,
                            const struct step *at, const struct step *came_at)
{
    bool fine = true;
    for (size_t i = 0; i < value_count(expected); i++) {
        struct asl_text name = value_as_text(value_key_at(expected, i));
        struct step wanted = step_key(at, name), got = step_key(came_at, name);
        fine &= compare(m, value_at(expected, i), value_get(came, name), &wanted, &got);
    }
    if (!m->partial)
        tell_unexpected(m, expected, came, at, came_at, &fine);
    return fine;
}

static bool compare_arrays(struct matching *m, const asl_value *expected, const asl_value *came,
                           const struct step *at, const struct step *came_at)
{
    bool fine = true;
    size_t wanted = value_count(expected), got = value_count(came);
    for (size_t i = 0; i < wanted || i < got; i++) {
        struct step a = step_index(at, i), b = step_index(came_at, i);
        if (i >= wanted)
            fine = differ(m, at, &b, "no more elements", NULL, value_at(came, i));
        else
            fine &= compare(m, value_at(expected, i), i < got ? value_at(came, i) : NULL, &a, &b);
    }
    return fine;
}

static bool compare(struct matching *m, const asl_value *expected, const asl_value *came,
                    const struct step *at, const struct step *came_at)
{
    if (match_is_matcher(expected))
        return apply_matchers(m, expected, came, at, came_at);
    if (!came || value_kind(came) != value_kind(expected))
        return differ(m, at, came_at, "", expected, came);
    if (value_kind(expected) == VALUE_OBJECT)
        return compare_objects(m, expected, came, at, came_at);
    if (value_kind(expected) == VALUE_ARRAY)
        return compare_arrays(m, expected, came, at, came_at);
    return value_equal(expected, came) || differ(m, at, came_at, "", expected, came);
}

bool match_value(const asl_value *expected, const asl_value *came, const struct step *at,
                 const struct step *came_at, struct mismatches *found)
{
    struct matching m = {.found = found};
    return compare(&m, expected, came, at, came_at);
}

bool match_part(const asl_value *expected, const asl_value *came, const struct step *at,
                const struct step *came_at, struct mismatches *found)
{
    struct matching m = {.found = found, .partial = true};
    return compare(&m, expected, came, at, came_at);
}

/* ---- checking a file's expectations ---- */

static void complain_matcher(struct complaints *c, const struct step *at, struct asl_text name)
{
    struct guess g = {.wrong = name};
    struct asl_buffer hint;
    asl_buffer_init(&hint, 4096);
    for (size_t i = 0; i < MATCHERS; i++)
        guess_try(&g, asl_text(matchers[i].name));
    put_guess(&g, &hint);
    complain(c, at, true,
             "there is no matcher %.*s%s (an object whose names all begin with $ is a matcher; "
             "{\"$literal\": ...} is none)",
             (int)(name.size < 60 ? name.size : 60), name.data, hint.data ? hint.data : "");
    asl_buffer_free(&hint);
}

static void check_matchers(const asl_value *v, const struct step *at, struct complaints *c)
{
    for (size_t i = 0; i < value_count(v); i++) {
        struct asl_text name = value_as_text(value_key_at(v, i));
        const struct matcher *matcher = find_matcher(name);
        struct step inner = step_key(at, name);
        if (!matcher)
            complain_matcher(c, &inner, name);
        else if (!matcher->takes(value_at(v, i)))
            complain(c, &inner, false, "%s wants %s", matcher->name, matcher->operand);
        else if (matcher->nested)
            match_check(value_at(v, i), &inner, c);
    }
}

void match_check(const asl_value *v, const struct step *at, struct complaints *c)
{
    if (match_is_matcher(v)) {
        check_matchers(v, at, c);
        return;
    }
    bool object = value_kind(v) == VALUE_OBJECT;
    for (size_t i = 0; i < value_count(v); i++) {
        struct step inner =
            object ? step_key(at, value_as_text(value_key_at(v, i))) : step_index(at, i);
        match_check(value_at(v, i), &inner, c);
    }
}

/* ---- rewriting ---- */

static bool same_names(const asl_value *a, const asl_value *b)
{
    bool same = value_count(a) == value_count(b);
    for (size_t i = 0; same && i < value_count(a); i++)
        same = value_find(b, value_as_text(value_key_at(a, i))) != SIZE_MAX;
    return same;
}

/* What came, with those parts of the expectation that it meets. */
static asl_value *merged(const asl_value *expected, const asl_value *came)
{
    struct value_list l;
    if (match_value(expected, came, NULL, NULL, NULL))
        return value_retain(expected);
    if (match_is_matcher(expected) || value_kind(expected) != value_kind(came) ||
        value_kind(came) < VALUE_ARRAY)
        return value_retain(came);
    value_list_init(&l);
    bool object = value_kind(came) == VALUE_OBJECT;
    for (size_t i = 0; i < value_count(came); i++) {
        const asl_value *key = object ? value_key_at(came, i) : NULL;
        const asl_value *before = object ? value_get(expected, value_as_text(key))
                                  : i < value_count(expected) ? value_at(expected, i)
                                                              : NULL;
        asl_value *v = before ? merged(before, value_at(came, i)) : value_retain(value_at(came, i));
        if (object)
            value_list_push_member_take(&l, value_retain(key), v);
        else
            value_list_push_take(&l, v);
    }
    return object ? value_object_take(&l) : value_array_take(&l);
}

void match_edit_take(struct value_list *edits, const struct step *at, asl_value *value_taken)
{
    struct asl_buffer pointer;
    struct value_list l;
    asl_buffer_init(&pointer, ASL_BUFFER_MAXIMUM);
    step_pointer(at, &pointer);
    value_list_init(&l);
    value_list_set_take(&l, "pointer", value_string(asl_buffer_text(&pointer)));
    value_list_set_take(&l, "value", value_taken);
    value_list_push_take(edits, value_object_take(&l));
    asl_buffer_free(&pointer);
}

void match_edits(const asl_value *expected, const asl_value *came, const struct step *at,
                 struct value_list *edits)
{
    if (match_value(expected, came, NULL, NULL, NULL))
        return;
    bool plain = !match_is_matcher(expected) && value_kind(expected) == value_kind(came);
    bool objects = plain && value_kind(came) == VALUE_OBJECT && same_names(expected, came);
    bool arrays =
        plain && value_kind(came) == VALUE_ARRAY && value_count(expected) == value_count(came);
    if (!objects && !arrays) {
        match_edit_take(edits, at, merged(expected, came));
        return;
    }
    for (size_t i = 0; i < value_count(expected); i++) {
        struct asl_text name = objects ? value_as_text(value_key_at(expected, i)) : ASL_TEXT("");
        struct step inner = objects ? step_key(at, name) : step_index(at, i);
        match_edits(value_at(expected, i), objects ? value_get(came, name) : value_at(came, i),
                    &inner, edits);
    }
}
