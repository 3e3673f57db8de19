/* Reads request heads: a request line, then fields, each by its rule; then the rules that look at
 * several fields. Cut from http_in.c because it touches no socket. */
#include "http_head.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};

static bool is_token_character(unsigned char c)
{
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_token(struct asl_text t)
{
    for (size_t i = 0; i < t.size; i++)
        if (!is_token_character((unsigned char)t.data[i]))
            return false;
    return t.size > 0;
}

/* A line without its CRLF; false at the end, or when a line ends otherwise. */
static bool next_line(struct asl_text *rest, struct asl_text *line)
{
    const char *end = rest->size ? memchr(rest->data, '\n', rest->size) : NULL;
    if (!end || end == rest->data || end[-1] != '\r')
        return false;
    *line = (struct asl_text){rest->data, (size_t)(end - rest->data) - 1};
    rest->size -= line->size + 2;
    rest->data = end + 1;
    return true;
}

static struct asl_text trim(struct asl_text t)
{
    while (t.size && (t.data[0] == ' ' || t.data[0] == '\t'))
        t.data++, t.size--;
    while (t.size && (t.data[t.size - 1] == ' ' || t.data[t.size - 1] == '\t'))
        t.size--;
    return t;
}

static int refuse(int status, const char *why, const char **out)
{
    *out = why;
    return status;
}

static bool is_known_method(struct asl_text name)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (asl_text_is(name, methods[i]))
            return true;
    return false;
}

static int read_target(struct http_head *head, struct asl_text target, const char **why)
{
    if (target.size > HTTP_HEAD_TARGET)
        return refuse(414, "the request target is longer than 8,192 bytes", why);
    if (!target.size || target.data[0] != '/')
        return refuse(400, "the request target must be a path that begins with '/'", why);
    for (size_t i = 0; i < target.size; i++) {
        unsigned char c = (unsigned char)target.data[i];
        if (c <= 0x20 || c >= 0x7f || c == '#')
            return refuse(400, "the request target holds a character that must be encoded", why);
    }
    head->target = asl_copy_text(target);
    char *mark = strchr(head->target, '?');
    head->query = "";
    if (mark) {
        *mark = '\0';
        head->query = mark + 1;
    }
    return 0;
}

static int read_request_line(struct http_head *head, struct asl_text line, const char **why)
{
    const char *first = line.size ? memchr(line.data, ' ', line.size) : NULL;
    if (!first)
        return refuse(400, "the request line is not METHOD SP target SP HTTP/1.1", why);
    struct asl_text method = {line.data, (size_t)(first - line.data)};
    struct asl_text rest = {first + 1, line.size - method.size - 1};
    const char *second = rest.size ? memchr(rest.data, ' ', rest.size) : NULL;
    if (!is_token(method) || !second)
        return refuse(400, "the request line is not METHOD SP target SP HTTP/1.1", why);
    struct asl_text target = {rest.data, (size_t)(second - rest.data)};
    struct asl_text version = {second + 1, rest.size - target.size - 1};
    if (!asl_text_is(version, "HTTP/1.1") && !asl_text_is(version, "HTTP/1.0")) {
        bool is_http = asl_text_starts(version, "HTTP/") && version.size == 8;
        return refuse(is_http ? 505 : 400, "only HTTP/1.1 and HTTP/1.0 are spoken here", why);
    }
    if (!is_known_method(method))
        return refuse(501, "the method is not known here", why);
    memcpy(head->method, method.data, method.size);
    head->keep_alive = asl_text_is(version, "HTTP/1.1");
    return read_target(head, target, why);
}

static int read_field(struct http_head *head, struct asl_text line, const char **why)
{
    const char *colon = line.size ? memchr(line.data, ':', line.size) : NULL;
    if (!colon)
        return refuse(400, "a header field has no colon", why);
    struct asl_text name = {line.data, (size_t)(colon - line.data)};
    if (!is_token(name))
        return refuse(400,
                      "a header field's name holds white space or another character that "
                      "cannot stand there (folded fields are refused too)",
                      why);
    struct asl_text value = trim((struct asl_text){colon + 1, line.size - name.size - 1});
    for (size_t i = 0; i < value.size; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return refuse(400, "a header field's value holds a control character", why);
    }
    if (head->headers.count == HTTP_HEAD_FIELDS)
        return refuse(431, "more than 100 header fields", why);
    char *copy = asl_copy_text(name);
    http_headers_add(&head->headers, copy, value);
    free(copy);
    return 0;
}

static size_t count_fields(const struct http_head *head, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < head->headers.count; i++)
        count += strcasecmp(head->headers.items[i].name, name) == 0;
    return count;
}

static bool read_length(const char *digits, int64_t *length)
{
    size_t size = strlen(digits);
    if (size == 0 || size > 15 || strspn(digits, "0123456789") != size)
        return false;
    *length = strtoll(digits, NULL, 10);
    return true;
}

