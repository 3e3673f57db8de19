/* See stringify.h. Recursion is as deep as the item, at most ITEM_DEPTH_MAXIMUM. */
#include "stringify.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    struct builder *b;
    enum stringify_style style;
    item culprit;
};

/* A number with so many binary digits behind the point has as many decimal ones, the last a 5: it
 * lies half way between two of one digit less. C prints the even one then. */
bool jsonata_is_in_the_middle(double d, int places)
{
    int exponent;
    double fraction = frexp(d, &exponent);
    uint64_t digits = (uint64_t)ldexp(fabs(fraction), 53);
    return digits && 53 - exponent - __builtin_ctzll(digits) == places + 1;
}

/* Number(d.toPrecision(15)). Most doubles have no more digits than that to begin with. */
double jsonata_round_to_15_digits(double d)
{
    char text[40];
    size_t digits = 0;
    /* dividing by a power of ten rounds as reading the decimal does: few digits, and no more */
    double scaled = d * 10000;
    if (fabs(scaled) < 1e14 && scaled == floor(scaled) && scaled / 10000 == d)
        return d;
    value_format_double(d, text);
    for (const char *c = text; *c && *c != 'e'; c++)
        digits += *c >= '0' && *c <= '9';
    if (digits <= 15)
        return d;
    snprintf(text, sizeof text, "%.14e", d);
    int places = 14 - atoi(strchr(text, 'e') + 1);
    if (jsonata_is_in_the_middle(d, places)) /* a bit farther from zero: digits end long before */
        snprintf(text, sizeof text, "%.14e", d * (1 + 0x1p-52));
    return strtod(text, NULL);
}

size_t jsonata_print_number(double d, bool rounded, char out[32])
{
    if (isnan(d))
        return (size_t)snprintf(out, 32, "NaN");
    if (isinf(d))
        return (size_t)snprintf(out, 32, d < 0 ? "-Infinity" : "Infinity");
    if (rounded && d != floor(d))
        d = jsonata_round_to_15_digits(d);
    return value_format_double(d, out);
}

/* The letter behind the backslash, or 0. */
static char short_escape(char c)
{
    static const char escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *e = escapes; *e; e += 2)
        if (*e == c)
            return e[1];
    return 0;
}

