/* Edits of definitions as people make them, by dice: renaming, rewiring, other constants, retries
 * and catches more or fewer, states put in or taken out. */
#ifndef TESTS_REPLAY_EDITS_H
#define TESTS_REPLAY_EDITS_H

#include "tests/conformance/generate.h"

extern const size_t edit_count;
const char *edit_name(size_t edit);
/* Applies it somewhere in the definition; NULL where it fits nowhere. The result may be refused by
 * the compiler; yours. */
asl_value *edit_apply(size_t edit, struct dice *dice, const asl_value *definition);

#endif
