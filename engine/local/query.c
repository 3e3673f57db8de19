/* The query protocol from the service's side: a form in, XML out, by the model.
 *
 * A form's names are paths ("Entries.member.1.Id"); they are read into a tree first, which is then
 * looked at through the model's shapes. SQS's model of today speaks JSON only; how its older
 * clients spell things ("Attribute.1.Name") comes as aliases. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARTS_MAXIMUM   64 /* of one name: deeper than any model */
#define PAIRS_MAXIMUM   10000
#define ENTRIES_MAXIMUM 4096

/* ---- a form as a tree ---- */

struct node {
    char *name;
    char *text; /* of a leaf; or NULL */
    size_t text_size;
    struct node *children;
    size_t count, capacity;
};

static void node_free(struct node *n)
{
    for (size_t i = 0; i < n->count; i++)
        node_free(&n->children[i]);
    free(n->children);
    free(n->name);
    free(n->text);
}

static struct node *node_child(const struct node *n, const char *name)
{
    for (size_t i = 0; n && i < n->count; i++)
        if (strcmp(n->children[i].name, name) == 0)
            return &n->children[i];
    return NULL;
}

static struct node *node_add(struct node *n, struct asl_text name)
{
    char *copy = asl_copy_text(name);
    struct node *found = node_child(n, copy);
    if (found) {
        free(copy);
        return found;
    }
    if (n->count == n->capacity) {
        n->capacity = n->capacity ? 2 * n->capacity : 4;
        n->children = asl_reallocate(n->children, n->capacity * sizeof *n->children);
    }
    n->children[n->count] = (struct node){.name = copy};
    return &n->children[n->count++];
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static void decode(struct asl_text encoded, struct asl_buffer *out)
{
    for (size_t i = 0; i < encoded.size; i++) {
        char c = encoded.data[i];
        bool is_pair = c == '%' && i + 2 < encoded.size && hex(encoded.data[i + 1]) >= 0 &&
                       hex(encoded.data[i + 2]) >= 0;
        if (is_pair)
            c = (char)(16 * hex(encoded.data[i + 1]) + hex(encoded.data[i + 2]));
        asl_buffer_putc(out, c == '+' && !is_pair ? ' ' : c);
        i += is_pair ? 2 : 0;
    }
}

/* The next "name=value" of a form, decoded; false at its end. */
static bool next_pair(struct asl_text *form, struct asl_buffer *name, struct asl_buffer *value)
{
    if (form->size == 0)
        return false;
    const char *end = memchr(form->data, '&', form->size);
    size_t size = end ? (size_t)(end - form->data) : form->size;
    const char *equals = memchr(form->data, '=', size);
    size_t left = equals ? (size_t)(equals - form->data) : size;
    asl_buffer_clear(name);
    asl_buffer_clear(value);
    decode((struct asl_text){form->data, left}, name);
    if (equals)
        decode((struct asl_text){equals + 1, size - left - 1}, value);
    size += end != NULL;
    *form = (struct asl_text){form->data + size, form->size - size};
    return true;
}

static void put_pair(struct node *root, struct asl_text name, struct asl_text value)
{
    struct node *n = root;
    for (size_t parts = 0; parts < PARTS_MAXIMUM; parts++) {
        const char *dot = memchr(name.data, '.', name.size);
        size_t size = dot ? (size_t)(dot - name.data) : name.size;
        n = node_add(n, (struct asl_text){name.data, size});
        if (!dot)
            break;
        name = (struct asl_text){dot + 1, name.size - size - 1};
    }
    free(n->text);
    n->text = asl_copy_text(value);
    n->text_size = value.size;
}

void query_parameter(struct asl_text form, const char *wanted, struct asl_buffer *out)
{
    struct asl_buffer name, value;
    asl_buffer_init(&name, form.size + 1);
    asl_buffer_init(&value, form.size + 1);
    while (next_pair(&form, &name, &value))
        if (asl_text_is(asl_buffer_text(&name), wanted)) {
            asl_buffer_put_text(out, asl_buffer_text(&value));
            break;
        }
    asl_buffer_free(&name);
    asl_buffer_free(&value);
}

/* ---- a tree through the model ---- */

static const char *wire(const struct catalogue_member *m, const char *otherwise)
{
    return m->location_name && m->location_name[0] ? m->location_name : otherwise;
}

/* How the clients of one operation spell its members. */
struct spelling {
    const struct model_alias *aliases; /* ends with a NULL query; or NULL */
    const char *operation;
};

static const struct model_alias *alias_of(const struct spelling *how, const char *member)
{
    for (const struct model_alias *a = how->aliases; a && a->query; a++)
        if (strcmp(a->member, member) == 0 &&
            (!a->operation || strcmp(a->operation, how->operation) == 0))
            return a;
    return NULL;
}

static asl_value *read_value(const struct node *n, const struct catalogue_member *use,
                             const struct spelling *how, const struct model_alias *own);

static asl_value *read_structure(const struct node *n, const struct catalogue_shape *s,
                                 const struct spelling *how)
{
    struct value_list l;
    value_list_init(&l);
    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct catalogue_member *m = &s->members[i];
        const struct model_alias *alias = alias_of(how, m->name);
        const struct node *found = node_child(n, wire(m, m->name));
        if (!found && alias)
            found = node_child(n, alias->query);
        if (found)
            value_list_set_take(&l, m->name, read_value(found, m, how, alias));
    }
    return value_object_take(&l);
}

