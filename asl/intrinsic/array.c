/* Intrinsic functions that make, cut and search arrays, and JsonMerge.
 *
 * Equality is that of Jackson's nodes: the same kind and the same content, objects without regard
 * to order, 1 and 1.0 apart. It is decided on a canonical text (members sorted, strings as JSON),
 * so that ArrayUnique sorts instead of comparing each with each.
 */
#include "intrinsic_internal.h"

#include <stdlib.h>
#include <string.h>

#include "../path/java_text.h"

/* ---- canonical text ---- */

static int by_key(const void *a, const void *b)
{
    const asl_value *const *x = a, *const *y = b;
    return asl_text_compare(value_as_text(x[0]), value_as_text(y[0]));
}

static void canonical(const asl_value *v, struct asl_buffer *out);

static void canonical_object(const asl_value *v, struct asl_buffer *out)
{
    size_t count = value_count(v);
    const asl_value **members = asl_allocate((2 * count + 1) * sizeof *members);
    for (size_t i = 0; i < count; i++) {
        members[2 * i] = value_key_at(v, i);
        members[2 * i + 1] = value_at(v, i);
    }
    qsort(members, count, 2 * sizeof *members, by_key);
    asl_buffer_putc(out, '{');
    for (size_t i = 0; i < count && !out->full; i++) {
        canonical(members[2 * i], out);
        asl_buffer_putc(out, ':');
        canonical(members[2 * i + 1], out);
        asl_buffer_putc(out, ',');
    }
    asl_buffer_putc(out, '}');
    free(members);
}

static void canonical_number(const asl_value *v, struct asl_buffer *out)
{
    struct asl_text text = value_as_text(v);
    for (size_t i = 0; i < text.size; i++) {
        if (strchr(".eE", text.data[i])) {
            asl_buffer_printf(out, "%.17ge", value_as_double(v));
            return;
        }
    }
    asl_buffer_put_text(out, text);
}

static void canonical(const asl_value *v, struct asl_buffer *out)
{
    switch (value_kind(v)) {
    case VALUE_NUMBER:
        canonical_number(v, out);
        break;
    case VALUE_OBJECT:
        canonical_object(v, out);
        break;
    case VALUE_ARRAY:
        asl_buffer_putc(out, '[');
        for (size_t i = 0; i < value_count(v) && !out->full; i++) {
            canonical(value_at(v, i), out);
            asl_buffer_putc(out, ',');
        }
        asl_buffer_putc(out, ']');
        break;
    default:
        value_print(v, out);
        break;
    }
}

/* ---- functions ---- */

asl_value *intrinsic_array(const struct intrinsic_call *c)
{
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < c->count; i++) {
        value_list_push_take(&list, value_retain(c->args[i]));
    }
    return value_array_take(&list);
}

asl_value *intrinsic_array_length(const struct intrinsic_call *c)
{
    return intrinsic_is(c->args[0], VALUE_ARRAY) ? value_integer((int64_t)value_count(c->args[0]))
                                                 : NULL;
}

asl_value *intrinsic_array_get_item(const struct intrinsic_call *c)
{
    int32_t index;
    const asl_value *array = c->args[0];
    if (!intrinsic_is(array, VALUE_ARRAY) || !intrinsic_truncate(c->args[1], &index) || index < 0 ||
        (size_t)index >= value_count(array)) {
        return NULL;
    }
    return value_retain(value_at(array, (size_t)index));
}

static asl_value *slice_of(const asl_value *array, size_t from, size_t size)
{
    struct value_list list;
    value_list_init(&list);
    for (size_t i = from; i < value_count(array) && i - from < size; i++) {
        value_list_push_take(&list, value_retain(value_at(array, i)));
    }
    return value_array_take(&list);
}

asl_value *intrinsic_array_partition(const struct intrinsic_call *c)
{
    int32_t size;
    const asl_value *array = c->args[0];
    if (!intrinsic_is(array, VALUE_ARRAY) || !intrinsic_round(c->args[1], &size) || size < 1) {
        return NULL;
    }
    struct value_list list;
    value_list_init(&list);
    for (size_t from = 0; from < value_count(array); from += (size_t)size) {
        value_list_push_take(&list, slice_of(array, from, (size_t)size));
    }
    return value_array_take(&list);
}

asl_value *intrinsic_array_range(const struct intrinsic_call *c)
{
    int32_t first, last, step;
    if (!intrinsic_round(c->args[0], &first) || !intrinsic_round(c->args[1], &last) ||
        !intrinsic_round(c->args[2], &step) || step == 0) {
        return NULL;
    }
    int64_t steps =
        ((int64_t)last - first) / step; /* towards zero: negative when it never gets there */
    bool is_forward = step > 0 ? last >= first : last <= first;
    if (is_forward && steps + 1 > INTRINSIC_RANGE_MAXIMUM) {
        return NULL;
    }
    struct value_list list;
    value_list_init(&list);
    for (int64_t i = 0; is_forward && i <= steps; i++) {
        value_list_push_take(&list, value_integer(first + i * step));
    }
    return value_array_take(&list);
}

