/* EventBridge's stand-in: events onto a bus, into the log `events.log`, and to the targets of the
 * rules whose pattern they fit. Rules that are schedules are the API's (engine/api/schedule); this
 * file keeps those with a pattern, and answers for them alone.
 *
 * A queue or a topic gets its event in the transaction that takes it; an execution is started and a
 * function called through the outbox (outbox.h).
 *
 * A document of kind "event-rule" by "<bus>/<name>": {"Name", "EventPattern", "State",
 * "Description", "RoleArn", "targets": [...]}; of kind "event-bus" by name: {"created"}. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/protocol.h"
#include "pattern.h"
#include "events.h"
#include "outbox.h"
#include "sns.h"
#include "sqs/sqs.h"

#define RULE            "event-rule"
#define BUS             "event-bus"
#define ENTRIES_MAXIMUM 10
#define ENTRY_BYTES     262144
#define TARGETS_MAXIMUM 5

/* ---- names ---- */

static struct asl_text bus_of(const asl_value *in)
{
    struct asl_text bus = model_text(in, "EventBusName");
    if (!bus.size)
        return ASL_TEXT("default");
    for (size_t i = bus.size; i > 0; i--) /* "arn:...:event-bus/name" */
        if (bus.data[i - 1] == '/' && asl_text_starts(bus, "arn:"))
            return (struct asl_text){bus.data + i, bus.size - i};
    return bus;
}

static char *rule_key(const asl_value *in, struct asl_text name)
{
    struct asl_buffer key;
    asl_buffer_init(&key, 1024);
    asl_buffer_printf(&key, "%.*s/%.*s", ASL_TEXT_ARGS(bus_of(in)), ASL_TEXT_ARGS(name));
    return asl_buffer_take(&key, NULL);
}

static void put_rule_arn(struct model_call *c, struct value_list *l, const char *name,
                         struct asl_text bus, struct asl_text rule)
{
    struct asl_buffer rest, arn;
    asl_buffer_init(&rest, 1024);
    asl_buffer_init(&arn, 2048);
    asl_buffer_puts(&rest, "rule/");
    if (!asl_text_is(bus, "default"))
        asl_buffer_printf(&rest, "%.*s/", ASL_TEXT_ARGS(bus));
    asl_buffer_put_text(&rest, rule);
    model_arn(c->local, "events", asl_buffer_text(&rest), &arn);
    model_put(l, name, asl_buffer_text(&arn));
    asl_buffer_free(&rest);
    asl_buffer_free(&arn);
}

static bool has_bus(struct model_call *c, struct asl_text name)
{
    asl_value *bus = asl_text_is(name, "default") ? value_null() : document_get(c->db, BUS, name);
    value_release(bus);
    return bus != NULL;
}

static bool check_bus(struct model_call *c)
{
    return has_bus(c, bus_of(c->in)) ||
           model_refuse(c, "ResourceNotFoundException", "Event bus %.*s does not exist.",
                        ASL_TEXT_ARGS(bus_of(c->in)));
}

/* The rule that a member names; NULL after refusing. */
static asl_value *open_rule(struct model_call *c, const char *member)
{
    struct asl_text name = model_text(c->in, member);
    char *key = rule_key(c->in, name);
    asl_value *rule = document_get(c->db, RULE, asl_text(key));
    free(key);
    if (!rule)
        model_refuse(c, "ResourceNotFoundException", "Rule %.*s does not exist on EventBus %.*s.",
                     ASL_TEXT_ARGS(name), ASL_TEXT_ARGS(bus_of(c->in)));
    return rule;
}

static void put_rule_take(struct model_call *c, struct asl_text name, asl_value *rule)
{
    char *key = rule_key(c->in, name);
    document_put(c->db, RULE, asl_text(key), rule);
    value_release(rule);
    free(key);
}

