/* Smithy RPC v2 CBOR: JSON's shape in binary. For the few services that speak nothing else.
 *
 * Writing follows the model; reading first turns the bytes into a value tree as a JSON body would
 * be (byte strings as base64, tagged times as numbers) and then reads that as JSON.
 */
#include "walk.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum major { UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };

/* ---- writing ---- */
static void put_head(enum major major, uint64_t n, struct asl_buffer *out)
{
    unsigned bytes = n < 24 ? 0 : n < 256 ? 1 : n < 65536 ? 2 : n < 4294967296u ? 4 : 8;
    unsigned info = bytes == 0   ? (unsigned)n
                    : bytes == 1 ? 24
                    : bytes == 2 ? 25
                    : bytes == 4 ? 26
                                 : 27;
    asl_buffer_putc(out, (char)((unsigned)major << 5 | info));
    for (unsigned i = bytes; i > 0; i--)
        asl_buffer_putc(out, (char)(n >> (8 * (i - 1)) & 0xff));
}

static void put_text(struct asl_text t, struct asl_buffer *out)
{
    put_head(TEXT, t.size, out);
    asl_buffer_put_text(out, t);
}

static void put_integer(int64_t n, struct asl_buffer *out)
{
    if (n >= 0)
        put_head(UNSIGNED, (uint64_t)n, out);
    else
        put_head(NEGATIVE, (uint64_t)(-1 - n), out);
}

static void put_bits(unsigned info, uint64_t bits, unsigned bytes, struct asl_buffer *out)
{
    asl_buffer_putc(out, (char)(SIMPLE << 5 | info));
    for (unsigned i = bytes; i > 0; i--)
        asl_buffer_putc(out, (char)(bits >> (8 * (i - 1)) & 0xff));
}

static void put_float(double d, bool wide, struct asl_buffer *out)
{
    if (!isfinite(d)) {
        put_bits(25, isnan(d) ? 0x7E00 : d > 0 ? 0x7C00 : 0xFC00, 2, out);
    } else if (wide) {
        uint64_t bits;
        memcpy(&bits, &d, sizeof bits);
        put_bits(27, bits, 8, out);
    } else {
        float f = (float)d;
        uint32_t bits;
        memcpy(&bits, &f, sizeof bits);
        put_bits(26, bits, 4, out);
    }
}

/* Any JSON, for members of type document. */
static void write_value(const asl_value *v, struct asl_buffer *out)
{
    int64_t integer;
    switch (value_kind(v)) {
    case VALUE_NULL:
        put_bits(22, 0, 0, out);
        break;
    case VALUE_BOOLEAN:
        put_bits(value_is_true(v) ? 21 : 20, 0, 0, out);
        break;
    case VALUE_STRING:
        put_text(value_as_text(v), out);
        break;
    case VALUE_NUMBER:
        if (value_as_integer(v, &integer))
            put_integer(integer, out);
        else
            put_float(value_as_double(v), true, out);
        break;
    case VALUE_ARRAY:
        put_head(ARRAY, value_count(v), out);
        for (size_t i = 0; i < value_count(v); i++)
            write_value(value_at(v, i), out);
        break;
    case VALUE_OBJECT:
        put_head(MAP, value_count(v), out);
        for (size_t i = 0; i < value_count(v); i++) {
            put_text(value_as_text(value_key_at(v, i)), out);
            write_value(value_at(v, i), out);
        }
    }
}

