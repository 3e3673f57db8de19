/* $formatNumber: decimal pictures after XPath's fn:format-number, step by step as the reference
 * does it (its departures from XPath included). Works on code points.
 */
#include "library.h"
#include "power.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Text as code points. */
struct wide {
    uint32_t *at;
    size_t size;
};

enum property {
    DECIMAL_SEPARATOR,
    GROUPING_SEPARATOR,
    EXPONENT_SEPARATOR,
    MINUS_SIGN,
    PERCENT,
    PER_MILLE,
    ZERO_DIGIT,
    DIGIT,
    PATTERN_SEPARATOR,
    PROPERTY_COUNT
};

static const struct {
    const char *name, *usual;
} property_table[PROPERTY_COUNT] = {
    [DECIMAL_SEPARATOR] = {"decimal-separator", "."},
    [GROUPING_SEPARATOR] = {"grouping-separator", ","},
    [EXPONENT_SEPARATOR] = {"exponent-separator", "e"},
    [MINUS_SIGN] = {"minus-sign", "-"},
    [PERCENT] = {"percent", "%"},
    [PER_MILLE] = {"per-mille", "\xe2\x80\xb0"},
    [ZERO_DIGIT] = {"zero-digit", "0"},
    [DIGIT] = {"digit", "#"},
    [PATTERN_SEPARATOR] = {"pattern-separator", ";"},
};

struct part {
    struct wide picture, prefix, suffix, active, mantissa, exponent, integer, fraction;
    bool has_exponent;
};

/* What a sub-picture asks for. */
struct layout {
    struct wide prefix, suffix, picture;
    const size_t *integer_groups, *fraction_groups;
    size_t integer_group_count, fraction_group_count;
    size_t regular;
    size_t integer_least, scaling, fraction_least, fraction_most, exponent_least;
};

struct format {
    struct run *run;
    struct wide properties[PROPERTY_COUNT];
};

/* ---- wide text ---- */

static struct wide widen(struct run *run, struct asl_text t)
{
    struct wide w = {jsonata_arena_allocate(&run->heap.arena, (t.size + 1) * sizeof(uint32_t)), 0};
    for (size_t at = 0; w.at && at < t.size;) {
        int32_t c = value_utf8_next(t, &at);
        w.at[w.size++] = c < 0 ? 0xfffd : (uint32_t)c;
    }
    return w;
}

static struct wide cut(struct wide w, size_t from, size_t to)
{
    to = to > w.size ? w.size : to;
    from = from > w.size ? w.size : from;
    if (from > to) { /* String.substring swaps them */
        size_t swap = from;
        from = to;
        to = swap;
    }
    return (struct wide){w.at + from, to - from};
}

static size_t index_of(struct wide in, struct wide what, size_t from)
{
    for (size_t i = from; what.size > 0 && i + what.size <= in.size; i++)
        if (memcmp(in.at + i, what.at, what.size * sizeof *what.at) == 0)
            return i;
    return SIZE_MAX;
}

static size_t last_index_of(struct wide in, struct wide what)
{
    size_t last = SIZE_MAX;
    for (size_t i = index_of(in, what, 0); i != SIZE_MAX; i = index_of(in, what, i + 1))
        last = i;
    return last;
}

static bool has(struct wide in, struct wide what)
{
    return index_of(in, what, 0) != SIZE_MAX;
}

static bool is(uint32_t c, struct wide property)
{
    return property.size == 1 && property.at[0] == c;
}

static bool is_digit(const struct format *f, uint32_t c)
{
    uint32_t zero = f->properties[ZERO_DIGIT].size ? f->properties[ZERO_DIGIT].at[0] : '0';
    return c >= zero && c < zero + 10;
}

static bool is_active(const struct format *f, uint32_t c)
{
    return is_digit(f, c) || is(c, f->properties[DECIMAL_SEPARATOR]) ||
           is(c, f->properties[EXPONENT_SEPARATOR]) || is(c, f->properties[GROUPING_SEPARATOR]) ||
           is(c, f->properties[DIGIT]) || is(c, f->properties[PATTERN_SEPARATOR]);
}

static size_t count_digits(const struct format *f, struct wide w, bool optional_too)
{
    size_t count = 0;
    for (size_t i = 0; i < w.size; i++)
        count += is_digit(f, w.at[i]) || (optional_too && is(w.at[i], f->properties[DIGIT]));
    return count;
}

