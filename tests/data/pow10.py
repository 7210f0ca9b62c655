#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes lib/json/number/pow10.h: 10^k for k = -342 to 324, cut to 128 bits, top bit set."""

print("""/* SPDX-License-Identifier: MIT */
#ifndef JSON_NUMBER_POW10_H
#define JSON_NUMBER_POW10_H

#include <stdint.h>

/*
 * 10^k for k from -342 to 324: high and low half, cut to 128 bits, top bit set.
 * Written by tests/data/pow10.py.
 */
#define POW10_MIN (-342)
#define POW10_EXACT 55 /* from 0 to here nothing was cut */

static const uint64_t pow10_table[667][2] = {""")
rows = []
for k in range(-342, 325):
    num, den = (10**k, 1) if k >= 0 else (1, 10**-k)
    shift = 128 - (num.bit_length() - den.bit_length())
    value = (num << shift) // den if shift >= 0 else num // (den << -shift)
    while value >= 1 << 128:
        shift -= 1
        value = (num << shift) // den if shift >= 0 else num // (den << -shift)
    assert value >> 127 == 1
    rows.append("{0x%016x, 0x%016x}" % (value >> 64, value & (2**64 - 1)))
for i in range(0, len(rows), 2):
    print("    " + ", ".join(rows[i:i + 2]) + ",")
print("};\n\n#endif")
