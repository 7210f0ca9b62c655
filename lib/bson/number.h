/* SPDX-License-Identifier: MIT */
#ifndef BSON_NUMBER_H
#define BSON_NUMBER_H

#include <sacrum/bson.h>

#include "bson/decimal.h"

/*
 * int32, int64, double and Decimal128 as one ordered set: by exact value, NaN
 * (one, whatever its bits) before all others, -0 the same as 0.
 */
int sac__number_compare(const sac_value *a, const sac_value *b);

/*
 * A number as the double next to it on the side of zero and, where that is not
 * the number itself, its digits (no trailing zeros).
 */
typedef struct sac__number {
    bool negative; /* also of a tiny number whose `floor` is 0 */
    bool exact;
    double floor;        /* of the magnitude; NaN is NaN */
    sac__decimal digits; /* unless exact */
} sac__number;

void sac__number_split(const sac_value *value, sac__number *out);

#endif
