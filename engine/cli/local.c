/* stepwell local: a call to an embedded stand-in, or a file of them; as if signed, without a
 * network.
 *
 * A seed file is {"calls": [{"service", "operation", "parameters", "secondsAgo"}]}: each is made at
 * a clock that stands `secondsAgo` seconds in the past, so that data can have a history.
 */
#include "engine/cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/local/local.h"

#define BODY_MAXIMUM (16 << 20)
#define AGO_MAXIMUM  (365 * 86400)

struct at {
    struct local *local;
    int64_t ago_ms;
    bool quiet;
    struct texts variables;
};

static int64_t now(void *state)
{
    const struct at *at = state;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 - at->ago_ms;
}

/* The answer's body, pretty when it is JSON. False when it is an error. */
static bool call(struct at *at, const char *service, const char *operation, struct asl_text body)
{
    struct local_answer answer;
    local_answer_init(&answer);
    local_request(at->local, service, operation, body, &answer);
    bool fine = answer.status >= 200 && answer.status < 300;
    asl_value *v = value_parse(asl_buffer_text(&answer.body), 0, 0, NULL);
    if (!fine)
        cli_fail(EXIT_REFUSED, "%s %s answered %d: %.*s", service, operation, answer.status,
                 ASL_TEXT_ARGS(asl_buffer_text(&answer.body)));
    else if (!at->quiet && v)
        cli_print_json(v);
    value_release(v);
    local_answer_free(&answer);
    return fine;
}

static const char *member(const asl_value *call, const char *name)
{
    const asl_value *v = value_get_z(call, name);
    return v && value_kind(v) == VALUE_STRING ? value_as_text(v).data : NULL;
}

static bool seed_one(struct at *at, const asl_value *item, size_t index, const char *file)
{
    const char *service = member(item, "service"), *operation = member(item, "operation");
    const asl_value *ago = value_get_z(item, "secondsAgo");
    const asl_value *parameters = value_get_z(item, "parameters");
    double seconds = ago ? value_as_double(ago) : 0;
    if (!service || !operation || !local_offers(service)) {
        cli_fail(EXIT_WRONG_USAGE, "%s: call %zu wants \"service\" (%s) and \"operation\"", file,
                 index, local_offered());
        return false;
    }
    if (!(seconds >= 0 && seconds <= AGO_MAXIMUM)) {
        cli_fail(EXIT_WRONG_USAGE, "%s: call %zu: \"secondsAgo\" is a number from 0 to %d", file,
                 index, AGO_MAXIMUM);
        return false;
    }
    struct asl_buffer body;
    asl_buffer_init(&body, BODY_MAXIMUM);
    if (parameters)
        value_print(parameters, &body);
    else
        asl_buffer_puts(&body, "{}");
    at->ago_ms = (int64_t)(seconds * 1000);
    bool fine = call(at, service, operation, asl_buffer_text(&body));
    asl_buffer_free(&body);
    return fine;
}

static int seed(struct at *at, const char *file)
{
    struct asl_buffer text;
    struct value_error error;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    bool fine = cli_read_file(file, BODY_MAXIMUM, &text) && cli_substitute(&at->variables, &text);
    asl_value *v = fine ? value_parse(asl_buffer_text(&text), 0, 0, &error) : NULL;
    const asl_value *calls = v ? value_get_z(v, "calls") : NULL;
    if (fine && !v)
        cli_fail(EXIT_WRONG_USAGE, "%s:%zu:%zu: %s", file, error.line, error.column, error.message);
    else if (v && !(calls && value_kind(calls) == VALUE_ARRAY))
        cli_fail(EXIT_WRONG_USAGE, "%s: a seed file is {\"calls\": [...]}", file);
    fine = calls && value_kind(calls) == VALUE_ARRAY;
    at->quiet = true;
    int status = fine ? EXIT_FINE : EXIT_WRONG_USAGE;
    for (size_t i = 0; fine && i < value_count(calls); i++)
        if (!seed_one(at, value_at(calls, i), i + 1, file)) {
            fine = false;
            status = EXIT_REFUSED;
        }
    value_release(v);
    asl_buffer_free(&text);
    return status;
}

static int one(struct at *at, const struct texts *rest)
{
    const char *service = rest->items[0];
    struct asl_buffer body;
    if (!local_offers(service))
        return cli_fail(EXIT_WRONG_USAGE, "there is no stand-in for '%s'; there are: %s", service,
                        local_offered());
    asl_buffer_init(&body, ASL_BUFFER_MAXIMUM);
    bool fine = cli_read_json(rest->count > 2 ? rest->items[2] : "{}", BODY_MAXIMUM, &body);
    int status = EXIT_WRONG_USAGE;
    if (fine)
        status =
            call(at, service, rest->items[1], asl_buffer_text(&body)) ? EXIT_FINE : EXIT_REFUSED;
    asl_buffer_free(&body);
    return status;
}

static int open_and_call(const char *data, const char *file, struct at *at,
                         const struct texts *rest)
{
    char message[512];
    struct local_options options = {.directory = data, .now = now, .now_state = at};
    at->local = local_new(&options, message);
    if (!at->local)
        return cli_fail(EXIT_STORE, "%s", message);
    int status = file ? seed(at, file) : one(at, rest);
    local_free(at->local);
    return status;
}

static int command(const struct command *c, int argc, char **argv)
{
    struct texts rest = {0};
    struct at at = {0};
    const char *data = DEFAULT_DB ".data", *file = NULL;
    const struct option options[] = {
        {"data", OPTION_TEXT, "FOLDER", "what the stand-ins keep (default: " DEFAULT_DB ".data)",
         &data},
        {"file", OPTION_TEXT, "FILE", "a seed file: {\"calls\": [...]}", &file},
        {"var", OPTION_LIST, "NAME=VALUE", "for ${NAME} in the seed file", &at.variables},
        {0},
    };
    int status = cli_options(c, options, argc, argv, &rest);
    if (status < 0 && (file ? rest.count != 0 : rest.count < 2 || rest.count > 3))
        status = cli_fail(EXIT_WRONG_USAGE,
                          "local wants SERVICE OPERATION [JSON|@FILE], or --file FILE");
    if (status < 0)
        status = open_and_call(data, file, &at, &rest);
    texts_free(&rest);
    texts_free(&at.variables);
    return status;
}

const struct command command_local = {
    "local",
    "SERVICE OPERATION [JSON|@FILE]",
    "calls an embedded stand-in: dynamodb, s3, sqs, sns, events, ...",
    "Ends with 1 when the service answered with an error.\n"
    "\n"
    "examples:\n"
    "  stepwell local dynamodb GetItem '{\"TableName\": \"Jobs\", \"Key\": {\"id\": {\"S\": "
    "\"RUN\"}}}'\n"
    "  stepwell local --data jobs.db.data --file seed.json",
    command,
};
