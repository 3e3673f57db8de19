/* Step Functions itself: states:startExecution, .sync, .sync:2 and .waitForTaskToken (facts
 * 4.5).
 *
 * Spoken over HTTP like any service: to the engine's own API, or wherever `sfn` is routed.
 * Without a Name the execution is named by the task's token, so that a start sent again finds
 * the same one. */
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "table.h"
#include "words.h"

static const struct service_style style = {
    .prefix = "StepFunctions",
    .service = "AWSStepFunctions",
    .base_error = "AWSStepFunctionsException",
    .metadata = true,
};

/* What the SDK that AWS uses here knows of DescribeExecution (recordings of 2025 show the redrive
 * members, those of 2024 do not); newer members are not shown. */
static const char *const shown[] = {
    "Cause",       "Error",           "ExecutionArn",
    "Input",       "InputDetails",    "Name",
    "Output",      "OutputDetails",   "RedriveCount",
    "RedriveDate", "RedriveStatus",   "RedriveStatusReason",
    "StartDate",   "StateMachineArn", "Status",
    "StopDate",    "TraceHeader",
};

static bool is_payload(struct asl_text key)
{
    return asl_text_is(key, "Input") || asl_text_is(key, "Output");
}

/* .sync shows Input and Output as they are, texts; .sync:2 reads them. A failure's cause is the
 * object with both as texts, in either form. */
static asl_value *shape(const struct resource *resource, asl_value *object)
{
    struct value_list l;
    const asl_value *status = value_get_z(object, "Status");
    bool reads = resource->pattern == TASK_SYNC_2 && status &&
                 asl_text_is(value_as_text(status), "SUCCEEDED");
    value_list_init(&l);
    for (size_t i = 0; i < value_count(object); i++) {
        struct asl_text key = value_as_text(value_key_at(object, i));
        asl_value *value = NULL;
        struct value_error error;
        char *name = asl_copy_text(key);
        if (!table_has(shown, sizeof shown / sizeof *shown, name)) {
            free(name);
            continue;
        }
        free(name);
        if (reads && is_payload(key))
            value = value_parse(value_as_text(value_at(object, i)), 0, 0, &error);
        if (!value)
            value = value_retain(value_at(object, i));
        value_list_push_member_take(&l, value_retain(value_key_at(object, i)), value);
    }
    value_release(object);
    return words_sorted_take(value_object_take(&l));
}

/* "…:stateMachine:M[:version]" and the name give "…:execution:M:name". */
static asl_value *found_keys(const asl_value *parameters)
{
    static const char mark[] = ":stateMachine:";
    const asl_value *machine = value_get_z(parameters, "StateMachineArn");
    const asl_value *name = value_get_z(parameters, "Name");
    const char *arn = machine ? value_as_text(machine).data : NULL;
    const char *at = arn ? strstr(arn, mark) : NULL;
    struct asl_buffer b;
    struct value_list l;
    if (!at || !name || value_kind(name) != VALUE_STRING)
        return NULL;
    const char *machine_name = at + strlen(mark);
    asl_buffer_init(&b, 4096);
    asl_buffer_printf(&b, "%.*s:execution:%.*s:%.*s", (int)(at - arn), arn,
                      (int)strcspn(machine_name, ":"), machine_name,
                      ASL_TEXT_ARGS(value_as_text(name)));
    value_list_init(&l);
    value_list_set_take(&l, "ExecutionArn", value_string(asl_buffer_text(&b)));
    asl_buffer_free(&b);
    return value_object_take(&l);
}

static const struct job_kind kind = {
    .type = "states",
    .action = "startExecution",
    .service = "sfn",
    .describe = "describeExecution",
    .stop = "stopExecution",
    .keys = {{"ExecutionArn", "ExecutionArn", JOB_OF_ANSWER}},
    .object = "",
    .status = "Status",
    .succeeded = "SUCCEEDED",
    .failed = "FAILED TIMED_OUT ABORTED",
    .name_member = "Name",
    .taken_code = "ExecutionAlreadyExists",
    .found_keys = found_keys,
    .shape_take = shape,
};

static bool takes(const struct resource *r)
{
    return strcmp(r->type, "states") == 0 && strcmp(r->action, "startExecution") == 0;
}

static bool takes_job(const struct resource *r)
{
    return takes(r) && (r->pattern == TASK_SYNC || r->pattern == TASK_SYNC_2);
}

/* Without a Name, the token is it. */
static asl_value *named(const struct task_request *request)
{
    char token[37];
    asl_value *p = request->parameters ? value_retain(request->parameters) : value_empty_object();
    if (value_kind(p) != VALUE_OBJECT || value_get_z(p, "Name"))
        return p;
    service_token(request, token);
    return value_with_take(p, value_string_z("Name"), value_string_z(token));
}

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    asl_value *parameters = named(request);
    void *handle = service_start(shared, task, request, &style,
                                 service_operation(shared, "sfn", "startExecution"), parameters);
    value_release(parameters);
    return handle;
}

static void *start_job(const struct connectors *shared, struct task *task,
                       const struct task_request *request)
{
    return job_start(shared, task, request, &kind, &style);
}

/* By its name, a start sent again is the same. */
static bool repeatable(const struct connectors *shared, const struct task_request *request)
{
    (void)shared;
    (void)request;
    return true;
}

/* .sync:2 reads what .sync shows as texts. */
static bool model(const struct resource *r, struct connector_model *m)
{
    bool waits = r->pattern == TASK_SYNC || r->pattern == TASK_SYNC_2;
    *m = (struct connector_model){.service = "sfn",
                                  .operation = "startExecution",
                                  .style = &style,
                                  .job = waits ? &kind : NULL,
                                  .any = r->pattern == TASK_SYNC_2 ? "Input Output" : NULL};
    return true;
}

const struct connector connector_states_job = {
    .name = "states .sync",
    .takes = takes_job,
    .start = start_job,
    .cancel = job_cancel,
    .repeatable = repeatable,
    .stop = job_stop,
    .model = model,
};

const struct connector connector_states = {
    .name = "states",
    .takes = takes,
    .start = start,
    .cancel = service_cancel,
    .repeatable = repeatable,
    .model = model,
};
