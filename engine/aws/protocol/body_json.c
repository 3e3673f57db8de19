/* JSON bodies by the model, both ways: the json protocols and rest-json share them. */
#include "walk.h"

#include <stdio.h>
#include <string.h>

/* ---- writing ---- */
static void write_key(struct asl_text name, bool *first, struct asl_buffer *out)
{
    if (!*first)
        asl_buffer_putc(out, ',');
    *first = false;
    value_print_string(name, out);
    asl_buffer_putc(out, ':');
}

static void write_structure(struct writing *w, const struct catalogue_shape *s, const asl_value *v,
                            struct asl_buffer *out)
{
    bool first = true;
    asl_buffer_putc(out, '{');
    for (size_t i = 0; i < value_count(v); i++) {
        const struct catalogue_member *m = writing_member(w, s, value_key_at(v, i));
        if (m == NULL || value_kind(value_at(v, i)) == VALUE_NULL)
            continue;
        write_key(asl_text(wire_name(m, m->name)), &first, out);
        json_write(w, m, value_at(v, i), out);
    }
    asl_buffer_putc(out, '}');
}

static void write_list(struct writing *w, const struct catalogue_shape *s, const asl_value *v,
                       struct asl_buffer *out)
{
    asl_buffer_putc(out, '[');
    for (size_t i = 0; i < value_count(v); i++) {
        if (i > 0)
            asl_buffer_putc(out, ',');
        json_write(w, element_of(s), value_at(v, i), out);
    }
    asl_buffer_putc(out, ']');
}

static void write_map(struct writing *w, const struct catalogue_shape *s, const asl_value *v,
                      struct asl_buffer *out)
{
    bool first = true;
    asl_buffer_putc(out, '{');
    for (size_t i = 0; i < value_count(v); i++) {
        write_key(value_as_text(value_key_at(v, i)), &first, out);
        json_write(w, value_of(s), value_at(v, i), out);
    }
    asl_buffer_putc(out, '}');
}

/* Numbers, booleans and epoch seconds stand bare; every other scalar in quotes. */
static void write_scalar(struct writing *w, const struct catalogue_member *use, const asl_value *v,
                         struct asl_buffer *out)
{
    struct asl_buffer text;
    asl_buffer_init(&text, out->maximum);
    bool fits = writing_text(w, use, v, CATALOGUE_TIME_UNIX, &text);
    struct asl_text t = asl_buffer_text(&text);
    bool epoch = use->time == CATALOGUE_TIME_DEFAULT || use->time == CATALOGUE_TIME_UNIX;
    bool number = use->shape->type == CATALOGUE_TIMESTAMP ? epoch
                  : use->shape->type == CATALOGUE_FLOAT || use->shape->type == CATALOGUE_DOUBLE
                      ? t.size == 0 || strchr("NI", t.data[t.data[0] == '-']) == NULL
                      : use->shape->type != CATALOGUE_STRING && use->shape->type != CATALOGUE_BLOB;
    if (!fits)
        asl_buffer_puts(out, "null");
    else if (number)
        asl_buffer_put_text(out, t);
    else
        value_print_string(t, out);
    asl_buffer_free(&text);
}

void json_write(struct writing *w, const struct catalogue_member *use, const asl_value *v,
                struct asl_buffer *out)
{
    enum value_kind kind = value_kind(v);
    if (kind == VALUE_NULL || (use->shape->flags & CATALOGUE_DOCUMENT)) {
        value_print(v, out);
        return;
    }
    switch ((enum catalogue_type)use->shape->type) {
    case CATALOGUE_STRUCTURE:
        if (writing_expects(w, v, VALUE_OBJECT))
            write_structure(w, use->shape, v, out);
        break;
    case CATALOGUE_LIST:
        if (writing_expects(w, v, VALUE_ARRAY))
            write_list(w, use->shape, v, out);
        break;
    case CATALOGUE_MAP:
        if (writing_expects(w, v, VALUE_OBJECT))
            write_map(w, use->shape, v, out);
        break;
    default:
        write_scalar(w, use, v, out);
    }
}

/* ---- reading ---- */
/* The one member of a union that is set; more or fewer than one contradict the model. */
static bool check_union(struct reading *r, const struct catalogue_member *use, const asl_value *v,
                        struct asl_text *tag)
{
    size_t set = 0;
    for (size_t i = 0; i < value_count(v); i++) {
        struct asl_text key = value_as_text(value_key_at(v, i));
        if (value_kind(value_at(v, i)) == VALUE_NULL || asl_text_is(key, "__type"))
            continue;
        *tag = key;
        set++;
    }
    if (set != 1)
        reading_fail(r, use, "a union without exactly one member");
    return set == 1;
}

/* A member that this catalogue does not know yet: botocore tells its name, Java's SDK nothing. */
static asl_value *unknown_union_member(struct reading *r, struct asl_text tag)
{
    struct value_list name, whole;
    value_list_init(&name);
    value_list_init(&whole);
    if (r->names == PROTOCOL_NATIVE) {
        value_list_set_take(&name, "name", value_string(tag));
        value_list_set_take(&whole, "SDK_UNKNOWN_MEMBER", value_object_take(&name));
    }
    return value_object_take(&whole);
}

