/* What values mean: truth, numbers, equality, text, copies. Recursion is as deep as the value, and
 * stops where the C stack or ITEM_DEPTH_MAXIMUM does.
 */
#include "evaluate.h"

#include <math.h>
#include <string.h>

bool jsonata_is_number(struct run *run, item i, bool *failed)
{
    if (i.kind != ITEM_NUMBER || isnan(i.as.number))
        return false;
    if (isinf(i.as.number)) {
        jsonata_fail_value(run, "D1001", i);
        *failed = true;
        return false;
    }
    return true;
}

static enum truth any_true(struct run *run, const struct array *a)
{
    enum truth result = TRUTH_NO;
    jsonata_charge(run, a->count / 8);
    if (jsonata_is_over(run))
        return jsonata_fail_limit(run), TRUTH_FAILED;
    for (uint32_t i = 0; i < a->count; i++) {
        enum truth one = jsonata_truth(run, jsonata_at(&run->heap, a, i));
        if (one == TRUTH_FAILED)
            return one;
        if (one == TRUTH_YES)
            result = TRUTH_YES;
    }
    return result;
}

enum truth jsonata_truth(struct run *run, item i)
{
    switch (i.kind) {
    case ITEM_BOOLEAN:
        return i.as.boolean ? TRUTH_YES : TRUTH_NO;
    case ITEM_NUMBER:
        if (isinf(i.as.number))
            return jsonata_fail_value(run, "D1001", i), TRUTH_FAILED;
        return i.as.number != 0 && !isnan(i.as.number) ? TRUTH_YES : TRUTH_NO;
    case ITEM_STRING:
        return i.size > 0 ? TRUTH_YES : TRUTH_NO;
    case ITEM_ARRAY:
        return any_true(run, i.as.array);
    case ITEM_OBJECT:
    case ITEM_JSON_OBJECT:
        return jsonata_member_count(i) > 0 ? TRUTH_YES : TRUTH_NO;
    case ITEM_TUPLE:
        return TRUTH_YES;
    default:
        return TRUTH_NO;
    }
}

bool jsonata_is_same(item a, item b)
{
    if (a.kind != b.kind)
        return false;
    switch (a.kind) {
    case ITEM_BOOLEAN:
        return a.as.boolean == b.as.boolean;
    case ITEM_NUMBER:
        return a.as.number == b.as.number;
    case ITEM_STRING:
        return asl_text_equal(item_string(a), item_string(b));
    case ITEM_ARRAY:
        return a.as.array == b.as.array ||
               (a.as.array->json && a.as.array->json == b.as.array->json);
    case ITEM_UNDEFINED:
    case ITEM_NULL:
        return true;
    default:
        return a.as.object == b.as.object;
    }
}

static bool equal_arrays(struct run *run, const struct array *a, const struct array *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!jsonata_equal(run, jsonata_at(&run->heap, a, i), jsonata_at(&run->heap, b, i)))
            return false;
    return true;
}

static bool equal_objects(struct run *run, item a, item b)
{
    size_t count = jsonata_member_count(a);
    if (count != jsonata_member_count(b))
        return false;
    struct members m = {a, count, NULL};
    for (size_t i = 0; i < count; i++) {
        item other = jsonata_get(&run->heap, b, jsonata_member_key(&m, i));
        if (item_is_undefined(other) ||
            !jsonata_equal(run, jsonata_member_value(&run->heap, &m, i), other))
            return false;
    }
    return true;
}

/* What is too deep to walk counts as different; the evaluation fails at the next node. */
bool jsonata_equal(struct run *run, item a, item b)
{
    if (jsonata_is_same(a, b))
        return true;
    run->steps++;
    if (jsonata_is_over(run))
        return false;
    if (a.kind == ITEM_ARRAY && b.kind == ITEM_ARRAY)
        return equal_arrays(run, a.as.array, b.as.array);
    return item_is_object(a) && item_is_object(b) && equal_objects(run, a, b);
}

item jsonata_to_string(struct run *run, item i, bool pretty)
{
    if (i.kind == ITEM_UNDEFINED || i.kind == ITEM_STRING)
        return i;
    if (i.kind == ITEM_FUNCTION)
        return item_text(ASL_TEXT(""));
    if (i.kind == ITEM_NUMBER && !isfinite(i.as.number))
        return jsonata_fail_value(run, "D3001", i);
    if (i.kind == ITEM_ARRAY && i.as.array->outer_wrapper)
        i = jsonata_at(&run->heap, i.as.array, 0);
    struct builder text;
    jsonata_builder_init(&text, &run->heap);
    item culprit;
    switch (jsonata_stringify(&text, i, pretty ? STRINGIFY_PRETTY : STRINGIFY_ROUNDED, &culprit)) {
    case STRINGIFY_INFINITE:
        return jsonata_fail_value(run, "D1001", culprit);
    case STRINGIFY_TOO_DEEP:
        run->depth = run->depth_maximum + 1;
        return jsonata_fail_limit(run);
    case STRINGIFY_FINE:
        break;
    }
    jsonata_charge_bytes(run, 4 * text.size);
    return jsonata_builder_item(&text);
}

