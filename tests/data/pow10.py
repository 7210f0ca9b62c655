#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes lib/json/number/pow10.c: 10^k for k = -342 to 324, cut to 128 bits, top bit set."""

print("""/* SPDX-License-Identifier: MIT */
#include "json/number/pow10.h"

/* Written by tests/data/pow10.py. */
const uint64_t sac__pow10_table[POW10_COUNT][2] = {""")
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
print("};")
