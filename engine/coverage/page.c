/* Coverage as a page: for each definition its graph coloured, what was not reached, and the text
 * with its counts. One file without scripts and without the network; names and texts are others',
 * and escaped. */
#include <stdio.h>
#include <stdlib.h>

#include "engine/coverage/coverage.h"
#include "engine/graph/svg.h"

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\"><title>Coverage</title><style>"
    ":root{color-scheme:light dark;--ground:#fff;--ink:#1c2430;--soft:#5b6675;--rim:#d5dce4;"
    "--on:#2f8f4e;--off:#c2410c;--on-row:#eaf7ee;--off-row:#fff0e6}"
    "@media(prefers-color-scheme:dark){:root{--ground:#12171e;--ink:#e8edf3;--soft:#9aa7b5;"
    "--rim:#303a46;--on:#58bf7a;--off:#f0905a;--on-row:#15281b;--off-row:#31221a}}"
    "body{background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif;margin:2rem "
    "auto;max-width:1200px;padding:0 "
    "1rem}h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.5rem}"
    "table{border-collapse:collapse}td,th{padding:.15rem .8rem .15rem 0;text-align:left}"
    ".bar{display:inline-block;width:160px;height:8px;border-radius:4px;background:var(--off)}"
    ".bar i{display:block;height:8px;border-radius:4px;background:var(--on)}"
    ".graph{overflow:auto;border:1px solid var(--rim);border-radius:8px;max-height:90vh}"
    ".missed li{margin:.1rem 0}code,pre{font:12.5px/1.5 ui-monospace,monospace}"
    ".text{border:1px solid var(--rim);border-radius:8px;overflow:auto;padding:.5rem 0}"
    ".text div{white-space:pre;padding:0 .8rem}.text b{display:inline-block;width:3.5rem;"
    "color:var(--soft);font-weight:400}.text u{display:inline-block;width:4.5rem;"
    "color:var(--soft);text-decoration:none}.hit{background:var(--on-row)}"
    ".miss{background:var(--off-row)}</style></head><body>\n<h1>Coverage</h1>\n";

/* ---- the graph ---- */

static enum svg_mark state_mark(void *coverage, const struct state *s, char note[32])
{
    uint64_t times = coverage_entered(coverage, s->id);
    if (times)
        snprintf(note, 32, "%llu\xC3\x97", (unsigned long long)times);
    return times ? SVG_REACHED : SVG_MISSED;
}

static enum svg_mark edge_mark(void *coverage, const struct scene_edge *e)
{
    if (!e->from)
        return coverage_entered(coverage, e->to->id) ? SVG_REACHED : SVG_MISSED;
    return coverage_left(coverage, e->from->id, e->way, e->index) ? SVG_REACHED : SVG_MISSED;
}

/* ---- the sums ---- */

static void put_row(struct asl_buffer *out, const char *name, struct coverage_sum sum)
{
    double percent = coverage_percent(sum);
    if (!sum.goals)
        return;
    asl_buffer_printf(out,
                      "<tr><th>%s</th><td><span class=\"bar\"><i style=\"width:%.1f%%\"></i></span>"
                      "</td><td>%zu of %zu</td></tr>\n",
                      name, percent, sum.reached, sum.goals);
}

static void put_sums(struct asl_buffer *out, const struct coverage *c)
{
    asl_buffer_puts(out, "<table>\n");
    put_row(out, "all goals", coverage_sum(c, COVERAGE_KINDS));
    for (int k = 0; k < COVERAGE_KINDS; k++)
        put_row(out, coverage_kind_name((enum coverage_kind)k),
                coverage_sum(c, (enum coverage_kind)k));
    asl_buffer_puts(out, "</table>\n");
}

/* ---- the text ---- */

struct line {
    uint64_t most;
    bool is_point, is_missed;
};

static void see_point(struct line *lines, size_t count, const struct coverage_point *p)
{
    if (p->line == 0 || p->line > count)
        return;
    struct line *l = &lines[p->line - 1];
    l->is_point = true;
    for (size_t k = 0; k < p->outcomes; k++) {
        l->is_missed = l->is_missed || !p->hits[k];
        l->most = p->hits[k] > l->most ? p->hits[k] : l->most;
    }
}

static void put_line(struct asl_buffer *out, struct asl_text text, size_t number,
                     const struct line *l)
{
    asl_buffer_printf(out, "<div%s><b>%zu</b><u>",
                      !l->is_point   ? ""
                      : l->is_missed ? " class=\"miss\""
                                     : " class=\"hit\"",
                      number);
    if (l->is_point)
        asl_buffer_printf(out, "%llu\xC3\x97", (unsigned long long)l->most);
    asl_buffer_puts(out, "</u>");
    svg_put_text(out, text);
    asl_buffer_puts(out, "</div>\n");
}

static void put_definition_text(struct asl_buffer *out, const struct coverage *c)
{
    struct asl_text text = coverage_definition(c);
    size_t count = 1;
    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == '\n';
    struct line *lines = asl_allocate_zeroed(count, sizeof *lines);
    for (size_t i = 0; i < coverage_point_count(c); i++)
        see_point(lines, count, coverage_point(c, i));
    asl_buffer_puts(out, "<div class=\"text\"><code>\n");
    for (size_t i = 0, from = 0; i < count; i++) {
        size_t to = from;
        while (to < text.size && text.data[to] != '\n')
            to++;
        put_line(out, (struct asl_text){text.data + from, to - from}, i + 1, &lines[i]);
        from = to + 1;
    }
    asl_buffer_puts(out, "</code></div>\n");
    free(lines);
}

/* ---- all of it ---- */

static void put_definition(struct asl_buffer *out, struct coverage *c)
{
    const struct svg_marks marks = {c, state_mark, edge_mark};
    struct asl_buffer missed;
    asl_buffer_puts(out, "<h2>");
    svg_put_text(out, asl_text(coverage_name(c)));
    asl_buffer_printf(out, "</h2>\n<p>%llu execution%s</p>\n",
                      (unsigned long long)coverage_executions(c),
                      coverage_executions(c) == 1 ? "" : "s");
    put_sums(out, c);
    asl_buffer_puts(out, "<div class=\"graph\">\n");
    svg_put(out, coverage_machine(c), coverage_name(c), &marks);
    asl_buffer_puts(out, "</div>\n");
    asl_buffer_init(&missed, ASL_BUFFER_MAXIMUM);
    coverage_report_text(&c, 1, &missed);
    asl_buffer_puts(out, "<details><summary>In words</summary><pre>");
    for (size_t from = 0, to; from < missed.size; from = to + 1) {
        for (to = from; to < missed.size && missed.data[to] != '\n';)
            to++;
        svg_put_text(out, (struct asl_text){missed.data + from, to - from});
        asl_buffer_putc(out, '\n');
    }
    asl_buffer_puts(out, "</pre></details>\n");
    asl_buffer_free(&missed);
    put_definition_text(out, c);
}

void coverage_report_html(struct coverage *const *all, size_t count, struct asl_buffer *out)
{
    asl_buffer_puts(out, head);
    for (size_t i = 0; i < count; i++)
        put_definition(out, all[i]);
    asl_buffer_puts(out, "</body></html>\n");
}
