/* Layered drawing of one directed graph: boxes in rows from top to bottom, edges between them.
 *
 * Rows of boxes alternate with rows for labels, so that a label has a place of its own like a box
 * and overlaps nothing. Edges bend only in the gaps between rows, where nothing stands. Edges of
 * one kind that go far to the same box run together as one line; an edge that leads back leaves at
 * the bottom, goes up beside the boxes and comes in from above.
 *
 * Units are pixels of SVG. The same input gives the same drawing.
 */
#ifndef ENGINE_GRAPH_LAYOUT_H
#define ENGINE_GRAPH_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

struct layout_node {
    double w, h; /* given */
    double x, y; /* found: the left upper corner */
};

struct layout_edge {
    size_t from, to;
    int kind;    /* lines of different kinds never run together */
    double w, h; /* of the label; 0: none */
    double x, y; /* found: the label's left upper corner */
};

/* A piece of a line: a cubic curve. */
struct layout_curve {
    double x[4], y[4];
    int kind;
    bool arrow;           /* it ends at a box, at x[3], y[3] */
    size_t *edges, count; /* that run through it */
};

struct layout {
    struct layout_node *nodes;
    size_t node_count;
    struct layout_edge *edges;
    size_t edge_count;
    /* found */
    struct layout_curve *curves;
    size_t curve_count, curve_capacity;
    double width, height;
};

/* Draws, beginning with the node `start`. */
void layout_run(struct layout *l, size_t start);
void layout_free(struct layout *l); /* what was found; nodes and edges are the caller's */

#endif