/* The entries of a list or map, numbered from 1, in order, below "member" and the like or not. */
static const struct node *entries_of(const struct node *n, const struct catalogue_member *element)
{
    static const char *const holders[] = {"member", "entry"};
    const struct node *inner = element ? node_child(n, wire(element, "member")) : NULL;
    for (size_t i = 0; !inner && i < 2; i++)
        inner = node_child(n, holders[i]);
    return inner ? inner : n;
}

static const struct node *entry_at(const struct node *n, size_t index)
{
    char name[24];
    snprintf(name, sizeof name, "%zu", index);
    return node_child(n, name);
}

static asl_value *read_list(const struct node *n, const struct catalogue_member *use,
                            const struct spelling *how)
{
    const struct node *entries = entries_of(n, &use->shape->members[0]), *entry;
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 1; i < ENTRIES_MAXIMUM && (entry = entry_at(entries, i)); i++)
        value_list_push_take(&l, read_value(entry, &use->shape->members[0], how, NULL));
    return value_array_take(&l);
}

static asl_value *read_map(const struct node *n, const struct catalogue_member *use,
                           const struct spelling *how, const struct model_alias *own)
{
    const struct catalogue_member *key = &use->shape->members[0], *value = &use->shape->members[1];
    const char *key_name = own && own->key ? own->key : wire(key, "key");
    const char *value_name = own && own->value ? own->value : wire(value, "value");
    const struct node *entries = entries_of(n, NULL), *entry;
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 1; i < ENTRIES_MAXIMUM && (entry = entry_at(entries, i)); i++) {
        const struct node *k = node_child(entry, key_name), *v = node_child(entry, value_name);
        if (k && k->text && v)
            value_list_push_member_take(&l, value_string((struct asl_text){k->text, k->text_size}),
                                        read_value(v, value, how, NULL));
    }
    return value_object_take(&l);
}

static asl_value *read_scalar(const struct node *n, const struct catalogue_shape *s)
{
    struct asl_text text = {n->text ? n->text : "", n->text_size};
    asl_value *number = NULL;
    switch ((enum catalogue_type)s->type) {
    case CATALOGUE_BOOLEAN:
        if (asl_text_is(text, "true") || asl_text_is(text, "false"))
            return value_boolean(text.data[0] == 't');
        break;
    case CATALOGUE_INTEGER:
    case CATALOGUE_LONG:
    case CATALOGUE_FLOAT:
    case CATALOGUE_DOUBLE:
        number = value_number_text(text);
        break;
    default:
        break;
    }
    return number ? number : value_string(value_utf8_valid(text) ? text : ASL_TEXT(""));
}

static asl_value *read_value(const struct node *n, const struct catalogue_member *use,
                             const struct spelling *how, const struct model_alias *own)
{
    switch ((enum catalogue_type)use->shape->type) {
    case CATALOGUE_STRUCTURE:
        return read_structure(n, use->shape, how);
    case CATALOGUE_LIST:
        return read_list(n, use, how);
    case CATALOGUE_MAP:
        return read_map(n, use, how, own);
    default:
        return read_scalar(n, use->shape);
    }
}

asl_value *query_read(const struct catalogue_operation *o, const struct model_alias *aliases,
                      struct asl_text form)
{
    struct spelling how = {aliases, o->name};
    struct node root = {.name = NULL};
    struct asl_buffer name, value;
    asl_buffer_init(&name, form.size + 1);
    asl_buffer_init(&value, form.size + 1);
    for (size_t i = 0; i < PAIRS_MAXIMUM && next_pair(&form, &name, &value); i++)
        put_pair(&root, asl_buffer_text(&name), asl_buffer_text(&value));
    asl_value *in =
        o->input.shape ? read_structure(&root, o->input.shape, &how) : value_empty_object();
    node_free(&root);
    asl_buffer_free(&name);
    asl_buffer_free(&value);
    return in;
}

/* ---- XML ---- */

