/* SPDX-License-Identifier: MIT */
#include "http/url.h"

#include <strings.h>

#include "core/utf8.h"
#include "http/token.h"

static bool is_target_text(sac_str raw)
{
    return sac__token_text(raw, ' ' + 1) && !memchr(raw.p, '#', raw.n);
}

static sac_str behind(sac_str s, size_t n)
{
    return sac_str_n(s.p + n, s.n - n);
}

/* The length of "http://" or "https://" at the start, 0 without. */
static size_t scheme_length(sac_str raw)
{
    static const char *const schemes[] = {"http://", "https://"};

    for (size_t i = 0; i < 2; i++) {
        const size_t n = strlen(schemes[i]);

        if (raw.n > n && strncasecmp(raw.p, schemes[i], n) == 0)
            return n;
    }
    return 0;
}

static sac_str take_authority(sac_str *rest)
{
    size_t n = 0;
    sac_str authority;

    while (n < rest->n && rest->p[n] != '/' && rest->p[n] != '?')
        n++;
    authority = sac_str_n(rest->p, n);
    *rest = behind(*rest, n);
    return authority;
}

int sac__target_parse(sac_str raw, sac__target *out)
{
    sac__target target = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    const char *mark;

    if (raw.n == 0 || !is_target_text(raw))
        return SAC_EINVAL;
    if (*raw.p != '/') {
        const size_t n = scheme_length(raw);

        if (n == 0)
            return SAC_EINVAL;
        raw = behind(raw, n);
        target.authority = take_authority(&raw);
        if (!sac__host_valid(target.authority))
            return SAC_EINVAL;
    }
    mark = raw.n ? memchr(raw.p, '?', raw.n) : NULL;
    target.path = mark ? sac_str_n(raw.p, (size_t)(mark - raw.p)) : raw;
    if (mark)
        target.query = behind(raw, target.path.n + 1);
    if (target.path.n == 0)
        target.path = sac_str_of("/");
    *out = target;
    return SAC_OK;
}

/* The byte that "%XX" stands for, or -1. */
static int escaped_byte(sac_str s)
{
    const int high = s.n >= 3 ? sac__token_hex(s.p[1]) : -1;
    const int low = high >= 0 ? sac__token_hex(s.p[2]) : -1;

    return low < 0 ? -1 : high * 16 + low;
}

static bool has_escape(sac_str raw, bool plus)
{
    return memchr(raw.p, '%', raw.n) || (plus && memchr(raw.p, '+', raw.n));
}

/* Writes at most raw.n bytes to `to`. */
static int unescape(sac_str raw, bool plus, char *to, size_t *n)
{
    size_t used = 0;

    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];

        if (c == '%') {
            const int byte = escaped_byte(behind(raw, i));

            if (byte < 0)
                return SAC_ESYNTAX;
            c = (char)byte;
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        to[used++] = c;
    }
    *n = used;
    return SAC_OK;
}

int sac__url_decode(sac__arena *arena, sac_str raw, bool plus, sac_str *out)
{
    sac_str text = raw.n ? raw : sac_str_of("");
    int rc;

    if (raw.n && has_escape(raw, plus)) {
        char *p = sac__arena_bytes(arena, raw.n);

        if (!p)
            return SAC_ENOMEM;
        text.p = p;
        rc = unescape(raw, plus, p, &text.n);
        if (rc != SAC_OK)
            return rc;
    }
    if (text.n && (memchr(text.p, '\0', text.n) || !sac__utf8_valid(text)))
        return SAC_ESYNTAX;
    *out = text;
    return SAC_OK;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void sac__url_encode(sac__buf *out, sac_str s)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < s.n; i++) {
        const unsigned char c = (unsigned char)s.p[i];
        const char escape[3] = {'%', hex[c >> 4], hex[c & 15]};

        if (is_unreserved(s.p[i]))
            sac__buf_add_char(out, s.p[i]);
        else
            sac__buf_add(out, escape, sizeof escape);
    }
}

static bool next_piece(sac_str *rest, sac_str *piece)
{
    while (rest->n > 0) {
        const char *end = memchr(rest->p, '&', rest->n);
        const size_t n = end ? (size_t)(end - rest->p) : rest->n;

        *piece = sac_str_n(rest->p, n);
        *rest = behind(*rest, end ? n + 1 : n);
        if (n > 0)
            return true;
    }
    return false;
}

static int read_param(sac__arena *arena, sac_str piece, sac__param *out)
{
    const char *equals = memchr(piece.p, '=', piece.n);
    const size_t n = equals ? (size_t)(equals - piece.p) : piece.n;
    const int rc = sac__url_decode(arena, sac_str_n(piece.p, n), true, &out->name);

    out->value = sac_str_n(NULL, 0);
    if (rc != SAC_OK || !equals)
        return rc;
    return sac__url_decode(arena, behind(piece, n + 1), true, &out->value);
}

/* Counts pieces, but no further than one past `max`. */
static size_t count_pieces(sac_str raw, size_t max)
{
    size_t n = 0;
    sac_str piece;

    while (n <= max && next_piece(&raw, &piece))
        n++;
    return n;
}

int sac__params_parse(sac__arena *arena, sac_str raw, size_t max, sac__params *out)
{
    const size_t n = count_pieces(raw, max);
    sac__params params = {NULL, 0};
    sac_str piece;

    if (n == 0) {
        *out = params;
        return SAC_OK;
    }
    if (n > max)
        return SAC_ELIMIT;
    params.v = sac__arena_get(arena, n * sizeof *params.v);
    if (!params.v)
        return SAC_ENOMEM;
    while (next_piece(&raw, &piece)) {
        const int rc = read_param(arena, piece, &params.v[params.n]);

        if (rc != SAC_OK)
            return rc;
        params.n++;
    }
    *out = params;
    return SAC_OK;
}

const sac__param *sac__params_get(const sac__params *params, const char *name)
{
    const sac_str wanted = sac_str_of(name);

    for (size_t i = 0; i < params->n; i++)
        if (sac_str_eq(params->v[i].name, wanted))
            return &params->v[i];
    return NULL;
}
