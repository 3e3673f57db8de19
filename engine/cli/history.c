/* stepwell history: an execution's events, for people or in the shape of GetExecutionHistory. */
#include "engine/cli/cli.h"

#include <string.h>

struct history {
    struct value_list events;
    bool json;
    char message[160];
    bool damaged;
    int64_t first_at;
};

static int64_t time_of(const asl_value *event)
{
    return (int64_t)(value_as_double(value_get_z(event, "timestamp")) * 1000 + 0.5);
}

/* The one member that tells an event from its like: a state's name, an error, an index, a resource.
 */
static void print_gist(const asl_value *event)
{
    static const char *const members[] = {"name", "error", "resource", "index", "length"};
    for (size_t i = 0; i < value_count(event); i++) {
        const asl_value *details = value_at(event, i);
        if (value_kind(details) != VALUE_OBJECT)
            continue;
        for (size_t m = 0; m < sizeof members / sizeof *members; m++) {
            const asl_value *v = value_get_z(details, members[m]);
            if (v)
                printf(" %s%s", strcmp(members[m], "index") == 0 ? "#" : "", value_as_text(v).data);
        }
        const asl_value *cause = value_get_z(details, "cause");
        if (cause)
            printf(": %.160s", value_as_text(cause).data);
    }
}

static bool see_event(void *state, int64_t id, const asl_value *event)
{
    struct history *h = state;
    if (h->json) {
        value_list_push_take(&h->events, value_retain(event));
        return true;
    }
    char when[32];
    int64_t previous = 0;
    value_as_integer(value_get_z(event, "previousEventId"), &previous);
    cli_format_time(time_of(event), when);
    printf("%5lld %5lld  %s  %-24s", (long long)id, (long long)previous, when,
           value_as_text(value_get_z(event, "type")).data);
    print_gist(event);
    putchar('\n');
    return true;
}

static bool see_chunk(void *state, int64_t first, int64_t count, struct store_bytes chunk)
{
    struct history *h = state;
    (void)first, (void)count;
    h->damaged = !asl_history_read(chunk.data, chunk.size, true, see_event, h, h->message);
    return !h->damaged;
}

static int show_history(const char *db, const char *which, bool json)
{
    struct history h = {.json = json};
    struct store *s = cli_open_reader(db);
    if (!s)
        return EXIT_STORE;
    value_list_init(&h.events);
    int64_t id = cli_find_execution(s, which);
    if (id && !json)
        printf("%5s %5s  %-23s  %s\n", "ID", "PREV", "TIME", "EVENT");
    enum store_status read = id ? store_read_history(s, id, 1, false, see_chunk, &h) : STORE_OK;
    if (id && json) {
        struct value_list answer;
        value_list_init(&answer);
        value_list_set_take(&answer, "events", value_array_take(&h.events));
        asl_value *v = value_object_take(&answer);
        cli_print_json(v);
        value_release(v);
    }
    if (h.damaged)
        cli_fail(EXIT_STORE, "%s", h.message);
    else if (read != STORE_OK)
        cli_fail(EXIT_STORE, "%s", store_last_error(s)->message);
    store_close(s);
    return !id ? EXIT_WRONG_USAGE : h.damaged || read != STORE_OK ? EXIT_STORE : EXIT_FINE;
}

static int command(const struct command *c, int argc, char **argv)
{
    struct texts rest = {0};
    const char *db = DEFAULT_DB;
    bool json = false;
    const struct option options[] = {
        {"db", OPTION_TEXT, "FILE", "the store (default: " DEFAULT_DB ")", &db},
        {"json", OPTION_FLAG, NULL, "the shape of GetExecutionHistory", &json},
        {0},
    };
    int status = cli_options(c, options, argc, argv, &rest);
    if (status < 0 && rest.count != 1)
        status =
            cli_fail(EXIT_WRONG_USAGE, "history wants one execution; `stepwell list` shows them");
    if (status < 0)
        status = show_history(db, rest.items[0], json);
    texts_free(&rest);
    return status;
}

const struct command command_history = {
    "history",
    "EXECUTION",
    "shows the events of an execution",
    "EXECUTION is a name, the beginning of one, or an ARN.\n"
    "\n"
    "example:\n"
    "  stepwell history 7c0e --json | jq '.events[].type'",
    command,
};
