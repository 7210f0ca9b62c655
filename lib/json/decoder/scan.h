/* SPDX-License-Identifier: MIT */
#ifndef JSON_DECODER_SCAN_H
#define JSON_DECODER_SCAN_H

#include <sacrum/str.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* JSON text on its way in, whose UTF-8 is known to be good: 16 bytes at a time. */

#define SAC__SCAN 16

#ifdef __SSE2__

/* How many of the 16 bytes at p stand for themselves in a string; copies all 16 to w. */
static inline size_t sac__scan_copy(char *w, const char *p)
{
    const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8('\x1f')), v);
    const __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    const __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    const __m128i special = _mm_or_si128(control, _mm_or_si128(quote, slash));
    unsigned mask;

    _mm_storeu_si128((__m128i *)(void *)w, v);
    mask = (unsigned)_mm_movemask_epi8(special);
    return mask ? (unsigned)__builtin_ctz(mask) : SAC__SCAN;
}

#else

/* Whether any of 8 bytes is a control character, a quote or a backslash. */
static inline bool sac__scan_special(uint64_t v)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    const uint64_t quote = v ^ ones * '"', slash = v ^ ones * '\\';

    return (((v - ones * ' ') & ~v) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & tops;
}

static inline size_t sac__scan_copy(char *w, const char *p)
{
    size_t n = 0;

    memcpy(w, p, SAC__SCAN);
    for (; n < SAC__SCAN; n += 8) {
        uint64_t v;

        memcpy(&v, p + n, 8);
        if (sac__scan_special(v))
            break;
    }
    while (n < SAC__SCAN && (unsigned char)p[n] >= ' ' && p[n] != '"' && p[n] != '\\')
        n++;
    return n;
}

#endif

/* 0x80 in a byte of v that is c, and maybe in some behind it. */
static inline uint64_t sac__scan_bytes(uint64_t v, char c)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), x = v ^ ones * (unsigned char)c;

    return (x - ones) & ~x & ones << 7;
}

/* Whether c is among n bytes: few, as keys have. */
static inline bool sac__scan_has(const char *p, size_t n, char c)
{
    uint64_t last = 0, marks = 0;
    size_t at = 0;

    for (; at + 8 < n; at += 8) {
        uint64_t word;

        memcpy(&word, p + at, 8);
        marks |= sac__scan_bytes(word, c);
    }
    if (n >= 8) {
        memcpy(&last, p + n - 8, 8);
        return (marks | sac__scan_bytes(last, c)) != 0;
    }
    for (; at < n; at++)
        marks |= p[at] == c;
    return marks != 0;
}

/* The first character that is no blank, or the end. */
static inline const char *sac__scan_blanks(const char *p, const char *end)
{
    while (p < end && (unsigned char)*p <= ' ' &&
           (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

#endif
