/* A JSON recogniser that fails as jackson-core's ReaderBasedJsonParser does.
 *
 * The values themselves come from value_parse(); this only finds the first mistake in Jackson's
 * order and says it at Jackson's place. Jackson counts columns in UTF-16 units from 1, and names
 * either the offending character's column or the one behind what it has read, by kind of complaint.
 */
#include "jackson.h"

#include <stdlib.h>
#include <string.h>

#include "../value/value.h"

#define SOURCE   "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: "
#define EXPECTED "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"

/* Jackson cuts unknown words after so many characters. */
enum { TOKEN_MAXIMUM = 256 };

struct frame {
    bool is_object;
    size_t start; /* offset of its bracket */
};

struct reader {
    struct asl_text json;
    size_t at;
    struct asl_buffer *why;
    struct frame frames[VALUE_DEPTH_MAXIMUM];
    size_t depth;
};

static int peek(const struct reader *r)
{
    return r->at < r->json.size ? (unsigned char)r->json.data[r->at] : -1;
}

/* ---- complaints ---- */

static void put_place(struct reader *r, size_t offset)
{
    unsigned long line = 1, column = 1;
    for (size_t at = 0; at < offset && at < r->json.size;) {
        int32_t c = value_utf8_next(r->json, &at);
        bool is_break =
            c == '\n' || (c == '\r' && !(at < r->json.size && r->json.data[at] == '\n'));
        if (is_break) {
            line++;
            column = 1;
        } else if (c != '\r') {
            column += c > 0xffff ? 2 : 1;
        }
    }
    asl_buffer_printf(r->why, SOURCE "%lu, column: %lu]", line, column);
}

static bool complain(struct reader *r, size_t offset)
{
    asl_buffer_puts(r->why, "\n at ");
    put_place(r, offset);
    return false;
}

/* 'b' (code 98), '✓' (code 10003 / 0x2713), (CTRL-CHAR, code 10) */
static void put_character(struct reader *r)
{
    size_t at = r->at;
    int32_t c = value_utf8_next(r->json, &at);
    if (c > 0xffff) { /* Java sees the first half of the pair */
        c = 0xd800 + ((c - 0x10000) >> 10);
        asl_buffer_printf(r->why, "'?' (code %d / 0x%x)", (int)c, (unsigned)c);
        return;
    }
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
        asl_buffer_printf(r->why, "(CTRL-CHAR, code %d)", (int)c);
        return;
    }
    asl_buffer_putc(r->why, '\'');
    asl_buffer_put(r->why, r->json.data + r->at, at - r->at);
    asl_buffer_printf(r->why, "' (code %d", (int)c);
    if (c > 255) {
        asl_buffer_printf(r->why, " / 0x%x", (unsigned)c);
    }
    asl_buffer_putc(r->why, ')');
}

static bool unexpected(struct reader *r, const char *expected)
{
    asl_buffer_puts(r->why, "Unexpected character (");
    put_character(r);
    asl_buffer_printf(r->why, "): %s", expected);
    return complain(r, r->at);
}

static const char *context_name(const struct reader *r)
{
    return r->depth == 0 ? "root" : r->frames[r->depth - 1].is_object ? "Object" : "Array";
}

static bool ended(struct reader *r, const char *where)
{
    asl_buffer_printf(r->why, "Unexpected end-of-input%s", where);
    return complain(r, r->json.size);
}

static bool ended_between(struct reader *r)
{
    asl_buffer_printf(r->why, "Unexpected end-of-input within/between %s entries", context_name(r));
    return complain(r, r->json.size);
}

static bool ended_open(struct reader *r)
{
    asl_buffer_printf(r->why,
                      "Unexpected end-of-input: expected close marker for %s (start marker at ",
                      context_name(r));
    put_place(r, r->frames[r->depth - 1].start);
    asl_buffer_putc(r->why, ')');
    return complain(r, r->json.size);
}

/* Character.isJavaIdentifierPart(), by blocks of letters: near enough for a complaint. */
static bool is_word_character(int32_t c)
{
    static const int32_t letters[][2] = {
        {'0', '9'},       {'A', 'Z'},       {'a', 'z'},       {'$', '$'},       {'_', '_'},
        {0xa2, 0xa5},     {0xaa, 0xaa},     {0xb5, 0xb5},     {0xba, 0xba},     {0xc0, 0xd6},
        {0xd8, 0xf6},     {0xf8, 0x2c1},    {0x370, 0x1fff},  {0x20a0, 0x20cf}, {0x2c00, 0x2dff},
        {0x3040, 0xd7ff}, {0xf900, 0xfdff}, {0xfe70, 0xfefe}, {0xff10, 0xffdc},
    };
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        if (c >= letters[i][0] && c <= letters[i][1]) {
            return true;
        }
    }
    return false;
}