/* How long the body is: the fields from which two parties read two different requests. */
static int read_framing(struct http_head *head, bool is_version_1_1, const char **why)
{
    const char *coding = http_headers_get(&head->headers, "Transfer-Encoding");
    const char *length = http_headers_get(&head->headers, "Content-Length");
    if (coding && length)
        return refuse(400, "Content-Length and Transfer-Encoding stand together", why);
    if (count_fields(head, "Content-Length") > 1 || count_fields(head, "Transfer-Encoding") > 1)
        return refuse(400, "Content-Length or Transfer-Encoding is repeated", why);
    if (length && !read_length(length, &head->content_length))
        return refuse(400, "Content-Length is not a plain number of bytes", why);
    if (coding && strcasecmp(coding, "chunked") != 0)
        return refuse(501, "the only Transfer-Encoding taken is chunked", why);
    if (coding && !is_version_1_1)
        return refuse(400, "HTTP/1.0 has no Transfer-Encoding", why);
    head->chunked = coding != NULL;
    return 0;
}

static bool has_element(const char *list, const char *element)
{
    size_t size = strlen(element);
    while (list && *list) {
        list += strspn(list, " \t,");
        size_t length = strcspn(list, ",");
        struct asl_text t = trim((struct asl_text){list, length});
        if (t.size == size && strncasecmp(t.data, element, size) == 0)
            return true;
        list += length;
    }
    return false;
}

static int read_rules(struct http_head *head, const char **why)
{
    if (count_fields(head, "Host") != 1)
        return refuse(400, "exactly one Host field is needed", why);
    head->host = http_headers_get(&head->headers, "Host");
    bool is_version_1_1 = head->keep_alive;
    int status = read_framing(head, is_version_1_1, why);
    if (status)
        return status;
    const char *connection = http_headers_get(&head->headers, "Connection");
    if (has_element(connection, "close"))
        head->keep_alive = false;
    else if (!is_version_1_1)
        head->keep_alive = has_element(connection, "keep-alive");
    const char *expect = http_headers_get(&head->headers, "Expect");
    if (expect && strcasecmp(expect, "100-continue") != 0)
        return refuse(417, "the only expectation met is 100-continue", why);
    head->expects_continue = expect != NULL && is_version_1_1;
    return 0;
}

int http_head_read(struct http_head *head, struct asl_text text, const char **why)
{
    *head = (struct http_head){.query = "", .host = ""};
    http_headers_init(&head->headers);
    struct asl_text line;
    if (!next_line(&text, &line))
        return refuse(400, "a line does not end with CR LF", why);
    int status = read_request_line(head, line, why);
    while (status == 0) {
        if (!next_line(&text, &line))
            return refuse(400, "a line does not end with CR LF", why);
        if (line.size == 0)
            return read_rules(head, why);
        status = read_field(head, line, why);
    }
    return status;
}

void http_head_free(struct http_head *head)
{
    free(head->target);
    http_headers_free(&head->headers);
    *head = (struct http_head){.query = "", .host = ""};
}

/* The name of "name:port", "[::1]:port" or "name"; false when it is none of them. */
static bool read_host_name(const char *host, struct asl_text *name)
{
    size_t size;
    if (host[0] == '[') {
        const char *end = strchr(host, ']');
        if (!end)
            return false;
        *name = (struct asl_text){host + 1, (size_t)(end - host) - 1};
        size = name->size + 2;
    } else {
        size = strcspn(host, ":");
        *name = (struct asl_text){host, size};
    }
    if (name->size == 0 || name->size > 253)
        return false;
    if (host[size] == '\0')
        return true;
    const char *digits = host + size + 1;
    size_t count = strlen(digits);
    return host[size] == ':' && count > 0 && count <= 5 && strspn(digits, "0123456789") == count;
}

static bool matches_name(struct asl_text name, const char *pattern)
{
    size_t size = strlen(pattern);
    if (pattern[0] != '*')
        return name.size == size && strncasecmp(name.data, pattern, size) == 0;
    pattern++, size--; /* ".x" must be a proper ending */
    return name.size > size && strncasecmp(name.data + name.size - size, pattern, size) == 0;
}

bool http_head_host_is_allowed(const char *host, const char *const *names)
{
    struct asl_text name;
    if (!read_host_name(host, &name))
        return false;
    for (size_t i = 0; names[i]; i++)
        if (matches_name(name, names[i]))
            return true;
    return false;
}

bool http_head_is_foreign(const struct http_head *head)
{
    static const char *const schemes[] = {"http://", "https://"};
    if (count_fields(head, "Origin") > 1 || count_fields(head, "Sec-Fetch-Site") > 1)
        return true;
    const char *site = http_headers_get(&head->headers, "Sec-Fetch-Site");
    if (site && strcasecmp(site, "same-origin") != 0 && strcasecmp(site, "none") != 0)
        return true;
    const char *origin = http_headers_get(&head->headers, "Origin");
    if (!origin)
        return false;
    for (size_t i = 0; i < 2; i++) {
        size_t size = strlen(schemes[i]);
        if (strncasecmp(origin, schemes[i], size) == 0)
            return strcasecmp(origin + size, head->host) != 0;
    }
    return true;
}
