/* Laying a machine out; see scene.h. From the inside to the outside sizes are found, from the
 * outside to the inside places. */
#include "engine/graph/scene.h"

#include <stdlib.h>
#include <string.h>

#include "engine/graph/layout.h"
#include "engine/graph/words.h"

#define BOX_HEIGHT   44.0
#define NAME_SIZE    13.0
#define SMALL_SIZE   11.0
#define NAME_WIDTH   230.0 /* longer names are cut */
#define NOTE_WIDTH   36.0  /* behind the subtitle: how often it was entered */
#define LABEL_WIDTH  170.0
#define LABEL_HEIGHT 16.0
#define PADDING      16.0 /* of a group */
#define TITLE        46.0 /* height of a group's head */
#define MARGIN       16.0

/* ---- texts ---- */

double scene_text_width(struct asl_text t, double size)
{
    double width = 0;
    for (size_t at = 0; at < t.size;) {
        int32_t c = value_utf8_next(t, &at);
        if (c < 0 || c >= 0x1100)
            width += 1.05;
        else if (c && c < 0x80 && strchr("iljtfI.,:;'|! ()[]", c))
            width += 0.38;
        else if (c && c < 0x80 && strchr("mwMW@%", c))
            width += 0.95;
        else
            width += c >= 'A' && c <= 'Z' ? 0.74 : 0.62;
    }
    return width * size;
}

/* As much as fits, with "..." where something was cut; yours. */
static char *fitting(struct asl_text t, double size, double width)
{
    if (scene_text_width(t, size) <= width)
        return asl_copy_text(t);
    struct asl_buffer out;
    asl_buffer_init(&out, 4096);
    size_t at = 0, end = 0;
    while (at < t.size && scene_text_width((struct asl_text){t.data, at}, size) < width - size) {
        end = at;
        value_utf8_next(t, &at);
    }
    asl_buffer_put(&out, t.data, end);
    asl_buffer_puts(&out, "...");
    return asl_buffer_take(&out, NULL);
}

static char *label_of(const struct scene_edge *e)
{
    struct asl_buffer out;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    asl_buffer_puts(&out, "");
    if (e->way == ASL_BY_RULE)
        words_put_rule(&out, &e->from->of.choice.rules[e->index]);
    else if (e->way == ASL_BY_DEFAULT)
        asl_buffer_puts(&out, "default");
    else if (e->way == ASL_BY_CATCHER)
        words_put_errors(&out, e->from->catchers[e->index].errors,
                         e->from->catchers[e->index].error_count);
    return asl_buffer_take(&out, NULL);
}

/* ---- one level ---- */

/* The states of one States object, drawn; inner ones by index of the state. */
struct level {
    const struct states *states;
    struct layout layout;
    struct scene_edge *edges;
    size_t edge_count, edge_capacity;
    struct level **inner; /* by state: an array of its levels, or NULL */
    size_t *inner_count;
};

#define GROW(array, count, capacity)                                                               \
    do {                                                                                           \
        if ((count) == (capacity)) {                                                               \
            (capacity) = (capacity) ? 2 * (capacity) : 32;                                         \
            (array) = asl_reallocate((array), (capacity) * sizeof *(array));                       \
        }                                                                                          \
    } while (0)

static void add_edge(struct level *v, const struct state *from, const struct state *to,
                     enum asl_way way, size_t index)
{
    GROW(v->edges, v->edge_count, v->edge_capacity);
    v->edges[v->edge_count++] = (struct scene_edge){from, to, way, index};
}

static void add_edges(struct level *v, const struct state *s)
{
    for (size_t i = 0; s->kind == STATE_CHOICE && i < s->of.choice.count; i++)
        add_edge(v, s, s->of.choice.rules[i].next, ASL_BY_RULE, i);
    if (s->kind == STATE_CHOICE && s->of.choice.default_next)
        add_edge(v, s, s->of.choice.default_next, ASL_BY_DEFAULT, 0);
    if (s->kind != STATE_CHOICE && s->next)
        add_edge(v, s, s->next, ASL_BY_NEXT, 0);
    for (size_t i = 0; i < s->catcher_count; i++)
        add_edge(v, s, s->catchers[i].next, ASL_BY_CATCHER, i);
}

static void draw_level(struct level *v, const struct states *states);

static char *subtitle_of(const struct state *s)
{
    struct asl_buffer out;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    words_put_subtitle(&out, s);
    return asl_buffer_take(&out, NULL);
}

