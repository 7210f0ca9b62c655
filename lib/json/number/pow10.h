/* SPDX-License-Identifier: MIT */
#ifndef JSON_NUMBER_POW10_H
#define JSON_NUMBER_POW10_H

#include <stdint.h>

/* 10^k for k from -342 to 324: high and low half, cut to 128 bits, top bit set. */
#define POW10_MIN (-342)
#define POW10_COUNT 667
#define POW10_EXACT 55 /* from 0 to here nothing was cut */

extern const uint64_t sac__pow10_table[POW10_COUNT][2];

#endif
