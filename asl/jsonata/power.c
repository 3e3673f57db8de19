/* Powers as the engine that everybody runs the reference on (V8) computes them. The C library's pow
 * is nearer to the truth, but one result in ten then differs in its last bit from what users see of
 * 1.1 to the 4th elsewhere. The method is fdlibm's: x^y = 2^(y log2 x), the logarithm and the
 * product carried as two doubles; V8's port divides otherwise in the last step (see two_to()).
 *
 * The method and the constants are those of fdlibm's e_pow.c, whose notice reads:
 * Copyright (C) 2004 by Sun Microsystems, Inc. All rights reserved. Permission to use, copy,
 * modify, and distribute this software is freely granted, provided that this notice is preserved.
 */
#include "power.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A sum that is more exact than a double: `high` has its lower 32 bits clear. */
struct twofold {
    double high, low;
};

/* Each product and sum is rounded by itself: fused ones would change the last bit. (GCC fuses none
 * in ISO C.) */
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

static int32_t upper(double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return (int32_t)(bits >> 32);
}

static double with_upper(double d, int32_t word)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    bits = (bits & 0xffffffffu) | (uint64_t)(uint32_t)word << 32;
    memcpy(&d, &bits, sizeof d);
    return d;
}

static double cut(double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    bits &= 0xffffffff00000000u;
    memcpy(&d, &bits, sizeof d);
    return d;
}

/* c[0] + x (c[1] + x (...)) */
static double polynomial(double x, const double *c, int count)
{
    double sum = c[count - 1];
    for (int i = count - 1; i-- > 0;)
        sum = c[i] + x * sum;
    return sum;
}

/* ---- the logarithm ---- */

/* For |x - 1| <= 2^-20: the first terms of its series. */
static struct twofold log2_near_one(double x)
{
    static const double inverse = 1.44269504088896338700e+00, /* 1 / ln 2, and in two parts */
        inverse_high = 1.44269502162933349609e+00, inverse_low = 1.92596299112661746887e-08;
    double t = x - 1, w = (t * t) * (0.5 - t * (0.3333333333333333333333 - t * 0.25));
    double u = inverse_high * t, v = t * inverse_low - w * inverse;
    struct twofold sum = {.high = cut(u + v)};
    sum.low = v - (sum.high - u);
    return sum;
}

/* log2 x = exponent + log2 of the point nearest to the mantissa (1 or 1.5) + 2 / (3 ln 2) (3 s +
 * ...), where s = (mantissa - point) / (mantissa + point). */
static struct twofold log2_of(double x)
{
    static const double points[] = {1, 1.5}, logs_high[] = {0, 5.84962487220764160156e-01},
                        logs_low[] = {0, 1.35003920212974897128e-08};
    static const double series[] = {5.99999999999994648725e-01, 4.28571428578550184252e-01,
                                    3.33333329818377432918e-01, 2.72728123808534006489e-01,
                                    2.30660745775561754067e-01, 2.06975017800338417784e-01};
    static const double factor = 9.61796693925975554329e-01, /* 2 / (3 ln 2), and in two parts */
        factor_high = 9.61796700954437255859e-01, factor_low = -7.02846165095275826516e-09;
    int exponent = 0, k = 0;
    if (upper(x) < 0x00100000) { /* subnormal */
        x *= 9007199254740992.0;
        exponent = -53;
    }
    exponent += (upper(x) >> 20) - 0x3ff;
    int32_t mantissa = upper(x) & 0xfffff, word = mantissa | 0x3ff00000;
    if (mantissa >= 0xbb67a) { /* sqrt 3 and more: nearer to 2 */
        exponent++;
        word -= 0x100000;
    } else if (mantissa > 0x3988e) { /* more than sqrt 3/2 */
        k = 1;
    }
    x = with_upper(x, word);
    double u = x - points[k], v = 1 / (x + points[k]), s = u * v, s_high = cut(s);
    double t_high = with_upper(0, ((word >> 1) | 0x20000000) + 0x80000 + (k << 18));
    double t_low = x - (t_high - points[k]);
    double s_low = v * ((u - s_high * t_high) - s_high * t_low), square = s * s;
    double rest = square * square * polynomial(square, series, 6);
    rest += s_low * (s_high + s);
    square = s_high * s_high;
    t_high = cut(3.0 + square + rest);
    t_low = rest - ((t_high - 3.0) - square);
    u = s_high * t_high;
    v = s_low * t_high + t_low * s;
    double p_high = cut(u + v), p_low = v - (p_high - u), z_high = factor_high * p_high;
    double z_low = factor_low * p_high + p_low * factor + logs_low[k], n = exponent;
    struct twofold sum = {.high = cut(((z_high + z_low) + logs_high[k]) + n)};
    sum.low = z_low - (((sum.high - n) - logs_high[k]) - z_high);
    return sum;
}

