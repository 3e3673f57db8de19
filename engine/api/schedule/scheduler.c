/* EventBridge Scheduler: schedules of the default group that start state machines (REST, JSON).
 * Serves: EventBridge Scheduler API reference, 2021-06-30. Requests must be signed for `scheduler`,
 * which no page of another site can do.
 */
#include <stdio.h>
#include <string.h>

#include "engine/api/internal.h"
#include "engine/api/schedule/schedules.h"

#define PATH "/schedules"

static void make_key(const struct scope *s, struct asl_text name, char out[SCHEDULE_KEY_BYTES])
{
    char rest[SCHEDULE_KEY_BYTES];
    snprintf(rest, sizeof rest, "scheduler/default/%.*s", ASL_TEXT_ARGS(name));
    schedules_key(s, rest, out);
}

static void make_arn(const struct scope *s, struct asl_text name, char out[API_ARN_BYTES])
{
    snprintf(out, API_ARN_BYTES, "arn:%s:scheduler:%s:%s:schedule/default/%.*s", s->partition, s->region,
             s->account, ASL_TEXT_ARGS(name));
}

static void refuse_missing(struct api_call *call)
{
    api_fail(call, "ResourceNotFoundException", "Schedule %s does not exist.",
             api_text(call, "Name").data);
}

/* ---- what is asked for ---- */

static int64_t time_of(const struct api_call *call, const char *member)
{
    const asl_value *v = api_get(call->in, member);
    return v && value_kind(v) == VALUE_NUMBER ? (int64_t)(value_as_double(v) * 1000) : 0;
}

/* The machine and its input: named by the target, or by the universal target's Input. `*own` is to
 * be released. False after answering. */
static bool read_target(struct api_call *call, struct schedule_wish *wish, asl_value **own)
{
    const asl_value *target = api_get(call->in, "Target");
    const asl_value *arn = api_get(target, "Arn"), *input = api_get(target, "Input");
    struct arn machine;
    const asl_value *queue = api_get(api_get(target, "DeadLetterConfig"), "Arn");
    const asl_value *policy = api_get(target, "RetryPolicy");
    if (queue)
        wish->dead_letter = value_as_text(queue);
    wish->retries = api_document_integer(policy, "MaximumRetryAttempts");
    wish->age_s = api_document_integer(policy, "MaximumEventAgeInSeconds");
    wish->machine = arn ? value_as_text(arn) : (struct asl_text){"", 0};
    if (input)
        wish->input = value_as_text(input);
    if (asl_text_is(wish->machine, "arn:aws:scheduler:::aws-sdk:sfn:startExecution")) {
        *own = value_parse(wish->input, 0, 0, NULL);
        const asl_value *to = api_get(*own, "StateMachineArn");
        const asl_value *inner = api_get(*own, "Input");
        wish->machine = to ? value_as_text(to) : (struct asl_text){"", 0};
        wish->input = inner ? value_as_text(inner) : (struct asl_text){NULL, 0};
    }
    if (arn_read(wish->machine, &machine) && machine.kind == ARN_MACHINE)
        return true;
    api_invalid(call, "Stepwell's schedules start state machines: Target.Arn is a state machine's "
                      "ARN, or arn:aws:scheduler:::aws-sdk:sfn:startExecution with "
                      "Input.StateMachineArn");
    return false;
}

/* CreateSchedule and UpdateSchedule. */
static void put(struct api_call *call)
{
    char key[SCHEDULE_KEY_BYTES], arn[API_ARN_BYTES], message[256];
    struct value_list l;
    asl_value *own = NULL;
    make_key(&call->scope, api_text(call, "Name"), key);
    make_arn(&call->scope, api_text(call, "Name"), arn);
    struct schedule_wish wish = {
        .expression = api_text(call, "ScheduleExpression"),
        .zone = api_text(call, "ScheduleExpressionTimezone"),
        .arn = asl_text(arn),
        .start = time_of(call, "StartDate"),
        .end = time_of(call, "EndDate"),
        .disabled = asl_text_is(api_text(call, "State"), "DISABLED"),
        .given = call->in,
    };
    if (read_target(call, &wish, &own)) {
        if (schedules_put(call->api, key, &wish, message)) {
            value_list_init(&l);
            value_list_set_take(&l, "ScheduleArn", value_string_z(arn));
            api_answer_take(call, value_object_take(&l));
        } else {
            api_invalid(call, "Invalid Schedule Expression %s. %s", wish.expression.data, message);
        }
    }
    value_release(own);
}

static const asl_value *find(struct api_call *call)
{
    char key[SCHEDULE_KEY_BYTES];
    make_key(&call->scope, api_text(call, "Name"), key);
    return shelf_get(&call->api->schedules, key);
}

static void create(struct api_call *call)
{
    if (find(call))
        api_fail(call, "ConflictException", "Schedule %s already exists.",
                 api_text(call, "Name").data);
    else
        put(call);
}

