/* SPDX-License-Identifier: MIT */
#include "core/base64url.h"

char *sac__base64_print(char *p, const void *bytes, size_t n, const char *digits)
{
    const uint8_t *from = bytes;

    for (; n >= 3; n -= 3, from += 3) {
        const uint32_t group = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];

        *p++ = digits[group >> 18];
        *p++ = digits[group >> 12 & 63];
        *p++ = digits[group >> 6 & 63];
        *p++ = digits[group & 63];
    }
    if (n > 0) {
        const uint32_t group = (uint32_t)from[0] << 16 | (n > 1 ? (uint32_t)from[1] << 8 : 0);

        *p++ = digits[group >> 18];
        *p++ = digits[group >> 12 & 63];
        if (n > 1)
            *p++ = digits[group >> 6 & 63];
    }
    return p;
}

char *sac__base64url_print(char *p, const void *bytes, size_t n)
{
    return sac__base64_print(p, bytes, n,
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

bool sac__base64url_parse(sac_str text, void *out, size_t *n)
{
    const size_t left = text.n % 4;
    uint8_t *to = out;
    uint32_t bits = 0;

    if (left == 1)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        const int digit = digit_of(text.p[i]);

        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 != 0)
            *to++ = (uint8_t)(bits >> (6 - i % 4 * 2));
    }
    if ((left == 2 && bits & 15) || (left == 3 && bits & 3))
        return false;
    *n = text.n / 4 * 3 + (left ? left - 1 : 0);
    return true;
}
