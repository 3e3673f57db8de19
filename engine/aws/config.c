/* Environment and shared files, read once. Who wants what of them stands with the one who wants it
 * (credentials, endpoints); here is only how they are found, read and looked up. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* AWS's own files are a few KiB; past this somebody pointed at the wrong file. */
#define FILE_MAXIMUM ((size_t)1 << 20)

const char *config_variable(const struct config *c, const char *name)
{
    size_t size = strlen(name);
    for (char **at = c->environment; at && *at; at++)
        if (strncmp(*at, name, size) == 0 && (*at)[size] == '=')
            return (*at)[size + 1] != '\0' ? *at + size + 1 : NULL;
    return NULL;
}

/* Only what is ours to read is copied: secrets of others stay where they are. */
static bool is_ours(const char *variable)
{
    return strncmp(variable, "AWS_", 4) == 0 || strncmp(variable, "HOME=", 5) == 0 ||
           strncmp(variable, "PATH=", 5) == 0;
}

static char **copy_environment(const char *const *environment)
{
    size_t count = 0, kept = 0;
    while (environment && environment[count])
        count++;
    char **copy = asl_allocate_zeroed(count + 1, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        if (is_ours(environment[i]))
            copy[kept++] = asl_copy_text(asl_text(environment[i]));
    return copy;
}

char *config_expand(const struct config *c, const char *path)
{
    const char *home = config_variable(c, "HOME");
    struct asl_buffer out;
    if (path[0] != '~' || path[1] != '/' || !home)
        return asl_copy_text(asl_text(path));
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&out, "%s%s", home, path + 1);
    return asl_buffer_take(&out, &(size_t){0});
}

static char *path_of(const struct config *c, const char *variable, const char *otherwise)
{
    const char *given = config_variable(c, variable);
    if (given)
        return config_expand(c, given);
    return config_variable(c, "HOME") ? config_expand(c, otherwise) : asl_copy_text(ASL_TEXT(""));
}

bool config_read_file(const char *path, size_t maximum, struct asl_buffer *out)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool good = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    if (!good)
        errno = EINVAL;
    asl_buffer_init(out, maximum);
    while (good) {
        char chunk[4096];
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got == 0)
            break;
        if (got > 0)
            asl_buffer_put(out, chunk, (size_t)got);
        else if (errno != EINTR)
            good = false;
        if (out->full) {
            errno = EFBIG;
            good = false;
        }
    }
    int problem = errno;
    close(fd);
    errno = problem;
    if (!good)
        asl_buffer_free(out);
    return good;
}

static bool load_file(const char *path, struct ini *out, char message[512])
{
    struct asl_buffer text;
    *out = (struct ini){0};
    if (!path[0])
        return true;
    if (!config_read_file(path, FILE_MAXIMUM, &text)) {
        if (errno == ENOENT || errno == ENOTDIR)
            return true;
        snprintf(message, 512, "%s cannot be read: %s", path, strerror(errno));
        return false;
    }
    bool good = ini_parse(asl_buffer_text(&text), path, out, message);
    asl_buffer_free(&text);
    return good;
}

static const char *profile_name(const struct config *c, const char *asked)
{
    const char *name = asked ? asked : config_variable(c, "AWS_PROFILE");
    if (!name)
        name = config_variable(c, "AWS_DEFAULT_PROFILE");
    return name ? name : "default";
}

/* Naming a profile that is nowhere is a mistake, not an empty profile. */
static bool profile_exists(const struct config *c, char message[512])
{
    if (strcmp(c->profile, "default") == 0 || config_profile(c, c->profile) ||
        config_keys(c, c->profile))
        return true;
    snprintf(message, 512, "The config profile (%s) could not be found in %s or %s", c->profile,
             c->config_path, c->credentials_path);
    return false;
}

bool config_load(struct config *c, const char *const *environment, const char *profile,
                 char message[512])
{
    *c = (struct config){.environment = copy_environment(environment)};
    c->config_path = path_of(c, "AWS_CONFIG_FILE", "~/.aws/config");
    c->credentials_path = path_of(c, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
    c->profile = asl_copy_text(asl_text(profile_name(c, profile)));
    c->profile_asked = profile != NULL;
    bool good = load_file(c->config_path, &c->config, message) &&
                load_file(c->credentials_path, &c->credentials, message) &&
                profile_exists(c, message);
    if (!good)
        config_free(c);
    return good;
}

void config_free(struct config *c)
{
    for (char **at = c->environment; at && *at; at++) {
        explicit_bzero(*at, strlen(*at));
        free(*at);
    }
    free(c->environment);
    ini_free(&c->config);
    ini_free(&c->credentials);
    free(c->config_path);
    free(c->credentials_path);
    free(c->profile);
    *c = (struct config){0};
}

const struct ini_section *config_named(const struct config *c, const char *kind, const char *name)
{
    char *wanted = NULL;
    struct asl_buffer b;
    asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&b, "%s %s", kind, name);
    wanted = asl_buffer_take(&b, &(size_t){0});
    const struct ini_section *s = ini_section(&c->config, wanted);
    free(wanted);
    return s;
}

const struct ini_section *config_profile(const struct config *c, const char *profile)
{
    const struct ini_section *s = config_named(c, "profile", profile);
    return s || strcmp(profile, "default") != 0 ? s : ini_section(&c->config, "default");
}

const struct ini_section *config_keys(const struct config *c, const char *profile)
{
    return ini_section(&c->credentials, profile);
}

const char *config_value(const struct config *c, const char *profile, const char *key)
{
    const struct ini_property *p = ini_property(config_keys(c, profile), key);
    if (!p)
        p = ini_property(config_profile(c, profile), key);
    return p && p->value[0] ? p->value : NULL;
}

bool config_is_on(const struct config *c, const char *variable, const char *key)
{
    const char *value = config_variable(c, variable);
    if (!value)
        value = config_value(c, c->profile, key);
    return value && strcasecmp(value, "true") == 0;
}

const char *config_region(const struct config *c)
{
    const char *region = config_variable(c, "AWS_REGION");
    if (!region)
        region = config_variable(c, "AWS_DEFAULT_REGION");
    return region ? region : config_value(c, c->profile, "region");
}
