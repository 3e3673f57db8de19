/* Map runs. Serves: facts 1.2, 1.4, 2.2.
 *
 * The engine keeps what a run began and ended with (engine.h, map runs); how far one is that goes
 * on is asked of its execution. The children of a distributed Map run inside of it; map_children.c
 * shows them as the executions that they are to whoever asks.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/api/map_runs.h"

#define REDRIVES_MAXIMUM 1000 /* of one run; the Map fails with States.Runtime behind it */

/* ---- finding ---- */

static bool take_text(void *state, const char *key, struct store_bytes value)
{
    (void)key;
    asl_buffer_put(state, value.data, value.size);
    return false;
}

static bool take_document(void *state, const char *key, struct store_bytes value)
{
    (void)key;
    *(asl_value **)state = value_parse((struct asl_text){value.data, value.size}, 0, 0, NULL);
    return false;
}

/* Children are redriven with their execution, as long as it can be and their Map has not done with
 * them
 * ("Redrive eligibility for child workflows in a Map Run"). */
static void judge(struct map_run *run, const asl_execution *x)
{
    const asl_value *status = api_get(run->end, "status");
    if (status && asl_text_is(value_as_text(status), "SUCCEEDED"))
        snprintf(run->why_not, sizeof run->why_not, "Map Run is SUCCEEDED and cannot be redriven");
    else if (api_document_integer(run->redriven, "redriveCount") >= REDRIVES_MAXIMUM)
        snprintf(run->why_not, sizeof run->why_not, "Map Run redrive limit exceeded");
    else if (run->status == ASL_RUNNING || !describe_not_redrivable(x, run->asked, run->why_not))
        run->why_not[0] = '\0';
}

static void see_execution(void *state, const asl_execution *x)
{
    struct map_run *run = state;
    run->status = asl_execution_status(x);
    run->stopped = asl_execution_stopped(x);
    run->execution_arn = asl_copy_text(asl_execution_arn(x));
    run->is_live = !run->end && asl_execution_map_run(x, run->started, &run->now);
    run->is_over = run->end || run->status != ASL_RUNNING;
    judge(run, x);
}

void map_run_free(struct map_run *run)
{
    value_release(run->beginning);
    value_release(run->end);
    value_release(run->redriven);
    free(run->execution_arn);
}

bool map_run_read(struct api *a, int64_t execution, int64_t started, struct map_run *run)
{
    struct store *store = engine_store(a->engine);
    char key[64], end[72];
    *run = (struct map_run){
        .execution = execution, .started = started, .asked = loop_now(engine_loop(a->engine))};
    snprintf(key, sizeof key, "%019" PRId64 ":%" PRId64, execution, started);
    snprintf(end, sizeof end, "%s.end", key);
    store_get_document(store, ENGINE_MAP_RUNS, key, take_document, &run->beginning);
    store_get_document(store, ENGINE_MAP_RUNS, end, take_document, &run->redriven);
    if (api_get(run->redriven, "status"))
        run->end = value_retain(run->redriven);
    bool fine = run->beginning && engine_look(a->engine, run->execution, see_execution, run);
    if (!fine)
        map_run_free(run);
    return fine;
}

static bool read_run(struct api *a, struct asl_text arn, struct map_run *run)
{
    struct asl_buffer key;
    int64_t execution, started;
    asl_buffer_init(&key, 128);
    store_get_document(engine_store(a->engine), ENGINE_MAP_RUNS, arn.data, take_text, &key);
    bool fine = key.size && sscanf(key.data, "%" SCNd64 ":%" SCNd64, &execution, &started) == 2;
    asl_buffer_free(&key);
    return fine && map_run_read(a, execution, started, run);
}

bool map_run_find(struct api_call *call, struct map_run *run)
{
    struct arn arn;
    struct asl_text text = api_text(call, "mapRunArn");
    if (!api_arn(call, "mapRunArn", 1u << ARN_MAP_RUN, &arn))
        return false;
    if (api_is_here(call, &arn) && read_run(call->api, text, run))
        return true;
    api_fail_with(call, "ResourceNotFound", "resourceName", text.data, "Resource not found: '%.*s'",
                  ASL_TEXT_ARGS(text));
    return false;
}

/* ---- DescribeMapRun ---- */

