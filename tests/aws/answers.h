/* What a service would answer: an operation's output put on the wire by its protocol, for stand-ins
 * of tests. An output travels as an input does, so the walk over the model is the serialiser's own;
 * what botocore makes of the models judges that one (botocore/). */
#ifndef TESTS_AWS_ANSWERS_H
#define TESTS_AWS_ANSWERS_H

#include "engine/aws/protocol.h"

/* Fills headers (those of the output's members only) and body. Init `answer` first, free it. False
 * and why when the output does not fit the model. */
bool answers_write(const struct catalogue_operation *o, enum protocol_names names,
                   const asl_value *output, struct aws_request *answer, char why[512]);

#endif
