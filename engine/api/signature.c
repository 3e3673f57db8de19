/* Verifying signatures: take what the request says of itself apart, sign the same anew, compare. */
#include "engine/api/signature.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "asl/value/value.h"
#include "engine/aws/config.h"
#include "engine/aws/sigv4.h"
#include "engine/local/local.h" /* local_service_of */

#define FILE_MAXIMUM    (1 << 20)
#define SKEW_MS         (5 * INT64_C(60000))
#define EXPIRES_MAXIMUM 604800 /* seconds, of the query form */
#define ALGORITHM       "AWS4-HMAC-SHA256"

/* ---- keys ---- */

struct key {
    char *id, *secret, *token;
};
struct signature_keys {
    struct key *items;
    size_t count;
};

struct signature_keys *signature_keys_new(void)
{
    return asl_allocate_zeroed(1, sizeof(struct signature_keys));
}

static void wipe(char *text)
{
    OPENSSL_cleanse(text, strlen(text));
    free(text);
}

void signature_keys_free(struct signature_keys *k)
{
    if (!k)
        return;
    for (size_t i = 0; i < k->count; i++) {
        free(k->items[i].id);
        wipe(k->items[i].secret);
        wipe(k->items[i].token);
    }
    free(k->items);
    free(k);
}

void signature_keys_add(struct signature_keys *k, const char *id, const char *secret,
                        const char *token)
{
    k->items = asl_reallocate(k->items, (k->count + 1) * sizeof *k->items);
    k->items[k->count++] =
        (struct key){asl_copy_text(asl_text(id)), asl_copy_text(asl_text(secret)),
                     asl_copy_text(asl_text(token ? token : ""))};
}

static const char *value_of(const struct ini_section *s, const char *name)
{
    const struct ini_property *p = ini_property(s, name);
    return p && p->value[0] ? p->value : NULL;
}

bool signature_keys_read(struct signature_keys *k, const char *path, char message[512])
{
    struct asl_buffer text;
    struct ini ini = {0};
    size_t before = k->count;
    asl_buffer_init(&text, FILE_MAXIMUM);
    bool fine = config_read_file(path, FILE_MAXIMUM, &text);
    if (!fine)
        snprintf(message, 512, "%.300s cannot be read, or is larger than %d bytes", path,
                 FILE_MAXIMUM);
    else
        fine = ini_parse(asl_buffer_text(&text), path, &ini, message);
    for (size_t i = 0; fine && i < ini.count; i++) {
        const char *id = value_of(&ini.sections[i], "aws_access_key_id");
        const char *secret = value_of(&ini.sections[i], "aws_secret_access_key");
        if (id && secret)
            signature_keys_add(k, id, secret, value_of(&ini.sections[i], "aws_session_token"));
    }
    if (fine && k->count == before) {
        snprintf(message, 512,
                 "%.300s holds no key: [name], aws_access_key_id = ..., "
                 "aws_secret_access_key = ...",
                 path);
        fine = false;
    }
    ini_free(&ini);
    if (text.data)
        OPENSSL_cleanse(text.data, text.size);
    asl_buffer_free(&text);
    return fine;
}

size_t signature_keys_count(const struct signature_keys *k)
{
    return k->count;
}

static const struct key *find_key(const struct signature_keys *k, const char *id)
{
    for (size_t i = 0; i < k->count; i++)
        if (strcmp(k->items[i].id, id) == 0)
            return &k->items[i];
    return NULL;
}

/* ---- what the request says ---- */

struct claim {
    bool in_query;
    char algorithm[32], id[130], date[9], region[32], service[64], end[16];
    char stamp[17], signature[65], token[4096];
    char names[2048]; /* "host;x-amz-date" */
    int64_t at_ms, expires_seconds;
};

