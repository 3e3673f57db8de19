/* The optimized Bedrock integration: bedrock:invokeModel (facts 4.6). Body is any JSON, in and
 * out. */
#include <string.h>

#include "engine/aws/protocol.h"
#include "service.h"
#include "table.h"
#include "web.h"

/* Models take their time; the service itself gives up after an hour. */
#define INVOKE_MS (INT64_C(60) * 60 * 1000)

static asl_value *shape(struct service_task *t, asl_value *output)
{
    const asl_value *encoded = value_get_z(output, "Body");
    struct asl_buffer text;
    (void)t;
    if (!encoded || value_kind(encoded) != VALUE_STRING)
        return output;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (protocol_base64_decode(value_as_text(encoded), &text))
        output = value_with_take(output, value_string_z("Body"), web_body(asl_buffer_text(&text)));
    asl_buffer_free(&text);
    return output;
}

static const struct service_style style = {
    .prefix = "BedrockRuntime",
    .service = "AmazonBedrockRuntime",
    .base_error = "AmazonBedrockRuntimeException",
    .timeout_ms = INVOKE_MS,
    .shape_take = shape,
};

static bool takes(const struct resource *r)
{
    return strcmp(r->type, "bedrock") == 0 && strcmp(r->action, "invokeModel") == 0 &&
           (r->pattern == TASK_REQUEST_RESPONSE || r->pattern == TASK_CALLBACK);
}

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    return service_start(shared, task, request, &style,
                         service_operation(shared, "bedrockruntime", "invokeModel"),
                         request->parameters);
}

/* It changes nothing but the bill. */
static bool repeatable(const struct connectors *shared, const struct task_request *request)
{
    (void)shared;
    (void)request;
    return true;
}

static bool model(const struct resource *r, struct connector_model *m)
{
    (void)r;
    *m = (struct connector_model){.service = "bedrockruntime", .operation = "invokeModel", .style = &style, .any = "Body"};
    return true;
}

const struct connector connector_bedrock = {
    .name = "bedrock",
    .takes = takes,
    .start = start,
    .cancel = service_cancel,
    .repeatable = repeatable,
    .model = model,
};