static double head_width(const struct state *s)
{
    char *subtitle = subtitle_of(s);
    double name = 1.08 * scene_text_width(value_as_text(s->name), NAME_SIZE); /* it is bold */
    double small = scene_text_width(asl_text(subtitle), SMALL_SIZE) + NOTE_WIDTH;
    free(subtitle);
    double width = name > small ? name : small;
    return (width > NAME_WIDTH ? NAME_WIDTH : width) + 34;
}

/* A group is as large as its branches, side by side, want. */
static void size_group(struct level *v, size_t i, const struct state *s)
{
    size_t count = s->kind == STATE_MAP ? 1 : s->of.parallel.count;
    double width = 0, height = 0;
    v->inner[i] = asl_allocate_zeroed(count, sizeof **v->inner);
    v->inner_count[i] = count;
    for (size_t k = 0; k < count; k++) {
        struct level *inner = &v->inner[i][k];
        draw_level(inner, s->kind == STATE_MAP ? s->of.map.processor : s->of.parallel.branches[k]);
        width += inner->layout.width + (k ? 2 * PADDING : 0);
        height = inner->layout.height > height ? inner->layout.height : height;
    }
    double head = head_width(s);
    v->layout.nodes[i].w = (width > head ? width : head) + 2 * PADDING;
    v->layout.nodes[i].h = TITLE + height + PADDING;
}

static void size_box(struct level *v, size_t i, const struct state *s)
{
    if (s->kind == STATE_MAP || s->kind == STATE_PARALLEL) {
        size_group(v, i, s);
        return;
    }
    double width = head_width(s) + (s->kind == STATE_CHOICE ? 16 : 0);
    v->layout.nodes[i].w = width < 110 ? 110 : width;
    v->layout.nodes[i].h = BOX_HEIGHT;
}

/* Where each state stands in its list, by its id: found once, not once an edge. */
static size_t *indices(const struct states *all, size_t *least)
{
    size_t most = 0;
    *least = SIZE_MAX;
    for (size_t i = 0; i < all->count; i++) {
        *least = all->states[i]->id < *least ? all->states[i]->id : *least;
        most = all->states[i]->id > most ? all->states[i]->id : most;
    }
    size_t *index = asl_allocate_zeroed(most - *least + 1, sizeof *index);
    for (size_t i = 0; i < all->count; i++)
        index[all->states[i]->id - *least] = i;
    return index;
}

static void draw_level(struct level *v, const struct states *states)
{
    size_t count = states->count, least;
    size_t *index = indices(states, &least);
    *v = (struct level){.states = states};
    v->inner = asl_allocate_zeroed(count, sizeof *v->inner);
    v->inner_count = asl_allocate_zeroed(count, sizeof *v->inner_count);
    v->layout.nodes = asl_allocate_zeroed(count + 1, sizeof *v->layout.nodes);
    v->layout.node_count = count + 1; /* and the start */
    v->layout.nodes[count].w = v->layout.nodes[count].h = 2 * SCENE_DOT;
    add_edge(v, NULL, states->start, ASL_BY_NEXT, 0);
    for (size_t i = 0; i < count; i++) {
        size_box(v, i, states->states[i]);
        add_edges(v, states->states[i]);
    }
    v->layout.edges = asl_allocate_zeroed(v->edge_count, sizeof *v->layout.edges);
    v->layout.edge_count = v->edge_count;
    for (size_t i = 0; i < v->edge_count; i++) {
        const struct scene_edge *e = &v->edges[i];
        char *label = e->from ? label_of(e) : asl_copy_text(ASL_TEXT(""));
        double width = scene_text_width(asl_text(label), SMALL_SIZE);
        v->layout.edges[i] = (struct layout_edge){
            .from = e->from ? index[e->from->id - least] : count,
            .to = index[e->to->id - least],
            .kind = e->way == ASL_BY_CATCHER ? SCENE_CATCH : SCENE_NEXT,
            .w = !*label ? 0 : (width > LABEL_WIDTH ? LABEL_WIDTH : width) + 10,
            .h = !*label ? 0 : LABEL_HEIGHT,
        };
        free(label);
    }
    free(index);
    layout_run(&v->layout, count);
}

static void free_level(struct level *v)
{
    for (size_t i = 0; i < v->states->count; i++) {
        for (size_t k = 0; k < v->inner_count[i]; k++)
            free_level(&v->inner[i][k]);
        free(v->inner[i]);
    }
    layout_free(&v->layout);
    free(v->layout.nodes);
    free(v->layout.edges);
    free(v->edges);
    free(v->inner);
    free(v->inner_count);
}

/* ---- the whole ---- */

static void place_level(struct scene *s, const struct level *v, double x, double y, size_t around);

