/* Chunks grow with what was taken, so that a small evaluation asks malloc once. */
#include "arena.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CHUNK   ((size_t)8 << 10)
#define LARGEST_CHUNK ((size_t)1 << 20)

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
};

void jsonata_arena_init(struct arena *a, size_t maximum)
{
    *a = (struct arena){.maximum = maximum};
}

void jsonata_arena_free(struct arena *a)
{
    for (struct arena_chunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    *a = (struct arena){0};
}

struct arena_chunk *jsonata_arena_free_but_first(struct arena *a)
{
    struct arena_chunk *first = NULL;
    for (struct arena_chunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        if (!next && c->size == FIRST_CHUNK)
            first = c;
        else
            free(c);
    }
    *a = (struct arena){0};
    return first;
}

void jsonata_arena_reuse(struct arena *a, struct arena_chunk *chunk)
{
    if (!chunk)
        return;
    a->chunks = chunk;
    a->total = chunk->size;
    a->at = (char *)(chunk + 1);
    a->end = a->at + chunk->size;
}

void jsonata_arena_free_chunk(struct arena_chunk *chunk)
{
    free(chunk);
}

static char *new_chunk(struct arena *a, size_t size)
{
    struct arena_chunk *c = asl_allocate(sizeof *c + size);
    c->next = a->chunks;
    c->size = size;
    a->chunks = c;
    a->total += size;
    return (char *)(c + 1);
}

void *jsonata_arena_more(struct arena *a, size_t size)
{
    size_t chunk = a->total < FIRST_CHUNK ? FIRST_CHUNK : a->total;
    if (chunk > LARGEST_CHUNK)
        chunk = LARGEST_CHUNK;
    if (size > a->maximum || a->total > a->maximum - size) {
        a->exhausted = true;
        if (size > ARENA_SMALL)
            return NULL;
        chunk = ARENA_SMALL;
    }
    if (size > chunk / 4) /* a piece of its own; the rest of the current chunk stays in use */
        return new_chunk(a, size);
    char *piece = new_chunk(a, chunk);
    a->at = piece + size;
    a->end = piece + chunk;
    return piece;
}

void *jsonata_arena_grow(struct arena *a, void *old, size_t old_size, size_t size)
{
    size_t old_rounded = (old_size + 7) & ~(size_t)7, rounded = (size + 7) & ~(size_t)7;
    if (old && (char *)old + old_rounded == a->at &&
        rounded - old_rounded <= (size_t)(a->end - a->at)) {
        a->at += rounded - old_rounded;
        return old;
    }
    void *piece = jsonata_arena_allocate(a, size);
    if (piece && old_size)
        memcpy(piece, old, old_size);
    return piece;
}