/* A scalar goes by the text that JSON would have, so that both take the same parameters. */
static void write_scalar(struct writing *w, const struct catalogue_member *use, const asl_value *v,
                         struct asl_buffer *out)
{
    struct asl_buffer text;
    asl_buffer_init(&text, out->maximum);
    bool blob = use->shape->type == CATALOGUE_BLOB;
    bool fits =
        blob ? writing_bytes(w, v, &text) : writing_text(w, use, v, CATALOGUE_TIME_UNIX, &text);
    struct asl_text t = asl_buffer_text(&text);
    const char *digits = t.data != NULL ? t.data : "";
    switch (fits ? (enum catalogue_type)use->shape->type : CATALOGUE_TYPES) {
    case CATALOGUE_BLOB:
        put_head(BYTES, t.size, out);
        asl_buffer_put_text(out, t);
        break;
    case CATALOGUE_BOOLEAN:
        put_bits(asl_text_is(t, "true") ? 21 : 20, 0, 0, out);
        break;
    case CATALOGUE_INTEGER:
    case CATALOGUE_LONG:
        put_integer(strtoll(digits, NULL, 10), out);
        break;
    case CATALOGUE_FLOAT:
        put_float(strtod(digits, NULL), false, out);
        break;
    case CATALOGUE_DOUBLE:
        put_float(strtod(digits, NULL), true, out);
        break;
    case CATALOGUE_TIMESTAMP:
        put_head(TAG, 1, out);
        if (strchr(digits, '.') != NULL)
            put_float(strtod(digits, NULL), true, out);
        else
            put_integer(strtoll(digits, NULL, 10), out);
        break;
    default:
        put_text(t, out);
    }
    asl_buffer_free(&text);
}

static void write_item(struct writing *w, const struct catalogue_member *use, const asl_value *v,
                       struct asl_buffer *out);

static void write_structure(struct writing *w, const struct catalogue_shape *s, const asl_value *v,
                            struct asl_buffer *out)
{
    struct asl_buffer members;
    size_t count = 0;
    asl_buffer_init(&members, out->maximum);
    for (size_t i = 0; i < value_count(v); i++) {
        const struct catalogue_member *m = writing_member(w, s, value_key_at(v, i));
        if (m == NULL || value_kind(value_at(v, i)) == VALUE_NULL)
            continue;
        count++;
        put_text(asl_text(wire_name(m, m->name)), &members);
        write_item(w, m, value_at(v, i), &members);
    }
    put_head(MAP, count, out);
    asl_buffer_put_text(out, asl_buffer_text(&members));
    asl_buffer_free(&members);
}

static void write_item(struct writing *w, const struct catalogue_member *use, const asl_value *v,
                       struct asl_buffer *out)
{
    unsigned type = use->shape->type;
    bool any = value_kind(v) == VALUE_NULL || (use->shape->flags & CATALOGUE_DOCUMENT);
    if (any) {
        write_value(v, out);
    } else if (type == CATALOGUE_STRUCTURE) {
        if (writing_expects(w, v, VALUE_OBJECT))
            write_structure(w, use->shape, v, out);
    } else if (type == CATALOGUE_LIST) {
        put_head(ARRAY, value_count(v), out);
        for (size_t i = 0; writing_expects(w, v, VALUE_ARRAY) && i < value_count(v); i++)
            write_item(w, element_of(use->shape), value_at(v, i), out);
    } else if (type == CATALOGUE_MAP) {
        put_head(MAP, value_count(v), out);
        for (size_t i = 0; writing_expects(w, v, VALUE_OBJECT) && i < value_count(v); i++) {
            put_text(value_as_text(value_key_at(v, i)), out);
            write_item(w, value_of(use->shape), value_at(v, i), out);
        }
    } else {
        write_scalar(w, use, v, out);
    }
}

static void serialize(struct writing *w, const asl_value *parameters, struct aws_request *request)
{
    const struct catalogue_operation *o = w->operation;
    const struct catalogue_service *s = o->service;
    asl_buffer_printf(&request->path, "/service/%s/operation/%s",
                      s->target_prefix != NULL ? s->target_prefix : "", o->name);
    http_headers_set(&request->headers, "smithy-protocol", ASL_TEXT("rpc-v2-cbor"));
    http_headers_set(&request->headers, "Accept", ASL_TEXT("application/cbor"));
    if (s->flags & CATALOGUE_QUERY_COMPATIBLE)
        http_headers_set(&request->headers, "x-amzn-query-mode", ASL_TEXT("true"));
    if (o->input.shape == NULL)
        return;
    http_headers_set(&request->headers, "Content-Type", ASL_TEXT("application/cbor"));
    write_item(w, &o->input, parameters, &request->body);
}

