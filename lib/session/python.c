/* SPDX-License-Identifier: MIT */
#include "session/tagged.h"

#include <math.h>

#include "core/utf8.h"
#include "json/escape.h"
#include "json/number/numeral.h"

/* Digits of a finite number that is not 0, the point before the first of them times 10^point. */
typedef struct digits {
    char v[SAC__NUMERAL_MAX];
    int n, point;
} digits;

static void take_digits(const char *p, const char *end, digits *out)
{
    bool fraction = false;
    int exponent = 0;
    bool down = false;

    *out = (digits){.n = 0};
    for (; p < end && *p != 'e'; p++) {
        if (*p == '.') {
            fraction = true;
        } else if (out->n > 0 || *p != '0') {
            out->v[out->n++] = *p;
            out->point += !fraction;
        } else {
            out->point -= fraction;
        }
    }
    for (p += p < end; p < end; p++) {
        down = down || *p == '-';
        if (*p >= '0' && *p <= '9')
            exponent = exponent * 10 + (*p - '0');
    }
    out->point += down ? -exponent : exponent;
    while (out->n > 1 && out->v[out->n - 1] == '0')
        out->n--;
}

static char *put_zeros(char *p, int n)
{
    while (n-- > 0)
        *p++ = '0';
    return p;
}

static char *put_digits(char *p, const digits *d, int from, int to)
{
    for (int i = from; i < to; i++)
        *p++ = i < d->n ? d->v[i] : '0';
    return p;
}

static char *put_fixed(char *p, const digits *d)
{
    if (d->point <= 0) {
        *p++ = '0';
        *p++ = '.';
        p = put_zeros(p, -d->point);
        return put_digits(p, d, 0, d->n);
    }
    p = put_digits(p, d, 0, d->point);
    *p++ = '.';
    return put_digits(p, d, d->point, d->n > d->point ? d->n : d->point + 1);
}

static char *put_scientific(char *p, const digits *d)
{
    int exponent = d->point - 1;

    *p++ = d->v[0];
    if (d->n > 1)
        *p++ = '.';
    p = put_digits(p, d, 1, d->n);
    *p++ = 'e';
    *p++ = exponent < 0 ? '-' : '+';
    if (exponent < 0)
        exponent = -exponent;
    if (exponent >= 100)
        *p++ = (char)('0' + exponent / 100);
    *p++ = (char)('0' + exponent / 10 % 10);
    *p++ = (char)('0' + exponent % 10);
    return p;
}

char *sac__python_float(char *p, double value)
{
    char text[SAC__NUMERAL_MAX];
    digits d;

    if (isnan(value))
        return stpcpy(p, "NaN");
    if (signbit(value))
        *p++ = '-';
    value = fabs(value);
    if (isinf(value))
        return stpcpy(p, "Infinity");
    if (value == 0)
        return stpcpy(p, "0.0");
    take_digits(text, sac__numeral_print_double(text, value, false), &d);
    /* CPython's format_float_short() for 'r'. */
    return d.point > -4 && d.point <= 16 ? put_fixed(p, &d) : put_scientific(p, &d);
}

bool sac__python_is_big(sac_str text)
{
    sac__numeral numeral;
    int64_t ignored;

    return text.n <= SAC__TAGGED_INTEGER_DIGITS + 1 &&
           sac__numeral_scan(text.p, text.p + text.n, &numeral) == text.p + text.n &&
           numeral.plain && sac__numeral_int(&numeral, &ignored) == SAC__NUMERAL_BEYOND;
}

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

/* The code point of a valid sequence; moves behind it. */
static uint32_t take_point(const char **p)
{
    const unsigned char *s = (const unsigned char *)*p;
    const unsigned n = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    uint32_t point = n == 1 ? s[0] : s[0] & (0x7fU >> n);

    for (unsigned i = 1; i < n; i++)
        point = point << 6 | (s[i] & 0x3f);
    *p += n;
    return point;
}

static char *put_escaped(char *w, uint32_t point)
{
    if (point < 0x7f)
        return sac__escape_put(w, (unsigned char)point, false);
    if (point < 0x10000)
        return sac__escape_unicode(w, point);
    point -= 0x10000;
    return sac__escape_unicode(sac__escape_unicode(w, 0xd800 | point >> 10),
                               0xdc00 | (point & 0x3ff));
}

int sac__python_str(sac_str s, sac__buf *out)
{
    const char *p = s.p, *const end = s.p + s.n;

    if (!sac__utf8_valid(s))
        return SAC_EINVAL;
    sac__buf_add_char(out, '"');
    while (p < end && !out->error) {
        const char *run = p;

        while (p < end && is_plain((unsigned char)*p))
            p++;
        sac__buf_add(out, run, (size_t)(p - run));
        if (p < end && sac__buf_room(out, 12))
            out->n = (size_t)(put_escaped(out->p + out->n, take_point(&p)) - out->p);
    }
    sac__buf_add_char(out, '"');
    return out->error;
}
