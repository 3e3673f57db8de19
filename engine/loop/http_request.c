/* What a request may hold, and its copy in one piece: curl's list of header lines among it. */
#include "http_request.h"

#include <string.h>

static bool holds_line_break(const char *text)
{
    return text[strcspn(text, "\r\n")] != '\0';
}

/* RFC 9110 5.6.2. Asked of every header of every call: strspn makes its table anew each time. */
static bool is_token(const char *name)
{
    const char *at = name;
    while ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') ||
           *at == '-' || (*at && strchr("!#$%&'*+.^_`|~", *at)))
        at++;
    return at > name && !*at;
}

const char *http_request_objection(const struct http_request *r)
{
    if (!is_token(r->method))
        return "the HTTP method is no token";
    if (r->url[strcspn(r->url, " \t\r\n")] != '\0')
        return "the URL holds white space";
    for (size_t i = 0; i < r->headers.count; i++)
        if (!is_token(r->headers.items[i].name) || holds_line_break(r->headers.items[i].value))
            return "a header's name or value cannot be sent (a line break?)";
    return NULL;
}

/* Curl adds headers of its own that nobody signed: a line "Name:" takes them away. Curl looks
 * through all lines a dozen times, so there is none for what it would not add: a User-Agent it was
 * not told, an Expect to a body that is short for all its versions. */
static const struct {
    const char *name;
    size_t least_body;
} uninvited[] = {{"Accept", 0}, {"Content-Type", 0}, {"Expect", 1024}};
enum { UNINVITED = sizeof uninvited / sizeof *uninvited };

size_t http_request_size(const struct http_request *r)
{
    size_t size = strlen(r->method) + 1 + strlen(r->url) + 1 +
                  (r->ca_bundle ? strlen(r->ca_bundle) + 1 : 0) + r->body.size + r->ca_pem.size +
                  (r->headers.count + UNINVITED) * sizeof(struct curl_slist);
    for (size_t i = 0; i < r->headers.count; i++)
        size += strlen(r->headers.items[i].name) + strlen(r->headers.items[i].value) + sizeof ": ";
    for (size_t i = 0; i < UNINVITED; i++)
        size += strlen(uninvited[i].name) + sizeof ":";
    return size;
}

/* The next free byte of the block; moved on by each copy. */
static const char *copy_bytes(char **at, struct asl_text t)
{
    char *copy = *at;
    if (t.size)
        memcpy(copy, t.data, t.size);
    *at += t.size;
    return copy;
}

static const char *copy_text(char **at, const char *text)
{
    return text ? copy_bytes(at, (struct asl_text){text, strlen(text) + 1}) : NULL;
}

/* "Name: value", and "Name;" where the value is empty: so curl wants it. */
static void copy_line(char **at, struct curl_slist *line, const char *name, const char *colon,
                      const char *value)
{
    line->data = *at;
    copy_bytes(at, asl_text(name));
    copy_bytes(at, asl_text(colon));
    copy_text(at, value);
    line->next = line + 1;
}

/* Curl's own list type, made by hand: curl only reads it. */
static struct curl_slist *copy_lines(char **at, const struct http_request *r,
                                     struct curl_slist *lines)
{
    struct curl_slist *line = lines;
    for (size_t i = 0; i < r->headers.count; i++) {
        const struct http_header *h = &r->headers.items[i];
        copy_line(at, line++, h->name, *h->value ? ": " : ";", h->value);
    }
    for (size_t i = 0; i < UNINVITED; i++)
        if (r->body.size >= uninvited[i].least_body &&
            !http_headers_get(&r->headers, uninvited[i].name))
            copy_line(at, line++, uninvited[i].name, ":", "");
    if (line == lines)
        return NULL;
    line[-1].next = NULL;
    return lines;
}

struct http_request_copy http_request_copy(const struct http_request *r, void *room)
{
    struct curl_slist *lines = room;
    char *at = (char *)(lines + r->headers.count + UNINVITED);
    struct http_request_copy copy = {.method = copy_text(&at, r->method)};
    copy.url = copy_text(&at, r->url);
    copy.ca_bundle = copy_text(&at, r->ca_bundle);
    copy.body = (struct asl_text){copy_bytes(&at, r->body), r->body.size};
    copy.ca_pem = (struct asl_text){copy_bytes(&at, r->ca_pem), r->ca_pem.size};
    copy.lines = copy_lines(&at, r, lines);
    return copy;
}
