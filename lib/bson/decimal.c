/* SPDX-License-Identifier: MIT */
#include "bson/decimal.h"

#include "bson/wire.h"

#define BIAS 6176
#define MIN_EXPONENT (-6176)
#define MAX_EXPONENT 6111
#define SIGN_BIT ((uint64_t)1 << 63)
#define INFINITY_BITS ((uint64_t)0x78 << 56)
#define NAN_BITS ((uint64_t)0x7c << 56)

/* Divides a 128-bit number, most significant word first; the remainder. */
static uint32_t divide(uint32_t words[4], uint32_t by)
{
    uint64_t rest = 0;

    for (int i = 0; i < 4; i++) {
        rest = rest << 32 | words[i];
        words[i] = (uint32_t)(rest / by);
        rest %= by;
    }
    return (uint32_t)rest;
}

/* A coefficient of more than 34 digits is no canonical one and stands for 0. */
static void get_digits(uint64_t high, uint64_t low, sac__decimal *out)
{
    uint32_t words[4] = {(uint32_t)(high >> 32), (uint32_t)high, (uint32_t)(low >> 32),
                         (uint32_t)low};
    uint8_t digits[36];
    uint32_t nine;
    int first = 0;

    for (int i = 3; i >= 0; i--) {
        nine = divide(words, 1000000000);
        for (int k = 8; k >= 0; k--, nine /= 10)
            digits[9 * i + k] = (uint8_t)(nine % 10);
    }
    while (first < 36 && digits[first] == 0)
        first++;
    out->n = 36 - first;
    if (out->n > SAC__DECIMAL_DIGITS)
        out->n = 0;
    memcpy(out->digits, digits + 36 - out->n, (size_t)out->n);
}

void sac__decimal_get(const void *in, sac__decimal *out)
{
    const uint64_t low = sac__wire_get64(in);
    const uint64_t high = sac__wire_get64((const char *)in + 8);
    const unsigned combination = high >> 58 & 0x1f;

    out->kind = SAC__DECIMAL_FINITE;
    out->negative = (high & SIGN_BIT) != 0;
    out->n = 0;
    out->exponent = 0;
    if (combination == 0x1f) {
        out->kind = SAC__DECIMAL_NAN;
    } else if (combination == 0x1e) {
        out->kind = SAC__DECIMAL_INFINITE;
    } else if (combination >= 0x18) { /* the form whose coefficient is always too large */
        out->exponent = (int)(high >> 47 & 0x3fff) - BIAS;
    } else {
        out->exponent = (int)(high >> 49 & 0x3fff) - BIAS;
        get_digits(high & 0x1ffffffffffff, low, out);
    }
}

static void put(const sac__decimal *decimal, uint8_t out[16])
{
    const uint64_t sign = decimal->negative ? SIGN_BIT : 0;
    uint32_t words[4] = {0}; /* least significant first */
    uint64_t carry;

    if (decimal->kind != SAC__DECIMAL_FINITE) {
        sac__wire_put64(out, 0);
        sac__wire_put64(out + 8,
                        decimal->kind == SAC__DECIMAL_NAN ? NAN_BITS : INFINITY_BITS | sign);
        return;
    }
    for (int i = 0; i < decimal->n; i++) {
        carry = decimal->digits[i];
        for (int k = 0; k < 4; k++, carry >>= 32) {
            carry += (uint64_t)words[k] * 10;
            words[k] = (uint32_t)carry;
        }
    }
    sac__wire_put64(out, (uint64_t)words[1] << 32 | words[0]);
    sac__wire_put64(out + 8, sign | (uint64_t)(decimal->exponent + BIAS) << 49 |
                                 (uint64_t)words[3] << 32 | words[2]);
}

/* Lower-case `word` in any case, whole. */
static bool is_word(sac_str text, const char *word)
{
    if (text.n != strlen(word))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if ((text.p[i] | 0x20) != word[i])
            return false;
    }
    return true;
}

static bool is_digit(sac_str text, size_t at)
{
    return at < text.n && text.p[at] >= '0' && text.p[at] <= '9';
}

/* Takes one more digit; false when it cannot be kept. */
static bool take_digit(sac__decimal *out, int64_t *exponent, int digit)
{
    if (out->n < SAC__DECIMAL_DIGITS) {
        if (out->n > 0 || digit > 0)
            out->digits[out->n++] = (uint8_t)digit;
        return true;
    }
    ++*exponent;
    return digit == 0;
}

/* Digits with at most one point; `*at` is left behind them. */
static bool parse_digits(sac_str text, size_t *at, sac__decimal *out, int64_t *exponent)
{
    bool point = false;
    bool any = false;

    for (;; ++*at) {
        if (is_digit(text, *at)) {
            any = true;
            *exponent -= point;
            if (!take_digit(out, exponent, text.p[*at] - '0'))
                return false;
        } else if (*at < text.n && text.p[*at] == '.' && !point) {
            point = true;
        } else {
            return any;
        }
    }
}

