/* Address to index; see shared.h. */
#include "shared.h"

#include <stdlib.h>

void shared_clear(struct shared *s)
{
    struct shared_slot *slots = s->capacity ? s->slots : s->few;
    size_t size = s->capacity ? s->capacity : s->count;
    for (size_t i = 0; i < size; i++)
        value_release(slots[i].value);
    free(s->slots);
    s->slots = NULL;
    s->capacity = s->count = 0;
}

static size_t slot_of(const struct shared *s, const asl_value *v, bool as_name)
{
    uint64_t hash = ((uint64_t)(uintptr_t)v >> 4 ^ as_name) * 0x9E3779B97F4A7C15u;
    size_t mask = s->capacity - 1, slot = (size_t)(hash >> 40) & mask;
    while (s->slots[slot].value && (s->slots[slot].value != v || s->slots[slot].as_name != as_name))
        slot = (slot + 1) & mask;
    return slot;
}

static void put_all(struct shared *s, const struct shared_slot *slots, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slots[i].value)
            s->slots[slot_of(s, slots[i].value, slots[i].as_name)] = slots[i];
}

static void grow(struct shared *s)
{
    struct shared_slot *old = s->slots;
    size_t old_capacity = s->capacity;
    s->capacity = old_capacity ? old_capacity * 2 : 4 * SHARED_FEW;
    s->slots = asl_allocate_zeroed(s->capacity, sizeof *s->slots);
    put_all(s, old ? old : s->few, old ? old_capacity : s->count);
    free(old);
}

static struct shared_slot *find_of_few(struct shared *s, const asl_value *v, bool as_name)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->few[i].value == v && s->few[i].as_name == as_name)
            return &s->few[i];
    return NULL;
}

bool shared_seen(struct shared *s, const asl_value *v, bool as_name, uint32_t *index)
{
    struct shared_slot *slot = s->capacity ? NULL : find_of_few(s, v, as_name);
    if (!slot && !s->capacity && s->count < SHARED_FEW) {
        s->few[s->count] = (struct shared_slot){value_retain(v), (uint32_t)s->count, as_name};
        s->count++;
        return false;
    }
    if (!slot) {
        if (2 * (s->count + 1) > s->capacity)
            grow(s);
        slot = &s->slots[slot_of(s, v, as_name)];
    }
    if (slot->value) {
        *index = slot->index;
        return true;
    }
    *slot = (struct shared_slot){value_retain(v), (uint32_t)s->count++, as_name};
    return false;
}
