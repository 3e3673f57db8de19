/* Drawings by rule: no box or label lies on another, no line runs through a box, inner states stand
 * in their group, everything within the picture; on machines by dice of 5 to 200 states. Breaks
 * when a layout does. And the SVG itself: what is untrusted is escaped, ids stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/graph/svg.h"
#include "tests/conformance/generate.h"

static asl_machine *compile(const char *text)
{
    struct asl_diagnostics d = {0};
    asl_machine *m = asl_machine_compile(asl_text(text), false, &d);
    if (!m)
        print_error("%s\n%s\n", d.count ? d.items[0].message : "", text);
    asl_diagnostics_free(&d);
    assert_non_null(m);
    return m;
}

/* ---- machines ---- */

static void put_choice(struct dice *d, struct asl_buffer *out, unsigned i, unsigned count)
{
    unsigned rules = 1 + (unsigned)dice_below(d, 3);
    asl_buffer_puts(out, "\"Type\": \"Choice\", \"Choices\": [");
    for (unsigned k = 0; k < rules; k++) {
        bool back = i > 2 && dice_says(d, 25);
        unsigned to = back ? (unsigned)dice_below(d, i) : i + 1 + (unsigned)dice_below(d, 6);
        asl_buffer_printf(out,
                          "%s{\"Variable\": \"$.order.items[%u].a%u\", \"NumericGreaterThan\": %u, "
                          "\"Next\": \"State %u\"}",
                          k ? ", " : "", k, i, k, to < count ? to : count - 1);
    }
    asl_buffer_printf(out, "], \"Default\": \"State %u\"", i + 1);
}

static void put_group(struct dice *d, struct asl_buffer *out, unsigned i)
{
    unsigned branches = 1 + (unsigned)dice_below(d, 3);
    if (dice_says(d, 40)) {
        asl_buffer_printf(
            out,
            "\"Type\": \"Map\", \"ItemProcessor\": {\"StartAt\": \"Each %u\", \"States\": "
            "{\"Each %u\": {\"Type\": \"Pass\", \"Next\": \"Each then %u\"}, \"Each then "
            "%u\": {\"Type\": \"Succeed\"}}}, \"Next\": \"State %u\"",
            i, i, i, i, i + 1);
        return;
    }
    asl_buffer_puts(out, "\"Type\": \"Parallel\", \"Branches\": [");
    for (unsigned k = 0; k < branches; k++)
        asl_buffer_printf(
            out,
            "%s{\"StartAt\": \"Branch %u of %u\", \"States\": {\"Branch %u of %u\": {\"Type\": "
            "\"Wait\", \"Seconds\": 1, \"End\": true}}}",
            k ? ", " : "", k, i, k, i);
    asl_buffer_printf(out, "], \"Next\": \"State %u\"", i + 1);
}

static void put_machine(struct dice *d, unsigned count, struct asl_buffer *out)
{
    asl_buffer_puts(out, "{\"StartAt\": \"State 0\", \"States\": {");
    for (unsigned i = 0; i < count; i++) {
        asl_buffer_printf(out, "%s\"State %u\": {", i ? ", " : "", i);
        if (i + 1 == count)
            asl_buffer_puts(out, "\"Type\": \"Succeed\"");
        else if (dice_says(d, 25))
            put_choice(d, out, i, count);
        else if (dice_says(d, 15))
            put_group(d, out, i);
        else
            asl_buffer_printf(
                out,
                "\"Type\": \"Task\", \"Resource\": \"arn:aws:states:::lambda:invoke\", "
                "\"Parameters\": {\"FunctionName\": \"f\"}, \"Catch\": "
                "[{\"ErrorEquals\": [\"States.ALL\"], \"Next\": \"State %u\"}], \"Next\": "
                "\"State %u\"",
                dice_says(d, 60) ? count - 1 : i + 1, i + 1);
        asl_buffer_putc(out, '}');
    }
    asl_buffer_puts(out, "}}");
}

/* ---- rules ---- */

struct frame_of {
    double x, y, w, h;
};

