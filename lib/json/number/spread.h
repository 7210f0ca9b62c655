/* SPDX-License-Identifier: MIT */
#ifndef JSON_NUMBER_SPREAD_H
#define JSON_NUMBER_SPREAD_H

#include "bson/wire.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Digits of numbers side by side, each in a byte, the first one lowest. */

/* Lowest byte first: in one piece, which compilers do not make of wire.h's bytes. */
static inline void sac__spread_put(char *p, uint64_t word)
{
#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(p, &word, sizeof word);
#else
    sac__wire_put64(p, word);
#endif
}

#define SAC__SPREAD_ASCII UINT64_C(0x3030303030303030)

/*
 * Eight digits. Source: Paul Khuong, "How to print integers really fast",
 * 2017: all side by side, first as fours, then as pairs.
 */
static inline uint64_t sac__spread_eight(uint32_t value)
{
    const uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
    const uint64_t hundreds = (fours * 10486 >> 20) & UINT64_C(0x7f0000007f);
    const uint64_t pairs = (fours - hundreds * 100) << 16 | hundreds;
    const uint64_t tens = (pairs * 103 >> 10) & UINT64_C(0x000f000f000f000f);

    return (pairs - tens * 10) << 8 | tens;
}

/* How many of eight digits are zeros before the number; the last one is none of them. */
static inline unsigned sac__spread_zeros(uint64_t digits)
{
#ifdef __GNUC__
    return (unsigned)__builtin_ctzll(digits | (uint64_t)1 << 56) / 8;
#else
    unsigned n = 0;

    while (n < 7 && (digits >> 8 * n & 0xff) == 0)
        n++;
    return n;
#endif
}

#ifdef __SSE2__

/* The factors of sac__spread_sixteen(), one for each number that is side by side. */
typedef struct sac__spread_factors {
    uint64_t by_10000[2], fours[2];
    uint32_t hundred[4];
    uint16_t by_100[8], by_10[8], tens[8];
} sac__spread_factors;

static const sac__spread_factors sac__spread_table = {
#define TWICE(x) x, x
#define FOUR(x) TWICE(x), TWICE(x)
#define EIGHT(x) FOUR(x), FOUR(x)
    .by_10000 = {TWICE(0xd1b71759)},
    .fours = {TWICE((UINT64_C(1) << 32) - 10000)},
    .hundred = {FOUR(100)},
    .by_100 = {EIGHT(5243)},
    .by_10 = {EIGHT(6554)},
    .tens = {EIGHT(10 * 256 - 1)},
#undef TWICE
#undef FOUR
#undef EIGHT
};

static inline __m128i sac__spread_load(const void *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

/*
 * Sixteen in the same way, of a number below 10^16. Quotient and remainder come
 * side by side from one product, after Xiang Junbo.
 */
static inline __m128i sac__spread_sixteen(uint64_t value)
{
    const sac__spread_factors *f = &sac__spread_table;
    __m128i eights, by_10000, fours, by_100, below_100, pairs, by_10, digits;

#ifdef __GNUC__
    /* Hides what is there: compilers build such constants anew each time, which takes longer. */
    __asm__("" : "+r"(f));
#endif
    eights = _mm_set_epi64x((long long)(value % 100000000), (long long)(value / 100000000));
    by_10000 = _mm_srli_epi64(_mm_mul_epu32(eights, sac__spread_load(f->by_10000)), 45);
    /* The rest below, the quotient above: put right at the end. */
    fours = _mm_add_epi64(eights, _mm_mul_epu32(by_10000, sac__spread_load(f->fours)));
    by_100 = _mm_srli_epi16(_mm_mulhi_epu16(fours, sac__spread_load(f->by_100)), 3);
    below_100 = _mm_sub_epi16(fours, _mm_madd_epi16(by_100, sac__spread_load(f->hundred)));
    pairs = _mm_or_si128(by_100, _mm_slli_epi32(below_100, 16));
    by_10 = _mm_mulhi_epu16(pairs, sac__spread_load(f->by_10));
    digits = _mm_sub_epi16(_mm_slli_epi16(pairs, 8),
                           _mm_mullo_epi16(by_10, sac__spread_load(f->tens)));
    return _mm_shuffle_epi32(digits, _MM_SHUFFLE(2, 3, 0, 1));
}

#endif

#endif
