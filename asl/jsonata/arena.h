/* Memory of one compilation or one evaluation: taken piece by piece, given back at once.
 *
 * Everything an expression makes on its way dies with the evaluation, so nothing is counted or
 * freed singly. The arena is born with its maximum. Past it, `exhausted` is set: small pieces are
 * still served (so that builders need no error paths), large ones are not (NULL), and the evaluator
 * looks at `exhausted` at every step and ends the evaluation.
 */
#ifndef ASL_JSONATA_ARENA_H
#define ASL_JSONATA_ARENA_H

#include "../value/text.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks;
    char *at, *end;
    size_t total, maximum;
    bool exhausted;
};

/* Pieces up to this size never fail. */
#define ARENA_SMALL 4096

void jsonata_arena_init(struct arena *a, size_t maximum);
void jsonata_arena_free(struct arena *a);
/* The same, but the first chunk is kept: yours, for an arena to come. NULL when there was none. */
struct arena_chunk *jsonata_arena_free_but_first(struct arena *a);
/* Starts an empty arena with such a chunk; NULL is allowed. */
void jsonata_arena_reuse(struct arena *a, struct arena_chunk *chunk_take);
void jsonata_arena_free_chunk(struct arena_chunk *chunk); /* NULL is allowed */
void *jsonata_arena_more(struct arena *a, size_t size);   /* the slow path of arena_allocate */
/* `old` grown in place when it was the last piece, else moved. NULL as arena_allocate. */
void *jsonata_arena_grow(struct arena *a, void *old, size_t old_size, size_t size);

/* Aligned to 8 bytes, not zeroed. */
static inline void *jsonata_arena_allocate(struct arena *a, size_t size)
{
    size = (size + 7) & ~(size_t)7;
    if (size <= (size_t)(a->end - a->at)) {
        void *piece = a->at;
        a->at += size;
        return piece;
    }
    return jsonata_arena_more(a, size);
}

#endif
