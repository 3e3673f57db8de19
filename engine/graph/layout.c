/* Layered drawing; see layout.h. The steps are Sugiyama's: rank, order, coordinates.
 *
 * Every edge becomes a chain of vertices in neighbouring rows (struct vertex), joined by links.
 * Boxes stand in even rows. What is not a box is a point of a line, or a label in an odd row. Lines
 * of one kind to one box share their points from the second row on. A back edge turns below its
 * first box and above its last: these turns are vertices too, in the odd rows there, which draws
 * the line's upward part near both. */
#include "engine/graph/layout_internal.h"

#include <stdlib.h>
#include <string.h>

#include "asl/value/text.h"

#define GAP            20.0 /* between rows: room for bends */
#define BESIDE         22.0 /* between boxes of a row */
#define BESIDE_LINE    12.0
#define PORT           16.0 /* between two lines at a box */
#define PASSES         13   /* odd: the last one goes down */
#define STRAIGHTENINGS 3    /* a line that moved leaves room to others */

/* ---- ranks ---- */

/* Edges that lead back to a node still being looked at are turned around. Depth first, in the order
 * of the edges, without recursion: a definition may be one long chain. */
static void find_back_edges(struct drawing *d, size_t start, size_t *finished)
{
    const struct layout *l = d->l;
    size_t *first = asl_allocate_zeroed(l->node_count + 2, sizeof *first);
    size_t *out = asl_allocate_zeroed(l->edge_count + 1, sizeof *out);
    size_t *stack = asl_allocate_zeroed(l->node_count + 1, sizeof *stack);
    size_t *next = asl_allocate_zeroed(l->node_count + 1, sizeof *next);
    unsigned char *colour = asl_allocate_zeroed(l->node_count + 1, 1);
    size_t done = l->node_count;
    for (size_t i = 0; i < l->edge_count; i++)
        first[l->edges[i].from + 1]++;
    for (size_t i = 0; i < l->node_count; i++)
        first[i + 1] += first[i];
    memcpy(next, first, l->node_count * sizeof *next);
    for (size_t i = 0; i < l->edge_count; i++)
        out[next[l->edges[i].from]++] = i;
    memcpy(next, first, l->node_count * sizeof *next);
    for (size_t root = 0; root <= l->node_count; root++) {
        size_t node = root ? root - 1 : start, depth = 0;
        if (colour[node])
            continue;
        colour[node] = 1;
        stack[depth++] = node;
        while (depth) {
            node = stack[depth - 1];
            if (next[node] == first[node + 1]) {
                colour[node] = 2;
                finished[--done] = node;
                depth--;
                continue;
            }
            size_t edge = out[next[node]++], to = l->edges[edge].to;
            d->is_back[edge] = colour[to] == 1;
            if (!colour[to]) {
                colour[to] = 1;
                stack[depth++] = to;
            }
        }
    }
    free(first);
    free(out);
    free(stack);
    free(next);
    free(colour);
}

/* Each node below all that lead to it. */
static void find_ranks(struct drawing *d, size_t start)
{
    const struct layout *l = d->l;
    size_t *order = asl_allocate_zeroed(l->node_count + 1, sizeof *order);
    size_t *place = asl_allocate_zeroed(l->node_count + 1, sizeof *place);
    find_back_edges(d, start, order);
    for (size_t i = 0; i < l->node_count; i++)
        place[order[i]] = i;
    /* Edges by the place of their source: a pass over the sorted list is enough. */
    size_t *sorted = asl_allocate_zeroed(l->edge_count + 1, sizeof *sorted);
    size_t *count = asl_allocate_zeroed(l->node_count + 2, sizeof *count);
    for (size_t i = 0; i < l->edge_count; i++)
        count[place[l->edges[i].from] + 1]++;
    for (size_t i = 0; i < l->node_count; i++)
        count[i + 1] += count[i];
    for (size_t i = 0; i < l->edge_count; i++)
        sorted[count[place[l->edges[i].from]]++] = i;
    for (size_t i = 0; i < l->edge_count; i++) {
        const struct layout_edge *e = &l->edges[sorted[i]];
        if (!d->is_back[sorted[i]] && d->rank[e->to] < d->rank[e->from] + 1)
            d->rank[e->to] = d->rank[e->from] + 1;
    }
    free(order);
    free(place);
    free(sorted);
    free(count);
}

