/* SPDX-License-Identifier: MIT */
#include "http/media.h"

#include "http/headers.h"
#include "http/token.h"

static size_t slash_of(sac_str type)
{
    const char *slash = type.n ? memchr(type.p, '/', type.n) : NULL;

    return slash ? (size_t)(slash - type.p) : type.n;
}

static sac_str major_of(sac_str type)
{
    return sac_str_n(type.p, slash_of(type));
}

static sac_str minor_of(sac_str type)
{
    const size_t n = slash_of(type);

    return n < type.n ? sac_str_n(type.p + n + 1, type.n - n - 1) : sac_str_n(NULL, 0);
}

static sac__media cut(sac_str value)
{
    const char *end = value.n ? memchr(value.p, ';', value.n) : NULL;
    const size_t n = end ? (size_t)(end - value.p) : value.n;
    sac__media media = {.type = sac__token_trim(sac_str_n(value.p, n)), .params = {NULL, 0}};

    if (end)
        media.params = sac__token_trim(sac_str_n(end + 1, value.n - n - 1));
    return media;
}

bool sac__media_parse(sac_str value, sac__media *out)
{
    const sac__media media = cut(value);

    if (!sac__token_valid(major_of(media.type)) || !sac__token_valid(minor_of(media.type)))
        return false;
    *out = media;
    return true;
}

bool sac__media_is(const sac__media *media, const char *lower)
{
    return sac__header_is(media->type, lower);
}

sac_str sac__media_param(const sac__media *media, const char *name)
{
    const sac_str wanted = sac_str_of(name);
    sac_str rest = media->params;
    sac_str piece, found, value;

    while (sac__token_split(&rest, ';', &piece)) {
        sac__token_pair(piece, &found, &value);
        if (value.p && sac__token_same(found, wanted))
            return value;
    }
    return sac_str_n(NULL, 0);
}

/* In thousandths; -1 for what is no number. As lenient as clients are sloppy: ".2", "1.5". */
static int parse_quality(sac_str text)
{
    int whole = 0, fraction = 0, weight = 100;
    size_t i = 0;

    for (; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
        whole |= text.p[i] != '0';
    if (i < text.n && text.p[i] == '.')
        for (i++; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++, weight /= 10)
            fraction += (text.p[i] - '0') * weight;
    if (i == 0 || i < text.n)
        return -1;
    return whole ? 1000 : fraction;
}

/* 0: does not match; 1: any; 2: the same major type; 3: the type itself. */
static int specificity(sac_str range, sac_str type)
{
    if (sac_str_is(range, "*/*") || sac_str_is(range, "*"))
        return 1;
    if (sac__token_same(range, type))
        return 3;
    return sac_str_is(minor_of(range), "*") && sac__token_same(major_of(range), major_of(type)) ? 2
                                                                                                : 0;
}

int sac__accept_quality(sac_str accept, const char *type, sac_str *params)
{
    const sac_str wanted = sac_str_of(type);
    int best = 0, best_quality = 1000;
    bool listed = false;
    sac_str range;

    *params = sac_str_n(NULL, 0);
    while (sac__header_next(&accept, &range)) {
        const sac__media media = cut(range);
        const sac_str q = sac__media_param(&media, "q");
        const int quality = q.p ? parse_quality(q) : 1000;
        const int level = specificity(media.type, wanted);

        listed = true;
        /* Of ranges that differ in their parameters only, the client's favourite. */
        if (quality < 0 || level == 0 || level < best || (level == best && quality <= best_quality))
            continue;
        best = level;
        best_quality = quality;
        *params = media.params;
    }
    return best || !listed ? best_quality : 0;
}

static bool is_coding(sac_str named, sac_str coding)
{
    return sac__token_same(named, coding) ||
           (sac_str_is(coding, "gzip") && sac__header_is(named, "x-gzip"));
}

int sac__accept_coding(const sac_header *headers, size_t n, const char *coding)
{
    const sac_str wanted = sac_str_of(coding);
    int named = -1, any = -1;
    sac_str member;

    for (size_t i = 0; i < n; i++) {
        sac_str rest = headers[i].value;

        while (sac__header_is(headers[i].name, "accept-encoding") &&
               sac__header_next(&rest, &member)) {
            const sac__media media = cut(member);
            const sac_str q = sac__media_param(&media, "q");
            const int quality = q.p ? parse_quality(q) : 1000;

            if (sac_str_is(media.type, "*") && quality > any)
                any = quality;
            else if (is_coding(media.type, wanted) && quality > named)
                named = quality;
        }
    }
    if (named >= 0 || any >= 0)
        return named >= 0 ? named : any;
    return sac_str_is(wanted, "identity");
}
