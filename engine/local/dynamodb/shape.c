/* Checks a request against its shape, with DynamoDB's words. First pass: JSON types, the first
 * mistake is a SerializationException. Second pass: constraints, up to ten at once. */
#include "shape.h"

#include <stdio.h>
#include <string.h>

#include "dynamodb.h"

#define CONSTRAINTS_MAXIMUM 10

static bool is_absent(const asl_value *v)
{
    return !v || value_kind(v) == VALUE_NULL;
}

/* ---- types ---- */

static bool mistype(struct dynamodb_call *c, const char *message)
{
    return dynamodb_refuse(c, DYNAMODB_SERIALIZATION, "%s", message);
}

static bool check_scalar(struct dynamodb_call *c, const asl_value *v, const char *java,
                         enum value_kind kind)
{
    int64_t integer;
    if (value_kind(v) == kind)
        return true;
    switch (value_kind(v)) {
    case VALUE_BOOLEAN:
        return dynamodb_refuse(c, DYNAMODB_SERIALIZATION, "%s cannot be converted to %s",
                               value_is_true(v) ? "TRUE_VALUE" : "FALSE_VALUE", java);
    case VALUE_NUMBER:
        return dynamodb_refuse(c, DYNAMODB_SERIALIZATION, "%s cannot be converted to %s",
                               value_as_integer(v, &integer) ? "NUMBER_VALUE" : "DECIMAL_VALUE",
                               java);
    case VALUE_STRING:
        if (kind == VALUE_BOOLEAN)
            return mistype(c, "Unexpected token received from parser");
        return dynamodb_refuse(c, DYNAMODB_SERIALIZATION, "STRING_VALUE cannot be converted to %s",
                               java);
    case VALUE_ARRAY:
        return dynamodb_refuse(c, DYNAMODB_SERIALIZATION,
                               "Unrecognized collection type class java.lang.%s", java);
    default:
        return mistype(c, "Start of structure or map found where not expected");
    }
}

static bool check_types(struct dynamodb_call *c, const struct shape *members,
                        const asl_value *object);

static bool check_item_types(struct dynamodb_call *c, const asl_value *v)
{
    char complaint[ATTRIBUTE_COMPLAINT];
    if (value_kind(v) == VALUE_ARRAY)
        return mistype(c, "Unrecognized collection type java.util.Map<java.lang.String, "
                          "com.amazonaws.dynamodb.v20120810.AttributeValue>");
    if (value_kind(v) != VALUE_OBJECT)
        return mistype(c, "Unexpected field type");
    for (size_t i = 0; i < value_count(v); i++)
        if (!is_absent(value_at(v, i)) && !attribute_has_shape(value_at(v, i), complaint))
            return mistype(c, complaint);
    return true;
}

static bool check_names_types(struct dynamodb_call *c, const asl_value *v)
{
    if (value_kind(v) == VALUE_ARRAY)
        return mistype(c, "Unrecognized collection type java.util.Map<java.lang.String, "
                          "java.lang.String>");
    if (value_kind(v) != VALUE_OBJECT)
        return mistype(c, "Unexpected field type");
    for (size_t i = 0; i < value_count(v); i++)
        if (!check_scalar(c, value_at(v, i), "String", VALUE_STRING))
            return false;
    return true;
}

static bool check_type(struct dynamodb_call *c, const struct shape *s, const asl_value *v)
{
    switch (s->type) {
    case SHAPE_STRING:
        return check_scalar(c, v, "String", VALUE_STRING);
    case SHAPE_BOOLEAN:
        return check_scalar(c, v, "Boolean", VALUE_BOOLEAN);
    case SHAPE_INTEGER:
        return check_scalar(c, v, s->maximum > INT32_MAX ? "Long" : "Integer", VALUE_NUMBER);
    case SHAPE_TIME:
        return check_scalar(c, v, "Date", VALUE_NUMBER);
    case SHAPE_ITEM:
        return check_item_types(c, v);
    case SHAPE_NAMES:
        return check_names_types(c, v);
    case SHAPE_STRUCT:
        if (value_kind(v) == VALUE_ARRAY)
            return dynamodb_refuse(c, DYNAMODB_SERIALIZATION,
                                   "Unrecognized collection type class "
                                   "com.amazonaws.dynamodb.v20120810.%s",
                                   s->name);
        if (value_kind(v) != VALUE_OBJECT)
            return mistype(c, "Unexpected value type in payload");
        return check_types(c, s->children, v);
    case SHAPE_LIST:
        if (value_kind(v) == VALUE_OBJECT)
            return mistype(c, "Start of structure or map found where not expected");
        if (value_kind(v) != VALUE_ARRAY)
            return mistype(c, "Unexpected field type");
        break;
    case SHAPE_MAP:
        if (value_kind(v) != VALUE_OBJECT)
            return mistype(c, "Unexpected field type");
        break;
    default:
        return true;
    }
    for (size_t i = 0; i < value_count(v); i++)
        if (!is_absent(value_at(v, i)) && !check_type(c, s->children, value_at(v, i)))
            return false;
    return true;
}

