/* EventBridge Scheduler: schedules that start state machines, and the way to their groups (REST,
 * JSON). Serves: EventBridge Scheduler API reference, 2021-06-30. Requests must be signed for
 * `scheduler`, which no page of another site can do.
 */
#include <stdio.h>
#include <string.h>

#include "engine/api/internal.h"
#include "engine/api/schedule/groups.h"
#include "engine/api/schedule/schedules.h"

static struct asl_text group_of(const asl_value *given)
{
    const asl_value *group = api_get(given, "GroupName");
    return group ? value_as_text(group) : ASL_TEXT("default");
}

static void make_key(const struct api_call *call, char out[SCHEDULE_KEY_BYTES])
{
    char rest[SCHEDULE_KEY_BYTES];
    snprintf(rest, sizeof rest, "scheduler/%.*s/%.*s", ASL_TEXT_ARGS(group_of(call->in)),
             ASL_TEXT_ARGS(api_text(call, "Name")));
    schedules_key(&call->scope, rest, out);
}

static void make_arn(const struct api_call *call, char out[API_ARN_BYTES])
{
    const struct scope *s = &call->scope;
    snprintf(out, API_ARN_BYTES, "arn:%s:scheduler:%s:%s:schedule/%.*s/%.*s", s->partition,
             s->region, s->account, ASL_TEXT_ARGS(group_of(call->in)),
             ASL_TEXT_ARGS(api_text(call, "Name")));
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

static const asl_value *find(struct api_call *call)
{
    char key[SCHEDULE_KEY_BYTES];
    make_key(call, key);
    return shelf_get(&call->api->schedules, key);
}

static void answer_put(struct api_call *call)
{
    char arn[API_ARN_BYTES];
    struct value_list l;
    make_arn(call, arn);
    value_list_init(&l);
    value_list_set_take(&l, "ScheduleArn", value_string_z(arn));
    api_answer_take(call, value_object_take(&l));
}

/* CreateSchedule and UpdateSchedule. */
static void put(struct api_call *call)
{
    char key[SCHEDULE_KEY_BYTES], arn[API_ARN_BYTES], message[256];
    asl_value *own = NULL;
    make_key(call, key);
    make_arn(call, arn);
    struct schedule_wish wish = {
        .expression = api_text(call, "ScheduleExpression"),
        .zone = api_text(call, "ScheduleExpressionTimezone"),
        .arn = asl_text(arn),
        .start = time_of(call, "StartDate"),
        .end = time_of(call, "EndDate"),
        .disabled = asl_text_is(api_text(call, "State"), "DISABLED"),
        .at_once = !find(call),
        .given = call->in,
    };
    const struct schedule_wish trial = {.expression = wish.expression};
    if (!schedules_check(&trial, message))
        api_invalid(call, "Invalid Schedule Expression %s. %s", wish.expression.data, message);
    else if (!read_target(call, &wish, &own)) /* has answered */
        ;
    else if (schedules_put(call->api, key, &wish, message))
        answer_put(call);
    else
        api_invalid(call, "Schedule %s: %s", api_text(call, "Name").data, message);
    value_release(own);
}

static bool is_same_request(const struct api_call *call, const asl_value *schedule)
{
    const asl_value *token = api_get(call->in, "ClientToken");
    return token && schedule &&
           api_equal(token, api_get(api_get(schedule, "given"), "ClientToken"));
}

static void create(struct api_call *call)
{
    const asl_value *had = find(call);
    if (is_same_request(call, had))
        answer_put(call);
    else if (had)
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

/* What stands where nothing was given. */
static const struct {
    const char *member, *value;
} defaults[] = {
    {"ScheduleExpressionTimezone", "\"UTC\""},
    {"ActionAfterCompletion", "\"NONE\""},
    /* of the Target */
    {"RetryPolicy", "{\"MaximumEventAgeInSeconds\":86400,\"MaximumRetryAttempts\":185}"},
};

static asl_value *with_default_take(asl_value *v, size_t i)
{
    return api_get(v, defaults[i].member)
               ? v
               : api_with_take(v, defaults[i].member, value_literal(defaults[i].value));
}

/* What GetSchedule and ListSchedules have in common. */
static asl_value *with_identity_take(asl_value *v, const asl_value *schedule)
{
    bool is_changed = api_get(schedule, "changed") != NULL; /* schedules of before do not say */
    int64_t created = api_document_integer(schedule, "created");
    int64_t changed = is_changed ? api_document_integer(schedule, "changed") : created;
    v = api_with_take(v, "GroupName", value_string(group_of(api_get(schedule, "given"))));
    v = api_with_take(v, "Arn", value_retain(api_get(schedule, "arn")));
    v = api_with_take(v, "State", value_retain(api_get(schedule, "state")));
    v = api_with_take(v, "CreationDate", describe_time(created));
    return api_with_take(v, "LastModificationDate", describe_time(changed));
}

static void get(struct api_call *call)
{
    const asl_value *schedule = find(call), *given = api_get(schedule, "given");
    if (!schedule) {
        refuse_missing(call);
        return;
    }
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < api_count(given); i++)
        if (!asl_text_is(value_as_text(value_key_at(given, i)), "ClientToken"))
            value_list_push_member_take(&l, value_retain(value_key_at(given, i)),
                                        value_retain(value_at(given, i)));
    asl_value *v = with_identity_take(value_object_take(&l), schedule);
    v = with_default_take(with_default_take(v, 0), 1);
    v = api_with_take(v, "Target", with_default_take(value_retain(api_get(given, "Target")), 2));
    api_answer_take(call, v);
}

static asl_value *list_item(const asl_value *schedule)
{
    struct value_list l, t;
    const asl_value *given = api_get(schedule, "given");
    value_list_init(&l);
    value_list_init(&t);
    api_copy_member(&l, given, "Name");
    api_copy_member(&t, api_get(given, "Target"), "Arn");
    value_list_set_take(&l, "Target", value_object_take(&t));
    return with_identity_take(value_object_take(&l), schedule);
}

/* Of that prefix, state and group. */
static bool is_listed(const struct api_call *call, const asl_value *schedule)
{
    struct asl_text group = api_text(call, "GroupName");
    const asl_value *name = api_get(api_get(schedule, "given"), "Name");
    struct asl_text prefix = api_text(call, "NamePrefix"), state = api_text(call, "State");
    const asl_value *own = api_get(schedule, "state");
    return name && own &&
           (!group.data || asl_text_equal(group_of(api_get(schedule, "given")), group)) &&
           (!prefix.data || asl_text_starts(value_as_text(name), prefix.data)) &&
           (!state.data || asl_text_equal(value_as_text(own), state));
}

static void list(struct api_call *call)
{
    const struct shelf *s = &call->api->schedules;
    char prefix[SCHEDULE_KEY_BYTES], after[API_ARN_BYTES];
    struct value_list items, l;
    const char *last = NULL;
    if (!groups_page_begin(call, after))
        return;
    size_t size = (size_t)api_integer(call, "MaxResults", GROUPS_PAGE);
    bool more = false;
    schedules_key(&call->scope, "scheduler/", prefix);
    value_list_init(&items);
    value_list_init(&l);
    for (size_t i = shelf_from(s, prefix); i < s->count && !more; i++) {
        if (strncmp(s->items[i].key, prefix, strlen(prefix)) != 0)
            break;
        const char *place = s->items[i].key + strlen(prefix); /* "<group>/<name>" */
        if (strcmp(place, after) <= 0 || !is_listed(call, s->items[i].document))
            continue;
        more = items.count == size;
        if (!more) {
            value_list_push_take(&items, list_item(s->items[i].document));
            last = place;
        }
    }
    if (more)
        groups_set_next(call, &l, last);
    value_list_set_take(&l, "Schedules", value_array_take(&items));
    api_answer_take(call, value_object_take(&l));
}

static void delete (struct api_call *call)
{
    char key[SCHEDULE_KEY_BYTES];
    make_key(call, key);
    if (schedules_remove(call->api, key))
        api_answer_empty(call);
    else
        refuse_missing(call);
}

/* ---- routing ---- */

static const struct {
    const char *method, *path;
    const char *member; /* what stands behind the path; NULL: nothing */
    struct api_operation operation;
} routes[] = {
    {"DELETE", "/schedule-groups", "Name", {"DeleteScheduleGroup", groups_delete}},
    {"GET", "/schedule-groups", "Name", {"GetScheduleGroup", groups_get}},
    {"GET", "/schedule-groups", NULL, {"ListScheduleGroups", groups_list}},
    {"POST", "/schedule-groups", "Name", {"CreateScheduleGroup", groups_create}},
    {"DELETE", "/schedules", "Name", {"DeleteSchedule", delete}},
    {"GET", "/schedules", "Name", {"GetSchedule", get}},
    {"GET", "/schedules", NULL, {"ListSchedules", list}},
    {"POST", "/schedules", "Name", {"CreateSchedule", create}},
    {"PUT", "/schedules", "Name", {"UpdateSchedule", update}},
    {"DELETE", "/tags", "ResourceArn", {"UntagResource", groups_untag}},
    {"GET", "/tags", "ResourceArn", {"ListTagsForResource", groups_list_tags}},
    {"POST", "/tags", "ResourceArn", {"TagResource", groups_tag}},
};

/* The operation, and what stands behind its path (encoded), for *member. */
static const struct api_operation *route(const struct http_received *request, const char **member,
                                         const char **rest)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        size_t size = strlen(routes[i].path);
        const char *at = request->path + size;
        if (strcmp(request->method, routes[i].method) != 0 ||
            strncmp(request->path, routes[i].path, size) != 0 ||
            *at != (routes[i].member ? '/' : '\0'))
            continue;
        *member = routes[i].member;
        *rest = routes[i].member ? at + 1 : NULL;
        return &routes[i].operation;
    }
    return NULL;
}

