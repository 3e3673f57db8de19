/* Signature Version 4 against Amazon's signing suite: every stage file of every case, both
 * forms. Breaks when: engine/aws/sigv4.c canonicalises, hashes or words anything otherwise than
 * AWS. The suite is read where it stands (../shared/conformance/sigv4); what it does not cover
 * stands in here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asl/value/value.h"
#include "engine/aws/sigv4.h"

#define SUITE      "../shared/conformance/sigv4"
#define CASE_COUNT 38

struct request {
    char method[16];
    struct asl_buffer path, query, body;
    struct http_headers headers;
};

static bool read_file(const char *folder, const char *name, struct asl_buffer *out)
{
    char path[512], chunk[4096];
    size_t size;
    snprintf(path, sizeof path, SUITE "/%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    asl_buffer_init(out, 1 << 20);
    while ((size = fread(chunk, 1, sizeof chunk, f)) > 0)
        asl_buffer_put(out, chunk, size);
    fclose(f);
    return true;
}

static void request_free(struct request *r)
{
    asl_buffer_free(&r->path);
    asl_buffer_free(&r->query);
    asl_buffer_free(&r->body);
    http_headers_free(&r->headers);
}

/* "Name:value", and lines that go on with white space belong to the value before. */
static const char *read_headers(const char *at, struct http_headers *headers)
{
    while (*at && *at != '\n') {
        const char *end = strchr(at, '\n');
        while (end && (end[1] == ' ' || end[1] == '\t'))
            end = strchr(end + 1, '\n');
        size_t size = end ? (size_t)(end - at) : strlen(at);
        const char *colon = memchr(at, ':', size);
        assert_non_null(colon);
        char *name = asl_copy_text((struct asl_text){at, (size_t)(colon - at)});
        http_headers_add(headers, name,
                         (struct asl_text){colon + 1, size - (size_t)(colon + 1 - at)});
        free(name);
        at += size + (end ? 1 : 0);
    }
    return *at ? at + 1 : at;
}

static void read_request(const char *text, struct request *r)
{
    const char *target = strchr(text, ' ') + 1;
    const char *end = strstr(target, " HTTP/1.1\n");
    const char *mark = memchr(target, '?', (size_t)(end - target));
    snprintf(r->method, sizeof r->method, "%.*s", (int)(target - 1 - text), text);
    asl_buffer_init(&r->path, 1 << 16);
    asl_buffer_init(&r->query, 1 << 16);
    asl_buffer_init(&r->body, 1 << 16);
    http_headers_init(&r->headers);
    asl_buffer_put(&r->path, target, (size_t)((mark ? mark : end) - target));
    if (mark)
        asl_buffer_put(&r->query, mark + 1, (size_t)(end - mark - 1));
    const char *body = read_headers(end + strlen(" HTTP/1.1\n"), &r->headers);
    asl_buffer_puts(&r->body, body);
}

static void print_request(const struct request *r, struct asl_buffer *out)
{
    asl_buffer_printf(out, "%s %s%s%s HTTP/1.1\n", r->method, r->path.data,
                      r->query.size > 0 ? "?" : "", r->query.size > 0 ? r->query.data : "");
    for (size_t i = 0; i < r->headers.count; i++)
        asl_buffer_printf(out, "%s:%s\n", r->headers.items[i].name, r->headers.items[i].value);
    asl_buffer_putc(out, '\n');
    asl_buffer_put_text(out, asl_buffer_text(&r->body));
}

static void same_as_file(const char *folder, const char *form, const char *stage,
                         struct asl_text ours)
{
    char name[64];
    struct asl_buffer want;
    snprintf(name, sizeof name, "%s-%s.txt", form, stage);
    assert_true(read_file(folder, name, &want));
    if (!asl_text_equal(asl_buffer_text(&want), ours))
        fail_msg("%s/%s\n--- wanted\n%.*s\n--- got\n%.*s", folder, name,
                 ASL_TEXT_ARGS(asl_buffer_text(&want)), ASL_TEXT_ARGS(ours));
    asl_buffer_free(&want);
}

static void sign_and_compare(const char *folder, const char *form, struct sigv4 *s,
                             struct request *r)
{
    struct asl_buffer canonical, to_sign, whole;
    char signature[65];
    asl_buffer_init(&canonical, 1 << 20);
    asl_buffer_init(&to_sign, 1 << 20);
    asl_buffer_init(&whole, 1 << 20);
    sigv4_prepare(s);
    sigv4_canonical_request(s, &canonical);
    same_as_file(folder, form, "canonical-request", asl_buffer_text(&canonical));
    sigv4_string_to_sign(s, asl_buffer_text(&canonical), &to_sign);
    same_as_file(folder, form, "string-to-sign", asl_buffer_text(&to_sign));
    sigv4_signature(s, asl_buffer_text(&to_sign), signature);
    same_as_file(folder, form, "signature", asl_text(signature));
    sigv4_finish(s, signature);
    print_request(r, &whole);
    same_as_file(folder, form, "signed-request", asl_buffer_text(&whole));
    asl_buffer_free(&canonical);
    asl_buffer_free(&to_sign);
    asl_buffer_free(&whole);
}

static const char *text_in(const asl_value *object, const char *key)
{
    const asl_value *v = value_get_z(object, key);
    return v ? value_as_text(v).data : NULL;
}

