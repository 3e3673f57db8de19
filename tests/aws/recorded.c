/* See recorded.h. */
#include "tests/aws/recorded.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/aws/answers.h"
#include "tests/aws/peer.h"

/* A payload above AWS's 262,144 bytes. */
#define TOO_LARGE 300000

struct visit {
    int64_t scheduled, submitted;          /* event ids; 0: none */
    const asl_value *details;              /* of ...Scheduled */
    const asl_value *submission, *outcome; /* events; NULL: none */
    size_t rank;                           /* of its first answer among all */
    struct asl_buffer first, then; /* whole HTTP answers; `then` of a job asked after, or empty */
    bool taken;
};

struct recorded {
    const asl_value *events;
    struct catalogue *catalogue;
    struct visit *visits;
    size_t count;
    char missing_host[128];
    /* among the peer's threads */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t answered, strays;
};

/* ---- the recording ---- */

static struct asl_text text_of(const asl_value *v, const char *name)
{
    const asl_value *member = v ? value_get_z(v, name) : NULL;
    return member ? value_as_text(member) : ASL_TEXT("");
}

static const asl_value *details_of(const asl_value *event)
{
    for (size_t i = 0; i < value_count(event); i++)
        if (asl_text_ends(value_as_text(value_key_at(event, i)), "EventDetails"))
            return value_at(event, i);
    return NULL;
}

static int64_t number_of(const asl_value *event, const char *name)
{
    int64_t n = 0;
    const asl_value *v = value_get_z(event, name);
    if (v)
        value_as_integer(v, &n);
    return n;
}

static bool is_type(const asl_value *event, const char *end)
{
    struct asl_text type = text_of(event, "type");
    return (asl_text_starts(type, "Task") || asl_text_starts(type, "LambdaFunction")) &&
           asl_text_ends(type, end);
}

/* The visit whose Scheduled event an event goes back to. Where the recorder blurred the ids,
 * outcomes belong to visits in their order. */
static struct visit *visit_of(struct recorded *r, const asl_value *event)
{
    int64_t id = number_of(event, "previousEventId");
    for (size_t i = 0; i < r->count && id == 0; i++)
        if (r->visits[i].scheduled == 0 && !r->visits[i].outcome)
            return &r->visits[i];
    for (size_t hops = 0; id > 0 && hops < 10; hops++) {
        for (size_t i = 0; i < r->count; i++)
            if (r->visits[i].scheduled == id)
                return &r->visits[i];
        id = (size_t)id <= value_count(r->events)
                 ? number_of(value_at(r->events, (size_t)id - 1), "previousEventId")
                 : 0;
    }
    return NULL;
}

/* JSON that the recorder may show as text. Yours. */
static asl_value *parsed(const asl_value *v)
{
    struct value_error error;
    asl_value *p =
        value_kind(v) == VALUE_STRING ? value_parse(value_as_text(v), 0, 0, &error) : NULL;
    return p ? p : value_retain(v);
}

static void put_json_or_text(const asl_value *v, struct asl_buffer *out)
{
    if (value_kind(v) == VALUE_STRING)
        asl_buffer_put_text(out, value_as_text(v));
    else
        value_print(v, out);
}

/* ---- services ---- */

static const struct {
    const char *type, *service;
} services[] = {{"dynamodb", "dynamodb"},  {"sqs", "sqs"},    {"sns", "sns"},
                {"events", "eventbridge"}, {"states", "sfn"}, {"lambda", "lambda"}};

static const struct catalogue_operation *operation_of(struct recorded *r, const asl_value *details,
                                                      const char *action)
{
    char *type = asl_copy_text(text_of(details, "resourceType"));
    const char *service = strncmp(type, "aws-sdk:", 8) == 0 ? type + 8 : NULL;
    for (size_t i = 0; !service && i < sizeof services / sizeof *services; i++)
        if (strcmp(services[i].type, type) == 0)
            service = services[i].service;
    const struct catalogue_service *s =
        service ? catalogue_service(r->catalogue, asl_text(service)) : NULL;
    free(type);
    if (action)
        return s ? catalogue_operation(s, asl_text(action)) : NULL;
    struct asl_text resource = text_of(details, "resource");
    size_t size = 0;
    while (size < resource.size && resource.data[size] != '.')
        size++;
    return s ? catalogue_operation(s, (struct asl_text){resource.data, size}) : NULL;
}

/* ---- answers on the wire ---- */

/* `headers` is {name: [values] or a word}; a recorded length is kept by blanks behind the body, for
 * the recorder's marks are shorter than what they replaced. */
