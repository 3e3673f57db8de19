/* Texts and patterns as partially applied functions meet them, see unchecked.h. */
#include "unchecked.h"

#include <math.h>

/* Array.prototype.indexOf finds it. */
static bool holds(const struct unchecked *u, const struct array *a, item what)
{
    for (uint32_t i = 0; i < a->count; i++)
        if (jsonata_is_same(jsonata_at(&u->run->heap, a, i), what))
            return true;
    return false;
}

/* Characters of a text, elements of an array; undefined: JavaScript can go through neither. */
static item parts_of(const struct unchecked *u, item i)
{
    return i.kind == ITEM_STRING  ? unchecked_characters(u, i, false)
           : i.kind == ITEM_ARRAY ? i
                                  : item_undefined();
}

static item length(const struct unchecked *u)
{
    item parts = parts_of(u, u->arguments[0]);
    return item_is_undefined(parts) ? unchecked_refuse(u, 0) : item_number(parts.as.array->count);
}

static item joined(const struct unchecked *u, const struct array *parts, size_t from, size_t to)
{
    struct builder b;
    jsonata_builder_init(&b, &u->run->heap);
    for (size_t i = from; i < to; i++) {
        item one = jsonata_at(&u->run->heap, parts, i);
        if (one.kind != ITEM_NULL && one.kind != ITEM_UNDEFINED)
            jsonata_put_javascript_text(u->run, &b, one);
    }
    jsonata_charge_bytes(u->run, 2 * b.size);
    return jsonata_is_over(u->run) ? jsonata_fail_limit(u->run) : jsonata_builder_item(&b);
}

/* Offsets that are texts are joined to others where JavaScript means to add them. */
static item substring(const struct unchecked *u)
{
    item parts = parts_of(u, u->arguments[0]), start = u->arguments[1], cut = u->arguments[2];
    if (item_is_undefined(parts))
        return unchecked_refuse(u, 0);
    double size = parts.as.array->count;
    item count = item_number(size);
    if (unchecked_number_of(u, unchecked_add(u, count, start)) < 0)
        start = item_number(0);
    double end = size;
    if (!item_is_undefined(cut)) {
        if (unchecked_number_of(u, cut) <= 0)
            return jsonata_string_z("");
        item first = unchecked_number_of(u, start) >= 0 ? start : unchecked_add(u, count, start);
        end = unchecked_number_of(u, unchecked_add(u, first, cut));
    }
    size_t from = jsonata_slice_place(unchecked_number_of(u, start), size);
    return joined(u, parts.as.array, from, jsonata_slice_place(end, size));
}

/* A text is looked for as the text of what is looked for; in an array a value is. */
static item substring_before(const struct unchecked *u)
{
    item in = u->arguments[0], what = u->arguments[1];
    if (in.kind == ITEM_ARRAY)
        return holds(u, in.as.array, what) ? unchecked_refuse(u, 0) : in;
    if (in.kind != ITEM_STRING)
        return unchecked_refuse(u, 0);
    if (unchecked_function_length(what) != UNCHECKED_NO_LENGTH)
        return in; /* its source is not there */
    if (!item_is_undefined(what))
        u->arguments[1] = unchecked_text_of(u, 1);
    return item_is_failed(u->arguments[1]) ? item_failed() : unchecked_call_native(u);
}

/* The same, and what is found is as long as it says it is: what has no length is as nothing. */
static item substring_after(const struct unchecked *u)
{
    item in = u->arguments[0], what = u->arguments[1];
    if (in.kind != ITEM_STRING || what.kind == ITEM_STRING || what.kind == ITEM_FUNCTION)
        return substring_before(u);
    item text = item_is_undefined(what) ? jsonata_string_z("undefined") : unchecked_text_of(u, 1);
    if (item_is_failed(text) || !jsonata_search(&u->run->heap, item_string(in), item_string(text)))
        return item_is_failed(text) ? text : in;
    if (what.kind == ITEM_NULL || item_is_undefined(what) || what.kind == ITEM_ARRAY ||
        unchecked_has_length(u, what) || unchecked_function_length(what) > 0)
        return unchecked_refuse(u, 1);
    return in;
}

/* Repeats the text of what fills, and puts it beside the text of what is filled. */
static item pad(const struct unchecked *u)
{
    item parts = parts_of(u, u->arguments[0]), fill = u->arguments[2];
    double width = trunc(unchecked_number_of(u, u->arguments[1]));
    if (item_is_undefined(parts) || fill.kind == ITEM_NULL || unchecked_has_length(u, fill))
        return unchecked_refuse(u, item_is_undefined(parts) ? 0 : 2);
    double missing = fabs(width) - (double)parts.as.array->count;
    if (!(missing > 0))
        return u->arguments[0];
    bool is_empty = (fill.kind == ITEM_ARRAY && fill.as.array->count == 0) ||
                    item_is_undefined(fill) || unchecked_is_of_length_0(fill);
    bool is_cut = fill.kind == ITEM_STRING || (fill.kind == ITEM_ARRAY && fill.as.array->count > 1);
    item text = is_empty ? jsonata_string_z(" ") : unchecked_text_of(u, 2);
    item beside = unchecked_text_of(u, 0);
    if (item_is_failed(text) || item_is_failed(beside))
        return item_failed();
    struct builder b;
    jsonata_builder_init(&b, &u->run->heap);
    if (width > 0)
        jsonata_builder_put(&b, item_string(beside));
    double points = (double)jsonata_count_code_points(item_string(text));
    jsonata_put_padding(&b, item_string(text), is_cut ? missing : missing * points);
    if (width < 0)
        jsonata_builder_put(&b, item_string(beside));
    jsonata_charge_bytes(u->run, 4 * b.size);
    return jsonata_is_over(u->run) ? jsonata_fail_limit(u->run) : jsonata_builder_item(&b);
}

