/* stepwell test: test files, played and reported. */
#include "engine/cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/aws/catalogue/definition.h"
#include "engine/test/shape.h"
#include "engine/cli/test_calls.h"
#include "engine/cli/test_record.h"
#include "engine/test/suite.h"
#include "engine/test/watch.h"

struct test {
    struct texts filters;
    const char *junit, *workers, *coverage, *coverage_output, *threshold;
    struct record_options record;
    struct session_settings session; /* for calls that are really made */
    bool list, update, verbose, json, tap, schema, watch;
    struct suite_options suite;
    struct asl_catalogue known;
    struct coverage_threshold least;
};

/* ---- reading ---- */

static bool read_file(void *state, const char *path, size_t maximum, struct asl_buffer *out,
                      char message[256])
{
    char block[65536];
    size_t size, begin = out->size;
    (void)state;
    FILE *f = fopen(path, "rb");
    if (!f) {
        snprintf(message, 256, "%.180s: %s", path, strerror(errno));
        return false;
    }
    while ((size = fread(block, 1, sizeof block, f)) > 0 && out->size - begin <= maximum)
        asl_buffer_put(out, block, size);
    bool fine = !ferror(f) && out->size - begin <= maximum;
    if (!fine)
        snprintf(message, 256, "%.180s: %s", path,
                 ferror(f) ? strerror(errno) : "the file is too large");
    fclose(f);
    return fine;
}

/* ---- writing ---- */

static void print(const struct asl_buffer *b)
{
    fwrite(b->data, 1, b->size, stdout);
    fflush(stdout);
}

static bool write_file(const char *path, const struct asl_buffer *b)
{
    FILE *f = fopen(path, "wb");
    bool fine = f && fwrite(b->data, 1, b->size, f) == b->size;
    fine = f && fclose(f) == 0 && fine;
    if (!fine)
        cli_fail(EXIT_WRONG_USAGE, "%s: %s", path, strerror(errno));
    return fine;
}

static int print_schema(void)
{
    asl_value *v = test_schema();
    cli_print_json(v);
    value_release(v);
    return EXIT_FINE;
}

/* ---- coverage ---- */

static void put_json(struct coverage *const *all, size_t count, struct asl_buffer *out)
{
    asl_value *v = coverage_report_json(all, count);
    value_print_pretty(v, out);
    asl_buffer_putc(out, '\n');
    value_release(v);
}

static const struct coverage_form {
    const char *name;
    void (*put)(struct coverage *const *all, size_t count, struct asl_buffer *out);
} coverage_forms[] = {
    {"text", coverage_report_text},
    {"json", put_json},
    {"lcov", coverage_report_lcov},
    {"html", coverage_report_html},
};
#define COVERAGE_FORMS (sizeof coverage_forms / sizeof *coverage_forms)

static const struct coverage_form *coverage_form(const struct test *t)
{
    const char *name = t->coverage && *t->coverage ? t->coverage : "text";
    for (size_t i = 0; i < COVERAGE_FORMS; i++)
        if (strcmp(coverage_forms[i].name, name) == 0)
            return &coverage_forms[i];
    return NULL;
}

static bool read_coverage(struct test *t)
{
    char message[256];
    t->suite.coverage = t->coverage || t->threshold;
    if (!coverage_form(t)) {
        cli_fail(EXIT_WRONG_USAGE, "--coverage is text, json, lcov or html, not '%s'", t->coverage);
        return false;
    }
    if (t->threshold && !coverage_threshold_read(t->threshold, &t->least, message)) {
        cli_fail(EXIT_WRONG_USAGE, "--coverage-threshold: %s", message);
        return false;
    }
    if (t->coverage_output && !t->coverage) {
        cli_fail(EXIT_WRONG_USAGE, "--coverage-output goes with --coverage");
        return false;
    }
    return true;
}

/* -1: all is well. */
static int tell_coverage(const struct test *t, const struct suite *s)
{
    struct asl_buffer out;
    int status = -1;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    if (t->coverage) {
        coverage_form(t)->put(s->coverage, s->coverage_count, &out);
        if (!t->coverage_output)
            print(&out);
        else if (!write_file(t->coverage_output, &out))
            status = EXIT_WRONG_USAGE;
    }
    asl_buffer_clear(&out);
    if (t->threshold && !coverage_threshold_met(&t->least, s->coverage, s->coverage_count, &out)) {
        fwrite(out.data, 1, out.size, stderr);
        status = status < 0 ? EXIT_REFUSED : status;
    }
    asl_buffer_free(&out);
    return status;
}

