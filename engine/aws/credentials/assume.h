/* sts:AssumeRole, for profiles with a role_arn and for states with Credentials.RoleArn. */
#ifndef ENGINE_AWS_CREDENTIALS_ASSUME_H
#define ENGINE_AWS_CREDENTIALS_ASSUME_H

#include "credentials.h"

struct credentials_role {
    const char *role_arn;
    const char *session_name;  /* NULL: "stepwell" */
    const char *external_id;   /* NULL: none */
    const char *duration;      /* seconds, as text; NULL: STS's own */
    const char *device, *code; /* MFA: the device's serial number or ARN, what it shows; or NULL */
    const char *web_token;     /* an identity token: then nothing signs, and `base` is NULL */
};

struct credentials_assume;

/* `done`, once and from the loop, gets the role's credentials to take, or NULL and why. */
struct credentials_assume *credentials_assume(
    struct aws *a, const struct credentials_role *role, const struct credentials *base,
    void (*done)(void *state, struct credentials *take, const char *message), void *state);
void credentials_assume_cancel(struct credentials_assume *a);

#endif
