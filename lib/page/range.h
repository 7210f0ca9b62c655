/* SPDX-License-Identifier: MIT */
#ifndef PAGE_RANGE_H
#define PAGE_RANGE_H

#include <sacrum/str.h>

typedef enum sac__range {
    SAC__RANGE_NONE, /* no such header, malformed, or of several parts: the whole is sent */
    SAC__RANGE_PART,
    SAC__RANGE_OUTSIDE /* cannot be satisfied */
} sac__range;

/* What a Range header (RFC 9110 §14.2) asks of a file; the outputs are of a part. */
sac__range sac__range_parse(sac_str header, uint64_t size, uint64_t *offset, uint64_t *length);

#endif
