/* Names and scalars on their way in and out: what every protocol asks of a value. */
#include "walk.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */
static void begin_problem(struct writing *w)
{
    w->failed = true;
    if (w->problems->size > 0)
        asl_buffer_puts(w->problems, ", ");
}

void writing_unsupported(struct writing *w, struct asl_text field)
{
    begin_problem(w);
    asl_buffer_puts(w->problems, "The field \"");
    asl_buffer_put_text(w->problems, field);
    asl_buffer_puts(w->problems, "\" is not supported by Step Functions");
}

void writing_missing(struct writing *w, const char *field)
{
    begin_problem(w);
    asl_buffer_printf(w->problems, "The field '%s' is required but was missing", field);
}

void writing_malformed(struct writing *w)
{
    begin_problem(w);
    asl_buffer_puts(w->problems, "The value of the field '");
    asl_buffer_put_text(w->problems, w->field);
    asl_buffer_puts(w->problems, "' has an invalid format");
}

static const struct catalogue_member *
spelt(const struct writing *w, const struct catalogue_shape *structure, struct asl_text key)
{
    return w->names == PROTOCOL_NATIVE
               ? catalogue_member(structure, key)
               : catalogue_member_spelt(w->operation->service, structure, key);
}

const struct catalogue_member *
writing_member(struct writing *w, const struct catalogue_shape *structure, const asl_value *key)
{
    w->field = value_as_text(key);
    const struct catalogue_member *m = spelt(w, structure, w->field);
    if (m == NULL)
        writing_unsupported(w, w->field);
    return m;
}

const asl_value *writing_find(const struct writing *w, const struct catalogue_shape *structure,
                              const asl_value *parameters, const struct catalogue_member *member)
{
    for (size_t i = 0; parameters != NULL && i < value_count(parameters); i++)
        if (spelt(w, structure, value_as_text(value_key_at(parameters, i))) == member)
            return value_at(parameters, i);
    return NULL;
}

bool writing_expects(struct writing *w, const asl_value *v, enum value_kind kind)
{
    bool fits = value_kind(v) == kind;
    if (!fits)
        writing_malformed(w);
    return fits;
}

bool writing_bytes(struct writing *w, const asl_value *v, struct asl_buffer *out)
{
    (void)w;
    if (value_kind(v) == VALUE_STRING)
        asl_buffer_put_text(out, value_as_text(v));
    else
        value_print(v, out);
    return true;
}

static bool write_blob(struct writing *w, const asl_value *v, struct asl_buffer *out)
{
    if (value_kind(v) == VALUE_STRING) {
        protocol_base64_encode(value_as_text(v), out);
        return true;
    }
    struct asl_buffer bytes;
    asl_buffer_init(&bytes, out->maximum);
    writing_bytes(w, v, &bytes);
    protocol_base64_encode(asl_buffer_text(&bytes), out);
    asl_buffer_free(&bytes);
    return true;
}

static bool write_time(const struct catalogue_member *use, const asl_value *v,
                       enum catalogue_time fallback, struct asl_buffer *out)
{
    int64_t seconds;
    int32_t nanoseconds;
    enum catalogue_time format = use->time != CATALOGUE_TIME_DEFAULT ? use->time : fallback;
    return protocol_time_parse(value_as_text(v), &seconds, &nanoseconds) &&
           time_write(seconds, nanoseconds, format, out);
}

static bool write_boolean(const asl_value *v, struct asl_buffer *out)
{
    bool text = value_kind(v) == VALUE_STRING;
    bool yes = value_is_true(v) || (text && asl_text_is(value_as_text(v), "true"));
    if (!yes && value_kind(v) != VALUE_BOOLEAN && !(text && asl_text_is(value_as_text(v), "false")))
        return false;
    asl_buffer_puts(out, yes ? "true" : "false");
    return true;
}

