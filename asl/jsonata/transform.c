/* Transforms: | pattern | update, delete |. The object is copied; what the pattern finds in the
 * copy is changed in place.
 */
#include "evaluate.h"

static item fail_at(struct run *run, const struct node *n, const char *code, item value)
{
    item failed = jsonata_fail_value(run, code, value);
    run->failure.has_position = true;
    run->failure.position = n->position;
    return failed;
}

static item update(struct run *run, const struct node *n, item match, struct frame *frame)
{
    item update = jsonata_evaluate_node(run, n->rhs, match, frame);
    if (item_is_failed(update) || item_is_undefined(update))
        return update;
    if (!item_is_object(update))
        return fail_at(run, n->rhs, "T2011", update);
    struct members m = jsonata_members(&run->heap, update);
    if (m.count > 0 && !item_is_object(match) && match.kind != ITEM_ARRAY &&
        match.kind != ITEM_FUNCTION)
        return fail_at(run, n->rhs, "T2014", match);
    for (size_t i = 0; match.kind == ITEM_OBJECT && i < m.count; i++)
        jsonata_set_item(&run->heap, match.as.object, jsonata_member_key_item(&m, i),
                         jsonata_member_value(&run->heap, &m, i));
    return update;
}

static item delete_keys(struct run *run, const struct node *n, item match, struct frame *frame)
{
    item keys = jsonata_evaluate_node(run, n->third, match, frame);
    if (item_is_failed(keys) || item_is_undefined(keys))
        return keys;
    const struct array *list = jsonata_as_array(&run->heap, keys);
    for (uint32_t i = 0; i < list->count; i++)
        if (jsonata_at(&run->heap, list, i).kind != ITEM_STRING)
            return fail_at(run, n->third, "T2012", keys);
    for (uint32_t i = 0; match.kind == ITEM_OBJECT && i < list->count; i++)
        jsonata_delete(match.as.object, item_string(jsonata_at(&run->heap, list, i)));
    return keys;
}

/* $clone may be bound anew by the expression. */
static item copy(struct run *run, const struct node *n, struct frame *frame, item object)
{
    item clone = jsonata_lookup(run, frame, n->symbol);
    if (clone.kind != ITEM_FUNCTION)
        return fail_at(run, n, "T2013", item_undefined());
    return jsonata_apply(run, clone, &object, 1, (item){.kind = ITEM_NULL}, frame);
}

item jsonata_transform(struct run *run, const struct node *n, struct frame *frame, item object)
{
    if (item_is_undefined(object))
        return object;
    item result = copy(run, n, frame, object);
    if (item_is_failed(result))
        return result;
    item matches = jsonata_evaluate_node(run, n->lhs, result, frame);
    if (item_is_failed(matches))
        return matches;
    if (item_is_undefined(matches))
        return result;
    struct array *list = jsonata_as_array(&run->heap, matches);
    for (uint32_t i = 0; i < list->count; i++) {
        item match = jsonata_at(&run->heap, list, i);
        item done = update(run, n, match, frame);
        if (!item_is_failed(done) && n->third)
            done = delete_keys(run, n, match, frame);
        if (item_is_failed(done))
            return done;
    }
    return result;
}
