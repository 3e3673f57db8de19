/* Printing a scene; see svg.h. Colours stand in one style sheet, for light and for dark. */
#include "engine/graph/svg.h"

#include <ctype.h>
#include <stdlib.h>

#include "engine/graph/words.h"

static const char style[] =
    "svg.stepwell{--ground:#fff;--ink:#1c2430;--soft:#5b6675;--box:#fff;--edge:#7b8794;--rim:#"
    "b6c0cc;"
    "--group:#f5f7fa;--task:#d9822b;--choice:#8a63d2;--wait:#2b8a9e;--pass:#7b8794;--end:#2f8f4e;"
    "--bad:#c23030;--inner:#3f6fb5;--on:#2f8f4e;--on-box:#e9f6ec;--bad-box:#fdecec;--off:#c2410c;"
    "--off-box:#fff4ec;"
    "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
    "background:var(--ground)}"
    "@media(prefers-color-scheme:dark){svg.stepwell{--ground:#12171e;--ink:#e8edf3;--soft:#9aa7b5;"
    "--box:#1b222c;--edge:#8493a3;--rim:#3d4957;--group:#161c24;--task:#f0a04b;--choice:#b094f0;"
    "--wait:#56b9cc;--pass:#9aa7b5;--end:#58bf7a;--bad:#f07070;--inner:#7ba7e8;--on:#58bf7a;"
    "--on-box:#17301f;--bad-box:#3a1a1a;--off:#f0905a;--off-box:#33221a}}"
    ".stepwell text{fill:var(--ink);font-size:13px}.stepwell "
    ".small{fill:var(--soft);font-size:11px}"
    ".stepwell .name{font-weight:600}.stepwell .shape{fill:var(--box);stroke:var(--rim)}"
    ".stepwell .group>.shape{fill:var(--group)}.stepwell .kind{stroke:none}"
    ".stepwell .line{fill:none;stroke:var(--edge);stroke-width:1.4}"
    ".stepwell .head{fill:var(--edge);stroke:none}.stepwell .dot{fill:var(--ink)}"
    ".stepwell .catch{stroke-dasharray:5 4;stroke:var(--bad);opacity:.8}"
    ".stepwell .catch.head{stroke:none;fill:var(--bad)}"
    ".stepwell .halo{fill:var(--ground)}.stepwell .group .halo{fill:var(--group)}"
    ".stepwell .stop{fill:var(--box);stroke:var(--ink);stroke-width:1.5}"
    ".stepwell .Task{fill:var(--task)}.stepwell .Choice{fill:var(--choice)}"
    ".stepwell .Wait{fill:var(--wait)}.stepwell .Pass{fill:var(--pass)}"
    ".stepwell .Succeed{fill:var(--end)}.stepwell .Fail{fill:var(--bad)}"
    ".stepwell .Map,.stepwell .Parallel{fill:var(--inner)}"
    ".stepwell .reached>.shape{stroke:var(--on);stroke-width:2}"
    ".stepwell .box.reached>.shape{fill:var(--on-box)}"
    ".stepwell .failed>.shape{stroke:var(--bad);stroke-width:2}"
    ".stepwell .box.failed>.shape{fill:var(--bad-box)}"
    ".stepwell .missed>.shape{stroke:var(--off);stroke-dasharray:4 3;stroke-width:1.6}"
    ".stepwell .box.missed>.shape{fill:var(--off-box)}"
    ".stepwell .line.reached{stroke:var(--on);stroke-width:2.2;opacity:1}"
    ".stepwell .head.reached{fill:var(--on)}"
    ".stepwell .line.missed{stroke:var(--off)}.stepwell .head.missed{fill:var(--off)}";

static const char *mark_class(enum svg_mark mark)
{
    static const char *const names[] = {"", " reached", " missed", " failed"};
    return names[mark];
}

void svg_put_text(struct asl_buffer *out, struct asl_text t)
{
    for (size_t i = 0; i < t.size; i++) {
        unsigned char c = (unsigned char)t.data[i];
        if (c < 0x20)
            asl_buffer_putc(out, ' ');
        else if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'')
            asl_buffer_printf(out, "&#%d;", c);
        else
            asl_buffer_putc(out, (char)c);
    }
}

/* Letters and digits as they are, all else as _XX: no two names give one id. */
static void put_id(struct asl_buffer *out, struct asl_text name)
{
    asl_buffer_puts(out, "state-");
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (c < 0x80 && isalnum(c))
            asl_buffer_putc(out, (char)c);
        else
            asl_buffer_printf(out, "_%02X", c);
    }
}

