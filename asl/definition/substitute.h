/* ${Name} in a definition's text, as a deployment fills it: the value as it stands within a JSON
 * string, so that no value can break out of one; bare it may be a number or true. */
#ifndef ASL_DEFINITION_SUBSTITUTE_H
#define ASL_DEFINITION_SUBSTITUTE_H

#include "../value/value.h"

struct substitution {
    void *state;
    /* False: there is no such name (the text stays as it is). */
    bool (*find)(void *state, struct asl_text name, struct asl_text *value);
};
/* Appends the filled text to `out`. */
void asl_substitute(struct asl_text definition, const struct substitution *by,
                    struct asl_buffer *out);

#endif
