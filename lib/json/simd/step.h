/* SPDX-License-Identifier: MIT */
#ifndef JSON_SIMD_STEP_H
#define JSON_SIMD_STEP_H

#include <sacrum/str.h>

#if defined __AVX2__
#include <immintrin.h>
#elif defined __SSE2__
#include <emmintrin.h>
#else
#include "bson/wire.h"
#endif

/*
 * Text in steps of SAC__WIDTH bytes, as many as are compared at once. In masks
 * the lowest bit is the first byte's.
 */
#if defined __AVX2__

#define SAC__WIDTH 32
typedef __m256i sac__step;

static inline sac__step sac__step_load(const char *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static inline void sac__step_store(char *w, sac__step v)
{
    _mm256_storeu_si256((__m256i *)(void *)w, v);
}

/* Bytes that JSON wants escaped: quotes, backslashes, control characters; a NUL is one. */
static inline uint32_t sac__step_special(sac__step v)
{
    const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8('\x1f')), v);
    const __m256i quote = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'));
    const __m256i slash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'));

    return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(control, _mm256_or_si256(quote, slash)));
}

/* Bytes beyond ASCII. */
static inline uint32_t sac__step_beyond(sac__step v)
{
    return (uint32_t)_mm256_movemask_epi8(v);
}

#elif defined __SSE2__

#define SAC__WIDTH 16
typedef __m128i sac__step;

static inline sac__step sac__step_load(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline void sac__step_store(char *w, sac__step v)
{
    _mm_storeu_si128((__m128i *)(void *)w, v);
}

static inline uint32_t sac__step_special(sac__step v)
{
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8('\x1f')), v);
    const __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    const __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));

    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, slash)));
}

static inline uint32_t sac__step_beyond(sac__step v)
{
    return (uint32_t)_mm_movemask_epi8(v);
}

#else

#define SAC__WIDTH 8
typedef uint64_t sac__step;

static inline sac__step sac__step_load(const char *p)
{
    return sac__wire_get64(p);
}

static inline void sac__step_store(char *w, sac__step v)
{
    sac__wire_put64(w, v);
}

#define SAC__STEP_ONES UINT64_C(0x0101010101010101)

/* The top bits of all bytes. */
static inline uint32_t sac__step_beyond(sac__step v)
{
    return (uint32_t)((v >> 7 & SAC__STEP_ONES) * UINT64_C(0x0102040810204080) >> 56);
}

/* Which bytes are below a value; maybe some above the first such too. */
static inline uint64_t sac__step_below(sac__step v, uint8_t value)
{
    return (v - SAC__STEP_ONES * value) & ~v;
}

/* Past the first one the mask may be wrong. */
static inline uint32_t sac__step_special(sac__step v)
{
    return sac__step_beyond(sac__step_below(v, ' ') | sac__step_below(v ^ SAC__STEP_ONES * '"', 1) |
                            sac__step_below(v ^ SAC__STEP_ONES * '\\', 1));
}

#endif

/* For what one hot loop and a rare caller share. */
#ifdef __GNUC__
#define SAC__INLINE inline __attribute__((always_inline))
#else
#define SAC__INLINE inline
#endif

/* For what a hot loop seldom needs. */
#ifdef __GNUC__
#define SAC__COLD __attribute__((noinline))
#else
#define SAC__COLD
#endif

static inline bool sac__likely(bool condition)
{
#ifdef __GNUC__
    return __builtin_expect(condition, 1);
#else
    return condition;
#endif
}

static inline unsigned sac__step_first(uint32_t mask)
{
#ifdef __GNUC__
    return (unsigned)__builtin_ctz(mask);
#else
    unsigned n = 0;

    for (; !(mask & 1); mask >>= 1)
        n++;
    return n;
#endif
}

/* All places before the first of a mask; of an empty one, all. */
static inline uint32_t sac__step_before(uint32_t mask)
{
    return ~mask & (mask - 1);
}

#endif
