/* IAM Identity Center: the token that `aws sso login` left in ~/.aws/sso/cache buys a role's
 * credentials (sso:GetRoleCredentials). Logging in is the AWS CLI's work; we say when it is due.
 *
 *   READ -fresh-> ASK -> found
 *     |             ^
 *     +-due-> REFRESH (sso-oidc:CreateToken; the new token goes into the cache, for the CLI too)
 *
 * Only what an sso-session left can be refreshed. A refresh that fails is no harm while the old
 * token lasts. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "engine/aws/aws_internal.h"

#define FILE_MAXIMUM 65536
/* A token is renewed that long before it ends: botocore's fifteen minutes. */
#define EARLY_MS (INT64_C(15) * 60 * 1000)

struct sso {
    const char *region, *account, *role;
    const char *cache_key; /* the session's name, or the start URL of older profiles */
};

static const char *value_in(const struct ini_section *s, const char *key)
{
    const struct ini_property *p = ini_property(s, key);
    return p && p->value[0] ? p->value : NULL;
}

static enum credentials_result find(struct credentials_search *s, struct sso *out)
{
    const char *session = config_value(s->config, s->profile, "sso_session");
    const char *url = config_value(s->config, s->profile, "sso_start_url");
    *out = (struct sso){
        .region = config_value(s->config, s->profile, "sso_region"),
        .account = config_value(s->config, s->profile, "sso_account_id"),
        .role = config_value(s->config, s->profile, "sso_role_name"),
        .cache_key = session ? session : url,
    };
    if (!out->cache_key || !out->account || !out->role)
        return CREDENTIALS_NONE;
    if (session) {
        const struct ini_section *section = config_named(s->config, "sso-session", session);
        if (!section)
            return credentials_broken(
                s,
                "SSO: profile %.100s names the sso-session %.100s, which %.200s "
                "does not have",
                s->profile, session, s->config->config_path);
        out->region = value_in(section, "sso_region");
    }
    if (!out->region || !endpoint_region_is_good(out->region))
        return credentials_broken(s, "SSO: profile %.100s has no valid sso_region", s->profile);
    return CREDENTIALS_LATER;
}

/* ~/.aws/sso/cache/<SHA-1 of the key>.json */
static char *cache_path(const struct config *c, const char *key)
{
    unsigned char digest[20];
    char name[80] = "~/.aws/sso/cache/";
    size_t at = strlen(name);
    EVP_Digest(key, strlen(key), digest, NULL, EVP_sha1(), NULL);
    for (size_t i = 0; i < sizeof digest; i++)
        at += (size_t)snprintf(name + at, sizeof name - at, "%02x", digest[i]);
    snprintf(name + at, sizeof name - at, ".json");
    return config_expand(c, name);
}

static asl_value *read_cache(const struct config *c, const char *key)
{
    struct asl_buffer text;
    struct value_error error;
    char *path = cache_path(c, key);
    bool read = config_read_file(path, FILE_MAXIMUM, &text);
    free(path);
    if (!read)
        return NULL;
    asl_value *v = value_parse(asl_buffer_text(&text), 0, 0, &error);
    explicit_bzero(text.data, text.size);
    asl_buffer_free(&text);
    return v;
}

static const char *text_in(const asl_value *cache, const char *key)
{
    const asl_value *v = value_get_z(cache, key);
    return v && value_kind(v) == VALUE_STRING && value_as_text(v).size ? value_as_text(v).data
                                                                       : NULL;
}

/* Is there a token that lasts until then? */
static bool lasts_until(const asl_value *cache, int64_t moment_ms)
{
    const char *until = text_in(cache, "expiresAt");
    int64_t ms;
    return text_in(cache, "accessToken") && until && credentials_moment(until, &ms) &&
           ms > moment_ms;
}

static bool is_refreshable(const asl_value *cache, int64_t now_ms)
{
    const char *until = text_in(cache, "registrationExpiresAt");
    int64_t ms;
    return text_in(cache, "refreshToken") && text_in(cache, "clientId") &&
           text_in(cache, "clientSecret") && until && credentials_moment(until, &ms) && ms > now_ms;
}

/* ---- while somebody is asked ---- */

struct sso_search {
    struct credentials_search *search;
    struct sso sso;
    asl_value *cache;
    struct aws_call *call;
};

static void sso_free(struct sso_search *o)
{
    value_release(o->cache);
    free(o);
}

static void cancel(void *handle)
{
    struct sso_search *o = handle;
    if (o->call)
        aws_call_cancel(o->call);
    sso_free(o);
}

static void end(struct sso_search *o, enum credentials_result result)
{
    struct credentials_search *s = o->search;
    sso_free(o);
    credentials_answer(s, result);
}

static enum credentials_result expired(struct credentials_search *s)
{
    return credentials_broken(s,
                              "SSO: the session has expired or was never begun: run `aws sso "
                              "login --profile %.100s`",
                              s->profile);
}

static const struct catalogue_operation *operation_of(struct credentials_search *s,
                                                      const char *service, const char *action)
{
    return catalogue_operation(catalogue_service(s->aws->catalogue, asl_text(service)),
                               asl_text(action));
}

