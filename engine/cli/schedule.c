/* stepwell schedule: when machines start by themselves, while `stepwell serve` runs.
 *
 * add, pause, resume and remove write to the store, and so want it for themselves; where a server has
 * it, its EventBridge and Scheduler calls do the same. list and show only look.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/api/api.h"
#include "engine/api/schedule/schedules.h"
#include "engine/cli/session.h"

#define DEFINITION_MAXIMUM (1 << 20)

struct order {
    struct session_settings settings;
    struct texts rest;
    const char *machine, *definition, *input, *zone, *start, *end, *missed;
    struct texts variables;
    bool json;
    struct session session;
    struct api *api;
};

/* ---- writing ---- */

static void committed(void *state, enum engine_outcome outcome)
{
    (void)outcome;
    loop_stop(((struct order *)state)->session.loop);
}

/* A definition given beside the schedule is put under its file's name, as `run` does. */
static bool put_definition(struct order *o, struct asl_buffer *arn)
{
    struct asl_buffer text;
    struct asl_diagnostics diagnostics = {0};
    char name[81];
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    bool fine = cli_read_file(o->definition, DEFINITION_MAXIMUM, &text) &&
                cli_substitute(&o->variables, &text);
    cli_machine_name(o->definition, name);
    if (fine && engine_put_machine(o->session.engine, name, asl_buffer_text(&text), false,
                                   "arn:aws:iam::123456789012:role/stepwell", &diagnostics) < 0) {
        cli_print_diagnostics(stderr, o->definition, &diagnostics);
        fine = false;
    }
    engine_machine_arn(o->session.engine, name, arn);
    asl_diagnostics_free(&diagnostics);
    asl_buffer_free(&text);
    return fine;
}

static bool read_time(const char *text, const char *option, int64_t *ms)
{
    *ms = text ? schedules_time(text) : 0;
    if (*ms >= 0)
        return true;
    cli_fail(EXIT_WRONG_USAGE, "--%s is a UTC time like 2026-11-22T09:00:00, not '%s'", option, text);
    return false;
}

static int add(struct order *o)
{
    struct asl_buffer machine, input;
    char message[256];
    struct schedule_wish wish = {
        .expression = asl_text(o->rest.items[2]),
        .zone = asl_text(o->zone),
        .missed = asl_text(o->missed),
    };
    if (!o->machine == !o->definition)
        return cli_fail(EXIT_WRONG_USAGE, "add wants --machine or --definition");
    asl_buffer_init(&machine, 4096);
    asl_buffer_init(&input, 1 << 20);
    bool fine = read_time(o->start, "start", &wish.start) && read_time(o->end, "end", &wish.end) &&
                cli_read_json(o->input ? o->input : "{}", 1 << 18, &input);
    if (fine && o->definition)
        fine = put_definition(o, &machine);
    else if (fine && strncmp(o->machine, "arn:", 4) == 0)
        asl_buffer_puts(&machine, o->machine);
    else if (fine)
        engine_machine_arn(o->session.engine, o->machine, &machine);
    wish.machine = asl_buffer_text(&machine);
    wish.input = asl_buffer_text(&input);
    int status = EXIT_WRONG_USAGE;
    if (fine && schedules_put(o->api, o->rest.items[1], &wish, message))
        status = EXIT_FINE;
    else if (fine)
        cli_fail(EXIT_WRONG_USAGE, "%s", message);
    asl_buffer_free(&machine);
    asl_buffer_free(&input);
    return status;
}

static int found(struct order *o, bool is_there)
{
    if (is_there)
        return EXIT_FINE;
    return cli_fail(EXIT_WRONG_USAGE, "there is no schedule '%s'; `stepwell schedule list` shows them",
                    o->rest.items[1]);
}

static int pause_it(struct order *o)
{
    return found(o, schedules_set_state(o->api, o->rest.items[1], false));
}

static int resume_it(struct order *o)
{
    return found(o, schedules_set_state(o->api, o->rest.items[1], true));
}

static int remove_it(struct order *o)
{
    return found(o, schedules_remove(o->api, o->rest.items[1]));
}

/* Nothing runs here: the change, its commit, the end. */
static int write_one(struct order *o, int (*change)(struct order *o))
{
    int status;
    char message[512];
    if (!session_open(&o->session, &o->settings, &status)) {
        if (status == EXIT_STORE)
            cli_note("a running `stepwell serve` takes schedules through its API: aws events put-rule, "
                     "aws scheduler create-schedule");
        return status;
    }
    const struct api_options options = {.engine = o->session.engine,
                                        .catalogue = o->session.catalogue,
                                        .without_schedules = true};
    o->api = api_new(&options, message);
    if (!o->api) {
        status = cli_fail(EXIT_STORE, "%s", message);
    } else {
        status = change(o);
        if (status == EXIT_FINE) {
            engine_after_commit(o->session.engine, committed, o);
            session_run(&o->session);
        }
    }
    engine_close(o->session.engine);
    o->session.engine = NULL;
    api_free(o->api);
    session_close(&o->session);
    return status;
}

/* ---- looking ---- */

struct listing {
    const char *only; /* NULL: all */
    bool json;
    struct value_list items;
    size_t count;
};

