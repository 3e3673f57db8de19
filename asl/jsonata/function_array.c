/* Arrays: joining, order, distinct values. */
#include "library.h"

#include <math.h>

NATIVE(append)
{
    UNUSED_IN_NATIVE;
    item joined = jsonata_append(&run->heap, arguments[0], arguments[1]);
    if (joined.kind == ITEM_ARRAY)
        jsonata_charge(run, joined.as.array->count / 16);
    return joined;
}

/* ---- $sort ---- */

struct comparator {
    struct array *input;
    item function; /* undefined: `>` */
};

static bool is_after(struct run *run, void *state, size_t a, size_t b)
{
    struct comparator *c = state;
    item pair[2] = {jsonata_at(&run->heap, c->input, a), jsonata_at(&run->heap, c->input, b)};
    run->steps++;
    if (!item_is_undefined(c->function)) {
        item result = jsonata_call_back(run, c->function, pair, 2);
        if (item_is_failed(result))
            return false;
        run->failure.code[0] = '\0';
        return jsonata_is_javascript_true(result);
    }
    if (pair[0].kind == ITEM_NUMBER)
        return pair[0].as.number > pair[1].as.number;
    return jsonata_compare_strings(item_string(pair[0]), item_string(pair[1])) > 0;
}

/* All numbers or all strings: what can be sorted without a function. */
static bool is_sortable(struct run *run, const struct array *a, bool *failed)
{
    bool numbers = true, strings = true;
    for (uint32_t i = 0; i < a->count && (numbers || strings); i++) {
        item one = jsonata_at(&run->heap, a, i);
        numbers = numbers && jsonata_is_number(run, one, failed);
        strings = strings && one.kind == ITEM_STRING;
        if (*failed)
            return false;
    }
    return numbers || strings;
}

NATIVE(sort)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_ARRAY || arguments[0].as.array->count <= 1)
        return arguments[0];
    struct comparator c = {arguments[0].as.array, arguments[1]};
    size_t length = c.input->count;
    bool failed = false;
    if (item_is_undefined(c.function) && !is_sortable(run, c.input, &failed)) {
        if (failed)
            return item_failed();
        item refused = jsonata_fail(run, "D3070");
        run->failure.index = 1;
        return refused;
    }
    uint32_t *order = jsonata_arena_allocate(&run->heap.arena, length * sizeof *order);
    if (!order)
        return jsonata_fail_limit(run);
    for (size_t i = 0; i < length; i++)
        order[i] = (uint32_t)i;
    if (!jsonata_merge_sort(run, order, length, is_after, &c))
        return item_failed();
    struct array *sorted = jsonata_array(&run->heap, length);
    for (size_t i = 0; i < length; i++)
        jsonata_push(&run->heap, sorted, jsonata_at(&run->heap, c.input, order[i]));
    return item_array(sorted);
}

NATIVE(reverse)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_ARRAY || arguments[0].as.array->count <= 1)
        return arguments[0];
    const struct array *a = arguments[0].as.array;
    struct array *reversed = jsonata_array(&run->heap, a->count);
    jsonata_charge(run, a->count / 16);
    for (uint32_t i = a->count; i-- > 0;)
        jsonata_push(&run->heap, reversed, jsonata_at(&run->heap, a, i));
    return item_array(reversed);
}

NATIVE(shuffle)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_ARRAY || arguments[0].as.array->count <= 1)
        return arguments[0];
    const struct array *a = arguments[0].as.array;
    struct array *out = jsonata_array(&run->heap, a->count);
    jsonata_charge(run, a->count / 4);
    for (uint32_t i = 0; i < a->count; i++) {
        double random = run->env->random ? run->env->random(run->env->state) : 0;
        uint32_t j = (uint32_t)(random * (i + 1.0));
        jsonata_push(&run->heap, out, item_undefined());
        if (run->heap.arena.exhausted)
            return jsonata_fail_limit(run);
        if (j > i)
            j = i;
        if (i != j)
            out->items[i] = out->items[j];
        out->items[j] = jsonata_at(&run->heap, a, i);
    }
    return item_array(out);
}

/* ---- $distinct ---- */

/* Strings are found again through an index; others are compared one by one. */
struct seen {
    struct object *strings;
    struct array *others;
};

static bool is_new(struct run *run, struct seen *seen, item one)
{
    if (one.kind == ITEM_STRING) {
        if (jsonata_find(seen->strings, item_string(one)) != UINT32_MAX)
            return false;
        jsonata_set(&run->heap, seen->strings, item_string(one), item_undefined());
        return true;
    }
    for (uint32_t i = 0; i < seen->others->count; i++)
        if (jsonata_equal(run, one, seen->others->items[i]))
            return false;
    jsonata_charge(run, seen->others->count / 16);
    jsonata_push(&run->heap, seen->others, one);
    return true;
}

NATIVE(distinct)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_ARRAY || arguments[0].as.array->count <= 1)
        return arguments[0];
    const struct array *a = arguments[0].as.array;
    struct seen seen = {jsonata_object(&run->heap, 8), jsonata_array(&run->heap, 8)};
    struct array *out = jsonata_array(&run->heap, 8);
    out->sequence = a->sequence;
    for (uint32_t i = 0; i < a->count; i++) {
        item one = jsonata_at(&run->heap, a, i);
        run->steps++;
        if (jsonata_is_over(run))
            return jsonata_fail_limit(run);
        if (is_new(run, &seen, one))
            jsonata_push(&run->heap, out, one);
    }
    return item_array(out);
}

NATIVE(zip)
{
    UNUSED_IN_NATIVE;
    uint32_t length = count == 0 ? 0 : UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        uint32_t one = arguments[i].kind == ITEM_ARRAY ? arguments[i].as.array->count : 0;
        length = one < length ? one : length;
    }
    struct array *out = jsonata_array(&run->heap, length);
    for (uint32_t i = 0; i < length && !run->heap.arena.exhausted; i++) {
        struct array *row = jsonata_array(&run->heap, count);
        for (size_t j = 0; j < count; j++)
            jsonata_push(&run->heap, row, jsonata_at(&run->heap, arguments[j].as.array, i));
        jsonata_push(&run->heap, out, item_array(row));
    }
    jsonata_charge(run, length / 4);
    return item_array(out);
}

const struct native jsonata_array_functions[] = {
    {"append", "<xx:a>", 2, 2, append},
    {"sort", "<af?:a>", 2, 2, sort},
    {"reverse", "<a:a>", 1, 1, reverse},
    {"shuffle", "<a:a>", 1, 1, shuffle},
    {"distinct", "<x:x>", 1, 1, distinct},
    {"zip", "<a+>", 1, 0, zip},
    {NULL, NULL, 0, 0, NULL},
};
