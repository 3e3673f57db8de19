/* Signature Version 4. One file: the stages share the list of signed headers and nothing else.
 *
 * Every stage is a pure function of the request and gives text, so that a refused signature can be
 * compared stage by stage with what the service says it computed.
 *
 * Memory: the derived key lives on the stack and is wiped before it goes.
 */
#include "sigv4.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define ALGORITHM "AWS4-HMAC-SHA256"

/* Headers that a proxy or libcurl may still change: never signed. */
static const char *const unsigned_headers[] = {
    "authorization", "connection", "expect",          "transfer-encoding",
    "upgrade",       "user-agent", "x-amzn-trace-id",
};

struct pair {
    struct asl_text name, value;
    size_t index; /* keeps equal names in the order they came */
};

struct moment {
    char date[9];   /* 20150830 */
    char stamp[17]; /* 20150830T123600Z */
};

static struct moment moment_of(int64_t now_ms)
{
    struct moment m;
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(m.stamp, sizeof m.stamp, "%Y%m%dT%H%M%SZ", &utc);
    memcpy(m.date, m.stamp, 8);
    m.date[8] = '\0';
    return m;
}

static void hex_of(const unsigned char *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * size] = '\0';
}

void sigv4_hash(struct asl_text bytes, char out[65])
{
    unsigned char digest[32];
    if (!EVP_Digest(bytes.data ? bytes.data : "", bytes.size, digest, NULL, EVP_sha256(), NULL))
        abort(); /* SHA-256 of memory cannot fail but for a broken OpenSSL */
    hex_of(digest, sizeof digest, out);
}

static void hmac(const unsigned char *key, size_t key_size, struct asl_text data,
                 unsigned char out[32])
{
    if (!HMAC(EVP_sha256(), key, (int)key_size, (const unsigned char *)data.data, data.size, out,
              NULL))
        abort();
}

static bool is_unreserved(unsigned char c)
{
    return (c < 128 && isalnum(c)) || c == '-' || c == '.' || c == '_' || c == '~';
}

void sigv4_encode(struct asl_text raw, bool slash, struct asl_buffer *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < raw.size; i++) {
        unsigned char c = (unsigned char)raw.data[i];
        if (is_unreserved(c) || (slash && c == '/')) {
            asl_buffer_putc(out, (char)c);
        } else {
            char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
            asl_buffer_put(out, escape, sizeof escape);
        }
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What stands encoded in a query keeps its meaning; what was left raw is encoded. */
static void encode_anew(struct asl_text text, struct asl_buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '%' && i + 2 < text.size && hex_digit(text.data[i + 1]) >= 0 &&
            hex_digit(text.data[i + 2]) >= 0) {
            c = (char)(hex_digit(text.data[i + 1]) * 16 + hex_digit(text.data[i + 2]));
            i += 2;
        }
        sigv4_encode((struct asl_text){&c, 1}, false, out);
    }
}

/* ---- path ---- */

/* RFC 3986 6.2.2.3, with double slashes made single: what AWS does for all services but S3. */
static void put_normalized(struct asl_text path, struct asl_buffer *out)
{
    asl_buffer_putc(out, '/');
    size_t root = out->size;
    for (size_t at = 0; at < path.size;) {
        const char *start = path.data + at;
        const char *slash = memchr(start, '/', path.size - at);
        size_t size = slash ? (size_t)(slash - start) : path.size - at;
        at += size + (slash ? 1 : 0);
        bool dot = size == 1 && start[0] == '.';
        bool up = size == 2 && start[0] == '.' && start[1] == '.';
        if (up && out->size > root) {
            do
                out->size--;
            while (out->size > root && out->data[out->size - 1] != '/');
            out->data[out->size] = '\0';
        } else if (size > 0 && !dot && !up) {
            asl_buffer_put(out, start, size);
            if (slash)
                asl_buffer_putc(out, '/');
        }
    }
}

