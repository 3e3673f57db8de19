/* stepwell stop: StopExecution. */
#include "engine/cli/session.h"

#include <string.h>

struct stop {
    struct session session;
    enum engine_outcome outcome;
};

static void stopped(void *state, enum engine_outcome outcome)
{
    struct stop *s = state;
    s->outcome = outcome;
    loop_stop(s->session.loop);
}

static int stop_one(struct stop *s, const char *which, const char *error, const char *cause)
{
    int64_t id = cli_find_execution(engine_store(s->session.engine), which);
    if (!id)
        return EXIT_WRONG_USAGE;
    engine_stop(s->session.engine, id, asl_text(error), asl_text(cause), stopped, s);
    session_run(&s->session);
    if (s->outcome == ENGINE_OK)
        return EXIT_FINE;
    return cli_fail(EXIT_WRONG_USAGE, "%s is not running", which);
}

static int command(const struct command *c, int argc, char **argv)
{
    struct session_settings settings = {0};
    struct stop s = {.outcome = ENGINE_NOT_RUNNING};
    struct texts rest = {0};
    const char *error = NULL, *cause = NULL;
    const struct option options[] = {
        {"db", OPTION_TEXT, "FILE", "the store (default: " DEFAULT_DB ")", &settings.db},
        {"error", OPTION_TEXT, "NAME", "an error name, recorded", &error},
        {"cause", OPTION_TEXT, "TEXT", "why, recorded", &cause},
        {0},
    };
    int status = cli_options(c, options, argc, argv, &rest);
    if (status < 0 && rest.count != 1)
        status = cli_fail(EXIT_WRONG_USAGE, "stop wants one execution; `stepwell list` shows them");
    if (status < 0 && session_open(&s.session, &settings, &status)) {
        status = stop_one(&s, rest.items[0], error, cause);
        session_close(&s.session);
    }
    texts_free(&rest);
    return status;
}

const struct command command_stop = {
    "stop",
    "EXECUTION",
    "ends a running execution: ABORTED",
    "EXECUTION is a name, the beginning of one, or an ARN.\n"
    "\n"
    "example:\n"
    "  stepwell stop 7c0e --error Operator --cause 'wrong table'",
    command,
};
