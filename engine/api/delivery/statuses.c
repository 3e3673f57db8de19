/* Execution status changes to EventBridge's default bus: source aws.states, detail type "Step
 * Functions Execution Status Change". Serves: facts 1.6; developer guide, "Automating Step
 * Functions event delivery with EventBridge". STANDARD executions only, as AWS's.
 *
 * A status is told from the event that made it, so that one that has passed is told as it was.
 */
#include "engine/api/delivery/channel.h"

#include <stdio.h>
#include <string.h>

#define ENTRIES         10 /* of a PutEvents */
#define BATCH_BYTES     1048576
#define PAYLOAD_MAXIMUM ((size_t)248 << 10) /* of input and output together, escaped: AWS's */

asl_value *statuses_terms(struct api *a, bool express)
{
    if (a->tells_statuses == TELLS_UNKNOWN) /* asked once: every start comes by here */
        a->tells_statuses =
            channel_operation(a, "eventbridge", "PutEvents", true) ? TELLS_STATUSES : TELLS_NOTHING;
    return express || a->tells_statuses == TELLS_NOTHING ? NULL : value_empty_object();
}

/* ---- what an event says of the status ---- */

static const struct {
    const char *type, *status;
} statuses[] = {
    {"ExecutionStarted", "RUNNING"},     {"ExecutionRedriven", "RUNNING"},
    {"ExecutionSucceeded", "SUCCEEDED"}, {"ExecutionFailed", "FAILED"},
    {"ExecutionAborted", "ABORTED"},     {"ExecutionTimedOut", "TIMED_OUT"},
};

static const char *status_of(const asl_value *event)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (asl_text_is(value_as_text(api_get(event, "type")), statuses[i].type))
            return statuses[i].status;
    return NULL;
}

/* ---- the detail ---- */

struct telling {
    struct channel *c;
    const struct tracked *t;
    const asl_value *event;
    const char *status;
    asl_value *detail;
};

static void set_text(struct value_list *l, const char *name, struct asl_text text)
{
    value_list_set_take(l, name, text.size ? value_string(text) : value_null());
}

static void set_member(struct value_list *l, const char *name, const asl_value *from)
{
    const asl_value *v = api_get(from, name);
    value_list_set_take(l, name, v ? value_retain(v) : value_null());
}

static asl_value *included(bool is_there, bool is_included)
{
    if (!is_there)
        return value_null();
    return value_literal(is_included ? "{\"included\":true}" : "{\"included\":false}");
}

/* Both where they fit; else the output alone; else neither. */
static void set_payloads(struct value_list *l, const asl_value *input, const asl_value *output)
{
    size_t in = input ? value_size(input) : 0, out = output ? value_size(output) : 0;
    bool with_output = out <= PAYLOAD_MAXIMUM;
    bool with_input = in + out <= PAYLOAD_MAXIMUM;
    value_list_set_take(l, "input", with_input && input ? value_retain(input) : value_null());
    value_list_set_take(l, "output", with_output && output ? value_retain(output) : value_null());
    value_list_set_take(l, "inputDetails", included(input != NULL, with_input));
    value_list_set_take(l, "outputDetails", included(output != NULL, with_output));
}

static void set_redrive(struct value_list *l, const struct telling *w, const asl_execution *x)
{
    int64_t redrives = w->t->riding_redrives +
                       asl_text_is(value_as_text(api_get(w->event, "type")), "ExecutionRedriven");
    bool can = strcmp(w->status, "RUNNING") != 0 && strcmp(w->status, "SUCCEEDED") != 0;
    char reason[96];
    snprintf(reason, sizeof reason, "Execution is %s and cannot be redriven", w->status);
    value_list_set_take(l, "redriveCount", value_integer(redrives));
    value_list_set_take(l, "redriveDate",
                        redrives ? value_integer(asl_execution_redriven_at(x)) : value_null());
    value_list_set_take(l, "redriveStatus", value_string_z(can ? "REDRIVABLE" : "NOT_REDRIVABLE"));
    value_list_set_take(l, "redriveStatusReason", can ? value_null() : value_string_z(reason));
}