static void put_answer(int status, const char *reason, const asl_value *headers,
                       const char *more_headers, struct asl_text body, struct asl_buffer *out)
{
    size_t length = body.size;
    asl_buffer_printf(out, "HTTP/1.1 %d %s\r\n%s", status, reason, more_headers);
    for (size_t i = 0; headers && i < value_count(headers); i++) {
        struct asl_text name = value_as_text(value_key_at(headers, i));
        const asl_value *v = value_at(headers, i);
        const asl_value *first =
            value_kind(v) == VALUE_ARRAY && value_count(v) ? value_at(v, 0) : v;
        if (asl_text_is(name, "Content-Length")) {
            size_t recorded = (size_t)strtoul(value_as_text(first).data, NULL, 10);
            length = recorded > length ? recorded : length;
        } else {
            asl_buffer_printf(out, "%.*s: %.*s\r\n", ASL_TEXT_ARGS(name),
                              ASL_TEXT_ARGS(value_as_text(first)));
        }
    }
    asl_buffer_printf(out, "Content-Length: %zu\r\n\r\n", length);
    asl_buffer_put_text(out, body);
    for (size_t i = body.size; i < length; i++)
        asl_buffer_putc(out, ' ');
}

/* The recorder's words where the model wants a time. */
static asl_value *with_times(const asl_value *v)
{
    static const char *const words[] = {"date", "start-date", "stop-date", "<start-date>",
                                        "<stop-date>"};
    struct value_list l;
    if (value_kind(v) == VALUE_STRING) {
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (asl_text_is(value_as_text(v), words[i]))
                return value_integer(1700000000);
        return value_retain(v);
    }
    if (value_kind(v) != VALUE_OBJECT)
        return value_retain(v);
    value_list_init(&l);
    for (size_t i = 0; i < value_count(v); i++)
        value_list_push_member_take(&l, value_retain(value_key_at(v, i)),
                                    with_times(value_at(v, i)));
    return value_object_take(&l);
}

/* Without metadata; with Input and Output as texts, as DescribeExecution gives them. */
static asl_value *as_answered(const asl_value *output, bool stringify)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < value_count(output); i++) {
        struct asl_text key = value_as_text(value_key_at(output, i));
        asl_value *v = with_times(value_at(output, i));
        bool is_payload = asl_text_is(key, "Input") || asl_text_is(key, "Output");
        if (asl_text_starts(key, "Sdk")) {
            value_release(v);
            continue;
        }
        if (stringify && is_payload && value_kind(v) != VALUE_STRING) {
            struct asl_buffer text;
            asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
            value_print(v, &text);
            value_release(v);
            v = value_string(asl_buffer_text(&text));
            asl_buffer_free(&text);
        }
        value_list_push_member_take(&l, value_retain(value_key_at(output, i)), v);
    }
    return value_object_take(&l);
}

/* The members' headers that the recording does not show itself. */
static void put_missing(const struct aws_request *request, const asl_value *recorded,
                        struct asl_buffer *out)
{
    for (size_t i = 0; i < request->headers.count; i++) {
        const struct http_header *h = &request->headers.items[i];
        bool is_there = strcasecmp(h->name, "Content-Length") == 0;
        for (size_t k = 0; recorded && k < value_count(recorded); k++) {
            char *name = asl_copy_text(value_as_text(value_key_at(recorded, k)));
            is_there = is_there || strcasecmp(name, h->name) == 0;
            free(name);
        }
        if (!is_there)
            asl_buffer_printf(out, "%s: %s\r\n", h->name, h->value);
    }
}

/* Lambda's payload is the body itself. */
static void put_payload(const asl_value *payload, struct asl_buffer *out)
{
    if (payload)
        value_print(payload, out);
}

static bool put_success(struct recorded *r, const asl_value *details, const char *action,
                        const asl_value *output, struct asl_buffer *out, char why[512])
{
    const struct catalogue_operation *o = operation_of(r, details, action);
    const asl_value *metadata = value_get_z(output, "SdkHttpMetadata");
    const asl_value *headers = metadata ? value_get_z(metadata, "AllHttpHeaders") : NULL;
    struct asl_buffer body, more;
    struct aws_request request;
    if (!o) {
        snprintf(why, 512, "no operation for %.*s", ASL_TEXT_ARGS(text_of(details, "resource")));
        return false;
    }
    asl_buffer_init(&body, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&more, ASL_BUFFER_MAXIMUM);
    aws_request_init(&request);
    asl_value *members = as_answered(output, action != NULL);
    bool good = true;
    if (strcmp(o->service->arn_name, "lambda") == 0) {
        put_payload(value_get_z(output, "Payload"), &body);
    } else {
        good = answers_write(o, PROTOCOL_V1, members, &request, why);
        asl_buffer_put_text(&body, asl_buffer_text(&request.body));
        put_missing(&request, headers, &more);
    }
    put_answer(200, "OK", headers, more.data ? more.data : "", asl_buffer_text(&body), out);
    value_release(members);
    aws_request_free(&request);
    asl_buffer_free(&body);
    asl_buffer_free(&more);
    return good;
}

