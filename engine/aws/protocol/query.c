/* The query protocol: parameters flattened to a form, XML back. EC2 (ec2.c) differs from it in how
 * members are named and lists are laid, and shares the rest.
 */
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX_MAXIMUM = 64 << 10 };

/* The name of what is being written, "Filters.member.1.Name": grows and shrinks with the walk. */
struct form {
    struct writing *w;
    struct asl_buffer *body;
    struct asl_buffer prefix;
    bool ec2;
};

static void write_value(struct form *f, const struct catalogue_member *use, const asl_value *v);

static void write_pair(struct form *f, struct asl_text text)
{
    asl_buffer_putc(f->body, '&');
    percent_encode(asl_buffer_text(&f->prefix), false, f->body);
    asl_buffer_putc(f->body, '=');
    percent_encode(text, false, f->body);
}

/* EC2 upper-cases the wire's names on their way in, unless the model tells a name for the query. */
static void put_member_name(struct form *f, const struct catalogue_member *m)
{
    if (f->prefix.size > 0)
        asl_buffer_putc(&f->prefix, '.');
    size_t start = f->prefix.size;
    bool upper = f->ec2 && m->query_name == NULL && m->location_name != NULL;
    asl_buffer_puts(&f->prefix,
                    f->ec2 && m->query_name != NULL ? m->query_name : wire_name(m, m->name));
    char *first = f->prefix.data + start;
    if (upper && *first >= 'a' && *first <= 'z')
        *first = (char)(*first - 32);
}

static void cut(struct asl_buffer *b, size_t size)
{
    b->size = size;
    b->data[size] = '\0';
}

static void write_structure(struct form *f, const struct catalogue_member *use, const asl_value *v)
{
    size_t mark = f->prefix.size;
    for (size_t i = 0; i < value_count(v); i++) {
        const struct catalogue_member *m = writing_member(f->w, use->shape, value_key_at(v, i));
        if (m == NULL || value_kind(value_at(v, i)) == VALUE_NULL)
            continue;
        put_member_name(f, m);
        write_value(f, m, value_at(v, i));
        cut(&f->prefix, mark);
    }
}

/* Where elements stand: Names.member, Names.<own name>, or flattened beside their list. */
static void put_list_name(struct form *f, const struct catalogue_member *use)
{
    const struct catalogue_member *element = element_of(use->shape);
    if (f->ec2)
        return;
    if (!(use->flags & CATALOGUE_FLATTENED)) {
        asl_buffer_printf(&f->prefix, ".%s", wire_name(element, "member"));
    } else if (element->location_name != NULL) {
        const char *dot = strrchr(f->prefix.data, '.');
        cut(&f->prefix, dot != NULL ? (size_t)(dot - f->prefix.data) + 1 : 0);
        asl_buffer_puts(&f->prefix, element->location_name);
    }
}

static void write_list(struct form *f, const struct catalogue_member *use, const asl_value *v)
{
    struct asl_text whole = asl_buffer_text(&f->prefix);
    char *saved = asl_copy_text(whole);
    size_t saved_size = whole.size;
    if (value_count(v) == 0 && !f->ec2)
        write_pair(f, ASL_TEXT(""));
    put_list_name(f, use);
    size_t mark = f->prefix.size;
    for (size_t i = 0; i < value_count(v); i++) {
        asl_buffer_printf(&f->prefix, ".%zu", i + 1);
        if (value_kind(value_at(v, i)) != VALUE_NULL)
            write_value(f, element_of(use->shape), value_at(v, i));
        cut(&f->prefix, mark);
    }
    cut(&f->prefix, 0);
    asl_buffer_put(&f->prefix, saved, saved_size);
    free(saved);
}

static void write_map(struct form *f, const struct catalogue_member *use, const asl_value *v)
{
    const struct catalogue_member *key = key_of(use->shape), *value = value_of(use->shape);
    const char *entry = use->flags & CATALOGUE_FLATTENED ? "" : ".entry";
    size_t mark = f->prefix.size;
    for (size_t i = 0; i < value_count(v); i++) {
        asl_buffer_printf(&f->prefix, "%s.%zu.%s", entry, i + 1, wire_name(key, "key"));
        write_pair(f, value_as_text(value_key_at(v, i)));
        cut(&f->prefix, mark);
        asl_buffer_printf(&f->prefix, "%s.%zu.%s", entry, i + 1, wire_name(value, "value"));
        if (value_kind(value_at(v, i)) != VALUE_NULL)
            write_value(f, value, value_at(v, i));
        cut(&f->prefix, mark);
    }
}

static void write_scalar(struct form *f, const struct catalogue_member *use, const asl_value *v)
{
    struct asl_buffer text;
    asl_buffer_init(&text, f->body->maximum);
    if (writing_text(f->w, use, v, CATALOGUE_TIME_ISO8601, &text))
        write_pair(f, asl_buffer_text(&text));
    asl_buffer_free(&text);
}

static void write_value(struct form *f, const struct catalogue_member *use, const asl_value *v)
{
    switch ((enum catalogue_type)use->shape->type) {
    case CATALOGUE_STRUCTURE:
        if (writing_expects(f->w, v, VALUE_OBJECT))
            write_structure(f, use, v);
        break;
    case CATALOGUE_LIST:
        if (writing_expects(f->w, v, VALUE_ARRAY))
            write_list(f, use, v);
        break;
    case CATALOGUE_MAP:
        if (writing_expects(f->w, v, VALUE_OBJECT))
            write_map(f, use, v);
        break;
    default:
        write_scalar(f, use, v);
    }
}

void query_serialize(struct writing *w, const asl_value *parameters, struct aws_request *request,
                     bool ec2)
{
    struct form f = {.w = w, .body = &request->body, .ec2 = ec2};
    asl_buffer_init(&f.prefix, PREFIX_MAXIMUM);
    asl_buffer_putc(&f.prefix, '.'); /* so that there is memory to cut */
    cut(&f.prefix, 0);
    request->method = w->operation->method;
    asl_buffer_puts(&request->path, "/");
    http_headers_set(&request->headers, "Content-Type",
                     ASL_TEXT("application/x-www-form-urlencoded"));
    asl_buffer_printf(&request->body, "Action=%s&Version=%s", w->operation->name,
                      w->operation->service->api_version);
    if (w->operation->input.shape != NULL)
        write_structure(&f, &w->operation->input, parameters);
    if (f.prefix.full) /* a name of 64 KiB: nested or spelt beyond reason */
        writing_malformed(w);
    asl_buffer_free(&f.prefix);
}

static void serialize(struct writing *w, const asl_value *parameters, struct aws_request *request)
{
    query_serialize(w, parameters, request, false);
}

static asl_value *parse(struct reading *r, const struct catalogue_member *use, int status,
                        const struct http_headers *headers, struct asl_text body)
{
    (void)status;
    (void)headers;
    char wrapper[256]; /* "PublishResult", also where the model forgets to say so */
    snprintf(wrapper, sizeof wrapper, "%sResult", r->operation->name);
    const char *told = r->operation->result_wrapper;
    return xml_parse_body(r, use, told != NULL ? told : wrapper, body);
}

const struct protocol protocol_query = {serialize, parse, xml_parse_error, xml_request_id};
