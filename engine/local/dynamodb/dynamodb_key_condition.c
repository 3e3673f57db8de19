/* A key condition: from a condition's tree to at most one condition a key, and from those to the
 * bytes between which the range keys lie. */
#include "dynamodb_query.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX "Invalid condition in KeyConditionExpression: "

static bool invalid(struct dynamodb_call *c, const char *what)
{
    return dynamodb_refuse(c, DYNAMODB_VALIDATION, "%s", what);
}

static enum expression_operation flipped(enum expression_operation operation)
{
    switch (operation) {
    case EXPRESSION_LT:
        return EXPRESSION_GT;
    case EXPRESSION_LE:
        return EXPRESSION_GE;
    case EXPRESSION_GT:
        return EXPRESSION_LT;
    case EXPRESSION_GE:
        return EXPRESSION_LE;
    default:
        return operation;
    }
}

static bool check_operator(struct dynamodb_call *c, const struct expression_node *n)
{
    const char *name = expression_operation_name(n->operation);
    bool is_path_first = n->count > 0 && n->arguments[0]->operation == EXPRESSION_PATH;
    switch (n->operation) {
    case EXPRESSION_OR:
    case EXPRESSION_NOT:
    case EXPRESSION_IN:
    case EXPRESSION_NE:
    case EXPRESSION_EXISTS:
    case EXPRESSION_NOT_EXISTS:
    case EXPRESSION_TYPE:
    case EXPRESSION_CONTAINS:
        return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                               "Invalid operator used in KeyConditionExpression: %s", name);
    case EXPRESSION_SIZE:
        return invalid(c, "KeyConditionExpressions cannot contain nested operations");
    case EXPRESSION_BETWEEN:
    case EXPRESSION_BEGINS_WITH:
        return is_path_first ||
               dynamodb_refuse(
                   c, DYNAMODB_VALIDATION,
                   PREFIX "%s operator must have the key attribute as its first operand", name);
    default:
        return true;
    }
}

/* The one attribute a comparison is about: its place among the arguments, or SIZE_MAX. */
static size_t find_attribute(struct dynamodb_call *c, const struct expression_node *n)
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < n->count; i++) {
        const struct expression_node *a = n->arguments[i];
        if (a->operation == EXPRESSION_PATH) {
            if (found != SIZE_MAX) {
                invalid(c, PREFIX "Multiple attribute names used in one condition");
                return SIZE_MAX;
            }
            if (a->path.count > 1) {
                invalid(c, "KeyConditionExpressions cannot have conditions on nested attributes");
                return SIZE_MAX;
            }
            found = i;
        } else if (a->operation != EXPRESSION_VALUE && !check_operator(c, a))
            return SIZE_MAX;
    }
    if (found == SIZE_MAX)
        invalid(c, PREFIX "No key attribute specified");
    return found;
}

static bool add(struct dynamodb_call *c, const struct expression_node *n,
                struct key_conditions *out)
{
    if (!check_operator(c, n))
        return false;
    if (n->operation == EXPRESSION_AND) {
        for (size_t i = 0; i < n->count; i++)
            if (!add(c, n->arguments[i], out))
                return false;
        return true;
    }
    size_t at = find_attribute(c, n);
    if (at == SIZE_MAX)
        return false;
    struct key_condition k = {.name = n->arguments[at]->path.steps[0].name,
                              .operation = at == 0 ? n->operation : flipped(n->operation)};
    for (size_t i = 0; i < n->count; i++)
        if (i != at)
            k.values[k.count++] = n->arguments[i]->value;
    for (size_t i = 0; i < out->count; i++)
        if (asl_text_equal(out->items[i].name, k.name))
            return invalid(c, "KeyConditionExpressions must only contain one condition per key");
    if (out->count == KEY_CONDITIONS_MAXIMUM)
        return invalid(c, "Conditions can be of length 1 or 2 only");
    out->items[out->count++] = k;
    return true;
}

/* The values' types against the operator, in the words of the older conditions. */
static bool check_values(struct dynamodb_call *c, const struct key_condition *k)
{
    static const char *const names[] = {[EXPRESSION_EQ] = "EQ",
                                        [EXPRESSION_LT] = "LT",
                                        [EXPRESSION_LE] = "LE",
                                        [EXPRESSION_GT] = "GT",
                                        [EXPRESSION_GE] = "GE",
                                        [EXPRESSION_BETWEEN] = "BETWEEN",
                                        [EXPRESSION_BEGINS_WITH] = "BEGINS_WITH"};
    for (size_t i = 0; i < k->count; i++) {
        enum attribute_type type = attribute_type(k->values[i]);
        bool is_fine = attribute_is_ordered(type);
        if (k->operation == EXPRESSION_EQ)
            is_fine =
                is_fine || type == ATTRIBUTE_SS || type == ATTRIBUTE_NS || type == ATTRIBUTE_BS;
        if (k->operation == EXPRESSION_BEGINS_WITH)
            is_fine = type == ATTRIBUTE_S || type == ATTRIBUTE_B;
        if (!is_fine)
            return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                                   "One or more parameter values were invalid: "
                                   "ComparisonOperator %s is not valid for %s AttributeValue type",
                                   names[k->operation], attribute_type_name(type));
    }
    return true;
}

