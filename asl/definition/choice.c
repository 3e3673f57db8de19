/* Choice rules: one table of comparison operators, compiled to (operator, type, operand).
 * Serves: ASL spec "Choice State"; facts 3.7.
 */
#include "compile.h"

#include <stdlib.h>

struct comparison {
    const char *name;
    enum choice_operator operator;
    enum choice_type type;
    bool path; /* the operand is a path */
};

#define ORDERED(type_name, type)                                                                   \
    {type_name "Equals", CHOICE_EQUALS, type, false},                                              \
        {type_name "EqualsPath", CHOICE_EQUALS, type, true},                                       \
        {type_name "LessThan", CHOICE_LESS, type, false},                                          \
        {type_name "LessThanPath", CHOICE_LESS, type, true},                                       \
        {type_name "LessThanEquals", CHOICE_LESS_EQUALS, type, false},                             \
        {type_name "LessThanEqualsPath", CHOICE_LESS_EQUALS, type, true},                          \
        {type_name "GreaterThan", CHOICE_GREATER, type, false},                                    \
        {type_name "GreaterThanPath", CHOICE_GREATER, type, true},                                 \
        {type_name "GreaterThanEquals", CHOICE_GREATER_EQUALS, type, false},                       \
        {type_name "GreaterThanEqualsPath", CHOICE_GREATER_EQUALS, type, true}

static const struct comparison comparisons[] = {
    ORDERED("String", CHOICE_STRING),
    ORDERED("Numeric", CHOICE_NUMERIC),
    ORDERED("Timestamp", CHOICE_TIMESTAMP),
    {"BooleanEquals", CHOICE_EQUALS, CHOICE_BOOLEAN, false},
    {"BooleanEqualsPath", CHOICE_EQUALS, CHOICE_BOOLEAN, true},
    {"StringMatches", CHOICE_MATCHES, CHOICE_STRING, false},
    {"IsString", CHOICE_IS, CHOICE_STRING, false},
    {"IsNumeric", CHOICE_IS, CHOICE_NUMERIC, false},
    {"IsBoolean", CHOICE_IS, CHOICE_BOOLEAN, false},
    {"IsTimestamp", CHOICE_IS, CHOICE_TIMESTAMP, false},
    {"IsNull", CHOICE_IS, CHOICE_NULL, false},
    {"IsPresent", CHOICE_IS, CHOICE_PRESENT, false},
};

static const struct comparison *find_comparison(const asl_value *rule)
{
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++) {
        if (value_get_z(rule, comparisons[i].name) != NULL) {
            return &comparisons[i];
        }
    }
    return NULL;
}

static void compile_comparison(struct compiler *c, const asl_value *v, const struct place *place,
                               struct choice_rule *rule)
{
    rule->variable = path_member(c, v, "Variable", 0, place);
    const struct comparison *found = find_comparison(v);
    if (found == NULL) {
        return;
    }
    const asl_value *operand = value_get_z(v, found->name);
    rule->operator = found->operator;
    rule->type = found->type;
    if (found->operator == CHOICE_IS) {
        rule->expected = value_is_true(operand);
    } else if (found->path) {
        rule->operand_path = path_member(c, v, found->name, 0, place);
    } else {
        rule->operand = value_retain(operand);
    }
}

static void compile_rule(struct compiler *c, const asl_value *v, const struct place *place,
                         struct choice_rule *rule);

static void compile_rules(struct compiler *c, const asl_value *list, const struct place *place,
                          struct choice_rule *rule)
{
    if (value_kind(list) != VALUE_ARRAY) {
        return;
    }
    rule->rule_count = value_count(list);
    rule->rules = asl_allocate_zeroed(rule->rule_count + 1, sizeof *rule->rules);
    for (size_t i = 0; i < rule->rule_count; i++) {
        struct place here = place_index(place, i);
        compile_rule(c, value_at(list, i), &here, &rule->rules[i]);
    }
}

static void compile_rule(struct compiler *c, const asl_value *v, const struct place *place,
                         struct choice_rule *rule)
{
    const asl_value *inner;
    if ((inner = value_get_z(v, "And")) != NULL || (inner = value_get_z(v, "Or")) != NULL) {
        bool all = value_get_z(v, "And") != NULL;
        struct place here = place_key(place, asl_text(all ? "And" : "Or"));
        rule->operator = all ? CHOICE_AND : CHOICE_OR;
        compile_rules(c, inner, &here, rule);
    } else if ((inner = value_get_z(v, "Not")) != NULL) {
        struct place here = place_key(place, ASL_TEXT("Not"));
        rule->operator = CHOICE_NOT;
        rule->rule_count = 1;
        rule->rules = asl_allocate_zeroed(1, sizeof *rule->rules);
        compile_rule(c, inner, &here, rule->rules);
    } else {
        compile_comparison(c, v, place, rule);
    }
}

static void compile_top_rule(struct compiler *c, const asl_value *v, const struct place *place,
                             struct choice_rule *rule)
{
    if (c->language == LANGUAGE_JSONATA) {
        rule->operator = CHOICE_CONDITION;
        rule->condition = template_member(c, v, "Condition", place);
        rule->output = template_member(c, v, "Output", place);
    } else {
        compile_rule(c, v, place, rule);
    }
    rule->assign = template_member(c, v, "Assign", place);
    rule->next = target_member(c, v, "Next", place);
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
    }
    state->of.choice.default_next = target_member(c, v, "Default", place);
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
