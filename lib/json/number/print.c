/* SPDX-License-Identifier: MIT */
#include "json/number/decimal.h"
#include "json/number/numeral.h"
#include "json/number/spread.h"

const char sac__numeral_pairs[] = "00010203040506070809"
                                  "10111213141516171819"
                                  "20212223242526272829"
                                  "30313233343536373839"
                                  "40414243444546474849"
                                  "50515253545556575859"
                                  "60616263646566676869"
                                  "70717273747576777879"
                                  "80818283848586878889"
                                  "90919293949596979899";

/* Up to eight digits, without a branch: zeros before them are shifted out. */
static inline char *print_small(char *p, uint32_t value)
{
    const uint64_t digits = sac__spread_eight(value);
    const unsigned zeros = sac__spread_zeros(digits);

    sac__spread_put(p, (digits + SAC__SPREAD_ASCII) >> 8 * zeros);
    return p + 8 - zeros;
}

static inline void print_four(char *p, uint32_t value)
{
    sac__numeral_print_pair(p, value / 100);
    sac__numeral_print_pair(p + 2, value % 100);
}

static inline char *print_eight(char *p, uint32_t value)
{
    print_four(p, value / 10000);
    print_four(p + 4, value % 10000);
    return p + 8;
}

static char *print_uint(char *p, uint64_t value)
{
    uint64_t high;

    if (value < 100000000)
        return print_small(p, (uint32_t)value);
    high = value / 100000000;
    if (high < 10)
        *p++ = (char)('0' + high);
    else if (high < 100000000)
        p = print_small(p, (uint32_t)high);
    else
        p = print_eight(print_small(p, (uint32_t)(high / 100000000)), (uint32_t)(high % 100000000));
    return print_eight(p, (uint32_t)(value % 100000000));
}

char *sac__numeral_print_int(char *p, int64_t value)
{
    const uint64_t sign = (uint64_t)(value < 0);

    *p = '-';
    return print_uint(p + sign, ((uint64_t)value ^ (0 - sign)) + sign);
}

/* The upper 64 bits of a product with 10^k, rounded to odd. */
static uint64_t scale(sac__wide power, uint64_t value)
{
    const sac__wide low = sac__wide_mul(power.low, value);
    sac__wide high = sac__wide_mul(power.high, value);

    high.low += low.high;
    high.high += high.low < low.high;
    return high.high | (high.low > 1);
}

/* 10^k rounded up to 128 bits. */
static sac__wide power_above(int k)
{
    const uint64_t *cut = sac__pow10_table[k - POW10_MIN];
    const uint64_t low = cut[1] + (k < 0 || k > POW10_EXACT);

    return (sac__wide){cut[0] + (low < cut[1]), low};
}

static sac__decimal decimal_of(uint64_t digits, int exponent)
{
    for (; digits < 10 * SAC__SIXTEEN; exponent--)
        digits *= 10;
    return (sac__decimal){digits / 10, (unsigned)(digits % 10), exponent};
}

/* With sixteen digits in `tens`. */
static inline sac__decimal widen(sac__decimal d)
{
    const uint64_t fewer = d.tens < SAC__SIXTEEN;

    return (sac__decimal){d.tens * (1 + 9 * fewer) + (d.last & (0 - fewer)),
                          d.last & ((unsigned)fewer - 1), d.exponent - (int)fewer};
}

/*
 * The decimal of fewest digits within the rounding interval of c * 2^q, and of
 * these the nearest. Source: Raffaello Giulietti, "The Schubfach way to render
 * doubles", 2021; names as there.
 */
static sac__decimal shortest(uint64_t c, int q, bool irregular)
{
    const int k = (q * 1262611 - (irregular ? 524031 : 0)) >> 22;
    const int h = sac__decimal_shift(q, k);
    const sac__wide g = power_above(-k);
    const uint64_t odd = c & 1;
    const uint64_t lower = scale(g, (4 * c - 2 + irregular) << h) + odd;
    const uint64_t upper = scale(g, (4 * c + 2) << h) - odd;
    const uint64_t vb = scale(g, 4 * c << h);
    const uint64_t s = vb / 4;
    const uint64_t tens = s / 10;
    const bool u_inside = lower <= 4 * s, w_inside = 4 * s + 4 <= upper;

    if (s >= 10) {
        const bool under = lower <= 40 * tens, over = 40 * tens + 40 <= upper;

        if (under != over)
            return decimal_of(tens + over, k + 1);
    }
    if (u_inside != w_inside)
        return decimal_of(s + w_inside, k);
    return decimal_of(s + (vb > 4 * s + 2 || (vb == 4 * s + 2 && (s & 1))), k);
}

/* The digits of a decimal as text: sixteen, and the last; n without zeros at the end. */
typedef struct text {
#ifdef __SSE2__
    __m128i first;
#else
    uint64_t high, low;
#endif
    char last;
    int n;
} text;

static inline int highest_bit(uint64_t word)
{
#ifdef __GNUC__
    return 63 - __builtin_clzll(word);
#else
    int n = 0;

    while (word >>= 1)
        n++;
    return n;
#endif
}