static int digit_of(char c)
{
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

/* Up to one of `ends`, percent-decoded where `decode`; false when it does not fit. */
static bool take(const char **at, const char *ends, bool decode, char *out, size_t size)
{
    size_t n = 0;
    for (; **at && !strchr(ends, **at); (*at)++) {
        char c = **at;
        if (decode && c == '%' && digit_of((*at)[1]) >= 0 && digit_of((*at)[2]) >= 0) {
            c = (char)(digit_of((*at)[1]) * 16 + digit_of((*at)[2]));
            *at += 2;
        }
        if (n + 1 >= size)
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return true;
}

/* "<id>/<date>/<region>/<service>/aws4_request" */
static bool read_scope(const char *text, struct claim *c)
{
    const struct {
        char *out;
        size_t size;
    } parts[] = {{c->id, sizeof c->id},
                 {c->date, sizeof c->date},
                 {c->region, sizeof c->region},
                 {c->service, sizeof c->service},
                 {c->end, sizeof c->end}};
    for (size_t i = 0; i < 5; i++) {
        if (!take(&text, "/", false, parts[i].out, parts[i].size) || (i < 4) != (*text == '/'))
            return false;
        text += *text == '/';
    }
    return strcmp(c->end, "aws4_request") == 0;
}

/* "20261122T090000Z" */
static bool read_stamp(struct claim *c)
{
    struct tm t = {0};
    int size = 0;
    if (sscanf(c->stamp, "%4d%2d%2dT%2d%2d%2dZ%n", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour,
               &t.tm_min, &t.tm_sec, &size) != 6 ||
        size != 16)
        return false;
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    c->at_ms = (int64_t)timegm(&t) * 1000;
    return strncmp(c->stamp, c->date, 8) == 0;
}

/* A parameter of the header form: "Credential=...,"; false when it is absent or too long. */
static bool parameter(const char *text, const char *name, char *out, size_t size)
{
    const char *at = strstr(text, name);
    if (!at || (at[-1] != ' ' && at[-1] != ','))
        return false;
    at += strlen(name);
    return take(&at, ", ", false, out, size) && out[0];
}

static bool read_header_form(const struct http_received *r, const char *authorization,
                             struct claim *c)
{
    char scope[320];
    const char *at = authorization;
    const char *stamp = http_headers_get(&r->headers, "X-Amz-Date");
    const char *token = http_headers_get(&r->headers, "X-Amz-Security-Token");
    snprintf(c->stamp, sizeof c->stamp, "%s", stamp ? stamp : "");
    snprintf(c->token, sizeof c->token, "%s", token ? token : "");
    return take(&at, " ", false, c->algorithm, sizeof c->algorithm) &&
           strcmp(c->algorithm, ALGORITHM) == 0 &&
           parameter(authorization, "Credential=", scope, sizeof scope) && read_scope(scope, c) &&
           parameter(authorization, "SignedHeaders=", c->names, sizeof c->names) &&
           parameter(authorization, "Signature=", c->signature, sizeof c->signature) &&
           read_stamp(c);
}

/* A parameter of the query form, decoded. */
static bool query_parameter(const char *query, const char *name, char *out, size_t size)
{
    size_t length = strlen(name);
    for (const char *at = query; at; at = strchr(at, '&')) {
        at += *at == '&';
        if (strncmp(at, name, length) == 0 && at[length] == '=') {
            at += length + 1;
            return take(&at, "&", true, out, size);
        }
    }
    return false;
}

static bool read_query_form(const struct http_received *r, struct claim *c)
{
    char scope[320], seconds[16];
    c->in_query = true;
    if (!query_parameter(r->query, "X-Amz-Security-Token", c->token, sizeof c->token))
        c->token[0] = '\0';
    if (!query_parameter(r->query, "X-Amz-Expires", seconds, sizeof seconds))
        return false;
    c->expires_seconds = strtol(seconds, NULL, 10);
    return query_parameter(r->query, "X-Amz-Algorithm", c->algorithm, sizeof c->algorithm) &&
           strcmp(c->algorithm, ALGORITHM) == 0 &&
           query_parameter(r->query, "X-Amz-Credential", scope, sizeof scope) &&
           read_scope(scope, c) &&
           query_parameter(r->query, "X-Amz-Date", c->stamp, sizeof c->stamp) &&
           query_parameter(r->query, "X-Amz-SignedHeaders", c->names, sizeof c->names) &&
           query_parameter(r->query, "X-Amz-Signature", c->signature, sizeof c->signature) &&
           c->expires_seconds > 0 && c->expires_seconds <= EXPIRES_MAXIMUM && read_stamp(c);
}

/* ---- signing anew ---- */

static bool names_header(const char *names, const char *header)
{
    size_t size = strlen(header);
    for (const char *at = names; at; at = strchr(at, ';')) {
        at += *at == ';';
        if (strncasecmp(at, header, size) == 0 && (at[size] == ';' || !at[size]))
            return true;
    }
    return false;
}

/* The query without its signature: what was signed. */
static void put_signed_query(const struct http_received *r, struct asl_buffer *out)
{
    static const char name[] = "X-Amz-Signature=";
    for (const char *at = r->query; *at;) {
        size_t size = strcspn(at, "&");
        if (strncmp(at, name, sizeof name - 1) != 0) {
            if (out->size)
                asl_buffer_putc(out, '&');
            asl_buffer_put(out, at, size);
        }
        at += size + (at[size] == '&');
    }
}

/* What the client says the body's hash is, where it says so; S3 may leave the body unsigned. */
static const char *stated_hash(const struct http_received *r, const struct claim *c)
{
    const char *hash = http_headers_get(&r->headers, "x-amz-content-sha256");
    return hash || strcmp(c->service, "s3") != 0 || !c->in_query ? hash : "UNSIGNED-PAYLOAD";
}

static bool sign_anew(const struct http_received *r, const struct claim *c, const struct key *key,
                      char out[65])
{
    const struct sigv4_credentials credentials = {key->id, key->secret, NULL};
    struct http_headers headers;
    struct asl_buffer query, canonical, to_sign;
    char hash[65];
    const char *stated = stated_hash(r, c);
    bool is_s3 = strcmp(c->service, "s3") == 0;
    http_headers_init(&headers);
    asl_buffer_init(&query, 1 << 20);
    asl_buffer_init(&canonical, 1 << 20);
    asl_buffer_init(&to_sign, 1 << 16);
    for (size_t i = 0; i < r->headers.count; i++)
        if (names_header(c->names, r->headers.items[i].name))
            http_headers_add(&headers, r->headers.items[i].name,
                             asl_text(r->headers.items[i].value));
    put_signed_query(r, &query);
    struct sigv4 s = {
        .method = r->method,
        .path = asl_text(r->path),
        .query = &query,
        .headers = &headers,
        .body = r->body,
        .credentials = &credentials,
        .region = c->region,
        .service = c->service,
        .now_ms = c->at_ms,
        .flags = SIGV4_ALL_HEADERS | (is_s3 ? 0u : SIGV4_ENCODE_PATH | SIGV4_NORMALIZE),
    };
    sigv4_canonical_request(&s, &canonical);
    sigv4_hash(r->body, hash);
    bool fine = canonical.size > 64;
    if (fine && stated && strcmp(stated, hash) != 0) { /* another last line, where S3 allows it */
        fine = is_s3 &&
               (strcmp(stated, "UNSIGNED-PAYLOAD") == 0 || strncmp(stated, "STREAMING-", 10) == 0);
        canonical.size -= 64;
        asl_buffer_puts(&canonical, stated);
    }
    sigv4_string_to_sign(&s, asl_buffer_text(&canonical), &to_sign);
    sigv4_signature(&s, asl_buffer_text(&to_sign), out);
    asl_buffer_free(&to_sign);
    asl_buffer_free(&canonical);
    asl_buffer_free(&query);
    http_headers_free(&headers);
    return fine;
}

/* ---- judging ---- */

static bool refuse(struct signature_refusal *f, const char *code, const char *s3_code,
                   const char *message)
{
    f->code = code;
    f->s3_code = s3_code;
    if (message)
        snprintf(f->message, sizeof f->message, "%s", message);
    return false;
}

static void stamp_of(int64_t ms, char out[17])
{
    struct tm t;
    time_t seconds = (time_t)(ms / 1000);
    gmtime_r(&seconds, &t);
    strftime(out, 17, "%Y%m%dT%H%M%SZ", &t);
}

static bool check_time(const struct claim *c, int64_t now, struct signature_refusal *f)
{
    char at[17], bound[17], clock[17];
    int64_t good_for = c->in_query ? c->expires_seconds * 1000 : SKEW_MS;
    stamp_of(c->at_ms, at);
    stamp_of(now, clock);
    if (c->at_ms + good_for < now) {
        stamp_of(now - good_for, bound);
        snprintf(f->message, sizeof f->message,
                 "Signature expired: %s is now earlier than %s (%s - %d min.)", at, bound, clock,
                 (int)(good_for / 60000));
        return refuse(f, "InvalidSignatureException", "RequestTimeTooSkewed", NULL);
    }
    if (c->at_ms > now + SKEW_MS) {
        stamp_of(now + SKEW_MS, bound);
        snprintf(f->message, sizeof f->message,
                 "Signature not yet current: %s is still later than %s (%s + 5 min.)", at, bound,
                 clock);
        return refuse(f, "InvalidSignatureException", "RequestTimeTooSkewed", NULL);
    }
    return true;
}

static bool same(const char *a, const char *b)
{
    return strlen(a) == strlen(b) && CRYPTO_memcmp(a, b, strlen(a)) == 0;
}

/* The service it was signed for must be the one it asks. */
static bool is_for_service(const struct http_received *r, const struct claim *c)
{
    const char *target = http_headers_get(&r->headers, "X-Amz-Target");
    char service[64];
    if (target && strncmp(target, "AWSStepFunctions.", 17) == 0)
        return strcmp(c->service, "states") == 0;
    local_service_of(r, service);
    return !service[0] || strcmp(service, c->service) == 0;
}

bool signature_verify(const struct signature_keys *k, const struct http_received *request,
                      int64_t now_ms, struct signature_refusal *f)
{
    struct claim c = {.in_query = false};
    const char *authorization = http_headers_get(&request->headers, "Authorization");
    char anew[65];
    if (!authorization && !strstr(request->query, "X-Amz-Signature="))
        return refuse(f, "MissingAuthenticationTokenException", "AccessDenied",
                      "Missing Authentication Token");
    if (authorization ? !read_header_form(request, authorization, &c)
                      : !read_query_form(request, &c))
        return refuse(f, "IncompleteSignatureException", "AuthorizationHeaderMalformed",
                      "The signature is incomplete: " ALGORITHM " with Credential, SignedHeaders, "
                      "Signature, and an X-Amz-Date of the credential's day are wanted");
    if (!names_header(c.names, "host"))
        return refuse(f, "InvalidSignatureException", "SignatureDoesNotMatch",
                      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
    const struct key *key = find_key(k, c.id);
    if (!key || !same(key->token, c.token))
        return refuse(f, "UnrecognizedClientException", "InvalidAccessKeyId",
                      "The security token included in the request is invalid.");
    if (!is_for_service(request, &c))
        return refuse(f, "InvalidSignatureException", "SignatureDoesNotMatch",
                      "Credential should be scoped to correct service.");
    if (!check_time(&c, now_ms, f))
        return false;
    if (!sign_anew(request, &c, key, anew) || !same(anew, c.signature))
        return refuse(f, "InvalidSignatureException", "SignatureDoesNotMatch",
                      "The request signature we calculated does not match the signature you "
                      "provided. Check your AWS Secret Access Key and signing method. Consult the "
                      "service documentation for details.");
    return true;
}

void signature_answer(struct http_exchange *x, const struct http_received *request,
                      const struct signature_refusal *f)
{
    struct asl_buffer body;
    struct http_headers headers;
    char service[64];
    local_service_of(request, service);
    bool is_s3 = strcmp(service, "s3") == 0;
    const char *type = http_headers_get(&request->headers, "Content-Type");
    asl_buffer_init(&body, 4096);
    http_headers_init(&headers);
    if (is_s3) { /* texts of ours: nothing in them wants escaping */
        asl_buffer_printf(&body,
                          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code>"
                          "<Message>%s</Message></Error>",
                          f->s3_code, f->message);
    } else {
        asl_buffer_printf(&body, "{\"__type\":\"%s\",\"message\":", f->code);
        value_print_string(asl_text(f->message), &body);
        asl_buffer_putc(&body, '}');
    }
    bool is_json =
        type && strncasecmp(type, "application/x-amz-json-1.", 25) == 0 && strlen(type) < 64;
    http_headers_add(&headers, "Content-Type",
                     is_s3     ? ASL_TEXT("application/xml")
                     : is_json ? asl_text(type)
                               : ASL_TEXT("application/json"));
    http_exchange_answer(x, is_s3 ? 403 : 400, &headers, asl_buffer_text(&body));
    http_headers_free(&headers);
    asl_buffer_free(&body);
}