static void put_path(const struct sigv4 *s, struct asl_buffer *out)
{
    struct asl_buffer normal;
    struct asl_text path = s->path.size > 0 ? s->path : ASL_TEXT("/");
    asl_buffer_init(&normal, ASL_BUFFER_MAXIMUM);
    if (s->flags & SIGV4_NORMALIZE) {
        put_normalized(path, &normal);
        path = asl_buffer_text(&normal);
    }
    if (s->flags & SIGV4_ENCODE_PATH)
        sigv4_encode(path, true, out);
    else
        asl_buffer_put_text(out, path);
    asl_buffer_free(&normal);
}

/* ---- query ---- */

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int order = asl_text_compare(x->name, y->name);
    if (order == 0)
        order = asl_text_compare(x->value, y->value);
    return order;
}

static size_t count_of(struct asl_text text, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < text.size; i++)
        n += text.data[i] == c;
    return n;
}

static struct asl_text encoded_copy(struct asl_text raw)
{
    struct asl_buffer b;
    struct asl_text copy;
    asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
    encode_anew(raw, &b);
    copy.data = asl_buffer_take(&b, &copy.size);
    return copy;
}

static struct pair pair_of(struct asl_text item)
{
    struct pair p = {.name = item};
    const char *equals = item.size > 0 ? memchr(item.data, '=', item.size) : NULL;
    if (equals) {
        p.name.size = (size_t)(equals - item.data);
        p.value = (struct asl_text){equals + 1, item.size - p.name.size - 1};
    }
    p.name = encoded_copy(p.name);
    p.value = encoded_copy(p.value);
    return p;
}

static void put_query(struct asl_text query, struct asl_buffer *out)
{
    struct pair *pairs = asl_allocate_zeroed(count_of(query, '&') + 1, sizeof *pairs);
    size_t count = 0;
    for (size_t at = 0; at < query.size;) {
        const char *start = query.data + at;
        const char *end = memchr(start, '&', query.size - at);
        size_t size = end ? (size_t)(end - start) : query.size - at;
        at += size + (end ? 1 : 0);
        if (size > 0)
            pairs[count++] = pair_of((struct asl_text){start, size});
    }
    if (count > 0)
        qsort(pairs, count, sizeof *pairs, compare_pairs);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            asl_buffer_putc(out, '&');
        asl_buffer_put_text(out, pairs[i].name);
        asl_buffer_putc(out, '=');
        asl_buffer_put_text(out, pairs[i].value);
        free((char *)pairs[i].name.data);
        free((char *)pairs[i].value.data);
    }
    free(pairs);
}

/* ---- headers ---- */

static int compare_headers(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int order = strcasecmp(x->name.data, y->name.data);
    if (order == 0)
        order = x->index < y->index ? -1 : 1;
    return order;
}

static bool is_signed(const struct sigv4 *s, const char *name)
{
    if (s->flags & SIGV4_ALL_HEADERS)
        return true;
    for (size_t i = 0; i < sizeof unsigned_headers / sizeof *unsigned_headers; i++)
        if (strcasecmp(name, unsigned_headers[i]) == 0)
            return false;
    return !(s->flags & SIGV4_TOKEN_UNSIGNED) || strcasecmp(name, "x-amz-security-token") != 0;
}

/* The headers to sign, sorted; free() them. Names are NUL-terminated: they are the headers' own. */
static struct pair *signed_headers(const struct sigv4 *s, size_t *count)
{
    struct pair *pairs = asl_allocate_zeroed(s->headers->count + 1, sizeof *pairs);
    *count = 0;
    for (size_t i = 0; i < s->headers->count; i++) {
        const struct http_header *h = &s->headers->items[i];
        if (is_signed(s, h->name))
            pairs[(*count)++] =
                (struct pair){.name = asl_text(h->name), .value = asl_text(h->value), .index = i};
    }
    if (*count > 0)
        qsort(pairs, *count, sizeof *pairs, compare_headers);
    return pairs;
}

