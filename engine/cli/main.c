/* stepwell: dispatch, and nothing else. A new subcommand is a file and a line in the table. */
#include "engine/cli/cli.h"

#include <malloc.h>
#include <string.h>

#define STEPWELL_VERSION "0.1.0"

static const struct command *const commands[] = {
    &command_run,    &command_resume,   &command_list,   &command_show,     &command_history,
    &command_stop,   &command_validate, &command_local,  &command_eval,     &command_serve,
    &command_replay, &command_graph,    &command_diff,   &command_schedule, &command_test,
    &command_fork,   &command_coverage, &command_routes,
};

#define COMMANDS (sizeof commands / sizeof *commands)

static void print_usage(FILE *out)
{
    fputs("stepwell runs AWS Step Functions definitions off-cloud.\n\n"
          "usage: stepwell COMMAND [OPTIONS] ...\n\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n`stepwell COMMAND --help` tells more, with an example.\n", out);
}

static void each_command(char *help)
{
    for (size_t i = 0; i < COMMANDS; i++)
        commands[i]->run(commands[i], 1, &help);
}

/* The man page and the completions come from the same tables as --help: they cannot go stale. */
static void print_man(void)
{
    puts(".TH STEPWELL 1 \"\" \"stepwell " STEPWELL_VERSION "\"\n.SH NAME\n"
         "stepwell \\- runs AWS Step Functions definitions off-cloud\n.SH SYNOPSIS\n"
         ".B stepwell\nCOMMAND [OPTIONS] ...\n.SH COMMANDS");
    each_command(CLI_HELP_ROFF);
}

static void print_completion(void)
{
    printf("_stepwell() {\n    local words=\"\"\n    case \"${COMP_WORDS[1]}\" in\n");
    each_command(CLI_HELP_WORDS);
    printf("    esac\n    [ \"$COMP_CWORD\" = 1 ] && words=\"");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("%s ", commands[i]->name);
    printf("help --version\"\n    COMPREPLY=($(compgen -W \"$words\" -- "
           "\"${COMP_WORDS[COMP_CWORD]}\"))\n"
           "}\ncomplete -o default -F _stepwell stepwell\n");
}

static const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i]->name) == 0)
            return commands[i];
    return NULL;
}

static int help(const char *form)
{
    char *show = "--help";
    const struct command *c = form ? command_named(form) : NULL;
    if (c)
        return c->run(c, 1, &show);
    if (form && strcmp(form, "--man") == 0)
        print_man();
    else if (form && strcmp(form, "--bash") == 0)
        print_completion();
    else
        print_usage(stdout);
    return EXIT_FINE;
}

/* Evaluations take and give back up to some MiB; glibc would hand that to the system and ask for it
 * anew every time, which costs more than evaluating. */
#define KEPT_MEMORY (64 << 20)

int main(int argc, char **argv)
{
    mallopt(M_TRIM_THRESHOLD, KEPT_MEMORY);
    mallopt(M_MMAP_THRESHOLD, KEPT_MEMORY / 2);
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_WRONG_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return help(argc > 2 ? argv[2] : NULL);
    if (strcmp(argv[1], "--version") == 0) {
        puts("stepwell " STEPWELL_VERSION);
        return EXIT_FINE;
    }
    const struct command *c = command_named(argv[1]);
    if (c)
        return c->run(c, argc - 2, argv + 2);
    cli_fail(EXIT_WRONG_USAGE, "there is no command '%s'", argv[1]);
    print_usage(stderr);
    return EXIT_WRONG_USAGE;
}
