/* What rest-json and rest-xml do alike: members travel in the path, the query, headers, the status,
 * and what is left in a body, which the two write and read for themselves.
 */
#include "walk.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- the path ---- */
static void write_label(struct writing *w, const asl_value *parameters, struct asl_text label,
                        struct asl_buffer *out)
{
    bool greedy = asl_text_ends(label, "+");
    label.size -= greedy;
    const struct catalogue_shape *s = w->operation->input.shape;
    for (uint32_t i = 0; s != NULL && i < s->member_count; i++) {
        const struct catalogue_member *m = &s->members[i];
        if (m->location != CATALOGUE_IN_URI || !asl_text_is(label, wire_name(m, m->name)))
            continue;
        const asl_value *v = writing_find(w, s, parameters, m);
        struct asl_buffer text;
        asl_buffer_init(&text, out->maximum);
        w->field = asl_text(m->name);
        if (v != NULL && value_kind(v) != VALUE_NULL)
            writing_text(w, m, v, CATALOGUE_TIME_ISO8601, &text);
        if (text.size == 0 && !w->failed)
            writing_missing(w, m->name);
        percent_encode(asl_buffer_text(&text), greedy, out);
        asl_buffer_free(&text);
        return;
    }
}

/* "/{Bucket}/{Key+}?tagging": the path up to '?', the rest begins the query. */
static void write_uri(struct writing *w, const asl_value *parameters, struct aws_request *request)
{
    struct asl_buffer *out = &request->path;
    for (const char *at = w->operation->uri; *at != '\0';) {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        if (end != NULL) {
            struct asl_text label = {at + 1, (size_t)(end - at - 1)};
            write_label(w, parameters, label, out);
            at = end + 1;
        } else if (*at == '?' && out == &request->path) {
            out = &request->query;
            at++;
        } else {
            asl_buffer_putc(out, *at++);
        }
    }
    if (request->path.size == 0)
        asl_buffer_putc(&request->path, '/');
}

/* ---- the query ---- */
static void write_pair(struct asl_text name, struct asl_text text, struct asl_buffer *query)
{
    if (query->size > 0)
        asl_buffer_putc(query, '&');
    percent_encode(name, false, query);
    asl_buffer_putc(query, '=');
    percent_encode(text, false, query);
}

static void write_query_scalar(struct writing *w, const struct catalogue_member *use,
                               struct asl_text name, const asl_value *v, struct asl_buffer *query)
{
    struct asl_buffer text;
    asl_buffer_init(&text, query->maximum);
    if (writing_text(w, use, v, CATALOGUE_TIME_ISO8601, &text))
        write_pair(name, asl_buffer_text(&text), query);
    asl_buffer_free(&text);
}

static void write_query_list(struct writing *w, const struct catalogue_member *use,
                             struct asl_text name, const asl_value *v, struct asl_buffer *query)
{
    for (size_t i = 0; writing_expects(w, v, VALUE_ARRAY) && i < value_count(v); i++)
        write_query_scalar(w, element_of(use->shape), name, value_at(v, i), query);
}

/* Is a member of its own given under that name? Then it wins over the map's entry. */
static bool is_bound(const struct writing *w, const asl_value *parameters, struct asl_text name)
{
    const struct catalogue_shape *s = w->operation->input.shape;
    for (uint32_t i = 0; i < s->member_count; i++)
        if (s->members[i].location == CATALOGUE_IN_QUERY &&
            s->members[i].shape->type != CATALOGUE_MAP &&
            asl_text_is(name, wire_name(&s->members[i], s->members[i].name)))
            return writing_find(w, s, parameters, &s->members[i]) != NULL;
    return false;
}

static void write_query_map(struct writing *w, const struct catalogue_member *use,
                            const asl_value *parameters, const asl_value *v,
                            struct asl_buffer *query)
{
    const struct catalogue_member *element = value_of(use->shape);
    for (size_t i = 0; writing_expects(w, v, VALUE_OBJECT) && i < value_count(v); i++) {
        struct asl_text name = value_as_text(value_key_at(v, i));
        if (is_bound(w, parameters, name))
            continue;
        if (element->shape->type == CATALOGUE_LIST)
            write_query_list(w, element, name, value_at(v, i), query);
        else
            write_query_scalar(w, element, name, value_at(v, i), query);
    }
}

static void write_query(struct writing *w, const struct catalogue_member *m,
                        const asl_value *parameters, const asl_value *v,
                        struct aws_request *request)
{
    struct asl_text name = asl_text(wire_name(m, m->name));
    if (m->shape->type == CATALOGUE_MAP)
        write_query_map(w, m, parameters, v, &request->query);
    else if (m->shape->type == CATALOGUE_LIST)
        write_query_list(w, m, name, v, &request->query);
    else
        write_query_scalar(w, m, name, v, &request->query);
}

