/* The table of event types, and the encoder: events to chunk bytes. The reader is history_read.c.
 */
#include "history_internal.h"

#include "codec.h"
#include "shared.h"

#include <stdlib.h>

#define STATE_ENTERED                                                                              \
    "stateEnteredEventDetails",                                                                    \
    {                                                                                              \
        {F_NAME, "name"},                                                                          \
        {                                                                                          \
            F_PAYLOAD, "input"                                                                     \
        }                                                                                          \
    }
#define STATE_EXITED                                                                               \
    "stateExitedEventDetails",                                                                     \
    {                                                                                              \
        {F_NAME, "name"}, {F_PAYLOAD, "output"},                                                   \
        {                                                                                          \
            F_ASSIGNED, ""                                                                         \
        }                                                                                          \
    }
#define FAILURE(member)                                                                            \
    member,                                                                                        \
    {                                                                                              \
        {F_ERROR, "error"},                                                                        \
        {                                                                                          \
            F_CAUSE, "cause"                                                                       \
        }                                                                                          \
    }
#define TASK_FAILURE(member)                                                                       \
    member,                                                                                        \
    {                                                                                              \
        {F_TYPE, "resourceType"}, {F_RESOURCE, "resource"}, {F_ERROR, "error"},                    \
        {                                                                                          \
            F_CAUSE, "cause"                                                                       \
        }                                                                                          \
    }
#define TASK_OUTPUT(member)                                                                        \
    member,                                                                                        \
    {                                                                                              \
        {F_TYPE, "resourceType"}, {F_RESOURCE, "resource"},                                        \
        {                                                                                          \
            F_PAYLOAD, "output"                                                                    \
        }                                                                                          \
    }
#define ITERATION(member)                                                                          \
    member,                                                                                        \
    {                                                                                              \
        {F_NAME, "name"},                                                                          \
        {                                                                                          \
            F_NUMBER, "index"                                                                      \
        }                                                                                          \
    }
#define NO_DETAILS                                                                                 \
    NULL,                                                                                          \
    {                                                                                              \
        {                                                                                          \
            F_END, NULL                                                                            \
        }                                                                                          \
    }

