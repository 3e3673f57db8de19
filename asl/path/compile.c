/* Path text -> steps: the grammar outside filters.
 *
 * One pass, no backtracking: every step says by its first character what it is. Names are kept as
 * values so that walking looks members up without copying. See path_internal.h for the dialect.
 */
#include "path_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool path_fail(struct path_parser *p, const char *message)
{
    if (!p->failed) {
        p->failed = true;
        p->error->offset = p->at;
        snprintf(p->error->message, sizeof p->error->message, "%s", message);
    }
    return false;
}

int path_peek(const struct path_parser *p)
{
    return p->at < p->text.size ? (unsigned char)p->text.data[p->at] : -1;
}

static int peek_second(const struct path_parser *p)
{
    return p->at + 1 < p->text.size ? (unsigned char)p->text.data[p->at + 1] : -1;
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void path_skip_blanks(struct path_parser *p)
{
    while (is_blank(path_peek(p))) {
        p->at++;
    }
}

bool path_take(struct path_parser *p, char c)
{
    size_t before = p->at;
    path_skip_blanks(p);
    if (path_peek(p) == (unsigned char)c) {
        p->at++;
        return true;
    }
    p->at = before;
    return false;
}

/* ---- names ---- */

/* No escapes but of the quote itself: AWS takes `$['a\"b']` for the five characters a \ " b. */
asl_value *path_parse_quoted(struct path_parser *p)
{
    int quote = path_peek(p);
    struct asl_buffer name;
    asl_buffer_init(&name, PATH_TEXT_MAXIMUM);
    p->at++;
    while (path_peek(p) >= 0 && path_peek(p) != quote) {
        if (path_peek(p) == '\\' && peek_second(p) == quote) {
            p->at++;
        }
        asl_buffer_putc(&name, (char)path_peek(p));
        p->at++;
    }
    asl_value *v = NULL;
    if (path_peek(p) < 0) {
        path_fail(p, "the quoted name has no end; close it with the quote it began with");
    } else {
        p->at++;
        v = value_string(asl_buffer_text(&name));
    }
    asl_buffer_free(&name);
    return v;
}

static bool ends_name(int c, bool in_filter)
{
    if (c < 0 || c == '.' || c == '[' || is_blank(c)) {
        return true;
    }
    return in_filter && strchr("=!<>~)&|,]", c) != NULL;
}

/* `()` belongs to the name: AWS knows no functions and looks for a member that is called so. */
static void take_call_brackets(struct path_parser *p)
{
    if (path_peek(p) == '(' && peek_second(p) == ')') {
        p->at += 2;
    }
}

/* A bare name. In Reference Paths `\` keeps the next character from meaning something. */
static asl_value *parse_bare_name(struct path_parser *p, bool in_filter)
{
    struct asl_buffer name;
    asl_buffer_init(&name, PATH_TEXT_MAXIMUM);
    size_t start = p->at;
    while (!ends_name(path_peek(p), in_filter)) {
        if (in_filter && path_peek(p) == '(') {
            size_t before = p->at;
            take_call_brackets(p);
            asl_buffer_put(&name, p->text.data + before, p->at - before);
            if (p->at == before) {
                path_fail(p, "a bracket cannot stand in a name; write ['...'] around it");
            }
            break;
        }
        if (path_peek(p) == '\\' && (p->flags & PATH_REFERENCE) && peek_second(p) >= 0) {
            p->at++;
        }
        asl_buffer_putc(&name, (char)path_peek(p));
        p->at++;
    }
    asl_value *v = NULL;
    if (p->at == start) {
        path_fail(p, "a name must follow the dot");
    } else if (!p->failed) {
        v = value_string(asl_buffer_text(&name));
    }
    asl_buffer_free(&name);
    return v;
}

/* ---- steps ---- */

static struct path_step *add_step(struct path_parser *p, struct path *path,
                                  enum path_step_kind kind)
{
    if (path->count == PATH_STEPS_MAXIMUM) {
        path_fail(p, "the path has more than 500 steps; split it over several states");
        return NULL;
    }
    if ((path->count & (path->count - 1)) == 0) { /* grow at 0, 1, 2, 4, 8 ... */
        size_t capacity = path->count ? 2 * path->count : 1;
        path->steps = asl_reallocate(path->steps, capacity * sizeof *path->steps);
    }
    struct path_step *step = &path->steps[path->count++];
    *step = (struct path_step){.kind = kind};
    return step;
}

static void add_name(struct path_step *step, asl_value *name)
{
    step->as.names = asl_reallocate(step->as.names, (step->count + 1) * sizeof *step->as.names);
    step->as.names[step->count++] = name;
}

static bool parse_names(struct path_parser *p, struct path *path)
{
    struct path_step *step = add_step(p, path, STEP_NAMES);
    if (!step) {
        return false;
    }
    do {
        path_skip_blanks(p);
        if (path_peek(p) != '\'' && path_peek(p) != '"') {
            return path_fail(p, "a quoted name must stand here, as in ['a','b']");
        }
        asl_value *name = path_parse_quoted(p);
        if (!name) {
            return false;
        }
        add_name(step, name);
    } while (path_take(p, ','));
    return path_take(p, ']') || path_fail(p, "']' must follow the quoted name");
}

static bool parse_integer(struct path_parser *p, int64_t *out)
{
    path_skip_blanks(p);
    bool is_negative = path_peek(p) == '-';
    p->at += is_negative;
    int64_t n = 0;
    size_t start = p->at;
    while (path_peek(p) >= '0' && path_peek(p) <= '9') {
        n = n * 10 + (path_peek(p) - '0');
        if (n > INT32_MAX) {
            return path_fail(p, "the index is too large; indices go to 2147483647");
        }
        p->at++;
    }
    *out = is_negative ? -n : n;
    return p->at > start || path_fail(p, "a number must stand here");
}

static bool at_integer(struct path_parser *p)
{
    path_skip_blanks(p);
    int c = path_peek(p);
    return c == '-' || (c >= '0' && c <= '9');
}

/* Behind the first `:`. */
static bool parse_slice_rest(struct path_parser *p, struct path_slice *slice)
{
    if (at_integer(p)) {
        slice->has_to = true;
        if (!parse_integer(p, &slice->to)) {
            return false;
        }
    }
    if (path_take(p, ':') && at_integer(p) && !parse_integer(p, &slice->by)) {
        return false;
    }
    if (slice->by < 1) {
        return path_fail(p, "the step of a slice must be 1 or more");
    }
    if (!slice->has_from && !slice->has_to) {
        return path_fail(p,
                         "a slice needs a start or an end, as in [1:] or [:2]; for all write [*]");
    }
    return path_take(p, ']') || path_fail(p, "']' must follow the slice");
}

static bool parse_numbers(struct path_parser *p, struct path *path)
{
    struct path_step *step = add_step(p, path, STEP_INDICES);
    if (!step) {
        return false;
    }
    int64_t n = 0;
    bool has_first = at_integer(p);
    if (has_first && !parse_integer(p, &n)) {
        return false;
    }
    if (path_take(p, ':')) {
        *step = (struct path_step){.kind = STEP_SLICE,
                                   .as.slice = {.has_from = has_first, .from = n, .by = 1}};
        return parse_slice_rest(p, &step->as.slice);
    }
    for (;;) {
        step->as.indices =
            asl_reallocate(step->as.indices, (step->count + 1) * sizeof *step->as.indices);
        step->as.indices[step->count++] = n;
        if (!path_take(p, ',')) {
            break;
        }
        if (!parse_integer(p, &n)) {
            return false;
        }
    }
    return path_take(p, ']') || path_fail(p, "']' must follow the index");
}

static bool take_word(struct path_parser *p, const char *word)
{
    size_t size = strlen(word);
    path_skip_blanks(p);
    if (p->text.size - p->at < size || memcmp(p->text.data + p->at, word, size) != 0) {
        return false;
    }
    p->at += size;
    return true;
}

/* [(@.length-1)], [@.size()-1]: so many from the end. */
static bool parse_from_end(struct path_parser *p, struct path *path)
{
    struct path_step *step = add_step(p, path, STEP_INDICES);
    if (!step) {
        return false;
    }
    bool is_bracketed = path_take(p, '(');
    if (!take_word(p, "@.length") && !take_word(p, "@.size")) {
        return path_fail(p, "only (@.length-n) can be computed here");
    }
    take_call_brackets(p);
    path_skip_blanks(p);
    int64_t n;
    if (path_peek(p) != '-') {
        return path_fail(p, "'-' must follow @.length, as in [(@.length-1)]");
    }
    p->at++;
    if (!parse_integer(p, &n)) {
        return false;
    }
    if (n < 1) {
        return path_fail(p, "[(@.length-n)] needs an n of 1 or more");
    }
    step->as.indices = asl_allocate(sizeof *step->as.indices);
    step->as.indices[step->count++] = -n;
    step->is_from_end = true;
    if (is_bracketed && !path_take(p, ')')) {
        return path_fail(p, "')' must close (@.length-n)");
    }
    return path_take(p, ']') || path_fail(p, "']' must follow the index");
}

static bool parse_filter_step(struct path_parser *p, struct path *path)
{
    struct path_step *step = add_step(p, path, STEP_FILTER);
    if (!step) {
        return false;
    }
    step->as.filter = path_filter_parse(p);
    return step->as.filter &&
           (path_take(p, ']') || path_fail(p, "']' must follow the filter's bracket"));
}

static bool parse_bracket(struct path_parser *p, struct path *path)
{
    p->at++; /* [ */
    path_skip_blanks(p);
    int c = path_peek(p);
    if (c == '\'' || c == '"') {
        return parse_names(p, path);
    }
    if (c == '*') {
        p->at++;
        return add_step(p, path, STEP_WILDCARD) &&
               (path_take(p, ']') || path_fail(p, "']' must follow [*"));
    }
    if (c == '?') {
        return parse_filter_step(p, path);
    }
    if (c == '(' || c == '@') {
        return parse_from_end(p, path);
    }
    if (c == '-' || c == ':' || (c >= '0' && c <= '9')) {
        return parse_numbers(p, path);
    }
    return path_fail(p, "expected a quoted name, an index, *, a slice or ?( ) in the brackets");
}

/* Behind `.` or `..`: a name or `*`; a bracket is left to the next turn. */
static bool parse_after_dots(struct path_parser *p, struct path *path, bool in_filter)
{
    if (path_peek(p) == '[') {
        return true;
    }
    if (path_peek(p) == '*' && ends_name(peek_second(p), in_filter)) {
        p->at++;
        return add_step(p, path, STEP_WILDCARD) != NULL;
    }
    asl_value *name = parse_bare_name(p, in_filter);
    struct path_step *step = name ? add_step(p, path, STEP_NAMES) : NULL;
    if (!step) {
        value_release(name);
        return false;
    }
    add_name(step, name);
    return true;
}

/* One step, or two where `..` stands before one. */
static bool parse_step(struct path_parser *p, struct path *path, bool in_filter)
{
    int c = path_peek(p);
    if (c == '[') {
        return parse_bracket(p, path);
    }
    if (c == '.') {
        p->at++;
        if (path_peek(p) == '.') {
            p->at++;
            if (!add_step(p, path, STEP_SCAN)) {
                return false;
            }
        }
        return parse_after_dots(p, path, in_filter);
    }
    if (path->count > 0 && !is_blank(c) && !(p->flags & PATH_REFERENCE)) {
        /* Jayway wants no dot behind a bracket: $.a[0]b is deployed, and is $.a[0].b. */
        return parse_after_dots(p, path, in_filter);
    }
    return path_fail(p, is_blank(c) ? "a blank cannot stand in a path; write ['a name'] "
                                      "around a name that has one"
                                    : "expected '.' or '[' here");
}

static bool parse_steps(struct path_parser *p, struct path *path, bool in_filter)
{
    for (;;) {
        int c = path_peek(p);
        if (c < 0 || (in_filter && c != '[' && c != '.' && ends_name(c, true))) {
            return true;
        }
        size_t begin = p->at, known = path->count;
        if (!parse_step(p, path, in_filter)) {
            return false;
        }
        while (known < path->count) {
            path->steps[known++].offset = begin;
        }
    }
}

/* ---- the whole ---- */

static bool is_variable_character(int c)
{
    return c == '_' || c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

/* $, $$, $name; inside filters @ too. */
static bool parse_root(struct path_parser *p, struct path *path, bool in_filter)
{
    int c = path_peek(p);
    if (c == '@' && in_filter) {
        path->is_current = true;
        p->at++;
        return true;
    }
    if (c != '$') {
        return path_fail(p, "a path must begin with '$'");
    }
    p->at++;
    if (path_peek(p) == '$') {
        path->root = PATH_CONTEXT;
        p->at++;
        return true;
    }
    size_t start = p->at;
    while (is_variable_character(path_peek(p))) {
        p->at++;
    }
    if (p->at > start) {
        path->root = PATH_VARIABLE;
        path->variable = (struct asl_text){p->text.data + start, p->at - start};
    }
    return true;
}

static bool step_is_definite(const struct path *path, size_t i)
{
    const struct path_step *step = &path->steps[i];
    if (step->kind == STEP_NAMES) { /* several at the end are one merged object */
        return step->count == 1 || i + 1 == path->count;
    }
    return step->kind == STEP_INDICES && step->count == 1;
}

struct path *path_parse(struct path_parser *p, bool in_filter)
{
    struct path *path = asl_allocate_zeroed(1, sizeof *path);
    if (!parse_root(p, path, in_filter) || !parse_steps(p, path, in_filter)) {
        path_free(path);
        return NULL;
    }
    while (path->definite < path->count && step_is_definite(path, path->definite)) {
        path->definite++;
    }
    return path;
}

bool path_is_reference(const struct path *p)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct path_step *step = &p->steps[i];
        bool is_single = step->count == 1;
        if (!is_single || (step->kind != STEP_NAMES &&
                           !(step->kind == STEP_INDICES && step->as.indices[0] >= 0))) {
            return false;
        }
    }
    return true;
}