/* Members that stand in the query, as the model names them there. */
static const struct {
    const char *name, *member;
    enum { TEXT, NUMBER, LIST } kind;
} parameters[] = {
    {"MaxResults", "MaxResults", NUMBER},
    {"NamePrefix", "NamePrefix", TEXT},
    {"NextToken", "NextToken", TEXT},
    {"ScheduleGroup", "GroupName", TEXT},
    {"State", "State", TEXT},
    {"TagKeys", "TagKeys", LIST},
    {"clientToken", "ClientToken", TEXT},
    {"groupName", "GroupName", TEXT},
};

static void decode(const char *text, size_t size, struct asl_buffer *out)
{
    for (size_t i = 0; i < size; i++) {
        unsigned byte;
        if (text[i] == '%' && i + 2 < size && sscanf(text + i + 1, "%2x", &byte) == 1) {
            asl_buffer_putc(out, (char)byte);
            i += 2;
        } else {
            asl_buffer_putc(out, text[i] == '+' ? ' ' : text[i]);
        }
    }
}

static void take_parameter(struct api_call *call, const char *text, size_t size)
{
    const char *equals = memchr(text, '=', size);
    size_t length = equals ? (size_t)(equals - text) : size;
    struct asl_buffer value;
    int64_t number;
    asl_buffer_init(&value, 65536);
    if (equals)
        decode(equals + 1, size - length - 1, &value);
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        if (strlen(parameters[i].name) != length || strncmp(parameters[i].name, text, length) != 0)
            continue;
        const char *member = parameters[i].member;
        asl_value *v =
            parameters[i].kind == NUMBER ? value_parse(asl_buffer_text(&value), 0, 0, NULL) : NULL;
        if (!v || !value_as_integer(v, &number)) {
            value_release(v);
            v = value_string(asl_buffer_text(&value));
        }
        if (parameters[i].kind == LIST) {
            const asl_value *had = api_get(call->in, member);
            bool is_list = had && value_kind(had) == VALUE_ARRAY;
            v = value_append_take(is_list ? value_retain(had) : value_empty_array(), v);
        }
        call->in = api_with_take(call->in, member, v);
    }
    asl_buffer_free(&value);
}