const struct history_shape history_shapes[EVENT_TYPES] = {
    [EVENT_ACTIVITY_FAILED] = {"ActivityFailed", FAILURE("activityFailedEventDetails")},
    [EVENT_ACTIVITY_SCHEDULED] = {"ActivityScheduled",
                                  "activityScheduledEventDetails",
                                  {{F_RESOURCE, "resource"},
                                   {F_PAYLOAD, "input"},
                                   {F_TIMEOUT, "timeoutInSeconds"},
                                   {F_HEARTBEAT, "heartbeatInSeconds"}}},
    [EVENT_ACTIVITY_SCHEDULE_FAILED] = {"ActivityScheduleFailed",
                                        FAILURE("activityScheduleFailedEventDetails")},
    [EVENT_ACTIVITY_STARTED] = {"ActivityStarted",
                                "activityStartedEventDetails",
                                {{F_WORKER, "workerName"}}},
    [EVENT_ACTIVITY_SUCCEEDED] = {"ActivitySucceeded",
                                  "activitySucceededEventDetails",
                                  {{F_PAYLOAD, "output"}}},
    [EVENT_ACTIVITY_TIMED_OUT] = {"ActivityTimedOut", FAILURE("activityTimedOutEventDetails")},
    [EVENT_CHOICE_STATE_ENTERED] = {"ChoiceStateEntered", STATE_ENTERED},
    [EVENT_CHOICE_STATE_EXITED] = {"ChoiceStateExited", STATE_EXITED},
    [EVENT_EXECUTION_ABORTED] = {"ExecutionAborted", FAILURE("executionAbortedEventDetails")},
    [EVENT_EXECUTION_FAILED] = {"ExecutionFailed", FAILURE("executionFailedEventDetails")},
    [EVENT_EXECUTION_STARTED] = {"ExecutionStarted",
                                 "executionStartedEventDetails",
                                 {{F_RAW_PAYLOAD, "input"},
                                  {F_PAYLOAD, "input"},
                                  {F_ROLE, "roleArn"},
                                  {F_ALIAS, "stateMachineAliasArn"},
                                  {F_VERSION, "stateMachineVersionArn"}}},
    [EVENT_EXECUTION_SUCCEEDED] = {"ExecutionSucceeded",
                                   "executionSucceededEventDetails",
                                   {{F_PAYLOAD, "output"}}},
    [EVENT_EXECUTION_TIMED_OUT] = {"ExecutionTimedOut", FAILURE("executionTimedOutEventDetails")},
    [EVENT_FAIL_STATE_ENTERED] = {"FailStateEntered", STATE_ENTERED},
    [EVENT_LAMBDA_FUNCTION_FAILED] = {"LambdaFunctionFailed",
                                      FAILURE("lambdaFunctionFailedEventDetails")},
    [EVENT_LAMBDA_FUNCTION_SCHEDULED] = {"LambdaFunctionScheduled",
                                         "lambdaFunctionScheduledEventDetails",
                                         {{F_RESOURCE, "resource"},
                                          {F_PAYLOAD, "input"},
                                          {F_TIMEOUT, "timeoutInSeconds"},
                                          {F_CREDENTIALS, "taskCredentials"}}},
    [EVENT_LAMBDA_FUNCTION_SCHEDULE_FAILED] = {"LambdaFunctionScheduleFailed",
                                               FAILURE("lambdaFunctionScheduleFailedEventDetails")},
    [EVENT_LAMBDA_FUNCTION_STARTED] = {"LambdaFunctionStarted", NO_DETAILS},
    [EVENT_LAMBDA_FUNCTION_START_FAILED] = {"LambdaFunctionStartFailed",
                                            FAILURE("lambdaFunctionStartFailedEventDetails")},
    [EVENT_LAMBDA_FUNCTION_SUCCEEDED] = {"LambdaFunctionSucceeded",
                                         "lambdaFunctionSucceededEventDetails",
                                         {{F_PAYLOAD, "output"}}},
    [EVENT_LAMBDA_FUNCTION_TIMED_OUT] = {"LambdaFunctionTimedOut",
                                         FAILURE("lambdaFunctionTimedOutEventDetails")},
    [EVENT_MAP_ITERATION_ABORTED] = {"MapIterationAborted",
                                     ITERATION("mapIterationAbortedEventDetails")},
    [EVENT_MAP_ITERATION_FAILED] = {"MapIterationFailed",
                                    ITERATION("mapIterationFailedEventDetails")},
    [EVENT_MAP_ITERATION_STARTED] = {"MapIterationStarted",
                                     ITERATION("mapIterationStartedEventDetails")},
    [EVENT_MAP_ITERATION_SUCCEEDED] = {"MapIterationSucceeded",
                                       ITERATION("mapIterationSucceededEventDetails")},
    [EVENT_MAP_STATE_ABORTED] = {"MapStateAborted", NO_DETAILS},
    [EVENT_MAP_STATE_ENTERED] = {"MapStateEntered", STATE_ENTERED},
    [EVENT_MAP_STATE_EXITED] = {"MapStateExited", STATE_EXITED},
    [EVENT_MAP_STATE_FAILED] = {"MapStateFailed", NO_DETAILS},
    [EVENT_MAP_STATE_STARTED] = {"MapStateStarted",
                                 "mapStateStartedEventDetails",
                                 {{F_NUMBER, "length"}}},
    [EVENT_MAP_STATE_SUCCEEDED] = {"MapStateSucceeded", NO_DETAILS},
    [EVENT_PARALLEL_STATE_ABORTED] = {"ParallelStateAborted", NO_DETAILS},
    [EVENT_PARALLEL_STATE_ENTERED] = {"ParallelStateEntered", STATE_ENTERED},
    [EVENT_PARALLEL_STATE_EXITED] = {"ParallelStateExited", STATE_EXITED},
    [EVENT_PARALLEL_STATE_FAILED] = {"ParallelStateFailed", NO_DETAILS},
    [EVENT_PARALLEL_STATE_STARTED] = {"ParallelStateStarted", NO_DETAILS},
    [EVENT_PARALLEL_STATE_SUCCEEDED] = {"ParallelStateSucceeded", NO_DETAILS},
    [EVENT_PASS_STATE_ENTERED] = {"PassStateEntered", STATE_ENTERED},
    [EVENT_PASS_STATE_EXITED] = {"PassStateExited", STATE_EXITED},
    [EVENT_SUCCEED_STATE_ENTERED] = {"SucceedStateEntered", STATE_ENTERED},
    [EVENT_SUCCEED_STATE_EXITED] = {"SucceedStateExited", STATE_EXITED},
    [EVENT_TASK_FAILED] = {"TaskFailed", TASK_FAILURE("taskFailedEventDetails")},
    [EVENT_TASK_SCHEDULED] = {"TaskScheduled",
                              "taskScheduledEventDetails",
                              {{F_TYPE, "resourceType"},
                               {F_RESOURCE, "resource"},
                               {F_REGION, "region"},
                               {F_PARAMETERS, "parameters"},
                               {F_TIMEOUT, "timeoutInSeconds"},
                               {F_HEARTBEAT, "heartbeatInSeconds"},
                               {F_CREDENTIALS, "taskCredentials"}}},
    [EVENT_TASK_STARTED] = {"TaskStarted",
                            "taskStartedEventDetails",
                            {{F_TYPE, "resourceType"}, {F_RESOURCE, "resource"}}},
    [EVENT_TASK_START_FAILED] = {"TaskStartFailed", TASK_FAILURE("taskStartFailedEventDetails")},
    [EVENT_TASK_STATE_ABORTED] = {"TaskStateAborted", NO_DETAILS},
    [EVENT_TASK_STATE_ENTERED] = {"TaskStateEntered", STATE_ENTERED},
    [EVENT_TASK_STATE_EXITED] = {"TaskStateExited", STATE_EXITED},
    [EVENT_TASK_SUBMIT_FAILED] = {"TaskSubmitFailed", TASK_FAILURE("taskSubmitFailedEventDetails")},
    [EVENT_TASK_SUBMITTED] = {"TaskSubmitted", TASK_OUTPUT("taskSubmittedEventDetails")},
    [EVENT_TASK_SUCCEEDED] = {"TaskSucceeded", TASK_OUTPUT("taskSucceededEventDetails")},
    [EVENT_TASK_TIMED_OUT] = {"TaskTimedOut", TASK_FAILURE("taskTimedOutEventDetails")},
    [EVENT_WAIT_STATE_ABORTED] = {"WaitStateAborted", NO_DETAILS},
    [EVENT_WAIT_STATE_ENTERED] = {"WaitStateEntered", STATE_ENTERED},
    [EVENT_WAIT_STATE_EXITED] = {"WaitStateExited", STATE_EXITED},
    [EVENT_MAP_RUN_ABORTED] = {"MapRunAborted", NO_DETAILS},
    [EVENT_MAP_RUN_FAILED] = {"MapRunFailed", FAILURE("mapRunFailedEventDetails")},
    [EVENT_MAP_RUN_STARTED] = {"MapRunStarted",
                               "mapRunStartedEventDetails",
                               {{F_MAP_RUN, "mapRunArn"}}},
    [EVENT_MAP_RUN_SUCCEEDED] = {"MapRunSucceeded", NO_DETAILS},
    [EVENT_EXECUTION_REDRIVEN] = {"ExecutionRedriven",
                                  "executionRedrivenEventDetails",
                                  {{F_NUMBER, "redriveCount"}}},
    [EVENT_MAP_RUN_REDRIVEN] = {"MapRunRedriven",
                                "mapRunRedrivenEventDetails",
                                {{F_MAP_RUN, "mapRunArn"}, {F_NUMBER, "redriveCount"}}},
    [EVENT_EVALUATION_FAILED] =
        {"EvaluationFailed",
         "evaluationFailedEventDetails",
         {{F_ERROR, "error"}, {F_CAUSE, "cause"}, {F_LOCATION, "location"}, {F_NAME, "state"}}},
};

