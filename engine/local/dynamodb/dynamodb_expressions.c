/* The expressions of a request: read together, because they share names and values, and every name
 * and value must be used by one of them. */
#include "dynamodb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    unsigned bit;
    const char *member;
    enum expression_kind kind;
} kinds[] = {
    /* in the order in which DynamoDB reads them */
    {DYNAMODB_UPDATE, "UpdateExpression", EXPRESSION_UPDATE},
    {DYNAMODB_CONDITION, "ConditionExpression", EXPRESSION_CONDITION},
    {DYNAMODB_KEY_CONDITION, "KeyConditionExpression", EXPRESSION_CONDITION},
    {DYNAMODB_FILTER, "FilterExpression", EXPRESSION_CONDITION},
    {DYNAMODB_PROJECTION, "ProjectionExpression", EXPRESSION_PROJECTION},
};
#define KINDS (sizeof kinds / sizeof *kinds)

static struct expression **slot(struct dynamodb_expressions *e, unsigned bit)
{
    return bit == DYNAMODB_UPDATE          ? &e->update
           : bit == DYNAMODB_CONDITION     ? &e->condition
           : bit == DYNAMODB_KEY_CONDITION ? &e->key_condition
           : bit == DYNAMODB_FILTER        ? &e->filter
                                           : &e->projection;
}

/* "UpdateExpression and ConditionExpression are null", in the operation's own order. */
static void put_absent(struct asl_buffer *out, unsigned known)
{
    static const unsigned order[] = {DYNAMODB_UPDATE, DYNAMODB_FILTER, DYNAMODB_KEY_CONDITION,
                                     DYNAMODB_CONDITION};
    size_t count = 0;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        for (size_t k = 0; k < KINDS; k++)
            if (kinds[k].bit == order[i] && known & order[i])
                asl_buffer_printf(out, "%s%s", count++ ? " and " : "", kinds[k].member);
    asl_buffer_puts(out, count > 1 ? " are null" : " is null");
}

bool dynamodb_check_expressions(struct dynamodb_call *c, const asl_value *request, unsigned known)
{
    unsigned given = 0;
    for (size_t i = 0; i < KINDS; i++)
        if (known & kinds[i].bit && dynamodb_member(request, kinds[i].member))
            given |= kinds[i].bit;
    if (dynamodb_member(request, "ExpressionAttributeNames") && !given)
        return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                               "ExpressionAttributeNames can only be specified "
                               "when using expressions");
    unsigned valued = ~(unsigned)DYNAMODB_PROJECTION;
    if (!dynamodb_member(request, "ExpressionAttributeValues") || !(known & valued) ||
        given & valued)
        return true;
    struct asl_buffer absent;
    asl_buffer_init(&absent, 512);
    put_absent(&absent, known);
    dynamodb_refuse(c, DYNAMODB_VALIDATION,
                    "ExpressionAttributeValues can only be specified when using "
                    "expressions: %.*s",
                    ASL_TEXT_ARGS(asl_buffer_text(&absent)));
    asl_buffer_free(&absent);
    return false;
}

static bool is_placeholder(struct asl_text key, char sign)
{
    if (key.size < 2 || key.data[0] != sign)
        return false;
    for (size_t i = 1; i < key.size; i++) {
        char c = key.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_'))
            return false;
    }
    return true;
}

static bool check_placeholders(struct dynamodb_call *c, const asl_value *object, const char *member,
                               char sign)
{
    if (value_count(object) == 0)
        return dynamodb_refuse(c, DYNAMODB_VALIDATION, "%s must not be empty", member);
    for (size_t i = 0; i < value_count(object); i++) {
        struct asl_text key = value_as_text(value_key_at(object, i));
        if (!is_placeholder(key, sign))
            return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                                   "%s contains invalid key: Syntax error; key: \"%.*s\"", member,
                                   ASL_TEXT_ARGS(key));
    }
    return true;
}

