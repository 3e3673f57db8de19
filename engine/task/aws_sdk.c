/* Every action of every AWS service, by the catalogue:
 * arn:aws:states:::aws-sdk:<service>:<action>. */
#include <string.h>

#include "service.h"
#include "table.h"

static const char type_prefix[] = "aws-sdk:";

static const struct service_style style = {.prefix = NULL};

static bool takes(const struct resource *r)
{
    return strncmp(r->type, type_prefix, strlen(type_prefix)) == 0;
}

static const struct catalogue_operation *operation_of(const struct connectors *shared,
                                                      const struct resource *r)
{
    return service_operation(shared, r->type + strlen(type_prefix), r->action);
}

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    const struct catalogue_operation *o = operation_of(shared, request->resource);
    if (o && !(o->flags & (CATALOGUE_UNSUPPORTED | CATALOGUE_STREAMS_EVENTS)))
        return service_start(shared, task, request, &style, o, request->parameters);
    struct asl_buffer cause;
    asl_buffer_init(&cause, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&cause, "The resource %s is not one that Step Functions offers: %s",
                      request->resource->arn,
                      o ? "this action is not supported" : "no such service or action is known");
    void *handle = service_fail_soon(shared, task, "States.Runtime", cause.data);
    asl_buffer_free(&cause);
    return handle;
}

static bool repeatable(const struct connectors *shared, const struct task_request *request)
{
    return service_is_repeatable(operation_of(shared, request->resource));
}

static bool model(const struct resource *r, struct connector_model *m)
{
    *m = (struct connector_model){
        .service = r->type + strlen(type_prefix), .operation = r->action, .style = &style};
    return true;
}

const struct connector connector_aws_sdk = {
    .name = "aws-sdk",
    .takes = takes,
    .start = start,
    .cancel = service_cancel,
    .repeatable = repeatable,
    .model = model,
};