/* ---- patterns ---- */

static bool is_regex(item i)
{
    return i.kind == ITEM_FUNCTION && i.as.function->kind == FUNCTION_REGEX;
}

/* Whether a matcher finds anything: yes, no, or failed. */
static item finds(const struct unchecked *u, item matcher)
{
    struct heap *h = &u->run->heap;
    item found = jsonata_call_back(u->run, matcher, u->arguments, 1);
    if (item_is_failed(found))
        return found;
    bool is_match = !jsonata_is_javascript_true(found) ||
                    jsonata_get(h, found, ASL_TEXT("start")).kind == ITEM_NUMBER ||
                    jsonata_get(h, found, ASL_TEXT("groups")).kind == ITEM_ARRAY ||
                    jsonata_get(h, found, ASL_TEXT("next")).kind == ITEM_FUNCTION;
    return is_match ? item_boolean(!item_is_undefined(found)) : jsonata_fail(u->run, "T1010");
}

static item contains(const struct unchecked *u)
{
    item in = u->arguments[0], what = u->arguments[1];
    if (item_is_undefined(what) || (in.kind == ITEM_STRING && what.kind == ITEM_STRING))
        return unchecked_call_native(u);
    if (what.kind == ITEM_STRING)
        return in.kind == ITEM_ARRAY ? item_boolean(holds(u, in.as.array, what))
                                     : unchecked_refuse(u, 0);
    if (what.kind != ITEM_FUNCTION)
        return unchecked_refuse(u, 1);
    return is_regex(what) && unchecked_has_no_text(u, in) ? unchecked_refuse(u, 0) : finds(u, what);
}

/* A limit below nothing fails; one that is not above nothing leaves nothing to do. */
enum limit { LIMIT_LEAVES_SOME, LIMIT_LEAVES_NONE, LIMIT_FAILED };

static enum limit check_limit(const struct unchecked *u, size_t index, const char *code)
{
    item limit = u->arguments[index];
    double number = unchecked_number_of(u, limit);
    if (item_is_undefined(limit))
        return LIMIT_LEAVES_SOME;
    if (number < 0) {
        jsonata_fail_value(u->run, code, limit);
        u->run->failure.index = (uint32_t)index + 1;
        return LIMIT_FAILED;
    }
    u->arguments[index] = item_number(number);
    return number > 0 ? LIMIT_LEAVES_SOME : LIMIT_LEAVES_NONE;
}

static item match(const struct unchecked *u)
{
    switch (check_limit(u, 2, "D3040")) {
    case LIMIT_FAILED:
        return item_failed();
    case LIMIT_LEAVES_NONE:
        return item_array(jsonata_sequence(&u->run->heap));
    case LIMIT_LEAVES_SOME:
        break;
    }
    if (u->arguments[1].kind != ITEM_FUNCTION || unchecked_has_no_text(u, u->arguments[0]))
        return unchecked_refuse(u, u->arguments[1].kind != ITEM_FUNCTION);
    if (!is_regex(u->arguments[1]) && u->arguments[0].kind != ITEM_STRING) {
        item found = finds(u, u->arguments[1]);
        bool is_nothing = found.kind == ITEM_BOOLEAN && !found.as.boolean;
        return item_is_failed(found) ? found
               : is_nothing          ? item_array(jsonata_sequence(&u->run->heap))
                                     : unchecked_refuse(u, 0);
    }
    u->arguments[0] = jsonata_javascript_text(u->run, u->arguments[0]);
    return item_is_failed(u->arguments[0]) ? item_failed() : unchecked_call_native(u);
}

/* What is no text can be looked at by a matcher, but not cut where it finds something. Undefined:
 * nothing is found. */
static item look_only(const struct unchecked *u)
{
    item matcher = u->arguments[1];
    if (matcher.kind != ITEM_FUNCTION ||
        (is_regex(matcher) && unchecked_has_no_text(u, u->arguments[0])))
        return unchecked_refuse(u, matcher.kind != ITEM_FUNCTION);
    item found = finds(u, matcher);
    bool is_nothing = found.kind == ITEM_BOOLEAN && !found.as.boolean;
    return item_is_failed(found) ? found : is_nothing ? item_undefined() : unchecked_refuse(u, 0);
}