const char *history_type_name(enum history_type type)
{
    return history_shapes[type].name;
}

void history_event_init(struct history_event *e, enum history_type type)
{
    *e = (struct history_event){.type = type, .number = -1, .timeout = -1, .heartbeat = -1};
}

/* ---- the chunk ---- */

struct asl_history {
    struct asl_buffer bytes;
    struct asl_buffer scratch;
    struct shared seen; /* payloads and names that already stand in the chunk */
    int64_t first, last_at;
    size_t count;
};

struct asl_history *asl_history_new(void)
{
    struct asl_history *h = asl_allocate_zeroed(1, sizeof *h);
    asl_buffer_init(&h->bytes, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&h->scratch, ASL_BUFFER_MAXIMUM);
    return h;
}

void asl_history_clear(struct asl_history *h)
{
    shared_clear(&h->seen);
    h->count = 0;
    asl_buffer_clear(&h->bytes);
}

void asl_history_free(struct asl_history *h)
{
    if (!h)
        return;
    asl_history_clear(h);
    asl_buffer_free(&h->bytes);
    asl_buffer_free(&h->scratch);
    free(h);
}

size_t asl_history_count(const struct asl_history *h)
{
    return h->count;
}

int64_t asl_history_first(const struct asl_history *h)
{
    return h->first;
}

