/* Sets of UTF-16 units: classes of a pattern, and what is the same but for case. */
#include "case.h"
#include "regex_program.h"

#include <stdlib.h>
#include <string.h>

#define UNIT_MAXIMUM 0xffff

void regex_set_add(struct unit_set *s, uint32_t first, uint32_t last)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 8;
        s->ranges = asl_reallocate(s->ranges, s->capacity * sizeof *s->ranges);
    }
    s->ranges[s->count++] = (struct unit_range){(uint16_t)first, (uint16_t)last};
}

static const struct class
{
    char letter;
    uint32_t count;
    struct unit_range ranges[10];
} classes[] = {
    {'d', 1, {{'0', '9'}}},
    {'s',
     10,
     {{'\t', '\r'},
      {' ', ' '},
      {0xa0, 0xa0},
      {0x1680, 0x1680},
      {0x2000, 0x200a},
      {0x2028, 0x2029},
      {0x202f, 0x202f},
      {0x205f, 0x205f},
      {0x3000, 0x3000},
      {0xfeff, 0xfeff}}},
    {'w', 4, {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
};

void regex_set_add_class(struct unit_set *s, char letter)
{
    const struct class *c = classes;
    while (c->letter != (letter | 0x20))
        c++;
    uint32_t behind = 0; /* of the last range */
    for (uint32_t i = 0; i < c->count; i++) {
        if (letter == c->letter)
            regex_set_add(s, c->ranges[i].first, c->ranges[i].last);
        else if (c->ranges[i].first > behind)
            regex_set_add(s, behind, c->ranges[i].first - 1u);
        behind = c->ranges[i].last + 1u;
    }
    if (letter != c->letter)
        regex_set_add(s, behind, UNIT_MAXIMUM);
}

/* ---- order ---- */

static int compare_ranges(const void *a, const void *b)
{
    const struct unit_range *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* Sorted, and those that touch joined. */
static void join_ranges(struct unit_set *s)
{
    if (s->count < 2)
        return;
    qsort(s->ranges, s->count, sizeof *s->ranges, compare_ranges);
    uint32_t last = 0;
    for (uint32_t i = 1; i < s->count; i++) {
        struct unit_range next = s->ranges[i], *before = &s->ranges[last];
        if (next.first > before->last + 1u)
            s->ranges[++last] = next;
        else if (next.last > before->last)
            before->last = next.last;
    }
    s->count = last + 1;
}

static void negate(struct unit_set *s)
{
    struct unit_set others = {0};
    uint32_t behind = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->ranges[i].first > behind)
            regex_set_add(&others, behind, s->ranges[i].first - 1u);
        behind = s->ranges[i].last + 1u;
    }
    if (behind <= UNIT_MAXIMUM)
        regex_set_add(&others, behind, UNIT_MAXIMUM);
    free(s->ranges);
    *s = others;
}

static bool is_in_ranges(const struct unit_set *s, uint32_t unit)
{
    uint32_t low = 0, high = s->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (unit < s->ranges[middle].first)
            high = middle;
        else if (unit > s->ranges[middle].last)
            low = middle + 1;
        else
            return true;
    }
    return false;
}

bool regex_set_holds_beyond_ascii(const struct unit_set *s, uint32_t unit)
{
    return is_in_ranges(s, unit);
}

/* ---- case ---- */

uint32_t regex_canonical(uint32_t unit)
{
    if (unit < 128)
        return unit >= 'a' && unit <= 'z' ? unit - 32 : unit;
    uint32_t upper = jsonata_upper_of(unit);
    return upper < 128 || upper > UNIT_MAXIMUM ? unit : upper;
}

/* Calls for every unit that is not canonical itself. */
static void for_each_lower(void (*call)(void *state, uint32_t lower, uint32_t canonical),
                           void *state)
{
    for (uint32_t c = 'a'; c <= 'z'; c++) /* the table has none of ASCII */
        call(state, c, regex_canonical(c));
    for (size_t i = 0; i < jsonata_upper_run_count; i++) {
        const struct case_run *run = &jsonata_upper_runs[i];
        for (uint32_t c = run->first; c <= run->last && c <= UNIT_MAXIMUM; c += run->step) {
            uint32_t canonical = regex_canonical(c);
            if (canonical != c)
                call(state, c, canonical);
        }
    }
}

struct closing {
    const struct unit_set *of;
    struct unit_set *canonicals, *all;
};

static void find_canonical(void *state, uint32_t lower, uint32_t canonical)
{
    struct closing *c = state;
    if (is_in_ranges(c->of, lower) || is_in_ranges(c->of, canonical))
        regex_set_add(c->canonicals, canonical, canonical);
}

static void add_lower(void *state, uint32_t lower, uint32_t canonical)
{
    struct closing *c = state;
    if (is_in_ranges(c->canonicals, canonical))
        regex_set_add(c->all, lower, lower);
}

/* What is canonical for one of the set, then whatever that is canonical for. */
static void close_over_case(struct unit_set *s)
{
    struct unit_set canonicals = {0}, all = {0};
    struct closing c = {s, &canonicals, &all};
    for_each_lower(find_canonical, &c);
    join_ranges(&canonicals);
    for_each_lower(add_lower, &c);
    for (uint32_t i = 0; i < canonicals.count; i++)
        regex_set_add(s, canonicals.ranges[i].first, canonicals.ranges[i].last);
    for (uint32_t i = 0; i < all.count; i++)
        regex_set_add(s, all.ranges[i].first, all.ranges[i].last);
    free(canonicals.ranges);
    free(all.ranges);
    join_ranges(s);
}

void regex_set_finish(struct unit_set *s, bool caseless, bool negated)
{
    join_ranges(s);
    if (caseless)
        close_over_case(s);
    if (negated)
        negate(s);
    for (uint32_t i = 0; i < s->count; i++)
        for (uint32_t c = s->ranges[i].first; c <= s->ranges[i].last && c < 128; c++)
            s->ascii[c / 32] |= (uint32_t)1 << c % 32;
}
