/* stepwell run: a definition, from its start to its end. */
#include "engine/cli/dry_run.h"
#include "engine/cli/start.h"

#include <string.h>

#include "engine/mock/desk.h"

#define DEFINITION_MAXIMUM (1 << 20)
#define INPUT_MAXIMUM      262144

struct run_settings {
    struct session_settings session;
    const char *input, *name, *type, *role, *test_case;
    struct texts variables;
    bool json, quiet, dry;
};

static bool check_input(const struct asl_buffer *input)
{
    struct value_error error;
    asl_value *v =
        value_parse(asl_buffer_text(input), VALUE_REFUSE_DUPLICATES, INPUT_MAXIMUM, &error);
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

static bool check_test_case(struct session *s, const char *name, const char *test_case,
                            int64_t machine)
{
    struct asl_buffer message;
    asl_buffer_init(&message, 65536);
    bool fine =
        mock_desk_check(s->mocks, name, test_case, engine_machine(s->engine, machine), &message);
    if (!fine)
        cli_fail(EXIT_WRONG_USAGE, "--test-case %s: %s", test_case, message.data);
    asl_buffer_free(&message);
    return fine;
}

/* With a test case, a mark beside the execution names it for as long as that is started. */
static int start(const struct run_settings *settings, struct session *s, const char *name,
                 struct engine_start *ask)
{
    struct engine_mark mark;
    if (settings->test_case) {
        if (!check_test_case(s, name, settings->test_case, ask->machine))
            return EXIT_WRONG_USAGE;
        mock_desk_mark(s->mocks, name, settings->test_case, &mark);
        ask->marks = &mark;
        ask->mark_count = 1;
    }
    int status = start_and_follow(s, ask, settings->json, settings->quiet, settings->session.db);
    if (settings->test_case)
        mock_desk_unmark(&mark);
    return status;
}

static int run(const struct run_settings *settings, const char *path)
{
    int status = EXIT_WRONG_USAGE;
    struct asl_buffer definition, input;
    struct session session = {0};
    asl_buffer_init(&definition, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&input, ASL_BUFFER_MAXIMUM);
    if (read_all(settings, path, &definition, &input) && start_check_name(settings->name) &&
        session_open(&session, &settings->session, &status)) {
        char name[81];
        cli_machine_name(path, name);
        bool express = settings->type && strcmp(settings->type, "EXPRESS") == 0;
        struct engine_start ask = {.name = settings->name, .input = asl_buffer_text(&input)};
        ask.machine = start_put_machine(&session, path, name, asl_buffer_text(&definition), express,
                                        settings->role);
        status = ask.machine < 0 ? EXIT_WRONG_USAGE : start(settings, &session, name, &ask);
        session_close(&session);
    }
    asl_buffer_free(&definition);
    asl_buffer_free(&input);
    return status;
}

static int command(const struct command *c, int argc, char **argv)
{
    struct run_settings settings = {0};
    struct texts rest = {0};
    const struct option options[] = {
        {"input", OPTION_TEXT, "JSON|@FILE", "the execution's input (default: {})",
         &settings.input},
        {"var", OPTION_LIST, "NAME=VALUE", "for ${NAME} in the definition; again for more",
         &settings.variables},
        {"name", OPTION_TEXT, "NAME", "of the execution (default: a UUID)", &settings.name},
        {"type", OPTION_TEXT, "TYPE", "STANDARD (default) or EXPRESS", &settings.type},
        {"test-case", OPTION_TEXT, "NAME", "of the mock file: its Tasks answer as it says",
         &settings.test_case},
        {"role", OPTION_TEXT, "ARN", "shown as the execution's role", &settings.role},
        {"json", OPTION_FLAG, NULL, "the members of DescribeExecution, on stdout", &settings.json},
        {"quiet", OPTION_FLAG, NULL, "no progress", &settings.quiet},
        {"dry-run", OPTION_FLAG, NULL, "only tell where each Task's call would go", &settings.dry},
        SESSION_OPTIONS(&settings.session),
        {0},
    };
    int status = cli_options(c, options, argc, argv, &rest);
    if (status < 0 && settings.type && strcmp(settings.type, "STANDARD") != 0 &&
        strcmp(settings.type, "EXPRESS") != 0)
        status =
            cli_fail(EXIT_WRONG_USAGE, "--type is STANDARD or EXPRESS, not '%s'", settings.type);
    if (status < 0 && rest.count != 1)
        status = cli_fail(EXIT_WRONG_USAGE, "run wants one definition file; `stepwell run --help`");
    if (status < 0 && settings.dry)
        status = dry_run(&settings.session, &settings.variables, rest.items[0], settings.json);
    settings.session.quiet = settings.quiet || settings.json;
    if (status < 0)
        status = run(&settings, rest.items[0]);
    texts_free(&rest);
    texts_free(&settings.variables);
    session_settings_free(&settings.session);
    return status;
}

const struct command command_run = {
    "run",
    "DEFINITION",
    "runs a definition to its end, showing each state as it passes",
    "Ends with 0 when the execution SUCCEEDED, 3 FAILED, 4 TIMED_OUT, 5 ABORTED, 6 interrupted "
    "(it\n"
    "is resumable), 2 wrong usage or input, 7 the store cannot be opened. The output goes to "
    "stdout.\n"
    "\n"
    "example:\n"
    "  stepwell run order.asl.json --input '{\"id\": 7}' --var Table=Orders --time skip",
    command,
};
