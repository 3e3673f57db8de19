/* The door of the protocols: picks one by the service, and does what all of them share: idempotency
 * tokens, host prefixes, parameters that an operation without input cannot take, request ids, and
 * the failures that no protocol describes.
 */
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a body may grow to before the request is refused: S3's largest single PUT is beyond reason
 * for a payload of 256 KiB, Lambda's 6 MB and ECR's layers of 20 MB are not. */
enum { BODY_MAXIMUM = 64 << 20, HEAD_MAXIMUM = 64 << 10 };

static const struct protocol *const protocols[CATALOGUE_PROTOCOLS] = {
    [CATALOGUE_JSON] = &protocol_json,         [CATALOGUE_REST_JSON] = &protocol_rest_json,
    [CATALOGUE_REST_XML] = &protocol_rest_xml, [CATALOGUE_QUERY] = &protocol_query,
    [CATALOGUE_EC2] = &protocol_ec2,           [CATALOGUE_CBOR] = &protocol_cbor,
};

/* ---- messages ---- */
void aws_request_init(struct aws_request *r)
{
    *r = (struct aws_request){.method = "POST"};
    asl_buffer_init(&r->path, HEAD_MAXIMUM);
    asl_buffer_init(&r->query, HEAD_MAXIMUM);
    asl_buffer_init(&r->body, BODY_MAXIMUM);
    http_headers_init(&r->headers);
}

void aws_request_free(struct aws_request *r)
{
    asl_buffer_free(&r->path);
    asl_buffer_free(&r->query);
    asl_buffer_free(&r->body);
    http_headers_free(&r->headers);
}

/* Texts empty, not wiped: they are nine kilobytes, and there is an answer to every call. */
void aws_answer_init(struct aws_answer *a, int status, bool failed)
{
    a->failed = failed;
    a->malformed = false;
    a->output = NULL;
    a->code[0] = a->message[0] = a->request_id[0] = a->extended_request_id[0] = '\0';
    a->status = status;
}

void aws_answer_free(struct aws_answer *a)
{
    value_release(a->output);
    a->output = NULL;
}

/* ---- serializing ---- */
static asl_value *empty_object(void)
{
    struct value_list none;
    value_list_init(&none);
    return value_object_take(&none);
}

bool protocol_wants_token(const struct catalogue_operation *o)
{
    const struct catalogue_shape *s = o->input.shape;
    for (uint32_t i = 0; s != NULL && i < s->member_count; i++)
        if (s->members[i].flags & CATALOGUE_TOKEN)
            return true;
    return false;
}

/* The parameters with `token` in every idempotency token that they leave out. Yours. */
static asl_value *with_tokens(const struct writing *w, asl_value *parameters, const char *token)
{
    const struct catalogue_shape *s = w->operation->input.shape;
    for (uint32_t i = 0; token != NULL && s != NULL && i < s->member_count; i++) {
        const struct catalogue_member *m = &s->members[i];
        const asl_value *given =
            m->flags & CATALOGUE_TOKEN ? writing_find(w, s, parameters, m) : NULL;
        if (m->flags & CATALOGUE_TOKEN && (given == NULL || value_kind(given) == VALUE_NULL))
            parameters =
                value_with_take(parameters, value_string_z(m->name), value_string_z(token));
    }
    return parameters;
}

static bool is_host_text(struct asl_text t)
{
    for (size_t i = 0; i < t.size; i++) {
        char c = t.data[i];
        bool fine = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '.';
        if (!fine)
            return false;
    }
    return t.size > 0;
}

/* The value of a "{label}" of the host prefix; empty, with the problem noted, when it is no host's.
 */
static struct asl_text host_label(struct writing *w, const asl_value *parameters,
                                  struct asl_text label)
{
    const struct catalogue_shape *s = w->operation->input.shape;
    const struct catalogue_member *m = s != NULL ? catalogue_member(s, label) : NULL;
    const asl_value *v = m != NULL ? writing_find(w, s, parameters, m) : NULL;
    if (v == NULL || value_kind(v) == VALUE_NULL) {
        char name[128];
        snprintf(name, sizeof name, "%.*s", ASL_TEXT_ARGS(label));
        writing_missing(w, name);
        return ASL_TEXT("");
    }
    if (value_kind(v) == VALUE_STRING && is_host_text(value_as_text(v)))
        return value_as_text(v);
    w->field = label;
    writing_malformed(w);
    return ASL_TEXT("");
}

static void write_host_prefix(struct writing *w, const asl_value *parameters,
                              struct aws_request *request)
{
    struct asl_buffer out;
    asl_buffer_init(&out, sizeof request->host_prefix - 1);
    for (const char *at = w->operation->host_prefix; at != NULL && *at != '\0';) {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        if (end == NULL) {
            asl_buffer_putc(&out, *at++);
            continue;
        }
        struct asl_text label = {at + 1, (size_t)(end - at - 1)};
        asl_buffer_put_text(&out, host_label(w, parameters, label));
        at = end + 1;
    }
    if (out.full) {
        w->field = ASL_TEXT("host prefix");
        writing_malformed(w);
    }
    snprintf(request->host_prefix, sizeof request->host_prefix, "%.*s",
             ASL_TEXT_ARGS(asl_buffer_text(&out)));
    asl_buffer_free(&out);
}

static void refuse_all(struct writing *w, const asl_value *parameters)
{
    for (size_t i = 0; i < value_count(parameters); i++)
        writing_unsupported(w, value_as_text(value_key_at(parameters, i)));
}