static bool overlap(struct frame_of a, struct frame_of b)
{
    return a.x + a.w > b.x + 0.5 && b.x + b.w > a.x + 0.5 && a.y + a.h > b.y + 0.5 &&
           b.y + b.h > a.y + 0.5;
}

static bool is_around(const struct scene *s, size_t group, size_t box)
{
    for (size_t at = s->boxes[box].around; at != SIZE_MAX; at = s->boxes[at].around)
        if (at == group)
            return true;
    return false;
}

static struct frame_of box_frame(const struct scene_box *b)
{
    return (struct frame_of){b->x, b->y, b->w, b->h};
}

static void check_boxes(const struct scene *s)
{
    for (size_t i = 0; i < s->box_count; i++) {
        const struct scene_box *b = &s->boxes[i];
        if (b->x < 0 || b->y < 0 || b->x + b->w > s->width || b->y + b->h > s->height)
            fail_msg("%.*s lies outside", ASL_TEXT_ARGS(b->name));
        const struct scene_box *group = b->around == SIZE_MAX ? NULL : &s->boxes[b->around];
        if (group && (b->x < group->x || b->y < group->y + 40 ||
                      b->x + b->w > group->x + group->w || b->y + b->h > group->y + group->h))
            fail_msg("%.*s is not within its group", ASL_TEXT_ARGS(b->name));
        for (size_t k = i + 1; k < s->box_count; k++)
            if (!is_around(s, i, k) && !is_around(s, k, i) &&
                overlap(box_frame(b), box_frame(&s->boxes[k])))
                fail_msg("%.*s lies on %.*s", ASL_TEXT_ARGS(b->name),
                         ASL_TEXT_ARGS(s->boxes[k].name));
    }
}

/* The group a label stands in is the smallest around its place. */
static void check_labels(const struct scene *s)
{
    for (size_t i = 0; i < s->label_count; i++) {
        const struct scene_label *l = &s->labels[i];
        struct frame_of f = {l->x, l->y, l->w, l->h};
        for (size_t k = i + 1; k < s->label_count; k++)
            if (overlap(f, (struct frame_of){s->labels[k].x, s->labels[k].y, s->labels[k].w,
                                             s->labels[k].h}))
                fail_msg("label %s lies on %s", l->whole, s->labels[k].whole);
        for (size_t k = 0; k < s->box_count; k++)
            if (!s->boxes[k].is_group && overlap(f, box_frame(&s->boxes[k])))
                fail_msg("label %s lies on %.*s", l->whole, ASL_TEXT_ARGS(s->boxes[k].name));
    }
}

static double cubic(const double p[4], double t)
{
    double u = 1 - t;
    return u * u * u * p[0] + 3 * u * u * t * p[1] + 3 * u * t * t * p[2] + t * t * t * p[3];
}

/* A line may pass by what stands in its own group, and through groups around it. */
static void check_curves(const struct scene *s)
{
    for (size_t i = 0; i < s->curve_count; i++) {
        const struct scene_curve *c = &s->curves[i];
        for (int n = 0; n <= 12; n++) {
            double x = cubic(c->x, n / 12.0), y = cubic(c->y, n / 12.0);
            if (x < 0 || y < 0 || x > s->width || y > s->height)
                fail_msg("a line leaves the picture");
            for (size_t k = 0; k < s->box_count; k++) {
                const struct scene_box *b = &s->boxes[k];
                bool is_own =
                    c->around == k || (c->around != SIZE_MAX && is_around(s, k, c->around));
                if (!is_own && x > b->x + 1 && x < b->x + b->w - 1 && y > b->y + 1 &&
                    y < b->y + b->h - 1)
                    fail_msg("a line runs through %.*s", ASL_TEXT_ARGS(b->name));
            }
        }
    }
}