bool jsonata_is_javascript_true(item i)
{
    switch (i.kind) {
    case ITEM_UNDEFINED:
    case ITEM_NULL:
        return false;
    case ITEM_BOOLEAN:
        return i.as.boolean;
    case ITEM_NUMBER:
        return i.as.number != 0 && !isnan(i.as.number);
    case ITEM_STRING:
        return i.size > 0;
    default:
        return true;
    }
}

/* Elements are joined by commas; undefined and null among them are nothing. */
static void put_elements(struct run *run, struct builder *b, const struct array *a)
{
    for (uint32_t i = 0; i < a->count && !jsonata_is_over(run); i++) {
        item one = jsonata_at(&run->heap, a, i);
        if (i)
            jsonata_builder_putc(b, ',');
        if (one.kind != ITEM_NULL && one.kind != ITEM_UNDEFINED)
            jsonata_put_javascript_text(run, b, one);
    }
}

void jsonata_put_javascript_text(struct run *run, struct builder *b, item i)
{
    char number[32];
    run->steps++;
    switch (i.kind) {
    case ITEM_UNDEFINED:
        jsonata_builder_put(b, ASL_TEXT("undefined"));
        break;
    case ITEM_NULL:
        jsonata_builder_put(b, ASL_TEXT("null"));
        break;
    case ITEM_BOOLEAN:
        jsonata_builder_put(b, i.as.boolean ? ASL_TEXT("true") : ASL_TEXT("false"));
        break;
    case ITEM_NUMBER:
        jsonata_builder_put(
            b, (struct asl_text){number, jsonata_print_number(i.as.number, false, number)});
        break;
    case ITEM_STRING:
        jsonata_builder_put(b, item_string(i));
        break;
    case ITEM_ARRAY:
        put_elements(run, b, i.as.array);
        break;
    default: /* a function too: the source text that JavaScript shows for some is not ours */
        jsonata_builder_put(b, ASL_TEXT("[object Object]"));
    }
}

item jsonata_javascript_text(struct run *run, item i)
{
    if (i.kind == ITEM_STRING)
        return i;
    struct builder b;
    jsonata_builder_init(&b, &run->heap);
    jsonata_put_javascript_text(run, &b, i);
    return jsonata_is_over(run) ? jsonata_fail_limit(run) : jsonata_builder_item(&b);
}

/* ---- copies ---- */

/* As JSON.parse($string(i)) makes them: fractions of 15 digits, functions as "", no undefined. */
item jsonata_clone(struct run *run, item i)
{
    run->steps++;
    if (jsonata_is_over(run))
        return jsonata_fail_limit(run);
    if (i.kind == ITEM_NUMBER) {
        if (isinf(i.as.number))
            return jsonata_fail_value(run, "D1001", i);
        if (isnan(i.as.number))
            return (item){.kind = ITEM_NULL};
        if (i.as.number == floor(i.as.number))
            return i;
        double rounded = jsonata_round_to_15_digits(i.as.number);
        return rounded == i.as.number ? i : item_number(rounded);
    }
    if (i.kind == ITEM_ARRAY) {
        const struct array *from = i.as.array;
        if (from->outer_wrapper)
            return jsonata_clone(run, jsonata_at(&run->heap, from, 0));
        struct array *to = jsonata_array(&run->heap, from->count);
        for (uint32_t at = 0; at < from->count; at++) {
            item copy = jsonata_clone(run, jsonata_at(&run->heap, from, at));
            if (item_is_failed(copy))
                return copy;
            jsonata_push(&run->heap, to,
                         item_is_undefined(copy) ? (item){.kind = ITEM_NULL} : copy);
        }
        return item_array(to);
    }
    if (item_is_object(i)) {
        struct members m = jsonata_members(&run->heap, i);
        struct object *to = jsonata_object(&run->heap, m.count);
        for (size_t at = 0; at < m.count; at++) {
            item copy = jsonata_clone(run, jsonata_member_value(&run->heap, &m, at));
            if (item_is_failed(copy))
                return copy;
            if (!item_is_undefined(copy))
                jsonata_add(&run->heap, to, jsonata_member_key_item(&m, at), copy);
        }
        return item_object(to);
    }
    return i.kind == ITEM_FUNCTION ? item_text(ASL_TEXT("")) : i;
}
