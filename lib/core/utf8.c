/* SPDX-License-Identifier: MIT */
#include "core/utf8.h"

#define HIGH_BITS 0x8080808080808080u

static uint64_t word_at(const char *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof word);
    return word;
}

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

/* How far to step at an ASCII byte: 16, 8 or 1. */
static size_t ascii(const char *p, size_t n)
{
    if (n >= 16 && !((word_at(p) | word_at(p + 8)) & HIGH_BITS))
        return 16;
    return n >= 8 && !(word_at(p) & HIGH_BITS) ? 8 : 1;
}

size_t sac__utf8_bad(sac_str s)
{
    size_t at = 0;
    size_t step;

    while (at < s.n) {
        if (s.p[at] & 0x80)
            step = sequence((const unsigned char *)s.p + at, s.n - at);
        else
            step = ascii(s.p + at, s.n - at);
        if (step == 0)
            return at;
        at += step;
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
