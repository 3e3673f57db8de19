/* Calls on objects: put and copy, get and head with ranges and conditions, delete one or many. */
#include <expat.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <zlib.h>

#include "s3.h"

#define DELETES_MAXIMUM 1000 /* S3: keys of one DeleteObjects */
#define XML_BYTES       (2 << 20)

static const char *header(const struct s3_call *c, const char *name)
{
    return http_headers_get(&c->request->headers, name);
}

/* ---- what is kept beside the bytes ---- */

static const char *const kept[] = {
    "Content-Type",         "Content-Encoding",    "Content-Language",
    "Content-Disposition",  "Cache-Control",       "Expires",
    "x-amz-checksum-crc32", "x-amz-checksum-sha1", "x-amz-checksum-sha256"};

static bool is_checksum(const char *name)
{
    return strncasecmp(name, "x-amz-checksum-", 15) == 0;
}

static asl_value *kept_headers(const struct s3_call *c)
{
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const char *value = header(c, kept[i]);
        if (!value)
            continue;
        struct asl_text text = asl_text(value);
        if (i == 1 && asl_text_starts(text, "aws-chunked")) { /* framing, not the object's */
            text.data += strlen("aws-chunked");
            text.size = strlen(text.data);
            while (text.size && strchr(", ", text.data[0]))
                text.data++, text.size--;
            if (text.size == 0)
                continue;
        }
        value_list_set_take(&list, kept[i], value_string(text));
    }
    for (size_t i = 0; i < c->request->headers.count; i++) {
        const struct http_header *h = &c->request->headers.items[i];
        if (strncasecmp(h->name, "x-amz-meta-", 11) == 0 && value_utf8_valid(asl_text(h->value)))
            value_list_set_take(&list, h->name, value_string_z(h->value));
    }
    return value_object_take(&list);
}

/* ---- digests ---- */

static bool base64_equals(const char *given, const unsigned char *bytes, size_t size)
{
    unsigned char text[64];
    EVP_EncodeBlock(text, bytes, (int)size);
    return strcmp(given, (const char *)text) == 0;
}

static bool digest_matches(const char *given, const EVP_MD *kind, struct asl_text body)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    return EVP_Digest(body.data ? body.data : "", body.size, bytes, &size, kind, NULL) == 1 &&
           base64_equals(given, bytes, size);
}

static bool crc32_matches(const char *given, struct asl_text body)
{
    unsigned long crc = body.size ? crc32_z(0, (const unsigned char *)body.data, body.size) : 0;
    unsigned char bytes[4] = {(unsigned char)(crc >> 24), (unsigned char)(crc >> 16),
                              (unsigned char)(crc >> 8), (unsigned char)crc};
    return base64_equals(given, bytes, 4);
}

static bool check_digests(struct s3_call *c)
{
    const char *md5 = header(c, "Content-MD5"), *crc = header(c, "x-amz-checksum-crc32");
    const char *sha1 = header(c, "x-amz-checksum-sha1"),
               *sha256 = header(c, "x-amz-checksum-sha256");
    if (md5 && strlen(md5) != 24)
        return s3_refuse(c, &s3_invalid_digest, NULL);
    bool is_fine = (!md5 || digest_matches(md5, EVP_md5(), c->body)) &&
                   (!crc || crc32_matches(crc, c->body)) &&
                   (!sha1 || digest_matches(sha1, EVP_sha1(), c->body)) &&
                   (!sha256 || digest_matches(sha256, EVP_sha256(), c->body));
    return is_fine || s3_refuse(c, &s3_bad_digest, NULL);
}

/* ---- conditions ---- */

/* Whether an If-Match list names this ETag, with or without its quotes. */
static bool names_etag(const char *list, const char *etag)
{
    return strcmp(list, "*") == 0 || (etag && strstr(list, etag) != NULL);
}

