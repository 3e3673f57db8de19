/* A list of HTTP headers: a handful of names, searched in order, as they are sent and received. */
#include "http_out.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void http_headers_init(struct http_headers *h)
{
    *h = (struct http_headers){0};
}

void http_headers_free(struct http_headers *h)
{
    for (size_t i = 0; i < h->count; i++) {
        free(h->items[i].name);
        free(h->items[i].value);
    }
    free(h->items);
    http_headers_init(h);
}

void http_headers_add(struct http_headers *h, const char *name, struct asl_text value)
{
    if (h->count == h->capacity) {
        h->capacity = h->capacity ? 2 * h->capacity : 8;
        h->items = asl_reallocate(h->items, h->capacity * sizeof *h->items);
    }
    h->items[h->count].name = asl_copy_text(asl_text(name));
    h->items[h->count].value = asl_copy_text(value);
    h->count++;
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
    if (!old) {
        http_headers_add(h, name, value);
        return;
    }
    char *copy = asl_copy_text(value);
    free(old->value);
    old->value = copy;
}

const char *http_headers_get(const struct http_headers *h, const char *name)
{
    const struct http_header *found = find(h, name);
    return found ? found->value : NULL;
}
