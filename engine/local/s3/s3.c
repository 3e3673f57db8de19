/* S3's door: path and virtual-host style, one table from method and target to operation, XML
 * errors. Subresources that are not offered are refused by their name. */
#include "s3.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

const struct s3_error s3_no_such_bucket = {"NoSuchBucket", 404,
                                           "The specified bucket does not exist"};
static const struct s3_error permanent_redirect = {
    "PermanentRedirect", 301,
    "The bucket you are attempting to access must be addressed using the specified endpoint. "
    "Please "
    "send all future requests to this endpoint."};
const struct s3_error s3_no_such_key = {"NoSuchKey", 404, "The specified key does not exist."};
const struct s3_error s3_bucket_owned = {
    "BucketAlreadyOwnedByYou", 409,
    "Your previous request to create the named bucket succeeded and you already own it."};
const struct s3_error s3_bucket_not_empty = {"BucketNotEmpty", 409,
                                             "The bucket you tried to delete is not empty"};
const struct s3_error s3_invalid_bucket_name = {"InvalidBucketName", 400,
                                                "The specified bucket is not valid."};
const struct s3_error s3_invalid_range = {"InvalidRange", 416,
                                          "The requested range is not satisfiable"};
const struct s3_error s3_precondition_failed = {
    "PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold"};
const struct s3_error s3_not_modified = {"NotModified", 304, "Not Modified"};
const struct s3_error s3_bad_digest = {
    "BadDigest", 400,
    "The Content-MD5 or checksum value that you specified did not match what the server "
    "received."};
const struct s3_error s3_invalid_digest = {"InvalidDigest", 400,
                                           "The Content-MD5 you specified is not valid."};
const struct s3_error s3_malformed_xml = {
    "MalformedXML", 400,
    "The XML you provided was not well-formed or did not validate against our "
    "published schema"};
const struct s3_error s3_key_too_long = {"KeyTooLongError", 400, "Your key is too long"};
const struct s3_error s3_invalid_argument = {"InvalidArgument", 400, "Invalid Argument"};
const struct s3_error s3_internal = {"InternalError", 500,
                                     "We encountered an internal error. Please try again."};
const struct s3_error s3_method_not_allowed = {
    "MethodNotAllowed", 405, "The specified method is not allowed against this resource."};

enum target { SERVICE, BUCKET, OBJECT };

static const struct {
    const char *method;
    enum target target;
    bool (*run)(struct s3_call *c);
} operations[] = {
    {"GET", SERVICE, s3_list_buckets},    {"PUT", BUCKET, s3_create_bucket},
    {"DELETE", BUCKET, s3_delete_bucket}, {"HEAD", BUCKET, s3_head_bucket},
    {"GET", BUCKET, s3_list_objects},     {"POST", BUCKET, s3_delete_objects},
    {"PUT", OBJECT, s3_put_object},       {"GET", OBJECT, s3_get_object},
    {"HEAD", OBJECT, s3_get_object},      {"DELETE", OBJECT, s3_delete_object},
};

/* Query parameters that name a feature of its own. Those left out here are read by the operations.
 */
static const char *const features[] = {
    "accelerate",
    "acl",
    "analytics",
    "attributes",
    "cors",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "partNumber",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versions",
    "website",
};

/* ---- answering ---- */

void s3_set_header(struct s3_call *c, const char *name, const char *format, ...)
{
    struct asl_buffer text;
    va_list arguments;
    asl_buffer_init(&text, 8192);
    va_start(arguments, format);
    asl_buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    http_headers_set(&c->answer->headers, name, asl_buffer_text(&text));
    asl_buffer_free(&text);
}

void s3_put_element(struct asl_buffer *out, const char *name, struct asl_text text)
{
    asl_buffer_printf(out, "<%s>", name);
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '&')
            asl_buffer_puts(out, "&amp;");
        else if (c == '<')
            asl_buffer_puts(out, "&lt;");
        else if (c == '>')
            asl_buffer_puts(out, "&gt;");
        else if (c < 0x20 && c != '\t' && c != '\n')
            asl_buffer_printf(out, "&#x%X;", c);
        else
            asl_buffer_putc(out, (char)c);
    }
    asl_buffer_printf(out, "</%s>", name);
}

