/* A token of an identity provider, in a file that somebody else keeps fresh (Kubernetes, CI), for
 * sts:AssumeRoleWithWebIdentity. From the environment, else from the profile. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assume.h"

/* STS takes 20,000 characters. */
#define TOKEN_MAXIMUM 20000

struct source {
    const char *file, *role_arn, *session_name;
};

static bool find(const struct credentials_search *s, struct source *out)
{
    *out = (struct source){
        .file = config_variable(s->config, "AWS_WEB_IDENTITY_TOKEN_FILE"),
        .role_arn = config_variable(s->config, "AWS_ROLE_ARN"),
        .session_name = config_variable(s->config, "AWS_ROLE_SESSION_NAME"),
    };
    if (s->use_environment && out->file)
        return true;
    *out = (struct source){
        .file = config_value(s->config, s->profile, "web_identity_token_file"),
        .role_arn = config_value(s->config, s->profile, "role_arn"),
        .session_name = config_value(s->config, s->profile, "role_session_name"),
    };
    return out->file != NULL;
}

static void cancel(void *handle)
{
    credentials_assume_cancel(handle);
}

static void on_assumed(void *state, struct credentials *take, const char *message)
{
    struct credentials_search *s = state;
    if (!take) {
        credentials_answer(s, credentials_broken(s, "%s", message));
        return;
    }
    credentials_free(&s->found);
    s->found = *take;
    *take = (struct credentials){0};
    credentials_answer(s, CREDENTIALS_FOUND);
}

static enum credentials_result assume(struct credentials_search *s, const struct source *from,
                                      struct asl_buffer *token)
{
    while (token->size > 0 && strchr(" \r\n\t", token->data[token->size - 1]))
        token->data[--token->size] = '\0';
    if (token->size == 0)
        return credentials_broken(s, "web identity: the token file %.200s is empty", from->file);
    struct credentials_role role = {
        .role_arn = from->role_arn, .session_name = from->session_name, .web_token = token->data};
    s->handle = credentials_assume(s->aws, &role, NULL, on_assumed, s);
    s->cancel = cancel;
    return CREDENTIALS_LATER;
}

enum credentials_result credentials_web_identity(struct credentials_search *s)
{
    struct source from;
    struct asl_buffer token;
    if (s->local || !find(s, &from))
        return CREDENTIALS_NONE;
    if (!from.role_arn)
        return credentials_broken(
            s, "web identity: there is a token file but no role (AWS_ROLE_ARN, or "
               "the profile's role_arn)");
    char *path = config_expand(s->config, from.file);
    bool read = config_read_file(path, TOKEN_MAXIMUM, &token);
    free(path);
    if (!read)
        return credentials_broken(s, "web identity: the token file %.200s cannot be read: %s",
                                  from.file, strerror(errno));
    enum credentials_result result = assume(s, &from, &token);
    explicit_bzero(token.data, token.size);
    asl_buffer_free(&token);
    return result;
}
