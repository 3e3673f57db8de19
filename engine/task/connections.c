/* Connections from a file: looked up, and their secrets read at the moment of use. */
#include "connections.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/config.h"
#include "engine/aws/protocol.h"
#include "engine/aws/sigv4.h"

#define FILE_MAXIMUM   ((size_t)1 << 20)
#define SECRET_MAXIMUM 65536

static const char *const kinds[] = {
    [CONNECTION_API_KEY] = "API_KEY",
    [CONNECTION_BASIC] = "BASIC",
    [CONNECTION_OAUTH] = "OAUTH_CLIENT_CREDENTIALS",
};

const asl_value *connection_get(const asl_value *object, const char *key)
{
    return object ? value_get_z(object, key) : NULL;
}

static bool has_kind(const asl_value *connection)
{
    const asl_value *type = value_get_z(connection, "AuthorizationType");
    for (size_t i = 0; type && i < sizeof kinds / sizeof *kinds; i++)
        if (asl_text_is(value_as_text(type), kinds[i]))
            return true;
    return false;
}

enum connection_kind connection_kind(const asl_value *connection)
{
    const asl_value *type = value_get_z(connection, "AuthorizationType");
    size_t i = 0;
    while (!asl_text_is(value_as_text(type), kinds[i]))
        i++;
    return (enum connection_kind)i;
}

static bool are_connections(const asl_value *v, const char *path, char message[512])
{
    if (value_kind(v) != VALUE_OBJECT) {
        snprintf(message, 512, "%.300s: expected an object of connections by name", path);
        return false;
    }
    for (size_t i = 0; i < value_count(v); i++) {
        struct asl_text name = value_as_text(value_key_at(v, i));
        if (has_kind(value_at(v, i)))
            continue;
        snprintf(message, 512,
                 "%.200s: the connection '%.*s' needs an AuthorizationType of API_KEY, "
                 "BASIC or OAUTH_CLIENT_CREDENTIALS",
                 path, (int)(name.size < 100 ? name.size : 100), name.data);
        return false;
    }
    return true;
}

