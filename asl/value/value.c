/* JSON values: life, looking, building. Parsing and printing are in parse.c and print.c.
 *
 * Layout. One header, then by kind: a number carries its text and, once asked, its double; a string
 * its bytes; arrays and objects point to one block of items (an object's alternate key and value).
 * An object of more than OBJECT_LINEAR members gets a sorted index at the first look-up: bounded
 * O(log n) whatever keys an enemy chooses, which a hash without randomness would not give.
 */
#include "value_internal.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMMORTAL      UINT32_MAX
#define OBJECT_LINEAR 8 /* below this a linear search beats building an index */

static struct asl_value null_value = {IMMORTAL, VALUE_NULL, 0, 0};
static struct asl_value true_value = {IMMORTAL, VALUE_BOOLEAN, VALUE_FLAG_TRUE, 0};
static struct asl_value false_value = {IMMORTAL, VALUE_BOOLEAN, 0, 0};

/* ---- life ---- */

asl_value *value_retain(const asl_value *v)
{
    asl_value *mine = (asl_value *)v;
    if (mine->references != IMMORTAL)
        mine->references++; /* at IMMORTAL it sticks: a leak, never a use after free */
    return mine;
}

static void free_shell(asl_value *v)
{
    if (v->kind == VALUE_ARRAY || v->kind == VALUE_OBJECT) {
        struct value_container *c = value_container(v);
        if (c->items != c->own)
            free(c->items);
        free(c->compact);
        free(c->order);
    }
    free(v);
}

/* Releasing does not recurse: dead containers wait on a list, linked through their `order` slot,
 * so that a value of any depth is freed in constant stack. */
void value_release(asl_value *v)
{
    if (!v || v->references == IMMORTAL || --v->references != 0)
        return;
    if (v->kind != VALUE_ARRAY && v->kind != VALUE_OBJECT) {
        free(v);
        return;
    }
    struct value_container *dead = value_container(v);
    free(dead->order);
    dead->order = NULL;
    while (dead) {
        struct value_container *next = dead->order;
        size_t count = value_slots(dead);
        for (size_t i = 0; i < count; i++) {
            asl_value *item = dead->items[i];
            if (item->references == IMMORTAL || --item->references != 0)
                continue;
            if (item->kind != VALUE_ARRAY && item->kind != VALUE_OBJECT) {
                free(item);
                continue;
            }
            struct value_container *more = value_container(item);
            free(more->order);
            more->order = next;
            next = more;
        }
        dead->order = NULL;
        free_shell(&dead->head);
        dead = next;
    }
}

/* ---- scalars ---- */

asl_value *value_null(void)
{
    return &null_value;
}

asl_value *value_boolean(bool b)
{
    return b ? &true_value : &false_value;
}

asl_value *value_number_new(struct asl_text text)
{
    struct value_number *n = asl_allocate(sizeof *n + text.size + 1);
    n->head = (struct asl_value){1, VALUE_NUMBER, 0, 0};
    n->number = 0;
    n->size = text.size;
    memcpy(n->text, text.data, text.size);
    n->text[text.size] = '\0';
    return &n->head;
}

asl_value *value_integer(int64_t i)
{
    char digits[24], *at = digits + sizeof digits;
    uint64_t rest = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (i < 0)
        *--at = '-';
    asl_value *v = value_number_new((struct asl_text){at, (size_t)(digits + sizeof digits - at)});
    value_number(v)->number = (double)i;
    v->flags |= VALUE_FLAG_DOUBLE;
    return v;
}

asl_value *value_double(double d)
{
    char text[32];
    if (!isfinite(d))
        return value_null();
    size_t size = value_format_double(d, text);
    asl_value *v = value_number_new((struct asl_text){text, size});
    value_number(v)->number = d == 0 ? 0 : d;
    v->flags |= VALUE_FLAG_DOUBLE;
    return v;
}

asl_value *value_string(struct asl_text utf8)
{
    struct value_string *s = asl_allocate(sizeof *s + utf8.size + 1);
    s->head = (struct asl_value){1, VALUE_STRING, 0, 0};
    s->size = utf8.size;
    if (utf8.size)
        memcpy(s->text, utf8.data, utf8.size);
    s->text[utf8.size] = '\0';
    return &s->head;
}

