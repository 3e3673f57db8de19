/* Strings: cutting, casing, padding, joining. What matches patterns is in function_match.c. */
#include "case.h"
#include "library.h"

#include <math.h>
#include <string.h>

NATIVE(string)
{
    UNUSED_IN_NATIVE;
    bool pretty = count > 1 && arguments[1].kind == ITEM_BOOLEAN && arguments[1].as.boolean;
    return jsonata_to_string(run, arguments[0], pretty);
}

NATIVE(length)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_STRING)
        return item_undefined();
    jsonata_charge_bytes(run, arguments[0].size);
    return item_number((double)jsonata_count_code_points(item_string(arguments[0])));
}

size_t jsonata_slice_place(double at, double length)
{
    at = isnan(at) ? 0 : trunc(at);
    if (at < 0)
        at = at + length < 0 ? 0 : at + length;
    return (size_t)(at > length ? length : at);
}

NATIVE(substring)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_STRING)
        return item_undefined();
    struct asl_text t = item_string(arguments[0]);
    double length = (double)jsonata_count_code_points(t);
    double start = arguments[1].kind == ITEM_NUMBER ? arguments[1].as.number : 0, end = length;
    jsonata_charge_bytes(run, t.size);
    if (length + start < 0)
        start = 0;
    if (arguments[2].kind == ITEM_NUMBER) {
        double cut = arguments[2].as.number;
        if (cut <= 0 || item_is_undefined(arguments[1])) /* from undefined to NaN: nothing */
            return item_text(ASL_TEXT(""));
        end = start >= 0 ? start + cut : length + start + cut;
    }
    size_t from = jsonata_slice_place(start, length), to = jsonata_slice_place(end, length);
    if (to <= from)
        return item_text(ASL_TEXT(""));
    size_t first = jsonata_code_point_offset(t, from);
    struct asl_text rest = {t.data + first, t.size - first};
    rest.size = jsonata_code_point_offset(rest, to - from);
    return item_text(rest);
}

/* Of what is not there JavaScript looks for the word. */
NATIVE(substring_before)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_STRING)
        return arguments[0];
    struct asl_text t = item_string(arguments[0]);
    struct asl_text what =
        arguments[1].kind == ITEM_STRING ? item_string(arguments[1]) : ASL_TEXT("undefined");
    const char *found = jsonata_search(&run->heap, t, what);
    jsonata_charge_bytes(run, t.size);
    return found ? item_text((struct asl_text){t.data, (size_t)(found - t.data)}) : arguments[0];
}

NATIVE(substring_after)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_STRING || arguments[1].kind != ITEM_STRING)
        return arguments[0];
    struct asl_text t = item_string(arguments[0]);
    const char *found = jsonata_search(&run->heap, t, item_string(arguments[1]));
    jsonata_charge_bytes(run, t.size);
    if (!found)
        return arguments[0];
    found += arguments[1].size;
    return item_text((struct asl_text){found, (size_t)(t.data + t.size - found)});
}

static item change_case(struct run *run, item text,
                        void (*change)(struct builder *, struct asl_text))
{
    if (text.kind != ITEM_STRING)
        return item_undefined();
    struct builder b;
    jsonata_builder_init(&b, &run->heap);
    jsonata_charge_bytes(run, 8 * (size_t)text.size);
    change(&b, item_string(text));
    return jsonata_builder_item(&b);
}

NATIVE(lowercase)
{
    UNUSED_IN_NATIVE;
    return change_case(run, arguments[0], jsonata_to_lower);
}

NATIVE(uppercase)
{
    UNUSED_IN_NATIVE;
    return change_case(run, arguments[0], jsonata_to_upper);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

NATIVE(trim)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_STRING)
        return item_undefined();
    struct asl_text t = item_string(arguments[0]);
    struct builder b;
    jsonata_builder_init(&b, &run->heap);
    jsonata_charge_bytes(run, 4 * t.size);
    for (size_t at = 0; at < t.size;) {
        size_t start = at;
        while (at < t.size && !is_blank(t.data[at]))
            at++;
        if (b.size > 0 && at > start)
            jsonata_builder_putc(&b, ' ');
        jsonata_builder_put(&b, (struct asl_text){t.data + start, at - start});
        while (at < t.size && is_blank(t.data[at]))
            at++;
    }
    return jsonata_builder_item(&b);
}

void jsonata_put_padding(struct builder *b, struct asl_text fill, double many)
{
    size_t points = jsonata_count_code_points(fill);
    double bytes = many / (double)points * (double)fill.size;
    if (points == 0)
        return;
    if (bytes > (double)b->heap->arena.maximum) {
        b->full = true;
        b->heap->arena.exhausted = true;
        return;
    }
    for (; many >= (double)points && !b->full; many -= (double)points)
        jsonata_builder_put(b, fill);
    fill.size = jsonata_code_point_offset(fill, (size_t)many);
    jsonata_builder_put(b, fill);
}

NATIVE(pad)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_STRING)
        return item_undefined();
    struct asl_text t = item_string(arguments[0]), fill = ASL_TEXT(" ");
    if (arguments[2].kind == ITEM_STRING && arguments[2].size > 0)
        fill = item_string(arguments[2]);
    double width = arguments[1].kind == ITEM_NUMBER ? trunc(arguments[1].as.number) : 0;
    double missing = fabs(width) - (double)jsonata_count_code_points(t);
    if (!(missing > 0))
        return arguments[0];
    struct builder b;
    jsonata_builder_init(&b, &run->heap);
    if (width > 0)
        jsonata_builder_put(&b, t);
    jsonata_put_padding(&b, fill, missing);
    if (width < 0)
        jsonata_builder_put(&b, t);
    jsonata_charge_bytes(run, 4 * b.size);
    return run->heap.arena.exhausted ? jsonata_fail_limit(run) : jsonata_builder_item(&b);
}

NATIVE(join)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_ARRAY)
        return item_undefined();
    const struct array *a = arguments[0].as.array;
    struct asl_text separator =
        arguments[1].kind == ITEM_STRING ? item_string(arguments[1]) : ASL_TEXT("");
    struct builder b;
    jsonata_builder_init(&b, &run->heap);
    for (uint32_t i = 0; i < a->count; i++) {
        if (i)
            jsonata_builder_put(&b, separator);
        item part = jsonata_at(&run->heap, a, i);
        if (part.kind == ITEM_STRING)
            jsonata_builder_put(&b, item_string(part));
        else if (part.kind != ITEM_NULL && part.kind != ITEM_UNDEFINED) /* by partial application */
            jsonata_put_javascript_text(run, &b, part);
    }
    jsonata_charge(run, a->count / 8 + b.size / 64);
    return jsonata_is_over(run) ? jsonata_fail_limit(run) : jsonata_builder_item(&b);
}

const struct native jsonata_string_functions[] = {
    {"string", "<x-b?:s>", 2, 1, string},
    {"length", "<s-:n>", 1, 1, length},
    {"substring", "<s-nn?:s>", 3, 3, substring},
    {"substringBefore", "<s-s:s>", 2, 2, substring_before},
    {"substringAfter", "<s-s:s>", 2, 2, substring_after},
    {"lowercase", "<s-:s>", 1, 1, lowercase},
    {"uppercase", "<s-:s>", 1, 1, uppercase},
    {"trim", "<s-:s>", 1, 1, trim},
    {"pad", "<s-ns?:s>", 3, 3, pad},
    {"join", "<a<s>s?:s>", 2, 2, join},
    {NULL, NULL, 0, 0, NULL},
};