bool events_knows(struct local *l, struct asl_text body)
{
    static const char *const members[] = {"Rule", "Name"};
    struct value_error error;
    bool knows = false;
    asl_value *in = value_parse(body, 0, 0, &error);
    knows = in && (model_get(in, "EventPattern") || !asl_text_is(bus_of(in), "default"));
    for (size_t i = 0; in && !knows && i < 2; i++) {
        struct asl_text name = model_text(in, members[i]);
        char *key = rule_key(in, name);
        asl_value *rule = name.size ? document_get(l->database, RULE, asl_text(key)) : NULL;
        knows = rule != NULL;
        value_release(rule);
        free(key);
    }
    value_release(in);
    return knows;
}

/* ---- buses ---- */

static void put_bus_arn(struct model_call *c, struct value_list *l, const char *member,
                        struct asl_text name)
{
    struct asl_buffer rest, arn;
    asl_buffer_init(&rest, 1024);
    asl_buffer_init(&arn, 2048);
    asl_buffer_printf(&rest, "event-bus/%.*s", ASL_TEXT_ARGS(name));
    model_arn(c->local, "events", asl_buffer_text(&rest), &arn);
    model_put(l, member, asl_buffer_text(&arn));
    asl_buffer_free(&rest);
    asl_buffer_free(&arn);
}

static bool create_event_bus(struct model_call *c)
{
    struct value_list l;
    struct asl_text name = model_text(c->in, "Name");
    if (has_bus(c, name))
        return model_refuse(c, "ResourceAlreadyExistsException", "Event bus %.*s already exists.",
                            ASL_TEXT_ARGS(name));
    value_list_init(&l);
    model_put_integer(&l, "created", local_now(c->local));
    asl_value *bus = value_object_take(&l);
    document_put(c->db, BUS, name, bus);
    value_release(bus);
    put_bus_arn(c, &c->out, "EventBusArn", name);
    return true;
}

static bool delete_event_bus(struct model_call *c)
{
    if (asl_text_is(model_text(c->in, "Name"), "default"))
        return model_refuse(c, "ValidationException", "Cannot delete event bus default.");
    document_remove(c->db, BUS, model_text(c->in, "Name"));
    return true;
}

static asl_value *show_bus(struct model_call *c, struct asl_text name)
{
    struct value_list l;
    value_list_init(&l);
    model_put(&l, "Name", name);
    put_bus_arn(c, &l, "Arn", name);
    return value_object_take(&l);
}

static bool list_event_buses(struct model_call *c)
{
    struct asl_buffer key;
    struct value_list list;
    asl_buffer_init(&key, 1024);
    value_list_init(&list);
    value_list_push_take(&list, show_bus(c, ASL_TEXT("default")));
    while (document_next(c->db, BUS, model_text(c->in, "NamePrefix"), asl_buffer_text(&key), &key))
        value_list_push_take(&list, show_bus(c, asl_buffer_text(&key)));
    value_list_set_take(&c->out, "EventBuses", value_array_take(&list));
    asl_buffer_free(&key);
    return true;
}

static bool describe_event_bus(struct model_call *c)
{
    struct asl_text name = model_text(c->in, "Name");
    if (!name.size)
        name = ASL_TEXT("default");
    if (!has_bus(c, name))
        return model_refuse(c, "ResourceNotFoundException", "Event bus %.*s does not exist.",
                            ASL_TEXT_ARGS(name));
    model_put(&c->out, "Name", name);
    put_bus_arn(c, &c->out, "Arn", name);
    return true;
}

/* ---- rules ---- */

/* A pattern's text as a value; NULL after refusing. */
static asl_value *read_pattern(struct model_call *c, struct asl_text text)
{
    char message[256];
    struct value_error error;
    asl_value *pattern = value_parse(text, 0, 0, &error);
    if (pattern && pattern_check(pattern, message))
        return pattern;
    model_refuse(
        c, "InvalidEventPatternException", "%s%s",
        pattern ? "" : "Event pattern is not valid. Reason: ", pattern ? message : error.message);
    value_release(pattern);
    return NULL;
}

