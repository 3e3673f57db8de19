/* Intrinsic functions that compute with numbers, UUID, and how arguments become integers. */
#include "intrinsic_internal.h"

#include <math.h>

#include "java_random.h"

bool intrinsic_is(const asl_value *v, enum value_kind kind)
{
    return value_kind(v) == kind;
}

static bool to_int32(double d, int32_t *out)
{
    if (!(d >= INT32_MIN && d <= INT32_MAX)) {
        return false;
    }
    *out = (int32_t)d;
    return true;
}

bool intrinsic_round(const asl_value *v, int32_t *out)
{
    if (value_kind(v) != VALUE_NUMBER) {
        return false;
    }
    double d = value_as_double(v), below = floor(d); /* d + 0.5 would round before it is cut */
    return to_int32(d - below >= 0.5 ? below + 1 : below, out);
}

bool intrinsic_truncate(const asl_value *v, int32_t *out)
{
    return value_kind(v) == VALUE_NUMBER && to_int32(trunc(value_as_double(v)), out);
}

asl_value *intrinsic_math_add(const struct intrinsic_call *c)
{
    int32_t a, b;
    if (!intrinsic_round(c->args[0], &a) || !intrinsic_round(c->args[1], &b)) {
        return NULL;
    }
    int64_t sum = (int64_t)a + b;
    return sum < INT32_MIN || sum > INT32_MAX ? NULL : value_integer(sum);
}

static bool seed_of(const struct intrinsic_call *c, int64_t *seed)
{
    if (c->count < 3) {
        *seed = c->env && c->env->random ? (int64_t)c->env->random(c->env->state) : 0;
        return c->env && c->env->random;
    }
    if (value_kind(c->args[2]) != VALUE_NUMBER) {
        return false;
    }
    if (value_as_integer(c->args[2], seed)) {
        return true;
    }
    double d = trunc(value_as_double(c->args[2]));
    if (!(d >= -0x1p63 && d < 0x1p63)) {
        return false;
    }
    *seed = (int64_t)d;
    return true;
}

/* start + new java.util.Random(seed).nextInt(end - start) (every recorded seeded value); fractions
 * are cut off: (1.6, 5.4) can give 1. Where end - start is no int, Java draws until a number lies
 * between. */
asl_value *intrinsic_math_random(const struct intrinsic_call *c)
{
    int32_t start, end;
    int64_t seed;
    if (!intrinsic_truncate(c->args[0], &start) || !intrinsic_truncate(c->args[1], &end) ||
        start >= end || !seed_of(c, &seed)) {
        return NULL;
    }
    struct java_random r;
    java_random_seed(&r, seed);
    int64_t width = (int64_t)end - start;
    if (width <= INT32_MAX) {
        return value_integer((int64_t)start + java_random_next_int_below(&r, (int32_t)width));
    }
    int32_t drawn;
    do {
        drawn = java_random_next_int(&r);
    } while (drawn < start || drawn >= end);
    return value_integer(drawn);
}

asl_value *intrinsic_uuid(const struct intrinsic_call *c)
{
    char uuid[37] = "";
    if (!c->env || !c->env->uuid) {
        return NULL;
    }
    c->env->uuid(c->env->state, uuid);
    return value_string_z(uuid);
}