static void update(struct api_call *call)
{
    if (find(call))
        put(call);
    else
        refuse_missing(call);
}

/* ---- showing ---- */

static void get(struct api_call *call)
{
    const asl_value *schedule = find(call), *given = api_get(schedule, "given");
    struct value_list l;
    if (!schedule) {
        refuse_missing(call);
        return;
    }
    value_list_init(&l);
    for (size_t i = 0; i < api_count(given); i++)
        value_list_push_member_take(&l, value_retain(value_key_at(given, i)),
                                    value_retain(value_at(given, i)));
    value_list_set_take(&l, "GroupName", value_string_z("default"));
    value_list_set_take(&l, "Arn", value_retain(api_get(schedule, "arn")));
    value_list_set_take(&l, "State", value_retain(api_get(schedule, "state")));
    api_copy_member(&l, given, "ClientToken");
    value_list_set_take(&l, "CreationDate",
                        describe_time(api_document_integer(schedule, "created")));
    value_list_set_take(&l, "LastModificationDate",
                        describe_time(api_document_integer(schedule, "created")));
    api_answer_take(call, value_object_take(&l));
}

static asl_value *list_item(const asl_value *schedule)
{
    struct value_list l, t;
    const asl_value *given = api_get(schedule, "given");
    value_list_init(&l);
    value_list_init(&t);
    api_copy_member(&l, given, "Name");
    value_list_set_take(&l, "GroupName", value_string_z("default"));
    value_list_set_take(&l, "Arn", value_retain(api_get(schedule, "arn")));
    value_list_set_take(&l, "State", value_retain(api_get(schedule, "state")));
    api_copy_member(&t, api_get(given, "Target"), "Arn");
    value_list_set_take(&l, "Target", value_object_take(&t));
    value_list_set_take(&l, "CreationDate",
                        describe_time(api_document_integer(schedule, "created")));
    return value_object_take(&l);
}

static void list(struct api_call *call)
{
    const struct shelf *s = &call->api->schedules;
    char prefix[SCHEDULE_KEY_BYTES];
    struct value_list items, l;
    schedules_key(&call->scope, "scheduler/", prefix);
    value_list_init(&items);
    value_list_init(&l);
    for (size_t i = shelf_from(s, prefix); i < s->count; i++)
        if (strncmp(s->items[i].key, prefix, strlen(prefix)) == 0)
            value_list_push_take(&items, list_item(s->items[i].document));
    value_list_set_take(&l, "Schedules", value_array_take(&items));
    api_answer_take(call, value_object_take(&l));
}

static void delete(struct api_call *call)
{
    char key[SCHEDULE_KEY_BYTES];
    make_key(&call->scope, api_text(call, "Name"), key);
    if (schedules_remove(call->api, key))
        api_answer_empty(call);
    else
        refuse_missing(call);
}

/* ---- routing ---- */

static const struct {
    const char *method;
    bool named; /* /schedules/{Name} */
    struct api_operation operation;
} routes[] = {
    {"POST", true, {"CreateSchedule", create}}, {"GET", true, {"GetSchedule", get}},
    {"PUT", true, {"UpdateSchedule", update}},  {"DELETE", true, {"DeleteSchedule", delete}},
    {"GET", false, {"ListSchedules", list}},
};

static const struct api_operation *route(const struct http_received *request, const char **name)
{
    size_t size = sizeof PATH - 1;
    if (strncmp(request->path, PATH, size) != 0)
        return NULL;
    *name = request->path[size] == '/' ? request->path + size + 1 : NULL;
    if (!*name && request->path[size])
        return NULL;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (routes[i].named == (*name != NULL) && strcmp(request->method, routes[i].method) == 0)
            return &routes[i].operation;
    return NULL;
}

/* The group of the body or the query; only the default one is there. */
static bool is_default_group(const struct http_received *request, const struct api_call *call)
{
    const char *query = strstr(request->query, "groupName=");
    struct asl_text group = api_text(call, "GroupName");
    return (!group.data || asl_text_is(group, "default")) &&
           (!query || strncmp(query + 10, "default", 7) == 0);
}

void scheduler_handle(struct api *a, struct http_exchange *x, const struct http_received *request)
{
    const char *name = NULL;
    const struct api_operation *operation = route(request, &name);
    struct api_call *call = api_call_new(a, x, "application/json");
    call->is_signed = scope_of_request(a, request, &call->scope);
    if (!operation) {
        api_fail(call, "UnknownOperationException",
                 "Stepwell's Scheduler takes schedules only: %s %s is not offered", request->method,
                 request->path);
        return;
    }
    if (!api_read_parameters(call, request->body))
        return;
    if (name)
        call->in = api_with_take(call->in, "Name", value_string_z(name));
    if (!is_default_group(request, call))
        api_fail(call, "ResourceNotFoundException",
                 "Stepwell's Scheduler has the schedule group 'default' only");
    else if (api_begin(call, "scheduler", operation))
        operation->handle(call);
}
