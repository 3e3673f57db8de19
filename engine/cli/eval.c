/* stepwell eval: an expression of either query language, tried out as a state would see it. The
 * desk (desk.h) evaluates; without an expression a terminal gets the prompt (prompt.h).
 */
#include "engine/cli/cli.h"

#include <string.h>
#include <unistd.h>

#include "engine/cli/caret.h"
#include "engine/cli/desk.h"
#include "engine/cli/prompt.h"

/* An expression stands in a definition, and those end at 1 MiB. */
#define EXPRESSION_MAXIMUM (1 << 20)

static int evaluate_argument(struct desk *d, const char *expression)
{
    struct asl_buffer source;
    asl_buffer_init(&source, ASL_BUFFER_MAXIMUM);
    bool fine = cli_read_json(expression, EXPRESSION_MAXIMUM, &source);
    int status = !fine                                     ? EXIT_WRONG_USAGE
                 : desk_print(d, asl_buffer_text(&source)) ? EXIT_FINE
                                                           : EXIT_REFUSED;
    asl_buffer_free(&source);
    return status;
}

static int eval(struct desk *d, const struct texts *rest)
{
    if (rest->count)
        return evaluate_argument(d, rest->items[0]);
    return isatty(STDIN_FILENO) ? prompt_run(d) : evaluate_argument(d, "@-");
}

static bool read_language(const char *name, enum desk_language *language)
{
    if (name && !desk_language_named(name, language)) {
        cli_fail(EXIT_WRONG_USAGE, "--language is jsonata or jsonpath, not '%s'", name);
        return false;
    }
    return true;
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
    caret_use_locale();
    int status = cli_options(c, options, argc, argv, &rest);
    if (status < 0 && rest.count > 1)
        status = cli_fail(EXIT_WRONG_USAGE, "eval wants one expression, in quotes; `stepwell eval "
                                            "--help`");
    if (status < 0 &&
        !(read_language(language, &d.language) && desk_lay(&d, &d.input, "input", input) &&
          desk_lay(&d, &d.variables, "variables", variables) &&
          desk_lay(&d, &d.context, "context", given_context)))
        status = EXIT_WRONG_USAGE;
    if (status < 0)
        status = eval(&d, &rest);
    desk_free(&d);
    texts_free(&rest);
    return status;
}

const struct command command_eval = {
    "eval",
    "[EXPRESSION]",
    "evaluates a JSONata or JSONPath expression, or an intrinsic function",
    "EXPRESSION may be @FILE, with or without {% %}. Without one it is read from stdin; on a "
    "terminal\n"
    "a prompt opens. What begins with States. and a bracket is an intrinsic function; all else is\n"
    "JSONata unless --language says jsonpath. Ends with 1 when the expression is wrong or fails.\n"
    "\n"
    "The prompt keeps its history in $XDG_STATE_HOME/stepwell/eval_history (~/.local/state/...), "
    "for\n"
    "you alone. STEPWELL_NO_HISTORY=1 keeps none; a line that begins with a blank is not kept "
    "either.\n"
    "\n"
    "examples:\n"
    "  stepwell eval '$sum($states.input.items.price)' --input '{\"items\": [{\"price\": 4}]}'\n"
    "  stepwell eval '$.items[?(@.price > 3)]' --language jsonpath --input @order.json",
    command,
};