static const char *member(const asl_value *v, const char *name)
{
    const asl_value *m = value_get_z(v, name);
    return m && value_kind(m) == VALUE_STRING ? value_as_text(m).data : "-";
}

static void print_time(const asl_value *v, const char *name, char out[32])
{
    int64_t ms;
    const asl_value *m = value_get_z(v, name);
    if (m && value_as_integer(m, &ms))
        cli_format_time(ms, out);
    else
        snprintf(out, 32, "-");
}

static bool see(void *state, const char *key, struct store_bytes bytes)
{
    struct listing *l = state;
    char next[32];
    asl_value *v = value_parse((struct asl_text){bytes.data, bytes.size}, 0, 0, NULL);
    if (!v || (l->only && strcmp(key, l->only) != 0)) {
        value_release(v);
        return true;
    }
    l->count++;
    print_time(v, "next", next);
    if (l->json)
        value_list_push_take(&l->items, value_with_take(value_retain(v), value_string_z("name"),
                                                        value_string_z(key)));
    else if (l->only)
        cli_print_json(v);
    else
        printf("%-24s %-9s %-28s %-23s %s\n", key, member(v, "state"), member(v, "expression"), next,
               member(v, "machine"));
    value_release(v);
    return true;
}

static int look(struct order *o, const char *only)
{
    struct listing l = {.only = only, .json = o->json};
    struct store *s = cli_open_reader(o->settings.db ? o->settings.db : DEFAULT_DB);
    if (!s)
        return EXIT_STORE;
    value_list_init(&l.items);
    if (!l.json && !only)
        printf("%-24s %-9s %-28s %-23s %s\n", "NAME", "STATE", "EXPRESSION", "NEXT", "MACHINE");
    store_each_document(s, "schedule", NULL, SIZE_MAX, see, &l);
    asl_value *all = value_array_take(&l.items);
    if (l.json)
        cli_print_json(all);
    value_release(all);
    store_close(s);
    return only && !l.count ? found(o, false) : EXIT_FINE;
}

/* ---- the command ---- */

static const struct {
    const char *name;
    size_t arguments; /* behind its name */
    int (*change)(struct order *o);
} verbs[] = {
    {"add", 2, add},           {"pause", 1, pause_it}, {"resume", 1, resume_it},
    {"remove", 1, remove_it},  {"list", 0, NULL},      {"show", 1, NULL},
};

static int carry_out(struct order *o)
{
    for (size_t i = 0; o->rest.count && i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(o->rest.items[0], verbs[i].name) != 0)
            continue;
        if (o->rest.count != verbs[i].arguments + 1)
            return cli_fail(EXIT_WRONG_USAGE, "schedule %s wants %zu argument%s", verbs[i].name,
                            verbs[i].arguments, verbs[i].arguments == 1 ? "" : "s");
        if (verbs[i].change)
            return write_one(o, verbs[i].change);
        return look(o, verbs[i].arguments ? o->rest.items[1] : NULL);
    }
    return cli_fail(EXIT_WRONG_USAGE, "schedule wants add, list, show, pause, resume or remove");
}

static int command(const struct command *c, int argc, char **argv)
{
    struct order o = {.machine = NULL};
    const struct option options[] = {
        {"db", OPTION_TEXT, "FILE", "the store (default: " DEFAULT_DB ")", &o.settings.db},
        {"machine", OPTION_TEXT, "NAME", "what starts: a machine's name or ARN", &o.machine},
        {"definition", OPTION_TEXT, "FILE", "or a definition, put under its file's name",
         &o.definition},
        {"var", OPTION_LIST, "NAME=VALUE", "for ${NAME} in the definition", &o.variables},
        {"input", OPTION_TEXT, "JSON|@FILE",
         "default: {}; <aws.scheduler.scheduled-time> stands for the due time", &o.input},
        {"zone", OPTION_TEXT, "NAME", "of cron and at: Europe/Berlin (default: UTC)", &o.zone},
        {"start", OPTION_TEXT, "TIME", "nothing is due before; UTC", &o.start},
        {"end", OPTION_TEXT, "TIME", "nothing is due after; UTC", &o.end},
        {"missed", OPTION_TEXT, "WHICH",
         "due times that passed while nothing ran: latest (default), all, none", &o.missed},
        {"json", OPTION_FLAG, NULL, "list as one JSON document", &o.json},
        {"region", OPTION_TEXT, "NAME", "default: the AWS configuration's, else us-east-1",
         &o.settings.region},
        {"account", OPTION_TEXT, "NUMBER", "in ARNs (default: 123456789012)", &o.settings.account},
        {0},
    };
    int status = cli_options(c, options, argc, argv, &o.rest);
    if (status < 0)
        status = carry_out(&o);
    texts_free(&o.rest);
    texts_free(&o.variables);
    return status;
}

const struct command command_schedule = {
    "schedule", "add NAME EXPRESSION|list|show NAME|pause NAME|resume NAME|remove NAME",
    "starts machines at given times, while serve runs",
    "EXPRESSION is EventBridge's: rate(30 minutes), cron(0 9 ? * MON-FRI *), at(2026-11-22T09:00:00).\n"
    "Each due time starts exactly one execution, named after schedule and time.\n"
    "\n"
    "examples:\n"
    "  stepwell schedule add export 'rate(30 minutes)' --definition export.asl.json\n"
    "  stepwell schedule list",
    command,
};
