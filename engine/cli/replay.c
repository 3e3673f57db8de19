/* stepwell replay: recorded executions under their own definition, or under an edited one.
 *
 * Sources come one after another: executions of a store, files and folders of histories as the AWS
 * CLI prints them. A file that goes on where the one before it stopped is its next page.
 */
#include "engine/cli/stored.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/replay/replay.h"

#define DEFINITION_MAXIMUM   (1 << 20)
#define FOLDER_DEPTH_MAXIMUM 16

struct replay {
    struct texts variables;
    const char *definition, *db, *machine_name, *fail_on, *type;
    bool json, all;

    asl_machine *edited; /* of --definition, or NULL */
    struct store *store; /* when an execution of ours is asked for */
    bool fails_on[REPLAY_VERDICTS];
    size_t counts[REPLAY_VERDICTS], unreadable;
    bool failed;
    struct value_list results;

    /* the history whose pages are being read */
    asl_value *pages;
    char *pages_source;
};

/* ---- telling ---- */

static void set_text(struct value_list *l, const char *name, const struct asl_buffer *text)
{
    if (text->size)
        value_list_set_take(l, name, value_string(asl_buffer_text(text)));
}

static void tell_json(struct replay *r, const char *source, const struct replay_judgement *j)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "execution", value_string_z(source));
    value_list_set_take(&l, "verdict", value_string_z(replay_verdict_name(j->verdict)));
    value_list_set_take(&l, "status", value_string_z(asl_status_name(j->status)));
    set_text(&l, "error", &j->error);
    set_text(&l, "cause", &j->cause);
    set_text(&l, "state", &j->state);
    if (j->event)
        value_list_set_take(&l, "eventId", value_integer(j->event));
    set_text(&l, "difference", &j->difference);
    set_text(&l, "neededBy", &j->needs);
    if (j->is_open) {
        set_text(&l, "standsIn", &j->stands_in);
        value_list_set_take(&l, "couldGoOn", value_boolean(j->goes_on));
    }
    value_list_push_take(&r->results, value_object_take(&l));
}

static void tell_people(const struct replay *r, const char *source,
                        const struct replay_judgement *j)
{
    size_t told = 0;
    for (size_t i = 0; i < REPLAY_VERDICTS; i++)
        told += r->counts[i];
    if (told == 1)
        printf("%-14s %s\n", "VERDICT", "EXECUTION");
    printf("%-14s %s", replay_verdict_name(j->verdict), source);
    if (j->is_open)
        printf(" (open, in %s: %s)", j->stands_in.size ? j->stands_in.data : "no state",
               j->goes_on ? "could go on" : "could not go on");
    putchar('\n');
    if (j->verdict == REPLAY_SAME)
        return;
    if (j->verdict == REPLAY_NEEDS_OUTCOME)
        printf("    state %s needs the outcome of a task that was never recorded, with\n    %s\n",
               j->state.size ? j->state.data : "?", j->needs.size ? j->needs.data : "{}");
    if (j->verdict == REPLAY_FAILS)
        printf("    ends %s: %s%s%s\n", asl_status_name(j->status),
               j->error.size ? j->error.data : "", j->cause.size ? ": " : "",
               j->cause.size ? j->cause.data : "");
    if (!j->difference.size)
        return;
    printf("    ");
    if (j->state.size && j->verdict != REPLAY_NEEDS_OUTCOME)
        printf("state %s, ", j->state.data);
    if (j->event)
        printf("event %lld: ", (long long)j->event);
    printf("%s\n", j->difference.data);
}

static void judge(struct replay *r, const char *source, asl_machine *machine,
                  asl_value *events_taken, const struct replay_identity *identity)
{
    struct recording recording = {0};
    struct replay_judgement j = {0};
    char message[256];
    bool fine = recording_take(&recording, events_taken, message);
    if (fine)
        fine = replay_judge(machine, &recording, identity, &j, message);
    if (fine) {
        r->counts[j.verdict]++;
        r->failed = r->failed || r->fails_on[j.verdict];
        if (r->json)
            tell_json(r, source, &j);
        else
            tell_people(r, source, &j);
    } else {
        r->unreadable++;
        cli_fail(EXIT_WRONG_USAGE, "%s: %s", source, message);
    }
    replay_judgement_free(&j);
    recording_free(&recording);
}

/* ---- files ---- */

static void flush_pages(struct replay *r)
{
    const struct replay_identity unknown = {.express = r->type && strcmp(r->type, "EXPRESS") == 0};
    if (r->pages)
        judge(r, r->pages_source, r->edited, r->pages, &unknown);
    free(r->pages_source);
    r->pages = NULL;
    r->pages_source = NULL;
}

static int64_t lowest_id(const asl_value *events)
{
    int64_t lowest = INT64_MAX;
    for (size_t i = 0; i < value_count(events); i++)
        if (event_id(value_at(events, i)) < lowest)
            lowest = event_id(value_at(events, i));
    return lowest;
}

