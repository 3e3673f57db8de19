/* Collecting complaints; see complaint.h. */
#include "engine/test/complaint.h"

#include <stdlib.h>

#include "asl/definition/guess.h"

void complaints_free(struct complaints *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->items[i].message);
    free(c->items);
    *c = (struct complaints){0};
}

struct step step_key(const struct step *parent, struct asl_text key)
{
    return (struct step){.parent = parent, .key = {key.data ? key.data : "", key.size}};
}

struct step step_index(const struct step *parent, size_t index)
{
    return (struct step){.parent = parent, .index = index};
}

void step_pointer(const struct step *step, struct asl_buffer *out)
{
    if (!step || !step->parent)
        return;
    step_pointer(step->parent, out);
    asl_buffer_putc(out, '/');
    if (!step->key.data) {
        asl_buffer_printf(out, "%zu", step->index);
        return;
    }
    for (size_t i = 0; i < step->key.size; i++) {
        char c = step->key.data[i];
        if (c == '~' || c == '/')
            asl_buffer_puts(out, c == '~' ? "~0" : "~1");
        else
            asl_buffer_putc(out, c);
    }
}

void complain_at(struct complaints *c, struct asl_text pointer, bool key, const char *message)
{
    struct value_place place = {0};
    if (c->count >= COMPLAINTS_MAXIMUM)
        return;
    if (c->count == c->capacity) {
        c->capacity = c->capacity ? c->capacity * 2 : 8;
        c->items = asl_reallocate(c->items, c->capacity * sizeof *c->items);
    }
    value_locate(c->text, pointer, key, &place);
    c->items[c->count++] =
        (struct complaint){asl_copy_text(asl_text(message)), place.line, place.column};
}

void complain(struct complaints *c, const struct step *at, bool key, const char *format, ...)
{
    struct asl_buffer pointer, message;
    va_list arguments;
    asl_buffer_init(&pointer, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&message, 65536);
    step_pointer(at, &pointer);
    va_start(arguments, format);
    asl_buffer_vprintf(&message, format, arguments);
    va_end(arguments);
    complain_at(c, asl_buffer_text(&pointer), key, message.data ? message.data : "?");
    asl_buffer_free(&pointer);
    asl_buffer_free(&message);
}

void put_guess(const struct guess *g, struct asl_buffer *out)
{
    if (g->best.size)
        asl_buffer_printf(out, "; did you mean '%.*s'?", ASL_TEXT_ARGS(g->best));
}
