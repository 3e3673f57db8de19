/* See regex.h. JavaScript patterns (without the u flag) are rewritten for PCRE2:
 *
 *   .              everything but the four line ends of JavaScript
 *   \s \S          JavaScript's white space; \d \w \b are ASCII in both
 *   ^ $            with m: at any of the four line ends; $ without m: only at the very end
 *   [ in a class   stands for itself (PCRE2 would see [:alpha:]), so does - beside \d
 *   \A \z \Q ...   letters that mean nothing in JavaScript stand for themselves
 *   \1 .. \99      back references only as far as there are groups, else octal or the digit
 *   \/             a slash
 * and refused where JavaScript refuses: (?> (?# (?| (* and possessive quantifiers.
 *
 * Known differences: surrogates (JavaScript without u sees an astral character as two), captures in
 * a repeated group keep what an earlier round caught, lookbehind wants a bounded length.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "regex.h"

#include <pcre2.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_ENDS "\\n\\r\\x{2028}\\x{2029}"
#define SPACES                                                                                     \
    "\\s\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}"

struct translation {
    struct asl_text pattern;
    size_t at, groups;
    unsigned flags;
    bool named_groups;
    struct asl_buffer out;
    const char *refused;
};

static char peek(const struct translation *t, size_t ahead)
{
    return t->at + ahead < t->pattern.size ? t->pattern.data[t->at + ahead] : '\0';
}

static void count_groups(struct translation *t)
{
    bool in_class = false;
    struct asl_text p = t->pattern;
    for (size_t i = 0; i < p.size; i++) {
        char c = p.data[i];
        if (c == '\\') {
            i++;
        } else if (in_class) {
            in_class = c != ']';
        } else if (c == '[') {
            in_class = true;
        } else if (c == '(') {
            bool named = i + 3 < p.size && p.data[i + 1] == '?' && p.data[i + 2] == '<' &&
                         p.data[i + 3] != '=' && p.data[i + 3] != '!';
            if (named || i + 1 >= p.size || p.data[i + 1] != '?')
                t->groups++;
            t->named_groups = t->named_groups || named;
        }
    }
}

static void put_code_point(struct translation *t, unsigned long c)
{
    if (c >= 0xd800 && c <= 0xdfff)
        asl_buffer_puts(&t->out, "(?!)"); /* UTF-8 holds none to match */
    else
        asl_buffer_printf(&t->out, "\\x{%lx}", c);
}

/* \1 and on: a group, or an octal escape, or the digit. */
static void number_escape(struct translation *t, bool in_class)
{
    char digits[4] = {0};
    size_t count = 0;
    while (count < 3 && peek(t, count) >= '0' && peek(t, count) <= '9') {
        digits[count] = peek(t, count);
        count++;
    }
    while (!in_class && count > 0) {
        digits[count] = '\0';
        unsigned long group = strtoul(digits, NULL, 10);
        if (digits[0] != '0' && group <= t->groups) {
            asl_buffer_printf(&t->out, "(?:\\%lu)", group);
            t->at += count;
            return;
        }
        if (count == 1 || digits[0] == '0' || strtoul(digits, NULL, 10) > t->groups)
            break;
        count--;
    }
    size_t octal = 0;
    unsigned long value = 0;
    while (octal < 3 && peek(t, octal) >= '0' && peek(t, octal) <= '7' &&
           value * 8 + (unsigned long)(peek(t, octal) - '0') <= 255) {
        value = value * 8 + (unsigned long)(peek(t, octal) - '0');
        octal++;
    }
    if (octal > 0) {
        put_code_point(t, value);
        t->at += octal;
    } else {
        asl_buffer_putc(&t->out, peek(t, 0));
        t->at++;
    }
}

static bool hex_escape(struct translation *t, size_t digits)
{
    char text[5] = {0};
    for (size_t i = 0; i < digits; i++) {
        text[i] = peek(t, 1 + i);
        if (!text[i] || !strchr("0123456789abcdefABCDEF", text[i]))
            return false;
    }
    unsigned long value = strtoul(text, NULL, 16);
    t->at += 1 + digits;
    if (value >= 0xd800 && value <= 0xdbff && peek(t, 0) == '\\' && peek(t, 1) == 'u') {
        char low[5] = {peek(t, 2), peek(t, 3), peek(t, 4), peek(t, 5), 0};
        unsigned long second = strtoul(low, NULL, 16);
        if (strlen(low) == 4 && second >= 0xdc00 && second <= 0xdfff) {
            value = 0x10000 + ((value - 0xd800) << 10) + (second - 0xdc00);
            t->at += 6;
        }
    }
    put_code_point(t, value);
    return true;
}