static asl_value *read_structure(struct reading *r, const struct catalogue_member *use,
                                 const asl_value *v)
{
    const struct catalogue_shape *s = use->shape;
    struct asl_text tag = {NULL, 0};
    if (s->flags & CATALOGUE_UNION && !check_union(r, use, v, &tag))
        return NULL;
    struct value_list list;
    value_list_init(&list);
    for (uint32_t i = 0; i < s->member_count && !r->failed; i++) {
        const struct catalogue_member *m = &s->members[i];
        const asl_value *found = value_get_z(v, wire_name(m, m->name));
        if (!is_in_answer_body(m) || found == NULL || value_kind(found) == VALUE_NULL)
            continue;
        reading_put(r, s, m, json_read(r, m, found), &list);
    }
    if (tag.data != NULL && list.count == 0 && !r->failed)
        return unknown_union_member(r, tag);
    return value_object_take(&list);
}

static asl_value *read_list(struct reading *r, const struct catalogue_member *use,
                            const asl_value *v)
{
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < value_count(v) && !r->failed; i++) {
        asl_value *element = json_read(r, element_of(use->shape), value_at(v, i));
        if (element != NULL)
            value_list_push_take(&list, element);
    }
    return value_array_take(&list);
}

static asl_value *read_map(struct reading *r, const struct catalogue_member *use,
                           const asl_value *v)
{
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < value_count(v) && !r->failed; i++) {
        asl_value *element = json_read(r, value_of(use->shape), value_at(v, i));
        if (element != NULL)
            value_list_push_member_take(&list, value_retain(value_key_at(v, i)), element);
    }
    return value_object_take(&list);
}

static asl_value *read_scalar(struct reading *r, const struct catalogue_member *use,
                              const asl_value *v)
{
    if (value_kind(v) == VALUE_STRING && use->shape->type == CATALOGUE_STRING)
        return value_retain(v);
    if (value_kind(v) == VALUE_BOOLEAN) {
        if (use->shape->type == CATALOGUE_BOOLEAN)
            return value_retain(v);
        return reading_scalar(r, use, value_is_true(v) ? ASL_TEXT("true") : ASL_TEXT("false"));
    }
    bool number = value_kind(v) == VALUE_NUMBER;
    if (number && (use->shape->type == CATALOGUE_FLOAT || use->shape->type == CATALOGUE_DOUBLE))
        return value_retain(v);
    return reading_scalar(r, use, value_as_text(v));
}

asl_value *json_read(struct reading *r, const struct catalogue_member *use, const asl_value *v)
{
    static const struct {
        enum value_kind kind;
        asl_value *(*read)(struct reading *, const struct catalogue_member *, const asl_value *);
    } containers[] = {
        [CATALOGUE_STRUCTURE] = {VALUE_OBJECT, read_structure},
        [CATALOGUE_LIST] = {VALUE_ARRAY, read_list},
        [CATALOGUE_MAP] = {VALUE_OBJECT, read_map},
    };
    enum value_kind kind = value_kind(v);
    if (kind == VALUE_NULL || (use->shape->flags & CATALOGUE_DOCUMENT))
        return value_retain(v);
    bool container = use->shape->type < sizeof containers / sizeof *containers;
    if (container && kind == containers[use->shape->type].kind)
        return containers[use->shape->type].read(r, use, v);
    if (!container && kind != VALUE_OBJECT && kind != VALUE_ARRAY)
        return read_scalar(r, use, v);
    reading_fail(r, use, value_kind_name(kind));
    return NULL;
}

asl_value *json_parse_body(struct reading *r, struct asl_text body)
{
    if (body.size == 0)
        body = ASL_TEXT("{}");
    struct value_error problem;
    asl_value *v = value_parse(body, 0, 0, &problem);
    if (v == NULL && !r->failed) {
        snprintf(r->why, sizeof r->why,
                 "Unable to unmarshall response of %s: line %zu, column %zu: %s",
                 r->operation->name, problem.line, problem.column, problem.message);
        r->failed = true;
    }
    return v;
}

/* ---- errors ---- */
static struct asl_text first_text(const asl_value *body, const char *a, const char *b)
{
    const asl_value *v = value_get_z(body, a);
    if (v == NULL || value_kind(v) != VALUE_STRING)
        v = value_get_z(body, b);
    return v != NULL && value_kind(v) == VALUE_STRING ? value_as_text(v) : ASL_TEXT("");
}

/* "aws.protocoltests#FooError:http://..." -> "FooError" */
static struct asl_text bare_code(struct asl_text code)
{
    const char *colon = code.size ? memchr(code.data, ':', code.size) : NULL;
    if (colon != NULL)
        code.size = (size_t)(colon - code.data);
    for (size_t i = code.size; i > 0; i--)
        if (code.data[i - 1] == '#')
            return (struct asl_text){code.data + i, code.size - i};
    return code;
}

void json_parse_error(const struct catalogue_service *service, const struct http_headers *headers,
                      struct asl_text body, struct aws_answer *answer)
{
    struct value_error problem;
    asl_value *v = body.size > 0 ? value_parse(body, 0, 0, &problem) : NULL;
    asl_value *object = v != NULL && value_kind(v) == VALUE_OBJECT ? v : NULL;
    const char *header = http_headers_get(headers, "x-amzn-errortype");
    struct asl_text code = header != NULL && service->protocol == CATALOGUE_REST_JSON
                               ? asl_text(header)
                               : ASL_TEXT("");
    if (object != NULL) {
        if (code.size == 0 && service->protocol == CATALOGUE_REST_JSON)
            code = first_text(object, "code", "Code");
        if (code.size == 0)
            code = first_text(object, "__type", "code");
        reading_copy(first_text(object, "message", "Message"), answer->message,
                     sizeof answer->message);
    }
    if (code.size == 0 && header != NULL)
        code = asl_text(header);
    reading_copy(bare_code(code), answer->code, sizeof answer->code);
    value_release(v);
}