static void write_string(struct builder *b, struct asl_text t)
{
    static const char hex[] = "0123456789abcdef";
    size_t plain = 0;
    jsonata_builder_putc(b, '"');
    for (size_t i = 0; i < t.size; i++) {
        unsigned char c = (unsigned char)t.data[i];
        bool surrogate = c == 0xed && i + 2 < t.size && (unsigned char)t.data[i + 1] >= 0xa0;
        if (c >= 0x20 && c != '"' && c != '\\' && !surrogate)
            continue;
        jsonata_builder_put(b, (struct asl_text){t.data + plain, i - plain});
        char name = short_escape((char)c);
        if (surrogate) {
            unsigned unit = 0xd000u | (((unsigned)t.data[i + 1] & 0x3f) << 6) |
                            ((unsigned)t.data[i + 2] & 0x3f);
            char escape[7];
            snprintf(escape, sizeof escape, "\\u%04x", unit);
            jsonata_builder_put(b, (struct asl_text){escape, 6});
            i += 2;
        } else if (name) {
            jsonata_builder_put(b, (struct asl_text){(char[]){'\\', name}, 2});
        } else {
            char escape[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            jsonata_builder_put(b, (struct asl_text){escape, 6});
        }
        plain = i + 1;
    }
    jsonata_builder_put(b, (struct asl_text){t.data + plain, t.size - plain});
    jsonata_builder_putc(b, '"');
}

static enum stringify_outcome write_number(struct writer *w, item i)
{
    char text[32];
    if (isinf(i.as.number) && w->style != STRINGIFY_EXACT) {
        w->culprit = i;
        return STRINGIFY_INFINITE;
    }
    if (!isfinite(i.as.number)) {
        jsonata_builder_put(w->b, ASL_TEXT("null"));
        return STRINGIFY_FINE;
    }
    size_t size = jsonata_print_number(i.as.number, w->style != STRINGIFY_EXACT, text);
    jsonata_builder_put(w->b, (struct asl_text){text, size});
    return STRINGIFY_FINE;
}

static void new_line(struct writer *w, size_t depth)
{
    if (w->style != STRINGIFY_PRETTY)
        return;
    jsonata_builder_putc(w->b, '\n');
    for (size_t i = 0; i < depth; i++)
        jsonata_builder_put(w->b, ASL_TEXT("  "));
}

static enum stringify_outcome write_item(struct writer *w, item i, size_t depth);

/* What JSON cannot say: no member, and null among elements. */
static bool is_omitted(const struct writer *w, item i)
{
    return item_is_undefined(i) || (i.kind == ITEM_FUNCTION && w->style == STRINGIFY_EXACT);
}

static enum stringify_outcome write_array(struct writer *w, const struct array *a, size_t depth)
{
    jsonata_builder_putc(w->b, '[');
    for (uint32_t i = 0; i < a->count; i++) {
        if (i)
            jsonata_builder_putc(w->b, ',');
        new_line(w, depth + 1);
        item element = jsonata_at(w->b->heap, a, i);
        if (is_omitted(w, element))
            element = (item){.kind = ITEM_NULL};
        enum stringify_outcome outcome = write_item(w, element, depth + 1);
        if (outcome != STRINGIFY_FINE)
            return outcome;
    }
    if (a->count)
        new_line(w, depth);
    jsonata_builder_putc(w->b, ']');
    return STRINGIFY_FINE;
}

static enum stringify_outcome write_object(struct writer *w, item o, size_t depth)
{
    struct members m = jsonata_members(w->b->heap, o);
    size_t written = 0;
    jsonata_builder_putc(w->b, '{');
    for (size_t i = 0; i < m.count; i++) {
        item value = jsonata_member_value(w->b->heap, &m, i);
        if (is_omitted(w, value))
            continue;
        if (written++)
            jsonata_builder_putc(w->b, ',');
        new_line(w, depth + 1);
        write_string(w->b, jsonata_member_key(&m, i));
        jsonata_builder_put(w->b, w->style == STRINGIFY_PRETTY ? ASL_TEXT(": ") : ASL_TEXT(":"));
        enum stringify_outcome outcome = write_item(w, value, depth + 1);
        if (outcome != STRINGIFY_FINE)
            return outcome;
    }
    if (written)
        new_line(w, depth);
    jsonata_builder_putc(w->b, '}');
    return STRINGIFY_FINE;
}

static enum stringify_outcome write_item(struct writer *w, item i, size_t depth)
{
    if (depth > ITEM_DEPTH_MAXIMUM)
        return STRINGIFY_TOO_DEEP;
    if (w->b->full)
        return STRINGIFY_FINE;
    switch (i.kind) {
    case ITEM_NULL:
        jsonata_builder_put(w->b, ASL_TEXT("null"));
        return STRINGIFY_FINE;
    case ITEM_BOOLEAN:
        jsonata_builder_put(w->b, i.as.boolean ? ASL_TEXT("true") : ASL_TEXT("false"));
        return STRINGIFY_FINE;
    case ITEM_NUMBER:
        return write_number(w, i);
    case ITEM_STRING:
        write_string(w->b, item_string(i));
        return STRINGIFY_FINE;
    case ITEM_ARRAY:
        return write_array(w, i.as.array, depth);
    case ITEM_OBJECT:
    case ITEM_JSON_OBJECT:
        return write_object(w, i, depth);
    case ITEM_UNDEFINED:
        jsonata_builder_put(w->b, ASL_TEXT("undefined"));
        return STRINGIFY_FINE;
    default:
        jsonata_builder_put(w->b,
                            w->style == STRINGIFY_EXACT ? ASL_TEXT("undefined") : ASL_TEXT("\"\""));
        return STRINGIFY_FINE;
    }
}

enum stringify_outcome jsonata_stringify(struct builder *b, item i, enum stringify_style style,
                                         item *culprit)
{
    struct writer w = {b, style, item_undefined()};
    enum stringify_outcome outcome = write_item(&w, i, 0);
    if (culprit)
        *culprit = w.culprit;
    return outcome;
}
