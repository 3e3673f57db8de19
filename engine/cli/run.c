/* stepwell run: a definition, from its start to its end. */
#include "engine/cli/follow.h"

#include <string.h>

#include "engine/mock/desk.h"

#define DEFINITION_MAXIMUM (1 << 20)
#define INPUT_MAXIMUM 262144
#define ROLE_DEFAULT "arn:aws:iam::123456789012:role/stepwell"

struct run {
    struct session session;
    struct engine_started started;
    bool answered;
    char arn[512];
    char message[512];
};

static void on_started(void *state, const struct engine_started *started)
{
    struct run *r = state;
    r->started = *started;
    r->answered = true;
    snprintf(r->arn, sizeof r->arn, "%s", started->arn ? started->arn : "");
    snprintf(r->message, sizeof r->message, "%s", started->message);
    loop_stop(r->session.loop);
}

struct run_settings {
    struct session_settings session;
    const char *input, *name, *type, *role, *test_case;
    struct texts variables;
    bool json, quiet;
};

static bool check_input(const struct asl_buffer *input)
{
    struct value_error error;
    asl_value *v = value_parse(asl_buffer_text(input), VALUE_REFUSE_DUPLICATES, INPUT_MAXIMUM,
                               &error);
    value_release(v);
    if (!v)
        cli_fail(EXIT_WRONG_USAGE, "the input: line %zu, column %zu: %s", error.line, error.column,
                 error.message);
    return v != NULL;
}

static bool read_all(const struct run_settings *settings, const char *path,
                     struct asl_buffer *definition, struct asl_buffer *input)
{
    if (!cli_read_file(path, DEFINITION_MAXIMUM, definition) ||
        !cli_substitute(&settings->variables, definition))
        return false;
    return cli_read_json(settings->input ? settings->input : "{}", INPUT_MAXIMUM, input) &&
           check_input(input);
}

/* AWS's rule for names (facts 1.3). */
static bool check_name(const char *name)
{
    if (!name)
        return true;
    size_t size = strlen(name);
    if (size >= 1 && size <= 80 && value_utf8_valid(asl_text(name)) &&
        !strpbrk(name, " \t\r\n<>{}[]?*\"#%\\^|~`$&,;:/"))
        return true;
    cli_fail(EXIT_WRONG_USAGE,
             "--name: '%s' is no execution name: 1 to 80 characters, without white space and "
             "<>{}[]?*\"#%%\\^|~`$&,;:/",
             name);
    return false;
}

static bool check_test_case(struct run *r, const char *name, const char *test_case, int64_t machine)
{
    struct asl_buffer message;
    asl_buffer_init(&message, 65536);
    bool fine = mock_desk_check(r->session.mocks, name, test_case,
                                engine_machine(r->session.engine, machine), &message);
    if (!fine)
        cli_fail(EXIT_WRONG_USAGE, "--test-case %s: %s", test_case, message.data);
    asl_buffer_free(&message);
    return fine;
}

static int start(struct run *r, const struct run_settings *settings, const char *path,
                 struct asl_buffer *definition, struct asl_buffer *input)
{
    char name[81];
    struct asl_diagnostics diagnostics = {0};
    bool express = settings->type && strcmp(settings->type, "EXPRESS") == 0;
    cli_machine_name(path, name);
    int64_t machine = engine_put_machine(r->session.engine, name, asl_buffer_text(definition),
                                         express, settings->role ? settings->role : ROLE_DEFAULT,
                                         &diagnostics);
    cli_print_diagnostics(stderr, path, &diagnostics);
    asl_diagnostics_free(&diagnostics);
    if (machine < 0)
        return cli_fail(EXIT_WRONG_USAGE, "%s is not run: mend its definition first", path);
    struct engine_start ask = {
        .machine = machine, .name = settings->name, .input = asl_buffer_text(input)};
    struct engine_mark mark;
    if (settings->test_case) {
        if (!check_test_case(r, name, settings->test_case, machine))
            return EXIT_WRONG_USAGE;
        mock_desk_mark(r->session.mocks, name, settings->test_case, &mark);
        ask.marks = &mark;
        ask.mark_count = 1;
    }
    engine_start(r->session.engine, &ask, on_started, r);
    if (settings->test_case)
        mock_desk_unmark(&mark);
    if (!r->answered) /* a refusal comes at once */
        session_run(&r->session);
    if (r->started.outcome == ENGINE_ALREADY_EXISTS)
        return cli_fail(EXIT_WRONG_USAGE,
                        "an execution named '%s' exists; choose another --name, or `stepwell show "
                        "%s`",
                        settings->name, settings->name);
    if (r->started.outcome != ENGINE_OK)
        return cli_fail(EXIT_WRONG_USAGE, "%s", r->message);
    return r->answered ? -1 : EXIT_INTERRUPTED;
}

