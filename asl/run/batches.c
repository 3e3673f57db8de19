/* ItemBatcher: items to batches, by number and by size.
 * Serves: ASL spec "ItemBatcher". A batch takes items until the next one would pass a limit; an
 * item that alone is over the size stands alone.
 */
#include "run.h"

struct batcher {
    int64_t items_most, bytes_most;
    asl_value *input; /* BatchInput, or NULL */
};

static asl_value *batch_take(const struct batcher *b, struct value_list *items)
{
    struct value_list l;
    value_list_init(&l);
    if (b->input)
        value_list_set_take(&l, "BatchInput", value_retain(b->input));
    value_list_set_take(&l, "Items", value_array_take(items));
    return value_object_take(&l);
}

static asl_value *split(const struct batcher *b, const asl_value *items)
{
    struct value_list batches, open;
    int64_t bytes = 0;
    value_list_init(&batches);
    value_list_init(&open);
    for (size_t i = 0; i < value_count(items); i++) {
        const asl_value *item = value_at(items, i);
        int64_t size = (int64_t)value_size(item) + 1; /* with its comma */
        if (open.count && ((int64_t)open.count >= b->items_most || bytes + size > b->bytes_most)) {
            value_list_push_take(&batches, batch_take(b, &open));
            bytes = 0;
        }
        value_list_push_take(&open, value_retain(item));
        bytes += size;
    }
    if (open.count)
        value_list_push_take(&batches, batch_take(b, &open));
    value_list_free(&open);
    return value_array_take(&batches);
}

asl_value *batches_of(struct run *r, const struct state *s, const asl_value *items,
                      const asl_value *effective)
{
    const struct item_batcher *made = &s->of.map.batcher;
    struct batcher b = {0};
    bool fine =
        flow_integer(r, &made->max_items, effective, 1, INT64_MAX, INT64_MAX, &b.items_most) &&
        flow_integer(r, &made->max_bytes, effective, 1, PAYLOAD_MAXIMUM, PAYLOAD_MAXIMUM,
                     &b.bytes_most);
    if (fine && made->input)
        fine = (b.input = flow_template(r, made->input, effective)) != NULL;
    asl_value *batches = fine ? split(&b, items) : NULL;
    value_release(b.input);
    return batches;
}