static item split(const struct unchecked *u)
{
    struct array *out = jsonata_array(&u->run->heap, 1);
    switch (check_limit(u, 2, "D3020")) {
    case LIMIT_FAILED:
        return item_failed();
    case LIMIT_LEAVES_NONE:
        return item_array(out);
    case LIMIT_LEAVES_SOME:
        break;
    }
    bool is_text = u->arguments[0].kind == ITEM_STRING;
    if (is_text && (u->arguments[1].kind == ITEM_STRING || u->arguments[1].kind == ITEM_FUNCTION))
        return unchecked_call_native(u);
    item looked = look_only(u);
    if (item_is_failed(looked))
        return looked;
    jsonata_push(&u->run->heap, out, u->arguments[0]);
    return item_array(out);
}

static item replace(const struct unchecked *u)
{
    item pattern = u->arguments[1], with = u->arguments[2];
    bool is_text = u->arguments[0].kind == ITEM_STRING;
    if (pattern.kind == ITEM_STRING && pattern.size == 0) {
        item failed = jsonata_fail_value(u->run, "D3010", pattern);
        u->run->failure.index = 2;
        return failed;
    }
    switch (check_limit(u, 3, "D3011")) {
    case LIMIT_FAILED:
        return item_failed();
    case LIMIT_LEAVES_NONE:
        return u->arguments[0];
    case LIMIT_LEAVES_SOME:
        break;
    }
    if (pattern.kind == ITEM_STRING) {
        if (!is_text)
            return unchecked_refuse(u, 0);
        if (with.kind != ITEM_FUNCTION && !item_is_undefined(with))
            u->arguments[2] = unchecked_text_of(u, 2);
        return item_is_failed(u->arguments[2]) ? item_failed() : unchecked_call_native(u);
    }
    bool is_callable = with.kind == ITEM_STRING || with.kind == ITEM_FUNCTION;
    if (is_text && is_callable && pattern.kind == ITEM_FUNCTION)
        return unchecked_call_native(u);
    item looked = look_only(u);
    return item_is_failed(looked) ? looked : u->arguments[0];
}

/* ---- codes ---- */

/* Texts are coded; where there is none that fails as a bad text does. */
static item code_url(const struct unchecked *u)
{
    item i = u->arguments[0];
    if (unchecked_has_no_text(u, i) && i.kind != ITEM_FUNCTION) {
        item failed = jsonata_fail_value(u->run, "D3140", i);
        u->run->failure.type = u->native->name;
        return failed;
    }
    u->arguments[0] = unchecked_text_of(u, 0);
    item result = item_is_failed(u->arguments[0]) ? item_failed() : unchecked_call_native(u);
    if (item_is_failed(result))
        u->run->failure.value = i;
    return result;
}

/* Fails with the argument's text where that is true to JavaScript, else with the function's own. */
static item fail_with(const struct unchecked *u, const char *code, size_t index)
{
    bool is_given = jsonata_is_javascript_true(u->arguments[index]);
    item text = is_given ? unchecked_text_of(u, index) : item_undefined();
    if (item_is_failed(text))
        return text;
    if (!is_given || text.size > 0) {
        u->arguments[index] = text;
        return unchecked_call_native(u);
    }
    item failed = jsonata_fail(u->run, code);
    u->run->failure.extra = text;
    return failed;
}

static item raise(const struct unchecked *u)
{
    return fail_with(u, "D3137", 0);
}

static item assert_true(const struct unchecked *u)
{
    if (jsonata_is_javascript_true(u->arguments[0]))
        return item_undefined();
    u->arguments[0] = item_boolean(false);
    return fail_with(u, "D3141", 1);
}

/* Bytes are the numbers of an array. */
static item bytes_of(const struct unchecked *u)
{
    item i = u->arguments[0];
    if (i.kind != ITEM_ARRAY)
        return unchecked_refuse(u, 0);
    struct builder b;
    jsonata_builder_init(&b, &u->run->heap);
    for (uint32_t at = 0; at < i.as.array->count; at++) {
        double d = trunc(unchecked_number_of(u, jsonata_at(&u->run->heap, i.as.array, at)));
        double byte = isfinite(d) ? fmod(d, 256) : 0;
        jsonata_builder_unit(&b, (uint32_t)(byte < 0 ? byte + 256 : byte));
    }
    return jsonata_builder_item(&b);
}

static item base64_encode(const struct unchecked *u)
{
    u->arguments[0] = bytes_of(u);
    return item_is_failed(u->arguments[0]) ? item_failed() : unchecked_call_native(u);
}

const struct usage unchecked_text_usages[] = {
    {"assert", "u", assert_true},
    {"error", "", raise},
    {"base64decode", "", bytes_of},
    {"base64encode", "", base64_encode},
    {"contains", "", contains},
    {"decodeUrl", "", code_url},
    {"decodeUrlComponent", "", code_url},
    {"encodeUrl", "", code_url},
    {"encodeUrlComponent", "", code_url},
    {"length", "", length},
    {"match", "", match},
    {"pad", "", pad},
    {"replace", "", replace},
    {"split", "", split},
    {"substring", "", substring},
    {"substringAfter", "", substring_after},
    {"substringBefore", "", substring_before},
    {NULL, NULL, NULL},
};
