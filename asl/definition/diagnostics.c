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
/* Guessing what was meant compares with every state's name: only for the first few. */
#define HINTED_MAXIMUM 50

static void print_step(const struct place *place, struct asl_buffer *out)
{
    if (place->element) {
        asl_buffer_printf(out, "[%zu]", place->index);
    } else {
        asl_buffer_putc(out, '/');
        asl_buffer_put_text(out, place->key);
    }
}

static void print_steps(const struct place *place, const struct place *from, struct asl_buffer *out)
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
    asl_buffer_init(&steps, ASL_BUFFER_MAXIMUM);
    print_steps(place, from, &steps);
    struct asl_text text = asl_buffer_text(&steps);
    if (text.size > 0 && text.data[0] == '/') {
        text.data++;
        text.size--;
    }
    asl_buffer_put_text(out, text);
    asl_buffer_free(&steps);
}

/* The same place as a JSON Pointer (RFC 6901) into the text, for value_locate(). Returns the
 * place's depth. */
static size_t print_pointer(const struct place *place, size_t wrapped, struct asl_buffer *out)
{
    if (place == NULL || place->parent == NULL) {
        return 0;
    }
    size_t depth = print_pointer(place->parent, wrapped, out) + 1;
    if (depth <= wrapped) {
        return depth;
    }
    asl_buffer_putc(out, '/');
    if (place->element) {
        asl_buffer_printf(out, "%zu", place->index);
        return depth;
    }
    for (size_t i = 0; i < place->key.size; i++) {
        char ch = place->key.data[i];
        if (ch == '~' || ch == '/') {
            asl_buffer_puts(out, ch == '~' ? "~0" : "~1");
        } else {
            asl_buffer_putc(out, ch);
        }
    }
    return depth;
}

static void locate(struct compiler *c, const struct place *place, bool key,
                   struct asl_diagnostic *d)
{
    if (c->diagnostics->count > LOCATED_MAXIMUM) {
        return;
    }
    struct asl_buffer pointer;
    asl_buffer_init(&pointer, ASL_BUFFER_MAXIMUM);
    print_pointer(place, c->wrapped, &pointer);
    struct value_place found = {0};
    value_locate(c->text, asl_buffer_text(&pointer), key, &found);
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

static void add(struct compiler *c, enum asl_severity severity, const char *code,
                const struct place *place, const char *format, va_list arguments)
{
    c->last = SIZE_MAX;
    if (c->diagnostics->count >= DIAGNOSTICS_MAXIMUM) {
        return;
    }
    struct asl_diagnostic *d = append(c->diagnostics);
    c->last = c->diagnostics->count - 1;
    d->severity = severity;
    d->code = code;
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    asl_buffer_vprintf(&text, format, arguments);
    d->message = asl_copy_text(asl_buffer_text(&text));
    if (place != NULL) {
        asl_buffer_clear(&text);
        place_print(place, NULL, &text);
        d->location = asl_copy_text(asl_buffer_text(&text));
        locate(c, place, false, d);
    }
    asl_buffer_free(&text);
}

void report(struct compiler *c, const char *code, const struct place *place, const char *format,
            ...)
{
    c->errors++;
    va_list arguments;
    va_start(arguments, format);
    add(c, ASL_ERROR, code, place, format, arguments);
    va_end(arguments);
}

void warn(struct compiler *c, const char *code, const struct place *place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(c, ASL_WARNING, code, place, format, arguments);
    va_end(arguments);
}

void point_at_member(struct compiler *c, const struct place *object, struct asl_text name)
{
    if (c->last != SIZE_MAX) {
        struct place member = place_key(object, name);
        locate(c, &member, true, &c->diagnostics->items[c->last]);
    }
}

/* ---- hints ---- */

bool guess_helps(const struct compiler *c)
{
    return c->last != SIZE_MAX && c->last < HINTED_MAXIMUM;
}

void hint_tell(struct compiler *c, struct asl_text hint)
{
    if (guess_helps(c) && hint.size > 0) {
        free(c->diagnostics->items[c->last].hint);
        c->diagnostics->items[c->last].hint = asl_copy_text(hint);
    }
}

void guess_tell(struct compiler *c, const struct guess *g)
{
    if (!guess_helps(c) || g->best.size == 0) {
        return;
    }
    struct asl_buffer hint;
    asl_buffer_init(&hint, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&hint, "did you mean '%.*s'?", ASL_TEXT_ARGS(g->best));
    hint_tell(c, asl_buffer_text(&hint));
    asl_buffer_free(&hint);
}

void suggest(struct compiler *c, struct asl_text wrong, const char *names)
{
    if (!guess_helps(c)) {
        return;
    }
    struct guess g = {.wrong = wrong};
    while (names != NULL && *names != '\0') {
        size_t size = strcspn(names, "|");
        guess_try(&g, (struct asl_text){names, size});
        names += size + (names[size] == '|');
    }
    guess_tell(c, &g);
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

asl_value *asl_diagnostic_value(const struct asl_diagnostic *d, bool ours)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "severity",
                        value_string_z(d->severity == ASL_ERROR ? "ERROR" : "WARNING"));
    value_list_set_take(&l, "code", value_string_z(d->code));
    value_list_set_take(&l, "message", value_string_z(d->message));
    if (d->location)
        value_list_set_take(&l, "location", value_string_z(d->location));
    if (ours && d->line) {
        value_list_set_take(&l, "line", value_integer((int64_t)d->line));
        value_list_set_take(&l, "column", value_integer((int64_t)d->column));
    }
    if (ours && d->hint)
        value_list_set_take(&l, "hint", value_string_z(d->hint));
    return value_object_take(&l);
}
