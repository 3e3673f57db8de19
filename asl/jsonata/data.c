/* Items: strings, arrays and the way in from JSON. Objects are in object.c. */
#include "data.h"

#include <string.h>

/* ---- from JSON ---- */

static item number_from_json(struct heap *h, const asl_value *v)
{
    item number = item_number(value_as_double(v));
    if (h->exact_count == h->exact_capacity) {
        size_t old = h->exact_capacity * sizeof *h->exact;
        uint32_t capacity = h->exact_capacity ? 2 * h->exact_capacity : 16;
        const asl_value **more =
            jsonata_arena_grow(&h->arena, h->exact, old, capacity * sizeof *h->exact);
        if (!more)
            return number;
        h->exact = more;
        h->exact_capacity = capacity;
    }
    h->exact[h->exact_count++] = v;
    number.size = h->exact_count;
    return number;
}

item jsonata_from_json(struct heap *h, const asl_value *v)
{
    switch (value_kind(v)) {
    case VALUE_NULL:
        return (item){.kind = ITEM_NULL};
    case VALUE_BOOLEAN:
        return item_boolean(value_is_true(v));
    case VALUE_NUMBER:
        return number_from_json(h, v);
    case VALUE_STRING:
        return (item){.kind = ITEM_STRING,
                      .borrowed = 1,
                      .size = (uint32_t)value_as_text(v).size,
                      .as.text = value_as_text(v).data};
    case VALUE_ARRAY: {
        struct array *a = jsonata_arena_allocate(&h->arena, sizeof *a);
        *a = (struct array){.json = v, .count = (uint32_t)value_count(v)};
        return item_array(a);
    }
    case VALUE_OBJECT:
        return (item){.kind = ITEM_JSON_OBJECT, .as.json = v};
    }
    return item_undefined();
}

/* ---- strings ---- */

item jsonata_string_copy(struct heap *h, struct asl_text t)
{
    if (t.size == 0)
        return item_text(ASL_TEXT(""));
    char *copy = t.size > UINT32_MAX ? NULL : jsonata_arena_allocate(&h->arena, t.size);
    if (!copy)
        return item_text(ASL_TEXT(""));
    memcpy(copy, t.data, t.size);
    return item_text((struct asl_text){copy, t.size});
}

item jsonata_string_z(const char *literal)
{
    return item_text(asl_text(literal));
}

/* UTF-8 order is UTF-16 order but for this: U+E000..U+FFFF (EE, EF) come after the surrogates that
 * spell the planes above (F0..F4). */
static unsigned unit_rank(unsigned char lead)
{
    return lead >= 0xf0 ? 0xed00u + lead : (unsigned)lead << 8;
}

int jsonata_compare_strings(struct asl_text a, struct asl_text b)
{
    size_t common = a.size < b.size ? a.size : b.size, i = 0;
    int plain = common ? memcmp(a.data, b.data, common) : 0;
    if (plain == 0)
        return (a.size > b.size) - (a.size < b.size);
    while (a.data[i] == b.data[i])
        i++;
    unsigned x = unit_rank((unsigned char)a.data[i]), y = unit_rank((unsigned char)b.data[i]);
    return x < y ? -1 : 1;
}