/* ---- failures: read back from the cause ---- */

struct failure {
    char message[4096], code[256], id[128], extended_id[128];
    int status;
};

static void take_between(const char *cause, const char *before, char *out, size_t size)
{
    const char *at = strstr(cause, before);
    out[0] = '\0';
    if (at)
        snprintf(out, size, "%.*s", (int)strcspn(at + strlen(before), ";,)"), at + strlen(before));
}

/* "<message> (Service: S; Status Code: n; Error Code: c; Request ID: i; Proxy: null)" */
static bool read_cause(const char *cause, struct failure *f)
{
    const char *service = strstr(cause, " (Service: ");
    char status[16];
    if (!service)
        return false;
    snprintf(f->message, sizeof f->message, "%.*s", (int)(service - cause), cause);
    take_between(service, "Error Code: ", f->code, sizeof f->code);
    take_between(service, "; Request ID: ", f->id, sizeof f->id);
    if (!f->id[0])
        take_between(service, ", Request ID: ", f->id, sizeof f->id);
    take_between(service, "Extended Request ID: ", f->extended_id, sizeof f->extended_id);
    take_between(service, "Status Code: ", status, sizeof status);
    f->status = atoi(status);
    return true;
}

/* The aws-sdk form tells no code: the one of the exception that is called so, else one that no
 * model knows. */
static void find_code(const struct catalogue_service *s, const char *error, struct failure *f)
{
    char name[512];
    if (f->code[0])
        return;
    snprintf(f->code, sizeof f->code, "NoModelKnowsIt");
    for (uint32_t i = 0; i < s->exception_count; i++) {
        const struct catalogue_shape *e = s->exceptions[i];
        const char *code = e->error_code ? e->error_code : e->name;
        catalogue_error_name(s, asl_text(code), name, sizeof name);
        if (strcmp(name, error) == 0)
            snprintf(f->code, sizeof f->code, "%s", code);
    }
}

static void put_error(const struct catalogue_operation *o, const struct failure *f,
                      struct asl_buffer *out)
{
    struct asl_buffer body, headers;
    bool is_xml =
        o->service->protocol == CATALOGUE_QUERY || o->service->protocol == CATALOGUE_REST_XML;
    asl_buffer_init(&body, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&headers, 4096);
    asl_buffer_printf(&headers, "x-amzn-RequestId: %s\r\n", f->id);
    if (f->extended_id[0])
        asl_buffer_printf(&headers, "x-amz-id-2: %s\r\n", f->extended_id);
    if (is_xml) {
        bool wraps = o->service->protocol == CATALOGUE_QUERY;
        asl_buffer_printf(&body, "%s<Error><Code>%s</Code><Message>%s</Message></Error>%s",
                          wraps ? "<ErrorResponse>" : "", f->code, f->message,
                          wraps ? "</ErrorResponse>" : "");
    } else {
        asl_buffer_printf(&headers, "x-amzn-ErrorType: %s\r\n", f->code);
        asl_buffer_printf(&body, "{\"__type\":\"com.amazonaws#%s\",\"message\":", f->code);
        value_print_string(asl_text(f->message), &body);
        asl_buffer_putc(&body, '}');
    }
    put_answer(f->status, "Bad", NULL, headers.data, asl_buffer_text(&body), out);
    asl_buffer_free(&body);
    asl_buffer_free(&headers);
}

static void put_too_large(struct asl_buffer *out)
{
    struct asl_buffer body;
    asl_buffer_init(&body, ASL_BUFFER_MAXIMUM);
    asl_buffer_putc(&body, '"');
    while (body.size < TOO_LARGE)
        asl_buffer_puts(&body, "\xc3\xa4"); /* an a with two dots */
    asl_buffer_putc(&body, '"');
    put_answer(200, "OK", NULL, "", asl_buffer_text(&body), out);
    asl_buffer_free(&body);
}

