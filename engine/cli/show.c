/* stepwell show: one execution, as DescribeExecution does. */
#include "engine/cli/cli.h"

#include "engine/api/describe.h"

#include <string.h>
#include <time.h>

static void print_payload(const char *label, const asl_value *v)
{
    if (!v)
        return;
    printf("%s\n", label);
    cli_print_json(v);
}

static void print_plain(const asl_execution *x)
{
    char text[32];
    printf("name      %s\n", asl_execution_name(x).data);
    printf("status    %s\n", asl_status_name(asl_execution_status(x)));
    cli_format_time(asl_execution_started(x), text);
    printf("started   %s\n", text);
    if (asl_execution_stopped(x)) {
        cli_format_time(asl_execution_stopped(x), text);
        printf("stopped   %s\n", text);
        cli_format_duration(asl_execution_stopped(x) - asl_execution_started(x), text);
        printf("took      %s\n", text);
    } else if (asl_execution_due(x) != INT64_MAX) {
        cli_format_time(asl_execution_due(x), text);
        printf("goes on   %s\n", text);
    }
    if (asl_execution_open_tasks(x))
        printf("tasks     %zu under way\n", asl_execution_open_tasks(x));
    printf("machine   %s\n", asl_execution_machine_arn(x).data);
    printf("arn       %s\n", asl_execution_arn(x).data);
    printf("events    %lld\n", (long long)asl_execution_last_event(x));
    if (asl_execution_error(x))
        printf("error     %s\n", asl_execution_error(x));
    if (asl_execution_cause(x))
        printf("cause     %s\n", asl_execution_cause(x));
    print_payload("input", asl_execution_input(x));
    print_payload("output", asl_execution_output(x));
}

static int show(const char *db, const char *which, bool json)
{
    struct store *s = cli_open_reader(db);
    if (!s)
        return EXIT_STORE;
    int64_t id = cli_find_execution(s, which);
    asl_execution *x = id ? cli_load_execution(s, id) : NULL;
    if (x && json) {
        asl_value *described = describe_execution(x, (int64_t)time(NULL) * 1000, true);
        cli_print_json(described);
        value_release(described);
    } else if (x) {
        print_plain(x);
    }
    asl_execution_free(x);
    store_close(s);
    return x ? EXIT_FINE : id ? EXIT_STORE : EXIT_WRONG_USAGE;
}

static int command(const struct command *c, int argc, char **argv)
{
    struct texts rest = {0};
    const char *db = DEFAULT_DB;
    bool json = false;
    const struct option options[] = {
        {"db", OPTION_TEXT, "FILE", "the store (default: " DEFAULT_DB ")", &db},
        {"json", OPTION_FLAG, NULL, "the members of DescribeExecution", &json},
        {0},
    };
    int status = cli_options(c, options, argc, argv, &rest);
    if (status < 0 && rest.count != 1)
        status = cli_fail(EXIT_WRONG_USAGE, "show wants one execution; `stepwell list` shows them");
    if (status < 0)
        status = show(db, rest.items[0], json);
    texts_free(&rest);
    return status;
}

const struct command command_show = {
    "show",
    "EXECUTION",
    "shows one execution: status, times, input, output, error",
    "EXECUTION is a name, the beginning of one, or an ARN.\n"
    "\n"
    "example:\n"
    "  stepwell show 7c0e --json",
    command,
};
