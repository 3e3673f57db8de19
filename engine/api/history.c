/* GetExecutionHistory: pages of events, either way round. Serves: facts 1.2, 1.3, 2. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/api/map_runs.h"

#define PAGE_BYTES ((size_t)16 << 20) /* a page of large events ends early, as AWS's do */

struct reading {
    struct value_list events;
    size_t size, bytes;
    int64_t from, next; /* ids */
    bool reverse, include_data, more, damaged;
    struct value_list chunk; /* of a chunk read backwards */
    char message[160];
};

static int64_t id_of(const asl_value *event)
{
    return api_document_integer(event, "id");
}

static bool add(struct reading *r, const asl_value *event)
{
    int64_t id = id_of(event);
    if (r->reverse ? id > r->from : id < r->from)
        return true;
    if (r->events.count == r->size || (r->events.count && r->bytes > PAGE_BYTES)) {
        r->more = true;
        r->next = id;
        return false;
    }
    r->bytes += value_size(event);
    value_list_push_take(&r->events, value_retain(event));
    return true;
}

static bool see_event(void *state, int64_t id, const asl_value *event)
{
    struct reading *r = state;
    (void)id;
    if (!r->reverse)
        return add(r, event);
    value_list_push_take(&r->chunk, value_retain(event));
    return true;
}

static bool see_chunk(void *state, int64_t first, int64_t count, struct store_bytes bytes)
{
    struct reading *r = state;
    (void)first, (void)count;
    value_list_init(&r->chunk);
    if (!asl_history_read(bytes.data, bytes.size, r->include_data, see_event, r, r->message))
        r->damaged = true;
    for (size_t i = r->chunk.count; i-- > 0 && !r->more;)
        add(r, r->chunk.items[i]);
    value_list_free(&r->chunk);
    return !r->more && !r->damaged;
}

/* False: there is no such child. */
static bool read_child(struct api *a, const struct map_child *child, struct reading *r)
{
    value_list_init(&r->chunk);
    bool found = map_child_events(a, child, r->include_data, see_event, r);
    for (size_t i = r->chunk.count; i-- > 0 && !r->more;)
        add(r, r->chunk.items[i]);
    value_list_free(&r->chunk);
    return found;
}

void api_GetExecutionHistory(struct api_call *call)
{
    char after[API_ARN_BYTES], place[24];
    struct map_child child;
    bool is_child = map_child_of(api_text(call, "executionArn"), &child) &&
                    child.arn.kind == ARN_EXECUTION && api_is_here(call, &child.arn);
    int64_t id = is_child ? child.execution : api_execution(call, "executionArn");
    if (!id || !page_begin(call, after))
        return;
    const asl_value *include = api_get(call->in, "includeExecutionData");
    struct reading r = {
        .size = page_size(call),
        .reverse = api_flag(call, "reverseOrder"),
        .include_data = !include || value_is_true(include),
    };
    r.from = after[0] ? strtoll(after, NULL, 10) : r.reverse ? INT64_MAX : 1;
    value_list_init(&r.events);
    if (is_child && !read_child(call->api, &child, &r)) {
        value_list_free(&r.events);
        api_fail(call, "ExecutionDoesNotExist", "Execution Does Not Exist: '%.*s'",
                 ASL_TEXT_ARGS(api_text(call, "executionArn")));
        return;
    }
    if (!is_child)
        store_read_history(engine_store(call->api->engine), id, r.from, r.reverse, see_chunk, &r);
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "events", value_array_take(&r.events));
    if (r.more) {
        snprintf(place, sizeof place, "%" PRId64, r.next);
        page_set_next(call, &l, place);
    }
    asl_value *out = value_object_take(&l);
    if (r.damaged) {
        value_release(out);
        api_fail(call, "InternalServerException", "The history does not read back: %s", r.message);
    } else {
        api_answer_take(call, out);
    }
}
