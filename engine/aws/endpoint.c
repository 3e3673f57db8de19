/* Where a call goes. The rules are a table in the order of DESIGN; each looks and says yes or
 * no. */
#include "endpoint.h"

#include "endpoint_table.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/loop/address.h"
#include "engine/loop/http_out.h"

struct lookup {
    const struct endpoint_rules *rules;
    const struct endpoint_about *about;
    const struct catalogue_service *service;
    struct endpoint *out;
    char *message; /* 512 bytes; set: the lookup ends here without a place */
};

/* ---- what may stand in a configuration ---- */

bool endpoint_region_is_good(const char *region)
{
    size_t size = strlen(region);
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)region[i]) && (region[i] != '-' || i == 0))
            return false;
    return size > 0 && size < 64;
}

bool endpoint_url_is_good(const char *url)
{
    char host[256];
    size_t size = strlen(url);
    if ((strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) || size >= 500)
        return false;
    for (size_t i = 0; i < size; i++)
        if (url[i] <= ' ' || url[i] > '~' || strchr("?#@\\\"<>^`{|}", url[i]))
            return false;
    http_url_host(url, host, sizeof host);
    return host[0] != '\0';
}

bool endpoint_url_is_local(const char *url)
{
    char host[256];
    http_url_host(url, host, sizeof host);
    return address_host_is_loopback(host);
}

/* ---- real hosts ---- */

/* "<prefix>-word-number" for one of the prefixes. */
static bool region_has_prefix(const char *region, const char *prefixes)
{
    for (const char *at = prefixes; *at;) {
        size_t size = strcspn(at, "|");
        if (strncmp(region, at, size) == 0 && region[size] == '-') {
            const char *word = region + size + 1;
            size_t letters = strspn(word, "abcdefghijklmnopqrstuvwxyz");
            if (letters > 0 && word[letters] == '-' && isdigit((unsigned char)word[letters + 1]))
                return true;
        }
        at += size + (at[size] == '|');
    }
    return false;
}

static const struct endpoint_partition *partition_of(const char *region)
{
    for (size_t i = 0; i < endpoint_partition_count; i++)
        if (region_has_prefix(region, endpoint_partitions[i].prefixes))
            return &endpoint_partitions[i];
    return &endpoint_partitions[0];
}

const char *endpoint_partition(const char *region)
{
    return partition_of(region)->name;
}

static const struct endpoint_row *row_of(const char *partition, const char *service,
                                         const char *region, const char *kind)
{
    for (size_t i = 0; i < endpoint_row_count; i++) {
        const struct endpoint_row *r = &endpoint_rows[i];
        if (strcmp(r->service, service) == 0 && strcmp(r->partition, partition) == 0 &&
            strcmp(r->kind, kind) == 0 &&
            (strcmp(r->region, "*") == 0 || strcmp(r->region, region) == 0))
            return r;
    }
    return NULL;
}

static bool fill_host(const struct endpoint_row *row, const char *region, char host[256])
{
    const char *hole = strstr(row->host, "{region}");
    int size = hole ? snprintf(host, 256, "%.*s%s%s", (int)(hole - row->host), row->host, region,
                               hole + strlen("{region}"))
                    : snprintf(host, 256, "%s", row->host);
    return size > 0 && size < 256;
}

bool endpoint_real_host(const char *endpoint_prefix, const char *region, const char *kind,
                        char host[256], char signing_region[64])
{
    const struct endpoint_partition *p = partition_of(region);
    const struct endpoint_row *row = row_of(p->name, endpoint_prefix, region, kind);
    bool dual = strstr(kind, "dualstack") && p->dual_suffix[0];
    snprintf(signing_region, 64, "%s",
             row && row->signing_region[0] ? row->signing_region : region);
    if (row)
        return fill_host(row, region, host);
    int size =
        snprintf(host, 256, "%s%s.%s.%s", endpoint_prefix, strstr(kind, "fips") ? "-fips" : "",
                 region, dual ? p->dual_suffix : p->suffix);
    return size > 0 && size < 256;
}

/* ---- the rules ---- */

static bool refuse(struct lookup *l, const char *what)
{
    snprintf(l->message, 512, "%s", what);
    return false;
}