/* ---- vertices and links ---- */

static size_t add_vertex(struct drawing *d, size_t row, size_t node, size_t edge, double w)
{
    if (d->vertex_count == d->vertex_capacity) {
        d->vertex_capacity = d->vertex_capacity ? 2 * d->vertex_capacity : 64;
        d->vertices = asl_reallocate(d->vertices, d->vertex_capacity * sizeof *d->vertices);
    }
    d->vertices[d->vertex_count] = (struct vertex){.row = row, .node = node, .edge = edge, .w = w};
    return d->vertex_count++;
}

/* Where the link of two vertices is noted (its index + 1), or would be. */
static size_t *link_slot(struct drawing *d, size_t upper, size_t lower)
{
    if (2 * (d->link_count + 1) > d->slot_capacity) {
        free(d->slots);
        d->slot_capacity = d->slot_capacity ? 2 * d->slot_capacity : 256;
        d->slots = asl_allocate_zeroed(d->slot_capacity, sizeof *d->slots);
        for (size_t i = 0; i < d->link_count; i++)
            *link_slot(d, d->links[i].upper, d->links[i].lower) = i + 1;
    }
    uint64_t key = (uint64_t)upper * 0x9E3779B97F4A7C15u + (uint64_t)lower * 0xBF58476D1CE4E5B9u;
    size_t at = (size_t)(key >> 24) & (d->slot_capacity - 1);
    while (d->slots[at] &&
           (d->links[d->slots[at] - 1].upper != upper || d->links[d->slots[at] - 1].lower != lower))
        at = (at + 1) & (d->slot_capacity - 1);
    return &d->slots[at];
}

static void link_vertices(struct drawing *d, size_t a, size_t b, int kind, bool back, size_t edge)
{
    size_t upper = d->vertices[a].row < d->vertices[b].row ? a : b, lower = upper == a ? b : a;
    size_t *slot = link_slot(d, upper, lower);
    if (*slot) { /* shared */
        struct link *k = &d->links[*slot - 1];
        k->edges = asl_reallocate(k->edges, (k->count + 1) * sizeof *k->edges);
        k->edges[k->count++] = edge;
        return;
    }
    *slot = d->link_count + 1;
    if (d->link_count == d->link_capacity) {
        d->link_capacity = d->link_capacity ? 2 * d->link_capacity : 64;
        d->links = asl_reallocate(d->links, d->link_capacity * sizeof *d->links);
    }
    struct link *k = &d->links[d->link_count++];
    *k = (struct link){.upper = upper, .lower = lower, .kind = kind, .back = back, .count = 1};
    k->edges = asl_allocate(sizeof *k->edges);
    k->edges[0] = edge;
}

static void grow_trunks(struct drawing *d);

/* The shared point of all lines of a kind to a node, in a row. */
static size_t trunk(struct drawing *d, const struct layout_edge *e, bool back, size_t row)
{
    uint64_t key = (((uint64_t)e->to * 8 + (uint64_t)(e->kind & 3) * 2 + back) << 24 | row) + 1;
    if (2 * (d->vertex_count + 1) > d->trunk_capacity)
        grow_trunks(d);
    size_t at = (size_t)(key * 0x9E3779B97F4A7C15u >> 20) & (d->trunk_capacity - 1);
    while (d->trunk_keys[at] && d->trunk_keys[at] != key)
        at = (at + 1) & (d->trunk_capacity - 1);
    if (!d->trunk_keys[at]) {
        d->trunk_keys[at] = key;
        d->trunks[at] = add_vertex(d, row, NONE, NONE, 0);
    }
    return d->trunks[at];
}

