/* lcov's tracefile, as geninfo(1) describes it: a record a definition. States are functions (FN),
 * each point is a line (DA), and what has several outcomes is a branch (BRDA), so that genhtml
 * shows them beside the definition's text. */
#include <stdlib.h>

#include "engine/coverage/coverage.h"

/* A name ends with its line. */
static void put_name(struct asl_buffer *out, struct asl_text name)
{
    for (size_t i = 0; i < name.size; i++)
        asl_buffer_putc(out, (unsigned char)name.data[i] < 0x20 ? ' ' : name.data[i]);
}

static uint64_t hits_of(const struct coverage_point *p)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < p->outcomes; i++)
        sum = p->hits[i] > UINT64_MAX - sum ? UINT64_MAX : sum + p->hits[i];
    return sum;
}

static void put_functions(const struct coverage *c, struct asl_buffer *out)
{
    for (int counts = 0; counts < 2; counts++) /* all FN stand before all FNDA */
        for (size_t i = 0; i < coverage_point_count(c); i++) {
            const struct coverage_point *p = coverage_point(c, i);
            if (p->kind != COVERAGE_STATE)
                continue;
            if (counts)
                asl_buffer_printf(out, "FNDA:%llu,", (unsigned long long)p->hits[0]);
            else
                asl_buffer_printf(out, "FN:%zu,", p->line);
            put_name(out, value_as_text(p->state->name));
            asl_buffer_putc(out, '\n');
        }
    struct coverage_sum states = coverage_sum(c, COVERAGE_STATE);
    asl_buffer_printf(out, "FNF:%zu\nFNH:%zu\n", states.goals, states.reached);
}

static void put_branches(const struct coverage *c, struct asl_buffer *out)
{
    size_t found = 0, hit = 0;
    for (size_t i = 0; i < coverage_point_count(c); i++) {
        const struct coverage_point *p = coverage_point(c, i);
        bool decided = hits_of(p) > 0;
        for (size_t k = 0; p->outcomes > 1 && k < p->outcomes; k++) {
            asl_buffer_printf(out, "BRDA:%zu,%zu,%zu,", p->line, i, k);
            if (decided)
                asl_buffer_printf(out, "%llu\n", (unsigned long long)p->hits[k]);
            else
                asl_buffer_puts(out, "-\n");
            found++;
            hit += p->hits[k] > 0;
        }
    }
    asl_buffer_printf(out, "BRF:%zu\nBRH:%zu\n", found, hit);
}

struct line {
    size_t line;
    uint64_t hits;
};

static int by_line(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    return x->line < y->line ? -1 : x->line > y->line;
}

/* Where several points share a line, it counts as often as the busiest of them. */
static void put_lines(const struct coverage *c, struct asl_buffer *out)
{
    size_t count = coverage_point_count(c), found = 0, hit = 0;
    struct line *lines = asl_allocate_zeroed(count + 1, sizeof *lines);
    for (size_t i = 0; i < count; i++) {
        const struct coverage_point *p = coverage_point(c, i);
        lines[i] = (struct line){p->line, hits_of(p)};
    }
    qsort(lines, count, sizeof *lines, by_line);
    for (size_t i = 0; i < count;) {
        struct line most = lines[i];
        for (; i < count && lines[i].line == most.line; i++)
            most.hits = lines[i].hits > most.hits ? lines[i].hits : most.hits;
        asl_buffer_printf(out, "DA:%zu,%llu\n", most.line, (unsigned long long)most.hits);
        found++;
        hit += most.hits > 0;
    }
    asl_buffer_printf(out, "LF:%zu\nLH:%zu\n", found, hit);
    free(lines);
}

void coverage_report_lcov(struct coverage *const *all, size_t count, struct asl_buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        asl_buffer_puts(out, "TN:\nSF:");
        put_name(out, asl_text(coverage_name(all[i])));
        asl_buffer_putc(out, '\n');
        put_functions(all[i], out);
        put_branches(all[i], out);
        put_lines(all[i], out);
        asl_buffer_puts(out, "end_of_record\n");
    }
}
