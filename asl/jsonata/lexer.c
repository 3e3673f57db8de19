/* Source text to tokens. */
#include "syntax.h"
#include "regex.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Longer spellings first: the first that fits is taken. */
static const struct {
    const char *spelling;
    enum symbol_id id;
} operators[] = {
    {"..", SYMBOL_RANGE},      {":=", SYMBOL_ASSIGN},
    {"!=", SYMBOL_NOT_EQUAL},  {">=", SYMBOL_GREATER_EQUAL},
    {"<=", SYMBOL_LESS_EQUAL}, {"**", SYMBOL_STAR_STAR},
    {"~>", SYMBOL_CHAIN},      {"?:", SYMBOL_ELVIS},
    {"?\?", SYMBOL_COALESCE},  {".", SYMBOL_DOT},
    {"[", SYMBOL_BRACKET},     {"]", SYMBOL_BRACKET_CLOSE},
    {"{", SYMBOL_BRACE},       {"}", SYMBOL_BRACE_CLOSE},
    {"(", SYMBOL_PAREN},       {")", SYMBOL_PAREN_CLOSE},
    {",", SYMBOL_COMMA},       {"@", SYMBOL_AT},
    {"#", SYMBOL_HASH},        {";", SYMBOL_SEMICOLON},
    {":", SYMBOL_COLON},       {"?", SYMBOL_QUESTION},
    {"+", SYMBOL_PLUS},        {"-", SYMBOL_MINUS},
    {"*", SYMBOL_STAR},        {"/", SYMBOL_SLASH},
    {"%", SYMBOL_PERCENT},     {"|", SYMBOL_BAR},
    {"=", SYMBOL_EQUAL},       {"<", SYMBOL_LESS},
    {">", SYMBOL_GREATER},     {"^", SYMBOL_CARET},
    {"&", SYMBOL_AMPERSAND},   {"!", SYMBOL_NOT},
    {"~", SYMBOL_TILDE},
};

bool jsonata_fail_syntax(struct failure *f, const char *code, size_t position, item token)
{
    *f = (struct failure){.has_position = true, .position = position, .token = token};
    strcpy(f->code, code);
    return false;
}

void jsonata_lexer_init(struct lexer *l, struct jsonata *program, struct asl_text source,
                        struct failure *failure)
{
    *l = (struct lexer){.program = program, .source = source, .failure = failure};
}

size_t jsonata_lexer_units(struct lexer *l, size_t byte)
{
    if (byte < l->counted)
        return jsonata_count_units((struct asl_text){l->source.data, byte});
    l->counted_units +=
        jsonata_count_units((struct asl_text){l->source.data + l->counted, byte - l->counted});
    l->counted = byte;
    return l->counted_units;
}

static bool fail(struct lexer *l, const char *code, size_t at, item token)
{
    return jsonata_fail_syntax(l->failure, code, jsonata_lexer_units(l, at), token);
}

/* The byte at `at`, or 0 behind the end. */
static char peek(const struct lexer *l, size_t at)
{
    return at < l->source.size ? l->source.data[at] : '\0';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v';
}

static size_t find_operator(const struct lexer *l, size_t at)
{
    size_t count = sizeof operators / sizeof operators[0];
    for (size_t i = 0; i < count; i++) {
        size_t size = operators[i].spelling[1] ? 2 : 1;
        if (at + size <= l->source.size &&
            memcmp(l->source.data + at, operators[i].spelling, size) == 0)
            return i;
    }
    return count;
}

static bool is_operator_at(const struct lexer *l, size_t at)
{
    return at < l->source.size && l->source.data[at] &&
           strchr(".[]{}(),@#;:?+-*/%|=<>^&!~", l->source.data[at]);
}

static bool skip_blanks(struct lexer *l)
{
    for (;;) {
        while (l->at < l->source.size && is_space(l->source.data[l->at]))
            l->at++;
        if (peek(l, l->at) != '/' || peek(l, l->at + 1) != '*')
            return true;
        size_t start = l->at;
        for (l->at += 2; !(peek(l, l->at) == '*' && peek(l, l->at + 1) == '/'); l->at++)
            if (l->at >= l->source.size)
                return fail(l, "S0106", start, item_undefined());
        l->at += 2;
    }
}

static bool make(struct lexer *l, struct token *t, enum token_type type, enum symbol_id id,
                 item value)
{
    *t = (struct token){type, id, jsonata_lexer_units(l, l->at), value, NULL};
    return true;
}

