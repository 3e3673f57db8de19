/* stepwell eval: an expression of either query language, tried out as a state would see it.
 *
 * One `struct desk` holds what an expression may look at; the command line and the prompt both lay
 * things on it and ask for results. In a state a JSONata expression has no context item; here the
 * input is one, for convenience, and an expression that uses it is told so.
 */
#include "engine/cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "asl/intrinsic/intrinsic.h"
#include "asl/jsonata/jsonata.h"
#include "asl/jsonata/states_functions.h"
#include "asl/path/path.h"

/* An expression stands in a definition, and those end at 1 MiB. */
#define EXPRESSION_MAXIMUM (1 << 20)
/* Far above AWS's 256 KiB, as this is for trying; a bound nevertheless. */
#define INPUT_MAXIMUM ((size_t)64 << 20)

enum language { BY_LOOK, JSONATA, JSONPATH };

struct desk {
    enum language language;
    asl_value *input, *variables, *context; /* never NULL */
    asl_value *states;                      /* $states, made when first asked for */
};

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
             (unsigned)(0x8000 | (b >> 48 & 0x3fff)),
             (unsigned long long)(b & 0xffffffffffffu));
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

/* Shows the line that holds byte `at`, and a caret under it. */
static void point(struct asl_text source, size_t at)
{
    if (at > source.size)
        at = source.size;
    size_t begin = at, end = at;
    while (begin > 0 && source.data[begin - 1] != '\n')
        begin--;
    while (end < source.size && source.data[end] != '\n')
        end++;
    fprintf(stderr, "  %.*s\n  ", (int)(end - begin), source.data + begin);
    struct asl_text before = {source.data + begin, at - begin};
    for (size_t i = 0; i < before.size;) {
        bool tab = before.data[i] == '\t';
        value_utf8_next(before, &i);
        fputc(tab ? '\t' : ' ', stderr);
    }
    fputs("^\n", stderr);
}

/* JSONata counts UTF-16 units, and to the end of the token: the byte where that token begins. */
static size_t byte_of(struct asl_text source, size_t units, struct asl_text token)
{
    size_t at = 0, seen = 0;
    while (at < source.size && seen < units) {
        int32_t c = value_utf8_next(source, &at);
        seen += c > 0xffff ? 2 : 1;
    }
    if (token.size && token.size <= at &&
        memcmp(source.data + at - token.size, token.data, token.size) == 0)
        return at - token.size;
    return at && at < source.size ? at - 1 : at; /* at the end: something is missing there */
}

static int fail_jsonata(struct asl_text source, struct jsonata_error *error)
{
    cli_fail(EXIT_REFUSED, "%s: %.*s", error->code, ASL_TEXT_ARGS(asl_buffer_text(&error->message)));
    if (error->position != JSONATA_NO_POSITION)
        point(source, byte_of(source, error->position, asl_buffer_text(&error->token)));
    jsonata_error_free(error);
    return EXIT_REFUSED;
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
        fail_jsonata(source, &error);
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
        fail_jsonata(source, &error);
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
        point(source, error.offset);
        return NULL;
    }
    const struct intrinsic_env env = {d, random_bits, uuid};
    struct asl_buffer message;
    asl_value *v = intrinsic_evaluate(i, scope, &env, &message);
    if (!v)
        cli_fail(EXIT_REFUSED, "%.*s", ASL_TEXT_ARGS(asl_buffer_text(&message)));
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
        point(source, error.offset);
        return NULL;
    }
    asl_value *v = path_get(p, &scope, &miss);
    if (!v)
        cli_fail(EXIT_REFUSED, "%s", miss.message);
    path_free(p);
    return v;
}

static struct asl_text trim(struct asl_text t)
{
    while (t.size && strchr(" \t\r\n", t.data[0]))
        t = (struct asl_text){t.data + 1, t.size - 1};
    while (t.size && strchr(" \t\r\n", t.data[t.size - 1]))
        t.size--;
    return t;
}

static asl_value *evaluate(struct desk *d, struct asl_text source)
{
    enum language language = d->language;
    source = trim(source);
    if (asl_text_starts(source, "{%") && asl_text_ends(source, "%}") && source.size >= 4) {
        source = trim((struct asl_text){source.data + 2, source.size - 4});
        language = JSONATA;
    }
    if (!value_utf8_valid(source)) {
        cli_fail(EXIT_REFUSED, "the expression is not UTF-8");
        return NULL;
    }
    if (language == BY_LOOK)
        language = asl_text_starts(source, "States.") && intrinsic_looks_like(source) ? JSONPATH
                                                                                      : JSONATA;
    return language == JSONATA ? by_jsonata(d, source) : by_jsonpath(d, source);
}

static int evaluate_and_print(struct desk *d, struct asl_text source)
{
    asl_value *v = evaluate(d, source);
    if (!v)
        return EXIT_REFUSED;
    cli_print_json(v);
    value_release(v);
    return EXIT_FINE;
}

/* ---- the prompt ---- */

static bool lay(struct desk *d, asl_value **place, const char *what, const char *argument);

/* ":let name expression" keeps a result as a variable. */
static void let(struct desk *d, struct asl_text rest)
{
    size_t size = 0;
    while (size < rest.size && rest.data[size] != ' ')
        size++;
    struct asl_text name = {rest.data, size};
    if (name.size && name.data[0] == '$')
        name = (struct asl_text){name.data + 1, name.size - 1};
    struct asl_text source = trim((struct asl_text){rest.data + size, rest.size - size});
    if (!name.size || !source.size) {
        cli_note("write :let NAME EXPRESSION");
        return;
    }
    asl_value *v = evaluate(d, source);
    if (v)
        d->variables = value_with_take(d->variables, value_string(name), v);
}

