/* A machine laid out: where its boxes, labels and lines stand. States of one level are one layered
 * drawing (layout.h); a Map or Parallel is a box around the drawings of its inner states. */
#ifndef ENGINE_GRAPH_SCENE_H
#define ENGINE_GRAPH_SCENE_H

#include "asl/asl.h"
#include "asl/definition/machine.h"

enum scene_line { SCENE_NEXT, SCENE_CATCH }; /* what runs together */

struct scene_box {
    const struct state *state;
    double x, y, w, h;
    bool is_group;                  /* with inner states in it */
    size_t around;                  /* the group it stands in; SIZE_MAX: none */
    struct asl_text name, subtitle; /* as they fit; subtitle is the scene's */
};

/* A transition; of a start, `from` is NULL. */
struct scene_edge {
    const struct state *from, *to;
    enum asl_way way;
    size_t index;
};

struct scene_label {
    size_t edge;
    double x, y, w, h;
    char *text, *whole; /* as it fits, and whole */
};

struct scene_curve {
    double x[4], y[4];
    enum scene_line line;
    bool arrow;
    size_t *edges, count; /* that run through it */
    size_t around;        /* the group it stands in; SIZE_MAX: none */
};

struct scene_dot { /* where the inner states of something begin */
    double x, y;
};

struct scene {
    struct scene_box *boxes; /* groups before what is in them */
    size_t box_count, box_capacity;
    struct scene_edge *edges;
    size_t edge_count, edge_capacity;
    struct scene_label *labels;
    size_t label_count, label_capacity;
    struct scene_curve *curves;
    size_t curve_count, curve_capacity;
    struct scene_dot *dots;
    size_t dot_count, dot_capacity;
    double width, height;
};

#define SCENE_DOT 6.0 /* its radius */

/* The machine must outlive the scene. */
void scene_make(struct scene *s, const asl_machine *machine);
void scene_free(struct scene *s);
/* How wide a text is, about and rather too much, in pixels of a sans-serif font. */
double scene_text_width(struct asl_text t, double size);

#endif
