/* Options by a table, and the words commands share. */
#include "engine/cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void texts_add(struct texts *t, const char *text)
{
    if (t->count == t->capacity) {
        t->capacity = t->capacity ? t->capacity * 2 : 8;
        t->items = asl_reallocate((void *)t->items, t->capacity * sizeof(const char *));
    }
    t->items[t->count++] = text;
}

void texts_free(struct texts *t)
{
    free((void *)t->items);
    *t = (struct texts){0};
}

int cli_fail(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("stepwell: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return status;
}

static struct {
    void (*sink)(void *state, const char *line);
    void *state;
} notes; /* stderr is the process's own, and so is where its notes go */

void cli_notes_to(void (*sink)(void *state, const char *line), void *state)
{
    notes.sink = sink;
    notes.state = state;
}

void cli_note(const char *format, ...)
{
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (notes.sink)
        notes.sink(notes.state, line);
    else
        fprintf(stderr, "stepwell: %s\n", line);
}

bool cli_colour(int fd)
{
    const char *no = getenv("NO_COLOR");
    return isatty(fd) && !(no && *no);
}

static void print_help(const struct command *c, const struct option *options)
{
    printf("usage: stepwell %s [OPTIONS] %s\n\n%s\n", c->name, c->arguments, c->summary);
    for (const struct option *o = options; o->name; o++) {
        char left[64];
        const char *between = !o->argument ? "" : o->kind == OPTION_MAYBE ? "[=" : " ";
        snprintf(left, sizeof left, "--%s%s%s%s", o->name, between, o->argument ? o->argument : "",
                 o->kind == OPTION_MAYBE ? "]" : "");
        printf("%s  %-26s %s\n", o == options ? "\noptions:\n" : "", left, o->help);
    }
    printf("\n%s\n", c->details);
}

/* One command's part of the man page. */
static void print_roff(const struct command *c, const struct option *options)
{
    printf(".SS stepwell %s [OPTIONS] %s\n%s.\n", c->name, c->arguments, c->summary);
    for (const struct option *o = options; o->name; o++)
        printf(".TP\n\\fB\\-\\-%s\\fR %s\n%s\n", o->name, o->argument ? o->argument : "", o->help);
    printf(".PP\n.nf\n%s\n.fi\n", c->details);
}

/* One command's line of the completion script. */
static void print_words(const struct command *c, const struct option *options)
{
    printf("        %s) words=\"", c->name);
    for (const struct option *o = options; o->name; o++)
        printf("--%s ", o->name);
    printf("--help\" ;;\n");
}

/* Edits between two names: enough to guess what was meant. */
static size_t distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    size_t n = strlen(a), m = strlen(b), row[LONGEST + 1];
    if (n > LONGEST || m > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[m];
}

static int fail_unknown(const struct command *c, const struct option *options, const char *name)
{
    const char *nearest = NULL;
    size_t least = 3;
    for (const struct option *o = options; o->name; o++)
        if (distance(o->name, name) < least) {
            least = distance(o->name, name);
            nearest = o->name;
        }
    if (nearest)
        return cli_fail(EXIT_WRONG_USAGE, "%s: there is no option --%s; did you mean --%s?",
                        c->name, name, nearest);
    return cli_fail(EXIT_WRONG_USAGE,
                    "%s: there is no option --%s; `stepwell %s --help` lists them", c->name, name,
                    c->name);
}

static const struct option *find_option(const struct option *options, const char *name, size_t size)
{
    for (const struct option *o = options; o->name; o++)
        if (strlen(o->name) == size && strncmp(o->name, name, size) == 0)
            return o;
    return NULL;
}

int cli_options(const struct command *c, const struct option *options, int argc, char **argv,
                struct texts *rest)
{
    for (int i = 0; i < argc; i++) {
        const char *at = argv[i];
        if (strcmp(at, "--help") == 0 || strcmp(at, "-h") == 0) {
            print_help(c, options);
            return EXIT_FINE;
        }
        if (strcmp(at, CLI_HELP_ROFF) == 0 || strcmp(at, CLI_HELP_WORDS) == 0) {
            (strcmp(at, CLI_HELP_ROFF) == 0 ? print_roff : print_words)(c, options);
            return EXIT_FINE;
        }
        if (strcmp(at, "--") == 0) {
            while (++i < argc)
                texts_add(rest, argv[i]);
            break;
        }
        if (strncmp(at, "--", 2) != 0) {
            texts_add(rest, at);
            continue;
        }
        size_t size = strcspn(at + 2, "=");
        const struct option *o = find_option(options, at + 2, size);
        if (!o) {
            char name[64];
            snprintf(name, sizeof name, "%.*s", (int)(size < 60 ? size : 60), at + 2);
            return fail_unknown(c, options, name);
        }
        bool has_value = at[2 + size] == '=';
        if (o->kind == OPTION_FLAG) {
            if (has_value)
                return cli_fail(EXIT_WRONG_USAGE, "%s: --%s takes no value", c->name, o->name);
            *(bool *)o->into = true;
            continue;
        }
        if (o->kind == OPTION_MAYBE) {
            *(const char **)o->into = has_value ? at + 2 + size + 1 : "";
            continue;
        }
        const char *value = has_value ? at + 2 + size + 1 : i + 1 < argc ? argv[++i] : NULL;
        if (!value)
            return cli_fail(EXIT_WRONG_USAGE, "%s: --%s wants %s", c->name, o->name, o->argument);
        if (o->kind == OPTION_LIST)
            texts_add(o->into, value);
        else
            *(const char **)o->into = value;
    }
    return -1;
}

bool cli_time(const char *text, enum loop_time *time, double *scale)
{
    *scale = 1;
    *time = LOOP_REAL;
    if (!text || strcmp(text, "real") == 0)
        return true;
    if (strcmp(text, "skip") == 0) {
        *time = LOOP_SKIP;
        return true;
    }
    char *end = NULL;
    if (text[0] == 'x')
        *scale = strtod(text + 1, &end);
    if (!end || *end || end == text + 1 || !(*scale >= 0.001 && *scale <= 1e6)) {
        cli_fail(
            EXIT_WRONG_USAGE,
            "--time is real, skip or xN with N from 0.001 to 1000000 (x60: a minute a second), "
            "not '%s'",
            text);
        return false;
    }
    *time = LOOP_SCALED;
    return true;
}
