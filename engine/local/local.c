/* The router and the turn.
 *
 * A request is carried out at once, inside a savepoint of the turn's transaction; its answer waits.
 * At the end of the loop's turn the transaction is committed and then all answers are sent: one
 * sync for many requests, and no answer before its changes are durable.
 *
 * Invariant: an answer in `pending` tells of changes in the open transaction only. When the commit
 * fails nothing of the turn happened, and every one of its callers is told 500. */
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asl/value/value.h"
#include "async.h"
#include "dynamodb/export.h"
#include "engine/aws/constraint.h"
#include "events.h"
#include "outbox.h"
#include "model.h"
#include "park.h"
#include "region.h"
#include "s3/bucket.h"

#define EXPORT_MS    90000 /* two looks of a workflow that waits a minute between them */
#define TURN_MAXIMUM 512   /* answers held back before a commit is made in between */

struct pending {
    struct http_exchange *exchange;
    const struct local_service *service;
    struct local_answer answer;
};

static const struct local_service *const services[] = {
    &local_dynamodb,       &local_s3,  &local_sqs, &local_sns, &local_events,
    &local_secretsmanager, &local_ssm,
};
#define SERVICES (sizeof services / sizeof *services)

/* ---- small things the services share ---- */

int64_t local_now(const struct local *l)
{
    return l->clock(l->clock_state);
}

void local_random(char *out, size_t size, const char *alphabet)
{
    unsigned char bytes[128];
    size_t letters = strlen(alphabet);
    if (size > sizeof bytes || RAND_bytes(bytes, (int)size) != 1)
        abort(); /* OpenSSL has no randomness: nothing here may go on */
    for (size_t i = 0; i + 1 < size; i++)
        out[i] = alphabet[bytes[i] % letters];
    out[size - 1] = '\0';
}

void local_answer_init(struct local_answer *a)
{
    a->status = 200;
    http_headers_init(&a->headers);
    asl_buffer_init(&a->body, ASL_BUFFER_MAXIMUM);
    a->waits = false;
}

void local_answer_free(struct local_answer *a)
{
    http_headers_free(&a->headers);
    asl_buffer_free(&a->body);
}

/* ---- routing ---- */

static const struct {
    const char *prefix; /* of X-Amz-Target */
    const char *service;
} targets[] = {
    {"DynamoDB_20120810.", "dynamodb"},
    {"DynamoDBStreams_20120810.", "dynamodb"},
    {"AmazonSQS.", "sqs"},
    {"AWSEvents.", "events"},
    {"secretsmanager.", "secretsmanager"},
    {"AmazonSSM.", "ssm"},
};

void local_service_of(const struct http_received *request, char out[64])
{
    out[0] = '\0';
    const char *target = http_headers_get(&request->headers, "X-Amz-Target");
    for (size_t i = 0; target && i < sizeof targets / sizeof *targets; i++)
        if (asl_text_starts(asl_text(target), targets[i].prefix)) {
            snprintf(out, 64, "%s", targets[i].service);
            return;
        }
    region_scope_part(request, 3, out);
}

static const struct local_service *service_named(const char *name)
{
    for (size_t i = 0; i < SERVICES; i++)
        if (strcmp(services[i]->name, name) == 0 ||
            (services[i]->arn_name && strcmp(services[i]->arn_name, name) == 0))
            return services[i];
    return NULL;
}

const char *local_offered(void)
{
    static char text[256];
    text[0] = '\0';
    for (size_t i = 0; i < SERVICES; i++) {
        size_t size = strlen(text);
        snprintf(text + size, sizeof text - size, "%s%s", i ? ", " : "", services[i]->name);
    }
    return text;
}

bool local_offers(const char *service)
{
    return service_named(service) != NULL;
}

