/* sts:AssumeRole and sts:AssumeRoleWithWebIdentity: one call and the reading of its answer. */
#include "assume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/aws_internal.h"

struct credentials_assume {
    struct aws_call *call;
    char *role_arn;
    void (*done)(void *state, struct credentials *take, const char *message);
    void *state;
};

static void assume_free(struct credentials_assume *a)
{
    free(a->role_arn);
    free(a);
}

void credentials_assume_cancel(struct credentials_assume *a)
{
    if (a->call)
        aws_call_cancel(a->call);
    assume_free(a);
}

static void on_outcome(void *state, const struct aws_outcome *outcome)
{
    struct credentials_assume *a = state;
    struct credentials found = {0};
    char why[512], message[512];
    const char *problem = outcome->answer.failed ? outcome->answer.message : why;
    bool good = !outcome->answer.failed &&
                credentials_read(value_get_z(outcome->answer.output, "Credentials"), "SessionToken",
                                 &found, why);
    a->call = NULL;
    if (!good)
        snprintf(message, sizeof message, "role %.200s could not be assumed: %.260s", a->role_arn,
                 problem);
    a->done(a->state, good ? &found : NULL, good ? NULL : message);
    credentials_free(&found);
    assume_free(a);
}

static void set_text(struct value_list *l, const char *key, const char *value)
{
    if (value)
        value_list_set_take(l, key, value_string_z(value));
}

static asl_value *parameters_of(const struct credentials_role *role)
{
    struct value_list l;
    value_list_init(&l);
    set_text(&l, "RoleArn", role->role_arn);
    set_text(&l, "RoleSessionName", role->session_name ? role->session_name : "stepwell");
    set_text(&l, "ExternalId", role->external_id);
    set_text(&l, "DurationSeconds", role->duration);
    set_text(&l, "WebIdentityToken", role->web_token);
    set_text(&l, "SerialNumber", role->device);
    set_text(&l, "TokenCode", role->code);
    return value_object_take(&l);
}

struct credentials_assume *credentials_assume(
    struct aws *aws, const struct credentials_role *role, const struct credentials *base,
    void (*done)(void *state, struct credentials *take, const char *message), void *state)
{
    struct credentials_assume *a = asl_allocate_zeroed(1, sizeof *a);
    const struct credentials none = {0};
    asl_value *parameters = parameters_of(role);
    struct aws_ask ask = {
        .operation = catalogue_operation(
            catalogue_service(aws->catalogue, ASL_TEXT("sts")),
            asl_text(role->web_token ? "AssumeRoleWithWebIdentity" : "AssumeRole")),
        .names = PROTOCOL_STATES,
        .parameters = parameters,
    };
    a->role_arn = asl_copy_text(asl_text(role->role_arn));
    a->done = done;
    a->state = state;
    a->call = aws_call_with(aws, &ask, base ? base : &none, on_outcome, a);
    value_release(parameters);
    return a;
}
