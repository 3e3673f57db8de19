/* One AWS call as a task: sent, waited for, reported. What is said of its end is words.c's. */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/aws/endpoint.h"
#include "engine/aws/sigv4.h"
#include "engine/loop/kept.h"
#include "engine/loop/loop.h"
#include "words.h"

struct service_task {
    struct service_handle handle;
    const struct connectors *shared;
    struct task *task;
    const struct service_style *style;
    const struct catalogue_operation *operation;
    enum task_pattern pattern;
    asl_value *parameters;           /* as given: for a refusal's words */
    asl_value *sent;                 /* what the call is made of */
    asl_value *output;               /* of the call, while a sequel runs */
    char token[37];                  /* "": the operation wants none */
    const char *type, *machine_role; /* behind it, in the same block; or NULL */
    char *role_arn, *region;
    asl_value *state; /* the Task's name */
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

/* With copies of both texts: what a failure is told with. */
static struct service_task *task_new(const char *type, const char *machine_role)
{
    size_t type_size = type ? strlen(type) + 1 : 0;
    size_t role_size = machine_role ? strlen(machine_role) + 1 : 0;
    struct service_task *t = kept_take(sizeof *t + type_size + role_size);
    char *texts = (char *)(t + 1);
    *t = (struct service_task){.type = type ? texts : NULL,
                               .machine_role = machine_role ? texts + type_size : NULL};
    if (type)
        memcpy(texts, type, type_size);
    if (machine_role)
        memcpy(texts + type_size, machine_role, role_size);
    return t;
}

static void task_free(struct service_task *t)
{
    if (t->timer) {
        loop_timer_free(t->timer);
        loop_release(t->shared->loop);
    }
    value_release(t->parameters);
    value_release(t->sent);
    value_release(t->output);
    free(t->role_arn);
    free(t->region);
    value_release(t->state);
    free(t->error);
    free(t->cause);
    kept_give_back(t);
}

void service_cancel(void *handle)
{
    struct service_task *t = handle;
    if (t->call)
        aws_call_cancel(t->call);
    task_free(t);
}

void service_cancel_any(void *handle)
{
    ((struct service_handle *)handle)->cancel(handle);
}

const struct http_headers *service_headers(const struct service_task *t)
{
    return t->headers;
}

const asl_value *service_given(const struct service_task *t)
{
    return t->parameters;
}

/* ---- failures ---- */

void service_fail(struct service_task *t, const char *error, struct asl_text cause)
{
    task_report_failed(t->task, asl_text(error), words_cut(cause));
}

/* Of the call itself, or of one that goes before or behind it. */
static void fail(struct service_task *t, const struct service_style *style,
                 const struct catalogue_operation *operation, const struct aws_outcome *o)
{
    struct words w;
    if (style->times_out && o->failure == HTTP_TIMED_OUT) {
        service_fail(t, "States.Timeout", ASL_TEXT(""));
        return;
    }
    words_of_failure(
        &w, &(struct words_about){style, operation, t->type, t->role_arn, t->machine_role}, o);
    service_fail(t, w.error.data, asl_buffer_text(&w.cause));
    words_free(&w);
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
    struct service_task *t = task_new(NULL, NULL);
    t->handle.cancel = service_cancel;
    t->shared = shared;
    t->task = task;
    t->error = copy(error);
    t->cause = copy(cause);
    loop_hold(shared->loop);
    t->timer = loop_timer_new(shared->loop, on_timer, t);
    loop_timer_arm(t->timer, loop_now(shared->loop));
    return t;
}

void service_refusal(const asl_value *parameters, const char *problems, struct asl_buffer *out)
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
    service_refusal(request->parameters, problems, &cause);
    void *handle = service_fail_soon(shared, task, "States.Runtime", cause.data);
    asl_buffer_free(&cause);
    return handle;
}

/* ---- calls ---- */

static enum protocol_names names_of(const struct service_style *style)
{
    return style->prefix ? PROTOCOL_V1 : PROTOCOL_STATES;
}

static void send(struct service_task *t, const struct service_style *style,
                 const struct catalogue_operation *operation, const asl_value *parameters,
                 void (*done)(void *state, const struct aws_outcome *o))
{
    struct aws_ask ask = {
        .operation = operation,
        .names = names_of(style),
        .parameters = parameters,
        .region = t->region,
        .role_arn = t->role_arn,
        .state = t->state ? value_as_text(t->state) : (struct asl_text){NULL, 0},
        .token = t->token[0] ? t->token : NULL,
        .timeout_ms = style->timeout_ms,
    };
    t->call = aws_call(t->shared->aws, &ask, done, t);
}

