/* Choice: the rules of JSONPath, the conditions of JSONata.
 * Serves: ASL spec "Choice State"; facts 3.7. */
#include "run.h"

/* *yes: the rule matches. False: r->failure is set. */
static bool rule_matches(struct run *r, const struct choice_rule *rule, const asl_value *input,
                         bool *yes);

static bool fail_variable(struct run *r, const struct path *p)
{
    return fail_runtime(r,
                        "Invalid path '%.*s': The choice state's condition path references an "
                        "invalid value.",
                        ASL_TEXT_ARGS(path_source(p)));
}

/* ---- comparing ---- */

/* The two sides as one comparable kind: order < 0, 0, > 0; false when a side is of another type. */
static bool compare_numbers(const asl_value *a, const asl_value *b, int *order)
{
    if (value_kind(a) != VALUE_NUMBER || value_kind(b) != VALUE_NUMBER)
        return false;
    int64_t i, j;
    if (value_as_integer(a, &i) && value_as_integer(b, &j))
        *order = i < j ? -1 : i > j;
    else {
        double x = value_as_double(a), y = value_as_double(b);
        *order = x < y ? -1 : x > y;
    }
    return true;
}

/* Java's String.compareTo goes by UTF-16 code units: code points but for the astral ones, which
 * sort below U+E000. */
static int compare_utf16(struct asl_text a, struct asl_text b)
{
    size_t i = 0, j = 0;
    while (i < a.size && j < b.size) {
        int32_t x = value_utf8_next(a, &i), y = value_utf8_next(b, &j);
        if (x == y)
            continue;
        bool x_astral = x > 0xFFFF, y_astral = y > 0xFFFF;
        if (x_astral != y_astral) {
            int32_t other = x_astral ? y : x;
            return (x_astral ? -1 : 1) * (other >= 0xE000 ? 1 : -1);
        }
        return x < y ? -1 : 1;
    }
    return i < a.size ? 1 : j < b.size ? -1 : 0;
}

static bool compare_strings(const asl_value *a, const asl_value *b, int *order)
{
    if (value_kind(a) != VALUE_STRING || value_kind(b) != VALUE_STRING)
        return false;
    *order = compare_utf16(value_as_text(a), value_as_text(b));
    return true;
}

static bool compare_timestamps(const asl_value *a, const asl_value *b, int *order)
{
    int64_t x, y;
    int32_t x_rest, y_rest;
    if (value_kind(a) != VALUE_STRING || value_kind(b) != VALUE_STRING ||
        !timestamp_parse(value_as_text(a), &x, &x_rest) ||
        !timestamp_parse(value_as_text(b), &y, &y_rest))
        return false;
    *order = x != y ? (x < y ? -1 : 1) : x_rest < y_rest ? -1 : x_rest > y_rest;
    return true;
}

static bool compare_booleans(const asl_value *a, const asl_value *b, int *order)
{
    if (value_kind(a) != VALUE_BOOLEAN || value_kind(b) != VALUE_BOOLEAN)
        return false;
    *order = value_is_true(a) - value_is_true(b);
    return true;
}

static bool compares(const struct choice_rule *rule, const asl_value *left, const asl_value *right)
{
    static bool (*const by_type[])(const asl_value *, const asl_value *, int *) = {
        [CHOICE_STRING] = compare_strings,
        [CHOICE_NUMERIC] = compare_numbers,
        [CHOICE_BOOLEAN] = compare_booleans,
        [CHOICE_TIMESTAMP] = compare_timestamps,
    };
    int order;
    if (!by_type[rule->type](left, right, &order))
        return false;
    switch (rule->operator) {
    case CHOICE_EQUALS:
        return order == 0;
    case CHOICE_LESS:
        return order < 0;
    case CHOICE_LESS_EQUALS:
        return order <= 0;
    case CHOICE_GREATER:
        return order > 0;
    default:
        return order >= 0;
    }
}

/* `*` stands for any text, `\*` and `\\` for themselves. Iterative, with one place to fall back to.
 */