struct asl_text asl_history_bytes(const struct asl_history *h)
{
    return asl_buffer_text(&h->bytes);
}

/* 0, size, text at the first time; 1 + its index later. */
static void put_shared(struct asl_history *h, const asl_value *v, bool as_name)
{
    uint32_t index;
    if (shared_seen(&h->seen, v, as_name, &index)) {
        codec_put_number(&h->bytes, (uint64_t)index + 1);
        return;
    }
    codec_put_number(&h->bytes, 0);
    codec_put_text(&h->bytes, as_name ? value_as_text(v) : value_compact(v, &h->scratch));
}

static void put_assigned(struct asl_history *h, const asl_value *assigned)
{
    codec_put_number(&h->bytes, value_count(assigned));
    for (size_t i = 0; i < value_count(assigned); i++) {
        codec_put_text(&h->bytes, value_as_text(value_key_at(assigned, i)));
        put_shared(h, value_at(assigned, i), false);
    }
}

static struct asl_text text_field(const struct history_event *e, enum history_field field)
{
    switch (field) {
    case F_RAW_PAYLOAD:
        return e->raw_payload;
    case F_ERROR:
        return e->error;
    case F_CAUSE:
        return e->cause;
    case F_RESOURCE:
        return e->resource;
    case F_TYPE:
        return e->resource_type;
    case F_REGION:
        return e->region;
    case F_ROLE:
        return e->role_arn;
    case F_ALIAS:
        return e->alias_arn;
    case F_VERSION:
        return e->version_arn;
    case F_WORKER:
        return e->worker;
    case F_LOCATION:
        return e->location;
    case F_MAP_RUN:
        return e->map_run_arn;
    default:
        return (struct asl_text){NULL, 0};
    }
}

static const asl_value *value_field(const struct history_event *e, enum history_field field)
{
    switch (field) {
    case F_NAME:
        return e->name;
    case F_PAYLOAD:
    case F_PARAMETERS:
        return e->payload;
    case F_ASSIGNED:
        return e->assigned;
    case F_CREDENTIALS:
        return e->credentials;
    default:
        return NULL;
    }
}

static int64_t number_field(const struct history_event *e, enum history_field field)
{
    return field == F_NUMBER ? e->number : field == F_TIMEOUT ? e->timeout : e->heartbeat;
}

static bool is_present(const struct history_event *e, enum history_field field)
{
    switch (history_field_form(field)) {
    case FORM_TEXT:
        return text_field(e, field).data != NULL;
    case FORM_NUMBER:
        return number_field(e, field) >= 0;
    default:
        return value_field(e, field) != NULL;
    }
}

static void put_field(struct asl_history *h, const struct history_event *e,
                      enum history_field field)
{
    switch (history_field_form(field)) {
    case FORM_TEXT:
        codec_put_text(&h->bytes, text_field(e, field));
        return;
    case FORM_NUMBER:
        codec_put_number(&h->bytes, (uint64_t)number_field(e, field));
        return;
    case FORM_NAME:
        put_shared(h, value_field(e, field), true);
        return;
    case FORM_VALUE:
        put_shared(h, value_field(e, field), false);
        return;
    case FORM_ASSIGNED:
        put_assigned(h, e->assigned);
        return;
    }
}

void history_append(struct asl_history *h, const struct history_event *e)
{
    const struct history_field_shape *fields = history_shapes[e->type].fields;
    if (h->count == 0) {
        asl_buffer_clear(&h->bytes);
        asl_buffer_putc(&h->bytes, HISTORY_VERSION);
        codec_put_number(&h->bytes, (uint64_t)e->id);
        codec_put_signed(&h->bytes, e->at);
        h->first = e->id;
        h->last_at = e->at;
    }
    h->count++;
    asl_buffer_putc(&h->bytes, (char)e->type);
    codec_put_number(&h->bytes, (uint64_t)(e->id - e->previous));
    codec_put_signed(&h->bytes, e->at - h->last_at);
    h->last_at = e->at;
    unsigned mask = 0;
    for (unsigned f = 0; f < HISTORY_FIELDS && fields[f].field != F_END; f++)
        mask |= (unsigned)is_present(e, fields[f].field) << f;
    asl_buffer_putc(&h->bytes, (char)mask);
    for (unsigned f = 0; f < HISTORY_FIELDS && fields[f].field != F_END; f++)
        if (mask >> f & 1)
            put_field(h, e, fields[f].field);
}