static void take_page(struct replay *r, const char *path, asl_value *events)
{
    bool goes_on = r->pages && lowest_id(events) == (int64_t)value_count(r->pages) + 1;
    if (!goes_on) {
        flush_pages(r);
        r->pages = events;
        r->pages_source = asl_copy_text(asl_text(path));
        return;
    }
    for (size_t i = 0; i < value_count(events); i++)
        r->pages = value_append_take(r->pages, value_retain(value_at(events, i)));
    value_release(events);
}

static void read_history(struct replay *r, const char *path)
{
    struct asl_buffer text;
    char message[256];
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (cli_read_file(path, RECORDING_FILE_MAXIMUM, &text)) {
        asl_value *events = recording_parse(asl_buffer_text(&text), message);
        if (events)
            take_page(r, path, events);
        else
            cli_fail(EXIT_WRONG_USAGE, "%s: %s", path, message);
        r->unreadable += !events;
    } else {
        r->unreadable++;
    }
    asl_buffer_free(&text);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_path(struct replay *r, const char *path, int depth)
{
    struct stat info;
    struct dirent **entries;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
        read_history(r, path);
        return;
    }
    int count = depth < FOLDER_DEPTH_MAXIMUM ? scandir(path, &entries, NULL, by_name) : -1;
    if (count < 0) {
        cli_fail(EXIT_WRONG_USAGE, "%s: the folder cannot be read", path);
        r->unreadable++;
        return;
    }
    for (int i = 0; i < count; i++) {
        struct asl_buffer inner;
        asl_buffer_init(&inner, 65536);
        asl_buffer_printf(&inner, "%s/%s", path, entries[i]->d_name);
        bool hidden = entries[i]->d_name[0] == '.';
        bool folder = !hidden && stat(inner.data, &info) == 0 && S_ISDIR(info.st_mode);
        if (folder || (!hidden && asl_text_ends(asl_text(entries[i]->d_name), ".json")))
            read_path(r, inner.data, depth + 1);
        asl_buffer_free(&inner);
        free(entries[i]);
    }
    free(entries);
}

/* ---- ours ---- */

static void replay_ours(void *replay, int64_t id)
{
    struct replay *r = replay;
    struct stored o;
    if (stored_load(&o, r->store, id)) {
        struct replay_identity identity;
        stored_identity(&o, &identity);
        judge(r, o.name, r->edited ? r->edited : o.compiled, value_retain(o.events), &identity);
    } else {
        r->unreadable++;
    }
    stored_free(&o);
}

static bool replay_selected(struct replay *r)
{
    size_t count = stored_each(r->store, r->machine_name, replay_ours, r);
    if (!count)
        cli_fail(EXIT_WRONG_USAGE, "there are no executions%s%s in %s",
                 r->machine_name ? " of " : "", r->machine_name ? r->machine_name : "",
                 store_path(r->store));
    return count > 0;
}

/* ---- the command ---- */

static bool read_fail_on(struct replay *r)
{
    const char *list = r->fail_on      ? r->fail_on
                       : r->definition ? "would-fail,needs-outcome,unreachable"
                                       : "any";
    while (*list) {
        size_t size = strcspn(list, ",");
        bool any = size == 3 && strncmp(list, "any", 3) == 0, known = any;
        for (int v = 0; v < REPLAY_VERDICTS; v++) {
            const char *name = replay_verdict_name((enum replay_verdict)v);
            bool named = strlen(name) == size && strncmp(name, list, size) == 0;
            known = known || named;
            r->fails_on[v] = r->fails_on[v] || named || (any && v != REPLAY_SAME);
        }
        if (!known && !(size == 4 && strncmp(list, "none", 4) == 0)) {
            cli_fail(EXIT_WRONG_USAGE,
                     "--fail-on is a list of other-payload, other-path, would-fail, needs-outcome, "
                     "unreachable; or any, or none; not '%.*s'",
                     (int)size, list);
            return false;
        }
        list += size + (list[size] == ',');
    }
    return true;
}

static bool read_definition(struct replay *r)
{
    struct asl_buffer text;
    struct asl_diagnostics diagnostics = {0};
    bool express = r->type && strcmp(r->type, "EXPRESS") == 0;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (cli_read_file(r->definition, DEFINITION_MAXIMUM, &text) &&
        cli_substitute(&r->variables, &text)) {
        r->edited = asl_machine_compile(asl_buffer_text(&text), express, &diagnostics);
        cli_print_diagnostics(stderr, r->definition, &diagnostics);
    }
    asl_diagnostics_free(&diagnostics);
    asl_buffer_free(&text);
    return r->edited != NULL;
}

static bool open_store(struct replay *r)
{
    if (!r->store)
        r->store = cli_open_reader(r->db);
    return r->store != NULL;
}