static void put_lower(struct asl_text name, struct asl_buffer *out)
{
    for (size_t i = 0; i < name.size; i++)
        asl_buffer_putc(out, (char)tolower((unsigned char)name.data[i]));
}

/* Outer white space goes, inner runs become one space. */
static void put_trimmed(struct asl_text value, struct asl_buffer *out)
{
    bool pending = false, begun = false;
    for (size_t i = 0; i < value.size; i++) {
        if (isspace((unsigned char)value.data[i])) {
            pending = begun;
            continue;
        }
        if (pending)
            asl_buffer_putc(out, ' ');
        asl_buffer_putc(out, value.data[i]);
        pending = false;
        begun = true;
    }
}

static bool repeats(const struct pair *pairs, size_t i)
{
    return i > 0 && strcasecmp(pairs[i - 1].name.data, pairs[i].name.data) == 0;
}

static void put_headers(const struct pair *pairs, size_t count, struct asl_buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        if (repeats(pairs, i)) {
            asl_buffer_putc(out, ',');
        } else {
            if (i > 0)
                asl_buffer_putc(out, '\n');
            put_lower(pairs[i].name, out);
            asl_buffer_putc(out, ':');
        }
        put_trimmed(pairs[i].value, out);
    }
    asl_buffer_putc(out, '\n');
}

static void put_names(const struct pair *pairs, size_t count, struct asl_buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        if (repeats(pairs, i))
            continue;
        if (i > 0)
            asl_buffer_putc(out, ';');
        put_lower(pairs[i].name, out);
    }
}

static void put_signed_names(const struct sigv4 *s, struct asl_buffer *out)
{
    size_t count;
    struct pair *pairs = signed_headers(s, &count);
    put_names(pairs, count, out);
    free(pairs);
}

/* ---- prepare ---- */

static void put_scope(const struct sigv4 *s, struct asl_buffer *out)
{
    struct moment m = moment_of(s->now_ms);
    asl_buffer_printf(out, "%s/%s/%s/aws4_request", m.date, s->region, s->service);
}

static void put_credential(const struct sigv4 *s, struct asl_buffer *out)
{
    asl_buffer_printf(out, "%s/", s->credentials->access_key_id);
    put_scope(s, out);
}

static bool has_token(const struct sigv4 *s)
{
    return s->credentials->session_token && s->credentials->session_token[0] != '\0';
}

static void add_parameter(struct asl_buffer *query, const char *name, struct asl_text value)
{
    if (query->size > 0)
        asl_buffer_putc(query, '&');
    asl_buffer_puts(query, name);
    asl_buffer_putc(query, '=');
    sigv4_encode(value, false, query);
}

static void prepare_headers(struct sigv4 *s)
{
    struct moment m = moment_of(s->now_ms);
    if (has_token(s))
        http_headers_set(s->headers, "X-Amz-Security-Token",
                         asl_text(s->credentials->session_token));
    http_headers_set(s->headers, "X-Amz-Date", asl_text(m.stamp));
    if (s->flags & SIGV4_CONTENT_HASH) {
        char hash[65];
        sigv4_hash(s->body, hash);
        http_headers_set(s->headers, "x-amz-content-sha256", asl_text(hash));
    }
}

static void prepare_query(struct sigv4 *s)
{
    struct moment m = moment_of(s->now_ms);
    struct asl_buffer text;
    char seconds[24];
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    add_parameter(s->query, "X-Amz-Algorithm", ASL_TEXT(ALGORITHM));
    put_credential(s, &text);
    add_parameter(s->query, "X-Amz-Credential", asl_buffer_text(&text));
    add_parameter(s->query, "X-Amz-Date", asl_text(m.stamp));
    asl_buffer_clear(&text);
    put_signed_names(s, &text);
    add_parameter(s->query, "X-Amz-SignedHeaders", asl_buffer_text(&text));
    snprintf(seconds, sizeof seconds, "%lld", (long long)s->expires_seconds);
    add_parameter(s->query, "X-Amz-Expires", asl_text(seconds));
    if (has_token(s) && !(s->flags & SIGV4_TOKEN_UNSIGNED))
        add_parameter(s->query, "X-Amz-Security-Token", asl_text(s->credentials->session_token));
    asl_buffer_free(&text);
}

