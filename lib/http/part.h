/* SPDX-License-Identifier: MIT */
#ifndef HTTP_PART_H
#define HTTP_PART_H

#include <sacrum/err.h>
#include <sacrum/str.h>

/* How a part's bytes were written (RFC 2045 §6); RFC 7578 §4.7 has it for old clients only. */
typedef enum sac__transfer_kind {
    SAC__TRANSFER_NONE, /* 7bit, 8bit, binary, or nothing said */
    SAC__TRANSFER_BASE64,
    SAC__TRANSFER_QUOTED
} sac__transfer_kind;

/* What a part's header fields say, decoded; a path in front of a file's name is cut off. */
typedef struct sac__part_head {
    sac_str name;
    sac_str filename; /* p NULL: none */
    sac_str type;     /* Content-Type as sent; p NULL: none */
    sac__transfer_kind transfer;
} sac__part_head;

/*
 * Reads lines of `name:value`, each with '\n' behind it. They are decoded in
 * place: the result points into them. Of `filename*` (RFC 8187), which RFC 7578
 * §4.2 forbids, the use is only where there is no `filename`. NULL, or what is
 * wrong.
 */
const char *sac__part_head_parse(char *lines, size_t n, sac__part_head *out) SAC_MUST_USE;

/* A decoder of what comes in pieces. All zero but for `kind` to begin with. */
typedef struct sac__transfer {
    sac__transfer_kind kind;
    unsigned bits; /* not given out yet */
    unsigned n_bits;
    unsigned n_last; /* bytes that came of an escape or of the padding */
    char digit;      /* the second one of an escape */
} sac__transfer;
/*
 * Takes bytes from the front of `in` and writes what they stand for, until `in`
 * or the room ends, or a byte that may not stand there. Returns how many it
 * wrote.
 */
size_t sac__transfer_decode(sac__transfer *transfer, sac_str *in, char *out, size_t cap);
/* Whether what came may end here. */
bool sac__transfer_whole(const sac__transfer *transfer);

#endif
