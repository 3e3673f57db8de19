/* A request's way: read, checked by the model, handed to its operation, answered after the commit.
 *
 * Invariant: an answer leaves only when every document put before it, and every execution looked
 * at, is durable as it was put or seen. What engine_start and its like tell is durable already.
 */
#include "engine/api/internal.h"

#include "engine/api/delivery/delivery.h"
#include "engine/api/prune.h"
#include "engine/api/schedule/schedules.h"
#include "engine/local/local.h" /* local_service_of */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* 1,000 events of 256 KiB would be more: pages end early */
#define ANSWER_MAXIMUM  ((size_t)64 << 20)
#define TRACE_MAXIMUM   256    /* "traceHeader" of the model */
#define PAYLOAD_MAXIMUM 262144 /* bytes of an "input" and an "output" */

static const struct api_service services[] = {
    {"AWSStepFunctions.", "application/x-amz-json-1.0", "sfn", api_operation_named},
    {"AWSEvents.", "application/x-amz-json-1.1", "eventbridge", rules_operation_named},
};

/* ---- calls ---- */

static void client_gone(void *state)
{
    struct api_call *call = state;
    call->is_gone = true;
    if (call->gone)
        call->gone(call);
}

static int64_t steady_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct api_call *api_call_new(struct api *a, struct http_exchange *x, const char *type)
{
    struct api_call *call = asl_allocate_zeroed(1, sizeof *call);
    call->api = a;
    call->exchange = x;
    call->began_us = steady_us();
    asl_buffer_init(&call->body, ANSWER_MAXIMUM);
    call->after = a->calls;
    if (a->calls)
        a->calls->before = call;
    a->calls = call;
    call->type = type;
    http_exchange_on_gone(x, client_gone, call);
    return call;
}

static void call_free(struct api_call *call)
{
    if (call->before)
        call->before->after = call->after;
    else
        call->api->calls = call->after;
    if (call->after)
        call->after->before = call->before;
    value_release(call->in);
    asl_buffer_free(&call->body);
    free(call);
}

static void put_headers(struct api_call *call, struct http_headers *headers)
{
    http_headers_init(headers);
    if (!call->id[0])
        engine_uuid(call->api->engine, call->id);
    http_headers_add(headers, "x-amzn-RequestId", asl_text(call->id));
    /* shown to who starts executions */
    http_headers_add(headers, "connection", ASL_TEXT("keep-alive"));
    http_headers_add(headers, "Content-Type", asl_text(call->type));
    if (call->rest && call->error)
        http_headers_add(headers, "x-amzn-ErrorType", asl_text(call->error));
}

static void send_now(struct api_call *call)
{
    struct http_headers headers;
    if (call->is_ready) {
        http_exchange_finish(call->exchange);
    } else {
        put_headers(call, &headers);
        http_exchange_answer(call->exchange, call->status, &headers, asl_buffer_text(&call->body));
        http_headers_free(&headers);
    }
    api_log(call->api, API_DEBUG, "%s: %d in %.1f ms, request %s",
            call->operation ? call->operation->name : "no operation", call->status,
            (double)(steady_us() - call->began_us) / 1000, call->id);
    call_free(call);
}

static void tell(struct engine_word *w)
{
    struct api_call *call = (struct api_call *)((char *)w - offsetof(struct api_call, word));
    http_exchange_send(call->exchange);
}

/* The answer is made now, and told when it is durable. NULL: it will be made then. */
static struct engine_word *word_of(struct api_call *call)
{
    struct http_headers headers;
    put_headers(call, &headers);
    call->is_ready =
        http_exchange_prepare(call->exchange, call->status, &headers, asl_buffer_text(&call->body));
    call->word.tell = tell;
    http_headers_free(&headers);
    return call->is_ready ? &call->word : NULL;
}

static void committed(void *state, enum engine_outcome outcome)
{
    struct api_call *call = state;
    (void)outcome;
    send_now(call);
}

static void has_answer(struct api_call *call, int status)
{
    call->status = status;
    call->gone = NULL;
    if (status == 200)
        call->api->answered++;
    else
        call->api->refused++;
}

