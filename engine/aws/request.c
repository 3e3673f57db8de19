/* URL, Host and signature. What is special about a service stands here and is small: S3's bucket or
 * access point in the host, and S3's way of signing. */
#include "request.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "sigv4.h"

struct parts {
    struct asl_text scheme; /* "https://" */
    char authority[512];    /* host and port, host prefix and bucket included */
    struct asl_buffer path; /* base path and the request's own */
    char region[64];        /* that signs */
};

static bool is_s3(const struct catalogue_service *s)
{
    return strcmp(s->arn_name, "s3") == 0;
}

/* S3 and its kin (S3 Control, S3 on Outposts) sign the path as it stands, and the body's hash; S3
 * Tables and such are S3 by name only. */
static bool signs_as_s3(const struct catalogue_service *s)
{
    return strcmp(s->signing_name, "s3") == 0 ||
           (s->signature_version && strncmp(s->signature_version, "s3", 2) == 0);
}

/* A bucket's name that a host's label can hold under AWS's certificate: no dots. */
static bool is_label(struct asl_text bucket)
{
    if (bucket.size < 3 || bucket.size > 63)
        return false;
    for (size_t i = 0; i < bucket.size; i++) {
        unsigned char c = (unsigned char)bucket.data[i];
        if (!islower(c) && !isdigit(c) && (c != '-' || i == 0 || i + 1 == bucket.size))
            return false;
    }
    return true;
}

/* Real S3 wants "https://bucket.s3.../key"; the protocol writes "/bucket/key". */
static void move_bucket(struct asl_text *path, char *bucket, size_t size)
{
    const char *start = path->data + 1;
    const char *end = path->size > 1 ? memchr(start, '/', path->size - 1) : NULL;
    struct asl_text name = {start, end ? (size_t)(end - start) : path->size - 1};
    bucket[0] = '\0';
    if (path->size < 2 || !is_label(name))
        return;
    snprintf(bucket, size, "%.*s.", ASL_TEXT_ARGS(name));
    *path = end ? (struct asl_text){end, path->size - 1 - name.size} : ASL_TEXT("/");
}

/* The text up to the next of "%3A" and "%2F", which is stepped over. */
static struct asl_text next_part(struct asl_text *rest)
{
    struct asl_text part = {rest->data, 0};
    while (part.size < rest->size && rest->data[part.size] != '%' && rest->data[part.size] != '/')
        part.size++;
    size_t step = part.size + 3 <= rest->size && rest->data[part.size] == '%' ? 3 : 0;
    *rest = (struct asl_text){rest->data + part.size + step, rest->size - part.size - step};
    return part;
}

/* A bucket that is "arn:aws:s3:<region>:<account>:accesspoint/<name>" is a host of its own, in the
 * ARN's region. False: it is none of these. */
static bool move_access_point(struct asl_text *path, char authority[512], char region[64])
{
    static const char start[] = "/arn%3A";
    struct asl_text rest = *path;
    char host[256], place[64];
    if (!asl_text_starts(rest, start))
        return false;
    rest = (struct asl_text){path->data + sizeof start - 1, path->size - (sizeof start - 1)};
    next_part(&rest); /* partition */
    struct asl_text service = next_part(&rest), where = next_part(&rest);
    struct asl_text account = next_part(&rest), kind = next_part(&rest), name = next_part(&rest);
    snprintf(place, sizeof place, "%.*s", ASL_TEXT_ARGS(where));
    if (!asl_text_is(service, "s3") || !asl_text_is(kind, "accesspoint") || !is_label(name) ||
        !endpoint_region_is_good(place) || account.size != 12 ||
        !endpoint_real_host("s3-accesspoint", place, "", host, region))
        return false;
    snprintf(authority, 512, "%.*s-%.*s.%s", ASL_TEXT_ARGS(name), ASL_TEXT_ARGS(account), host);
    *path = rest.size > 0 ? rest : ASL_TEXT("/");
    return true;
}