/* ---- literals ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool scan_unicode_escape(struct lexer *l, struct builder *b)
{
    uint32_t unit = 0;
    size_t digits = 0;
    while (digits < 4 && l->at + 1 + digits < l->source.size) {
        int digit = hex_digit(l->source.data[l->at + 1 + digits]);
        if (digit < 0)
            return fail(l, "S0104", l->at, item_undefined());
        unit = unit * 16 + (uint32_t)digit;
        digits++;
    }
    if (digits == 0)
        return fail(l, "S0104", l->at, item_undefined());
    jsonata_builder_unit(b, unit);
    l->at += digits;
    return true;
}

static bool scan_escape(struct lexer *l, struct builder *b)
{
    static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    char c = peek(l, l->at);
    if (c == 'u')
        return scan_unicode_escape(l, b);
    for (const char *e = escapes; c && *e; e += 2)
        if (*e == c) {
            jsonata_builder_putc(b, e[1]);
            return true;
        }
    size_t size = jsonata_code_point_offset(
        (struct asl_text){l->source.data + l->at, l->source.size - l->at}, 1);
    item token = item_text((struct asl_text){l->source.data + l->at, size});
    return fail(l, "S0103", l->at, token);
}

static bool scan_string(struct lexer *l, struct token *t)
{
    char quote = l->source.data[l->at++];
    struct builder b;
    jsonata_builder_init(&b, &l->program->heap);
    while (l->at < l->source.size) {
        size_t plain = l->at;
        while (l->at < l->source.size && l->source.data[l->at] != quote &&
               l->source.data[l->at] != '\\')
            l->at++;
        jsonata_builder_put(&b, (struct asl_text){l->source.data + plain, l->at - plain});
        if (l->at >= l->source.size)
            break;
        if (l->source.data[l->at] == quote) {
            l->at++;
            return make(l, t, TOKEN_STRING, SYMBOL_LITERAL, jsonata_builder_item(&b));
        }
        l->at++;
        if (!scan_escape(l, &b))
            return false;
        l->at++;
    }
    return fail(l, "S0101", l->source.size, item_undefined());
}

static size_t digits_from(const struct lexer *l, size_t at)
{
    size_t start = at;
    while (peek(l, at) >= '0' && peek(l, at) <= '9')
        at++;
    return at - start;
}

/* (0|[1-9][0-9]*)(\.[0-9]+)?([Ee][-+]?[0-9]+)? : its size, 0 when there is none. */
static size_t number_size(const struct lexer *l)
{
    size_t at = l->at;
    if (peek(l, at) == '0')
        at++;
    else if (digits_from(l, at) > 0)
        at += digits_from(l, at);
    else
        return 0;
    if (peek(l, at) == '.' && digits_from(l, at + 1) > 0)
        at += 1 + digits_from(l, at + 1);
    if ((peek(l, at) | 0x20) == 'e') {
        size_t sign = peek(l, at + 1) == '-' || peek(l, at + 1) == '+';
        size_t digits = digits_from(l, at + 1 + sign);
        if (digits > 0)
            at += 1 + sign + digits;
    }
    return at - l->at;
}

static bool scan_number(struct lexer *l, struct token *t, size_t size)
{
    struct asl_text text = {l->source.data + l->at, size};
    char *copy = asl_copy_text(text);
    double number = strtod(copy, NULL);
    free(copy);
    if (!isfinite(number))
        return fail(l, "S0102", l->at, item_text(text));
    l->at += size;
    return make(l, t, TOKEN_NUMBER, SYMBOL_LITERAL, item_number(number));
}

static bool scan_quoted_name(struct lexer *l, struct token *t)
{
    size_t start = l->at + 1;
    const char *end =
        start < l->source.size ? memchr(l->source.data + start, '`', l->source.size - start) : NULL;
    if (!end)
        return fail(l, "S0105", l->source.size, item_undefined());
    struct asl_text name = {l->source.data + start, (size_t)(end - l->source.data) - start};
    l->at = start + name.size + 1;
    return make(l, t, TOKEN_NAME, SYMBOL_NAME, item_text(name));
}

/* ---- regular expressions ---- */

static bool is_closing_slash(const struct lexer *l, size_t at, int depth)
{
    if (l->source.data[at] != '/' || depth != 0)
        return false;
    size_t backslashes = 0;
    while (backslashes < at && l->source.data[at - backslashes - 1] == '\\')
        backslashes++;
    return backslashes % 2 == 0;
}

