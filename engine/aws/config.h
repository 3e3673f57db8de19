/* What AWS's tools are configured with: environment variables, the two shared files, a profile.
 *
 * Read once, from an environment that is given: nothing here calls getenv. All of it is untrusted.
 * Serves the SDK reference guide; lookup orders as botocore's (facts 8).
 */
#ifndef ENGINE_AWS_CONFIG_H
#define ENGINE_AWS_CONFIG_H

#include "ini.h"

struct config {
    char **environment;     /* "NAME=value" copies of what AWS's tools read, NULL-terminated */
    struct ini config;      /* AWS_CONFIG_FILE, else ~/.aws/config */
    struct ini credentials; /* AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials */
    char *config_path, *credentials_path; /* "" when there is no home */
    char *profile;                        /* the one in use: "default" */
    bool profile_asked;                   /* by flag: then keys in the environment do not count */
};

/* `environment` as environ (NULL: empty); `profile` from a flag or NULL. A file that is not
 * there is empty; one that cannot be read or parsed is an error. False and a message then. */
bool config_load(struct config *c, const char *const *environment, const char *profile,
                 char message[512]);
void config_free(struct config *c);

/* The variable's value; NULL when unset or empty. */
const char *config_variable(const struct config *c, const char *name);
/* The section of a profile in config ("profile x", or "default") and in credentials; or NULL. */
const struct ini_section *config_profile(const struct config *c, const char *profile);
const struct ini_section *config_keys(const struct config *c, const char *profile);
/* A property of the profile: the credentials file's wins over config's. NULL when neither has
 * it. */
const char *config_value(const struct config *c, const char *profile, const char *key);
/* "[sso-session x]" and "[services x]" of the config file. */
const struct ini_section *config_named(const struct config *c, const char *kind, const char *name);
/* True for "true" in any case: AWS_USE_FIPS_ENDPOINT and such. Variable first, then profile. */
bool config_is_on(const struct config *c, const char *variable, const char *key);
/* AWS_REGION, AWS_DEFAULT_REGION, the profile's region; NULL. */
const char *config_region(const struct config *c);
/* A whole small file (at most `maximum` bytes) into `out`; false with errno set. */
bool config_read_file(const char *path, size_t maximum, struct asl_buffer *out);
/* "~/x" with HOME put in; a copy. */
char *config_expand(const struct config *c, const char *path);

#endif
