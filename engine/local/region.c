/* Regions: data of one is not there in another, but for the names of buckets. The region is a
 * request's own (its signature says it), and is put into struct local while the request is carried
 * out, so that what reads and writes needs not be told. Deliveries to a queue of another region go
 * there and come back. */
#include "region.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "engine/aws/endpoint.h"

/* '/' may stand as %2F. */
static void take_part(const char *scope, int wanted, char out[REGION_BYTES])
{
    size_t size = 0;
    for (int slashes = 0; *scope && !strchr(", &", *scope); scope++) {
        bool is_encoded = strncasecmp(scope, "%2F", 3) == 0;
        if (*scope == '/' || is_encoded)
            slashes++;
        else if (slashes == wanted && size < REGION_BYTES - 1)
            out[size++] = *scope;
        scope += is_encoded ? 2 : 0;
    }
    out[size] = '\0';
}

void region_scope_part(const struct http_received *request, int slashes, char out[REGION_BYTES])
{
    static const char header[] = "Credential=", parameter[] = "X-Amz-Credential=";
    const char *authorization = http_headers_get(&request->headers, "Authorization");
    const char *at = authorization ? strstr(authorization, header) : NULL;
    out[0] = '\0';
    if (at)
        take_part(at + sizeof header - 1, slashes, out);
    else if ((at = strstr(request->query, parameter)) != NULL)
        take_part(at + sizeof parameter - 1, slashes, out);
}

void local_region_of(const struct local *l, const struct http_received *request,
                     char out[REGION_BYTES])
{
    region_scope_part(request, 2, out);
    if (!endpoint_region_is_good(out))
        memcpy(out, l->home, REGION_BYTES);
}

void local_enter(struct local *l, struct asl_text region, char before[REGION_BYTES])
{
    char name[REGION_BYTES];
    if (before)
        memcpy(before, l->region, REGION_BYTES);
    if (!region.size || region.size >= sizeof name)
        return;
    memcpy(name, region.data, region.size);
    name[region.size] = '\0';
    if (endpoint_region_is_good(name))
        memcpy(l->region, name, region.size + 1);
}

struct asl_text local_arn_region(struct asl_text arn)
{
    if (!asl_text_starts(arn, "arn:"))
        return ASL_TEXT("");
    for (int colons = 0; arn.size && colons < 3; arn.data++, arn.size--)
        colons += *arn.data == ':';
    const char *end = arn.size ? memchr(arn.data, ':', arn.size) : NULL;
    return end ? (struct asl_text){arn.data, (size_t)(end - arn.data)} : ASL_TEXT("");
}

bool local_arn_is_here(const struct local *l, struct asl_text arn)
{
    struct asl_text region = local_arn_region(arn);
    return !region.size || asl_text_is(region, l->region);
}
