/* SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat: what holders of a task token say.
 * Serves: facts 1.2, 1.5. A token names its execution and task by itself (engine/run/world.c), so
 * it is good after every restart. */
#include "asl/definition/complaint.h"
#include "engine/api/internal.h"

static void told(void *state, enum engine_outcome outcome)
{
    struct api_call *call = state;
    if (outcome == ENGINE_OK)
        api_answer_empty(call);
    else if (outcome == ENGINE_NO_SUCH_EXECUTION)
        api_fail(call, "TaskDoesNotExist", "Task does not exist");
    else
        api_fail(call, "TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'");
}

static void tell(struct api_call *call, struct asl_event *event)
{
    int64_t execution;
    if (engine_token_read(call->api->engine, api_text(call, "taskToken"), &execution, &event->task))
        engine_task_event(call->api->engine, execution, event, told, call);
    else
        api_fail(call, "InvalidToken", "Invalid Token: 'Invalid token'");
}

void api_SendTaskSuccess(struct api_call *call)
{
    struct value_error error;
    struct asl_buffer why, place;
    struct asl_text text = api_text(call, "output");
    asl_value *output = value_parse(text, 0, 0, &error);
    if (output) {
        struct asl_event event = {.kind = ASL_TASK_SUCCEEDED, .output = output};
        tell(call, &event);
        value_release(output);
        return;
    }
    asl_buffer_init(&why, 65536);
    asl_buffer_init(&place, 65536);
    bool known = error.problem != VALUE_EMPTY_TEXT && complaint_of(text, &why, &place);
    api_fail(call, "InvalidOutput", "Invalid Output: '%s'",
             known && why.data ? why.data : "Invalid output.");
    asl_buffer_free(&why);
    asl_buffer_free(&place);
}

void api_SendTaskFailure(struct api_call *call)
{
    struct asl_event event = {
        .kind = ASL_TASK_FAILED,
        .error = api_text(call, "error"),
        .cause = api_text(call, "cause"),
    };
    tell(call, &event);
}

void api_SendTaskHeartbeat(struct api_call *call)
{
    struct asl_event event = {.kind = ASL_TASK_HEARTBEAT};
    tell(call, &event);
}
