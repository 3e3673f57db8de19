/* Jackson's words for a text that is not JSON, from where our parser stopped.
 *
 * Jackson says what it expected, which depends on what stands before the mistake: the text up to
 * there is read once more with a stack of open brackets.
 */
#include "jackson.h"

#include <stdlib.h>
#include <string.h>

#define SOURCE_MAXIMUM 500 /* characters of the text that Jackson repeats */
#define VALUES "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"

/* What may come next. */
enum expected { EXPECT_VALUE, EXPECT_NAME, EXPECT_COLON, EXPECT_COMMA };

struct scan {
    enum expected expected;
    bool in_string;
    size_t depth;
    struct {
        bool object;
        size_t offset;
    } open[VALUE_DEPTH_MAXIMUM + 2];
};

static bool is_object(const struct scan *s)
{
    return s->depth > 0 && s->open[s->depth - 1].object;
}

static void after_value(struct scan *s)
{
    s->expected = EXPECT_COMMA;
}

static void scan_bracket(struct scan *s, char ch, size_t offset)
{
    if (ch == '{' || ch == '[') {
        if (s->depth < VALUE_DEPTH_MAXIMUM + 1) {
            s->open[s->depth].object = ch == '{';
            s->open[s->depth++].offset = offset;
        }
        s->expected = ch == '{' ? EXPECT_NAME : EXPECT_VALUE;
    } else {
        s->depth -= s->depth > 0;
        after_value(s);
    }
}

/* Reads text[0, end), which is sound JSON as far as it goes. */
static void scan(struct asl_text text, size_t end, struct scan *s)
{
    for (size_t i = 0; i < end; i++) {
        char ch = text.data[i];
        if (s->in_string) {
            if (ch == '\\') {
                i++;
            } else if (ch == '"') {
                s->in_string = false;
                s->expected = s->expected == EXPECT_NAME ? EXPECT_COLON : EXPECT_COMMA;
            }
        } else if (ch == '"') {
            s->in_string = true;
        } else if (strchr("{}[]", ch) != NULL && ch != '\0') {
            scan_bracket(s, ch, i);
        } else if (ch == ',') {
            s->expected = is_object(s) ? EXPECT_NAME : EXPECT_VALUE;
        } else if (ch == ':') {
            s->expected = EXPECT_VALUE;
        } else if (strchr(" \t\r\n", ch) == NULL) {
            after_value(s); /* a number or a word */
        }
    }
}

/* ---- places ---- */

struct position {
    size_t line, column;
};

static struct position position_of(struct asl_text text, size_t offset)
{
    struct position p = {1, 1};
    for (size_t i = 0; i < offset && i < text.size; i++) {
        if (text.data[i] == '\n') {
            p.line++;
            p.column = 1;
        } else if (((unsigned char)text.data[i] & 0xc0) != 0x80) {
            p.column++;
        }
    }
    return p;
}

static size_t characters_in(struct asl_text t)
{
    size_t count = 0;
    for (size_t i = 0; i < t.size; i++) {
        count += ((unsigned char)t.data[i] & 0xc0) != 0x80;
    }
    return count;
}

static void print_place(struct asl_text text, struct position p, struct asl_buffer *out)
{
    size_t end = 0, shown = 0;
    while (end < text.size) {
        bool starts = ((unsigned char)text.data[end] & 0xc0) != 0x80;
        if (starts && shown == SOURCE_MAXIMUM) {
            break;
        }
        shown += starts;
        end++;
    }
    asl_buffer_puts(out, "[Source: (String)\"");
    asl_buffer_put(out, text.data, end);
    asl_buffer_puts(out, "\"");
    if (end < text.size) {
        struct asl_text rest = {text.data + end, text.size - end};
        asl_buffer_printf(out, "[truncated %zu chars]", characters_in(rest));
    }
    asl_buffer_printf(out, "; line: %zu, column: %zu]", p.line, p.column);
}

/* Jackson counts the place behind what it has read: the whole word, or the one character. */
void jackson_place(struct asl_text text, const struct value_error *error, struct asl_buffer *out)
{
    size_t read = error->token_size > 0 ? error->token_size : 1;
    size_t end = error->offset + (error->problem == VALUE_ENDED_EARLY ? 0 : read);
    struct position p = position_of(text, error->offset < text.size ? error->offset : text.size);
    struct asl_text token = {text.data, 0};
    if (end > error->offset && error->offset < text.size) {
        size_t size = end > text.size ? text.size - error->offset : end - error->offset;
        token = (struct asl_text){text.data + error->offset, size};
    }
    p.column += characters_in(token);
    print_place(text, p, out);
}

/* ---- words ---- */