static enum credentials_result take(struct credentials_search *s, const asl_value *role)
{
    if (!role)
        return credentials_broken(s, "SSO: the answer holds no credentials");
    const asl_value *id = value_get_z(role, "AccessKeyId");
    const asl_value *secret = value_get_z(role, "SecretAccessKey");
    const asl_value *token = value_get_z(role, "SessionToken");
    const asl_value *until = value_get_z(role, "Expiration");
    if (!id || !secret || !token || !until || !value_as_integer(until, &(int64_t){0}))
        return credentials_broken(s, "SSO: the answer holds no credentials");
    enum credentials_result result = credentials_set(
        s, value_as_text(id).data, value_as_text(secret).data, value_as_text(token).data, NULL);
    if (result == CREDENTIALS_FOUND)
        value_as_integer(until, &s->found.expires_ms); /* milliseconds, here alone */
    return result;
}

static void on_role(void *state, const struct aws_outcome *o)
{
    struct sso_search *x = state;
    struct credentials_search *s = x->search;
    x->call = NULL;
    if (o->answer.failed)
        end(x, credentials_broken(s, "SSO: %.400s; run `aws sso login --profile %.60s`",
                                  o->answer.message, s->profile));
    else
        end(x, take(s, value_get_z(o->answer.output, "RoleCredentials")));
}

static void ask(struct sso_search *o)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "roleName", value_string_z(o->sso.role));
    value_list_set_take(&l, "accountId", value_string_z(o->sso.account));
    value_list_set_take(&l, "accessToken", value_retain(value_get_z(o->cache, "accessToken")));
    asl_value *parameters = value_object_take(&l);
    struct aws_ask call = {
        .operation = operation_of(o->search, "sso", "getRoleCredentials"),
        .names = PROTOCOL_STATES,
        .parameters = parameters,
        .region = o->sso.region,
    };
    o->call = aws_call(o->search->aws, &call, on_role, o);
    value_release(parameters);
}

/* ---- a new token ---- */

/* Whole or not at all, and for its owner alone: the AWS CLI reads it as well. */
static void write_cache(const struct config *c, const char *key, const asl_value *cache)
{
    struct asl_buffer text, temporary;
    char *path = cache_path(c, key);
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&temporary, 8192);
    value_print(cache, &text);
    asl_buffer_printf(&temporary, "%s.%ld", path, (long)getpid());
    int fd = open(temporary.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0 && write(fd, text.data, text.size) == (ssize_t)text.size;
    if (fd >= 0 && (close(fd) != 0 || !good || rename(temporary.data, path) != 0))
        unlink(temporary.data);
    explicit_bzero(text.data, text.size);
    asl_buffer_free(&text);
    asl_buffer_free(&temporary);
    free(path);
}

static asl_value *moment_of(int64_t ms)
{
    char text[32];
    time_t seconds = (time_t)(ms / 1000);
    struct tm t;
    gmtime_r(&seconds, &t);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &t);
    return value_string_z(text);
}

/* The cache with what CreateToken answered; false: it answered nothing of use. */
static bool renew(struct sso_search *o, const asl_value *answer)
{
    const asl_value *token = value_get_z(answer, "AccessToken");
    const asl_value *seconds = value_get_z(answer, "ExpiresIn");
    const asl_value *refresh = value_get_z(answer, "RefreshToken");
    int64_t lasts;
    if (!token || value_kind(token) != VALUE_STRING || !seconds ||
        !value_as_integer(seconds, &lasts) || lasts <= 0 || lasts > INT32_MAX)
        return false;
    o->cache = value_with_take(o->cache, value_string_z("accessToken"), value_retain(token));
    o->cache = value_with_take(o->cache, value_string_z("expiresAt"),
                               moment_of(o->search->now_ms + lasts * 1000));
    if (refresh)
        o->cache = value_with_take(o->cache, value_string_z("refreshToken"), value_retain(refresh));
    write_cache(o->search->config, o->sso.cache_key, o->cache);
    return true;
}

static void on_token(void *state, const struct aws_outcome *outcome)
{
    struct sso_search *o = state;
    o->call = NULL;
    if ((!outcome->answer.failed && renew(o, outcome->answer.output)) ||
        lasts_until(o->cache, o->search->now_ms))
        ask(o);
    else
        end(o, expired(o->search));
}

static void refresh(struct sso_search *o)
{
    static const char *const members[] = {"clientId", "clientSecret", "refreshToken"};
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        value_list_set_take(&l, members[i], value_retain(value_get_z(o->cache, members[i])));
    value_list_set_take(&l, "grantType", value_string_z("refresh_token"));
    asl_value *parameters = value_object_take(&l);
    struct aws_ask call = {
        .operation = operation_of(o->search, "ssooidc", "createToken"),
        .names = PROTOCOL_STATES,
        .parameters = parameters,
        .region = o->sso.region,
    };
    o->call = aws_call(o->search->aws, &call, on_token, o);
    value_release(parameters);
}

enum credentials_result credentials_sso(struct credentials_search *s)
{
    struct sso sso;
    enum credentials_result result = s->local ? CREDENTIALS_NONE : find(s, &sso);
    if (result != CREDENTIALS_LATER)
        return result;
    asl_value *cache = read_cache(s->config, sso.cache_key);
    bool is_due = !cache || !lasts_until(cache, s->now_ms + EARLY_MS);
    bool refreshes = cache && is_due && is_refreshable(cache, s->now_ms);
    if (!cache || (!refreshes && !lasts_until(cache, s->now_ms))) {
        value_release(cache);
        return expired(s);
    }
    struct sso_search *o = asl_allocate_zeroed(1, sizeof *o);
    *o = (struct sso_search){.search = s, .sso = sso, .cache = cache};
    s->handle = o;
    s->cancel = cancel;
    if (refreshes)
        refresh(o);
    else
        ask(o);
    return CREDENTIALS_LATER;
}
