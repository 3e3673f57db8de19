/* Writing test files: JSON as a person would set it out, and expectations put in place of others.
 */
#ifndef ENGINE_TEST_WRITE_H
#define ENGINE_TEST_WRITE_H

#include "asl/value/value.h"

/* On one line where it fits into 100 columns from `indent`, else a member or element a line. */
void write_json(const asl_value *v, size_t indent, struct asl_buffer *out);

/* The text with each {"pointer", "value"} of `edits` (an array) put in; all else stays, byte for
 * byte. False: a pointer leads nowhere. */
bool write_edited(struct asl_text text, const asl_value *edits, struct asl_buffer *out);

#endif
