/* stepwell coverage: what of a definition stored executions have reached. They are replayed,
 * nothing is called, and a collector looks on (engine/coverage). */
#include "engine/cli/stored.h"

#include <stdlib.h>
#include <string.h>

#include "engine/coverage/coverage.h"
#include "engine/replay/replay.h"

#define FILE_MAXIMUM       ((size_t)64 << 20)
#define DEFINITION_MAXIMUM (1 << 20)

struct counting {
    const char *machine, *definition, *db, *threshold, *lcov, *html, *save;
    struct texts variables, added;
    bool json, all;

    struct store *store;
    struct coverage **all_of; /* one a definition's text */
    size_t count;
    size_t unreadable, different;
};

/* ---- collecting ---- */

static struct coverage *add_collector(struct counting *k, asl_machine *machine,
                                      struct asl_text text, const char *name)
{
    char message[256];
    for (size_t i = 0; i < k->count; i++)
        if (asl_text_equal(coverage_definition(k->all_of[i]), text))
            return k->all_of[i];
    struct coverage *c = coverage_new(machine, text, name, message);
    if (!c) {
        cli_fail(EXIT_STORE, "%s", message);
        return NULL;
    }
    k->all_of = asl_reallocate(k->all_of, (k->count + 1) * sizeof *k->all_of);
    k->all_of[k->count++] = c;
    return c;
}

/* With --definition, everything is counted for that one. */
static void see_execution(void *counting, int64_t id)
{
    struct counting *k = counting;
    struct stored s;
    struct recording recording = {0};
    char message[256];
    bool fine = stored_load(&s, k->store, id);
    if (fine && !recording_take(&recording, value_retain(s.events), message)) {
        cli_fail(EXIT_STORE, "%s: %s", s.name, message);
        fine = false;
    }
    struct coverage *c =
        !fine ? NULL
        : k->definition
            ? k->all_of[0]
            : add_collector(k, s.compiled, asl_buffer_text(&s.definition), s.machine_name);
    if (c) {
        struct replay_identity identity;
        stored_identity(&s, &identity);
        struct asl_env watch = {0};
        coverage_watch(c, &watch);
        k->different +=
            !replay_watch(coverage_machine(c), &recording, &identity, watch.see, watch.onlooker);
        coverage_count(c);
    }
    k->unreadable += !c;
    recording_free(&recording);
    stored_free(&s);
}

static bool read_definition(struct counting *k)
{
    struct asl_buffer text;
    struct asl_diagnostics diagnostics = {0};
    asl_machine *machine = NULL;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (cli_read_file(k->definition, DEFINITION_MAXIMUM, &text) &&
        cli_substitute(&k->variables, &text)) {
        machine = asl_machine_compile(asl_buffer_text(&text), false, &diagnostics);
        cli_print_diagnostics(stderr, k->definition, &diagnostics);
    }
    if (machine)
        add_collector(k, machine, asl_buffer_text(&text), k->definition);
    asl_diagnostics_free(&diagnostics);
    asl_buffer_free(&text);
    asl_machine_release(machine);
    return k->count > 0;
}

static int collect(struct counting *k, const struct texts *rest)
{
    if (k->definition && !read_definition(k))
        return EXIT_WRONG_USAGE;
    if (!k->all && !k->machine && !rest->count)
        return -1; /* only what is added */
    k->store = cli_open_reader(k->db);
    if (!k->store)
        return EXIT_STORE;
    if ((k->all || k->machine) && !stored_each(k->store, k->machine, see_execution, k))
        return cli_fail(EXIT_WRONG_USAGE, "there are no executions%s%s in %s",
                        k->machine ? " of " : "", k->machine ? k->machine : "", k->db);
    for (size_t i = 0; i < rest->count; i++) {
        int64_t id = cli_find_execution(k->store, rest->items[i]);
        if (!id)
            return EXIT_WRONG_USAGE;
        see_execution(k, id);
    }
    return -1;
}

/* ---- what was saved before ---- */

static bool add_saved(struct counting *k, const asl_value *one, const char *path)
{
    char message[256] = "it is of no definition that is looked at";
    for (size_t i = 0; i < k->count; i++)
        if (coverage_add_json(k->all_of[i], one, message))
            return true;
    cli_fail(EXIT_WRONG_USAGE, "%s: %s", path, message);
    return false;
}

static bool add_file(struct counting *k, const char *path)
{
    struct asl_buffer text;
    struct value_error error;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    bool fine = cli_read_file(path, FILE_MAXIMUM, &text);
    asl_value *v = fine ? value_parse(asl_buffer_text(&text), 0, 0, &error) : NULL;
    if (fine && !v)
        cli_fail(EXIT_WRONG_USAGE, "%s:%zu:%zu: %s", path, error.line, error.column, error.message);
    const asl_value *definitions = v ? value_get_z(v, "definitions") : NULL;
    fine = v != NULL;
    if (fine && !definitions)
        fine = add_saved(k, v, path);
    for (size_t i = 0; fine && i < value_count(definitions ? definitions : v) && definitions; i++)
        fine = add_saved(k, value_at(definitions, i), path);
    value_release(v);
    asl_buffer_free(&text);
    return fine;
}

/* ---- telling ---- */

