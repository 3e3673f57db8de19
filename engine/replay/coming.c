/* The heap of what is to come; see coming.h. */
#include "engine/replay/coming.h"

#include <stdlib.h>

static bool is_before(const struct coming_event *a, const struct coming_event *b)
{
    return a->at != b->at ? a->at < b->at : a->number < b->number;
}

static void swap(struct coming *c, size_t i, size_t k)
{
    struct coming_event held = c->items[i];
    c->items[i] = c->items[k];
    c->items[k] = held;
}

static void rise(struct coming *c, size_t i)
{
    for (; i && is_before(&c->items[i], &c->items[(i - 1) / 2]); i = (i - 1) / 2)
        swap(c, i, (i - 1) / 2);
}

static void sink(struct coming *c, size_t i)
{
    for (;;) {
        size_t least = i, left = 2 * i + 1, right = left + 1;
        if (left < c->count && is_before(&c->items[left], &c->items[least]))
            least = left;
        if (right < c->count && is_before(&c->items[right], &c->items[least]))
            least = right;
        if (least == i)
            return;
        swap(c, i, least);
        i = least;
    }
}

void coming_free(struct coming *c)
{
    for (size_t i = 0; i < c->count; i++)
        value_release(c->items[i].event);
    free(c->items);
    *c = (struct coming){0};
}

void coming_add(struct coming *c, int64_t at, int64_t task, const asl_value *event)
{
    if (c->count == c->capacity) {
        c->capacity = c->capacity ? c->capacity * 2 : 16;
        c->items = asl_reallocate(c->items, c->capacity * sizeof *c->items);
    }
    c->items[c->count] = (struct coming_event){at, task, value_retain(event), c->announced++};
    rise(c, c->count++);
}

int64_t coming_next(const struct coming *c)
{
    return c->count ? c->items[0].at : INT64_MAX;
}

struct coming_event coming_take(struct coming *c)
{
    struct coming_event first = c->items[0];
    c->items[0] = c->items[--c->count];
    sink(c, 0);
    return first;
}

void coming_forget(struct coming *c, int64_t task)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++)
        if (c->items[i].task == task)
            value_release(c->items[i].event);
        else
            c->items[kept++] = c->items[i];
    if (kept == c->count)
        return;
    c->count = kept;
    for (size_t i = kept / 2; i-- > 0;)
        sink(c, i);
}
