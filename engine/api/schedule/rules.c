/* EventBridge's rules, as far as they are schedules of state machines: PutRule, PutTargets and
 * their like (AWSEvents, JSON 1.1). Serves: EventBridge API reference, 2015-10-07.
 *
 * A rule's document is {"given": PutRule's parameters, "State", "targets": [...]}; each target is a
 * schedule of its own. Event patterns, other buses and other targets are refused by name.
 */
#include <stdio.h>
#include <string.h>

#include "engine/api/internal.h"
#include "engine/api/schedule/schedules.h"

#define TARGETS_MAXIMUM 5 /* "Targets per rule" of EventBridge's quotas */

static struct asl_text text_of(const asl_value *v, const char *member)
{
    const asl_value *m = api_get(v, member);
    return m ? value_as_text(m) : (struct asl_text){NULL, 0};
}

static void rule_arn(const struct scope *s, const char *name, char out[API_ARN_BYTES])
{
    snprintf(out, API_ARN_BYTES, "arn:%s:events:%s:%s:rule/%s", s->partition, s->region, s->account,
             name);
}

/* NULL deletes. */
static void keep_rule_take(struct api_call *call, const char *name, asl_value *rule)
{
    char key[SCHEDULE_KEY_BYTES];
    schedules_key(&call->scope, name, key);
    api_put_take(call->api, &call->api->rules, key, rule);
}

static const asl_value *rule_named(const struct api_call *call, const char *name)
{
    char key[SCHEDULE_KEY_BYTES];
    schedules_key(&call->scope, name, key);
    return shelf_get(&call->api->rules, key);
}

static bool is_default_bus(struct api_call *call)
{
    struct asl_text bus = api_text(call, "EventBusName");
    if (!bus.data || asl_text_is(bus, "default"))
        return true;
    api_fail(call, "ResourceNotFoundException", "Event bus %s does not exist.", bus.data);
    return false;
}

/* The rule a call names; NULL after answering. */
static const asl_value *find_rule(struct api_call *call, const char *member)
{
    struct asl_text name = api_text(call, member);
    if (!is_default_bus(call))
        return NULL;
    const asl_value *rule = rule_named(call, name.data);
    if (!rule)
        api_fail(call, "ResourceNotFoundException", "Rule %s does not exist on EventBus default.",
                 name.data);
    return rule;
}

/* ---- a rule's targets are schedules ---- */

static void target_key(const struct scope *s, const char *rule, struct asl_text id,
                       char out[SCHEDULE_KEY_BYTES])
{
    char rest[SCHEDULE_KEY_BYTES];
    snprintf(rest, sizeof rest, "rule/%s/%.*s", rule, ASL_TEXT_ARGS(id));
    schedules_key(s, rest, out);
}

/* What EventBridge sends where a target has no Input. */
static void put_event(const struct scope *s, const char *rule, struct asl_buffer *out)
{
    char arn[API_ARN_BYTES];
    rule_arn(s, rule, arn);
    asl_buffer_printf(out,
                      "{\"version\":\"0\",\"id\":\"<aws.scheduler.execution-id>\",\"detail-type\":"
                      "\"Scheduled Event\",\"source\":\"aws.events\",\"account\":\"%s\",\"time\":"
                      "\"<aws.scheduler.scheduled-time>\",\"region\":\"%s\",\"resources\":[\"%s\"],"
                      "\"detail\":{}}",
                      s->account, s->region, arn);
}

static bool put_target(struct api_call *call, const char *name, const asl_value *rule,
                       const asl_value *target, char message[256])
{
    char key[SCHEDULE_KEY_BYTES], arn[API_ARN_BYTES];
    struct asl_buffer event;
    rule_arn(&call->scope, name, arn);
    asl_buffer_init(&event, 65536);
    put_event(&call->scope, name, &event);
    struct asl_text input = text_of(target, "Input");
    const struct schedule_wish wish = {
        .expression = text_of(api_get(rule, "given"), "ScheduleExpression"),
        .machine = text_of(target, "Arn"),
        .input = input.data ? input : asl_buffer_text(&event),
        .arn = asl_text(arn),
        .dead_letter = text_of(api_get(target, "DeadLetterConfig"), "Arn"),
        .retries = api_document_integer(api_get(target, "RetryPolicy"), "MaximumRetryAttempts"),
        .age_s = api_document_integer(api_get(target, "RetryPolicy"), "MaximumEventAgeInSeconds"),
        .disabled = asl_text_is(text_of(rule, "State"), "DISABLED"),
    };
    target_key(&call->scope, name, text_of(target, "Id"), key);
    bool fine = schedules_put(call->api, key, &wish, message);
    asl_buffer_free(&event);
    return fine;
}

