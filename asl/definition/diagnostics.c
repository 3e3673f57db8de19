/* The list of diagnostics: how a mistake gets AWS's words, AWS's location and our line and column.
 * Apart, so that the compilers only say what is wrong and where they stand.
 */
#include "compile.h"

#include <stdlib.h>
#include <string.h>

/* A definition of 1 MiB can hold a mistake every few bytes; nobody reads more than these, and AWS
 * gives at most 100 in an answer. */
#define DIAGNOSTICS_MAXIMUM 1000
/* Finding line and column reads the text anew: bounded for the same reason. */
#define LOCATED_MAXIMUM 200
#define MESSAGE_MAXIMUM 16384

static void print_step(const struct place *place, struct asl_buffer *out)
{
    if (place->element) {
        asl_buffer_printf(out, "[%zu]", place->index);
    } else {
        asl_buffer_putc(out, '/');
        asl_buffer_put_text(out, place->key);
    }
}

static void print_steps(const struct place *place, const struct place *from,
                        struct asl_buffer *out)
{
    if (place == NULL || place == from || place->parent == NULL) {
        return;
    }
    print_steps(place->parent, from, out);
    print_step(place, out);
}

void place_print(const struct place *place, const struct place *from, struct asl_buffer *out)
{
    if (from == NULL) {
        size_t before = out->size;
        print_steps(place, NULL, out);
        if (out->size == before) {
            asl_buffer_putc(out, '/');
        }
        return;
    }
    struct asl_buffer steps;
    asl_buffer_init(&steps, MESSAGE_MAXIMUM);
    print_steps(place, from, &steps);
    struct asl_text text = asl_buffer_text(&steps);
    if (text.size > 0 && text.data[0] == '/') {
        text.data++;
        text.size--;
    }
    asl_buffer_put_text(out, text);
    asl_buffer_free(&steps);
}

/* The same place as a JSON Pointer (RFC 6901), for value_locate(). */
static void print_pointer(const struct place *place, struct asl_buffer *out)
{
    if (place == NULL || place->parent == NULL) {
        return;
    }
    print_pointer(place->parent, out);
    asl_buffer_putc(out, '/');
    if (place->element) {
        asl_buffer_printf(out, "%zu", place->index);
        return;
    }
    for (size_t i = 0; i < place->key.size; i++) {
        char ch = place->key.data[i];
        if (ch == '~' || ch == '/') {
            asl_buffer_puts(out, ch == '~' ? "~0" : "~1");
        } else {
            asl_buffer_putc(out, ch);
        }
    }
}

static void locate(struct compiler *c, const struct place *place, struct asl_diagnostic *d)
{
    if (c->diagnostics->count > LOCATED_MAXIMUM) {
        return;
    }
    struct asl_buffer pointer;
    asl_buffer_init(&pointer, ASL_BUFFER_MAXIMUM);
    print_pointer(place, &pointer);
    struct value_place found = {0};
    value_locate(c->text, asl_buffer_text(&pointer), false, &found);
    d->line = found.line;
    d->column = found.column;
    asl_buffer_free(&pointer);
}

static struct asl_diagnostic *append(struct asl_diagnostics *list)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 8 : 2 * list->capacity;
        list->items = asl_reallocate(list->items, list->capacity * sizeof *list->items);
    }
    struct asl_diagnostic *d = &list->items[list->count++];
    *d = (struct asl_diagnostic){0};
    return d;
}

void report(struct compiler *c, const char *code, const struct place *place, const char *format, ...)
{
    c->errors++;
    if (c->diagnostics->count >= DIAGNOSTICS_MAXIMUM) {
        return;
    }
    struct asl_diagnostic *d = append(c->diagnostics);
    d->severity = ASL_ERROR;
    d->code = code;
    struct asl_buffer text;
    asl_buffer_init(&text, MESSAGE_MAXIMUM);
    va_list arguments;
    va_start(arguments, format);
    asl_buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    d->message = asl_copy_text(asl_buffer_text(&text));
    asl_buffer_clear(&text);
    if (place != NULL) {
        place_print(place, NULL, &text);
        d->location = asl_copy_text(asl_buffer_text(&text));
        locate(c, place, d);
    }
    asl_buffer_free(&text);
}

void asl_diagnostics_free(struct asl_diagnostics *d)
{
    for (size_t i = 0; i < d->count; i++) {
        free(d->items[i].message);
        free(d->items[i].location);
        free(d->items[i].hint);
    }
    free(d->items);
    *d = (struct asl_diagnostics){0};
}