/* ---- taking the picture apart ---- */

static bool bounds_affix(const struct format *f, uint32_t c)
{
    return is_active(f, c) && !is(c, f->properties[EXPONENT_SEPARATOR]);
}

static struct part split_parts(const struct format *f, struct wide picture)
{
    struct part p = {.picture = picture};
    size_t first = 0, last = picture.size;
    while (first < picture.size && !bounds_affix(f, picture.at[first]))
        first++;
    while (last > 0 && !bounds_affix(f, picture.at[last - 1]))
        last--;
    p.prefix = first < picture.size ? cut(picture, 0, first) : cut(picture, 0, 0);
    p.suffix = last > 0 ? cut(picture, last, picture.size) : cut(picture, 0, 0);
    p.active = cut(picture, p.prefix.size, picture.size - p.suffix.size);
    size_t exponent = index_of(picture, f->properties[EXPONENT_SEPARATOR], p.prefix.size);
    p.mantissa = p.active;
    if (exponent != SIZE_MAX && exponent <= picture.size - p.suffix.size) {
        /* places in the picture are used in its active part, as the reference does */
        p.mantissa = cut(p.active, 0, exponent);
        p.exponent = cut(p.active, exponent + 1, p.active.size);
        if (exponent + 1 > p.active.size)
            p.exponent.size = 0;
        p.has_exponent = true;
    }
    size_t point = index_of(p.mantissa, f->properties[DECIMAL_SEPARATOR], 0);
    p.integer = point == SIZE_MAX ? p.mantissa : cut(p.mantissa, 0, point);
    p.fraction = point == SIZE_MAX ? p.suffix : cut(p.mantissa, point + 1, p.mantissa.size);
    return p;
}

static bool is_repeated(struct wide in, struct wide what)
{
    if (what.size == 0) /* JavaScript finds it at the beginning and at the end */
        return in.size > 0;
    return index_of(in, what, 0) != last_index_of(in, what);
}

static bool has_passive(const struct format *f, struct wide active)
{
    for (size_t i = 0; i < active.size; i++)
        if (!is_active(f, active.at[i]))
            return true;
    return false;
}

static bool touches_point(const struct format *f, const struct part *p, size_t point)
{
    struct wide grouping = f->properties[GROUPING_SEPARATOR];
    return (point > 0 && is(p->picture.at[point - 1], grouping)) ||
           (point + 1 < p->picture.size && is(p->picture.at[point + 1], grouping));
}

static bool has_double_grouping(const struct format *f, struct wide picture)
{
    struct wide grouping = f->properties[GROUPING_SEPARATOR];
    for (size_t i = 0; i + 1 < picture.size; i++)
        if (is(picture.at[i], grouping) && is(picture.at[i + 1], grouping))
            return true;
    return false;
}

/* All rules are looked at; the last one broken is the one reported. */
static const char *find_error(const struct format *f, const struct part *p)
{
    const struct wide *q = f->properties;
    const char *error = NULL;
    bool scaled = has(p->picture, q[PERCENT]) || has(p->picture, q[PER_MILLE]);
    size_t point = index_of(p->picture, q[DECIMAL_SEPARATOR], 0);
    if (is_repeated(p->picture, q[DECIMAL_SEPARATOR]))
        error = "D3081";
    if (is_repeated(p->picture, q[PERCENT]))
        error = "D3082";
    if (is_repeated(p->picture, q[PER_MILLE]))
        error = "D3083";
    if (has(p->picture, q[PERCENT]) && has(p->picture, q[PER_MILLE]))
        error = "D3084";
    if (count_digits(f, p->mantissa, true) == 0)
        error = "D3085";
    if (has_passive(f, p->active))
        error = "D3086";
    if (point != SIZE_MAX && touches_point(f, p, point))
        error = "D3087";
    else if (point == SIZE_MAX && p->integer.size > 0 &&
             is(p->integer.at[p->integer.size - 1], q[GROUPING_SEPARATOR]))
        error = "D3088";
    if (has_double_grouping(f, p->picture))
        error = "D3089";
    size_t optional = index_of(p->integer, q[DIGIT], 0);
    if (optional != SIZE_MAX && count_digits(f, cut(p->integer, 0, optional), false) > 0)
        error = "D3090";
    optional = last_index_of(p->fraction, q[DIGIT]);
    if (optional != SIZE_MAX &&
        count_digits(f, cut(p->fraction, optional, p->fraction.size), false) > 0)
        error = "D3091";
    if (p->has_exponent && p->exponent.size > 0 && scaled)
        error = "D3092";
    if (p->has_exponent &&
        (p->exponent.size == 0 || count_digits(f, p->exponent, false) != p->exponent.size))
        error = "D3093";
    return error;
}

