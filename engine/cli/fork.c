/* stepwell fork: a new execution that begins at a state of an old one, with what that state had:
 * its input, and the variables assigned before it. Both come from the history alone; the new
 * execution is born by the core (struct asl_birth), never made of the old one's saved state. */
#include "engine/cli/start.h"
#include "engine/cli/stored.h"

#include <stdlib.h>
#include <string.h>

#include "engine/replay/places.h"
#include "engine/replay/recording.h"
#include "engine/replay/replay.h"

#define DEFINITION_MAXIMUM (1 << 20)
#define INPUT_MAXIMUM      262144

struct fork {
    struct session_settings session;
    const char *from, *input, *definition, *name, *type;
    struct texts edits, variables;
    bool json, quiet;

    struct stored stored;
    char *state;         /* --from without #n */
    asl_value *document; /* the input */
    asl_value *assigned; /* {"name": value} */
};

/* ---- the moment ---- */

/* An entry of the state, on the machine's own level. */
static bool is_entry(const struct place *at, const asl_value *event, const char *state)
{
    return asl_text_ends(event_type(event), "StateEntered") && !at->inside &&
           asl_text_is(event_detail_text(event, "name"), state);
}

static size_t count_entries(const asl_value *events, const struct places *places, const char *state,
                            bool *is_nested)
{
    size_t count = 0;
    *is_nested = false;
    for (size_t i = 0; i < value_count(events); i++) {
        const asl_value *event = value_at(events, i);
        count += is_entry(&places->items[i], event, state);
        *is_nested = *is_nested || (asl_text_ends(event_type(event), "StateEntered") &&
                                    asl_text_is(event_detail_text(event, "name"), state));
    }
    return count;
}

/* "Name#2": the second time; a state may have # in its name. */
static size_t split_number(char *from)
{
    char *mark = strrchr(from, '#'), *end = NULL;
    size_t number =
        mark && mark[1] >= '1' && mark[1] <= '9' ? (size_t)strtoul(mark + 1, &end, 10) : 0;
    if (!number || *end)
        return 0;
    *mark = '\0';
    return number;
}

/* Which event; SIZE_MAX after complaining. */
static size_t find_entry(struct fork *f, const struct places *places)
{
    const asl_value *events = f->stored.events;
    bool is_nested;
    size_t count = count_entries(events, places, f->state, &is_nested), number = count;
    if (!count && !is_nested && (number = split_number(f->state)) > 0)
        count = count_entries(events, places, f->state, &is_nested);
    if (!count) {
        cli_fail(EXIT_WRONG_USAGE,
                 is_nested
                     ? "%s stands within a Map or a Parallel: fork from that state, its other "
                       "branches would be missing"
                     : "%s was never entered by %s; `stepwell history` shows what was",
                 f->state, f->stored.name);
        return SIZE_MAX;
    }
    if (number > count) {
        cli_fail(EXIT_WRONG_USAGE, "%s was entered %zu time%s by %s: there is no #%zu", f->state,
                 count, count == 1 ? "" : "s", f->stored.name, number);
        return SIZE_MAX;
    }
    for (size_t i = 0, seen = 0; i < value_count(events); i++) {
        seen += is_entry(&places->items[i], value_at(events, i), f->state);
        if (seen < number)
            continue;
        if (!f->quiet)
            cli_note("from %s%s%.0zu at event %zu of %s", f->state, count > 1 ? "#" : "",
                     count > 1 ? number : 0, i + 1, f->stored.name);
        return i;
    }
    return SIZE_MAX;
}

/* What the states before it on the machine's own level have assigned, and, where it is a fork
 * itself, what it was born with. */
static void gather_variables(struct fork *f, const struct places *places, size_t until)
{
    struct value_error error;
    struct replay_identity identity;
    stored_identity(&f->stored, &identity);
    f->assigned = identity.variables ? value_retain(identity.variables) : value_empty_object();
    for (size_t i = 0; i < until; i++) {
        const asl_value *event = value_at(f->stored.events, i);
        const asl_value *all =
            asl_text_ends(event_type(event), "StateExited") && !places->items[i].inside
                ? event_detail(event, "assignedVariables")
                : NULL;
        for (size_t k = 0; all && k < value_count(all); k++) {
            asl_value *v = value_parse(value_as_text(value_at(all, k)), 0, 0, &error);
            if (v)
                f->assigned = value_with_take(f->assigned, value_retain(value_key_at(all, k)), v);
        }
    }
}

