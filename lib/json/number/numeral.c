/* SPDX-License-Identifier: MIT */
#include "json/number/numeral.h"

#include "json/number/digits.h"
#include "json/number/pow10.h"
#include "json/number/wide.h"

#define SIGNIFICANT 19 /* decimal digits that any uint64_t holds */

/* Past this an exponent makes no difference any more, whatever digits stand before it. */
#define EXPONENT_CAP 1000000000

static bool is_digit(const char *p, const char *end)
{
    return p < end && *p >= '0' && *p <= '9';
}

/* Takes the first SIGNIFICANT digits, and notes what comes behind them. */
static void take_digits(const char *p, const char *end, sac__numeral *n, int *significant,
                        bool fraction)
{
    for (; p < end; p++) {
        const uint64_t digit = (uint64_t)(*p - '0');

        if (*significant < SIGNIFICANT) {
            n->digits = n->digits * 10 + digit;
            *significant += n->digits != 0;
            n->exponent -= fraction;
        } else {
            n->exact = n->exact && digit == 0;
            n->exponent += !fraction;
        }
    }
}

static const char *scan_exponent(const char *p, const char *end, sac__numeral *n)
{
    int64_t exponent = 0;
    bool negative = false;

    if (p < end && (*p == '+' || *p == '-'))
        negative = *p++ == '-';
    if (!is_digit(p, end))
        return NULL;
    for (; is_digit(p, end); p++)
        if (exponent < EXPONENT_CAP)
            exponent = exponent * 10 + (*p - '0');
    n->exponent += negative ? -exponent : exponent;
    return p;
}

const char *sac__numeral_scan(const char *p, const char *end, sac__numeral *out)
{
    sac__numeral n = {.plain = true, .exact = true};
    const char *begin = p, *whole, *point, *fraction;
    int significant = 0;

    if (p < end && *p == '-') {
        n.negative = true;
        p++;
    }
    if (!is_digit(p, end))
        return NULL;
    whole = p;
    p = *p == '0' ? p + 1 : sac__digits_gather(p, end, &n.digits);
    point = fraction = p;
    if (p < end && *p == '.') {
        n.plain = false;
        fraction = p + 1;
        p = sac__digits_gather(fraction, end, &n.digits);
        if (p == fraction)
            return NULL;
        n.exponent = fraction - p;
    }
    if ((point - whole) + (p - fraction) > SIGNIFICANT) {
        n.digits = 0;
        n.exponent = 0;
        take_digits(whole, point, &n, &significant, false);
        take_digits(fraction, p, &n, &significant, true);
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        n.plain = false;
        p = scan_exponent(p + 1, end, &n);
        if (!p)
            return NULL;
    }
    n.text = sac_str_n(begin, (size_t)(p - begin));
    *out = n;
    return p;
}

sac__numeral_fit sac__numeral_int(const sac__numeral *numeral, int64_t *out)
{
    const uint64_t max = (uint64_t)INT64_MAX + numeral->negative;
    uint64_t digits = numeral->digits;
    int64_t exponent = numeral->exponent;

    if (digits == 0)
        exponent = 0;
    if (!numeral->exact)
        return exponent > 0 ? SAC__NUMERAL_BEYOND : SAC__NUMERAL_FRACTION;
    for (; exponent < 0 && digits % 10 == 0; exponent++)
        digits /= 10;
    if (exponent < 0)
        return SAC__NUMERAL_FRACTION;
    for (; exponent > 0; exponent--) {
        if (digits > max / 10)
            return SAC__NUMERAL_BEYOND;
        digits *= 10;
    }
    if (digits > max)
        return SAC__NUMERAL_BEYOND;
    *out = (int64_t)(numeral->negative ? 0 - digits : digits);
    return SAC__NUMERAL_INT;
}

/* A double below infinity or infinity itself, as its bits; `cut` is the value without rounding. */
typedef struct rounding {
    uint64_t cut;  /* mantissa, and half a unit below it as the lowest bit */
    int exponent;  /* of the mantissa's lowest bit */
    uint64_t bits; /* rounded */
    bool certain;
} rounding;