static void grow_trunks(struct drawing *d)
{
    size_t capacity = d->trunk_capacity ? 2 * d->trunk_capacity : 256;
    while (capacity < 2 * (d->vertex_count + 1))
        capacity *= 2;
    size_t *trunks = asl_allocate_zeroed(capacity, sizeof *trunks);
    uint64_t *keys = asl_allocate_zeroed(capacity, sizeof *keys);
    for (size_t i = 0; i < d->trunk_capacity; i++) {
        if (!d->trunk_keys[i])
            continue;
        size_t at = (size_t)(d->trunk_keys[i] * 0x9E3779B97F4A7C15u >> 20) & (capacity - 1);
        while (keys[at])
            at = (at + 1) & (capacity - 1);
        keys[at] = d->trunk_keys[i];
        trunks[at] = d->trunks[i];
    }
    free(d->trunks);
    free(d->trunk_keys);
    d->trunks = trunks;
    d->trunk_keys = keys;
    d->trunk_capacity = capacity;
}

static size_t own_point(struct drawing *d, size_t edge, size_t row)
{
    const struct layout_edge *e = &d->l->edges[edge];
    return add_vertex(d, row, NONE, e->w > 0 ? edge : NONE, e->w);
}

static void chain_forward(struct drawing *d, size_t edge)
{
    const struct layout_edge *e = &d->l->edges[edge];
    size_t from = d->of_node[e->from], to = d->of_node[e->to];
    size_t row = d->vertices[from].row + 1, last = d->vertices[to].row;
    bool alone = last == row + 1 || e->w > 0;
    size_t at = alone ? own_point(d, edge, row) : trunk(d, e, false, row);
    link_vertices(d, from, at, e->kind, false, edge);
    while (++row < last) {
        size_t next = trunk(d, e, false, row);
        link_vertices(d, at, next, e->kind, false, edge);
        at = next;
    }
    link_vertices(d, at, to, e->kind, false, edge);
}

/* Down and around, up beside the boxes, around and down into the node. The label stands on the way
 * up, where the line is still this edge's alone. */
static void chain_back(struct drawing *d, size_t edge)
{
    const struct layout_edge *e = &d->l->edges[edge];
    size_t from = d->of_node[e->from], to = d->of_node[e->to];
    size_t row = d->vertices[from].row, last = d->vertices[to].row;
    size_t below = add_vertex(d, row + 1, NONE, NONE, 0);
    d->vertices[below].turns = true;
    link_vertices(d, from, below, e->kind, true, edge);
    size_t at = own_point(d, edge, row);
    link_vertices(d, below, at, e->kind, true, edge);
    while (row-- > last) {
        size_t next = trunk(d, e, true, row);
        link_vertices(d, at, next, e->kind, true, edge);
        at = next;
    }
    size_t above = trunk(d, e, true, last - 1);
    d->vertices[above].turns = true;
    link_vertices(d, at, above, e->kind, true, edge);
    link_vertices(d, above, to, e->kind, true, edge);
}

static void make_chains(struct drawing *d)
{
    const struct layout *l = d->l;
    size_t most = 0;
    for (size_t i = 0; i < l->node_count; i++) {
        d->of_node[i] = add_vertex(d, 2 * d->rank[i] + 1, i, NONE, l->nodes[i].w);
        most = d->rank[i] > most ? d->rank[i] : most;
    }
    d->row_count = 2 * most + 3;
    for (size_t i = 0; i < l->edge_count; i++)
        if (d->is_back[i])
            chain_back(d, i);
        else
            chain_forward(d, i);
}

/* Links by vertex: those to the row above, those to the row below. */
static void index_links(struct drawing *d)
{
    size_t n = d->vertex_count, m = d->link_count;
    d->up_first = asl_allocate_zeroed(n + 2, sizeof(size_t));
    d->down_first = asl_allocate_zeroed(n + 2, sizeof(size_t));
    d->up_links = asl_allocate_zeroed(m + 1, sizeof(size_t));
    d->down_links = asl_allocate_zeroed(m + 1, sizeof(size_t));
    for (size_t i = 0; i < m; i++) {
        d->up_first[d->links[i].lower + 2]++;
        d->down_first[d->links[i].upper + 2]++;
    }
    for (size_t i = 2; i <= n + 1; i++) {
        d->up_first[i] += d->up_first[i - 1];
        d->down_first[i] += d->down_first[i - 1];
    }
    for (size_t i = 0; i < m; i++) {
        d->up_links[d->up_first[d->links[i].lower + 1]++] = i;
        d->down_links[d->down_first[d->links[i].upper + 1]++] = i;
    }
}