static bool put_rule(struct model_call *c)
{
    struct value_list l;
    struct asl_text name = model_text(c->in, "Name"), state = model_text(c->in, "State");
    if (!model_get(c->in, "EventPattern"))
        return model_refuse(c, "ValidationException",
                            "This stand-in's rules have an EventPattern; schedules are `stepwell "
                            "serve`'s and `stepwell schedule`'s.");
    if (model_get(c->in, "ScheduleExpression"))
        return model_refuse(c, "ValidationException",
                            "A rule here has an EventPattern or a ScheduleExpression, not both.");
    asl_value *pattern = check_bus(c) ? read_pattern(c, model_text(c->in, "EventPattern")) : NULL;
    if (!pattern)
        return false;
    char *key = rule_key(c->in, name);
    asl_value *old = document_get(c->db, RULE, asl_text(key));
    const asl_value *targets = model_get(old, "targets");
    value_list_init(&l);
    model_put(&l, "Name", name);
    model_copy(&l, "EventPattern", c->in);
    model_copy(&l, "Description", c->in);
    model_copy(&l, "RoleArn", c->in);
    model_put(&l, "State", state.size ? state : ASL_TEXT("ENABLED"));
    value_list_set_take(&l, "targets", targets ? value_retain(targets) : value_empty_array());
    put_rule_take(c, name, value_object_take(&l));
    put_rule_arn(c, &c->out, "RuleArn", bus_of(c->in), name);
    value_release(old);
    value_release(pattern);
    free(key);
    return true;
}

static void show_rule(struct model_call *c, struct value_list *l, const asl_value *rule,
                      struct asl_text bus)
{
    static const char *const shown[] = {"Name", "EventPattern", "State", "Description", "RoleArn"};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        model_copy(l, shown[i], rule);
    put_rule_arn(c, l, "Arn", bus, model_text(rule, "Name"));
    model_put(l, "EventBusName", bus);
}

static bool describe_rule(struct model_call *c)
{
    asl_value *rule = open_rule(c, "Name");
    if (rule)
        show_rule(c, &c->out, rule, bus_of(c->in));
    value_release(rule);
    return rule != NULL;
}

/* Calls `see` for each rule of a bus. */
static void each_rule(struct model_call *c, struct asl_text bus, struct asl_text name_prefix,
                      void (*see)(struct model_call *c, const asl_value *rule, void *state),
                      void *state)
{
    struct asl_buffer key, prefix;
    asl_buffer_init(&key, 1024);
    asl_buffer_init(&prefix, 1024);
    asl_buffer_printf(&prefix, "%.*s/%.*s", ASL_TEXT_ARGS(bus), ASL_TEXT_ARGS(name_prefix));
    while (document_next(c->db, RULE, asl_buffer_text(&prefix), asl_buffer_text(&key), &key)) {
        asl_value *rule = document_get(c->db, RULE, asl_buffer_text(&key));
        see(c, rule, state);
        value_release(rule);
    }
    asl_buffer_free(&key);
    asl_buffer_free(&prefix);
}

static void push_rule(struct model_call *c, const asl_value *rule, void *state)
{
    struct value_list l;
    value_list_init(&l);
    show_rule(c, &l, rule, bus_of(c->in));
    value_list_push_take(state, value_object_take(&l));
}

static bool list_rules(struct model_call *c)
{
    struct value_list rules;
    if (!check_bus(c))
        return false;
    value_list_init(&rules);
    each_rule(c, bus_of(c->in), model_text(c->in, "NamePrefix"), push_rule, &rules);
    value_list_set_take(&c->out, "Rules", value_array_take(&rules));
    return true;
}

static bool set_state(struct model_call *c, const char *state)
{
    asl_value *rule = open_rule(c, "Name");
    if (!rule)
        return false;
    put_rule_take(c, model_text(c->in, "Name"),
                  value_with_take(rule, value_string_z("State"), value_string_z(state)));
    return true;
}

static bool enable_rule(struct model_call *c)
{
    return set_state(c, "ENABLED");
}

static bool disable_rule(struct model_call *c)
{
    return set_state(c, "DISABLED");
}