#define LOWEST (-1074)

static int leading_zeros(uint64_t value)
{
#ifdef __GNUC__
    return __builtin_clzll(value);
#else
    int n = 0;

    for (; !(value >> 63); value <<= 1)
        n++;
    return n;
#endif
}

/* The bits of mantissa * 2^exponent, a mantissa of up to 53 bits or just 2^53. */
static uint64_t bits_of(uint64_t mantissa, int exponent)
{
    if (mantissa >> 52 == 0)
        return mantissa;
    /* The mantissa's top bit adds 1 to the exponent. */
    return mantissa + ((uint64_t)(exponent - LOWEST) << 52);
}

/*
 * digits * 10^exponent, by one multiplication with a power cut to 128 bits: the
 * exact product lies less than `digits` above what is computed. Where that
 * could change the result, `certain` is false. After Daniel Lemire, "Number
 * parsing at a gigabyte per second", 2021.
 */
static rounding multiply(uint64_t digits, int exponent)
{
    const uint64_t *power = sac__pow10_table[exponent - POW10_MIN];
    const bool exact = exponent >= 0 && exponent <= POW10_EXACT;
    const int zeros = leading_zeros(digits);
    const uint64_t factor = digits << zeros;
    const sac__wide low = sac__wide_mul(factor, power[1]);
    sac__wide high = sac__wide_mul(factor, power[0]);
    int keep_from, top;
    uint64_t rest;
    rounding r;

    high.low += low.high;
    high.high += high.low < low.high;
    /* 2^top <= value < 2^(top + 1); the product's words begin at 2^(top - 63) or a bit below. */
    top = ((exponent * 217706) >> 16) + 63 - zeros + (int)(high.high >> 63);
    r.exponent = top - 52 > LOWEST ? top - 52 : LOWEST;
    keep_from = 9 + (int)(high.high >> 63) + (r.exponent - (top - 52));
    if (keep_from > 63) {
        /* Less than half of the smallest. */
        return (rounding){.exponent = LOWEST, .certain = true};
    }
    rest = high.high & (((uint64_t)1 << keep_from) - 1);
    r.cut = high.high >> keep_from;
    r.certain = exact || low.low + factor >= low.low || high.low != UINT64_MAX ||
                rest != ((uint64_t)1 << keep_from) - 1;
    r.bits = r.cut >> 1;
    if ((r.cut & 1) && (rest || high.low || low.low || !exact || (r.bits & 1)))
        r.bits++;
    r.bits = bits_of(r.bits, r.exponent);
    return r;
}

/* A natural number of up to 5,120 bits: all that the comparison below can need. */
typedef struct natural {
    int n;
    uint32_t words[160];
} natural;