/* ---- order within rows ---- */

static void fill_rows(struct drawing *d)
{
    d->rows = asl_allocate_zeroed(d->row_count + 1, sizeof *d->rows);
    for (size_t i = 0; i < d->vertex_count; i++)
        d->rows[d->vertices[i].row].count++;
    for (size_t r = 0; r < d->row_count; r++) {
        d->rows[r].vertices = asl_allocate_zeroed(d->rows[r].count + 1, sizeof(size_t));
        d->rows[r].count = 0;
    }
    for (size_t i = 0; i < d->vertex_count; i++) {
        struct row *row = &d->rows[d->vertices[i].row];
        d->vertices[i].place = row->count;
        row->vertices[row->count++] = i;
    }
}

/* ---- coordinates ---- */

static double distance(const struct vertex *a, const struct vertex *b)
{
    bool lines = a->w == 0 || b->w == 0;
    return (a->w + b->w) / 2 + (lines ? BESIDE_LINE : BESIDE);
}

/* Lines are kept straight before boxes are centred. */
static double weight(const struct drawing *d, const struct link *k)
{
    bool a = d->vertices[k->upper].node == NONE, b = d->vertices[k->lower].node == NONE;
    return a && b ? 8 : a || b ? 3 : 1;
}

/* Where a vertex would like to be: at its neighbours of the row above, or of that below. Looking
 * one way at a time, a line comes straight in one pass, however long it is. */
static double wish(const struct drawing *d, size_t v, bool above, double *total)
{
    double sum = 0;
    *total = 0;
    for (int up = above; up == above; up += 2) {
        const size_t *first = up ? d->up_first : d->down_first;
        const size_t *links = up ? d->up_links : d->down_links;
        for (size_t i = first[v]; i < first[v + 1]; i++) {
            const struct link *k = &d->links[links[i]];
            double w = weight(d, k);
            sum += w * d->vertices[up ? k->upper : k->lower].x;
            *total += w;
        }
    }
    if (*total > 0)
        return sum / *total;
    *total = 0.01;
    return d->vertices[v].x;
}

struct block {
    double sum, weight;
    size_t count;
};

/* The nearest to all wishes that keeps the order and the distances: neighbours that want to pass
 * one another become a block and share one wish (isotonic regression). */
static void place_row(struct drawing *d, const struct row *row, bool above, struct block *blocks)
{
    size_t count = 0;
    double offset = 0;
    for (size_t i = 0; i < row->count; i++) {
        size_t v = row->vertices[i];
        double total, x;
        if (i)
            offset += distance(&d->vertices[row->vertices[i - 1]], &d->vertices[v]);
        x = wish(d, v, above, &total) - offset;
        blocks[count++] = (struct block){x * total, total, 1};
        while (count > 1 && blocks[count - 2].sum / blocks[count - 2].weight >
                                blocks[count - 1].sum / blocks[count - 1].weight) {
            blocks[count - 2].sum += blocks[count - 1].sum;
            blocks[count - 2].weight += blocks[count - 1].weight;
            blocks[count - 2].count += blocks[count - 1].count;
            count--;
        }
    }
    offset = 0;
    for (size_t b = 0, i = 0; b < count; b++)
        for (size_t k = 0; k < blocks[b].count; k++, i++) {
            if (i)
                offset +=
                    distance(&d->vertices[row->vertices[i - 1]], &d->vertices[row->vertices[i]]);
            d->vertices[row->vertices[i]].x = blocks[b].sum / blocks[b].weight + offset;
        }
}

