/* XML bodies by the model: written by rest-xml, read by rest-xml, query and EC2. */
#include "walk.h"
#include "xml_tree.h"

#include <stdio.h>
#include <string.h>

/* ---- writing ---- */
/* Escapes; a control character that XML cannot hold at all is a problem of the field. */
static void write_escaped(struct writing *w, struct asl_text t, bool attribute,
                          struct asl_buffer *out)
{
    for (size_t i = 0; i < t.size; i++) {
        unsigned char c = (unsigned char)t.data[i];
        if (c == '&')
            asl_buffer_puts(out, "&amp;");
        else if (c == '<')
            asl_buffer_puts(out, "&lt;");
        else if (c == '>')
            asl_buffer_puts(out, "&gt;");
        else if (c == '"' && attribute)
            asl_buffer_puts(out, "&quot;");
        else if (c == '\r' || (attribute && (c == '\n' || c == '\t')))
            asl_buffer_printf(out, "&#%d;", c);
        else if (c < 0x20 && c != '\n' && c != '\t')
            writing_malformed(w);
        else
            asl_buffer_putc(out, (char)c);
    }
}

static void write_attribute(struct writing *w, const char *name, struct asl_text text,
                            struct asl_buffer *out)
{
    asl_buffer_printf(out, " %s=\"", name);
    write_escaped(w, text, true, out);
    asl_buffer_putc(out, '"');
}

/* "<name xmlns=...", left open for attributes. */
static void begin(struct writing *w, const struct catalogue_member *use, const char *name,
                  struct asl_buffer *out)
{
    asl_buffer_printf(out, "<%s", name);
    if (use->namespace_uri == NULL)
        return;
    char attribute[128];
    bool prefixed = use->namespace_prefix != NULL && use->namespace_prefix[0] != '\0';
    snprintf(attribute, sizeof attribute, "xmlns%s%s", prefixed ? ":" : "",
             prefixed ? use->namespace_prefix : "");
    write_attribute(w, attribute, asl_text(use->namespace_uri), out);
}

/* Closes what `begin` opened at `mark`: an element without content closes itself. */
static void end(const char *name, size_t mark, struct asl_buffer *out)
{
    if (out->size == mark + 1 && !out->full) {
        out->size = mark;
        asl_buffer_puts(out, " />");
    } else {
        asl_buffer_printf(out, "</%s>", name);
    }
}

static void write_attributes(struct writing *w, const struct catalogue_shape *s, const asl_value *v,
                             struct asl_buffer *out)
{
    for (size_t i = 0; i < value_count(v); i++) {
        const struct catalogue_member *m = writing_member(w, s, value_key_at(v, i));
        if (m == NULL || !(m->flags & CATALOGUE_XML_ATTRIBUTE) ||
            value_kind(value_at(v, i)) == VALUE_NULL)
            continue;
        struct asl_buffer text;
        asl_buffer_init(&text, out->maximum);
        if (writing_text(w, m, value_at(v, i), CATALOGUE_TIME_ISO8601, &text))
            write_attribute(w, wire_name(m, m->name), asl_buffer_text(&text), out);
        asl_buffer_free(&text);
    }
}

static void write_structure(struct writing *w, const struct catalogue_member *use, const char *name,
                            const asl_value *v, struct asl_buffer *out)
{
    begin(w, use, name, out);
    write_attributes(w, use->shape, v, out);
    size_t mark = out->size;
    asl_buffer_putc(out, '>');
    for (size_t i = 0; i < value_count(v); i++) {
        struct asl_text key = value_as_text(value_key_at(v, i));
        const struct catalogue_member *m =
            w->names == PROTOCOL_NATIVE
                ? catalogue_member(use->shape, key)
                : catalogue_member_spelt(w->operation->service, use->shape, key);
        if (m == NULL || m->flags & CATALOGUE_XML_ATTRIBUTE ||
            value_kind(value_at(v, i)) == VALUE_NULL)
            continue; /* unknown ones were noted with the attributes */
        w->field = key;
        xml_write(w, m, wire_name(m, m->name), value_at(v, i), out);
    }
    end(name, mark, out);
}

static void write_list(struct writing *w, const struct catalogue_member *use, const char *name,
                       const asl_value *v, struct asl_buffer *out)
{
    const struct catalogue_member *element = element_of(use->shape);
    bool flat = use->flags & CATALOGUE_FLATTENED;
    const char *element_name = flat ? name : wire_name(element, "member");
    size_t mark = 0;
    if (!flat) {
        begin(w, use, name, out);
        mark = out->size;
        asl_buffer_putc(out, '>');
    }
    for (size_t i = 0; i < value_count(v); i++)
        if (value_kind(value_at(v, i)) != VALUE_NULL)
            xml_write(w, element, element_name, value_at(v, i), out);
    if (!flat)
        end(name, mark, out);
}

