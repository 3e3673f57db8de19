/* java.util.Random: see java_random.h. The names in the comments are the Java documentation's. */
#include "java_random.h"

#define MULTIPLIER UINT64_C(0x5deece66d)
#define INCREMENT  UINT64_C(0xb)
#define STATE_MASK ((UINT64_C(1) << 48) - 1)

void java_random_seed(struct java_random *r, int64_t seed)
{
    r->state = ((uint64_t)seed ^ MULTIPLIER) & STATE_MASK;
}

/* next(bits): the upper `bits` (at most 32) of the 48. */
static uint32_t next(struct java_random *r, unsigned bits)
{
    r->state = (r->state * MULTIPLIER + INCREMENT) & STATE_MASK;
    return (uint32_t)(r->state >> (48 - bits));
}

int32_t java_random_next_int(struct java_random *r)
{
    return (int32_t)next(r, 32);
}

int32_t java_random_next_int_below(struct java_random *r, int32_t bound)
{
    uint32_t n = (uint32_t)bound;
    if ((n & (n - 1)) == 0) { /* a power of two: the upper bits are the better ones */
        return (int32_t)((uint64_t)n * next(r, 31) >> 31);
    }
    uint32_t bits, value;
    do { /* draw again what would make the low numbers likelier: Java tests for int overflow */
        bits = next(r, 31);
        value = bits % n;
    } while (bits - value + (n - 1) > INT32_MAX);
    return (int32_t)value;
}

double java_random_next_double(struct java_random *r)
{
    uint64_t high = (uint64_t)next(r, 26) << 27;
    uint64_t low = next(r, 27);
    return (double)(high + low) * 0x1.0p-53;
}
