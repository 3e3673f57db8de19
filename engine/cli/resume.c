/* stepwell resume: goes on with what a stop, a crash or Ctrl-C left running. */
#include "engine/cli/follow.h"

#include <string.h>

struct resume_all {
    struct session *session;
    size_t ended;
};

static void see_any(void *state, int64_t execution, struct store_bytes chunk,
                    enum asl_status status)
{
    struct resume_all *r = state;
    (void)execution;
    if (chunk.data)
        return;
    r->ended++;
    (void)status;
    if (engine_running(r->session->engine) == 0)
        loop_stop(r->session->loop);
}

static int resume_every(struct session *s)
{
    struct resume_all r = {.session = s};
    int64_t running = engine_running(s->engine);
    if (running == 0) {
        cli_note("nothing is running in %s", store_path(engine_store(s->engine)));
        return EXIT_FINE;
    }
    cli_note("going on with %lld execution%s", (long long)running, running == 1 ? "" : "s");
    engine_watch(s->engine, 0, see_any, &r);
    session_run(s);
    cli_note("%zu ended", r.ended);
    return s->caught_signal ? EXIT_INTERRUPTED : EXIT_FINE;
}

static void see_status(void *status, const asl_execution *x)
{
    *(enum asl_status *)status = asl_execution_status(x);
}

static int resume_one(struct session *s, const char *which, bool json, bool quiet, const char *db)
{
    int64_t id = cli_find_execution(engine_store(s->engine), which);
    enum asl_status status = ASL_RUNNING;
    if (!id)
        return EXIT_WRONG_USAGE;
    engine_look(s->engine, id, see_status, &status);
    if (status != ASL_RUNNING)
        return cli_fail(EXIT_WRONG_USAGE, "%s has ended: it is %s", which, asl_status_name(status));
    return follow_execution(s, id, json, quiet ? PROGRESS_NOTHING : PROGRESS_NEW, db);
}

static int command(const struct command *c, int argc, char **argv)
{
    struct session_settings settings = {0};
    struct session s;
    struct texts rest = {0};
    bool json = false, quiet = false;
    const struct option options[] = {
        {"json", OPTION_FLAG, NULL, "the members of DescribeExecution, on stdout", &json},
        {"quiet", OPTION_FLAG, NULL, "no progress", &quiet},
        SESSION_OPTIONS(&settings),
        {0},
    };
    int status = cli_options(c, options, argc, argv, &rest);
    if (status < 0 && rest.count > 1)
        status = cli_fail(EXIT_WRONG_USAGE, "resume wants one execution, or none for all of them");
    if (status < 0 && session_open(&s, &settings, &status)) {
        status =
            rest.count ? resume_one(&s, rest.items[0], json, quiet, settings.db) : resume_every(&s);
        session_close(&s);
    }
    texts_free(&rest);
    session_settings_free(&settings);
    return status;
}

const struct command command_resume = {
    "resume",
    "[EXECUTION]",
    "goes on with an execution that was interrupted, or with all of them",
    "EXECUTION is a name, the beginning of one, or an ARN. Ends as `stepwell run` does.\n"
    "\n"
    "example:\n"
    "  stepwell resume 7c0e --time skip",
    command,
};