static bool find_moment(struct fork *f)
{
    struct places places = {0};
    places_extend(&places, f->stored.events);
    f->state = asl_copy_text(asl_text(f->from));
    size_t entry = find_entry(f, &places);
    if (entry != SIZE_MAX) {
        gather_variables(f, &places, entry);
        f->document = event_payload(value_at(f->stored.events, entry), "input");
    }
    places_free(&places);
    return entry != SIZE_MAX && f->document;
}

/* ---- edits ---- */

static bool read_input(struct fork *f)
{
    struct asl_buffer text;
    struct value_error error;
    if (!f->input)
        return true;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    bool fine = cli_read_json(f->input, INPUT_MAXIMUM, &text);
    asl_value *v =
        fine ? value_parse(asl_buffer_text(&text), VALUE_REFUSE_DUPLICATES, INPUT_MAXIMUM, &error)
             : NULL;
    if (fine && !v)
        cli_fail(EXIT_WRONG_USAGE, "--input: line %zu, column %zu: %s", error.line, error.column,
                 error.message);
    asl_buffer_free(&text);
    if (!v)
        return false;
    value_release(f->document);
    f->document = v;
    return true;
}

static bool apply(struct fork *f, const struct path *path, asl_value *v, const char *edit)
{
    struct path_miss miss = {""};
    asl_value **whole = &f->document, *name = NULL;
    if (path_root(path) == PATH_VARIABLE)
        name = value_string(path_variable(path));
    asl_value *found = NULL;
    if (name) {
        const asl_value *before = value_get(f->assigned, value_as_text(name));
        found = before ? value_retain(before) : value_empty_object();
        whole = &found;
    }
    *whole = path_set_take(path, *whole, v, &miss);
    bool fine = *whole != NULL;
    if (fine && name)
        f->assigned = value_with_take(f->assigned, value_retain(name), found);
    if (!fine)
        cli_fail(EXIT_WRONG_USAGE, "--set %s: %s", edit, miss.message);
    value_release(name);
    return fine;
}

/* `$.a.b=JSON` changes the input, `$name=JSON` or `$name.a=JSON` a variable. */
static bool set(struct fork *f, const char *edit)
{
    const char *equals = strchr(edit, '=');
    struct path_error path_error = {0, "PATH=JSON is wanted, as $.order.total=12 or $name=\"Ada\""};
    struct value_error error;
    struct path *path = equals ? path_compile((struct asl_text){edit, (size_t)(equals - edit)},
                                              PATH_REFERENCE, &path_error)
                               : NULL;
    if (!path || path_root(path) == PATH_CONTEXT) {
        cli_fail(EXIT_WRONG_USAGE, "--set %s: %s", edit,
                 path ? "the context object cannot be set" : path_error.message);
        path_free(path);
        return false;
    }
    asl_value *v =
        value_parse(asl_text(equals + 1), VALUE_REFUSE_DUPLICATES, INPUT_MAXIMUM, &error);
    bool fine = v && apply(f, path, v, edit);
    if (!v)
        cli_fail(EXIT_WRONG_USAGE, "--set %s: behind the =, column %zu: %s", edit, error.column,
                 error.message);
    path_free(path);
    return fine;
}

static bool edit(struct fork *f)
{
    bool fine = read_input(f);
    for (size_t i = 0; fine && i < f->edits.count; i++)
        fine = set(f, f->edits.items[i]);
    return fine;
}

/* ---- running ---- */

static bool has_state(const asl_machine *m, const char *state)
{
    for (size_t i = 0; i < m->root.count; i++)
        if (asl_text_is(value_as_text(m->root.states[i]->name), state))
            return true;
    return false;
}

/* The row of the edited definition under the machine's name; -1 after complaining. */
static int64_t put_definition(struct fork *f, struct session *s)
{
    struct asl_buffer text;
    int64_t machine = -1;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (cli_read_file(f->definition, DEFINITION_MAXIMUM, &text) &&
        cli_substitute(&f->variables, &text))
        machine = start_put_machine(s, f->definition, f->stored.machine_name,
                                    asl_buffer_text(&text), f->stored.express, NULL);
    asl_buffer_free(&text);
    return machine;
}

/* Kept beside the new execution, for a replay to begin where it began. */
static void print_mark(const struct fork *f, struct asl_buffer *out)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "from", value_string_z(f->state));
    value_list_set_take(&l, "variables", value_retain(f->assigned));
    value_list_set_take(&l, "of", value_string_z(f->stored.arn));
    asl_value *v = value_object_take(&l);
    value_print(v, out);
    value_release(v);
}

