/* Converting what partially applied functions are given, and calling them; see unchecked.h. */
#include "unchecked.h"

#include <math.h>
#include <string.h>

item unchecked_refuse(const struct unchecked *u, size_t index)
{
    item failed = jsonata_fail_value(u->run, "T0410", u->arguments[index]);
    u->run->failure.index = (uint32_t)index + 1;
    return failed;
}

item unchecked_call_native(const struct unchecked *u)
{
    return u->native->call(u->run, u->arguments, u->count, u->call);
}

/* ---- what JavaScript makes of values ---- */

int unchecked_function_length(item i)
{
    if (i.kind != ITEM_FUNCTION)
        return UNCHECKED_NO_LENGTH;
    return i.borrowed ? 0 : i.as.function->kind == FUNCTION_REGEX ? 2 : UNCHECKED_NO_LENGTH;
}

bool unchecked_is_of_length_0(item i)
{
    return (i.kind == ITEM_STRING && i.size == 0) || unchecked_function_length(i) == 0;
}

bool unchecked_has_length(const struct unchecked *u, item i)
{
    return item_is_object(i) &&
           !item_is_undefined(jsonata_get(&u->run->heap, i, ASL_TEXT("length")));
}

item unchecked_characters(const struct unchecked *u, item text, bool are_units)
{
    struct heap *h = &u->run->heap;
    struct asl_text t = item_string(text);
    struct array *out = jsonata_array(h, t.size);
    for (size_t at = 0; at < t.size;) {
        struct asl_text one = {t.data + at, t.size - at};
        one.size = jsonata_code_point_offset(one, 1);
        at += one.size;
        if (are_units && (unsigned char)one.data[0] >= 0xf0)
            jsonata_push_surrogates(u->run, one, out);
        else
            jsonata_push(h, out, item_text(one));
    }
    return item_array(out);
}

/* An object that was made by an expression has no prototype. */
static bool is_bare(const struct unchecked *u, item i)
{
    if (i.kind == ITEM_OBJECT)
        return true;
    for (uint32_t at = 0; i.kind == ITEM_ARRAY && at < i.as.array->count; at++)
        if (jsonata_at(&u->run->heap, i.as.array, at).kind == ITEM_OBJECT)
            return true;
    return false;
}

bool unchecked_has_no_text(const struct unchecked *u, item i)
{
    return is_bare(u, i) || unchecked_function_length(i) > 0;
}

double unchecked_number_of(const struct unchecked *u, item i)
{
    if (is_bare(u, i))
        *u->is_refused = true;
    return jsonata_javascript_number(u->run, i);
}

item unchecked_text_of(const struct unchecked *u, size_t index)
{
    item i = u->arguments[index];
    return unchecked_has_no_text(u, i) ? unchecked_refuse(u, index)
                                       : jsonata_javascript_text(u->run, i);
}

/* What has keys: an object; of an array its indices. Others have none. */
static item keyed(const struct unchecked *u, item i)
{
    struct heap *h = &u->run->heap;
    if (item_is_object(i))
        return i;
    const struct array *a = i.kind == ITEM_ARRAY ? i.as.array : NULL;
    struct object *out = jsonata_object(h, a ? a->count : 0);
    for (uint32_t at = 0; a && at < a->count; at++) {
        item key = jsonata_format_base(u->run, at, 10);
        jsonata_set_item(h, out, key, jsonata_at(h, a, at));
    }
    if (a && a->sequence) /* the reference's marks, which it sees itself */
        jsonata_set_item(h, out, jsonata_string_z("sequence"), item_boolean(true));
    if (a && a->keep_singleton)
        jsonata_set_item(h, out, jsonata_string_z("keepSingleton"), item_boolean(true));
    return item_object(out);
}

item unchecked_add(const struct unchecked *u, item a, item b)
{
    bool are_numbers = a.kind <= ITEM_NUMBER && b.kind <= ITEM_NUMBER;
    if (are_numbers)
        return item_number(unchecked_number_of(u, a) + unchecked_number_of(u, b));
    if (is_bare(u, a) || is_bare(u, b))
        *u->is_refused = true;
    struct builder text;
    jsonata_builder_init(&text, &u->run->heap);
    jsonata_put_javascript_text(u->run, &text, a);
    jsonata_put_javascript_text(u->run, &text, b);
    jsonata_charge_bytes(u->run, 2 * text.size);
    return jsonata_builder_item(&text);
}

