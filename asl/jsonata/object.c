/* Objects made during an evaluation.
 *
 * Members stand in the order of insertion. Small objects are searched through; larger ones get a
 * treap over their keys, balanced by priorities that no key can influence: O(log n) whatever keys
 * an enemy chooses. JavaScript lists keys that spell an array index first and in their order; that
 * order is worked out only for objects that have such keys, and only when somebody lists them.
 */
#include "data.h"

#include <stdlib.h>
#include <string.h>

#define LINEAR 8 /* members; below this a search through them is faster */
#define NONE   UINT32_MAX

struct key_index {
    uint32_t *left, *right; /* by member */
    uint32_t root, capacity;
};

/* "0", "17", but not "01" nor 4294967295 and above (ECMA-262, array index). */
static bool is_index_key(struct asl_text key)
{
    if (key.size == 0 || key.size > 10 || key.data[0] < '0' || key.data[0] > '9')
        return false;
    if (key.data[0] == '0')
        return key.size == 1;
    uint64_t n = 0;
    for (size_t i = 0; i < key.size; i++) {
        if (key.data[i] < '0' || key.data[i] > '9')
            return false;
        n = n * 10 + (uint64_t)(key.data[i] - '0');
    }
    return n < UINT32_MAX;
}

static struct asl_text key_of(const struct member *m)
{
    return (struct asl_text){m->key, m->key_size};
}

static uint32_t priority(uint32_t member)
{
    uint32_t x = member * 2654435761u + 1;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    return x;
}

static int compare_key(const struct object *o, uint32_t member, struct asl_text key)
{
    return asl_text_compare(key_of(&o->members[member]), key);
}

/* Puts `member` where its priority belongs and splits what was there by its key. */
static void index_insert(struct object *o, uint32_t member)
{
    struct key_index *x = o->index;
    struct asl_text key = key_of(&o->members[member]);
    uint32_t *at = &x->root;
    while (*at != NONE && priority(*at) >= priority(member))
        at = compare_key(o, *at, key) < 0 ? &x->right[*at] : &x->left[*at];
    uint32_t rest = *at, *smaller = &x->left[member], *larger = &x->right[member];
    *at = member;
    while (rest != NONE) {
        if (compare_key(o, rest, key) < 0) {
            *smaller = rest;
            smaller = &x->right[rest];
            rest = *smaller;
        } else {
            *larger = rest;
            larger = &x->left[rest];
            rest = *larger;
        }
    }
    *smaller = NONE;
    *larger = NONE;
}

static void index_build(struct heap *h, struct object *o)
{
    size_t bytes = o->capacity * sizeof(uint32_t);
    uint32_t *left = jsonata_arena_allocate(&h->arena, bytes);
    uint32_t *right = jsonata_arena_allocate(&h->arena, bytes);
    if (!left || !right) {
        o->index = NULL;
        return;
    }
    o->index = jsonata_arena_allocate(&h->arena, sizeof *o->index);
    *o->index = (struct key_index){left, right, NONE, o->capacity};
    for (uint32_t i = 0; i < o->count; i++)
        index_insert(o, i);
}

struct object *jsonata_object(struct heap *h, size_t capacity)
{
    struct object *o = jsonata_arena_allocate(&h->arena, sizeof *o);
    if (capacity == 0)
        capacity = 4;
    *o = (struct object){0};
    o->members = jsonata_arena_allocate(&h->arena, capacity * sizeof *o->members);
    if (o->members) {
        o->capacity = (uint32_t)capacity;
    } else {
        o->members = jsonata_arena_allocate(&h->arena, sizeof *o->members);
        o->capacity = 1;
    }
    return o;
}

uint32_t jsonata_find(const struct object *o, struct asl_text key)
{
    if (!o->index) {
        for (uint32_t i = 0; i < o->count; i++)
            if (o->members[i].key_size == key.size &&
                memcmp(o->members[i].key, key.data, key.size) == 0)
                return i;
        return NONE;
    }
    uint32_t at = o->index->root;
    while (at != NONE) {
        int order = compare_key(o, at, key);
        if (order == 0)
            return at;
        at = order < 0 ? o->index->right[at] : o->index->left[at];
    }
    return NONE;
}

void jsonata_set_item(struct heap *h, struct object *o, item key, item value)
{
    if (h->arena.exhausted) /* the evaluation is lost; large objects have no index any more */
        return;
    uint32_t found = jsonata_find(o, item_string(key));
    if (found != NONE)
        o->members[found].value = value;
    else
        jsonata_add(h, o, key, value);
}

void jsonata_set(struct heap *h, struct object *o, struct asl_text key, item value)
{
    jsonata_set_item(h, o, item_text(key), value);
}

