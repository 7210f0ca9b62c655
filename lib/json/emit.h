/* SPDX-License-Identifier: MIT */
#ifndef JSON_EMIT_H
#define JSON_EMIT_H

#include <sacrum/json.h>

#include "core/buf.h"

/*
 * Where the encoder writes: a window of memory, in the buffer itself, in a
 * block on its way to a sink, or, where less than a worst case is left of a
 * buffer's maximum, in a small one whose bytes are then counted exactly.
 */
#define SAC__EMIT_SMALL 4096

/* What is asked for most. */
#define SAC__EMIT_USUAL 256

typedef struct sac__emit {
    char *w;     /* the next byte goes here */
    char *limit; /* the end of the window */
    char *roomy; /* before here there is room for SAC__EMIT_USUAL */
    char *begin; /* the window's first byte */
    int error;
    sac__buf *out;       /* or */
    sac_json_sink *sink; /* with */
    void *self;
    size_t total, max;    /* bytes given to the sink and their bound */
    unsigned escape;      /* flags of escape.h */
    const char *readable; /* the end of what is encoded: wide loads stop there */
    const char *bad;      /* UTF-8 that was not to be repaired, or NULL */
    char small[SAC__EMIT_SMALL];
} sac__emit;

void sac__emit_to_buf(sac__emit *emit, sac__buf *out);
void sac__emit_to_sink(sac__emit *emit, sac_json_sink *sink, void *self, sac_str block, size_t max);

/* Hands on what has been written; 0 or the error. */
int sac__emit_commit(sac__emit *emit);

/* Room for n bytes, at most SAC__EMIT_SMALL; false after an error. */
bool sac__emit_room_slow(sac__emit *emit, size_t n);
static inline bool sac__emit_room(sac__emit *emit, size_t n)
{
    return (size_t)(emit->limit - emit->w) >= n || sac__emit_room_slow(emit, n);
}

/* For callers that keep the next byte's place in a register: where it is now, NULL after an error. */
char *sac__emit_more(sac__emit *emit, char *w, size_t n);
static inline char *sac__emit_need(sac__emit *emit, char *w, size_t n)
{
    return (size_t)(emit->limit - w) >= n ? w : sac__emit_more(emit, w, n);
}

static inline char *sac__emit_usual(sac__emit *emit, char *w)
{
    return w < emit->roomy ? w : sac__emit_need(emit, w, SAC__EMIT_USUAL);
}

void sac__emit_text(sac__emit *emit, const char *text); /* short ASCII */

/*
 * A string without its quotes from w on, by `escape` and `readable`. The end,
 * with room for SAC__STEP bytes, or NULL: on bad UTF-8, to which `bad` then
 * points, or with no more room.
 */
char *sac__emit_escaped(sac__emit *emit, char *w, sac_str s);

#endif