static void natural_mul_add(natural *a, uint32_t factor, uint32_t plus)
{
    uint64_t carry = plus;

    for (int i = 0; i < a->n; i++) {
        carry += (uint64_t)a->words[i] * factor;
        a->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        a->words[a->n++] = (uint32_t)carry;
}

static void natural_mul_pow5(natural *a, int64_t power)
{
    for (; power >= 13; power -= 13)
        natural_mul_add(a, 1220703125, 0);
    for (; power > 0; power--)
        natural_mul_add(a, 5, 0);
}

static void natural_shift(natural *a, int64_t bits)
{
    const int words = (int)(bits / 32);

    for (int64_t i = bits % 32; i > 0; i--)
        natural_mul_add(a, 2, 0);
    memmove(a->words + words, a->words, (size_t)a->n * sizeof *a->words);
    memset(a->words, 0, (size_t)words * sizeof *a->words);
    a->n += words;
}

static int natural_compare(const natural *a, const natural *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (int i = a->n - 1; i >= 0; i--)
        if (a->words[i] != b->words[i])
            return a->words[i] < b->words[i] ? -1 : 1;
    return 0;
}

/* Digits beyond these cannot tell a number from half a unit; that there are any can. */
#define TELLING 770

/* All digits of the text as one number; returns the power of ten that goes with it. */
static int64_t natural_read(natural *a, const sac__numeral *numeral)
{
    int64_t exponent = numeral->exponent;
    int seen = 0;
    bool more = false;

    a->n = 0;
    for (size_t i = 0; i < numeral->text.n; i++) {
        const char c = numeral->text.p[i];

        if (c == 'e' || c == 'E')
            break;
        if (c < '0' || c > '9' || (seen == 0 && c == '0'))
            continue;
        /* `exponent` counts from the last of the first SIGNIFICANT digits. */
        if (seen < TELLING) {
            natural_mul_add(a, 10, (uint32_t)(c - '0'));
            exponent -= seen >= SIGNIFICANT;
            seen++;
        } else {
            more = more || c != '0';
        }
    }
    if (more) {
        natural_mul_add(a, 10, 1);
        exponent--;
    }
    return exponent;
}

/* Compares the number with the middle between two neighbours to round it for good. */
static uint64_t round_exactly(const sac__numeral *numeral, const rounding *near)
{
    natural left, right = {.n = 0};
    const uint64_t mantissa = near->cut >> 1;
    const uint64_t middle = mantissa * 2 + 1;
    const int64_t exponent = natural_read(&left, numeral);
    const int64_t shift = exponent - (near->exponent - 1);
    int order;

    right.words[0] = (uint32_t)middle;
    right.words[1] = (uint32_t)(middle >> 32);
    right.n = right.words[1] ? 2 : 1;
    natural_mul_pow5(exponent < 0 ? &right : &left, exponent < 0 ? -exponent : exponent);
    natural_shift(shift < 0 ? &right : &left, shift < 0 ? -shift : shift);
    order = natural_compare(&left, &right);
    return bits_of(mantissa + (order > 0 || (order == 0 && (mantissa & 1))), near->exponent);
}

/*
 * The same by the upper half of the power alone, which does for all but one in
 * a few hundred: what is missing is less than a unit of the product's upper
 * word. False where it could make a difference, or is the whole of it.
 */
static inline bool round_quickly(uint64_t digits, int exponent, uint64_t *bits)
{
    const int zeros = leading_zeros(digits);
    const sac__wide product = sac__wide_mul(digits << zeros,
                                            sac__pow10_table[exponent - POW10_MIN][0]);
    const int upper = (int)(product.high >> 63);
    const int lowest = ((exponent * 217706) >> 16) + 11 - zeros + upper;
    const uint64_t all = ((uint64_t)1 << (9 + upper)) - 1, rest = product.high & all;
    const uint64_t cut = product.high >> (9 + upper);

    *bits = bits_of((cut >> 1) + (cut & 1), lowest);
    return lowest > LOWEST && rest != 0 && rest != all;
}

static uint64_t round_carefully(const sac__numeral *numeral)
{
    rounding low = multiply(numeral->digits, (int)numeral->exponent);

    if (low.certain && !numeral->exact) {
        const rounding high = multiply(numeral->digits + 1, (int)numeral->exponent);

        low.certain = high.certain && high.bits == low.bits;
    }
    return low.certain ? low.bits : round_exactly(numeral, &low);
}

static uint64_t magnitude(const sac__numeral *numeral)
{
    uint64_t bits;

    if (numeral->digits == 0 || numeral->exponent < POW10_MIN)
        return 0;
    if (numeral->exponent > 308)
        return (uint64_t)0x7ff << 52;
    if (numeral->exact && round_quickly(numeral->digits, (int)numeral->exponent, &bits))
        return bits;
    return round_carefully(numeral);
}

bool sac__numeral_double(const sac__numeral *numeral, double *out)
{
    uint64_t bits = magnitude(numeral);

    if (bits >> 52 >= 0x7ff)
        return false;
    bits |= (uint64_t)numeral->negative << 63;
    memcpy(out, &bits, sizeof *out);
    return true;
}