/* ---- headers ---- */
/* A header with a line end in it would be two: refused. The length is the body's own, whatever the
 * parameters claim: another one would cut the request or swallow the next. */
static void set_header(struct writing *w, const char *name, struct asl_text text,
                       struct aws_request *request)
{
    if (strcasecmp(name, "Content-Length") == 0)
        return;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            writing_malformed(w);
            return;
        }
    }
    http_headers_set(&request->headers, name, text);
}

static void write_header_element(struct writing *w, const struct catalogue_member *use,
                                 const asl_value *v, struct asl_buffer *out)
{
    struct asl_buffer text;
    asl_buffer_init(&text, out->maximum);
    writing_text(w, use, v, CATALOGUE_TIME_RFC822, &text);
    struct asl_text t = asl_buffer_text(&text);
    bool quoted = use->shape->type == CATALOGUE_STRING && t.size > 0 &&
                  (memchr(t.data, ',', t.size) || memchr(t.data, '"', t.size));
    if (quoted)
        asl_buffer_putc(out, '"');
    for (size_t i = 0; i < t.size; i++) {
        if (quoted && t.data[i] == '"')
            asl_buffer_putc(out, '\\');
        asl_buffer_putc(out, t.data[i]);
    }
    if (quoted)
        asl_buffer_putc(out, '"');
    asl_buffer_free(&text);
}

static void write_header_list(struct writing *w, const struct catalogue_member *m,
                              const asl_value *v, struct asl_buffer *out)
{
    bool first = true;
    for (size_t i = 0; writing_expects(w, v, VALUE_ARRAY) && i < value_count(v); i++) {
        if (value_kind(value_at(v, i)) == VALUE_NULL)
            continue;
        if (!first)
            asl_buffer_puts(out, ", ");
        first = false;
        write_header_element(w, element_of(m->shape), value_at(v, i), out);
    }
}

static void write_json_value(const asl_value *v, struct asl_buffer *out)
{
    struct asl_buffer json;
    asl_buffer_init(&json, out->maximum);
    value_print(v, &json);
    protocol_base64_encode(asl_buffer_text(&json), out);
    asl_buffer_free(&json);
}

static void write_header(struct writing *w, const struct catalogue_member *m, const asl_value *v,
                         struct aws_request *request)
{
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (m->flags & CATALOGUE_JSON_VALUE)
        write_json_value(v, &text);
    else if (m->shape->type == CATALOGUE_LIST)
        write_header_list(w, m, v, &text);
    else
        writing_text(w, m, v, CATALOGUE_TIME_RFC822, &text);
    bool empty_list = m->shape->type == CATALOGUE_LIST && text.size == 0;
    if (!empty_list)
        set_header(w, wire_name(m, m->name), asl_buffer_text(&text), request);
    asl_buffer_free(&text);
}

static bool is_token(struct asl_text name)
{
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] <= ' ' || name.data[i] >= 0x7f ||
            strchr("\"(),/:;<=>?@[\\]{}", name.data[i]))
            return false;
    return true;
}

static void write_headers_map(struct writing *w, const struct catalogue_member *m,
                              const asl_value *v, struct aws_request *request)
{
    for (size_t i = 0; writing_expects(w, v, VALUE_OBJECT) && i < value_count(v); i++) {
        struct asl_text key = value_as_text(value_key_at(v, i));
        struct asl_buffer name, text;
        asl_buffer_init(&name, 1024);
        asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
        asl_buffer_puts(&name, wire_name(m, ""));
        asl_buffer_put_text(&name, key);
        if (!is_token(key) || name.full || name.size == 0)
            writing_malformed(w);
        else if (writing_text(w, value_of(m->shape), value_at(v, i), CATALOGUE_TIME_RFC822, &text))
            set_header(w, name.data, asl_buffer_text(&text), request);
        asl_buffer_free(&name);
        asl_buffer_free(&text);
    }
}

/* ---- the body ---- */
static bool has_body_members(const struct catalogue_shape *s, bool answer)
{
    for (uint32_t i = 0; i < s->member_count; i++)
        if (answer ? is_in_answer_body(&s->members[i])
                   : s->members[i].location == CATALOGUE_IN_BODY)
            return true;
    return false;
}

/* What the parameters say stands; a request without a body has no type. */
static void set_content_type(const char *type, struct aws_request *request)
{
    if (request->body.size > 0 && http_headers_get(&request->headers, "Content-Type") == NULL)
        http_headers_set(&request->headers, "Content-Type", asl_text(type));
}