/* Which service, or NULL and an answer that says why not. */
static const struct local_service *route(const struct http_received *request,
                                         struct local_answer *answer)
{
    char name[64];
    local_service_of(request, name);
    const struct local_service *service = service_named(name);
    if (service)
        return service;
    answer->status = name[0] ? 501 : 403;
    http_headers_set(&answer->headers, "Content-Type", ASL_TEXT("application/json"));
    if (name[0] == '\0')
        asl_buffer_puts(
            &answer->body,
            "{\"__type\":\"MissingAuthenticationTokenException\",\"message\":\"Request is "
            "missing Authentication Token: sign it (any credentials will do), so that the "
            "service it is meant for is known\"}");
    else {
        asl_buffer_puts(&answer->body, "{\"__type\":\"NotImplemented\",\"message\":");
        struct asl_buffer text;
        asl_buffer_init(&text, 512);
        asl_buffer_printf(&text, "There is no stand-in for the service %s here; offered are: %s",
                          name, local_offered());
        value_print_string(asl_buffer_text(&text), &answer->body);
        asl_buffer_puts(&answer->body, "}");
        asl_buffer_free(&text);
    }
    return NULL;
}

bool local_takes_events(struct local *l, const struct http_received *request)
{
    static const char *const ours[] = {"PutEvents",      "TestEventPattern", "CreateEventBus",
                                       "DeleteEventBus", "DescribeEventBus", "ListEventBuses"};
    const char *target = http_headers_get(&request->headers, "X-Amz-Target");
    if (!target || strncmp(target, "AWSEvents.", 10) != 0)
        return false;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(target + 10, ours[i]) == 0)
            return true;
    char region[REGION_BYTES], before[REGION_BYTES];
    local_region_of(l, request, region);
    local_enter(l, asl_text(region), before);
    bool knows = events_knows(l, request->body);
    local_enter(l, asl_text(before), NULL);
    return knows;
}

void local_log(struct local *l, const char *name, const asl_value *v)
{
    struct asl_buffer path, line;
    asl_buffer_init(&path, 65536);
    asl_buffer_init(&line, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&path, "%s/%s.log", l->directory, name);
    value_print(v, &line);
    asl_buffer_putc(&line, '\n');
    int fd = open(path.data, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || write(fd, line.data, line.size) != (ssize_t)line.size)
        fprintf(stderr, "stepwell: %s cannot be written: %s\n", path.data, strerror(errno));
    if (fd >= 0)
        close(fd);
    asl_buffer_free(&path);
    asl_buffer_free(&line);
}

/* ---- the turn ---- */

/* False when there is no transaction to work in. */
static bool begin_turn(struct local *l)
{
    if (!l->is_turn_open) {
        database_run(l->database, "BEGIN IMMEDIATE", "");
        l->is_turn_open = !database_has_failed(l->database);
    }
    return l->is_turn_open && database_is_in_transaction(l->database);
}

static void fail(const struct local_service *service, struct local_answer *answer, const char *why)
{
    local_answer_free(answer);
    local_answer_init(answer);
    (service->model ? model_fail : service->fail)(answer, why);
}

void local_carry_out(struct local *l, const struct local_service *service,
                     const struct http_received *request, struct local_answer *answer)
{
    char region[REGION_BYTES];
    bool is_begun = begin_turn(l);
    local_region_of(l, request, region);
    local_enter(l, asl_text(region), NULL);
    if (is_begun) {
        database_run(l->database, "SAVEPOINT request", "");
        bool keep = service->model ? model_handle(l, service->model, request, answer)
                                   : service->handle(l, request, answer);
        if (database_is_in_transaction(l->database)) {
            if (!keep || database_has_failed(l->database))
                database_run(l->database, "ROLLBACK TO request", "");
            database_run(l->database, "RELEASE request", "");
        }
    }
    local_enter(l, asl_text(l->home), NULL);
    const char *why = database_failure(l->database);
    if (why || !is_begun)
        fail(service, answer, why ? why : "an earlier request of this turn failed");
}

void local_news(struct local *l)
{
    l->has_news = true;
}

/* NULL, or why nothing of the turn is kept. */
static const char *end_turn(struct local *l)
{
    if (!l->is_turn_open)
        return NULL;
    l->is_turn_open = false;
    bool was_ended = !database_is_in_transaction(l->database);
    if (!was_ended)
        database_run(l->database, "COMMIT", "");
    const char *why = database_failure(l->database);
    if (!why && !was_ended)
        return NULL;
    snprintf(l->failure, sizeof l->failure, "%s", why ? why : "the transaction was rolled back");
    if (database_is_in_transaction(l->database))
        database_run(l->database, "ROLLBACK", "");
    database_failure(l->database);
    return l->failure;
}