static void space_escape(struct translation *t, char c, bool in_class)
{
    if (in_class)
        asl_buffer_puts(&t->out, c == 's' ? SPACES : "\\S");
    else
        asl_buffer_printf(&t->out, "[%s%s]", c == 's' ? "" : "^", SPACES);
    t->at++;
}

static void escape(struct translation *t, bool in_class)
{
    char c = peek(t, 0);
    if (c >= '0' && c <= '9') {
        number_escape(t, in_class);
    } else if (c == 's' || c == 'S') {
        space_escape(t, c, in_class);
    } else if (c == 'b' && in_class) {
        asl_buffer_puts(&t->out, "\\x{8}");
        t->at++;
    } else if ((c == 'B' && !in_class) || (c && strchr("dDwWb", c))) {
        asl_buffer_printf(&t->out, "\\%c", c);
        t->at++;
    } else if (c && strchr("fnrt", c)) {
        asl_buffer_printf(&t->out, "\\%c", c);
        t->at++;
    } else if (c == 'v') {
        asl_buffer_puts(&t->out, "\\x{b}");
        t->at++;
    } else if ((c == 'u' && hex_escape(t, 4)) || (c == 'x' && hex_escape(t, 2))) {
        return;
    } else if (c == 'c' && ((peek(t, 1) | 0x20) >= 'a' && (peek(t, 1) | 0x20) <= 'z')) {
        put_code_point(t, (unsigned long)peek(t, 1) & 31);
        t->at += 2;
    } else if (c == 'k' && t->named_groups && peek(t, 1) == '<') {
        asl_buffer_puts(&t->out, "\\k");
        t->at++;
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
        asl_buffer_putc(&t->out, c); /* an identity escape */
        t->at++;
    } else if ((unsigned char)c >= 0x80) {
        return; /* the character follows as it is */
    } else if (t->at < t->pattern.size) {
        asl_buffer_printf(&t->out, "\\%c", c);
        t->at++;
    } else {
        t->refused = "\\ at end of pattern";
    }
}

static bool is_class_letter(char c)
{
    return c && strchr("dDwWsS", c);
}

/* One character of a class, or an escape; true for one that is a class of its own (\d). */
static bool class_atom(struct translation *t)
{
    char c = peek(t, 0);
    t->at++;
    if (c == '\\') {
        bool is_class = is_class_letter(peek(t, 0));
        escape(t, true);
        return is_class;
    }
    if (strchr("[-:.=^&", c))
        asl_buffer_putc(&t->out, '\\');
    asl_buffer_putc(&t->out, c);
    while (((unsigned char)peek(t, 0) & 0xc0) == 0x80) /* the rest of it in UTF-8 */
        asl_buffer_putc(&t->out, t->pattern.data[t->at++]);
    return false;
}

/* a-z; where an end is a class (\w-z) the hyphen stands for itself. */
static void class_range(struct translation *t)
{
    bool is_class = class_atom(t);
    if (peek(t, 0) != '-' || t->at + 1 >= t->pattern.size || peek(t, 1) == ']')
        return;
    t->at++;
    bool stands = is_class || (peek(t, 0) == '\\' && is_class_letter(peek(t, 1)));
    asl_buffer_puts(&t->out, stands ? "\\-" : "-");
    class_atom(t);
}

static void character_class(struct translation *t)
{
    asl_buffer_putc(&t->out, '[');
    t->at++;
    if (peek(t, 0) == '^') {
        asl_buffer_putc(&t->out, '^');
        t->at++;
    }
    while (t->at < t->pattern.size && peek(t, 0) != ']')
        class_range(t);
    if (t->at >= t->pattern.size)
        t->refused = "missing terminating ] for character class";
    asl_buffer_putc(&t->out, ']');
    t->at++;
}

static void open_group(struct translation *t)
{
    if (peek(t, 1) == '*')
        t->refused = "nothing to repeat";
    if (peek(t, 1) == '?' && !strchr(":=!<", peek(t, 2)))
        t->refused = "invalid group";
    asl_buffer_putc(&t->out, '(');
    t->at++;
}

/* Behind a quantifier a second + is no JavaScript. */
static void quantifier(struct translation *t, char c)
{
    asl_buffer_putc(&t->out, c);
    t->at++;
    if (peek(t, 0) == '+')
        t->refused = "nothing to repeat";
}