static const char *status_of(const struct map_run *run)
{
    const asl_value *status = api_get(run->end, "status");
    return status ? value_as_text(status).data : run->is_over ? "ABORTED" : "RUNNING";
}

static asl_value *counts_of(const struct map_run *run)
{
    const asl_value *end = run->end;
    bool was_stopped = !end && run->is_over;
    int64_t total = api_document_integer(end ? end : run->beginning, "total");
    int64_t waiting = run->is_live ? (int64_t)run->now.pending_redrive : 0;
    int64_t failed = (int64_t)run->now.failed + (was_stopped ? waiting : 0);
    int64_t running = run->is_live ? (int64_t)run->now.running : 0;
    int64_t succeeded = end ? api_document_integer(end, "succeeded") : (int64_t)run->now.succeeded;
    int64_t aborted = end ? api_document_integer(end, "aborted") : was_stopped ? running : 0;
    if (end)
        failed = api_document_integer(end, "failed");
    const struct {
        const char *name;
        int64_t count;
    } counts[] = {
        {"pending", end            ? api_document_integer(end, "pending")
                    : run->is_live ? (int64_t)run->now.pending
                                   : total},
        {"running", was_stopped ? 0 : running},
        {"succeeded", succeeded},
        {"failed", failed},
        {"timedOut", 0},
        {"aborted", aborted},
        {"total", total},
        {"resultsWritten", strcmp(status_of(run), "SUCCEEDED") == 0 ? succeeded : 0},
        {"failuresNotRedrivable", run->why_not[0] ? failed + aborted : 0},
        {"pendingRedrive", was_stopped ? 0 : waiting},
    };
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        value_list_set_take(&l, counts[i].name, value_integer(counts[i].count));
    return value_object_take(&l);
}

void api_DescribeMapRun(struct api_call *call)
{
    struct map_run run;
    struct value_list l;
    if (!map_run_find(call, &run))
        return;
    value_list_init(&l);
    api_copy_member(&l, call->in, "mapRunArn");
    value_list_set_take(&l, "executionArn", value_string_z(run.execution_arn));
    value_list_set_take(&l, "status", value_string_z(status_of(&run)));
    api_copy_time(&l, run.beginning, "startDate");
    if (run.end)
        api_copy_time(&l, run.end, "stopDate");
    else if (run.is_over)
        value_list_set_take(&l, "stopDate", describe_time(run.stopped));
    if (run.is_live)
        value_list_set_take(&l, "maxConcurrency", value_integer((int64_t)run.now.concurrency));
    else
        api_copy_member(&l, run.end ? run.end : run.beginning, "maxConcurrency");
    api_copy_member(&l, run.beginning, "toleratedFailurePercentage");
    api_copy_member(&l, run.beginning, "toleratedFailureCount");
    asl_value *counts = counts_of(&run);
    value_list_set_take(&l, "itemCounts", value_retain(counts));
    value_list_set_take(&l, "executionCounts", counts);
    int64_t redrives = api_document_integer(run.redriven, "redriveCount");
    value_list_set_take(&l, "redriveCount", value_integer(redrives));
    if (redrives > 0)
        api_copy_time(&l, run.redriven, "redriveDate");
    map_run_free(&run);
    api_answer_take(call, value_object_take(&l));
}

/* ---- UpdateMapRun ---- */

static void updated(void *state, enum engine_outcome outcome)
{
    struct api_call *call = state;
    if (outcome == ENGINE_OK)
        api_answer_empty(call);
    else
        api_fail_with(call, "ValidationException", "reason", "CANNOT_UPDATE_COMPLETED_MAP_RUN",
                      "Map Run is completed and cannot be updated");
}

/* How many failures are tolerated from now on. */
static int64_t tolerated_of(const struct api_call *call, const struct map_run *run)
{
    const asl_value *share = api_get(call->in, "toleratedFailurePercentage");
    int64_t total = api_document_integer(run->beginning, "total");
    int64_t by_share = share ? (int64_t)((double)total * value_as_double(share) / 100) : total;
    int64_t by_count = api_integer(call, "toleratedFailureCount", total);
    return by_share < by_count ? by_share : by_count;
}