/* ---- reading: bytes -> value tree ---- */
struct cbor {
    const unsigned char *at, *end;
    unsigned depth;
    bool failed;
};

static asl_value *read_item(struct cbor *c);

static asl_value *damaged(struct cbor *c)
{
    c->failed = true;
    return NULL;
}

static uint64_t read_big_endian(struct cbor *c, unsigned bytes)
{
    uint64_t n = 0;
    if ((size_t)(c->end - c->at) < bytes) {
        c->failed = true;
        return 0;
    }
    for (unsigned i = 0; i < bytes; i++)
        n = n << 8 | *c->at++;
    return n;
}

/* The number behind a head; `endless` for an indefinite length (info 31). */
static uint64_t read_argument(struct cbor *c, unsigned info, bool *endless)
{
    *endless = info == 31;
    if (info < 24)
        return info;
    if (info > 27) {
        c->failed |= info != 31;
        return 0;
    }
    return read_big_endian(c, 1u << (info - 24));
}

/* The "break" byte ends what has no length of its own. */
static bool at_break(struct cbor *c)
{
    bool is = c->at < c->end && *c->at == 0xff;
    c->at += is;
    return is || c->at >= c->end;
}

static void read_run(struct cbor *c, uint64_t size, struct asl_buffer *out)
{
    if (size > (size_t)(c->end - c->at)) {
        c->failed = true;
        return;
    }
    asl_buffer_put(out, c->at, (size_t)size);
    c->at += size;
}

