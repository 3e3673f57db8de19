/* See integer_picture.h. */
#include "integer_picture.h"
#include "case.h"
#include "power.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The zeros of the decimal digit families that are known. */
static const uint32_t zeros[] = {0x30,   0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6,
                                 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50, 0x0ED0,
                                 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80,
                                 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900,
                                 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10};

static uint32_t zero_of(uint32_t c)
{
    if (c < zeros[1]) /* ASCII, mostly */
        return c >= '0' && c <= '9' ? '0' : 0;
    for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++)
        if (c >= zeros[i] && c <= zeros[i] + 9)
            return zeros[i];
    return 0;
}

/* ---- pictures ---- */

static const struct {
    const char *spelling;
    enum integer_style style;
    enum letter_case letters;
} styles[] = {
    {"A", INTEGER_LETTERS, CASE_UPPER}, {"a", INTEGER_LETTERS, CASE_LOWER},
    {"I", INTEGER_ROMAN, CASE_UPPER},   {"i", INTEGER_ROMAN, CASE_LOWER},
    {"W", INTEGER_WORDS, CASE_UPPER},   {"Ww", INTEGER_WORDS, CASE_TITLE},
    {"w", INTEGER_WORDS, CASE_LOWER},
};

static size_t divisor(size_t a, size_t b)
{
    while (b) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The distance at which one separator repeats, or 0. */
static size_t regular_distance(const struct integer_picture *p)
{
    if (p->separator_count == 0)
        return 0;
    size_t factor = p->separators[0].position;
    for (size_t i = 1; i < p->separator_count; i++) {
        if (p->separators[i].character != p->separators[0].character)
            return 0;
        factor = divisor(factor, p->separators[i].position);
    }
    for (size_t i = 1; i <= p->separator_count; i++) {
        bool found = false;
        for (size_t j = 0; j < p->separator_count; j++)
            found = found || p->separators[j].position == i * factor;
        if (!found)
            return 0;
    }
    return factor;
}

static bool analyse_digits(struct run *run, struct asl_text text, struct integer_picture *p)
{
    p->separators = jsonata_arena_allocate(&run->heap.arena, (jsonata_count_code_points(text) + 1) *
                                                                 sizeof *p->separators);
    if (!p->separators)
        return jsonata_fail_limit(run), false;
    size_t position = 0, end = text.size;
    while (end > 0) { /* from the right */
        size_t start = end - 1;
        while (start > 0 && ((unsigned char)text.data[start] & 0xc0) == 0x80)
            start--;
        size_t at = start;
        int32_t read =
            (unsigned char)text.data[start] < 0x80 ? text.data[start] : value_utf8_next(text, &at);
        uint32_t c = read < 0 ? 0xfffd : (uint32_t)read, zero = zero_of(c);
        end = start;
        if (zero) {
            p->mandatory++;
            position++;
            if (p->zero && p->zero != zero)
                return jsonata_fail(run, "D3131"), false;
            p->zero = zero;
        } else if (c == '#') {
            p->optional++;
            position++;
        } else {
            p->separators[p->separator_count++] = (struct separator){position, c};
        }
    }
    if (p->mandatory == 0) {
        p->style = INTEGER_SEQUENCE;
        p->token = text;
        return true;
    }
    size_t distance = regular_distance(p);
    p->regular = distance > 0;
    if (p->regular)
        p->separators[0].position = distance;
    return true;
}

bool jsonata_integer_picture(struct run *run, struct asl_text text, struct integer_picture *p)
{
    *p = (struct integer_picture){.style = INTEGER_DECIMAL};
    struct asl_text primary = text;
    for (size_t i = text.size; i-- > 0;)
        if (text.data[i] == ';') {
            p->ordinal = i + 1 < text.size && text.data[i + 1] == 'o';
            primary.size = i;
            break;
        }
    for (size_t i = 0; primary.size <= 2 && i < sizeof styles / sizeof styles[0]; i++)
        if (asl_text_is(primary, styles[i].spelling)) {
            p->style = styles[i].style;
            p->letters = styles[i].letters;
            return true;
        }
    return analyse_digits(run, primary, p);
}

/* ---- writing ---- */

static void put_letters(struct builder *b, double value, char first)
{
    char letters[256];
    size_t at = sizeof letters;
    for (; value > 0 && at > 0; value = floor((value - 1) / 26))
        letters[--at] = (char)(first + (int)fmod(value - 1, 26));
    jsonata_builder_put(b, (struct asl_text){letters + at, sizeof letters - at});
}

static const struct {
    int value;
    const char *lower, *upper;
} numerals[] = {
    {1000, "m", "M"}, {900, "cm", "CM"}, {500, "d", "D"},  {400, "cd", "CD"}, {100, "c", "C"},
    {90, "xc", "XC"}, {50, "l", "L"},    {40, "xl", "XL"}, {10, "x", "X"},    {9, "ix", "IX"},
    {5, "v", "V"},    {4, "iv", "IV"},   {1, "i", "I"},
};

static void put_roman(struct run *run, struct builder *b, double value, bool upper)
{
    if (isnan(value)) /* of a time that is none */
        return;
    jsonata_charge(run, value < 1e15 ? (size_t)(value / 10000) : SIZE_MAX / 4);
    for (size_t i = 0; i < sizeof numerals / sizeof numerals[0];) {
        if (value < numerals[i].value) {
            i++;
            continue;
        }
        if (b->full || jsonata_is_over(run))
            return;
        jsonata_builder_put(b, asl_text(upper ? numerals[i].upper : numerals[i].lower));
        value -= numerals[i].value;
    }
}

/* Characters of a decimal number while separators go in. */
struct digits {
    uint32_t *at;
    size_t size, capacity;
};

static void insert(struct digits *d, size_t place, uint32_t c)
{
    if (d->size == d->capacity)
        return;
    memmove(d->at + place + 1, d->at + place, (d->size - place) * sizeof *d->at);
    d->at[place] = c;
    d->size++;
}

/* String.substr counts negative places from the end: the separator then eats what is before. */
static void insert_irregular(struct digits *d, const struct separator *s)
{
    if (s->position <= d->size) {
        insert(d, d->size - s->position, s->character);
        return;
    }
    size_t beyond = s->position - d->size, kept = beyond < d->size ? beyond : d->size;
    memmove(d->at, d->at + d->size - kept, kept * sizeof *d->at);
    d->size = kept;
    insert(d, 0, s->character);
}

static void separate(struct digits *d, const struct integer_picture *p)
{
    if (p->regular) {
        size_t distance = p->separators[0].position;
        for (size_t i = (d->size - 1) / distance; i > 0; i--)
            insert(d, d->size - i * distance, p->separators[0].character);
        return;
    }
    for (size_t i = p->separator_count; i-- > 0;)
        insert_irregular(d, &p->separators[i]);
}

static const char *ordinal_ending(const struct digits *d)
{
    static const char *const endings[] = {"st", "nd", "rd"};
    uint32_t last = d->at[d->size - 1];
    bool teen = d->size > 1 && d->at[d->size - 2] == '1';
    return teen || last < '1' || last > '3' ? "th" : endings[last - '1'];
}

/* Those of ASCII at the front in one piece, or one character; returns how many. */
static size_t put_some(struct builder *b, const uint32_t *at, size_t count)
{
    char ascii[64];
    size_t size = 0;
    while (size < count && size < sizeof ascii && at[size] < 0x80) {
        ascii[size] = (char)at[size];
        size++;
    }
    if (size > 0)
        jsonata_builder_put(b, (struct asl_text){ascii, size});
    else
        jsonata_builder_unit(b, at[0]);
    return size > 0 ? size : 1;
}

static bool put_decimal(struct run *run, struct builder *b, double value,
                        const struct integer_picture *p)
{
    char number[32];
    size_t size = jsonata_print_number(value, false, number);
    size_t width = size > p->mandatory ? size : p->mandatory;
    if (p->zero == '0' && p->separator_count == 0 && !p->ordinal && width < 64) {
        for (size_t i = size; i < width; i++)
            jsonata_builder_putc(b, '0');
        jsonata_builder_put(b, (struct asl_text){number, size});
        return true;
    }
    struct digits d = {0};
    d.capacity = width + p->separator_count + (p->regular ? width : 0);
    d.at = jsonata_arena_allocate(&run->heap.arena, d.capacity * sizeof *d.at);
    if (!d.at)
        return jsonata_fail_limit(run), false;
    for (size_t i = size; i < width; i++)
        d.at[d.size++] = p->zero;
    for (size_t i = 0; i < size; i++)
        d.at[d.size++] = (uint32_t)((unsigned char)number[i] + p->zero - '0');
    separate(&d, p);
    jsonata_charge(run, d.size / 8);
    for (size_t i = 0; i < d.size;)
        i += put_some(b, d.at + i, d.size - i);
    if (p->ordinal)
        jsonata_builder_put(b, asl_text(ordinal_ending(&d)));
    return true;
}

static item fail_sequence(struct run *run, const struct integer_picture *p)
{
    return jsonata_fail_value(run, "D3130", item_text(p->token));
}

bool jsonata_put_integer(struct run *run, struct builder *b, double value,
                         const struct integer_picture *p)
{
    if (p->style == INTEGER_SEQUENCE)
        return fail_sequence(run, p), false;
    if (value < 0)
        jsonata_builder_putc(b, '-');
    value = fabs(value);
    switch (p->style) {
    case INTEGER_LETTERS:
        put_letters(b, value, p->letters == CASE_UPPER ? 'A' : 'a');
        return true;
    case INTEGER_ROMAN:
        put_roman(run, b, value, p->letters == CASE_UPPER);
        return true;
    case INTEGER_WORDS:
        jsonata_put_words(b, value, p->ordinal, p->letters);
        return true;
    default:
        return put_decimal(run, b, value, p);
    }
}

/* ---- reading ---- */

/* The UTF-16 unit that ends before byte *at, which moves in front of it (of an astral character the
 * low surrogate first; *high is the one still to come). */
static uint32_t unit_before(struct asl_text t, size_t *at, uint32_t *high)
{
    if (*high) {
        uint32_t unit = *high;
        *high = 0;
        return unit;
    }
    size_t start = *at - 1, next;
    while (start > 0 && ((unsigned char)t.data[start] & 0xc0) == 0x80)
        start--;
    next = 0;
    uint32_t c = (uint32_t)value_utf8_next((struct asl_text){t.data + start, *at - start}, &next);
    *at = start;
    if (c < 0x10000)
        return c;
    *high = 0xd7c0 + (c >> 10);
    return 0xdc00 + (c & 0x3ff);
}

static double read_letters(struct asl_text t, char first)
{
    double value = 0;
    uint32_t high = 0;
    size_t at = t.size;
    for (int i = 0; at > 0 || high; i++) /* from the right, rounded as the reference's sum is */
        value += ((double)unit_before(t, &at, &high) - first + 1) * jsonata_power(26, i);
    return value;
}

static double roman_value(char c)
{
    switch (c) {
    case 'M':
        return 1000;
    case 'D':
        return 500;
    case 'C':
        return 100;
    case 'L':
        return 50;
    case 'X':
        return 10;
    case 'V':
        return 5;
    case 'I':
        return 1;
    default:
        return NAN;
    }
}

/* An upper-case picture reads upper case only. */
static double read_roman(struct run *run, struct asl_text t, bool upper)
{
    if (!upper) {
        struct builder b;
        jsonata_builder_init(&b, &run->heap);
        jsonata_to_upper(&b, t);
        t = item_string(jsonata_builder_item(&b));
    }
    double value = 0, most = 1;
    for (size_t i = t.size; i-- > 0;) {
        double digit = roman_value(t.data[i]);
        if (digit < most) {
            value -= digit;
        } else {
            most = digit;
            value += digit;
        }
    }
    return value;
}

static bool is_separator(const struct integer_picture *p, uint32_t c)
{
    if (p->regular)
        return c == ','; /* the reference's idea of it */
    for (size_t i = 0; i < p->separator_count; i++)
        if (p->separators[i].character == c)
            return true;
    return false;
}

/* parseInt() reads on in hexadecimal behind 0x. */
static double read_hexadecimal(struct asl_text t)
{
    double value = NAN;
    for (size_t i = 0; i < t.size; i++) {
        char c = t.data[i], letter = (char)(c | 0x20);
        int digit = c >= '0' && c <= '9' ? c - '0' : letter - 'a' + 10;
        if (digit < 0 || digit > 15 || (digit > 9 && letter < 'a'))
            break;
        value = (isnan(value) ? 0 : value * 16) + digit;
    }
    return value;
}

/* "12th" without its ending, whatever the two UTF-16 units are. */
static struct asl_text without_ending(struct asl_text t)
{
    for (int units = 0; units < 2 && t.size > 0;) {
        do
            t.size--;
        while (t.size > 0 && ((unsigned char)t.data[t.size] & 0xc0) == 0x80);
        units += (unsigned char)t.data[t.size] >= 0xf0 ? 2 : 1;
    }
    return t;
}

static bool is_javascript_space(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000 || c == 0xfeff;
}

/* So many figures decide every double. */
#define FIGURES_MOST 800
/* So many can be counted up without rounding. */
#define FIGURES_EXACT 15

/* The double nearest to a row of figures. */
struct figures {
    size_t zeros, count; /* zeros at the beginning, and what is behind them */
    double sum;          /* right while it can be counted up */
    char text[FIGURES_MOST + 24];
};

static inline void add_figure(struct figures *f, int64_t digit)
{
    if (f->count == 0 && digit == 0) {
        f->zeros++;
        return;
    }
    f->sum = f->sum * 10 + (double)digit;
    if (f->count < FIGURES_MOST)
        f->text[f->count] = (char)('0' + digit);
    f->count++;
}

static double figures_value(struct figures *f)
{
    if (f->count <= FIGURES_EXACT)
        return f->zeros + f->count > 0 ? f->sum : NAN;
    size_t kept = f->count < FIGURES_MOST ? f->count : FIGURES_MOST;
    snprintf(f->text + kept, sizeof f->text - kept, "e%zu", f->count - kept);
    return strtod(f->text, NULL);
}

/* Characters are moved from the picture's digits to ASCII's, and none may be moved below all. */
static bool can_be_moved(struct run *run, struct asl_text t, const struct integer_picture *p)
{
    for (size_t at = 0; at < t.size;) {
        int32_t c = value_utf8_next(t, &at);
        if (c < 0 || is_separator(p, (uint32_t)c) || c + '0' >= (int32_t)p->zero)
            continue;
        jsonata_fail(run, "D3131");
        run->failure.words = "What is read holds a character before the digits of the picture";
        return false;
    }
    return true;
}

/* A few figures of ASCII and nothing else, as most texts are; or -1. */
static double read_few(struct asl_text t)
{
    double value = 0;
    if (t.size == 0 || t.size > FIGURES_EXACT)
        return -1;
    for (size_t i = 0; i < t.size; i++) {
        if (t.data[i] < '0' || t.data[i] > '9')
            return -1;
        value = value * 10 + (t.data[i] - '0');
    }
    return value;
}

static double read_decimal(struct run *run, struct asl_text t, const struct integer_picture *p)
{
    double few = p->zero == '0' && !p->ordinal && p->separator_count == 0 ? read_few(t) : -1;
    if (few >= 0)
        return few;
    struct figures figures;
    figures.zeros = figures.count = 0;
    figures.sum = 0;
    double sign = 0;
    if (p->ordinal)
        t = without_ending(t);
    if (p->zero != '0' && !can_be_moved(run, t, p))
        return NAN;
    for (size_t at = 0; at < t.size;) {
        int32_t c = value_utf8_next(t, &at);
        if (c < 0)
            break;
        if (is_separator(p, (uint32_t)c))
            continue;
        c += '0' - (int32_t)p->zero;
        if (sign == 0) { /* as parseInt() */
            if (is_javascript_space((uint32_t)c))
                continue;
            sign = c == '-' ? -1 : 1;
            if (c == '-' || c == '+')
                continue;
        }
        int64_t digit = (int64_t)c - '0';
        if ((c == 'x' || c == 'X') && figures.zeros == 1 && figures.count == 0)
            return sign * read_hexadecimal((struct asl_text){t.data + at, t.size - at});
        if (digit < 0 || digit > 9)
            break;
        add_figure(&figures, digit);
    }
    return sign * figures_value(&figures);
}

double jsonata_read_integer(struct run *run, struct asl_text t, const struct integer_picture *p)
{
    jsonata_charge_bytes(run, 8 * t.size);
    switch (p->style) {
    case INTEGER_LETTERS:
        return read_letters(t, p->letters == CASE_UPPER ? 'A' : 'a');
    case INTEGER_ROMAN:
        return read_roman(run, t, p->letters == CASE_UPPER);
    case INTEGER_WORDS:
        return jsonata_read_words(t);
    default:
        return read_decimal(run, t, p);
    }
}

bool jsonata_integer_pattern(struct run *run, struct builder *b, const struct integer_picture *p)
{
    char width[32];
    switch (p->style) {
    case INTEGER_LETTERS:
        jsonata_builder_put(b, p->letters == CASE_UPPER ? ASL_TEXT("[A-Z]+") : ASL_TEXT("[a-z]+"));
        return true;
    case INTEGER_ROMAN:
        jsonata_builder_put(b, p->letters == CASE_UPPER ? ASL_TEXT("[MDCLXVI]+")
                                                        : ASL_TEXT("[mdclxvi]+"));
        return true;
    case INTEGER_WORDS:
        jsonata_words_pattern(b);
        return true;
    case INTEGER_SEQUENCE:
        return fail_sequence(run, p), false;
    case INTEGER_DECIMAL:
        break;
    }
    jsonata_builder_put(b, ASL_TEXT("[0-9]"));
    if (p->parse_width) {
        size_t size = jsonata_print_number((double)p->parse_width, false, width);
        jsonata_builder_putc(b, '{');
        jsonata_builder_put(b, (struct asl_text){width, size});
        jsonata_builder_putc(b, '}');
    } else {
        jsonata_builder_putc(b, '+');
    }
    if (p->ordinal)
        jsonata_builder_put(b, ASL_TEXT("(?:th|st|nd|rd)"));
    return true;
}

/* ---- the functions ---- */

NATIVE(format_integer)
{
    UNUSED_IN_NATIVE;
    struct integer_picture p;
    struct builder b;
    if (arguments[0].kind != ITEM_NUMBER)
        return item_undefined();
    if (arguments[1].kind != ITEM_STRING)
        return jsonata_fail_missing(run, 2);
    jsonata_charge_bytes(run, 8 * (size_t)arguments[1].size);
    jsonata_builder_init(&b, &run->heap);
    if (!jsonata_integer_picture(run, item_string(arguments[1]), &p) ||
        !jsonata_put_integer(run, &b, floor(arguments[0].as.number), &p))
        return item_failed();
    return jsonata_builder_item(&b);
}

NATIVE(parse_integer)
{
    UNUSED_IN_NATIVE;
    struct integer_picture p;
    if (arguments[0].kind != ITEM_STRING)
        return item_undefined();
    if (arguments[1].kind != ITEM_STRING)
        return jsonata_fail_missing(run, 2);
    if (!jsonata_integer_picture(run, item_string(arguments[1]), &p))
        return item_failed();
    if (p.style == INTEGER_SEQUENCE)
        return fail_sequence(run, &p);
    run->failure.code[0] = '\0';
    double value = jsonata_read_integer(run, item_string(arguments[0]), &p);
    return run->failure.code[0] ? item_failed() : item_number(value);
}

NATIVE(format_number)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_NUMBER)
        return item_undefined();
    if (arguments[1].kind != ITEM_STRING)
        return jsonata_fail_missing(run, 2);
    jsonata_charge_bytes(run, 64 * (size_t)arguments[1].size);
    return jsonata_format_number(run, arguments[0].as.number, item_string(arguments[1]),
                                 arguments[2]);
}

const struct native jsonata_format_functions[] = {
    {"formatInteger", "<n-s:s>", 2, 2, format_integer},
    {"parseInteger", "<s-s:n>", 2, 2, parse_integer},
    {"formatNumber", "<n-so?:s>", 3, 3, format_number},
    {NULL, NULL, 0, 0, NULL},
};
