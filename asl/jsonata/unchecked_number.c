/* Numbers, pictures and times as partially applied functions meet them, see unchecked.h. */
#include "unchecked.h"

#include <math.h>
#include <string.h>

static item number(const struct unchecked *u)
{
    item failed = jsonata_fail_value(u->run, "D3030", u->arguments[0]);
    u->run->failure.index = 1;
    return failed;
}

static bool is_whole(struct asl_text t)
{
    size_t sign = t.size > 0 && (t.data[0] == '-' || t.data[0] == '+'), at = sign;
    while (at < t.size && t.data[at] >= '0' && t.data[at] <= '9')
        at++;
    return at == t.size && at > sign;
}

static bool is_plain(struct asl_text t)
{
    for (size_t i = 0; i < t.size; i++)
        if (!strchr("0123456789+-. ", t.data[i]))
            return false;
    return true;
}

/* With places the texts of both are put together and read as one number: "12" by 2 as "12e2". What
 * has an exponent, or is written in another base, is left. */
static item rounded(const struct unchecked *u)
{
    item i = u->arguments[0], places = u->arguments[1];
    u->arguments[1] = item_undefined();
    if (jsonata_is_javascript_true(places)) {
        if (i.kind == ITEM_NULL)
            return unchecked_refuse(u, 0);
        if (i.kind == ITEM_FUNCTION || places.kind == ITEM_FUNCTION)
            return item_number(NAN);
        item text = jsonata_javascript_text(u->run, i),
             by = jsonata_javascript_text(u->run, places);
        if (item_is_failed(text) || item_is_failed(by))
            return item_failed();
        if (!is_plain(item_string(text)) && text.as.text[0] >= '0' && text.as.text[0] <= '9')
            return unchecked_refuse(u, 0);
        if (text.size == 0 || i.kind == ITEM_BOOLEAN || !is_whole(item_string(by)))
            return item_number(NAN);
        u->arguments[1] = item_number(unchecked_number_of(u, places));
    }
    u->arguments[0] = item_number(unchecked_number_of(u, i));
    return isnan(u->arguments[0].as.number) ? u->arguments[0] : unchecked_call_native(u);
}

/* A failure tells the values as they were. */
static item call_with_numbers(const struct unchecked *u)
{
    item base = u->arguments[0], exponent = u->arguments[1];
    u->arguments[0] = item_number(unchecked_number_of(u, base));
    u->arguments[1] = item_number(unchecked_number_of(u, exponent));
    item result = unchecked_call_native(u);
    if (item_is_failed(result)) {
        u->run->failure.value = base;
        u->run->failure.extra = exponent;
    }
    return result;
}

/* ---- pictures ---- */

/* By what a picture of an integer may be besides a text: an array, of the first characters of its
 * texts. It is no word of those that mean something. */
static bool take_picture(const struct unchecked *u)
{
    static const char *const words[] = {"A", "a", "I", "i", "W", "w", "Ww"};
    item picture = u->arguments[1];
    struct builder b;
    jsonata_builder_init(&b, &u->run->heap);
    if (picture.kind == ITEM_STRING)
        return true;
    if (picture.kind != ITEM_ARRAY)
        return unchecked_refuse(u, 1), false;
    for (uint32_t i = 0; i < picture.as.array->count; i++) {
        item one = jsonata_at(&u->run->heap, picture.as.array, i);
        if (one.kind != ITEM_STRING || one.size == 0)
            return unchecked_refuse(u, 1), false;
        struct asl_text t = item_string(one);
        jsonata_builder_put(&b, (struct asl_text){t.data, jsonata_code_point_offset(t, 1)});
    }
    u->arguments[1] = jsonata_builder_item(&b);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (asl_text_is(item_string(u->arguments[1]), words[i]))
            return jsonata_fail_value(u->run, "D3130", picture), false;
    return true;
}

/* Failing, it tells the picture as it was. */
static item call_with_picture(const struct unchecked *u, item picture)
{
    item result = unchecked_call_native(u);
    if (item_is_failed(result) && picture.kind == ITEM_ARRAY)
        u->run->failure.value = picture;
    return result;
}

