/* SPDX-License-Identifier: MIT */
#ifndef HTTP_TOKEN_H
#define HTTP_TOKEN_H

#include <sacrum/str.h>

/* The grammar that header fields share (RFC 9110 §5.6). */

static inline char sac__token_fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* What a hexadecimal digit stands for, or -1. */
static inline int sac__token_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = sac__token_fold(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Equality but for the case of ASCII letters. */
bool sac__token_same(sac_str a, sac_str b);
/* Whether it is one token, and not empty. */
bool sac__token_valid(sac_str s);
/* Whether no byte is DEL or below `lowest`, which is not above 0x80. */
bool sac__token_text(sac_str s, unsigned char lowest);
/* Without blanks and tabs around it. */
sac_str sac__token_trim(sac_str s);
/*
 * Cuts the next piece off at `separator`, trimmed, leaving alone what stands
 * in quotes. False at the end; empty pieces are passed over.
 */
bool sac__token_split(sac_str *rest, char separator, sac_str *piece);
/* `name = value`: p of `value` is NULL without '='. Quotes go where nothing in them is escaped. */
void sac__token_pair(sac_str piece, sac_str *name, sac_str *value);

#endif
