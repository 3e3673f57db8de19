/* Where calls go by the user's word. What names a program or a handler file becomes a function of
 * engine/lambda, and its route a path of the stand-in; everything else is engine/aws's. */
#include "engine/cli/routes.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAXIMUM (1 << 20)

struct reading {
    struct aws *aws;
    struct lambda *lambda;
    const char *origin; /* for complaints: "--route", or the file */
    char *folder;       /* of the file; NULL: the current one */
};

static bool complain(const struct reading *r, const char *where, const char *what)
{
    cli_fail(EXIT_WRONG_USAGE, "%s: %s: %s", r->origin, where, what);
    return false;
}

/* What runs functions cannot answer for other services. */
static bool may_run(const char *where)
{
    return strncmp(where, "function:", 9) == 0 || strncmp(where, "state:", 6) == 0 ||
           strcmp(where, "lambda") == 0 || strncmp(where, "lambda:", 7) == 0;
}

static bool add(struct reading *r, const char *where, const char *to,
                const struct lambda_function *settings)
{
    char message[512];
    struct lambda_function f = *settings;
    if (!lambda_can_run(to))
        return aws_route(r->aws, where, to, message) || complain(r, where, message);
    if (!may_run(where))
        return complain(r, where,
                        "programs and handlers answer for Lambda functions only: function:NAME, "
                        "state:NAME or lambda");
    if (lambda_runs(r->lambda, where)) /* the first of a name goes: flags before the file */
        return true;
    f.key = where;
    f.runs = to;
    f.folder = r->folder;
    if (!lambda_add(r->lambda, &f, message))
        return complain(r, where, message);
    char *path = lambda_path(where);
    bool fine = aws_route(r->aws, where, path, message) || complain(r, where, message);
    free(path);
    return fine;
}

/* ---- the file ---- */

static bool read_number(struct reading *r, const char *where, const asl_value *v, const char *name,
                        double most, double *out)
{
    const asl_value *n = value_get_z(v, name);
    char message[160];
    *out = 0;
    if (!n)
        return true;
    *out = value_kind(n) == VALUE_NUMBER ? value_as_double(n) : -1;
    if (*out > 0 && *out <= most)
        return true;
    snprintf(message, sizeof message, "\"%s\" is a number above 0, at most %.0f", name, most);
    return complain(r, where, message);
}

static bool check_members(struct reading *r, const char *where, const asl_value *v)
{
    static const char *const known[] = {"to",          "timeout",     "memory",
                                        "concurrency", "environment", "credentials"};
    for (size_t i = 0; i < value_count(v); i++) {
        bool is_known = false;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            is_known |= asl_text_is(value_as_text(value_key_at(v, i)), known[k]);
        if (!is_known)
            return complain(r, where,
                            "has a member that is none of: to, timeout, memory, concurrency, "
                            "environment, credentials");
    }
    return true;
}

static bool add_object(struct reading *r, const char *where, const asl_value *v)
{
    double timeout, memory, concurrency;
    const asl_value *to = value_get_z(v, "to"), *credentials = value_get_z(v, "credentials");
    if (!check_members(r, where, v) || !read_number(r, where, v, "timeout", 900, &timeout) ||
        !read_number(r, where, v, "memory", 10240, &memory) ||
        !read_number(r, where, v, "concurrency", 1000, &concurrency))
        return false;
    if (!to || value_kind(to) != VALUE_STRING)
        return complain(r, where, "wants \"to\": a URL, aws, local, or what runs the function");
    const struct lambda_function settings = {
        .timeout_ms = (int64_t)(timeout * 1000),
        .memory_mb = (int64_t)memory,
        .concurrency = (size_t)concurrency,
        .environment = value_get_z(v, "environment"),
        .with_credentials = credentials && value_is_true(credentials),
    };
    return add(r, where, value_as_text(to).data, &settings);
}

static bool add_all(struct reading *r, const asl_value *routes)
{
    static const struct lambda_function plain = {.key = NULL};
    for (size_t i = 0; i < value_count(routes); i++) {
        const char *where = value_as_text(value_key_at(routes, i)).data;
        const asl_value *to = value_at(routes, i);
        bool fine = value_kind(to) == VALUE_OBJECT ? add_object(r, where, to)
                    : value_kind(to) == VALUE_STRING
                        ? add(r, where, value_as_text(to).data, &plain)
                        : complain(r, where, "is a string or an object");
        if (!fine)
            return false;
    }
    return true;
}

static char *folder_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash ? asl_copy_text((struct asl_text){file, (size_t)(slash - file + (slash == file))})
                 : NULL;
}

static bool read_file(struct reading *r, const char *file)
{
    struct asl_buffer text;
    struct value_error error;
    asl_buffer_init(&text, FILE_MAXIMUM + 1);
    bool fine = cli_read_file(file, FILE_MAXIMUM, &text);
    asl_value *v =
        fine ? value_parse(asl_buffer_text(&text), VALUE_REFUSE_DUPLICATES, 0, &error) : NULL;
    if (fine && !v)
        cli_fail(EXIT_WRONG_USAGE, "%s:%zu:%zu: %s", file, error.line, error.column, error.message);
    else if (v && value_kind(v) != VALUE_OBJECT)
        cli_fail(EXIT_WRONG_USAGE, "%s: routes are an object: {\"function:NAME\": \"node:...\"}",
                 file);
    fine = v && value_kind(v) == VALUE_OBJECT;
    if (fine) {
        r->origin = file;
        r->folder = folder_of(file);
        fine = add_all(r, v);
        free(r->folder);
    }
    value_release(v);
    asl_buffer_free(&text);
    return fine;
}

/* ---- the flags ---- */

/* WHERE=TO: the name of a state may hold '='; what comes behind it is known by its beginning. */
static const char *equals_in(const char *route)
{
    for (const char *at = strchr(route, '='); at; at = strchr(at + 1, '='))
        if (lambda_can_run(at + 1) || strncmp(at + 1, "http", 4) == 0 ||
            strcmp(at + 1, "aws") == 0 || strcmp(at + 1, "local") == 0)
            return at;
    return strchr(route, '=');
}

static bool add_flag(struct reading *r, const char *route)
{
    static const struct lambda_function plain = {.key = NULL};
    const char *equals = equals_in(route);
    if (!equals) {
        cli_fail(EXIT_WRONG_USAGE,
                 "--route wants WHERE=TO, such as dynamodb=http://localhost:8000 or "
                 "function:price=node:price/index.handler, not '%s'",
                 route);
        return false;
    }
    char *where = asl_copy_text((struct asl_text){route, (size_t)(equals - route)});
    bool fine = add(r, where, equals + 1, &plain);
    free(where);
    return fine;
}

bool routes_read(struct aws *aws, struct lambda *lambda, const struct texts *routes,
                 const char *file)
{
    struct reading r = {aws, lambda, "--route", NULL};
    for (size_t i = 0; i < routes->count; i++)
        if (!add_flag(&r, routes->items[i]))
            return false;
    return !file || read_file(&r, file);
}
