/* Choice rules: one table of comparison operators, compiled to (operator, type, operand).
 * Serves: ASL spec "Choice State"; facts 3.7.
 */
#include "compile.h"

#include <math.h>
#include <stdlib.h>

#include "fields.h"

struct comparison {
    const char *name;
    enum choice_operator operator;
    enum choice_type type;
    enum field_type operand; /* FIELD_REFERENCE: the operand is a path */
};

/* In the order in which AWS lists them (that of a hash table). */
static const struct comparison comparisons[] = {
    {"StringEquals", CHOICE_EQUALS, CHOICE_STRING, FIELD_STRING},
    {"IsBoolean", CHOICE_IS, CHOICE_BOOLEAN, FIELD_BOOLEAN},
    {"StringLessThan", CHOICE_LESS, CHOICE_STRING, FIELD_STRING},
    {"IsNumeric", CHOICE_IS, CHOICE_NUMERIC, FIELD_BOOLEAN},
    {"BooleanEquals", CHOICE_EQUALS, CHOICE_BOOLEAN, FIELD_BOOLEAN},
    {"StringLessThanEqualsPath", CHOICE_LESS_EQUALS, CHOICE_STRING, FIELD_REFERENCE},
    {"NumericLessThan", CHOICE_LESS, CHOICE_NUMERIC, FIELD_FLOAT},
    {"NumericGreaterThan", CHOICE_GREATER, CHOICE_NUMERIC, FIELD_FLOAT},
    {"NumericLessThanPath", CHOICE_LESS, CHOICE_NUMERIC, FIELD_REFERENCE},
    {"StringMatches", CHOICE_MATCHES, CHOICE_STRING, FIELD_STRING},
    {"TimestampLessThanEqualsPath", CHOICE_LESS_EQUALS, CHOICE_TIMESTAMP, FIELD_REFERENCE},
    {"NumericEquals", CHOICE_EQUALS, CHOICE_NUMERIC, FIELD_FLOAT},
    {"TimestampGreaterThan", CHOICE_GREATER, CHOICE_TIMESTAMP, FIELD_RFC3339},
    {"StringGreaterThanEqualsPath", CHOICE_GREATER_EQUALS, CHOICE_STRING, FIELD_REFERENCE},
    {"TimestampGreaterThanEqualsPath", CHOICE_GREATER_EQUALS, CHOICE_TIMESTAMP, FIELD_REFERENCE},
    {"TimestampLessThanEquals", CHOICE_LESS_EQUALS, CHOICE_TIMESTAMP, FIELD_RFC3339},
    {"NumericLessThanEqualsPath", CHOICE_LESS_EQUALS, CHOICE_NUMERIC, FIELD_REFERENCE},
    {"TimestampEquals", CHOICE_EQUALS, CHOICE_TIMESTAMP, FIELD_RFC3339},
    {"BooleanEqualsPath", CHOICE_EQUALS, CHOICE_BOOLEAN, FIELD_REFERENCE},
    {"IsTimestamp", CHOICE_IS, CHOICE_TIMESTAMP, FIELD_BOOLEAN},
    {"StringLessThanEquals", CHOICE_LESS_EQUALS, CHOICE_STRING, FIELD_STRING},
    {"NumericLessThanEquals", CHOICE_LESS_EQUALS, CHOICE_NUMERIC, FIELD_FLOAT},
    {"StringLessThanPath", CHOICE_LESS, CHOICE_STRING, FIELD_REFERENCE},
    {"TimestampGreaterThanPath", CHOICE_GREATER, CHOICE_TIMESTAMP, FIELD_REFERENCE},
    {"StringGreaterThan", CHOICE_GREATER, CHOICE_STRING, FIELD_STRING},
    {"StringGreaterThanPath", CHOICE_GREATER, CHOICE_STRING, FIELD_REFERENCE},
    {"IsString", CHOICE_IS, CHOICE_STRING, FIELD_BOOLEAN},
    {"StringEqualsPath", CHOICE_EQUALS, CHOICE_STRING, FIELD_REFERENCE},
    {"TimestampEqualsPath", CHOICE_EQUALS, CHOICE_TIMESTAMP, FIELD_REFERENCE},
    {"TimestampLessThan", CHOICE_LESS, CHOICE_TIMESTAMP, FIELD_RFC3339},
    {"StringGreaterThanEquals", CHOICE_GREATER_EQUALS, CHOICE_STRING, FIELD_STRING},
    {"NumericGreaterThanPath", CHOICE_GREATER, CHOICE_NUMERIC, FIELD_REFERENCE},
    {"NumericGreaterThanEquals", CHOICE_GREATER_EQUALS, CHOICE_NUMERIC, FIELD_FLOAT},
    {"NumericEqualsPath", CHOICE_EQUALS, CHOICE_NUMERIC, FIELD_REFERENCE},
    {"TimestampLessThanPath", CHOICE_LESS, CHOICE_TIMESTAMP, FIELD_REFERENCE},
    {"IsNull", CHOICE_IS, CHOICE_NULL, FIELD_BOOLEAN},
    {"IsPresent", CHOICE_IS, CHOICE_PRESENT, FIELD_BOOLEAN},
    {"TimestampGreaterThanEquals", CHOICE_GREATER_EQUALS, CHOICE_TIMESTAMP, FIELD_RFC3339},
    {"NumericGreaterThanEqualsPath", CHOICE_GREATER_EQUALS, CHOICE_NUMERIC, FIELD_REFERENCE},
};
#define COMPARISONS (sizeof comparisons / sizeof *comparisons)

