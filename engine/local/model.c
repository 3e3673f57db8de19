/* A modelled stand-in's door: from a request to its operation, and back. See model.h. */
#include "model.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/aws/constraint.h"

#define BODY_DEPTH 100
#define FORM_TYPE  "application/x-www-form-urlencoded"

/* ---- for operations ---- */

bool model_refuse(struct model_call *c, const char *code, const char *format, ...)
{
    if (c->is_refused)
        return false;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->message, sizeof c->message, format, arguments);
    va_end(arguments);
    c->is_refused = true;
    c->code = code;
    return false;
}

bool model_may_wait(const struct model_call *c)
{
    return c->local->may_wait;
}

bool model_wait(struct model_call *c, int64_t patience_ms, int64_t look_again_at)
{
    c->answer->waits = true;
    c->answer->patience_ms = patience_ms;
    c->answer->look_again_at = look_again_at;
    return false;
}

const asl_value *model_get(const asl_value *v, const char *name)
{
    const asl_value *found = v ? value_get_z(v, name) : NULL;
    return found && value_kind(found) != VALUE_NULL ? found : NULL;
}

struct asl_text model_text(const asl_value *v, const char *name)
{
    const asl_value *found = model_get(v, name);
    return found && value_kind(found) == VALUE_STRING ? value_as_text(found)
                                                      : (struct asl_text){NULL, 0};
}

bool model_flag(const asl_value *v, const char *name)
{
    const asl_value *found = model_get(v, name);
    return found && (value_is_true(found) || asl_text_is(value_as_text(found), "true"));
}

int64_t model_integer(const asl_value *v, const char *name, int64_t otherwise)
{
    int64_t i = otherwise;
    const asl_value *found = model_get(v, name);
    if (!found)
        return otherwise;
    if (value_kind(found) == VALUE_NUMBER)
        return value_as_integer(found, &i) ? i : otherwise;
    asl_value *number = value_number_text(value_as_text(found));
    if (number)
        value_as_integer(number, &i);
    value_release(number);
    return i;
}

void model_put(struct value_list *l, const char *name, struct asl_text text)
{
    value_list_set_take(l, name, value_string(text));
}

void model_put_z(struct value_list *l, const char *name, const char *text)
{
    value_list_set_take(l, name, value_string_z(text));
}

void model_put_integer(struct value_list *l, const char *name, int64_t i)
{
    value_list_set_take(l, name, value_integer(i));
}

void model_put_time(struct value_list *l, const char *name, int64_t ms)
{
    value_list_set_take(l, name, value_double((double)ms / 1000));
}

void model_copy(struct value_list *l, const char *name, const asl_value *from)
{
    const asl_value *v = model_get(from, name);
    if (v)
        value_list_set_take(l, name, value_retain(v));
}

void model_arn(const struct local *l, const char *service, struct asl_text rest,
               struct asl_buffer *out)
{
    asl_buffer_printf(out, "arn:aws:%s:%s:%s:", service, l->region, l->account);
    asl_buffer_put_text(out, rest);
}

void model_uuid(char out[37])
{
    unsigned char b[16];
    if (RAND_bytes(b, sizeof b) != 1)
        abort(); /* OpenSSL has no randomness: nothing here may go on */
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
}

