/* Object constructors and grouping: `{key: value, ...}` alone or behind an expression. Items are
 * sorted into groups by their keys first; then each group's value is evaluated once.
 */
#include "evaluate.h"

/* What append makes of item after item, without copying at every one. */
struct gathered {
    item data;
    struct array *grown; /* the array of `data`, once it is ours */
};

static void gather(struct run *run, struct gathered *g, item more)
{
    if (item_is_undefined(more))
        return;
    if (item_is_undefined(g->data)) {
        g->data = more;
        return;
    }
    if (!g->grown) {
        g->grown = jsonata_array(&run->heap, 8);
        if (g->data.kind == ITEM_ARRAY)
            jsonata_push_all(&run->heap, g->grown, g->data.as.array);
        else
            jsonata_push(&run->heap, g->grown, g->data);
        g->data = item_array(g->grown);
    }
    if (more.kind == ITEM_ARRAY)
        jsonata_push_all(&run->heap, g->grown, more.as.array);
    else
        jsonata_push(&run->heap, g->grown, more);
}

struct entry {
    struct gathered data;
    uint32_t pair;
};

struct grouping {
    struct run *run;
    const struct group *group;
    struct frame *frame;
    const struct array *items;
    bool reduce;           /* the items are rows */
    struct object *places; /* key -> number of its entry */
    struct entry *entries;
    uint32_t count, capacity;
};

static item fail_key(struct run *run, const struct group *g, const char *code, item key)
{
    jsonata_fail_value(run, code, key);
    run->failure.has_position = g->position != JSONATA_NO_POSITION;
    run->failure.position = g->position;
    return item_failed();
}

/* A string, undefined (no member), or failed. */
static item evaluate_key(struct run *run, const struct group *g, uint32_t pair, item context,
                         struct frame *frame)
{
    const struct node *n = g->items[2 * pair];
    item key = n->type == NODE_STRING && !n->predicates && !n->group
                   ? n->value
                   : jsonata_evaluate_node(run, n, context, frame);
    if (item_is_failed(key) || item_is_undefined(key))
        return key;
    if (key.kind != ITEM_STRING)
        return fail_key(run, g, "T1003", key);
    if (key.size > 0 && key.as.text[0] == '_' &&
        (asl_text_is(item_string(key), "_jsonata_lambda") ||
         asl_text_is(item_string(key), "_jsonata_function")))
        return fail_key(run, g, "D1013", key);
    return key;
}

static bool add_to_group(struct grouping *g, item key, item data, uint32_t pair)
{
    uint32_t place = jsonata_find(g->places, item_string(key));
    if (place != UINT32_MAX) {
        struct entry *e = &g->entries[(size_t)g->places->members[place].value.as.number];
        if (e->pair != pair)
            return fail_key(g->run, g->group, "D1009", key), false;
        gather(g->run, &e->data, data);
        return true;
    }
    if (g->count == g->capacity) {
        uint32_t capacity = g->capacity ? 2 * g->capacity : 8;
        struct entry *more = jsonata_arena_grow(
            &g->run->heap.arena, g->entries, g->capacity * sizeof *more, capacity * sizeof *more);
        if (!more)
            return jsonata_fail_limit(g->run), false;
        g->entries = more;
        g->capacity = capacity;
    }
    jsonata_add(&g->run->heap, g->places, key, item_number(g->count));
    g->entries[g->count++] = (struct entry){{data, NULL}, pair};
    return true;
}

static bool sort_into_groups(struct grouping *g, item one)
{
    struct frame *frame;
    item context = jsonata_row_context(g->run, g->items, one, &frame, g->frame);
    if (!g->reduce)
        one = context; /* as a value */
    for (uint32_t pair = 0; pair < g->group->count / 2; pair++) {
        item key = evaluate_key(g->run, g->group, pair, context, frame);
        if (item_is_failed(key))
            return false;
        if (!item_is_undefined(key) && !add_to_group(g, key, one, pair))
            return false;
    }
    return true;
}

