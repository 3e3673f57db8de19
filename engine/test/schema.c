/* The tables as a JSON Schema (draft 2020-12), for editors: completion, help on hovering, and a red
 * line under what the reader would refuse. See shape.h. */
#include "engine/test/shape.h"

#include <string.h>

#include "engine/test/match.h"

static asl_value *object(const char *json)
{
    return value_literal(json);
}

static asl_value *with(asl_value *v_taken, const char *name, asl_value *member_taken)
{
    return value_with_take(v_taken, value_string_z(name), member_taken);
}

static asl_value *reference(const char *name)
{
    char path[80] = "#/$defs/";
    strncat(path, name, sizeof path - strlen(path) - 1);
    return with(value_empty_object(), "$ref", value_string_z(path));
}

static asl_value *words_of(const char *words)
{
    struct value_list l;
    value_list_init(&l);
    while (*words) {
        size_t size = strcspn(words, "|");
        value_list_push_take(&l, value_string((struct asl_text){words, size}));
        words += size + (words[size] == '|');
    }
    return value_array_take(&l);
}

/* What each form is in the schema; the rest is made below. */
static const char *const forms[FORMS] = {
    [FORM_ANY] = "{}",
    [FORM_MATCHER] = "{\"$ref\":\"#/$defs/expectation\"}",
    [FORM_TEXT] = "{\"type\":\"string\",\"minLength\":1}",
    [FORM_FLAG] = "{\"type\":\"boolean\"}",
    [FORM_COUNT] = "{\"type\":\"integer\",\"minimum\":0,\"maximum\":2147483647}",
    [FORM_ORDINAL] = "{\"type\":\"integer\",\"minimum\":1,\"maximum\":2147483647}",
    [FORM_TIMES] = "{\"anyOf\":[{\"type\":\"integer\",\"minimum\":1,\"maximum\":2147483647},"
                   "{\"const\":\"any\"}]}",
    [FORM_SCALAR] = "{\"type\":[\"string\",\"number\",\"boolean\"]}",
    [FORM_TIME] =
        "{\"type\":\"string\",\"pattern\":\"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:"
        "[0-9]{2}(\\\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$\"}",
    [FORM_DURATION] = "{\"$ref\":\"#/$defs/duration\"}",
    [FORM_LASTING] = "{\"anyOf\":[{\"$ref\":\"#/$defs/duration\"},{\"$ref\":\"#/$defs/matcher\"}]}",
    [FORM_DEFINITION] = "{\"type\":[\"string\",\"object\"],\"minLength\":1}",
    [FORM_PATH] = "{\"anyOf\":[{\"$ref\":\"#/$defs/path\"},{\"$ref\":\"#/$defs/record\"}]}",
    [FORM_CALLS] = "{\"anyOf\":[{\"$ref\":\"#/$defs/record\"},"
                   "{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/call\"}},"
                   "{\"type\":\"object\",\"additionalProperties\":{\"anyOf\":["
                   "{\"type\":\"integer\",\"minimum\":0,\"maximum\":2147483647},"
                   "{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/expectation\"}}]}}]}",
};

static asl_value *form_schema(const struct member *m)
{
    if (m->form == FORM_OBJECT)
        return reference(m->shape->name);
    if (m->form == FORM_WORDS)
        return with(value_empty_object(), "enum", words_of(m->words));
    return object(forms[m->form]);
}

static asl_value *list_of(asl_value *one_taken, bool filled)
{
    asl_value *v = with(object("{\"type\":\"array\"}"), "items", one_taken);
    return filled ? with(v, "minItems", value_integer(1)) : v;
}

static asl_value *one_or_list(asl_value *one_taken)
{
    struct value_list l;
    value_list_init(&l);
    value_list_push_take(&l, value_retain(one_taken));
    value_list_push_take(&l, list_of(one_taken, true));
    return with(value_empty_object(), "anyOf", value_array_take(&l));
}

static asl_value *by_name(asl_value *one_taken)
{
    return with(object("{\"type\":\"object\"}"), "additionalProperties", one_taken);
}

static asl_value *member_schema(const struct member *m)
{
    asl_value *one = form_schema(m), *v = one;
    if (m->layout == LAYOUT_LIST)
        v = list_of(one, m->required);
    else if (m->layout == LAYOUT_ONE_OR_LIST)
        v = one_or_list(one);
    else if (m->layout == LAYOUT_BY_NAME)
        v = by_name(one);
    else if (m->layout == LAYOUT_BY_NAME_ONE_OR_LIST)
        v = by_name(one_or_list(one));
    return with(v, "description", value_string_z(m->help));
}

