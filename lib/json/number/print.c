/* SPDX-License-Identifier: MIT */
#include "bson/wire.h"
#include "json/number/numeral.h"
#include "json/number/pow10.h"
#include "json/number/wide.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

/* Lowest byte first: in one piece, which compilers do not make of wire.h's bytes. */
static inline void put_word(char *p, uint64_t word)
{
#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(p, &word, sizeof word);
#else
    sac__wire_put64(p, word);
#endif
}

/*
 * Eight digits, each in a byte, the first one lowest. Source: Paul Khuong,
 * "How to print integers really fast", 2017: all side by side, first as fours,
 * then as pairs.
 */
static inline uint64_t spread(uint32_t value)
{
    const uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
    const uint64_t hundreds = (fours * 10486 >> 20) & UINT64_C(0x7f0000007f);
    const uint64_t pairs = (fours - hundreds * 100) << 16 | hundreds;
    const uint64_t tens = (pairs * 103 >> 10) & UINT64_C(0x000f000f000f000f);

    return (pairs - tens * 10) << 8 | tens;
}

#define ASCII UINT64_C(0x3030303030303030)

/* Exactly four digits, leading zeros too. */
static char *print_four(char *p, uint32_t value)
{
    sac__numeral_print_pair(p, value / 100);
    sac__numeral_print_pair(p + 2, value % 100);
    return p + 4;
}

static inline char *print_eight(char *p, uint32_t value)
{
    put_word(p, spread(value) + ASCII);
    return p + 8;
}

/* Up to four digits. */
static inline char *print_few(char *p, uint32_t value)
{
    if (value >= 1000)
        return print_four(p, value);
    if (value >= 100) {
        *p = (char)('0' + value / 100);
        sac__numeral_print_pair(p + 1, value % 100);
        return p + 3;
    }
    if (value >= 10) {
        sac__numeral_print_pair(p, value);
        return p + 2;
    }
    *p = (char)('0' + value);
    return p + 1;
}

/* Up to eight. */
static inline char *print_small(char *p, uint32_t value)
{
    if (value < 10000)
        return print_few(p, value);
    return print_four(print_few(p, value / 10000), value % 10000);
}

static char *print_uint(char *p, uint64_t value)
{
    uint64_t high;

    if (value < 100000000)
        return print_small(p, (uint32_t)value);
    high = value / 100000000;
    if (high < 100000000)
        p = print_small(p, (uint32_t)high);
    else
        p = print_eight(print_few(p, (uint32_t)(high / 100000000)), (uint32_t)(high % 100000000));
    return print_eight(p, (uint32_t)(value % 100000000));
}

char *sac__numeral_print_int(char *p, int64_t value)
{
    if (value >= 0)
        return print_uint(p, (uint64_t)value);
    *p = '-';
    return print_uint(p + 1, 0 - (uint64_t)value);
}

/* A decimal of DIGITS digits: any double has that many at most. */
#define DIGITS 17
#define DIGITS_FROM UINT64_C(10000000000000000)

typedef struct decimal {
    uint64_t digits;
    int exponent;
} decimal;

/* With exactly DIGITS digits. */
static decimal widen(decimal d)
{
    for (; d.digits < DIGITS_FROM; d.exponent--)
        d.digits *= 10;
    return d;
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

/* Schubfach's h: how far 2^q * 10^-k stands above its 128 bits. */
static int shift_of(int q, int k)
{
    return q + ((-k * 1741647) >> 19) + 1;
}

/*
 * The decimal of fewest digits within the rounding interval of c * 2^q, and of
 * these the nearest. Source: Raffaello Giulietti, "The Schubfach way to render
 * doubles", 2021; names as there.
 */
static decimal shortest(uint64_t c, int q, bool irregular)
{
    const int k = (q * 1262611 - (irregular ? 524031 : 0)) >> 22;
    const int h = shift_of(q, k);
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
            return (decimal){tens + over, k + 1};
    }
    if (u_inside != w_inside)
        return (decimal){s + w_inside, k};
    return (decimal){s + (vb > 4 * s + 2 || (vb == 4 * s + 2 && (s & 1))), k};
}

/* Whether a is within 4 of b: nearer than what cutting can have done to either. */
static inline bool near(uint64_t a, uint64_t b)
{
    return a - b + 4 <= 8;
}

/*
 * The same for a normal double that is no power of two, from one product: it
 * is known to about 2^-64, and so is half the rounding interval, which is the
 * power itself, shifted. Where a decision hangs on less, false. After Victor
 * Zverovich's Zmij and Yaoyuan Guo's double printer in yyjson, which both
 * refine Schubfach. Always DIGITS digits.
 */
static inline bool shortest_quick(uint64_t c, int q, decimal *out)
{
    const int k = (q * 1262611) >> 22;
    const int h = shift_of(q, k);
    const uint64_t *const power = sac__pow10_table[-k - POW10_MIN];
    const uint64_t half = (uint64_t)1 << 63, ten = UINT64_C(10) << 60;
    sac__wide value = sac__wide_mul(power[0], c << h);
    uint64_t tens, above, around, shown, short_by_one;

    value.low += sac__wide_mul(power[1], c << h).high;
    value.high += value.low < sac__wide_mul(power[1], c << h).high;
    tens = value.high / 10 * 10;
    /* 4 bits of the integer part and 60 of the fraction. */
    above = (value.high - tens) << 60 | value.low >> 4;
    around = power[0] >> (5 - h);
    if (near(above, around) || near(above + around, ten) || near(value.low, half))
        return false;
    shown = value.high + (value.low >> 63);
    shown = above < around ? tens : shown;
    shown = above + around > ten ? tens + 10 : shown;
    /* As numbers: as likely one way as the other, a branch would cost more. */
    short_by_one = shown < DIGITS_FROM;
    out->exponent = k - (int)short_by_one;
    out->digits = shown * (1 + 9 * short_by_one);
    return true;
}

