/* A sorted array: pages of a list are slices of it, and 100,000 pointers move in microseconds. */
#include "engine/api/shelf.h"

#include <stdlib.h>
#include <string.h>

size_t shelf_from(const struct shelf *s, const char *key)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(s->items[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const asl_value *shelf_get(const struct shelf *s, const char *key)
{
    size_t at = shelf_from(s, key);
    return at < s->count && strcmp(s->items[at].key, key) == 0 ? s->items[at].document : NULL;
}

static void insert(struct shelf *s, size_t at, const char *key, asl_value *document)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? s->capacity * 2 : 16;
        s->items = asl_reallocate(s->items, s->capacity * sizeof *s->items);
    }
    memmove(&s->items[at + 1], &s->items[at], (s->count - at) * sizeof *s->items);
    s->items[at] = (struct shelf_item){asl_copy_text(asl_text(key)), document};
    s->count++;
}

static void take_out(struct shelf *s, size_t at)
{
    free(s->items[at].key);
    value_release(s->items[at].document);
    s->count--;
    memmove(&s->items[at], &s->items[at + 1], (s->count - at) * sizeof *s->items);
}

void shelf_put_take(struct shelf *s, const char *key, asl_value *document)
{
    size_t at = shelf_from(s, key);
    bool found = at < s->count && strcmp(s->items[at].key, key) == 0;
    if (found && document) {
        value_release(s->items[at].document);
        s->items[at].document = document;
    } else if (found) {
        take_out(s, at);
    } else if (document) {
        insert(s, at, key, document);
    }
}

struct load {
    struct shelf *shelf;
    bool damaged;
};

static bool load_one(void *state, const char *key, struct store_bytes value)
{
    struct load *load = state;
    asl_value *document = value_parse((struct asl_text){value.data, value.size}, 0, 0, NULL);
    if (document)
        shelf_put_take(load->shelf, key, document);
    else
        load->damaged = true;
    return document != NULL;
}

bool shelf_load(struct shelf *s, const char *kind, struct store *store)
{
    struct load load = {s, false};
    *s = (struct shelf){.kind = kind};
    return store_each_document(store, kind, NULL, SIZE_MAX, load_one, &load) == STORE_OK &&
           !load.damaged;
}

void shelf_free(struct shelf *s)
{
    while (s->count)
        take_out(s, s->count - 1);
    free(s->items);
    *s = (struct shelf){.kind = s->kind};
}
