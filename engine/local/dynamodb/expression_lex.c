/* Tokens, memory and complaints of the expression parser. */
#include "expression_parser.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- arena ---- */

void *parser_allocate(struct parser *p, size_t size)
{
    struct block *b = asl_allocate_zeroed(1, sizeof *b + size);
    b->next = p->blocks;
    p->blocks = b;
    return b + 1;
}

/* A growing array of the arena: the old one is left behind, sizes double. */
void *parser_grown(struct parser *p, void *items, size_t count, size_t size)
{
    if (count & (count - 1) || (count != 0 && count < 4))
        return items;
    void *larger = parser_allocate(p, (count ? 2 * count : 4) * size);
    if (count)
        memcpy(larger, items, count * size);
    return larger;
}

/* ---- complaints ---- */

void parser_complain(struct parser *p, enum slot slot, const char *format, ...)
{
    if (p->complaints[slot][0])
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(p->complaints[slot], EXPRESSION_COMPLAINT, format, arguments);
    va_end(arguments);
}

/* ---- lexer ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t word_size(struct asl_text t, size_t at)
{
    size_t size = 0;
    while (at + size < t.size && (is_letter(t.data[at + size]) || is_digit(t.data[at + size])))
        size++;
    return size;
}

static enum token read_sign(struct asl_text t, size_t at, size_t *size)
{
    static const struct {
        const char *text;
        enum token token;
    } signs[] = {{"<>", NE},   {"<=", LE},  {">=", GE},   {"<", LT},   {">", GT},
                 {"=", EQ},    {"(", LEFT}, {")", RIGHT}, {"[", OPEN}, {"]", CLOSE},
                 {",", COMMA}, {".", DOT},  {"+", PLUS},  {"-", MINUS}};
    struct asl_text rest = {t.data + at, t.size - at};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (asl_text_starts(rest, signs[i].text)) {
            *size = strlen(signs[i].text);
            return signs[i].token;
        }
    *size = 1;
    while (at + *size < t.size && ((unsigned char)t.data[at + *size] & 0xc0) == 0x80)
        ++*size; /* the whole of a UTF-8 character */
    return STRAY;
}

enum token parser_read_token(struct asl_text t, size_t at, size_t *size)
{
    char c = t.data[at];
    if (is_letter(c)) {
        *size = word_size(t, at);
        return WORD;
    }
    if (is_digit(c)) {
        *size = 1;
        while (at + *size < t.size && is_digit(t.data[at + *size]))
            ++*size;
        return DIGITS;
    }
    if (c == '#' || c == ':') {
        *size = 1 + word_size(t, at + 1);
        return *size == 1 ? STRAY : c == '#' ? NAME : VALUE;
    }
    return read_sign(t, at, size);
}

size_t parser_skip_space(struct asl_text t, size_t at)
{
    while (at < t.size && strchr(" \t\r\n", t.data[at]) && t.data[at])
        at++;
    return at;
}

void parser_advance(struct parser *p)
{
    p->before = p->lexeme;
    p->at = parser_skip_space(p->text, p->at);
    size_t size = 0;
    p->token = p->at == p->text.size ? END : parser_read_token(p->text, p->at, &size);
    p->lexeme = (struct asl_text){p->text.data + p->at, size};
    p->at += size;
}

/* What DynamoDB shows: the token, and it with its neighbours. */
void parser_syntax_error(struct parser *p)
{
    if (p->is_syntax_error)
        return;
    p->is_syntax_error = true;
    const char *start = p->before.data ? p->before.data : p->lexeme.data;
    const char *end = p->lexeme.data + p->lexeme.size;
    size_t next = parser_skip_space(p->text, p->at), size = 0;
    if (p->token != END && next < p->text.size) {
        parser_read_token(p->text, next, &size);
        end = p->text.data + next + size;
    }
    struct asl_text near = {start, (size_t)(end - start)};
    struct asl_text token = p->token == END ? ASL_TEXT("<EOF>") : p->lexeme;
    snprintf(p->syntax, sizeof p->syntax, "Syntax error; token: \"%.*s\", near: \"%.*s\"",
             ASL_TEXT_ARGS(token), ASL_TEXT_ARGS(near));
}

bool parser_is_word(const struct parser *p, const char *keyword)
{
    return p->token == WORD && p->lexeme.size == strlen(keyword) &&
           strncasecmp(p->lexeme.data, keyword, p->lexeme.size) == 0;
}

bool parser_expect(struct parser *p, enum token token)
{
    if (p->token != token || p->is_syntax_error) {
        parser_syntax_error(p);
        return false;
    }
    parser_advance(p);
    return true;
}

/* Bounds recursion, and counts what DynamoDB counts. */
bool parser_enter(struct parser *p)
{
    if (++p->depth <= EXPRESSION_DEPTH)
        return !p->is_syntax_error;
    if (!p->is_syntax_error)
        snprintf(p->syntax, sizeof p->syntax, "The expression is nested deeper than %d levels",
                 EXPRESSION_DEPTH);
    p->is_syntax_error = true;
    return false;
}

void parser_count_operator(struct parser *p)
{
    if (++p->operators == EXPRESSION_OPERATORS + 1) {
        p->is_too_complex = true;
    }
}