static int replay_argument(struct replay *r, const char *argument)
{
    struct stat info;
    if (stat(argument, &info) == 0) {
        if (!r->edited)
            return cli_fail(EXIT_WRONG_USAGE,
                            "%s does not say what it ran: give the definition with --definition",
                            argument);
        read_path(r, argument, 0);
        return -1;
    }
    if (strchr(argument, '/') || asl_text_ends(asl_text(argument), ".json"))
        return cli_fail(EXIT_WRONG_USAGE, "%s: there is no such file", argument);
    if (!open_store(r))
        return EXIT_STORE;
    int64_t id = cli_find_execution(r->store, argument);
    if (id)
        replay_ours(r, id);
    return id ? -1 : EXIT_WRONG_USAGE;
}

static void tell_sum(struct replay *r)
{
    struct value_list whole, counts;
    size_t all = 0;
    value_list_init(&whole);
    value_list_init(&counts);
    for (size_t v = 0; v < REPLAY_VERDICTS; v++) {
        const char *name = replay_verdict_name((enum replay_verdict)v);
        all += r->counts[v];
        value_list_set_take(&counts, name, value_integer((int64_t)r->counts[v]));
    }
    value_list_set_take(&whole, "executions", value_array_take(&r->results));
    value_list_set_take(&whole, "counts", value_object_take(&counts));
    asl_value *v = value_object_take(&whole);
    if (r->json) {
        cli_print_json(v);
    } else {
        printf("%zu replayed:", all);
        for (size_t i = 0; i < REPLAY_VERDICTS; i++)
            if (r->counts[i] || i == REPLAY_SAME)
                printf(" %zu %s", r->counts[i], replay_verdict_name((enum replay_verdict)i));
        putchar('\n');
    }
    value_release(v);
}

static int replay(struct replay *r, const struct texts *rest)
{
    if (!read_fail_on(r) || (r->definition && !read_definition(r)))
        return EXIT_WRONG_USAGE;
    int status = -1;
    value_list_init(&r->results);
    if (r->all || r->machine_name)
        status = !open_store(r) ? EXIT_STORE : replay_selected(r) ? -1 : EXIT_WRONG_USAGE;
    for (size_t i = 0; status < 0 && i < rest->count; i++)
        status = replay_argument(r, rest->items[i]);
    flush_pages(r);
    if (status < 0)
        tell_sum(r);
    value_list_free(&r->results);
    if (status >= 0)
        return status;
    return r->unreadable ? EXIT_WRONG_USAGE : r->failed ? EXIT_REFUSED : EXIT_FINE;
}

static int command(const struct command *c, int argc, char **argv)
{
    struct texts rest = {0};
    struct replay r = {.db = DEFAULT_DB};
    const struct option options[] = {
        {"definition", OPTION_TEXT, "FILE", "what to run them under (default: their own)",
         &r.definition},
        {"var", OPTION_LIST, "NAME=VALUE", "for ${NAME} in the definition; again for more",
         &r.variables},
        {"type", OPTION_TEXT, "TYPE", "of the definition: STANDARD (default) or EXPRESS", &r.type},
        {"machine", OPTION_TEXT, "NAME", "all executions of this state machine", &r.machine_name},
        {"all", OPTION_FLAG, NULL, "all executions in the store", &r.all},
        {"db", OPTION_TEXT, "FILE", "the store (default: " DEFAULT_DB ")", &r.db},
        {"fail-on", OPTION_TEXT, "VERDICTS", "end with 1 on these (see below)", &r.fail_on},
        {"json", OPTION_FLAG, NULL, "{executions: [...], counts: {...}} on stdout", &r.json},
        {0},
    };
    int status = cli_options(c, options, argc, argv, &rest);
    if (status < 0 && !rest.count && !r.all && !r.machine_name)
        status = cli_fail(EXIT_WRONG_USAGE, "replay wants executions, histories, --machine or "
                                            "--all; `stepwell replay --help`");
    if (status < 0)
        status = replay(&r, &rest);
    asl_machine_release(r.edited);
    store_close(r.store);
    texts_free(&r.variables);
    texts_free(&rest);
    return status;
}

const struct command command_replay = {
    "replay",
    "[EXECUTION|FILE|FOLDER]...",
    "replays what happened, under its own or an edited definition",
    "An EXECUTION is one of the store. A FILE is what `aws stepfunctions get-execution-history` "
    "printed,\n"
    "whole or in pages; a FOLDER holds such files. No task is called: the recorded outcomes are "
    "given.\n"
    "\n"
    "Verdicts:\n"
    "  same            every event comes out as recorded\n"
    "  other-payload   the same path with other data\n"
    "  other-path      other states, or in another order\n"
    "  would-fail      it would end FAILED or TIMED_OUT where it did not\n"
    "  needs-outcome   a task would be called whose outcome was never recorded\n"
    "  unreachable     the execution is open, and stands where the definition does not come\n"
    "--fail-on takes a list of them, any (all but same) or none. Default: any; with --definition\n"
    "would-fail,needs-outcome,unreachable. Ends with 1 then, 2 when something cannot be read.\n"
    "\n"
    "examples:\n"
    "  stepwell replay --machine export\n"
    "  stepwell replay histories/ --definition edited.asl.json --fail-on other-path,would-fail",
    command,
};
