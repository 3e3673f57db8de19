/* stepwell list: the executions in a store, newest first. */
#include "engine/cli/cli.h"

#include "engine/api/describe.h"

#include <stdlib.h>
#include <string.h>

struct list {
    struct value_list json;
    bool as_json;
    size_t count;
};

static void add_json(struct list *l, const struct store_execution *x)
{
    struct value_list item;
    value_list_init(&item);
    value_list_set_take(&item, "executionArn", value_string_z(x->arn));
    value_list_set_take(&item, "name", value_string_z(x->name));
    value_list_set_take(&item, "status",
                        value_string_z(asl_status_name((enum asl_status)x->status)));
    value_list_set_take(&item, "startDate", describe_time(x->started));
    if (x->stopped)
        value_list_set_take(&item, "stopDate", describe_time(x->stopped));
    value_list_push_take(&l->json, value_object_take(&item));
}

/* The machine's name stands in the ARN: arn:aws:states:r:a:execution:<machine>:<name>. */
static void machine_of(const char *arn, char out[81])
{
    const char *at = arn;
    for (int colons = 0; *at && colons < 6; at++)
        colons += *at == ':';
    snprintf(out, 81, "%.*s", (int)strcspn(at, ":"), at);
}

static bool see(void *state, const struct store_execution *x)
{
    struct list *l = state;
    char started[32], took[32] = "", machine[81];
    if (x->status < 0 || x->status > ASL_PENDING_REDRIVE)
        return true;
    if (l->as_json) {
        add_json(l, x);
        return true;
    }
    if (l->count++ == 0)
        printf("%-38s %-10s %-20s %-12s %s\n", "NAME", "STATUS", "STARTED", "TOOK", "MACHINE");
    cli_format_time(x->started, started);
    started[19] = '\0';
    if (x->stopped)
        cli_format_duration(x->stopped - x->started, took);
    machine_of(x->arn, machine);
    printf("%-38s %-10s %-20s %-12s %s\n", x->name, asl_status_name((enum asl_status)x->status),
           started, took, machine);
    return true;
}

static int status_of(const char *name)
{
    for (int s = 0; s <= ASL_PENDING_REDRIVE; s++)
        if (strcasecmp(name, asl_status_name((enum asl_status)s)) == 0)
            return s;
    return -2;
}

static int list_executions(const char *db, int status, size_t limit, bool json)
{
    struct list l = {.as_json = json};
    struct store *s = cli_open_reader(db);
    if (!s)
        return EXIT_STORE;
    value_list_init(&l.json);
    enum store_status read = store_list_executions(s, NULL, status, INT64_MAX, limit, see, &l);
    if (json) {
        asl_value *all = value_array_take(&l.json);
        cli_print_json(all);
        value_release(all);
    } else if (l.count == 0 && read == STORE_OK) {
        cli_note("there are no %sexecutions in %s", status >= 0 ? "such " : "", db);
    }
    if (read != STORE_OK)
        cli_fail(EXIT_STORE, "%s", store_last_error(s)->message);
    store_close(s);
    return read == STORE_OK ? EXIT_FINE : EXIT_STORE;
}

static int command(const struct command *c, int argc, char **argv)
{
    struct texts rest = {0};
    const char *db = DEFAULT_DB, *status_name = NULL, *limit_text = "100";
    bool json = false;
    const struct option options[] = {
        {"db", OPTION_TEXT, "FILE", "the store (default: " DEFAULT_DB ")", &db},
        {"status", OPTION_TEXT, "STATUS", "only RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED",
         &status_name},
        {"limit", OPTION_TEXT, "N", "at most so many (default: 100; 0: all)", &limit_text},
        {"json", OPTION_FLAG, NULL, "an array on stdout", &json},
        {0},
    };
    int done = cli_options(c, options, argc, argv, &rest);
    int status = status_name ? status_of(status_name) : -1;
    char *end = NULL;
    unsigned long limit = strtoul(limit_text, &end, 10);
    if (done < 0 && rest.count)
        done = cli_fail(EXIT_WRONG_USAGE, "list takes no arguments; `stepwell list --help`");
    if (done < 0 && status == -2)
        done = cli_fail(EXIT_WRONG_USAGE,
                        "--status is RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED, not '%s'",
                        status_name);
    if (done < 0 && (*end || end == limit_text))
        done = cli_fail(EXIT_WRONG_USAGE, "--limit wants a number, not '%s'", limit_text);
    if (done < 0)
        done = list_executions(db, status, limit ? limit : SIZE_MAX, json);
    texts_free(&rest);
    return done;
}

const struct command command_list = {
    "list",
    "",
    "lists executions, newest first",
    "example:\n"
    "  stepwell list --status FAILED --db jobs.db",
    command,
};
