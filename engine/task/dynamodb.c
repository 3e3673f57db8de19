/* The optimized DynamoDB integration: getItem, putItem, updateItem, deleteItem (facts 4.5, 4.6).
 *
 * It takes a plain text where an attribute's value should stand ("id.$": "$$.Execution.Id", "L":
 * ["done"]) for {"S": text}, as deployed workflows write it: the SDK behind AWS's integration makes
 * a string attribute of it. */
#include <string.h>

#include "service.h"
#include "table.h"

static const struct service_style style = {
    .prefix = "DynamoDB",
    .service = "AmazonDynamoDBv2",
    .base_error = "AmazonDynamoDBException",
    .metadata = true,
};

static bool takes(const struct resource *r)
{
    static const char *const actions[] = {"getItem", "putItem", "updateItem", "deleteItem"};
    return strcmp(r->type, "dynamodb") == 0 && r->pattern == TASK_REQUEST_RESPONSE &&
           table_has(actions, sizeof actions / sizeof *actions, r->action);
}

/* ---- plain texts for attributes ---- */

static bool has_text(const asl_value *v);

static bool any_has_text(const asl_value *values)
{
    for (size_t i = 0; values && i < value_count(values); i++)
        if (has_text(value_at(values, i)))
            return true;
    return false;
}

static const asl_value *of_kind(const asl_value *v, const char *name, enum value_kind kind)
{
    const asl_value *found = value_kind(v) == VALUE_OBJECT ? value_get_z(v, name) : NULL;
    return found && value_kind(found) == kind ? found : NULL;
}

/* An attribute's value that is a text, or holds one in its list or map. */
static bool has_text(const asl_value *v)
{
    return value_kind(v) == VALUE_STRING || any_has_text(of_kind(v, "L", VALUE_ARRAY)) ||
           any_has_text(of_kind(v, "M", VALUE_OBJECT));
}

static asl_value *spelt(const asl_value *v);

static asl_value *all_spelt(const asl_value *values)
{
    struct value_list l;
    value_list_init(&l);
    bool is_map = value_kind(values) == VALUE_OBJECT;
    for (size_t i = 0; i < value_count(values); i++)
        if (is_map)
            value_list_push_member_take(&l, value_retain(value_key_at(values, i)),
                                        spelt(value_at(values, i)));
        else
            value_list_push_take(&l, spelt(value_at(values, i)));
    return is_map ? value_object_take(&l) : value_array_take(&l);
}

static asl_value *spelt(const asl_value *v)
{
    const asl_value *list = of_kind(v, "L", VALUE_ARRAY), *map = of_kind(v, "M", VALUE_OBJECT);
    if (value_kind(v) == VALUE_STRING)
        return value_with_take(value_empty_object(), value_string_z("S"), value_retain(v));
    asl_value *out = value_retain(v);
    if (list)
        out = value_with_take(out, value_string_z("L"), all_spelt(list));
    if (map)
        out = value_with_take(out, value_string_z("M"), all_spelt(map));
    return out;
}

static asl_value *attributes_spelt(const asl_value *parameters)
{
    static const char *const members[] = {"Key", "Item", "ExpressionAttributeValues"};
    asl_value *out = parameters ? value_retain(parameters) : NULL;
    for (size_t i = 0; out && i < sizeof members / sizeof *members; i++) {
        const asl_value *attributes = of_kind(parameters, members[i], VALUE_OBJECT);
        if (any_has_text(attributes))
            out = value_with_take(out, value_string_z(members[i]), all_spelt(attributes));
    }
    return out;
}

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    asl_value *parameters = attributes_spelt(request->parameters);
    void *handle =
        service_start(shared, task, request, &style,
                      service_operation(shared, "dynamodb", request->resource->action), parameters);
    value_release(parameters);
    return handle;
}

static bool repeatable(const struct connectors *shared, const struct task_request *request)
{
    return service_is_repeatable(service_operation(shared, "dynamodb", request->resource->action));
}

static bool model(const struct resource *r, struct connector_model *m)
{
    *m = (struct connector_model){
        .service = "dynamodb", .operation = r->action, .style = &style, .map = attributes_spelt};
    return true;
}

const struct connector connector_dynamodb = {
    .name = "dynamodb",
    .takes = takes,
    .start = start,
    .cancel = service_cancel,
    .repeatable = repeatable,
    .model = model,
};
