/* ECS, EKS Pod Identity and their like: an HTTP address in the environment gives credentials.
 *
 * The address is untrusted: plain HTTP only to this machine and to the addresses that AWS's agents
 * have, so that nobody's token is sent across a network in the clear. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "credentials.h"
#include "engine/aws/endpoint.h"
#include "engine/loop/address.h"

#define ANSWER_MAXIMUM 65536
#define TIMEOUT_MS     5000

static void cancel(void *handle)
{
    http_call_cancel(handle);
}

static void on_answer(void *state, const struct http_answer *a)
{
    struct credentials_search *s = state;
    if (a->failure != HTTP_DONE)
        credentials_answer(s, credentials_broken(s, "container: %.300s", a->message));
    else if (a->status != 200)
        credentials_answer(
            s, credentials_broken(s, "container: the agent answered with status %d", a->status));
    else
        credentials_answer(s, credentials_read_text(s, asl_buffer_text(&a->body), "Token"));
}

static bool is_allowed(const char *url)
{
    static const char *const agents[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
    char host[256];
    if (!endpoint_url_is_good(url))
        return false;
    if (strncmp(url, "https://", 8) == 0)
        return true;
    http_url_host(url, host, sizeof host);
    for (size_t i = 0; i < sizeof agents / sizeof *agents; i++)
        if (strcmp(host, agents[i]) == 0)
            return true;
    return address_host_is_loopback(host);
}

/* AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, else AWS_CONTAINER_AUTHORIZATION_TOKEN; false: BROKEN. */
static bool add_authorization(struct credentials_search *s, struct http_headers *headers)
{
    const char *file = config_variable(s->config, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = config_variable(s->config, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
    struct asl_buffer text;
    if (!file) {
        if (token)
            http_headers_add(headers, "Authorization", asl_text(token));
        return true;
    }
    if (!config_read_file(file, ANSWER_MAXIMUM, &text)) {
        credentials_broken(s, "container: the token file %.200s cannot be read: %s", file,
                           strerror(errno));
        return false;
    }
    http_headers_add(headers, "Authorization", asl_buffer_text(&text));
    asl_buffer_free(&text);
    return true;
}

static enum credentials_result ask(struct credentials_search *s, const char *url)
{
    struct http_request r = {.method = "GET",
                             .url = url,
                             .timeout_ms = TIMEOUT_MS,
                             .answer_maximum = ANSWER_MAXIMUM,
                             .direct = true};
    if (!is_allowed(url))
        return credentials_broken(s,
                                  "container: the address in AWS_CONTAINER_CREDENTIALS_FULL_URI is "
                                  "neither https nor one of this machine or of AWS's agents");
    http_headers_add(&r.headers, "Accept", ASL_TEXT("application/json"));
    bool good = add_authorization(s, &r.headers);
    if (good) {
        s->handle = http_out_send(s->http, &r, on_answer, s);
        s->cancel = cancel;
    }
    http_headers_free(&r.headers);
    return good ? CREDENTIALS_LATER : CREDENTIALS_BROKEN;
}

enum credentials_result credentials_container(struct credentials_search *s)
{
    const char *relative = config_variable(s->config, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = config_variable(s->config, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    char url[512];
    if (s->local || !s->use_environment || (!relative && !full))
        return CREDENTIALS_NONE;
    if (!relative)
        return ask(s, full);
    int size = snprintf(url, sizeof url, "http://169.254.170.2%s", relative);
    if (relative[0] != '/' || size < 0 || (size_t)size >= sizeof url)
        return credentials_broken(s,
                                  "container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path");
    return ask(s, url);
}