static bool finish_regex(struct lexer *l, struct token *t, struct asl_text pattern)
{
    if (pattern.size == 0)
        return fail(l, "S0301", l->at, item_undefined());
    unsigned flags = 0;
    for (l->at++; peek(l, l->at) == 'i' || peek(l, l->at) == 'm'; l->at++)
        flags |= peek(l, l->at) == 'i' ? REGEX_CASELESS : REGEX_MULTILINE;
    char why[REGEX_WHY];
    struct regex *regex = jsonata_regex_compile(pattern, flags, why);
    if (!regex) {
        fail(l, "S0303", l->at, item_text(pattern));
        char *words = jsonata_arena_allocate(&l->program->heap.arena, sizeof why);
        memcpy(words, why, sizeof why);
        l->failure->words = words;
        return false;
    }
    regex->next = l->program->regexes;
    l->program->regexes = regex;
    make(l, t, TOKEN_REGEX, SYMBOL_REGEX, item_text(pattern));
    t->regex = regex;
    return true;
}

/* As the reference scans: the first unescaped slash outside brackets of any kind. */
static bool scan_regex(struct lexer *l, struct token *t)
{
    size_t start = ++l->at;
    int depth = 0;
    for (; l->at < l->source.size; l->at++) {
        char c = l->source.data[l->at];
        if (is_closing_slash(l, l->at, depth))
            return finish_regex(l, t, (struct asl_text){l->source.data + start, l->at - start});
        if (l->source.data[l->at - 1] == '\\')
            continue;
        if (c == '(' || c == '[' || c == '{')
            depth++;
        else if (c == ')' || c == ']' || c == '}')
            depth--;
    }
    return fail(l, "S0302", l->source.size, item_undefined());
}

/* ---- names and the rest ---- */

static const struct {
    const char *word;
    enum token_type type;
    enum symbol_id id;
    item value;
} words[] = {
    {"and", TOKEN_OPERATOR, SYMBOL_AND, {.kind = ITEM_STRING, .size = 3, .as.text = "and"}},
    {"or", TOKEN_OPERATOR, SYMBOL_OR, {.kind = ITEM_STRING, .size = 2, .as.text = "or"}},
    {"in", TOKEN_OPERATOR, SYMBOL_IN, {.kind = ITEM_STRING, .size = 2, .as.text = "in"}},
    {"true", TOKEN_VALUE, SYMBOL_LITERAL, {.kind = ITEM_BOOLEAN, .as.boolean = true}},
    {"false", TOKEN_VALUE, SYMBOL_LITERAL, {.kind = ITEM_BOOLEAN, .as.boolean = false}},
    {"null", TOKEN_VALUE, SYMBOL_LITERAL, {.kind = ITEM_NULL}},
};

static bool scan_name(struct lexer *l, struct token *t)
{
    size_t start = l->at;
    while (l->at < l->source.size && !is_space(l->source.data[l->at]) && !is_operator_at(l, l->at))
        l->at++;
    struct asl_text name = {l->source.data + start, l->at - start};
    if (asl_text_starts(name, "$")) {
        name.data++;
        name.size--;
        return make(l, t, TOKEN_VARIABLE, SYMBOL_NAME, item_text(name));
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (asl_text_is(name, words[i].word))
            return make(l, t, words[i].type, words[i].id, words[i].value);
    return make(l, t, TOKEN_NAME, SYMBOL_NAME, item_text(name));
}

bool jsonata_lexer_next(struct lexer *l, bool infix, struct token *t)
{
    if (!skip_blanks(l))
        return false;
    if (l->at >= l->source.size)
        return make(l, t, TOKEN_END, SYMBOL_END, jsonata_string_z("(end)"));
    char c = l->source.data[l->at];
    if (!infix && c == '/')
        return scan_regex(l, t);
    if (is_operator_at(l, l->at)) {
        size_t found = find_operator(l, l->at);
        item spelling = jsonata_string_z(operators[found].spelling);
        l->at += spelling.size;
        return make(l, t, TOKEN_OPERATOR, operators[found].id, spelling);
    }
    if (c == '"' || c == '\'')
        return scan_string(l, t);
    size_t size = number_size(l);
    if (size > 0)
        return scan_number(l, t, size);
    if (c == '`')
        return scan_quoted_name(l, t);
    return scan_name(l, t);
}