static void take_query(struct api_call *call, const char *query)
{
    while (*query) {
        size_t size = strcspn(query, "&");
        take_parameter(call, query, size);
        query += size + (query[size] == '&');
    }
}

static void take_rest(struct api_call *call, const char *member, const char *rest)
{
    struct asl_buffer value;
    asl_buffer_init(&value, 65536);
    decode(rest, strlen(rest), &value);
    call->in = api_with_take(call->in, member, value_string(asl_buffer_text(&value)));
    asl_buffer_free(&value);
}

void scheduler_handle(struct api *a, struct http_exchange *x, const struct http_received *request)
{
    const char *member = NULL, *rest = NULL;
    const struct api_operation *operation = route(request, &member, &rest);
    struct api_call *call = api_call_new(a, x, "application/json");
    call->is_signed = scope_of_request(a, request, &call->scope);
    call->rest = "scheduler";
    if (!operation) {
        api_fail(call, "UnknownOperationException", "EventBridge Scheduler has no operation %s %s",
                 request->method, request->path);
        return;
    }
    if (!api_read_parameters(call, request->body))
        return;
    if (member)
        take_rest(call, member, rest);
    take_query(call, request->query);
    if (!api_begin(call, "scheduler", operation))
        return;
    if (groups_has(call, group_of(call->in)))
        operation->handle(call);
    else
        api_fail(call, "ResourceNotFoundException", "Schedule group %.*s does not exist.",
                 ASL_TEXT_ARGS(group_of(call->in)));
}
