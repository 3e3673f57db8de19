/* Setting out JSON, and editing it in place; see write.h. */
#include "engine/test/write.h"

#include <stdlib.h>
#include <string.h>

#include "engine/test/file.h"

#define WIDTH 100

/* ---- setting out ---- */

static void put_line(const asl_value *v, struct asl_buffer *out)
{
    enum value_kind kind = value_kind(v);
    bool object = kind == VALUE_OBJECT;
    if ((kind != VALUE_ARRAY && !object) || !value_count(v)) {
        value_print(v, out);
        return;
    }
    asl_buffer_puts(out, object ? "{ " : "[");
    for (size_t i = 0; i < value_count(v); i++) {
        asl_buffer_puts(out, i ? ", " : "");
        if (object) {
            value_print(value_key_at(v, i), out);
            asl_buffer_puts(out, ": ");
        }
        put_line(value_at(v, i), out);
    }
    asl_buffer_puts(out, object ? " }" : "]");
}

/* True when it was written on one line. */
static bool put_short(const asl_value *v, size_t column, struct asl_buffer *out)
{
    struct asl_buffer line;
    if (column >= WIDTH || value_size(v) > WIDTH - column)
        return false;
    asl_buffer_init(&line, WIDTH - column);
    put_line(v, &line);
    bool fits = !line.full;
    if (fits)
        asl_buffer_put_text(out, asl_buffer_text(&line));
    asl_buffer_free(&line);
    return fits;
}

static void write_at(const asl_value *v, size_t indent, size_t column, struct asl_buffer *out)
{
    bool object = value_kind(v) == VALUE_OBJECT;
    if ((value_kind(v) != VALUE_ARRAY && !object) || !value_count(v)) {
        value_print(v, out);
        return;
    }
    if (put_short(v, column, out))
        return;
    asl_buffer_putc(out, object ? '{' : '[');
    for (size_t i = 0; i < value_count(v); i++) {
        asl_buffer_puts(out, i ? "," : "");
        size_t before = out->size;
        asl_buffer_printf(out, "\n%*s", (int)indent + 2, "");
        if (object) {
            value_print(value_key_at(v, i), out);
            asl_buffer_puts(out, ": ");
        }
        write_at(value_at(v, i), indent + 2, out->size - before, out);
    }
    asl_buffer_printf(out, "\n%*s%c", (int)indent, "", object ? '}' : ']');
}

void write_json(const asl_value *v, size_t indent, struct asl_buffer *out)
{
    write_at(v, indent, indent, out);
}

/* ---- editing ---- */

struct edit {
    size_t from, size;
    const asl_value *value;
};

static int by_place(const void *a, const void *b)
{
    const struct edit *x = a, *y = b;
    return x->from < y->from ? -1 : x->from > y->from;
}

/* White space that the line of `at` begins with. */
static size_t indent_of(struct asl_text text, size_t at)
{
    size_t line = at, indent = 0;
    while (line > 0 && text.data[line - 1] != '\n')
        line--;
    while (line + indent < at && text.data[line + indent] == ' ')
        indent++;
    return indent;
}

bool write_edited(struct asl_text text, const asl_value *edits, struct asl_buffer *out)
{
    size_t count = value_count(edits), at = 0;
    struct edit *all = asl_allocate_zeroed(count + 1, sizeof *all);
    bool fine = true;
    for (size_t i = 0; fine && i < count; i++) {
        struct value_place place;
        const asl_value *edit = value_at(edits, i), *pointer = value_get_z(edit, "pointer");
        fine = pointer && value_locate(text, value_as_text(pointer), false, &place);
        if (fine)
            all[i] = (struct edit){place.offset, json_span(text, place.offset).size,
                                   value_get_z(edit, "value")};
    }
    if (fine)
        qsort(all, count, sizeof *all, by_place);
    for (size_t i = 0; fine && i < count; i++) {
        if (all[i].from < at)
            continue; /* within what was just written */
        asl_buffer_put(out, text.data + at, all[i].from - at);
        write_json(all[i].value, indent_of(text, all[i].from), out);
        at = all[i].from + all[i].size;
    }
    asl_buffer_put(out, text.data + at, text.size - at);
    free(all);
    return fine;
}