/* A failure that is no service's error: a function's own, an API's, an entry's. */
static bool put_other_failure(struct visit *v, const char *error, struct asl_text cause,
                              struct asl_buffer *out)
{
    if (strncmp(error, "ApiGateway.", 11) == 0)
        put_answer(atoi(error + 11), "Bad", NULL, "", cause, out);
    else if (strcmp(error, "EventBridge.FailedEntry") == 0)
        put_answer(200, "OK", NULL, "", cause, out);
    else if (strcmp(error, "States.DataLimitExceeded") == 0)
        put_too_large(out);
    else if (asl_text_is(text_of(v->details, "resourceType"), "lambda") ||
             !value_get_z(v->details, "resourceType"))
        put_answer(200, "OK", NULL, "X-Amz-Function-Error: Unhandled\r\n", cause, out);
    else
        return false;
    return true;
}

static bool is_missing_host(struct recorded *r, const char *cause)
{
    static const char before[] = "Unable to execute HTTP request: ";
    static const char after[] = ": Name or service not known";
    const char *end = strstr(cause, after);
    if (strncmp(cause, before, sizeof before - 1) != 0 || !end)
        return false;
    const char *host = cause + sizeof before - 1;
    snprintf(r->missing_host, sizeof r->missing_host, "%.*s", (int)(end - host), host);
    return true;
}

static bool put_failure(struct recorded *r, struct visit *v, char why[512])
{
    const asl_value *details = details_of(v->outcome), *given = value_get_z(details, "cause");
    char *error = asl_copy_text(text_of(details, "error"));
    struct failure f = {.status = 400};
    struct asl_buffer cause;
    asl_buffer_init(&cause, ASL_BUFFER_MAXIMUM);
    if (given)
        put_json_or_text(given, &cause);
    const char *text = cause.data ? cause.data : "";
    bool good = true;
    if (read_cause(text, &f)) {
        const struct catalogue_operation *o = operation_of(r, v->details, NULL);
        find_code(o->service, error, &f);
        put_error(o, &f, &v->first);
    } else {
        good = put_other_failure(v, error, asl_buffer_text(&cause), &v->first) ||
               is_missing_host(r, text);
    }
    if (!good)
        snprintf(why, 512, "%s: %.300s", error, text);
    free(error);
    asl_buffer_free(&cause);
    return good;
}

/* ---- visits ---- */

static bool put_gateway(struct visit *v, const asl_value *output)
{
    struct asl_buffer body;
    char *reason = asl_copy_text(text_of(output, "StatusText"));
    asl_buffer_init(&body, ASL_BUFFER_MAXIMUM);
    value_print(value_get_z(output, "ResponseBody"), &body);
    put_answer((int)number_of(output, "StatusCode"), reason, value_get_z(output, "Headers"), "",
               asl_buffer_text(&body), &v->first);
    free(reason);
    asl_buffer_free(&body);
    return true;
}

static bool put_output(struct recorded *r, struct visit *v, const asl_value *event, char why[512])
{
    const asl_value *given = value_get_z(details_of(event), "output");
    asl_value *output = given ? parsed(given) : value_empty_object();
    bool good = true;
    if (!value_get_z(v->details, "resourceType")) { /* a function by its ARN */
        struct asl_buffer body;
        asl_buffer_init(&body, ASL_BUFFER_MAXIMUM);
        put_payload(output, &body);
        put_answer(200, "OK", NULL, "", asl_buffer_text(&body), &v->first);
        asl_buffer_free(&body);
    } else if (asl_text_is(text_of(v->details, "resourceType"), "apigateway")) {
        good = put_gateway(v, output);
    } else {
        good = put_success(r, v->details, NULL, output, &v->first, why);
    }
    value_release(output);
    return good;
}

static bool is_job(const struct visit *v)
{
    struct asl_text resource = text_of(v->details, "resource");
    return asl_text_ends(resource, ".sync") || asl_text_ends(resource, ".sync:2");
}

/* A job's end as Describe gives it; what a token ended is still running when it is asked after. */
static bool put_end(struct recorded *r, struct visit *v, char why[512])
{
    const asl_value *given = v->outcome ? value_get_z(details_of(v->outcome), "output") : NULL;
    asl_value *output = given ? parsed(given) : NULL;
    bool is_described = output && value_get_z(output, "Status");
    asl_value *shown =
        is_described ? value_retain(output) : value_literal("{\"Status\":\"RUNNING\"}");
    bool good = put_success(r, v->details, "describeExecution", shown, &v->then, why);
    if (is_described)
        v->submitted = 0; /* nobody had to say anything */
    value_release(shown);
    value_release(output);
    return good;
}