/* ---- the run ---- */

static int status_of(const struct test *t, const struct suite *s, const struct asl_buffer *junit)
{
    int covered = t->suite.coverage && !t->list ? tell_coverage(t, s) : -1;
    if (t->junit && !t->list && !write_file(t->junit, junit))
        return EXIT_WRONG_USAGE;
    if (s->tally.wrong_files)
        return EXIT_WRONG_USAGE;
    if (s->tally.failed && !t->list)
        return EXIT_REFUSED;
    return covered < 0 ? EXIT_FINE : covered;
}

/* Waits for a change; false: it is over. */
static bool wait_for_change(const struct suite *s)
{
    int watch = watch_open(s);
    if (watch < 0) {
        cli_fail(EXIT_WRONG_USAGE, "--watch: %s", strerror(errno));
        return false;
    }
    cli_note("waiting for a change; Ctrl-C ends");
    bool changed = watch_wait(watch, s);
    close(watch);
    return changed;
}

/* `again`: with --watch, whether something has changed and it is to be run once more. */
static int run_suite(struct test *t, bool *again)
{
    struct suite s;
    struct asl_buffer out, junit;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&junit, ASL_BUFFER_MAXIMUM);
    t->suite.out = &out;
    t->suite.second_out = &junit;
    int status;
    bool fine = test_suite_open(&s, &t->suite);
    if (fine && t->list)
        test_suite_list(&s, &out);
    else if (fine)
        fine = test_suite_run(&s);
    if (out.size)
        print(&out);
    status = fine ? status_of(t, &s, &junit) : cli_fail(EXIT_WRONG_USAGE, "%s", s.message);
    if (fine && s.updated)
        cli_note("%zu expectation%s rewritten: run the tests again to see them pass", s.updated,
                 s.updated == 1 ? " was" : "s were");
    *again = t->watch && s.file_count && wait_for_change(&s);
    test_suite_close(&s);
    asl_buffer_free(&out);
    asl_buffer_free(&junit);
    return status;
}

static bool read_workers(struct test *t)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    char *end = NULL;
    t->suite.workers = processors > 0 ? (int)processors : 1;
    if (!t->workers)
        return true;
    long n = strtol(t->workers, &end, 10);
    if (end == t->workers || *end || n < 0 || n > WORKERS_MAXIMUM) {
        cli_fail(EXIT_WRONG_USAGE, "--workers is a number from 0 (in this process) to %d, not '%s'",
                 WORKERS_MAXIMUM, t->workers);
        return false;
    }
    t->suite.workers = (int)n;
    return true;
}

static int test(struct test *t, const struct texts *rest)
{
    static const char *const here = ".";
    struct catalogue *catalogue = catalogue_new();
    t->known = catalogue_for_definitions(catalogue);
    t->suite.reader = (struct reader){NULL, read_file, &t->known, catalogue};
    t->suite.paths = rest->count ? rest->items : &here;
    t->suite.path_count = rest->count ? rest->count : 1;
    t->suite.filters = t->filters.items;
    t->suite.filter_count = t->filters.count;
    t->suite.open_world = test_calls_open;
    t->suite.close_world = test_calls_close;
    t->suite.world_state = &t->session;
    t->suite.update = t->update;
    t->suite.verbose = t->verbose;
    t->suite.colour = cli_colour(STDOUT_FILENO) && !t->json && !t->tap;
    t->suite.form = t->json ? &report_json : t->tap ? &report_tap : &report_text;
    t->suite.second_form = t->junit ? &report_junit : NULL;
    int status = EXIT_WRONG_USAGE;
    bool again = false;
    t->record.reader = &t->suite.reader;
    if (t->record.source)
        status = test_record(&t->record);
    else if (read_workers(t) && read_coverage(t))
        do
            status = run_suite(t, &again);
        while (again);
    catalogue_free(catalogue);
    return status;
}

