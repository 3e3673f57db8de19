/* $contains, $match, $replace, $split: patterns that are strings, regular expressions, or functions
 * that behave like one ("matchers": given a string they return {match, start, end, groups, next}).
 *
 * A regular expression is run here without making those objects; offsets are bytes inside and
 * UTF-16 units outside.
 */
#include "library.h"
#include "regex.h"

#include <math.h>
#include <string.h>

/* How many units of backtracking cost as much as evaluating a node. */
#define BACKTRACKING_A_STEP 2

struct match {
    size_t start, end; /* bytes */
    item groups;       /* an array */
    item text;
};

struct matching {
    struct run *run;
    struct asl_text subject;
    item matcher;
    item foreign; /* the object a matcher returned, else undefined */
    size_t counted, counted_units;
};

/* ---- regular expressions ---- */

static item fail_too_long(struct run *run)
{
    run->steps = run->step_maximum + 1;
    return jsonata_fail_limit(run);
}

/* The subject as UTF-8: halves of characters are covered by a noncharacter of the same length.
 * Looked over once, not for every match in it. */
static struct asl_text matchable(struct run *run, struct asl_text subject)
{
    if (run->checked.data == subject.data && run->checked.size == subject.size)
        return run->matchable;
    jsonata_charge_bytes(run, subject.size);
    run->checked = run->matchable = subject;
    char *copy = NULL;
    for (size_t i = 0; i + 2 < subject.size; i++) {
        const char *lead = memchr(subject.data + i, 0xed, subject.size - i - 2);
        if (!lead)
            break;
        i = (size_t)(lead - subject.data);
        if ((unsigned char)lead[1] < 0xa0)
            continue;
        if (!copy) {
            copy = (char *)jsonata_string_copy(&run->heap, subject).as.text;
            run->matchable.data = copy;
        }
        if (run->heap.arena.exhausted)
            return run->matchable = (struct asl_text){"", 0};
        memcpy(copy + i, "\xef\xbf\xbf", 3);
    }
    return run->matchable;
}

static enum regex_outcome run_regex(struct run *run, struct regex *regex, struct asl_text subject,
                                    size_t from)
{
    subject = matchable(run, subject);
    if (from > subject.size)
        return REGEX_NO_MATCH;
    size_t left = run->step_maximum > run->steps ? run->step_maximum - run->steps : 1;
    size_t budget = left * BACKTRACKING_A_STEP, before = budget;
    enum regex_outcome outcome = jsonata_regex_match(regex, subject, from, &budget);
    jsonata_charge(run, 1 + (before - budget) / BACKTRACKING_A_STEP);
    return outcome;
}

static struct array *regex_groups(struct run *run, const struct regex *regex,
                                  struct asl_text subject)
{
    struct array *groups = jsonata_array(&run->heap, regex->groups);
    for (size_t i = 1; i <= regex->groups; i++) {
        size_t start, end;
        jsonata_regex_group(regex, i, &start, &end);
        item group = item_undefined();
        if (start != REGEX_UNSET)
            group = item_text((struct asl_text){subject.data + start, end - start});
        jsonata_push(&run->heap, groups, group);
    }
    return groups;
}

/* Byte offset of a UTF-16 offset; what is behind the end is at SIZE_MAX. */
static size_t unit_offset(struct asl_text t, double wanted)
{
    size_t at = 0;
    double seen = 0;
    while (at < t.size && seen < wanted) {
        seen += (unsigned char)t.data[at] >= 0xf0 ? 2 : 1;
        at += jsonata_code_point_offset((struct asl_text){t.data + at, t.size - at}, 1);
    }
    return seen < wanted ? SIZE_MAX : at;
}

/* JavaScript's lastIndex as an offset in `subject`: the same one mostly, else as many units. */
static size_t last_index(const struct function *f, struct asl_text subject)
{
    struct asl_text before = f->as.regex.before;
    if (before.data == subject.data || before.size == 0)
        return before.size;
    return unit_offset(subject, (double)jsonata_count_units(before));
}

