/* SPDX-License-Identifier: MIT */
#include "http/precondition.h"

#include "core/clock.h"

enum { DAY_SECONDS = 86400 };

static const char day_names[7][10] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

typedef struct civil {
    int year, month, day, hour, minute, second; /* month and day from 1 */
} civil;

/* Days since 1970-01-01. Source: Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
static int64_t days_of(int64_t year, int month, int day)
{
    const int64_t y = month <= 2 ? year - 1 : year;
    const int64_t era = (y >= 0 ? y : y - 399) / 400;
    const int64_t of_era = y - era * 400;
    const int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* The reverse, of the same source. */
static civil civil_of(int64_t days)
{
    const int64_t z = days + 719468;
    const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    const int64_t doe = z - era * 146097;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const int64_t mp = (5 * doy + 2) / 153;
    const int month = (int)(mp < 10 ? mp + 3 : mp - 9);

    return (civil){.year = (int)(yoe + era * 400) + (month <= 2),
                   .month = month,
                   .day = (int)(doy - (153 * mp + 2) / 5 + 1)};
}

static void put_digits(char *out, int64_t value, int digits)
{
    while (digits-- > 0) {
        out[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

void sac__http_date_print(int64_t seconds, char out[29])
{
    static const char pattern[29] = "Www, dd Mmm yyyy hh:mm:ss GMT";
    const int64_t first = -62167219200, last = 253402300799; /* the years 0 and 9999 */
    const int64_t t = seconds < first ? first : seconds > last ? last : seconds;
    const int64_t of_day = ((t % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
    const int64_t days = (t - of_day) / DAY_SECONDS;
    const civil c = civil_of(days);

    memcpy(out, pattern, sizeof pattern);
    memcpy(out, day_names[((days % 7) + 11) % 7], 3);
    put_digits(out + 5, c.day, 2);
    memcpy(out + 8, month_names + (ptrdiff_t)(c.month - 1) * 3, 3);
    put_digits(out + 12, c.year, 4);
    put_digits(out + 17, of_day / 3600, 2);
    put_digits(out + 20, of_day / 60 % 60, 2);
    put_digits(out + 23, of_day % 60, 2);
}

/*
 * The three forms. In a picture: D day, d its first digit or a blank, n month,
 * Y year, h m s the time; the rest stands for itself.
 */
static const struct form {
    bool long_day; /* "Sunday" and a year of two digits */
    const char *behind_day, *picture;
} forms[] = {
    {false, ", ", "DD nnn YYYY hh:mm:ss GMT"},
    {true, ", ", "DD-nnn-YY hh:mm:ss GMT"},
    {false, " ", "nnn dD hh:mm:ss YYYY"},
};

static int month_of(const char *p)
{
    for (int i = 0; i < 12; i++)
        if (memcmp(p, month_names + (ptrdiff_t)i * 3, 3) == 0)
            return i + 1;
    return 0;
}

static bool read_digit(int *field, char c)
{
    if (c < '0' || c > '9')
        return false;
    *field = *field * 10 + (c - '0');
    return true;
}

static bool read_picture(sac_str text, const char *picture, civil *out)
{
    if (text.n != strlen(picture))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        const char c = text.p[i];
        bool ok = true;

        switch (picture[i]) {
        case 'd': ok = c == ' ' || read_digit(&out->day, c); break;
        case 'D': ok = read_digit(&out->day, c); break;
        case 'Y': ok = read_digit(&out->year, c); break;
        case 'h': ok = read_digit(&out->hour, c); break;
        case 'm': ok = read_digit(&out->minute, c); break;
        case 's': ok = read_digit(&out->second, c); break;
        case 'n': break;
        default: ok = c == picture[i]; break;
        }
        if (!ok)
            return false;
    }
    out->month = month_of(text.p + (strchr(picture, 'n') - picture));
    return true;
}

/* Passes over the name of a day and what stands behind it. */
static bool skip_day(sac_str *text, const struct form *form)
{
    const size_t m = strlen(form->behind_day);

    for (int i = 0; i < 7; i++) {
        const size_t n = form->long_day ? strlen(day_names[i]) : 3;

        if (text->n > n + m && memcmp(text->p, day_names[i], n) == 0 &&
            memcmp(text->p + n, form->behind_day, m) == 0) {
            *text = sac_str_n(text->p + n + m, text->n - n - m);
            return true;
        }
    }
    return false;
}

/* RFC 9110 §5.6.7: a two-digit year over 50 years ahead is one of the last century. */
static int full_year(int two_digits)
{
    const int now = civil_of(sac__clock_ms() / 1000 / DAY_SECONDS).year;
    const int year = now - now % 100 + two_digits;

    return year > now + 50 ? year - 100 : year;
}

static int days_in(int year, int month)
{
    return (int)(month == 12 ? 31 : days_of(year, month + 1, 1) - days_of(year, month, 1));
}

static bool to_seconds(const civil *c, int64_t *seconds)
{
    if (c->month < 1 || c->day < 1 || c->day > days_in(c->year, c->month) || c->hour > 23 ||
        c->minute > 59 || c->second > 60)
        return false;
    *seconds = days_of(c->year, c->month, c->day) * DAY_SECONDS + (int64_t)c->hour * 3600 +
               (int64_t)c->minute * 60 + c->second;
    return true;
}

bool sac__http_date_parse(sac_str text, int64_t *seconds)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        sac_str rest = text;
        civil c = {0};

        if (!skip_day(&rest, &forms[i]) || !read_picture(rest, forms[i].picture, &c))
            continue;
        if (forms[i].long_day)
            c.year = full_year(c.year);
        return to_seconds(&c, seconds);
    }
    return false;
}
