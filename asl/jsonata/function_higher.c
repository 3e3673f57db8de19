/* Functions that take functions: these are passed the value, then its place (or key), then the
 * whole, as far as they have parameters for them.
 */
#include "library.h"

static item call_for(struct run *run, item function, item value, item place, item whole)
{
    item all[] = {value, place, whole};
    run->steps++;
    return jsonata_apply_some(run, function, all, 3);
}

NATIVE(map)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_ARRAY)
        return item_undefined();
    const struct array *a = arguments[0].as.array;
    struct array *out = jsonata_sequence(&run->heap);
    for (uint32_t i = 0; i < a->count; i++) {
        item result =
            call_for(run, arguments[1], jsonata_at(&run->heap, a, i), item_number(i), arguments[0]);
        if (item_is_failed(result))
            return result;
        if (!item_is_undefined(result))
            jsonata_push(&run->heap, out, result);
    }
    return item_array(out);
}

/* Calls, and asks whether the result is true. */
static enum truth test(struct run *run, item function, item value, item place, item whole)
{
    item result = call_for(run, function, value, place, whole);
    return item_is_failed(result) ? TRUTH_FAILED : jsonata_truth(run, result);
}

NATIVE(filter)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_ARRAY)
        return item_undefined();
    const struct array *a = arguments[0].as.array;
    struct array *out = jsonata_sequence(&run->heap);
    for (uint32_t i = 0; i < a->count; i++) {
        item one = jsonata_at(&run->heap, a, i);
        enum truth truth = test(run, arguments[1], one, item_number(i), arguments[0]);
        if (truth == TRUTH_FAILED)
            return item_failed();
        if (truth == TRUTH_YES)
            jsonata_push(&run->heap, out, one);
    }
    return item_array(out);
}

NATIVE(single)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_ARRAY)
        return item_undefined();
    const struct array *a = arguments[0].as.array;
    item found = item_undefined();
    bool has_found = false;
    for (uint32_t i = 0; i < a->count; i++) {
        item one = jsonata_at(&run->heap, a, i);
        enum truth truth = TRUTH_YES;
        if (!item_is_undefined(arguments[1]))
            truth = test(run, arguments[1], one, item_number(i), arguments[0]);
        if (truth == TRUTH_FAILED)
            return item_failed();
        if (truth == TRUTH_NO)
            continue;
        if (has_found) {
            item failed = jsonata_fail(run, "D3138");
            run->failure.index = i;
            return failed;
        }
        found = one;
        has_found = true;
    }
    return has_found ? found : jsonata_fail(run, "D3139");
}

NATIVE(reduce)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_ARRAY)
        return item_undefined();
    const struct array *a = arguments[0].as.array;
    size_t arity = jsonata_arity(arguments[1]);
    if (arity < 2) {
        item failed = jsonata_fail(run, "D3050");
        run->failure.index = 1;
        return failed;
    }
    item result = arguments[2];
    uint32_t i = 0;
    if (item_is_undefined(result) && a->count > 0)
        result = jsonata_at(&run->heap, a, i++);
    for (; i < a->count; i++) {
        item all[] = {result, jsonata_at(&run->heap, a, i), item_number(i), arguments[0]};
        run->steps++;
        result = jsonata_call_back(run, arguments[1], all, arity < 4 ? arity : 4);
        if (item_is_failed(result))
            return result;
    }
    return result;
}

NATIVE(sift)
{
    UNUSED_IN_NATIVE;
    if (!item_is_object(arguments[0]))
        return item_undefined();
    struct members m = jsonata_members(&run->heap, arguments[0]);
    struct object *out = jsonata_object(&run->heap, m.count);
    for (size_t i = 0; i < m.count; i++) {
        item key = jsonata_member_key_item(&m, i);
        item value = jsonata_member_value(&run->heap, &m, i);
        enum truth truth = test(run, arguments[1], value, key, arguments[0]);
        if (truth == TRUTH_FAILED)
            return item_failed();
        if (truth == TRUTH_YES)
            jsonata_add(&run->heap, out, key, value);
    }
    return out->count > 0 ? item_object(out) : item_undefined();
}

NATIVE(each)
{
    UNUSED_IN_NATIVE;
    struct array *out = jsonata_sequence(&run->heap);
    if (!item_is_object(arguments[0]))
        return item_array(out);
    struct members m = jsonata_members(&run->heap, arguments[0]);
    for (size_t i = 0; i < m.count; i++) {
        item result = call_for(run, arguments[1], jsonata_member_value(&run->heap, &m, i),
                               jsonata_member_key_item(&m, i), arguments[0]);
        if (item_is_failed(result))
            return result;
        if (!item_is_undefined(result))
            jsonata_push(&run->heap, out, result);
    }
    return item_array(out);
}

const struct native jsonata_higher_functions[] = {
    {"map", "<af>", 2, 2, map},        {"filter", "<af>", 2, 2, filter},
    {"single", "<af?>", 2, 2, single}, {"reduce", "<afj?:j>", 3, 3, reduce},
    {"sift", "<o-f?:o>", 2, 2, sift},  {"each", "<o-f:a>", 2, 2, each},
    {NULL, NULL, 0, 0, NULL},
};
