/* From a serialised request to one that can be sent: URL, Host and signature. */
#ifndef ENGINE_AWS_REQUEST_H
#define ENGINE_AWS_REQUEST_H

#include "credentials/credentials.h"
#include "endpoint.h"
#include "message.h"

struct request_place {
    const struct endpoint *endpoint;
    const struct catalogue_operation *operation;
    const struct credentials *credentials; /* NULL: unsigned */
    int64_t now_ms;
};

/* Fills method, url, headers and body of `out`. `url`, initialised and empty, takes the URL;
 * `out` looks at it, at the request's body and owns its headers (http_headers_free). False and a
 * message when the endpoint and the request do not fit together. */
bool request_make(const struct request_place *place, const struct aws_request *request,
                  struct http_request *out, struct asl_buffer *url, char message[256]);

#endif