static void print_character(struct asl_text text, size_t offset, const char *what,
                            struct asl_buffer *out)
{
    size_t at = offset;
    int32_t code = value_utf8_next(text, &at);
    asl_buffer_puts(out, what);
    asl_buffer_puts(out, " (");
    if (code >= 0 && code < 0x20) {
        asl_buffer_printf(out, "(CTRL-CHAR, code %d)", (int)code);
    } else {
        asl_buffer_putc(out, '\'');
        asl_buffer_put(out, text.data + offset, at - offset);
        asl_buffer_printf(out, "' (code %d%s", (int)code, code > 255 ? " / 0x" : "");
        if (code > 255) {
            asl_buffer_printf(out, "%x", (unsigned)code);
        }
        asl_buffer_puts(out, ")");
    }
    asl_buffer_puts(out, ")");
}

static void say_unexpected(struct asl_text text, size_t offset, const struct scan *s,
                           struct asl_buffer *out)
{
    char ch = text.data[offset];
    char wanted = is_object(s) ? '}' : ']';
    if (s->depth > 0 && s->expected == EXPECT_COMMA && (ch == '}' || ch == ']') && ch != wanted) {
        asl_buffer_printf(out, "Unexpected close marker '%c': expected '%c' (for %s starting at ",
                          ch, wanted, is_object(s) ? "Object" : "Array");
        print_place(text, position_of(text, s->open[s->depth - 1].offset), out);
        asl_buffer_puts(out, ")");
        return;
    }
    print_character(text, offset, "Unexpected character", out);
    switch (s->expected) {
    case EXPECT_VALUE:
        asl_buffer_puts(out, ": expected a valid value " VALUES);
        break;
    case EXPECT_NAME:
        asl_buffer_puts(out, ": was expecting double-quote to start field name");
        break;
    case EXPECT_COLON:
        asl_buffer_puts(out, ": was expecting a colon to separate field name and value");
        break;
    case EXPECT_COMMA:
        asl_buffer_printf(out, ": was expecting comma to separate %s entries",
                          is_object(s) ? "Object" : "Array");
        break;
    }
}

static void say_ended(struct asl_text text, const struct scan *s, struct asl_buffer *out)
{
    if (s->in_string) {
        asl_buffer_puts(out, s->expected == EXPECT_NAME
                                 ? "Unexpected end-of-input in field name"
                                 : "Unexpected end-of-input: was expecting closing quote for a "
                                   "string value");
    } else if (s->depth == 0) {
        asl_buffer_puts(out, "No content to map due to end-of-input");
    } else {
        asl_buffer_printf(out,
                          "Unexpected end-of-input: expected close marker for %s (start marker at ",
                          is_object(s) ? "Object" : "Array");
        print_place(text, position_of(text, s->open[s->depth - 1].offset), out);
        asl_buffer_puts(out, ")");
    }
}

static void say_word(struct asl_text text, const struct value_error *error, const struct scan *s,
                     struct asl_buffer *out)
{
    if (s->expected != EXPECT_VALUE) {
        say_unexpected(text, error->offset, s, out);
        return;
    }
    size_t size = error->token_size > 0 ? error->token_size : 1;
    asl_buffer_printf(out, "Unrecognized token '%.*s': was expecting " VALUES, (int)size,
                      text.data + error->offset);
}

void jackson_message(struct asl_text text, const struct value_error *error, struct asl_buffer *out)
{
    size_t offset = error->offset < text.size ? error->offset : text.size;
    struct scan *s = asl_allocate_zeroed(1, sizeof *s);
    scan(text, offset, s);
    bool ended = offset == text.size;
    switch (error->problem) {
    case VALUE_UNKNOWN_WORD:
        say_word(text, error, s, out);
        break;
    case VALUE_ENDED_EARLY:
    case VALUE_EMPTY_TEXT:
        say_ended(text, s, out);
        break;
    case VALUE_CONTROL_CHARACTER:
        print_character(text, offset, "Illegal unquoted character", out);
        asl_buffer_puts(out,
                        ": has to be escaped using backslash to be included in string value");
        break;
    case VALUE_UNEXPECTED:
    case VALUE_TRAILING:
        if (ended) {
            say_ended(text, s, out);
        } else {
            say_unexpected(text, offset, s, out);
        }
        break;
    case VALUE_TOO_DEEP:
        asl_buffer_printf(out,
                          "Document nesting depth (%d) exceeds the maximum allowed (%d, from "
                          "`StreamReadConstraints.getMaxNestingDepth()`)",
                          VALUE_DEPTH_MAXIMUM + 1, VALUE_DEPTH_MAXIMUM);
        break;
    default:
        asl_buffer_puts(out, error->message);
        break;
    }
    free(s);
}
