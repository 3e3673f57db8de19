/* What the steps of layout.c share: the drawing on its way. */
#ifndef ENGINE_GRAPH_LAYOUT_INTERNAL_H
#define ENGINE_GRAPH_LAYOUT_INTERNAL_H

#include <stdint.h>

#include "engine/graph/layout.h"

#define NONE SIZE_MAX

struct vertex {
    size_t row;
    size_t node, edge; /* the box, or the edge whose label it is; NONE */
    bool turns;        /* below or above a back edge's box */
    double w, x;       /* x: of its middle */
    double order;
    size_t place; /* in its row */
};

/* Between a vertex and one of the next row. */
struct link {
    size_t upper, lower;
    int kind;
    bool back; /* the line runs upwards */
    size_t *edges, count;
    double upper_x, lower_x; /* where it touches the two */
};

struct row {
    size_t *vertices, count;
    double y, h;
};

struct drawing {
    struct layout *l;
    bool *is_back;
    size_t *rank;
    struct vertex *vertices;
    size_t vertex_count, vertex_capacity;
    struct link *links;
    size_t link_count, link_capacity;
    size_t *slots, slot_capacity; /* links by their vertices; open addressing */
    struct row *rows;
    size_t row_count;
    size_t *of_node; /* the node's vertex */
    size_t *trunks;  /* by kind, back, target and row: a vertex; open addressing */
    uint64_t *trunk_keys;
    size_t trunk_capacity;
    size_t *up_first, *up_links, *down_first, *down_links; /* links by vertex */
};

/* Orders each row so that few links cross. */
void layout_order(struct drawing *d);

#endif