static item format_integer(const struct unchecked *u)
{
    item picture = u->arguments[1];
    u->arguments[0] = item_number(unchecked_number_of(u, u->arguments[0]));
    return take_picture(u) ? call_with_picture(u, picture) : item_failed();
}

static bool is_picture_of_figures(struct asl_text t)
{
    for (size_t i = 0; i < t.size; i++)
        if (t.data[i] != '#' && (t.data[i] < '0' || t.data[i] > '9'))
            return false;
    return true;
}

/* The text of a function where it matters only that it is no number, nor time. */
static item a_source(void)
{
    return jsonata_string_z("function");
}

/* By a picture of figures alone a value is read by its text; what has no length has no letters. */
static item parse_integer(const struct unchecked *u)
{
    item value = u->arguments[0], picture = u->arguments[1];
    if (!take_picture(u))
        return item_failed();
    if (value.kind != ITEM_STRING)
        u->arguments[0] = jsonata_string_z(""); /* the picture is looked at first */
    item none = call_with_picture(u, picture);
    u->arguments[0] = value;
    if (item_is_failed(none) || value.kind == ITEM_STRING)
        return none;
    struct asl_text t = item_string(u->arguments[1]);
    bool is_letters = asl_text_is(t, "A") || asl_text_is(t, "a") || asl_text_is(t, "I");
    bool has_none =
        value.kind != ITEM_NULL && value.kind != ITEM_ARRAY && !unchecked_has_length(u, value);
    if (is_letters && has_none)
        return item_number(0);
    if (!is_picture_of_figures(t))
        return unchecked_refuse(u, 0);
    u->arguments[0] = value.kind == ITEM_FUNCTION ? a_source() : unchecked_text_of(u, 0);
    return item_is_failed(u->arguments[0]) ? item_failed() : unchecked_call_native(u);
}

/* ---- times ---- */

/* Of a text JavaScript's Date would try to make sense: that is refused where it shows. */
static item from_millis(const struct unchecked *u)
{
    item ms = u->arguments[0];
    for (size_t i = 1; i < 3; i++) {
        u->arguments[i] = unchecked_convert(u, i == 1 ? 'p' : 't', i);
        if (item_is_failed(u->arguments[i]))
            return item_failed();
    }
    item picture = u->arguments[1];
    bool shows = picture.kind != ITEM_STRING || memchr(picture.as.text, '[', picture.size);
    double number = unchecked_number_of(u, ms);
    if (ms.kind > ITEM_NUMBER && shows)
        return unchecked_refuse(u, 0);
    u->arguments[0] = item_number(ms.kind > ITEM_NUMBER ? 0 : number);
    return unchecked_call_native(u);
}

static item to_millis(const struct unchecked *u)
{
    item from = u->arguments[0];
    u->arguments[1] = unchecked_convert(u, 'p', 1);
    u->arguments[0] = item_is_failed(u->arguments[1]) ? item_failed()
                      : from.kind == ITEM_FUNCTION    ? a_source()
                                                      : unchecked_text_of(u, 0);
    if (item_is_failed(u->arguments[0]))
        return item_failed();
    item result = unchecked_call_native(u);
    if (item_is_failed(result) && item_is_undefined(u->arguments[1]))
        u->run->failure.value = from;
    return result;
}

/* Through JSON and back. */
static item clone(const struct unchecked *u)
{
    uint8_t kind = u->arguments[0].kind;
    return kind == ITEM_NULL || kind == ITEM_BOOLEAN || kind == ITEM_NUMBER
               ? unchecked_call_native(u)
               : unchecked_refuse(u, 0);
}

const struct usage unchecked_number_usages[] = {
    {"clone", "", clone},   {"formatInteger", "", format_integer}, {"fromMillis", "", from_millis},
    {"number", "", number}, {"parseInteger", "", parse_integer},   {"power", "", call_with_numbers},
    {"round", "", rounded}, {"sqrt", "", call_with_numbers},       {"toMillis", "", to_millis},
    {NULL, NULL, NULL},
};
