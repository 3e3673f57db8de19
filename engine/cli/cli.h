/* Subcommands: one file each, one table (main.c), one way to read options and to complain.
 *
 * Output: what was asked for goes to stdout, progress and complaints to stderr. Exit statuses are
 * the contract of DESIGN's table: 0 success, 2 wrong usage or input, others as each --help says.
 */
#ifndef ENGINE_CLI_CLI_H
#define ENGINE_CLI_CLI_H

#include <stdio.h>

#include "asl/asl.h"
#include "engine/loop/loop.h"
#include "store/store.h"

enum exit_status {
    EXIT_FINE = 0,
    /* validate: a definition has errors; others: the thing asked about failed */
    EXIT_REFUSED = 1,
    EXIT_WRONG_USAGE = 2, /* options, input, a file that cannot be read */
    EXIT_FAILED = 3,      /* the execution FAILED */
    EXIT_TIMED_OUT = 4,
    EXIT_ABORTED = 5,
    EXIT_INTERRUPTED = 6, /* stopped by a signal; resumable */
    EXIT_STORE = 7,       /* the store cannot be opened or read */
};

struct command {
    const char *name;
    const char *arguments; /* "DEFINITION" */
    const char *summary;   /* one line */
    const char *details;   /* exit statuses, an example */
    int (*run)(const struct command *c, int argc, char **argv);
};
extern const struct command command_run, command_resume, command_list, command_show,
    command_history, command_stop, command_validate, command_local, command_eval, command_serve,
    command_replay, command_graph, command_diff, command_schedule, command_test, command_fork,
    command_coverage, command_routes;

/* ---- options ---- */

enum option_kind {
    OPTION_FLAG,  /* bool */
    OPTION_TEXT,  /* const char *: points into argv */
    OPTION_MAYBE, /* const char *: "" for "--name", points into argv for "--name=value" */
    OPTION_LIST,  /* struct texts: may be given again and again */
};

struct texts {
    const char **items;
    size_t count, capacity;
};
void texts_add(struct texts *t, const char *text);
void texts_free(struct texts *t);

struct option {
    const char *name; /* without "--" */
    enum option_kind kind;
    const char *argument; /* "FILE"; NULL for flags */
    const char *help;
    void *into;
};

/* Reads argv (behind the command's name) by the table, which ends with a NULL name; the rest goes
 * to `rest`. "--name=value" and "--name value"; "--" ends options. Returns -1 to go on, else the
 * exit status (--help, or a mistake, told on stderr with the nearest name). */
int cli_options(const struct command *c, const struct option *options, int argc, char **argv,
                struct texts *rest);

/* Instead of --help: the command's part of the man page, and of the completion script. */
#define CLI_HELP_ROFF  "--help=roff"
#define CLI_HELP_WORDS "--help=words"

/* ---- words ---- */

/* "stepwell: ..." on stderr. Returns `status` (an exit_status), so that a command can say `return
 * cli_fail(...)`. */
int cli_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* From now on notes go there instead, a line each. */
void cli_notes_to(void (*sink)(void *state, const char *line), void *state);
/* Colour is for terminals only, and not where NO_COLOR is set. */
bool cli_colour(int fd);

/* ---- input ---- */

/* A whole file ("-": stdin), at most `maximum` bytes. False after complaining. */
bool cli_read_file(const char *path, size_t maximum, struct asl_buffer *out);
/* "JSON" as it is, or "@FILE". */
bool cli_read_json(const char *argument, size_t maximum, struct asl_buffer *out);
/* ${Name} in a definition by "Name=Value" of --var, JSON-escaped; notes what stays. False after
 * complaining. */
bool cli_substitute(const struct texts *variables, struct asl_buffer *definition);
/* "real", "skip", "xN". False after complaining. */
bool cli_time(const char *text, enum loop_time *time, double *scale);
/* A file; of a folder, every *.asl.json and *.asl below it, by name. False after complaining of a
 * folder that cannot be read. */
bool cli_each_definition(const char *path, void (*see)(void *state, const char *file), void *state);
/* A file of that kind by its name: it is not read, but people should hear why. */
bool cli_is_yaml(const char *name);
/* The name a definition's file gives its machine: "export.asl.json" and "export/machine.asl.json"
 * both give "export". */
void cli_machine_name(const char *path, char out[81]);

/* ---- output ---- */

void cli_print_json(const asl_value *v); /* pretty, on stdout */
/* "2026-11-22 15:04:05.123" in local time. */
void cli_format_time(int64_t ms, char out[32]);
/* "1.2 s", "850 ms", "2 min 5 s" */
void cli_format_duration(int64_t ms, char out[32]);
/* What to do about a mistake in that file; NULL: nothing is known. Looked at. */
const char *cli_hint_of(const char *file, const struct asl_diagnostic *d);
/* Diagnostics as people read them: "file:line:column: error: message (location)". */
void cli_print_diagnostics(FILE *out, const char *file, const struct asl_diagnostics *d);

/* ---- the store, to look ---- */

#define DEFAULT_DB "stepwell.db"

/* Opens to look; NULL after complaining. */
struct store *cli_open_reader(const char *db);
/* An execution by ARN, name, or unique beginning of a name: its id, or 0 after complaining. */
int64_t cli_find_execution(struct store *s, const char *which);
/* Loads an execution as it stands in the store, with its machine; NULL after complaining. */
asl_execution *cli_load_execution(struct store *s, int64_t id);

#endif
