/* Objects: keys, look-up, spreading and merging. */
#include "library.h"

static void collect_keys(struct run *run, item i, struct object *found)
{
    run->steps++;
    if (jsonata_is_over(run))
        return;
    if (i.kind == ITEM_ARRAY) {
        for (uint32_t at = 0; at < i.as.array->count; at++)
            collect_keys(run, jsonata_at(&run->heap, i.as.array, at), found);
    } else if (item_is_object(i)) {
        struct members m = jsonata_members(&run->heap, i);
        for (size_t at = 0; at < m.count; at++)
            jsonata_set_item(&run->heap, found, jsonata_member_key_item(&m, at), item_undefined());
    }
}

NATIVE(keys)
{
    UNUSED_IN_NATIVE;
    item from = arguments[0];
    struct array *out = jsonata_sequence(&run->heap);
    if (from.kind == ITEM_ARRAY) { /* each key once, over all objects */
        struct object *found = jsonata_object(&run->heap, 8);
        collect_keys(run, from, found);
        from = item_object(found);
    }
    if (item_is_object(from)) {
        struct members m = jsonata_members(&run->heap, from);
        for (size_t i = 0; i < m.count; i++)
            jsonata_push(&run->heap, out, jsonata_member_key_item(&m, i));
        jsonata_charge(run, m.count / 8);
    }
    return item_array(out);
}

NATIVE(lookup)
{
    UNUSED_IN_NATIVE;
    if (arguments[1].kind != ITEM_STRING)
        return item_undefined();
    return jsonata_step_name(run, arguments[0], item_string(arguments[1]));
}

static void spread_into(struct run *run, item i, struct array *out)
{
    run->steps++;
    if (jsonata_is_over(run))
        return;
    if (i.kind == ITEM_ARRAY) {
        for (uint32_t at = 0; at < i.as.array->count; at++)
            spread_into(run, jsonata_at(&run->heap, i.as.array, at), out);
    } else if (item_is_object(i)) {
        struct members m = jsonata_members(&run->heap, i);
        for (size_t at = 0; at < m.count; at++) {
            struct object *one = jsonata_object(&run->heap, 1);
            jsonata_add(&run->heap, one, jsonata_member_key_item(&m, at),
                        jsonata_member_value(&run->heap, &m, at));
            jsonata_push(&run->heap, out, item_object(one));
        }
    } else if (!item_is_undefined(i)) {
        jsonata_push(&run->heap, out, i);
    }
}

NATIVE(spread)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_ARRAY && !item_is_object(arguments[0]))
        return arguments[0];
    struct array *out = jsonata_sequence(&run->heap);
    spread_into(run, arguments[0], out);
    /* joining the parts of an array leaves a plain one; undefined ones are no parts */
    const struct array *parts = arguments[0].kind == ITEM_ARRAY ? arguments[0].as.array : NULL;
    for (uint32_t i = 0; parts && out->sequence && i < parts->count; i++)
        out->sequence = item_is_undefined(jsonata_at(&run->heap, parts, i));
    return item_array(out);
}

NATIVE(merge)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_ARRAY)
        return item_undefined();
    const struct array *a = arguments[0].as.array;
    struct object *out = jsonata_object(&run->heap, 8);
    for (uint32_t i = 0; i < a->count; i++) {
        item one = jsonata_at(&run->heap, a, i);
        if (!item_is_object(one))
            continue;
        struct members m = jsonata_members(&run->heap, one);
        jsonata_charge(run, 1 + m.count / 4);
        for (size_t at = 0; at < m.count; at++)
            jsonata_set_item(&run->heap, out, jsonata_member_key_item(&m, at),
                             jsonata_member_value(&run->heap, &m, at));
    }
    return item_object(out);
}

const struct native jsonata_object_functions[] = {
    {"keys", "<x-:a<s>>", 1, 1, keys},
    {"lookup", "<x-s:x>", 2, 2, lookup},
    {"spread", "<x-:a<o>>", 1, 1, spread},
    {"merge", "<a<o>:o>", 1, 1, merge},
    {NULL, NULL, 0, 0, NULL},
};
