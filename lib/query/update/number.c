/* SPDX-License-Identifier: MIT */
#include "query/update/ops.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bson/decimal.h"
#include "bson/wire.h"

#define MIN_EXPONENT (-6176)
#define MAX_EXPONENT 6111

/* What is this many places behind the last digit of a number cannot be seen in a sum, only felt. */
#define FELT 75
/* Room for a sum that is not rounded yet, and for a product. */
#define WIDE (SAC__DECIMAL_DIGITS + FELT + 1)

/* digits × 10^exponent, with zeros before them. */
typedef struct wide {
    bool negative;
    int exponent;
    uint8_t digits[WIDE];
} wide;

sac_value sac__number_value(const sac__sum *sum)
{
    size_t n = 8;

    if (sum->type == SAC_BSON_INT32)
        n = 4;
    else if (sum->type == SAC_BSON_DECIMAL128)
        n = 16;
    return (sac_value){.type = sum->type, .raw = sac_str_n(sum->bytes, n)};
}

static void put_int(int64_t value, bool wide_type, sac__sum *out)
{
    out->type = wide_type || value < INT32_MIN || value > INT32_MAX ? SAC_BSON_INT64
                                                                    : SAC_BSON_INT32;
    if (out->type == SAC_BSON_INT64)
        sac__wire_put64(out->bytes, (uint64_t)value);
    else
        sac__wire_put32(out->bytes, (uint32_t)value);
}

static void put_double(double value, sac__sum *out)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    sac__wire_put64(out->bytes, bits);
    out->type = SAC_BSON_DOUBLE;
}

static void put_decimal_text(sac_str text, sac__sum *out)
{
    out->type = SAC_BSON_DECIMAL128;
    (void)sac__decimal_parse(text, (uint8_t *)out->bytes);
}

void sac__number_zero(uint8_t type, sac__sum *out)
{
    if (type == SAC_BSON_DOUBLE)
        put_double(0, out);
    else if (type == SAC_BSON_DECIMAL128)
        put_decimal_text(sac_str_of("0"), out);
    else
        put_int(0, type == SAC_BSON_INT64, out);
}

/* As MongoDB does: 15 digits, whatever the locale's point. */
static void decimal_of_double(double value, sac__decimal *out)
{
    char text[40];
    int n = 0;
    const char *p = text;

    *out = (sac__decimal){.kind = SAC__DECIMAL_FINITE, .negative = signbit(value) != 0};
    if (isnan(value) || isinf(value)) {
        out->kind = isnan(value) ? SAC__DECIMAL_NAN : SAC__DECIMAL_INFINITE;
        return;
    }
    (void)snprintf(text, sizeof text, "%.14e", fabs(value));
    for (; *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9' && n < 15)
            out->digits[n++] = (uint8_t)(*p - '0');
    }
    if (out->digits[0] == 0)
        return;
    out->n = n;
    out->exponent = (int)strtol(p + 1, NULL, 10) - 14;
}

static void decimal_of_int(int64_t value, sac__decimal *out)
{
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    uint8_t digits[20];
    int at = 20;

    for (; rest > 0; rest /= 10)
        digits[--at] = (uint8_t)(rest % 10);
    *out = (sac__decimal){.kind = SAC__DECIMAL_FINITE, .negative = value < 0, .n = 20 - at};
    memcpy(out->digits, digits + at, (size_t)out->n);
}

static void decimal_of(const sac_value *value, sac__decimal *out)
{
    int64_t i = 0;

    if (value->type == SAC_BSON_DECIMAL128) {
        sac__decimal_get(value->raw.p, out);
    } else if (value->type == SAC_BSON_DOUBLE) {
        decimal_of_double(sac__wire_get_double(value->raw.p), out);
    } else {
        (void)sac_value_int(value, &i);
        decimal_of_int(i, out);
    }
}

/* Whether what is dropped behind `keep` of the digits rounds them up: half goes to even. */
static bool rounds_up(const uint8_t *digits, int keep, int n)
{
    bool more = false;

    for (int i = keep + 1; i < n; i++)
        more = more || digits[i] > 0;
    if (digits[keep] != 5 || more)
        return digits[keep] >= 5;
    return keep > 0 && digits[keep - 1] % 2 == 1;
}

