/* The differential test against the reference implementation (npm's jsonata), and the driver it
 * talks to.
 *
 * `--driver`: reads lines of {"expr", "data"?, "bindings"?} and answers each with a line of
 * {"value"} | {"undefined"} | {"function"} | {"error": {code, position, token, message}}.
 * Without it: runs differential/run.mjs on this program, every generator in turn: typed
 * (expressions of all operators and functions, mostly of types that fit), splice (the reference
 * suite's taken apart and recombined), boundary (function by function, arguments from the edges),
 * tree (all kinds of nodes within all others), edges (pictures, patterns, texts and numbers drawn
 * letter by letter), branches (every function with every kind of argument, in every context a
 * function is called in). `--long [SEED]` asks 100,000 questions of each.
 * Skipped where node or npm's jsonata (NODE_PATH, or JSONATA_REFERENCE naming its folder) is
 * missing.
 */
#include "asl/jsonata/jsonata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT_SHORT "1500"
#define COUNT_LONG  "100000"
#define SCRIPT      "tests/jsonata/differential/run.mjs"
/* The reference, into a folder below build/; where npm gives nothing the test says it is skipped.
 */
#define INSTALL                                                                                    \
    "command -v npm >/dev/null && mkdir -p build/npm/jsonata && npm install --prefix "             \
    "build/npm/jsonata --no-audit --no-fund --silent jsonata@2.2 >build/npm/jsonata.log 2>&1"
#define SKIPPED 77

/* The time of all evaluations; the script gives the reference the same. */
#define NOW_MS 1600000000000

static const asl_value *variable(void *state, struct asl_text name)
{
    const asl_value *bindings = state;
    return bindings ? value_get(bindings, name) : NULL;
}

static void put_error(struct value_list *answer, const struct jsonata_error *error)
{
    struct value_list o = {0};
    value_list_set_take(&o, "code", value_string_z(error->code));
    if (error->position != JSONATA_NO_POSITION)
        value_list_set_take(&o, "position", value_integer((int64_t)error->position));
    value_list_set_take(&o, "token", value_string(asl_buffer_text(&error->token)));
    value_list_set_take(&o, "message", value_string(asl_buffer_text(&error->message)));
    value_list_set_take(answer, "error", value_object_take(&o));
}

static asl_value *answer(const asl_value *question)
{
    struct value_list answer = {0};
    struct jsonata_error error = {0};
    struct jsonata_env env = {
        .state = (void *)value_get_z(question, "bindings"), .variable = variable, .now_ms = NOW_MS};
    asl_value *value = NULL;
    struct jsonata *e = jsonata_compile(value_as_text(value_get_z(question, "expr")), 0, &error);
    if (!e) {
        put_error(&answer, &error);
        jsonata_error_free(&error);
        return value_object_take(&answer);
    }
    switch (jsonata_evaluate(e, value_get_z(question, "data"), &env, &value, &error)) {
    case JSONATA_VALUE:
        value_list_set_take(&answer, "value", value);
        break;
    case JSONATA_UNDEFINED:
        value_list_set_take(&answer, "undefined", value_boolean(true));
        break;
    case JSONATA_FUNCTION:
        value_list_set_take(&answer, "function", value_boolean(true));
        break;
    case JSONATA_FAILED:
        put_error(&answer, &error);
        jsonata_error_free(&error);
        break;
    }
    jsonata_free(e);
    return value_object_take(&answer);
}

static int drive(void)
{
    char *line = NULL;
    size_t capacity = 0;
    for (ssize_t size; (size = getline(&line, &capacity, stdin)) > 0;) {
        struct value_error problem;
        asl_value *question = value_parse((struct asl_text){line, (size_t)size}, 0, 0, &problem);
        if (!question) {
            printf("{\"unreadable\":true}\n");
            fflush(stdout);
            continue;
        }
        asl_value *a = answer(question);
        struct asl_buffer b;
        asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
        value_print(a, &b);
        printf("%s\n", b.data);
        fflush(stdout);
        asl_buffer_free(&b);
        value_release(a);
        value_release(question);
    }
    free(line);
    return 0;
}

static const char *const generators[] = {"typed", "splice", "boundary",
                                         "tree",  "edges",  "branches"};

/* The script's exit status. */
static int run_generator(const char *program, const char *count, const char *seed,
                         const char *generator)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        execlp("node", "node", SCRIPT, program, count, seed, generator, (char *)NULL);
        _exit(SKIPPED);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
        return 1;
    return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--driver") == 0)
        return drive();
    const char *count = argc > 1 && strcmp(argv[1], "--long") == 0 ? COUNT_LONG : COUNT_SHORT;
    if (access("build/npm/jsonata/node_modules/jsonata", F_OK) != 0 && system(INSTALL) != 0)
        puts("npm cannot install the reference here");
    const char *seed = argc > 2 ? argv[2] : "1";
    int passed = 0, total = sizeof generators / sizeof generators[0];
    for (int i = 0; i < total; i++) {
        int status = run_generator(argv[0], count, seed, generators[i]);
        if (status == SKIPPED) {
            printf("jsonata-differential: 0 passed, 0 failed, 1 skipped: node or npm's jsonata is "
                   "not here (npm i jsonata; NODE_PATH)\n");
            return 0;
        }
        passed += status == 0;
    }
    printf("jsonata-differential: %d passed, %d failed (generators of %s questions each)\n", passed,
           total - passed, count);
    return passed != total;
}
