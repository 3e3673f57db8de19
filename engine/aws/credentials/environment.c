/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION. */
#include "credentials.h"

enum credentials_result credentials_environment(struct credentials_search *s)
{
    const char *id = config_variable(s->config, "AWS_ACCESS_KEY_ID");
    if (!s->use_environment || !id)
        return CREDENTIALS_NONE;
    const char *secret = config_variable(s->config, "AWS_SECRET_ACCESS_KEY");
    if (!secret)
        return credentials_broken(s,
                                  "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not: set "
                                  "both or neither");
    const char *token = config_variable(s->config, "AWS_SESSION_TOKEN");
    if (!token)
        token = config_variable(s->config, "AWS_SECURITY_TOKEN"); /* its old name */
    return credentials_set(s, id, secret, token,
                           config_variable(s->config, "AWS_CREDENTIAL_EXPIRATION"));
}