static void write_map(struct writing *w, const struct catalogue_member *use, const char *name,
                      const asl_value *v, struct asl_buffer *out)
{
    const struct catalogue_member *key = key_of(use->shape), *value = value_of(use->shape);
    bool flat = use->flags & CATALOGUE_FLATTENED;
    const char *entry = flat ? name : "entry";
    size_t mark = 0;
    if (!flat) {
        begin(w, use, name, out);
        mark = out->size;
        asl_buffer_putc(out, '>');
    }
    for (size_t i = 0; i < value_count(v); i++) {
        asl_buffer_printf(out, "<%s>", entry);
        xml_write(w, key, wire_name(key, "key"), value_key_at(v, i), out);
        if (value_kind(value_at(v, i)) != VALUE_NULL)
            xml_write(w, value, wire_name(value, "value"), value_at(v, i), out);
        asl_buffer_printf(out, "</%s>", entry);
    }
    if (!flat)
        end(name, mark, out);
}

static void write_scalar(struct writing *w, const struct catalogue_member *use, const char *name,
                         const asl_value *v, struct asl_buffer *out)
{
    struct asl_buffer text;
    asl_buffer_init(&text, out->maximum);
    begin(w, use, name, out);
    size_t mark = out->size;
    asl_buffer_putc(out, '>');
    writing_text(w, use, v, CATALOGUE_TIME_ISO8601, &text);
    write_escaped(w, asl_buffer_text(&text), false, out);
    end(name, mark, out);
    asl_buffer_free(&text);
}

void xml_write(struct writing *w, const struct catalogue_member *use, const char *name,
               const asl_value *v, struct asl_buffer *out)
{
    switch ((enum catalogue_type)use->shape->type) {
    case CATALOGUE_STRUCTURE:
        if (writing_expects(w, v, VALUE_OBJECT))
            write_structure(w, use, name, v, out);
        break;
    case CATALOGUE_LIST:
        if (writing_expects(w, v, VALUE_ARRAY))
            write_list(w, use, name, v, out);
        break;
    case CATALOGUE_MAP:
        if (writing_expects(w, v, VALUE_OBJECT))
            write_map(w, use, name, v, out);
        break;
    default:
        write_scalar(w, use, name, v, out);
    }
}

/* ---- reading ---- */
static asl_value *read_node(struct reading *r, const struct catalogue_member *use,
                            const struct xml_node *n, const char *name);

/* The first node of a member: a flattened list stands under its element's own name, if it has one.
 */
static const struct xml_node *member_node(const struct catalogue_member *m,
                                          const struct xml_node *parent, const char **name)
{
    *name = wire_name(m, m->name);
    if (m->shape->type == CATALOGUE_LIST && m->flags & CATALOGUE_FLATTENED) {
        const char *element = element_of(m->shape)->location_name;
        const struct xml_node *found = element != NULL ? xml_named(parent->first, element) : NULL;
        if (found != NULL) {
            *name = element;
            return found;
        }
    }
    return xml_named(parent->first, *name);
}

static asl_value *read_structure(struct reading *r, const struct catalogue_member *use,
                                 const struct xml_node *n)
{
    const struct catalogue_shape *s = use->shape;
    struct value_list list;
    value_list_init(&list);
    for (uint32_t i = 0; i < s->member_count && !r->failed; i++) {
        const struct catalogue_member *m = &s->members[i];
        const char *name;
        if (!is_in_answer_body(m))
            continue;
        const struct xml_node *found = member_node(m, n, &name);
        const char *attribute = m->flags & CATALOGUE_XML_ATTRIBUTE ? xml_attribute(n, name) : NULL;
        if (found != NULL)
            reading_put(r, s, m, read_node(r, m, found, name), &list);
        else if (attribute != NULL)
            reading_put(r, s, m, reading_scalar(r, m, asl_text(attribute)), &list);
    }
    if (s->flags & CATALOGUE_UNION && list.count == 0 && n->first != NULL && !r->failed &&
        r->names == PROTOCOL_NATIVE) {
        struct value_list unknown;
        value_list_init(&unknown);
        value_list_set_take(&unknown, "name", value_string_z(n->first->name));
        value_list_set_take(&list, "SDK_UNKNOWN_MEMBER", value_object_take(&unknown));
    }
    return value_object_take(&list);
}

/* Flattened: every sibling of that name; else every child, whatever it is called. */
static const struct xml_node *next_entry(const struct xml_node *n, bool flat, const char *name)
{
    return flat ? xml_named(n->next, name) : n->next;
}

static asl_value *read_list(struct reading *r, const struct catalogue_member *use,
                            const struct xml_node *n, const char *name)
{
    bool flat = use->flags & CATALOGUE_FLATTENED;
    struct value_list list;
    value_list_init(&list);
    for (const struct xml_node *e = flat ? n : n->first; e != NULL && !r->failed;
         e = next_entry(e, flat, name)) {
        asl_value *v = read_node(r, element_of(use->shape), e, e->name);
        if (v != NULL)
            value_list_push_take(&list, v);
    }
    return value_array_take(&list);
}