/* Compiles what `text` begins with from a copy: variables point into it. */
static struct path *compile_copy(struct path_parser *p, struct asl_text text, bool is_argument)
{
    if (text.size > PATH_TEXT_MAXIMUM) {
        path_fail(p, "the path is longer than 65,536 bytes");
        return NULL;
    }
    if (!value_utf8_valid(text)) {
        path_fail(p, "the path is not valid UTF-8");
        return NULL;
    }
    char *copy = asl_copy_text(text);
    p->text = (struct asl_text){copy, text.size};
    struct path *path = path_parse(p, is_argument);
    if (!path) {
        free(copy);
        return NULL;
    }
    path->source = copy;
    path->source_size = is_argument ? p->at : text.size;
    return path;
}

struct path *path_compile(struct asl_text source, unsigned flags, struct path_error *error)
{
    struct path_error unused;
    struct path_parser parser = {.flags = flags, .error = error ? error : &unused};
    struct asl_text text = source;
    while (text.size > 0 && is_blank((unsigned char)text.data[text.size - 1])) {
        text.size--;
    }
    struct path *path = compile_copy(&parser, text, false);
    if (path && (flags & PATH_REFERENCE) && !path_is_reference(path)) {
        parser.at = 0;
        path_fail(&parser, "a Reference Path names one place: only .name, ['name'] and [n] may "
                           "stand in it");
        path_free(path);
        return NULL;
    }
    return path;
}

