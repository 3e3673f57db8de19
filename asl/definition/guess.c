/* Guessing; see guess.h. */
#include "guess.h"

#define GUESSED_SIZE 80 /* bytes of a name worth guessing at */

static int lower(char ch)
{
    return ch >= 'A' && ch <= 'Z' ? ch - 'A' + 'a' : (unsigned char)ch;
}

/* Edits (insert, delete, replace, swap of neighbours) from a to b, in bytes; a change of case
 * counts for nothing. */
static size_t edits(struct asl_text a, struct asl_text b)
{
    size_t rows[3][GUESSED_SIZE + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.size; j++) {
        last[j] = j;
        before[j] = 0;
    }
    for (size_t i = 1; i <= a.size; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b.size; j++) {
            bool same = lower(a.data[i - 1]) == lower(b.data[j - 1]);
            size_t best = last[j - 1] + !same;
            best = last[j] + 1 < best ? last[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            bool swapped = i > 1 && j > 1 && lower(a.data[i - 1]) == lower(b.data[j - 2]) &&
                           lower(a.data[i - 2]) == lower(b.data[j - 1]);
            row[j] = swapped && before[j - 2] + 1 < best ? before[j - 2] + 1 : best;
        }
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[b.size];
}

void guess_try(struct guess *g, struct asl_text candidate)
{
    if (g->wrong.size == 0 || g->wrong.size > GUESSED_SIZE || candidate.size > GUESSED_SIZE ||
        candidate.size == 0 || asl_text_equal(g->wrong, candidate)) {
        return;
    }
    size_t distance = edits(g->wrong, candidate);
    size_t near = 1 + g->wrong.size / 4;
    if (distance <= near && (g->best.size == 0 || distance < g->distance)) {
        g->best = candidate;
        g->distance = distance;
    }
}