/* Step Functions streams the JSON text of a body, quotes and all: S3 putObject of "text data"
 * stores eleven bytes (recorded: its ETag and CRC32 are those of the quoted text). */
static bool is_sent_as_json(const struct writing *w, const struct catalogue_member *payload)
{
    return w->names == PROTOCOL_STATES && payload->flags & CATALOGUE_STREAMING;
}

static void write_payload(struct writing *w, const asl_value *parameters,
                          struct aws_request *request, const struct rest_body *body)
{
    const struct catalogue_member *m = w->operation->input.shape->payload;
    const asl_value *v = writing_find(w, w->operation->input.shape, parameters, m);
    bool given = v != NULL && value_kind(v) != VALUE_NULL;
    bool raw = m->shape->type == CATALOGUE_BLOB || m->shape->type == CATALOGUE_STRING;
    w->field = asl_text(m->name);
    if (raw && given && is_sent_as_json(w, m))
        value_print(v, &request->body);
    else if (raw && given)
        writing_bytes(w, v, &request->body);
    else if (!raw && given)
        body->write(w, m, v, &request->body);
    else if (!raw)
        asl_buffer_puts(&request->body, body->empty);
    set_content_type(m->shape->type == CATALOGUE_BLOB     ? "application/octet-stream"
                     : m->shape->type == CATALOGUE_STRING ? "text/plain"
                                                          : body->content_type,
                     request);
}

static void write_body(struct writing *w, const asl_value *members, struct aws_request *request,
                       const struct rest_body *body)
{
    const struct catalogue_member *input = &w->operation->input;
    if (value_count(members) > 0)
        body->write(w, input, members, &request->body);
    else if (has_body_members(input->shape, false))
        asl_buffer_puts(&request->body, body->empty);
    set_content_type(body->content_type, request);
}

/* Sends one parameter where it travels; what belongs into the body is collected. */
static void place(struct writing *w, const asl_value *parameters, size_t index,
                  struct aws_request *request, struct value_list *in_body)
{
    const asl_value *key = value_key_at(parameters, index), *v = value_at(parameters, index);
    const struct catalogue_member *m = writing_member(w, w->operation->input.shape, key);
    if (m == NULL || value_kind(v) == VALUE_NULL)
        return;
    switch ((enum catalogue_location)m->location) {
    case CATALOGUE_IN_QUERY:
        write_query(w, m, parameters, v, request);
        break;
    case CATALOGUE_IN_HEADER:
        write_header(w, m, v, request);
        break;
    case CATALOGUE_IN_HEADERS:
        write_headers_map(w, m, v, request);
        break;
    case CATALOGUE_IN_BODY:
        value_list_push_member_take(in_body, value_retain(key), value_retain(v));
        break;
    case CATALOGUE_IN_URI: /* written with the path */
    case CATALOGUE_IN_STATUS_CODE:
        break;
    }
}

void rest_serialize(struct writing *w, const asl_value *parameters, struct aws_request *request,
                    const struct rest_body *body)
{
    const struct catalogue_operation *o = w->operation;
    request->method = o->method;
    write_uri(w, parameters, request);
    if (o->input.shape == NULL)
        return;
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < value_count(parameters); i++)
        place(w, parameters, i, request, &list);
    asl_value *members = value_object_take(&list);
    if (o->input.shape->payload != NULL)
        write_payload(w, parameters, request, body);
    else
        write_body(w, members, request, body);
    value_release(members);
}

/* ---- reading ---- */
static asl_value *read_json_value(struct reading *r, const struct catalogue_member *m,
                                  struct asl_text t)
{
    struct asl_buffer json;
    struct value_error problem;
    asl_buffer_init(&json, ASL_BUFFER_MAXIMUM);
    asl_value *v = protocol_base64_decode(t, &json)
                       ? value_parse(asl_buffer_text(&json), 0, 0, &problem)
                       : NULL;
    asl_buffer_free(&json);
    if (v == NULL)
        reading_fail(r, m, "other text");
    return v;
}

/* The next element of a header's list: up to a comma outside quotes, quotes taken off. HTTP dates
 * hold a comma of their own. */
static bool next_element(struct asl_text *rest, bool date, struct asl_buffer *out)
{
    asl_buffer_clear(out);
    while (rest->size > 0 && rest->data[0] == ' ')
        *rest = (struct asl_text){rest->data + 1, rest->size - 1};
    if (rest->size == 0)
        return false;
    bool quoted = rest->data[0] == '"', open = quoted;
    size_t i = quoted, commas = 0;
    for (; i < rest->size; i++) {
        char c = rest->data[i];
        if (open && c == '\\' && i + 1 < rest->size)
            c = rest->data[++i];
        else if (open && c == '"') {
            open = false;
            continue;
        } else if (!open && c == ',' && ++commas > (date ? 1u : 0u))
            break;
        asl_buffer_putc(out, c);
    }
    size_t used = i < rest->size ? i + 1 : i;
    *rest = (struct asl_text){rest->data + used, rest->size - used};
    while (!quoted && out->size > 0 && out->data[out->size - 1] == ' ')
        out->size--;
    return true;
}

