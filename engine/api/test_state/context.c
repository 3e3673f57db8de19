/* A context object that is given: which members it may have, and of what kind. One table.
 *
 * Recorded: "Field 'Pokedex' is not allowed", "Execution.Id must be a string", and the two that
 * forbid Map and Task; the members not recorded are worded like them.
 */
#include <string.h>

#include "engine/api/test_state/test_state.h"

#define INVALID "Invalid Context object provided: "

static const struct rule {
    const char *part, *member; /* member NULL: the part itself */
    enum value_kind kind;
} rules[] = {
    {"Execution", NULL, VALUE_OBJECT},
    {"Execution", "Id", VALUE_STRING},
    {"Execution", "Input", VALUE_NULL}, /* any */
    {"Execution", "Name", VALUE_STRING},
    {"Execution", "RoleArn", VALUE_STRING},
    {"Execution", "StartTime", VALUE_STRING},
    {"Execution", "RedriveCount", VALUE_NUMBER},
    {"Execution", "RedriveTime", VALUE_STRING},
    {"State", NULL, VALUE_OBJECT},
    {"State", "EnteredTime", VALUE_STRING},
    {"State", "Name", VALUE_STRING},
    {"State", "RetryCount", VALUE_NUMBER},
    {"StateMachine", NULL, VALUE_OBJECT},
    {"StateMachine", "Id", VALUE_STRING},
    {"StateMachine", "Name", VALUE_STRING},
    {"Task", NULL, VALUE_OBJECT},
    {"Task", "Token", VALUE_STRING},
};

static const struct rule *rule_for(const char *part, const char *member)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *r = &rules[i];
        bool same = member ? r->member && strcmp(r->member, member) == 0 : !r->member;
        if (same && strcmp(r->part, part) == 0)
            return r;
    }
    return NULL;
}

/* `member` NULL: the part itself. */
static bool check(struct test_state *t, const char *part, const char *member, const asl_value *v)
{
    static const char *const kinds[] = {
        [VALUE_NUMBER] = "a number", [VALUE_STRING] = "a string", [VALUE_OBJECT] = "an object"};
    const struct rule *r = rule_for(part, member);
    const char *dot = member ? "." : "", *name = member ? member : "";
    if (!r)
        api_invalid(t->call, INVALID "Field '%s%s%s' is not allowed", part, dot, name);
    else if (r->kind != VALUE_NULL && value_kind(v) != r->kind)
        api_invalid(t->call, INVALID "%s%s%s must be %s", part, dot, name, kinds[r->kind]);
    else
        return true;
    return false;
}

static bool waits(const struct state *s)
{
    return s->kind == STATE_TASK && s->of.task.resource.pattern != TASK_REQUEST_RESPONSE;
}

static bool check_part(struct test_state *t, const char *part, const asl_value *v)
{
    if (strcmp(part, "Map") == 0) {
        api_invalid(t->call, INVALID "'Map' field is not supported when mocking a Context object");
        return false;
    }
    if (strcmp(part, "Task") == 0 && !waits(t->tested)) {
        api_invalid(t->call, INVALID
                    "Context object contains 'Task' when state is not a Task state with a '.sync' "
                    "or '.waitForTaskToken' service integration pattern");
        return false;
    }
    if (!check(t, part, NULL, v))
        return false;
    for (size_t i = 0; i < value_count(v); i++)
        if (!check(t, part, value_as_text(value_key_at(v, i)).data, value_at(v, i)))
            return false;
    return true;
}

bool test_state_check_context(struct test_state *t)
{
    struct asl_text text = api_text(t->call, "context");
    if (!text.data)
        return true;
    t->context = value_parse(text, 0, 0, NULL);
    if (!t->context || value_kind(t->context) != VALUE_OBJECT) {
        api_invalid(t->call, INVALID "it must be a JSON object");
        return false;
    }
    for (size_t i = 0; i < value_count(t->context); i++)
        if (!check_part(t, value_as_text(value_key_at(t->context, i)).data,
                        value_at(t->context, i)))
            return false;
    return true;
}
