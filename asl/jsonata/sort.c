/* Order-by, and the merge sort behind it and $sort: the reference's algorithm, comparison for
 * comparison, so that comparators that contradict themselves (or fail) do so in the same place.
 */
#include "evaluate.h"

/* ---- merge sort ---- */

struct sorting {
    struct run *run;
    jsonata_after *after;
    void *state;
    uint32_t *order, *spare;
};

static bool merge(struct sorting *s, size_t start, size_t middle, size_t end)
{
    size_t left = start, right = middle, out = start;
    while (left < middle && right < end) {
        bool after = s->after(s->run, s->state, s->order[left], s->order[right]);
        if (s->run->failure.code[0])
            return false;
        s->spare[out++] = s->order[after ? right++ : left++];
    }
    while (left < middle)
        s->spare[out++] = s->order[left++];
    while (right < end)
        s->spare[out++] = s->order[right++];
    for (size_t i = start; i < end; i++)
        s->order[i] = s->spare[i];
    return true;
}

static bool sort_part(struct sorting *s, size_t start, size_t end)
{
    if (end - start < 2)
        return true;
    size_t middle = start + (end - start) / 2;
    return sort_part(s, start, middle) && sort_part(s, middle, end) && merge(s, start, middle, end);
}

bool jsonata_merge_sort(struct run *run, uint32_t *order, size_t count, jsonata_after *after,
                        void *state)
{
    struct sorting s = {run, after, state, order, NULL};
    s.spare = jsonata_arena_allocate(&run->heap.arena, count * sizeof *s.spare);
    if (!s.spare) {
        jsonata_fail_limit(run);
        return false;
    }
    run->failure.code[0] = '\0';
    return sort_part(&s, 0, count);
}

/* ---- order-by ---- */

struct order_by {
    const struct node *node;
    struct array *input;
    struct frame *frame;
    item *keys; /* of item i and term t at [i * terms + t]; ITEM_UNBOUND until needed */
};

static item key(struct run *run, struct order_by *o, size_t index, uint32_t term)
{
    item *place = &o->keys[index * o->node->count + term];
    if (place->kind != ITEM_UNBOUND)
        return *place;
    struct frame *frame;
    item one = jsonata_at(&run->heap, o->input, index);
    item context = jsonata_row_context(run, o->input, one, &frame, o->frame);
    *place = jsonata_evaluate_node(run, o->node->items[term]->lhs, context, frame);
    return *place;
}

static bool is_sortable(item i)
{
    return i.kind == ITEM_STRING || i.kind == ITEM_NUMBER;
}

static int compare_values(item a, item b)
{
    if (a.kind == ITEM_STRING)
        return jsonata_compare_strings(item_string(a), item_string(b));
    if (a.as.number == b.as.number)
        return 0;
    return a.as.number < b.as.number ? -1 : 1; /* NaN: 1, as in the reference */
}

static int fail_keys(struct run *run, const struct order_by *o, item a, item b)
{
    if (!is_sortable(a) || !is_sortable(b)) {
        jsonata_fail_value(run, "T2008", is_sortable(a) ? b : a);
    } else {
        jsonata_fail_value(run, "T2007", a);
        run->failure.value2 = b;
    }
    run->failure.has_position = true;
    run->failure.position = o->node->position;
    return 0;
}

static int compare_terms(struct run *run, struct order_by *o, size_t x, size_t y, uint32_t term)
{
    item a = key(run, o, x, term);
    if (item_is_failed(a))
        return 0;
    item b = key(run, o, y, term);
    if (item_is_failed(b))
        return 0;
    if (item_is_undefined(a))
        return item_is_undefined(b) ? 0 : 1;
    if (item_is_undefined(b))
        return -1;
    if (!is_sortable(a) || !is_sortable(b) || a.kind != b.kind)
        return fail_keys(run, o, a, b);
    int order = compare_values(a, b);
    return o->node->items[term]->descending ? -order : order;
}

static bool is_after(struct run *run, void *state, size_t a, size_t b)
{
    struct order_by *o = state;
    int order = 0;
    run->failure.code[0] = '\0';
    run->steps++;
    for (uint32_t term = 0; order == 0 && term < o->node->count; term++) {
        order = compare_terms(run, o, a, b, term);
        if (run->failure.code[0])
            return false;
    }
    return order > 0;
}

item jsonata_evaluate_sort(struct run *run, const struct node *n, struct array *input,
                           struct frame *frame)
{
    if (input->count <= 1)
        return item_array(input);
    size_t count = input->count, keys = count * n->count;
    uint32_t *order = jsonata_arena_allocate(&run->heap.arena, count * sizeof *order);
    struct order_by o = {n, input, frame,
                         jsonata_arena_allocate(&run->heap.arena, keys * sizeof *o.keys)};
    if (!order || !o.keys)
        return jsonata_fail_limit(run);
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    for (size_t i = 0; i < keys; i++)
        o.keys[i].kind = ITEM_UNBOUND;
    if (!jsonata_merge_sort(run, order, count, is_after, &o))
        return item_failed();
    struct array *sorted = jsonata_array(&run->heap, count);
    for (size_t i = 0; i < count; i++)
        jsonata_push(&run->heap, sorted, jsonata_at(&run->heap, input, order[i]));
    return item_array(sorted);
}