/* "a|b" as [{"required": ["a"]}, {"required": ["b"]}]. */
static asl_value *required_each(const char *words)
{
    struct value_list l, one;
    value_list_init(&l);
    while (*words) {
        size_t size = strcspn(words, "|");
        value_list_init(&one);
        value_list_push_take(&one, value_string((struct asl_text){words, size}));
        value_list_push_take(&l, with(value_empty_object(), "required", value_array_take(&one)));
        words += size + (words[size] == '|');
    }
    return value_array_take(&l);
}

static asl_value *shape_object(const struct shape *s)
{
    struct value_list properties, required;
    value_list_init(&properties);
    value_list_init(&required);
    for (const struct member *m = s->members; m->name; m++) {
        value_list_set_take(&properties, m->name, member_schema(m));
        if (m->required)
            value_list_push_take(&required, value_string_z(m->name));
    }
    asl_value *v =
        with(object("{\"type\":\"object\"}"), "properties", value_object_take(&properties));
    v = with(v, "additionalProperties", value_boolean(false));
    if (required.count)
        v = with(v, "required", value_array_take(&required));
    value_list_free(&required);
    if (s->one_of)
        v = with(v, "oneOf", required_each(s->one_of));
    if (s->at_most_one) { /* not both */
        asl_value *both = with(value_empty_object(), "required", words_of(s->at_most_one));
        v = with(v, "not", both);
    }
    return v;
}

/* ---- matchers ---- */

/* {"$any": true, ...}: every member begins with "$" and is known. */
static asl_value *matcher_schema(void)
{
    struct value_list properties;
    const char *name, *help;
    value_list_init(&properties);
    for (size_t i = 0; match_describe(i, &name, &help); i++)
        value_list_set_take(&properties, name,
                            with(match_operand_schema(i), "description", value_string_z(help)));
    asl_value *v = with(object("{\"type\":\"object\",\"minProperties\":1}"), "properties",
                        value_object_take(&properties));
    return with(v, "additionalProperties", value_boolean(false));
}

/* Any JSON, but an object whose names all begin with "$" is a matcher. */
static const char expectation[] =
    "{\"if\":{\"type\":\"object\",\"minProperties\":1,\"propertyNames\":{\"pattern\":\"^\\\\$\"}},"
    "\"then\":{\"$ref\":\"#/$defs/matcher\"},"
    "\"else\":{\"additionalProperties\":{\"$ref\":\"#/$defs/expectation\"},"
    "\"items\":{\"$ref\":\"#/$defs/expectation\"}}}";

static const char duration[] =
    "{\"description\":\"Seconds, or a text as \\\"1 h 30 min\\\" (d, h, min, s, ms).\",\"anyOf\":["
    "{\"type\":\"number\",\"minimum\":0,\"maximum\":31622400000},"
    "{\"type\":\"string\",\"pattern\":"
    "\"^([0-9]+(\\\\.[0-9]+)? *(d|h|min|s|ms) *)+$\"}]}";

static const char path[] =
    "{\"type\":\"array\",\"items\":{\"anyOf\":[{\"type\":\"string\",\"minLength\":1},"
    "{\"type\":\"object\",\"minProperties\":1,\"maxProperties\":1,\"additionalProperties\":"
    "{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/path\"}}}]}}";

static const char record[] = "{\"type\":\"object\",\"properties\":{\"$record\":{\"const\":true}},"
                             "\"required\":[\"$record\"],\"additionalProperties\":false}";

/* ---- the whole ---- */

/* The shapes that members refer to, each once. */
static void gather(const struct shape *s, struct value_list *defs)
{
    for (size_t i = 0; i + 1 < defs->count; i += 2)
        if (asl_text_is(value_as_text(defs->items[i]), s->name))
            return;
    value_list_set_take(defs, s->name, shape_object(s));
    for (const struct member *m = s->members; m->name; m++)
        if (m->shape)
            gather(m->shape, defs);
}

asl_value *test_schema(void)
{
    struct value_list defs;
    value_list_init(&defs);
    gather(&shape_call, &defs);
    for (const struct member *m = shape_file.members; m->name; m++)
        if (m->shape)
            gather(m->shape, &defs);
    value_list_set_take(&defs, "expectation", object(expectation));
    value_list_set_take(&defs, "matcher", matcher_schema());
    value_list_set_take(&defs, "record", object(record));
    value_list_set_take(&defs, "path", object(path));
    value_list_set_take(&defs, "duration", object(duration));
    asl_value *v = object("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
                          "\"title\":\"Tests of a state machine, for `stepwell test`\"}");
    asl_value *file = shape_object(&shape_file);
    for (size_t i = 0; i < value_count(file); i++)
        v = value_with_take(v, value_retain(value_key_at(file, i)),
                            value_retain(value_at(file, i)));
    value_release(file);
    return with(v, "$defs", value_object_take(&defs));
}
