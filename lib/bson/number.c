/* SPDX-License-Identifier: MIT */
#include "bson/number.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "bson/wire.h"

/*
 * Room for what a comparison of a Decimal128 with a double can need: at most
 * 53 bits × 5^357 (a decimal of 34 digits as small as the smallest double).
 */
#define BIG_WORDS 32

/* The decimal exponents between which doubles lie. */
#define MAX_ADJUSTED 308
#define MIN_ADJUSTED (-324)

typedef struct big {
    uint32_t words[BIG_WORDS]; /* least significant first */
    int n;
} big;

static void big_multiply_add(big *b, uint32_t by, uint32_t add)
{
    uint64_t carry = add;

    for (int i = 0; i < b->n; i++, carry >>= 32) {
        carry += (uint64_t)b->words[i] * by;
        b->words[i] = (uint32_t)carry;
    }
    if (carry > 0)
        b->words[b->n++] = (uint32_t)carry;
}

static void big_multiply_pow5(big *b, int power)
{
    for (; power >= 13; power -= 13)
        big_multiply_add(b, 1220703125, 0);
    for (; power > 0; power--)
        big_multiply_add(b, 5, 0);
}

static void big_shift(big *b, int bits)
{
    const int words = bits / 32;

    memmove(b->words + words, b->words, sizeof b->words[0] * (size_t)b->n);
    memset(b->words, 0, sizeof b->words[0] * (size_t)words);
    b->n += words;
    if (bits % 32)
        big_multiply_add(b, (uint32_t)1 << bits % 32, 0);
}

static int big_bits(const big *b)
{
    uint32_t top = b->words[b->n - 1];
    int bits = 32 * (b->n - 1);

    for (; top; top >>= 1)
        bits++;
    return bits;
}

/* Both of the same number of bits. */
static int big_compare(const big *a, const big *b)
{
    for (int i = a->n - 1; i >= 0; i--) {
        if (a->words[i] != b->words[i])
            return (a->words[i] > b->words[i]) - (a->words[i] < b->words[i]);
    }
    return 0;
}

/* Both not 0; a × 2^a_power against b × 2^b_power. */
static int scaled_compare(big *a, int a_power, big *b, int b_power)
{
    const int a_bits = big_bits(a) + a_power;
    const int b_bits = big_bits(b) + b_power;

    if (a_bits != b_bits)
        return (a_bits > b_bits) - (a_bits < b_bits);
    if (a_power > b_power)
        big_shift(a, a_power - b_power);
    else
        big_shift(b, b_power - a_power);
    return big_compare(a, b);
}

static uint64_t double_bits(double d)
{
    uint64_t bits;

    memcpy(&bits, &d, sizeof bits);
    return bits;
}

static int adjusted_exponent(const sac__decimal *decimal)
{
    return decimal->exponent + decimal->n - 1;
}

/* Magnitudes of a finite decimal that is not 0, and of a finite d >= 0. */
static int decimal_double_compare(const sac__decimal *decimal, double d)
{
    const int adjusted = adjusted_exponent(decimal);
    const uint64_t bits = double_bits(d);
    uint64_t mantissa = bits & 0xfffffffffffff;
    int power = (int)(bits >> 52 & 0x7ff);
    big a = {.n = 0};
    big b = {.n = 2};

    if (d == 0 || adjusted > MAX_ADJUSTED)
        return 1;
    if (adjusted < MIN_ADJUSTED)
        return -1;
    if (power > 0)
        mantissa |= (uint64_t)1 << 52;
    else
        power = 1;
    for (int i = 0; i < decimal->n; i++)
        big_multiply_add(&a, 10, decimal->digits[i]);
    b.words[0] = (uint32_t)mantissa;
    b.words[1] = (uint32_t)(mantissa >> 32);
    b.n = b.words[1] ? 2 : 1;
    if (decimal->exponent > 0)
        big_multiply_pow5(&a, decimal->exponent);
    else
        big_multiply_pow5(&b, -decimal->exponent);
    return scaled_compare(&a, decimal->exponent, &b, power - 1075);
}

static int decimal_compare(const sac__decimal *a, const sac__decimal *b)
{
    const int a_adjusted = adjusted_exponent(a);
    const int b_adjusted = adjusted_exponent(b);
    int x, y;

    if (a_adjusted != b_adjusted)
        return (a_adjusted > b_adjusted) - (a_adjusted < b_adjusted);
    for (int i = 0; i < a->n || i < b->n; i++) {
        x = i < a->n ? a->digits[i] : 0;
        y = i < b->n ? b->digits[i] : 0;
        if (x != y)
            return (x > y) - (x < y);
    }
    return 0;
}

static void int_digits(uint64_t magnitude, sac__decimal *out)
{
    uint8_t digits[20];
    int at = 20;

    for (; magnitude > 0; magnitude /= 10)
        digits[--at] = (uint8_t)(magnitude % 10);
    out->kind = SAC__DECIMAL_FINITE;
    out->exponent = 0;
    out->n = 20 - at;
    memcpy(out->digits, digits + at, (size_t)out->n);
}

static uint64_t magnitude(int64_t i)
{
    return i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
}

static int int_compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int double_compare(double a, double b)
{
    if (isnan(a) || isnan(b))
        return (isnan(a) == 0) - (isnan(b) == 0);
    return (a > b) - (a < b);
}

static int int_double_compare(int64_t i, double d)
{
    if (isnan(d) || d < -0x1p63)
        return 1;
    if (d >= 0x1p63)
        return -1;
    /* Equal whole parts leave the fraction to decide; then d is small and exact. */
    if (i != (int64_t)d)
        return int_compare(i, (int64_t)d);
    return double_compare((double)(int64_t)d, d);
}

