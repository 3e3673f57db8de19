/* What stands in `[?( )]`, read into a tree.
 *
 *   or       := and ('||' and)*
 *   and      := unary ('&&' unary)*
 *   unary    := '!' unary | '(' or ')' | operand [operator operand]
 *   operand  := path from @ or $ | 'text' | "text" | /pattern/i | [json] | {json} | bare word
 *
 * A bare word (5, -1.5e3, true, null, active) is a string of its text: Jayway 2.0.0 compares
 * loosely, see filter.c. An operand without operator asks whether the path is there.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "path_internal.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

static struct path_filter *parse_or(struct path_parser *p);

static struct path_filter *new_filter(enum path_filter_kind kind)
{
    struct path_filter *f = asl_allocate_zeroed(1, sizeof *f);
    f->kind = kind;
    return f;
}

static void free_operand(struct path_operand *o)
{
    path_free(o->path);
    value_release(o->value);
    pcre2_code_free(o->regex);
}

void path_filter_free(struct path_filter *f)
{
    while (f) { /* chains lean left: walk them, recurse to the right only */
        struct path_filter *left = f->left;
        path_filter_free(f->right);
        free_operand(&f->a);
        free_operand(&f->b);
        free(f);
        f = left;
    }
}

/* ---- operands ---- */

/* Where what is compared ends: the text, a closing bracket, && or ||. */
static bool at_relation_end(const struct path_parser *p)
{
    int c = path_peek(p);
    bool is_doubled = p->at + 1 < p->text.size && p->text.data[p->at] == p->text.data[p->at + 1];
    return c < 0 || c == ')' || ((c == '&' || c == '|') && is_doubled);
}

/* Java's flags, as far as they mean something here. */
static uint32_t parse_flags(struct path_parser *p)
{
    uint32_t options = 0;
    for (;; p->at++) {
        switch (path_peek(p)) {
        case 'i':
            options |= PCRE2_CASELESS;
            break;
        case 'm':
            options |= PCRE2_MULTILINE;
            break;
        case 's':
            options |= PCRE2_DOTALL;
            break;
        case 'x':
            options |= PCRE2_EXTENDED;
            break;
        case 'd':
        case 'u':
        case 'U':
            break;
        default:
            return options;
        }
    }
}

/* /pattern/flags: finds the slash that ends it, which is one that nothing but flags and the end of
 * an operand follows. False, and nothing taken, when there is none: `/a/b` is a bare word. */
static bool find_pattern(struct path_parser *p, struct asl_text *pattern, uint32_t *options)
{
    size_t before = p->at, start = ++p->at;
    for (; path_peek(p) >= 0; p->at++) {
        if (path_peek(p) == '\\') {
            p->at++;
            continue;
        }
        if (path_peek(p) != '/') {
            continue;
        }
        size_t end = p->at++;
        *options = parse_flags(p);
        if (at_relation_end(p) || strchr(" \t=!<>", path_peek(p))) {
            *pattern = (struct asl_text){p->text.data + start, end - start};
            return true;
        }
        p->at = end;
    }
    p->at = before;
    return false;
}

/* The pattern must match the whole text, as Java's matches() does. */
static bool compile_pattern(struct path_parser *p, struct path_operand *o, struct asl_text pattern,
                            uint32_t options)
{
    options |= PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C;
    int code;
    PCRE2_SIZE place;
    o->kind = OPERAND_REGEX;
    o->regex = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.size, options, &code, &place, NULL);
    return o->regex || path_fail(p, "the text between the slashes is no regular expression");
}

/* A JSON array or object, up to its closing bracket. Single quotes serve as in Jayway. */
static bool parse_json(struct path_parser *p, struct path_operand *o)
{
    struct asl_buffer json;
    asl_buffer_init(&json, PATH_TEXT_MAXIMUM);
    size_t open = 0, start = p->at;
    int quote = 0;
    do {
        int c = path_peek(p);
        if (c < 0) {
            break;
        }
        if (quote && c == '\\') {
            asl_buffer_putc(&json, '\\');
            p->at++;
            c = path_peek(p);
        } else if (quote ? c == quote : c == '\'' || c == '"') {
            quote = quote ? 0 : c;
            c = '"';
        } else if (!quote && (c == '[' || c == '{')) {
            open++;
        } else if (!quote && (c == ']' || c == '}')) {
            open--;
        }
        if (c >= 0) {
            asl_buffer_putc(&json, (char)c);
            p->at++;
        }
    } while (open > 0);
    struct value_error why;
    o->kind = OPERAND_VALUE;
    o->value = open == 0 ? value_parse(asl_buffer_text(&json), 0, 0, &why) : NULL;
    asl_buffer_free(&json);
    if (!o->value) {
        p->at = start;
        return path_fail(p, "this is no JSON array or object");
    }
    return true;
}

/* On the left a word, on the right all that is compared with: blanks may stand in it, and a path
 * with slashes (reported: `[?(@.Name==/eggs/cooked/like)]`). */