asl_value *value_string_z(const char *zero_terminated)
{
    return value_string(asl_text(zero_terminated));
}

/* ---- looking ---- */

enum value_kind value_kind(const asl_value *v)
{
    return (enum value_kind)v->kind;
}

const char *value_kind_name(enum value_kind kind)
{
    static const char *const names[] = {"null", "boolean", "number", "string", "array", "object"};
    return names[kind];
}

bool value_is_true(const asl_value *v)
{
    return v->kind == VALUE_BOOLEAN && (v->flags & VALUE_FLAG_TRUE);
}

bool value_as_boolean(const asl_value *v)
{
    return value_is_true(v);
}

double value_as_double(const asl_value *v)
{
    if (v->kind != VALUE_NUMBER)
        return 0;
    struct value_number *n = value_number((asl_value *)v);
    if (!(v->flags & VALUE_FLAG_DOUBLE)) {
        n->number = strtod(n->text, NULL);
        n->head.flags |= VALUE_FLAG_DOUBLE;
    }
    return n->number;
}

/* Digits only, at most 18 of them: the common case, no rounding possible. */
static bool plain_integer(const struct value_number *n, int64_t *out)
{
    const char *at = n->text;
    bool negative = *at == '-';
    at += negative;
    size_t digits = n->size - (size_t)negative;
    if (digits == 0 || digits > 18)
        return false;
    int64_t sum = 0;
    for (; *at; at++) {
        if (*at < '0' || *at > '9')
            return false;
        sum = sum * 10 + (*at - '0');
    }
    *out = negative ? -sum : sum;
    return true;
}