/* A number, or a string that is one's text. Whole ones lose a fraction of zero. */
static bool write_number(const asl_value *v, bool whole, struct asl_buffer *out)
{
    asl_value *n = value_kind(v) == VALUE_NUMBER   ? value_retain(v)
                   : value_kind(v) == VALUE_STRING ? value_number_text(value_as_text(v))
                                                   : NULL;
    if (n == NULL)
        return false;
    int64_t integer;
    bool fits = true;
    if (whole && value_as_integer(n, &integer))
        asl_buffer_printf(out, "%lld", (long long)integer);
    else if (whole)
        fits = false;
    else
        asl_buffer_put_text(out, value_as_text(n));
    value_release(n);
    return fits;
}

static bool write_float(const asl_value *v, struct asl_buffer *out)
{
    struct asl_text t = value_as_text(v);
    bool special =
        value_kind(v) == VALUE_STRING &&
        (asl_text_is(t, "NaN") || asl_text_is(t, "Infinity") || asl_text_is(t, "-Infinity"));
    if (special)
        asl_buffer_put_text(out, t);
    return special || write_number(v, false, out);
}

bool writing_text(struct writing *w, const struct catalogue_member *use, const asl_value *v,
                  enum catalogue_time time, struct asl_buffer *out)
{
    bool fits = false;
    switch ((enum catalogue_type)use->shape->type) {
    case CATALOGUE_STRING:
        fits = writing_bytes(w, v, out);
        break;
    case CATALOGUE_BLOB:
        fits = write_blob(w, v, out);
        break;
    case CATALOGUE_BOOLEAN:
        fits = write_boolean(v, out);
        break;
    case CATALOGUE_INTEGER:
    case CATALOGUE_LONG:
        fits = write_number(v, true, out);
        break;
    case CATALOGUE_FLOAT:
    case CATALOGUE_DOUBLE:
        fits = write_float(v, out);
        break;
    case CATALOGUE_TIMESTAMP:
        fits = write_time(use, v, time, out);
        break;
    case CATALOGUE_STRUCTURE:
    case CATALOGUE_LIST:
    case CATALOGUE_MAP:
    case CATALOGUE_TYPES:
        break;
    }
    if (!fits)
        writing_malformed(w);
    return fits;
}

/* ---- reading ---- */
void reading_fail(struct reading *r, const struct catalogue_member *use, const char *found)
{
    if (!r->failed)
        snprintf(r->why, sizeof r->why,
                 "Unable to unmarshall response of %s: %s where %s%s%s is expected",
                 r->operation->name, found, catalogue_type_name(use->shape->type),
                 use->name[0] ? " of " : "", use->name);
    r->failed = true;
}

asl_value *reading_string(struct asl_text bytes)
{
    if (value_utf8_valid(bytes))
        return value_string(bytes);
    struct asl_buffer latin; /* headers without an encoding are Latin-1 */
    asl_buffer_init(&latin, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < bytes.size; i++) {
        char utf8[4];
        asl_buffer_put(&latin, utf8, value_utf8_encode((unsigned char)bytes.data[i], utf8));
    }
    asl_value *v = value_string(asl_buffer_text(&latin));
    asl_buffer_free(&latin);
    return v;
}

void reading_copy(struct asl_text bytes, char *out, size_t size)
{
    asl_value *whole = reading_string(bytes);
    struct asl_text t = value_as_text(whole);
    size_t n = t.size < size ? t.size : size - 1;
    while (n > 0 && n < t.size && ((unsigned char)t.data[n] & 0xC0) == 0x80)
        n--;
    memcpy(out, t.data, n);
    out[n] = '\0';
    value_release(whole);
}

asl_value *reading_bytes(struct reading *r, struct asl_text bytes)
{
    if (r->names != PROTOCOL_V1 && value_utf8_valid(bytes))
        return value_string(bytes);
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    protocol_base64_encode(bytes, &text);
    asl_value *v = value_string(asl_buffer_text(&text));
    asl_buffer_free(&text);
    return v;
}

static asl_value *read_blob(struct reading *r, struct asl_text text)
{
    struct asl_buffer bytes;
    asl_buffer_init(&bytes, ASL_BUFFER_MAXIMUM);
    asl_value *v =
        protocol_base64_decode(text, &bytes) ? reading_bytes(r, asl_buffer_text(&bytes)) : NULL;
    asl_buffer_free(&bytes);
    return v;
}

