/* SPDX-License-Identifier: MIT */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <sacrum/str.h>

/* Single values as text. Printers return the end of what they wrote. */

char *sac__text_print_hex(char *p, const void *bytes, size_t n);
bool sac__text_parse_hex(sac_str text, uint8_t *out); /* text.n / 2 bytes, either case */

char *sac__text_print_uuid(char *p, const void *bytes);

/* Standard alphabet with padding; 4 characters for each 3 bytes begun. */
char *sac__text_print_base64(char *p, const void *bytes, size_t n);
int sac__text_base64_digit(char c); /* 0 to 63, or -1 */
/* Strict: padded, no blanks, no stray bits. `out` takes text.n / 4 * 3 bytes. */
bool sac__text_parse_base64(sac_str text, char *out, size_t *n);

/* The letters of s in order, where all are ASCII, else false. */
bool sac__text_sort(char *out, sac_str s);

/* `YYYY-MM-DDTHH:MM:SS.mmmZ`: 24 bytes, of a year from 0 to 9999. */
#define SAC__TEXT_YEAR_0 INT64_C(-62167219200000)
#define SAC__TEXT_YEAR_10000 INT64_C(253402300800000)
char *sac__text_print_date(char *p, int64_t ms);

#endif