/* Keeps so many digits from `first` on; a carry out of them makes one more. */
static int round_to(wide *w, int *first, int keep)
{
    const bool up = rounds_up(w->digits + *first, keep, WIDE - *first);
    int at = *first + keep;

    if (!up)
        return keep;
    while (at > *first && w->digits[at - 1] == 9)
        w->digits[--at] = 0;
    if (at > *first) {
        w->digits[at - 1]++;
        return keep;
    }
    w->digits[--*first] = 1;
    return keep + 1;
}

static void put_wide(wide *w, sac__sum *out)
{
    char text[SAC__DECIMAL_DIGITS + 16];
    int first = 0;
    int n, drop, at;

    while (first < WIDE && w->digits[first] == 0)
        first++;
    n = WIDE - first;
    drop = n > SAC__DECIMAL_DIGITS ? n - SAC__DECIMAL_DIGITS : 0;
    if (n > 0 && w->exponent + drop < MIN_EXPONENT)
        drop = MIN_EXPONENT - w->exponent;
    if (drop > n)
        n = 0;
    else if (drop > 0)
        n = round_to(w, &first, n - drop);
    w->exponent += drop;
    if (n > SAC__DECIMAL_DIGITS) { /* 1 and zeros: the last one can go */
        n--;
        w->exponent++;
    }
    if (n > 0 && w->exponent + n > MAX_EXPONENT + SAC__DECIMAL_DIGITS) {
        put_decimal_text(sac_str_of(w->negative ? "-Infinity" : "Infinity"), out);
        return;
    }
    at = snprintf(text, sizeof text, "%s", w->negative ? "-" : "");
    for (int i = 0; i < n; i++)
        text[at++] = (char)('0' + w->digits[first + i]);
    at += snprintf(text + at, sizeof text - (size_t)at, "%sE%d", n ? "" : "0", w->exponent);
    put_decimal_text(sac_str_n(text, (size_t)at), out);
}

/* The digits so that the last one counts 10^exponent. */
static void widen(const sac__decimal *d, int exponent, wide *out)
{
    const int shift = d->exponent - exponent;

    *out = (wide){.negative = d->negative, .exponent = exponent};
    if (d->n > 0)
        memcpy(out->digits + WIDE - shift - d->n, d->digits, (size_t)d->n);
}

static int compare_wide(const wide *a, const wide *b)
{
    return memcmp(a->digits, b->digits, WIDE);
}

/* Magnitudes: a becomes a + b, or a - b where b is not larger. */
static void combine(wide *a, const wide *b, int sign)
{
    int carry = 0;

    for (int i = WIDE - 1; i >= 0; i--) {
        const int digit = a->digits[i] + sign * b->digits[i] + carry;

        carry = digit > 9 ? 1 : digit < 0 ? -1 : 0;
        a->digits[i] = (uint8_t)(digit - 10 * carry);
    }
}

/* Brings the exponents so near that a sum has room; what changes is only felt. */
static void bring_near(const sac__decimal *large, sac__decimal *small)
{
    if (large->n == 0 || large->exponent - small->exponent <= FELT)
        return;
    if (small->n > 0) {
        small->n = 1;
        small->digits[0] = 1;
    }
    small->exponent = large->exponent - FELT;
}

static bool put_special(const sac__decimal *a, const sac__decimal *b, bool product, sac__sum *out)
{
    const bool differ = a->negative != b->negative;
    const bool a_infinite = a->kind == SAC__DECIMAL_INFINITE;
    const bool b_infinite = b->kind == SAC__DECIMAL_INFINITE;
    const bool zero = (!a_infinite && a->n == 0) || (!b_infinite && b->n == 0);
    bool negative = a_infinite ? a->negative : b->negative;

    if (a->kind == SAC__DECIMAL_NAN || b->kind == SAC__DECIMAL_NAN ||
        (product ? (a_infinite || b_infinite) && zero : a_infinite && b_infinite && differ)) {
        put_decimal_text(sac_str_of("NaN"), out);
        return true;
    }
    if (!a_infinite && !b_infinite)
        return false;
    if (product)
        negative = differ;
    put_decimal_text(sac_str_of(negative ? "-Infinity" : "Infinity"), out);
    return true;
}

