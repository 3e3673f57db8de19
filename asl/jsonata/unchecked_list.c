/* Lists as partially applied functions meet them, see unchecked.h. Whether a thing has a length,
 * and what stands at its places, JavaScript asks when it comes to it.
 */
#include "unchecked.h"

#include <math.h>

/* Adds what is in an array, be it texts. */
static item total(const struct unchecked *u)
{
    const struct array *a = u->arguments[0].as.array;
    item sum = item_number(0);
    for (uint32_t i = 0; i < a->count && !jsonata_is_over(u->run); i++)
        sum = unchecked_add(u, sum, jsonata_at(&u->run->heap, a, i));
    return jsonata_is_over(u->run) ? jsonata_fail_limit(u->run) : sum;
}

static item sum(const struct unchecked *u)
{
    return u->arguments[0].kind == ITEM_ARRAY ? total(u) : unchecked_refuse(u, 0);
}

static item average(const struct unchecked *u)
{
    item list = u->arguments[0];
    if (list.kind != ITEM_ARRAY)
        return unchecked_is_of_length_0(list) ? item_undefined() : unchecked_refuse(u, 0);
    item all = total(u);
    if (item_is_failed(all))
        return all;
    return item_number(unchecked_number_of(u, all) / (double)list.as.array->count);
}

static item count_items(const struct unchecked *u)
{
    item i = u->arguments[0];
    if (i.kind == ITEM_STRING)
        return item_number((double)jsonata_count_units(item_string(i)));
    if (i.kind == ITEM_NULL)
        return unchecked_refuse(u, 0);
    if (unchecked_function_length(i) != UNCHECKED_NO_LENGTH)
        return item_number(unchecked_function_length(i));
    return jsonata_get(&u->run->heap, i, ASL_TEXT("length"));
}

/* Math.max and Math.min, which are told nothing by an object. */
static item extreme(const struct unchecked *u)
{
    item list = u->arguments[0];
    double best = u->native->name[1] == 'a' ? -HUGE_VAL : HUGE_VAL;
    if (unchecked_is_of_length_0(list))
        return item_undefined();
    if (list.kind == ITEM_ARRAY) {
        struct array *numbers = jsonata_array(&u->run->heap, list.as.array->count);
        for (uint32_t i = 0; i < list.as.array->count; i++) {
            item one = jsonata_at(&u->run->heap, list.as.array, i);
            jsonata_push(&u->run->heap, numbers, item_number(unchecked_number_of(u, one)));
        }
        u->arguments[0] = item_array(numbers);
        return unchecked_call_native(u);
    }
    bool is_object =
        list.kind == ITEM_FUNCTION || (item_is_object(list) && !unchecked_has_length(u, list));
    return is_object ? item_number(best) : unchecked_refuse(u, 0);
}

/* A list of what has no length is made with that length: one element, and that undefined. */
static item reverse(const struct unchecked *u)
{
    item i = u->arguments[0];
    if (i.kind == ITEM_STRING && jsonata_count_units(item_string(i)) > 1) {
        u->arguments[0] = unchecked_characters(u, i, true);
        return unchecked_call_native(u);
    }
    if (i.kind == ITEM_STRING || unchecked_is_of_length_0(i))
        return i;
    if (i.kind == ITEM_NULL || unchecked_has_length(u, i))
        return unchecked_refuse(u, 0);
    struct array *out = jsonata_array(&u->run->heap, 2);
    for (int left =
             unchecked_function_length(i) == UNCHECKED_NO_LENGTH ? 1 : unchecked_function_length(i);
         left > 0; left--)
        jsonata_push(&u->run->heap, out, item_undefined());
    return item_array(out);
}

static item sort(const struct unchecked *u)
{
    item i = u->arguments[0];
    if (i.kind == ITEM_ARRAY && i.as.array->count <= 1)
        return i;
    if (i.kind == ITEM_ARRAY || i.kind == ITEM_NULL || unchecked_has_length(u, i))
        return unchecked_refuse(u, i.kind == ITEM_ARRAY);
    bool is_short = i.kind == ITEM_STRING && jsonata_count_units(item_string(i)) <= 1;
    if (is_short || unchecked_is_of_length_0(i) || !item_is_undefined(u->arguments[1]))
        return i;
    item failed = jsonata_fail(u->run, "D3070");
    u->run->failure.index = 1;
    return failed;
}

/* What is no function may be long enough to have as many parameters as are asked for. */
static item reduce(const struct unchecked *u)
{
    item f = u->arguments[1];
    if (f.kind != ITEM_FUNCTION && f.kind != ITEM_ARRAY && f.kind != ITEM_STRING)
        return unchecked_refuse(u, 1);
    size_t parameters = f.kind == ITEM_FUNCTION ? jsonata_arity(f)
                        : f.kind == ITEM_ARRAY  ? f.as.array->count
                                                : jsonata_count_units(item_string(f));
    if (parameters < 2) {
        item failed = jsonata_fail(u->run, "D3050");
        u->run->failure.index = 1;
        return failed;
    }
    if (u->arguments[0].kind != ITEM_ARRAY)
        u->arguments[0] = unchecked_as_list(u, 0);
    if (item_is_failed(u->arguments[0]) || f.kind == ITEM_FUNCTION)
        return item_is_failed(u->arguments[0]) ? item_failed() : unchecked_call_native(u);
    return u->arguments[0].as.array->count > 0 ? unchecked_refuse(u, 1) : u->arguments[2];
}

const struct usage unchecked_list_usages[] = {
    {"average", "", average}, {"count", "", count_items}, {"max", "", extreme},
    {"min", "", extreme},     {"reduce", "", reduce},     {"reverse", "", reverse},
    {"sort", "", sort},       {"sum", "", sum},           {NULL, NULL, NULL},
};
