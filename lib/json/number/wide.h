/* SPDX-License-Identifier: MIT */
#ifndef JSON_NUMBER_WIDE_H
#define JSON_NUMBER_WIDE_H

#include <stdint.h>

/* The 128 bits of a product. */
typedef struct sac__wide {
    uint64_t high, low;
} sac__wide;

static inline sac__wide sac__wide_mul(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    __extension__ typedef unsigned __int128 u128;
    const u128 product = (u128)a * b;

    return (sac__wide){(uint64_t)(product >> 64), (uint64_t)product};
#else
    const uint64_t low = (a & 0xffffffff) * (b & 0xffffffff);
    const uint64_t left = (a >> 32) * (b & 0xffffffff) + (low >> 32);
    const uint64_t right = (a & 0xffffffff) * (b >> 32) + (left & 0xffffffff);

    return (sac__wide){(a >> 32) * (b >> 32) + (left >> 32) + (right >> 32),
                       right << 32 | (low & 0xffffffff)};
#endif
}

#endif
