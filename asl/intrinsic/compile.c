/* Intrinsic text -> tree.
 *
 *   call     := name '(' [argument (',' argument)*] ')'
 *   argument := call | path | 'text' | number | true | false | null
 *
 * In texts \' \{ \} and \\ are escapes and any other backslash is refused (recorded: `\"` is
 * refused at creation). Braces matter to States.Format alone, so a text is kept twice: as it reads,
 * and with its braces still escaped.
 */
#include "intrinsic_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    struct asl_text text;
    size_t at;
    unsigned nesting;
    struct path_error *error;
    bool failed;
};

static bool parse_call(struct parser *p, struct intrinsic_node *node);

static bool complain(struct parser *p, const char *message)
{
    if (!p->failed) {
        p->failed = true;
        p->error->offset = p->at;
        snprintf(p->error->message, sizeof p->error->message, "%s", message);
    }
    return false;
}

static int peek(const struct parser *p)
{
    return p->at < p->text.size ? (unsigned char)p->text.data[p->at] : -1;
}

static void skip_blanks(struct parser *p)
{
    while (peek(p) == ' ' || peek(p) == '\t' || peek(p) == '\n' || peek(p) == '\r') {
        p->at++;
    }
}

static bool take(struct parser *p, char c)
{
    skip_blanks(p);
    if (peek(p) != (unsigned char)c) {
        return false;
    }
    p->at++;
    return true;
}

static bool is_name_character(int c)
{
    return c == '.' || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

static struct asl_text peek_name(const struct parser *p)
{
    size_t end = p->at;
    while (end < p->text.size && is_name_character((unsigned char)p->text.data[end])) {
        end++;
    }
    return (struct asl_text){p->text.data + p->at, end - p->at};
}

/* ---- arguments ---- */

static bool read_text(struct parser *p, struct asl_buffer *plain, struct asl_buffer *format)
{
    p->at++;
    for (; peek(p) >= 0 && peek(p) != '\''; p->at++) {
        bool is_escaped = peek(p) == '\\';
        if (is_escaped) {
            p->at++;
            if (peek(p) < 0 || !strchr("'{}\\", peek(p))) {
                p->at--;
                return complain(p, "a backslash stands only before ' { } or another backslash");
            }
        }
        char c = (char)peek(p);
        asl_buffer_putc(plain, c);
        if (is_escaped && c != '\'') {
            asl_buffer_putc(format, '\\');
        }
        asl_buffer_putc(format, c);
    }
    if (peek(p) < 0) {
        return complain(p, "the text has no end; close it with '");
    }
    p->at++;
    return true;
}

static bool parse_text(struct parser *p, struct intrinsic_node *node)
{
    struct asl_buffer plain, format;
    asl_buffer_init(&plain, INTRINSIC_SOURCE_MAXIMUM);
    asl_buffer_init(&format, INTRINSIC_SOURCE_MAXIMUM);
    bool is_fine = read_text(p, &plain, &format);
    if (is_fine) {
        node->kind = NODE_VALUE;
        node->value = value_string(asl_buffer_text(&plain));
        node->format = asl_buffer_take(&format, &node->format_size);
    }
    asl_buffer_free(&plain);
    asl_buffer_free(&format);
    return is_fine;
}

static bool parse_number(struct parser *p, struct intrinsic_node *node)
{
    size_t end = p->at;
    while (end < p->text.size && strchr("+-.0123456789eE", p->text.data[end])) {
        end++;
    }
    node->kind = NODE_VALUE;
    node->value = value_number_text((struct asl_text){p->text.data + p->at, end - p->at});
    if (!node->value) {
        return complain(p, "this is no JSON number");
    }
    p->at = end;
    return true;
}

static bool parse_path(struct parser *p, struct intrinsic_node *node)
{
    struct path_error error;
    size_t size = 0;
    struct asl_text rest = {p->text.data + p->at, p->text.size - p->at};
    node->kind = NODE_PATH;
    node->path = path_compile_argument(rest, &size, &error);
    if (!node->path) {
        p->at += error.offset;
        return complain(p, error.message);
    }
    p->at += size;
    return true;
}

static bool parse_word(struct parser *p, struct intrinsic_node *node)
{
    struct asl_text word = peek_name(p);
    node->kind = NODE_VALUE;
    if (asl_text_is(word, "null")) {
        node->value = value_null();
    } else if (asl_text_is(word, "true") || asl_text_is(word, "false")) {
        node->value = value_boolean(word.size == 4);
    } else {
        return parse_call(p, node);
    }
    p->at += word.size;
    return true;
}

static bool parse_argument(struct parser *p, struct intrinsic_node *node)
{
    skip_blanks(p);
    node->offset = p->at;
    int c = peek(p);
    if (c == '\'') {
        return parse_text(p, node);
    }
    if (c == '$') {
        return parse_path(p, node);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        return parse_number(p, node);
    }
    if (is_name_character(c)) {
        return parse_word(p, node);
    }
    return complain(p,
                    "an argument must stand here: a path, 'text', a number, true, false, null or "
                    "another call");
}

static struct intrinsic_node *add_argument(struct intrinsic_node *node)
{
    if ((node->count & (node->count - 1)) == 0) { /* grow at 0, 1, 2, 4, 8 ... */
        size_t capacity = node->count ? 2 * node->count : 1;
        node->args = asl_reallocate(node->args, capacity * sizeof *node->args);
    }
    struct intrinsic_node *argument = &node->args[node->count++];
    memset(argument, 0, sizeof *argument);
    return argument;
}

static bool parse_arguments(struct parser *p, struct intrinsic_node *node)
{
    if (take(p, ')')) {
        return true;
    }
    do {
        if (!parse_argument(p, add_argument(node))) {
            return false;
        }
    } while (take(p, ','));
    return take(p, ')') || complain(p, "',' or ')' must follow an argument");
}

static bool parse_call(struct parser *p, struct intrinsic_node *node)
{
    struct asl_text name = peek_name(p);
    node->kind = NODE_CALL;
    node->function = intrinsic_function_named(name);
    if (!node->function) {
        return complain(p, "there is no intrinsic function of this name");
    }
    if (p->nesting == INTRINSIC_NESTING_MAXIMUM) {
        return complain(p, "intrinsic functions nest at most 10 deep");
    }
    p->at += name.size;
    if (!take(p, '(')) {
        return complain(p, "'(' must follow the function's name");
    }
    p->nesting++;
    bool is_fine = parse_arguments(p, node);
    p->nesting--;
    return is_fine;
}

/* ---- the door ---- */

bool intrinsic_looks_like(struct asl_text source)
{
    struct parser p = {.text = source};
    p.at = peek_name(&p).size;
    return p.at > 0 && take(&p, '(');
}

static void free_node(struct intrinsic_node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        free_node(&node->args[i]);
    }
    free(node->args);
    free(node->format);
    value_release(node->value);
    path_free(node->path);
}

