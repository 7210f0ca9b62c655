/* SPDX-License-Identifier: MIT */
#include "page/template/escape.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What stands for a byte below 64: of none, the byte itself is meant. */
typedef struct entity {
    char text[7];
    uint8_t n;
} entity;

static const entity entities[64] = {
    ['&'] = {"&amp;", 5},  ['<'] = {"&lt;", 4},   ['>'] = {"&gt;", 4},
    ['"'] = {"&quot;", 6}, ['\''] = {"&#39;", 5},
};

#ifdef __SSE2__

enum { STEP = 16 };

/* How many of the 16 bytes at s stand as they are; copies all of them. */
static inline size_t copy_step(char *w, const char *s)
{
    const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)s);
    /* & and ' are neighbours: 0x26, 0x27; < and > are apart by one bit: 0x3c, 0x3e. */
    const __m128i ands = _mm_cmpeq_epi8(_mm_and_si128(v, _mm_set1_epi8('\xfe')),
                                        _mm_set1_epi8('&'));
    const __m128i angles = _mm_cmpeq_epi8(_mm_and_si128(v, _mm_set1_epi8('\xfd')),
                                          _mm_set1_epi8('<'));
    const __m128i quotes = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    const int mask = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(ands, angles), quotes));

    _mm_storeu_si128((__m128i *)(void *)w, v);
    return mask ? (size_t)__builtin_ctz((unsigned)mask) : STEP;
}

#else

enum { STEP = 8 };

static bool has_byte(uint64_t v, char c)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), x = v ^ ones * (unsigned char)c;

    return ((x - ones) & ~x & ones << 7) != 0;
}

static size_t copy_step(char *w, const char *s)
{
    size_t n = 0;
    uint64_t v;

    memcpy(&v, s, STEP);
    memcpy(w, s, STEP);
    if (!has_byte(v, '&') && !has_byte(v, '\'') && !has_byte(v, '"') && !has_byte(v, '<') &&
        !has_byte(v, '>'))
        return STEP;
    while ((unsigned char)s[n] >= 64 || !entities[(unsigned char)s[n]].n)
        n++;
    return n;
}

#endif

static inline char *put_entity(char *w, char c)
{
    const entity *e = &entities[c & 63];

    memcpy(w, e, sizeof *e);
    return w + e->n;
}

/* Fewer than STEP bytes, into `to`; behind them is nothing to be escaped. */
static void copy_short(char to[STEP], const char *s, size_t n)
{
    memset(to, 0, STEP);
#ifdef __SSE2__
    if (n >= 8) {
        memcpy(to + n - 8, s + n - 8, 8);
        memcpy(to, s, 8);
        return;
    }
#endif
    if (n >= 4) {
        memcpy(to + n - 4, s + n - 4, 4);
        memcpy(to, s, 4);
        return;
    }
    for (size_t i = 0; i < n; i++)
        to[i] = s[i];
}

char *sac__html_escape(char *w, sac_str s)
{
    const char *p = s.p, *end = s.p + s.n;
    char rest[2 * STEP];
    size_t n;

    while ((size_t)(end - p) >= STEP) {
        n = copy_step(w, p);
        p += n;
        w += n;
        if (n < STEP)
            w = put_entity(w, *p++);
    }
    if (p == end)
        return w;
    n = (size_t)(end - p);
    copy_short(rest, p, n);
    memset(rest + STEP, 0, STEP);
    for (p = rest, end = rest + n; p < end;) {
        n = copy_step(w, p);
        if (n >= (size_t)(end - p))
            return w + (end - p);
        p += n;
        w = put_entity(w + n, *p++);
    }
    return w;
}
