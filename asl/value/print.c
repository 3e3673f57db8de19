/* Values to text: compact for payloads and history, indented for people. */
#include "value_internal.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t format_exponential(char *out, const char *digits, int count, int exponent)
{
    char *at = out;
    *at++ = digits[0];
    if (count > 1) {
        *at++ = '.';
        memcpy(at, digits + 1, (size_t)count - 1);
        at += count - 1;
    }
    at += snprintf(at, 8, "e%c%d", exponent < 0 ? '-' : '+', abs(exponent));
    return (size_t)(at - out);
}

static size_t format_whole(uint64_t n, char *out)
{
    char reversed[20];
    size_t count = 0;
    for (; n; n /= 10)
        reversed[count++] = (char)('0' + n % 10);
    for (size_t i = 0; i < count; i++)
        out[i] = reversed[count - 1 - i];
    out[count] = '\0';
    return count;
}

/* ECMA-262 Number::toString, radix 10. */
size_t value_format_double(double d, char out[32])
{
    if (d == 0) {
        memcpy(out, "0", 2);
        return 1;
    }
    char *at = out;
    if (d < 0) {
        *at++ = '-';
        d = -d;
    }
    if (d < 1e15 && d == floor(d))
        return (size_t)(at - out) + format_whole((uint64_t)d, at);
    char digits[20];
    int exponent, count = value_shortest_digits(d, digits, &exponent), point = exponent + 1;
    if (point > 21 || point < -5) {
        at += format_exponential(at, digits, count, exponent);
    } else if (point <= 0) {
        memcpy(at, "0.", 2);
        memset(at + 2, '0', (size_t)-point);
        at += 2 - point;
        memcpy(at, digits, (size_t)count);
        at += count;
    } else if (point >= count) {
        memcpy(at, digits, (size_t)count);
        memset(at + count, '0', (size_t)(point - count));
        at += point;
    } else {
        memcpy(at, digits, (size_t)point);
        at[point] = '.';
        memcpy(at + point + 1, digits + point, (size_t)(count - point));
        at += count + 1;
    }
    *at = '\0';
    return (size_t)(at - out);
}

void value_print_string(struct asl_text utf8, struct asl_buffer *out)
{
    static const char hex[] = "0123456789abcdef";
    asl_buffer_putc(out, '"');
    size_t plain = 0;
    for (size_t i = 0; i < utf8.size; i++) {
        i += value_plain_run(utf8.data + i, utf8.size - i);
        if (i == utf8.size)
            break;
        unsigned char c = (unsigned char)utf8.data[i];
        if (c >= 0x80)
            continue;
        asl_buffer_put(out, utf8.data + plain, i - plain);
        plain = i + 1;
        const char *shorts = "\"\"\\\\\bb\ff\nn\rr\tt", *found = NULL;
        for (const char *s = shorts; *s; s += 2)
            if ((unsigned char)*s == c)
                found = s + 1;
        if (found) {
            asl_buffer_put(out, (char[]){'\\', *found}, 2);
        } else {
            asl_buffer_put(out, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
        }
    }
    asl_buffer_put(out, utf8.data + plain, utf8.size - plain);
    asl_buffer_putc(out, '"');
}

static void print_container(const struct value_container *c, struct asl_buffer *out)
{
    bool object = c->head.kind == VALUE_OBJECT;
    asl_buffer_putc(out, object ? '{' : '[');
    for (size_t i = 0; i < c->count; i++) {
        if (i)
            asl_buffer_putc(out, ',');
        if (object) {
            value_print_string(value_as_text(c->items[2 * i]), out);
            asl_buffer_putc(out, ':');
        }
        value_print(object ? c->items[2 * i + 1] : c->items[i], out);
    }
    asl_buffer_putc(out, object ? '}' : ']');
}

void value_print(const asl_value *v, struct asl_buffer *out)
{
    switch (value_kind(v)) {
    case VALUE_NULL:
        asl_buffer_put(out, "null", 4);
        return;
    case VALUE_BOOLEAN:
        asl_buffer_puts(out, value_is_true(v) ? "true" : "false");
        return;
    case VALUE_NUMBER:
        asl_buffer_put_text(out, value_as_text(v));
        return;
    case VALUE_STRING:
        value_print_string(value_as_text(v), out);
        return;
    case VALUE_ARRAY:
    case VALUE_OBJECT: {
        const struct value_container *c = value_container((asl_value *)v);
        if (c->compact)
            asl_buffer_put(out, c->compact, c->compact_size);
        else
            print_container(c, out);
        return;
    }
    }
}

void value_print_short(const asl_value *v, size_t maximum, struct asl_buffer *out)
{
    if (!v) {
        asl_buffer_puts(out, "nothing");
        return;
    }
    struct asl_buffer scratch;
    asl_buffer_init(&scratch, ASL_BUFFER_MAXIMUM);
    value_print(v, &scratch);
    struct asl_text text = asl_buffer_text(&scratch);
    if (text.size > maximum)
        for (text.size = maximum;
             text.size && ((unsigned char)text.data[text.size] & 0xc0) == 0x80;)
            text.size--;
    asl_buffer_put_text(out, text);
    if (text.size < scratch.size)
        asl_buffer_puts(out, "...");
    asl_buffer_free(&scratch);
}

struct asl_text value_compact(const asl_value *v, struct asl_buffer *scratch)
{
    switch (value_kind(v)) {
    case VALUE_NULL:
        return ASL_TEXT("null");
    case VALUE_BOOLEAN:
        return value_is_true(v) ? ASL_TEXT("true") : ASL_TEXT("false");
    case VALUE_NUMBER:
        return value_as_text(v);
    case VALUE_STRING:
        asl_buffer_clear(scratch);
        value_print(v, scratch);
        return asl_buffer_text(scratch);
    case VALUE_ARRAY:
    case VALUE_OBJECT:
        break;
    }
    struct value_container *c = value_container((asl_value *)v);
    if (!c->compact) {
        struct asl_buffer text;
        asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
        print_container(c, &text);
        c->compact = asl_buffer_take(&text, &c->compact_size);
    }
    return (struct asl_text){c->compact, c->compact_size};
}

size_t value_size(const asl_value *v)
{
    struct asl_buffer scratch;
    asl_buffer_init(&scratch, ASL_BUFFER_MAXIMUM);
    size_t size = value_compact(v, &scratch).size;
    asl_buffer_free(&scratch);
    return size;
}

static void indent(struct asl_buffer *out, size_t level)
{
    asl_buffer_putc(out, '\n');
    for (size_t i = 0; i < level; i++)
        asl_buffer_put(out, "  ", 2);
}

static void print_pretty(const asl_value *v, struct asl_buffer *out, size_t level)
{
    size_t count = value_count(v);
    if (count == 0) {
        value_print(v, out);
        return;
    }
    bool object = value_kind(v) == VALUE_OBJECT;
    asl_buffer_putc(out, object ? '{' : '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            asl_buffer_putc(out, ',');
        indent(out, level + 1);
        if (object) {
            value_print_string(value_as_text(value_key_at(v, i)), out);
            asl_buffer_put(out, ": ", 2);
        }
        print_pretty(value_at(v, i), out, level + 1);
    }
    indent(out, level);
    asl_buffer_putc(out, object ? '}' : ']');
}

void value_print_pretty(const asl_value *v, struct asl_buffer *out)
{
    print_pretty(v, out, 0);
}
