/* stepwell schedule: when machines start by themselves, while `stepwell serve` runs.
 *
 * add, pause, resume and remove write to the store, and so want it for themselves; where a server
 * has it, its EventBridge and Scheduler calls do the same. list and show only look.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/api/api.h"
#include "engine/api/schedule/schedules.h"
#include "engine/cli/schedule_look.h"
#include "engine/cli/session.h"

#define DEFINITION_MAXIMUM (1 << 20)

struct order {
    struct session_settings settings;
    struct texts rest;
    const char *name, *expression;
    const char *machine, *definition, *input, *zone, *start, *end, *missed, *dead_letter, *retries;
    const char *file;     /* "<name>.schedule.json": has all of these, or NULL */
    asl_value *from_file; /* what it says; holds the texts */
    struct asl_buffer input_of_file, definition_beside, stem;
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
    cli_fail(EXIT_WRONG_USAGE, "--%s is a UTC time like 2026-11-22T09:00:00, not '%s'", option,
             text);
    return false;
}

/* A member of the file, where no option says otherwise; false after complaining of its type. */
static bool take_member(struct order *o, const asl_value *key, const asl_value *v)
{
    const struct {
        const char *name;
        const char **to;
    } members[] = {
        {"name", &o->name},
        {"expression", &o->expression},
        {"machine", &o->machine},
        {"definition", &o->definition},
        {"zone", &o->zone},
        {"start", &o->start},
        {"end", &o->end},
        {"missed", &o->missed},
        {"deadLetter", &o->dead_letter},
        {"retries", &o->retries},
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (!asl_text_is(value_as_text(key), members[i].name))
            continue;
        if (value_kind(v) != VALUE_STRING && value_kind(v) != VALUE_NUMBER) {
            cli_fail(EXIT_WRONG_USAGE, "%s: \"%s\" is a text", o->file, members[i].name);
            return false;
        }
        if (!*members[i].to)
            *members[i].to = value_as_text(v).data;
        return true;
    }
    if (asl_text_is(value_as_text(key), "input")) {
        value_print(v, &o->input_of_file);
        o->input = o->input ? o->input : o->input_of_file.data;
        return true;
    }
    cli_fail(EXIT_WRONG_USAGE,
             "%s: there is no \"%.*s\" in a schedule file; it has name, expression, input, zone, "
             "start, end, missed, retries, deadLetter, machine, definition",
             o->file, ASL_TEXT_ARGS(value_as_text(key)));
    return false;
}

/* "jobs/export.schedule.json" is about the schedule "export" of jobs/export.asl.json. */
static bool take_names(struct order *o)
{
    static const char ending[] = ".schedule.json";
    size_t size = strlen(o->file);
    if (!asl_text_ends(asl_text(o->file), ending) || size == sizeof ending - 1) {
        cli_fail(EXIT_WRONG_USAGE, "--file wants NAME.schedule.json, not '%s'", o->file);
        return false;
    }
    asl_buffer_put(&o->stem, o->file, size - (sizeof ending - 1));
    const char *slash = strrchr(o->stem.data, '/');
    o->name = o->name ? o->name : slash ? slash + 1 : o->stem.data;
    asl_buffer_printf(&o->definition_beside, "%s.asl.json", o->stem.data);
    if (!o->machine && !o->definition)
        o->definition = o->definition_beside.data;
    return true;
}

static bool read_schedule_file(struct order *o)
{
    struct asl_buffer text;
    struct value_error error;
    asl_buffer_init(&text, 1 << 20);
    bool fine = cli_read_file(o->file, 1 << 20, &text);
    if (fine)
        o->from_file = value_parse(asl_buffer_text(&text), VALUE_REFUSE_DUPLICATES, 0, &error);
    if (fine && (!o->from_file || value_kind(o->from_file) != VALUE_OBJECT)) {
        if (o->from_file)
            error = (struct value_error){.line = 1, .column = 1, .message = "an object is wanted"};
        cli_fail(EXIT_WRONG_USAGE, "%s:%zu:%zu: %s", o->file, error.line, error.column,
                 error.message);
        fine = false;
    }
    for (size_t i = 0; fine && i < value_count(o->from_file); i++)
        fine = take_member(o, value_key_at(o->from_file, i), value_at(o->from_file, i));
    asl_buffer_free(&text);
    return fine && take_names(o);
}

static bool read_retries(const char *text, int64_t *retries)
{
    char *end;
    *retries = text ? strtoll(text, &end, 10) : 0;
    if (!text || (*text && !*end && *retries >= 0 && *retries <= 185))
        return true;
    cli_fail(EXIT_WRONG_USAGE, "--retries is a number from 0 to 185, not '%s'", text);
    return false;
}

static bool see_machine(void *state, const struct store_machine *row)
{
    (void)state, (void)row;
    return false;
}

/* It may be made later: a schedule of what is not there yet is no mistake, but seldom meant. */
static void tell_if_missing(struct order *o, const char *arn)
{
    struct store *s = engine_store(o->session.engine);
    if (!o->definition && store_find_machine(s, arn, see_machine, NULL) == STORE_NOT_FOUND)
        cli_note("there is no machine %s yet: starts fail until there is", o->machine);
}

