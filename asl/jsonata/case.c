/* See case.h; the tables are in case_table.c. */
#include "case.h"

#include <string.h>

#define CAPITAL_SIGMA      0x3a3
#define SMALL_SIGMA        0x3c3
#define FINAL_SIGMA        0x3c2
#define CAPITAL_I_WITH_DOT 0x130

static uint32_t map(const struct case_run *runs, size_t count, uint32_t c)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c < runs[middle].first)
            high = middle;
        else if (c > runs[middle].last)
            low = middle + 1;
        else if ((c - runs[middle].first) % runs[middle].step == 0)
            return (uint32_t)((int32_t)c + runs[middle].delta);
        else
            return c;
    }
    return c;
}

static bool is_in(const struct case_range *ranges, size_t count, uint32_t c)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c < ranges[middle].first)
            high = middle;
        else if (c > ranges[middle].last)
            low = middle + 1;
        else
            return true;
    }
    return false;
}

/* Is there a letter with case from `at` on (or before it), only ignorable characters between? */
static bool cased_after(struct asl_text t, size_t at)
{
    while (at < t.size) {
        int32_t c = value_utf8_next(t, &at);
        if (c >= 0 && is_in(jsonata_ignorable, jsonata_ignorable_count, (uint32_t)c))
            continue;
        return c >= 0 && is_in(jsonata_cased, jsonata_cased_count, (uint32_t)c);
    }
    return false;
}

static bool cased_before(struct asl_text t, size_t at)
{
    while (at > 0) {
        do
            at--;
        while (at > 0 && ((unsigned char)t.data[at] & 0xc0) == 0x80);
        size_t start = at;
        int32_t c = value_utf8_next(t, &start);
        if (c >= 0 && is_in(jsonata_ignorable, jsonata_ignorable_count, (uint32_t)c))
            continue;
        return c >= 0 && is_in(jsonata_cased, jsonata_cased_count, (uint32_t)c);
    }
    return false;
}

static void put(struct builder *b, struct asl_text t, size_t start, size_t at, int32_t c,
                uint32_t mapped)
{
    if (c < 0) /* a lone surrogate: no UTF-8, no case */
        jsonata_builder_put(b, (struct asl_text){t.data + start, at - start});
    else
        jsonata_builder_unit(b, mapped);
}

/* The run of ASCII at `at`, its letters from `first` on changed; returns its size. */
static size_t put_ascii(struct builder *b, struct asl_text t, size_t at, char first)
{
    char part[128];
    size_t size = 0;
    while (size < sizeof part && at + size < t.size && (unsigned char)t.data[at + size] < 0x80) {
        char c = t.data[at + size];
        part[size++] = c >= first && c < first + 26 ? (char)(c ^ 0x20) : c;
    }
    jsonata_builder_put(b, (struct asl_text){part, size});
    return size;
}

/* U+3000 to U+9FFF, Kana and Han, three bytes each that begin with these, have no case. */
#define CASELESS_FIRST 0xe3
#define CASELESS_LAST  0xe9

/* The run of them at `at`, as it is; returns its size. */
static size_t put_caseless(struct builder *b, struct asl_text t, size_t at)
{
    size_t end = at;
    while (end + 2 < t.size && (unsigned char)t.data[end] >= CASELESS_FIRST &&
           (unsigned char)t.data[end] <= CASELESS_LAST)
        end += 3;
    end = end > at ? end : t.size;
    jsonata_builder_put(b, (struct asl_text){t.data + at, end - at});
    return end - at;
}

/* The run at `at` that wants no table; 0 where there is none. */
static size_t put_plain(struct builder *b, struct asl_text t, size_t at, char first)
{
    unsigned char byte = (unsigned char)t.data[at];
    if (byte < 0x80)
        return put_ascii(b, t, at, first);
    return byte >= CASELESS_FIRST && byte <= CASELESS_LAST ? put_caseless(b, t, at) : 0;
}

void jsonata_to_lower(struct builder *b, struct asl_text t)
{
    for (size_t at = 0; at < t.size;) {
        size_t start = at, plain = put_plain(b, t, at, 'A');
        if (plain > 0) {
            at += plain;
            continue;
        }
        int32_t c = value_utf8_next(t, &at);
        if (c == CAPITAL_I_WITH_DOT)
            jsonata_builder_put(b, ASL_TEXT("i\xcc\x87"));
        else if (c == CAPITAL_SIGMA)
            jsonata_builder_unit(b, cased_before(t, start) && !cased_after(t, at) ? FINAL_SIGMA
                                                                                  : SMALL_SIGMA);
        else
            put(b, t, start, at, c, map(jsonata_lower_runs, jsonata_lower_run_count, (uint32_t)c));
    }
}

static const char *special(uint32_t c)
{
    size_t low = 0, high = jsonata_upper_special_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (jsonata_upper_specials[middle].from == c)
            return jsonata_upper_specials[middle].to;
        if (jsonata_upper_specials[middle].from < c)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

void jsonata_to_upper(struct builder *b, struct asl_text t)
{
    for (size_t at = 0; at < t.size;) {
        size_t start = at, plain = put_plain(b, t, at, 'a');
        if (plain > 0) {
            at += plain;
            continue;
        }
        int32_t c = value_utf8_next(t, &at);
        const char *several = c >= 0 ? special((uint32_t)c) : NULL;
        if (several)
            jsonata_builder_put(b, asl_text(several));
        else
            put(b, t, start, at, c, map(jsonata_upper_runs, jsonata_upper_run_count, (uint32_t)c));
    }
}
