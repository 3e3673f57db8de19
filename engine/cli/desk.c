/* Two languages and the intrinsic functions over one desk. What is wrong is said in the languages'
 * own words; AWS's prefix with the state's name is left out, as there is no state.
 */
#include "engine/cli/desk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "asl/intrinsic/intrinsic.h"
#include "asl/jsonata/jsonata.h"
#include "asl/jsonata/states_functions.h"
#include "asl/path/path.h"
#include "engine/cli/caret.h"
#include "engine/cli/cli.h"

/* Far above AWS's 256 KiB, as this is for trying; a bound nevertheless. */
#define INPUT_MAXIMUM ((size_t)64 << 20)

/* ---- the world ---- */

static uint64_t random_bits(void *desk)
{
    uint64_t bits = 0;
    (void)desk;
    while (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits)
        ;
    return bits;
}

static double random_unit(void *desk)
{
    return (double)(random_bits(desk) >> 11) * 0x1p-53;
}

static void uuid(void *desk, char out[37])
{
    uint64_t a = random_bits(desk), b = random_bits(desk);
    snprintf(out, 37, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
             (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
             (unsigned)(0x8000 | (b >> 48 & 0x3fff)), (unsigned long long)(b & 0xffffffffffffu));
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const asl_value *context(void *state)
{
    return ((struct desk *)state)->context;
}

static const asl_value *variable(void *state, struct asl_text name)
{
    return value_get(((struct desk *)state)->variables, name);
}

static const asl_value *jsonata_variable(void *state, struct asl_text name)
{
    struct desk *d = state;
    const asl_value *v = variable(d, name);
    if (v || !asl_text_is(name, "states"))
        return v;
    if (!d->states) {
        struct value_list l;
        value_list_init(&l);
        value_list_set_take(&l, "input", value_retain(d->input));
        value_list_set_take(&l, "context", value_retain(d->context));
        d->states = value_object_take(&l);
    }
    return d->states;
}

/* ---- where it is wrong ---- */

/* Byte `at` of `source`, which is a part of what was given. */
static void point(const struct desk *d, struct asl_text source, size_t at)
{
    caret_show(d->shown, (size_t)(source.data - d->shown.data) + at);
}

/* JSONata counts UTF-16 units, and to the end of a token: the byte behind it. */
static size_t byte_behind(struct asl_text source, size_t units)
{
    size_t at = 0, seen = 0;
    while (at < source.size && seen < units) {
        int32_t c = value_utf8_next(source, &at);
        seen += c > 0xffff ? 2 : 1;
    }
    return at;
}

static bool is_name_character(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What a failed call is about stands before its bracket: `$name`. */
static size_t callee(struct asl_text source, size_t bracket)
{
    size_t at = bracket;
    while (at > 0 && is_name_character(source.data[at - 1]))
        at--;
    return at > 0 && source.data[at - 1] == '$' ? at - 1 : bracket;
}

/* The byte where that begins which an error at `units` is about. */
static size_t byte_of(struct asl_text source, size_t units, struct asl_text token)
{
    size_t at = byte_behind(source, units);
    if (token.size && token.size <= at &&
        memcmp(source.data + at - token.size, token.data, token.size) == 0)
        return at - token.size;
    if (at == 0 || at >= source.size) /* at the end: something is missing there */
        return at;
    return source.data[at - 1] == '(' ? callee(source, at - 1) : at - 1;
}

static void fail_jsonata(const struct desk *d, struct asl_text source, struct jsonata_error *error)
{
    cli_fail(EXIT_REFUSED, "%s: %.*s", error->code,
             ASL_TEXT_ARGS(asl_buffer_text(&error->message)));
    if (error->position != JSONATA_NO_POSITION)
        point(d, source, byte_of(source, error->position, asl_buffer_text(&error->token)));
    jsonata_error_free(error);
}

/* ---- the two languages; each gives a value, or NULL after complaining ---- */

static void note_context(void *noted, enum jsonata_reference_kind kind, struct asl_text name,
                         struct asl_text path, size_t position)
{
    (void)name, (void)path, (void)position;
    if (kind == JSONATA_VARIABLE || *(bool *)noted)
        return;
    *(bool *)noted = true;
    cli_note("in a state there is no context item: write $states.input instead");
}

static asl_value *by_jsonata(struct desk *d, struct asl_text source)
{
    struct jsonata_error error = {0};
    struct jsonata *e = jsonata_compile(source, JSONATA_NO_EVAL | JSONATA_NON_FINITE_TEXT, &error);
    if (!e) {
        fail_jsonata(d, source, &error);
        return NULL;
    }
    struct jsonata_env env = {
        .state = d,
        .variable = jsonata_variable,
        .now_ms = now_ms(),
        .random = random_unit,
        .uuid = uuid,
        .natives = jsonata_states_functions,
    };
    asl_value *v = NULL;
    bool noted = false;
    jsonata_each_reference(e, note_context, &noted);
    switch (jsonata_evaluate(e, d->input, &env, &v, &error)) {
    case JSONATA_VALUE:
        break;
    case JSONATA_UNDEFINED:
        cli_fail(EXIT_REFUSED, "the expression returned nothing (undefined)");
        break;
    case JSONATA_FUNCTION:
        cli_fail(EXIT_REFUSED, "the expression returned a function, which is no JSON");
        break;
    case JSONATA_FAILED:
        fail_jsonata(d, source, &error);
        break;
    }
    jsonata_free(e);
    return v;
}

static asl_value *by_intrinsic(struct desk *d, struct asl_text source,
                               const struct path_scope *scope)
{
    struct path_error error;
    struct intrinsic *i = intrinsic_compile(source, &error);
    if (!i) {
        cli_fail(EXIT_REFUSED, "%s", error.message);
        point(d, source, error.offset);
        return NULL;
    }
    const struct intrinsic_env env = {d, random_bits, uuid};
    struct asl_buffer message;
    size_t at = 0;
    asl_value *v = intrinsic_evaluate(i, scope, &env, &message, &at);
    if (!v) {
        cli_fail(EXIT_REFUSED, "%.*s", ASL_TEXT_ARGS(asl_buffer_text(&message)));
        point(d, source, at);
    }
    asl_buffer_free(&message);
    intrinsic_free(i);
    return v;
}

static asl_value *by_jsonpath(struct desk *d, struct asl_text source)
{
    const struct path_scope scope = {d->input, context, variable, d};
    if (intrinsic_looks_like(source))
        return by_intrinsic(d, source, &scope);
    struct path_error error;
    struct path_miss miss;
    struct path *p = path_compile(source, 0, &error);
    if (!p) {
        cli_fail(EXIT_REFUSED, "%s", error.message);
        point(d, source, error.offset);
        return NULL;
    }
    asl_value *v = path_get(p, &scope, &miss);
    if (!v) {
        size_t at = path_missed_at(p, &scope);
        if (at == 0) /* only a variable can be missing as a whole */
            cli_fail(EXIT_REFUSED, "the variable $%.*s is not set (--variables)",
                     ASL_TEXT_ARGS(path_variable(p)));
        else
            cli_fail(EXIT_REFUSED, "%s", miss.message);
        point(d, source, at);
    }
    path_free(p);
    return v;
}

/* ---- the door ---- */

struct asl_text desk_trim(struct asl_text t)
{
    while (t.size && memchr(" \t\r\n", t.data[0], 4))
        t = (struct asl_text){t.data + 1, t.size - 1};
    while (t.size && memchr(" \t\r\n", t.data[t.size - 1], 4))
        t.size--;
    return t;
}

/* The expression itself, and its language. */
static struct asl_text unwrap(const struct desk *d, struct asl_text source,
                              enum desk_language *language)
{
    source = desk_trim(source);
    *language = d->language;
    if (asl_text_starts(source, "{%") && asl_text_ends(source, "%}") && source.size >= 4) {
        *language = DESK_JSONATA;
        return desk_trim((struct asl_text){source.data + 2, source.size - 4});
    }
    if (*language == DESK_BY_LOOK)
        *language = asl_text_starts(source, "States.") && intrinsic_looks_like(source)
                        ? DESK_JSONPATH
                        : DESK_JSONATA;
    return source;
}

asl_value *desk_evaluate(struct desk *d, struct asl_text source)
{
    enum desk_language language;
    if (!value_utf8_valid(source)) {
        cli_fail(EXIT_REFUSED, "the expression is not UTF-8");
        return NULL;
    }
    d->shown = source;
    source = unwrap(d, source, &language);
    if (!source.size) {
        cli_fail(EXIT_REFUSED, "there is no expression");
        return NULL;
    }
    return language == DESK_JSONATA ? by_jsonata(d, source) : by_jsonpath(d, source);
}

static bool is_unfinished_jsonata(struct asl_text source)
{
    static const char *const open_ended[] = {
        "S0101", /* a text without its closing quote */
        "S0105", /* a name without its closing backquote */
        "S0106", /* a comment without its end */
        "S0203", /* a bracket that is not closed */
        "S0207", /* nothing behind an operator */
        "S0302", /* a regular expression without its closing / */
    };
    struct jsonata_error error = {0};
    struct jsonata *e = jsonata_compile(source, 0, &error);
    if (e) {
        jsonata_free(e);
        return false;
    }
    bool found = false;
    for (size_t i = 0; i < sizeof open_ended / sizeof *open_ended; i++)
        found = found || strcmp(error.code, open_ended[i]) == 0;
    jsonata_error_free(&error);
    return found;
}

bool desk_is_unfinished(const struct desk *d, struct asl_text source)
{
    enum desk_language language;
    source = unwrap(d, source, &language);
    if (!source.size || !value_utf8_valid(source))
        return false;
    if (asl_text_starts(source, "{%"))
        return true;
    if (language == DESK_JSONATA)
        return is_unfinished_jsonata(source);
    struct path_error error;
    struct intrinsic *i = intrinsic_looks_like(source) ? intrinsic_compile(source, &error) : NULL;
    bool is_open = !i && intrinsic_looks_like(source) && error.offset >= source.size;
    intrinsic_free(i);
    return is_open; /* a path is written in one line */
}

bool desk_print(struct desk *d, struct asl_text source)
{
    asl_value *v = desk_evaluate(d, source);
    if (!v)
        return false;
    cli_print_json(v);
    value_release(v);
    return true;
}

bool desk_language_named(const char *name, enum desk_language *language)
{
    bool is_jsonata = strcasecmp(name, "jsonata") == 0;
    if (!is_jsonata && strcasecmp(name, "jsonpath") != 0)
        return false;
    *language = is_jsonata ? DESK_JSONATA : DESK_JSONPATH;
    return true;
}

static bool put(struct desk *d, asl_value **place, asl_value *v)
{
    value_release(*place);
    *place = v;
    value_release(d->states);
    d->states = NULL;
    return true;
}

bool desk_lay(struct desk *d, asl_value **place, const char *what, const char *argument)
{
    struct asl_buffer text;
    struct value_error error;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    asl_value *v = NULL;
    if (cli_read_json(argument, INPUT_MAXIMUM, &text)) {
        v = value_parse(asl_buffer_text(&text), 0, INPUT_MAXIMUM, &error);
        if (!v)
            cli_fail(EXIT_WRONG_USAGE, "the %s: line %zu, column %zu: %s", what, error.line,
                     error.column, error.message);
    }
    asl_buffer_free(&text);
    if (v && place != &d->input && value_kind(v) != VALUE_OBJECT) {
        cli_fail(EXIT_WRONG_USAGE, "the %s: an object is wanted, {\"name\": value}, not %s", what,
                 value_kind_name(value_kind(v)));
        value_release(v);
        v = NULL;
    }
    return v && put(d, place, v);
}

void desk_bind_take(struct desk *d, struct asl_text name, asl_value *v)
{
    d->variables = value_with_take(d->variables, value_string(name), v);
}

void desk_free(struct desk *d)
{
    value_release(d->input);
    value_release(d->variables);
    value_release(d->context);
    value_release(d->states);
}
