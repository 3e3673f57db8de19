/* Wire protocols of AWS: parameters in, an HTTP request out; an HTTP answer in, an output or an
 * error out. Everything comes from the catalogue; no service has code of its own here.
 *
 * JSON 1.0/1.1, rest-json, rest-xml, query, EC2 and (where a service speaks nothing else) RPC v2
 * CBOR. Signing, endpoints and sending are other files' work: engine/aws/aws.h.
 */
#ifndef ENGINE_AWS_PROTOCOL_H
#define ENGINE_AWS_PROTOCOL_H

#include "engine/aws/catalogue.h"
#include "engine/aws/message.h"

/* How members are called and values shown, on both sides of the wire. */
enum protocol_names {
    /* The model's own names, nothing else taken. Timestamps are shown as epoch seconds. */
    PROTOCOL_NATIVE,
    /* Optimized integrations (SDK v1): first letter upper-cased. Timestamps are shown as epoch
     * milliseconds, blobs as base64. Spellings are taken as for PROTOCOL_STATES. */
    PROTOCOL_V1,
    /* aws-sdk integrations (facts 4.3): bean names; the exact name, the capitalised and the bean
     * form are taken, in any case. Timestamps are shown as ISO 8601, blobs as their text where they
     * are UTF-8, else as base64. */
    PROTOCOL_STATES,
};

/* Makes the request of an operation. `parameters` is an object (NULL: none). Where the input has an
 * idempotency token that the parameters leave out, it becomes `token` (NULL: none is added); one
 * token for one call, derived by the caller, so that a call sent again is the same call.
 *
 * What a member accepts, beyond its own type: a string takes numbers, booleans, and objects or
 * arrays as their compact JSON; a blob takes a string (its UTF-8 bytes), objects and arrays, but a
 * streaming body of an aws-sdk call is always the JSON text (S3 putObject keeps the quotes of a
 * string, as AWS does); a number or boolean takes its text; a timestamp takes ISO 8601 text or
 * epoch seconds. null is the same as leaving out.
 *
 * False: the parameters cannot be used; `problems` (emptied first, its maximum kept) holds AWS's
 * words, joined by ", ": what stands between the brackets of "The Parameters '...' could not be
 * used to start the Task: [...]". The request is then incomplete. Init it first, free it in any
 * case. */
bool protocol_serialize(const struct catalogue_operation *o, enum protocol_names names,
                        const asl_value *parameters, const char *token, struct aws_request *request,
                        struct asl_buffer *problems);

/* Whether the input has such a token. */
bool protocol_wants_token(const struct catalogue_operation *o);

/* Reads an answer. A status of 300 and more is a failure with the service's code, message and
 * request id; `output` then holds the members of the modelled exception, if it has any (NULL
 * otherwise). A body that contradicts the model fails with `malformed` set. Never fails otherwise,
 * whatever the bytes: depth, counts and sizes are bounded by the body itself. Fills `answer` whole;
 * free it with aws_answer_free. */
void protocol_parse(const struct catalogue_operation *o, enum protocol_names names, int status,
                    const struct http_headers *headers, struct asl_text body,
                    struct aws_answer *answer);

/* ---- the pieces that others need too ---- */
/* Appends seconds since 1970 (with nanoseconds) as ISO 8601, UTC, fraction only where there is one.
 */
void protocol_time_iso8601(int64_t seconds, int32_t nanoseconds, struct asl_buffer *out);
/* ISO 8601 (with offset), RFC 822, or a decimal number of epoch seconds. False when it is neither.
 */
bool protocol_time_parse(struct asl_text text, int64_t *seconds, int32_t *nanoseconds);
void protocol_base64_encode(struct asl_text bytes, struct asl_buffer *out);
/* False when it is not base64 (padding may be absent, white space may stand in it). */
bool protocol_base64_decode(struct asl_text text, struct asl_buffer *out);

#endif
