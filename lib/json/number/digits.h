/* SPDX-License-Identifier: MIT */
#ifndef JSON_NUMBER_DIGITS_H
#define JSON_NUMBER_DIGITS_H

#include "bson/wire.h"

/* Decimal digits eight at a time, as the bytes of a word; the first is the lowest. */

#define SAC__DIGITS_ONES UINT64_C(0x0101010101010101)

/* The values of eight characters; beyond 9 where they are no digits. */
static inline uint64_t sac__digits_at(const char *p)
{
    return sac__wire_get64(p) ^ SAC__DIGITS_ONES * '0';
}

/* A mark in the top bit of each value beyond 9. */
static inline uint64_t sac__digits_beyond(uint64_t values)
{
    const uint64_t low = values & SAC__DIGITS_ONES * 0x7f;

    return ((low + SAC__DIGITS_ONES * 0x76) | values) & SAC__DIGITS_ONES * 0x80;
}

/* How many of the values are digits before the first that is none. */
static inline unsigned sac__digits_count(uint64_t values)
{
    const uint64_t beyond = sac__digits_beyond(values);

#ifdef __GNUC__
    return beyond ? (unsigned)__builtin_ctzll(beyond) / 8 : 8;
#else
    unsigned n = 0;

    while (n < 8 && !(beyond >> 8 * n & 0x80))
        n++;
    return n;
#endif
}

/* The number that eight digits are: pairs are joined, then fours, then all. */
static inline uint64_t sac__digits_join(uint64_t values)
{
    const uint64_t fours = UINT64_C(0x000000ff000000ff);

    values = values * 10 + (values >> 8);
    return ((values & fours) * (100 + ((uint64_t)1000000 << 32)) +
            (values >> 16 & fours) * (1 + ((uint64_t)10000 << 32))) >>
           32;
}

/* Takes digits as long as there are any; too many run over. */
static inline const char *sac__digits_gather(const char *p, const char *end, uint64_t *digits)
{
    static const uint32_t scales[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};

    while (end - p >= 8) {
        const uint64_t values = sac__digits_at(p);
        const unsigned n = sac__digits_count(values);

        if (n == 0)
            return p;
        if (n < 8) {
            *digits = *digits * scales[n] + sac__digits_join(values << (64 - 8 * n));
            return p + n;
        }
        *digits = *digits * 100000000 + sac__digits_join(values);
        p += 8;
    }
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        *digits = *digits * 10 + (uint64_t)(*p - '0');
    return p;
}

#endif