/* ---- one argument ---- */

/* A number to be rounded by its text: what has another text than a number of figures is refused. */
static item as_figures(const struct unchecked *u, size_t index)
{
    item text = unchecked_text_of(u, index);
    bool is_text = text.kind == ITEM_STRING && text.size > 0;
    for (uint32_t i = 0; is_text && i < text.size; i++)
        is_text = (text.as.text[i] >= '0' && text.as.text[i] <= '9') || text.as.text[i] == '.';
    double number = is_text ? unchecked_number_of(u, text) : (double)NAN;
    return isnan(number) ? unchecked_refuse(u, index) : item_number(number);
}

/* A picture of times, which is looked at character by character: what has no length is empty. */
static item as_picture(const struct unchecked *u, size_t index)
{
    item i = u->arguments[index];
    bool is_empty = i.kind == ITEM_BOOLEAN || i.kind == ITEM_NUMBER || i.kind == ITEM_FUNCTION ||
                    (i.kind == ITEM_ARRAY && i.as.array->count == 0) ||
                    (item_is_object(i) && !unchecked_has_length(u, i));
    return is_empty ? jsonata_string_z("") : unchecked_refuse(u, index);
}

item unchecked_as_list(const struct unchecked *u, size_t index)
{
    item i = u->arguments[index];
    if (i.kind == ITEM_STRING && jsonata_arity(u->arguments[1]) < 3) /* the whole stays a text */
        return unchecked_characters(u, i, true);
    if (i.kind == ITEM_STRING)
        return unchecked_refuse(u, index);
    if (i.kind == ITEM_NULL || unchecked_has_length(u, i) || unchecked_function_length(i) > 0)
        return unchecked_refuse(u, index);
    return item_array(jsonata_array(&u->run->heap, 0));
}

/* Members to go through. A function that was no argument shows its inside, and a callback that
 * wants the whole would find the array: neither is worked out. */
static item as_keyed(const struct unchecked *u, size_t index)
{
    item i = u->arguments[index];
    bool is_inside = i.kind == ITEM_FUNCTION && unchecked_function_length(i) == UNCHECKED_NO_LENGTH;
    bool shows_array = i.kind == ITEM_ARRAY && jsonata_arity(u->arguments[1]) > 2;
    return is_inside || shows_array ? unchecked_refuse(u, index) : keyed(u, i);
}

/* A function that nothing calls where there is nothing to go through. */
static item as_callback(const struct unchecked *u, size_t index)
{
    item list = u->arguments[0];
    bool is_called = list.kind == ITEM_ARRAY ? list.as.array->count > 0
                     : item_is_object(list)  ? jsonata_member_count(list) > 0
                                             : !item_is_undefined(list);
    return is_called ? unchecked_refuse(u, index) : u->arguments[index];
}

/* An array of what has keys. */
static item as_objects(const struct unchecked *u, size_t index)
{
    item list = u->arguments[index];
    struct array *out = jsonata_array(&u->run->heap, 4);
    if (list.kind != ITEM_ARRAY)
        return unchecked_refuse(u, index);
    for (uint32_t i = 0; i < list.as.array->count; i++) {
        item one = jsonata_at(&u->run->heap, list.as.array, i);
        if (one.kind == ITEM_FUNCTION)
            return unchecked_refuse(u, index);
        jsonata_push(&u->run->heap, out, keyed(u, one));
    }
    return item_array(out);
}