static asl_value *read_map(struct reading *r, const struct catalogue_member *use,
                           const struct xml_node *n, const char *name)
{
    const struct catalogue_member *key = key_of(use->shape), *value = value_of(use->shape);
    bool flat = use->flags & CATALOGUE_FLATTENED;
    struct value_list list;
    value_list_init(&list);
    for (const struct xml_node *e = flat ? n : n->first; e != NULL && !r->failed;
         e = next_entry(e, flat, name)) {
        const struct xml_node *k = xml_named(e->first, wire_name(key, "key"));
        const struct xml_node *v = xml_named(e->first, wire_name(value, "value"));
        if (k == NULL) {
            reading_fail(r, use, "an entry without a key");
            break;
        }
        asl_value *read = v != NULL ? read_node(r, value, v, v->name) : NULL;
        if (read != NULL)
            value_list_push_member_take(&list, reading_string(asl_buffer_text(&k->text)), read);
    }
    return value_object_take(&list);
}

static asl_value *read_node(struct reading *r, const struct catalogue_member *use,
                            const struct xml_node *n, const char *name)
{
    switch ((enum catalogue_type)use->shape->type) {
    case CATALOGUE_STRUCTURE:
        return read_structure(r, use, n);
    case CATALOGUE_LIST:
        return read_list(r, use, n, name);
    case CATALOGUE_MAP:
        return read_map(r, use, n, name);
    default:
        break;
    }
    bool text = use->shape->type == CATALOGUE_STRING || use->shape->type == CATALOGUE_BLOB;
    if (n->first != NULL) {
        reading_fail(r, use, "elements");
        return NULL;
    }
    /* <Size/>: not told. */
    return n->text.size == 0 && !text ? NULL : reading_scalar(r, use, asl_buffer_text(&n->text));
}

/* The element that holds an error's members, in any of the forms: Error; ErrorResponse/Error;
 * Response/Errors/Error. */
static const struct xml_node *error_node(const struct xml_node *root)
{
    if (strcmp(root->name, "Error") == 0)
        return root;
    const struct xml_node *errors = xml_named(root->first, "Errors");
    const struct xml_node *error = xml_named(errors != NULL ? errors->first : root->first, "Error");
    return error != NULL ? error : root;
}

asl_value *xml_parse_body(struct reading *r, const struct catalogue_member *use,
                          const char *wrapper, struct asl_text body)
{
    char problem[160];
    struct value_list none;
    value_list_init(&none);
    if (body.size == 0)
        return value_object_take(&none);
    struct xml_node *root = xml_parse(body, problem, sizeof problem);
    if (root == NULL) {
        if (!r->failed)
            snprintf(r->why, sizeof r->why, "Unable to unmarshall response of %s: %s",
                     r->operation->name, problem);
        r->failed = true;
        return NULL;
    }
    bool error = use->shape->flags & CATALOGUE_EXCEPTION;
    const struct xml_node *start = error             ? error_node(root)
                                   : wrapper != NULL ? xml_named(root->first, wrapper)
                                                     : root;
    asl_value *v = start != NULL ? read_node(r, use, start, start->name) : value_object_take(&none);
    xml_free(root);
    return v;
}

/* ---- errors ---- */
static void copy_child(const struct xml_node *parent, const char *name, char *out, size_t size)
{
    const struct xml_node *n = xml_named(parent->first, name);
    if (n != NULL && out[0] == '\0')
        reading_copy(asl_buffer_text(&n->text), out, size);
}

void xml_parse_error(const struct catalogue_service *service, const struct http_headers *headers,
                     struct asl_text body, struct aws_answer *answer)
{
    (void)service;
    (void)headers;
    static const char *const ids[] = {"RequestId", "RequestID", "requestId"};
    char problem[160];
    struct xml_node *root = body.size > 0 ? xml_parse(body, problem, sizeof problem) : NULL;
    if (root == NULL)
        return;
    const struct xml_node *error = error_node(root);
    copy_child(error, "Code", answer->code, sizeof answer->code);
    copy_child(error, "Message", answer->message, sizeof answer->message);
    copy_child(error, "message", answer->message, sizeof answer->message);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        copy_child(root, ids[i], answer->request_id, sizeof answer->request_id);
        copy_child(error, ids[i], answer->request_id, sizeof answer->request_id);
    }
    copy_child(error, "HostId", answer->extended_request_id, sizeof answer->extended_request_id);
    xml_free(root);
}

void xml_request_id(struct asl_text body, struct aws_answer *answer)
{
    char problem[160];
    struct xml_node *root = body.size > 0 ? xml_parse(body, problem, sizeof problem) : NULL;
    if (root == NULL)
        return;
    const struct xml_node *metadata = xml_named(root->first, "ResponseMetadata");
    copy_child(root, "requestId", answer->request_id, sizeof answer->request_id);
    if (metadata != NULL)
        copy_child(metadata, "RequestId", answer->request_id, sizeof answer->request_id);
    xml_free(root);
}
