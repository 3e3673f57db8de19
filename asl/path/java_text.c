/* See java_text.h: java.util.AbstractMap's and AbstractCollection's forms, and Double.toString().
 */
#include "java_text.h"

#include <stdlib.h>
#include <string.h>

/* The shortest digits of a double and where its point stands: 0.DIGITS * 10^exponent. */
struct decimal {
    char digits[32];
    int count;
    int exponent;
};

static void decimal_of(double d, struct decimal *out)
{
    char text[32];
    value_format_double(d, text);
    int point = -1, exponent = 0;
    out->count = 0;
    for (const char *c = text; *c; c++) {
        if (*c == 'e') {
            exponent = (int)strtol(c + 1, NULL, 10);
            break;
        }
        if (*c == '.') {
            point = out->count;
        } else if (*c >= '0' && *c <= '9') {
            out->digits[out->count++] = *c;
        }
    }
    out->exponent = (point < 0 ? out->count : point) + exponent;
    while (out->count > 1 && out->digits[0] == '0') {
        memmove(out->digits, out->digits + 1, (size_t)--out->count);
        out->exponent--;
    }
    while (out->count > 1 && out->digits[out->count - 1] == '0') {
        out->count--;
    }
}

static void put_digits(const struct decimal *d, int from, int to, struct asl_buffer *out)
{
    for (int i = from; i < to; i++) {
        asl_buffer_putc(out, i >= 0 && i < d->count ? d->digits[i] : '0');
    }
}

/* Double.toString(): 1.1, 100.0, 1.0E10, 1.0E-5. */
static void double_text(double v, struct asl_buffer *out)
{
    struct decimal d;
    decimal_of(v, &d);
    if (v < 0) {
        asl_buffer_putc(out, '-');
    }
    if (v == 0) {
        asl_buffer_puts(out, "0.0");
    } else if (d.exponent > -3 && d.exponent <= 7) { /* 10^-3 <= |v| < 10^7 */
        int whole = d.exponent > 0 ? d.exponent : 1;
        put_digits(&d, d.exponent - whole, d.exponent, out);
        asl_buffer_putc(out, '.');
        put_digits(&d, d.exponent, d.count > d.exponent + 1 ? d.count : d.exponent + 1, out);
    } else {
        put_digits(&d, 0, 1, out);
        asl_buffer_putc(out, '.');
        put_digits(&d, 1, d.count > 2 ? d.count : 2, out);
        asl_buffer_printf(out, "E%d", d.exponent - 1);
    }
}

/* Integers keep their text; what has a point or an exponent is a double to Java. */
static void number_text(const asl_value *v, struct asl_buffer *out)
{
    struct asl_text text = value_as_text(v);
    double d = value_as_double(v);
    bool is_double = false;
    for (size_t i = 0; i < text.size; i++) {
        is_double = is_double || strchr(".eE", text.data[i]);
    }
    if (!is_double) {
        asl_buffer_put_text(out, text);
    } else if (d - d != 0) {
        asl_buffer_puts(out, d < 0 ? "-Infinity" : "Infinity");
    } else {
        double_text(d, out);
    }
}

static void members_text(const asl_value *v, struct asl_buffer *out)
{
    for (size_t i = 0; i < value_count(v) && !out->full; i++) {
        if (i > 0) {
            asl_buffer_puts(out, ", ");
        }
        if (value_kind(v) == VALUE_OBJECT) {
            asl_buffer_put_text(out, value_as_text(value_key_at(v, i)));
            asl_buffer_putc(out, '=');
        }
        java_text(value_at(v, i), out);
    }
}

void java_text(const asl_value *v, struct asl_buffer *out)
{
    switch (value_kind(v)) {
    case VALUE_STRING:
        asl_buffer_put_text(out, value_as_text(v));
        break;
    case VALUE_NUMBER:
        number_text(v, out);
        break;
    case VALUE_OBJECT:
        asl_buffer_putc(out, '{');
        members_text(v, out);
        asl_buffer_putc(out, '}');
        break;
    case VALUE_ARRAY:
        asl_buffer_putc(out, '[');
        members_text(v, out);
        asl_buffer_putc(out, ']');
        break;
    case VALUE_NULL:
    case VALUE_BOOLEAN:
        value_print(v, out);
        break;
    }
}
