/* SPDX-License-Identifier: MIT */
#ifndef JSON_NUMBER_NUMERAL_H
#define JSON_NUMBER_NUMERAL_H

#include <sacrum/str.h>

/* Bytes that any of the printers may write; printers return the end. */
#define SAC__NUMERAL_MAX 40

/* The two digits of each number below 100. */
extern const char sac__numeral_pairs[];

static inline void sac__numeral_print_pair(char *p, unsigned value)
{
    memcpy(p, sac__numeral_pairs + (size_t)value * 2, 2);
}

char *sac__numeral_print_int(char *p, int64_t value);
/*
 * The shortest digits that read back to the same bits, of a finite double.
 * Fixed notation where JavaScript has it, with `.0` behind an integer, else
 * `1.5e-9`; `extended`: as Extended JSON's corpus lays it out (`1.5E-9`, `1.0E+20`).
 */
char *sac__numeral_print_double(char *p, double value, bool extended);

/* A number of RFC 8259's grammar, taken apart. */
typedef struct sac__numeral {
    sac_str text;
    uint64_t digits;  /* the first 19 significant ones */
    int64_t exponent; /* value = digits * 10^exponent, and a little more unless exact */
    bool negative;
    bool plain; /* neither fraction nor exponent */
    bool exact;
} sac__numeral;

/* Reads the number that begins at p; its end, or NULL where there is none. */
const char *sac__numeral_scan(const char *p, const char *end, sac__numeral *out);

/* The nearest double, ties to even; false when it is beyond the largest. */
bool sac__numeral_double(const sac__numeral *numeral, double *out);

typedef enum sac__numeral_fit {
    SAC__NUMERAL_INT,
    SAC__NUMERAL_FRACTION,
    SAC__NUMERAL_BEYOND /* an integer outside int64 */
} sac__numeral_fit;

/* By value: `3.0` and `1e2` are integers. Writes `out` for SAC__NUMERAL_INT only. */
sac__numeral_fit sac__numeral_int(const sac__numeral *numeral, int64_t *out);

#endif