static void report_refused(struct service_task *t, const struct aws_outcome *o)
{
    struct asl_buffer cause;
    asl_buffer_init(&cause, ASL_BUFFER_MAXIMUM);
    service_refusal(t->parameters, o->answer.message, &cause);
    task_report_start_failed(t->task, ASL_TEXT("States.Runtime"), asl_buffer_text(&cause));
    asl_buffer_free(&cause);
}

static void end_badly(struct service_task *t, const struct service_style *style,
                      const struct catalogue_operation *operation, const struct aws_outcome *o)
{
    if (o->trouble == AWS_REFUSED)
        report_refused(t, o);
    else
        fail(t, style, operation, o);
    task_free(t);
}

/* ---- success ---- */

static void report(struct service_task *t, const asl_value *output)
{
    if (t->pattern == TASK_CALLBACK)
        task_report_submitted(t->task, output);
    else
        task_report_succeeded(t->task, output);
}

static void on_followed(void *state, const struct aws_outcome *o)
{
    struct service_task *t = state;
    const struct service_sequel *q = t->style->sequel;
    t->call = NULL;
    if (o->answer.failed) {
        end_badly(t, q->style, service_operation(t->shared, q->service, q->operation), o);
        return;
    }
    t->output = q->shape_take(t->sent, t->output);
    report(t, t->output);
    task_free(t);
}

/* False: none is to be made. */
static bool follow(struct service_task *t, const asl_value *output)
{
    const struct service_sequel *q = t->style->sequel;
    asl_value *parameters = q ? q->ask(t->sent, output) : NULL;
    if (!parameters)
        return false;
    t->output = value_retain(output);
    send(t, q->style, service_operation(t->shared, q->service, q->operation), parameters,
         on_followed);
    value_release(parameters);
    return true;
}

static void fail_unknown(struct service_task *t, const asl_value *output)
{
    struct words w;
    words_of_unknown(&w, t->style, output);
    service_fail(t, w.error.data, asl_buffer_text(&w.cause));
    words_free(&w);
}

/* True while a sequel runs. */
static bool succeed(struct service_task *t, const struct aws_outcome *o)
{
    asl_value *output = words_of_success(t->style, o);
    bool goes_on = false;
    t->headers = o->headers;
    if (t->style->shape_take)
        output = t->style->shape_take(t, output);
    t->headers = NULL;
    if (!output)
        return false;
    if (t->pattern == TASK_CALLBACK && t->style->has_refused && t->style->has_refused(output))
        fail_unknown(t, output);
    else if (!(goes_on = follow(t, output)))
        report(t, output);
    value_release(output);
    return goes_on;
}

static void on_outcome(void *state, const struct aws_outcome *o)
{
    struct service_task *t = state;
    t->call = NULL;
    if (o->answer.failed)
        end_badly(t, t->style, t->operation, o);
    else if (!succeed(t, o))
        task_free(t);
}

/* ---- a lookup before it ---- */

static const struct service_style *lookup_style(const struct service_task *t)
{
    return t->style->lookup->style ? t->style->lookup->style : t->style;
}

static const struct catalogue_operation *lookup_operation(const struct service_task *t)
{
    const struct service_lookup *l = t->style->lookup;
    return service_operation(t->shared, l->service, l->operation);
}

static void report_missed(struct service_task *t)
{
    struct asl_buffer cause;
    asl_buffer_init(&cause, ASL_BUFFER_MAXIMUM);
    t->style->lookup->missed(t->sent, &cause);
    service_fail(t, t->style->lookup->error, asl_buffer_text(&cause));
    asl_buffer_free(&cause);
    task_free(t);
}

static void on_page(void *state, const struct aws_outcome *o);

/* The next page, or the call itself, or the end. */
static void look_up(struct service_task *t, const asl_value *last)
{
    const struct service_lookup *l = t->style->lookup;
    asl_value *page = l->ask(t->sent, last);
    if (page) {
        send(t, lookup_style(t), lookup_operation(t), page, on_page);
        value_release(page);
        return;
    }
    asl_value *found = last ? NULL : l->found(t->sent, NULL);
    if (!found) {
        report_missed(t);
        return;
    }
    send(t, t->style, t->operation, found, on_outcome);
    value_release(found);
}

