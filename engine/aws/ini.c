/* The INI of AWS's shared files: one pass over the lines, with the place for nested ones
 * remembered. */
#include "ini.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct ini *ini;
    const char *name;
    size_t line;
    struct ini_section *section;   /* where properties go; NULL before the first */
    struct ini_property *property; /* what indented lines belong to, or NULL */
    char *message;                 /* 512 bytes */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct asl_text trim(struct asl_text t)
{
    while (t.size > 0 && is_blank(t.data[t.size - 1]))
        t.size--;
    while (t.size > 0 && is_blank(*t.data))
        t.data++, t.size--;
    return t;
}

/* " # ..." and " ; ..." behind a value are comments; without the space they belong to it. */
static struct asl_text without_comment(struct asl_text t)
{
    for (size_t i = 1; i < t.size; i++)
        if ((t.data[i] == '#' || t.data[i] == ';') && is_blank(t.data[i - 1]))
            return trim((struct asl_text){t.data, i});
    return t;
}

static bool complain(struct reader *r, const char *what)
{
    snprintf(r->message, 512, "%s:%zu: %s", r->name, r->line, what);
    return false;
}

static struct ini_property *find(struct ini_property *items, size_t count, struct asl_text key)
{
    for (size_t i = 0; i < count; i++)
        if (asl_text_is(key, items[i].key))
            return &items[i];
    return NULL;
}

static void clear(struct ini_property *p)
{
    for (size_t i = 0; i < p->nested_count; i++)
        clear(&p->nested[i]);
    free(p->nested);
    free(p->key);
    if (p->value)
        explicit_bzero(p->value, strlen(p->value)); /* some of them are secret keys */
    free(p->value);
}

static char *lower_copy(struct asl_text t)
{
    char *copy = asl_copy_text(t);
    for (char *c = copy; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

/* Sets `key` in a list that grows by one; returns its place. */
static struct ini_property *set(struct ini_property **items, size_t *count, struct asl_text key,
                                struct asl_text value, size_t line)
{
    char *lower = lower_copy(key);
    struct ini_property *p = find(*items, *count, asl_text(lower));
    if (p) {
        clear(p);
    } else {
        *items = asl_reallocate(*items, (*count + 1) * sizeof **items);
        p = &(*items)[(*count)++];
    }
    *p = (struct ini_property){.key = lower, .value = asl_copy_text(value), .line = line};
    return p;
}

static bool split(struct asl_text line, struct asl_text *key, struct asl_text *value)
{
    const char *equals = memchr(line.data, '=', line.size);
    if (!equals)
        return false;
    *key = trim((struct asl_text){line.data, (size_t)(equals - line.data)});
    *value = trim((struct asl_text){equals + 1, line.size - (size_t)(equals + 1 - line.data)});
    if (value->size > 0 && (*value->data == '#' || *value->data == ';') && is_blank(equals[1]))
        value->size = 0;
    *value = without_comment(*value);
    return key->size > 0;
}

static char *section_name(struct asl_text t)
{
    char *name = asl_copy_text(t), *to = name;
    for (size_t i = 0; i < t.size; i++)
        if (!is_blank(t.data[i]) || (i > 0 && !is_blank(t.data[i - 1])))
            *to++ = is_blank(t.data[i]) ? ' ' : t.data[i];
    *to = '\0';
    return name;
}

static bool read_section(struct reader *r, struct asl_text line)
{
    const char *end = memchr(line.data, ']', line.size);
    if (!end)
        return complain(r, "a section's name begins with '[' but does not end with ']'");
    struct asl_text inner = trim((struct asl_text){line.data + 1, (size_t)(end - line.data - 1)});
    if (inner.size == 0)
        return complain(r, "a section has no name");
    char *name = section_name(inner);
    struct ini *ini = r->ini;
    r->section = (struct ini_section *)ini_section(ini, name);
    r->property = NULL;
    if (r->section) {
        free(name);
        return true;
    }
    ini->sections = asl_reallocate(ini->sections, (ini->count + 1) * sizeof *ini->sections);
    r->section = &ini->sections[ini->count++];
    *r->section = (struct ini_section){.name = name, .line = r->line};
    return true;
}

/* An indented line: a nested property, or more of the value above it. */
static bool read_indented(struct reader *r, struct asl_text line)
{
    struct asl_text key, value;
    if (!r->property)
        return complain(r, "an indented line continues nothing: it stands below no property");
    if (r->property->value[0] == '\0') {
        if (!split(line, &key, &value))
            return complain(r, "expected `name = value` in the nested properties");
        set(&r->property->nested, &r->property->nested_count, key, value, r->line);
        return true;
    }
    struct asl_buffer joined;
    asl_buffer_init(&joined, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&joined, "%s\n%.*s", r->property->value, ASL_TEXT_ARGS(line));
    free(r->property->value);
    r->property->value = asl_buffer_take(&joined, &(size_t){0});
    return true;
}

static bool read_line(struct reader *r, struct asl_text raw)
{
    struct asl_text key, value, line = trim(raw);
    if (line.size == 0 || *line.data == '#' || *line.data == ';')
        return true;
    if (memchr(line.data, '\0', line.size))
        return complain(r, "a NUL character: this is no text file");
    if (is_blank(*raw.data))
        return read_indented(r, line);
    if (*line.data == '[')
        return read_section(r, line);
    if (!split(line, &key, &value))
        return complain(r, "expected `[section]` or `name = value`");
    if (!r->section)
        return complain(r, "a property stands before the first section");
    r->property = set(&r->section->properties, &r->section->count, key, value, r->line);
    return true;
}

bool ini_parse(struct asl_text text, const char *name, struct ini *out, char message[512])
{
    struct reader r = {.ini = out, .name = name, .message = message};
    *out = (struct ini){0};
    if (asl_text_starts(text, "\xEF\xBB\xBF")) {
        text.data += 3;
        text.size -= 3;
    }
    for (size_t at = 0; at < text.size;) {
        const char *start = text.data + at, *end = memchr(start, '\n', text.size - at);
        size_t size = end ? (size_t)(end - start) : text.size - at;
        at += size + (end ? 1 : 0);
        r.line++;
        if (!read_line(&r, (struct asl_text){start, size})) {
            ini_free(out);
            return false;
        }
    }
    return true;
}

void ini_free(struct ini *ini)
{
    for (size_t i = 0; i < ini->count; i++) {
        for (size_t j = 0; j < ini->sections[i].count; j++)
            clear(&ini->sections[i].properties[j]);
        free(ini->sections[i].properties);
        free(ini->sections[i].name);
    }
    free(ini->sections);
    *ini = (struct ini){0};
}

const struct ini_section *ini_section(const struct ini *ini, const char *name)
{
    for (size_t i = 0; i < ini->count; i++)
        if (strcmp(ini->sections[i].name, name) == 0)
            return &ini->sections[i];
    return NULL;
}

const struct ini_property *ini_property(const struct ini_section *s, const char *key)
{
    return s ? find(s->properties, s->count, asl_text(key)) : NULL;
}

const struct ini_property *ini_nested(const struct ini_property *p, const char *key)
{
    return p ? find(p->nested, p->nested_count, asl_text(key)) : NULL;
}
