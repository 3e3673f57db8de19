/* The head of an HTTP/1.1 request, read strictly (RFC 9112): pure, so that it can be fuzzed.
 *
 * What is refused although lenient servers take it: bare LF, folded fields, white space before a
 * colon, control characters, a target that is no path, a missing or repeated Host, repeated or
 * signed Content-Length, Content-Length beside Transfer-Encoding, any coding but chunked. Each is
 * how one party reads another request than the next one does.
 */
#ifndef ENGINE_LOOP_HTTP_HEAD_H
#define ENGINE_LOOP_HTTP_HEAD_H

#include "asl/value/text.h"
#include "http_out.h" /* struct http_headers */

#define HTTP_HEAD_FIELDS 100  /* fields; browsers send about 20, AWS clients about 12 */
#define HTTP_HEAD_TARGET 8192 /* bytes of path and query */

struct http_head {
    char method[12];
    char *target;      /* owned; cut at '?': the path */
    const char *query; /* into target, or "" */
    const char *host;  /* into headers */
    struct http_headers headers;
    int64_t content_length; /* bytes; 0 without a body, or when chunked */
    bool chunked;
    bool keep_alive;
    bool expects_continue;
};

/* Reads a whole head, its last empty line included. Returns 0, or the status to refuse it with, and
 * then *why says in a sentence what is wrong. Free it either way. */
int http_head_read(struct http_head *head, struct asl_text text, const char **why);
void http_head_free(struct http_head *head);

/* Whether this Host field names one of `names` (NULL-terminated; "*.x" stands for any name under
 * x). Any port will do, for a port may be forwarded; what counts against DNS rebinding is the name.
 */
bool http_head_host_is_allowed(const char *host, const char *const *names);
/* Whether a browser sent it on behalf of another site: an Origin that is not the Host's own, or a
 * Sec-Fetch-Site other than same-origin and none. */
bool http_head_is_foreign(const struct http_head *head);

#endif