void sigv4_prepare(struct sigv4 *s)
{
    if (s->flags & SIGV4_QUERY)
        prepare_query(s);
    else
        prepare_headers(s);
}

/* ---- the three stages ---- */

void sigv4_canonical_request(const struct sigv4 *s, struct asl_buffer *out)
{
    char hash[65];
    size_t count;
    struct pair *pairs = signed_headers(s, &count);
    asl_buffer_printf(out, "%s\n", s->method);
    put_path(s, out);
    asl_buffer_putc(out, '\n');
    put_query(asl_buffer_text(s->query), out);
    asl_buffer_putc(out, '\n');
    put_headers(pairs, count, out);
    asl_buffer_putc(out, '\n');
    put_names(pairs, count, out);
    free(pairs);
    sigv4_hash(s->body, hash);
    asl_buffer_printf(out, "\n%s", hash);
}

void sigv4_string_to_sign(const struct sigv4 *s, struct asl_text canonical, struct asl_buffer *out)
{
    struct moment m = moment_of(s->now_ms);
    char hash[65];
    asl_buffer_printf(out, ALGORITHM "\n%s\n", m.stamp);
    put_scope(s, out);
    sigv4_hash(canonical, hash);
    asl_buffer_printf(out, "\n%s", hash);
}

void sigv4_signature(const struct sigv4 *s, struct asl_text string_to_sign, char out[65])
{
    struct moment m = moment_of(s->now_ms);
    unsigned char key[32], next[32];
    struct asl_buffer secret;
    asl_buffer_init(&secret, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&secret, "AWS4%s", s->credentials->secret_access_key);
    hmac((const unsigned char *)secret.data, secret.size, asl_text(m.date), key);
    hmac(key, sizeof key, asl_text(s->region), next);
    hmac(next, sizeof next, asl_text(s->service), key);
    hmac(key, sizeof key, ASL_TEXT("aws4_request"), next);
    hmac(next, sizeof next, string_to_sign, key);
    hex_of(key, sizeof key, out);
    OPENSSL_cleanse(secret.data, secret.size);
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(next, sizeof next);
    asl_buffer_free(&secret);
}

/* ---- finish ---- */

void sigv4_finish(struct sigv4 *s, const char *signature)
{
    if (s->flags & SIGV4_QUERY) {
        if (has_token(s) && (s->flags & SIGV4_TOKEN_UNSIGNED))
            add_parameter(s->query, "X-Amz-Security-Token",
                          asl_text(s->credentials->session_token));
        add_parameter(s->query, "X-Amz-Signature", asl_text(signature));
        return;
    }
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    asl_buffer_puts(&text, ALGORITHM " Credential=");
    put_credential(s, &text);
    asl_buffer_puts(&text, ", SignedHeaders=");
    put_signed_names(s, &text);
    asl_buffer_printf(&text, ", Signature=%s", signature);
    http_headers_set(s->headers, "Authorization", asl_buffer_text(&text));
    asl_buffer_free(&text);
}

void sigv4_sign(struct sigv4 *s)
{
    struct asl_buffer canonical, to_sign;
    char signature[65];
    asl_buffer_init(&canonical, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&to_sign, ASL_BUFFER_MAXIMUM);
    sigv4_prepare(s);
    sigv4_canonical_request(s, &canonical);
    sigv4_string_to_sign(s, asl_buffer_text(&canonical), &to_sign);
    sigv4_signature(s, asl_buffer_text(&to_sign), signature);
    sigv4_finish(s, signature);
    asl_buffer_free(&canonical);
    asl_buffer_free(&to_sign);
}
