/* SPDX-License-Identifier: MIT */
#include "http/token.h"

#include <stdint.h>

bool sac__token_same(sac_str a, sac_str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (sac__token_fold(a.p[i]) != sac__token_fold(b.p[i]))
            return false;
    return true;
}

bool sac__token_valid(sac_str s)
{
    /* RFC 9110's tchar: bit c % 64 of word c / 64. */
    static const uint64_t token[4] = {0x3ff6cfa00000000, 0x57ffffffc7fffffe, 0, 0};

    for (size_t i = 0; i < s.n; i++) {
        const unsigned char c = (unsigned char)s.p[i];

        if (!(token[c / 64] >> c % 64 & 1))
            return false;
    }
    return s.n > 0;
}

static const uint64_t each_byte = 0x0101010101010101;

/* Not 0 if one of eight bytes is below `lowest` or DEL. */
static uint64_t control_bits(uint64_t eight, unsigned char lowest)
{
    const uint64_t del = eight ^ (each_byte * 0x7f);
    const uint64_t low = (eight - each_byte * lowest) & ~eight;

    return (low | ((del - each_byte) & ~del)) & each_byte * 0x80;
}

bool sac__token_text(sac_str s, unsigned char lowest)
{
    uint64_t eight, found = 0;
    size_t i = 0;

    for (; i + sizeof eight <= s.n; i += sizeof eight) {
        memcpy(&eight, s.p + i, sizeof eight);
        found |= control_bits(eight, lowest);
    }
    if (i < s.n) {
        eight = each_byte * 'a';
        memcpy(&eight, s.p + i, s.n - i);
        found |= control_bits(eight, lowest);
    }
    return !found;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

sac_str sac__token_trim(sac_str s)
{
    while (s.n > 0 && is_blank(s.p[s.n - 1]))
        s.n--;
    while (s.n > 0 && is_blank(*s.p)) {
        s.p++;
        s.n--;
    }
    return s;
}

static size_t piece_end(sac_str s, char separator)
{
    bool quoted = false;
    size_t i = 0;

    for (; i < s.n; i++) {
        if (s.p[i] == '"')
            quoted = !quoted;
        else if (s.p[i] == '\\' && quoted)
            i++;
        else if (s.p[i] == separator && !quoted)
            break;
    }
    return i < s.n ? i : s.n;
}

bool sac__token_split(sac_str *rest, char separator, sac_str *piece)
{
    while (rest->n > 0) {
        const size_t n = piece_end(*rest, separator);
        const sac_str found = sac__token_trim(sac_str_n(rest->p, n));
        const size_t taken = n < rest->n ? n + 1 : n;

        *rest = sac_str_n(rest->p + taken, rest->n - taken);
        if (found.n > 0) {
            *piece = found;
            return true;
        }
    }
    return false;
}

static sac_str unquote(sac_str s)
{
    if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"' || memchr(s.p, '\\', s.n))
        return s;
    return sac_str_n(s.p + 1, s.n - 2);
}

void sac__token_pair(sac_str piece, sac_str *name, sac_str *value)
{
    const char *equals = piece.n ? memchr(piece.p, '=', piece.n) : NULL;
    const size_t n = equals ? (size_t)(equals - piece.p) : piece.n;

    *name = sac__token_trim(sac_str_n(piece.p, n));
    *value = sac_str_n(NULL, 0);
    if (equals)
        *value = unquote(sac__token_trim(sac_str_n(equals + 1, piece.n - n - 1)));
}
