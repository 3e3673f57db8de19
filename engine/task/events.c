/* The optimized EventBridge integration: events:putEvents (facts 4.5).
 *
 * Detail may be any JSON; each entry's Resources get the execution and its machine; an entry
 * that was not taken fails the task with the whole answer as its cause. */
#include <string.h>

#include "service.h"
#include "table.h"

static asl_value *shape(struct service_task *t, asl_value *output)
{
    int64_t failed = 0;
    const asl_value *count = value_get_z(output, "FailedEntryCount");
    struct asl_buffer cause;
    if (!count || !value_as_integer(count, &failed) || failed == 0)
        return output;
    asl_buffer_init(&cause, ASL_BUFFER_MAXIMUM);
    value_print(output, &cause);
    service_fail(t, "EventBridge.FailedEntry", asl_buffer_text(&cause));
    asl_buffer_free(&cause);
    value_release(output);
    return NULL;
}

static const struct service_style style = {
    .prefix = "EventBridge",
    .service = "AmazonEventBridge",
    .base_error = "AmazonEventBridgeException",
    .shape_take = shape,
};

static bool takes(const struct resource *r)
{
    return strcmp(r->type, "events") == 0 && strcmp(r->action, "putEvents") == 0 &&
           (r->pattern == TASK_REQUEST_RESPONSE || r->pattern == TASK_CALLBACK);
}

static asl_value *with_resources(const asl_value *entry, const struct task_request *request)
{
    const asl_value *given = value_get_z(entry, "Resources");
    bool is_list = given && value_kind(given) == VALUE_ARRAY;
    if (value_kind(entry) != VALUE_OBJECT || (given && !is_list))
        return value_retain(entry); /* for the service to refuse */
    asl_value *resources = is_list ? value_retain(given) : value_empty_array();
    resources = value_append_take(resources, value_string_z(request->execution_arn));
    resources = value_append_take(resources, value_string_z(request->machine_arn));
    return value_with_take(value_retain(entry), value_string_z("Resources"), resources);
}

static asl_value *parameters_of(const struct task_request *request)
{
    const asl_value *entries = value_get_z(request->parameters, "Entries");
    struct value_list l;
    if (!entries || value_kind(entries) != VALUE_ARRAY)
        return value_retain(request->parameters);
    value_list_init(&l);
    for (size_t i = 0; i < value_count(entries); i++)
        value_list_push_take(&l, with_resources(value_at(entries, i), request));
    return value_with_take(value_retain(request->parameters), value_string_z("Entries"),
                           value_array_take(&l));
}

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    if (!request->parameters)
        return service_refuse(shared, task, request, "The field 'Entries' is required");
    asl_value *parameters = parameters_of(request);
    void *handle = service_start(shared, task, request, &style,
                                 service_operation(shared, "eventbridge", "putEvents"), parameters);
    value_release(parameters);
    return handle;
}

static bool repeatable(const struct connectors *shared, const struct task_request *request)
{
    (void)shared;
    (void)request;
    return false;
}

static bool model(const struct resource *r, struct connector_model *m)
{
    (void)r;
    *m = (struct connector_model){
        .service = "eventbridge", .operation = "putEvents", .style = &style};
    return true;
}

const struct connector connector_events = {
    .name = "events",
    .takes = takes,
    .start = start,
    .cancel = service_cancel,
    .repeatable = repeatable,
    .model = model,
};