/* Runs it, and keeps lastIndex. */
static enum regex_outcome run_function(struct run *run, struct function *f, struct asl_text subject,
                                       size_t from, size_t *start, size_t *end)
{
    enum regex_outcome outcome =
        from > subject.size ? REGEX_NO_MATCH : run_regex(run, f->as.regex.regex, subject, from);
    f->as.regex.before = (struct asl_text){0};
    if (outcome == REGEX_MATCH) {
        jsonata_regex_group(f->as.regex.regex, 0, start, end);
        f->as.regex.before = (struct asl_text){subject.data, *end};
    }
    return outcome;
}

static item match_members(struct run *run, struct function *next, item text, double start,
                          double end, item groups)
{
    struct heap *h = &run->heap;
    struct object *o = jsonata_object(h, 5);
    jsonata_add(h, o, jsonata_string_z("match"), text);
    jsonata_add(h, o, jsonata_string_z("start"), item_number(start));
    jsonata_add(h, o, jsonata_string_z("end"), item_number(end));
    jsonata_add(h, o, jsonata_string_z("groups"), groups);
    jsonata_add(h, o, jsonata_string_z("next"), item_function(next));
    return item_object(o);
}

static struct function *next_function(struct run *run, struct function *regex, item subject,
                                      size_t length)
{
    struct function *next = jsonata_function(run, FUNCTION_NEXT, 0);
    next->as.next.regex = regex;
    next->as.next.subject = subject;
    next->as.next.length = length;
    return next;
}

/* A match object, undefined, or failed. */
static item apply_from(struct run *run, struct function *f, item subject, size_t length,
                       size_t from)
{
    struct asl_text t = item_string(subject);
    size_t start = 0, end = 0;
    enum regex_outcome outcome = run_function(run, f, t, from, &start, &end);
    if (outcome != REGEX_MATCH)
        return outcome == REGEX_NO_MATCH ? item_undefined() : fail_too_long(run);
    struct asl_text text = {t.data + start, end - start};
    double units = (double)jsonata_count_units((struct asl_text){t.data, start});
    return match_members(run, next_function(run, f, subject, length), item_text(text), units,
                         units + (double)jsonata_count_units(text),
                         item_array(regex_groups(run, f->as.regex.regex, t)));
}

/* parseInt of at most `most` digits: their number, or -1 without any; *size digits belong to it. */
static long digits_value(struct asl_text t, size_t at, size_t most)
{
    long value = -1;
    for (size_t i = 0; i < most && at + i < t.size && i < 9; i++) {
        char c = t.data[at + i];
        if (c < '0' || c > '9')
            break;
        value = (value < 0 ? 0 : value * 10) + (c - '0');
    }
    return value;
}

static bool is_digits(struct asl_text t)
{
    for (size_t i = 0; i < t.size; i++)
        if (t.data[i] < '0' || t.data[i] > '9')
            return false;
    return t.size > 0;
}

static size_t javascript_length(item i)
{
    if (i.kind == ITEM_ARRAY)
        return i.as.array->count;
    if (i.kind == ITEM_FUNCTION)
        return 0;
    return i.kind == ITEM_STRING ? jsonata_count_units(item_string(i)) : SIZE_MAX;
}

item jsonata_regex_apply(struct run *run, struct function *f, item subject, item from)
{
    item text = jsonata_javascript_text(run, subject);
    if (item_is_failed(text))
        return text;
    double index = from.kind == ITEM_NUMBER && from.as.number > 0 ? floor(from.as.number) : 0;
    if (from.kind == ITEM_BOOLEAN)
        index = from.as.boolean;
    if (from.kind == ITEM_ARRAY) /* its text is taken for a number */
        from = jsonata_javascript_text(run, from);
    if (item_is_failed(from))
        return from;
    if (from.kind == ITEM_STRING && from.size < 10 && is_digits(item_string(from)))
        index = (double)digits_value(item_string(from), 0, from.size);
    return apply_from(run, f, text, javascript_length(subject),
                      unit_offset(item_string(text), index));
}

