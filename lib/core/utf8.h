/* SPDX-License-Identifier: MIT */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include <sacrum/str.h>

/* Whether the bytes are UTF-8 as RFC 3629 has it (no surrogates, no overlong forms). */
bool sac__utf8_valid(sac_str s);
/* Code points of a valid string. */
size_t sac__utf8_length(sac_str s);
/* Offset of the first byte that is no UTF-8, or s.n. */
size_t sac__utf8_bad(sac_str s);
/* Writes 1 to 4 bytes, returns how many. */
size_t sac__utf8_put(char out[4], uint32_t point);

#endif