static void put_rule_take(struct api_call *call, const char *name, asl_value *rule)
{
    char message[256];
    asl_value *held = value_retain(rule);
    keep_rule_take(call, name, rule);
    const asl_value *targets = api_get(held, "targets");
    for (size_t i = 0; i < api_count(targets); i++)
        put_target(call, name, held, value_at(targets, i), message);
    value_release(held);
}

/* ---- the operations ---- */

static void answer_arn(struct api_call *call)
{
    char arn[API_ARN_BYTES];
    struct value_list l;
    value_list_init(&l);
    rule_arn(&call->scope, api_text(call, "Name").data, arn);
    value_list_set_take(&l, "RuleArn", value_string_z(arn));
    api_answer_take(call, value_object_take(&l));
}

static void keep_tags_take(struct api_call *call, const char *arn, asl_value *tags)
{
    api_put_take(call->api, &call->api->tags, arn, tags);
}

static void put_rule(struct api_call *call)
{
    const char *name = api_text(call, "Name").data;
    struct asl_text state = api_text(call, "State");
    char message[256];
    struct value_list l;
    const struct schedule_wish trial = {.expression = api_text(call, "ScheduleExpression")};
    if (!is_default_bus(call))
        return;
    if (!trial.expression.data || api_text(call, "EventPattern").data) {
        api_invalid(call,
                    "Stepwell's rules are schedules: give ScheduleExpression, and no EventPattern");
        return;
    }
    if (asl_text_starts(trial.expression, "at(")) {
        api_invalid(
            call, "Parameter ScheduleExpression is not valid. at(...) is EventBridge Scheduler's: "
                  "CreateSchedule takes it, rules take rate(...) and cron(...)");
        return;
    }
    if (!schedules_check(&trial, message)) {
        api_invalid(call, "Parameter ScheduleExpression is not valid. %s", message);
        return;
    }
    const asl_value *old = rule_named(call, name);
    value_list_init(&l);
    value_list_set_take(&l, "given", value_retain(call->in));
    value_list_set_take(&l, "State", state.data ? value_string(state) : value_string_z("ENABLED"));
    value_list_set_take(&l, "targets",
                        old ? value_retain(api_get(old, "targets")) : value_empty_array());
    const asl_value *tags = api_get(call->in, "Tags");
    /* "If you are updating an existing rule, any tags you specify are ignored" */
    if (!old && api_count(tags)) {
        char arn[API_ARN_BYTES];
        rule_arn(&call->scope, name, arn);
        keep_tags_take(call, arn, tags_merge_take(value_empty_array(), tags, "Key"));
    }
    put_rule_take(call, name, value_object_take(&l));
    answer_arn(call);
}

static asl_value *shown_rule(const struct scope *s, const char *name, const asl_value *rule)
{
    char arn[API_ARN_BYTES];
    struct value_list l;
    const asl_value *given = api_get(rule, "given");
    value_list_init(&l);
    rule_arn(s, name, arn);
    value_list_set_take(&l, "Name", value_string_z(name));
    value_list_set_take(&l, "Arn", value_string_z(arn));
    api_copy_member(&l, given, "ScheduleExpression");
    api_copy_member(&l, given, "Description");
    api_copy_member(&l, given, "RoleArn");
    api_copy_member(&l, rule, "State");
    value_list_set_take(&l, "EventBusName", value_string_z("default"));
    return value_object_take(&l);
}

static void describe_rule(struct api_call *call)
{
    const asl_value *rule = find_rule(call, "Name");
    if (rule)
        api_answer_take(call,
                        api_with_take(shown_rule(&call->scope, api_text(call, "Name").data, rule),
                                      "CreatedBy", value_string_z(call->scope.account)));
}