void jsonata_add(struct heap *h, struct object *o, item key, item value)
{
    if (o->count == o->capacity) {
        size_t capacity = 2 * (size_t)o->capacity;
        struct member *more =
            capacity > UINT32_MAX / 2
                ? NULL
                : jsonata_arena_grow(&h->arena, o->members, o->capacity * sizeof *more,
                                     capacity * sizeof *more);
        if (!more) {
            h->arena.exhausted = true;
            return;
        }
        o->members = more;
        o->capacity = (uint32_t)capacity;
        o->index = NULL;
    }
    o->members[o->count++] = (struct member){key.as.text, key.size, key.borrowed, value};
    o->has_index_keys = o->has_index_keys || is_index_key(item_string(key));
    if (o->index)
        index_insert(o, o->count - 1);
    else if (o->count > LINEAR)
        index_build(h, o);
}

void jsonata_delete(struct object *o, struct asl_text key)
{
    uint32_t found = jsonata_find(o, key);
    if (found == NONE)
        return;
    memmove(o->members + found, o->members + found + 1,
            (o->count - found - 1) * sizeof *o->members);
    o->count--;
    o->index = NULL; /* built again by the next addition */
}

item jsonata_get(struct heap *h, item object, struct asl_text key)
{
    if (object.kind == ITEM_JSON_OBJECT) {
        const asl_value *found = value_get(object.as.json, key);
        return found ? jsonata_from_json(h, found) : item_undefined();
    }
    if (object.kind != ITEM_OBJECT)
        return item_undefined();
    uint32_t found = jsonata_find(object.as.object, key);
    return found == NONE ? item_undefined() : object.as.object->members[found].value;
}

item jsonata_get_hinted(struct heap *h, item object, struct asl_text key, uint32_t *hint)
{
    if (object.kind != ITEM_JSON_OBJECT)
        return jsonata_get(h, object, key);
    const asl_value *found = value_get_hinted(object.as.json, key, hint);
    return found ? jsonata_from_json(h, found) : item_undefined();
}

size_t jsonata_member_count(item object)
{
    return object.kind == ITEM_OBJECT ? object.as.object->count : value_count(object.as.json);
}

/* ---- listing ---- */

static struct asl_text key_at(item object, size_t index)
{
    return object.kind == ITEM_OBJECT ? key_of(&object.as.object->members[index])
                                      : value_as_text(value_key_at(object.as.json, index));
}

static bool has_index_keys(item object, size_t count)
{
    if (object.kind == ITEM_OBJECT)
        return object.as.object->has_index_keys;
    for (size_t i = 0; i < count; i++)
        if (is_index_key(key_at(object, i)))
            return true;
    return false;
}

struct ranked {
    uint64_t rank; /* the index a key spells; others behind all of them, as they stand */
    uint32_t member;
};

static int compare_ranked(const void *a, const void *b)
{
    uint64_t x = ((const struct ranked *)a)->rank, y = ((const struct ranked *)b)->rank;
    return (x > y) - (x < y);
}

static uint64_t rank_of(struct asl_text key, size_t place)
{
    if (!is_index_key(key))
        return ((uint64_t)1 << 32) + place;
    uint64_t n = 0;
    for (size_t i = 0; i < key.size; i++)
        n = n * 10 + (uint64_t)(key.data[i] - '0');
    return n;
}

static const uint32_t *javascript_order(struct heap *h, item object, size_t count)
{
    struct ranked *ranked = jsonata_arena_allocate(&h->arena, count * sizeof *ranked);
    uint32_t *order = jsonata_arena_allocate(&h->arena, count * sizeof *order);
    if (!ranked || !order)
        return NULL;
    for (size_t i = 0; i < count; i++)
        ranked[i] = (struct ranked){rank_of(key_at(object, i), i), (uint32_t)i};
    qsort(ranked, count, sizeof *ranked, compare_ranked);
    for (size_t i = 0; i < count; i++)
        order[i] = ranked[i].member;
    return order;
}

struct members jsonata_members(struct heap *h, item object)
{
    struct members m = {object, jsonata_member_count(object), NULL};
    if (m.count > 1 && has_index_keys(object, m.count))
        m.order = javascript_order(h, object, m.count);
    return m;
}

struct asl_text jsonata_member_key(const struct members *m, size_t index)
{
    return key_at(m->object, m->order ? m->order[index] : index);
}

bool jsonata_member_key_is_borrowed(const struct members *m, size_t index)
{
    return m->object.kind == ITEM_JSON_OBJECT ||
           m->object.as.object->members[m->order ? m->order[index] : index].key_borrowed;
}

item jsonata_member_key_item(const struct members *m, size_t index)
{
    item key = item_text(jsonata_member_key(m, index));
    key.borrowed = jsonata_member_key_is_borrowed(m, index);
    return key;
}

item jsonata_member_value(struct heap *h, const struct members *m, size_t index)
{
    if (m->order)
        index = m->order[index];
    return m->object.kind == ITEM_OBJECT ? m->object.as.object->members[index].value
                                         : jsonata_from_json(h, value_at(m->object.as.json, index));
}