static bool is_scalar(const asl_value *v)
{
    return value_kind(v) == VALUE_BOOLEAN || value_kind(v) == VALUE_NUMBER ||
           value_kind(v) == VALUE_STRING;
}

/* Scalars match by their text (`true` and "true" do: reported), the rest by content. */
static bool is_same(const asl_value *a, struct asl_text canonical_a, const asl_value *b,
                    struct asl_buffer *scratch)
{
    asl_buffer_clear(scratch);
    if (value_kind(a) != value_kind(b) && is_scalar(a) && is_scalar(b)) {
        java_text(a, scratch);
        size_t size = scratch->size;
        java_text(b, scratch);
        struct asl_text both = asl_buffer_text(scratch);
        return asl_text_equal((struct asl_text){both.data, size},
                              (struct asl_text){both.data + size, both.size - size});
    }
    canonical(b, scratch);
    return asl_text_equal(canonical_a, asl_buffer_text(scratch));
}

asl_value *intrinsic_array_contains(const struct intrinsic_call *c)
{
    const asl_value *array = c->args[0], *wanted = c->args[1];
    if (!intrinsic_is(array, VALUE_ARRAY)) {
        return NULL;
    }
    struct asl_buffer text, scratch;
    asl_buffer_init(&text, INTRINSIC_RESULT_MAXIMUM);
    asl_buffer_init(&scratch, INTRINSIC_RESULT_MAXIMUM);
    canonical(wanted, &text);
    bool is_found = false;
    for (size_t i = 0; i < value_count(array) && !is_found; i++) {
        is_found = is_same(wanted, asl_buffer_text(&text), value_at(array, i), &scratch);
    }
    bool is_too_large = text.full || scratch.full;
    asl_buffer_free(&text);
    asl_buffer_free(&scratch);
    return is_too_large ? NULL : value_boolean(is_found);
}

struct element {
    struct asl_text text;
    size_t index;
};

static int by_text(const void *a, const void *b)
{
    const struct element *x = a, *y = b;
    int order = asl_text_compare(x->text, y->text);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* `is_first` gets, for every element, whether none before it equals it. */
static void mark_first(struct element *elements, size_t count, bool *is_first)
{
    qsort(elements, count, sizeof *elements, by_text);
    for (size_t i = 0; i < count; i++) {
        is_first[elements[i].index] =
            i == 0 || !asl_text_equal(elements[i].text, elements[i - 1].text);
    }
}

asl_value *intrinsic_array_unique(const struct intrinsic_call *c)
{
    const asl_value *array = c->args[0];
    if (!intrinsic_is(array, VALUE_ARRAY)) {
        return NULL;
    }
    size_t count = value_count(array);
    struct element *elements = asl_allocate_zeroed(count + 1, sizeof *elements);
    bool *is_first = asl_allocate_zeroed(count + 1, sizeof *is_first);
    struct asl_buffer text;
    asl_buffer_init(&text, 2 * INTRINSIC_RESULT_MAXIMUM);
    for (size_t i = 0; i < count && !text.full; i++) {
        size_t before = text.size;
        canonical(value_at(array, i), &text);
        elements[i] = (struct element){{NULL, text.size - before}, i};
    }
    size_t at = 0; /* the buffer moves while it grows: places are known now */
    for (size_t i = 0; i < count; i++) {
        elements[i].text.data = text.data + at;
        at += elements[i].text.size;
    }
    struct value_list list;
    value_list_init(&list);
    if (!text.full) {
        mark_first(elements, count, is_first);
        for (size_t i = 0; i < count; i++) {
            if (is_first[i]) {
                value_list_push_take(&list, value_retain(value_at(array, i)));
            }
        }
    }
    bool is_too_large = text.full;
    free(elements);
    free(is_first);
    asl_buffer_free(&text);
    if (is_too_large) {
        value_list_free(&list);
        return NULL;
    }
    return value_array_take(&list);
}

/* The third argument asks for a deep merge, which AWS does not do: it must be false. */
asl_value *intrinsic_json_merge(const struct intrinsic_call *c)
{
    const asl_value *a = c->args[0], *b = c->args[1];
    if (!intrinsic_is(a, VALUE_OBJECT) || !intrinsic_is(b, VALUE_OBJECT) ||
        !intrinsic_is(c->args[2], VALUE_BOOLEAN) || value_as_boolean(c->args[2])) {
        return NULL;
    }
    struct value_list list;
    value_list_init(&list);
    const asl_value *both[] = {a, b};
    for (size_t o = 0; o < 2; o++) {
        for (size_t i = 0; i < value_count(both[o]); i++) {
            value_list_push_member_take(&list, value_retain(value_key_at(both[o], i)),
                                        value_retain(value_at(both[o], i)));
        }
    }
    return value_object_take(&list);
}
