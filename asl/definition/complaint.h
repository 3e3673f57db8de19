/* What AWS says of a definition or an execution input that is not JSON: Jackson's complaint, with
 * the text itself named as its source. Serves: facts 1.5 (InvalidExecutionInput: the message
 * alone), 1.8 (INVALID_JSON_DESCRIPTION).
 */
#ifndef ASL_DEFINITION_COMPLAINT_H
#define ASL_DEFINITION_COMPLAINT_H

#include "../value/text.h"

/* Appends the message ("Unrecognized token 'not': was expecting (JSON String, ...)") and the place
 * (`[Source: (String)"not a definition"; line: 1, column: 4]`). False, and nothing appended, when
 * Jackson finds no fault: it does not look at what follows the first value. */
bool complaint_of(struct asl_text text, struct asl_buffer *message, struct asl_buffer *place);

#endif
