/* Message digests for States.Hash and JSONata's $hash.
 *
 * asl links alone, so it brings its own MD5 (RFC 1321), SHA-1, SHA-256, SHA-384 and SHA-512 (FIPS
 * 180-4). They serve the language's hash functions and nothing that guards a secret: what signs
 * requests and makes tokens uses OpenSSL.
 */
#ifndef ASL_INTRINSIC_HASH_H
#define ASL_INTRINSIC_HASH_H

#include "../value/text.h"

/* Appends the digest of `data` in lower-case hexadecimal (at most 128 characters) to `hex`. False,
 * and nothing appended, when `algorithm` is not exactly one of MD5, SHA-1, SHA-256, SHA-384,
 * SHA-512. */
bool intrinsic_hash(struct asl_text algorithm, struct asl_text data, struct asl_buffer *hex);

#endif