static bool parse_exponent(sac_str text, size_t at, int64_t *exponent)
{
    int64_t value = 0;
    bool negative;

    if (at == text.n)
        return true;
    if ((text.p[at++] | 0x20) != 'e')
        return false;
    negative = at < text.n && text.p[at] == '-';
    if (at < text.n && (text.p[at] == '-' || text.p[at] == '+'))
        at++;
    if (!is_digit(text, at))
        return false;
    for (; is_digit(text, at); at++) {
        if (value < (int64_t)1 << 40) /* as far as any text can move the point */
            value = value * 10 + (text.p[at] - '0');
    }
    *exponent += negative ? -value : value;
    return at == text.n;
}

/* Moves the exponent into its range without changing the value. */
static bool fit(sac__decimal *decimal, int64_t exponent)
{
    if (decimal->n == 0) {
        exponent = exponent < MIN_EXPONENT ? MIN_EXPONENT : exponent;
        exponent = exponent > MAX_EXPONENT ? MAX_EXPONENT : exponent;
    }
    for (; exponent > MAX_EXPONENT && decimal->n < SAC__DECIMAL_DIGITS; exponent--)
        decimal->digits[decimal->n++] = 0;
    for (; exponent < MIN_EXPONENT && decimal->digits[decimal->n - 1] == 0; exponent++)
        decimal->n--;
    decimal->exponent = (int)exponent;
    return exponent >= MIN_EXPONENT && exponent <= MAX_EXPONENT;
}

bool sac__decimal_parse(sac_str text, uint8_t out[16])
{
    sac__decimal decimal = {.kind = SAC__DECIMAL_FINITE};
    int64_t exponent = 0;
    size_t at = 0;

    if (text.n > 0 && (*text.p == '-' || *text.p == '+')) {
        decimal.negative = *text.p == '-';
        text = sac_str_n(text.p + 1, text.n - 1);
    }
    if (is_word(text, "nan")) {
        decimal.kind = SAC__DECIMAL_NAN;
    } else if (is_word(text, "inf") || is_word(text, "infinity")) {
        decimal.kind = SAC__DECIMAL_INFINITE;
    } else if (!parse_digits(text, &at, &decimal, &exponent) ||
               !parse_exponent(text, at, &exponent) || !fit(&decimal, exponent)) {
        return false;
    }
    put(&decimal, out);
    return true;
}

static char *print_text(char *p, const char *text)
{
    while (*text)
        *p++ = *text++;
    return p;
}

static char *print_digits(char *p, const uint8_t *digits, int n)
{
    for (int i = 0; i < n; i++)
        *p++ = (char)('0' + digits[i]);
    return p;
}

static char *print_exponent(char *p, int exponent)
{
    unsigned rest = (unsigned)(exponent < 0 ? -exponent : exponent);
    unsigned unit = 1;

    *p++ = 'E';
    *p++ = exponent < 0 ? '-' : '+';
    while (unit * 10 <= rest)
        unit *= 10;
    for (; unit > 0; unit /= 10)
        *p++ = (char)('0' + rest / unit % 10);
    return p;
}

static char *print_scientific(char *p, const uint8_t *digits, int n, int adjusted)
{
    p = print_digits(p, digits, 1);
    if (n > 1)
        *p++ = '.';
    p = print_digits(p, digits + 1, n - 1);
    return print_exponent(p, adjusted);
}

/* `whole` digits stand before the point; where none does, a 0. */
static char *print_plain(char *p, const uint8_t *digits, int n, int whole)
{
    p = whole > 0 ? print_digits(p, digits, whole) : print_text(p, "0");
    if (n > whole)
        *p++ = '.';
    for (int i = whole; i < 0; i++)
        *p++ = '0';
    whole = whole > 0 ? whole : 0;
    return print_digits(p, digits + whole, n - whole);
}

void sac__decimal_print(const uint8_t in[16], char out[SAC__DECIMAL_TEXT], size_t *n)
{
    sac__decimal decimal;
    char *p = out;
    int adjusted;

    sac__decimal_get(in, &decimal);
    if (decimal.n == 0)
        decimal.digits[decimal.n++] = 0;
    adjusted = decimal.exponent + decimal.n - 1;
    if (decimal.negative && decimal.kind != SAC__DECIMAL_NAN)
        *p++ = '-';
    if (decimal.kind == SAC__DECIMAL_NAN)
        p = print_text(p, "NaN");
    else if (decimal.kind == SAC__DECIMAL_INFINITE)
        p = print_text(p, "Infinity");
    else if (decimal.exponent > 0 || adjusted < -6)
        p = print_scientific(p, decimal.digits, decimal.n, adjusted);
    else
        p = print_plain(p, decimal.digits, decimal.n, decimal.n + decimal.exponent);
    *n = (size_t)(p - out);
}
