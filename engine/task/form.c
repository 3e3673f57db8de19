/* Forms: names grow as the walk goes down, and shrink again on its way back. */
#include "form.h"

#include "engine/aws/sigv4.h"
#include "web.h"

#define NAME_MAXIMUM ((size_t)1 << 20)

static const char *const names[] = {
    [FORM_INDICES] = "INDICES",
    [FORM_REPEAT] = "REPEAT",
    [FORM_COMMAS] = "COMMAS",
    [FORM_BRACKETS] = "BRACKETS",
};

bool form_arrays_named(struct asl_text name, enum form_arrays *arrays)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (asl_text_is(name, names[i])) {
            *arrays = (enum form_arrays)i;
            return true;
        }
    return false;
}

struct walk {
    struct asl_buffer name; /* of where it is */
    enum form_arrays arrays;
    struct asl_buffer *out;
};

static void put_pair(struct walk *w, struct asl_text value)
{
    if (w->out->size > 0)
        asl_buffer_putc(w->out, '&');
    sigv4_encode(asl_buffer_text(&w->name), false, w->out);
    asl_buffer_putc(w->out, '=');
    sigv4_encode(value, false, w->out);
}

static void put(struct walk *w, const asl_value *v);

static void put_joined(struct walk *w, const asl_value *array)
{
    struct asl_buffer joined;
    asl_buffer_init(&joined, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < value_count(array); i++) {
        if (i > 0)
            asl_buffer_putc(&joined, ',');
        web_put_scalar(value_at(array, i), &joined);
    }
    put_pair(w, asl_buffer_text(&joined));
    asl_buffer_free(&joined);
}

static void put_array(struct walk *w, const asl_value *array)
{
    size_t size = w->name.size;
    for (size_t i = 0; i < value_count(array); i++) {
        if (w->arrays == FORM_INDICES)
            asl_buffer_printf(&w->name, "[%zu]", i);
        else if (w->arrays == FORM_BRACKETS)
            asl_buffer_puts(&w->name, "[]");
        put(w, value_at(array, i));
        w->name.size = size;
    }
}

static void put_object(struct walk *w, const asl_value *object)
{
    size_t size = w->name.size;
    for (size_t i = 0; i < value_count(object); i++) {
        struct asl_text key = value_as_text(value_key_at(object, i));
        if (size > 0)
            asl_buffer_putc(&w->name, '[');
        asl_buffer_put_text(&w->name, key);
        if (size > 0)
            asl_buffer_putc(&w->name, ']');
        put(w, value_at(object, i));
        w->name.size = size;
    }
}

static void put(struct walk *w, const asl_value *v)
{
    struct asl_buffer text;
    if (value_kind(v) == VALUE_OBJECT) {
        put_object(w, v);
    } else if (value_kind(v) == VALUE_ARRAY && w->arrays == FORM_COMMAS) {
        put_joined(w, v);
    } else if (value_kind(v) == VALUE_ARRAY) {
        put_array(w, v);
    } else {
        asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
        web_put_scalar(v, &text);
        put_pair(w, asl_buffer_text(&text));
        asl_buffer_free(&text);
    }
}

void form_put(const asl_value *body, enum form_arrays arrays, struct asl_buffer *out)
{
    form_put_member(ASL_TEXT(""), body, arrays, out);
}

void form_put_member(struct asl_text key, const asl_value *v, enum form_arrays arrays,
                     struct asl_buffer *out)
{
    struct walk w = {.arrays = arrays, .out = out};
    asl_buffer_init(&w.name, NAME_MAXIMUM);
    asl_buffer_put_text(&w.name, key);
    put(&w, v);
    asl_buffer_free(&w.name);
}
