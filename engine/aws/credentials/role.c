/* A profile with role_arn: whose credentials to ask with (source_profile or credential_source),
 * then sts:AssumeRole, with the code of an MFA device where the profile names one. A source_profile
 * may have a role of its own, and so on, to a bound. */
#include <stdlib.h>
#include <string.h>

#include "assume.h"
#include "engine/aws/aws_internal.h"

#define DEPTH_MAXIMUM 8

struct role_search {
    struct credentials_search *search; /* for whom */
    struct credentials_search *source;
    struct credentials_assume *assume;
    char code[16]; /* of the MFA device; "": none is wanted */
};

static const struct {
    const char *word, *source;
} credential_sources[] = {
    {"Environment", "environment"},
    {"EcsContainer", "container"},
    {"Ec2InstanceMetadata", "instance metadata"},
};

static void role_free(struct role_search *r)
{
    credentials_search_free(r->source);
    if (r->assume)
        credentials_assume_cancel(r->assume);
    free(r);
}

static void cancel(void *handle)
{
    role_free(handle);
}

static void on_assumed(void *state, struct credentials *take, const char *message)
{
    struct role_search *r = state;
    struct credentials_search *s = r->search;
    r->assume = NULL;
    role_free(r);
    if (!take) {
        credentials_answer(s, credentials_broken(s, "%s", message));
        return;
    }
    credentials_free(&s->found);
    s->found = *take;
    *take = (struct credentials){0};
    credentials_answer(s, CREDENTIALS_FOUND);
}

static const char *property(const struct credentials_search *s, const char *key)
{
    return config_value(s->config, s->profile, key);
}

static void on_source(void *state, struct credentials_search *source,
                      enum credentials_result result)
{
    struct role_search *r = state;
    struct credentials_search *s = r->search;
    struct credentials_role role = {
        .role_arn = property(s, "role_arn"),
        .session_name = property(s, "role_session_name"),
        .external_id = property(s, "external_id"),
        .duration = property(s, "duration_seconds"),
        .device = r->code[0] ? property(s, "mfa_serial") : NULL,
        .code = r->code[0] ? r->code : NULL,
    };
    if (result == CREDENTIALS_FOUND) {
        r->assume = credentials_assume(s->aws, &role, &source->found, on_assumed, r);
        return;
    }
    if (result == CREDENTIALS_NONE)
        credentials_broken(s,
                           "profile %.100s: there are no credentials to assume its role with (see "
                           "source_profile or credential_source)",
                           s->profile);
    else
        credentials_broken(s, "%.500s", source->message);
    if (s->handle) { /* the answer comes after `find` has returned LATER */
        role_free(r);
        credentials_answer(s, CREDENTIALS_BROKEN);
    }
}

static enum credentials_result prepare(struct credentials_search *s,
                                       struct credentials_search *source)
{
    const char *profile = property(s, "source_profile"), *word = property(s, "credential_source");
    source->depth = s->depth + 1;
    source->use_environment = false;
    if (profile) {
        source->profile = profile;
        source->only = strcmp(profile, s->profile) == 0 ? "shared files" : NULL;
        return CREDENTIALS_LATER;
    }
    source->use_environment = true;
    for (size_t i = 0; word && i < sizeof credential_sources / sizeof *credential_sources; i++)
        if (strcmp(word, credential_sources[i].word) == 0) {
            source->only = credential_sources[i].source;
            return CREDENTIALS_LATER;
        }
    return credentials_broken(s,
                              "profile %.100s has a role_arn but neither source_profile nor a "
                              "credential_source of Environment, EcsContainer or "
                              "Ec2InstanceMetadata",
                              s->profile);
}

static bool ask_code(const struct credentials_search *s, const char *device, char code[16])
{
    const struct aws *a = s->aws;
    return a->ask_code && a->ask_code(a->ask_state, s->profile, device, code) && code[0];
}

enum credentials_result credentials_role(struct credentials_search *s)
{
    if (s->local || !property(s, "role_arn"))
        return CREDENTIALS_NONE;
    char code[16] = "";
    if (s->depth >= DEPTH_MAXIMUM)
        return credentials_broken(s,
                                  "profile %.100s: source_profile leads through more than %d "
                                  "profiles; does it go round in a circle?",
                                  s->profile, DEPTH_MAXIMUM);
    if (property(s, "mfa_serial") && !ask_code(s, property(s, "mfa_serial"), code))
        return credentials_broken(
            s,
            "profile %.100s has an mfa_serial, and nobody can be asked for the "
            "code here: get a session first with `aws configure "
            "export-credentials --profile %.100s --format env`, which asks",
            s->profile, s->profile);
    struct role_search *r = asl_allocate_zeroed(1, sizeof *r);
    memcpy(r->code, code, sizeof code);
    r->search = s;
    r->source = credentials_search_new(s->aws, s->profile);
    enum credentials_result result = prepare(s, r->source);
    if (result == CREDENTIALS_LATER)
        credentials_search_run(r->source, on_source, r);
    if (result == CREDENTIALS_LATER && !r->assume && !r->source->waiting)
        result = CREDENTIALS_BROKEN; /* it was known at once that there are none */
    if (result != CREDENTIALS_LATER) {
        role_free(r);
        return result;
    }
    s->handle = r;
    s->cancel = cancel;
    return CREDENTIALS_LATER;
}
