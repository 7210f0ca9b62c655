/* SPDX-License-Identifier: MIT */
#ifndef JSON_SIMD_UTF8_H
#define JSON_SIMD_UTF8_H

#include "json/simd/step.h"

#ifdef __AVX2__

/*
 * Which bytes of v are wrong in UTF-8, as non-zero bytes; `prev` stands before
 * v. A sequence that is cut off is wrong at the byte that should have gone on.
 * Source: John Keiser and Daniel Lemire, "Validating UTF-8 In Less Than One
 * Instruction Per Byte", 2020: three tables, by the halves of a byte and of the
 * one after it, tell which errors are possible, and all three have to agree.
 */
enum {
    SAC__UTF8_SHORT = 1 << 0,      /* lead, then no continuation */
    SAC__UTF8_LONG = 1 << 1,       /* ASCII, then a continuation */
    SAC__UTF8_OVERLONG_3 = 1 << 2, /* E0 80..9F */
    SAC__UTF8_SURROGATE = 1 << 4,  /* ED A0..BF */
    SAC__UTF8_OVERLONG_2 = 1 << 5, /* C0, C1 */
    SAC__UTF8_LARGE = 1 << 3,      /* F4 90.., F5.. */
    SAC__UTF8_LARGE_1000 = 1 << 6, /* F5.. 80..8F; also OVERLONG_4: F0 80..8F */
    SAC__UTF8_TWO = 1 << 7,        /* two continuations: an error unless 2 or 3 after a lead */
    SAC__UTF8_CARRY = SAC__UTF8_SHORT | SAC__UTF8_LONG | SAC__UTF8_TWO
};

/* A table for the sixteen values of half a byte, in both lanes. */
#define SAC__UTF8_TABLE(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))

static inline __m256i sac__utf8_high(__m256i v)
{
    return _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(15));
}

static inline __m256i sac__utf8_pairs(__m256i v, __m256i before)
{
    enum {
        S = SAC__UTF8_SHORT,
        L = SAC__UTF8_LONG,
        O3 = SAC__UTF8_OVERLONG_3,
        SU = SAC__UTF8_SURROGATE,
        O2 = SAC__UTF8_OVERLONG_2,
        LA = SAC__UTF8_LARGE,
        L1 = SAC__UTF8_LARGE_1000,
        T = SAC__UTF8_TWO - 256, /* as signed bytes */
        C = SAC__UTF8_CARRY - 256
    };
    const __m256i first_high = SAC__UTF8_TABLE(L, L, L, L, L, L, L, L, T, T, T, T, S | O2, S,
                                               S | O3 | SU, S | LA | L1);
    const __m256i first_low = SAC__UTF8_TABLE(C | O3 | O2 | L1, C | O2, C, C, C | LA, C | LA | L1,
                                              C | LA | L1, C | LA | L1, C | LA | L1, C | LA | L1,
                                              C | LA | L1, C | LA | L1, C | LA | L1,
                                              C | LA | L1 | SU, C | LA | L1, C | LA | L1);
    const __m256i second_high = SAC__UTF8_TABLE(S, S, S, S, S, S, S, S, L | O2 | T | O3 | L1,
                                                L | O2 | T | O3 | LA, L | O2 | T | SU | LA,
                                                L | O2 | T | SU | LA, S, S, S, S);
    const __m256i low = _mm256_and_si256(before, _mm256_set1_epi8(15));

    return _mm256_and_si256(
        _mm256_and_si256(_mm256_shuffle_epi8(first_high, sac__utf8_high(before)),
                         _mm256_shuffle_epi8(first_low, low)),
        _mm256_shuffle_epi8(second_high, sac__utf8_high(v)));
}

static inline __m256i sac__utf8_wrong(__m256i v, __m256i prev)
{
    const __m256i across = _mm256_permute2x128_si256(prev, v, 0x21);
    const __m256i pairs = sac__utf8_pairs(v, _mm256_alignr_epi8(v, across, 15));
    /* The third byte after E0.., the third and fourth after F0..: there TWO is right. */
    const __m256i third = _mm256_subs_epu8(_mm256_alignr_epi8(v, across, 14),
                                           _mm256_set1_epi8(0xe0 - 0x80));
    const __m256i fourth = _mm256_subs_epu8(_mm256_alignr_epi8(v, across, 13),
                                            _mm256_set1_epi8(0xf0 - 0x80));
    const __m256i due = _mm256_and_si256(_mm256_or_si256(third, fourth),
                                         _mm256_set1_epi8((char)0x80));

    return _mm256_xor_si256(due, pairs);
}

#endif

#endif