static void answer(struct api_call *call, int status)
{
    has_answer(call, status);
    if (engine_is_ahead(call->api->engine))
        engine_after_commit(call->api->engine, word_of(call), committed, call);
    else
        send_now(call);
}

void api_answer_take(struct api_call *call, asl_value *out)
{
    value_print(out, &call->body);
    value_release(out);
    answer(call, 200);
}

struct engine_word *api_answer_ahead_take(struct api_call *call, asl_value *out)
{
    value_print(out, &call->body);
    value_release(out);
    has_answer(call, 200);
    return word_of(call);
}

void api_answer_told(struct api_call *call)
{
    send_now(call);
}

void api_answer_empty(struct api_call *call)
{
    api_answer_take(call, value_empty_object());
}

/* 400 in AWS JSON; REST's is the exception's own. */
static int status_of(const struct api_call *call, const char *error)
{
    const struct catalogue_shape *exception =
        call->rest
            ? catalogue_exception(catalogue_service(call->api->catalogue, asl_text(call->rest)),
                                  asl_text(error))
            : NULL;
    return exception && exception->http_status ? exception->http_status : 400;
}

static void fail(struct api_call *call, const char *type, const char *member, const char *text,
                 const char *format, va_list arguments)
{
    struct asl_buffer message;
    struct value_list l;
    asl_buffer_init(&message, ANSWER_MAXIMUM / 8);
    asl_buffer_vprintf(&message, format, arguments);
    value_list_init(&l);
    value_list_set_take(&l, "__type", value_string_z(type));
    value_list_set_take(&l, "message", value_string(asl_buffer_text(&message)));
    if (member)
        value_list_set_take(&l, member, value_string_z(text));
    asl_value *v = value_object_take(&l);
    asl_buffer_clear(&call->body);
    value_print(v, &call->body);
    value_release(v);
    asl_buffer_free(&message);
    call->error = type;
    answer(call, status_of(call, type));
}

void api_fail(struct api_call *call, const char *type, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail(call, type, NULL, NULL, format, arguments);
    va_end(arguments);
}

void api_fail_with(struct api_call *call, const char *type, const char *member, const char *text,
                   const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail(call, type, member, text, format, arguments);
    va_end(arguments);
}

void api_log(struct api *a, enum api_level level, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    if (level > a->log_level)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (a->log)
        a->log(a->log_state, level, line);
    else
        fprintf(stderr, "stepwell: %s\n", line);
}

/* ---- looking ---- */

const asl_value *api_get(const asl_value *v, const char *member)
{
    const asl_value *found = v ? value_get_z(v, member) : NULL;
    return found && value_kind(found) != VALUE_NULL ? found : NULL;
}

size_t api_count(const asl_value *v)
{
    return v ? value_count(v) : 0;
}

bool api_equal(const asl_value *a, const asl_value *b)
{
    return a && b ? value_equal(a, b) : a == b;
}

/* ---- parameters ---- */

struct asl_text api_text(const struct api_call *call, const char *member)
{
    const asl_value *v = api_get(call->in, member);
    return v && value_kind(v) == VALUE_STRING ? value_as_text(v) : (struct asl_text){NULL, 0};
}

bool api_flag(const struct api_call *call, const char *member)
{
    const asl_value *v = api_get(call->in, member);
    return v && value_is_true(v);
}

int64_t api_integer(const struct api_call *call, const char *member, int64_t otherwise)
{
    int64_t i = otherwise;
    const asl_value *v = api_get(call->in, member);
    return v && value_as_integer(v, &i) ? i : otherwise;
}

int64_t api_now(const struct api_call *call)
{
    return loop_now(engine_loop(call->api->engine));
}

/* ---- documents ---- */

asl_value *api_with_take(asl_value *document, const char *member, asl_value *v)
{
    return value_with_take(document, value_string_z(member), v);
}

void api_copy_member(struct value_list *l, const asl_value *from, const char *member)
{
    const asl_value *v = api_get(from, member);
    if (v && value_kind(v) != VALUE_NULL)
        value_list_set_take(l, member, value_retain(v));
}