static void obey(struct desk *d, const char *line)
{
    if (strncmp(line, ":input ", 7) == 0)
        lay(d, &d->input, "input", line + 7);
    else if (strncmp(line, ":context ", 9) == 0)
        lay(d, &d->context, "context", line + 9);
    else if (strncmp(line, ":variables ", 11) == 0)
        lay(d, &d->variables, "variables", line + 11);
    else if (strncmp(line, ":let ", 5) == 0)
        let(d, trim(asl_text(line + 5)));
    else if (strcmp(line, ":jsonata") == 0)
        d->language = JSONATA;
    else if (strcmp(line, ":jsonpath") == 0)
        d->language = JSONPATH;
    else
        puts(":input JSON|@FILE    :variables JSON|@FILE    :context JSON|@FILE\n"
             ":let NAME EXPRESSION :jsonata :jsonpath       end with Ctrl-D");
}

static int prompt(struct desk *d)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    puts("Expressions, one a line; :help tells what else there is.");
    while (fputs("> ", stdout), fflush(stdout), (size = getline(&line, &capacity, stdin)) >= 0) {
        if (size && line[size - 1] == '\n')
            line[--size] = '\0';
        struct asl_text source = trim((struct asl_text){line, (size_t)size});
        if (source.size && source.data[0] == ':')
            obey(d, line);
        else if (source.size)
            evaluate_and_print(d, source);
    }
    putchar('\n');
    free(line);
    return EXIT_FINE;
}

/* ---- the command ---- */

/* Puts JSON (or "@FILE") in a place of the desk; variables and context are objects. */
static bool lay(struct desk *d, asl_value **place, const char *what, const char *argument)
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
    if (!v)
        return false;
    value_release(*place);
    *place = v;
    value_release(d->states);
    d->states = NULL;
    return true;
}

static int evaluate_argument(struct desk *d, const char *expression)
{
    struct asl_buffer source;
    asl_buffer_init(&source, ASL_BUFFER_MAXIMUM);
    bool fine = cli_read_json(expression, EXPRESSION_MAXIMUM, &source);
    int status = fine ? evaluate_and_print(d, asl_buffer_text(&source)) : EXIT_WRONG_USAGE;
    asl_buffer_free(&source);
    return status;
}

static int eval(struct desk *d, const struct texts *rest)
{
    if (rest->count)
        return evaluate_argument(d, rest->items[0]);
    return isatty(STDIN_FILENO) ? prompt(d) : evaluate_argument(d, "@-");
}

static bool read_language(const char *name, enum language *language)
{
    *language = !name                           ? BY_LOOK
                : strcasecmp(name, "jsonata") == 0  ? JSONATA
                : strcasecmp(name, "jsonpath") == 0 ? JSONPATH
                                                    : BY_LOOK;
    if (name && *language == BY_LOOK)
        cli_fail(EXIT_WRONG_USAGE, "--language is jsonata or jsonpath, not '%s'", name);
    return !name || *language != BY_LOOK;
}

static int command(const struct command *c, int argc, char **argv)
{
    struct texts rest = {0};
    const char *language = NULL, *input = "{}", *variables = "{}", *given_context = "{}";
    struct desk d = {0};
    bool json = false;
    const struct option options[] = {
        {"language", OPTION_TEXT, "NAME", "jsonata (default) or jsonpath", &language},
        {"input", OPTION_TEXT, "JSON|@FILE", "$states.input; $ in JSONPath (default: {})", &input},
        {"variables", OPTION_TEXT, "JSON|@FILE", "{\"name\": value}: $name", &variables},
        {"context", OPTION_TEXT, "JSON|@FILE", "$states.context; $$ in JSONPath", &given_context},
        {"json", OPTION_FLAG, NULL, "the result is JSON in any case", &json},
        {0},
    };
    int status = cli_options(c, options, argc, argv, &rest);
    if (status < 0 && rest.count > 1)
        status = cli_fail(EXIT_WRONG_USAGE, "eval wants one expression, in quotes; `stepwell eval "
                                            "--help`");
    if (status < 0 &&
        !(read_language(language, &d.language) && lay(&d, &d.input, "input", input) &&
          lay(&d, &d.variables, "variables", variables) &&
          lay(&d, &d.context, "context", given_context)))
        status = EXIT_WRONG_USAGE;
    if (status < 0)
        status = eval(&d, &rest);
    value_release(d.input);
    value_release(d.variables);
    value_release(d.context);
    value_release(d.states);
    texts_free(&rest);
    return status;
}

const struct command command_eval = {
    "eval", "[EXPRESSION]", "evaluates a JSONata or JSONPath expression, or an intrinsic function",
    "EXPRESSION may be @FILE, with or without {% %}. Without one it is read from stdin; on a terminal\n"
    "a prompt opens. What begins with States. and a bracket is an intrinsic function; all else is\n"
    "JSONata unless --language says jsonpath. Ends with 1 when the expression is wrong or fails.\n"
    "\n"
    "examples:\n"
    "  stepwell eval '$sum($states.input.items.price)' --input '{\"items\": [{\"price\": 4}]}'\n"
    "  stepwell eval '$.items[?(@.price > 3)]' --language jsonpath --input @order.json",
    command,
};
