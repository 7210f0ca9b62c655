/* SPDX-License-Identifier: MIT */
#ifndef JSON_ESCAPE_H
#define JSON_ESCAPE_H

#include <sacrum/str.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Looking at text 16 bytes at a time: where is the first byte that needs care? */

#define SAC__STEP 16

#ifdef __SSE2__

static inline __m128i sac__escape_special(__m128i v, bool html)
{
    /* As signed bytes, control characters and all beyond ASCII are below a blank. */
    const __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    const __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    __m128i special = _mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(' ')),
                                   _mm_or_si128(quote, slash));

    if (html)
        special = _mm_or_si128(special,
                               _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('&')),
                                            _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('<')),
                                                         _mm_cmpeq_epi8(v, _mm_set1_epi8('>')))));
    return special;
}

/* Of ASCII only. */
static inline __m128i sac__escape_ascii(__m128i v)
{
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8('\x1f')), v);

    return _mm_or_si128(control, _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                                              _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
}

/* How many of the 16 bytes at s stand as they are in JSON; copies all 16 to w. */
static inline size_t sac__escape_copy_step(char *w, const char *s, bool html)
{
    const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)s);
    const int mask = _mm_movemask_epi8(sac__escape_special(v, html));

    _mm_storeu_si128((__m128i *)(void *)w, v);
    return mask ? (size_t)__builtin_ctz((unsigned)mask) : SAC__STEP;
}

static inline size_t sac__escape_step(const char *s)
{
    const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)s);
    const int mask = _mm_movemask_epi8(sac__escape_special(v, false));

    return mask ? (size_t)__builtin_ctz((unsigned)mask) : SAC__STEP;
}

#else

/* 0x80 in each byte of v that is zero, and maybe in some above it. */
static inline uint64_t sac__escape_zeros(uint64_t v)
{
    return (v - UINT64_C(0x0101010101010101)) & ~v & UINT64_C(0x8080808080808080);
}

static inline bool sac__escape_any(uint64_t v, bool html)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t special = v | (v - ones * ' ') | sac__escape_zeros(v ^ ones * '"') |
                       sac__escape_zeros(v ^ ones * '\\');

    if (html)
        special |= sac__escape_zeros(v ^ ones * '&') | sac__escape_zeros(v ^ ones * '<') |
                   sac__escape_zeros(v ^ ones * '>');
    return (special & ones << 7) != 0;
}

static inline bool sac__escape_byte(unsigned char c, bool html)
{
    return c < ' ' || c >= 0x80 || c == '"' || c == '\\' ||
           (html && (c == '&' || c == '<' || c == '>'));
}

static inline size_t sac__escape_copy_step(char *w, const char *s, bool html)
{
    size_t i = 0;

    for (; i < SAC__STEP; i += 8) {
        uint64_t v;

        memcpy(&v, s + i, 8);
        if (sac__escape_any(v, html))
            break;
    }
    while (i < SAC__STEP && !sac__escape_byte((unsigned char)s[i], html))
        i++;
    memcpy(w, s, SAC__STEP);
    return i;
}

static inline size_t sac__escape_step(const char *s)
{
    char ignored[SAC__STEP];

    return sac__escape_copy_step(ignored, s, false);
}

#endif

/* How the encoder escapes. */
enum {
    SAC__ESCAPE_HTML = 1 << 0,  /* also < > & U+2028 U+2029 */
    SAC__ESCAPE_REPAIR = 1 << 1 /* U+FFFD for what is no UTF-8 */
};

static inline char *sac__escape_unicode(char *w, unsigned unit)
{
    static const char hex[] = "0123456789abcdef";

    w[0] = '\\';
    w[1] = 'u';
    w[2] = hex[unit >> 12 & 15];
    w[3] = hex[unit >> 8 & 15];
    w[4] = hex[unit >> 4 & 15];
    w[5] = hex[unit & 15];
    return w + 6;
}

/* One byte of ASCII, escaped where it has to be. */
static inline char *sac__escape_put(char *w, unsigned char c, bool html)
{
    static const char letters[] = "btn\0fr";

    if (c == '"' || c == '\\') {
        w[0] = '\\';
        w[1] = (char)c;
        return w + 2;
    }
    if (c >= '\b' && c <= '\r' && c != '\v') {
        w[0] = '\\';
        w[1] = letters[c - '\b'];
        return w + 2;
    }
    if (c < ' ' || (html && (c == '<' || c == '>' || c == '&')))
        return sac__escape_unicode(w, c);
    *w = (char)c;
    return w + 1;
}

/* Bytes of the UTF-8 sequence at s, 1 to 4; 0 when it is none. Looks no further than `end`. */
unsigned sac__escape_sequence(const char *s, const char *end);

#endif