/* The digits of a decimal of DIGITS as text: the first one, and sixteen; n without zeros at the end. */
typedef struct text {
    char first;
    int n;
#ifdef __SSE2__
    __m128i others;
#else
    uint64_t high, low;
#endif
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

/* Sixteen digits in the way of spread(), from two times eight. */
#ifdef __SSE2__

static inline text text_of(uint64_t digits)
{
    const uint64_t rest = digits % DIGITS_FROM;
    const __m128i eights = _mm_set_epi64x((long long)(rest % 100000000),
                                          (long long)(rest / 100000000));
    const __m128i by_10000 = _mm_srli_epi64(_mm_mul_epu32(eights, _mm_set1_epi32((int)0xd1b71759)),
                                            45);
    const __m128i below_10000 = _mm_sub_epi64(eights,
                                              _mm_mul_epu32(by_10000, _mm_set1_epi32(10000)));
    const __m128i fours = _mm_or_si128(by_10000, _mm_slli_epi64(below_10000, 32));
    const __m128i by_100 = _mm_srli_epi16(_mm_mulhi_epu16(fours, _mm_set1_epi16(5243)), 3);
    const __m128i below_100 = _mm_sub_epi16(fours, _mm_madd_epi16(by_100, _mm_set1_epi32(100)));
    const __m128i pairs = _mm_or_si128(by_100, _mm_slli_epi32(below_100, 16));
    const __m128i by_10 = _mm_mulhi_epu16(pairs, _mm_set1_epi16(6554));
    const __m128i below_10 = _mm_sub_epi16(pairs, _mm_mullo_epi16(by_10, _mm_set1_epi16(10)));
    const __m128i bytes = _mm_or_si128(by_10, _mm_slli_epi16(below_10, 8));
    const int used = _mm_movemask_epi8(_mm_cmpgt_epi8(bytes, _mm_setzero_si128()));

    return (text){(char)('0' + digits / DIGITS_FROM), 1 + highest_bit((unsigned)used << 1 | 1),
                  _mm_or_si128(bytes, _mm_set1_epi8('0'))};
}

/* The first eight, the first one lowest. */
static inline uint64_t begin_of(text digits)
{
    return (uint64_t)_mm_cvtsi128_si64(digits.others) << 8 | (unsigned char)digits.first;
}

static inline void put_digits(char *p, text digits)
{
    *p = digits.first;
    _mm_storeu_si128((__m128i *)(void *)(p + 1), digits.others);
}

#else

static inline text text_of(uint64_t digits)
{
    const uint64_t rest = digits % DIGITS_FROM;
    const uint64_t high = spread((uint32_t)(rest / 100000000));
    const uint64_t low = spread((uint32_t)(rest % 100000000));
    const int n = low ? 10 + highest_bit(low) / 8 : high ? 2 + highest_bit(high) / 8 : 1;

    return (text){(char)('0' + digits / DIGITS_FROM), n, high + ASCII, low + ASCII};
}

static inline uint64_t begin_of(text digits)
{
    return digits.high << 8 | (unsigned char)digits.first;
}

static inline void put_digits(char *p, text digits)
{
    *p = digits.first;
    put_word(p + 1, digits.high);
    put_word(p + 9, digits.low);
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
    memcpy(p + DIGITS, "0000", 4);
    if (point < DIGITS)
        memmove(p + point + 1, p + point, (size_t)(DIGITS - point));
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
    put_word(p, (begin & before) | (uint64_t)'.' << 8 * point | (begin & ~before) << 8);
    return p + (digits.n > point ? digits.n : point + 1) + 1;
}

static inline char *print_decimal(char *p, decimal shown, bool extended)
{
    const text digits = text_of(shown.digits);
    const int point = shown.exponent + DIGITS;

    return point > 0 && point <= 7 ? lay_out_few(p, digits, point)
                                   : lay_out(p, digits, point, extended);
}

/* Of zero, of what is next to it, and of what shortest_quick() does not decide. */
static char *print_rare(char *p, uint64_t fraction, int exponent, bool extended)
{
    if (exponent != 0)
        return print_decimal(p,
                             widen(shortest(fraction | (uint64_t)1 << 52, exponent - 1075,
                                            fraction == 0 && exponent > 1)),
                             extended);
    if (fraction != 0)
        return print_decimal(p, widen(shortest(fraction, -1074, false)), extended);
    memcpy(p, "0.0", 3);
    return p + 3;
}

char *sac__numeral_print_double(char *p, double value, bool extended)
{
    uint64_t bits, fraction;
    decimal shown;
    int exponent;

    memcpy(&bits, &value, sizeof bits);
    fraction = bits & (((uint64_t)1 << 52) - 1);
    exponent = (int)(bits >> 52 & 0x7ff);
    *p = '-';
    p += bits >> 63;
    if (fraction == 0 || exponent == 0)
        return print_rare(p, fraction, exponent, extended);
    if (!shortest_quick(fraction | (uint64_t)1 << 52, exponent - 1075, &shown))
        return print_rare(p, fraction, exponent, extended);
    return print_decimal(p, shown, extended);
}