static const struct comparison *find_comparison(struct asl_text name)
{
    for (size_t i = 0; i < COMPARISONS; i++) {
        if (asl_text_is(name, comparisons[i].name)) {
            return &comparisons[i];
        }
    }
    return NULL;
}

/* ---- what a rule may hold ---- */

static bool is_listed(const char *const *names, size_t count, struct asl_text name)
{
    for (size_t i = 0; i < count; i++) {
        if (asl_text_is(name, names[i])) {
            return true;
        }
    }
    return false;
}

static const char *const selectors[] = {"And", "Or", "Not", "Variable", "Condition"};
static const char *const top_members[] = {"Next", "Comment", "Assign", "Output"};
#define SELECTORS   5
#define TOP_MEMBERS 4

static void report_unknown(struct compiler *c, const struct place *place, bool top,
                           struct asl_text name)
{
    report(c, CODE_SCHEMA, place, "Field '%.*s' is not supported", ASL_TEXT_ARGS(name));
    point_at_member(c, place, name);
    struct guess g = {.wrong = name};
    for (size_t i = 0; guess_helps(c) && i < COMPARISONS; i++) {
        guess_try(&g, asl_text(comparisons[i].name));
    }
    for (size_t i = 0; i < SELECTORS; i++) {
        guess_try(&g, asl_text(selectors[i]));
    }
    for (size_t i = 0; top && i < TOP_MEMBERS; i++) {
        guess_try(&g, asl_text(top_members[i]));
    }
    guess_tell(c, &g);
}

static void report_language(struct compiler *c, const struct place *place, struct asl_text name)
{
    bool jsonata = c->language == LANGUAGE_JSONATA;
    if (!c->downgraded) {
        report(c, CODE_SCHEMA, place,
               "The QueryLanguage is set to '%s', but field '%.*s' is only supported for the '%s' "
               "QueryLanguage",
               jsonata ? "JSONata" : "JSONPath", ASL_TEXT_ARGS(name),
               jsonata ? "JSONPath" : "JSONata");
        point_at_member(c, place, name);
    }
}

/* How many comparisons and selectors a rule has. */
struct rule_count {
    size_t comparisons, selectors;
};

/* Condition and Output belong to JSONata, the other selectors and all comparisons to JSONPath. */
static bool is_other_language(const struct compiler *c, struct asl_text name, bool known_to_rules)
{
    bool jsonata = asl_text_is(name, "Condition") || asl_text_is(name, "Output");
    return (known_to_rules || jsonata) && jsonata != (c->language == LANGUAGE_JSONATA);
}

