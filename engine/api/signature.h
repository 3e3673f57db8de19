/* Whether a request is signed by one who holds a key: SigV4 in the header or query form, verified
 * by signing it anew. Serves: IAM user guide, "Signature Version 4"; errors as AWS words them.
 *
 * Keys come from a file in the shape of AWS's credentials file (every section's pair), or are given
 * one by one. They never leave this file; comparisons take the same time wherever texts differ.
 */
#ifndef ENGINE_API_SIGNATURE_H
#define ENGINE_API_SIGNATURE_H

#include "engine/loop/http_in.h"

struct signature_keys;

struct signature_keys *signature_keys_new(void);
void signature_keys_free(struct signature_keys *k);
/* Copies. A session token may be NULL or "". */
void signature_keys_add(struct signature_keys *k, const char *id, const char *secret,
                        const char *token);
/* Reads a credentials file; false and a message when it cannot be read or holds no key. */
bool signature_keys_read(struct signature_keys *k, const char *path, char message[512]);
size_t signature_keys_count(const struct signature_keys *k);

struct signature_refusal {
    const char *code;    /* "InvalidSignatureException" */
    const char *s3_code; /* S3's own: "SignatureDoesNotMatch" */
    char message[640];
};

/* `now_ms` is the wall clock's. False and the refusal when the request is not to be served. */
bool signature_verify(const struct signature_keys *k, const struct http_received *request,
                      int64_t now_ms, struct signature_refusal *refusal);
/* Answers 400 in JSON, or 403 in XML where it was meant for S3. */
void signature_answer(struct http_exchange *x, const struct http_received *request,
                      const struct signature_refusal *refusal);

#endif