int64_t api_document_integer(const asl_value *document, const char *member)
{
    int64_t i = 0;
    const asl_value *v = api_get(document, member);
    return v && value_as_integer(v, &i) ? i : 0;
}

void api_copy_time(struct value_list *l, const asl_value *from, const char *member)
{
    if (api_get(from, member))
        value_list_set_take(l, member, describe_time(api_document_integer(from, member)));
}

void api_put_take(struct api *a, struct shelf *shelf, const char *key, asl_value *document)
{
    struct asl_buffer scratch;
    asl_buffer_init(&scratch, ASL_BUFFER_MAXIMUM);
    struct asl_text text =
        document ? value_compact(document, &scratch) : (struct asl_text){NULL, 0};
    engine_put_document(a->engine, shelf->kind, key, (struct store_bytes){text.data, text.size});
    asl_buffer_free(&scratch);
    shelf_put_take(shelf, key, document);
}

/* ---- a request ---- */

static const struct api_service *service_of(const struct http_received *request)
{
    const char *target = http_headers_get(&request->headers, "X-Amz-Target");
    for (size_t i = 0; target && i < sizeof services / sizeof *services; i++)
        if (asl_text_starts(asl_text(target), services[i].prefix))
            return &services[i];
    return NULL;
}

static struct asl_text operation_of(const struct api_service *service,
                                    const struct http_received *request)
{
    const char *target = http_headers_get(&request->headers, "X-Amz-Target");
    return asl_text(target + strlen(service->prefix));
}

/* Of EventBridge the rules are here; its bus is a stand-in's. */
bool api_is_meant(const struct http_received *request)
{
    char signed_for[64];
    const struct api_service *service = service_of(request);
    if (service == &services[0] || (service && service->operation(operation_of(service, request))))
        return true;
    local_service_of(request, signed_for);
    return strcmp(signed_for, "scheduler") == 0;
}

/* "application/x-amz-json-1.0", perhaps with parameters behind it. A browser cannot send it across
 * sites without asking first, and is never told yes. */
static bool is_type(const char *type, const char *wanted)
{
    size_t size = strlen(wanted);
    return type && strncasecmp(type, wanted, size) == 0 &&
           (type[size] == '\0' || type[size] == ';' || type[size] == ' ');
}

bool api_read_parameters(struct api_call *call, struct asl_text body)
{
    struct value_error error;
    asl_value *in = body.size ? value_parse(body, 0, 0, &error) : value_empty_object();
    if (in && value_kind(in) == VALUE_OBJECT) {
        call->in = in;
        return true;
    }
    if (in)
        api_fail(call, "SerializationException", "The body is a JSON %s; parameters are an object",
                 value_kind_name(value_kind(in)));
    else
        api_fail(call, "SerializationException", "The body is no JSON: line %zu, column %zu: %s",
                 error.line, error.column, error.message);
    value_release(in);
    return false;
}

/* Two searches by name otherwise, with every call. */
static const struct catalogue_operation *shape_of(struct api *a, const char *arn_name,
                                                  const struct api_operation *operation)
{
    size_t slots = sizeof a->shapes / sizeof *a->shapes;
    struct api_shape *s = &a->shapes[(uintptr_t)operation / sizeof *operation % slots];
    if (s->operation != operation) {
        const struct catalogue_service *service =
            catalogue_service(a->catalogue, asl_text(arn_name));
        *s = (struct api_shape){operation, catalogue_operation(service, asl_text(operation->name))};
    }
    return s->shape;
}

/* "Length constraints apply to the payload size, and are expressed as bytes in UTF-8 encoding": the
 * model's check counts characters. */