/* The room a vertex has between its neighbours in the row. */
static void room(const struct drawing *d, size_t v, double *least, double *most)
{
    const struct vertex *here = &d->vertices[v];
    const struct row *row = &d->rows[here->row];
    *least = -1e9, *most = 1e9;
    if (here->place > 0) {
        const struct vertex *left = &d->vertices[row->vertices[here->place - 1]];
        *least = left->x + distance(left, here);
    }
    if (here->place + 1 < row->count) {
        const struct vertex *right = &d->vertices[row->vertices[here->place + 1]];
        *most = right->x - distance(here, right);
    }
}

/* The next point or label of the line below `v`; NONE where the line ends, parts or meets another.
 */
static size_t below(const struct drawing *d, size_t v)
{
    if (d->down_first[v + 1] - d->down_first[v] != 1)
        return NONE;
    size_t next = d->links[d->down_links[d->down_first[v]]].lower;
    const struct vertex *n = &d->vertices[next];
    bool meets = d->up_first[next + 1] - d->up_first[next] != 1;
    return n->node != NONE || n->turns || meets ? NONE : next;
}

/* Lines that step from row to row, because each row left them another place, are drawn straight as
 * far as all the rows together leave one. */
static void straighten(struct drawing *d)
{
    for (size_t r = 0; r < d->row_count; r++)
        for (size_t i = 0; i < d->rows[r].count; i++) {
            size_t first = d->rows[r].vertices[i], count = 0, end = first;
            double least = -1e9, most = 1e9, sum = 0, low, high;
            if (d->vertices[first].node != NONE || d->vertices[first].turns)
                continue;
            for (; end != NONE; end = below(d, end)) {
                room(d, end, &low, &high);
                low = low > least ? low : least, high = high < most ? high : most;
                if (low > high)
                    break;
                least = low, most = high;
                sum += d->vertices[end].x;
                count++;
            }
            double x = count ? sum / (double)count : 0;
            x = x < least ? least : x > most ? most : x;
            for (size_t v = first; count-- > 0; v = below(d, v))
                d->vertices[v].x = x;
        }
}

static void place_columns(struct drawing *d)
{
    size_t widest = 0;
    for (size_t r = 0; r < d->row_count; r++)
        widest = d->rows[r].count > widest ? d->rows[r].count : widest;
    struct block *blocks = asl_allocate_zeroed(widest + 1, sizeof *blocks);
    for (int pass = 0; pass < PASSES; pass++)
        for (size_t n = 0; n < d->row_count; n++)
            place_row(d, &d->rows[pass % 2 ? d->row_count - 1 - n : n], pass % 2 == 0, blocks);
    free(blocks);
    for (int pass = 0; pass < STRAIGHTENINGS; pass++)
        straighten(d);
    double least = 0, most = 0;
    for (size_t i = 0; i < d->vertex_count; i++) {
        const struct vertex *v = &d->vertices[i];
        least = i == 0 || v->x - v->w / 2 < least ? v->x - v->w / 2 : least;
        most = i == 0 || v->x + v->w / 2 > most ? v->x + v->w / 2 : most;
    }
    for (size_t i = 0; i < d->vertex_count; i++)
        d->vertices[i].x -= least;
    d->l->width = most - least;
}

static void place_rows(struct drawing *d)
{
    const struct layout *l = d->l;
    double y = 0;
    for (size_t r = 0; r < d->row_count; r++) {
        struct row *row = &d->rows[r];
        for (size_t i = 0; i < row->count; i++) {
            const struct vertex *v = &d->vertices[row->vertices[i]];
            double h = v->node != NONE   ? l->nodes[v->node].h
                       : v->edge != NONE ? l->edges[v->edge].h
                                         : 0;
            row->h = h > row->h ? h : row->h;
        }
        bool outer = (r == 0 || r + 1 == d->row_count);
        row->y = y;
        y += row->h + (outer && !row->count ? 0 : GAP);
    }
    d->l->height = y;
}

/* ---- lines ---- */