static item fail_empty_match(struct run *run, const struct function *regex)
{
    item failed = jsonata_fail_value(run, "D1004", regex->as.regex.pattern);
    run->failure.has_position = true;
    run->failure.position = regex->as.regex.position;
    return failed;
}

item jsonata_regex_next(struct run *run, const struct function *next)
{
    struct function *regex = next->as.next.regex;
    if (jsonata_count_units(regex->as.regex.before) >= next->as.next.length)
        return item_undefined();
    item subject = next->as.next.subject;
    item found = apply_from(run, regex, subject, next->as.next.length,
                            last_index(regex, item_string(subject)));
    if (found.kind != ITEM_OBJECT)
        return found;
    item text = jsonata_get(&run->heap, found, ASL_TEXT("match"));
    return text.size == 0 ? fail_empty_match(run, regex) : found;
}

/* ---- matchers ---- */

static bool is_regex(const struct matching *m)
{
    return m->matcher.kind == ITEM_FUNCTION && m->matcher.as.function->kind == FUNCTION_REGEX;
}

enum found { FOUND, FOUND_NOTHING, FOUND_FAILURE };

/* The next match of a regular expression; only the first may be empty. */
static enum found find_regex(struct matching *m, bool first, struct match *match)
{
    struct function *f = m->matcher.as.function;
    size_t from = first ? 0 : last_index(f, m->subject);
    if (!first && from >= m->subject.size)
        return FOUND_NOTHING;
    switch (run_function(m->run, f, m->subject, from, &match->start, &match->end)) {
    case REGEX_NO_MATCH:
        return FOUND_NOTHING;
    case REGEX_TOO_LONG:
        return fail_too_long(m->run), FOUND_FAILURE;
    case REGEX_MATCH:
        break;
    }
    if (!first && match->start == match->end)
        return fail_empty_match(m->run, f), FOUND_FAILURE;
    match->text =
        item_text((struct asl_text){m->subject.data + match->start, match->end - match->start});
    match->groups = item_array(regex_groups(m->run, f->as.regex.regex, m->subject));
    return FOUND;
}

/* Where a matcher's object says it begins or ends. */
static size_t foreign_offset(struct asl_text t, item units)
{
    size_t at = unit_offset(t, units.kind == ITEM_NUMBER ? units.as.number : 0);
    return at > t.size ? t.size : at;
}

static enum found take_foreign(struct matching *m, item result, struct match *match)
{
    if (item_is_failed(result))
        return FOUND_FAILURE;
    m->foreign = result;
    if (item_is_undefined(result))
        return FOUND_NOTHING;
    if (!jsonata_is_javascript_true(result)) { /* a match to $contains; others find no `next` */
        *match = (struct match){.text = item_text(ASL_TEXT("")),
                                .groups = item_array(jsonata_array(&m->run->heap, 1))};
        return FOUND;
    }
    struct heap *h = &m->run->heap;
    item start = jsonata_get(h, result, ASL_TEXT("start"));
    item groups = jsonata_get(h, result, ASL_TEXT("groups"));
    item next = jsonata_get(h, result, ASL_TEXT("next"));
    if (start.kind != ITEM_NUMBER && groups.kind != ITEM_ARRAY && next.kind != ITEM_FUNCTION)
        return jsonata_fail(m->run, "T1010"), FOUND_FAILURE;
    match->text = jsonata_get(h, result, ASL_TEXT("match"));
    match->groups = groups.kind == ITEM_ARRAY ? groups : item_array(jsonata_array(h, 1));
    match->start = foreign_offset(m->subject, start);
    match->end = foreign_offset(m->subject, jsonata_get(h, result, ASL_TEXT("end")));
    return FOUND;
}

static enum found find_foreign(struct matching *m, bool first, struct match *match)
{
    item subject = item_text(m->subject);
    if (first)
        return take_foreign(m, jsonata_call_back(m->run, m->matcher, &subject, 1), match);
    item next = jsonata_get(&m->run->heap, m->foreign, ASL_TEXT("next")), nothing = {0};
    return take_foreign(m, jsonata_call_back(m->run, next, &nothing, 1), match);
}

