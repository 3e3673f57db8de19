/* Lengths and moments of virtual time, as test files write them. */
#ifndef ENGINE_TEST_DURATION_H
#define ENGINE_TEST_DURATION_H

#include "asl/value/value.h"

/* A thousand years: no workflow lasts longer, and sums of them fit into int64_t. */
#define DURATION_MAXIMUM (INT64_C(1000) * 366 * 86400 * 1000) /* ms */
#define DURATION_WORDS   "seconds, or a text as \"1 h 30 min\" (d, h, min, s, ms)"

/* A number of seconds, or numbers with units: "90 s", "1 h 30 min", "365 d", "20 ms". */
bool duration_read(const asl_value *v, int64_t *ms);
/* "1 h 30 min", exact, as duration_read takes it. */
void duration_print(int64_t ms, struct asl_buffer *out);
/* "2026-01-31T08:00:00.5+01:00", or seconds since 1970. */
bool moment_read(const asl_value *v, int64_t *ms);
void moment_print(int64_t ms, struct asl_buffer *out); /* "2026-01-31T08:00:00.000Z" */

#endif