static void on_page(void *state, const struct aws_outcome *o)
{
    struct service_task *t = state;
    t->call = NULL;
    if (o->answer.failed) {
        end_badly(t, lookup_style(t), lookup_operation(t), o);
        return;
    }
    asl_value *found = t->style->lookup->found(t->sent, o->answer.output);
    if (!found) {
        look_up(t, o->answer.output);
        return;
    }
    send(t, t->style, t->operation, found, on_outcome);
    value_release(found);
}

/* ---- start ---- */

void service_token(const struct task_request *request, char token[37])
{
    struct asl_buffer seed;
    char h[65];
    asl_buffer_init(&seed, ASL_BUFFER_MAXIMUM);
    asl_buffer_puts(&seed, request->execution_arn ? request->execution_arn : "");
    asl_buffer_printf(&seed, "#%lld", (long long)request->event_id);
    sigv4_hash(asl_buffer_text(&seed), h);
    /* version 8 of RFC 9562: "made by the vendor's own rule" */
    memcpy(token, "00000000-0000-8000-a000-000000000000", 37);
    memcpy(token, h, 8);
    memcpy(token + 9, h + 8, 4);
    memcpy(token + 15, h + 13, 3);
    memcpy(token + 20, h + 17, 3);
    memcpy(token + 24, h + 20, 12);
    asl_buffer_free(&seed);
}

struct asl_text service_state(const struct task_request *request)
{
    return request->state_name ? value_as_text(request->state_name) : (struct asl_text){NULL, 0};
}

bool service_is_repeatable(const struct catalogue_operation *o)
{
    return o &&
           ((o->flags & (CATALOGUE_READ_ONLY | CATALOGUE_IDEMPOTENT)) || protocol_wants_token(o));
}

const struct catalogue_operation *service_operation(const struct connectors *shared,
                                                    const char *service, const char *action)
{
    const struct catalogue_service *s =
        catalogue_service(aws_catalogue(shared->aws), asl_text(service));
    return s ? catalogue_operation(s, asl_text(action)) : NULL;
}

char *service_region(const struct connectors *shared, const struct task_request *request)
{
    static const char *const before[] = {"arn:", ":states:"};
    const char *at = request->execution_arn;
    for (size_t i = 0; at && i < sizeof before / sizeof *before; i++)
        if ((at = strstr(at, before[i])) != NULL)
            at += strlen(before[i]);
    struct asl_text region = {at, at ? strcspn(at, ":") : 0};
    if (!region.size || (shared->region && asl_text_is(region, shared->region)))
        return NULL;
    char *text = asl_copy_text(region);
    if (endpoint_region_is_good(text))
        return text;
    free(text);
    return NULL;
}

char *service_role(const asl_value *credentials)
{
    const asl_value *role = credentials ? value_get_z(credentials, "RoleArn") : NULL;
    return role && value_kind(role) == VALUE_STRING ? asl_copy_text(value_as_text(role)) : NULL;
}

asl_value *service_parameters(const struct service_style *style, const struct task_request *request,
                              const asl_value *given)
{
    asl_value *p = given ? value_retain(given) : value_empty_object();
    return style->add_take && value_kind(p) == VALUE_OBJECT ? style->add_take(p, request) : p;
}

void *service_start(const struct connectors *shared, struct task *task,
                    const struct task_request *request, const struct service_style *style,
                    const struct catalogue_operation *operation, const asl_value *parameters)
{
    struct service_task *t = task_new(request->resource->type, request->role_arn);
    if (protocol_wants_token(operation)) /* few do; hashing one for each would be a tenth of this */
        service_token(request, t->token);
    t->handle.cancel = service_cancel;
    t->shared = shared;
    t->task = task;
    t->style = style;
    t->operation = operation;
    t->pattern = request->resource->pattern;
    t->parameters = request->parameters ? value_retain(request->parameters) : NULL;
    t->role_arn = service_role(request->credentials);
    t->region = service_region(shared, request);
    t->state = request->state_name ? value_retain(request->state_name) : NULL;
    t->sent = service_parameters(style, request, parameters);
    if (style->lookup)
        look_up(t, NULL);
    else
        send(t, style, operation, t->sent, on_outcome);
    return t;
}