/* NaN, -infinity, negative, 0, positive, infinity: in this order. */
static int class_of(bool nan, bool infinite, bool zero, bool negative)
{
    if (nan)
        return -3;
    if (zero)
        return 0;
    return (negative ? -1 : 1) * (infinite ? 2 : 1);
}

static int decimal_class(const sac__decimal *d)
{
    return class_of(d->kind == SAC__DECIMAL_NAN, d->kind == SAC__DECIMAL_INFINITE,
                    d->kind == SAC__DECIMAL_FINITE && d->n == 0, d->negative);
}

/* A number in the form in which Decimal128 meets the others. */
typedef struct operand {
    int class;
    bool is_double;
    double d; /* magnitude */
    sac__decimal decimal;
} operand;

static void get_operand(const sac_value *value, operand *out)
{
    int64_t i = 0;
    double d;

    out->is_double = value->type == SAC_BSON_DOUBLE;
    if (out->is_double) {
        d = sac__wire_get_double(value->raw.p);
        out->d = fabs(d);
        out->class = class_of(isnan(d), isinf(d), d == 0, d < 0);
    } else if (value->type == SAC_BSON_DECIMAL128) {
        sac__decimal_get(value->raw.p, &out->decimal);
        out->class = decimal_class(&out->decimal);
    } else {
        sac_value_int(value, &i);
        out->class = class_of(false, false, i == 0, i < 0);
        int_digits(magnitude(i), &out->decimal);
    }
}

static int operand_compare(const sac_value *x, const sac_value *y)
{
    operand a, b;
    int by_magnitude;

    get_operand(x, &a);
    get_operand(y, &b);
    if (a.class != b.class)
        return (a.class > b.class) - (a.class < b.class);
    if (a.class != 1 && a.class != -1)
        return 0;
    if (a.is_double)
        by_magnitude = -decimal_double_compare(&b.decimal, a.d);
    else if (b.is_double)
        by_magnitude = decimal_double_compare(&a.decimal, b.d);
    else
        by_magnitude = decimal_compare(&a.decimal, &b.decimal);
    return a.class * by_magnitude;
}

int sac__number_compare(const sac_value *a, const sac_value *b)
{
    const bool a_double = a->type == SAC_BSON_DOUBLE;
    const bool b_double = b->type == SAC_BSON_DOUBLE;
    int64_t i = 0;
    int64_t j = 0;

    if (a->type == SAC_BSON_DECIMAL128 || b->type == SAC_BSON_DECIMAL128)
        return operand_compare(a, b);
    if (a_double && b_double)
        return double_compare(sac__wire_get_double(a->raw.p), sac__wire_get_double(b->raw.p));
    if (!a_double)
        sac_value_int(a, &i);
    if (!b_double)
        sac_value_int(b, &j);
    if (a_double)
        return -int_double_compare(j, sac__wire_get_double(a->raw.p));
    if (b_double)
        return int_double_compare(i, sac__wire_get_double(b->raw.p));
    return int_compare(i, j);
}

static double next_lower(double d)
{
    const uint64_t bits = double_bits(d) - 1;

    memcpy(&d, &bits, sizeof d);
    return d;
}

/* Nearest by strtod(), which needs no point and so knows no locale here; then made sure of. */
static double decimal_floor(const sac__decimal *decimal)
{
    char text[SAC__DECIMAL_DIGITS + 8];
    char *p = text;
    double d;

    if (adjusted_exponent(decimal) > MAX_ADJUSTED)
        return DBL_MAX;
    if (adjusted_exponent(decimal) < MIN_ADJUSTED)
        return 0;
    for (int i = 0; i < decimal->n; i++)
        *p++ = (char)('0' + decimal->digits[i]);
    *p++ = 'e';
    *p++ = decimal->exponent < 0 ? '-' : '+';
    for (int unit = 1000, rest = abs(decimal->exponent); unit > 0; unit /= 10)
        *p++ = (char)('0' + rest / unit % 10);
    *p = '\0';
    d = strtod(text, NULL);
    if (isinf(d))
        d = DBL_MAX;
    while (decimal_double_compare(decimal, d) < 0)
        d = next_lower(d);
    return d;
}

static void split_int(int64_t i, sac__number *out)
{
    uint64_t whole = magnitude(i);
    int bits = 0;

    while (whole >> bits >> 53)
        bits++;
    whole = whole >> bits << bits;
    out->negative = i < 0;
    out->exact = whole == magnitude(i);
    out->floor = (double)whole;
    if (!out->exact)
        int_digits(magnitude(i), &out->digits);
}

static void split_decimal(const void *in, sac__number *out)
{
    sac__decimal *d = &out->digits;

    sac__decimal_get(in, d);
    out->negative = d->negative;
    out->exact = true;
    if (d->kind == SAC__DECIMAL_NAN) {
        out->floor = (double)NAN;
    } else if (d->kind == SAC__DECIMAL_INFINITE) {
        out->floor = (double)INFINITY;
    } else if (d->n == 0) {
        out->floor = 0;
    } else {
        out->floor = decimal_floor(d);
        out->exact = decimal_double_compare(d, out->floor) == 0;
    }
}

void sac__number_split(const sac_value *value, sac__number *out)
{
    sac__decimal *d = &out->digits;
    int64_t i = 0;

    d->n = 0;
    if (value->type == SAC_BSON_DOUBLE) {
        out->floor = sac__wire_get_double(value->raw.p);
        out->negative = out->floor < 0;
        out->floor = fabs(out->floor);
        out->exact = true;
    } else if (value->type == SAC_BSON_DECIMAL128) {
        split_decimal(value->raw.p, out);
    } else {
        sac_value_int(value, &i);
        split_int(i, out);
    }
    for (; d->n > 0 && d->digits[d->n - 1] == 0; d->n--)
        d->exponent++;
}