static enum found find(struct matching *m, bool first, struct match *match)
{
    m->run->steps++;
    if (jsonata_is_over(m->run))
        return jsonata_fail_limit(m->run), FOUND_FAILURE;
    return is_regex(m) ? find_regex(m, first, match) : find_foreign(m, first, match);
}

static struct matching begin(struct run *run, item subject, item matcher)
{
    return (struct matching){.run = run, .subject = item_string(subject), .matcher = matcher};
}

/* UTF-16 offset of a byte offset that is not before the one asked for last. */
static double units_at(struct matching *m, size_t byte)
{
    if (byte >= m->counted) {
        m->counted_units +=
            jsonata_count_units((struct asl_text){m->subject.data + m->counted, byte - m->counted});
        m->counted = byte;
    }
    return (double)m->counted_units;
}

/* ---- $contains, $match ---- */

NATIVE(contains)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_STRING || item_is_undefined(arguments[1]))
        return item_undefined();
    struct asl_text t = item_string(arguments[0]);
    jsonata_charge_bytes(run, t.size);
    if (arguments[1].kind == ITEM_STRING)
        return item_boolean(jsonata_search(&run->heap, t, item_string(arguments[1])) != NULL);
    struct matching m = begin(run, arguments[0], arguments[1]);
    struct match match;
    enum found found = find(&m, true, &match);
    return found == FOUND_FAILURE ? item_failed() : item_boolean(found == FOUND);
}

/* A limit argument: HUGE_VAL when there is none. */
static double limit_of(item limit)
{
    return limit.kind == ITEM_NUMBER ? limit.as.number : HUGE_VAL;
}

static item fail_limit_argument(struct run *run, const char *code, item limit, int index)
{
    item failed = jsonata_fail_value(run, code, limit);
    run->failure.index = index;
    return failed;
}

NATIVE(match)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_STRING)
        return item_undefined();
    double limit = limit_of(arguments[2]);
    if (limit < 0)
        return fail_limit_argument(run, "D3040", arguments[2], 3);
    struct array *out = jsonata_sequence(&run->heap);
    struct matching m = begin(run, arguments[0], arguments[1]);
    struct match match;
    if (!(limit > 0))
        return item_array(out);
    enum found found = find(&m, true, &match);
    for (double seen = 0; found == FOUND && seen < limit; seen++) {
        struct object *o = jsonata_object(&run->heap, 3);
        jsonata_add(&run->heap, o, jsonata_string_z("match"), match.text);
        jsonata_add(&run->heap, o, jsonata_string_z("index"),
                    item_number(units_at(&m, match.start)));
        jsonata_add(&run->heap, o, jsonata_string_z("groups"), match.groups);
        jsonata_push(&run->heap, out, item_object(o));
        found = find(&m, false, &match);
    }
    return found == FOUND_FAILURE ? item_failed() : item_array(out);
}

/* ---- $replace ---- */

static size_t decimal_digits(size_t n)
{
    size_t digits = 1;
    while (n >= 10) {
        n /= 10;
        digits++;
    }
    return digits;
}

/* What `$n` at `at` (behind the dollar) stands for; returns the place behind it. */
static size_t put_group(struct run *run, struct builder *b, struct asl_text t, size_t at,
                        const struct array *groups)
{
    size_t most = decimal_digits(groups->count ? groups->count : 1);
    long index = digits_value(t, at, most);
    if (most > 1 && index > (long)groups->count)
        index = digits_value(t, at, most - 1);
    if (index < 0) {
        jsonata_builder_putc(b, '$');
        return at;
    }
    if (index >= 1 && index <= (long)groups->count) {
        item group = jsonata_at(&run->heap, groups, (size_t)index - 1);
        if (group.kind == ITEM_STRING)
            jsonata_builder_put(b, item_string(group));
    }
    return at + decimal_digits((size_t)index);
}

