/* The optimized Bedrock AgentCore integration: bedrockagentcore:invokeHarness (facts 4.6).
 *
 * The service answers with a stream of events; the task gives what Converse would: the last message
 * of the assistant, its texts only, and the tokens of all messages together. */
#include <string.h>

#include "service.h"
#include "table.h"

/* However long TimeoutSeconds is. */
#define LONGEST_MS (INT64_C(900) * 1000)

/* ---- the stream folded into one message ---- */

struct fold {
    struct asl_buffer text; /* of the content block at work */
    bool speaks;            /* the message at work is the assistant's */
    struct value_list content;
    asl_value *stop_reason;
    int64_t input, output, total, latency;
};

static void end_block(struct fold *f)
{
    struct value_list block;
    if (f->text.size == 0)
        return;
    value_list_init(&block);
    value_list_set_take(&block, "Text", value_string(asl_buffer_text(&f->text)));
    value_list_push_take(&f->content, value_object_take(&block));
    asl_buffer_clear(&f->text);
}

static void on_start(struct fold *f, const asl_value *event)
{
    const asl_value *role = value_get_z(event, "Role");
    f->speaks = role && asl_text_is(value_as_text(role), "assistant");
    asl_buffer_clear(&f->text);
    if (!f->speaks)
        return;
    value_list_free(&f->content); /* earlier turns are not shown */
    value_list_init(&f->content);
}

static void on_delta(struct fold *f, const asl_value *event)
{
    const asl_value *delta = value_get_z(event, "Delta");
    const asl_value *text = delta ? value_get_z(delta, "Text") : NULL;
    if (f->speaks && text)
        asl_buffer_put_text(&f->text, value_as_text(text));
}

static void on_block_end(struct fold *f, const asl_value *event)
{
    (void)event;
    end_block(f);
}

static void on_stop(struct fold *f, const asl_value *event)
{
    const asl_value *reason = value_get_z(event, "StopReason");
    end_block(f);
    if (!reason)
        return;
    value_release(f->stop_reason);
    f->stop_reason = value_retain(reason);
}

static void add(const asl_value *object, const char *member, int64_t *sum)
{
    const asl_value *v = object ? value_get_z(object, member) : NULL;
    int64_t n;
    if (v && value_as_integer(v, &n) && n >= 0 && *sum <= INT64_MAX - n)
        *sum += n;
}

static void on_metadata(struct fold *f, const asl_value *event)
{
    const asl_value *usage = value_get_z(event, "Usage");
    add(usage, "InputTokens", &f->input);
    add(usage, "OutputTokens", &f->output);
    add(usage, "TotalTokens", &f->total);
    add(value_get_z(event, "Metrics"), "LatencyMs", &f->latency);
}

static const struct {
    const char *event;
    void (*see)(struct fold *f, const asl_value *event);
} events[] = {
    {"MessageStart", on_start}, {"ContentBlockDelta", on_delta}, {"ContentBlockStop", on_block_end},
    {"MessageStop", on_stop},   {"Metadata", on_metadata},
};

static asl_value *result_take(struct fold *f)
{
    struct value_list message, output, usage, metrics, all;
    end_block(f);
    value_list_init(&message);
    value_list_init(&output);
    value_list_init(&usage);
    value_list_init(&metrics);
    value_list_init(&all);
    value_list_set_take(&message, "Content", value_array_take(&f->content));
    value_list_set_take(&message, "Role", value_string_z("assistant"));
    value_list_set_take(&output, "Message", value_object_take(&message));
    value_list_set_take(&metrics, "LatencyMs", value_integer(f->latency));
    value_list_set_take(&usage, "InputTokens", value_integer(f->input));
    value_list_set_take(&usage, "OutputTokens", value_integer(f->output));
    value_list_set_take(&usage, "TotalTokens", value_integer(f->total));
    value_list_set_take(&all, "Metrics", value_object_take(&metrics));
    value_list_set_take(&all, "Output", value_object_take(&output));
    if (f->stop_reason)
        value_list_set_take(&all, "StopReason", f->stop_reason);
    value_list_set_take(&all, "Usage", value_object_take(&usage));
    return value_object_take(&all);
}

/* An exception in the stream comes behind a status of 200. */
static bool is_failure(struct service_task *t, struct asl_text name, const asl_value *event)
{
    const asl_value *message = value_get_z(event, "Message");
    struct asl_buffer error;
    if (!asl_text_ends(name, "Exception") && !asl_text_ends(name, "Error"))
        return false;
    asl_buffer_init(&error, 256);
    asl_buffer_printf(&error, "BedrockAgentCore.%.*s%s", ASL_TEXT_ARGS(name),
                      asl_text_ends(name, "Exception") ? "" : "Exception");
    service_fail(t, error.data, message ? value_as_text(message) : ASL_TEXT(""));
    asl_buffer_free(&error);
    return true;
}

static asl_value *shape(struct service_task *t, asl_value *output)
{
    struct fold f = {0};
    const asl_value *stream = value_get_z(output, "Stream");
    bool failed = false;
    asl_buffer_init(&f.text, ASL_BUFFER_MAXIMUM);
    value_list_init(&f.content);
    for (size_t i = 0; stream && i < value_count(stream) && !failed; i++) {
        const asl_value *one = value_at(stream, i);
        struct asl_text name = value_as_text(value_key_at(one, 0));
        failed = is_failure(t, name, value_at(one, 0));
        for (size_t j = 0; !failed && j < sizeof events / sizeof *events; j++)
            if (asl_text_is(name, events[j].event))
                events[j].see(&f, value_at(one, 0));
    }
    asl_value *result = result_take(&f);
    asl_buffer_free(&f.text);
    value_release(output);
    if (!failed)
        return result;
    value_release(result);
    return NULL;
}

static const struct service_style style = {
    .timeout_ms = LONGEST_MS,
    .times_out = true,
    .shape_take = shape,
};

static bool takes(const struct resource *r)
{
    return strcmp(r->type, "bedrockagentcore") == 0 && strcmp(r->action, "invokeHarness") == 0 &&
           r->pattern == TASK_REQUEST_RESPONSE;
}

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    return service_start(shared, task, request, &style,
                         service_operation(shared, "bedrockagentcore", "invokeHarness"),
                         request->parameters);
}

/* An agent's tools may do anything. */
static bool repeatable(const struct connectors *shared, const struct task_request *request)
{
    (void)shared;
    (void)request;
    return false;
}

const struct connector connector_agentcore = {
    .name = "bedrockagentcore",
    .takes = takes,
    .start = start,
    .cancel = service_cancel,
    .repeatable = repeatable,
};
