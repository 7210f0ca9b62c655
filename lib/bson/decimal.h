/* SPDX-License-Identifier: MIT */
#ifndef BSON_DECIMAL_H
#define BSON_DECIMAL_H

#include <sacrum/str.h>

/*
 * Decimal128 as BSON has it: IEEE 754-2008, binary integer coefficient, 16
 * bytes little-endian. Texts as in the Decimal128 specification of MongoDB.
 */
#define SAC__DECIMAL_DIGITS 34
#define SAC__DECIMAL_TEXT 43

typedef enum sac__decimal_kind {
    SAC__DECIMAL_FINITE,
    SAC__DECIMAL_INFINITE,
    SAC__DECIMAL_NAN
} sac__decimal_kind;

/* What a Decimal128 stands for: digits × 10^exponent. */
typedef struct sac__decimal {
    sac__decimal_kind kind;
    bool negative;
    int n;                               /* digits; 0 of zero */
    int exponent;                        /* of the last digit */
    uint8_t digits[SAC__DECIMAL_DIGITS]; /* 0 to 9, the first one not 0 */
} sac__decimal;

void sac__decimal_get(const void *in, sac__decimal *out);

/* Exact: false, and nothing written, when the text would have to be rounded. */
bool sac__decimal_parse(sac_str text, uint8_t out[16]);

/* The canonical text, without a NUL. */
void sac__decimal_print(const uint8_t in[16], char out[SAC__DECIMAL_TEXT], size_t *n);

#endif