static bool check_types(struct dynamodb_call *c, const struct shape *members,
                        const asl_value *object)
{
    for (const struct shape *s = members; s->name; s++) {
        const asl_value *v = value_get_z(object, s->name);
        if (!is_absent(v) && !check_type(c, s, v))
            return false;
    }
    return true;
}

/* ---- constraints ---- */

struct findings {
    struct asl_buffer text;
    size_t count;
};

static void put_value(struct asl_buffer *out, const asl_value *v)
{
    if (is_absent(v)) {
        asl_buffer_puts(out, "null");
        return;
    }
    asl_buffer_putc(out, '\'');
    if (value_kind(v) == VALUE_ARRAY) {
        asl_buffer_putc(out, '[');
        for (size_t i = 0; i < value_count(v); i++) {
            asl_buffer_puts(out, i ? ", " : "");
            if (value_kind(value_at(v, i)) == VALUE_STRING)
                asl_buffer_put_text(out, value_as_text(value_at(v, i)));
            else
                value_print(value_at(v, i), out);
        }
        asl_buffer_putc(out, ']');
    } else if (value_kind(v) == VALUE_STRING)
        asl_buffer_put_text(out, value_as_text(v));
    else
        value_print(v, out);
    asl_buffer_putc(out, '\'');
}

static void put_lower_first(struct asl_buffer *out, struct asl_text name)
{
    if (name.size == 0)
        return;
    asl_buffer_putc(
        out, (char)(name.data[0] >= 'A' && name.data[0] <= 'Z' ? name.data[0] + 32 : name.data[0]));
    asl_buffer_put(out, name.data + 1, name.size - 1);
}

static void find(struct findings *f, const asl_value *v, struct asl_text place,
                 const char *constraint, const char *detail)
{
    if (f->count == CONSTRAINTS_MAXIMUM)
        return;
    asl_buffer_puts(&f->text, f->count++ ? "; Value " : "Value ");
    put_value(&f->text, v);
    asl_buffer_printf(&f->text, " at '%.*s' failed to satisfy constraint: Member must %s%s",
                      ASL_TEXT_ARGS(place), constraint, detail);
}

static bool is_name(struct asl_text t)
{
    for (size_t i = 0; i < t.size; i++) {
        char c = t.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '.' || c == '-'))
            return false;
    }
    return t.size > 0;
}

/* Whether `t` is an element of "[A, B]". */
static bool is_allowed(const char *list, struct asl_text t)
{
    for (const char *at = list + 1; *at; at += strspn(at, ", ]")) {
        size_t size = strcspn(at, ",]");
        if (asl_text_equal((struct asl_text){at, size}, t))
            return true;
        at += size;
    }
    return false;
}

/* An ARN stands where a table's name may. */
static bool is_arn(struct asl_text t)
{
    return asl_text_starts(t, "arn:");
}

static void check_bounds(struct findings *f, const struct shape *s, const asl_value *v,
                         struct asl_text place)
{
    char number[32];
    bool is_integer = s->type == SHAPE_INTEGER;
    int64_t size = 0;
    if (is_integer)
        value_as_integer(v, &size);
    else
        size = (int64_t)(s->type == SHAPE_STRING ? value_as_text(v).size : value_count(v));
    if (s->minimum && size < s->minimum) {
        snprintf(number, sizeof number, "%ld", s->minimum);
        find(f, v, place,
             is_integer ? "have value greater than or equal to "
                        : "have length greater than or equal to ",
             number);
    }
    if (s->maximum && size > s->maximum && !(s->pattern && is_arn(value_as_text(v)))) {
        snprintf(number, sizeof number, "%ld", s->maximum);
        find(f, v, place,
             is_integer ? "have value less than or equal to "
                        : "have length less than or equal to ",
             number);
    }
}