void s3_begin_xml(struct s3_call *c)
{
    http_headers_set(&c->answer->headers, "Content-Type", ASL_TEXT("application/xml"));
    asl_buffer_clear(&c->answer->body);
    asl_buffer_puts(&c->answer->body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
}

void s3_put_iso_time(struct asl_buffer *out, int64_t ms)
{
    struct tm utc;
    char text[32];
    time_t whole = (time_t)(ms / 1000);
    gmtime_r(&whole, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    asl_buffer_printf(out, "%s.%03dZ", text, (int)(ms % 1000));
}

bool s3_refuse(struct s3_call *c, const struct s3_error *error, const char *detail)
{
    const char *id = http_headers_get(&c->answer->headers, "x-amz-request-id");
    c->answer->status = error->status;
    s3_begin_xml(c);
    struct asl_buffer *out = &c->answer->body;
    asl_buffer_puts(out, "<Error>");
    s3_put_element(out, "Code", asl_text(error->code));
    s3_put_element(out, "Message", asl_text(detail ? detail : error->message));
    if (c->bucket && c->bucket[0])
        s3_put_element(out, "BucketName", asl_text(c->bucket));
    if (c->key && c->key[0])
        s3_put_element(out, "Key", asl_text(c->key));
    s3_put_element(out, "RequestId", asl_text(id ? id : ""));
    s3_put_element(out, "HostId", ASL_TEXT("local"));
    asl_buffer_puts(out, "</Error>");
    return false;
}

bool s3_refuse_feature(struct s3_call *c, const char *what)
{
    static const struct s3_error error = {"NotImplemented", 501, ""};
    char message[256];
    snprintf(message, sizeof message, "%s is not offered by this stand-in", what);
    return s3_refuse(c, &error, message);
}

/* ---- reading the request ---- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool s3_decode(struct asl_text encoded, bool is_query, struct asl_buffer *out)
{
    for (size_t i = 0; i < encoded.size; i++) {
        char c = encoded.data[i];
        if (c == '%') {
            if (i + 2 >= encoded.size || hex(encoded.data[i + 1]) < 0 ||
                hex(encoded.data[i + 2]) < 0)
                return false;
            c = (char)(hex(encoded.data[i + 1]) * 16 + hex(encoded.data[i + 2]));
            i += 2;
        } else if (c == '+' && is_query)
            c = ' ';
        if (c == '\0')
            return false;
        asl_buffer_putc(out, c);
    }
    return true;
}

char *s3_parameter(const struct s3_call *c, const char *name)
{
    for (const char *at = c->request->query; *at; at += strspn(at, "&")) {
        size_t size = strcspn(at, "&"), name_size = strcspn(at, "=&");
        if (name_size == strlen(name) && strncmp(at, name, name_size) == 0) {
            struct asl_buffer value;
            struct asl_text text = {at + name_size, size - name_size};
            asl_buffer_init(&value, 16384);
            if (text.size)
                text.data++, text.size--; /* '=' */
            s3_decode(text, true, &value);
            return asl_buffer_take(&value, NULL);
        }
        at += size;
    }
    return NULL;
}

/* The bucket of "name.localhost:8083", "name.s3.us-east-1.localhost"; empty for other hosts. */
static struct asl_text host_bucket(const char *host)
{
    size_t size = strcspn(host, ":");
    struct asl_text name = {host, size};
    if (!asl_text_ends(name, ".localhost"))
        return ASL_TEXT("");
    name.size -= strlen(".localhost");
    if (asl_text_is(name, "s3") || asl_text_starts(name, "s3."))
        return ASL_TEXT("");
    for (size_t i = 0; i + 3 <= name.size; i++) {
        bool is_service = strncmp(name.data + i, ".s3", 3) == 0 &&
                          (i + 3 == name.size || name.data[i + 3] == '.');
        if (is_service)
            name.size = i;
    }
    return name;
}

/* Splits the path into bucket and key. */
static bool read_target(struct s3_call *c)
{
    struct asl_buffer bucket, key;
    struct asl_text host = host_bucket(c->request->host), path = asl_text(c->request->path);
    asl_buffer_init(&bucket, 1024);
    asl_buffer_init(&key, 16384);
    path.data++, path.size--; /* '/' */
    bool is_fine = true;
    if (host.size)
        asl_buffer_put_text(&bucket, host);
    else {
        size_t size = strcspn(path.data, "/");
        is_fine = s3_decode((struct asl_text){path.data, size}, false, &bucket);
        bool has_key = size < path.size;
        path = (struct asl_text){path.data + size + has_key, path.size - size - has_key};
    }
    is_fine = is_fine && s3_decode(path, false, &key) && value_utf8_valid(asl_buffer_text(&key));
    c->bucket = asl_buffer_take(&bucket, NULL);
    c->key = asl_buffer_take(&key, NULL);
    return is_fine || s3_refuse(c, &s3_invalid_argument, "The request's path is no valid UTF-8");
}