struct printer {
    struct asl_buffer *out;
    const struct scene *scene;
    const struct svg_marks *marks;
};

static enum svg_mark state_mark(const struct printer *p, const struct state *s, char note[32])
{
    note[0] = '\0';
    return p->marks && p->marks->of_state ? p->marks->of_state(p->marks->state, s, note)
                                          : SVG_PLAIN;
}

/* Of the edges that run through a line the most telling one. */
static enum svg_mark curve_mark(const struct printer *p, const struct scene_curve *c)
{
    enum svg_mark mark = SVG_PLAIN;
    for (size_t i = 0; i < c->count && p->marks && p->marks->of_edge; i++) {
        enum svg_mark one = p->marks->of_edge(p->marks->state, &p->scene->edges[c->edges[i]]);
        if (one == SVG_REACHED)
            return one;
        mark = one != SVG_PLAIN ? one : mark;
    }
    return mark;
}

/* ---- pieces ---- */

static void put_text_at(struct asl_buffer *out, double x, double y, const char *class,
                        struct asl_text t)
{
    asl_buffer_printf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
    svg_put_text(out, t);
    asl_buffer_puts(out, "</text>");
}

static void put_shape(struct asl_buffer *out, const struct scene_box *b)
{
    if (b->state->kind == STATE_MAP) /* many of a kind */
        asl_buffer_printf(out,
                          "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"10\" "
                          "class=\"shape\"/>",
                          b->x + 4, b->y + 4, b->w, b->h);
    if (b->state->kind == STATE_CHOICE) {
        double x = b->x, y = b->y, w = b->w, h = b->h, c = 14;
        asl_buffer_printf(out,
                          "<path d=\"M%.1f %.1fH%.1fL%.1f %.1fL%.1f %.1fH%.1fL%.1f %.1fZ\" "
                          "class=\"shape\"/>",
                          x + c, y, x + w - c, x + w, y + h / 2, x + w - c, y + h, x + c, x,
                          y + h / 2);
        return;
    }
    asl_buffer_printf(out,
                      "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%d\" "
                      "class=\"shape\"/>",
                      b->x, b->y, b->w, b->h, b->is_group ? 10 : 7);
}

static bool ends_here(const struct state *s)
{
    return !s->next && s->kind != STATE_CHOICE && s->kind != STATE_FAIL;
}

static void put_box_head(struct printer *p, const struct scene_box *b, enum svg_mark mark,
                         const char *note)
{
    struct asl_buffer *out = p->out;
    const char *kind = words_kind(b->state->kind);
    asl_buffer_puts(out, "<g id=\"");
    put_id(out, value_as_text(b->state->name));
    asl_buffer_printf(out, "\" class=\"%s%s\"><title>", b->is_group ? "group" : "box",
                      mark_class(mark));
    svg_put_text(out, value_as_text(b->state->name));
    asl_buffer_printf(out, ", %s%s%s</title>", kind, *note ? ", " : "", note);
    put_shape(out, b);
    double left = b->x + (b->state->kind == STATE_CHOICE ? 20 : 14);
    asl_buffer_printf(out,
                      "<rect x=\"%.1f\" y=\"%.1f\" width=\"4\" height=\"26\" rx=\"2\" "
                      "class=\"kind %s\"/>",
                      left, b->y + 9, kind);
    put_text_at(out, left + 11, b->y + 19, "name", b->name);
    struct asl_buffer subtitle;
    asl_buffer_init(&subtitle, 4096);
    asl_buffer_put_text(&subtitle, b->subtitle);
    if (*note)
        asl_buffer_printf(&subtitle, " \xC2\xB7 %s", note);
    put_text_at(out, left + 11, b->y + 34, "small", asl_buffer_text(&subtitle));
    asl_buffer_free(&subtitle);
    if (ends_here(b->state))
        asl_buffer_printf(out,
                          "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" class=\"stop\"/>"
                          "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2\" class=\"dot\"/>",
                          b->x + b->w - 14, b->y + b->h, b->x + b->w - 14, b->y + b->h);
}