static int put_schedule(struct order *o)
{
    struct asl_buffer machine, input;
    char message[256];
    struct schedule_wish wish = {
        .expression = asl_text(o->expression),
        .zone = asl_text(o->zone),
        .missed = asl_text(o->missed),
        .dead_letter = asl_text(o->dead_letter),
    };
    if (!o->machine == !o->definition)
        return cli_fail(EXIT_WRONG_USAGE, "add wants --machine or --definition");
    if (!read_retries(o->retries, &wish.retries))
        return EXIT_WRONG_USAGE;
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
    if (fine && schedules_put(o->api, o->name, &wish, message)) {
        status = EXIT_FINE;
        tell_if_missing(o, machine.data);
    } else if (fine)
        cli_fail(EXIT_WRONG_USAGE, "%s", message);
    asl_buffer_free(&machine);
    asl_buffer_free(&input);
    return status;
}

static int add(struct order *o)
{
    if (o->file ? o->rest.count != 1 : o->rest.count != 3)
        return cli_fail(EXIT_WRONG_USAGE,
                        "schedule add wants NAME and EXPRESSION, or --file alone");
    o->name = o->file ? NULL : o->rest.items[1];
    o->expression = o->file ? NULL : o->rest.items[2];
    asl_buffer_init(&o->input_of_file, 1 << 18);
    asl_buffer_init(&o->definition_beside, 8192);
    asl_buffer_init(&o->stem, 8192);
    int status = EXIT_WRONG_USAGE;
    if (!o->file || read_schedule_file(o))
        status = o->expression
                     ? put_schedule(o)
                     : cli_fail(EXIT_WRONG_USAGE, "%s: \"expression\" is missing", o->file);
    asl_buffer_free(&o->input_of_file);
    asl_buffer_free(&o->definition_beside);
    asl_buffer_free(&o->stem);
    value_release(o->from_file);
    return status;
}

static int found(struct order *o, bool is_there)
{
    if (is_there)
        return EXIT_FINE;
    return schedule_missing(o->rest.items[1]);
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
            cli_note(
                "a running `stepwell serve` takes schedules through its API: aws events put-rule, "
                "aws scheduler create-schedule");
        return status;
    }
    const struct api_options options = {
        .engine = o->session.engine, .catalogue = o->session.catalogue, .without_schedules = true};
    o->api = api_new(&options, message);
    if (!o->api) {
        status = cli_fail(EXIT_STORE, "%s", message);
    } else {
        status = change(o);
        if (status == EXIT_FINE) {
            engine_after_commit(o->session.engine, NULL, committed, o);
            session_run(&o->session);
        }
    }
    engine_close(o->session.engine);
    o->session.engine = NULL;
    api_free(o->api);
    session_close(&o->session);
    return status;
}

/* ---- the command ---- */

#define ANY SIZE_MAX /* the verb looks itself */

static const struct {
    const char *name;
    size_t arguments; /* behind its name */
    int (*change)(struct order *o);
} verbs[] = {
    {"add", ANY, add},        {"pause", 1, pause_it}, {"resume", 1, resume_it},
    {"remove", 1, remove_it}, {"list", 0, NULL},      {"show", 1, NULL},
};

static int carry_out(struct order *o)
{
    for (size_t i = 0; o->rest.count && i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(o->rest.items[0], verbs[i].name) != 0)
            continue;
        if (verbs[i].arguments != ANY && o->rest.count != verbs[i].arguments + 1)
            return cli_fail(EXIT_WRONG_USAGE, "schedule %s wants %zu argument%s", verbs[i].name,
                            verbs[i].arguments, verbs[i].arguments == 1 ? "" : "s");
        if (verbs[i].change)
            return write_one(o, verbs[i].change);
        return schedule_look(o->settings.db, verbs[i].arguments ? o->rest.items[1] : NULL, o->json);
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
        {"retries", OPTION_TEXT, "N", "of a start that fails, 1 s, 2 s, 4 s ... later (default: 0)",
         &o.retries},
        {"dead-letter", OPTION_TEXT, "ARN",
         "of an SQS queue: gets the input of a start that failed", &o.dead_letter},
        {"file", OPTION_TEXT, "FILE", "all of this from NAME.schedule.json beside NAME.asl.json",
         &o.file},
        {"json", OPTION_FLAG, NULL, "list and show as one JSON document", &o.json},
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
    "schedule",
    "add NAME EXPRESSION|list|show NAME|pause NAME|resume NAME|remove NAME",
    "starts machines at given times, while serve runs",
    "EXPRESSION is EventBridge's: rate(30 minutes), cron(0 9 ? * MON-FRI *), "
    "at(2026-11-22T09:00:00).\n"
    "Each due time starts exactly one execution, named after schedule and time.\n"
    "\n"
    "examples:\n"
    "  stepwell schedule add export 'rate(30 minutes)' --definition export.asl.json\n"
    "  stepwell schedule add --file export.schedule.json\n"
    "      {\"expression\": \"rate(30 minutes)\", \"input\": {\"full\": false}, \"retries\": 3}\n"
    "  stepwell schedule list",
    command,
};