static void tell(void *state, const asl_execution *x)
{
    struct telling *w = state;
    struct value_list l;
    const asl_value *details = api_event_details(w->event);
    bool runs = strcmp(w->status, "RUNNING") == 0;
    asl_value *input = api_execution_input(w->c->api, w->t->id, x);
    value_list_init(&l);
    set_text(&l, "executionArn", asl_execution_arn(x));
    set_text(&l, "stateMachineArn", asl_execution_machine_arn(x));
    set_text(&l, "name", asl_execution_name(x));
    value_list_set_take(&l, "status", value_string_z(w->status));
    value_list_set_take(&l, "startDate", value_integer(asl_execution_started(x)));
    value_list_set_take(&l, "stopDate",
                        runs ? value_null() : value_integer(api_event_time(w->event)));
    set_payloads(&l, input, runs ? NULL : api_get(details, "output"));
    set_member(&l, "error", runs ? NULL : details);
    set_member(&l, "cause", runs ? NULL : details);
    set_text(&l, "stateMachineVersionArn", asl_execution_version_arn(x));
    set_text(&l, "stateMachineAliasArn", asl_execution_alias_arn(x));
    set_redrive(&l, w, x);
    value_release(input);
    w->detail = value_object_take(&l);
}

/* ---- an entry ---- */

static asl_value *time_of(const asl_value *event)
{
    const asl_value *at = api_get(event, "timestamp");
    return at ? value_retain(at) : value_integer(0);
}

static bool wants(const struct tracked *t, const asl_value *event)
{
    (void)t;
    return status_of(event) != NULL;
}

static asl_value *record(struct channel *c, const struct tracked *t, const asl_value *event)
{
    struct telling w = {c, t, event, status_of(event), NULL};
    struct asl_buffer text;
    struct value_list l, resources;
    if (!engine_look(c->api->engine, t->id, tell, &w))
        return NULL;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    value_print(w.detail, &text);
    value_list_init(&l);
    value_list_init(&resources);
    value_list_push_take(&resources, value_string_z(t->arn));
    value_list_set_take(&l, "Time", time_of(event));
    value_list_set_take(&l, "Source", value_string_z("aws.states"));
    value_list_set_take(&l, "Resources", value_array_take(&resources));
    value_list_set_take(&l, "DetailType", value_string_z("Step Functions Execution Status Change"));
    value_list_set_take(&l, "Detail", value_string(asl_buffer_text(&text)));
    asl_buffer_free(&text);
    value_release(w.detail);
    return value_object_take(&l);
}

static asl_value *parameters(struct channel *c, asl_value *records)
{
    struct value_list l;
    (void)c;
    value_list_init(&l);
    value_list_set_take(&l, "Entries", records);
    return value_object_take(&l);
}

/* Entries are taken one by one: where the service was busy with some, all are sent again. */
static bool is_busy(const asl_value *output)
{
    const asl_value *entries = api_get(output, "Entries");
    for (size_t i = 0; i < api_count(entries); i++) {
        const asl_value *code = api_get(value_at(entries, i), "ErrorCode");
        if (code && (asl_text_starts(value_as_text(code), "Internal") ||
                     asl_text_starts(value_as_text(code), "Throttling")))
            return true;
    }
    return false;
}

static enum channel_verdict judge(struct channel *c, const struct aws_outcome *outcome)
{
    const struct aws_answer *answer = &outcome->answer;
    (void)c;
    if (outcome->trouble == AWS_REFUSED)
        return CHANNEL_REFUSED;
    if (outcome->trouble != AWS_ANSWERED || (answer->failed && answer->status >= 500) ||
        strstr(answer->code, "Throttling") || (!answer->failed && is_busy(answer->output)))
        return CHANNEL_LATER;
    return answer->failed || api_document_integer(answer->output, "FailedEntryCount")
               ? CHANNEL_REFUSED
               : CHANNEL_DELIVERED;
}

const struct channel_kind channel_statuses = {
    .document = "statuses",
    .service = "eventbridge",
    .operation = "PutEvents",
    .records = ENTRIES,
    .bytes = BATCH_BYTES,
    .wants = wants,
    .record = record,
    .parameters = parameters,
    .judge = judge,
};
