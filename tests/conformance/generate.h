/* Random machines that are valid, end, and use everything: all state kinds, nested Parallel and
 * Map, retries, catches, waits, tasks of every family, Choice loops, variables. The same seed gives
 * the same machine.
 */
#ifndef TESTS_CONFORMANCE_GENERATE_H
#define TESTS_CONFORMANCE_GENERATE_H

#include "asl/value/value.h"

struct dice {
    uint64_t state;
};
uint64_t dice_roll(struct dice *d);                  /* 64 bits (splitmix64) */
uint64_t dice_below(struct dice *d, uint64_t limit); /* 0 <= n < limit */
bool dice_says(struct dice *d, unsigned percent);

/* Appends a definition. Its input is GENERATED_INPUT. */
void generate_definition(struct dice *d, struct asl_buffer *out);
#define GENERATED_INPUT "{\"n\": 0, \"items\": [1, 2.5, \"three\"], \"wait\": 2}"
/* Errors that scripted tasks fail with; retriers and catchers name them. */
extern const char *const generated_errors[];
#define GENERATED_ERRORS 4

#endif
