/* A request as curl looks at it until its end: copied into one block of memory. Private to
 * http_out. */
#ifndef ENGINE_LOOP_HTTP_REQUEST_H
#define ENGINE_LOOP_HTTP_REQUEST_H

#include "http_out.h"

#include <curl/curl.h>

struct http_request_copy {
    struct curl_slist *lines; /* "Name: value"; made by hand, curl only reads it; NULL: none */
    const char *method, *url, *ca_bundle;
    struct asl_text body, ca_pem;
};

/* What cannot be sent as it is, in words; NULL when all is well. */
const char *http_request_objection(const struct http_request *r);
/* Bytes that a copy needs. */
size_t http_request_size(const struct http_request *r);
/* Into `room`, aligned as a pointer; it lives as long as that. */
struct http_request_copy http_request_copy(const struct http_request *r, void *room);

#endif
