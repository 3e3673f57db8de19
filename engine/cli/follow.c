/* Following an execution to its end. */
#include "engine/cli/follow.h"

#include "engine/api/describe.h"

#include <unistd.h>

static const int statuses[] = {
    [ASL_RUNNING] = EXIT_INTERRUPTED, [ASL_SUCCEEDED] = EXIT_FINE,
    [ASL_FAILED] = EXIT_FAILED,       [ASL_TIMED_OUT] = EXIT_TIMED_OUT,
    [ASL_ABORTED] = EXIT_ABORTED,     [ASL_PENDING_REDRIVE] = EXIT_FAILED,
};

static void print_end(const asl_execution *x, bool quiet)
{
    char took[32];
    enum asl_status status = asl_execution_status(x);
    bool colour = cli_colour(STDERR_FILENO);
    cli_format_duration(asl_execution_stopped(x) - asl_execution_started(x), took);
    if (!quiet)
        fprintf(stderr, "%s%s%s in %s: %s\n",
                colour ? (status == ASL_SUCCEEDED ? "\033[32m" : "\033[31m") : "",
                asl_status_name(status), colour ? "\033[0m" : "", took, asl_execution_name(x).data);
    if (asl_execution_error(x))
        fprintf(stderr, "error: %s\n", asl_execution_error(x));
    if (asl_execution_cause(x))
        fprintf(stderr, "cause: %s\n", asl_execution_cause(x));
    if (asl_execution_output(x))
        cli_print_json(asl_execution_output(x));
}

struct ending {
    bool json, quiet;
};

static void show(void *state, const asl_execution *x)
{
    const struct ending *ending = state;
    if (ending->json) {
        asl_value *described = describe_execution(x, asl_execution_stopped(x), true);
        cli_print_json(described);
        value_release(described);
    } else if (asl_execution_status(x) != ASL_RUNNING) {
        print_end(x, ending->quiet);
    }
}

static void tell_interrupted(const asl_execution *x, const char *db)
{
    fprintf(stderr, "Interrupted. Nothing is lost; go on with:\n  stepwell resume %s%s%s\n",
            asl_execution_name(x).data, db ? " --db " : "", db ? db : "");
}

static void show_interrupted(void *db, const asl_execution *x)
{
    tell_interrupted(x, db);
}

int follow_execution(struct session *s, int64_t execution, bool json, enum progress_show show_what,
                     const char *db)
{
    struct ending ending = {.json = json, .quiet = show_what == PROGRESS_NOTHING};
    struct progress *p = progress_new(s, execution, json ? PROGRESS_NOTHING : show_what);
    if (!progress_is_over(p))
        session_run(s);
    bool over = progress_is_over(p);
    int status = over ? statuses[progress_status(p)] : EXIT_INTERRUPTED;
    progress_free(p);
    engine_look(s->engine, execution, show, &ending);
    if (!over)
        engine_look(s->engine, execution, show_interrupted, (void *)db);
    return status;
}