const char *local_begin_write(struct local *l)
{
    return begin_turn(l) ? NULL : "an earlier request of this turn failed";
}

const char *local_end_write(struct local *l)
{
    const char *why = database_failure(l->database), *not_kept = end_turn(l);
    why = why ? why : not_kept;
    /* they share the fate of this commit */
    for (size_t i = 0; not_kept && i < l->pending_count; i++)
        fail(l->pending[i].service, &l->pending[i].answer, not_kept);
    return why;
}

static void commit(void *state)
{
    struct local *l = state;
    const char *why = end_turn(l);
    struct pending *sent = l->pending;
    size_t count = l->pending_count;
    l->pending = NULL;
    l->pending_count = l->pending_capacity = 0;
    for (size_t i = 0; i < count; i++) {
        struct pending *p = &sent[i];
        if (why)
            fail(p->service, &p->answer, why);
        http_exchange_answer(p->exchange, p->answer.status, &p->answer.headers,
                             asl_buffer_text(&p->answer.body));
        local_answer_free(&p->answer);
    }
    free(sent);
    export_arm(l);
    if (l->has_mail) {
        l->has_mail = false;
        outbox_deliver(l);
    }
    if (!l->has_news)
        return;
    l->has_news = false;
    park_look_again(l);
}

static struct pending *push_pending(struct local *l)
{
    if (l->pending_count == l->pending_capacity) {
        l->pending_capacity = l->pending_capacity ? 2 * l->pending_capacity : 16;
        l->pending = asl_reallocate(l->pending, l->pending_capacity * sizeof *l->pending);
    }
    return &l->pending[l->pending_count++];
}

void local_answer_later(struct local *l, struct http_exchange *x,
                        const struct local_service *service, struct local_answer *answer)
{
    *push_pending(l) = (struct pending){x, service, *answer};
    if (l->loop)
        loop_timer_arm(l->commit_timer, 0);
    else
        commit(l);
}

void local_handle(void *local, struct http_exchange *x, const struct http_received *request)
{
    struct local *l = local;
    struct local_answer answer;
    local_answer_init(&answer);
    const struct local_service *service = route(request, &answer);
    if (!service) {
        http_exchange_answer(x, answer.status, &answer.headers, asl_buffer_text(&answer.body));
        local_answer_free(&answer);
        return;
    }
    l->may_wait = park_may(l);
    local_carry_out(l, service, request, &answer);
    l->may_wait = false;
    if (!answer.waits) {
        local_answer_later(l, x, service, &answer);
        if (l->pending_count >= TURN_MAXIMUM)
            commit(l);
        return;
    }
    park(l, x, service, request, &answer);
    local_answer_free(&answer);
    loop_timer_arm(l->commit_timer, 0); /* a transaction was begun */
}

void local_call(struct local *l, const struct http_received *request, struct local_answer *answer)
{
    const struct local_service *service = route(request, answer);
    if (!service)
        return;
    local_carry_out(l, service, request, answer);
    const char *why = local_end_write(l);
    if (why)
        fail(service, answer, why);
    export_arm(l);
}

/* The S3 operations a program may ask for by name: their parameters are Bucket, Key, Body, Prefix.
 */
static const struct {
    const char *name, *method, *query;
    bool has_key;
} s3_operations[] = {
    {"CreateBucket", "PUT", "", false}, {"DeleteBucket", "DELETE", "", false},
    {"HeadBucket", "HEAD", "", false},  {"ListObjectsV2", "GET", "list-type=2&prefix=", false},
    {"PutObject", "PUT", "", true},     {"GetObject", "GET", "", true},
    {"HeadObject", "HEAD", "", true},   {"DeleteObject", "DELETE", "", true},
    {"ListBuckets", "GET", "", false},
};

static void put_encoded(struct asl_buffer *out, struct asl_text text)
{
    for (size_t i = 0; i < text.size; i++)
        asl_buffer_printf(out, "%%%02X", (unsigned char)text.data[i]);
}

static struct asl_text parameter(const asl_value *parameters, const char *name)
{
    const asl_value *v = value_get_z(parameters, name);
    return v ? value_as_text(v) : ASL_TEXT("");
}

struct own_request {
    struct http_received request;
    struct asl_buffer path, query, text;
    asl_value *parameters;
    struct aws_request wire; /* of a modelled service */
    const struct catalogue_operation *operation;
};