/* Takes the chunks of an aws-chunked body together ("1f;chunk-signature=...\r\n<bytes>\r\n ... 0");
 * trailers behind the last one are checksums, which are not looked at here. */
static bool read_chunked(struct asl_text body, struct asl_buffer *out)
{
    for (;;) {
        size_t digits = 0, size = 0;
        while (digits < body.size && digits < 8 && hex(body.data[digits]) >= 0)
            size = size * 16 + (size_t)hex(body.data[digits++]);
        const char *end = body.size ? memchr(body.data, '\n', body.size) : NULL;
        if (digits == 0 || !end)
            return false;
        if (size == 0)
            return true;
        size_t head = (size_t)(end - body.data) + 1;
        if (body.size - head < size || body.size - head - size < 2)
            return false;
        asl_buffer_put(out, body.data + head, size);
        body.data += head + size + 2;
        body.size -= head + size + 2;
    }
}

static bool is_aws_chunked(const struct s3_call *c)
{
    const char *hash = http_headers_get(&c->request->headers, "x-amz-content-sha256");
    return hash && strncmp(hash, "STREAMING-", 10) == 0;
}

static bool check_features(struct s3_call *c)
{
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        char *value = s3_parameter(c, features[i]);
        if (!value)
            continue;
        free(value);
        char what[64];
        snprintf(what, sizeof what, "?%s", features[i]);
        return s3_refuse_feature(c, what);
    }
    return true;
}

/* A bucket is reached through its own region; only where it is may be asked elsewhere. */
static bool check_region(struct s3_call *c)
{
    char region[REGION_BYTES];
    bucket_region(c->local, asl_text(c->bucket), region);
    char *location = s3_parameter(c, "location");
    bool is_here = location || strcmp(region, c->local->region) == 0;
    free(location);
    if (is_here)
        return true;
    s3_set_header(c, "x-amz-bucket-region", "%s", region);
    return s3_refuse(c, &permanent_redirect, NULL);
}

static bool run(struct s3_call *c)
{
    if (!read_target(c) || !check_features(c))
        return false;
    enum target target = !c->bucket[0] ? SERVICE : !c->key[0] ? BUCKET : OBJECT;
    if (target != SERVICE && !bucket_name_is_valid(asl_text(c->bucket)))
        return s3_refuse(c, &s3_invalid_bucket_name, NULL);
    if (strlen(c->key) > BUCKET_KEY_BYTES)
        return s3_refuse(c, &s3_key_too_long, NULL);
    bool is_new = target == BUCKET && strcmp(c->request->method, "PUT") == 0;
    if (target != SERVICE && !is_new && !bucket_exists(c->local, asl_text(c->bucket)))
        return s3_refuse(c, &s3_no_such_bucket, NULL);
    if (target != SERVICE && !is_new && !check_region(c))
        return false;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (operations[i].target == target && strcmp(operations[i].method, c->request->method) == 0)
            return operations[i].run(c);
    return s3_refuse(c, &s3_method_not_allowed, NULL);
}

static bool handle(struct local *l, const struct http_received *request,
                   struct local_answer *answer)
{
    struct s3_call c = {.local = l, .request = request, .answer = answer, .body = request->body};
    struct asl_buffer plain;
    char id[17];
    bool is_done = false;
    asl_buffer_init(&plain, ASL_BUFFER_MAXIMUM);
    local_random(id, sizeof id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    s3_set_header(&c, "x-amz-request-id", "%s", id);
    s3_set_header(&c, "x-amz-id-2", "local");
    if (is_aws_chunked(&c) && !read_chunked(request->body, &plain))
        s3_refuse(&c, &s3_invalid_argument, "The aws-chunked body is malformed");
    else {
        if (is_aws_chunked(&c))
            c.body = asl_buffer_text(&plain);
        is_done = run(&c);
    }
    asl_buffer_free(&plain);
    free(c.bucket);
    free(c.key);
    return is_done;
}

static void fail(struct local_answer *answer, const char *why)
{
    char message[512];
    struct s3_call c = {.answer = answer};
    snprintf(message, sizeof message, "The stand-in's database failed: %s", why);
    s3_refuse(&c, &s3_internal, message);
}

const struct local_service local_s3 = {.name = "s3", .handle = handle, .fail = fail};
