/* Signature Version 4 in three stages, each of them to be looked at:
 *
 *   prepare -> canonical request -> string to sign -> signature -> finish
 *
 * Serves "Create a signed AWS API request" of the IAM user guide, header and query ("presigned")
 * form. SigV4a (multi-region keys) is not offered. No clock here: the moment is a parameter.
 */
#ifndef ENGINE_AWS_SIGV4_H
#define ENGINE_AWS_SIGV4_H

#include "asl/value/text.h"
#include "engine/loop/http_out.h"

struct sigv4_credentials {
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token; /* NULL or "": none */
};

enum sigv4_flags {
    SIGV4_QUERY = 1,        /* the query form; else the Authorization header */
    SIGV4_NORMALIZE = 2,    /* take "." and ".." and double slashes out of the path; not for S3 */
    SIGV4_ENCODE_PATH = 4,  /* encode the (already encoded) path once more; all but S3 */
    SIGV4_CONTENT_HASH = 8, /* add x-amz-content-sha256; S3 wants it (header form only) */
    SIGV4_ALL_HEADERS = 32, /* sign every header there is: the caller has chosen (verifying) */
    SIGV4_TOKEN_UNSIGNED = 16, /* the session token goes along unsigned (a few old services) */
};

struct sigv4 {
    /* the request, which prepare and finish add to */
    const char *method;
    struct asl_text path;         /* as it will be sent */
    struct asl_buffer *query;     /* as it will be sent, without '?' */
    struct http_headers *headers; /* with Host */
    struct asl_text body;
    /* who, where, when */
    const struct sigv4_credentials *credentials;
    const char *region, *service; /* the signing name: "dynamodb", "states" */
    int64_t now_ms;               /* since 1970, UTC */
    int64_t expires_seconds;      /* query form */
    unsigned flags;
};

/* Adds X-Amz-Date, the session token and the content hash: to the headers or to the query. */
void sigv4_prepare(struct sigv4 *s);
/* The canonical request of a prepared one. Appends. */
void sigv4_canonical_request(const struct sigv4 *s, struct asl_buffer *out);
void sigv4_string_to_sign(const struct sigv4 *s, struct asl_text canonical, struct asl_buffer *out);
void sigv4_signature(const struct sigv4 *s, struct asl_text string_to_sign, char out[65]);
/* Adds Authorization, or X-Amz-Signature to the query. */
void sigv4_finish(struct sigv4 *s, const char *signature);

/* All of it. */
void sigv4_sign(struct sigv4 *s);

/* Lower-case hexadecimal SHA-256. */
void sigv4_hash(struct asl_text bytes, char out[65]);
/* Percent-encodes all but A-Z a-z 0-9 - . _ ~ and, when `slash`, '/'. Appends. */
void sigv4_encode(struct asl_text raw, bool slash, struct asl_buffer *out);

#endif
