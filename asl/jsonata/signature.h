/* Function signatures, "<s-nn?:s>": what arguments a function takes, and the check of a call.
 * Serves: docs.jsonata.org "Function signature syntax".
 */
#ifndef ASL_JSONATA_SIGNATURE_H
#define ASL_JSONATA_SIGNATURE_H

#include "syntax.h"

struct parameter {
    uint16_t accepts;         /* bits of enum letter */
    uint16_t context_accepts; /* likewise, of a context put in for it */
    char type;                /* the letter, '(' for a choice */
    bool optional, many, context, has_subtype;
    bool lazy;               /* `+-`, `+?` and `??` take as few as they can */
    bool overloaded;         /* with more marks than a regular expression can bear */
    struct asl_text subtype; /* of a<..> and f<..> */
    struct asl_text choice;  /* between its parentheses */
};

struct signature {
    uint32_t count;
    struct parameter parameters[];
};

/* NULL, *failure (without its position) and the offset in the text when it is none. */
const struct signature *jsonata_signature(struct heap *h, struct asl_text text,
                                          struct failure *failure, size_t *offset);

/* The arguments as the function wants them: the context put in, single items wrapped where an array
 * is asked for. *count is updated. NULL and *failure when they do not fit. */
const item *jsonata_check_arguments(struct heap *h, const struct signature *s,
                                    const item *arguments, size_t *count, item context,
                                    struct failure *failure);
/* True when the item may stand where the parameter is (undefined may stand anywhere). */
bool jsonata_accepts(const struct parameter *p, item i);

#endif