/* ---- the power of two ---- */

/* Where log2 of the result leaves the doubles: 1024 - log2(largest + half a unit), negated. */
#define OVERFLOW_MARGIN 8.0085662595372944372e-17

/* Zero, infinity, or -1 when 2^(high + low) is a double. */
static double beyond_doubles(double high, double low)
{
    double z = low + high;
    if (z > 1024 || (z == 1024 && low + OVERFLOW_MARGIN > z - high))
        return INFINITY;
    if (z < -1075 || (z == -1075 && low <= z - high))
        return 0;
    return -1;
}

static double two_to(double high, double low)
{
    static const double ln2 = 6.93147180559945286227e-01, /* and in two parts */
        ln2_high = 6.93147182464599609375e-01, ln2_low = -1.90465429995776804525e-09;
    static const double series[] = {1.66666666666666019037e-01, -2.77777777770155933842e-03,
                                    6.61375632143793436117e-05, -1.65339022054652515390e-06,
                                    4.13813679705723846039e-08};
    int32_t word = upper(low + high), size = word & 0x7fffffff, k = (size >> 20) - 0x3ff, n = 0;
    if (size > 0x3fe00000) { /* more than a half: n is the nearest integer */
        n = word + (0x100000 >> (k + 1));
        k = ((n & 0x7fffffff) >> 20) - 0x3ff;
        high -= with_upper(0, n & ~(0xfffff >> k));
        n = ((n & 0xfffff) | 0x100000) >> (20 - k);
        n = word < 0 ? -n : n;
    }
    double t = cut(low + high), u = t * ln2_high, v = (low - (t - high)) * ln2 + t * ln2_low;
    double z = u + v, w = v - (z - u);
    t = z * z;
    double t1 = z - t * polynomial(t, series, 5);
    double r = z * t1 / ((t1 - 2) - (w + z * w)); /* fdlibm: z * t1 / (t1 - 2) - (w + z * w) */
    z = 1 - (r - z);
    word = upper(z) + n * 0x100000;
    if (word >> 20 > 0)
        return with_upper(z, word);
    return with_upper(z, word + 1000 * 0x100000) * 0x1p-1000; /* subnormal, rounded once */
}

/* ---- the whole ---- */

/* Of finite x > 0 other than 1, and y neither 0 nor infinite. */
static double power_of_positive(double x, double y)
{
    struct twofold log;
    if (fabs(y) >= 0x1.00001p31) { /* then only what is next to 1 does not leave the doubles */
        if (fabs(y) >= 0x1.00001p64 || upper(x) < 0x3fefffff || upper(x) > 0x3ff00000)
            return (upper(x) < 0x3ff00000) == (y < 0) ? INFINITY : 0;
        log = log2_near_one(x);
    } else {
        log = log2_of(x);
    }
    double y_high = cut(y), low = (y - y_high) * log.high + y * log.low, high = y_high * log.high;
    double beyond = beyond_doubles(high, low);
    return beyond >= 0 ? beyond : two_to(high, low);
}

double jsonata_power(double base, double exponent)
{
    double size = fabs(base);
    if (isnan(exponent) || (isinf(exponent) && size == 1))
        return NAN;
    if (exponent == 1)
        return base;
    if (exponent == -1)
        return 1 / base;
    if (exponent == 2)
        return base * base;
    if (exponent == 0.5 && base >= 0 && !signbit(base))
        return sqrt(base);
    if (exponent == 0 || isnan(base) || isinf(exponent) || isinf(base) || size == 0 || size == 1)
        return pow(base, exponent); /* nothing to round */
    if (base < 0 && exponent != floor(exponent))
        return NAN;
    bool is_odd = base < 0 && fabs(fmod(exponent, 2)) == 1;
    double power = power_of_positive(size, exponent);
    return is_odd ? -power : power;
}