/* Reports the names that a rule may not have. */
static struct rule_count check_names(struct compiler *c, const asl_value *v,
                                     const struct place *place, bool top)
{
    struct rule_count count = {0};
    for (size_t i = 0; i < value_count(v); i++) {
        struct asl_text name = value_as_text(value_key_at(v, i));
        bool comparison = find_comparison(name) != NULL;
        bool selector = is_listed(selectors, SELECTORS, name);
        bool shared =
            asl_text_is(name, "Comment") || (top && is_listed(top_members, TOP_MEMBERS, name));
        count.comparisons += comparison;
        count.selectors += selector;
        if (!comparison && !selector && !shared) {
            report_unknown(c, place, top, name);
        } else if (is_other_language(c, name, comparison || selector)) {
            report_language(c, place, name);
        }
    }
    return count;
}

static void report_comparisons(struct compiler *c, const struct place *place, bool none)
{
    struct asl_buffer names;
    asl_buffer_init(&names, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < COMPARISONS; i++) {
        asl_buffer_printf(&names, "%s%s", i == 0 ? "" : ", ", comparisons[i].name);
    }
    report(c, CODE_SCHEMA, place,
           none ? "This object should have only one of the following fields: [%s]"
                : "There should only be one of the following fields: [%s]",
           names.data);
    asl_buffer_free(&names);
}

/* False when there is nothing to compile. */
static bool check_rule(struct compiler *c, const asl_value *v, const struct place *place, bool top)
{
    if (is_awaited(c, v)) {
        warn_substitution(c, place);
        return false;
    }
    if (value_kind(v) != VALUE_OBJECT) {
        report(c, CODE_SCHEMA, place, "Expected value of type [OBJECT]");
        return false;
    }
    struct rule_count count = check_names(c, v, place, top);
    if (top && value_get_z(v, "Next") == NULL) {
        report(c, CODE_SCHEMA, place, "These fields are required: [Next]");
    }
    if (count.selectors != 1) {
        report(c, CODE_SCHEMA, place,
               "The object must have only one of the following fields, [And, Or, Not, Variable, "
               "Condition]");
    } else if (value_get_z(v, "Variable") != NULL && count.comparisons != 1) {
        report_comparisons(c, place, count.comparisons == 0);
    }
    return true;
}

/* ---- compiling ---- */

static void compile_operand(struct compiler *c, const asl_value *v, const struct comparison *found,
                            const struct place *place, struct choice_rule *rule)
{
    const asl_value *operand = value_get_z(v, found->name);
    struct place here = place_key(place, asl_text(found->name));
    const struct field field = {
        .name = found->name, .type = found->operand, .minimum = -HUGE_VAL, .maximum = HUGE_VAL};
    fields_check_value(c, operand, &here, &field);
    if (found->operator== CHOICE_IS) {
        rule->expected = value_is_true(operand);
    } else if (found->operand == FIELD_REFERENCE) {
        rule->operand_path =
            path_member(c, v, found->name, PATH_REFERENCE | PATH_READ, START_ANYWHERE, place);
    } else {
        rule->operand = value_retain(operand);
    }
}

static void compile_comparison(struct compiler *c, const asl_value *v, const struct place *place,
                               struct choice_rule *rule)
{
    rule->variable =
        path_member(c, v, "Variable", PATH_REFERENCE | PATH_READ, START_ANYWHERE, place);
    for (size_t i = 0; i < value_count(v); i++) {
        const struct comparison *found = find_comparison(value_as_text(value_key_at(v, i)));
        if (found != NULL) {
            rule->operator= found->operator;
            rule->type = found->type;
            compile_operand(c, v, found, place, rule);
            return;
        }
    }
}

static void compile_rule(struct compiler *c, const asl_value *v, const struct place *place,
                         struct choice_rule *rule);

static void compile_rules(struct compiler *c, const asl_value *list, const struct place *place,
                          struct choice_rule *rule)
{
    const struct field field = {.name = "", .type = FIELD_SOME};
    if (!fields_check_value(c, list, place, &field)) {
        return;
    }
    rule->rule_count = value_count(list);
    rule->rules = asl_allocate_zeroed(rule->rule_count + 1, sizeof *rule->rules);
    for (size_t i = 0; i < rule->rule_count; i++) {
        struct place here = place_index(place, i);
        if (check_rule(c, value_at(list, i), &here, false)) {
            compile_rule(c, value_at(list, i), &here, &rule->rules[i]);
        }
    }
}