/* The general case, on the decimal text: digits with the point moved by the exponent. */
static bool scaled_integer(const struct value_number *n, int64_t *out)
{
    const char *at = n->text;
    bool negative = *at == '-';
    at += negative;
    const char *exponent_mark = strpbrk(at, "eE");
    const char *end = exponent_mark ? exponent_mark : n->text + n->size;
    long exponent = exponent_mark ? strtol(exponent_mark + 1, NULL, 10) : 0;
    if (exponent > 400 || exponent < -400 - (long)n->size) /* only zero is an integer out there */
        exponent = exponent > 0 ? 400 : -400 - (long)n->size;
    const char *point = memchr(at, '.', (size_t)(end - at));
    long places = (point ? (long)(point - at) : (long)(end - at)) + exponent;
    uint64_t sum = 0, limit = negative ? (uint64_t)1 << 63 : ((uint64_t)1 << 63) - 1;
    long place = 0;
    for (const char *c = at; c < end || (sum && place < places); c++) {
        if (c < end && *c == '.')
            continue;
        unsigned digit = c < end ? (unsigned)(*c - '0') : 0;
        if (place++ >= places) {
            if (digit)
                return false; /* a fraction remains */
            continue;
        }
        if (sum > (limit - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *out = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

bool value_as_integer(const asl_value *v, int64_t *out)
{
    if (v->kind != VALUE_NUMBER)
        return false;
    const struct value_number *n = value_number((asl_value *)v);
    return plain_integer(n, out) || scaled_integer(n, out);
}

struct asl_text value_as_text(const asl_value *v)
{
    if (v->kind == VALUE_STRING) {
        const struct value_string *s = (const struct value_string *)v;
        return (struct asl_text){s->text, s->size};
    }
    if (v->kind == VALUE_NUMBER) {
        const struct value_number *n = (const struct value_number *)v;
        return (struct asl_text){n->text, n->size};
    }
    return (struct asl_text){"", 0};
}

const asl_value *value_of_text(const char *text)
{
    const struct value_string *s =
        (const struct value_string *)(const void *)(text - offsetof(struct value_string, text));
    return &s->head;
}

size_t value_depth(const asl_value *v)
{
    return v->depth;
}

/* ---- arrays and objects ---- */

size_t value_count(const asl_value *v)
{
    return v->kind >= VALUE_ARRAY ? value_container((asl_value *)v)->count : 0;
}

const asl_value *value_at(const asl_value *v, size_t index)
{
    const struct value_container *c = value_container((asl_value *)v);
    assert(index < c->count);
    return v->kind == VALUE_OBJECT ? c->items[2 * index + 1] : c->items[index];
}

const asl_value *value_key_at(const asl_value *object, size_t index)
{
    assert(object->kind == VALUE_OBJECT && index < value_count(object));
    return value_container((asl_value *)object)->items[2 * index];
}

static int compare_keys(const struct value_container *c, uint32_t a, uint32_t b)
{
    int order = asl_text_compare(value_as_text(c->items[2 * a]), value_as_text(c->items[2 * b]));
    return order != 0 ? order : (a < b ? -1 : a > b); /* equal keys: by place */
}

/* Heap sort: in place, no recursion, O(n log n) for every input, and it can carry the container. */
static void sift_down(const struct value_container *c, uint32_t *order, size_t root, size_t count)
{
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= count)
            return;
        if (child + 1 < count && compare_keys(c, order[child], order[child + 1]) < 0)
            child++;
        if (compare_keys(c, order[root], order[child]) >= 0)
            return;
        uint32_t swap = order[root];
        order[root] = order[child];
        order[child] = swap;
        root = child;
    }
}

static uint32_t *sorted_order(const struct value_container *c)
{
    uint32_t *order = asl_allocate(c->count * sizeof *order);
    for (size_t i = 0; i < c->count; i++)
        order[i] = (uint32_t)i;
    for (size_t i = c->count / 2; i-- > 0;)
        sift_down(c, order, i, c->count);
    for (size_t end = c->count; end > 1; end--) {
        uint32_t swap = order[0];
        order[0] = order[end - 1];
        order[end - 1] = swap;
        sift_down(c, order, 0, end - 1);
    }
    return order;
}

size_t value_find(const asl_value *object, struct asl_text key)
{
    if (object->kind != VALUE_OBJECT)
        return SIZE_MAX;
    struct value_container *c = value_container((asl_value *)object);
    if (c->count <= OBJECT_LINEAR) {
        for (size_t i = 0; i < c->count; i++)
            if (asl_text_equal(value_as_text(c->items[2 * i]), key))
                return i;
        return SIZE_MAX;
    }
    if (!c->order)
        c->order = sorted_order(c);
    const uint32_t *order = c->order;
    size_t low = 0, high = c->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int compared = asl_text_compare(value_as_text(c->items[2 * order[middle]]), key);
        if (compared == 0)
            return order[middle];
        if (compared < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return SIZE_MAX;
}

const asl_value *value_get(const asl_value *v, struct asl_text key)
{
    size_t index = value_find(v, key);
    return index == SIZE_MAX ? NULL : value_at(v, index);
}

const asl_value *value_get_hinted(const asl_value *v, struct asl_text key, uint32_t *hint)
{
    if (v->kind != VALUE_OBJECT)
        return NULL;
    const struct value_container *c = value_container((asl_value *)v);
    if (*hint < c->count) {
        const struct value_string *there = (const struct value_string *)c->items[2 * *hint];
        if (there->size == key.size && memcmp(there->text, key.data, key.size) == 0)
            return c->items[2 * *hint + 1];
    }
    size_t index = value_find(v, key);
    if (index == SIZE_MAX)
        return NULL;
    *hint = (uint32_t)index;
    return value_at(v, index);
}

const asl_value *value_get_z(const asl_value *v, const char *key)
{
    return value_get(v, asl_text(key));
}

static bool numbers_equal(const asl_value *a, const asl_value *b)
{
    int64_t i, j;
    bool a_exact = value_as_integer(a, &i), b_exact = value_as_integer(b, &j);
    if (a_exact && b_exact)
        return i == j;
    if (a_exact != b_exact)
        return false;
    return asl_text_equal(value_as_text(a), value_as_text(b)) ||
           (isfinite(value_as_double(a)) && value_as_double(a) == value_as_double(b));
}

bool value_equal(const asl_value *a, const asl_value *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind || value_count(a) != value_count(b))
        return false;
    switch (value_kind(a)) {
    case VALUE_NULL:
        return true;
    case VALUE_BOOLEAN:
        return value_is_true(a) == value_is_true(b);
    case VALUE_NUMBER:
        return numbers_equal(a, b);
    case VALUE_STRING:
        return asl_text_equal(value_as_text(a), value_as_text(b));
    case VALUE_ARRAY:
        for (size_t i = 0; i < value_count(a); i++)
            if (!value_equal(value_at(a, i), value_at(b, i)))
                return false;
        return true;
    case VALUE_OBJECT:
        for (size_t i = 0; i < value_count(a); i++) {
            const asl_value *other = value_get(b, value_as_text(value_key_at(a, i)));
            if (!other || !value_equal(value_at(a, i), other))
                return false;
        }
        return true;
    }
    return false;
}

/* ---- building ---- */

void value_list_init(struct value_list *l)
{
    *l = (struct value_list){0};
}

void value_list_free(struct value_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        value_release(l->items[i]);
    free(l->items);
    value_list_init(l);
}

void value_list_push_take(struct value_list *l, asl_value *v)
{
    if (l->count == l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 8;
        l->items = asl_reallocate(l->items, l->capacity * sizeof *l->items);
    }
    l->items[l->count++] = v;
}

void value_list_push_member_take(struct value_list *l, asl_value *key, asl_value *v)
{
    assert(key->kind == VALUE_STRING);
    value_list_push_take(l, key);
    value_list_push_take(l, v);
}

void value_list_set_take(struct value_list *l, const char *key, asl_value *v)
{
    value_list_push_member_take(l, value_string_z(key), v);
}

static uint16_t depth_above(const asl_value *v, uint16_t depth)
{
    uint16_t above = v->depth == UINT16_MAX ? UINT16_MAX : (uint16_t)(v->depth + 1);
    return above > depth ? above : depth;
}

/* Few slots stand behind the container itself: one block instead of two. */
#define SLOTS_OWN (2 * VALUE_FEW)

static asl_value *container_take(struct value_list *l, enum value_kind kind)
{
    size_t own = l->count <= SLOTS_OWN ? l->count : 0;
    struct value_container *c = asl_allocate(sizeof *c + own * sizeof *c->items);
    *c = (struct value_container){.head = {1, (uint8_t)kind, 0, 1},
                                  .items = l->items,
                                  .count = kind == VALUE_OBJECT ? l->count / 2 : l->count,
                                  .capacity = l->capacity};
    for (size_t i = 0; i < l->count; i++)
        c->head.depth = depth_above(l->items[i], c->head.depth);
    if (own || l->count == 0) {
        if (own)
            memcpy(c->own, l->items, own * sizeof *c->items);
        free(l->items);
        c->items = c->own;
        c->capacity = own;
    }
    value_list_init(l);
    return &c->head;
}

asl_value *value_few_members_take(asl_value *const *slots, size_t members)
{
    size_t own = 2 * members;
    struct value_container *c = asl_allocate(sizeof *c + own * sizeof *c->items);
    *c = (struct value_container){
        .head = {1, VALUE_OBJECT, 0, 1}, .items = c->own, .count = members, .capacity = own};
    for (size_t i = 0; i < own; i++) {
        c->own[i] = slots[i];
        c->head.depth = depth_above(slots[i], c->head.depth);
    }
    return &c->head;
}

asl_value *value_array_take(struct value_list *l)
{
    return container_take(l, VALUE_ARRAY);
}

static bool has_duplicate_keys(struct value_container *c)
{
    if (c->count <= OBJECT_LINEAR) {
        for (size_t i = 1; i < c->count; i++)
            for (size_t j = 0; j < i; j++)
                if (asl_text_equal(value_as_text(c->items[2 * i]), value_as_text(c->items[2 * j])))
                    return true;
        return false;
    }
    c->order = sorted_order(c);
    const uint32_t *order = c->order;
    for (size_t i = 1; i < c->count; i++)
        if (asl_text_equal(value_as_text(c->items[2 * order[i - 1]]),
                           value_as_text(c->items[2 * order[i]])))
            return true;
    return false;
}

/* Equal keys stand together in the order, by place: the first keeps the place, the last the value.
 */
static void drop_duplicate_keys(struct value_container *c)
{
    uint32_t *order = c->order ? c->order : sorted_order(c);
    c->order = NULL;
    for (size_t i = 0; i < c->count;) {
        size_t first = order[i], end = i + 1;
        while (end < c->count && asl_text_equal(value_as_text(c->items[2 * first]),
                                                value_as_text(c->items[2 * order[end]])))
            end++;
        for (size_t j = i + 1; j < end; j++) {
            size_t later = order[j];
            value_release(c->items[2 * first + 1]);
            c->items[2 * first + 1] = c->items[2 * later + 1];
            value_release(c->items[2 * later]);
            c->items[2 * later] = NULL;
        }
        i = end;
    }
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (!c->items[2 * i])
            continue;
        c->items[2 * kept] = c->items[2 * i];
        c->items[2 * kept + 1] = c->items[2 * i + 1];
        kept++;
    }
    c->count = kept;
    free(order);
}

bool value_object_build_take(struct value_list *l, bool refuse, asl_value **object)
{
    assert(l->count % 2 == 0);
    asl_value *v = container_take(l, VALUE_OBJECT);
    struct value_container *c = value_container(v);
    bool duplicates = has_duplicate_keys(c);
    if (duplicates && !refuse)
        drop_duplicate_keys(c);
    *object = v;
    return duplicates;
}

asl_value *value_object_take(struct value_list *l)
{
    asl_value *v;
    value_object_build_take(l, false, &v);
    return v;
}

asl_value *value_empty_array(void)
{
    struct value_list l = {0};
    return value_array_take(&l);
}

asl_value *value_empty_object(void)
{
    struct value_list l = {0};
    return value_object_take(&l);
}

/* The container itself when it is ours alone, else a new one that shares the items. */
static struct value_container *writable_take(asl_value *v, size_t more_slots)
{
    struct value_container *c = value_container(v);
    size_t slots = value_slots(c);
    if (v->references == 1) {
        free(c->compact);
        free(c->order);
        c->compact = NULL;
        c->order = NULL;
    } else {
        struct value_container *copy = asl_allocate_zeroed(1, sizeof *copy);
        copy->head = (struct asl_value){1, v->kind, 0, v->depth};
        copy->count = c->count;
        copy->capacity = slots + more_slots;
        copy->items = asl_allocate(copy->capacity * sizeof *copy->items);
        for (size_t i = 0; i < slots; i++)
            copy->items[i] = value_retain(c->items[i]);
        value_release(v);
        c = copy;
    }
    if (slots + more_slots > c->capacity) {
        c->capacity = slots + more_slots > 2 * slots ? slots + more_slots : 2 * slots;
        asl_value **own = c->items == c->own ? c->own : NULL;
        c->items = asl_reallocate(own ? NULL : c->items, c->capacity * sizeof *c->items);
        if (own)
            memcpy(c->items, own, slots * sizeof *c->items);
    }
    return c;
}

asl_value *value_with_take(asl_value *object, asl_value *key, asl_value *v)
{
    assert(object->kind == VALUE_OBJECT && key->kind == VALUE_STRING);
    size_t index = value_find(object, value_as_text(key));
    struct value_container *c = writable_take(object, index == SIZE_MAX ? 2 : 0);
    if (index == SIZE_MAX) {
        c->items[2 * c->count] = key;
        c->items[2 * c->count + 1] = v;
        c->count++;
    } else {
        value_release(key);
        value_release(c->items[2 * index + 1]);
        c->items[2 * index + 1] = v;
    }
    c->head.depth = depth_above(v, c->head.depth);
    return &c->head;
}

asl_value *value_with_element_take(asl_value *array, size_t index, asl_value *v)
{
    assert(array->kind == VALUE_ARRAY && index < value_count(array));
    struct value_container *c = writable_take(array, 0);
    value_release(c->items[index]);
    c->items[index] = v;
    c->head.depth = depth_above(v, c->head.depth);
    return &c->head;
}

asl_value *value_append_take(asl_value *array, asl_value *v)
{
    assert(array->kind == VALUE_ARRAY);
    struct value_container *c = writable_take(array, 1);
    c->items[c->count++] = v;
    c->head.depth = depth_above(v, c->head.depth);
    return &c->head;
}

asl_value *value_members(const asl_value *object)
{
    struct value_list items;
    value_list_init(&items);
    for (size_t i = 0; i < value_count(object); i++) {
        struct value_list item;
        value_list_init(&item);
        value_list_set_take(&item, "Key", value_retain(value_key_at(object, i)));
        value_list_set_take(&item, "Value", value_retain(value_at(object, i)));
        value_list_push_take(&items, value_object_take(&item));
    }
    return value_array_take(&items);
}