/* Positions of the grouping separators, counted in digits. From the second on the reference looks
 * in the integer part, whichever part was asked for. */
static const size_t *group_positions(const struct format *f, const struct part *p, bool fraction,
                                     size_t *count)
{
    struct wide part = fraction ? p->fraction : p->integer;
    struct wide grouping = f->properties[GROUPING_SEPARATOR];
    size_t *positions =
        jsonata_arena_allocate(&f->run->heap.arena, (p->integer.size + 2) * sizeof *positions);
    *count = 0;
    for (size_t at = index_of(part, grouping, 0); positions && at != SIZE_MAX;
         at = index_of(p->integer, grouping, at + 1))
        positions[(*count)++] =
            count_digits(f, fraction ? cut(part, 0, at) : cut(part, at, part.size), true);
    return positions;
}

static size_t greatest_common_divisor(size_t a, size_t b)
{
    while (b) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The distance at which separators repeat, or 0. */
static size_t regular_distance(const size_t *positions, size_t count)
{
    if (count == 0)
        return 0;
    size_t factor = positions[0];
    for (size_t i = 1; i < count; i++)
        factor = greatest_common_divisor(factor, positions[i]);
    for (size_t i = 1; i <= count; i++) {
        bool found = false;
        for (size_t j = 0; j < count; j++)
            found = found || positions[j] == i * factor;
        if (!found)
            return 0;
    }
    return factor;
}

static struct layout lay_out(const struct format *f, const struct part *p)
{
    struct layout l = {.prefix = p->prefix, .suffix = p->suffix, .picture = p->picture};
    l.integer_groups = group_positions(f, p, false, &l.integer_group_count);
    l.fraction_groups = group_positions(f, p, true, &l.fraction_group_count);
    l.regular = regular_distance(l.integer_groups, l.integer_group_count);
    l.integer_least = l.scaling = count_digits(f, p->integer, false);
    l.fraction_least = count_digits(f, p->fraction, false);
    l.fraction_most = count_digits(f, p->fraction, true);
    if (l.integer_least == 0 && l.fraction_most == 0) {
        if (p->has_exponent)
            l.fraction_least = l.fraction_most = 1;
        else
            l.integer_least = 1;
    }
    if (p->has_exponent && l.integer_least == 0 && has(p->integer, f->properties[DIGIT]))
        l.integer_least = 1;
    if (l.integer_least == 0 && l.fraction_least == 0)
        l.fraction_least = 1;
    if (p->has_exponent)
        l.exponent_least = count_digits(f, p->exponent, false);
    return l;
}

/* ---- putting the number in ---- */

/* A number's text while separators go in. */
struct text {
    uint32_t at[2048];
    size_t size;
};

#define FIXED_MAXIMUM 100 /* digits behind the point that toFixed allows */

static void insert(struct text *t, ptrdiff_t place, struct wide what)
{
    if (place < 0) /* Array.slice counts from the end */
        place = (ptrdiff_t)t->size + place < 0 ? 0 : (ptrdiff_t)t->size + place;
    if ((size_t)place > t->size)
        place = (ptrdiff_t)t->size;
    if (t->size + what.size > sizeof t->at / sizeof t->at[0])
        return;
    memmove(t->at + place + what.size, t->at + place, (t->size - (size_t)place) * sizeof *t->at);
    memcpy(t->at + place, what.at, what.size * sizeof *t->at);
    t->size += what.size;
}

static struct wide wide_of(const struct text *t)
{
    return (struct wide){(uint32_t *)t->at, t->size};
}

#define FIXED_SIZE 512

/* toFixed: of a middle C prints the even neighbour; here the last digit, a 5, goes and the text of
 * what is before it is counted up. */
static size_t to_fixed(double d, int places, char digits[FIXED_SIZE])
{
    if (!jsonata_is_in_the_middle(d, places))
        return (size_t)snprintf(digits, FIXED_SIZE, "%.*f", places, d);
    size_t size = (size_t)snprintf(digits + 1, FIXED_SIZE - 1, "%.*f", places + 1, d);
    size -= places == 0 ? 2 : 1; /* the point too */
    digits[0] = '0';
    size_t at = size;
    while (digits[at] == '9' || digits[at] == '.') {
        digits[at] = digits[at] == '.' ? '.' : '0';
        at--;
    }
    digits[at]++;
    if (digits[0] != '0')
        return size + 1;
    memmove(digits, digits + 1, size);
    return size;
}

/* Math.abs(d).toFixed(places) in the picture's digits, its point replaced. */
static void fixed(const struct format *f, struct text *t, double d, size_t places)
{
    char digits[FIXED_SIZE];
    size_t size;
    uint32_t zero = f->properties[ZERO_DIGIT].size ? f->properties[ZERO_DIGIT].at[0] : '0';
    d = fabs(d);
    if (d < 1e21)
        size = to_fixed(d, (int)places, digits);
    else
        size = jsonata_print_number(d, false, digits);
    t->size = 0;
    for (size_t i = 0; i < size; i++) {
        bool digit = digits[i] >= '0' && digits[i] <= '9';
        t->at[t->size++] = digit ? zero + (uint32_t)(digits[i] - '0') : (unsigned char)digits[i];
    }
}

static void set_point(const struct format *f, struct text *t)
{
    static uint32_t point_text[] = {'.'};
    struct wide point = {point_text, 1}, separator = f->properties[DECIMAL_SEPARATOR];
    size_t at = index_of(wide_of(t), point, 0);
    if (at == SIZE_MAX) {
        insert(t, (ptrdiff_t)t->size, separator);
        return;
    }
    memmove(t->at + at, t->at + at + 1, (t->size - at - 1) * sizeof *t->at);
    t->size--;
    insert(t, (ptrdiff_t)at, separator);
}

static void trim_zeros(const struct format *f, struct text *t)
{
    size_t first = 0;
    struct wide zero = f->properties[ZERO_DIGIT];
    while (first < t->size && is(t->at[first], zero))
        first++;
    memmove(t->at, t->at + first, (t->size - first) * sizeof *t->at);
    t->size -= first;
    while (t->size > 0 && is(t->at[t->size - 1], zero))
        t->size--;
}

static ptrdiff_t point_of(const struct format *f, const struct text *t)
{
    size_t at = index_of(wide_of(t), f->properties[DECIMAL_SEPARATOR], 0);
    return at == SIZE_MAX ? -1 : (ptrdiff_t)at;
}

static void pad(const struct format *f, struct text *t, const struct layout *l)
{
    ptrdiff_t point = point_of(f, t);
    ptrdiff_t left = (ptrdiff_t)l->integer_least - point;
    ptrdiff_t right = (ptrdiff_t)l->fraction_least - ((ptrdiff_t)t->size - point - 1);
    for (; left > 0; left--)
        insert(t, 0, f->properties[ZERO_DIGIT]);
    for (; right > 0; right--)
        insert(t, (ptrdiff_t)t->size, f->properties[ZERO_DIGIT]);
}

static void group(const struct format *f, struct text *t, const struct layout *l)
{
    struct wide separator = f->properties[GROUPING_SEPARATOR];
    ptrdiff_t point = point_of(f, t);
    if (l->regular > 0) {
        ptrdiff_t distance = (ptrdiff_t)l->regular;
        for (ptrdiff_t i = 1; i <= (point - 1) / distance && point > 0; i++)
            insert(t, point - i * distance, separator);
    } else {
        for (size_t i = 0; i < l->integer_group_count; i++)
            insert(t, point++ - (ptrdiff_t)l->integer_groups[i], separator);
    }
    point = point_of(f, t);
    for (size_t i = 0; i < l->fraction_group_count; i++)
        insert(t, (ptrdiff_t)l->fraction_groups[i] + point + 1, separator);
}

/* Brings the mantissa between the powers of ten the picture asks for. */
static double scale(double mantissa, size_t digits, int *exponent)
{
    double most = jsonata_power(10, (double)digits), least = jsonata_power(10, (double)digits - 1);
    *exponent = 0;
    if (mantissa == 0 || !isfinite(mantissa))
        return mantissa;
    while (fabs(mantissa) < least) {
        mantissa *= 10;
        --*exponent;
    }
    while (fabs(mantissa) > most) {
        mantissa /= 10;
        ++*exponent;
    }
    return mantissa;
}

static void put_wide(struct builder *b, struct wide w)
{
    for (size_t i = 0; i < w.size; i++)
        jsonata_builder_unit(b, w.at[i]);
}

static void put_exponent(const struct format *f, struct builder *b, const struct layout *l,
                         int exponent)
{
    struct text digits;
    fixed(f, &digits, exponent, 0);
    put_wide(b, f->properties[EXPONENT_SEPARATOR]);
    if (exponent < 0)
        put_wide(b, f->properties[MINUS_SIGN]);
    for (size_t i = digits.size; i < l->exponent_least; i++)
        put_wide(b, f->properties[ZERO_DIGIT]);
    put_wide(b, wide_of(&digits));
}

static item write_number(const struct format *f, double d, const struct layout *l, bool minus)
{
    int exponent = 0;
    if (has(l->picture, f->properties[PERCENT]))
        d *= 100;
    else if (has(l->picture, f->properties[PER_MILLE]))
        d *= 1000;
    if (l->exponent_least > 0)
        d = scale(d, l->scaling, &exponent);
    struct text t;
    fixed(f, &t, jsonata_round(d, (double)l->fraction_most), l->fraction_most);
    set_point(f, &t);
    trim_zeros(f, &t);
    pad(f, &t, l);
    group(f, &t, l);
    ptrdiff_t point = point_of(f, &t);
    if (t.size > 0 &&
        (!has(l->picture, f->properties[DECIMAL_SEPARATOR]) || point == (ptrdiff_t)t.size - 1))
        t.size--;
    struct builder b;
    jsonata_builder_init(&b, &f->run->heap);
    if (minus)
        put_wide(&b, f->properties[MINUS_SIGN]);
    put_wide(&b, l->prefix);
    put_wide(&b, wide_of(&t));
    if (l->exponent_least > 0)
        put_exponent(f, &b, l, exponent);
    put_wide(&b, l->suffix);
    return jsonata_builder_item(&b);
}

/* A number with hundreds of digits asked for is refused: toFixed does it too. */
static bool is_affordable(const struct layout *l)
{
    return l->fraction_most <= FIXED_MAXIMUM && l->integer_least <= 500 &&
           l->exponent_least <= FIXED_MAXIMUM && l->scaling <= 300;
}

static void read_properties(struct format *f, item options)
{
    for (size_t i = 0; i < PROPERTY_COUNT; i++) {
        struct asl_text text = asl_text(property_table[i].usual);
        item given = jsonata_get(&f->run->heap, options, asl_text(property_table[i].name));
        if (!item_is_undefined(given))
            given = jsonata_javascript_text(f->run, given);
        if (given.kind == ITEM_STRING)
            text = item_string(given);
        f->properties[i] = widen(f->run, text);
    }
}

item jsonata_format_number(struct run *run, double d, struct asl_text picture, item options)
{
    struct format f = {.run = run};
    read_properties(&f, options);
    struct wide whole = widen(run, picture), separator = f.properties[PATTERN_SEPARATOR];
    if (!whole.at)
        return jsonata_fail_limit(run);
    struct wide pictures[2] = {whole, {0}};
    size_t count = 1, at = index_of(whole, separator, 0);
    if (at != SIZE_MAX) {
        if (is_repeated(whole, separator))
            return jsonata_fail(run, "D3080");
        pictures[0] = cut(whole, 0, at);
        pictures[1] = cut(whole, at + separator.size, whole.size);
        count = 2;
    }
    struct layout layouts[2];
    for (size_t i = 0; i < count; i++) {
        struct part part = split_parts(&f, pictures[i]);
        const char *error = find_error(&f, &part);
        if (error)
            return jsonata_fail(run, error);
        layouts[i] = lay_out(&f, &part);
        if (!is_affordable(&layouts[i]))
            return jsonata_fail(run, "D3085");
    }
    bool negative = !(d >= 0);
    const struct layout *l = &layouts[negative && count == 2 ? 1 : 0];
    return write_number(&f, d, l, negative && count == 1);
}
