/* The door: configuration, and where a call goes. Calls themselves are call.c's. */
#include "aws_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/loop/loop.h"

#define ATTEMPTS         3
#define ATTEMPTS_MAXIMUM 20 /* what AWS's tools take */

static int64_t system_clock(void *state)
{
    struct timespec now;
    (void)state;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t aws_wall_now(const struct aws *a)
{
    return a->wall_clock(a->wall_clock_state) + a->skew_ms;
}

static bool read_region(struct aws *a, const char *flag, char message[512])
{
    const char *region = flag ? flag : config_region(&a->config);
    if (!region)
        return true;
    if (!endpoint_region_is_good(region)) {
        snprintf(message, 512,
                 "the region is not one: letters, digits and hyphens, such as us-east-1");
        return false;
    }
    a->region = asl_copy_text(asl_text(region));
    return true;
}

static bool read_attempts(struct aws *a, char message[512])
{
    const char *text = config_variable(&a->config, "AWS_MAX_ATTEMPTS");
    if (!text)
        text = config_value(&a->config, a->config.profile, "max_attempts");
    a->attempts = ATTEMPTS;
    if (!text)
        return true;
    char *end;
    long n = strtol(text, &end, 10);
    if (*end != '\0' || n < 1 || n > ATTEMPTS_MAXIMUM) {
        snprintf(message, 512, "AWS_MAX_ATTEMPTS (max_attempts) must be a number from 1 to %d",
                 ATTEMPTS_MAXIMUM);
        return false;
    }
    a->attempts = (size_t)n;
    return true;
}

static void read_ca_bundle(struct aws *a)
{
    const char *path = config_variable(&a->config, "AWS_CA_BUNDLE");
    if (!path)
        path = config_value(&a->config, a->config.profile, "ca_bundle");
    a->ca_bundle = path ? config_expand(&a->config, path) : NULL;
}

struct aws *aws_new(const struct aws_options *o, char message[512])
{
    struct aws *a = asl_allocate_zeroed(1, sizeof *a);
    if (!config_load(&a->config, o->environment, o->profile, message)) {
        free(a);
        return NULL;
    }
    a->loop = o->loop;
    a->http = o->http;
    a->catalogue = o->catalogue;
    a->wall_clock = o->wall_clock ? o->wall_clock : system_clock;
    a->wall_clock_state = o->wall_clock_state;
    a->ask_code = o->ask_code;
    a->ask_state = o->ask_state;
    a->credentials = credentials_cache_new(a);
    if (!read_region(a, o->region, message) || !read_attempts(a, message)) {
        aws_free(a);
        return NULL;
    }
    read_ca_bundle(a);
    a->rules = (struct endpoint_rules){
        .config = &a->config,
        .region = a->region,
        .real = o->real,
        .stand_in = o->stand_in,
        .stand_in_state = o->stand_in_state,
    };
    return a;
}

void aws_free(struct aws *a)
{
    if (!a)
        return;
    aws_orphans_cancel(a);
    aws_places_forget(a);
    credentials_cache_free(a->credentials);
    for (size_t i = 0; i < a->rules.route_count; i++) {
        free(a->routes[i].where);
        free(a->routes[i].url);
    }
    free(a->routes);
    free(a->region);
    free(a->ca_bundle);
    config_free(&a->config);
    free(a);
}

const char *aws_region(const struct aws *a)
{
    return a->region ? a->region : ENDPOINT_DEFAULT_REGION;
}

struct catalogue *aws_catalogue(struct aws *a)
{
    return a->catalogue;
}

/* ---- routes ---- */

/* What can be routed though no service model tells of it. */
static bool is_unmodelled(const char *where)
{
    return strcmp(where, "*") == 0 || strcmp(where, "execute-api") == 0 ||
           strcmp(where, "http") == 0 || (strncmp(where, "state:", 6) == 0 && where[6]) ||
           (strncmp(where, "function:", 9) == 0 && where[9]);
}

static bool knows_service(struct aws *a, const char *where, char message[512])
{
    struct asl_text name = {where, strcspn(where, ":")};
    char near[128];
    const struct catalogue_service *s;
    if (is_unmodelled(where))
        return true;
    if (!(s = catalogue_service(a->catalogue, name))) {
        bool found = catalogue_suggest_service(a->catalogue, name, near, sizeof near);
        snprintf(message, 512, "no AWS service is called '%.*s'%s%s%s", ASL_TEXT_ARGS(name),
                 found ? " (did you mean '" : "", found ? near : "", found ? "'?)" : "");
        return false;
    }
    if (where[name.size] == ':' && !catalogue_operation(s, asl_text(where + name.size + 1))) {
        snprintf(message, 512, "%s has no action called '%s'", s->arn_name, where + name.size + 1);
        return false;
    }
    return true;
}

bool aws_route(struct aws *a, const char *where, const char *url, char message[512])
{
    if (!knows_service(a, where, message))
        return false;
    if (strcmp(url, "aws") != 0 && strcmp(url, "local") != 0 && url[0] != '/' &&
        !endpoint_url_is_good(url)) {
        snprintf(
            message, 512,
            "the route for %.200s must go to an http:// or https:// URL, to `aws` or `local`, or, "
            "for Lambda functions, to exec:, sh:, node:, python: or runtime:",
            where);
        return false;
    }
    size_t count = a->rules.route_count;
    a->routes = asl_reallocate(a->routes, (count + 1) * sizeof *a->routes);
    a->routes[count] =
        (struct endpoint_route){asl_copy_text(asl_text(where)), asl_copy_text(asl_text(url))};
    a->rules.routes = a->routes;
    a->rules.route_count = count + 1;
    aws_places_forget(a);
    return true;
}

struct asl_text aws_function_of(const struct catalogue_operation *o, const asl_value *parameters)
{
    const asl_value *name = NULL;
    if (parameters && strcmp(o->service->arn_name, "lambda") == 0) {
        name = value_get_z(parameters, "FunctionName");
        name = name ? name : value_get_z(parameters, "functionName");
    }
    return name && value_kind(name) == VALUE_STRING ? value_as_text(name)
                                                    : (struct asl_text){NULL, 0};
}

bool aws_where_of(struct aws *a, const struct catalogue_operation *operation, struct asl_text state,
                  const asl_value *parameters, char url[512], char why[160], char message[512])
{
    struct endpoint e;
    char action[128];
    const struct endpoint_about about = {operation->service, action, state,
                                         aws_function_of(operation, parameters)};
    catalogue_action(operation, action, sizeof action);
    if (!endpoint_find(&a->rules, &about, &e, message))
        return false;
    snprintf(url, 512, "%s", e.url);
    snprintf(why, 160, "%s", e.why);
    return true;
}

bool aws_where(struct aws *a, const struct catalogue_operation *operation, char url[512],
               char why[160], char message[512])
{
    return aws_where_of(a, operation, (struct asl_text){NULL, 0}, NULL, url, why, message);
}

bool aws_is_set(struct aws *a, const struct catalogue_operation *operation)
{
    struct endpoint e;
    char action[128], message[512];
    const struct endpoint_about about = {.service = operation->service, .action = action};
    catalogue_action(operation, action, sizeof action);
    return endpoint_find(&a->rules, &about, &e, message) && e.origin != ENDPOINT_STAND_IN;
}

const char *aws_route_of(const struct aws *a, const char *service)
{
    for (size_t i = 0; i < a->rules.route_count; i++)
        if (strcmp(a->routes[i].where, service) == 0)
            return a->routes[i].url;
    return NULL;
}

const char *aws_route_of_state(const struct aws *a, struct asl_text state, const char *service)
{
    static const char mark[] = "state:";
    for (size_t i = 0; state.size && i < a->rules.route_count; i++)
        if (strncmp(a->routes[i].where, mark, sizeof mark - 1) == 0 &&
            asl_text_is(state, a->routes[i].where + sizeof mark - 1))
            return a->routes[i].url;
    return aws_route_of(a, service);
}

bool aws_place(struct aws *a, struct asl_text state, const char *where, const char *asked,
               char url[512], char message[512])
{
    const char *route = aws_route_of_state(a, state, where);
    bool is_routed = route && strcmp(route, "aws") != 0;
    if (!endpoint_url_is_good(asked)) {
        snprintf(message, 512, "'%.200s' is no URL that can be called", asked);
        return false;
    }
    if (!is_routed && !route && !a->rules.real && !endpoint_url_is_local(asked)) {
        snprintf(message, 512,
                 "nothing may be sent to %.200s: route it with --route %s=URL, or "
                 "allow real AWS with --aws",
                 strstr(asked, "://") + 3, where);
        return false;
    }
    if (is_routed && !endpoint_url_is_good(route)) {
        snprintf(
            message, 512,
            "its route goes to '%.200s', and only an http:// or https:// URL can take this call",
            route);
        return false;
    }
    snprintf(url, 512, "%s", is_routed ? route : asked);
    for (size_t size = strlen(url); size > 0 && url[size - 1] == '/'; size--)
        url[size - 1] = '\0';
    return true;
}

bool aws_base_url(struct aws *a, struct asl_text state, const char *host, char url[512],
                  char message[512])
{
    char asked[512];
    if (snprintf(asked, sizeof asked, "http://%s", host) >= (int)sizeof asked - 1 ||
        !endpoint_url_is_good(asked) || strchr(host, '/')) {
        snprintf(message, 512, "'%.200s' is no host", host);
        return false;
    }
    if (!endpoint_url_is_local(asked))
        snprintf(asked, sizeof asked, "https://%s", host);
    return aws_place(a, state, "execute-api", asked, url, message);
}