static int run(struct run *r, const struct run_settings *settings, const char *path)
{
    int status = EXIT_WRONG_USAGE;
    struct asl_buffer definition, input;
    asl_buffer_init(&definition, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&input, ASL_BUFFER_MAXIMUM);
    if (read_all(settings, path, &definition, &input) && check_name(settings->name) &&
        session_open(&r->session, &settings->session, &status)) {
        status = start(r, settings, path, &definition, &input);
        if (status < 0) {
            if (!settings->quiet && !settings->json)
                fprintf(stderr, "%s\n", r->arn);
            status = follow_execution(&r->session, r->started.execution, settings->json,
                                      settings->quiet ? PROGRESS_NOTHING : PROGRESS_ALL,
                                      settings->session.db);
        }
        session_close(&r->session);
    }
    asl_buffer_free(&definition);
    asl_buffer_free(&input);
    return status;
}

static int command(const struct command *c, int argc, char **argv)
{
    struct run_settings settings = {0};
    struct texts rest = {0};
    struct run r = {0};
    const struct option options[] = {
        {"input", OPTION_TEXT, "JSON|@FILE", "the execution's input (default: {})", &settings.input},
        {"var", OPTION_LIST, "NAME=VALUE", "for ${NAME} in the definition; again for more",
         &settings.variables},
        {"name", OPTION_TEXT, "NAME", "of the execution (default: a UUID)", &settings.name},
        {"type", OPTION_TEXT, "TYPE", "STANDARD (default) or EXPRESS", &settings.type},
        {"test-case", OPTION_TEXT, "NAME", "of the mock file: its Tasks answer as it says",
         &settings.test_case},
        {"role", OPTION_TEXT, "ARN", "shown as the execution's role", &settings.role},
        {"json", OPTION_FLAG, NULL, "the members of DescribeExecution, on stdout", &settings.json},
        {"quiet", OPTION_FLAG, NULL, "no progress", &settings.quiet},
        SESSION_OPTIONS(&settings.session),
        {0},
    };
    int status = cli_options(c, options, argc, argv, &rest);
    if (status < 0 && settings.type && strcmp(settings.type, "STANDARD") != 0 &&
        strcmp(settings.type, "EXPRESS") != 0)
        status = cli_fail(EXIT_WRONG_USAGE, "--type is STANDARD or EXPRESS, not '%s'", settings.type);
    if (status < 0 && rest.count != 1)
        status = cli_fail(EXIT_WRONG_USAGE, "run wants one definition file; `stepwell run --help`");
    settings.session.quiet = settings.quiet || settings.json;
    if (status < 0)
        status = run(&r, &settings, rest.items[0]);
    texts_free(&rest);
    texts_free(&settings.variables);
    session_settings_free(&settings.session);
    return status;
}

const struct command command_run = {
    "run", "DEFINITION", "runs a definition to its end, showing each state as it passes",
    "Ends with 0 when the execution SUCCEEDED, 3 FAILED, 4 TIMED_OUT, 5 ABORTED, 6 interrupted (it\n"
    "is resumable), 2 wrong usage or input, 7 the store cannot be opened. The output goes to stdout.\n"
    "\n"
    "example:\n"
    "  stepwell run order.asl.json --input '{\"id\": 7}' --var Table=Orders --time skip",
    command,
};