static int command(const struct command *c, int argc, char **argv)
{
    struct texts rest = {0};
    struct test t = {0};
    const struct option options[] = {
        {"filter", OPTION_LIST, "WORDS",
         "only tests whose \"file: name\" contains them; again for more", &t.filters},
        {"watch", OPTION_FLAG, NULL, "runs them again whenever a file changes", &t.watch},
        {"list", OPTION_FLAG, NULL, "names the tests, and runs none", &t.list},
        {"update", OPTION_FLAG, NULL, "writes what came in place of what was expected", &t.update},
        {"verbose", OPTION_FLAG, NULL, "names every test, however many there are", &t.verbose},
        {"junit", OPTION_TEXT, "FILE", "writes JUnit's XML there, too", &t.junit},
        {"tap", OPTION_FLAG, NULL, "TAP on stdout", &t.tap},
        {"json", OPTION_FLAG, NULL, "one JSON document on stdout", &t.json},
        {"coverage", OPTION_MAYBE, "FORM", "what was reached: text (default), json, lcov, html",
         &t.coverage},
        {"coverage-output", OPTION_TEXT, "FILE", "writes it there instead of stdout",
         &t.coverage_output},
        {"coverage-threshold", OPTION_TEXT, "PERCENT",
         "ends with 1 below it: 90, or states=100,rules=80", &t.threshold},
        {"workers", OPTION_TEXT, "N", "processes that play (default: one a processor)", &t.workers},
        {"route", OPTION_LIST, "WHERE=URL",
         "where calls go that a mock says are made: dynamodb=http://localhost:8000",
         &t.session.routes},
        {"data", OPTION_TEXT, "FOLDER", "what the stand-ins keep for such calls (default: nothing)",
         &t.session.data},
        {"connections", OPTION_TEXT, "FILE", "how HTTP Tasks authenticate in such calls",
         &t.session.connections},
        {"aws", OPTION_FLAG, NULL, "such calls may go to real AWS", &t.session.aws},
        {"profile", OPTION_TEXT, "NAME", "of the AWS configuration files, for such calls",
         &t.session.profile},
        {"region", OPTION_TEXT, "NAME", "of such calls", &t.session.region},
        {"from-history", OPTION_TEXT, "SOURCE",
         "writes a test from an execution of the store, or an AWS history's file",
         &t.record.source},
        {"definition", OPTION_TEXT, "FILE", "of --from-history: what it ran under",
         &t.record.definition},
        {"var", OPTION_LIST, "NAME=VALUE", "of --from-history: for ${NAME} in the definition",
         &t.record.variables},
        {"type", OPTION_TEXT, "TYPE", "of --from-history: STANDARD (default) or EXPRESS",
         &t.record.type},
        {"output", OPTION_TEXT, "FILE", "of --from-history: where it goes (default: stdout)",
         &t.record.output},
        {"name", OPTION_TEXT, "WORDS", "of --from-history: the test's name", &t.record.name},
        {"db", OPTION_TEXT, "FILE", "of --from-history: the store (default: " DEFAULT_DB ")",
         &t.record.db},
        {"schema", OPTION_FLAG, NULL, "prints the JSON Schema of test files, for editors",
         &t.schema},
        {0},
    };
    int status = cli_options(c, options, argc, argv, &rest);
    if (status < 0 && t.schema)
        status = print_schema();
    if (status < 0 && t.json && t.tap)
        status = cli_fail(EXIT_WRONG_USAGE, "--json and --tap both want stdout");
    if (status < 0 && t.watch && t.update)
        status =
            cli_fail(EXIT_WRONG_USAGE, "--watch and --update: what it writes would be a change");
    if (status < 0 && t.record.source && rest.count)
        status = cli_fail(EXIT_WRONG_USAGE, "--from-history takes one source, and no test files");
    if (status < 0)
        status = test(&t, &rest);
    session_settings_free(&t.session);
    texts_free(&t.record.variables);
    texts_free(&t.filters);
    texts_free(&rest);
    return status;
}

const struct command command_test = {
    "test",
    "[FILE|FOLDER]...",
    "tests definitions: mocked calls, a virtual clock, what must come of it",
    "Of a folder (default: this one), every *.test.json below it. Nothing is called, nothing "
    "waits: a\n"
    "year passes in milliseconds. Ends with 0 when all passed, 1 when some failed, 2 when a test "
    "file\n"
    "is wrong or cannot be read.\n"
    "\n"
    "A first test, hello.test.json:\n"
    "  {\"definition\": \"hello.asl.json\",\n"
    "   \"tests\": [{\"name\": \"greets\", \"input\": {\"name\": \"Ada\"},\n"
    "              \"expect\": {\"output\": {\"text\": \"Hello, Ada!\"}, \"duration\": \"1 "
    "h\"}}]}\n"
    "\n"
    "examples:\n"
    "  stepwell test\n"
    "  stepwell test definitions/ --filter timeout --junit build/junit.xml\n"
    "  stepwell test --from-history 7c0e --output export.test.json\n"
    "  stepwell test --schema >stepwell-test.schema.json",
    command,
};