/* Each transition has a line that ends at a box. */
static void check_edges(const struct scene *s)
{
    bool *arrives = asl_allocate_zeroed(s->edge_count + 1, sizeof *arrives);
    for (size_t i = 0; i < s->curve_count; i++)
        for (size_t k = 0; k < s->curves[i].count && s->curves[i].arrow; k++) {
            const struct scene_edge *e = &s->edges[s->curves[i].edges[k]];
            for (size_t b = 0; b < s->box_count; b++)
                if (s->boxes[b].state == e->to && s->boxes[b].y == s->curves[i].y[3] &&
                    s->curves[i].x[3] >= s->boxes[b].x &&
                    s->curves[i].x[3] <= s->boxes[b].x + s->boxes[b].w)
                    arrives[s->curves[i].edges[k]] = true;
        }
    for (size_t i = 0; i < s->edge_count; i++)
        if (!arrives[i])
            fail_msg("no line arrives at %.*s", ASL_TEXT_ARGS(value_as_text(s->edges[i].to->name)));
    free(arrives);
}

static void check_machine(const char *text)
{
    struct scene s;
    asl_machine *m = compile(text);
    scene_make(&s, m);
    assert_int_equal(s.box_count, m->state_count);
    check_boxes(&s);
    check_labels(&s);
    check_curves(&s);
    check_edges(&s);
    scene_free(&s);
    asl_machine_release(m);
}

static void test_machines_by_dice(void **state)
{
    (void)state;
    static const unsigned sizes[] = {5, 8, 12, 20, 33, 60, 100, 200};
    for (uint64_t seed = 1; seed <= (getenv("STEPWELL_CAMPAIGN") ? 20 : 2); seed++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            struct dice d = {seed * 1000 + sizes[i]};
            struct asl_buffer text;
            asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
            put_machine(&d, sizes[i], &text);
            check_machine(text.data);
            asl_buffer_free(&text);
        }
}

static void test_nested_machines(void **state)
{
    (void)state;
    struct dice d = {7};
    for (int i = 0; i < 60; i++) {
        struct asl_buffer text;
        asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
        generate_definition(&d, &text);
        check_machine(text.data);
        asl_buffer_free(&text);
    }
}

static void test_loops(void **state)
{
    (void)state;
    check_machine(
        "{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Pass\", \"Next\": \"A2\"}, \"A2\": "
        "{\"Type\": \"Choice\", \"Choices\": [{\"Variable\": \"$.a\", \"IsNull\": true, \"Next\": "
        "\"A2\"}, {\"Variable\": \"$.b\", \"IsNull\": true, \"Next\": \"A\"}], \"Default\": "
        "\"A3\"}, \"A3\": {\"Type\": \"Succeed\"}}}");
    check_machine("{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Succeed\"}}}");
}

/* ---- the text ---- */

static void test_svg(void **state)
{
    (void)state;
    asl_machine *m =
        compile("{\"Comment\": \"a < b & \\\"c\\\"\", \"StartAt\": \"<script>&\", \"States\": "
                "{\"<script>&\": {\"Type\": \"Wait\", \"Seconds\": 1, \"Next\": \"\\u00c4\"}, "
                "\"\\u00c4\": {\"Type\": \"Succeed\"}}}");
    struct asl_buffer out;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    svg_put(&out, m, "x\"><y", NULL);
    assert_null(strstr(out.data, "<script"));
    assert_null(strstr(out.data, "<y"));
    assert_non_null(strstr(out.data, "&#60;script&#62;&#38;"));
    assert_non_null(strstr(out.data, "a &#60; b &#38; &#34;c&#34;"));
    assert_non_null(strstr(out.data, "id=\"state-_C3_84\""));
    assert_non_null(
        strstr(out.data, "role=\"img\" aria-labelledby=\"machine-title machine-desc\""));
    assert_non_null(strstr(out.data, "A state machine of 2 states"));
    asl_buffer_free(&out);
    asl_machine_release(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_machines_by_dice),
        cmocka_unit_test(test_nested_machines),
        cmocka_unit_test(test_loops),
        cmocka_unit_test(test_svg),
    };
    return cmocka_run_group_tests_name("scene", tests, NULL, NULL);
}