static void decimal_add(sac__decimal *a, sac__decimal *b, sac__sum *out)
{
    sac__decimal *large = a->exponent >= b->exponent ? a : b;
    sac__decimal *small = large == a ? b : a;
    wide x, y;

    if (put_special(a, b, false, out))
        return;
    bring_near(large, small);
    if (large->n == 0)
        large->exponent = small->exponent;
    widen(large, small->exponent, &x);
    widen(small, small->exponent, &y);
    if (x.negative == y.negative) {
        combine(&x, &y, 1);
    } else if (compare_wide(&x, &y) >= 0) {
        x.negative = compare_wide(&x, &y) > 0 && x.negative;
        combine(&x, &y, -1);
    } else {
        combine(&y, &x, -1);
        x = y;
    }
    put_wide(&x, out);
}

static void decimal_multiply(const sac__decimal *a, const sac__decimal *b, sac__sum *out)
{
    wide product = {.negative = a->negative != b->negative, .exponent = a->exponent + b->exponent};

    if (put_special(a, b, true, out))
        return;
    for (int i = a->n - 1; i >= 0; i--) {
        int at = WIDE - (a->n - i);
        int carry = 0;

        for (int k = b->n - 1; k >= 0 || carry > 0; k--, at--) {
            carry += product.digits[at] + (k >= 0 ? a->digits[i] * b->digits[k] : 0);
            product.digits[at] = (uint8_t)(carry % 10);
            carry /= 10;
        }
    }
    put_wide(&product, out);
}

static bool either(const sac_value *a, const sac_value *b, uint8_t type)
{
    return a->type == type || b->type == type;
}

bool sac__number_add(const sac_value *a, const sac_value *b, sac__sum *out)
{
    sac__decimal x, y;
    double d = 0, e = 0;
    int64_t i = 0, j = 0;

    if (either(a, b, SAC_BSON_DECIMAL128)) {
        decimal_of(a, &x);
        decimal_of(b, &y);
        decimal_add(&x, &y, out);
    } else if (either(a, b, SAC_BSON_DOUBLE)) {
        (void)(sac_value_double(a, &d) && sac_value_double(b, &e));
        put_double(d + e, out);
    } else {
        (void)(sac_value_int(a, &i) && sac_value_int(b, &j));
        if (__builtin_add_overflow(i, j, &i))
            return false;
        put_int(i, either(a, b, SAC_BSON_INT64), out);
    }
    return true;
}

bool sac__number_multiply(const sac_value *a, const sac_value *b, sac__sum *out)
{
    sac__decimal x, y;
    double d = 0, e = 0;
    int64_t i = 0, j = 0;

    if (either(a, b, SAC_BSON_DECIMAL128)) {
        decimal_of(a, &x);
        decimal_of(b, &y);
        decimal_multiply(&x, &y, out);
    } else if (either(a, b, SAC_BSON_DOUBLE)) {
        (void)(sac_value_double(a, &d) && sac_value_double(b, &e));
        put_double(d * e, out);
    } else {
        (void)(sac_value_int(a, &i) && sac_value_int(b, &j));
        if (__builtin_mul_overflow(i, j, &i))
            return false;
        put_int(i, either(a, b, SAC_BSON_INT64), out);
    }
    return true;
}

bool sac__number_is_int(const sac_value *value, int64_t *out)
{
    sac__decimal d;
    int64_t n = 0;

    if (value->type != SAC_BSON_DECIMAL128)
        return sac__is_number(value->type) && sac_value_int(value, out);
    sac__decimal_get(value->raw.p, &d);
    if (d.kind != SAC__DECIMAL_FINITE || d.exponent != 0 || d.n > 18)
        return false;
    for (int i = 0; i < d.n; i++)
        n = n * 10 + d.digits[i];
    *out = d.negative ? -n : n;
    return true;
}