/* The document tells the new values from now on. */
static void keep_changes(struct api_call *call, const struct map_run *run)
{
    static const char *const members[] = {"maxConcurrency", "toleratedFailureCount",
                                          "toleratedFailurePercentage"};
    char key[64];
    struct asl_buffer scratch;
    asl_value *v = value_retain(run->beginning);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (api_get(call->in, members[i]))
            v = api_with_take(v, members[i], value_retain(api_get(call->in, members[i])));
    asl_buffer_init(&scratch, 1 << 20);
    struct asl_text text = value_compact(v, &scratch);
    snprintf(key, sizeof key, "%019" PRId64 ":%" PRId64, run->execution, run->started);
    engine_put_document(call->api->engine, ENGINE_MAP_RUNS, key,
                        (struct store_bytes){text.data, text.size});
    asl_buffer_free(&scratch);
    value_release(v);
}

static void update(struct api_call *call, const struct map_run *run, bool tolerance)
{
    struct value_list l;
    value_list_init(&l);
    api_copy_member(&l, call->in, "maxConcurrency");
    if (tolerance)
        value_list_set_take(&l, "toleratedFailures", value_integer(tolerated_of(call, run)));
    asl_value *changes = value_object_take(&l);
    const struct asl_event event = {
        .kind = ASL_MAP_RUN_UPDATED, .task = run->started, .output = changes};
    if (!run->is_over)
        keep_changes(call, run);
    engine_task_event(call->api->engine, run->execution, &event, updated, call);
    value_release(changes);
}

void api_UpdateMapRun(struct api_call *call)
{
    struct map_run run;
    bool tolerance = api_get(call->in, "toleratedFailurePercentage") ||
                     api_get(call->in, "toleratedFailureCount");
    bool nothing = !tolerance && !api_get(call->in, "maxConcurrency");
    if (!map_run_find(call, &run))
        return;
    if (nothing)
        api_fail_with(call, "ValidationException", "reason", "MISSING_REQUIRED_PARAMETER",
                      "Must specify at least one of the following: maxConcurrency, "
                      "toleratedFailurePercentage, toleratedFailureCount");
    else
        update(call, &run, tolerance);
    map_run_free(&run);
}

/* ---- ListMapRuns ---- */

struct runs {
    struct api_call *call;
    struct value_list items; /* event id and item, alternating */
    char message[160];
};

static asl_value *item_of(const struct runs *r, const asl_value *details, const asl_value *started)
{
    struct arn arn;
    char machine[API_ARN_BYTES], name[2 * API_NAME_BYTES];
    struct value_list l;
    const asl_value *run = api_get(details, "mapRunArn");
    value_list_init(&l);
    api_copy_member(&l, r->call->in, "executionArn");
    api_copy_member(&l, details, "mapRunArn");
    if (run && arn_read(value_as_text(run), &arn)) {
        snprintf(name, sizeof name, "%s/%s", arn.name, arn.label);
        api_make_arn(&arn.scope, "stateMachine", name, NULL, machine);
        value_list_set_take(&l, "stateMachineArn", value_string_z(machine));
    }
    value_list_set_take(&l, "startDate", value_retain(started));
    return value_object_take(&l);
}

static void begin_run(struct runs *r, int64_t id, const asl_value *event)
{
    value_list_push_take(&r->items, value_integer(id));
    value_list_push_take(&r->items, item_of(r, api_get(event, "mapRunStartedEventDetails"),
                                            api_get(event, "timestamp")));
}

/* It goes on, and its end will refer to this. */
static void redrive_run(struct runs *r, int64_t id, const asl_value *event)
{
    const asl_value *details = api_get(event, "mapRunRedrivenEventDetails");
    const asl_value *arn = api_get(details, "mapRunArn");
    for (size_t i = 0; arn && i < r->items.count; i += 2) {
        asl_value *item = r->items.items[i + 1];
        if (!value_equal(api_get(item, "mapRunArn"), arn))
            continue;
        value_release(r->items.items[i]);
        r->items.items[i] = value_integer(id);
        r->items.items[i + 1] = item_of(r, details, api_get(item, "startDate"));
        value_release(item);
    }
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
        begin_run(r, id, event);
    } else if (asl_text_is(type, "MapRunRedriven")) {
        redrive_run(r, id, event);
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
