/* The chain of sources and what they share. The order is botocore's (facts 8). */
#include "credentials.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/aws/aws_internal.h"

/* Real keys have 20, secrets 40, tokens some 1,000 characters; STS says a token has no bound. */
#define KEY_MAXIMUM   4096
#define TOKEN_MAXIMUM 65536

static const struct credentials_source chain[] = {
    {"environment", credentials_environment},
    {"web identity", credentials_web_identity}, /* before role: it has a role_arn as well */
    {"assume-role", credentials_role},
    {"SSO", credentials_sso},
    {"shared files", credentials_files},
    {"credential_process", credentials_process},
    {"container", credentials_container},
    {"instance metadata", credentials_metadata},
};
#define CHAIN_COUNT (sizeof chain / sizeof *chain)

static void wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

void credentials_free(struct credentials *c)
{
    wipe(c->access_key_id);
    wipe(c->secret_access_key);
    wipe(c->session_token);
    *c = (struct credentials){0};
}

void credentials_copy(struct credentials *to, const struct credentials *from)
{
    *to = (struct credentials){.expires_ms = from->expires_ms};
    if (from->access_key_id)
        to->access_key_id = asl_copy_text(asl_text(from->access_key_id));
    if (from->secret_access_key)
        to->secret_access_key = asl_copy_text(asl_text(from->secret_access_key));
    if (from->session_token)
        to->session_token = asl_copy_text(asl_text(from->session_token));
}

/* ---- for sources ---- */

enum credentials_result credentials_broken(struct credentials_search *s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(s->message, sizeof s->message, format, arguments);
    va_end(arguments);
    return CREDENTIALS_BROKEN;
}

/* Visible ASCII: what fits a header and a signature's scope. */
static bool is_plain(const char *text, size_t maximum)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return size > 0 && size <= maximum;
}