static bool is_lead(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

size_t jsonata_count_code_points(struct asl_text t)
{
    size_t count = 0;
    for (size_t i = 0; i < t.size; i++)
        count += is_lead(t.data[i]);
    return count;
}

size_t jsonata_count_units(struct asl_text t)
{
    size_t count = 0;
    for (size_t i = 0; i < t.size; i++)
        count += (size_t)is_lead(t.data[i]) + ((unsigned char)t.data[i] >= 0xf0);
    return count;
}

size_t jsonata_code_point_offset(struct asl_text t, size_t n)
{
    size_t i = 0;
    while (i < t.size && n > 0) {
        i++;
        while (i < t.size && !is_lead(t.data[i]))
            i++;
        n--;
    }
    return i;
}

void jsonata_put_well_formed(struct asl_buffer *out, struct asl_text t)
{
    size_t plain = 0;
    for (size_t i = 0; i + 2 < t.size; i++) {
        if ((unsigned char)t.data[i] != 0xed || (unsigned char)t.data[i + 1] < 0xa0)
            continue;
        asl_buffer_put(out, t.data + plain, i - plain);
        asl_buffer_puts(out, "\xef\xbf\xbd");
        i += 2;
        plain = i + 1;
    }
    asl_buffer_put(out, t.data + plain, t.size - plain);
}

/* Short needles: quick, and the worst case is bounded by their length. */
#define NEEDLE_SHORT 32

static const char *search_plainly(struct asl_text in, struct asl_text what)
{
    const char *at = in.data, *end = in.data + in.size - what.size + 1;
    while (at < end && (at = memchr(at, what.data[0], (size_t)(end - at)))) {
        if (memcmp(at, what.data, what.size) == 0)
            return at;
        at++;
    }
    return NULL;
}

/* Knuth, Morris, Pratt. */
static const char *search_by_table(struct asl_text in, struct asl_text what, uint32_t *table)
{
    uint32_t matched = 0;
    table[0] = 0;
    for (size_t i = 1; i < what.size; i++) {
        while (matched > 0 && what.data[i] != what.data[matched])
            matched = table[matched - 1];
        matched += what.data[i] == what.data[matched];
        table[i] = matched;
    }
    matched = 0;
    for (size_t i = 0; i < in.size; i++) {
        while (matched > 0 && in.data[i] != what.data[matched])
            matched = table[matched - 1];
        matched += in.data[i] == what.data[matched];
        if (matched == what.size)
            return in.data + i + 1 - what.size;
    }
    return NULL;
}

const char *jsonata_search(struct heap *h, struct asl_text in, struct asl_text what)
{
    if (what.size == 0)
        return in.data;
    if (what.size > in.size)
        return NULL;
    if (what.size <= NEEDLE_SHORT)
        return search_plainly(in, what);
    uint32_t *table = jsonata_arena_allocate(&h->arena, what.size * sizeof *table);
    return table ? search_by_table(in, what, table) : NULL;
}

/* ---- builder ---- */

void jsonata_builder_init(struct builder *b, struct heap *h)
{
    *b = (struct builder){.heap = h};
}

static bool reserve(struct builder *b, size_t more)
{
    if (b->full)
        return false;
    if (more <= b->capacity - b->size)
        return true;
    size_t capacity = b->capacity ? 2 * b->capacity : 64;
    if (capacity < b->size + more)
        capacity = b->size + more;
    char *data = capacity > UINT32_MAX
                     ? NULL
                     : jsonata_arena_grow(&b->heap->arena, b->data, b->capacity, capacity);
    if (!data) {
        b->full = true;
        b->heap->arena.exhausted = true;
        return false;
    }
    b->data = data;
    b->capacity = capacity;
    return true;
}

static bool is_high_surrogate(const char *at)
{
    return (unsigned char)at[0] == 0xed && ((unsigned char)at[1] & 0xf0) == 0xa0;
}

static bool is_low_surrogate(const char *at)
{
    return (unsigned char)at[0] == 0xed && ((unsigned char)at[1] & 0xf0) == 0xb0;
}

static uint32_t surrogate_bits(const char *at)
{
    return ((uint32_t)((unsigned char)at[1] & 0x0f) << 6) | ((unsigned char)at[2] & 0x3f);
}

void jsonata_builder_put(struct builder *b, struct asl_text t)
{
    if (t.size == 0 || !reserve(b, t.size))
        return;
    if (t.size >= 3 && b->size >= 3 && (unsigned char)t.data[0] == 0xed &&
        is_low_surrogate(t.data) && is_high_surrogate(b->data + b->size - 3)) {
        uint32_t joined =
            0x10000 + (surrogate_bits(b->data + b->size - 3) << 10) + surrogate_bits(t.data);
        b->size -= 3;
        b->size += value_utf8_encode(joined, b->data + b->size);
        t.data += 3;
        t.size -= 3;
    }
    if (t.size)
        memcpy(b->data + b->size, t.data, t.size);
    b->size += t.size;
}

void jsonata_builder_putc(struct builder *b, char c)
{
    if (reserve(b, 1))
        b->data[b->size++] = c;
}

void jsonata_builder_unit(struct builder *b, uint32_t c)
{
    char bytes[4];
    size_t size;
    if (c >= 0xd800 && c <= 0xdfff) {
        bytes[0] = (char)0xed;
        bytes[1] = (char)(0x80 | ((c >> 6) & 0x3f));
        bytes[2] = (char)(0x80 | (c & 0x3f));
        size = 3;
    } else {
        size = value_utf8_encode(c, bytes);
    }
    jsonata_builder_put(b, (struct asl_text){bytes, size});
}

item jsonata_builder_item(struct builder *b)
{
    if (b->full || b->size == 0)
        return item_text(ASL_TEXT(""));
    return item_text((struct asl_text){b->data, b->size});
}

/* ---- arrays ---- */

struct array *jsonata_array(struct heap *h, size_t capacity)
{
    struct array *a = jsonata_arena_allocate(&h->arena, sizeof *a);
    *a = (struct array){0};
    if (capacity == 0)
        capacity = 4;
    if (capacity > UINT32_MAX) {
        h->arena.exhausted = true;
        capacity = 4;
    }
    a->items = jsonata_arena_allocate(&h->arena, capacity * sizeof(item));
    if (a->items) {
        a->capacity = (uint32_t)capacity;
    } else {
        a->items = jsonata_arena_allocate(&h->arena, sizeof(item));
        a->capacity = 1;
    }
    return a;
}

struct array *jsonata_sequence(struct heap *h)
{
    struct array *a = jsonata_array(h, 4);
    a->sequence = true;
    return a;
}

static void own_items(struct heap *h, struct array *a)
{
    item *items = jsonata_arena_allocate(&h->arena, (a->count + 1) * sizeof *items);
    if (!items) {
        *a = *jsonata_array(h, 1);
        return;
    }
    for (uint32_t i = 0; i < a->count; i++)
        items[i] = jsonata_json_element(h, a, i);
    a->items = items;
    a->capacity = a->count + 1;
}

void jsonata_push(struct heap *h, struct array *a, item i)
{
    if (!a->items)
        own_items(h, a);
    if (a->count == a->capacity) {
        size_t capacity = a->capacity ? 2 * (size_t)a->capacity : 8;
        item *more = capacity > UINT32_MAX
                         ? NULL
                         : jsonata_arena_grow(&h->arena, a->items, a->capacity * sizeof *more,
                                              capacity * sizeof *more);
        if (!more) {
            h->arena.exhausted = true;
            return;
        }
        a->items = more;
        a->capacity = (uint32_t)capacity;
    }
    a->items[a->count++] = i;
}

void jsonata_push_all(struct heap *h, struct array *a, struct array *more)
{
    for (uint32_t i = 0, count = more->count; i < count; i++)
        jsonata_push(h, a, jsonata_at(h, more, i));
}

item jsonata_json_element(struct heap *h, const struct array *a, size_t index)
{
    return jsonata_from_json(h, value_at(a->json, index));
}

struct array *jsonata_as_array(struct heap *h, item i)
{
    if (i.kind == ITEM_ARRAY)
        return i.as.array;
    struct array *a = jsonata_array(h, 1);
    a->sequence = true;
    a->items[a->count++] = i;
    return a;
}

item jsonata_append(struct heap *h, item a, item b)
{
    if (item_is_undefined(a))
        return b;
    if (item_is_undefined(b))
        return a;
    size_t size = (a.kind == ITEM_ARRAY ? a.as.array->count : 1) +
                  (size_t)(b.kind == ITEM_ARRAY ? b.as.array->count : 1);
    struct array *joined = jsonata_array(h, size);
    if (a.kind == ITEM_ARRAY)
        jsonata_push_all(h, joined, a.as.array);
    else
        jsonata_push(h, joined, a);
    if (b.kind == ITEM_ARRAY)
        jsonata_push_all(h, joined, b.as.array);
    else
        jsonata_push(h, joined, b);
    return item_array(joined);
}