bool key_conditions_read(struct dynamodb_call *c, const struct expression *e,
                         struct key_conditions *out)
{
    out->count = 0;
    if (!add(c, e->condition, out))
        return false;
    for (size_t i = 0; i < out->count; i++)
        if (!check_values(c, &out->items[i]))
            return false;
    return out->count <= 2 || invalid(c, "Conditions can be of length 1 or 2 only");
}

const struct key_condition *key_condition_on(const struct key_conditions *k, struct asl_text name)
{
    for (size_t i = 0; i < k->count; i++)
        if (asl_text_equal(k->items[i].name, name))
            return &k->items[i];
    return NULL;
}

bool key_conditions_fit(struct dynamodb_call *c, const struct key_conditions *k,
                        const struct dynamodb_keys *keys)
{
    if (keys->count == 1 && k->count > 1)
        return invalid(c, "Query key condition not supported");
    for (size_t i = 0; i < keys->count; i++) {
        const struct key_condition *on = key_condition_on(k, keys->attributes[i].name);
        if (!on && (i == 0 || k->count > 1))
            return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                                   "Query condition missed key schema element: "
                                   "%.*s",
                                   ASL_TEXT_ARGS(keys->attributes[i].name));
        for (size_t v = 0; on && v < on->count; v++)
            if (attribute_type(on->values[v]) != keys->attributes[i].type)
                return invalid(
                    c, "One or more parameter values were invalid: Condition parameter type "
                       "does not match schema type");
        if (on && i == 0 && on->operation != EXPRESSION_EQ)
            return invalid(c, "Query key condition not supported");
    }
    return true;
}

bool key_condition_holds(const struct key_condition *k, const asl_value *v)
{
    int first = attribute_compare(v, k->values[0]);
    switch (k->operation) {
    case EXPRESSION_EQ:
        return first == 0;
    case EXPRESSION_LT:
        return first < 0;
    case EXPRESSION_LE:
        return first <= 0;
    case EXPRESSION_GT:
        return first > 0;
    case EXPRESSION_GE:
        return first >= 0;
    case EXPRESSION_BETWEEN:
        return first >= 0 && attribute_compare(v, k->values[1]) <= 0;
    default: {
        struct asl_buffer whole, part;
        asl_buffer_init(&whole, 4096);
        asl_buffer_init(&part, ASL_BUFFER_MAXIMUM);
        attribute_put_key(v, &whole);
        attribute_put_key(k->values[0], &part);
        bool holds = part.size <= whole.size && memcmp(whole.data, part.data, part.size) == 0;
        asl_buffer_free(&whole);
        asl_buffer_free(&part);
        return holds;
    }
    }
}

/* Byte strings greater than x begin at x followed by a zero byte: so any bound can be written as
 * "from here, up to but without there". */
static void put_bound(struct asl_buffer *out, const asl_value *v, bool behind)
{
    asl_buffer_clear(out);
    attribute_put_key(v, out);
    if (behind)
        asl_buffer_putc(out, '\0');
}

/* The first byte string behind all that begin with these bytes. */
static void put_behind_prefix(struct asl_buffer *out)
{
    while (out->size && (unsigned char)out->data[out->size - 1] == 0xff)
        out->size--;
    if (out->size)
        out->data[out->size - 1] = (char)((unsigned char)out->data[out->size - 1] + 1);
    else
        key_put_end(out);
}

void key_put_end(struct asl_buffer *out)
{
    for (size_t i = 0; i < 1025; i++) /* no range key is longer than 1,024 bytes */
        asl_buffer_putc(out, (char)0xff);
}

void key_condition_bounds(const struct key_condition *k, struct asl_buffer *from,
                          struct asl_buffer *to)
{
    asl_buffer_clear(from);
    asl_buffer_clear(to);
    key_put_end(to);
    if (!k)
        return;
    const asl_value *v = k->values[0];
    if (k->operation != EXPRESSION_LT && k->operation != EXPRESSION_LE)
        put_bound(from, v, k->operation == EXPRESSION_GT);
    if (k->operation == EXPRESSION_LT || k->operation == EXPRESSION_LE ||
        k->operation == EXPRESSION_EQ)
        put_bound(to, v, k->operation != EXPRESSION_LT);
    else if (k->operation == EXPRESSION_BETWEEN)
        put_bound(to, k->values[1], true);
    else if (k->operation == EXPRESSION_BEGINS_WITH) {
        put_bound(to, v, false);
        put_behind_prefix(to);
    }
}
