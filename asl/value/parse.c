/* Text to values: RFC 8259 to the letter, UTF-8 checked, with the place of the first mistake.
 *
 * Recursive descent; VALUE_DEPTH_MAXIMUM bounds the stack. Line and column are counted only when
 * something is wrong: the parser itself carries nothing but an offset.
 */
#include "value_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    const char *start, *at, *end;
    unsigned flags;
    unsigned depth;
    struct value_error *error;
    struct asl_buffer text; /* of strings with escapes */
};

/* ---- UTF-8 ---- */

int32_t value_utf8_next(struct asl_text text, size_t *at)
{
    const unsigned char *s = (const unsigned char *)text.data + *at;
    size_t left = text.size - *at;
    (*at)++;
    if (s[0] < 0x80)
        return s[0];
    static const struct {
        unsigned char mask, lead;
        int more;
        int32_t least;
    } forms[] = {{0xE0, 0xC0, 1, 0x80}, {0xF0, 0xE0, 2, 0x800}, {0xF8, 0xF0, 3, 0x10000}};
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        if ((s[0] & forms[f].mask) != forms[f].lead)
            continue;
        if (left <= (size_t)forms[f].more)
            return -1;
        int32_t point = s[0] & ~forms[f].mask;
        for (int i = 1; i <= forms[f].more; i++) {
            if ((s[i] & 0xC0) != 0x80)
                return -1;
            point = point << 6 | (s[i] & 0x3F);
        }
        if (point < forms[f].least || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
            return -1;
        *at += (size_t)forms[f].more;
        return point;
    }
    return -1;
}

bool value_utf8_valid(struct asl_text text)
{
    for (size_t at = 0; at < text.size;)
        if (value_utf8_next(text, &at) < 0)
            return false;
    return true;
}

size_t value_utf8_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* ---- errors ---- */

static void place_of(struct asl_text text, size_t offset, size_t *line, size_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < offset && i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '\n') {
            ++*line;
            *column = 1;
        } else if ((c & 0xC0) != 0x80) {
            ++*column;
        }
    }
}

static const char *const problem_words[] = {
    [VALUE_FINE] = "",
    [VALUE_EMPTY_TEXT] = "there is no JSON value: the text is empty",
    [VALUE_UNEXPECTED] = "unexpected character",
    [VALUE_UNKNOWN_WORD] = "unknown word; a JSON value is an object, an array, a string in double "
                           "quotes, a number, true, false or null",
    [VALUE_ENDED_EARLY] = "the text ends before the value does",
    [VALUE_TRAILING] = "something follows the JSON value; only one value is allowed",
    [VALUE_BAD_NUMBER] = "not a JSON number (no leading zeros or '+', digits on both sides of '.')",
    [VALUE_BAD_ESCAPE] = "not a JSON escape (\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX, "
                         "surrogates in pairs)",
    [VALUE_BAD_UTF8] = "not valid UTF-8; save the text as UTF-8",
    [VALUE_CONTROL_CHARACTER] = "a raw control character in a string; write it as \\n, \\t or "
                                "\\u00XX",
    [VALUE_DUPLICATE_KEY] = "duplicate key",
    [VALUE_TOO_DEEP] = "nested deeper than 1000 levels",
    [VALUE_TOO_LARGE] = "too large",
};

static void *fail(struct parser *p, enum value_problem problem, const char *at, const char *detail)
{
    struct value_error *e = p->error;
    if (!e || e->problem)
        return NULL;
    *e = (struct value_error){.problem = problem, .offset = (size_t)(at - p->start)};
    place_of((struct asl_text){p->start, (size_t)(p->end - p->start)}, e->offset, &e->line,
             &e->column);
    if (problem == VALUE_UNKNOWN_WORD || problem == VALUE_BAD_NUMBER)
        while (at + e->token_size < p->end && !strchr(" \t\r\n,:[]{}\"", at[e->token_size]))
            e->token_size++;
    snprintf(e->message, sizeof e->message, "%s%s", problem_words[problem], detail);
    return NULL;
}

/* What was wanted, and what stands there instead. */
static void *unexpected(struct parser *p, const char *wanted)
{
    if (p->at >= p->end)
        return fail(p, VALUE_ENDED_EARLY, p->end, "");
    char detail[100];
    unsigned char c = (unsigned char)*p->at;
    if (c > 0x20 && c < 0x7F)
        snprintf(detail, sizeof detail, " '%c' where %s should stand", c, wanted);
    else
        snprintf(detail, sizeof detail, " (byte 0x%02X) where %s should stand", c, wanted);
    return fail(p, VALUE_UNEXPECTED, p->at, detail);
}