static int by_x(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

struct port {
    double x; /* of the other end: what ports are ordered by */
    size_t link;
};

/* Lines touch a box side by side, in the order of where they go. */
static void spread_ports(struct drawing *d, size_t vertex, bool top)
{
    const size_t *first = top ? d->up_first : d->down_first;
    const size_t *links = top ? d->up_links : d->down_links;
    const struct vertex *v = &d->vertices[vertex];
    size_t count = first[vertex + 1] - first[vertex];
    struct port *ports = asl_allocate_zeroed(count + 1, sizeof *ports);
    for (size_t i = 0; i < count; i++) {
        const struct link *k = &d->links[links[first[vertex] + i]];
        ports[i] =
            (struct port){d->vertices[top ? k->upper : k->lower].x, links[first[vertex] + i]};
    }
    qsort(ports, count, sizeof *ports, by_x);
    double step = v->node != NONE && count > 1 ? (v->w - 24) / (double)(count - 1) : 0;
    step = step > PORT ? PORT : step < 0 ? 0 : step;
    for (size_t i = 0; i < count; i++) {
        double x = v->x + ((double)i - (double)(count - 1) / 2) * (v->node != NONE ? step : 0);
        if (top)
            d->links[ports[i].link].lower_x = x;
        else
            d->links[ports[i].link].upper_x = x;
    }
    free(ports);
}

static struct layout_curve *add_curve(struct drawing *d, const struct link *k)
{
    struct layout *l = d->l;
    if (l->curve_count == l->curve_capacity) {
        l->curve_capacity = l->curve_capacity ? 2 * l->curve_capacity : 64;
        l->curves = asl_reallocate(l->curves, l->curve_capacity * sizeof *l->curves);
    }
    struct layout_curve *c = &l->curves[l->curve_count++];
    *c = (struct layout_curve){.kind = k->kind, .count = k->count};
    c->edges = asl_allocate(k->count * sizeof *c->edges);
    memcpy(c->edges, k->edges, k->count * sizeof *c->edges);
    return c;
}

static void straight(struct drawing *d, const struct link *k, double x, double from, double to)
{
    struct layout_curve *c;
    if (from == to)
        return;
    c = add_curve(d, k);
    for (int i = 0; i < 4; i++) {
        c->x[i] = x;
        c->y[i] = from + (to - from) * i / 3;
    }
}

static void bend(struct drawing *d, const struct link *k, double x, double y, double to_x,
                 double to_y, bool arrow)
{
    struct layout_curve *c = add_curve(d, k);
    double half = (y + to_y) / 2;
    const double xs[] = {x, x, to_x, to_x}, ys[] = {y, half, half, to_y};
    memcpy(c->x, xs, sizeof xs);
    memcpy(c->y, ys, sizeof ys);
    c->arrow = arrow;
}

/* Around, below or above a row, within the gap. */
static void turn(struct drawing *d, const struct link *k, double x, double to_x, double y,
                 double out, bool arrow)
{
    struct layout_curve *c = add_curve(d, k);
    const double xs[] = {x, x, to_x, to_x}, ys[] = {y, y + out, y + out, y};
    memcpy(c->x, xs, sizeof xs);
    memcpy(c->y, ys, sizeof ys);
    c->arrow = arrow;
}

static double bottom_of(const struct drawing *d, const struct vertex *v)
{
    const struct row *row = &d->rows[v->row];
    return v->node != NONE ? row->y + d->l->nodes[v->node].h : row->y + row->h;
}

/* From where the upper one ends to the end of its row, through the gap, to the lower one. */
static void draw_link(struct drawing *d, const struct link *k)
{
    const struct vertex *a = &d->vertices[k->upper], *b = &d->vertices[k->lower];
    const struct row *upper = &d->rows[a->row];
    double gap_from = upper->y + upper->h, gap_to = d->rows[b->row].y;
    if (k->back) {
        bend(d, k, k->lower_x, gap_to, k->upper_x, gap_from, false);
        return;
    }
    straight(d, k, k->upper_x, bottom_of(d, a), gap_from);
    bend(d, k, k->upper_x, gap_from, k->lower_x, gap_to, b->node != NONE);
}

/* Points of lines go through the height of their row. */
static void draw_through(struct drawing *d, size_t vertex)
{
    const struct vertex *v = &d->vertices[vertex];
    const struct row *row = &d->rows[v->row];
    if (v->node != NONE || v->turns)
        return;
    for (size_t i = d->down_first[vertex]; i < d->down_first[vertex + 1]; i++) {
        const struct link *k = &d->links[d->down_links[i]];
        straight(d, k, v->x, row->y, row->y + row->h);
    }
}

static size_t other_end(const struct link *k, bool upper)
{
    return upper ? k->upper : k->lower;
}

/* Below the first box of a back edge, and above the last. */
static void draw_turn(struct drawing *d, size_t vertex)
{
    const struct vertex *v = &d->vertices[vertex];
    bool below = d->up_first[vertex + 1] - d->up_first[vertex] > 0;
    const size_t *first = below ? d->up_first : d->down_first;
    const size_t *links = below ? d->up_links : d->down_links;
    const struct link *box = NULL;
    for (size_t i = first[vertex]; v->turns && i < first[vertex + 1]; i++)
        if (d->vertices[other_end(&d->links[links[i]], below)].node != NONE)
            box = &d->links[links[i]];
    if (!box)
        return;
    const struct row *row = &d->rows[below ? v->row - 1 : v->row + 1];
    double out = (GAP - 6) * 4 / 3;
    if (below)
        straight(d, box, box->upper_x, bottom_of(d, &d->vertices[box->upper]), row->y + row->h);
    for (size_t i = first[vertex]; i < first[vertex + 1]; i++) {
        const struct link *line = &d->links[links[i]];
        double x = d->vertices[other_end(line, below)].x;
        if (line == box)
            continue;
        if (below)
            turn(d, line, box->upper_x, x, row->y + row->h, out, false);
        else
            turn(d, line, x, box->lower_x, row->y, -out, true);
    }
}

static void draw_lines(struct drawing *d)
{
    for (size_t i = 0; i < d->vertex_count; i++) {
        spread_ports(d, i, true);
        spread_ports(d, i, false);
    }
    for (size_t i = 0; i < d->link_count; i++) {
        const struct link *k = &d->links[i];
        if (!d->vertices[k->upper].turns && !d->vertices[k->lower].turns)
            draw_link(d, k);
    }
    for (size_t i = 0; i < d->vertex_count; i++) {
        draw_through(d, i);
        draw_turn(d, i);
    }
}

/* ---- all of it ---- */

static void tell(struct drawing *d)
{
    struct layout *l = d->l;
    for (size_t i = 0; i < d->vertex_count; i++) {
        const struct vertex *v = &d->vertices[i];
        const struct row *row = &d->rows[v->row];
        if (v->node != NONE) {
            l->nodes[v->node].x = v->x - v->w / 2;
            l->nodes[v->node].y = row->y;
        } else if (v->edge != NONE) {
            l->edges[v->edge].x = v->x - v->w / 2;
            l->edges[v->edge].y = row->y + (row->h - l->edges[v->edge].h) / 2;
        }
    }
}

void layout_run(struct layout *l, size_t start)
{
    struct drawing d = {.l = l};
    d.is_back = asl_allocate_zeroed(l->edge_count + 1, sizeof *d.is_back);
    d.rank = asl_allocate_zeroed(l->node_count + 1, sizeof *d.rank);
    d.of_node = asl_allocate_zeroed(l->node_count + 1, sizeof *d.of_node);
    find_ranks(&d, start);
    make_chains(&d);
    index_links(&d);
    fill_rows(&d);
    layout_order(&d);
    place_columns(&d);
    place_rows(&d);
    draw_lines(&d);
    tell(&d);
    for (size_t i = 0; i < d.link_count; i++)
        free(d.links[i].edges);
    for (size_t i = 0; i < d.row_count; i++)
        free(d.rows[i].vertices);
    void *const all[] = {d.is_back,    d.rank,       d.of_node,    d.vertices, d.links,
                         d.rows,       d.trunks,     d.trunk_keys, d.up_first, d.up_links,
                         d.down_first, d.down_links, d.slots};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

void layout_free(struct layout *l)
{
    for (size_t i = 0; i < l->curve_count; i++)
        free(l->curves[i].edges);
    free(l->curves);
    l->curves = NULL;
    l->curve_count = l->curve_capacity = 0;
}