static asl_value *read_string(struct cbor *c, enum major major, uint64_t size, bool endless)
{
    struct asl_buffer bytes, text;
    asl_buffer_init(&bytes, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (!endless)
        read_run(c, size, &bytes);
    while (endless && !c->failed && !at_break(c)) {
        bool nested;
        unsigned head = *c->at++;
        size = read_argument(c, head & 31, &nested);
        if (head >> 5 != (unsigned)major || nested)
            c->failed = true;
        else
            read_run(c, size, &bytes);
    }
    if (major == BYTES)
        protocol_base64_encode(asl_buffer_text(&bytes), &text);
    asl_value *v =
        c->failed ? NULL : reading_string(asl_buffer_text(major == BYTES ? &text : &bytes));
    asl_buffer_free(&bytes);
    asl_buffer_free(&text);
    return v;
}

static asl_value *read_array(struct cbor *c, uint64_t count, bool endless)
{
    struct value_list list;
    value_list_init(&list);
    for (uint64_t i = 0; !c->failed && (endless ? !at_break(c) : i < count); i++) {
        asl_value *v = read_item(c);
        if (v != NULL)
            value_list_push_take(&list, v);
    }
    return value_array_take(&list);
}

static asl_value *read_map(struct cbor *c, uint64_t count, bool endless)
{
    struct value_list list;
    value_list_init(&list);
    for (uint64_t i = 0; !c->failed && (endless ? !at_break(c) : i < count); i++) {
        asl_value *key = read_item(c), *v = key != NULL ? read_item(c) : NULL;
        if (v != NULL && value_kind(key) == VALUE_STRING) {
            value_list_push_member_take(&list, key, v);
            continue;
        }
        c->failed = true;
        value_release(key);
        value_release(v);
    }
    return value_object_take(&list);
}

static double half(uint64_t bits)
{
    int exponent = (int)(bits >> 10 & 31);
    double fraction = (double)(bits & 1023);
    double d = exponent == 0    ? ldexp(fraction, -24)
               : exponent != 31 ? ldexp(fraction + 1024, exponent - 25)
               : fraction == 0  ? INFINITY
                                : NAN;
    return bits & 0x8000 ? -d : d;
}

static asl_value *float_value(double d)
{
    if (isfinite(d))
        return value_double(d);
    return value_string_z(isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity");
}

static asl_value *read_simple(struct cbor *c, unsigned info)
{
    if (info == 20 || info == 21)
        return value_boolean(info == 21);
    if (info == 22 || info == 23)
        return value_null();
    if (info < 25 || info > 27)
        return damaged(c);
    uint64_t bits = read_big_endian(c, 1u << (info - 24));
    double wide = 0;
    float narrow = 0;
    uint32_t low = (uint32_t)bits;
    memcpy(&wide, &bits, sizeof wide);
    memcpy(&narrow, &low, sizeof narrow);
    return c->failed ? NULL
                     : float_value(info == 25   ? half(bits)
                                   : info == 26 ? (double)narrow
                                                : wide);
}

static asl_value *integer_value(uint64_t n, bool negative)
{
    char text[32];
    if (n <= INT64_MAX)
        return value_integer(negative ? -1 - (int64_t)n : (int64_t)n);
    if (negative && n == UINT64_MAX)
        return value_number_text(ASL_TEXT("-18446744073709551616"));
    int size = snprintf(text, sizeof text, "%s%llu", negative ? "-" : "",
                        (unsigned long long)n + negative);
    return value_number_text((struct asl_text){text, (size_t)size});
}

static asl_value *read_item(struct cbor *c)
{
    if (c->failed || c->at >= c->end || c->depth >= VALUE_DEPTH_MAXIMUM)
        return damaged(c);
    unsigned head = *c->at++, info = head & 31;
    enum major major = head >> 5;
    if (major == SIMPLE)
        return read_simple(c, info);
    bool endless;
    uint64_t n = read_argument(c, info, &endless);
    if (c->failed || (endless && (major < BYTES || major == TAG)))
        return damaged(c);
    c->depth++;
    asl_value *v = NULL;
    switch (major) {
    case UNSIGNED:
    case NEGATIVE:
        v = integer_value(n, major == NEGATIVE);
        break;
    case BYTES:
    case TEXT:
        v = read_string(c, major, n, endless);
        break;
    case ARRAY:
        v = read_array(c, n, endless);
        break;
    case MAP:
        v = read_map(c, n, endless);
        break;
    case TAG:
        v = read_item(c);
        break; /* times stand as the number below the tag */
    case SIMPLE:
        break;
    }
    c->depth--;
    return v;
}

asl_value *cbor_read_body(struct asl_text body)
{
    struct cbor c = {.at = (const unsigned char *)body.data,
                     .end = (const unsigned char *)body.data + body.size};
    asl_value *v = read_item(&c);
    if (!c.failed)
        return v;
    value_release(v);
    return NULL;
}

static asl_value *parse(struct reading *r, const struct catalogue_member *use, int status,
                        const struct http_headers *headers, struct asl_text body)
{
    (void)status;
    (void)headers;
    if (body.size == 0)
        return json_parse_body(r, body);
    asl_value *v = cbor_read_body(body);
    if (v == NULL) {
        if (!r->failed)
            snprintf(r->why, sizeof r->why, "Unable to unmarshall response of %s: damaged CBOR",
                     r->operation->name);
        r->failed = true;
        return NULL;
    }
    asl_value *output = json_read(r, use, v);
    value_release(v);
    return output;
}

/* The same members as a JSON error: read as one. */
static void parse_error(const struct catalogue_service *service, const struct http_headers *headers,
                        struct asl_text body, struct aws_answer *answer)
{
    asl_value *v = body.size > 0 ? cbor_read_body(body) : NULL;
    struct asl_buffer json;
    asl_buffer_init(&json, ASL_BUFFER_MAXIMUM);
    if (v != NULL)
        value_print(v, &json);
    json_parse_error(service, headers, asl_buffer_text(&json), answer);
    asl_buffer_free(&json);
    value_release(v);
}

const struct protocol protocol_cbor = {serialize, parse, parse_error, NULL};
