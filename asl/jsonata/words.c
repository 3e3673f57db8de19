/* Numbers in English words, both ways. */
#include "integer_picture.h"

#include <math.h>
#include <string.h>

static const char *const few[] = {"Zero",    "One",     "Two",       "Three",    "Four",
                                  "Five",    "Six",     "Seven",     "Eight",    "Nine",
                                  "Ten",     "Eleven",  "Twelve",    "Thirteen", "Fourteen",
                                  "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen"};
static const char *const ordinals[] = {
    "Zeroth",    "First",      "Second",     "Third",     "Fourth",      "Fifth",     "Sixth",
    "Seventh",   "Eighth",     "Ninth",      "Tenth",     "Eleventh",    "Twelfth",   "Thirteenth",
    "Fourteenth", "Fifteenth", "Sixteenth", "Seventeenth", "Eighteenth", "Nineteenth"};
static const char *const decades[] = {"Twenty",  "Thirty", "Forty",  "Fifty",  "Sixty",
                                      "Seventy", "Eighty", "Ninety", "Hundred"};
static const char *const magnitudes[] = {"Thousand", "Million", "Billion", "Trillion"};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* Recursion: one level for each three digits. */
static void put_number(struct builder *b, double n, bool after, bool ordinal);

static void put_rest(struct builder *b, double rest, bool ordinal)
{
    if (rest > 0)
        put_number(b, rest, true, ordinal);
    else if (ordinal)
        jsonata_builder_put(b, ASL_TEXT("th"));
}

static void put_tens(struct builder *b, double n, bool ordinal)
{
    struct asl_text decade = asl_text(decades[(size_t)(n / 10) - 2]);
    double rest = fmod(n, 10);
    if (rest == 0 && ordinal) {
        decade.size--;
        jsonata_builder_put(b, decade);
        jsonata_builder_put(b, ASL_TEXT("ieth"));
        return;
    }
    jsonata_builder_put(b, decade);
    if (rest > 0) {
        jsonata_builder_putc(b, '-');
        put_number(b, rest, false, ordinal);
    }
}

static void put_large(struct builder *b, double n, bool after, bool ordinal)
{
    double magnitude = floor(log10(n) / 3);
    if (magnitude > (double)COUNT(magnitudes))
        magnitude = (double)COUNT(magnitudes);
    double factor = pow(10, magnitude * 3), mantissa = floor(n / factor);
    if (after)
        jsonata_builder_put(b, ASL_TEXT(", "));
    put_number(b, mantissa, false, false);
    jsonata_builder_putc(b, ' ');
    jsonata_builder_put(b, asl_text(magnitudes[(size_t)magnitude - 1]));
    put_rest(b, n - mantissa * factor, ordinal);
}

static void put_number(struct builder *b, double n, bool after, bool ordinal)
{
    if (n < 100) {
        if (after)
            jsonata_builder_put(b, ASL_TEXT(" and "));
        if (n < 20)
            jsonata_builder_put(b, asl_text((ordinal ? ordinals : few)[(size_t)n]));
        else
            put_tens(b, n, ordinal);
    } else if (n < 1000) {
        if (after)
            jsonata_builder_put(b, ASL_TEXT(", "));
        jsonata_builder_put(b, asl_text(few[(size_t)(n / 100)]));
        jsonata_builder_put(b, ASL_TEXT(" Hundred"));
        put_rest(b, fmod(n, 100), ordinal);
    } else {
        put_large(b, n, after, ordinal);
    }
}

void jsonata_put_words(struct builder *b, double value, bool ordinal)
{
    if (isfinite(value))
        put_number(b, floor(value), false, ordinal);
}

/* ---- reading ---- */

static bool is_word(struct asl_text t, const char *word, const char *ending)
{
    size_t size = strlen(word), more = strlen(ending);
    if (t.size != size + more)
        return false;
    for (size_t i = 0; i < t.size; i++) {
        char c = i < size ? (char)(word[i] | 0x20) : ending[i - size];
        if ((t.data[i] | 0x20) != c)
            return false;
    }
    return true;
}

static double word_value(struct asl_text t)
{
    for (size_t i = 0; i < COUNT(few); i++)
        if (is_word(t, few[i], "") || is_word(t, ordinals[i], ""))
            return (double)i;
    for (size_t i = 0; i < COUNT(decades); i++) {
        char stem[16] = {0};
        memcpy(stem, decades[i], strlen(decades[i]) - 1);
        if (is_word(t, decades[i], "") || is_word(t, stem, "ieth"))
            return (double)(i + 2) * 10;
    }
    if (is_word(t, "hundredth", ""))
        return 100;
    for (size_t i = 0; i < COUNT(magnitudes); i++)
        if (is_word(t, magnitudes[i], "") || is_word(t, magnitudes[i], "th"))
            return pow(10, (double)(i + 1) * 3);
    return NAN;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Bytes of the separator at `at` (", " or " and " or a blank, backslash or hyphen), or 0. */
static size_t separator_size(struct asl_text t, size_t at)
{
    if (at + 1 < t.size && t.data[at] == ',' && is_space(t.data[at + 1]))
        return 2;
    if (at + 4 < t.size && is_space(t.data[at]) && is_space(t.data[at + 4]) &&
        is_word((struct asl_text){t.data + at + 1, 3}, "and", ""))
        return 5;
    return is_space(t.data[at]) || t.data[at] == '-' || t.data[at] == '\\';
}

/* Segments being summed up: each is multiplied by the magnitudes that follow it. */
struct segments {
    double sum, top;
};

static void add_word(struct segments *s, double value)
{
    if (!(value < 100)) {
        s->top *= value;
        return;
    }
    if (s->top >= 1000) {
        s->sum += s->top;
        s->top = 0;
    }
    s->top += value;
}

double jsonata_read_words(struct asl_text t)
{
    struct segments s = {0, 0};
    size_t start = 0;
    for (size_t at = 0; at <= t.size; at++) {
        size_t size = at < t.size ? separator_size(t, at) : 1;
        if (size == 0)
            continue;
        add_word(&s, word_value((struct asl_text){t.data + start, at - start}));
        start = at + size;
        at = start - 1;
    }
    return s.sum + s.top;
}

static void put_alternatives(struct builder *b, const char *const *table, size_t count,
                             const char *ending, size_t drop)
{
    for (size_t i = 0; i < count; i++) {
        struct asl_text word = asl_text(table[i]);
        word.size -= drop;
        jsonata_builder_put(b, word);
        jsonata_builder_put(b, asl_text(ending));
        jsonata_builder_putc(b, '|');
    }
}

void jsonata_words_pattern(struct builder *b)
{
    jsonata_builder_put(b, ASL_TEXT("(?:"));
    put_alternatives(b, few, COUNT(few), "", 0);
    put_alternatives(b, ordinals, COUNT(ordinals), "", 0);
    put_alternatives(b, decades, COUNT(decades), "", 0);
    put_alternatives(b, decades, COUNT(decades), "ieth", 1);
    put_alternatives(b, magnitudes, COUNT(magnitudes), "", 0);
    put_alternatives(b, magnitudes, COUNT(magnitudes), "th", 0);
    jsonata_builder_put(b, ASL_TEXT("hundredth|and|[\\-, ])+"));
}
