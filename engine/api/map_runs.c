/* Map runs. Serves: facts 1.2, 1.4, 2.2.
 *
 * ListMapRuns tells what the execution's history tells: which runs began, and when they ended. Runs are
 * not kept by themselves (the children of a distributed Map run inside its execution), so there is
 * nothing that DescribeMapRun could count and UpdateMapRun could change: to them every run is unknown.
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine/api/internal.h"

static void refuse_unknown(struct api_call *call)
{
    struct arn arn;
    struct asl_text text = api_text(call, "mapRunArn");
    if (api_arn(call, "mapRunArn", 1u << ARN_MAP_RUN, &arn))
        api_fail_with(call, "ResourceNotFound", "resourceName", text.data,
                      "Resource not found: '%.*s'", ASL_TEXT_ARGS(text));
}

void api_DescribeMapRun(struct api_call *call)
{
    refuse_unknown(call);
}

void api_UpdateMapRun(struct api_call *call)
{
    refuse_unknown(call);
}

/* ---- ListMapRuns ---- */

struct runs {
    struct api_call *call;
    struct value_list items; /* event id and item, alternating */
    char message[160];
};

static asl_value *item_of(const struct runs *r, const asl_value *event)
{
    struct arn arn;
    char machine[API_ARN_BYTES], name[2 * API_NAME_BYTES];
    struct value_list l;
    const asl_value *details = api_get(event, "mapRunStartedEventDetails");
    const asl_value *run = api_get(details, "mapRunArn");
    value_list_init(&l);
    api_copy_member(&l, r->call->in, "executionArn");
    api_copy_member(&l, details, "mapRunArn");
    if (run && arn_read(value_as_text(run), &arn)) {
        snprintf(name, sizeof name, "%s/%s", arn.name, arn.label);
        api_make_arn(r->call->api, "stateMachine", name, NULL, machine);
        value_list_set_take(&l, "stateMachineArn", value_string_z(machine));
    }
    value_list_set_take(&l, "startDate", value_retain(api_get(event, "timestamp")));
    return value_object_take(&l);
}

/* The end of a run refers to its beginning. */
static void end_run(struct runs *r, const asl_value *event)
{
    int64_t begun = api_document_integer(event, "previousEventId"), id;
    for (size_t i = 0; i < r->items.count; i += 2)
        if (value_as_integer(r->items.items[i], &id) && id == begun)
            r->items.items[i + 1] = api_with_take(r->items.items[i + 1], "stopDate",
                                                  value_retain(api_get(event, "timestamp")));
}

static bool see_event(void *state, int64_t id, const asl_value *event)
{
    struct runs *r = state;
    struct asl_text type = value_as_text(api_get(event, "type"));
    if (asl_text_is(type, "MapRunStarted")) {
        value_list_push_take(&r->items, value_integer(id));
        value_list_push_take(&r->items, item_of(r, event));
    } else if (asl_text_starts(type, "MapRun")) {
        end_run(r, event);
    }
    return true;
}

static bool see_chunk(void *state, int64_t first, int64_t count, struct store_bytes chunk)
{
    struct runs *r = state;
    (void)first, (void)count;
    return asl_history_read(chunk.data, chunk.size, false, see_event, r, r->message);
}

void api_ListMapRuns(struct api_call *call)
{
    struct runs r = {.call = call};
    struct value_list page, l;
    char after[API_ARN_BYTES], next[24];
    int64_t execution = api_execution(call, "executionArn");
    if (!execution || !page_begin(call, after))
        return;
    value_list_init(&r.items);
    value_list_init(&page);
    value_list_init(&l);
    store_read_history(engine_store(call->api->engine), execution, 1, false, see_chunk, &r);
    size_t size = page_size(call), from = (size_t)strtoull(after, NULL, 10), i = from;
    for (; 2 * i < r.items.count && page.count < size; i++)
        value_list_push_take(&page, value_retain(r.items.items[2 * i + 1]));
    value_list_set_take(&l, "mapRuns", value_array_take(&page));
    if (2 * i < r.items.count) {
        snprintf(next, sizeof next, "%zu", i);
        page_set_next(call, &l, next);
    }
    value_list_free(&r.items);
    api_answer_take(call, value_object_take(&l));
}