static bool place_it(const struct request_place *place, const struct aws_request *request,
                     struct parts *parts)
{
    const char *url = place->endpoint->url;
    const char *host = strstr(url, "://") + 3;
    size_t size = strcspn(host, "/");
    bool real = place->endpoint->origin == ENDPOINT_REAL;
    struct asl_text path = asl_buffer_text(&request->path);
    char bucket[80] = "";
    snprintf(parts->region, sizeof parts->region, "%s", place->endpoint->signing_region);
    parts->scheme = (struct asl_text){url, (size_t)(host - url)};
    if (real && is_s3(place->operation->service) &&
        move_access_point(&path, parts->authority, parts->region)) {
        asl_buffer_put_text(&parts->path, path);
        return true;
    }
    if (real && is_s3(place->operation->service))
        move_bucket(&path, bucket, sizeof bucket);
    /* "sync-localhost" is nobody's name: host prefixes are for AWS's own hosts. */
    int length = snprintf(parts->authority, sizeof parts->authority, "%s%s%.*s", bucket,
                          real ? request->host_prefix : "", (int)size, host);
    asl_buffer_puts(&parts->path, host + size);
    asl_buffer_put_text(&parts->path, path);
    return length > 0 && (size_t)length < sizeof parts->authority;
}

/* Host as curl sends it: without the scheme's own port. */
static struct asl_text host_header(const struct parts *p)
{
    struct asl_text host = asl_text(p->authority);
    const char *own = p->scheme.size == strlen("https://") ? ":443" : ":80";
    if (asl_text_ends(host, own))
        host.size -= strlen(own);
    return host;
}

static void sign(const struct request_place *place, const struct parts *parts,
                 struct http_request *out, struct asl_buffer *query)
{
    const struct catalogue_service *service = place->operation->service;
    struct sigv4_credentials who = {
        .access_key_id = place->credentials->access_key_id,
        .secret_access_key = place->credentials->secret_access_key,
        .session_token = place->credentials->session_token,
    };
    struct sigv4 s = {
        .method = out->method,
        .path = asl_buffer_text(&parts->path),
        .query = query,
        .headers = &out->headers,
        .body = out->body,
        .credentials = &who,
        .region = parts->region,
        .service = service->signing_name,
        .now_ms = place->now_ms,
        .flags = signs_as_s3(service) ? SIGV4_CONTENT_HASH : SIGV4_ENCODE_PATH | SIGV4_NORMALIZE,
    };
    sigv4_sign(&s);
}

bool request_make(const struct request_place *place, const struct aws_request *request,
                  struct http_request *out, struct asl_buffer *url, char message[256])
{
    struct parts parts;
    struct asl_buffer query;
    char path_room[512], query_room[512];
    asl_buffer_init_on(&parts.path, path_room, sizeof path_room, ASL_BUFFER_MAXIMUM);
    asl_buffer_init_on(&query, query_room, sizeof query_room, ASL_BUFFER_MAXIMUM);
    bool good = place_it(place, request, &parts);
    if (!good)
        snprintf(message, 256, "the host's name is too long");
    out->method = request->method;
    out->body = asl_buffer_text(&request->body);
    http_headers_init(&out->headers);
    http_headers_add(&out->headers, "Host", host_header(&parts));
    for (size_t i = 0; i < request->headers.count; i++)
        http_headers_add(&out->headers, request->headers.items[i].name,
                         asl_text(request->headers.items[i].value));
    asl_buffer_put_text(&query, asl_buffer_text(&request->query));
    if (good && place->credentials)
        sign(place, &parts, out, &query);
    asl_buffer_put_text(url, parts.scheme);
    asl_buffer_puts(url, parts.authority);
    asl_buffer_put_text(url, asl_buffer_text(&parts.path));
    if (query.size > 0) {
        asl_buffer_putc(url, '?');
        asl_buffer_put_text(url, asl_buffer_text(&query));
    }
    out->url = url->data;
    asl_buffer_free(&parts.path);
    asl_buffer_free(&query);
    return good;
}
