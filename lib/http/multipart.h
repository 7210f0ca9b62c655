/* SPDX-License-Identifier: MIT */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include <sacrum/err.h>
#include <sacrum/str.h>

#include "core/buf.h"
#include "http/part.h"

/*
 * Reads a multipart/form-data body (RFC 7578, RFC 2046 §5.1) that comes in any
 * pieces: one pass, memory for one part's head, no byte looked at more than
 * twice. Preamble and epilogue are passed over; a Content-Transfer-Encoding is
 * undone. A line that only begins as the delimiter is data.
 */

typedef enum sac__multipart_kind {
    SAC__MULTIPART_BEGIN, /* `part`: valid until the next one */
    SAC__MULTIPART_DATA,  /* `data`: some of its bytes, valid until the next call */
    SAC__MULTIPART_END
} sac__multipart_kind;

typedef struct sac__multipart_event {
    sac__multipart_kind kind;
    sac__part_head part;
    sac_str data;
} sac__multipart_event;

enum {
    SAC__MULTIPART_BOUNDARY = 70, /* bytes of a boundary, at most */
    SAC__MULTIPART_BEHIND = 64,   /* and of blanks behind it */
    SAC__MULTIPART_DECODED = 512  /* and of a piece that was decoded */
};

typedef struct sac__multipart {
    sac__buf head;
    char line[4 + SAC__MULTIPART_BOUNDARY +
              SAC__MULTIPART_BEHIND]; /* the delimiter, what followed */
    size_t n_delimiter;
    size_t n_line; /* bytes of `line` that came */
    size_t owed;   /* of them those that did not: at a start, the CRLF before it */
    int state;
    bool in_part;
    bool any;        /* a part was begun */
    bool preamble;   /* there is one */
    uint64_t offset; /* of the next byte */
    uint64_t head_at;
    sac__transfer transfer;
    sac_str coded;     /* of the part, to be decoded before anything else is done */
    uint64_t coded_to; /* where it ends */
    char decoded[SAC__MULTIPART_DECODED];
    int rc;            /* the error that ended it */
    const char *error; /* what is wrong */
    uint64_t error_at; /* and at which byte */
} sac__multipart;

/* SAC_EINVAL: no boundary of 1 to 70 bytes that RFC 2046 allows. `max_head` bounds the preamble too. */
int sac__multipart_init(sac__multipart *mp, const sac_alloc *alloc, sac_str boundary,
                        size_t max_head) SAC_MUST_USE;
void sac__multipart_fini(sac__multipart *mp);
/*
 * Takes what it needs from the front of `in`: 1 and the next event; 0 when all
 * is taken. SAC_ESYNTAX, SAC_ELIMIT (`max_head`), with `error`; SAC_ENOMEM.
 */
int sac__multipart_next(sac__multipart *mp, sac_str *in, sac__multipart_event *event) SAC_MUST_USE;
/* Whether the closing delimiter came. */
bool sac__multipart_closed(const sac__multipart *mp);
/* The body ends here. SAC_ESYNTAX, with `error`, before its closing delimiter. */
int sac__multipart_end(sac__multipart *mp) SAC_MUST_USE;

#endif
