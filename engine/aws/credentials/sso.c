/* IAM Identity Center: the token that `aws sso login` left in ~/.aws/sso/cache buys a role's
 * credentials (sso:GetRoleCredentials). Logging in is the AWS CLI's work; we say when it is due. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "engine/aws/aws_internal.h"

#define FILE_MAXIMUM 65536

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

static bool is_fresh(const asl_value *cache, int64_t now_ms)
{
    const asl_value *token = value_get_z(cache, "accessToken");
    const asl_value *until = value_get_z(cache, "expiresAt");
    int64_t ms;
    return token && value_kind(token) == VALUE_STRING && until &&
           value_kind(until) == VALUE_STRING &&
           credentials_moment(value_as_text(until).data, &ms) && ms > now_ms;
}

static void cancel(void *handle)
{
    aws_call_cancel(handle);
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

static void on_outcome(void *state, const struct aws_outcome *o)
{
    struct credentials_search *s = state;
    if (o->answer.failed)
        credentials_answer(s,
                           credentials_broken(s, "SSO: %.400s; run `aws sso login --profile %.60s`",
                                              o->answer.message, s->profile));
    else
        credentials_answer(s, take(s, value_get_z(o->answer.output, "RoleCredentials")));
}

static void ask(struct credentials_search *s, const struct sso *sso, const asl_value *cache)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "roleName", value_string_z(sso->role));
    value_list_set_take(&l, "accountId", value_string_z(sso->account));
    value_list_set_take(&l, "accessToken", value_retain(value_get_z(cache, "accessToken")));
    asl_value *parameters = value_object_take(&l);
    struct aws_ask call = {
        .operation = catalogue_operation(catalogue_service(s->aws->catalogue, ASL_TEXT("sso")),
                                         ASL_TEXT("getRoleCredentials")),
        .names = PROTOCOL_STATES,
        .parameters = parameters,
        .region = sso->region,
    };
    s->handle = aws_call(s->aws, &call, on_outcome, s);
    s->cancel = cancel;
    value_release(parameters);
}

enum credentials_result credentials_sso(struct credentials_search *s)
{
    struct sso sso;
    enum credentials_result result = s->local ? CREDENTIALS_NONE : find(s, &sso);
    if (result != CREDENTIALS_LATER)
        return result;
    asl_value *cache = read_cache(s->config, sso.cache_key);
    if (cache && is_fresh(cache, s->now_ms))
        ask(s, &sso, cache);
    else
        result = credentials_broken(s,
                                    "SSO: the session has expired or was never begun: run `aws sso "
                                    "login --profile %.100s`",
                                    s->profile);
    value_release(cache);
    return result;
}