static bool delete_rule(struct model_call *c)
{
    char *key = rule_key(c->in, model_text(c->in, "Name"));
    asl_value *rule = document_get(c->db, RULE, asl_text(key));
    bool has_targets = rule && value_count(model_get(rule, "targets"));
    if (!has_targets)
        document_remove(c->db, RULE, asl_text(key));
    value_release(rule);
    free(key);
    return !has_targets ||
           model_refuse(c, "ValidationException", "Rule can't be deleted since it has targets.");
}

/* ---- targets ---- */

static const char *objection_to(const asl_value *target)
{
    struct asl_text arn = model_text(target, "Arn");
    static const char *const starts[] = {"arn:aws:sqs:", "arn:aws:sns:", "arn:aws:logs:"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (asl_text_starts(arn, starts[i]))
            return NULL;
    return outbox_takes(arn) ? NULL
                             : "targets of this stand-in are state machines, Lambda functions, SQS "
                               "queues, SNS topics and log groups";
}

static asl_value *targets_without(const asl_value *targets, struct asl_text id)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; targets && i < value_count(targets); i++)
        if (!asl_text_equal(model_text(value_at(targets, i), "Id"), id))
            value_list_push_take(&l, value_retain(value_at(targets, i)));
    return value_array_take(&l);
}

static void push_failure(struct value_list *l, const char *id_member, struct asl_text id,
                         const char *code, const char *message)
{
    struct value_list failure;
    value_list_init(&failure);
    if (id_member)
        model_put(&failure, id_member, id);
    model_put_z(&failure, "ErrorCode", code);
    model_put_z(&failure, "ErrorMessage", message);
    value_list_push_take(l, value_object_take(&failure));
}

static void answer_failures(struct model_call *c, struct value_list *failures)
{
    model_put_integer(&c->out, "FailedEntryCount", (int64_t)failures->count);
    value_list_set_take(&c->out, "FailedEntries", value_array_take(failures));
}

static bool put_targets(struct model_call *c)
{
    struct value_list failures;
    const asl_value *given = model_get(c->in, "Targets");
    asl_value *rule = open_rule(c, "Rule");
    if (!rule)
        return false;
    asl_value *targets = value_retain(model_get(rule, "targets"));
    value_list_init(&failures);
    for (size_t i = 0; given && i < value_count(given); i++) {
        const asl_value *target = value_at(given, i);
        const char *objection = objection_to(target);
        if (objection) {
            push_failure(&failures, "TargetId", model_text(target, "Id"), "ValidationException",
                         objection);
            continue;
        }
        asl_value *others = targets_without(targets, model_text(target, "Id"));
        value_release(targets);
        targets = value_append_take(others, value_retain(target));
    }
    if (value_count(targets) > TARGETS_MAXIMUM) {
        value_release(targets);
        value_release(rule);
        value_list_free(&failures);
        return model_refuse(c, "LimitExceededException",
                            "The requested resource exceeds the maximum number allowed.");
    }
    put_rule_take(c, model_text(c->in, "Rule"),
                  value_with_take(rule, value_string_z("targets"), targets));
    answer_failures(c, &failures);
    return true;
}

static bool remove_targets(struct model_call *c)
{
    struct value_list failures;
    const asl_value *ids = model_get(c->in, "Ids");
    asl_value *rule = open_rule(c, "Rule");
    if (!rule)
        return false;
    asl_value *targets = value_retain(model_get(rule, "targets"));
    for (size_t i = 0; ids && i < value_count(ids); i++) {
        asl_value *left = targets_without(targets, value_as_text(value_at(ids, i)));
        value_release(targets);
        targets = left;
    }
    put_rule_take(c, model_text(c->in, "Rule"),
                  value_with_take(rule, value_string_z("targets"), targets));
    value_list_init(&failures);
    answer_failures(c, &failures);
    return true;
}

static bool list_targets(struct model_call *c)
{
    asl_value *rule = open_rule(c, "Rule");
    if (rule)
        value_list_set_take(&c->out, "Targets", value_retain(model_get(rule, "targets")));
    value_release(rule);
    return rule != NULL;
}

