/* An execution as DescribeExecution shows it. */
#include "engine/api/describe.h"

#include <stdio.h>

/* AWS's bounds on what can be redriven. */
#define REDRIVE_DAYS   14
#define LIFE_DAYS      365
#define REDRIVE_EVENTS 24999
#define DAY_MS         INT64_C(86400000)

asl_value *describe_time(int64_t ms)
{
    char text[32];
    int64_t seconds = ms / 1000, rest = ms % 1000;
    char *end = text + sizeof text, *at = end;
    if (ms < 0) { /* no moment of ours */
        int size = snprintf(text, sizeof text, "%lld.%03d", (long long)seconds, (int)-rest);
        return value_number_text((struct asl_text){text, (size_t)size});
    }
    for (int digits = 0; digits < 3; digits++, rest /= 10)
        *--at = (char)('0' + rest % 10);
    *--at = '.';
    do
        *--at = (char)('0' + seconds % 10);
    while ((seconds /= 10) > 0);
    return value_number_text((struct asl_text){at, (size_t)(end - at)});
}

/* A payload travels as JSON text in a string. */
static asl_value *as_text(const asl_value *v)
{
    struct asl_buffer scratch;
    asl_buffer_init(&scratch, ASL_BUFFER_MAXIMUM);
    asl_value *text = value_string(value_compact(v, &scratch));
    asl_buffer_free(&scratch);
    return text;
}

static void add_data(struct value_list *l, const char *name, const asl_value *v, bool include)
{
    char details[40];
    snprintf(details, sizeof details, "%sDetails", name);
    if (!v)
        return;
    if (include)
        value_list_set_take(l, name, as_text(v));
    struct value_list d;
    value_list_init(&d);
    value_list_set_take(&d, "included", value_boolean(include));
    value_list_set_take(l, details, value_object_take(&d));
}

static void add_text(struct value_list *l, const char *name, struct asl_text t)
{
    if (t.size)
        value_list_set_take(l, name, value_string(t));
}

bool describe_status_reason(enum asl_status status, char reason[128])
{
    if (status == ASL_FAILED || status == ASL_TIMED_OUT || status == ASL_ABORTED)
        return false;
    snprintf(reason, 128, "Execution is %s and cannot be redriven", asl_status_name(status));
    return true;
}

bool describe_not_redrivable(const asl_execution *x, int64_t now, char reason[128])
{
    const struct {
        bool applies;
        const char *reason;
    } rules[] = {
        {asl_execution_last_event(x) >= REDRIVE_EVENTS, "Execution history event limit exceeded"},
        {now - asl_execution_started(x) > LIFE_DAYS * DAY_MS,
         "Execution has exceeded the max execution time"},
        {now - asl_execution_stopped(x) > REDRIVE_DAYS * DAY_MS,
         "Execution redrivable period exceeded"},
    };
    if (describe_status_reason(asl_execution_status(x), reason))
        return true;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].applies) {
            snprintf(reason, 128, "%s", rules[i].reason);
            return true;
        }
    return false;
}

static void add_redrive(struct value_list *l, const asl_execution *x, int64_t now)
{
    char reason[128];
    bool can = !describe_not_redrivable(x, now, reason);
    value_list_set_take(l, "redriveCount", value_integer(asl_execution_redrives(x)));
    if (asl_execution_redrives(x))
        value_list_set_take(l, "redriveDate", describe_time(asl_execution_redriven_at(x)));
    value_list_set_take(l, "redriveStatus", value_string_z(can ? "REDRIVABLE" : "NOT_REDRIVABLE"));
    if (!can)
        value_list_set_take(l, "redriveStatusReason", value_string_z(reason));
}

asl_value *describe_execution(const asl_execution *x, int64_t now, bool include_data)
{
    struct value_list l;
    value_list_init(&l);
    add_text(&l, "executionArn", asl_execution_arn(x));
    add_text(&l, "stateMachineArn", asl_execution_machine_arn(x));
    add_text(&l, "name", asl_execution_name(x));
    value_list_set_take(&l, "status", value_string_z(asl_status_name(asl_execution_status(x))));
    value_list_set_take(&l, "startDate", describe_time(asl_execution_started(x)));
    if (asl_execution_stopped(x))
        value_list_set_take(&l, "stopDate", describe_time(asl_execution_stopped(x)));
    add_data(&l, "input", asl_execution_input(x), include_data);
    add_data(&l, "output", asl_execution_output(x), include_data);
    add_redrive(&l, x, now);
    add_text(&l, "stateMachineVersionArn", asl_execution_version_arn(x));
    add_text(&l, "stateMachineAliasArn", asl_execution_alias_arn(x));
    if (asl_execution_error(x))
        value_list_set_take(&l, "error", value_string_z(asl_execution_error(x)));
    if (asl_execution_cause(x))
        value_list_set_take(&l, "cause", value_string_z(asl_execution_cause(x)));
    return value_object_take(&l);
}
