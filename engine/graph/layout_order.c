/* The order of each row: few crossings. Sweeps by the neighbours' mean place (Sugiyama), neighbours
 * swapped wherever that helps, from several beginnings; the best seen is kept. */
#include "engine/graph/layout_internal.h"

#include <stdlib.h>

#include "asl/value/text.h"

#define SWEEPS 24
enum { STARTS = 48, FEW_VERTICES = 1000 };

/* The mean place of the neighbours in the row above or below; its own where it has none. */
static double pull(const struct drawing *d, size_t vertex, bool up)
{
    const size_t *first = up ? d->up_first : d->down_first;
    const size_t *links = up ? d->up_links : d->down_links;
    double sum = 0;
    size_t count = first[vertex + 1] - first[vertex];
    for (size_t i = first[vertex]; i < first[vertex + 1]; i++) {
        const struct link *k = &d->links[links[i]];
        sum += (double)d->vertices[up ? k->upper : k->lower].place;
    }
    return count ? sum / (double)count : (double)d->vertices[vertex].place;
}

static void sort_row(struct drawing *d, struct row *row)
{
    for (size_t i = 1; i < row->count; i++) { /* stable, and nearly sorted */
        size_t v = row->vertices[i], k = i;
        for (; k > 0 && d->vertices[row->vertices[k - 1]].order > d->vertices[v].order; k--)
            row->vertices[k] = row->vertices[k - 1];
        row->vertices[k] = v;
    }
    for (size_t i = 0; i < row->count; i++)
        d->vertices[row->vertices[i]].place = i;
}

/* Crossings of the links below a row, the slow way: rows are short. */
static size_t crossings_below(const struct drawing *d, const struct row *row)
{
    size_t count = 0;
    for (size_t i = 0; i < row->count; i++)
        for (size_t a = d->down_first[row->vertices[i]]; a < d->down_first[row->vertices[i] + 1];
             a++)
            for (size_t k = i + 1; k < row->count; k++)
                for (size_t b = d->down_first[row->vertices[k]];
                     b < d->down_first[row->vertices[k] + 1]; b++)
                    count += d->vertices[d->links[d->down_links[a]].lower].place >
                             d->vertices[d->links[d->down_links[b]].lower].place;
    return count;
}

static size_t crossings(const struct drawing *d)
{
    size_t count = 0;
    for (size_t r = 0; r + 1 < d->row_count; r++)
        count += crossings_below(d, &d->rows[r]);
    return count;
}

static void keep_places(const struct drawing *d, size_t *places)
{
    for (size_t i = 0; i < d->vertex_count; i++)
        places[i] = d->vertices[i].place;
}

static void restore_places(struct drawing *d, const size_t *places)
{
    for (size_t i = 0; i < d->vertex_count; i++) {
        d->vertices[i].place = places[i];
        d->rows[d->vertices[i].row].vertices[places[i]] = i;
    }
}

/* Swaps neighbours wherever that takes crossings away. */
static void swap_neighbours(struct drawing *d)
{
    for (size_t r = 0; r < d->row_count; r++) {
        struct row *row = &d->rows[r];
        for (size_t i = 0; row->count < 64 && i + 1 < row->count; i++) {
            size_t before = crossings_below(d, row) + (r ? crossings_below(d, &d->rows[r - 1]) : 0);
            if (!before)
                break;
            size_t a = row->vertices[i], b = row->vertices[i + 1];
            row->vertices[i] = b, row->vertices[i + 1] = a;
            d->vertices[b].place = i, d->vertices[a].place = i + 1;
            if (crossings_below(d, row) + (r ? crossings_below(d, &d->rows[r - 1]) : 0) < before)
                continue;
            row->vertices[i] = a, row->vertices[i + 1] = b;
            d->vertices[a].place = i, d->vertices[b].place = i + 1;
        }
    }
}

static void sweep_once(struct drawing *d, bool down)
{
    for (size_t n = 0; n < d->row_count; n++) {
        struct row *row = &d->rows[down ? n : d->row_count - 1 - n];
        for (size_t i = 0; i < row->count; i++)
            d->vertices[row->vertices[i]].order = pull(d, row->vertices[i], down);
        sort_row(d, row);
    }
    swap_neighbours(d);
}

/* Another place to begin from: each row in an order of its own. The same for the same machine. */
static void shuffle(struct drawing *d, uint32_t seed)
{
    for (size_t r = 0; r < d->row_count; r++) {
        struct row *row = &d->rows[r];
        for (size_t i = 0; i < row->count; i++) {
            seed = seed * 1664525u + 1013904223u;
            d->vertices[row->vertices[i]].order = seed;
        }
        sort_row(d, row);
    }
}

/* Sweeps end in the nearest valley, so they begin at several places; the definition's own order
 * comes first and wins where others are no better. */
void layout_order(struct drawing *d)
{
    size_t *best = asl_allocate_zeroed(d->vertex_count + 1, sizeof *best);
    size_t least = crossings(d);
    keep_places(d, best);
    uint32_t starts = d->vertex_count < FEW_VERTICES ? STARTS : 1;
    for (uint32_t start = 0; start < starts && least; start++) {
        if (start)
            shuffle(d, start);
        for (int sweep = 0; sweep < SWEEPS && least; sweep++) {
            sweep_once(d, sweep % 2 == 0);
            size_t now = crossings(d);
            if (now < least) {
                least = now;
                keep_places(d, best);
            }
        }
    }
    restore_places(d, best);
    free(best);
}