/* ---- an event to a target ---- */

static void to_queue(struct model_call *c, const asl_value *target, struct asl_text input)
{
    struct sqs_queue q;
    struct sqs_sent sent;
    const struct sqs_sending m = {
        .body = input,
        .group = model_text(model_get(target, "SqsParameters"), "MessageGroupId"),
        .delay_ms = -1,
    };
    if (!sqs_queue_open_arn(c->local, model_text(target, "Arn"), &q))
        return; /* EventBridge drops it, too, in the end */
    sqs_send(c->local, &q, &m, &sent);
    sqs_queue_free(&q);
}

/* A machine or a function. The name's form is EventBridge's own: the event's id, and what tells the
 * target apart. */
static void to_outbox(struct model_call *c, const asl_value *target, const asl_value *event,
                      struct asl_text input)
{
    char name[81], digest[33];
    struct asl_buffer seed;
    asl_buffer_init(&seed, 4096);
    asl_buffer_printf(&seed, "%s %s", model_text(target, "Arn").data,
                      model_text(target, "Id").data);
    model_md5(asl_buffer_text(&seed), digest);
    snprintf(name, sizeof name, "%.36s_%.36s", model_text(event, "id").data, digest);
    outbox_post(c->local, model_text(target, "Arn"), name, input);
    asl_buffer_free(&seed);
}

static void to_target(struct model_call *c, const asl_value *rule, const asl_value *target,
                      const asl_value *event)
{
    struct asl_text arn = model_text(target, "Arn");
    struct asl_buffer input;
    asl_buffer_init(&input, ASL_BUFFER_MAXIMUM);
    events_input(rule, target, event, &input);
    if (asl_text_starts(arn, "arn:aws:sqs:"))
        to_queue(c, target, asl_buffer_text(&input));
    else if (asl_text_starts(arn, "arn:aws:sns:"))
        sns_publish(c, arn, asl_buffer_text(&input));
    else if (outbox_takes(arn))
        to_outbox(c, target, event, asl_buffer_text(&input));
    /* a log group: the event is in events.log already */
    asl_buffer_free(&input);
}

static void judge(struct model_call *c, const asl_value *rule, void *state)
{
    struct value_error error;
    const asl_value *event = state, *targets = model_get(rule, "targets");
    if (asl_text_is(model_text(rule, "State"), "DISABLED"))
        return;
    asl_value *pattern = value_parse(model_text(rule, "EventPattern"), 0, 0, &error);
    if (pattern && pattern_matches(pattern, event))
        for (size_t i = 0; targets && i < value_count(targets); i++)
            to_target(c, rule, value_at(targets, i), event);
    value_release(pattern);
}

/* ---- putting events ---- */

/* NULL, or what is wrong with an entry, as code and message. */
static const char *objection_to_entry(const asl_value *entry, const asl_value *detail,
                                      const char **code)
{
    static const struct {
        const char *member, *message;
    } wanted[] = {
        {"Source", "Parameter Source is not valid. Reason: Source is a required argument."},
        {"DetailType",
         "Parameter DetailType is not valid. Reason: DetailType is a required argument."},
        {"Detail", "Parameter Detail is not valid. Reason: Detail is a required argument."},
    };
    *code = "InvalidArgument";
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!model_text(entry, wanted[i].member).size)
            return wanted[i].message;
    if (detail && value_kind(detail) == VALUE_OBJECT)
        return NULL;
    *code = "MalformedDetail";
    return "Detail is malformed.";
}

