/* SPDX-License-Identifier: MIT */
#ifndef APP_EXCHANGE_PIPE_H
#define APP_EXCHANGE_PIPE_H

#include <sacrum/alloc.h>
#include <sacrum/str.h>

enum { SAC__PIPE_HALF = 64 * 1024, SAC__PIPE_SIZE = 2 * SAC__PIPE_HALF };

/*
 * A ring of bytes between a worker and the host. The owner guards it; the
 * bytes of a region that was asked for may be touched without the guard until
 * it is given back.
 */
typedef struct sac__pipe {
    uint64_t in, out; /* bytes ever written and read */
    bool ended;       /* nothing more will be written */
    int error;        /* what ended it, where it was no success */
    char bytes[SAC__PIPE_SIZE];
} sac__pipe;

sac__pipe *sac__pipe_new(const sac_alloc *alloc);
void sac__pipe_free(const sac_alloc *alloc, sac__pipe *pipe); /* NULL is a no-op */

static inline size_t sac__pipe_used(const sac__pipe *pipe)
{
    return (size_t)(pipe->in - pipe->out);
}

/* Free room in one piece; *n is 0 when it is full. */
static inline char *sac__pipe_room(sac__pipe *pipe, size_t *n)
{
    const size_t at = (size_t)(pipe->in % SAC__PIPE_SIZE);
    const size_t left = SAC__PIPE_SIZE - sac__pipe_used(pipe);

    *n = left < SAC__PIPE_SIZE - at ? left : SAC__PIPE_SIZE - at;
    return pipe->bytes + at;
}

/* Copies in, as much as fits; returns how much. */
size_t sac__pipe_put(sac__pipe *pipe, const void *p, size_t n);
/* Copies out, as much as there is; returns how much. */
size_t sac__pipe_take(sac__pipe *pipe, void *buf, size_t cap);

#endif
