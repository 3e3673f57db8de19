/* Starting and following; see start.h. */
#include "engine/cli/start.h"

#include <string.h>

#include "engine/cli/follow.h"

#define ROLE_DEFAULT "arn:aws:iam::123456789012:role/stepwell"

/* AWS's rule for names (facts 1.3). */
bool start_check_name(const char *name)
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

int64_t start_put_machine(struct session *s, const char *path, const char *name,
                          struct asl_text definition, bool express, const char *role)
{
    struct asl_diagnostics diagnostics = {0};
    int64_t machine = engine_put_machine(s->engine, name, definition, express,
                                         role ? role : ROLE_DEFAULT, &diagnostics);
    cli_print_diagnostics(stderr, path, &diagnostics);
    asl_diagnostics_free(&diagnostics);
    if (machine < 0)
        cli_fail(EXIT_WRONG_USAGE, "%s is not run: mend its definition first", path);
    return machine;
}

struct starting {
    struct session *session;
    struct engine_started started;
    bool answered;
    char arn[512];
    char message[512];
};

static void on_started(void *state, const struct engine_started *started)
{
    struct starting *s = state;
    s->started = *started;
    s->answered = true;
    snprintf(s->arn, sizeof s->arn, "%s", started->arn ? started->arn : "");
    snprintf(s->message, sizeof s->message, "%s", started->message);
    loop_stop(s->session->loop);
}

int start_and_follow(struct session *session, const struct engine_start *ask, bool json, bool quiet,
                     const char *db)
{
    struct starting s = {.session = session};
    engine_start(session->engine, ask, on_started, &s);
    if (!s.answered) /* a refusal comes at once */
        session_run(session);
    if (s.started.outcome == ENGINE_ALREADY_EXISTS)
        return cli_fail(EXIT_WRONG_USAGE,
                        "an execution named '%s' exists; choose another --name, or `stepwell show "
                        "%s`",
                        ask->name, ask->name);
    if (s.started.outcome != ENGINE_OK)
        return cli_fail(EXIT_WRONG_USAGE, "%s", s.message);
    if (!s.answered)
        return EXIT_INTERRUPTED;
    if (!quiet && !json)
        fprintf(stderr, "%s\n", s.arn);
    return follow_execution(session, s.started.execution, json,
                            quiet ? PROGRESS_NOTHING : PROGRESS_ALL, db);
}
