/* EC2 instance metadata, version 2: a session token, the role's name, its credentials.
 *
 *   PUT token -> GET role -> GET credentials
 *
 * Where nothing answers there is no instance: NONE. Asked last, with little patience. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "credentials.h"
#include "engine/aws/endpoint.h"

#define ANSWER_MAXIMUM 65536
#define TIMEOUT_MS     1000
#define ROLES          "/latest/meta-data/iam/security-credentials/"

struct metadata {
    struct credentials_search *search;
    struct http_call *call;
    char *token;
    char base[256];
    char role[256];
};

static void metadata_free(struct metadata *m)
{
    if (m->call)
        http_call_cancel(m->call);
    free(m->token);
    free(m);
}

static void cancel(void *handle)
{
    metadata_free(handle);
}

static void finish(struct metadata *m, enum credentials_result result)
{
    struct credentials_search *s = m->search;
    metadata_free(m);
    credentials_answer(s, result);
}

static void get(struct metadata *m, const char *path, const char *more,
                void (*done)(void *state, const struct http_answer *a))
{
    char url[1024];
    struct http_request r = {.method = m->token ? "GET" : "PUT",
                             .url = url,
                             .timeout_ms = TIMEOUT_MS,
                             .connect_timeout_ms = TIMEOUT_MS,
                             .answer_maximum = ANSWER_MAXIMUM,
                             .direct = true};
    snprintf(url, sizeof url, "%s%s%s", m->base, path, more);
    if (m->token)
        http_headers_add(&r.headers, "X-aws-ec2-metadata-token", asl_text(m->token));
    else
        http_headers_add(&r.headers, "X-aws-ec2-metadata-token-ttl-seconds", ASL_TEXT("21600"));
    m->call = http_out_send(m->search->http, &r, done, m);
    http_headers_free(&r.headers);
}

static void on_credentials(void *state, const struct http_answer *a)
{
    struct metadata *m = state;
    m->call = NULL;
    if (a->failure != HTTP_DONE || a->status != 200)
        finish(m, credentials_broken(m->search,
                                     "instance metadata: the role %.100s has no credentials "
                                     "(status %d)",
                                     m->role, a->status));
    else
        finish(m, credentials_read_text(m->search, asl_buffer_text(&a->body), "Token"));
}

/* The name of a role, alone on its line: what a URL can hold. */
static bool read_role(struct metadata *m, struct asl_text body)
{
    size_t size = 0;
    while (size < body.size && body.data[size] > ' ' && body.data[size] < 0x7f &&
           !strchr("/?#%\\", body.data[size]))
        size++;
    if (size == 0 || size >= sizeof m->role ||
        (size < body.size && !strchr("\r\n", body.data[size])))
        return false;
    snprintf(m->role, sizeof m->role, "%.*s", (int)size, body.data);
    return true;
}

static void on_role(void *state, const struct http_answer *a)
{
    struct metadata *m = state;
    m->call = NULL;
    if (a->failure == HTTP_DONE && a->status == 200 && read_role(m, asl_buffer_text(&a->body)))
        get(m, ROLES, m->role, on_credentials);
    else
        finish(m, CREDENTIALS_NONE); /* an instance without a role */
}

static void on_token(void *state, const struct http_answer *a)
{
    struct metadata *m = state;
    m->call = NULL;
    if (a->failure != HTTP_DONE || a->status != 200 || a->body.size == 0) {
        finish(m, CREDENTIALS_NONE);
        return;
    }
    m->token = asl_copy_text(asl_buffer_text(&a->body));
    get(m, ROLES, "", on_role);
}

enum credentials_result credentials_metadata(struct credentials_search *s)
{
    const char *off = config_variable(s->config, "AWS_EC2_METADATA_DISABLED");
    const char *base = config_variable(s->config, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    if (s->local || (off && strcasecmp(off, "true") == 0))
        return CREDENTIALS_NONE;
    if (base && (!endpoint_url_is_good(base) || strlen(base) >= sizeof((struct metadata *)0)->base))
        return credentials_broken(s, "AWS_EC2_METADATA_SERVICE_ENDPOINT is no URL");
    struct metadata *m = asl_allocate_zeroed(1, sizeof *m);
    m->search = s;
    snprintf(m->base, sizeof m->base, "%s", base ? base : "http://169.254.169.254");
    for (size_t size = strlen(m->base); size > 0 && m->base[size - 1] == '/'; size--)
        m->base[size - 1] = '\0';
    get(m, "/latest/api/token", "", on_token);
    s->handle = m;
    s->cancel = cancel;
    return CREDENTIALS_LATER;
}