static bool check_put_conditions(struct s3_call *c)
{
    const char *match = header(c, "If-Match"), *none = header(c, "If-None-Match");
    struct object o;
    if (!match && !none)
        return true;
    bool exists = bucket_find(c->local, asl_text(c->bucket), asl_text(c->key), &o);
    bool is_fine = (!match || (exists && names_etag(match, o.etag))) &&
                   (!none || !exists || !names_etag(none, o.etag));
    object_free(&o);
    if (!is_fine && match && !exists)
        return s3_refuse(c, &s3_no_such_key, NULL);
    return is_fine || s3_refuse(c, &s3_precondition_failed, NULL);
}

/* ---- PutObject, CopyObject ---- */

static bool answer_put(struct s3_call *c)
{
    struct object o;
    if (!bucket_find(c->local, asl_text(c->bucket), asl_text(c->key), &o))
        return s3_refuse(c, &s3_internal, NULL);
    if (header(c, "x-amz-copy-source")) {
        s3_begin_xml(c);
        asl_buffer_puts(&c->answer->body, "<CopyObjectResult><LastModified>");
        s3_put_iso_time(&c->answer->body, o.modified);
        asl_buffer_printf(&c->answer->body,
                          "</LastModified><ETag>&quot;%s&quot;</ETag>"
                          "</CopyObjectResult>",
                          o.etag);
    } else
        s3_set_header(c, "ETag", "\"%s\"", o.etag);
    for (size_t i = 0; i < value_count(o.headers); i++) {
        struct asl_text name = value_as_text(value_key_at(o.headers, i));
        if (asl_text_starts(name, "x-amz-checksum-"))
            http_headers_set(&c->answer->headers, name.data, value_as_text(value_at(o.headers, i)));
    }
    object_free(&o);
    return true;
}

static bool put(struct s3_call *c, struct asl_text body, const asl_value *headers)
{
    char why[256] = "";
    if (!bucket_put(c->local, asl_text(c->bucket), asl_text(c->key), body, headers, why))
        return s3_refuse(c, &s3_internal, why);
    return answer_put(c);
}

/* "/bucket/key" or "bucket/key", encoded. */
static bool find_source(struct s3_call *c, const char *source, struct object *o)
{
    struct asl_buffer text;
    asl_buffer_init(&text, 16384);
    source += *source == '/';
    bool is_found = s3_decode((struct asl_text){source, strcspn(source, "?")}, false, &text);
    char *slash = is_found && text.data ? strchr(text.data, '/') : NULL;
    if (slash) {
        struct asl_text bucket = {text.data, (size_t)(slash - text.data)};
        if (!bucket_exists(c->local, bucket)) {
            asl_buffer_free(&text);
            return s3_refuse(c, &s3_no_such_bucket, NULL);
        }
        is_found = bucket_find(c->local, bucket, asl_text(slash + 1), o);
    }
    asl_buffer_free(&text);
    return (slash && is_found) || s3_refuse(c, &s3_no_such_key, NULL);
}

static bool copy(struct s3_call *c, const char *source)
{
    struct object o;
    struct asl_buffer body;
    if (!find_source(c, source, &o))
        return false;
    const char *directive = header(c, "x-amz-metadata-directive");
    bool replaces = directive && strcasecmp(directive, "REPLACE") == 0;
    asl_buffer_init(&body, ASL_BUFFER_MAXIMUM);
    bool is_done = object_read(&o, 0, o.size, &body) || s3_refuse(c, &s3_internal, NULL);
    if (is_done) {
        asl_value *headers = replaces ? kept_headers(c) : value_retain(o.headers);
        is_done = put(c, asl_buffer_text(&body), headers);
        value_release(headers);
    }
    asl_buffer_free(&body);
    object_free(&o);
    return is_done;
}

bool s3_put_object(struct s3_call *c)
{
    const char *source = header(c, "x-amz-copy-source");
    if (!check_put_conditions(c))
        return false;
    if (source)
        return copy(c, source);
    if (!check_digests(c))
        return false;
    asl_value *headers = kept_headers(c);
    bool is_done = put(c, c->body, headers);
    value_release(headers);
    return is_done;
}

