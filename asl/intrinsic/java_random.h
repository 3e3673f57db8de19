/* java.util.Random, number for number.
 *
 * AWS's seeded generators are Java's: every recorded seeded States.MathRandom is
 * `start + new Random(seed).nextInt(end - start)`, and JSONata's $random(seed) is
 * `new Random(seed).nextDouble()` (facts 9). The algorithm is the one that the Java SE
 * documentation of java.util.Random prescribes: a 48-bit linear congruential generator.
 */
#ifndef ASL_INTRINSIC_JAVA_RANDOM_H
#define ASL_INTRINSIC_JAVA_RANDOM_H

#include <stdint.h>

struct java_random {
    uint64_t state;
};

/* new Random(seed) */
void java_random_seed(struct java_random *r, int64_t seed);
/* nextInt(): all 32-bit values. */
int32_t java_random_next_int(struct java_random *r);
/* nextInt(bound): 0 <= result < bound; `bound` must be positive. */
int32_t java_random_next_int_below(struct java_random *r, int32_t bound);
/* nextDouble(): 0 <= result < 1. */
double java_random_next_double(struct java_random *r);

#endif