/* False when the service has no such call. */
static bool make_s3_request(struct own_request *r, const char *operation, struct asl_text body)
{
    struct value_error error;
    size_t i = 0, count = sizeof s3_operations / sizeof *s3_operations;
    while (i < count && strcmp(s3_operations[i].name, operation) != 0)
        i++;
    r->parameters = value_parse(body, 0, 0, &error);
    if (i == count || !r->parameters)
        return false;
    asl_buffer_puts(&r->path, "/");
    put_encoded(&r->path, parameter(r->parameters, "Bucket"));
    if (s3_operations[i].has_key) {
        asl_buffer_puts(&r->path, "/");
        put_encoded(&r->path, parameter(r->parameters, "Key"));
    }
    asl_buffer_puts(&r->query, s3_operations[i].query);
    if (s3_operations[i].query[0])
        put_encoded(&r->query, parameter(r->parameters, "Prefix"));
    r->request.method = s3_operations[i].method;
    r->request.path = r->path.data;
    r->request.query = r->query.data ? r->query.data : "";
    r->request.body = parameter(r->parameters, "Body");
    return true;
}

/* The bytes that any client would send. */
static bool make_modelled(struct own_request *r, const struct catalogue_service *s,
                          const char *operation, struct asl_text body)
{
    struct value_error error;
    struct asl_buffer problems;
    const struct catalogue_operation *o = catalogue_operation(s, asl_text(operation));
    r->parameters = value_parse(body, 0, 0, &error);
    if (!o || !r->parameters)
        return false;
    asl_buffer_init(&problems, 1024);
    bool fine = protocol_serialize(o, PROTOCOL_STATES, r->parameters, NULL, &r->wire, &problems);
    if (!fine)
        asl_buffer_puts(&r->text, problems.data ? problems.data : "");
    asl_buffer_free(&problems);
    r->operation = o;
    r->request.method = r->wire.method;
    r->request.path = r->wire.path.data ? r->wire.path.data : "/";
    r->request.query = r->wire.query.data ? r->wire.query.data : "";
    r->request.headers = r->wire.headers;
    http_headers_init(&r->wire.headers);
    r->request.body = asl_buffer_text(&r->wire.body);
    return fine;
}

/* The answer as JSON, by the model's names, whatever the protocol. */
static void show_answer(const struct catalogue_operation *o, struct local_answer *answer)
{
    struct aws_answer shown;
    struct asl_buffer text;
    if (answer->status >= 300)
        return;
    protocol_parse(o, PROTOCOL_NATIVE, answer->status, &answer->headers,
                   asl_buffer_text(&answer->body), &shown);
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (shown.output)
        value_print(shown.output, &text);
    asl_buffer_free(&answer->body);
    answer->body = text;
    aws_answer_free(&shown);
}

static bool make_request(struct local *l, struct own_request *r, const char *service,
                         const char *operation, struct asl_text body)
{
    const struct local_service *known = service_named(service);
    struct http_headers *headers = &r->request.headers;
    r->request = (struct http_received){
        .method = "POST", .path = "/", .query = "", .host = "localhost", .body = body};
    if (strcmp(service, "s3") == 0)
        return make_s3_request(r, operation, body);
    if (known && known->model)
        return make_modelled(
            r, catalogue_service(local_catalogue(l), asl_text(known->model->arn_name)), operation,
            body);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        if (strcmp(targets[i].service, service) != 0)
            continue;
        asl_buffer_printf(&r->text, "%s%s", targets[i].prefix, operation);
        http_headers_add(headers, "X-Amz-Target", asl_buffer_text(&r->text));
        http_headers_add(headers, "Content-Type", ASL_TEXT("application/x-amz-json-1.0"));
        asl_buffer_clear(&r->text);
        return true;
    }
    return false;
}

void local_request(struct local *l, const char *service, const char *operation,
                   struct asl_text body, struct local_answer *answer)
{
    local_request_in(l, l->home, service, operation, body, answer);
}

