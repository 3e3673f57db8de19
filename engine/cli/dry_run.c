/* stepwell routes, and run --dry-run: where each Task's call would go, and by which rule.
 *
 * The definition is compiled as a run would compile it, but a ${Name} without a value is let pass;
 * what a Task calls is told by its connector. What stands literally in its parameters (a function's
 * name, an endpoint) is taken from the text; what is only known when it runs is said to be so. */
#include "engine/cli/dry_run.h"

#include <stdlib.h>
#include <string.h>

#include "asl/definition/machine.h"
#include "engine/aws/aws.h"
#include "engine/aws/catalogue/definition.h"
#include "engine/cli/routes.h"
#include "engine/local/local.h"
#include "engine/task/connector.h"

extern char **environ;

#define DEFINITION_MAXIMUM (1 << 20)
#define STAND_IN           "http://stand-in"
#define AT_RUN_TIME        "(known when it runs)"

struct dry {
    struct loop *loop;
    struct http_out *http;
    struct catalogue *catalogue;
    struct aws *aws;
    struct lambda *lambda;
    asl_value *definition;
    struct value_list rows;
    size_t lost; /* Tasks with nowhere to go */
};

/* ---- one Task ---- */

struct place {
    char where[600], why[600];
};

static const char *text_of(const asl_value *v, const char *name)
{
    const asl_value *found = v ? value_get_z(v, name) : NULL;
    return found && value_kind(found) == VALUE_STRING ? value_as_text(found).data : NULL;
}

/* A URL of the stand-in is shown as what is behind it. */
static void show_url(const struct dry *d, const char *url, struct place *p)
{
    size_t size = strlen(STAND_IN);
    const char *key = strncmp(p->why, "the route ", 10) == 0 ? p->why + 10 : "";
    const char *runs = lambda_runs(d->lambda, key);
    if (strncmp(url, STAND_IN, size) != 0)
        snprintf(p->where, sizeof p->where, "%s", url);
    else
        snprintf(p->where, sizeof p->where, "%s", url[size] && runs ? runs : "stand-in");
}

static void nowhere(struct dry *d, struct place *p, const char *why)
{
    snprintf(p->where, sizeof p->where, "nowhere");
    snprintf(p->why, sizeof p->why, "%s", why);
    d->lost++;
}

/* A function whose name is only known when it runs may have any of the routes. */
static void find_call(struct dry *d, const struct resource *r, const asl_value *name,
                      const asl_value *parameters, struct place *p)
{
    char url[512], why[160], message[512];
    struct connector_model m = {.service = "lambda", .operation = "invoke"};
    const struct connector *connector = connector_for(r);
    bool is_function = r->family == TASK_LAMBDA;
    if (!is_function && !(connector && connector->model && connector->model(r, &m))) {
        nowhere(d, p, "no service model tells where this goes");
        return;
    }
    const struct catalogue_service *s = catalogue_service(d->catalogue, asl_text(m.service));
    const struct catalogue_operation *o = s ? catalogue_operation(s, asl_text(m.operation)) : NULL;
    asl_value *given = is_function
                           ? value_with_take(value_empty_object(), value_string_z("FunctionName"),
                                             value_string_z(r->arn))
                           : value_retain(parameters);
    const char *function = text_of(given, "FunctionName");
    if (!o || !aws_where_of(d->aws, o, value_as_text(name), given, url, why, message))
        nowhere(d, p, o ? message : "the catalogue does not know this call");
    else {
        snprintf(p->why, sizeof p->why, "%s", why);
        show_url(d, url, p);
        struct asl_text plain, qualifier;
        bool is_stand_in = strcmp(p->where, "stand-in") == 0 && strcmp(m.service, "lambda") == 0;
        if (is_stand_in && !function)
            snprintf(p->where, sizeof p->where, "stand-in, function " AT_RUN_TIME);
        else if (is_stand_in && lambda_read_name(asl_text(function), &plain, &qualifier) &&
                 !lambda_key_of(d->lambda, plain, qualifier)) {
            snprintf(message, sizeof message,
                     "no function of that name: give --route function:%.*s=...",
                     (int)(plain.size < 200 ? plain.size : 200), plain.data);
            nowhere(d, p, message);
        } else if (strcmp(p->where, "stand-in") == 0 && strcmp(m.service, "sfn") == 0)
            snprintf(p->why, sizeof p->why, "the engine's own API");
    }
    value_release(given);
}

