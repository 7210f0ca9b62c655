/* SPDX-License-Identifier: MIT */
#include "core/utf8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define HIGH_BITS 0x8080808080808080u

/* Bytes of the sequence at p (its first byte is not ASCII), 0 when it is none. */
static size_t sequence(const unsigned char *p, size_t n)
{
    const unsigned char c = p[0];

    if (c < 0xc2 || c > 0xf4 || n < 2 || (p[1] & 0xc0) != 0x80)
        return 0;
    if (c < 0xe0)
        return 2;
    if (n < 3 || (p[2] & 0xc0) != 0x80)
        return 0;
    if (c < 0xf0) /* neither overlong nor a surrogate */
        return (c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) ? 0 : 3;
    if (n < 4 || (p[3] & 0xc0) != 0x80)
        return 0;
    return (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f) ? 0 : 4;
}

#define STEP 16

#ifdef __SSE2__

static unsigned mask_of(__m128i v)
{
    return (unsigned)_mm_movemask_epi8(v);
}

/* Leads that not every second byte may follow, and bytes that are none: C0 C1 E0 ED F0 to FF. */
static unsigned doubtful(__m128i v, unsigned four)
{
    const __m128i overlong = _mm_cmpeq_epi8(_mm_and_si128(v, _mm_set1_epi8('\xfe')),
                                            _mm_set1_epi8('\xc0'));
    const __m128i edges = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\xe0')),
                                       _mm_cmpeq_epi8(v, _mm_set1_epi8('\xed')));

    return mask_of(_mm_or_si128(overlong, edges)) | four;
}

/*
 * Whether the 16 bytes at p go on with what is due and have no bad sequence.
 * `*due`: as bits, the first places of the next 16 that have to hold
 * continuations. Bytes of each class are masks: behind a lead of k bytes k - 1
 * places have to hold continuations, and no other may.
 */
static inline bool step(const char *p, const char *end, unsigned *due)
{
    const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    const unsigned beyond = mask_of(v), all = (1U << STEP) - 1;
    unsigned tails, three, four, wanted;

    if ((beyond | *due) == 0)
        return true;
    tails = mask_of(_mm_cmplt_epi8(v, _mm_set1_epi8('\xc0')));
    three = mask_of(_mm_cmpgt_epi8(v, _mm_set1_epi8('\xdf'))) & beyond;
    four = mask_of(_mm_cmpgt_epi8(v, _mm_set1_epi8('\xef'))) & beyond;
    wanted = *due | (beyond & ~tails) << 1 | three << 2 | four << 3;
    if ((wanted & all) != tails)
        return false;
    for (unsigned left = doubtful(v, four); left; left &= left - 1) {
        const char *lead = p + __builtin_ctz(left);

        if (sequence((const unsigned char *)lead, (size_t)(end - lead)) == 0)
            return false;
    }
    *due = wanted >> STEP;
    return true;
}

/* The end of whole sequences from the beginning on, less than 16 bytes before one that is none. */
static size_t skip_steps(sac_str s)
{
    const char *p = s.p, *end;
    unsigned due = 0;

    if (s.n < STEP)
        return 0;
    end = s.p + s.n;
    while (end - p >= STEP && step(p, end, &due))
        p += STEP;
    /* Back to the lead of what was due. */
    while (due && (*--p & 0xc0) == 0x80)
        ;
    return (size_t)(p - s.p);
}

#else

static size_t skip_steps(sac_str s)
{
    (void)s;
    return 0;
}

#endif

/* How far to step at an ASCII byte. */
static size_t skip_ascii(const char *p, size_t n)
{
    uint64_t word = HIGH_BITS;

    if (n >= sizeof word)
        memcpy(&word, p, sizeof word);
    return word & HIGH_BITS ? 1 : sizeof word;
}

size_t sac__utf8_bad(sac_str s)
{
    size_t at = skip_steps(s);

    while (at < s.n) {
        const size_t n = s.p[at] & 0x80 ? sequence((const unsigned char *)s.p + at, s.n - at)
                                        : skip_ascii(s.p + at, s.n - at);

        if (n == 0)
            return at;
        at += n;
    }
    return s.n;
}

bool sac__utf8_valid(sac_str s)
{
    return sac__utf8_bad(s) == s.n;
}

size_t sac__utf8_length(sac_str s)
{
    size_t points = 0;

    for (size_t i = 0; i < s.n; i++)
        points += (s.p[i] & 0xc0) != 0x80;
    return points;
}

size_t sac__utf8_put(char out[4], uint32_t point)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}
