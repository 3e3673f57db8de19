/* Address to index; see shared.h. */
#include "shared.h"

#include <stdlib.h>

void shared_clear(struct shared *s)
{
    for (size_t i = 0; s->count && i < s->capacity; i++)
        if (s->slots[i].value) {
            value_release(s->slots[i].value);
            s->slots[i].value = NULL;
        }
    s->count = 0;
}

void shared_free(struct shared *s)
{
    shared_clear(s);
    free(s->slots);
    *s = (struct shared){0};
}

static size_t slot_of(const struct shared *s, const asl_value *v, bool as_name)
{
    uint64_t hash = ((uint64_t)(uintptr_t)v >> 4 ^ as_name) * 0x9E3779B97F4A7C15u;
    size_t mask = s->capacity - 1, slot = (size_t)(hash >> 40) & mask;
    while (s->slots[slot].value &&
           (s->slots[slot].value != v || s->slots[slot].as_name != as_name))
        slot = (slot + 1) & mask;
    return slot;
}

static void grow(struct shared *s)
{
    struct shared old = *s;
    s->capacity = old.capacity ? old.capacity * 2 : 32;
    s->slots = asl_allocate_zeroed(s->capacity, sizeof *s->slots);
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slots[i].value)
            s->slots[slot_of(s, old.slots[i].value, old.slots[i].as_name)] = old.slots[i];
    free(old.slots);
}

bool shared_seen(struct shared *s, const asl_value *v, bool as_name, uint32_t *index)
{
    if (2 * (s->count + 1) > s->capacity)
        grow(s);
    struct shared_slot *slot = &s->slots[slot_of(s, v, as_name)];
    if (slot->value) {
        *index = slot->index;
        return true;
    }
    *slot = (struct shared_slot){value_retain(v), (uint32_t)s->count++, as_name};
    return false;
}
