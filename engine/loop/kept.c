/* Kept blocks: a stack for each size, the last given back is the first taken, while it is warm.
 *
 * Each block is one of the C library's with a head in front of it that names its size's class, so
 * that any thread may free it, and so that what is larger than the largest class passes through.
 */
#include "kept.h"

#include "asl/value/text.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

enum {
    FINE = 64,      /* classes up to FINE * FINE_STEP bytes, each FINE_STEP larger */
    FINE_STEP = 32, /* ... then each twice as large as the one before */
    MORE = 32,      /* ... and so much more: curl reads into 16 KiB and a byte */
    COARSE = 4,     /* up to 32 KiB */
    CLASSES = FINE + COARSE,
    UNCLASSED = CLASSES, /* passes through */
};
/* What may lie here unused: the answers to a thousand requests that came at once. */
#define KEPT_MAXIMUM ((size_t)24 << 20)

struct head {
    alignas(max_align_t) size_t size; /* of what follows */
    unsigned kind;                    /* its class */
    struct head *next;                /* while it is kept */
};

struct keeper {
    bool keeps; /* this thread's blocks */
    size_t kept;
    struct head *first[CLASSES];
};
static _Thread_local struct keeper own;

static size_t size_of(unsigned kind)
{
    return kind < FINE ? (size_t)(kind + 1) * FINE_STEP
                       : ((size_t)FINE * FINE_STEP << (kind - FINE + 1)) + MORE;
}

static unsigned class_of(size_t size)
{
    if (size <= (size_t)FINE * FINE_STEP)
        return (unsigned)(size ? (size - 1) / FINE_STEP : 0);
    unsigned kind = FINE;
    while (kind < UNCLASSED && size_of(kind) < size)
        kind++;
    return kind;
}

static void *take(size_t size)
{
    unsigned kind = class_of(size);
    struct head *h = kind < UNCLASSED && own.keeps ? own.first[kind] : NULL;
    if (h) {
        own.first[kind] = h->next;
        own.kept -= h->size;
        return h + 1;
    }
    size_t room = kind < UNCLASSED ? size_of(kind) : size;
    if (room > SIZE_MAX - sizeof *h)
        return NULL;
    h = malloc(sizeof *h + room);
    if (!h)
        return NULL;
    h->size = room;
    h->kind = kind;
    return h + 1;
}

static void give_back(void *block)
{
    struct head *h = block ? (struct head *)block - 1 : NULL;
    if (!h)
        return;
    if (!own.keeps || h->kind == UNCLASSED || own.kept > KEPT_MAXIMUM) {
        free(h);
        return;
    }
    h->next = own.first[h->kind];
    own.first[h->kind] = h;
    own.kept += h->size;
}

static void *take_zeroed(size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    void *block = take(count * size);
    return block ? memset(block, 0, count * size) : NULL;
}

static void *take_anew(void *block, size_t size)
{
    if (block && ((struct head *)block - 1)->size >= size)
        return block;
    void *larger = take(size);
    if (larger && block) {
        memcpy(larger, block, ((struct head *)block - 1)->size);
        give_back(block);
    }
    return larger;
}

static char *take_copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = take(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WATCHED 1
#endif
#ifndef WATCHED
#define WATCHED 0
#endif

void kept_begin_curl(void)
{
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, take, give_back, take_anew, take_copy, take_zeroed);
    own.keeps = !WATCHED;
}

void *kept_take(size_t size)
{
    void *block = take(size);
    if (!block)
        asl_out_of_memory();
    return block;
}

void kept_give_back(void *block)
{
    give_back(block);
}