static void place_box(struct scene *s, const struct level *v, size_t i, double x, double y,
                      size_t around)
{
    const struct layout_node *n = &v->layout.nodes[i];
    const struct state *state = v->states->states[i];
    char *subtitle = subtitle_of(state);
    GROW(s->boxes, s->box_count, s->box_capacity);
    size_t own = s->box_count++;
    s->boxes[own] = (struct scene_box){
        .state = state,
        .x = x + n->x,
        .y = y + n->y,
        .w = n->w,
        .h = n->h,
        .is_group = v->inner_count[i] > 0,
        .around = around,
        .name = asl_text(fitting(value_as_text(state->name), NAME_SIZE, NAME_WIDTH)),
        .subtitle = asl_text(fitting(asl_text(subtitle), SMALL_SIZE, NAME_WIDTH)),
    };
    free(subtitle);
    double inside = 0;
    for (size_t k = 0; k < v->inner_count[i]; k++)
        inside += v->inner[i][k].layout.width + (k ? 2 * PADDING : 0);
    double at = x + n->x + (n->w - inside) / 2;
    for (size_t k = 0; k < v->inner_count[i]; k++) {
        place_level(s, &v->inner[i][k], at, y + n->y + TITLE, own);
        at += v->inner[i][k].layout.width + 2 * PADDING;
    }
}

static void place_labels(struct scene *s, const struct level *v, double x, double y, size_t first)
{
    for (size_t i = 0; i < v->edge_count; i++) {
        const struct layout_edge *e = &v->layout.edges[i];
        if (e->w <= 0)
            continue;
        char *whole = label_of(&v->edges[i]);
        GROW(s->labels, s->label_count, s->label_capacity);
        s->labels[s->label_count++] = (struct scene_label){
            first + i, x + e->x, y + e->y,
            e->w,      e->h,     fitting(asl_text(whole), SMALL_SIZE, LABEL_WIDTH),
            whole,
        };
    }
}

static void place_curves(struct scene *s, const struct level *v, double x, double y, size_t first,
                         size_t around)
{
    for (size_t i = 0; i < v->layout.curve_count; i++) {
        const struct layout_curve *c = &v->layout.curves[i];
        GROW(s->curves, s->curve_count, s->curve_capacity);
        struct scene_curve *to = &s->curves[s->curve_count++];
        *to = (struct scene_curve){.line = (enum scene_line)c->kind,
                                   .arrow = c->arrow,
                                   .count = c->count,
                                   .around = around};
        to->edges = asl_allocate(c->count * sizeof *to->edges);
        for (size_t k = 0; k < c->count; k++)
            to->edges[k] = first + c->edges[k];
        for (int k = 0; k < 4; k++) {
            to->x[k] = x + c->x[k];
            to->y[k] = y + c->y[k];
        }
    }
}

static void place_level(struct scene *s, const struct level *v, double x, double y, size_t around)
{
    const struct layout_node *start = &v->layout.nodes[v->states->count];
    size_t first = s->edge_count;
    for (size_t i = 0; i < v->edge_count; i++) {
        GROW(s->edges, s->edge_count, s->edge_capacity);
        s->edges[s->edge_count++] = v->edges[i];
    }
    GROW(s->dots, s->dot_count, s->dot_capacity);
    s->dots[s->dot_count++] =
        (struct scene_dot){x + start->x + start->w / 2, y + start->y + start->h / 2};
    for (size_t i = 0; i < v->states->count; i++)
        place_box(s, v, i, x, y, around);
    place_labels(s, v, x, y, first);
    place_curves(s, v, x, y, first, around);
}

void scene_make(struct scene *s, const asl_machine *machine)
{
    struct level v;
    *s = (struct scene){0};
    draw_level(&v, &machine->root);
    place_level(s, &v, MARGIN, MARGIN, SIZE_MAX);
    s->width = v.layout.width + 2 * MARGIN;
    s->height = v.layout.height + 2 * MARGIN;
    free_level(&v);
}

void scene_free(struct scene *s)
{
    for (size_t i = 0; i < s->box_count; i++) {
        free((char *)s->boxes[i].name.data);
        free((char *)s->boxes[i].subtitle.data);
    }
    for (size_t i = 0; i < s->label_count; i++) {
        free(s->labels[i].text);
        free(s->labels[i].whole);
    }
    for (size_t i = 0; i < s->curve_count; i++)
        free(s->curves[i].edges);
    free(s->boxes);
    free(s->edges);
    free(s->labels);
    free(s->curves);
    free(s->dots);
    *s = (struct scene){0};
}
