/* Parameters to HTTP and back. */
#include "web.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/aws/protocol.h"
#include "form.h"

/* ---- checking ---- */

static bool is_map_of(const asl_value *v, enum web_kind kind)
{
    if (value_kind(v) != VALUE_OBJECT)
        return false;
    for (size_t i = 0; i < value_count(v); i++) {
        enum value_kind k = value_kind(value_at(v, i));
        if ((k == VALUE_OBJECT && kind != WEB_TREE) || (kind == WEB_LISTS && k != VALUE_ARRAY))
            return false;
    }
    return true;
}

static bool fits(const asl_value *v, enum web_kind kind)
{
    switch (kind) {
    case WEB_STRING:
        return value_kind(v) == VALUE_STRING;
    case WEB_LISTS:
    case WEB_MAP:
    case WEB_TREE:
        return is_map_of(v, kind);
    case WEB_ANY:
        break;
    }
    return true;
}

static void complain(struct asl_buffer *problems, const char *before, struct asl_text name,
                     const char *after)
{
    if (problems->size > 0)
        asl_buffer_puts(problems, ", ");
    asl_buffer_printf(problems, "The %s%.*s%s", before, ASL_TEXT_ARGS(name), after);
}

static bool is_known(struct asl_text name, const struct web_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (asl_text_is(name, fields[i].name))
            return true;
    return false;
}

bool web_check(const asl_value *parameters, const struct web_field *fields, size_t count,
               struct asl_buffer *problems)
{
    for (size_t i = 0; i < count; i++) {
        const asl_value *v = value_get_z(parameters, fields[i].name);
        bool there = v && value_kind(v) != VALUE_NULL;
        if (!there && fields[i].required)
            complain(problems, "field \"", asl_text(fields[i].name),
                     "\" is required but was missing");
        else if (there && !fits(v, fields[i].kind))
            complain(problems, "value of the field '", asl_text(fields[i].name),
                     "' has an invalid format");
    }
    for (size_t i = 0; i < value_count(parameters); i++)
        if (!is_known(value_as_text(value_key_at(parameters, i)), fields, count))
            complain(problems, "field \"", value_as_text(value_key_at(parameters, i)),
                     "\" is not supported by Step Functions");
    return problems->size == 0;
}

/* ---- out ---- */

const char *web_text(const asl_value *parameters, const char *key)
{
    const asl_value *v = value_get_z(parameters, key);
    return v && value_kind(v) == VALUE_STRING ? value_as_text(v).data : "";
}

void web_put_scalar(const asl_value *v, struct asl_buffer *out)
{
    if (value_kind(v) == VALUE_STRING)
        asl_buffer_put_text(out, value_as_text(v));
    else
        value_print(v, out);
}

static void put_pair(struct asl_text key, const asl_value *value, struct asl_buffer *url)
{
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    form_put_member(key, value, FORM_INDICES, &text);
    if (text.size > 0) {
        asl_buffer_putc(url, memchr(url->data, '?', url->size) ? '&' : '?');
        asl_buffer_put_text(url, asl_buffer_text(&text));
    }
    asl_buffer_free(&text);
}

void web_put_query(const asl_value *map, struct asl_buffer *url)
{
    for (size_t i = 0; map && i < value_count(map); i++) {
        struct asl_text key = value_as_text(value_key_at(map, i));
        const asl_value *v = value_at(map, i);
        if (value_kind(v) != VALUE_ARRAY)
            put_pair(key, v, url);
        else
            for (size_t j = 0; j < value_count(v); j++)
                put_pair(key, value_at(v, j), url);
    }
}

static bool is_refused(const char *name, const char *const *refused, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t size = strcspn(refused[i], "*");
        if (strncasecmp(name, refused[i], size) == 0 && (refused[i][size] == '*' || !name[size]))
            return true;
    }
    return false;
}

static void put_header(const char *name, const asl_value *value, struct http_headers *headers)
{
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    web_put_scalar(value, &text);
    http_headers_add(headers, name, asl_buffer_text(&text));
    asl_buffer_free(&text);
}

bool web_put_headers(const asl_value *map, const char *const *refused, size_t count,
                     struct http_headers *headers, struct asl_buffer *problems)
{
    for (size_t i = 0; map && i < value_count(map); i++) {
        const asl_value *v = value_at(map, i);
        char *name = asl_copy_text(value_as_text(value_key_at(map, i)));
        if (is_refused(name, refused, count))
            complain(problems, "header \"", asl_text(name), "\" is not allowed");
        else if (value_kind(v) != VALUE_ARRAY)
            put_header(name, v, headers);
        else
            for (size_t j = 0; j < value_count(v); j++)
                put_header(name, value_at(v, j), headers);
        free(name);
    }
    return problems->size == 0;
}

/* ---- back ---- */

asl_value *web_body(struct asl_text body)
{
    struct value_error error;
    struct asl_buffer text;
    if (!value_utf8_valid(body)) {
        asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
        protocol_base64_encode(body, &text);
        asl_value *encoded = value_string(asl_buffer_text(&text));
        asl_buffer_free(&text);
        return encoded;
    }
    asl_value *v = body.size > 0 ? value_parse(body, 0, 0, &error) : NULL;
    return v ? v : value_string(body);
}

static asl_value *values_of(const struct http_headers *h, const char *name)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < h->count; i++)
        if (strcasecmp(h->items[i].name, name) == 0)
            value_list_push_take(&l, value_string_z(h->items[i].value));
    return value_array_take(&l);
}

asl_value *web_output(const struct http_answer *answer)
{
    struct value_list headers, out;
    value_list_init(&headers);
    value_list_init(&out);
    for (size_t i = 0; i < answer->headers.count; i++) {
        const char *name = answer->headers.items[i].name;
        value_list_set_take(&headers, name, values_of(&answer->headers, name));
    }
    value_list_set_take(&out, "Headers", value_object_take(&headers));
    value_list_set_take(&out, "ResponseBody", web_body(asl_buffer_text(&answer->body)));
    value_list_set_take(&out, "StatusCode", value_integer(answer->status));
    value_list_set_take(&out, "StatusText", value_string_z(answer->reason));
    return value_object_take(&out);
}
