/* A turn of the prompt: lines are read until they make a whole expression (or a blank line says
 * that no more comes), which is evaluated and remembered. What begins with a colon is a command: a
 * table.
 */
#include "engine/cli/prompt.h"

#include <stdio.h>
#include <string.h>

#include "engine/cli/cli.h"
#include "engine/cli/line.h"

#define FIRST_PROMPT "> "
#define NEXT_PROMPT  ". "

struct prompt {
    struct desk *desk;
    struct line_reader *lines;
    bool is_over;
};

struct prompt_command {
    const char *name;
    const char *argument; /* for the help; NULL: takes none */
    const char *help;
    void (*obey)(struct prompt *p, const char *argument); /* "" when none is given */
};

/* ---- commands ---- */

/* Lays JSON out, or shows what lies there. */
static void lay_or_show(struct prompt *p, asl_value **place, const char *what, const char *argument)
{
    if (*argument)
        desk_lay(p->desk, place, what, argument);
    else
        cli_print_json(*place);
}

static void obey_input(struct prompt *p, const char *argument)
{
    lay_or_show(p, &p->desk->input, "input", argument);
}

static void obey_variables(struct prompt *p, const char *argument)
{
    lay_or_show(p, &p->desk->variables, "variables", argument);
}

static void obey_context(struct prompt *p, const char *argument)
{
    lay_or_show(p, &p->desk->context, "context", argument);
}

static void obey_let(struct prompt *p, const char *argument)
{
    struct asl_text rest = asl_text(argument);
    size_t size = strcspn(argument, " \t");
    struct asl_text name = {argument, size};
    struct asl_text source = desk_trim((struct asl_text){argument + size, rest.size - size});
    if (name.size && name.data[0] == '$')
        name = (struct asl_text){name.data + 1, name.size - 1};
    if (!name.size || !source.size) {
        cli_note("write :let NAME EXPRESSION");
        return;
    }
    asl_value *v = desk_evaluate(p->desk, source);
    if (v)
        desk_bind_take(p->desk, name, v);
}

static void obey_language(struct prompt *p, const char *argument)
{
    if (*argument && !desk_language_named(argument, &p->desk->language)) {
        cli_note("the language is jsonata or jsonpath, not '%s'", argument);
        return;
    }
    puts(p->desk->language == DESK_JSONPATH ? "jsonpath" : "jsonata");
}

static void obey_quit(struct prompt *p, const char *argument)
{
    (void)argument;
    p->is_over = true;
}

static void obey_help(struct prompt *p, const char *argument);

static const struct prompt_command commands[] = {
    {"input", "[JSON|@FILE]", "shows or sets $states.input ($ in JSONPath)", obey_input},
    {"variables", "[JSON|@FILE]", "shows or sets all variables: {\"name\": value}", obey_variables},
    {"context", "[JSON|@FILE]", "shows or sets $states.context ($$ in JSONPath)", obey_context},
    {"let", "NAME EXPRESSION", "keeps a result as $NAME", obey_let},
    {"language", "[jsonata|jsonpath]", "shows or changes the language", obey_language},
    {"help", NULL, "this", obey_help},
    {"quit", NULL, "leaves, as Ctrl-D does", obey_quit},
};

static void obey_help(struct prompt *p, const char *argument)
{
    (void)p, (void)argument;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const struct prompt_command *c = &commands[i];
        char left[64];
        snprintf(left, sizeof left, ":%s %s", c->name, c->argument ? c->argument : "");
        printf("  %-30s %s\n", left, c->help);
    }
    puts(
        "  Ctrl-C clears the line, Ctrl-R searches what was typed. An open bracket goes on in the\n"
        "  next line; a blank line ends it.");
}

static void obey(struct prompt *p, struct asl_text line)
{
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    line = desk_trim(line);
    asl_buffer_put(&text, line.data + 1, line.size - 1);
    asl_buffer_putc(&text, '\0');
    size_t size = strcspn(text.data, " \t");
    const char *argument = text.data + size + strspn(text.data + size, " \t");
    const struct prompt_command *found = NULL;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strlen(commands[i].name) == size && memcmp(commands[i].name, text.data, size) == 0)
            found = &commands[i];
    if (found)
        found->obey(p, argument);
    else
        cli_note("there is no command :%.*s; :help lists them", (int)size, text.data);
    asl_buffer_free(&text);
}

/* ---- the turn ---- */

static bool is_blank(struct asl_text line)
{
    return desk_trim(line).size == 0;
}

/* Another line has come behind what there was (`before` bytes). True when the text is complete. */
static bool is_complete(const struct prompt *p, const struct asl_buffer *text, size_t before)
{
    struct asl_text whole = asl_buffer_text(text);
    struct asl_text line = {whole.data + before, whole.size - before};
    return is_blank(line) || desk_trim(whole).data[0] == ':' || !desk_is_unfinished(p->desk, whole);
}

/* Reads until there is a whole expression or command in `text`. */
static enum line_outcome read_whole(struct prompt *p, struct asl_buffer *text)
{
    asl_buffer_clear(text);
    for (;;) {
        size_t before = text->size;
        enum line_outcome outcome = line_read(p->lines, before ? NEXT_PROMPT : FIRST_PROMPT, text);
        if (outcome != LINE_READ || is_complete(p, text, before))
            return outcome;
        asl_buffer_putc(text, '\n');
    }
}

static void answer(struct prompt *p, struct asl_text given)
{
    struct asl_text text = desk_trim(given);
    if (!text.size)
        return;
    if (given.data[0] != ' ')
        line_remember(p->lines, text);
    if (text.data[0] == ':')
        obey(p, text);
    else
        desk_print(p->desk, text);
}

int prompt_run(struct desk *d)
{
    struct prompt p = {.desk = d, .lines = line_open()};
    struct asl_buffer text;
    if (!p.lines)
        return EXIT_REFUSED;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    fputs("An expression, or :help; Ctrl-D leaves.\n", stderr);
    while (!p.is_over) {
        fflush(stdout);
        switch (read_whole(&p, &text)) {
        case LINE_READ:
            answer(&p, asl_buffer_text(&text));
            break;
        case LINE_CLEARED:
            fputs("^C\n", stderr);
            break;
        case LINE_END:
            fputs("\n", stderr);
            p.is_over = true;
            break;
        }
    }
    asl_buffer_free(&text);
    line_close(p.lines);
    return EXIT_FINE;
}
