/* A Task's Resource ARN, split into what the history and the connectors need.
 * Serves: facts 2.1 (resourceType, resource), 4.1.
 *
 *     arn:<p>:lambda:<r>:<a>:function:<name>[:<qualifier>]          TASK_LAMBDA
 *     arn:<p>:states:<r>:<a>:activity:<name>                        TASK_ACTIVITY
 *     arn:<p>:states:[r]:[a]:[aws-sdk:]<service>:<action>[<pattern>] TASK_SERVICE
 */
#include "compile.h"

#include <stdlib.h>
#include <string.h>

#define ARN_PARTS 6 /* arn, partition, service, region, account, the rest */

/* The next colon, but for those within a "${AWS::Region}" that was not substituted yet. */
static const char *next_colon(struct asl_text t)
{
    size_t depth = 0;
    for (size_t i = 0; i < t.size; i++) {
        if (t.data[i] == '{') {
            depth++;
        } else if (t.data[i] == '}') {
            depth -= depth > 0;
        } else if (t.data[i] == ':' && depth == 0) {
            return t.data + i;
        }
    }
    return NULL;
}

static bool split_arn(struct asl_text arn, struct asl_text parts[ARN_PARTS])
{
    for (size_t i = 0; i < ARN_PARTS; i++) {
        const char *colon = next_colon(arn);
        if (colon == NULL || i == ARN_PARTS - 1) {
            parts[i] = arn;
            return i == ARN_PARTS - 1;
        }
        parts[i] = (struct asl_text){arn.data, (size_t)(colon - arn.data)};
        arn.size -= parts[i].size + 1;
        arn.data = colon + 1;
    }
    return false;
}

struct pattern_suffix {
    const char *suffix;
    enum task_pattern pattern;
};
static const struct pattern_suffix suffixes[] = {
    {".waitForTaskToken", TASK_CALLBACK},
    {".sync:2", TASK_SYNC_2},
    {".sync", TASK_SYNC},
};

static enum task_pattern find_pattern(struct asl_text *rest)
{
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        if (asl_text_ends(*rest, suffixes[i].suffix)) {
            rest->size -= strlen(suffixes[i].suffix);
            return suffixes[i].pattern;
        }
    }
    return TASK_REQUEST_RESPONSE;
}

/* "aws-sdk:s3:getObject": the last colon parts the type from the action. */
static void split_service(struct asl_text rest, struct resource *r)
{
    struct asl_text whole = rest;
    r->family = TASK_SERVICE;
    r->pattern = find_pattern(&rest);
    size_t colon = rest.size;
    while (colon > 0 && rest.data[colon - 1] != ':') {
        colon--;
    }
    size_t type = colon == 0 ? 0 : colon - 1;
    r->type = asl_copy_text((struct asl_text){rest.data, type});
    r->name = asl_copy_text((struct asl_text){whole.data + colon, whole.size - colon});
    r->action = asl_copy_text((struct asl_text){rest.data + colon, rest.size - colon});
}

static void name_whole(struct asl_text arn, enum task_family family, struct resource *r)
{
    r->family = family;
    r->type = asl_copy_text(asl_text(family == TASK_ACTIVITY ? "activity" : "lambda"));
    r->name = asl_copy_text(arn);
    r->action = asl_copy_text(asl_text(family == TASK_ACTIVITY ? "activity" : "function"));
}

void resource_compile(struct asl_text arn, struct resource *r)
{
    struct asl_text parts[ARN_PARTS];
    r->arn = asl_copy_text(arn);
    if (!split_arn(arn, parts) || !asl_text_is(parts[2], "states")) {
        name_whole(arn, TASK_LAMBDA, r);
    } else if (asl_text_starts(parts[5], "activity:")) {
        name_whole(arn, TASK_ACTIVITY, r);
    } else {
        split_service(parts[5], r);
    }
}

void resource_free(struct resource *r)
{
    free(r->arn);
    free(r->type);
    free(r->name);
    free(r->action);
}