struct path *path_compile_argument(struct asl_text text, size_t *size, struct path_error *error)
{
    struct path_error unused;
    struct path_parser parser = {.error = error ? error : &unused};
    if (text.size == 0 || text.data[0] != '$') { /* `@` is for filters */
        path_fail(&parser, "a path must begin with '$'");
        return NULL;
    }
    parser.text = text;
    struct path *found = path_parse(&parser, true);
    *size = parser.at;
    path_free(found);
    if (!found) {
        return NULL;
    }
    /* Read again from a copy of its own: a call of many arguments must not copy its rest for each.
     */
    parser.at = 0;
    return compile_copy(&parser, (struct asl_text){text.data, *size}, true);
}

static void free_step(struct path_step *step)
{
    if (step->kind == STEP_NAMES) {
        for (size_t i = 0; i < step->count; i++) {
            value_release(step->as.names[i]);
        }
        free(step->as.names);
    } else if (step->kind == STEP_INDICES) {
        free(step->as.indices);
    } else if (step->kind == STEP_FILTER) {
        path_filter_free(step->as.filter);
    }
}

void path_free(struct path *p)
{
    if (!p) {
        return;
    }
    for (size_t i = 0; i < p->count; i++) {
        free_step(&p->steps[i]);
    }
    free(p->steps);
    free(p->source);
    free(p);
}

struct asl_text path_source(const struct path *p)
{
    return (struct asl_text){p->source, p->source_size};
}

enum path_root path_root(const struct path *p)
{
    return p->root;
}

struct asl_text path_variable(const struct path *p)
{
    return p->variable;
}

bool path_is_root(const struct path *p)
{
    return p->count == 0;
}

bool path_is_definite(const struct path *p)
{
    return p->definite == p->count;
}