static bool check_payloads(struct api_call *call)
{
    static const char *const members[] = {"input", "output"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (api_text(call, members[i]).size > PAYLOAD_MAXIMUM) {
            api_invalid(call,
                        "1 validation error detected: Value at '%s' failed to satisfy constraint: "
                        "Member must "
                        "have length less than or equal to %d",
                        members[i], PAYLOAD_MAXIMUM);
            return false;
        }
    return true;
}

bool api_begin(struct api_call *call, const char *arn_name, const struct api_operation *operation)
{
    struct asl_buffer message;
    const struct catalogue_operation *o = shape_of(call->api, arn_name, operation);
    call->operation = operation;
    asl_buffer_init(&message, ANSWER_MAXIMUM / 8);
    enum constraint_verdict verdict =
        constraint_check_request(call->api->checker, o, call->in, &message);
    if (verdict == CONSTRAINT_INVALID)
        api_invalid(call, "%.*s", ASL_TEXT_ARGS(asl_buffer_text(&message)));
    else if (verdict == CONSTRAINT_UNREADABLE)
        api_fail(call, "SerializationException", "%.*s", ASL_TEXT_ARGS(asl_buffer_text(&message)));
    asl_buffer_free(&message);
    if (verdict == CONSTRAINT_FINE && o->input.shape)
        call->in = prune_take(call->in, o->input.shape);
    return verdict == CONSTRAINT_FINE;
}

/* "If both sources are provided, Step Functions will use the header value (preferred) over the
 * value in the request body." One that the member could not hold is passed over. */
static void take_trace(struct api_call *call, const struct http_received *request)
{
    const struct catalogue_shape *shape =
        shape_of(call->api, services[0].arn_name, call->operation)->input.shape;
    const char *trace = http_headers_get(&request->headers, "X-Amzn-Trace-Id");
    size_t size = trace ? strlen(trace) : 0;
    if (size == 0 || size > TRACE_MAXIMUM || !catalogue_member(shape, ASL_TEXT("traceHeader")))
        return;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)trace[i] >= 0x80)
            return;
    call->in = api_with_take(call->in, "traceHeader", value_string_z(trace));
}

void api_answer_plain(struct http_exchange *x, int status, const char *text)
{
    struct http_headers headers;
    http_headers_init(&headers);
    http_headers_add(&headers, "Content-Type", ASL_TEXT("text/plain; charset=utf-8"));
    if (status == 405)
        http_headers_add(&headers, "Allow", ASL_TEXT("POST"));
    http_exchange_answer(x, status, &headers, asl_text(text));
    http_headers_free(&headers);
}

/* A call whose service is named by its target; without one it is this API's, and unknown. */
static void handle_targeted(struct api *a, struct http_exchange *x,
                            const struct http_received *request, bool is_inner)
{
    const struct api_service *service = service_of(request);
    struct asl_text name = {"", 0};
    if (service)
        name = operation_of(service, request);
    else
        service = &services[0];
    if (!is_type(http_headers_get(&request->headers, "Content-Type"), service->type)) {
        char text[96];
        snprintf(text, sizeof text, "this API takes Content-Type: %s\n", service->type);
        api_answer_plain(x, 415, text);
        return;
    }
    const struct api_operation *operation = service->operation(name);
    struct api_call *call = api_call_new(a, x, service->type);
    call->is_signed = scope_of_request(a, request, &call->scope);
    call->is_inner = is_inner;
    if (!operation)
        api_fail(call, "UnknownOperationException", "There is no operation '%.*s'",
                 name.size > 80 ? 80 : (int)name.size, name.data);
    else if (api_read_parameters(call, request->body) &&
             api_begin(call, service->arn_name, operation)) {
        if (service == &services[0])
            take_trace(call, request);
        if (service != &services[0] || check_payloads(call))
            operation->handle(call);
    }
}

void api_handle_inner(void *api, struct http_exchange *x, const struct http_received *request)
{
    handle_targeted(api, x, request, true);
}

void api_handle(void *api, struct http_exchange *x, const struct http_received *request)
{
    char signed_for[64] = "";
    if (!service_of(request))
        local_service_of(request, signed_for);
    if (strcmp(signed_for, "scheduler") == 0)
        scheduler_handle(api, x, request);
    else if (strcmp(request->method, "POST") != 0)
        api_answer_plain(x, 405, "the Step Functions API takes POST only\n");
    else
        handle_targeted(api, x, request, false);
}

/* ---- life ---- */

static void see_end(struct api *a, int64_t execution)
{
    sync_see_end(a, execution);
    if (a->deleting)
        machines_settle(a);
}

