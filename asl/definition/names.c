/* Names that must be unique in the whole machine: states' and labels'.
 */
#include "compile.h"

#include <stdlib.h>

static size_t hash(struct asl_text t)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < t.size; i++) {
        h = (h ^ (unsigned char)t.data[i]) * 1099511628211u;
    }
    return (size_t)(h ^ (h >> 29));
}

/* Where the name stands, or would stand. */
static size_t slot(const struct name_set *set, struct asl_text text)
{
    size_t i = hash(text) & (set->capacity - 1);
    while (set->slots[i] != NULL && !asl_text_equal(value_as_text(set->slots[i]), text)) {
        i = (i + 1) & (set->capacity - 1);
    }
    return i;
}

static bool put(struct name_set *set, const asl_value *name)
{
    size_t i = slot(set, value_as_text(name));
    if (set->slots[i] != NULL) {
        return true;
    }
    set->slots[i] = name;
    set->count++;
    return false;
}

bool name_set_has(const struct name_set *set, const asl_value *name)
{
    return set->capacity > 0 && set->slots[slot(set, value_as_text(name))] != NULL;
}

static void grow(struct name_set *set)
{
    struct name_set larger = {.capacity = set->capacity == 0 ? 64 : 2 * set->capacity};
    larger.slots = asl_allocate_zeroed(larger.capacity, sizeof *larger.slots);
    for (size_t i = 0; i < set->capacity; i++) {
        if (set->slots[i] != NULL) {
            put(&larger, set->slots[i]);
        }
    }
    free(set->slots);
    *set = larger;
}

bool name_set_add(struct name_set *set, const asl_value *name)
{
    if (2 * set->count >= set->capacity) {
        grow(set);
    }
    return put(set, name);
}

void name_set_free(struct name_set *set)
{
    free(set->slots);
    *set = (struct name_set){0};
}

size_t characters(struct asl_text t)
{
    size_t count = 0;
    for (size_t i = 0; i < t.size; i++) {
        count += ((unsigned char)t.data[i] & 0xc0) != 0x80;
    }
    return count;
}
