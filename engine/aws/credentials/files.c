/* Keys written in the shared files: the credentials file first, then the config file's profile. The
 * three keys are taken from one file: a mix of two identities would sign nothing. */
#include "credentials.h"

static const char *value(const struct ini_section *s, const char *key)
{
    const struct ini_property *p = ini_property(s, key);
    return p && p->value[0] ? p->value : NULL;
}

static enum credentials_result take(struct credentials_search *s, const struct ini_section *keys,
                                    const char *path)
{
    const char *id = value(keys, "aws_access_key_id");
    if (!id)
        return CREDENTIALS_NONE;
    const char *secret = value(keys, "aws_secret_access_key");
    if (!secret)
        return credentials_broken(s, "%s: [%s] has aws_access_key_id but no aws_secret_access_key",
                                  path, keys->name);
    return credentials_set(s, id, secret, value(keys, "aws_session_token"), NULL);
}

enum credentials_result credentials_files(struct credentials_search *s)
{
    enum credentials_result result =
        take(s, config_keys(s->config, s->profile), s->config->credentials_path);
    if (result == CREDENTIALS_NONE)
        result = take(s, config_profile(s->config, s->profile), s->config->config_path);
    return result;
}