static void is_marked(void *state, int64_t execution, const struct engine_mark *mark)
{
    (void)state, (void)execution, (void)mark;
}

static int run(struct fork *f, struct session *s)
{
    int64_t machine = f->definition ? put_definition(f, s) : f->stored.machine;
    if (machine < 0)
        return EXIT_WRONG_USAGE;
    if (!has_state(engine_machine(s->engine, machine), f->state))
        return cli_fail(EXIT_WRONG_USAGE,
                        "%s has no state %s at its top level: it cannot begin there",
                        f->definition ? f->definition : f->stored.machine_name, f->state);
    struct asl_buffer input, note;
    asl_buffer_init(&input, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&note, ASL_BUFFER_MAXIMUM);
    value_print(f->document, &input);
    print_mark(f, &note);
    const struct engine_mark mark = {STORED_FORK, {note.data, note.size}, is_marked, NULL};
    struct engine_start ask = {.machine = machine,
                               .name = f->name,
                               .input = asl_buffer_text(&input),
                               .from = f->state,
                               .variables = value_count(f->assigned) ? f->assigned : NULL,
                               .marks = &mark,
                               .mark_count = 1};
    int status = start_and_follow(s, &ask, f->json, f->quiet, f->session.db);
    asl_buffer_free(&input);
    asl_buffer_free(&note);
    return status;
}

/* The store is looked at and let go before the engine takes it. */
static int load(struct fork *f, const char *execution)
{
    struct store *store = cli_open_reader(f->session.db ? f->session.db : DEFAULT_DB);
    if (!store)
        return EXIT_STORE;
    int64_t id = cli_find_execution(store, execution);
    int status = id ? -1 : EXIT_WRONG_USAGE;
    if (id && !stored_load(&f->stored, store, id))
        status = EXIT_STORE;
    store_close(store);
    return status;
}

static int fork_one(struct fork *f, const char *execution)
{
    struct session s = {0};
    int status = load(f, execution);
    if (status < 0 && (!find_moment(f) || !edit(f) || !start_check_name(f->name)))
        status = EXIT_WRONG_USAGE;
    if (status < 0 && session_open(&s, &f->session, &status)) {
        status = run(f, &s);
        session_close(&s);
    }
    return status;
}

static int command(const struct command *c, int argc, char **argv)
{
    struct texts rest = {0};
    struct fork f = {0};
    const struct option options[] = {
        {"from", OPTION_TEXT, "STATE[#N]",
         "the state to begin with; its Nth time (default: the last)", &f.from},
        {"input", OPTION_TEXT, "JSON|@FILE", "instead of the input that the state had", &f.input},
        {"set", OPTION_LIST, "PATH=JSON", "changes the input ($.a.b=1) or a variable ($name=1)",
         &f.edits},
        {"definition", OPTION_TEXT, "FILE", "run under this one (default: its own)", &f.definition},
        {"var", OPTION_LIST, "NAME=VALUE", "for ${NAME} in the definition; again for more",
         &f.variables},
        {"name", OPTION_TEXT, "NAME", "of the new execution (default: a UUID)", &f.name},
        {"json", OPTION_FLAG, NULL, "the members of DescribeExecution, on stdout", &f.json},
        {"quiet", OPTION_FLAG, NULL, "no progress", &f.quiet},
        SESSION_OPTIONS(&f.session),
        {0},
    };
    int status = cli_options(c, options, argc, argv, &rest);
    if (status < 0 && (rest.count != 1 || !f.from))
        status = cli_fail(EXIT_WRONG_USAGE,
                          "fork wants one execution and --from STATE; `stepwell fork --help`");
    if (status < 0)
        status = fork_one(&f, rest.items[0]);
    stored_free(&f.stored);
    value_release(f.document);
    value_release(f.assigned);
    free(f.state);
    texts_free(&rest);
    texts_free(&f.edits);
    texts_free(&f.variables);
    session_settings_free(&f.session);
    return status;
}

const struct command command_fork = {
    "fork",
    "EXECUTION",
    "runs on from a state of an old execution, as a new one",
    "The new execution begins at the state with the input and the variables that it had then, "
    "edited\n"
    "or not. The old one stays as it is. Ends as `stepwell run` does.\n"
    "\n"
    "examples:\n"
    "  stepwell fork 7c0e --from Pay\n"
    "  stepwell fork 7c0e --from 'Pay#2' --set '$.order.total=12' --definition edited.asl.json",
    command,
};