static bool wildcard_matches(struct asl_text pattern, struct asl_text text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, star_text = 0;
    while (t < text.size) {
        if (p < pattern.size && pattern.data[p] == '*') {
            star = ++p;
            star_text = t;
            continue;
        }
        bool escaped = p + 1 < pattern.size && pattern.data[p] == '\\';
        if (p < pattern.size && pattern.data[p + escaped] == text.data[t]) {
            p += 1 + escaped;
            t++;
        } else if (star != SIZE_MAX) {
            p = star;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.size && pattern.data[p] == '*')
        p++;
    return p == pattern.size;
}

static bool is_of_type(const struct choice_rule *rule, const asl_value *v)
{
    int64_t ms;
    int32_t rest;
    switch (rule->type) {
    case CHOICE_STRING:
        return value_kind(v) == VALUE_STRING;
    case CHOICE_NUMERIC:
        return value_kind(v) == VALUE_NUMBER;
    case CHOICE_BOOLEAN:
        return value_kind(v) == VALUE_BOOLEAN;
    case CHOICE_TIMESTAMP:
        return value_kind(v) == VALUE_STRING && timestamp_parse(value_as_text(v), &ms, &rest);
    case CHOICE_NULL:
        return value_kind(v) == VALUE_NULL;
    case CHOICE_PRESENT:
        return true;
    }
    return false;
}

/* ---- rules ---- */

/* And, Or: from the left, no further than needed. */
static bool combined(struct run *r, const struct choice_rule *rule, const asl_value *input,
                     bool *yes)
{
    bool stop_at = rule->operator== CHOICE_OR;
    for (size_t i = 0; i < rule->rule_count; i++) {
        if (!rule_matches(r, &rule->rules[i], input, yes))
            return false;
        if (*yes == stop_at)
            return true;
    }
    *yes = !stop_at;
    return true;
}

static bool operand_of(struct run *r, const struct choice_rule *rule, const asl_value *input,
                       asl_value **operand)
{
    if (rule->operand) {
        *operand = value_retain(rule->operand);
        return true;
    }
    if (!flow_can_read(r, rule->operand_path, input))
        return false;
    *operand = flow_path(r, rule->operand_path, input, NULL);
    return *operand || fail_variable(r, rule->operand_path);
}

static bool compared(struct run *r, const struct choice_rule *rule, const asl_value *input,
                     bool *yes)
{
    if (!flow_can_read(r, rule->variable, input))
        return false;
    asl_value *left = flow_path(r, rule->variable, input, NULL), *right = NULL;
    if (rule->operator== CHOICE_IS && rule->type == CHOICE_PRESENT) {
        *yes = (left != NULL) == rule->expected;
        value_release(left);
        return true;
    }
    if (!left)
        return fail_variable(r, rule->variable);
    bool fine = true;
    if (rule->operator== CHOICE_IS) {
        *yes = is_of_type(rule, left) == rule->expected;
    } else if ((fine = operand_of(r, rule, input, &right))) {
        if (rule->operator== CHOICE_MATCHES)
            *yes = value_kind(left) == VALUE_STRING &&
                   wildcard_matches(value_as_text(right), value_as_text(left));
        else
            *yes = compares(rule, left, right);
    }
    value_release(left);
    value_release(right);
    return fine;
}

static bool condition(struct run *r, const struct choice_rule *rule, bool *yes)
{
    asl_value *v = flow_template(r, rule->condition, NULL);
    if (!v)
        return false;
    bool fine = value_kind(v) == VALUE_BOOLEAN;
    *yes = value_is_true(v);
    if (!fine) {
        struct asl_buffer shown;
        asl_buffer_init(&shown, PAYLOAD_MAXIMUM * 2);
        value_print(v, &shown);
        fail_evaluation(r, rule->condition->field,
                        "The JSONata expression '%.*s' specified for the field '%s' returned an "
                        "unexpected result type. Expected 'boolean', but was '%s' for value: %.*s",
                        ASL_TEXT_ARGS(jsonata_source(rule->condition->of.jsonata)),
                        rule->condition->field, value_kind_name(value_kind(v)),
                        ASL_TEXT_ARGS(asl_buffer_text(&shown)));
        asl_buffer_free(&shown);
    }
    value_release(v);
    return fine;
}

static bool decide(struct run *r, const struct choice_rule *rule, const asl_value *input, bool *yes)
{
    switch (rule->operator) {
    case CHOICE_AND:
    case CHOICE_OR:
        return combined(r, rule, input, yes);
    case CHOICE_NOT:
        if (!rule_matches(r, rule->rules, input, yes))
            return false;
        *yes = !*yes;
        return true;
    case CHOICE_CONDITION:
        return condition(r, rule, yes);
    default:
        return compared(r, rule, input, yes);
    }
}

static bool rule_matches(struct run *r, const struct choice_rule *rule, const asl_value *input,
                         bool *yes)
{
    if (!decide(r, rule, input, yes))
        return false;
    run_show(r, r->frame->state, ASL_SEE_RULE, rule->number, *yes);
    return true;
}

/* ---- the state ---- */

static bool leave_by(struct run *r, struct frame *f, size_t index, const asl_value *effective)
{
    const struct choice_rule *rule = &f->state->of.choice.rules[index];
    r->way = ASL_BY_RULE;
    r->way_index = index;
    bool left = flow_leave(r, f, rule->output, rule->assign, effective, rule->next);
    r->way = ASL_BY_NEXT;
    return left;
}

static bool leave_by_default(struct run *r, struct frame *f, const asl_value *effective)
{
    const struct state *s = f->state;
    r->way = ASL_BY_DEFAULT;
    bool left = flow_leave(r, f, s->output, s->assign, effective, s->of.choice.default_next);
    r->way = ASL_BY_NEXT;
    return left;
}

static bool choose(struct run *r, struct frame *f, const asl_value *effective)
{
    const struct state *s = f->state;
    for (size_t i = 0; i < s->of.choice.count; i++) {
        bool yes = false;
        if (!rule_matches(r, &s->of.choice.rules[i], effective, &yes))
            return false;
        if (yes)
            return leave_by(r, f, i, effective);
    }
    if (s->of.choice.default_next)
        return leave_by_default(r, f, effective);
    return fail_runtime(r, "Failed to transition out of the state. The state does not point to a "
                           "next state.");
}

bool work_choice(struct run *r, struct frame *f)
{
    asl_value *effective = flow_of(f->state)->effective_input(r, f);
    bool fine = effective && choose(r, f, effective);
    value_release(effective);
    return fine;
}
