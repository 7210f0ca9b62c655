/* SPDX-License-Identifier: MIT */
#include "json/number/numeral.h"

#include "json/number/pow10.h"

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

/* Exactly four digits, leading zeros too. */
static char *print_four(char *p, uint32_t value)
{
    sac__numeral_print_pair(p, value / 100);
    sac__numeral_print_pair(p + 2, value % 100);
    return p + 4;
}

static char *print_eight(char *p, uint32_t value)
{
    return print_four(print_four(p, value / 10000), value % 10000);
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

/* The 128 bits of a product. */
typedef struct wide {
    uint64_t high, low;
} wide;

static wide wide_mul(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    __extension__ typedef unsigned __int128 u128;
    const u128 product = (u128)a * b;

    return (wide){(uint64_t)(product >> 64), (uint64_t)product};
#else
    const uint64_t low = (a & 0xffffffff) * (b & 0xffffffff);
    const uint64_t left = (a >> 32) * (b & 0xffffffff) + (low >> 32);
    const uint64_t right = (a & 0xffffffff) * (b >> 32) + (left & 0xffffffff);

    return (wide){(a >> 32) * (b >> 32) + (left >> 32) + (right >> 32),
                  right << 32 | (low & 0xffffffff)};
#endif
}

typedef struct decimal {
    uint64_t digits;
    int exponent;
} decimal;

/* The upper 64 bits of a product with 10^k, rounded to odd. */
static uint64_t scale(wide power, uint64_t value)
{
    const wide low = wide_mul(power.low, value);
    wide high = wide_mul(power.high, value);

    high.low += low.high;
    high.high += high.low < low.high;
    return high.high | (high.low > 1);
}

/* 10^k rounded up to 128 bits. */
static wide power_above(int k)
{
    const uint64_t *cut = pow10_table[k - POW10_MIN];
    const uint64_t low = cut[1] + (k < 0 || k > POW10_EXACT);

    return (wide){cut[0] + (low < cut[1]), low};
}

/*
 * The decimal of fewest digits within the rounding interval of c * 2^q, and of
 * these the nearest. Source: Raffaello Giulietti, "The Schubfach way to render
 * doubles", 2021; names as there.
 */
static decimal shortest(uint64_t c, int q, bool irregular)
{
    const int k = (q * 1262611 - (irregular ? 524031 : 0)) >> 22;
    const int h = q + ((-k * 1741647) >> 19) + 1;
    const wide g = power_above(-k);
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

static char *print_exponent(char *p, int exponent, bool extended)
{
    *p++ = extended ? 'E' : 'e';
    if (exponent < 0)
        *p++ = '-';
    else if (extended)
        *p++ = '+';
    return print_uint(p, (uint64_t)(exponent < 0 ? -exponent : exponent));
}

/* Digits of a double are 17 at most; zeros stand behind them, for copies of a fixed length. */
#define DIGITS 17
#define PADDED 40

/* Lays n digits out; the decimal point stands behind `point` of them. */
static char *lay_out(char *p, const char *digits, int n, int point, bool extended)
{
    if (point > (extended ? 16 : 21) || point < (extended ? -3 : -5)) {
        *p++ = digits[0];
        if (n > 1 || extended)
            *p++ = '.';
        if (n == 1 && extended)
            *p++ = '0';
        for (int i = 1; i < n; i++)
            *p++ = digits[i];
        return print_exponent(p, point - 1, extended);
    }
    if (point <= 0) {
        memcpy(p, "0.00000", 7);
        memcpy(p + 2 - point, digits, DIGITS);
        return p + 2 - point + n;
    }
    if (point < n) {
        memcpy(p, digits, DIGITS - 1);
        p[point] = '.';
        memcpy(p + point + 1, digits + point, DIGITS - 1);
        return p + n + 1;
    }
    memcpy(p, digits, 21);
    p[point] = '.';
    p[point + 1] = '0';
    return p + point + 2;
}

char *sac__numeral_print_double(char *p, double value, bool extended)
{
    char digits[PADDED];
    decimal shown = {0, 0};
    uint64_t bits, fraction;
    int exponent, n;

    memcpy(&bits, &value, sizeof bits);
    fraction = bits & (((uint64_t)1 << 52) - 1);
    exponent = (int)(bits >> 52 & 0x7ff);
    if (bits >> 63)
        *p++ = '-';
    if (exponent != 0)
        shown = shortest(fraction | (uint64_t)1 << 52, exponent - 1075,
                         fraction == 0 && exponent > 1);
    else if (fraction != 0)
        shown = shortest(fraction, -1074, false);
    /* Short decimals end in many zeros. */
    if (shown.digits % 100000000 == 0 && shown.digits != 0) {
        shown.digits /= 100000000;
        shown.exponent += 8;
    }
    memset(digits, '0', sizeof digits);
    n = (int)(print_uint(digits, shown.digits) - digits);
    shown.exponent += n;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    return lay_out(p, digits, n, shown.exponent, extended);
}

#define SIGNIFICANT 19 /* decimal digits that any uint64_t holds */

/* Past this an exponent makes no difference any more, whatever digits stand before it. */
#define EXPONENT_CAP 1000000000

static bool is_digit(const char *p, const char *end)
{
    return p < end && *p >= '0' && *p <= '9';
}

/* Takes digits as long as there are any; too many run over. */
static const char *gather(const char *p, const char *end, uint64_t *digits)
{
    for (; is_digit(p, end); p++)
        *digits = *digits * 10 + (uint64_t)(*p - '0');
    return p;
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
    p = *p == '0' ? p + 1 : gather(p, end, &n.digits);
    point = fraction = p;
    if (p < end && *p == '.') {
        n.plain = false;
        fraction = p + 1;
        p = gather(fraction, end, &n.digits);
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
    const uint64_t *power = pow10_table[exponent - POW10_MIN];
    const bool exact = exponent >= 0 && exponent <= POW10_EXACT;
    const int zeros = leading_zeros(digits);
    const uint64_t factor = digits << zeros;
    const wide low = wide_mul(factor, power[1]);
    wide high = wide_mul(factor, power[0]);
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

static uint64_t magnitude(const sac__numeral *numeral)
{
    rounding low;

    if (numeral->digits == 0 || numeral->exponent < POW10_MIN)
        return 0;
    if (numeral->exponent > 308)
        return (uint64_t)0x7ff << 52;
    low = multiply(numeral->digits, (int)numeral->exponent);
    if (low.certain && !numeral->exact) {
        const rounding high = multiply(numeral->digits + 1, (int)numeral->exponent);

        low.certain = high.certain && high.bits == low.bits;
    }
    return low.certain ? low.bits : round_exactly(numeral, &low);
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