static void find_http(struct dry *d, struct asl_text state, const asl_value *parameters,
                      struct place *p)
{
    const char *route = aws_route_of_state(d->aws, state, "http"),
               *url = text_of(parameters, "ApiEndpoint");
    snprintf(p->where, sizeof p->where, "%s", route ? route : url ? url : AT_RUN_TIME);
    snprintf(p->why, sizeof p->why, "%s",
             !route                                  ? "http:invoke calls its ApiEndpoint"
             : route == aws_route_of(d->aws, "http") ? "the route http"
                                                     : "the route of its state");
}

static void find_api_gateway(struct dry *d, struct asl_text state, const asl_value *parameters,
                             struct place *p)
{
    char url[512], message[512];
    const char *route = aws_route_of_state(d->aws, state, "execute-api"),
               *host = text_of(parameters, "ApiEndpoint");
    if (!host && !route) {
        snprintf(p->where, sizeof p->where, AT_RUN_TIME);
        snprintf(p->why, sizeof p->why, "its ApiEndpoint, where --aws allows it");
    } else if (aws_base_url(d->aws, state, host ? host : "localhost", url, message)) {
        snprintf(p->where, sizeof p->where, "%s", url);
        snprintf(p->why, sizeof p->why, "%s",
                 !route                                         ? "its ApiEndpoint"
                 : route == aws_route_of(d->aws, "execute-api") ? "the route execute-api"
                                                                : "the route of its state");
    } else
        nowhere(d, p, message);
}

static void find(struct dry *d, const struct state *s, const asl_value *text, struct place *p)
{
    const struct resource *r = &s->of.task.resource;
    struct asl_text state = value_as_text(s->name);
    const asl_value *parameters = value_get_z(text, "Parameters");
    if (!parameters)
        parameters = value_get_z(text, "Arguments");
    if (parameters && value_kind(parameters) != VALUE_OBJECT)
        parameters = NULL;
    asl_value *none = value_empty_object();
    parameters = parameters ? parameters : none;
    if (strncmp(r->arn, "${", 2) == 0) {
        snprintf(p->where, sizeof p->where, AT_RUN_TIME);
        snprintf(p->why, sizeof p->why, "give its Resource with --var");
    } else if (r->family == TASK_ACTIVITY) {
        snprintf(p->where, sizeof p->where, "a worker");
        snprintf(p->why, sizeof p->why, "an activity: whoever asks GetActivityTask");
    } else if (strcmp(r->type, "http") == 0)
        find_http(d, state, parameters, p);
    else if (strcmp(r->type, "apigateway") == 0)
        find_api_gateway(d, state, parameters, p);
    else
        find_call(d, r, s->name, parameters, p);
    value_release(none);
}

/* ---- the walk: the compiled states beside the text they came from ---- */

static void push(struct dry *d, const struct state *s, const struct place *p)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "state", value_retain(s->name));
    value_list_set_take(&l, "resource", value_string_z(s->of.task.resource.arn));
    value_list_set_take(&l, "where", value_string_z(p->where));
    value_list_set_take(&l, "why", value_string_z(p->why));
    value_list_push_take(&d->rows, value_object_take(&l));
}

static void walk(struct dry *d, const struct states *states, const asl_value *text)
{
    const asl_value *texts = value_get_z(text, "States");
    for (size_t i = 0; i < states->count; i++) {
        const struct state *s = states->states[i];
        const asl_value *own = texts ? value_get(texts, value_as_text(s->name)) : NULL;
        struct place p = {"", ""};
        if (s->kind == STATE_TASK) {
            find(d, s, own, &p);
            push(d, s, &p);
        } else if (s->kind == STATE_PARALLEL) {
            const asl_value *branches = value_get_z(own, "Branches");
            for (size_t b = 0; b < s->of.parallel.count; b++)
                walk(d, s->of.parallel.branches[b], value_at(branches, b));
        } else if (s->kind == STATE_MAP) {
            const asl_value *inner = value_get_z(own, "ItemProcessor");
            walk(d, s->of.map.processor, inner ? inner : value_get_z(own, "Iterator"));
        }
    }
}

/* ---- telling ---- */

static size_t width(const struct dry *d, const char *member, size_t most)
{
    size_t widest = strlen(member);
    for (size_t i = 0; i < d->rows.count; i++) {
        size_t size = value_as_text(value_get_z(d->rows.items[i], member)).size;
        if (size > widest)
            widest = size;
    }
    return widest < most ? widest : most;
}

static void print(const struct dry *d)
{
    static const char *const columns[] = {"state", "resource", "where", "why"};
    int widths[4] = {(int)width(d, "state", 40), (int)width(d, "resource", 70),
                     (int)width(d, "where", 60), 0};
    for (size_t i = 0; i < d->rows.count; i++)
        for (size_t c = 0; c < 4; c++) {
            struct asl_text t = value_as_text(value_get_z(d->rows.items[i], columns[c]));
            printf("%-*.*s%s", widths[c], ASL_TEXT_ARGS(t), c < 3 ? "  " : "\n");
        }
    if (d->rows.count == 0)
        puts("no Task: nothing is called");
}

