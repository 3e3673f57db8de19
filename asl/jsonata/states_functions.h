/* What Step Functions adds to JSONata: $partition $range $hash $random $uuid $parse (facts 3.13).
 */
#ifndef ASL_JSONATA_STATES_FUNCTIONS_H
#define ASL_JSONATA_STATES_FUNCTIONS_H

#include "jsonata.h"

extern const struct jsonata_native jsonata_states_functions[]; /* ends with a NULL name */

#endif