static void check_constraints(struct findings *f, const struct shape *members,
                              const asl_value *object, struct asl_text parent);

static void check_member(struct findings *f, const struct shape *s, const asl_value *v,
                         struct asl_text place);

/* The elements of a list or map, to any depth: none may be null. */
static void check_children(struct findings *f, const struct shape *s, const asl_value *v,
                           struct asl_text place)
{
    if (s->type == SHAPE_STRUCT) {
        check_constraints(f, s->children, v, place);
        return;
    }
    for (size_t i = 0; i < value_count(v); i++) {
        struct asl_buffer deeper;
        asl_buffer_init(&deeper, 4096);
        asl_buffer_put_text(&deeper, place);
        if (s->type == SHAPE_LIST)
            asl_buffer_printf(&deeper, ".%zu.member", i + 1);
        else
            asl_buffer_printf(&deeper, ".%.*s.member",
                              ASL_TEXT_ARGS(value_as_text(value_key_at(v, i))));
        if (is_absent(value_at(v, i)))
            find(f, NULL, asl_buffer_text(&deeper), "not be null", "");
        else
            check_member(f, s->children, value_at(v, i), asl_buffer_text(&deeper));
        asl_buffer_free(&deeper);
    }
}

static void check_member(struct findings *f, const struct shape *s, const asl_value *v,
                         struct asl_text place)
{
    if (is_absent(v)) {
        if (s->required)
            find(f, NULL, place, "not be null", "");
        return;
    }
    if (s->pattern && !is_arn(value_as_text(v)) && !is_name(value_as_text(v)))
        find(f, v, place, "satisfy regular expression pattern: ", s->pattern);
    if (s->allowed && !is_allowed(s->allowed, value_as_text(v)))
        find(f, v, place, "satisfy enum value set: ", s->allowed);
    check_bounds(f, s, v, place);
    if (s->children)
        check_children(f, s, v, place);
}

static void check_constraints(struct findings *f, const struct shape *members,
                              const asl_value *object, struct asl_text parent)
{
    for (const struct shape *s = members; s->name; s++) {
        struct asl_buffer place;
        asl_buffer_init(&place, 4096);
        asl_buffer_put_text(&place, parent);
        asl_buffer_puts(&place, parent.size ? "." : "");
        put_lower_first(&place, asl_text(s->name));
        check_member(f, s, value_get_z(object, s->name), asl_buffer_text(&place));
        asl_buffer_free(&place);
    }
}

static bool check_offered(struct dynamodb_call *c, const struct shape *members,
                          const asl_value *object)
{
    for (const struct shape *s = members; s->name; s++) {
        const asl_value *v = value_get_z(object, s->name);
        if (is_absent(v))
            continue;
        if (s->type == SHAPE_LEGACY)
            return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                                   "The legacy parameter %s is not offered by "
                                   "this stand-in; use the expression parameters instead",
                                   s->name);
        if (s->type == SHAPE_UNOFFERED)
            return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                                   "The parameter %s is not offered by this "
                                   "stand-in",
                                   s->name);
    }
    return true;
}

/* The name of the table that an operation is about. */
static bool check_named_first(struct dynamodb_call *c, const struct shape *members)
{
    for (const struct shape *s = members; s->name; s++) {
        if (!s->is_named_first)
            continue;
        const asl_value *v = dynamodb_member(c->request, s->name);
        if (!v)
            return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                                   "The parameter '%s' is required but was not "
                                   "present in the request",
                                   s->name);
        int64_t size = (int64_t)value_as_text(v).size;
        if (!is_arn(value_as_text(v)) && (size < s->minimum || size > s->maximum))
            return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                                   "%s must be at least %ld characters long and at "
                                   "most %ld characters long",
                                   s->name, s->minimum, s->maximum);
    }
    return true;
}

bool shape_check(struct dynamodb_call *c, const struct shape *members)
{
    if (!check_types(c, members, c->request) || !check_named_first(c, members))
        return false;
    struct findings f = {.count = 0};
    asl_buffer_init(&f.text, sizeof c->message);
    check_constraints(&f, members, c->request, ASL_TEXT(""));
    if (f.count)
        dynamodb_refuse(c, DYNAMODB_VALIDATION, "%zu validation error%s detected: %.*s", f.count,
                        f.count > 1 ? "s" : "", ASL_TEXT_ARGS(asl_buffer_text(&f.text)));
    asl_buffer_free(&f.text);
    return f.count == 0 && check_offered(c, members, c->request);
}
