/* SPDX-License-Identifier: MIT */
#include "http/precondition.h"

#include "http/token.h"

typedef struct etag {
    sac_str opaque; /* without its quotes */
    bool weak;
} etag;

static void skip(sac_str *s, size_t n)
{
    *s = sac_str_n(s->p + n, s->n - n);
}

static bool take_etag(sac_str *rest, etag *out)
{
    const bool weak = rest->n >= 2 && rest->p[0] == 'W' && rest->p[1] == '/';
    size_t n = 1;

    if (weak)
        skip(rest, 2);
    if (rest->n < 2 || rest->p[0] != '"')
        return false;
    for (; n < rest->n && rest->p[n] != '"'; n++)
        if ((unsigned char)rest->p[n] <= ' ' || rest->p[n] == 0x7f)
            return false;
    if (n == rest->n)
        return false;
    *out = (etag){.opaque = {rest->p + 1, n - 1}, .weak = weak};
    skip(rest, n + 1);
    return true;
}

static void skip_blanks(sac_str *rest)
{
    while (rest->n > 0 && (*rest->p == ' ' || *rest->p == '\t'))
        skip(rest, 1);
}

static void skip_commas(sac_str *rest)
{
    skip_blanks(rest);
    while (rest->n > 0 && *rest->p == ',') {
        skip(rest, 1);
        skip_blanks(rest);
    }
}

typedef bool etag_test(const etag *tag, sac_str wanted);

/* The whole list is read, so that a malformed one is never half a match. */
static sac__etag_match match_list(sac_str header, sac_str wanted, etag_test *test)
{
    sac__etag_match result = SAC__ETAG_NONE;
    bool any = false;
    etag tag;

    if (!header.p)
        return SAC__ETAG_ABSENT;
    header = sac__token_trim(header);
    if (sac_str_is(header, "*"))
        return SAC__ETAG_ANY;
    for (skip_commas(&header); header.n > 0; skip_commas(&header)) {
        if (!take_etag(&header, &tag))
            return SAC__ETAG_BAD;
        skip_blanks(&header);
        if (header.n > 0 && *header.p != ',')
            return SAC__ETAG_BAD;
        any = true;
        if (test(&tag, wanted))
            result = SAC__ETAG_MATCH;
    }
    return any ? result : SAC__ETAG_BAD;
}

static bool is_same_whole(const etag *tag, sac_str wanted)
{
    etag current;

    return take_etag(&wanted, &current) && sac_str_eq(tag->opaque, current.opaque);
}

static bool is_same_stamp(const etag *tag, sac_str wanted)
{
    const char *dot = memchr(tag->opaque.p, '.', tag->opaque.n);
    const size_t n = dot ? (size_t)(dot - tag->opaque.p) : tag->opaque.n;

    return !tag->weak && wanted.n > 0 && sac_str_eq(sac_str_n(tag->opaque.p, n), wanted);
}

sac__etag_match sac__etag_match_whole(sac_str header, sac_str wanted)
{
    return match_list(header, wanted, is_same_whole);
}

sac__etag_match sac__etag_match_stamp(sac_str header, sac_str stamp)
{
    return match_list(header, stamp, is_same_stamp);
}

bool sac__prefer_get(sac_str header, const char *name, sac_str *value)
{
    const sac_str wanted = sac_str_of(name);
    sac_str member, first, found, text;

    while (sac__token_split(&header, ',', &member)) {
        if (!sac__token_split(&member, ';', &first))
            continue;
        sac__token_pair(first, &found, &text);
        if (sac__token_same(found, wanted)) {
            *value = text.p ? text : sac_str_of("");
            return true;
        }
    }
    return false;
}