static bool parse_bare_text(struct path_parser *p, struct path_operand *o, bool is_right)
{
    const char *ends = is_right ? "'\"(" : " \t\r\n=!<>~('\"";
    size_t start = p->at, end = start;
    while (!at_relation_end(p) && !strchr(ends, path_peek(p))) {
        bool is_blank = strchr(" \t\r\n", path_peek(p)) != NULL;
        p->at++;
        end = is_blank ? end : p->at;
    }
    if (end == start) {
        return path_fail(p, "a path, a text in quotes, a number or a pattern must stand here");
    }
    p->at = end;
    o->kind = OPERAND_VALUE;
    o->value = value_string((struct asl_text){p->text.data + start, end - start});
    return true;
}

static bool parse_operand(struct path_parser *p, struct path_operand *o, bool is_right)
{
    struct asl_text pattern;
    uint32_t options = 0;
    path_skip_blanks(p);
    switch (path_peek(p)) {
    case '@':
    case '$':
        o->kind = OPERAND_PATH;
        o->path = path_parse(p, true);
        return o->path != NULL;
    case '\'':
    case '"':
        o->kind = OPERAND_VALUE;
        o->value = path_parse_quoted(p);
        return o->value != NULL;
    case '/':
        return find_pattern(p, &pattern, &options) ? compile_pattern(p, o, pattern, options)
                                                   : parse_bare_text(p, o, is_right);
    case '[':
    case '{':
        return parse_json(p, o);
    default:
        return parse_bare_text(p, o, is_right);
    }
}

/* ---- the tree ---- */

static bool parse_relation_into(struct path_parser *p, struct path_filter *f)
{
    if (!parse_operand(p, &f->a, false)) {
        return false;
    }
    path_skip_blanks(p);
    if (at_relation_end(p)) {
        return f->a.kind == OPERAND_PATH ||
               path_fail(p, "a text alone decides nothing; compare it with a path");
    }
    size_t spelled = 0;
    struct asl_text rest = {p->text.data + p->at, p->text.size - p->at};
    f->operator_ = path_operator_at(rest, &spelled);
    if (!f->operator_) {
        return path_fail(p, "expected an operator: == != < <= > >= =~ in nin subsetof anyof noneof "
                            "contains size empty");
    }
    f->kind = FILTER_COMPARE;
    p->at += spelled;
    if (!parse_operand(p, &f->b, true)) {
        return false;
    }
    bool has_pattern = (f->a.kind == OPERAND_REGEX) != (f->b.kind == OPERAND_REGEX);
    return has_pattern == path_operator_is_match(f->operator_) ||
           path_fail(p,
                     "=~ needs a pattern on one side, as in /.*end/i; other operators take none");
}

static struct path_filter *parse_relation(struct path_parser *p)
{
    struct path_filter *f = new_filter(FILTER_EXISTS);
    if (!parse_relation_into(p, f)) {
        path_filter_free(f);
        return NULL;
    }
    return f;
}

static struct path_filter *parse_bracketed(struct path_parser *p)
{
    if (p->depth++ >= PATH_FILTER_DEPTH_MAXIMUM) {
        path_fail(p, "filters and brackets nest more than 40 deep");
        return NULL;
    }
    struct path_filter *f = parse_or(p);
    if (f && !path_take(p, ')')) {
        path_fail(p, "')' must close the filter");
        path_filter_free(f);
        f = NULL;
    }
    p->depth--;
    return f;
}

static struct path_filter *parse_unary(struct path_parser *p)
{
    bool is_negated = false;
    while (path_take(p, '!')) {
        is_negated = !is_negated;
    }
    struct path_filter *f = path_take(p, '(') ? parse_bracketed(p) : parse_relation(p);
    if (f && is_negated) {
        struct path_filter *not = new_filter(FILTER_NOT);
        not ->left = f;
        f = not ;
    }
    return f;
}

static bool take_twice(struct path_parser *p, char c)
{
    size_t before = p->at;
    if (path_take(p, c) && path_peek(p) == (unsigned char)c) {
        p->at++;
        return true;
    }
    p->at = before;
    return false;
}

static struct path_filter *parse_chain(struct path_parser *p, char sign, enum path_filter_kind kind,
                                       struct path_filter *(*parse_part)(struct path_parser *))
{
    struct path_filter *f = parse_part(p);
    while (f && take_twice(p, sign)) {
        if (p->links++ >= PATH_FILTER_LINKS_MAXIMUM) {
            path_fail(p, "a filter has more than 500 && and ||");
            path_filter_free(f);
            return NULL;
        }
        struct path_filter *both = new_filter(kind);
        both->left = f;
        both->right = parse_part(p);
        f = both;
        if (!both->right) {
            path_filter_free(both);
            f = NULL;
        }
    }
    return f;
}

static struct path_filter *parse_and(struct path_parser *p)
{
    return parse_chain(p, '&', FILTER_AND, parse_unary);
}

static struct path_filter *parse_or(struct path_parser *p)
{
    return parse_chain(p, '|', FILTER_OR, parse_and);
}

struct path_filter *path_filter_parse(struct path_parser *p)
{
    p->at++; /* ? */
    if (!path_take(p, '(')) {
        path_fail(p, "'(' must follow '?': a filter is written [?(@.price < 10)]");
        return NULL;
    }
    return parse_bracketed(p);
}
