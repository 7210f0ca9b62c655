/* SPDX-License-Identifier: MIT */
#ifndef HTTP_PRECONDITION_H
#define HTTP_PRECONDITION_H

#include <sacrum/err.h>
#include <sacrum/str.h>

/* RFC 9110 §13: what a list of entity tags says about one. */
typedef enum sac__etag_match {
    SAC__ETAG_ABSENT, /* no such header */
    SAC__ETAG_NONE,   /* nothing matches */
    SAC__ETAG_MATCH,
    SAC__ETAG_ANY, /* the header is `*` */
    SAC__ETAG_BAD  /* malformed */
} sac__etag_match;

/* If-None-Match: weak comparison of whole tags. `etag` is `"stamp.variant"` with its quotes. */
sac__etag_match sac__etag_match_whole(sac_str header, sac_str etag);
/* If-Match: strong comparison of the part before the '.' alone. `stamp` is without quotes. */
sac__etag_match sac__etag_match_stamp(sac_str header, sac_str stamp);

/* IMF-fixdate (RFC 9110 §5.6.7): 29 bytes. */
void sac__http_date_print(int64_t seconds, char out[29]);
/* Any of the three forms; false when it is none. */
bool sac__http_date_parse(sac_str text, int64_t *seconds);

/* `Prefer` (RFC 7240): true and the value (may be empty) of a preference. */
bool sac__prefer_get(sac_str header, const char *name, sac_str *value);

#endif