/* ---- GetObject, HeadObject ---- */

enum range { WHOLE, PART, UNSATISFIABLE };

/* "bytes=2-5", "bytes=2-", "bytes=-5"; other forms give the whole (RFC 9110, 14.2). */
static enum range read_range(const char *text, int64_t size, int64_t *first, int64_t *last)
{
    *first = 0;
    *last = size - 1;
    if (!text || strncmp(text, "bytes=", 6) != 0)
        return WHOLE;
    text += 6;
    size_t digits = strspn(text, "0123456789");
    if (digits > 15 || text[digits] != '-')
        return WHOLE;
    const char *end = text + digits + 1;
    size_t end_digits = strspn(end, "0123456789");
    if (end_digits > 15 || end[end_digits] != '\0' || digits + end_digits == 0)
        return WHOLE;
    if (digits == 0) {
        int64_t count = strtoll(end, NULL, 10);
        *first = count < size ? size - count : 0;
        return count == 0 || size == 0 ? UNSATISFIABLE : PART;
    }
    *first = strtoll(text, NULL, 10);
    if (end_digits) {
        int64_t given = strtoll(end, NULL, 10);
        if (given < *first)
            return WHOLE;
        *last = given < *last ? given : *last;
    }
    return *first >= size ? UNSATISFIABLE : PART;
}

static void set_http_time(struct s3_call *c, const char *name, int64_t ms)
{
    struct tm utc;
    char text[64];
    time_t whole = (time_t)(ms / 1000);
    gmtime_r(&whole, &utc);
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    s3_set_header(c, name, "%s", text);
}

static void set_object_headers(struct s3_call *c, const struct object *o, bool is_whole)
{
    const char *mode = header(c, "x-amz-checksum-mode");
    bool shows_checksums = is_whole && mode && strcasecmp(mode, "ENABLED") == 0;
    s3_set_header(c, "Content-Type", "binary/octet-stream");
    for (size_t i = 0; i < value_count(o->headers); i++) {
        struct asl_text name = value_as_text(value_key_at(o->headers, i));
        if (!is_checksum(name.data) || shows_checksums)
            http_headers_set(&c->answer->headers, name.data,
                             value_as_text(value_at(o->headers, i)));
    }
    s3_set_header(c, "ETag", "\"%s\"", o->etag);
    s3_set_header(c, "Accept-Ranges", "bytes");
    set_http_time(c, "Last-Modified", o->modified);
}

static bool check_get_conditions(struct s3_call *c, const struct object *o)
{
    const char *match = header(c, "If-Match"), *none = header(c, "If-None-Match");
    if (match && !names_etag(match, o->etag))
        return s3_refuse(c, &s3_precondition_failed, NULL);
    if (!none || !names_etag(none, o->etag))
        return true;
    s3_refuse(c, &s3_not_modified, NULL);
    asl_buffer_clear(&c->answer->body);
    s3_set_header(c, "ETag", "\"%s\"", o->etag);
    return false;
}

static bool get(struct s3_call *c, const struct object *o)
{
    int64_t first, last;
    enum range range = read_range(header(c, "Range"), o->size, &first, &last);
    if (!check_get_conditions(c, o))
        return false;
    if (range == UNSATISFIABLE) {
        s3_set_header(c, "Content-Range", "bytes */%lld", (long long)o->size);
        return s3_refuse(c, &s3_invalid_range, NULL);
    }
    set_object_headers(c, o, range == WHOLE);
    if (range == PART) {
        c->answer->status = 206;
        s3_set_header(c, "Content-Range", "bytes %lld-%lld/%lld", (long long)first, (long long)last,
                      (long long)o->size);
    }
    if (strcmp(c->request->method, "HEAD") == 0) {
        s3_set_header(c, "Content-Length", "%lld", (long long)(last - first + 1));
        return true;
    }
    return object_read(o, first, last - first + 1, &c->answer->body) ||
           s3_refuse(c, &s3_internal, NULL);
}

