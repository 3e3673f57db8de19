/* One AWS call as a task.
 *
 * Two styles of words (facts 4.4, 4.5). Optimized integrations speak as the SDK for Java 1 does:
 *   DynamoDB.ResourceNotFoundException
 *   <message> (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ...; Request ID: ...; Proxy: null)
 * aws-sdk integrations as the SDK for Java 2:
 *   DynamoDb.ResourceNotFoundException
 *   <message> (Service: DynamoDb, Status Code: 400, Request ID: ...) (SDK Attempt Count: 1)
 */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/aws/sigv4.h"
#include "engine/loop/loop.h"

/* A cause is at most 32,768 characters long (the API's bound). */
#define CAUSE_MAXIMUM 32768

struct service_task {
    const struct connectors *shared;
    struct task *task;
    const struct service_style *style;
    const struct catalogue_operation *operation;
    enum task_pattern pattern;
    asl_value *parameters; /* for a refusal's words */
    char *type, *role_arn, *machine_role;
    struct aws_call *call;
    const struct http_headers *headers; /* while a hook runs */
    /* of a failure that waits to be reported */
    struct loop_timer *timer;
    char *error, *cause;
};

/* ---- life ---- */

static char *copy(const char *text)
{
    return text ? asl_copy_text(asl_text(text)) : NULL;
}

static void task_free(struct service_task *t)
{
    if (t->timer) {
        loop_timer_free(t->timer);
        loop_release(t->shared->loop);
    }
    value_release(t->parameters);
    free(t->type);
    free(t->role_arn);
    free(t->machine_role);
    free(t->error);
    free(t->cause);
    free(t);
}

void service_cancel(void *handle)
{
    struct service_task *t = handle;
    if (t->call)
        aws_call_cancel(t->call);
    task_free(t);
}

const struct http_headers *service_headers(const struct service_task *t)
{
    return t->headers;
}

/* ---- names and causes ---- */

static bool is_v1(const struct service_task *t)
{
    return t->style->prefix != NULL;
}

static void put_exception(const char *name, struct asl_buffer *out)
{
    struct asl_text text = asl_text(name);
    if (asl_text_ends(text, "Fault"))
        text.size -= strlen("Fault");
    asl_buffer_put_text(out, text);
    if (!asl_text_ends(text, "Exception"))
        asl_buffer_puts(out, "Exception");
}

static void put_error(const struct service_task *t, const struct aws_answer *a,
                      struct asl_buffer *out)
{
    const struct catalogue_service *s = t->operation->service;
    if (!is_v1(t)) {
        char name[512];
        catalogue_error_name(s, asl_text(a->code), name, sizeof name);
        asl_buffer_puts(out, name);
        return;
    }
    const struct catalogue_shape *known = catalogue_exception(s, asl_text(a->code));
    asl_buffer_printf(out, "%s.", t->style->prefix);
    if (known)
        put_exception(known->name, out);
    else
        asl_buffer_puts(out, t->style->base_error);
}

static void put_attempts(size_t attempts, struct asl_buffer *out)
{
    if (attempts > 0)
        asl_buffer_printf(out, " (SDK Attempt Count: %zu)", attempts);
}

static void put_cause(const struct service_task *t, const struct aws_outcome *o,
                      struct asl_buffer *out)
{
    const struct aws_answer *a = &o->answer;
    asl_buffer_puts(out, a->message[0] ? a->message : "null");
    if (is_v1(t)) {
        asl_buffer_printf(out, " (Service: %s; Status Code: %d; Error Code: %s; Request ID: %s",
                          t->style->service, a->status, a->code[0] ? a->code : "null",
                          a->request_id[0] ? a->request_id : "null");
        if (a->extended_request_id[0])
            asl_buffer_printf(out, "; S3 Extended Request ID: %s", a->extended_request_id);
        asl_buffer_puts(out, "; Proxy: null)");
        return;
    }
    asl_buffer_printf(out, " (Service: %s, Status Code: %d, Request ID: %s",
                      t->operation->service->error_prefix, a->status,
                      a->request_id[0] ? a->request_id : "null");
    if (a->extended_request_id[0])
        asl_buffer_printf(out, ", Extended Request ID: %s", a->extended_request_id);
    asl_buffer_putc(out, ')');
    put_attempts(o->attempts, out);
}

/* ---- failures ---- */

static void report_failed(struct service_task *t, const char *error, struct asl_text cause)
{
    struct task *task = t->task;
    if (cause.size > CAUSE_MAXIMUM)
        cause.size = CAUSE_MAXIMUM;
    task_report_failed(task, asl_text(error), cause);
}

void service_fail(struct service_task *t, const char *error, struct asl_text cause)
{
    report_failed(t, error, cause);
}

