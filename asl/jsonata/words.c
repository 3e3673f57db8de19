/* Numbers in English words, both ways. */
#include "integer_picture.h"

#include <math.h>
#include <string.h>

static const char *const few[] = {"Zero",    "One",     "Two",       "Three",    "Four",
                                  "Five",    "Six",     "Seven",     "Eight",    "Nine",
                                  "Ten",     "Eleven",  "Twelve",    "Thirteen", "Fourteen",
                                  "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen"};
static const char *const ordinals[] = {
    "Zeroth",     "First",     "Second",    "Third",       "Fourth",     "Fifth",     "Sixth",
    "Seventh",    "Eighth",    "Ninth",     "Tenth",       "Eleventh",   "Twelfth",   "Thirteenth",
    "Fourteenth", "Fifteenth", "Sixteenth", "Seventeenth", "Eighteenth", "Nineteenth"};
static const char *const decades[] = {"Twenty",  "Thirty", "Forty",  "Fifty",  "Sixty",
                                      "Seventy", "Eighty", "Ninety", "Hundred"};
static const char *const magnitudes[] = {"Thousand", "Million", "Billion", "Trillion"};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

#define PIECE_MOST 64 /* longer than any */

/* Where the words go, and in which case: many small pieces, handed on together. */
struct speaker {
    struct builder *b;
    enum letter_case letters;
    size_t size;
    char text[8 * PIECE_MOST];
};

static void hand_on(struct speaker *s)
{
    jsonata_builder_put(s->b, (struct asl_text){s->text, s->size});
    s->size = 0;
}

static void say(struct speaker *s, struct asl_text words)
{
    if (s->size > sizeof s->text - PIECE_MOST)
        hand_on(s);
    char *out = s->text + s->size;
    for (size_t i = 0; i < words.size; i++) {
        char c = words.data[i];
        bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        out[i] = !is_letter || s->letters == CASE_TITLE ? c
                 : s->letters == CASE_UPPER             ? (char)(c & ~0x20)
                                                        : (char)(c | 0x20);
    }
    s->size += words.size;
}

/* Recursion: one level for each three digits. */
static void say_number(struct speaker *s, double n, bool after, bool ordinal);

static void say_rest(struct speaker *s, double rest, bool ordinal)
{
    if (rest > 0)
        say_number(s, rest, true, ordinal);
    else if (ordinal)
        say(s, ASL_TEXT("th"));
}

static void say_tens(struct speaker *s, int n, bool ordinal)
{
    struct asl_text decade = asl_text(decades[n / 10 - 2]);
    if (n % 10 == 0 && ordinal) {
        decade.size--;
        say(s, decade);
        say(s, ASL_TEXT("ieth"));
        return;
    }
    say(s, decade);
    if (n % 10 > 0) {
        say(s, ASL_TEXT("-"));
        say(s, asl_text((ordinal ? ordinals : few)[n % 10]));
    }
}

static void say_large(struct speaker *s, double n, bool after, bool ordinal)
{
    static const double factors[] = {1e3, 1e6, 1e9, 1e12}; /* beyond: so many trillions */
    size_t magnitude = COUNT(factors) - 1;
    while (magnitude > 0 && n < factors[magnitude])
        magnitude--;
    double mantissa = floor(n / factors[magnitude]);
    if (after)
        say(s, ASL_TEXT(", "));
    say_number(s, mantissa, false, false);
    say(s, ASL_TEXT(" "));
    say(s, asl_text(magnitudes[magnitude]));
    say_rest(s, n - mantissa * factors[magnitude], ordinal);
}

static void say_number(struct speaker *s, double n, bool after, bool ordinal)
{
    if (n < 100) {
        if (after)
            say(s, ASL_TEXT(" and "));
        if (n < 20)
            say(s, asl_text((ordinal ? ordinals : few)[(int)n]));
        else
            say_tens(s, (int)n, ordinal);
    } else if (n < 1000) {
        if (after)
            say(s, ASL_TEXT(", "));
        say(s, asl_text(few[(int)n / 100]));
        say(s, ASL_TEXT(" Hundred"));
        say_rest(s, (int)n % 100, ordinal);
    } else {
        say_large(s, n, after, ordinal);
    }
}

void jsonata_put_words(struct builder *b, double value, bool ordinal, enum letter_case letters)
{
    struct speaker s;
    s.b = b;
    s.letters = letters;
    s.size = 0;
    if (isfinite(value))
        say_number(&s, floor(value), false, ordinal);
    hand_on(&s);
}

/* ---- reading ---- */