static void list_rules(struct api_call *call)
{
    const struct shelf *s = &call->api->rules;
    struct asl_text prefix = api_text(call, "NamePrefix");
    char key[SCHEDULE_KEY_BYTES];
    struct value_list items, l;
    if (!is_default_bus(call))
        return;
    value_list_init(&items);
    value_list_init(&l);
    schedules_key(&call->scope, prefix.data ? prefix.data : "", key);
    for (size_t i = shelf_from(s, key);
         i < s->count && strncmp(s->items[i].key, key, strlen(key)) == 0; i++)
        value_list_push_take(&items, shown_rule(&call->scope, strrchr(s->items[i].key, '/') + 1,
                                                s->items[i].document));
    asl_value *others =
        call->api->pattern_rules
            ? call->api->pattern_rules(call->api->pattern_state, call->scope.region, call->in)
            : NULL;
    for (size_t i = 0; i < api_count(others); i++)
        value_list_push_take(&items, value_retain(value_at(others, i)));
    value_release(others);
    value_list_set_take(&l, "Rules", value_array_take(&items));
    api_answer_take(call, value_object_take(&l));
}

static void set_state(struct api_call *call, const char *state)
{
    const asl_value *rule = find_rule(call, "Name");
    if (!rule)
        return;
    put_rule_take(call, api_text(call, "Name").data,
                  api_with_take(value_retain(rule), "State", value_string_z(state)));
    api_answer_empty(call);
}

static void enable_rule(struct api_call *call)
{
    set_state(call, "ENABLED");
}

static void disable_rule(struct api_call *call)
{
    set_state(call, "DISABLED");
}

static void delete_rule(struct api_call *call)
{
    const char *name = api_text(call, "Name").data;
    const asl_value *rule = rule_named(call, name);
    if (rule && api_count(api_get(rule, "targets"))) {
        api_invalid(call, "Rule can't be deleted since it has targets.");
        return;
    }
    if (rule) {
        char arn[API_ARN_BYTES];
        rule_arn(&call->scope, name, arn);
        keep_rule_take(call, name, NULL);
        if (shelf_get(&call->api->tags, arn))
            keep_tags_take(call, arn, NULL);
    }
    api_answer_empty(call);
}

/* `targets` without the one of that id. */
static asl_value *without(const asl_value *targets, struct asl_text id)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < api_count(targets); i++)
        if (!asl_text_equal(text_of(value_at(targets, i), "Id"), id))
            value_list_push_take(&l, value_retain(value_at(targets, i)));
    return value_array_take(&l);
}

static void push_failure(struct value_list *failures, struct asl_text id, const char *message)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "TargetId", value_string(id));
    value_list_set_take(&l, "ErrorCode", value_string_z("ValidationException"));
    value_list_set_take(&l, "ErrorMessage", value_string_z(message));
    value_list_push_take(failures, value_object_take(&l));
}

static void answer_entries(struct api_call *call, struct value_list *failures)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "FailedEntryCount", value_integer((int64_t)failures->count));
    value_list_set_take(&l, "FailedEntries", value_array_take(failures));
    api_answer_take(call, value_object_take(&l));
}

static bool can_be_target(const asl_value *target, char message[256])
{
    struct arn arn;
    snprintf(message, 256,
             "Stepwell's rules start state machines, and give them Input as it stands");
    return arn_read(text_of(target, "Arn"), &arn) && arn.kind == ARN_MACHINE &&
           !api_get(target, "InputPath") && !api_get(target, "InputTransformer");
}

/* How many targets there are with those that are given. */
static size_t count_with(const asl_value *targets, const asl_value *given)
{
    size_t count = api_count(targets);
    for (size_t i = 0; i < api_count(given); i++) {
        bool is_new = true;
        for (size_t t = 0; is_new && t < api_count(targets); t++)
            is_new =
                !api_equal(api_get(value_at(given, i), "Id"), api_get(value_at(targets, t), "Id"));
        count += is_new;
    }
    return count;
}

static void put_targets(struct api_call *call)
{
    const char *name = api_text(call, "Rule").data;
    const asl_value *given = api_get(call->in, "Targets"), *rule = find_rule(call, "Rule");
    struct value_list failures;
    char message[256];
    if (!rule)
        return;
    if (count_with(api_get(rule, "targets"), given) > TARGETS_MAXIMUM) {
        api_fail(call, "LimitExceededException",
                 "The requested resource exceeds the maximum number allowed.");
        return;
    }
    value_list_init(&failures);
    asl_value *held = value_retain(rule), *targets = value_retain(api_get(rule, "targets"));
    for (size_t i = 0; i < api_count(given); i++) {
        const asl_value *target = value_at(given, i);
        struct asl_text id = text_of(target, "Id");
        if (!can_be_target(target, message) || !put_target(call, name, held, target, message)) {
            push_failure(&failures, id, message);
            continue;
        }
        asl_value *rest = without(targets, id);
        value_release(targets);
        targets = value_append_take(rest, value_retain(target));
    }
    keep_rule_take(call, name, api_with_take(held, "targets", targets));
    answer_entries(call, &failures);
}