static void compile_rule(struct compiler *c, const asl_value *v, const struct place *place,
                         struct choice_rule *rule)
{
    const asl_value *inner;
    if ((inner = value_get_z(v, "And")) != NULL || (inner = value_get_z(v, "Or")) != NULL) {
        bool all = value_get_z(v, "And") != NULL;
        struct place here = place_key(place, asl_text(all ? "And" : "Or"));
        rule->operator= all ? CHOICE_AND : CHOICE_OR;
        compile_rules(c, inner, &here, rule);
    } else if ((inner = value_get_z(v, "Not")) != NULL) {
        struct place here = place_key(place, ASL_TEXT("Not"));
        rule->operator= CHOICE_NOT;
        rule->rule_count = 1;
        rule->rules = asl_allocate_zeroed(1, sizeof *rule->rules);
        if (check_rule(c, inner, &here, false)) {
            compile_rule(c, inner, &here, rule->rules);
        }
    } else {
        compile_comparison(c, v, place, rule);
    }
}

/* A constant is true or false; any other text is meant as an expression. */
static void check_condition(struct compiler *c, const asl_value *v, const struct place *place)
{
    const asl_value *condition = value_get_z(v, "Condition");
    struct place here = place_key(place, ASL_TEXT("Condition"));
    if (condition == NULL || value_kind(condition) == VALUE_BOOLEAN || is_expression(condition) ||
        is_awaited(c, condition)) {
        return;
    }
    if (value_kind(condition) != VALUE_STRING) {
        report(c, CODE_SCHEMA, &here, "Expected value of type [BOOLEAN]");
    } else if (!asl_text_starts(value_as_text(condition), "{%")) { /* else the template says it */
        report(c, CODE_SCHEMA, &here, "JSONata string must start with {%% and end with %%}");
    }
}

static void compile_top_rule(struct compiler *c, const asl_value *v, const struct place *place,
                             struct choice_rule *rule)
{
    if (!check_rule(c, v, place, true)) {
        return;
    }
    if (c->language == LANGUAGE_JSONATA) {
        rule->operator= CHOICE_CONDITION;
        check_condition(c, v, place);
        rule->condition = template_member(c, v, "Condition", place);
        rule->output = template_member(c, v, "Output", place);
    } else {
        compile_rule(c, v, place, rule);
    }
    assign_check(c, v, place);
    rule->assign = template_member(c, v, "Assign", place);
    rule->next = target_member(c, v, "Next");
}

static size_t number_rules(struct choice_rule *rules, size_t count, size_t next)
{
    for (size_t i = 0; i < count; i++) {
        rules[i].number = next++;
        next = number_rules(rules[i].rules, rules[i].rule_count, next);
    }
    return next;
}

void choice_compile(struct compiler *c, const asl_value *v, const struct place *place,
                    struct state *state)
{
    const asl_value *choices = value_get_z(v, "Choices");
    if (choices != NULL && value_kind(choices) == VALUE_ARRAY) {
        struct place inner = place_key(place, ASL_TEXT("Choices"));
        size_t count = value_count(choices);
        state->of.choice.count = count;
        state->of.choice.rules = asl_allocate_zeroed(count + 1, sizeof(struct choice_rule));
        for (size_t i = 0; i < count; i++) {
            struct place here = place_index(&inner, i);
            compile_top_rule(c, value_at(choices, i), &here, &state->of.choice.rules[i]);
        }
        number_rules(state->of.choice.rules, count, 0);
    }
    state->of.choice.default_next = target_member(c, v, "Default");
}

static void clear_rule(struct choice_rule *rule)
{
    for (size_t i = 0; i < rule->rule_count; i++) {
        clear_rule(&rule->rules[i]);
    }
    free(rule->rules);
    path_free(rule->variable);
    path_free(rule->operand_path);
    value_release(rule->operand);
    template_free(rule->condition);
    template_free(rule->assign);
    template_free(rule->output);
}

void choice_free(struct state *state)
{
    for (size_t i = 0; i < state->of.choice.count; i++) {
        clear_rule(&state->of.choice.rules[i]);
    }
    free(state->of.choice.rules);
}
