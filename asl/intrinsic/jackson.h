/* Why a text is no JSON, in the words of Jackson's parser, which AWS shows:
 *
 *   Unexpected character ('b' (code 98)): was expecting double-quote to start field name
 *    at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1,
 * column: 2]
 *
 * (recorded for States.StringToJson; three of the complaints are, the others follow
 * jackson-core 2.17).
 */
#ifndef ASL_INTRINSIC_JACKSON_H
#define ASL_INTRINSIC_JACKSON_H

#include "../value/text.h"

/* Reads one JSON value. True when it is one: *end is the byte behind it (Jackson does not look at
 * what follows, but for a number or word that runs into it). False: `why` gets the complaint. */
bool jackson_check(struct asl_text json, size_t *end, struct asl_buffer *why);

#endif