static void translate(struct translation *t)
{
    bool multiline = t->flags & REGEX_MULTILINE;
    while (t->at < t->pattern.size && !t->refused) {
        char c = peek(t, 0);
        switch (c) {
        case '\\':
            t->at++;
            escape(t, false);
            break;
        case '[':
            character_class(t);
            break;
        case '(':
            open_group(t);
            break;
        case '.':
            asl_buffer_puts(&t->out, "[^" LINE_ENDS "]");
            t->at++;
            break;
        case '^':
            asl_buffer_puts(&t->out, multiline ? "(?<![^" LINE_ENDS "])" : "^");
            t->at++;
            break;
        case '$':
            asl_buffer_puts(&t->out, multiline ? "(?![^" LINE_ENDS "])" : "$");
            t->at++;
            break;
        case '*':
        case '+':
        case '?':
            quantifier(t, c);
            break;
        default:
            asl_buffer_putc(&t->out, c);
            t->at++;
        }
    }
}

#define PATTERN_MAXIMUM ((size_t)1 << 20)

static struct regex *compile(struct translation *t, char why[REGEX_WHY])
{
    uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_UNSET_BACKREF |
                       PCRE2_ALLOW_EMPTY_CLASS | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;
    if (t->flags & REGEX_CASELESS)
        options |= PCRE2_CASELESS;
    int code;
    PCRE2_SIZE offset;
    pcre2_code *compiled =
        pcre2_compile((PCRE2_SPTR)t->out.data, t->out.size, options, &code, &offset, NULL);
    if (!compiled) {
        PCRE2_UCHAR text[120];
        pcre2_get_error_message(code, text, sizeof text);
        snprintf(why, REGEX_WHY, "Invalid regular expression: {{token}}: %s", (const char *)text);
        return NULL;
    }
    struct regex *r = asl_allocate_zeroed(1, sizeof *r);
    r->code = compiled;
    r->data = pcre2_match_data_create_from_pattern(compiled, NULL);
    r->context = pcre2_match_context_create(NULL);
    if (!r->data || !r->context)
        asl_out_of_memory();
    pcre2_set_heap_limit(r->context, 16 * 1024);
    uint32_t groups = 0;
    pcre2_pattern_info(compiled, PCRE2_INFO_CAPTURECOUNT, &groups);
    r->groups = groups;
    return r;
}

struct regex *jsonata_regex_compile(struct asl_text pattern, unsigned flags, char why[REGEX_WHY])
{
    struct translation t = {.pattern = pattern, .flags = flags};
    asl_buffer_init(&t.out, PATTERN_MAXIMUM);
    count_groups(&t);
    translate(&t);
    struct regex *r = NULL;
    if (t.refused)
        snprintf(why, REGEX_WHY, "Invalid regular expression: {{token}}: %s", t.refused);
    else if (t.out.full || !t.out.data)
        snprintf(why, REGEX_WHY, "The regular expression is too long");
    else
        r = compile(&t, why);
    asl_buffer_free(&t.out);
    return r;
}

void jsonata_regex_free(struct regex *r)
{
    if (!r)
        return;
    pcre2_match_context_free(r->context);
    pcre2_match_data_free(r->data);
    pcre2_code_free(r->code);
    free(r);
}

void jsonata_regex_free_all(struct regex *list)
{
    for (struct regex *next; list; list = next) {
        next = list->next;
        jsonata_regex_free(list);
    }
}

/* PCRE2 does not tell how much a match took, only that it took more than it was given: so it is
 * given little first, and what it turned out to need is known within a factor. */
enum { TRY_FIRST = 2000, TRY_GROWTH = 16 };

enum regex_outcome jsonata_regex_match(struct regex *r, struct asl_text subject, size_t from,
                                       size_t *budget)
{
    size_t limit = TRY_FIRST;
    for (;;) {
        bool last = limit >= *budget;
        uint32_t given = (uint32_t)(last ? *budget : limit);
        pcre2_set_match_limit(r->context, given);
        int result = pcre2_match(r->code, (PCRE2_SPTR)(subject.data ? subject.data : ""),
                                 subject.size, from, PCRE2_NO_UTF_CHECK, r->data, r->context);
        if (result > 0)
            return REGEX_MATCH;
        if (result == PCRE2_ERROR_NOMATCH)
            return REGEX_NO_MATCH;
        if (result != PCRE2_ERROR_MATCHLIMIT || last)
            return REGEX_TOO_LONG;
        *budget -= given;
        limit *= TRY_GROWTH;
    }
}

void jsonata_regex_group(const struct regex *r, size_t group, size_t *start, size_t *end)
{
    const PCRE2_SIZE *places = pcre2_get_ovector_pointer(r->data);
    bool unset = group >= pcre2_get_ovector_count(r->data) || places[2 * group] == PCRE2_UNSET;
    *start = unset ? REGEX_UNSET : places[2 * group];
    *end = unset ? REGEX_UNSET : places[2 * group + 1];
}
