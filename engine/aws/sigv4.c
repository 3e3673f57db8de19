/* Signature Version 4. One file: the stages share the list of signed headers and nothing else.
 *
 * Every stage is a pure function of the request and gives text, so that a refused signature can be
 * compared stage by stage with what the service says it computed.
 *
 * Memory: intermediate keys live on the stack and are wiped before they go. The derived key, which
 * signs for one service in one region on one day, is kept for the next call, as AWS's SDKs do:
 * deriving it is four of a signature's five HMACs. What it was derived from is not kept, only its
 * hash.
 *
 * Every call is signed, so nothing here may cost: one digest context is used again and again (the
 * one-shot functions of OpenSSL 3 look the algorithm up and make three contexts each time, some ten
 * times the hashing itself), HMAC is the two hashes of RFC 2104 on it, and texts are put, not
 * printed.
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

#define ALGORITHM "AWS4-HMAC-SHA256"
/* Bytes that a path, a scope, an Authorization header seldom pass: they are written on the stack.
 */
#define USUAL_TEXT 512

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

static void put_digits(char *out, int number, int width)
{
    for (int i = width - 1; i >= 0; i--, number /= 10)
        out[i] = (char)('0' + number % 10);
}

/* Asked several times a signature; thousands of signatures share a second. */
static struct moment moment_of(int64_t now_ms)
{
    static _Thread_local struct {
        time_t seconds;
        struct moment moment;
    } last;
    struct moment m = {.stamp = "00000000T000000Z"};
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm utc;
    if (last.seconds == seconds && last.moment.date[0])
        return last.moment;
    gmtime_r(&seconds, &utc);
    put_digits(m.stamp, utc.tm_year + 1900, 4);
    put_digits(m.stamp + 4, utc.tm_mon + 1, 2);
    put_digits(m.stamp + 6, utc.tm_mday, 2);
    put_digits(m.stamp + 9, utc.tm_hour, 2);
    put_digits(m.stamp + 11, utc.tm_min, 2);
    put_digits(m.stamp + 13, utc.tm_sec, 2);
    memcpy(m.date, m.stamp, 8);
    last.seconds = seconds;
    last.moment = m;
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

enum { HASH = 32, BLOCK = 64 }; /* of SHA-256 */

struct hasher {
    EVP_MD *algorithm;
    EVP_MD_CTX *context;
};

/* A thread's own, made when it first hashes; it holds no secret between calls. SHA-256 of memory
 * cannot fail but for a broken OpenSSL. */
static struct hasher *hasher(void)
{
    static _Thread_local struct hasher own;
    if (!own.context) {
        own.algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
        own.context = EVP_MD_CTX_new();
        if (!own.algorithm || !own.context)
            abort();
    }
    return &own;
}

static void hash_two(struct asl_text first, struct asl_text second, unsigned char out[HASH])
{
    struct hasher *h = hasher();
    if (!EVP_DigestInit_ex2(h->context, h->algorithm, NULL) ||
        !EVP_DigestUpdate(h->context, first.data, first.size) ||
        !EVP_DigestUpdate(h->context, second.data, second.size) ||
        !EVP_DigestFinal_ex(h->context, out, NULL))
        abort();
}

static struct asl_text bytes_of(const unsigned char *bytes, size_t size)
{
    return (struct asl_text){(const char *)bytes, size};
}

void sigv4_hash(struct asl_text bytes, char out[65])
{
    unsigned char digest[HASH];
    hash_two(bytes, (struct asl_text){"", 0}, digest);
    hex_of(digest, sizeof digest, out);
}

/* RFC 2104. */
static void hmac(const unsigned char *key, size_t key_size, struct asl_text data,
                 unsigned char out[HASH])
{
    unsigned char inner[BLOCK] = {0}, outer[BLOCK], middle[HASH];
    if (key_size > BLOCK)
        hash_two(bytes_of(key, key_size), (struct asl_text){"", 0}, inner);
    else
        memcpy(inner, key, key_size);
    for (size_t i = 0; i < BLOCK; i++) {
        outer[i] = inner[i] ^ 0x5c;
        inner[i] ^= 0x36;
    }
    hash_two(bytes_of(inner, BLOCK), data, middle);
    hash_two(bytes_of(outer, BLOCK), bytes_of(middle, HASH), out);
    OPENSSL_cleanse(inner, sizeof inner);
    OPENSSL_cleanse(outer, sizeof outer);
}

static bool is_unreserved(unsigned char c)
{
    unsigned char letter = c | 32;
    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
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
    char room[USUAL_TEXT];
    struct asl_buffer normal;
    struct asl_text path = s->path.size > 0 ? s->path : ASL_TEXT("/");
    asl_buffer_init_on(&normal, room, sizeof room, ASL_BUFFER_MAXIMUM);
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
    if (!query.size)
        return;
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
    char first = (char)(name[0] | 32);
    for (size_t i = 0; i < sizeof unsigned_headers / sizeof *unsigned_headers; i++)
        if (first == unsigned_headers[i][0] && strcasecmp(name, unsigned_headers[i]) == 0)
            return false;
    return !(s->flags & SIGV4_TOKEN_UNSIGNED) || strcasecmp(name, "x-amz-security-token") != 0;
}

/* The headers to sign, sorted. Names are NUL-terminated: they are the headers' own. */
struct signed_headers {
    struct pair usual[16]; /* as many as a call has */
    struct pair *pairs;    /* those, or more of the heap's */
    size_t count;
};

static void signed_headers_of(const struct sigv4 *s, struct signed_headers *all)
{
    size_t usual = sizeof all->usual / sizeof *all->usual;
    all->count = 0;
    all->pairs = s->headers->count <= usual
                     ? all->usual
                     : asl_allocate_zeroed(s->headers->count, sizeof *all->pairs);
    for (size_t i = 0; i < s->headers->count; i++) {
        const struct http_header *h = &s->headers->items[i];
        if (is_signed(s, h->name))
            all->pairs[all->count++] =
                (struct pair){.name = asl_text(h->name), .value = asl_text(h->value), .index = i};
    }
    if (all->count > 0)
        qsort(all->pairs, all->count, sizeof *all->pairs, compare_headers);
}

static void signed_headers_free(struct signed_headers *all)
{
    if (all->pairs != all->usual)
        free(all->pairs);
}

static void put_lower(struct asl_text name, struct asl_buffer *out)
{
    char *room = asl_buffer_room(out, name.size);
    if (!room)
        return;
    for (size_t i = 0; i < name.size; i++)
        room[i] =
            (char)(name.data[i] >= 'A' && name.data[i] <= 'Z' ? name.data[i] | 32 : name.data[i]);
    room[name.size] = '\0';
    out->size += name.size;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Outer white space goes, inner runs become one space. */
static void put_trimmed(struct asl_text value, struct asl_buffer *out)
{
    char *room = asl_buffer_room(out, value.size), *end = room;
    bool pending = false;
    if (!room)
        return;
    for (size_t i = 0; i < value.size; i++) {
        if (is_space(value.data[i])) {
            pending = end > room;
            continue;
        }
        if (pending)
            *end++ = ' ';
        *end++ = value.data[i];
        pending = false;
    }
    *end = '\0';
    out->size += (size_t)(end - room);
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
    struct signed_headers all;
    signed_headers_of(s, &all);
    put_names(all.pairs, all.count, out);
    signed_headers_free(&all);
}

/* ---- prepare ---- */

static void put_scope(const struct sigv4 *s, struct asl_buffer *out)
{
    asl_buffer_puts(out, moment_of(s->now_ms).date);
    asl_buffer_putc(out, '/');
    asl_buffer_puts(out, s->region);
    asl_buffer_putc(out, '/');
    asl_buffer_puts(out, s->service);
    asl_buffer_puts(out, "/aws4_request");
}

static void put_credential(const struct sigv4 *s, struct asl_buffer *out)
{
    asl_buffer_puts(out, s->credentials->access_key_id);
    asl_buffer_putc(out, '/');
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

static void put_canonical_request(const struct sigv4 *s, const struct signed_headers *all,
                                  struct asl_buffer *out)
{
    char hash[65];
    asl_buffer_puts(out, s->method);
    asl_buffer_putc(out, '\n');
    put_path(s, out);
    asl_buffer_putc(out, '\n');
    put_query(asl_buffer_text(s->query), out);
    asl_buffer_putc(out, '\n');
    put_headers(all->pairs, all->count, out);
    asl_buffer_putc(out, '\n');
    put_names(all->pairs, all->count, out);
    sigv4_hash(s->body, hash);
    asl_buffer_putc(out, '\n');
    asl_buffer_puts(out, hash);
}

void sigv4_canonical_request(const struct sigv4 *s, struct asl_buffer *out)
{
    struct signed_headers all;
    signed_headers_of(s, &all);
    put_canonical_request(s, &all, out);
    signed_headers_free(&all);
}

void sigv4_string_to_sign(const struct sigv4 *s, struct asl_text canonical, struct asl_buffer *out)
{
    char hash[65];
    asl_buffer_puts(out, ALGORITHM "\n");
    asl_buffer_puts(out, moment_of(s->now_ms).stamp);
    asl_buffer_putc(out, '\n');
    put_scope(s, out);
    sigv4_hash(canonical, hash);
    asl_buffer_putc(out, '\n');
    asl_buffer_puts(out, hash);
}

static void derive_key(const struct sigv4 *s, const char *date, unsigned char out[HASH])
{
    unsigned char next[HASH];
    struct asl_buffer secret;
    asl_buffer_init(&secret, ASL_BUFFER_MAXIMUM);
    asl_buffer_puts(&secret, "AWS4");
    asl_buffer_puts(&secret, s->credentials->secret_access_key);
    hmac((const unsigned char *)secret.data, secret.size, asl_text(date), next);
    hmac(next, sizeof next, asl_text(s->region), out);
    hmac(out, HASH, asl_text(s->service), next);
    hmac(next, sizeof next, ASL_TEXT("aws4_request"), out);
    OPENSSL_cleanse(secret.data, secret.size);
    OPENSSL_cleanse(next, sizeof next);
    asl_buffer_free(&secret);
}

/* The hash of all that a derived key depends on, each behind its size: no two read alike. */
static void name_key(const struct sigv4 *s, const char *date, unsigned char out[HASH])
{
    const char *parts[] = {s->credentials->secret_access_key, date, s->region, s->service};
    char room[USUAL_TEXT];
    struct asl_buffer all;
    asl_buffer_init_on(&all, room, sizeof room, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t size = strlen(parts[i]);
        asl_buffer_put(&all, &size, sizeof size);
        asl_buffer_put(&all, parts[i], size);
    }
    hash_two(asl_buffer_text(&all), (struct asl_text){"", 0}, out);
    OPENSSL_cleanse(all.data, all.size);
    if (!all.is_lent)
        OPENSSL_cleanse(room, sizeof room); /* it began there */
    asl_buffer_free(&all);
}

struct kept_key {
    unsigned char name[HASH], key[HASH];
    bool is_there;
};

/* Where the key is kept, or where it will be: each name has one place, the last one has it. */
enum { KEYS = 32 };
static const unsigned char *key_for(const struct sigv4 *s)
{
    static _Thread_local struct kept_key kept[KEYS];
    unsigned char name[HASH];
    struct moment m = moment_of(s->now_ms);
    name_key(s, m.date, name);
    struct kept_key *k = &kept[name[0] % KEYS];
    if (!k->is_there || memcmp(k->name, name, HASH) != 0) {
        derive_key(s, m.date, k->key);
        memcpy(k->name, name, HASH);
        k->is_there = true;
    }
    return k->key;
}

void sigv4_signature(const struct sigv4 *s, struct asl_text string_to_sign, char out[65])
{
    unsigned char signature[HASH];
    hmac(key_for(s), HASH, string_to_sign, signature);
    hex_of(signature, sizeof signature, out);
}

/* ---- finish ---- */

/* With the names of the headers that were signed, all of them once. */
static void finish(struct sigv4 *s, const struct signed_headers *all, const char *signature)
{
    char room[USUAL_TEXT];
    struct asl_buffer text;
    asl_buffer_init_on(&text, room, sizeof room, ASL_BUFFER_MAXIMUM);
    asl_buffer_puts(&text, ALGORITHM " Credential=");
    put_credential(s, &text);
    asl_buffer_puts(&text, ", SignedHeaders=");
    put_names(all->pairs, all->count, &text);
    asl_buffer_puts(&text, ", Signature=");
    asl_buffer_puts(&text, signature);
    http_headers_set(s->headers, "Authorization", asl_buffer_text(&text));
    asl_buffer_free(&text);
}

static void finish_query(struct sigv4 *s, const char *signature)
{
    if (has_token(s) && (s->flags & SIGV4_TOKEN_UNSIGNED))
        add_parameter(s->query, "X-Amz-Security-Token", asl_text(s->credentials->session_token));
    add_parameter(s->query, "X-Amz-Signature", asl_text(signature));
}

void sigv4_finish(struct sigv4 *s, const char *signature)
{
    struct signed_headers all;
    if (s->flags & SIGV4_QUERY) {
        finish_query(s, signature);
        return;
    }
    signed_headers_of(s, &all);
    finish(s, &all, signature);
    signed_headers_free(&all);
}

/* The stages one behind the other, on what they would each find out anew. */
void sigv4_sign(struct sigv4 *s)
{
    struct asl_buffer canonical, to_sign;
    struct signed_headers all;
    char signature[65], canonical_room[4 * USUAL_TEXT], to_sign_room[USUAL_TEXT];
    asl_buffer_init_on(&canonical, canonical_room, sizeof canonical_room, ASL_BUFFER_MAXIMUM);
    asl_buffer_init_on(&to_sign, to_sign_room, sizeof to_sign_room, ASL_BUFFER_MAXIMUM);
    sigv4_prepare(s);
    signed_headers_of(s, &all);
    put_canonical_request(s, &all, &canonical);
    sigv4_string_to_sign(s, asl_buffer_text(&canonical), &to_sign);
    sigv4_signature(s, asl_buffer_text(&to_sign), signature);
    if (s->flags & SIGV4_QUERY)
        finish_query(s, signature);
    else
        finish(s, &all, signature);
    signed_headers_free(&all);
    asl_buffer_free(&canonical);
    asl_buffer_free(&to_sign);
}