static unsigned flags_of(const asl_value *context, bool query)
{
    static const struct {
        const char *key;
        unsigned flag;
    } switches[] = {
        {"normalize", SIGV4_NORMALIZE},
        {"sign_body", SIGV4_CONTENT_HASH},
        {"omit_session_token", SIGV4_TOKEN_UNSIGNED},
    };
    unsigned flags = SIGV4_ENCODE_PATH | (query ? SIGV4_QUERY : 0);
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        const asl_value *v = value_get_z(context, switches[i].key);
        if (v && value_is_true(v))
            flags |= switches[i].flag;
    }
    return flags;
}

static void run_form(const char *folder, const asl_value *context, bool query)
{
    struct request r;
    struct asl_buffer text;
    const asl_value *who = value_get_z(context, "credentials");
    struct sigv4_credentials credentials = {
        .access_key_id = text_in(who, "access_key_id"),
        .secret_access_key = text_in(who, "secret_access_key"),
        .session_token = text_in(who, "token"),
    };
    int64_t expires = 0;
    assert_true(value_as_integer(value_get_z(context, "expiration_in_seconds"), &expires));
    assert_string_equal(text_in(context, "timestamp"), "2015-08-30T12:36:00Z");
    assert_true(read_file(folder, "request.txt", &text));
    read_request(text.data, &r);
    asl_buffer_free(&text);
    struct sigv4 s = {
        .method = r.method,
        .path = asl_buffer_text(&r.path),
        .query = &r.query,
        .headers = &r.headers,
        .body = asl_buffer_text(&r.body),
        .credentials = &credentials,
        .region = text_in(context, "region"),
        .service = text_in(context, "service"),
        .now_ms = INT64_C(1440938160000), /* 2015-08-30T12:36:00Z */
        .expires_seconds = expires,
        .flags = flags_of(context, query),
    };
    sign_and_compare(folder, query ? "query" : "header", &s, &r);
    request_free(&r);
}

static void signs_as_amazons_suite_does(void **state)
{
    (void)state;
    DIR *suite = opendir(SUITE);
    size_t count = 0;
    if (!suite) {
        print_message("skipped: %s is not here\n", SUITE);
        skip();
    }
    for (struct dirent *entry; (entry = readdir(suite));) {
        struct asl_buffer text;
        struct value_error error;
        if (entry->d_name[0] == '.' || !read_file(entry->d_name, "context.json", &text))
            continue;
        asl_value *context = value_parse(asl_buffer_text(&text), 0, 0, &error);
        assert_non_null(context);
        run_form(entry->d_name, context, false);
        run_form(entry->d_name, context, true);
        value_release(context);
        asl_buffer_free(&text);
        count++;
    }
    closedir(suite);
    print_message("%zu cases, both forms\n", count);
    assert_int_equal(count, CASE_COUNT);
}

/* S3's own rules: the path goes as it stands, no dots removed, the content hash always there. */
static void leaves_the_path_of_s3_alone(void **state)
{
    (void)state;
    struct asl_buffer query, canonical;
    struct http_headers headers;
    struct sigv4_credentials who = {"AKIDEXAMPLE", "secret", NULL};
    asl_buffer_init(&query, 1024);
    asl_buffer_init(&canonical, 4096);
    http_headers_init(&headers);
    http_headers_add(&headers, "Host", ASL_TEXT("b.s3.amazonaws.com"));
    struct sigv4 s = {.method = "GET",
                      .path = ASL_TEXT("/a//../b%20c"),
                      .query = &query,
                      .headers = &headers,
                      .credentials = &who,
                      .region = "us-east-1",
                      .service = "s3",
                      .flags = SIGV4_CONTENT_HASH};
    sigv4_prepare(&s);
    sigv4_canonical_request(&s, &canonical);
    assert_true(asl_text_starts(asl_buffer_text(&canonical), "GET\n/a//../b%20c\n\nhost:"));
    assert_string_equal(http_headers_get(&headers, "X-Amz-Content-SHA256"),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    /* every other service encodes what is encoded already */
    asl_buffer_clear(&canonical);
    s.flags = SIGV4_ENCODE_PATH | SIGV4_NORMALIZE;
    sigv4_canonical_request(&s, &canonical);
    assert_true(asl_text_starts(asl_buffer_text(&canonical), "GET\n/b%2520c\n"));
    asl_buffer_free(&query);
    asl_buffer_free(&canonical);
    http_headers_free(&headers);
}

/* Signing again (a retry) replaces what the first signature added. */
static void signs_twice(void **state)
{
    (void)state;
    struct asl_buffer query;
    struct http_headers headers;
    struct sigv4_credentials who = {"AKIDEXAMPLE", "secret", "token"};
    asl_buffer_init(&query, 1024);
    http_headers_init(&headers);
    http_headers_add(&headers, "Host", ASL_TEXT("example.amazonaws.com"));
    struct sigv4 s = {.method = "GET",
                      .path = ASL_TEXT("/"),
                      .query = &query,
                      .headers = &headers,
                      .credentials = &who,
                      .region = "us-east-1",
                      .service = "service",
                      .flags = SIGV4_ENCODE_PATH | SIGV4_NORMALIZE};
    sigv4_sign(&s);
    char *first = asl_copy_text(asl_text(http_headers_get(&headers, "Authorization")));
    sigv4_sign(&s);
    assert_int_equal(headers.count, 4);
    assert_string_equal(first, http_headers_get(&headers, "Authorization"));
    free(first);
    asl_buffer_free(&query);
    http_headers_free(&headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_as_amazons_suite_does),
        cmocka_unit_test(leaves_the_path_of_s3_alone),
        cmocka_unit_test(signs_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