static asl_value *make_event(struct model_call *c, const asl_value *entry, const asl_value *detail,
                             const char *id)
{
    struct value_list l;
    struct asl_buffer time;
    const asl_value *given = model_get(entry, "Time"), *resources = model_get(entry, "Resources");
    int64_t seconds = given && value_kind(given) == VALUE_NUMBER ? (int64_t)value_as_double(given)
                                                                 : local_now(c->local) / 1000;
    asl_buffer_init(&time, 64);
    protocol_time_iso8601(seconds, 0, &time);
    value_list_init(&l);
    model_put_z(&l, "version", "0");
    model_put_z(&l, "id", id);
    model_put(&l, "detail-type", model_text(entry, "DetailType"));
    model_put(&l, "source", model_text(entry, "Source"));
    model_put_z(&l, "account", c->local->account);
    model_put(&l, "time", asl_buffer_text(&time));
    model_put_z(&l, "region", c->local->region);
    value_list_set_take(&l, "resources", resources ? value_retain(resources) : value_empty_array());
    value_list_set_take(&l, "detail", value_retain(detail));
    asl_buffer_free(&time);
    return value_object_take(&l);
}

static bool put_entry(struct model_call *c, const asl_value *entry, struct value_list *answers)
{
    struct value_error error;
    const char *code;
    char id[37];
    asl_value *detail = value_parse(model_text(entry, "Detail"), 0, 0, &error);
    const char *objection = objection_to_entry(entry, detail, &code);
    if (objection)
        push_failure(answers, NULL, (struct asl_text){NULL, 0}, code, objection);
    else {
        struct value_list answer;
        model_uuid(id);
        asl_value *event = make_event(c, entry, detail, id);
        local_log(c->local, "events", event);
        if (has_bus(c, bus_of(entry))) /* one that is not there takes events all the same */
            each_rule(c, bus_of(entry), ASL_TEXT(""), judge, event);
        value_list_init(&answer);
        model_put_z(&answer, "EventId", id);
        value_list_push_take(answers, value_object_take(&answer));
        value_release(event);
    }
    value_release(detail);
    return !objection;
}

static bool put_events(struct model_call *c)
{
    struct value_list answers;
    const asl_value *entries = model_get(c->in, "Entries");
    int64_t failed = 0;
    size_t bytes = 0, count = entries ? value_count(entries) : 0;
    for (size_t i = 0; i < count; i++)
        bytes += value_size(value_at(entries, i));
    if (count > ENTRIES_MAXIMUM || bytes > ENTRY_BYTES)
        return model_refuse(c, "ValidationException",
                            "Total size of the entries in the request is over the limit.");
    value_list_init(&answers);
    for (size_t i = 0; i < count; i++)
        failed += !put_entry(c, value_at(entries, i), &answers);
    model_put_integer(&c->out, "FailedEntryCount", failed);
    value_list_set_take(&c->out, "Entries", value_array_take(&answers));
    return true;
}

static bool test_event_pattern(struct model_call *c)
{
    struct value_error error;
    asl_value *pattern = read_pattern(c, model_text(c->in, "EventPattern"));
    asl_value *event = pattern ? value_parse(model_text(c->in, "Event"), 0, 0, &error) : NULL;
    if (event)
        value_list_set_take(&c->out, "Result", value_boolean(pattern_matches(pattern, event)));
    else if (pattern)
        model_refuse(c, "ValidationException", "Parameter Event is not valid.");
    value_release(pattern);
    value_release(event);
    return event != NULL;
}

static const struct model_operation operations[] = {
    {"CreateEventBus", create_event_bus},
    {"DeleteEventBus", delete_event_bus},
    {"DeleteRule", delete_rule},
    {"DescribeEventBus", describe_event_bus},
    {"DescribeRule", describe_rule},
    {"DisableRule", disable_rule},
    {"EnableRule", enable_rule},
    {"ListEventBuses", list_event_buses},
    {"ListRules", list_rules},
    {"ListTargetsByRule", list_targets},
    {"PutEvents", put_events},
    {"PutRule", put_rule},
    {"PutTargets", put_targets},
    {"RemoveTargets", remove_targets},
    {"TestEventPattern", test_event_pattern},
    {0},
};

static const struct model_service model = {
    .arn_name = "eventbridge",
    .error_space = "",
    .invalid = "ValidationException",
    .operations = operations,
};

const struct local_service local_events = {
    .name = "events", .arn_name = "eventbridge", .model = &model};