static void fail_answered(struct service_task *t, const struct aws_outcome *o,
                          struct asl_buffer *error, struct asl_buffer *cause)
{
    (void)t;
    put_error(t, &o->answer, error);
    put_cause(t, o, cause);
}

static void fail_client(struct service_task *t, const struct aws_outcome *o,
                        struct asl_buffer *error, struct asl_buffer *cause)
{
    if (o->failure == HTTP_TOO_LARGE) {
        asl_buffer_puts(error, "States.DataLimitExceeded");
        asl_buffer_printf(cause, "The state/task '%s' returned a result with a size exceeding the "
                                 "maximum number of bytes service limit.", t->type);
        return;
    }
    asl_buffer_printf(error, "%s.SdkClientException",
                      is_v1(t) ? t->style->prefix : t->operation->service->error_prefix);
    asl_buffer_puts(cause, o->answer.message);
    if (!is_v1(t))
        put_attempts(o->attempts, cause);
}

/* AWS does not say why a role cannot be assumed; we do, behind its words. */
static void fail_role(struct service_task *t, const struct aws_outcome *o,
                      struct asl_buffer *error, struct asl_buffer *cause)
{
    asl_buffer_puts(error, "States.TaskFailed");
    asl_buffer_printf(cause, "The role %s is not authorized to assume the task state's role, %s. (%s)",
                      t->machine_role ? t->machine_role : "of the state machine",
                      t->role_arn ? t->role_arn : "", o->answer.message);
}

static void fail(struct service_task *t, const struct aws_outcome *o)
{
    struct asl_buffer error, cause;
    asl_buffer_init(&error, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&cause, ASL_BUFFER_MAXIMUM);
    if (o->trouble == AWS_ANSWERED)
        fail_answered(t, o, &error, &cause);
    else if (o->trouble == AWS_ROLE)
        fail_role(t, o, &error, &cause);
    else
        fail_client(t, o, &error, &cause);
    report_failed(t, error.data, asl_buffer_text(&cause));
    asl_buffer_free(&error);
    asl_buffer_free(&cause);
}

/* ---- refusals: reported from a timer, never from within start ---- */

static void on_timer(void *state)
{
    struct service_task *t = state;
    task_report_start_failed(t->task, asl_text(t->error), asl_text(t->cause));
    task_free(t);
}

void *service_fail_soon(const struct connectors *shared, struct task *task, const char *error,
                        const char *cause)
{
    struct service_task *t = asl_allocate_zeroed(1, sizeof *t);
    t->shared = shared;
    t->task = task;
    t->error = copy(error);
    t->cause = copy(cause);
    loop_hold(shared->loop);
    t->timer = loop_timer_new(shared->loop, on_timer, t);
    loop_timer_arm(t->timer, loop_now(shared->loop));
    return t;
}

static void put_refusal(const asl_value *parameters, const char *problems, struct asl_buffer *out)
{
    asl_buffer_puts(out, "The Parameters '");
    if (parameters)
        value_print(parameters, out);
    asl_buffer_printf(out, "' could not be used to start the Task: [%s]", problems);
}

void *service_refuse(const struct connectors *shared, struct task *task,
                     const struct task_request *request, const char *problems)
{
    struct asl_buffer cause;
    asl_buffer_init(&cause, ASL_BUFFER_MAXIMUM);
    put_refusal(request->parameters, problems, &cause);
    void *handle = service_fail_soon(shared, task, "States.Runtime", cause.data);
    asl_buffer_free(&cause);
    return handle;
}

/* ---- success ---- */

static asl_value *header_values(const struct http_headers *h, const char *name)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < h->count; i++)
        if (strcasecmp(h->items[i].name, name) == 0)
            value_list_push_take(&l, value_string_z(h->items[i].value));
    return value_array_take(&l);
}

/* {AllHttpHeaders: {name: [values]}, HttpHeaders: {name: value}, HttpStatusCode} */
static asl_value *http_metadata(const struct http_headers *h, int status)
{
    struct value_list all, one, out;
    value_list_init(&all);
    value_list_init(&one);
    value_list_init(&out);
    for (size_t i = 0; i < h->count; i++) {
        value_list_set_take(&all, h->items[i].name, header_values(h, h->items[i].name));
        value_list_set_take(&one, h->items[i].name, value_string_z(h->items[i].value));
    }
    value_list_set_take(&out, "AllHttpHeaders", value_object_take(&all));
    value_list_set_take(&out, "HttpHeaders", value_object_take(&one));
    value_list_set_take(&out, "HttpStatusCode", value_integer(status));
    return value_object_take(&out);
}

static asl_value *with_metadata_take(asl_value *output, const struct aws_outcome *o)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "RequestId", value_string_z(o->answer.request_id));
    output = value_with_take(output, value_string_z("SdkHttpMetadata"),
                             http_metadata(o->headers, o->answer.status));
    return value_with_take(output, value_string_z("SdkResponseMetadata"), value_object_take(&l));
}