static bool write_file(const char *path, const struct asl_buffer *text)
{
    FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
    bool fine = file && fwrite(text->data, 1, text->size, file) == text->size;
    if (file && file != stdout)
        fine = fclose(file) == 0 && fine;
    if (!fine)
        cli_fail(EXIT_WRONG_USAGE, "%s cannot be written", path);
    return fine;
}

static void put_json(struct coverage *const *all, size_t count, struct asl_buffer *out)
{
    asl_value *v = coverage_report_json(all, count);
    value_print_pretty(v, out);
    value_release(v);
}

typedef void put_report(struct coverage *const *all, size_t count, struct asl_buffer *out);

static bool write_report(const struct counting *k, const char *path, put_report *put)
{
    struct asl_buffer text;
    if (!path)
        return true;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    put(k->all_of, k->count, &text);
    bool fine = write_file(path, &text);
    asl_buffer_free(&text);
    return fine;
}

static int tell(const struct counting *k, const struct coverage_threshold *threshold)
{
    bool on_stdout =
        (k->lcov && strcmp(k->lcov, "-") == 0) || (k->html && strcmp(k->html, "-") == 0);
    if (!write_report(k, k->lcov, coverage_report_lcov) ||
        !write_report(k, k->html, coverage_report_html) || !write_report(k, k->save, put_json))
        return EXIT_WRONG_USAGE;
    if (!on_stdout)
        write_report(k, "-", k->json ? put_json : coverage_report_text);
    if (k->json && !on_stdout)
        putchar('\n');
    if (k->different)
        cli_note("%zu execution%s did not replay as recorded, and counted up to where they differ; "
                 "`stepwell replay` tells more",
                 k->different, k->different == 1 ? "" : "s");
    struct asl_buffer short_of;
    asl_buffer_init(&short_of, 4096);
    bool met = !k->threshold || coverage_threshold_met(threshold, k->all_of, k->count, &short_of);
    if (!met)
        fputs(short_of.data, stderr);
    asl_buffer_free(&short_of);
    return k->unreadable ? EXIT_WRONG_USAGE : met ? EXIT_FINE : EXIT_REFUSED;
}

static int coverage(struct counting *k, const struct texts *rest)
{
    struct coverage_threshold threshold;
    char message[256];
    if (k->threshold && !coverage_threshold_read(k->threshold, &threshold, message))
        return cli_fail(EXIT_WRONG_USAGE, "--threshold: %s", message);
    int status = collect(k, rest);
    for (size_t i = 0; status < 0 && i < k->added.count; i++)
        status = add_file(k, k->added.items[i]) ? -1 : EXIT_WRONG_USAGE;
    if (status < 0 && !k->count)
        return EXIT_WRONG_USAGE; /* nothing could be read; that was said */
    return status < 0 ? tell(k, &threshold) : status;
}

static int command(const struct command *c, int argc, char **argv)
{
    struct texts rest = {0};
    struct counting k = {.db = DEFAULT_DB};
    const struct option options[] = {
        {"machine", OPTION_TEXT, "NAME", "all executions of this state machine", &k.machine},
        {"all", OPTION_FLAG, NULL, "all executions in the store", &k.all},
        {"definition", OPTION_TEXT, "FILE", "count for this one (default: their own, as it was)",
         &k.definition},
        {"var", OPTION_LIST, "NAME=VALUE", "for ${NAME} in the definition; again for more",
         &k.variables},
        {"db", OPTION_TEXT, "FILE", "the store (default: " DEFAULT_DB ")", &k.db},
        {"html", OPTION_TEXT, "FILE", "a page with the graph coloured", &k.html},
        {"lcov", OPTION_TEXT, "FILE", "a tracefile for genhtml and editors", &k.lcov},
        {"save", OPTION_TEXT, "FILE", "the counts as JSON, to be added another time", &k.save},
        {"add", OPTION_LIST, "FILE", "adds what was saved; again for more", &k.added},
        {"threshold", OPTION_TEXT, "PERCENT", "end with 1 below it: 90, or states=100,rules=80",
         &k.threshold},
        {"json", OPTION_FLAG, NULL, "the counts on stdout", &k.json},
        {0},
    };
    int status = cli_options(c, options, argc, argv, &rest);
    if (status < 0 && !rest.count && !k.all && !k.machine && !(k.definition && k.added.count))
        status = cli_fail(EXIT_WRONG_USAGE, "coverage wants executions, --machine, --all, or "
                                            "--definition with --add; `stepwell coverage --help`");
    if (status < 0)
        status = coverage(&k, &rest);
    for (size_t i = 0; i < k.count; i++)
        coverage_free(k.all_of[i]);
    free(k.all_of);
    store_close(k.store);
    texts_free(&rest);
    texts_free(&k.variables);
    texts_free(&k.added);
    return status;
}

const struct command command_coverage = {
    "coverage",
    "[EXECUTION]...",
    "tells what of a definition was reached by executions",
    "Counted are states, transitions, each rule of a Choice true and false and each comparison in "
    "it,\n"
    "each Retry and Catch clause, each Map with no, one and many items. Ends with 0, or 1 when a\n"
    "threshold is not reached.\n"
    "\n"
    "examples:\n"
    "  stepwell coverage --machine export --html coverage.html\n"
    "  stepwell coverage --all --definition export.asl.json --threshold states=100,rules=90",
    command,
};