/* The rows of a group as one: every binding holds all their values. */
static const struct tuple *reduce_rows(struct run *run, item data)
{
    const struct array *rows = data.as.array;
    const struct tuple *first = jsonata_row(jsonata_at(&run->heap, rows, 0));
    uint32_t most = 0;
    for (uint32_t i = 0; i < rows->count; i++)
        if (jsonata_row(jsonata_at(&run->heap, rows, i))->count > most)
            most = jsonata_row(jsonata_at(&run->heap, rows, i))->count;
    struct tuple *all = jsonata_tuple(run, first, first->at, most);
    struct gathered at = {first->at, NULL};
    struct gathered *values =
        jsonata_arena_allocate(&run->heap.arena, ((size_t)all->count + 1) * sizeof *values);
    if (!values)
        return first;
    for (uint32_t b = 0; b < all->count; b++)
        values[b] = (struct gathered){all->bindings[b].value, NULL};
    for (uint32_t i = 1; i < rows->count; i++) {
        const struct tuple *row = jsonata_row(jsonata_at(&run->heap, rows, i));
        gather(run, &at, row->at);
        for (uint32_t b = 0; b < row->count; b++)
            for (uint32_t to = 0; to < all->count; to++)
                if (all->bindings[to].symbol == row->bindings[b].symbol)
                    gather(run, &values[to], row->bindings[b].value);
    }
    all->at = at.data;
    for (uint32_t b = 0; b < all->count; b++)
        all->bindings[b].value = values[b].data;
    return all;
}

/* As the reference does to a row that is alone in its group: where it is in another group too, that
 * one has no context. */
static void take_context(struct tuple *row)
{
    row->at = item_undefined();
    if (row->value)
        jsonata_delete(row->value, ASL_TEXT("@"));
}

static item evaluate_values(struct grouping *g)
{
    struct heap *h = &g->run->heap;
    struct object *result = jsonata_object(h, g->count);
    struct members m = jsonata_members(h, item_object(g->places));
    for (size_t i = 0; i < m.count; i++) {
        const struct entry *e = &g->entries[(size_t)jsonata_member_value(h, &m, i).as.number];
        item context = e->data.data;
        struct frame *frame = g->frame;
        if (g->reduce) {
            struct tuple *row = jsonata_row(context);
            const struct tuple *all = row ? row : reduce_rows(g->run, context);
            context = all->at;
            frame = jsonata_row_frame(g->run, frame, all);
            if (row)
                take_context(row);
        }
        item value =
            jsonata_evaluate_node(g->run, g->group->items[2 * e->pair + 1], context, frame);
        if (item_is_failed(value))
            return value;
        if (!item_is_undefined(value))
            jsonata_add(h, result, jsonata_member_key_item(&m, i), value);
    }
    return item_object(result);
}

/* One item, few pairs: no groups to find. (Not when a key may spell an array index: JavaScript has
 * those members first, and their values are evaluated first.) */
#define PAIRS_FEW 16

static bool may_be_index(item key)
{
    return key.kind == ITEM_STRING && key.size > 0 && key.as.text[0] >= '0' &&
           key.as.text[0] <= '9';
}

/* Undefined when that is not the way. */
static item construct(struct run *run, const struct group *g, item context, struct frame *frame)
{
    item keys[PAIRS_FEW];
    uint32_t pairs = g->count / 2;
    for (uint32_t i = 0; i < pairs; i++) {
        keys[i] = evaluate_key(run, g, i, context, frame);
        if (item_is_failed(keys[i]))
            return keys[i];
        if (pairs > 1 && may_be_index(keys[i]))
            return item_undefined();
        for (uint32_t j = 0; keys[i].kind == ITEM_STRING && j < i; j++)
            if (keys[j].kind == ITEM_STRING &&
                asl_text_equal(item_string(keys[i]), item_string(keys[j])))
                return fail_key(run, g, "D1009", keys[i]);
    }
    struct object *result = jsonata_object(&run->heap, pairs);
    for (uint32_t i = 0; i < pairs; i++) {
        if (item_is_undefined(keys[i]))
            continue;
        item value = jsonata_evaluate_operand(run, g->items[2 * i + 1], context, frame);
        if (item_is_failed(value))
            return value;
        if (!item_is_undefined(value))
            jsonata_add(&run->heap, result, keys[i], value);
    }
    return item_object(result);
}

item jsonata_evaluate_group(struct run *run, const struct group *group, item input,
                            struct frame *frame)
{
    if (input.kind != ITEM_ARRAY && group->count / 2 <= PAIRS_FEW) {
        item made = construct(run, group, input, frame);
        if (!item_is_undefined(made))
            return made;
    }
    struct array *items = jsonata_as_array(&run->heap, input);
    struct grouping g = {
        .run = run, .group = group, .frame = frame, .items = items, .reduce = items->tuples};
    g.places = jsonata_object(&run->heap, 8);
    if (items->count == 0 && !g.reduce && !sort_into_groups(&g, item_undefined()))
        return item_failed();
    for (uint32_t i = 0; i < items->count; i++)
        if (!sort_into_groups(&g, jsonata_at(&run->heap, items, i)))
            return item_failed();
    return evaluate_values(&g);
}
