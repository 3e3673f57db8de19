/* Whose a request is. A client says it by the scope of its signature,
 * "Credential=<access key>/<date>/<region>/<service>/aws4_request"; an access key of twelve digits
 * is an account, as LocalStack's clients have it. Nothing here verifies: signature.c does where it
 * is wanted.
 *
 * Documents are named by full ARNs, so that what is of one region and account lies together on its
 * shelf, and a name may come again in another. */
#include <string.h>

#include "engine/api/internal.h"
#include "engine/aws/endpoint.h"

static void copy(char *out, size_t size, const char *text)
{
    size_t length = strnlen(text, size - 1);
    memcpy(out, text, length);
    out[length] = '\0';
}

static void set(struct scope *s, const char *region, const char *account)
{
    copy(s->partition, sizeof s->partition, endpoint_partition(region));
    copy(s->region, sizeof s->region, region);
    copy(s->account, sizeof s->account, account);
}

void scope_begin(struct api *a)
{
    set(&a->home, engine_region(a->engine), engine_account(a->engine));
}

void scope_default(const struct api *a, struct scope *s)
{
    *s = a->home;
}

/* The part up to the next "/" into out; false when it does not fit or is the last. */
static bool take(const char **at, char *out, size_t size)
{
    size_t length = strcspn(*at, "/, ");
    if (length >= size || (*at)[length] != '/')
        return false;
    memcpy(out, *at, length);
    out[length] = '\0';
    *at += length + 1;
    return true;
}

bool scope_of_request(const struct api *a, const struct http_received *request, struct scope *s)
{
    static const char mark[] = "Credential=";
    const char *authorization = http_headers_get(&request->headers, "Authorization");
    const char *at = authorization ? strstr(authorization, mark) : NULL;
    char key[129], date[16], region[64];
    *s = a->home;
    if (!at)
        return false;
    at += sizeof mark - 1;
    if (!take(&at, key, sizeof key) || !take(&at, date, sizeof date) ||
        !take(&at, region, sizeof region) || !endpoint_region_is_good(region))
        return false;
    bool is_account = strlen(key) == 12 && strspn(key, "0123456789") == 12;
    if (is_account || strcmp(region, s->region) != 0)
        set(s, region, is_account ? key : engine_account(a->engine));
    return true;
}

bool scope_is_own_account(const struct api_call *call, const struct arn *arn)
{
    return !call->is_signed || call->is_inner ||
           strcmp(arn->scope.account, call->scope.account) == 0;
}

bool api_is_here(const struct api_call *call, const struct arn *arn)
{
    return (!call->is_signed || strcmp(arn->scope.region, call->scope.region) == 0) &&
           scope_is_own_account(call, arn);
}

/* ---- a scope's part of a shelf ---- */

void scope_walk_begin(struct scope_walk *w, const struct shelf *shelf, const struct scope *s,
                      const char *resource, const char *after)
{
    w->shelf = shelf;
    api_make_arn(s, resource, "", NULL, w->prefix);
    w->at = shelf_from(shelf, after[0] ? after : w->prefix);
    if (after[0] && w->at < shelf->count && strcmp(shelf->items[w->at].key, after) == 0)
        w->at++;
}

const struct shelf_item *scope_walk_next(struct scope_walk *w)
{
    if (w->at >= w->shelf->count ||
        strncmp(w->shelf->items[w->at].key, w->prefix, strlen(w->prefix)) != 0)
        return NULL;
    return &w->shelf->items[w->at++];
}