static void substitute(struct run *run, struct builder *b, struct asl_text t,
                       const struct match *match)
{
    size_t at = 0;
    while (at < t.size) {
        const char *dollar = memchr(t.data + at, '$', t.size - at);
        size_t plain = dollar ? (size_t)(dollar - t.data) : t.size;
        jsonata_builder_put(b, (struct asl_text){t.data + at, plain - at});
        at = plain;
        if (!dollar)
            return;
        char c = ++at < t.size ? t.data[at] : '\0';
        if (c == '$') {
            jsonata_builder_putc(b, '$');
            at++;
        } else if (c == '0') {
            jsonata_builder_put(b, item_string(match->text));
            at++;
        } else {
            at = put_group(run, b, t, at, match->groups.as.array);
        }
    }
}

static item match_object(struct matching *m, const struct match *match)
{
    if (!is_regex(m))
        return m->foreign;
    struct function *next = next_function(m->run, m->matcher.as.function, item_text(m->subject),
                                          jsonata_count_units(m->subject));
    double start = units_at(m, match->start), end = units_at(m, match->end);
    return match_members(m->run, next, match->text, start, end, match->groups);
}

static bool put_replacement(struct matching *m, struct builder *b, item replacement,
                            const struct match *match)
{
    if (replacement.kind == ITEM_STRING) {
        substitute(m->run, b, item_string(replacement), match);
        return true;
    }
    item argument = match_object(m, match);
    item with = jsonata_call_back(m->run, replacement, &argument, 1);
    if (item_is_failed(with))
        return false;
    if (with.kind != ITEM_STRING)
        return jsonata_fail_value(m->run, "D3012", with), false;
    jsonata_builder_put(b, item_string(with));
    return true;
}

static item replace_matches(struct run *run, item subject, item pattern, item replacement,
                            double limit)
{
    struct matching m = begin(run, subject, pattern);
    struct builder b;
    struct match match;
    size_t position = 0;
    jsonata_builder_init(&b, &run->heap);
    enum found found = find(&m, true, &match);
    for (double seen = 0; found == FOUND && seen < limit; seen++) {
        if (match.start > position)
            jsonata_builder_put(
                &b, (struct asl_text){m.subject.data + position, match.start - position});
        if (!put_replacement(&m, &b, replacement, &match))
            return item_failed();
        position = match.start + match.text.size;
        if (position > m.subject.size)
            position = m.subject.size;
        found = find(&m, false, &match);
    }
    if (found == FOUND_FAILURE)
        return item_failed();
    jsonata_builder_put(&b,
                        (struct asl_text){m.subject.data + position, m.subject.size - position});
    jsonata_charge_bytes(run, b.size);
    return jsonata_builder_item(&b);
}

static item replace_text(struct run *run, struct asl_text t, struct asl_text what, item replacement,
                         double limit)
{
    struct builder b;
    size_t position = 0;
    jsonata_builder_init(&b, &run->heap);
    for (double seen = 0; seen < limit && position <= t.size && !b.full; seen++) {
        const char *found = jsonata_search(
            &run->heap, (struct asl_text){t.data + position, t.size - position}, what);
        if (!found)
            break;
        jsonata_builder_put(
            &b, (struct asl_text){t.data + position, (size_t)(found - t.data) - position});
        jsonata_put_javascript_text(run, &b, replacement);
        position = (size_t)(found - t.data) + what.size;
        run->steps++;
    }
    jsonata_builder_put(&b, (struct asl_text){t.data + position, t.size - position});
    jsonata_charge_bytes(run, t.size + b.size);
    return jsonata_builder_item(&b);
}

NATIVE(replace)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_STRING)
        return item_undefined();
    if (arguments[1].kind == ITEM_STRING && arguments[1].size == 0)
        return fail_limit_argument(run, "D3010", arguments[1], 2);
    double limit = limit_of(arguments[3]);
    if (limit < 0)
        return fail_limit_argument(run, "D3011", arguments[3], 4);
    if (!(limit > 0))
        return arguments[0];
    if (arguments[1].kind == ITEM_STRING)
        return replace_text(run, item_string(arguments[0]), item_string(arguments[1]), arguments[2],
                            limit);
    return replace_matches(run, arguments[0], arguments[1], arguments[2], limit);
}

/* ---- $split ---- */