/* The engine's one watcher. */
static void watch(void *state, int64_t execution, struct store_bytes chunk, enum asl_status status)
{
    (void)status;
    if (chunk.data)
        deliveries_see(state, execution);
    else
        see_end(state, execution);
}

bool api_close(struct api *a)
{
    schedules_end(a);
    activities_let_go(a);
    return deliveries_rest(a) && a->calls == NULL;
}

/* Stores of before had names for keys, all of the server's region and account. */
static void take_old_keys(struct api *a, struct shelf *shelf, const char *resource)
{
    struct scope scope;
    char arn[API_ARN_BYTES];
    scope_default(a, &scope);
    for (size_t i = 0; i < shelf->count;) {
        if (strncmp(shelf->items[i].key, "arn:", 4) == 0) {
            i++;
            continue;
        }
        char *key = asl_copy_text(asl_text(shelf->items[i].key));
        api_make_arn(&scope, resource, key, NULL, arn);
        api_put_take(a, shelf, arn, value_retain(shelf->items[i].document));
        api_put_take(a, shelf, key, NULL);
        free(key);
        i = 0; /* the shelf is sorted: what was behind has moved */
    }
}

static bool load_shelves(struct api *a, char message[512])
{
    struct store *store = engine_store(a->engine);
    const struct {
        struct shelf *shelf;
        const char *kind;
    } shelves[] = {
        {&a->machines, "machine"},
        {&a->versions, "version"},
        {&a->aliases, "alias"},
        {&a->activities, "activity"},
        {&a->tags, "tags"},
        {&a->tokens, "redrive"},
        {&a->schedules, "schedule"},
        {&a->rules, "rule"},
        {&a->schedule_groups, "scheduleGroup"},
    };
    for (size_t i = 0; i < sizeof shelves / sizeof *shelves; i++)
        if (!shelf_load(shelves[i].shelf, shelves[i].kind, store)) {
            snprintf(message, 512, "%s: the documents of kind '%s' do not read back",
                     store_path(store), shelves[i].kind);
            return false;
        }
    take_old_keys(a, &a->machines, "stateMachine");
    take_old_keys(a, &a->versions, "stateMachine");
    take_old_keys(a, &a->aliases, "stateMachine");
    take_old_keys(a, &a->activities, "activity");
    schedules_take_old_keys(a);
    return machines_load(a, message);
}

struct api *api_new(const struct api_options *options, char message[512])
{
    struct api *a = asl_allocate_zeroed(1, sizeof *a);
    a->engine = options->engine;
    scope_begin(a);
    a->catalogue = options->catalogue;
    a->mocks = options->mocks;
    a->pattern_rules = options->pattern_rules;
    a->pattern_state = options->pattern_state;
    a->checker = constraint_checker_new();
    activities_init(a);
    a->aws = options->aws;
    a->log = options->log;
    a->log_state = options->log_state;
    a->log_level = options->log ? options->log_level : API_WARN;
    quotas_init(&a->quotas);
    if (options->quotas)
        a->quotas = *options->quotas;
    engine_watch_all(a->engine, watch, a);
    if (load_shelves(a, message)) {
        machines_settle(a);
        deliveries_begin(a);
        if (!options->without_schedules)
            schedules_begin(a);
        return a;
    }
    api_free(a);
    return NULL;
}

void api_free(struct api *a)
{
    if (!a)
        return;
    a->is_closing = true;
    while (a->calls) {
        struct api_call *call = a->calls;
        if (call->gone)
            call->gone(call);
        api_answer_plain(call->exchange, 503, "stepwell is stopping; ask again\n");
        call_free(call);
    }
    schedules_end(a);
    deliveries_end(a);
    sync_free(a);
    activities_free(a);
    shelf_free(&a->machines);
    shelf_free(&a->versions);
    shelf_free(&a->aliases);
    shelf_free(&a->activities);
    shelf_free(&a->tags);
    shelf_free(&a->tokens);
    shelf_free(&a->schedules);
    shelf_free(&a->rules);
    shelf_free(&a->schedule_groups);
    constraint_checker_free(a->checker);
    free(a);
}