bool protocol_serialize(const struct catalogue_operation *o, enum protocol_names names,
                        const asl_value *parameters, const char *token, struct aws_request *request,
                        struct asl_buffer *problems)
{
    struct writing w = {.operation = o, .names = names, .problems = problems};
    asl_buffer_clear(problems);
    asl_value *given = parameters != NULL && value_kind(parameters) != VALUE_NULL
                           ? value_retain(parameters)
                           : empty_object();
    if (value_kind(given) != VALUE_OBJECT) {
        w.field = ASL_TEXT("Parameters");
        writing_malformed(&w);
        value_release(given);
        return false;
    }
    if (o->input.shape == NULL)
        refuse_all(&w, given);
    given = with_tokens(&w, given, token);
    write_host_prefix(&w, given, request);
    protocols[o->service->protocol]->serialize(&w, given, request);
    if (!w.failed)
        checksum_add(&w, given, request);
    value_release(given);
    if (!w.failed && (request->body.full || request->path.full || request->query.full)) {
        w.failed = true;
        asl_buffer_puts(problems, "The request is larger than 64 MiB");
    }
    return !w.failed;
}

/* ---- parsing ---- */
static void put_header(char *out, size_t size, const struct http_headers *headers,
                       const char *const *names, size_t count)
{
    for (size_t i = 0; i < count && out[0] == '\0'; i++) {
        const char *value = http_headers_get(headers, names[i]);
        if (value != NULL)
            reading_copy(asl_text(value), out, size);
    }
}

static void put_request_ids(const struct http_headers *headers, struct aws_answer *answer)
{
    static const char *const ids[] = {"x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"};
    static const char *const extended[] = {"x-amz-id-2"};
    put_header(answer->request_id, sizeof answer->request_id, headers, ids, 3);
    put_header(answer->extended_request_id, sizeof answer->extended_request_id, headers, extended,
               1);
}

static const char *status_words(int status)
{
    static const struct {
        int status;
        const char *words;
    } table[] = {
        {301, "Moved Permanently"},
        {302, "Found"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {412, "Precondition Failed"},
        {413, "Request Entity Too Large"},
        {416, "Requested Range Not Satisfiable"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].status == status)
            return table[i].words;
    return "";
}

/* An answer to HEAD has no body to name its error: what is missing is what was asked for. */
static const char *head_code(const struct catalogue_operation *o)
{
    if (strcmp(o->name, "HeadBucket") == 0)
        return "NoSuchBucket";
    return strcmp(o->name, "HeadObject") == 0 ? "NoSuchKey" : NULL;
}

/* A former query service tells its old codes in a header of their own ("Code;Sender"). Botocore's
 * users and the optimized integrations see those; the aws-sdk ones go by the new ones. */
static void put_query_code(const struct reading *r, const struct http_headers *headers,
                           struct aws_answer *answer)
{
    const char *old = http_headers_get(headers, "x-amzn-query-error");
    const char *semicolon = old != NULL ? strchr(old, ';') : NULL;
    bool told = semicolon != NULL && semicolon > old;
    if (told && r->names != PROTOCOL_STATES &&
        r->operation->service->flags & CATALOGUE_QUERY_COMPATIBLE)
        reading_copy((struct asl_text){old, (size_t)(semicolon - old)}, answer->code,
                     sizeof answer->code);
}

static void parse_failure(struct reading *r, const struct protocol *p,
                          const struct http_headers *headers, struct asl_text body,
                          struct aws_answer *answer)
{
    const struct catalogue_operation *o = r->operation;
    /* A proxy's page or no body at all tells nothing to any protocol; a header still may. */
    p->parse_error(o->service, headers, body, answer);
    put_query_code(r, headers, answer);
    const char *head = answer->status == 404 && body.size == 0 ? head_code(o) : NULL;
    if (answer->code[0] == '\0' && head != NULL && r->names != PROTOCOL_NATIVE)
        snprintf(answer->code, sizeof answer->code, "%s", head);
    bool untold = answer->code[0] == '\0';
    if (untold)
        snprintf(answer->code, sizeof answer->code, "%d", answer->status);
    if (untold && answer->message[0] == '\0')
        snprintf(answer->message, sizeof answer->message, "%s", status_words(answer->status));
    const struct catalogue_shape *e = catalogue_exception(o->service, asl_text(answer->code));
    if (e == NULL)
        return;
    struct catalogue_member use = {.name = "", .shape = e};
    answer->output = p->parse(r, &use, answer->status, headers, body);
    if (r->failed) { /* the code stands; its details are lost */
        value_release(answer->output);
        answer->output = NULL;
    }
}

static void parse_success(struct reading *r, const struct protocol *p,
                          const struct http_headers *headers, struct asl_text body,
                          struct aws_answer *answer)
{
    if (p->request_id != NULL && answer->request_id[0] == '\0')
        p->request_id(body, answer);
    answer->output = r->operation->output.shape == NULL
                         ? empty_object()
                         : p->parse(r, &r->operation->output, answer->status, headers, body);
    if (!r->failed && answer->output != NULL && value_kind(answer->output) == VALUE_NULL) {
        value_release(answer->output);
        answer->output = empty_object();
    }
    if (!r->failed)
        return;
    value_release(answer->output);
    answer->output = NULL;
    answer->failed = answer->malformed = true;
    snprintf(answer->code, sizeof answer->code, "SdkClientException");
    snprintf(answer->message, sizeof answer->message, "%s", r->why);
}

void protocol_parse(const struct catalogue_operation *o, enum protocol_names names, int status,
                    const struct http_headers *headers, struct asl_text body,
                    struct aws_answer *answer)
{
    struct reading r = {.operation = o, .names = names};
    const struct protocol *p = protocols[o->service->protocol];
    aws_answer_init(answer, status, status >= 300);
    put_request_ids(headers, answer);
    if (answer->failed)
        parse_failure(&r, p, headers, body, answer);
    else
        parse_success(&r, p, headers, body, answer);
}
