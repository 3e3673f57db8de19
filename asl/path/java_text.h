/* Values as Java's toString() writes them, which is what AWS shows where it formats a value that is
 * not a string: States.Format with an object gives `{Arg1=1, Arg2=[]}` (recorded), and Jayway's
 * complaints name the value at hand so.
 */
#ifndef ASL_PATH_JAVA_TEXT_H
#define ASL_PATH_JAVA_TEXT_H

#include "../value/value.h"

/* Appends it. Strings come without quotes, at every depth; integers and booleans as in JSON, other
 * numbers as Double.toString() gives them (1.1, 1.0E10). */
void java_text(const asl_value *v, struct asl_buffer *out);

#endif