static asl_value *read_time(struct reading *r, struct asl_text text)
{
    int64_t seconds;
    int32_t nanoseconds;
    if (!protocol_time_parse(text, &seconds, &nanoseconds))
        return NULL;
    if (r->names == PROTOCOL_V1)
        return value_integer(seconds * 1000 + nanoseconds / 1000000);
    struct asl_buffer out;
    asl_buffer_init(&out, 64);
    bool native = r->names == PROTOCOL_NATIVE;
    bool fits = time_write(seconds, nanoseconds,
                           native ? CATALOGUE_TIME_UNIX : CATALOGUE_TIME_ISO8601, &out);
    asl_value *v = !fits    ? NULL
                   : native ? value_number_text(asl_buffer_text(&out))
                            : value_string(asl_buffer_text(&out));
    asl_buffer_free(&out);
    return v;
}

static asl_value *read_integer(struct asl_text text)
{
    asl_value *n = value_number_text(text);
    int64_t integer;
    if (n != NULL && value_as_integer(n, &integer)) {
        value_release(n);
        return value_integer(integer);
    }
    if (n != NULL && memchr(text.data, '.', text.size) == NULL)
        return n; /* beyond 64 bits: as it came */
    value_release(n);
    return NULL;
}

static asl_value *read_float(struct asl_text text)
{
    if (asl_text_is(text, "NaN") || asl_text_is(text, "Infinity") || asl_text_is(text, "-Infinity"))
        return value_string(text);
    asl_value *n = value_number_text(text);
    if (n != NULL || text.size == 0 || text.size > 64 ||
        strchr("+-.0123456789", text.data[0]) == NULL)
        return n;
    /* What JSON does not spell so but XML services do: 1., .5, +1, 007. */
    char copy[65], *end;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    double d = strtod(copy, &end);
    return end == copy + text.size && isfinite(d) ? value_double(d) : NULL;
}

static asl_value *read_boolean(struct asl_text text)
{
    if (asl_text_is(text, "true") || asl_text_is(text, "True") || asl_text_is(text, "1"))
        return value_boolean(true);
    bool no = asl_text_is(text, "false") || asl_text_is(text, "False") || asl_text_is(text, "0");
    return no ? value_boolean(false) : NULL;
}

asl_value *reading_scalar(struct reading *r, const struct catalogue_member *use,
                          struct asl_text text)
{
    asl_value *v = NULL;
    switch ((enum catalogue_type)use->shape->type) {
    case CATALOGUE_STRING:
        v = reading_string(text);
        break;
    case CATALOGUE_BLOB:
        v = read_blob(r, text);
        break;
    case CATALOGUE_BOOLEAN:
        v = read_boolean(text);
        break;
    case CATALOGUE_INTEGER:
    case CATALOGUE_LONG:
        v = read_integer(text);
        break;
    case CATALOGUE_FLOAT:
    case CATALOGUE_DOUBLE:
        v = read_float(text);
        break;
    case CATALOGUE_TIMESTAMP:
        v = read_time(r, text);
        break;
    case CATALOGUE_STRUCTURE:
    case CATALOGUE_LIST:
    case CATALOGUE_MAP:
    case CATALOGUE_TYPES:
        break;
    }
    if (v == NULL)
        reading_fail(r, use, "other text");
    return v;
}

void reading_put(struct reading *r, const struct catalogue_shape *structure,
                 const struct catalogue_member *member, asl_value *v, struct value_list *into)
{
    char name[256];
    if (v == NULL)
        return;
    if (r->names == PROTOCOL_STATES) {
        catalogue_bean_name(r->operation->service, structure, member->name, name, sizeof name);
    } else {
        snprintf(name, sizeof name, "%s", member->name);
        if (r->names == PROTOCOL_V1 && name[0] >= 'a' && name[0] <= 'z')
            name[0] = (char)(name[0] - 32);
    }
    value_list_push_member_take(into, value_string_z(name), v);
}
