/* Writes of one item: PutItem, UpdateItem, DeleteItem, and the same as parts of a transaction.
 *
 * In three steps, so that a transaction can take the first two for all its parts before any takes
 * the third: prepare (all that needs no item), work out (old item, condition, new item), store. */
#include "dynamodb.h"

#include <stdlib.h>
#include <string.h>

static bool accept_given(struct dynamodb_call *c, const asl_value *request, char verb,
                         struct dynamodb_write *w)
{
    char complaint[ATTRIBUTE_COMPLAINT];
    w->given =
        attribute_accept_map(dynamodb_member(request, verb == 'P' ? "Item" : "Key"), complaint);
    if (!w->given)
        return dynamodb_refuse(c, DYNAMODB_VALIDATION, "%s", complaint);
    if (verb == 'P' && attribute_item_size(w->given) > ATTRIBUTE_ITEM_BYTES)
        return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                               "Item size has exceeded the maximum allowed size");
    return true;
}

static bool check_return_values(struct dynamodb_call *c, const asl_value *request, char verb)
{
    struct asl_text wanted = dynamodb_text(request, "ReturnValues");
    if (verb == 'U' || wanted.size == 0 || asl_text_is(wanted, "ALL_OLD") ||
        asl_text_is(wanted, "NONE"))
        return true;
    return dynamodb_refuse(c, DYNAMODB_VALIDATION, "ReturnValues can only be ALL_OLD or NONE");
}

/* An update may not touch the key. */
static bool check_update(struct dynamodb_call *c, const struct dynamodb_write *w)
{
    const struct expression *u = w->expressions.update;
    for (size_t k = 0; u && k < w->table.keys.count; k++)
        for (size_t i = 0; i < u->path_count; i++)
            if (asl_text_equal(u->paths[i].steps[0].name, w->table.keys.attributes[k].name))
                return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                                       "One or more parameter values were invalid: Cannot update "
                                       "attribute %.*s. This attribute is part of the key",
                                       ASL_TEXT_ARGS(w->table.keys.attributes[k].name));
    return dynamodb_check_nesting(c, &w->table, u);
}

bool dynamodb_prepare_write(struct dynamodb_call *c, const asl_value *request, char verb,
                            struct dynamodb_write *w)
{
    unsigned known = DYNAMODB_CONDITION | (verb == 'U' ? DYNAMODB_UPDATE : 0u);
    *w = (struct dynamodb_write){0};
    dynamodb_place_init(&w->place);
    if (!dynamodb_check_expressions(c, request, known) || !accept_given(c, request, verb, w) ||
        !check_return_values(c, request, verb) ||
        !dynamodb_read_expressions(c, request, known, &w->expressions) ||
        !dynamodb_open_table(c, dynamodb_text(request, "TableName"), &w->table))
        return false;
    bool is_fine = verb == 'P' ? dynamodb_check_item(c, &w->table, w->given)
                               : dynamodb_check_key(c, &w->table, w->given);
    if (!is_fine || (verb == 'U' && !check_update(c, w)) ||
        !dynamodb_check_nesting(c, &w->table, w->expressions.condition))
        return false;
    dynamodb_place_of(&w->place, &w->table.keys, w->given);
    return true;
}

static bool check_condition(struct dynamodb_call *c, const asl_value *request,
                            const struct dynamodb_write *w)
{
    if (!w->expressions.condition)
        return true;
    asl_value *item = w->old ? value_retain(w->old) : value_empty_object();
    bool holds = expression_holds(w->expressions.condition->condition, item);
    value_release(item);
    if (holds)
        return true;
    if (w->old && dynamodb_is(request, "ReturnValuesOnConditionCheckFailure", "ALL_OLD")) {
        c->extra = value_retain(w->old);
        c->extra_name = "Item";
    }
    return dynamodb_refuse(c, DYNAMODB_CONDITION_FAILED, "The conditional request failed");
}

static bool update(struct dynamodb_call *c, struct dynamodb_write *w)
{
    char complaint[EXPRESSION_COMPLAINT];
    const asl_value *base = w->old ? w->old : w->given;
    w->now = w->expressions.update ? expression_apply(w->expressions.update, base, complaint)
                                   : value_retain(base);
    if (!w->now)
        return dynamodb_refuse(c, DYNAMODB_VALIDATION, "%s", complaint);
    if (value_depth(w->now) > 2 * ATTRIBUTE_DEPTH + 2)
        return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                               "Nesting Levels have exceeded supported limits");
    if (attribute_item_size(w->now) > ATTRIBUTE_ITEM_BYTES)
        return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                               "Item size to update has exceeded the maximum allowed size");
    return dynamodb_check_item(c, &w->table, w->now);
}

bool dynamodb_work_out_write(struct dynamodb_call *c, const asl_value *request, char verb,
                             struct dynamodb_write *w)
{
    w->old = dynamodb_read_item(c, &w->table, &w->place);
    if (!check_condition(c, request, w))
        return false;
    if (verb == 'U')
        return update(c, w);
    if (verb == 'P')
        w->now = value_retain(w->given);
    return true;
}

void dynamodb_free_write(struct dynamodb_write *w)
{
    dynamodb_free_expressions(&w->expressions);
    dynamodb_close_table(&w->table);
    dynamodb_place_free(&w->place);
    value_release(w->given);
    value_release(w->old);
    value_release(w->now);
}

/* What ReturnValues asks to see, or NULL. */
static asl_value *returned(const asl_value *request, const struct dynamodb_write *w)
{
    struct asl_text wanted = dynamodb_text(request, "ReturnValues");
    bool is_old = asl_text_ends(wanted, "_OLD");
    const asl_value *item = is_old ? w->old : w->now;
    if (wanted.size == 0 || asl_text_is(wanted, "NONE") || !item)
        return NULL;
    if (asl_text_starts(wanted, "ALL_"))
        return value_retain(item);
    const struct expression *u = w->expressions.update;
    if (!u)
        return NULL;
    asl_value *parts = expression_project(u->paths, u->path_count, item);
    if (value_count(parts) > 0)
        return parts;
    value_release(parts);
    return NULL;
}

static bool write_one(struct dynamodb_call *c, char verb)
{
    struct dynamodb_write w;
    bool is_done = dynamodb_prepare_write(c, c->request, verb, &w) &&
                   dynamodb_work_out_write(c, c->request, verb, &w);
    if (is_done) {
        dynamodb_write_item(c, &w.table, &w.place, w.old, w.now);
        double before = dynamodb_units(w.old, false, true),
               after = dynamodb_units(w.now, false, true);
        struct value_list answer;
        value_list_init(&answer);
        asl_value *attributes = returned(c->request, &w);
        if (attributes)
            value_list_set_take(&answer, "Attributes", attributes);
        dynamodb_add_capacity(c, &answer, w.table.name, before > after ? before : after);
        c->answer = value_object_take(&answer);
    }
    dynamodb_free_write(&w);
    return is_done;
}

bool dynamodb_put_item(struct dynamodb_call *c)
{
    return write_one(c, 'P');
}

bool dynamodb_update_item(struct dynamodb_call *c)
{
    return write_one(c, 'U');
}

bool dynamodb_delete_item(struct dynamodb_call *c)
{
    return write_one(c, 'D');
}
