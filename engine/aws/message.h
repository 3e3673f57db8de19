/* A request and an answer between protocol, signing and wire: what each of them fills or reads.
 *
 *   protocol (serialize) -> aws_request -> endpoint -> sign -> http_out
 *   http_out -> aws_answer -> protocol (parse)
 */
#ifndef ENGINE_AWS_MESSAGE_H
#define ENGINE_AWS_MESSAGE_H

#include "asl/value/value.h"
#include "engine/loop/http_out.h"

struct aws_request {
    const char *method;          /* a constant: "POST" */
    struct asl_buffer path;      /* encoded, begins with '/' */
    struct asl_buffer query;     /* encoded "a=b&c=d", or empty */
    struct http_headers headers; /* without Host and what signing adds */
    struct asl_buffer body;
    char host_prefix[128]; /* "sync-", or empty */
};
void aws_request_init(struct aws_request *r);
void aws_request_free(struct aws_request *r);

/* What a service answered, as Step Functions' Tasks see it. */
struct aws_answer {
    bool failed;
    /* The body contradicts the model: a failure on this side (SdkClientException), whatever the
     * status; `message` says what and where. */
    bool malformed;
    /* Of a success: what the operation gives, {} where that is nothing. Of a failure: the members
     * of the modelled exception, or NULL. Names as enum protocol_names says. */
    asl_value *output;
    /* of a failure */
    char code[256]; /* the service's own: "ResourceNotFoundException", "NoSuchKey" */
    char message[8192];
    char request_id[128], extended_request_id[256];
    int status;
};
void aws_answer_init(struct aws_answer *a, int status, bool failed);
void aws_answer_free(struct aws_answer *a);

#endif
