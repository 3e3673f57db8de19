/* The optimized DynamoDB integration: getItem, putItem, updateItem, deleteItem (facts 4.5, 4.6). */
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

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    return service_start(shared, task, request, &style,
                         service_operation(shared, "dynamodb", request->resource->action),
                         request->parameters);
}

static bool repeatable(const struct connectors *shared, const struct task_request *request)
{
    return service_is_repeatable(service_operation(shared, "dynamodb", request->resource->action));
}

static bool model(const struct resource *r, struct connector_model *m)
{
    *m = (struct connector_model){.service = "dynamodb", .operation = r->action, .style = &style};
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