void model_md5(struct asl_text bytes, char out[33])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(bytes.data ? bytes.data : "", bytes.size, digest, &size, EVP_md5(), NULL) != 1)
        asl_out_of_memory();
    for (unsigned i = 0; i < 16; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* ---- answers ---- */

static void finish(struct model_call *c, const char *type)
{
    http_headers_set(&c->answer->headers, "Content-Type", asl_text(type));
}

static const char *json_type(const struct catalogue_service *s)
{
    return s && s->json_version && strcmp(s->json_version, "1.0") == 0
               ? "application/x-amz-json-1.0"
               : "application/x-amz-json-1.1";
}

static void answer_success(struct model_call *c, const char *request_id)
{
    asl_value *out = value_object_take(&c->out);
    if (c->is_query)
        query_write(c->operation, c->service->aliases, out, request_id, &c->answer->body);
    else
        value_print(out, &c->answer->body);
    value_release(out);
    finish(c, c->is_query ? "text/xml" : json_type(c->operation->service));
}

static int status_of(const struct catalogue_service *s, const char *code, bool is_query)
{
    const struct catalogue_shape *e = is_query ? catalogue_exception(s, asl_text(code)) : NULL;
    return e && e->http_status ? e->http_status : 400;
}

static void answer_error(struct model_call *c, const struct catalogue_service *s,
                         const char *request_id)
{
    const char *old = c->service->query_error ? c->service->query_error(c->code) : NULL;
    char code[160];
    snprintf(code, sizeof code, "%.*s", old ? (int)strcspn(old, ";") : (int)strlen(c->code),
             old ? old : c->code);
    size_t size = strlen(c->message);
    while (size && !value_utf8_valid((struct asl_text){c->message, size}))
        c->message[--size] = '\0'; /* a message cut inside a character */
    c->answer->status = status_of(s, code, c->is_query);
    if (c->is_query) {
        query_write_error(s, code, c->message, false, request_id, &c->answer->body);
        finish(c, "text/xml");
        return;
    }
    struct value_list l;
    value_list_init(&l);
    char type[256];
    snprintf(type, sizeof type, "%s%s", c->service->error_space, c->code);
    value_list_set_take(&l, "__type", value_string_z(type));
    value_list_set_take(&l, "message", value_string_z(c->message));
    asl_value *v = value_object_take(&l);
    value_print(v, &c->answer->body);
    value_release(v);
    if (old)
        http_headers_set(&c->answer->headers, "x-amzn-query-error", asl_text(old));
    finish(c, json_type(s));
}

void model_fail(struct local_answer *answer, const char *why)
{
    struct value_list l;
    struct asl_buffer text;
    asl_buffer_init(&text, 1024);
    asl_buffer_printf(&text, "The stand-in's database failed: %s. Nothing was changed.", why);
    value_list_init(&l);
    value_list_set_take(&l, "__type", value_string_z("InternalFailure"));
    value_list_set_take(&l, "message", value_string(asl_buffer_text(&text)));
    asl_value *v = value_object_take(&l);
    value_print(v, &answer->body);
    value_release(v);
    asl_buffer_free(&text);
    answer->status = 500;
    http_headers_set(&answer->headers, "Content-Type", ASL_TEXT("application/x-amz-json-1.1"));
}

/* ---- requests ---- */

/* "Service.Operation" or a form's Action; the name is left in `name`. */
static void read_name(struct model_call *c, const struct catalogue_service *s,
                      const struct http_received *request, struct asl_text form,
                      struct asl_buffer *name)
{
    const char *target = http_headers_get(&request->headers, "X-Amz-Target");
    size_t size = s->target_prefix ? strlen(s->target_prefix) : 0;
    c->is_query = !target;
    if (c->is_query)
        query_parameter(form, "Action", name);
    else if (size && strncmp(target, s->target_prefix, size) == 0 && target[size] == '.')
        asl_buffer_puts(name, target + size + 1);
}

static bool read_parameters(struct model_call *c, struct asl_text form, struct asl_text body)
{
    struct value_error error = {.message = ""};
    if (c->is_query)
        c->in = query_read(c->operation, c->service->aliases, form);
    else
        c->in = body.size ? value_parse(body, 0, 0, &error) : value_empty_object();
    if (c->in && value_kind(c->in) == VALUE_OBJECT && value_depth(c->in) <= BODY_DEPTH)
        return true;
    return model_refuse(c, "SerializationException",
                        "The parameters are no JSON object: line %zu, column %zu: %s", error.line,
                        error.column, error.message);
}

/* A form that goes to "/123456789012/orders" names its queue by that. */
static void add_from_path(struct model_call *c, const char *path)
{
    const char *name = c->service->path_member;
    const struct catalogue_shape *s = c->operation->input.shape;
    size_t size = strlen(path);
    while (size > 0 && path[size - 1] == '/')
        size--;
    for (uint32_t i = 0; c->is_query && name && s && i < s->member_count; i++)
        if (strcmp(s->members[i].name, name) == 0 && size > 0 && !value_get_z(c->in, name))
            c->in = value_with_take(c->in, value_string_z(name),
                                    value_string((struct asl_text){path, size}));
}

static bool fits_model(struct model_call *c)
{
    struct asl_buffer message;
    asl_buffer_init(&message, sizeof c->message);
    if (!c->local->checker)
        c->local->checker = constraint_checker_new();
    enum constraint_verdict verdict =
        constraint_check_request(c->local->checker, c->operation, c->in, &message);
    if (verdict == CONSTRAINT_INVALID)
        model_refuse(c, c->service->invalid, "%s", message.data ? message.data : "");
    else if (verdict == CONSTRAINT_UNREADABLE)
        model_refuse(c, "SerializationException", "%s", message.data ? message.data : "");
    asl_buffer_free(&message);
    return verdict == CONSTRAINT_FINE;
}

static void refuse_operation(struct model_call *c, const struct catalogue_service *s,
                             const char *name)
{
    struct asl_buffer offered;
    asl_buffer_init(&offered, 900);
    for (const struct model_operation *o = c->service->operations; o->name; o++)
        asl_buffer_printf(&offered, "%s%s", offered.size ? ", " : "", o->name);
    bool is_known = catalogue_operation(s, asl_text(name)) != NULL;
    model_refuse(c, is_known ? "NotImplemented" : "UnknownOperationException",
                 is_known ? "The operation %.80s of %s is not offered by this stand-in; it has: %s"
                          : "There is no operation '%.80s' in %s; this stand-in has: %s",
                 name, s->arn_name, offered.data ? offered.data : "");
    asl_buffer_free(&offered);
}

static bool run(struct model_call *c, const struct catalogue_service *s,
                const struct http_received *request)
{
    struct asl_buffer name;
    const struct model_operation *o = c->service->operations;
    struct asl_text form = request->body.size ? request->body : asl_text(request->query);
    bool is_done = false;
    asl_buffer_init(&name, 256);
    read_name(c, s, request, form, &name);
    while (o->name && !asl_text_is(asl_buffer_text(&name), o->name))
        o++;
    if (!o->name)
        refuse_operation(c, s, name.data ? name.data : "");
    else {
        c->operation = catalogue_operation(s, asl_text(o->name));
        is_done = read_parameters(c, form, request->body);
        if (is_done)
            add_from_path(c, request->path);
        is_done = is_done && fits_model(c) && o->run(c);
    }
    asl_buffer_free(&name);
    return is_done;
}

struct catalogue *local_catalogue(struct local *l)
{
    if (!l->catalogue)
        l->catalogue = l->own_catalogue = catalogue_new();
    return l->catalogue;
}

bool model_handle(struct local *l, const struct model_service *service,
                  const struct http_received *request, struct local_answer *answer)
{
    char request_id[37];
    const struct catalogue_service *s =
        catalogue_service(local_catalogue(l), asl_text(service->arn_name));
    struct model_call *c = asl_allocate_zeroed(1, sizeof *c);
    *c = (struct model_call){
        .local = l, .db = l->database, .service = service, .host = request->host, .answer = answer};
    value_list_init(&c->out);
    bool is_done = run(c, s, request);
    model_uuid(request_id);
    http_headers_set(&answer->headers, "x-amzn-RequestId", asl_text(request_id));
    if (is_done)
        answer_success(c, request_id);
    else if (!answer->waits)
        answer_error(c, s, request_id);
    value_list_free(&c->out);
    value_release(c->in);
    free(c);
    return is_done;
}