item unchecked_convert(const struct unchecked *u, char usage, size_t index)
{
    item i = u->arguments[index];
    if (item_is_undefined(i))
        return i;
    switch (usage) {
    case 's':
        return i.kind == ITEM_STRING ? i : unchecked_refuse(u, index);
    case 't':
        return unchecked_text_of(u, index);
    case 'k': /* no key is the source of a function */
        return i.kind == ITEM_FUNCTION ? item_undefined() : unchecked_text_of(u, index);
    case 'n':
        return item_number(unchecked_number_of(u, i));
    case 'd':
        return i.kind == ITEM_NUMBER ? i : as_figures(u, index);
    case 'p':
        return i.kind == ITEM_STRING ? i : as_picture(u, index);
    case 'a':
        return i.kind == ITEM_ARRAY ? i : unchecked_refuse(u, index);
    case 'j':
        return i.kind == ITEM_ARRAY && !is_bare(u, i) ? i : unchecked_refuse(u, index);
    case 'l':
        return i.kind == ITEM_ARRAY ? i : unchecked_as_list(u, index);
    case 'o':
        return as_keyed(u, index);
    case 'f':
        return i.kind == ITEM_FUNCTION ? i : as_callback(u, index);
    case 'w':
        return item_is_object(i) ? i : item_undefined();
    case 'h':
        return as_objects(u, index);
    default:
        return i;
    }
}

/* ---- the table ---- */

/* What can be said of each argument alone. */
static const struct usage plain_usages[] = {
    {"abs", "n", NULL},         {"ceil", "n", NULL},
    {"each", "of", NULL},       {"eval", "sx", NULL},
    {"filter", "lf", NULL},     {"floor", "n", NULL},
    {"formatBase", "nn", NULL}, {"formatNumber", "dsw", NULL},
    {"join", "jt", NULL},       {"lookup", "xk", NULL},
    {"lowercase", "s", NULL},   {"map", "lf", NULL},
    {"merge", "h", NULL},       {"now", "pt", NULL},
    {"shuffle", "a", NULL},     {"sift", "of", NULL},
    {"single", "lf", NULL},     {"trim", "s", NULL},
    {"uppercase", "s", NULL},   {NULL, NULL, NULL},
};

static const struct usage *find_usage(const char *name)
{
    static const struct usage *const tables[] = {plain_usages, unchecked_text_usages,
                                                 unchecked_list_usages, unchecked_number_usages};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct usage *usage = tables[i]; usage->name; usage++)
            if (strcmp(usage->name, name) == 0)
                return usage;
    return NULL;
}

/* ---- the call ---- */

static bool are_all(struct run *run, const struct array *a, char letter)
{
    for (uint32_t i = 0; i < a->count; i++) {
        item one = jsonata_at(&run->heap, a, i);
        bool is_right = letter == 'n'   ? one.kind == ITEM_NUMBER
                        : letter == 'o' ? item_is_object(one)
                        : letter == 's' ? one.kind == ITEM_STRING
                                        : true;
        if (!is_right)
            return false;
    }
    return true;
}

/* It is as a check of the signature would have left it. */
static bool fits(struct run *run, const struct parameter *p, item i)
{
    if (item_is_undefined(i) || p->type == 'x')
        return true;
    if (p->type != 'a')
        return jsonata_accepts(p, i);
    return i.kind == ITEM_ARRAY &&
           (p->subtype.size == 0 || are_all(run, i.as.array, p->subtype.data[0]));
}

static item call_by_usage(const struct unchecked *u, const struct usage *usage)
{
    bool is_nothing = item_is_undefined(u->arguments[0]);
    if (usage->call && (!is_nothing || usage->usages[0] == 'u'))
        return usage->call(u);
    if (usage->call)
        return unchecked_call_native(u);
    if (is_nothing && strchr("ndstlahj", usage->usages[0]))
        return unchecked_call_native(u); /* nothing comes of it */
    for (size_t i = 0; i < u->count && usage->usages[i]; i++) {
        u->arguments[i] = unchecked_convert(u, usage->usages[i], i);
        if (item_is_failed(u->arguments[i]))
            return item_failed();
    }
    return unchecked_call_native(u);
}

item jsonata_call_unchecked(struct run *run, const struct function *f, item *arguments,
                            size_t count, const struct call *call)
{
    const struct signature *s = f->signature;
    bool is_refused = false, all_fit = true;
    struct unchecked u = {run, f->as.native, arguments, count, call, &is_refused};
    for (uint32_t i = 0; s && i < s->count && i < count; i++)
        all_fit = all_fit && fits(run, &s->parameters[i], arguments[i]);
    const struct usage *usage = all_fit ? NULL : find_usage(u.native->name);
    item result = usage ? call_by_usage(&u, usage) : unchecked_call_native(&u);
    return is_refused && !item_is_failed(result) ? unchecked_refuse(&u, 0) : result;
}