#ifdef __SSE2__

static inline text text_of(sac__decimal d)
{
    const __m128i digits = sac__spread_sixteen(d.tens);
    const int used = _mm_movemask_epi8(_mm_cmpgt_epi8(digits, _mm_setzero_si128()));

    return (text){_mm_or_si128(digits, _mm_set1_epi8('0')), (char)('0' + d.last),
                  1 + highest_bit((unsigned)used | ((d.last + 0xffff) & 0x10000))};
}

static inline uint64_t begin_of(text digits)
{
    return (uint64_t)_mm_cvtsi128_si64(digits.first);
}

static inline void put_digits(char *p, text digits)
{
    _mm_storeu_si128((__m128i *)(void *)p, digits.first);
    p[16] = digits.last;
}

#else

static inline text text_of(sac__decimal d)
{
    const uint64_t high = sac__spread_eight((uint32_t)(d.tens / 100000000));
    const uint64_t low = sac__spread_eight((uint32_t)(d.tens % 100000000));
    const int n = low ? 9 + highest_bit(low) / 8 : 1 + highest_bit(high) / 8;

    return (text){high + SAC__SPREAD_ASCII, low + SAC__SPREAD_ASCII, (char)('0' + d.last),
                  d.last ? SAC__DIGITS : n};
}

static inline uint64_t begin_of(text digits)
{
    return digits.high;
}

static inline void put_digits(char *p, text digits)
{
    sac__spread_put(p, digits.high);
    sac__spread_put(p + 8, digits.low);
    p[16] = digits.last;
}

#endif

static char *print_exponent(char *p, int exponent, bool extended)
{
    *p++ = extended ? 'E' : 'e';
    if (exponent < 0)
        *p++ = '-';
    else if (extended)
        *p++ = '+';
    return print_uint(p, (uint64_t)(exponent < 0 ? -exponent : exponent));
}

/* Lays digits out; the decimal point stands behind `point` of them. */
static char *lay_out(char *p, text digits, int point, bool extended)
{
    if (point > (extended ? 16 : 21) || point < (extended ? -3 : -5)) {
        put_digits(p + 1, digits);
        p[0] = p[1];
        p[1] = '.';
        if (digits.n > 1 || extended)
            p += digits.n + 1 + (digits.n == 1);
        else
            p += 1;
        return print_exponent(p, point - 1, extended);
    }
    if (point <= 0) {
        memcpy(p, "0.00000", 7);
        put_digits(p + 2 - point, digits);
        return p + 2 - point + digits.n;
    }
    put_digits(p, digits);
    memcpy(p + SAC__DIGITS, "0000", 4);
    if (point < SAC__DIGITS)
        memmove(p + point + 1, p + point, (size_t)(SAC__DIGITS - point));
    else
        p[point + 1] = '0';
    p[point] = '.';
    return p + (digits.n > point ? digits.n : point + 1) + 1;
}

/* The same where up to seven digits stand before the point, in registers. */
static inline char *lay_out_few(char *p, text digits, int point)
{
    const uint64_t begin = begin_of(digits);
    const uint64_t before = ((uint64_t)1 << 8 * point) - 1;

    put_digits(p + 1, digits);
    sac__spread_put(p, (begin & before) | (uint64_t)'.' << 8 * point | (begin & ~before) << 8);
    return p + (digits.n > point ? digits.n : point + 1) + 1;
}

static inline char *print_decimal(char *p, sac__decimal d, bool extended)
{
    const sac__decimal shown = widen(d);
    const text digits = text_of(shown);
    const int point = shown.exponent + SAC__DIGITS;

    return point > 0 && point <= 7 ? lay_out_few(p, digits, point)
                                   : lay_out(p, digits, point, extended);
}

/* Of zero, of what is next to it, and of what sac__decimal_quick() does not decide. */
static char *print_rare(char *p, uint64_t fraction, int exponent, bool extended)
{
    if (exponent != 0)
        return print_decimal(
            p,
            shortest(fraction | (uint64_t)1 << 52, exponent - 1075, fraction == 0 && exponent > 1),
            extended);
    if (fraction != 0)
        return print_decimal(p, shortest(fraction, -1074, false), extended);
    memcpy(p, "0.0", 3);
    return p + 3;
}

char *sac__numeral_print_double(char *p, double value, bool extended)
{
    uint64_t bits, fraction;
    sac__decimal shown;
    int exponent;

    memcpy(&bits, &value, sizeof bits);
    fraction = bits & (((uint64_t)1 << 52) - 1);
    exponent = (int)(bits >> 52 & 0x7ff);
    *p = '-';
    p += bits >> 63;
    if (fraction == 0 || exponent == 0)
        return print_rare(p, fraction, exponent, extended);
    if (!sac__decimal_quick(fraction | (uint64_t)1 << 52, exponent - 1075, &shown))
        return print_rare(p, fraction, exponent, extended);
    return print_decimal(p, shown, extended);
}