/* The whole word from `start` on is named. */
static bool unrecognized(struct reader *r, size_t start)
{
    size_t at = start, count = 0;
    while (at < r->json.size && count++ < TOKEN_MAXIMUM) {
        size_t next = at;
        if (!is_word_character(value_utf8_next(r->json, &next))) {
            break;
        }
        at = next;
    }
    asl_buffer_puts(r->why, "Unrecognized token '");
    asl_buffer_put(r->why, r->json.data + start, at - start);
    asl_buffer_puts(r->why, "': was expecting " EXPECTED);
    return complain(r, at);
}

/* ---- scalars ---- */

static void skip_blanks(struct reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\n' || peek(r) == '\r') {
        r->at++;
    }
}

static bool read_word(struct reader *r, const char *word)
{
    size_t start = r->at, size = strlen(word);
    struct asl_text rest = {r->json.data + start, r->json.size - start};
    if (!asl_text_starts(rest, word)) {
        return unrecognized(r, start);
    }
    r->at += size;
    size_t next = r->at;
    if (peek(r) >= '0' && peek(r) != ']' && peek(r) != '}' &&
        is_word_character(value_utf8_next(r->json, &next))) {
        return unrecognized(r, start);
    }
    return true;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool bad_number(struct reader *r, const char *comment)
{
    asl_buffer_puts(r->why, "Unexpected character (");
    if (peek(r) < 0) { /* Jackson reads a NUL at the end */
        asl_buffer_printf(r->why, "(CTRL-CHAR, code 0)) in numeric value: %s", comment);
        return complain(r, r->at - 1);
    }
    put_character(r);
    asl_buffer_printf(r->why, ") in numeric value: %s", comment);
    return complain(r, r->at);
}

static bool read_digits(struct reader *r, const char *comment)
{
    if (!is_digit(peek(r))) {
        return bad_number(r, comment);
    }
    while (is_digit(peek(r))) {
        r->at++;
    }
    return true;
}

static bool read_number(struct reader *r)
{
    r->at += peek(r) == '-';
    bool is_zero = peek(r) == '0';
    size_t start = r->at;
    if (peek(r) < 0) {
        return ended(r, "No digit following sign");
    }
    if (!read_digits(r, "expected digit (0-9) to follow minus sign, for valid numeric value")) {
        return false;
    }
    if (is_zero && r->at > start + 1) {
        asl_buffer_puts(r->why, "Invalid numeric value: Leading zeroes not allowed");
        return complain(r, start + 1);
    }
    if (peek(r) == '.') {
        r->at++;
        if (!read_digits(r, "Decimal point not followed by a digit")) {
            return false;
        }
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        r->at++;
        r->at += peek(r) == '+' || peek(r) == '-';
        if (!read_digits(r, "Exponent indicator not followed by a digit")) {
            return false;
        }
    }
    if (r->depth == 0 && peek(r) > ' ') {
        return unexpected(r, "Expected space separating root-level values");
    }
    return true;
}

static bool read_escape(struct reader *r)
{
    r->at++;
    if (peek(r) < 0) {
        return ended(r, " in character escape sequence");
    }
    if (peek(r) != 'u') {
        if (strchr("\"\\/bfnrt", peek(r))) {
            r->at++;
            return true;
        }
        asl_buffer_puts(r->why, "Unrecognized character escape ");
        put_character(r);
        return complain(r, r->at);
    }
    r->at++;
    for (int i = 0; i < 4; i++, r->at++) {
        if (peek(r) < 0) {
            return ended(r, " in character escape sequence");
        }
        if (!strchr("0123456789abcdefABCDEF", peek(r))) {
            return unexpected(r, "expected a hex-digit for character escape sequence");
        }
    }
    return true;
}

static bool read_string(struct reader *r, bool is_name)
{
    r->at++;
    while (peek(r) != '"') {
        if (peek(r) < 0) {
            return ended(r, is_name ? " in field name"
                                    : ": was expecting closing quote for a string value");
        }
        if (peek(r) < 0x20) {
            asl_buffer_puts(r->why, "Illegal unquoted character (");
            put_character(r);
            asl_buffer_printf(r->why, "): has to be escaped using backslash to be included in %s",
                              is_name ? "name" : "string value");
            return complain(r, r->at);
        }
        if (peek(r) != '\\') {
            r->at++;
        } else if (!read_escape(r)) {
            return false;
        }
    }
    r->at++;
    return true;
}

/* ---- structure ---- */

static bool open_container(struct reader *r, bool is_object)
{
    if (r->depth == VALUE_DEPTH_MAXIMUM) {
        asl_buffer_puts(r->why,
                        "Document nesting depth (1001) exceeds the maximum allowed (1000, from "
                        "`StreamReadConstraints.getMaxNestingDepth()`)");
        return false;
    }
    r->frames[r->depth++] = (struct frame){is_object, r->at++};
    return true;
}

/* A closing bracket that closes nothing, or the other kind. */
static bool mismatched(struct reader *r)
{
    char found = (char)peek(r);
    asl_buffer_printf(r->why, "Unexpected close marker '%c': expected '%c' (for %s starting at ",
                      found, found == '}' ? ']' : '}', context_name(r));
    if (r->depth > 0) {
        put_place(r, r->frames[r->depth - 1].start);
    } else {
        asl_buffer_puts(r->why, SOURCE "1, column: 0]");
    }
    asl_buffer_putc(r->why, ')');
    return complain(r, r->at);
}

/* A scalar, or the opening of a container. */
static bool read_value(struct reader *r)
{
    switch (peek(r)) {
    case '{':
        return open_container(r, true);
    case '[':
        return open_container(r, false);
    case '"':
        return read_string(r, false);
    case 't':
        return read_word(r, "true");
    case 'f':
        return read_word(r, "false");
    case 'n':
        return read_word(r, "null");
    case '-':
        return read_number(r);
    case '}':
        return unexpected(r, "expected a value");
    case 'N':
    case 'I': {
        const char *word = peek(r) == 'N' ? "NaN" : "Infinity";
        struct asl_text rest = {r->json.data + r->at, r->json.size - r->at};
        if (asl_text_starts(rest, word)) {
            r->at += strlen(word);
            asl_buffer_printf(r->why,
                              "Non-standard token '%s': enable "
                              "`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow",
                              word);
            return complain(r, r->at);
        }
        break;
    }
    default:
        break;
    }
    if (is_digit(peek(r))) {
        return read_number(r);
    }
    size_t next = r->at;
    if (is_word_character(value_utf8_next(r->json, &next))) {
        return unrecognized(r, r->at);
    }
    return unexpected(r, "expected a valid value " EXPECTED);
}

/* "name" : up to where the value begins. */
static bool read_name(struct reader *r)
{
    if (peek(r) != '"') {
        return unexpected(r, "was expecting double-quote to start field name");
    }
    if (!read_string(r, true)) {
        return false;
    }
    skip_blanks(r);
    if (peek(r) < 0) {
        return ended_between(r);
    }
    if (peek(r) != ':') {
        return unexpected(r, "was expecting a colon to separate field name and value");
    }
    r->at++;
    skip_blanks(r);
    return peek(r) >= 0 || ended_between(r);
}

/* Inside a container: its end, or the next entry. `is_first` tells that none was read yet. */
static bool read_entry(struct reader *r, bool *is_first)
{
    struct frame *f = &r->frames[r->depth - 1];
    skip_blanks(r);
    if (peek(r) < 0) {
        return ended_open(r);
    }
    if (peek(r) == ']' || peek(r) == '}') {
        if ((peek(r) == '}') != f->is_object) {
            return mismatched(r);
        }
        r->at++;
        r->depth--;
        *is_first = false;
        return true;
    }
    if (!*is_first) {
        if (peek(r) != ',') {
            return unexpected(r, f->is_object ? "was expecting comma to separate Object entries"
                                              : "was expecting comma to separate Array entries");
        }
        r->at++;
        skip_blanks(r);
        if (peek(r) < 0) {
            return ended_between(r);
        }
    }
    if (f->is_object && !read_name(r)) {
        return false;
    }
    size_t depth = r->depth;
    bool is_fine = read_value(r);
    *is_first = r->depth > depth;
    return is_fine;
}

static bool read_document(struct reader *r)
{
    skip_blanks(r);
    if (peek(r) < 0) {
        return ended(r, "");
    }
    if (peek(r) == ']' || peek(r) == '}') {
        return mismatched(r);
    }
    if (!read_value(r)) {
        return false;
    }
    bool is_first = true;
    while (r->depth > 0) {
        if (!read_entry(r, &is_first)) {
            return false;
        }
    }
    return true;
}

bool jackson_check(struct asl_text json, size_t *end, struct asl_buffer *why)
{
    struct reader *r = asl_allocate_zeroed(1, sizeof *r);
    r->json = json;
    r->why = why;
    bool is_fine = read_document(r);
    *end = r->at;
    free(r);
    return is_fine;
}
