/* SPDX-License-Identifier: MIT */
#include "json/text.h"

#include "core/base64url.h"
#include "json/decode.h"
#include "json/number/numeral.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define DAY_MS INT64_C(86400000)

#ifdef __SSE2__

/* Eight bytes at a time: the nibbles side by side, then 'a' - '0' - 10 more for those above 9. */
static void print_eight(char *p, const uint8_t *from)
{
    const __m128i low4 = _mm_set1_epi8(15);
    const __m128i v = _mm_loadl_epi64((const __m128i *)(const void *)from);
    const __m128i digits = _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi16(v, 4), low4),
                                             _mm_and_si128(v, low4));
    const __m128i above = _mm_cmpgt_epi8(digits, _mm_set1_epi8(9));
    const __m128i text = _mm_add_epi8(_mm_add_epi8(digits, _mm_set1_epi8('0')),
                                      _mm_and_si128(above, _mm_set1_epi8('a' - '0' - 10)));

    _mm_storeu_si128((__m128i *)(void *)p, text);
}

#endif

char *sac__text_print_hex(char *p, const void *bytes, size_t n)
{
    const uint8_t *from = bytes;
    size_t i = 0;

#ifdef __SSE2__
    for (; n - i >= 8; i += 8)
        print_eight(p + 2 * i, from + i);
    /* What is left: once more the last eight. */
    if (i > 0 && i < n) {
        i = n;
        print_eight(p + 2 * (n - 8), from + n - 8);
    }
#endif
    for (; i < n; i++) {
        p[2 * i] = "0123456789abcdef"[from[i] >> 4];
        p[2 * i + 1] = "0123456789abcdef"[from[i] & 15];
    }
    return p + 2 * n;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool sac__text_parse_hex(sac_str text, uint8_t *out)
{
    if (text.n % 2)
        return false;
    for (size_t i = 0; i < text.n; i += 2) {
        const int high = hex_digit(text.p[i]), low = hex_digit(text.p[i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static const uint8_t uuid_groups[] = {4, 2, 2, 2, 6};

char *sac__text_print_uuid(char *p, const void *bytes)
{
    const uint8_t *from = bytes;

    for (size_t i = 0; i < sizeof uuid_groups; i++) {
        if (i > 0)
            *p++ = '-';
        p = sac__text_print_hex(p, from, uuid_groups[i]);
        from += uuid_groups[i];
    }
    return p;
}

bool sac__json_parse_uuid(sac_str text, uint8_t out[16])
{
    uint8_t bytes[16];
    size_t at = 0, n = 0;

    if (text.n != 36)
        return false;
    for (size_t i = 0; i < sizeof uuid_groups; i++) {
        const size_t digits = (size_t)uuid_groups[i] * 2;

        if (i > 0 && text.p[at++] != '-')
            return false;
        if (!sac__text_parse_hex(sac_str_n(text.p + at, digits), bytes + n))
            return false;
        at += digits;
        n += uuid_groups[i];
    }
    memcpy(out, bytes, sizeof bytes);
    return true;
}

char *sac__text_print_base64(char *p, const void *bytes, size_t n)
{
    p = sac__base64_print(p, bytes, n,
                          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    for (; n % 3 != 0; n++)
        *p++ = '=';
    return p;
}

int sac__text_base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

bool sac__text_parse_base64(sac_str text, char *out, size_t *n)
{
    size_t pad = 0, bytes = 0;
    uint32_t bits = 0;

    if (text.n % 4)
        return false;
    while (pad < 2 && pad < text.n && text.p[text.n - pad - 1] == '=')
        pad++;
    for (size_t i = 0; i < text.n - pad; i++) {
        const int digit = sac__text_base64_digit(text.p[i]);

        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 != 0)
            out[bytes++] = (char)(bits >> (6 - i % 4 * 2));
    }
    if (bits & ((1U << pad * 2) - 1))
        return false;
    *n = bytes;
    return true;
}

bool sac__text_sort(char *out, sac_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        size_t at = i;

        if ((unsigned char)s.p[i] >= 0x80)
            return false;
        for (; at > 0 && out[at - 1] > s.p[i]; at--)
            out[at] = out[at - 1];
        out[at] = s.p[i];
    }
    return true;
}

typedef struct civil {
    int year, month, day;
} civil;

/*
 * Of years from 0 on. Cassio Neri and Lorenz Schneider, "Euclidean affine
 * functions and their application to calendar algorithms", 2022: divisions by
 * multiplying. Years begin in March here; one cycle of 400 is added to stay positive.
 */
static civil civil_of_days(int32_t days)
{
    const uint32_t quarters = (uint32_t)(days + 719468 + 146097) * 4 + 3;
    const uint32_t century = quarters / 146097;
    const uint32_t in_century = quarters % 146097 | 3;
    const uint64_t product = (uint64_t)2939745 * in_century;
    const uint32_t day_of_year = (uint32_t)product / 2939745 / 4;
    const uint32_t months = 2141 * day_of_year + 197913;
    const bool next_year = day_of_year >= 306;

    return (civil){(int)(century * 100 + (uint32_t)(product >> 32)) - 400 + next_year,
                   (int)(months >> 16) - (next_year ? 12 : 0), (int)((months & 0xffff) / 2141) + 1};
}

/* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
static int64_t days_of_civil(civil date)
{
    const int year = date.year - (date.month <= 2);
    const int era = (year >= 0 ? year : year - 399) / 400;
    const int year_of_era = year - era * 400;
    const int m = date.month > 2 ? date.month - 3 : date.month + 9;
    const int day_of_year = (153 * m + 2) / 5 + date.day - 1;

    return (int64_t)era * 146097 + (int64_t)year_of_era * 365 + year_of_era / 4 -
           year_of_era / 100 + day_of_year - 719468;
}

char *sac__text_print_date(char *p, int64_t ms)
{
    const int32_t days = (int32_t)((ms >= 0 ? ms : ms - (DAY_MS - 1)) / DAY_MS);
    const uint32_t rest = (uint32_t)(ms - days * DAY_MS);
    const uint32_t seconds = rest / 1000, minutes = seconds / 60, fraction = rest % 1000;
    const civil date = civil_of_days(days);

    memcpy(p, "0000-00-00T00:00:00.000Z", 24);
    sac__numeral_print_pair(p, (unsigned)date.year / 100);
    sac__numeral_print_pair(p + 2, (unsigned)date.year % 100);
    sac__numeral_print_pair(p + 5, (unsigned)date.month);
    sac__numeral_print_pair(p + 8, (unsigned)date.day);
    sac__numeral_print_pair(p + 11, minutes / 60);
    sac__numeral_print_pair(p + 14, minutes % 60);
    sac__numeral_print_pair(p + 17, seconds % 60);
    p[20] = (char)('0' + fraction / 100);
    sac__numeral_print_pair(p + 21, fraction % 100);
    return p + 24;
}

void sac__json_print_date(int64_t ms, char out[25], size_t *n)
{
    if (ms >= SAC__TEXT_YEAR_0 && ms < SAC__TEXT_YEAR_10000)
        *n = (size_t)(sac__text_print_date(out, ms) - out);
    else
        *n = 0;
    out[*n] = '\0';
}

/* Exactly n digits at `*at`, at most `max`. */
static bool take_digits(sac_str text, size_t *at, int n, int max, int *out)
{
    int value = 0;

    if (text.n - *at < (size_t)n)
        return false;
    while (n-- > 0) {
        const char c = text.p[(*at)++];

        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *out = value;
    return value <= max;
}

static bool take_char(sac_str text, size_t *at, char c)
{
    if (*at >= text.n || text.p[*at] != c)
        return false;
    ++*at;
    return true;
}

static bool take_day(sac_str text, size_t *at, int64_t *ms)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    civil date;
    int length;

    if (!take_digits(text, at, 4, 9999, &date.year) || !take_char(text, at, '-') ||
        !take_digits(text, at, 2, 12, &date.month) || !take_char(text, at, '-') ||
        !take_digits(text, at, 2, 31, &date.day) || date.month == 0 || date.day == 0)
        return false;
    length = lengths[date.month - 1];
    if (date.month == 2 && date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0))
        length++;
    *ms = days_of_civil(date) * DAY_MS;
    return date.day <= length;
}

/* Fraction of a second; what is beyond milliseconds is cut. */
static bool take_fraction(sac_str text, size_t *at, int *ms)
{
    int unit = 100;

    *ms = 0;
    if (!take_char(text, at, '.'))
        return true;
    if (*at >= text.n || text.p[*at] < '0' || text.p[*at] > '9')
        return false;
    for (; *at < text.n && text.p[*at] >= '0' && text.p[*at] <= '9'; ++*at, unit /= 10)
        *ms += (text.p[*at] - '0') * unit;
    return true;
}

static bool take_offset(sac_str text, size_t *at, int *minutes)
{
    int hour, minute;
    bool west;

    *minutes = 0;
    if (take_char(text, at, 'Z') || take_char(text, at, 'z'))
        return true;
    west = take_char(text, at, '-');
    if (!west && !take_char(text, at, '+'))
        return false;
    if (!take_digits(text, at, 2, 23, &hour) || !take_char(text, at, ':') ||
        !take_digits(text, at, 2, 59, &minute))
        return false;
    *minutes = west ? -(hour * 60 + minute) : hour * 60 + minute;
    return true;
}

bool sac__json_parse_date(sac_str text, int64_t *ms)
{
    int hour, minute, second, fraction, offset;
    size_t at = 0;
    int64_t day;

    if (!take_day(text, &at, &day))
        return false;
    if (at == text.n) {
        *ms = day;
        return true;
    }
    if ((!take_char(text, &at, 'T') && !take_char(text, &at, 't')) ||
        !take_digits(text, &at, 2, 23, &hour) || !take_char(text, &at, ':') ||
        !take_digits(text, &at, 2, 59, &minute) || !take_char(text, &at, ':') ||
        !take_digits(text, &at, 2, 59, &second) || !take_fraction(text, &at, &fraction) ||
        !take_offset(text, &at, &offset) || at != text.n)
        return false;
    *ms = day + ((hour * 60 + minute - offset) * 60 + second) * INT64_C(1000) + fraction;
    return true;
}

bool sac__json_parse_int(sac_str text, int64_t *out)
{
    const bool negative = text.n > 0 && text.p[0] == '-';
    const uint64_t max = (uint64_t)INT64_MAX + negative;
    uint64_t value = 0;

    if (text.n == (size_t)negative)
        return false;
    for (size_t i = negative; i < text.n; i++) {
        const uint64_t digit = (uint64_t)(text.p[i] - '0');

        if (text.p[i] < '0' || text.p[i] > '9' || value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = (int64_t)(negative ? 0 - value : value);
    return true;
}