static bool number(const char **at, size_t digits, int *out)
{
    *out = 0;
    for (size_t i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

static bool literal(const char **at, const char *allowed)
{
    bool good = **at != '\0' && strchr(allowed, **at);
    *at += good;
    return good;
}

static bool zone(const char **at, int *minutes)
{
    int hours, rest;
    if (literal(at, "Zz")) {
        *minutes = 0;
        return true;
    }
    int sign = **at == '-' ? -1 : 1;
    if (!literal(at, "+-") || !number(at, 2, &hours))
        return false;
    literal(at, ":");
    if (!number(at, 2, &rest))
        return false;
    *minutes = sign * (hours * 60 + rest);
    return true;
}

bool credentials_moment(const char *at, int64_t *ms)
{
    struct tm t = {0};
    int minutes = 0;
    if (!number(&at, 4, &t.tm_year) || !literal(&at, "-") || !number(&at, 2, &t.tm_mon) ||
        !literal(&at, "-") || !number(&at, 2, &t.tm_mday) || !literal(&at, "Tt ") ||
        !number(&at, 2, &t.tm_hour) || !literal(&at, ":") || !number(&at, 2, &t.tm_min) ||
        !literal(&at, ":") || !number(&at, 2, &t.tm_sec))
        return false;
    if (literal(&at, "."))
        while (literal(&at, "0123456789"))
            ;
    /* the SSO cache of old tools writes "UTC" */
    if (strcmp(at, "UTC") == 0)
        at += 3;
    else if (!zone(&at, &minutes))
        return false;
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    *ms = ((int64_t)timegm(&t) - minutes * 60) * 1000;
    return *at == '\0';
}

bool credentials_are_plain(const struct credentials *c, char message[512])
{
    const char *wrong = NULL;
    if (!c->access_key_id || !is_plain(c->access_key_id, KEY_MAXIMUM))
        wrong = "access key id";
    else if (!c->secret_access_key || !is_plain(c->secret_access_key, KEY_MAXIMUM))
        wrong = "secret access key";
    else if (c->session_token && !is_plain(c->session_token, TOKEN_MAXIMUM))
        wrong = "session token";
    if (wrong)
        snprintf(message, 512, "the %s is missing, too long, or holds characters that none has",
                 wrong);
    return !wrong;
}

enum credentials_result credentials_set(struct credentials_search *s, const char *access_key_id,
                                        const char *secret_access_key, const char *token,
                                        const char *expiration)
{
    const char *source = s->source < CHAIN_COUNT ? chain[s->source].name : "credentials";
    int64_t expires = INT64_MAX;
    char wrong[512];
    struct credentials given = {(char *)access_key_id, (char *)secret_access_key, (char *)token, 0};
    if (!credentials_are_plain(&given, wrong))
        return credentials_broken(s, "%s: %.400s", source, wrong);
    if (expiration && !credentials_moment(expiration, &expires))
        return credentials_broken(s, "%s: the expiration is no ISO 8601 time", source);
    if (expires <= s->now_ms)
        return credentials_broken(s, "%s: the credentials expired at %s; renew them", source,
                                  expiration);
    credentials_free(&s->found);
    s->found.access_key_id = asl_copy_text(asl_text(access_key_id));
    s->found.secret_access_key = asl_copy_text(asl_text(secret_access_key));
    s->found.session_token = token ? asl_copy_text(asl_text(token)) : NULL;
    s->found.expires_ms = expires;
    return CREDENTIALS_FOUND;
}

static char *text_of(const asl_value *object, const char *key)
{
    const asl_value *v = object ? value_get_z(object, key) : NULL;
    return v && value_kind(v) == VALUE_STRING ? asl_copy_text(value_as_text(v)) : NULL;
}

bool credentials_read(const asl_value *object, const char *token_key, struct credentials *out,
                      char message[512])
{
    char *expiration = text_of(object, "Expiration");
    *out = (struct credentials){
        .access_key_id = text_of(object, "AccessKeyId"),
        .secret_access_key = text_of(object, "SecretAccessKey"),
        .session_token = text_of(object, token_key),
        .expires_ms = INT64_MAX,
    };
    bool good = credentials_are_plain(out, message) &&
                (!expiration || credentials_moment(expiration, &out->expires_ms));
    if (!good && out->access_key_id && out->secret_access_key)
        snprintf(message, 512, "the answer's Expiration is no time");
    free(expiration);
    if (!good)
        credentials_free(out);
    return good;
}

enum credentials_result credentials_read_text(struct credentials_search *s, struct asl_text text,
                                              const char *token_key)
{
    struct value_error error;
    char why[512];
    asl_value *v = value_parse(text, 0, 0, &error);
    if (!v)
        return credentials_broken(s, "%s: the answer is no JSON", chain[s->source].name);
    credentials_free(&s->found);
    bool good = credentials_read(v, token_key, &s->found, why);
    value_release(v);
    return good ? CREDENTIALS_FOUND
                : credentials_broken(s, "%s: %.400s", chain[s->source].name, why);
}

/* ---- the search ---- */

struct credentials_search *credentials_search_new(struct aws *a, const char *profile)
{
    struct credentials_search *s = asl_allocate_zeroed(1, sizeof *s);
    s->aws = a;
    s->config = &a->config;
    s->loop = a->loop;
    s->http = a->http;
    s->profile = profile;
    s->now_ms = aws_wall_now(a);
    return s;
}

static void finish(struct credentials_search *s, enum credentials_result result)
{
    s->done(s->state, s, result);
}

static void go_on(struct credentials_search *s)
{
    for (; s->source < CHAIN_COUNT; s->source++) {
        if (s->only && strcmp(s->only, chain[s->source].name) != 0)
            continue;
        s->waiting = true;
        enum credentials_result result = chain[s->source].find(s);
        if (result == CREDENTIALS_LATER)
            return;
        s->waiting = false;
        if (result != CREDENTIALS_NONE) {
            finish(s, result);
            return;
        }
    }
    finish(s, CREDENTIALS_NONE);
}

void credentials_answer(struct credentials_search *s, enum credentials_result result)
{
    s->waiting = false;
    s->handle = NULL;
    s->cancel = NULL;
    if (result != CREDENTIALS_NONE) {
        finish(s, result);
        return;
    }
    s->source++;
    go_on(s);
}

void credentials_search_run(struct credentials_search *s,
                            void (*done)(void *state, struct credentials_search *search,
                                         enum credentials_result result),
                            void *state)
{
    s->done = done;
    s->state = state;
    go_on(s);
}

void credentials_search_free(struct credentials_search *s)
{
    if (!s)
        return;
    if (s->waiting && s->cancel)
        s->cancel(s->handle);
    credentials_free(&s->found);
    free(s);
}