static bool prepare(struct recorded *r, struct visit *v, char why[512])
{
    if (v->submission)
        return put_output(r, v, v->submission, why) && (!is_job(v) || put_end(r, v, why));
    if (!v->outcome)
        return true;
    return is_type(v->outcome, "Failed") ? put_failure(r, v, why)
                                         : put_output(r, v, v->outcome, why);
}

static void add_visit(struct recorded *r, const asl_value *event)
{
    const asl_value *details = details_of(event);
    r->visits = asl_reallocate(r->visits, (r->count + 1) * sizeof *r->visits);
    struct visit *v = &r->visits[r->count++];
    *v = (struct visit){.scheduled = number_of(event, "id"), .details = details, .rank = SIZE_MAX};
    asl_buffer_init(&v->first, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&v->then, ASL_BUFFER_MAXIMUM);
}

static void note_event(struct recorded *r, const asl_value *event, size_t *rank)
{
    static const char *const ends[] = {"Submitted", "Succeeded", "Failed", "TimedOut"};
    struct visit *v = NULL;
    for (size_t i = 0; i < sizeof ends / sizeof *ends && !v; i++)
        if (is_type(event, ends[i]))
            v = visit_of(r, event);
    if (!v)
        return;
    if (v->rank == SIZE_MAX)
        v->rank = (*rank)++;
    if (is_type(event, "Submitted")) {
        v->submission = event;
        v->submitted = number_of(event, "id");
    } else {
        v->outcome = event;
    }
}

struct recorded *recorded_new(struct catalogue *c, const asl_value *events, char why[512])
{
    struct recorded *r = calloc(1, sizeof *r);
    size_t rank = 0;
    bool good = true;
    r->events = events;
    r->catalogue = c;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, NULL);
    for (size_t i = 0; i < value_count(events); i++)
        if (is_type(value_at(events, i), "Scheduled"))
            add_visit(r, value_at(events, i));
    for (size_t i = 0; i < value_count(events); i++)
        note_event(r, value_at(events, i), &rank);
    for (size_t i = 0; i < r->count && good; i++)
        good = prepare(r, &r->visits[i], why);
    if (good)
        return r;
    recorded_free(r);
    return NULL;
}

void recorded_free(struct recorded *r)
{
    for (size_t i = 0; i < r->count; i++) {
        asl_buffer_free(&r->visits[i].first);
        asl_buffer_free(&r->visits[i].then);
    }
    free(r->visits);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->changed);
    free(r);
}

const asl_value *recorded_said(const struct recorded *r, int64_t submitted, int64_t *scheduled)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct visit *v = &r->visits[i];
        if (v->submitted == submitted && v->outcome && !is_type(v->outcome, "TimedOut")) {
            *scheduled = v->scheduled;
            return v->outcome;
        }
    }
    return NULL;
}

const char *recorded_missing_host(const struct recorded *r)
{
    return r->missing_host[0] ? r->missing_host : NULL;
}

size_t recorded_strays(struct recorded *r)
{
    pthread_mutex_lock(&r->lock);
    size_t strays = r->strays;
    pthread_mutex_unlock(&r->lock);
    return strays;
}

/* ---- serving: bytes only ---- */

static const char role[] =
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>"
    "<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>"
    "<SessionToken>token</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>"
    "</AssumeRoleResult></AssumeRoleResponse>";

static struct visit *take_visit(struct recorded *r)
{
    for (size_t i = 0; i < r->count; i++) {
        struct visit *v = &r->visits[i];
        if (!v->taken && v->first.size) {
            v->taken = true;
            return v;
        }
    }
    r->strays++;
    return NULL;
}

static const struct visit *described(const struct recorded *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->visits[i].taken && r->visits[i].then.size)
            return &r->visits[i];
    return NULL;
}

bool recorded_serve(void *state, int fd, size_t number, const char *request)
{
    struct recorded *r = state;
    const struct asl_buffer *answer = NULL;
    (void)number;
    if (strstr(request, "Action=AssumeRole"))
        return peer_answer(fd, 200, "", role);
    pthread_mutex_lock(&r->lock);
    if (strstr(request, "AWSStepFunctions.DescribeExecution")) {
        const struct visit *v = described(r);
        answer = v ? &v->then : NULL;
    } else {
        struct visit *v = take_visit(r);
        while (v && v->rank != SIZE_MAX && v->rank > r->answered)
            pthread_cond_wait(&r->changed, &r->lock);
        r->answered++;
        pthread_cond_broadcast(&r->changed);
        answer = v ? &v->first : NULL;
    }
    pthread_mutex_unlock(&r->lock);
    return answer ? peer_write(fd, answer->data, answer->size)
                  : peer_answer(fd, 500, "", "nothing was recorded");
}