/* Takes a configured URL; `from` names where it was written. */
static bool take(struct lookup *l, enum endpoint_origin origin, const char *url, const char *from)
{
    struct endpoint *e = l->out;
    const char *region = l->rules->region ? l->rules->region : ENDPOINT_DEFAULT_REGION;
    if (!endpoint_url_is_good(url)) {
        snprintf(l->message, 512,
                 "%s is no URL that can be called: it must be http:// or https://, a "
                 "host, and at most a port and a path",
                 from);
        return false;
    }
    e->origin = origin;
    snprintf(e->url, sizeof e->url, "%s", url);
    for (size_t size = strlen(e->url); size > 0 && e->url[size - 1] == '/'; size--)
        e->url[size - 1] = '\0';
    snprintf(e->signing_region, sizeof e->signing_region, "%s", region);
    e->local = endpoint_url_is_local(url);
    snprintf(e->why, sizeof e->why, "%s", from);
    return true;
}

static bool take_real(struct lookup *l, const char *why)
{
    static const char *const kinds[] = {"", "fips", "dualstack", "fips,dualstack"};
    const struct config *c = l->rules->config;
    const char *region = l->rules->region;
    char host[256];
    struct endpoint *e = l->out;
    bool fips = config_is_on(c, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
    bool dual = config_is_on(c, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
    if (!region)
        return refuse(
            l, "You must specify a region: set AWS_REGION, a profile's `region`, or --region");
    if (!endpoint_real_host(l->service->endpoint_prefix, region, kinds[fips + 2 * dual], host,
                            e->signing_region))
        return refuse(l, "the service's host name is too long");
    e->origin = ENDPOINT_REAL;
    e->local = false;
    snprintf(e->url, sizeof e->url, "https://%s", host);
    snprintf(e->why, sizeof e->why, "%s", why);
    return true;
}

/* The name at the end of "name", "name:qualifier" or a function's ARN; with `qualifier` that too.
 */
static struct asl_text function_name(struct asl_text given, bool qualifier)
{
    struct asl_text name = given;
    for (size_t i = 0; i + 9 <= given.size; i++)
        if (strncmp(given.data + i, "function:", 9) == 0)
            name = (struct asl_text){given.data + i + 9, given.size - i - 9};
    const char *colon = name.size ? memchr(name.data, ':', name.size) : NULL;
    if (colon && !qualifier)
        name.size = (size_t)(colon - name.data);
    return name;
}

/* What a route for this call may be called, the nearest first; false: such a route has no meaning
 * for it. Asked of every call: what does not apply is not written. */
static bool route_name(const struct lookup *l, size_t form, char out[1024])
{
    const struct endpoint_about *a = l->about;
    bool applies[] = {a->state.size > 0,
                      a->function.size > 0,
                      a->function.size > 0,
                      a->function.size > 0,
                      a->action != NULL,
                      true,
                      true};
    if (!applies[form])
        return false;
    struct asl_text function = form <= 2 ? function_name(a->function, form == 1) : a->function;
    if (form == 0)
        snprintf(out, 1024, "state:%.*s", ASL_TEXT_ARGS(a->state));
    else if (form <= 2)
        snprintf(out, 1024, "function:%.*s", ASL_TEXT_ARGS(function));
    else if (form == 4)
        snprintf(out, 1024, "%s:%s", l->service->arn_name, a->action);
    else
        snprintf(out, 1024, "%s",
                 form == 3   ? "function:*"
                 : form == 5 ? l->service->arn_name
                             : "*");
    return true;
}
#define ROUTE_FORMS 7

static bool is_route(const char *where, const char *wanted)
{
    bool is_named = strncmp(wanted, "state:", 6) == 0 || strncmp(wanted, "function:", 9) == 0;
    return is_named ? strcmp(where, wanted) == 0 : strcasecmp(where, wanted) == 0;
}

/* A path of the stand-in, or the stand-in as it is. */
static bool take_local(struct lookup *l, const char *path, const char *why)
{
    char url[1024];
    const struct endpoint_rules *r = l->rules;
    const char *base = r->stand_in ? r->stand_in(r->stand_in_state, l->service->arn_name) : NULL;
    if (!base) {
        snprintf(l->message, 512, "%s goes to the stand-in, and there is none for %s", why,
                 l->service->arn_name);
        return false;
    }
    snprintf(url, sizeof url, "%s%s", base, path);
    return take(l, ENDPOINT_ROUTE, url, why);
}

static bool take_route(struct lookup *l, const struct endpoint_route *r)
{
    char why[160];
    snprintf(why, sizeof why, "the route %.120s", r->where);
    if (strcmp(r->url, "aws") == 0)
        return take_real(l, why);
    if (strcmp(r->url, "local") == 0 || r->url[0] == '/')
        return take_local(l, r->url[0] == '/' ? r->url : "", why);
    return take(l, ENDPOINT_ROUTE, r->url, why);
}

static bool by_route(struct lookup *l)
{
    char wanted[1024];
    for (size_t form = 0; form < ROUTE_FORMS; form++)
        if (l->rules->route_count && route_name(l, form, wanted))
            for (size_t i = 0; i < l->rules->route_count; i++)
                if (is_route(l->rules->routes[i].where, wanted))
                    return take_route(l, &l->rules->routes[i]);
    return false;
}

static bool ignores_configured(const struct lookup *l)
{
    return config_is_on(l->rules->config, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                        "ignore_configured_endpoint_urls");
}

/* "Step Functions" would be STEP_FUNCTIONS; the id is "SFN". */
static void service_key(const char *id, bool upper, char *out, size_t size)
{
    size_t i = 0;
    for (; id[i] && i + 1 < size; i++) {
        unsigned char c = (unsigned char)id[i];
        out[i] = c == ' ' || c == '-' ? '_' : (char)(upper ? toupper(c) : tolower(c));
    }
    out[i] = '\0';
}

static bool by_service_variable(struct lookup *l)
{
    char name[160] = "AWS_ENDPOINT_URL_";
    size_t prefix = strlen(name);
    service_key(l->service->id, true, name + prefix, sizeof name - prefix);
    const char *url = config_variable(l->rules->config, name);
    return url && !ignores_configured(l) && take(l, ENDPOINT_SERVICE_VARIABLE, url, name);
}

static bool by_variable(struct lookup *l)
{
    const char *url = config_variable(l->rules->config, "AWS_ENDPOINT_URL");
    return url && !ignores_configured(l) && take(l, ENDPOINT_VARIABLE, url, "AWS_ENDPOINT_URL");
}

static bool by_profile(struct lookup *l)
{
    const struct config *c = l->rules->config;
    const char *services = config_value(c, c->profile, "services");
    const char *url = config_value(c, c->profile, "endpoint_url");
    char key[128];
    if (ignores_configured(l))
        return false;
    service_key(l->service->id, false, key, sizeof key);
    if (services) {
        const struct ini_property *own =
            ini_nested(ini_property(config_named(c, "services", services), key), "endpoint_url");
        if (own && own->value[0])
            return take(l, ENDPOINT_PROFILE, own->value, "the profile's [services] endpoint_url");
    }
    return url && take(l, ENDPOINT_PROFILE, url, "the profile's endpoint_url");
}

static bool by_real(struct lookup *l)
{
    return l->rules->real && take_real(l, "real AWS, as asked for");
}

static bool by_stand_in(struct lookup *l)
{
    const struct endpoint_rules *r = l->rules;
    const char *url = r->stand_in ? r->stand_in(r->stand_in_state, l->service->arn_name) : NULL;
    return url && take(l, ENDPOINT_STAND_IN, url, "the embedded stand-in");
}

static bool (*const rules_in_order[])(struct lookup *l) = {
    by_route, by_service_variable, by_variable, by_profile, by_real, by_stand_in,
};

bool endpoint_find(const struct endpoint_rules *rules, const struct endpoint_about *about,
                   struct endpoint *out, char message[512])
{
    const struct catalogue_service *service = about->service;
    struct lookup l = {rules, about, service, out, message};
    char key[128];
    message[0] = '\0';
    for (size_t i = 0; i < sizeof rules_in_order / sizeof *rules_in_order; i++) {
        if (rules_in_order[i](&l))
            return true;
        if (message[0])
            return false;
    }
    service_key(service->id, true, key, sizeof key);
    snprintf(message, 512,
             "nothing answers for %s here: set AWS_ENDPOINT_URL_%s to a URL that speaks "
             "its API, route it with --route %s=URL, or allow real AWS with --aws",
             service->arn_name, key, service->arn_name);
    return false;
}