void jsonata_push_surrogates(struct run *run, struct asl_text astral, struct array *out)
{
    size_t start = 0;
    uint32_t c = (uint32_t)value_utf8_next(astral, &start) - 0x10000;
    uint32_t units[] = {0xd800 + (c >> 10), 0xdc00 + (c & 0x3ff)};
    for (size_t i = 0; i < 2; i++) {
        struct builder b;
        jsonata_builder_init(&b, &run->heap);
        jsonata_builder_unit(&b, units[i]);
        jsonata_push(&run->heap, out, jsonata_builder_item(&b));
    }
}

/* One string for each UTF-16 unit: astral characters fall into their surrogates. */
static void split_units(struct run *run, struct asl_text t, double limit, struct array *out)
{
    for (size_t at = 0; at < t.size && out->count < limit;) {
        struct asl_text one = {t.data + at, t.size - at};
        one.size = jsonata_code_point_offset(one, 1);
        at += one.size;
        if ((unsigned char)one.data[0] < 0xf0) {
            jsonata_push(&run->heap, out, item_text(one));
            continue;
        }
        jsonata_push_surrogates(run, one, out);
    }
    if (out->count > limit)
        out->count--;
}

static void split_text(struct run *run, struct asl_text t, struct asl_text by, double limit,
                       struct array *out)
{
    if (by.size == 0) {
        split_units(run, t, limit, out);
        return;
    }
    size_t position = 0;
    while (out->count < limit && !run->heap.arena.exhausted) {
        const char *found =
            jsonata_search(&run->heap, (struct asl_text){t.data + position, t.size - position}, by);
        size_t end = found ? (size_t)(found - t.data) : t.size;
        jsonata_push(&run->heap, out,
                     item_text((struct asl_text){t.data + position, end - position}));
        if (!found)
            return;
        position = end + by.size;
    }
}

static bool split_matches(struct run *run, item subject, item separator, double limit,
                          struct array *out)
{
    struct matching m = begin(run, subject, separator);
    struct match match;
    size_t start = 0;
    double seen = 0;
    enum found found = find(&m, true, &match);
    if (found == FOUND_NOTHING) {
        jsonata_push(&run->heap, out, subject);
        return true;
    }
    for (; found == FOUND && seen < limit; seen++) {
        size_t end = match.start > start ? match.start : start;
        jsonata_push(&run->heap, out,
                     item_text((struct asl_text){m.subject.data + start, end - start}));
        start = match.end;
        found = find(&m, false, &match);
    }
    if (seen < limit)
        jsonata_push(&run->heap, out,
                     item_text((struct asl_text){m.subject.data + start, m.subject.size - start}));
    return found != FOUND_FAILURE;
}

/* What JavaScript's own split makes of a limit. */
static double as_uint32(double limit)
{
    return isfinite(limit) ? fmod(floor(limit), 4294967296.0) : 0;
}

NATIVE(split)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_STRING)
        return item_undefined();
    double limit = limit_of(arguments[2]);
    if (limit < 0)
        return fail_limit_argument(run, "D3020", arguments[2], 3);
    struct array *out = jsonata_array(&run->heap, 8);
    jsonata_charge_bytes(run, 4 * (size_t)arguments[0].size);
    if (!(limit > 0))
        return item_array(out);
    if (arguments[1].kind == ITEM_STRING)
        split_text(run, item_string(arguments[0]), item_string(arguments[1]),
                   item_is_undefined(arguments[2]) ? limit : as_uint32(limit), out);
    else if (item_is_undefined(arguments[1]))
        return jsonata_fail_missing(run, 2);
    else if (!split_matches(run, arguments[0], arguments[1], limit, out))
        return item_failed();
    return item_array(out);
}

const struct native jsonata_match_functions[] = {
    {"contains", "<s-(sf):b>", 2, 2, contains},
    {"match", "<s-f<s:o>n?:a<o>>", 3, 3, match},
    {"replace", "<s-(sf)(sf)n?:s>", 4, 4, replace},
    {"split", "<s-(sf)n?:a<s>>", 3, 3, split},
    {NULL, NULL, 0, 0, NULL},
};
