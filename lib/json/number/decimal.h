/* SPDX-License-Identifier: MIT */
#ifndef JSON_NUMBER_DECIMAL_H
#define JSON_NUMBER_DECIMAL_H

#include <stdbool.h>

#include "json/number/pow10.h"
#include "json/number/wide.h"

/* Digits that any double has at most. */
#define SAC__DIGITS 17

/* (tens * 10 + last) * 10^exponent. */
typedef struct sac__decimal {
    uint64_t tens; /* of fifteen digits or sixteen */
    unsigned last;
    int exponent;
} sac__decimal;

/* The smallest number of sixteen digits. */
#define SAC__SIXTEEN UINT64_C(1000000000000000)

/* Schubfach's h: how far 2^q * 10^-k stands above its 128 bits. */
static inline int sac__decimal_shift(int q, int k)
{
    return q + ((-k * 1741647) >> 19) + 1;
}

/* Whether a difference is within 4 of 0: less than what cutting can have done to it. */
static inline bool sac__decimal_near(uint64_t difference)
{
    return difference + 4 <= 8;
}

/*
 * The shortest decimal of a normal double c * 2^q that is no power of two, from
 * one product: it is known to about 2^-64, and so is half the rounding
 * interval, which is the power itself, shifted. Where a decision hangs on less,
 * false. After Victor Zverovich's Zmij, Xiang Junbo's xjb and Yaoyuan Guo's
 * double printer in yyjson, which all refine Schubfach.
 */
static inline bool sac__decimal_quick(uint64_t c, int q, sac__decimal *out)
{
    const int k = (q * 1262611) >> 22;
    const int h = sac__decimal_shift(q, k);
    const uint64_t *const power = sac__pow10_table[-k - POW10_MIN];
    const uint64_t below = sac__wide_mul(power[1], c << h).high;
    sac__wide value = sac__wide_mul(power[0], c << h);
    uint64_t tens, digit, around, over_lower, over_upper;

    value.low += below;
    value.high += value.low < below;
    tens = sac__wide_mul(value.high, UINT64_C(0x199999999999999a)).high;
    digit = value.high - tens * 10;
    around = power[0] >> (6 - h);
    /* How far the ten below is within the interval, and the next ten: 59 bits behind the point. */
    over_lower = (digit << 59 | value.low >> 5) - around;
    over_upper = over_lower + 2 * around - (UINT64_C(10) << 59);
    if (sac__decimal_near(over_lower) || sac__decimal_near(over_upper) ||
        sac__decimal_near(value.low - ((uint64_t)1 << 63)))
        return false;
    /* By their signs: as likely one way as the other, branches would cost more. */
    out->tens = tens + (~over_upper >> 63);
    out->last = (unsigned)((digit + (value.low >> 63)) & (0 - ((over_upper & ~over_lower) >> 63)));
    out->exponent = k;
    return true;
}

#endif
