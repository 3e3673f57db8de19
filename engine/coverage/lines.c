/* One pass over a text that is known to be sound JSON; see lines.h. */
#include "engine/coverage/lines.h"

#include <stdlib.h>
#include <string.h>

#include "asl/value/value.h"

struct walk {
    const char *at, *end, *line_from; /* lines before line_from are counted */
    size_t line;
    struct asl_buffer pointer; /* of the value at hand */
    struct lines_wanted *wanted;
    size_t count;
};

static int by_location(const void *a, const void *b)
{
    return strcmp(((const struct lines_wanted *)a)->location,
                  ((const struct lines_wanted *)b)->location);
}

/* Pointers are C strings: U+0000 in a name goes as U+FFFD. */
void lines_put_step(struct asl_buffer *pointer, struct asl_text name)
{
    asl_buffer_putc(pointer, '/');
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] == '~' || name.data[i] == '/')
            asl_buffer_puts(pointer, name.data[i] == '~' ? "~0" : "~1");
        else if (name.data[i] == '\0')
            asl_buffer_puts(pointer, "\xEF\xBF\xBD");
        else
            asl_buffer_putc(pointer, name.data[i]);
}

/* The value at hand begins, or its name does, at `from`. */
static void note(struct walk *w, const char *from)
{
    for (; w->line_from < from; w->line_from++)
        w->line += *w->line_from == '\n';
    struct lines_wanted key = {w->pointer.data, 0};
    struct lines_wanted *found = bsearch(&key, w->wanted, w->count, sizeof *w->wanted, by_location);
    if (!found)
        return;
    const struct lines_wanted *end = w->wanted + w->count;
    while (found > w->wanted && by_location(found - 1, &key) == 0) /* it may be wanted twice */
        found--;
    for (; found < end && by_location(found, &key) == 0; found++)
        found->line = w->line;
}

static void skip_space(struct walk *w)
{
    while (w->at < w->end && strchr(" \t\r\n", *w->at))
        w->at++;
}

/* Past a string; its text with the quotes. */
static struct asl_text skip_string(struct walk *w)
{
    const char *from = w->at++;
    while (w->at < w->end && *w->at != '"')
        w->at += *w->at == '\\' ? 2 : 1;
    w->at++;
    return (struct asl_text){from, (size_t)(w->at - from)};
}

static void walk_value(struct walk *w);

static void walk_member(struct walk *w)
{
    struct value_error error;
    const char *from = w->at;
    asl_value *name = value_parse(skip_string(w), 0, 0, &error);
    if (name)
        lines_put_step(&w->pointer, value_as_text(name));
    value_release(name);
    skip_space(w);
    w->at++; /* the colon */
    note(w, from);
    walk_value(w);
}

static void walk_element(struct walk *w, size_t index)
{
    asl_buffer_printf(&w->pointer, "/%zu", index);
    note(w, w->at);
    walk_value(w);
}

/* Depth is the parser's, which is bounded. */
static void walk_children(struct walk *w, bool object)
{
    size_t size = w->pointer.size;
    w->at++;
    for (size_t index = 0;; index++) {
        skip_space(w);
        if (w->at >= w->end || *w->at == '}' || *w->at == ']')
            break;
        if (object)
            walk_member(w);
        else
            walk_element(w, index);
        w->pointer.size = size;
        w->pointer.data[size] = '\0';
        skip_space(w);
        w->at += w->at < w->end && *w->at == ',';
    }
    w->at++;
}

static void walk_value(struct walk *w)
{
    skip_space(w);
    if (w->at >= w->end)
        return;
    if (*w->at == '{' || *w->at == '[')
        walk_children(w, *w->at == '{');
    else if (*w->at == '"')
        skip_string(w);
    else
        while (w->at < w->end && !strchr(",]} \t\r\n", *w->at))
            w->at++;
}

void lines_find(struct asl_text text, struct lines_wanted *wanted, size_t count)
{
    struct walk w = {text.data, text.data + text.size, text.data, 1, {0}, wanted, count};
    asl_buffer_init(&w.pointer, ASL_BUFFER_MAXIMUM);
    asl_buffer_puts(&w.pointer, "");
    qsort(wanted, count, sizeof *wanted, by_location);
    walk_value(&w);
    asl_buffer_free(&w.pointer);
}
