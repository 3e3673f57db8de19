/* A machine as SVG: one text, no network, no script; what is written into it is escaped. */
#ifndef ENGINE_GRAPH_SVG_H
#define ENGINE_GRAPH_SVG_H

#include "engine/graph/scene.h"

enum svg_mark {
    SVG_PLAIN,
    SVG_REACHED,
    SVG_MISSED, /* looked for and not reached */
    SVG_FAILED,
};

/* How a state and a transition are coloured; NULL functions: plainly. `note`: what stands behind
 * the subtitle ("12 times"), at most 32 bytes; empty: nothing. */
struct svg_marks {
    void *state;
    enum svg_mark (*of_state)(void *state, const struct state *s, char note[32]);
    enum svg_mark (*of_edge)(void *state, const struct scene_edge *e);
};

/* Appends <svg>...</svg>; `title` is the machine's name. Ids are made of the states' names: they
 * stay when the definition around a state changes. */
void svg_put(struct asl_buffer *out, const asl_machine *machine, const char *title,
             const struct svg_marks *marks);
/* A text within markup: & < > " ' and control characters. */
void svg_put_text(struct asl_buffer *out, struct asl_text t);

#endif