static int compare_keys(const void *a, const void *b)
{
    const asl_value *const *x = a, *const *y = b;
    return asl_text_compare(value_as_text(x[0]), value_as_text(y[0]));
}

/* Optimized integrations give their members in alphabetical order. */
static asl_value *sorted_take(asl_value *object)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < value_count(object); i++)
        value_list_push_member_take(&l, value_retain(value_key_at(object, i)),
                                    value_retain(value_at(object, i)));
    if (l.count > 0)
        qsort(l.items, l.count / 2, 2 * sizeof *l.items, compare_keys);
    value_release(object);
    return value_object_take(&l);
}

static void succeed(struct service_task *t, const struct aws_outcome *o)
{
    asl_value *output = o->answer.output ? value_retain(o->answer.output) : value_empty_object();
    t->headers = o->headers;
    if (t->style->metadata)
        output = with_metadata_take(output, o);
    if (is_v1(t) && value_kind(output) == VALUE_OBJECT)
        output = sorted_take(output);
    if (t->style->shape_take)
        output = t->style->shape_take(t, output);
    if (!output)
        return;
    if (t->pattern == TASK_CALLBACK)
        task_report_submitted(t->task, output);
    else
        task_report_succeeded(t->task, output);
    value_release(output);
}

static void report_refused(struct service_task *t, const struct aws_outcome *o)
{
    struct asl_buffer cause;
    asl_buffer_init(&cause, ASL_BUFFER_MAXIMUM);
    put_refusal(t->parameters, o->answer.message, &cause);
    task_report_start_failed(t->task, ASL_TEXT("States.Runtime"), asl_buffer_text(&cause));
    asl_buffer_free(&cause);
}

static void on_outcome(void *state, const struct aws_outcome *o)
{
    struct service_task *t = state;
    t->call = NULL;
    if (!o->answer.failed)
        succeed(t, o);
    else if (o->trouble == AWS_REFUSED)
        report_refused(t, o);
    else
        fail(t, o);
    task_free(t);
}

/* ---- start ---- */

void service_token(const struct task_request *request, char token[37])
{
    struct asl_buffer seed;
    char h[65];
    asl_buffer_init(&seed, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&seed, "%s#%lld", request->execution_arn ? request->execution_arn : "",
                      (long long)request->event_id);
    sigv4_hash(asl_buffer_text(&seed), h);
    /* version 8 of RFC 9562: "made by the vendor's own rule" */
    snprintf(token, 37, "%.8s-%.4s-8%.3s-a%.3s-%.12s", h, h + 8, h + 13, h + 17, h + 20);
    asl_buffer_free(&seed);
}

static bool has_token_member(const struct catalogue_shape *input)
{
    for (uint32_t i = 0; input && i < input->member_count; i++)
        if (input->members[i].flags & CATALOGUE_TOKEN)
            return true;
    return false;
}

bool service_is_repeatable(const struct catalogue_operation *o)
{
    return o && ((o->flags & (CATALOGUE_READ_ONLY | CATALOGUE_IDEMPOTENT)) ||
                 has_token_member(o->input.shape));
}

const struct catalogue_operation *service_operation(const struct connectors *shared,
                                                    const char *service, const char *action)
{
    const struct catalogue_service *s =
        catalogue_service(aws_catalogue(shared->aws), asl_text(service));
    return s ? catalogue_operation(s, asl_text(action)) : NULL;
}

static char *role_of(const asl_value *credentials)
{
    const asl_value *role = credentials ? value_get_z(credentials, "RoleArn") : NULL;
    return role && value_kind(role) == VALUE_STRING ? asl_copy_text(value_as_text(role)) : NULL;
}

void *service_start(const struct connectors *shared, struct task *task,
                    const struct task_request *request, const struct service_style *style,
                    const struct catalogue_operation *operation, const asl_value *parameters)
{
    struct service_task *t = asl_allocate_zeroed(1, sizeof *t);
    char token[37];
    service_token(request, token);
    t->shared = shared;
    t->task = task;
    t->style = style;
    t->operation = operation;
    t->pattern = request->resource->pattern;
    t->parameters = request->parameters ? value_retain(request->parameters) : NULL;
    t->type = copy(request->resource->type);
    t->role_arn = role_of(request->credentials);
    t->machine_role = copy(request->role_arn);
    struct aws_ask ask = {
        .operation = operation,
        .names = is_v1(t) ? PROTOCOL_V1 : PROTOCOL_STATES,
        .parameters = parameters,
        .role_arn = t->role_arn,
        .token = token,
        .timeout_ms = style->timeout_ms,
    };
    t->call = aws_call(shared->aws, &ask, on_outcome, t);
    return t;
}
