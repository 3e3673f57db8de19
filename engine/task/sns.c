/* The optimized SNS integration: sns:publish (facts 4.5). Message may be any JSON. */
#include <string.h>

#include "service.h"
#include "table.h"

static const struct service_style style = {
    .prefix = "SNS",
    .service = "AmazonSNS",
    .base_error = "AmazonSNSException",
    .metadata = true,
};

static bool takes(const struct resource *r)
{
    return strcmp(r->type, "sns") == 0 && strcmp(r->action, "publish") == 0 &&
           (r->pattern == TASK_REQUEST_RESPONSE || r->pattern == TASK_CALLBACK);
}

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    return service_start(shared, task, request, &style, service_operation(shared, "sns", "publish"),
                         request->parameters);
}

/* Only a FIFO topic told how to know a repetition takes a message once. */
static bool repeatable(const struct connectors *shared, const struct task_request *request)
{
    (void)shared;
    return request->parameters &&
           value_get_z(request->parameters, "MessageDeduplicationId") != NULL;
}

static bool model(const struct resource *r, struct connector_model *m)
{
    (void)r;
    *m = (struct connector_model){.service = "sns", .operation = "publish", .style = &style};
    return true;
}

const struct connector connector_sns = {
    .name = "sns",
    .takes = takes,
    .start = start,
    .cancel = service_cancel,
    .repeatable = repeatable,
    .model = model,
};