void local_request_in(struct local *l, const char *region, const char *service,
                      const char *operation, struct asl_text body, struct local_answer *answer)
{
    struct own_request r = {0};
    asl_buffer_init(&r.path, 16384);
    asl_buffer_init(&r.query, 16384);
    asl_buffer_init(&r.text, 1024);
    aws_request_init(&r.wire);
    if (make_request(l, &r, service, operation, body)) {
        asl_buffer_printf(&r.text,
                          "AWS4-HMAC-SHA256 Credential=local/20000101/%s/%s/aws4_request, "
                          "SignedHeaders=host, Signature=0",
                          region, service_named(service)->name);
        http_headers_add(&r.request.headers, "Authorization", asl_buffer_text(&r.text));
        http_headers_add(&r.request.headers, "X-Amz-Date", ASL_TEXT("20000101T000000Z"));
        local_call(l, &r.request, answer);
        if (r.operation)
            show_answer(r.operation, answer);
    } else {
        answer->status = 400;
        asl_buffer_printf(&answer->body,
                          "{\"__type\":\"UnknownOperationException\",\"message\":\"%s "
                          "has no operation %s here, or its parameters are no JSON%s%s\"}",
                          service, operation, r.text.size ? ": " : "",
                          r.text.size ? r.text.data : "");
    }
    aws_request_free(&r.wire);
    http_headers_free(&r.request.headers);
    value_release(r.parameters);
    asl_buffer_free(&r.path);
    asl_buffer_free(&r.query);
    asl_buffer_free(&r.text);
}

/* ---- life ---- */

static char *join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = asl_allocate(size);
    snprintf(path, size, "%s/%s", folder, name);
    return path;
}

char *local_bucket_folder(const struct local *l, const char *bucket)
{
    char *s3 = join(l->directory, "s3");
    char *folder = join(s3, bucket);
    free(s3);
    return folder;
}

static bool make_folder(const char *path, char *message)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return true;
    snprintf(message, 512, "cannot make the folder %s: %s", path, strerror(errno));
    return false;
}

static bool open_data(struct local *l, char *message)
{
    char *s3 = join(l->directory, "s3"), *file = join(l->directory, "local.db");
    if (make_folder(l->directory, message) && make_folder(s3, message))
        l->database = database_open(file, l->region, message);
    free(s3);
    free(file);
    if (l->database)
        bucket_sweep(l);
    return l->database != NULL;
}

struct local *local_new(const struct local_options *o, char message[512])
{
    struct local *l = asl_allocate_zeroed(1, sizeof *l);
    l->directory = asl_copy_text(asl_text(o->directory));
    l->account = asl_copy_text(asl_text(o->account ? o->account : "123456789012"));
    snprintf(l->region, sizeof l->region, "us-east-1");
    local_enter(l, asl_text(o->region ? o->region : ""), NULL);
    memcpy(l->home, l->region, sizeof l->home);
    l->export_ms = o->export_ms ? o->export_ms : EXPORT_MS;
    l->clock = o->now;
    l->clock_state = o->now_state;
    l->loop = o->loop;
    l->catalogue = o->catalogue;
    l->tell = o->tell;
    l->tell_state = o->tell_state;
    l->call = o->call;
    l->call_state = o->call_state;
    if (!open_data(l, message)) {
        local_free(l);
        return NULL;
    }
    if (l->loop) {
        l->export_timer = loop_timer_new(l->loop, export_on_timer, l);
        l->commit_timer = loop_timer_new(l->loop, commit, l);
        l->mail_timer = loop_timer_new(l->loop, (void (*)(void *))outbox_deliver, l);
        l->async_timer = loop_timer_new(l->loop, async_go_on, l);
        loop_timer_arm(l->mail_timer, 0); /* what an earlier run left */
        loop_timer_arm(l->async_timer, 0);
    }
    export_arm(l);
    return l;
}

void local_free(struct local *l)
{
    if (!l)
        return;
    park_end(l);
    async_free(l);
    if (l->pending_count || l->is_turn_open)
        commit(l);
    if (l->loop && l->export_timer) {
        loop_timer_free(l->export_timer);
        loop_timer_free(l->commit_timer);
        loop_timer_free(l->mail_timer);
        loop_timer_free(l->async_timer);
    }
    database_close(l->database);
    constraint_checker_free(l->checker);
    catalogue_free(l->own_catalogue);
    free(l->letter);
    free(l->pending);
    free(l->directory);
    free(l->account);
    free(l);
}
