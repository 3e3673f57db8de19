/* stepwell: dispatch, and nothing else. A new subcommand is a file and a line in the table. */
#include "engine/cli/cli.h"

#include <string.h>

#define STEPWELL_VERSION "0.1.0"

static const struct command *const commands[] = {
    &command_run,  &command_resume,  &command_list,     &command_show,
    &command_history, &command_stop, &command_validate, &command_local,
    &command_eval, &command_replay,
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

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_WRONG_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return EXIT_FINE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("stepwell " STEPWELL_VERSION);
        return EXIT_FINE;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i]->name) == 0)
            return commands[i]->run(commands[i], argc - 2, argv + 2);
    cli_fail(EXIT_WRONG_USAGE, "there is no command '%s'", argv[1]);
    print_usage(stderr);
    return EXIT_WRONG_USAGE;
}