static void put_escaped(struct asl_buffer *out, struct asl_text text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        const char *entity = c == '<'   ? "&lt;"
                             : c == '>' ? "&gt;"
                             : c == '&' ? "&amp;"
                             : c == '"' ? "&quot;"
                                        : NULL;
        if (entity)
            asl_buffer_puts(out, entity);
        else if (c < ' ' && c != '\t' && c != '\n')
            asl_buffer_printf(out, "&#x%X;", c);
        else
            asl_buffer_putc(out, (char)c);
    }
}

static void write_use(const char *name, const struct catalogue_member *use, const asl_value *v,
                      const struct spelling *how, struct asl_buffer *out);

static void write_members(const struct catalogue_shape *s, const asl_value *v,
                          const struct spelling *how, struct asl_buffer *out)
{
    for (uint32_t i = 0; s && i < s->member_count; i++) {
        const asl_value *member = model_get(v, s->members[i].name);
        if (member)
            write_use(wire(&s->members[i], s->members[i].name), &s->members[i], member, how, out);
    }
}

/* A list, flattened where the service's older clients want it so. */
static void write_list(const char *name, const struct catalogue_member *use, const asl_value *v,
                       const struct spelling *how, struct asl_buffer *out)
{
    const struct model_alias *alias = alias_of(how, name);
    const struct catalogue_member *element = &use->shape->members[0];
    bool is_flat = alias || (use->flags & CATALOGUE_FLATTENED);
    if (!is_flat)
        asl_buffer_printf(out, "<%s>", name);
    for (size_t i = 0; i < value_count(v); i++)
        write_use(alias     ? alias->query
                  : is_flat ? name
                            : wire(element, "member"),
                  element, value_at(v, i), how, out);
    if (!is_flat)
        asl_buffer_printf(out, "</%s>", name);
}

static void write_map(const char *name, const struct catalogue_member *use, const asl_value *v,
                      const struct spelling *how, struct asl_buffer *out)
{
    const struct model_alias *alias = alias_of(how, name);
    const struct catalogue_member *key = &use->shape->members[0], *value = &use->shape->members[1];
    const char *entry = alias ? alias->query : "entry";
    if (!alias)
        asl_buffer_printf(out, "<%s>", name);
    for (size_t i = 0; i < value_count(v); i++) {
        asl_buffer_printf(out, "<%s>", entry);
        write_use(alias && alias->key ? alias->key : wire(key, "key"), key, value_key_at(v, i), how,
                  out);
        write_use(alias && alias->value ? alias->value : wire(value, "value"), value,
                  value_at(v, i), how, out);
        asl_buffer_printf(out, "</%s>", entry);
    }
    if (!alias)
        asl_buffer_printf(out, "</%s>", name);
}

static void write_use(const char *name, const struct catalogue_member *use, const asl_value *v,
                      const struct spelling *how, struct asl_buffer *out)
{
    enum catalogue_type type = (enum catalogue_type)use->shape->type;
    if (type == CATALOGUE_LIST) {
        write_list(name, use, v, how, out);
        return;
    }
    if (type == CATALOGUE_MAP) {
        write_map(name, use, v, how, out);
        return;
    }
    asl_buffer_printf(out, "<%s>", name);
    if (type == CATALOGUE_STRUCTURE)
        write_members(use->shape, v, how, out);
    else if (value_kind(v) == VALUE_BOOLEAN)
        asl_buffer_puts(out, value_is_true(v) ? "true" : "false");
    else
        put_escaped(out, value_as_text(v));
    asl_buffer_printf(out, "</%s>", name);
}

static const char *space_of(const struct catalogue_service *s)
{
    return s->xml_namespace ? s->xml_namespace : "http://queue.amazonaws.com/doc/2012-11-05/";
}

void query_write(const struct catalogue_operation *o, const struct model_alias *aliases,
                 const asl_value *output, const char *request_id, struct asl_buffer *out)
{
    struct spelling how = {aliases, o->name};
    asl_buffer_printf(out, "<?xml version=\"1.0\"?><%sResponse xmlns=\"%s\">", o->name,
                      space_of(o->service));
    if (o->output.shape) {
        asl_buffer_printf(out, "<%sResult>", o->name);
        write_members(o->output.shape, output, &how, out);
        asl_buffer_printf(out, "</%sResult>", o->name);
    }
    asl_buffer_printf(out,
                      "<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%sResponse>",
                      request_id, o->name);
}

void query_write_error(const struct catalogue_service *s, const char *code, const char *message,
                       bool is_ours, const char *request_id, struct asl_buffer *out)
{
    asl_buffer_printf(out,
                      "<?xml version=\"1.0\"?><ErrorResponse xmlns=\"%s\"><Error><Type>%s</Type>"
                      "<Code>%s</Code><Message>",
                      space_of(s), is_ours ? "Receiver" : "Sender", code);
    put_escaped(out, asl_text(message));
    asl_buffer_printf(out, "</Message></Error><RequestId>%s</RequestId></ErrorResponse>",
                      request_id);
}