bool s3_get_object(struct s3_call *c)
{
    struct object o;
    if (!bucket_find(c->local, asl_text(c->bucket), asl_text(c->key), &o))
        return s3_refuse(c, &s3_no_such_key, NULL);
    bool is_done = get(c, &o);
    object_free(&o);
    return is_done;
}

/* ---- DeleteObject, DeleteObjects ---- */

bool s3_delete_object(struct s3_call *c)
{
    char why[256];
    if (!bucket_remove(c->local, asl_text(c->bucket), asl_text(c->key), why))
        return s3_refuse(c, &s3_internal, why);
    c->answer->status = 204;
    return true;
}

/* <Delete><Object><Key>..</Key></Object>...<Quiet>true</Quiet></Delete> */
struct deletes {
    struct asl_buffer text; /* of the element being read */
    struct value_list keys;
    bool is_quiet;
    size_t depth;
};

static void on_start(void *state, const char *name, const char **attributes)
{
    (void)name, (void)attributes;
    struct deletes *d = state;
    d->depth++;
    asl_buffer_clear(&d->text);
}

static void on_text(void *state, const char *text, int size)
{
    struct deletes *d = state;
    asl_buffer_put(&d->text, text, (size_t)size);
}

static void on_end(void *state, const char *name)
{
    struct deletes *d = state;
    d->depth--;
    if (strcmp(name, "Key") == 0 && d->depth == 2)
        value_list_push_take(&d->keys, value_string(asl_buffer_text(&d->text)));
    else if (strcmp(name, "Quiet") == 0 && d->depth == 1)
        d->is_quiet = asl_text_is(asl_buffer_text(&d->text), "true");
}

static bool read_deletes(struct s3_call *c, struct deletes *d)
{
    XML_Parser parser = XML_ParserCreate("UTF-8");
    if (!parser)
        asl_out_of_memory();
    XML_SetUserData(parser, d);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    /* No entity may be declared: nothing of this request needs one. */
    bool has_doctype = c->body.size && memmem(c->body.data, c->body.size, "<!", 2);
    bool is_fine =
        c->body.size <= XML_BYTES && !has_doctype &&
        XML_Parse(parser, c->body.data ? c->body.data : "", (int)c->body.size, 1) == XML_STATUS_OK;
    XML_ParserFree(parser);
    return (is_fine && d->keys.count > 0 && d->keys.count <= DELETES_MAXIMUM) ||
           s3_refuse(c, &s3_malformed_xml, NULL);
}

static void delete_all(struct s3_call *c, const struct deletes *d)
{
    struct asl_buffer *out = &c->answer->body;
    s3_begin_xml(c);
    asl_buffer_puts(out, "<DeleteResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (size_t i = 0; i < d->keys.count; i++) {
        char why[256] = "";
        struct asl_text key = value_as_text(d->keys.items[i]);
        bool is_done = bucket_remove(c->local, asl_text(c->bucket), key, why);
        if (is_done && d->is_quiet)
            continue;
        asl_buffer_puts(out, is_done ? "<Deleted>" : "<Error>");
        s3_put_element(out, "Key", key);
        if (!is_done) {
            s3_put_element(out, "Code", asl_text(s3_internal.code));
            s3_put_element(out, "Message", asl_text(why));
        }
        asl_buffer_puts(out, is_done ? "</Deleted>" : "</Error>");
    }
    asl_buffer_puts(out, "</DeleteResult>");
}

bool s3_delete_objects(struct s3_call *c)
{
    char *marker = s3_parameter(c, "delete");
    free(marker);
    if (!marker)
        return s3_refuse_feature(c, "POST to a bucket (browser form upload)");
    if (!check_digests(c))
        return false;
    struct deletes d = {.is_quiet = false};
    asl_buffer_init(&d.text, 8192);
    value_list_init(&d.keys);
    bool is_done = read_deletes(c, &d);
    if (is_done)
        delete_all(c, &d);
    asl_buffer_free(&d.text);
    value_list_free(&d.keys);
    return is_done;
}
