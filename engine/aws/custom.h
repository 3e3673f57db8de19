/* What AWS's SDK for Java does for single services besides their models (its "execution
 * interceptors"): aws-sdk integrations go through it, so their parameters and results show it. One
 * table; the protocols know nothing of it.
 *
 *   parameters -> custom_given -> protocol -> custom_headers -> wire -> protocol -> custom_answer
 */
#ifndef ENGINE_AWS_CUSTOM_H
#define ENGINE_AWS_CUSTOM_H

#include "engine/aws/catalogue.h"
#include "engine/aws/message.h"

/* The parameters as the operation takes them, yours; NULL: they stay as they are. `region`, where
 * the call goes, may be NULL: not known. */
asl_value *custom_given(const struct catalogue_operation *o, const asl_value *parameters,
                        const char *region);
/* Adds the headers that every call of the service has. */
void custom_headers(const struct catalogue_operation *o, struct aws_request *request);
/* Puts an answer's output right; `body` is what it was read from. */
void custom_answer(const struct catalogue_operation *o, struct asl_text body,
                   struct aws_answer *answer);
/* S3 tells of some failures behind a status of 200: True when the body is such. */
bool custom_failed(const struct catalogue_operation *o, struct asl_text body);

#endif
