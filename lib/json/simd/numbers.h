/* SPDX-License-Identifier: MIT */
#ifndef JSON_SIMD_NUMBERS_H
#define JSON_SIMD_NUMBERS_H

#include "json/number/numeral.h"
#include "json/simd/step.h"

#ifdef __AVX2__

#include "json/number/decimal.h"
#include "json/number/spread.h"

/* Doubles, in line and with a shuffle to make room for the point: of elements.c only. */

/*
 * Which digit each byte of a text is, or a top bit where the point is; for the
 * point before any of the first sixteen, and when the first is a zero that is
 * left out.
 */
#define SAC__POINT_AT(i, at, zero) \
    (char)((i) + (zero) == (at) ? 0x80 : (i) + (zero) - ((i) + (zero) > (at)))
#define SAC__POINT_FOUR(i, at, zero)                              \
    SAC__POINT_AT(i, at, zero), SAC__POINT_AT((i) + 1, at, zero), \
        SAC__POINT_AT((i) + 2, at, zero), SAC__POINT_AT((i) + 3, at, zero)
#define SAC__POINT_ROW(at, zero)                                                                  \
    {                                                                                             \
        SAC__POINT_FOUR(0, at, zero), SAC__POINT_FOUR(4, at, zero), SAC__POINT_FOUR(8, at, zero), \
            SAC__POINT_FOUR(12, at, zero)                                                         \
    }
#define SAC__POINT_ROWS(at)                          \
    {                                                \
        SAC__POINT_ROW(at, 0), SAC__POINT_ROW(at, 1) \
    }

static const char sac__point_rows[16][2][16] = {
    SAC__POINT_ROWS(0),  SAC__POINT_ROWS(1),  SAC__POINT_ROWS(2),  SAC__POINT_ROWS(3),
    SAC__POINT_ROWS(4),  SAC__POINT_ROWS(5),  SAC__POINT_ROWS(6),  SAC__POINT_ROWS(7),
    SAC__POINT_ROWS(8),  SAC__POINT_ROWS(9),  SAC__POINT_ROWS(10), SAC__POINT_ROWS(11),
    SAC__POINT_ROWS(12), SAC__POINT_ROWS(13), SAC__POINT_ROWS(14), SAC__POINT_ROWS(15),
};

static inline void sac__numbers_store(char *p, __m128i v)
{
    _mm_storeu_si128((__m128i *)(void *)p, v);
}

/* A decimal whose point stands before digit `at`, from 1 to 15. */
static inline char *sac__numbers_lay_out(char *p, sac__decimal d, int at, unsigned zero)
{
    const __m128i digits = sac__spread_sixteen(d.tens);
    const __m128i text = _mm_or_si128(digits, _mm_set1_epi8('0'));
    const __m128i row = _mm_loadu_si128((const __m128i *)(const void *)sac__point_rows[at][zero]);
    const __m128i with_point = _mm_blendv_epi8(_mm_shuffle_epi8(text, row), _mm_set1_epi8('.'),
                                               row);
    const __m128i none = _mm_cmpeq_epi8(digits, _mm_setzero_si128());
    const unsigned used = (~(unsigned)_mm_movemask_epi8(none) & 0xffff) |
                          ((d.last + 0xffff) & 0x10000);
    const int n = 32 - __builtin_clz(used);
    char *const begin = p - zero;

    sac__numbers_store(begin + 1, text);
    begin[17] = (char)('0' + d.last);
    sac__numbers_store(p, with_point);
    return begin + (n > at ? n : at + 1) + 1;
}

/* A double, or NULL where it is none of those that are decided here. */
static inline char *sac__numbers_print(char *p, double value)
{
    uint64_t bits, fraction;
    sac__decimal shown;
    unsigned zero;
    int exponent, at;

    memcpy(&bits, &value, sizeof bits);
    fraction = bits & (((uint64_t)1 << 52) - 1);
    exponent = (int)(bits >> 52 & 0x7ff);
    if (fraction == 0 || (unsigned)exponent - 1 >= 0x7fe ||
        !sac__decimal_quick(fraction | (uint64_t)1 << 52, exponent - 1075, &shown))
        return NULL;
    at = shown.exponent + SAC__DIGITS;
    /* A zero before the point is shown. */
    zero = (shown.tens < SAC__SIXTEEN) & (at != 1);
    if ((unsigned)at - 1 >= 15)
        return NULL;
    *p = '-';
    return sac__numbers_lay_out(p + (bits >> 63), shown, at, zero);
}

#else

static inline char *sac__numbers_print(char *p, double value)
{
    (void)p;
    (void)value;
    return NULL;
}

#endif

#endif
