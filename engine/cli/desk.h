/* The desk of `stepwell eval`: what an expression may look at, laid out, and expressions evaluated
 * over it. The command line and the prompt both lay things on it and ask for results.
 *
 * In a state a JSONata expression has no context item; here the input is one, for convenience, and
 * an expression that uses it is told so.
 */
#ifndef ENGINE_CLI_DESK_H
#define ENGINE_CLI_DESK_H

#include "asl/asl.h"

enum desk_language { DESK_BY_LOOK, DESK_JSONATA, DESK_JSONPATH };

struct desk {
    enum desk_language language;
    asl_value *input, *variables, *context; /* NULL until laid out; the desk's own */
    asl_value *states;                      /* $states, made when first asked for */
    struct asl_text shown; /* what is being evaluated, as it was given: carets point into it */
};

/* Puts JSON (or what "@FILE" holds) in a place of the desk, of which `what` is the name for people;
 * variables and context must be objects. False after complaining; then all stays as it was. */
bool desk_lay(struct desk *d, asl_value **place, const char *what, const char *argument);
/* Binds $name for what comes; `v` is given away. */
void desk_bind_take(struct desk *d, struct asl_text name, asl_value *v);

/* The value of an expression, with or without {% %} (yours); NULL after complaining on stderr, with
 * a caret under the place. */
asl_value *desk_evaluate(struct desk *d, struct asl_text source);
/* The same, printed on stdout; false after complaining. */
bool desk_print(struct desk *d, struct asl_text source);
/* True when only more text can make it right: an open bracket, quote, comment, or nothing behind an
 * operator. For the prompt, which asks for another line then. */
bool desk_is_unfinished(const struct desk *d, struct asl_text source);

/* "jsonata", "jsonpath", in any case; false for another name. */
bool desk_language_named(const char *name, enum desk_language *language);
/* Without the blanks and line ends around it. */
struct asl_text desk_trim(struct asl_text t);

void desk_free(struct desk *d); /* what is on it, not the struct */

#endif