/* ---- tokens ---- */

static void skip_space(struct parser *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t'))
        p->at++;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool read_hex4(struct parser *p, uint32_t *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = p->at < p->end ? hex_digit(*p->at) : -1;
        if (digit < 0)
            return false;
        *unit = *unit << 4 | (uint32_t)digit;
        p->at++;
    }
    return true;
}

/* Behind `\u`: one unit, or a surrogate pair. */
static bool read_unicode_escape(struct parser *p)
{
    uint32_t unit, low;
    if (!read_hex4(p, &unit))
        return false;
    if (unit >= 0xDC00 && unit <= 0xDFFF)
        return false;
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        if (p->end - p->at < 2 || p->at[0] != '\\' || p->at[1] != 'u')
            return false;
        p->at += 2;
        if (!read_hex4(p, &low) || low < 0xDC00 || low > 0xDFFF)
            return false;
        unit = 0x10000 + ((unit - 0xD800) << 10 | (low - 0xDC00));
    }
    char utf8[4];
    asl_buffer_put(&p->text, utf8, value_utf8_encode(unit, utf8));
    return true;
}

static bool read_escape(struct parser *p)
{
    static const char pairs[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    const char *start = p->at++;
    if (p->at >= p->end) {
        fail(p, VALUE_ENDED_EARLY, p->end, "");
        return false;
    }
    char c = *p->at++;
    if (c == 'u') {
        if (read_unicode_escape(p))
            return true;
        if (p->at >= p->end)
            fail(p, VALUE_ENDED_EARLY, p->end, "");
        else
            fail(p, VALUE_BAD_ESCAPE, start, "");
        return false;
    }
    for (const char *pair = pairs; *pair; pair += 2)
        if (*pair == c) {
            asl_buffer_putc(&p->text, pair[1]);
            return true;
        }
    fail(p, VALUE_BAD_ESCAPE, start, "");
    return false;
}

/* Runs of plain characters are taken whole; an unescaped string is never copied twice. */
static asl_value *read_string(struct parser *p)
{
    const char *run = ++p->at;
    bool escaped = false;
    for (;;) {
        p->at += value_plain_run(p->at, (size_t)(p->end - p->at));
        if (p->at >= p->end)
            return fail(p, VALUE_ENDED_EARLY, p->end, "");
        unsigned char c = (unsigned char)*p->at;
        if (c == '"')
            break;
        if (c < 0x20)
            return fail(p, VALUE_CONTROL_CHARACTER, p->at, "");
        if (c == '\\') {
            if (!escaped)
                asl_buffer_clear(&p->text);
            escaped = true;
            asl_buffer_put(&p->text, run, (size_t)(p->at - run));
            if (!read_escape(p))
                return NULL;
            run = p->at;
        } else {
            size_t at = 0;
            struct asl_text rest = {p->at, (size_t)(p->end - p->at)};
            if (value_utf8_next(rest, &at) < 0)
                return fail(p, VALUE_BAD_UTF8, p->at, "");
            p->at += at;
        }
    }
    struct asl_text text = {run, (size_t)(p->at - run)};
    if (escaped) {
        asl_buffer_put_text(&p->text, text);
        text = asl_buffer_text(&p->text);
    }
    p->at++;
    return value_string(text);
}

/* RFC 8259, number. Returns its end, or NULL. */
static const char *number_end(const char *at, const char *end)
{
    const char *start;
    if (at < end && *at == '-')
        at++;
    if (at >= end || *at < '0' || *at > '9')
        return NULL;
    if (*at == '0')
        at++;
    else
        while (at < end && *at >= '0' && *at <= '9')
            at++;
    if (at < end && *at == '.') {
        for (start = ++at; at < end && *at >= '0' && *at <= '9';)
            at++;
        if (at == start)
            return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        for (start = at; at < end && *at >= '0' && *at <= '9';)
            at++;
        if (at == start)
            return NULL;
    }
    return at;
}

asl_value *value_number_text(struct asl_text number)
{
    const char *end = number_end(number.data, number.data + number.size);
    if (!end || end != number.data + number.size)
        return NULL;
    return value_number_new(number);
}

static asl_value *read_number(struct parser *p)
{
    const char *end = number_end(p->at, p->end);
    if (!end || (end < p->end && !strchr(" \t\r\n,]}", *end)))
        return fail(p, VALUE_BAD_NUMBER, p->at, "");
    asl_value *v = value_number_new((struct asl_text){p->at, (size_t)(end - p->at)});
    p->at = end;
    return v;
}

static asl_value *read_word(struct parser *p)
{
    static const struct {
        const char *word;
        size_t size;
    } words[] = {{"null", 4}, {"true", 4}, {"false", 5}};
    for (size_t i = 0; i < 3; i++) {
        size_t size = words[i].size;
        if ((size_t)(p->end - p->at) < size || memcmp(p->at, words[i].word, size) != 0)
            continue;
        if (p->at + size < p->end && !strchr(" \t\r\n,]}", p->at[size]))
            break;
        p->at += size;
        return i == 0 ? value_null() : value_boolean(i == 1);
    }
    return fail(p, VALUE_UNKNOWN_WORD, p->at, "");
}

/* ---- structure ---- */

static asl_value *read_value(struct parser *p);

static asl_value *read_array(struct parser *p)
{
    struct value_list items;
    value_list_init(&items);
    p->at++;
    skip_space(p);
    if (p->at < p->end && *p->at == ']') {
        p->at++;
        return value_array_take(&items);
    }
    for (;;) {
        asl_value *item = read_value(p);
        if (!item)
            goto failed;
        value_list_push_take(&items, item);
        skip_space(p);
        if (p->at < p->end && *p->at == ']')
            break;
        if (p->at >= p->end || *p->at != ',') {
            unexpected(p, "',' or ']'");
            goto failed;
        }
        p->at++;
    }
    p->at++;
    return value_array_take(&items);
failed:
    value_list_free(&items);
    return NULL;
}

/* Finds which key is the repeated one, for the message: once, when it is already wrong. */
static void fail_duplicate(struct parser *p, const char *open, const asl_value *object)
{
    for (size_t i = 1; i < value_count(object); i++)
        for (size_t j = 0; j < i; j++) {
            struct asl_text key = value_as_text(value_key_at(object, i));
            if (!asl_text_equal(key, value_as_text(value_key_at(object, j))))
                continue;
            char detail[64];
            int shown = key.size > 40 ? 40 : (int)key.size;
            snprintf(detail, sizeof detail, " \"%.*s\" in this object", shown, key.data);
            fail(p, VALUE_DUPLICATE_KEY, open, detail);
            return;
        }
}

static bool read_member(struct parser *p, struct value_list *members)
{
    if (p->at >= p->end || *p->at != '"') {
        unexpected(p, "a key in double quotes");
        return false;
    }
    asl_value *key = read_string(p);
    if (!key)
        return false;
    skip_space(p);
    if (p->at >= p->end || *p->at != ':') {
        unexpected(p, "':'");
        value_release(key);
        return false;
    }
    p->at++;
    asl_value *v = read_value(p);
    if (!v) {
        value_release(key);
        return false;
    }
    value_list_push_member_take(members, key, v);
    return true;
}

static asl_value *read_object(struct parser *p)
{
    const char *open = p->at++;
    struct value_list members;
    value_list_init(&members);
    skip_space(p);
    if (p->at < p->end && *p->at == '}') {
        p->at++;
        return value_object_take(&members);
    }
    for (;;) {
        skip_space(p);
        if (!read_member(p, &members))
            goto failed;
        skip_space(p);
        if (p->at < p->end && *p->at == '}')
            break;
        if (p->at >= p->end || *p->at != ',') {
            unexpected(p, "',' or '}'");
            goto failed;
        }
        p->at++;
    }
    p->at++;
    asl_value *object;
    bool refuse = p->flags & VALUE_REFUSE_DUPLICATES;
    if (value_object_build_take(&members, refuse, &object) && refuse) {
        fail_duplicate(p, open, object);
        value_release(object);
        return NULL;
    }
    return object;
failed:
    value_list_free(&members);
    return NULL;
}

static asl_value *read_value(struct parser *p)
{
    skip_space(p);
    if (p->at >= p->end)
        return fail(p, VALUE_ENDED_EARLY, p->end, "");
    char c = *p->at;
    if (c == '"')
        return read_string(p);
    if (c == '{' || c == '[') {
        if (p->depth == VALUE_DEPTH_MAXIMUM)
            return fail(p, VALUE_TOO_DEEP, p->at, "");
        p->depth++;
        asl_value *v = c == '{' ? read_object(p) : read_array(p);
        p->depth--;
        return v;
    }
    if (c == '-' || (c >= '0' && c <= '9'))
        return read_number(p);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$')
        return read_word(p);
    return unexpected(p, "a JSON value");
}

asl_value *value_parse(struct asl_text text, unsigned flags, size_t maximum,
                       struct value_error *error)
{
    struct value_error ignored;
    if (!error)
        error = &ignored;
    *error = (struct value_error){0};
    if (!text.data)
        text = ASL_TEXT(""); /* arithmetic on NULL is undefined */
    struct parser p = {text.data, text.data, text.data + text.size, flags, 0, error, {0}};
    if (maximum && text.size > maximum) {
        char detail[80];
        snprintf(detail, sizeof detail, ": %zu bytes, at most %zu are allowed", text.size, maximum);
        return fail(&p, VALUE_TOO_LARGE, text.data, detail);
    }
    skip_space(&p);
    if (p.at == p.end)
        return fail(&p, VALUE_EMPTY_TEXT, p.at, "");
    asl_buffer_init(&p.text, ASL_BUFFER_MAXIMUM);
    asl_value *v = read_value(&p);
    skip_space(&p);
    if (v && p.at < p.end) {
        fail(&p, VALUE_TRAILING, p.at, "");
        value_release(v);
        v = NULL;
    }
    asl_buffer_free(&p.text);
    return v;
}

asl_value *value_literal(const char *json)
{
    asl_value *v = value_parse(asl_text(json), 0, 0, NULL);
    if (!v)
        abort(); /* a mistake in the program, not in its input */
    return v;
}

/* ---- places ---- */

/* Steps over one value; the text was parsed before, so it is trusted to be well formed. */
static void step_over(struct parser *p)
{
    unsigned depth = 0;
    for (; p->at < p->end; p->at++) {
        char c = *p->at;
        if (c == '"') {
            for (p->at++; p->at < p->end && *p->at != '"'; p->at++)
                if (*p->at == '\\')
                    p->at++;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return;
            depth--;
        } else if (c == ',' && depth == 0) {
            return;
        }
    }
    if (p->at > p->end)
        p->at = p->end;
}

/* One reference token of a JSON Pointer, unescaped (~1 is /, ~0 is ~). */
static bool next_token(struct asl_text *location, struct asl_buffer *token)
{
    asl_buffer_clear(token);
    if (location->size == 0)
        return false;
    size_t i = location->data[0] == '/' ? 1 : 0;
    for (; i < location->size && location->data[i] != '/'; i++) {
        char c = location->data[i];
        if (c == '~' && i + 1 < location->size &&
            (location->data[i + 1] == '0' || location->data[i + 1] == '1'))
            c = location->data[++i] == '0' ? '~' : '/';
        asl_buffer_putc(token, c);
    }
    location->data += i;
    location->size -= i;
    return true;
}

/* Moves into the member or element that `token` names; false leaves p->at where it was. */
static bool step_into(struct parser *p, struct asl_text token, const char **key_at)
{
    const char *start = p->at;
    if (p->at >= p->end || (*p->at != '{' && *p->at != '['))
        return false;
    bool object = *p->at == '{';
    size_t wanted = object ? 0 : (size_t)strtoul(token.size ? token.data : "0", NULL, 10);
    p->at++;
    for (size_t index = 0;; index++) {
        skip_space(p);
        if (p->at >= p->end || *p->at == '}' || *p->at == ']')
            break;
        *key_at = p->at;
        bool found = !object && index == wanted;
        if (object) {
            asl_value *key = *p->at == '"' ? read_string(p) : NULL;
            if (!key)
                break;
            found = asl_text_equal(value_as_text(key), token);
            value_release(key);
            skip_space(p);
            p->at += p->at < p->end; /* the colon */
            skip_space(p);
        }
        if (found)
            return true;
        step_over(p);
        p->at += p->at < p->end && *p->at == ',';
    }
    p->at = start;
    return false;
}

bool value_locate(struct asl_text text, struct asl_text location, bool key,
                  struct value_place *place)
{
    struct value_error ignored = {0};
    struct parser p = {text.data, text.data, text.data + text.size, 0, 0, &ignored, {0}};
    struct asl_buffer token;
    asl_buffer_init(&p.text, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&token, ASL_BUFFER_MAXIMUM);
    skip_space(&p);
    const char *key_at = p.at;
    bool found = true;
    while (found && location.size > 0 && !asl_text_is(location, "/") &&
           next_token(&location, &token))
        found = step_into(&p, asl_buffer_text(&token), &key_at);
    const char *at = key && found ? key_at : p.at;
    place->offset = (size_t)(at - text.data);
    place_of(text, place->offset, &place->line, &place->column);
    asl_buffer_free(&token);
    asl_buffer_free(&p.text);
    return found;
}