asl_value *connections_load(const char *path, char message[512])
{
    struct asl_buffer text;
    struct value_error error;
    if (!config_read_file(path, FILE_MAXIMUM, &text)) {
        snprintf(message, 512, "%.300s cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    asl_value *v = value_parse(asl_buffer_text(&text), VALUE_REFUSE_DUPLICATES, 0, &error);
    asl_buffer_free(&text);
    if (!v) {
        snprintf(message, 512, "%.200s:%zu:%zu: %s", path, error.line, error.column, error.message);
        return NULL;
    }
    if (!are_connections(v, path, message)) {
        value_release(v);
        return NULL;
    }
    return v;
}

/* "arn:aws:events:r:a:connection/NAME/uuid" */
const asl_value *connections_find(const asl_value *connections, struct asl_text arn)
{
    static const char mark[] = ":connection/";
    const asl_value *whole = connections ? value_get(connections, arn) : NULL;
    const char *at = connections ? memmem(arn.data, arn.size, mark, strlen(mark)) : NULL;
    if (whole || !at)
        return whole;
    struct asl_text name = {at + strlen(mark), arn.size - (size_t)(at - arn.data) - strlen(mark)};
    const char *slash = memchr(name.data, '/', name.size);
    if (slash)
        name.size = (size_t)(slash - name.data);
    return value_get(connections, name);
}

/* ---- secrets ---- */

static bool from_file(const char *path, struct asl_buffer *out, char message[512])
{
    struct asl_buffer text;
    if (!config_read_file(path, SECRET_MAXIMUM, &text)) {
        snprintf(message, 512, "the connection's secret in %.300s cannot be read: %s", path,
                 strerror(errno));
        return false;
    }
    while (text.size > 0 && strchr("\r\n", text.data[text.size - 1]))
        text.size--;
    asl_buffer_put_text(out, asl_buffer_text(&text));
    explicit_bzero(text.data, text.size);
    asl_buffer_free(&text);
    return true;
}

bool connection_secret(const asl_value *secret, struct asl_buffer *out, char message[512])
{
    const asl_value *env = secret ? value_get_z(secret, "env") : NULL;
    const asl_value *file = secret ? value_get_z(secret, "file") : NULL;
    if (secret && value_kind(secret) == VALUE_STRING) {
        asl_buffer_put_text(out, value_as_text(secret));
        return true;
    }
    if (file && value_kind(file) == VALUE_STRING)
        return from_file(value_as_text(file).data, out, message);
    if (env && value_kind(env) == VALUE_STRING) {
        const char *value = getenv(value_as_text(env).data);
        if (value)
            asl_buffer_puts(out, value);
        else
            snprintf(message, 512,
                     "the connection's secret is not set: environment variable %.200s",
                     value_as_text(env).data);
        return value != NULL;
    }
    snprintf(message, 512,
             "the connection lacks a value: a text, {\"env\": NAME} or {\"file\": PATH}");
    return false;
}

static const asl_value *part(const asl_value *connection, const char *name)
{
    return connection_get(value_get_z(connection, "AuthParameters"), name);
}

static bool add_key(const asl_value *key, struct http_headers *headers, struct asl_buffer *value,
                    char message[512])
{
    const asl_value *name = key ? value_get_z(key, "ApiKeyName") : NULL;
    if (!name || value_kind(name) != VALUE_STRING) {
        snprintf(message, 512, "the connection's ApiKeyAuthParameters lack ApiKeyName");
        return false;
    }
    if (!connection_secret(value_get_z(key, "ApiKeyValue"), value, message))
        return false;
    http_headers_set(headers, value_as_text(name).data, asl_buffer_text(value));
    return true;
}

static bool add_basic(const asl_value *basic, struct http_headers *headers,
                      struct asl_buffer *value, char message[512])
{
    struct asl_buffer header;
    if (!basic || !connection_secret(value_get_z(basic, "Username"), value, message))
        return false;
    asl_buffer_putc(value, ':');
    if (!connection_secret(value_get_z(basic, "Password"), value, message))
        return false;
    asl_buffer_init(&header, ASL_BUFFER_MAXIMUM);
    asl_buffer_puts(&header, "Basic ");
    protocol_base64_encode(asl_buffer_text(value), &header);
    http_headers_set(headers, "Authorization", asl_buffer_text(&header));
    explicit_bzero(header.data, header.size);
    asl_buffer_free(&header);
    return true;
}

bool connection_authorize(const asl_value *connection, struct http_headers *headers,
                          char message[512])
{
    struct asl_buffer value;
    bool good = true;
    snprintf(message, 512, "the connection lacks its AuthParameters");
    asl_buffer_init(&value, 2 * SECRET_MAXIMUM);
    if (connection_kind(connection) == CONNECTION_API_KEY)
        good = add_key(part(connection, "ApiKeyAuthParameters"), headers, &value, message);
    else if (connection_kind(connection) == CONNECTION_BASIC)
        good = add_basic(part(connection, "BasicAuthParameters"), headers, &value, message);
    if (value.data)
        explicit_bzero(value.data, value.size);
    asl_buffer_free(&value);
    return good;
}

/* ---- further parameters ---- */

bool connection_put_headers(const asl_value *list, struct http_headers *headers, char message[512])
{
    for (size_t i = 0; list && i < value_count(list); i++) {
        const asl_value *key = value_get_z(value_at(list, i), "Key");
        struct asl_buffer value;
        asl_buffer_init(&value, SECRET_MAXIMUM);
        bool good =
            key && connection_secret(value_get_z(value_at(list, i), "Value"), &value, message);
        if (good)
            http_headers_set(headers, value_as_text(key).data, asl_buffer_text(&value));
        asl_buffer_free(&value);
        if (!good)
            return false;
    }
    return true;
}

bool connection_put_pairs(const asl_value *list, struct asl_buffer *out, char message[512])
{
    for (size_t i = 0; list && i < value_count(list); i++) {
        const asl_value *key = value_get_z(value_at(list, i), "Key");
        struct asl_buffer value;
        asl_buffer_init(&value, SECRET_MAXIMUM);
        bool good =
            key && connection_secret(value_get_z(value_at(list, i), "Value"), &value, message);
        if (good) {
            if (out->size > 0)
                asl_buffer_putc(out, '&');
            sigv4_encode(value_as_text(key), false, out);
            asl_buffer_putc(out, '=');
            sigv4_encode(asl_buffer_text(&value), false, out);
        }
        asl_buffer_free(&value);
        if (!good)
            return false;
    }
    return true;
}

asl_value *connection_merged(const asl_value *given, const asl_value *list, char message[512])
{
    bool has = given && value_kind(given) == VALUE_OBJECT;
    asl_value *out = has ? value_retain(given) : value_empty_object();
    for (size_t i = 0; list && i < value_count(list); i++) {
        const asl_value *key = value_get_z(value_at(list, i), "Key");
        struct asl_buffer value;
        asl_buffer_init(&value, SECRET_MAXIMUM);
        bool good =
            key && connection_secret(value_get_z(value_at(list, i), "Value"), &value, message);
        if (good)
            out = value_with_take(out, value_retain(key), value_string(asl_buffer_text(&value)));
        asl_buffer_free(&value);
        if (!good) {
            value_release(out);
            return NULL;
        }
    }
    return out;
}