static bool accept_values(struct dynamodb_call *c, const asl_value *given,
                          struct dynamodb_expressions *e)
{
    char complaint[ATTRIBUTE_COMPLAINT];
    if (!check_placeholders(c, given, "ExpressionAttributeValues", ':'))
        return false;
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < value_count(given); i++) {
        asl_value *v = attribute_accept(value_at(given, i), complaint);
        if (!v) {
            value_list_free(&list);
            return dynamodb_refuse(
                c, DYNAMODB_VALIDATION,
                "ExpressionAttributeValues contains invalid value: %s for key %.*s", complaint,
                ASL_TEXT_ARGS(value_as_text(value_key_at(given, i))));
        }
        value_list_push_member_take(&list, value_retain(value_key_at(given, i)), v);
    }
    e->values = value_object_take(&list);
    return true;
}

static bool parse_all(struct dynamodb_call *c, const asl_value *request, unsigned known,
                      struct dynamodb_expressions *e)
{
    char complaint[EXPRESSION_COMPLAINT];
    for (size_t i = 0; i < KINDS; i++) {
        const asl_value *text = dynamodb_member(request, kinds[i].member);
        if (!text || !(known & kinds[i].bit))
            continue;
        struct expression *parsed =
            expression_parse(kinds[i].kind, value_as_text(text), &e->scope, complaint);
        if (!parsed)
            return dynamodb_refuse(c, DYNAMODB_VALIDATION, "Invalid %s: %s", kinds[i].member,
                                   complaint);
        *slot(e, kinds[i].bit) = parsed;
    }
    return expression_scope_is_used(&e->scope, complaint) ||
           dynamodb_refuse(c, DYNAMODB_VALIDATION, "%s", complaint);
}

bool dynamodb_read_expressions(struct dynamodb_call *c, const asl_value *request, unsigned known,
                               struct dynamodb_expressions *e)
{
    *e = (struct dynamodb_expressions){0};
    const asl_value *names = dynamodb_member(request, "ExpressionAttributeNames");
    const asl_value *values = dynamodb_member(request, "ExpressionAttributeValues");
    bool is_fine = (!names || check_placeholders(c, names, "ExpressionAttributeNames", '#')) &&
                   (!values || accept_values(c, values, e));
    expression_scope_init(&e->scope, names, e->values);
    is_fine = is_fine && parse_all(c, request, known, e);
    if (!is_fine)
        dynamodb_free_expressions(e);
    return is_fine;
}

void dynamodb_free_expressions(struct dynamodb_expressions *e)
{
    expression_free(e->update);
    expression_free(e->condition);
    expression_free(e->key_condition);
    expression_free(e->filter);
    expression_free(e->projection);
    expression_scope_free(&e->scope);
    value_release(e->values);
    *e = (struct dynamodb_expressions){0};
}

struct nesting {
    struct dynamodb_call *c;
    const struct expression *e;
    const struct dynamodb_table *table;
};

static void check_index_nesting(void *state, const asl_value *index, bool is_global)
{
    (void)is_global;
    struct nesting *n = state;
    const asl_value *schema = value_get_z(index, "KeySchema");
    for (size_t i = 0; i < value_count(schema); i++) {
        struct asl_text name = dynamodb_text(value_at(schema, i), "AttributeName");
        if (expression_nests_in(n->e, name))
            dynamodb_refuse(
                n->c, DYNAMODB_VALIDATION,
                "Key attributes must be scalars; list random access '[]' and map lookup '.' "
                "are not allowed: IndexKey: %.*s",
                ASL_TEXT_ARGS(name));
    }
}

bool dynamodb_check_nesting(struct dynamodb_call *c, const struct dynamodb_table *t,
                            const struct expression *e)
{
    if (!e)
        return true;
    for (size_t i = 0; i < t->keys.count; i++)
        if (expression_nests_in(e, t->keys.attributes[i].name))
            return dynamodb_refuse(
                c, DYNAMODB_VALIDATION,
                "Key attributes must be scalars; list random access '[]' and map "
                "lookup '.' are not allowed: Key: %.*s",
                ASL_TEXT_ARGS(t->keys.attributes[i].name));
    struct nesting n = {c, e, t};
    dynamodb_each_index(t, check_index_nesting, &n);
    return !c->is_refused;
}
