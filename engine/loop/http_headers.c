/* A list of HTTP headers: a handful of names, searched in order, as they are sent and received.
 *
 * Items and texts lie in blocks that are freed together: a call makes some five such lists, and its
 * headers one by one were a third of all that it allocated. A value that is replaced stays where it
 * lies until the list goes; lists are short and live as long as a message.
 */
#include "http_out.h"

#include "kept.h"

#include <stdalign.h>
#include <string.h>
#include <strings.h>

struct http_headers_block {
    struct http_headers_block *next;
    size_t used, size;
    alignas(max_align_t) char data[];
};
/* A common message's headers; under a kilobyte the allocator is quick. */
enum { FIRST_BLOCK = 896, FIRST_ITEMS = 8 };

void http_headers_init(struct http_headers *h)
{
    *h = (struct http_headers){0};
}

void http_headers_free(struct http_headers *h)
{
    for (struct http_headers_block *b = h->blocks, *next; b; b = next) {
        next = b->next;
        kept_give_back(b);
    }
    http_headers_init(h);
}

static void add_block(struct http_headers *h, size_t least)
{
    size_t size = h->blocks ? h->blocks->size * 2 : FIRST_BLOCK;
    if (size < least)
        size = least;
    struct http_headers_block *b = kept_take(sizeof *b + size);
    b->next = h->blocks;
    b->used = 0;
    b->size = size;
    h->blocks = b;
}

static void *take(struct http_headers *h, size_t size, size_t alignment)
{
    struct http_headers_block *b = h->blocks;
    size_t at = b ? (b->used + alignment - 1) / alignment * alignment : 0;
    if (!b || at > b->size || b->size - at < size) {
        add_block(h, size);
        b = h->blocks;
        at = 0;
    }
    b->used = at + size;
    return b->data + at;
}

static char *take_copy(struct http_headers *h, struct asl_text text)
{
    char *copy = take(h, text.size + 1, 1);
    if (text.size)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return copy;
}

static void grow(struct http_headers *h)
{
    size_t capacity = h->capacity ? 2 * h->capacity : FIRST_ITEMS;
    struct http_header *items = take(h, capacity * sizeof *items, alignof(struct http_header));
    if (h->count)
        memcpy(items, h->items, h->count * sizeof *items);
    h->items = items;
    h->capacity = capacity;
}

void http_headers_put(struct http_headers *h, struct asl_text name, struct asl_text value)
{
    if (h->count == h->capacity)
        grow(h);
    char *own_name = take_copy(h, name);
    h->items[h->count++] = (struct http_header){own_name, take_copy(h, value)};
}

void http_headers_add(struct http_headers *h, const char *name, struct asl_text value)
{
    http_headers_put(h, asl_text(name), value);
}

static struct http_header *find(const struct http_headers *h, const char *name)
{
    for (size_t i = 0; i < h->count; i++)
        if (strcasecmp(h->items[i].name, name) == 0)
            return &h->items[i];
    return NULL;
}

void http_headers_set(struct http_headers *h, const char *name, struct asl_text value)
{
    struct http_header *old = find(h, name);
    if (old)
        old->value = take_copy(h, value);
    else
        http_headers_add(h, name, value);
}

const char *http_headers_get(const struct http_headers *h, const char *name)
{
    const struct http_header *found = find(h, name);
    return found ? found->value : NULL;
}
