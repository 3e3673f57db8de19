/* On which line of a JSON text something stands: one pass for many places, where value_locate()
 * would read the text once for each. */
#ifndef ENGINE_COVERAGE_LINES_H
#define ENGINE_COVERAGE_LINES_H

#include <stddef.h>

#include "asl/value/text.h"

struct lines_wanted {
    const char *location; /* JSON Pointer (RFC 6901) */
    size_t line;          /* from 1; of a member's name, of an element. 0: there is no such place */
};
/* Fills the lines; reorders what is wanted. The text is JSON that value_parse() takes. */
void lines_find(struct asl_text text, struct lines_wanted *wanted, size_t count);
/* Appends a member's name as a step of a pointer: "/" first, `~` and `/` escaped. */
void lines_put_step(struct asl_buffer *pointer, struct asl_text name);

#endif