/* In the order of the letters. */
static const struct {
    const char *word;
    double value;
} words[] = {
    {"billion", 1e9},    {"billionth", 1e9},  {"eight", 8},        {"eighteen", 18},
    {"eighteenth", 18},  {"eighth", 8},       {"eightieth", 80},   {"eighty", 80},
    {"eleven", 11},      {"eleventh", 11},    {"fifteen", 15},     {"fifteenth", 15},
    {"fifth", 5},        {"fiftieth", 50},    {"fifty", 50},       {"first", 1},
    {"five", 5},         {"fortieth", 40},    {"forty", 40},       {"four", 4},
    {"fourteen", 14},    {"fourteenth", 14},  {"fourth", 4},       {"hundred", 100},
    {"hundredth", 100},  {"hundreieth", 100}, {"million", 1e6},    {"millionth", 1e6},
    {"nine", 9},         {"nineteen", 19},    {"nineteenth", 19},  {"ninetieth", 90},
    {"ninety", 90},      {"ninth", 9},        {"one", 1},          {"second", 2},
    {"seven", 7},        {"seventeen", 17},   {"seventeenth", 17}, {"seventh", 7},
    {"seventieth", 70},  {"seventy", 70},     {"six", 6},          {"sixteen", 16},
    {"sixteenth", 16},   {"sixth", 6},        {"sixtieth", 60},    {"sixty", 60},
    {"ten", 10},         {"tenth", 10},       {"third", 3},        {"thirteen", 13},
    {"thirteenth", 13},  {"thirtieth", 30},   {"thirty", 30},      {"thousand", 1e3},
    {"thousandth", 1e3}, {"three", 3},        {"trillion", 1e12},  {"trillionth", 1e12},
    {"twelfth", 12},     {"twelve", 12},      {"twentieth", 20},   {"twenty", 20},
    {"two", 2},          {"zero", 0},         {"zeroth", 0},
};

/* <0, 0, >0 as `t` comes before, is, or comes behind a word, whatever its case. */
static int compare_word(struct asl_text t, const char *word)
{
    for (size_t i = 0; i < t.size; i++) {
        int c = t.data[i] | 0x20, w = word[i];
        if (w == 0 || c != w)
            return w == 0 ? 1 : c - w;
    }
    return word[t.size] ? -1 : 0;
}

static double word_value(struct asl_text t)
{
    size_t low = 0, high = COUNT(words);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_word(t, words[middle].word);
        if (order == 0)
            return words[middle].value;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
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
        compare_word((struct asl_text){t.data + at + 1, 3}, "and") == 0)
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

/* Every word a number may hold, grouped by what they begin with, so that few have to be tried at
 * any place, the frequent first. Of two where one begins with the other the reference tries the
 * shorter first, and so it goes here: in "sixteenMay" it finds "six". */
static const char *const word_groups[] = {
    "t(?:en(?:|th)|h(?:ree|ir(?:teen|d|teenth|ty|tieth)|ousand(?:|th))|rillion(?:|th))",
    "tw(?:o|el(?:ve|fth)|ent(?:y|ieth))",
    "and",
    "s(?:ix(?:|teen|th|teenth|ty|tieth)|even(?:|teen|th|teenth|ty|tieth)|econd)",
    "f(?:our(?:|teen|th|teenth)|i(?:ve|fteen|rst|fth|fteenth|fty|ftieth)|ort(?:y|ieth))",
    "e(?:ight(?:|een|h|eenth|y|ieth)|leven(?:|th))",
    "nin(?:e|eteen|th|eteenth|ety|etieth)",
    "one",
    "hundre(?:d|ieth|dth)",
    "million(?:|th)",
    "billion(?:|th)",
    "zero(?:|th)",
};

/* So many words, each with what separates it from the next: one turn of the loop for both. */
static void put_spoken(struct builder *b, char how_many)
{
    jsonata_builder_put(b, ASL_TEXT("(?:(?:"));
    for (size_t i = 0; i < COUNT(word_groups); i++) {
        if (i)
            jsonata_builder_putc(b, '|');
        jsonata_builder_put(b, asl_text(word_groups[i]));
    }
    jsonata_builder_put(b, ASL_TEXT(")[\\-, ]*)"));
    jsonata_builder_putc(b, how_many);
}

void jsonata_words_pattern(struct builder *b)
{
    jsonata_builder_put(b, ASL_TEXT("(?:[\\-, ]+"));
    put_spoken(b, '*');
    jsonata_builder_putc(b, '|');
    put_spoken(b, '+');
    jsonata_builder_putc(b, ')');
}