static void remove_targets(struct api_call *call)
{
    const char *name = api_text(call, "Rule").data;
    const asl_value *ids = api_get(call->in, "Ids"), *rule = find_rule(call, "Rule");
    struct value_list failures;
    char key[SCHEDULE_KEY_BYTES];
    if (!rule)
        return;
    value_list_init(&failures);
    asl_value *targets = value_retain(api_get(rule, "targets"));
    for (size_t i = 0; i < api_count(ids); i++) {
        struct asl_text id = value_as_text(value_at(ids, i));
        asl_value *rest = without(targets, id);
        value_release(targets);
        targets = rest;
        target_key(&call->scope, name, id, key);
        schedules_remove(call->api, key);
    }
    keep_rule_take(call, name, api_with_take(value_retain(rule), "targets", targets));
    answer_entries(call, &failures);
}

static void list_targets(struct api_call *call)
{
    const asl_value *rule = find_rule(call, "Rule");
    struct value_list l;
    if (!rule)
        return;
    value_list_init(&l);
    value_list_set_take(&l, "Targets", value_retain(api_get(rule, "targets")));
    api_answer_take(call, value_object_take(&l));
}

/* ---- tags, of rules with patterns too ---- */

static bool has_pattern_rule(struct api_call *call, const char *name)
{
    const struct api *a = call->api;
    bool found = false;
    if (!a->pattern_rules)
        return false;
    asl_value *asked = api_with_take(value_empty_object(), "NamePrefix", value_string_z(name));
    asl_value *rules = a->pattern_rules(a->pattern_state, call->scope.region, asked);
    for (size_t i = 0; !found && i < api_count(rules); i++)
        found = asl_text_is(text_of(value_at(rules, i), "Name"), name);
    value_release(rules);
    value_release(asked);
    return found;
}

/* The rule's ARN that a call names; NULL after answering. */
static const char *tagged(struct api_call *call)
{
    struct asl_text arn = api_text(call, "ResourceARN");
    const char *name = strrchr(arn.data, '/');
    char own[API_ARN_BYTES];
    rule_arn(&call->scope, name ? name + 1 : "", own);
    if (name && asl_text_is(arn, own) &&
        (rule_named(call, name + 1) || has_pattern_rule(call, name + 1)))
        return arn.data;
    api_fail(call, "ResourceNotFoundException", "Rule %s does not exist on EventBus default.",
             name ? name + 1 : arn.data);
    return NULL;
}

static void tag_resource(struct api_call *call)
{
    const char *arn = tagged(call);
    if (!arn)
        return;
    const asl_value *had = shelf_get(&call->api->tags, arn);
    keep_tags_take(call, arn,
                   tags_merge_take(had ? value_retain(had) : value_empty_array(),
                                   api_get(call->in, "Tags"), "Key"));
    api_answer_empty(call);
}

static void untag_resource(struct api_call *call)
{
    const char *arn = tagged(call);
    if (!arn)
        return;
    const asl_value *had = shelf_get(&call->api->tags, arn);
    if (had)
        keep_tags_take(call, arn, tags_without(had, api_get(call->in, "TagKeys"), "Key"));
    api_answer_empty(call);
}

static void list_tags(struct api_call *call)
{
    const char *arn = tagged(call);
    struct value_list l;
    if (!arn)
        return;
    const asl_value *tags = shelf_get(&call->api->tags, arn);
    value_list_init(&l);
    value_list_set_take(&l, "Tags", tags ? value_retain(tags) : value_empty_array());
    api_answer_take(call, value_object_take(&l));
}

static const struct api_operation operations[] = {
    {"DeleteRule", delete_rule},         {"DescribeRule", describe_rule},
    {"DisableRule", disable_rule},       {"EnableRule", enable_rule},
    {"ListRules", list_rules},           {"ListTagsForResource", list_tags},
    {"ListTargetsByRule", list_targets}, {"PutRule", put_rule},
    {"PutTargets", put_targets},         {"RemoveTargets", remove_targets},
    {"TagResource", tag_resource},       {"UntagResource", untag_resource},
};

const struct api_operation *rules_operation_named(struct asl_text name)
{
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (asl_text_is(name, operations[i].name))
            return &operations[i];
    return NULL;
}