struct intrinsic *intrinsic_compile(struct asl_text source, struct path_error *error)
{
    struct path_error unused;
    struct parser p = {.text = source, .error = error ? error : &unused};
    struct intrinsic *i = asl_allocate_zeroed(1, sizeof *i);
    bool is_fine = source.size > INTRINSIC_SOURCE_MAXIMUM
                       ? complain(&p, "the call is longer than 65,536 bytes")
                   : !value_utf8_valid(source) ? complain(&p, "the call is not valid UTF-8")
                                               : parse_call(&p, &i->call);
    skip_blanks(&p);
    if (is_fine && peek(&p) >= 0) {
        is_fine = complain(&p, "nothing may follow the call's closing bracket");
    }
    if (!is_fine) {
        intrinsic_free(i);
        return NULL;
    }
    i->source = asl_copy_text(source);
    i->source_size = source.size;
    return i;
}

void intrinsic_free(struct intrinsic *i)
{
    if (i) {
        free_node(&i->call);
        free(i->source);
        free(i);
    }
}

struct asl_text intrinsic_source(const struct intrinsic *i)
{
    return (struct asl_text){i->source, i->source_size};
}

static void each_path(const struct intrinsic_node *node,
                      void (*see)(void *state, const struct path *p), void *state)
{
    if (node->kind == NODE_PATH) {
        see(state, node->path);
    }
    for (size_t i = 0; i < node->count; i++) {
        each_path(&node->args[i], see, state);
    }
}

void intrinsic_each_path(const struct intrinsic *i, void (*see)(void *state, const struct path *p),
                         void *state)
{
    each_path(&i->call, see, state);
}
