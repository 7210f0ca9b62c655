/* SPDX-License-Identifier: MIT */
#ifndef CORE_BASE64URL_H
#define CORE_BASE64URL_H

#include <sacrum/str.h>

/* RFC 4648 §5, without padding. */

#define SAC__BASE64URL_SIZE(n) (((n)*4 + 2) / 3) /* characters of n bytes */

/* By 64 digits, without padding. Returns the end of what it wrote. */
char *sac__base64_print(char *p, const void *bytes, size_t n, const char *digits);
char *sac__base64url_print(char *p, const void *bytes, size_t n);

/*
 * Strict: no padding, no blanks, no stray bits, so that bytes have one
 * spelling. `out` takes text.n / 4 * 3 + 2 bytes; false: it is not to be used.
 */
bool sac__base64url_parse(sac_str text, void *out, size_t *n);

#endif
