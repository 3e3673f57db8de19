/* What Jackson, AWS's JSON library, says of a text that is not JSON.
 * Serves: facts 1.5 (InvalidExecutionInput) and 1.8 (INVALID_JSON_DESCRIPTION).
 */
#ifndef ASL_DEFINITION_JACKSON_H
#define ASL_DEFINITION_JACKSON_H

#include "../value/value.h"

/* Appends the message without its place: "Unrecognized token 'not': was expecting (JSON String,
 * ...)". `error` is what value_parse() said of `text`. */
void jackson_message(struct asl_text text, const struct value_error *error, struct asl_buffer *out);
/* Appends the place: `[Source: (String)"not a definition"; line: 1, column: 4]`. */
void jackson_place(struct asl_text text, const struct value_error *error, struct asl_buffer *out);

#endif