static void put_curves(struct printer *p, size_t around)
{
    struct asl_buffer *out = p->out;
    for (int pass = 0; pass < 2; pass++) /* what was reached lies above what was not */
        for (size_t i = 0; i < p->scene->curve_count; i++) {
            const struct scene_curve *c = &p->scene->curves[i];
            enum svg_mark mark = curve_mark(p, c);
            const char *catch = c->line == SCENE_CATCH ? " catch" : "";
            if (c->around != around || (mark == SVG_REACHED) != (pass == 1))
                continue;
            asl_buffer_printf(out,
                              "<path d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\" "
                              "class=\"line%s%s\"/>",
                              c->x[0], c->y[0], c->x[1], c->y[1], c->x[2], c->y[2], c->x[3],
                              c->y[3] - (c->arrow ? 4 : 0), catch, mark_class(mark));
            if (c->arrow)
                asl_buffer_printf(out, "<path d=\"M%.1f %.1fl-4.5 -8h9z\" class=\"head%s%s\"/>",
                                  c->x[3], c->y[3], catch, mark_class(mark));
        }
}

static void put_label(struct asl_buffer *out, const struct scene_label *l)
{
    asl_buffer_puts(out, "<g><title>");
    svg_put_text(out, asl_text(l->whole));
    asl_buffer_printf(out,
                      "</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"4\" "
                      "class=\"halo\"/>",
                      l->x, l->y, l->w, l->h);
    asl_buffer_printf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"small\" text-anchor=\"middle\">",
                      l->x + l->w / 2, l->y + l->h - 4);
    svg_put_text(out, asl_text(l->text));
    asl_buffer_puts(out, "</text></g>");
}

/* Groups are drawn with what is in them within their <g>. */
static void put_inside(struct printer *p, size_t around, const size_t *label_groups);

static void put_box(struct printer *p, size_t index, const size_t *label_groups)
{
    const struct scene_box *b = &p->scene->boxes[index];
    char note[32];
    enum svg_mark mark = state_mark(p, b->state, note);
    put_box_head(p, b, mark, note);
    if (b->is_group)
        put_inside(p, index, label_groups);
    asl_buffer_puts(p->out, "</g>\n");
}

static void put_inside(struct printer *p, size_t around, const size_t *label_groups)
{
    put_curves(p, around);
    for (size_t i = 0; i < p->scene->label_count; i++)
        if (label_groups[i] == around)
            put_label(p->out, &p->scene->labels[i]);
    for (size_t i = around == SIZE_MAX ? 0 : around + 1; i < p->scene->box_count; i++)
        if (p->scene->boxes[i].around == around)
            put_box(p, i, label_groups);
}

/* The group that each label stands in: that of a curve of its edge. */
static size_t *find_label_groups(const struct scene *s)
{
    size_t *of_edge = asl_allocate_zeroed(s->edge_count + 1, sizeof *of_edge);
    size_t *groups = asl_allocate_zeroed(s->label_count + 1, sizeof *groups);
    for (size_t i = 0; i < s->curve_count; i++)
        for (size_t k = 0; k < s->curves[i].count; k++)
            of_edge[s->curves[i].edges[k]] = s->curves[i].around;
    for (size_t i = 0; i < s->label_count; i++)
        groups[i] = of_edge[s->labels[i].edge];
    free(of_edge);
    return groups;
}

void svg_put(struct asl_buffer *out, const asl_machine *machine, const char *title,
             const struct svg_marks *marks)
{
    struct scene scene;
    scene_make(&scene, machine);
    struct printer p = {out, &scene, marks};
    size_t *label_groups = find_label_groups(&scene);
    asl_buffer_printf(out,
                      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"stepwell\" role=\"img\" "
                      "aria-labelledby=\"machine-title machine-desc\" viewBox=\"0 0 %.0f %.0f\" "
                      "width=\"%.0f\" height=\"%.0f\">\n<title id=\"machine-title\">",
                      scene.width, scene.height, scene.width, scene.height);
    svg_put_text(out, asl_text(title));
    asl_buffer_printf(out,
                      "</title>\n<desc id=\"machine-desc\">A state machine of %zu state%s that "
                      "starts at ",
                      machine->state_count, machine->state_count == 1 ? "" : "s");
    svg_put_text(out, value_as_text(machine->root.start->name));
    asl_buffer_puts(out, ". ");
    svg_put_text(out, asl_text(machine->comment ? machine->comment : ""));
    asl_buffer_printf(out, "</desc>\n<style>%s</style>\n", style);
    put_inside(&p, SIZE_MAX, label_groups);
    for (size_t i = 0; i < scene.dot_count; i++)
        asl_buffer_printf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.0f\" class=\"dot\"/>\n",
                          scene.dots[i].x, scene.dots[i].y, SCENE_DOT);
    asl_buffer_puts(out, "</svg>\n");
    free(label_groups);
    scene_free(&scene);
}