/* ---- life ---- */

static const char *stand_in(void *state, const char *service)
{
    (void)state;
    bool is_ours =
        local_offers(service) || strcmp(service, "lambda") == 0 || strcmp(service, "sfn") == 0;
    return is_ours ? STAND_IN : NULL;
}

static bool open_all(struct dry *d, const struct session_settings *settings)
{
    char message[512];
    d->loop = loop_new(LOOP_REAL, 1);
    d->http = http_out_new(d->loop, 1, 1);
    d->catalogue = catalogue_new();
    const struct aws_options options = {
        .loop = d->loop,
        .http = d->http,
        .catalogue = d->catalogue,
        .environment = (const char *const *)environ,
        .profile = settings->profile,
        .region = settings->region,
        .real = settings->aws,
        .stand_in = stand_in,
    };
    const struct lambda_options functions = {.loop = d->loop};
    d->lambda = lambda_new(&functions);
    d->aws = aws_new(&options, message);
    if (!d->aws)
        cli_fail(EXIT_WRONG_USAGE, "%s", message);
    return d->aws && routes_read(d->aws, d->lambda, &settings->routes, settings->routes_file);
}

static void close_all(struct dry *d)
{
    value_list_free(&d->rows);
    value_release(d->definition);
    aws_free(d->aws);
    lambda_free(d->lambda);
    catalogue_free(d->catalogue);
    http_out_free(d->http);
    loop_free(d->loop);
}

static int look(struct dry *d, const char *path, struct asl_text definition, bool json)
{
    struct asl_diagnostics diagnostics = {0};
    const struct asl_catalogue known = catalogue_for_definitions(d->catalogue);
    asl_machine *m = asl_template_compile(definition, false, &known, &diagnostics, &d->definition);
    cli_print_diagnostics(stderr, path, &diagnostics);
    asl_diagnostics_free(&diagnostics);
    if (!m)
        return EXIT_WRONG_USAGE;
    walk(d, &m->root, d->definition);
    asl_machine_release(m);
    size_t lost = d->lost;
    if (json) {
        asl_value *rows = value_array_take(&d->rows);
        cli_print_json(rows);
        value_release(rows);
    } else
        print(d);
    return lost ? EXIT_REFUSED : EXIT_FINE;
}

int dry_run(const struct session_settings *settings, const struct texts *variables,
            const char *path, bool json)
{
    struct dry d = {.loop = NULL};
    struct asl_buffer text;
    int status = EXIT_WRONG_USAGE;
    value_list_init(&d.rows);
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (open_all(&d, settings) && cli_read_file(path, DEFINITION_MAXIMUM, &text) &&
        cli_substitute(variables, &text))
        status = look(&d, path, asl_buffer_text(&text), json);
    close_all(&d);
    asl_buffer_free(&text);
    return status;
}

static int command(const struct command *c, int argc, char **argv)
{
    struct session_settings settings = {0};
    struct texts rest = {0}, variables = {0};
    bool json = false;
    const struct option options[] = {
        {"route", OPTION_LIST, "WHERE=TO", "as of `run`", &settings.routes},
        {"routes", OPTION_TEXT, "FILE", "as of `run`", &settings.routes_file},
        {"var", OPTION_LIST, "NAME=VALUE", "for ${NAME} in the definition", &variables},
        {"aws", OPTION_FLAG, NULL, "calls may go to real AWS", &settings.aws},
        {"profile", OPTION_TEXT, "NAME", "of the AWS configuration files", &settings.profile},
        {"region", OPTION_TEXT, "NAME", "default: the AWS configuration's", &settings.region},
        {"json", OPTION_FLAG, NULL, "an array of {state, resource, where, why}", &json},
        {0},
    };
    int status = cli_options(c, options, argc, argv, &rest);
    if (status < 0 && rest.count != 1)
        status = cli_fail(EXIT_WRONG_USAGE,
                          "routes wants one definition file; `stepwell routes --help`");
    if (status < 0)
        status = dry_run(&settings, &variables, rest.items[0], json);
    texts_free(&rest);
    texts_free(&variables);
    session_settings_free(&settings);
    return status;
}

const struct command command_routes = {
    "routes",
    "DEFINITION",
    "tells where each Task's call would go, and makes none",
    "A line a Task: its state, its resource, where the call goes and why. Ends with 1 when a Task "
    "has\n"
    "nowhere to go, 2 when the definition or a route is wrong.\n"
    "\n"
    "example:\n"
    "  stepwell routes order.asl.json --route function:price=node:price/index.handler",
    command,
};