static asl_value *read_header_list(struct reading *r, const struct catalogue_member *m,
                                   struct asl_text t)
{
    const struct catalogue_member *e = element_of(m->shape);
    bool date = e->shape->type == CATALOGUE_TIMESTAMP &&
                (e->time == CATALOGUE_TIME_DEFAULT || e->time == CATALOGUE_TIME_RFC822);
    struct value_list list;
    struct asl_buffer element;
    value_list_init(&list);
    asl_buffer_init(&element, ASL_BUFFER_MAXIMUM);
    while (!r->failed && next_element(&t, date, &element)) {
        asl_value *v = reading_scalar(r, e, asl_buffer_text(&element));
        if (v != NULL)
            value_list_push_take(&list, v);
    }
    asl_buffer_free(&element);
    return value_array_take(&list);
}

static asl_value *read_header(struct reading *r, const struct catalogue_member *m,
                              const struct http_headers *headers)
{
    const char *text = http_headers_get(headers, wire_name(m, m->name));
    if (text == NULL)
        return NULL;
    if (m->flags & CATALOGUE_JSON_VALUE)
        return read_json_value(r, m, asl_text(text));
    if (m->shape->type == CATALOGUE_LIST)
        return read_header_list(r, m, asl_text(text));
    bool nothing = *text == '\0' && m->shape->type != CATALOGUE_STRING;
    return nothing ? NULL : reading_scalar(r, m, asl_text(text));
}

static asl_value *read_headers_map(const struct catalogue_member *m,
                                   const struct http_headers *headers)
{
    const char *prefix = wire_name(m, "");
    size_t size = strlen(prefix);
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < headers->count; i++)
        if (strncasecmp(headers->items[i].name, prefix, size) == 0)
            value_list_push_member_take(&list,
                                        reading_string(asl_text(headers->items[i].name + size)),
                                        reading_string(asl_text(headers->items[i].value)));
    return value_object_take(&list);
}

static void read_heads(struct reading *r, const struct catalogue_shape *s, int status,
                       const struct http_headers *headers, struct value_list *into)
{
    for (uint32_t i = 0; i < s->member_count && !r->failed; i++) {
        const struct catalogue_member *m = &s->members[i];
        if (m->location == CATALOGUE_IN_HEADER)
            reading_put(r, s, m, read_header(r, m, headers), into);
        else if (m->location == CATALOGUE_IN_HEADERS)
            reading_put(r, s, m, read_headers_map(m, headers), into);
        else if (m->location == CATALOGUE_IN_STATUS_CODE)
            reading_put(r, s, m, value_integer(status), into);
    }
}

static void read_payload(struct reading *r, const struct catalogue_shape *s, struct asl_text bytes,
                         const struct rest_body *body, struct value_list *into)
{
    const struct catalogue_member *m = s->payload;
    bool raw = m->shape->type == CATALOGUE_BLOB || m->shape->type == CATALOGUE_STRING;
    if (m->shape->flags & CATALOGUE_EVENTSTREAM) {
        reading_put(r, s, m, event_stream_read(r, m, bytes, body), into);
        return;
    }
    if (raw && bytes.size == 0 && !(m->flags & CATALOGUE_STREAMING))
        return;
    if (raw)
        reading_put(r, s, m, reading_bytes(r, bytes), into);
    else if (bytes.size > 0)
        reading_put(r, s, m, body->read(r, m, bytes), into);
}

asl_value *rest_parse(struct reading *r, const struct catalogue_member *use, int status,
                      const struct http_headers *headers, struct asl_text bytes,
                      const struct rest_body *body)
{
    const struct catalogue_shape *s = use->shape;
    struct value_list list;
    value_list_init(&list);
    read_heads(r, s, status, headers, &list);
    if (s->payload != NULL) {
        read_payload(r, s, bytes, body, &list);
    } else if (has_body_members(s, true) && !r->failed) {
        asl_value *members = body->read(r, use, bytes);
        bool object = members != NULL && value_kind(members) == VALUE_OBJECT;
        for (size_t i = 0; object && i < value_count(members); i++)
            value_list_push_member_take(&list, value_retain(value_key_at(members, i)),
                                        value_retain(value_at(members, i)));
        value_release(members);
    }
    return value_object_take(&list);
}
