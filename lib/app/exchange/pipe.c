/* SPDX-License-Identifier: MIT */
#include "app/exchange/pipe.h"

#include "core/alloc.h"

sac__pipe *sac__pipe_new(const sac_alloc *alloc)
{
    sac__pipe *pipe = sac__alloc(alloc, sizeof *pipe);

    if (pipe) {
        pipe->in = pipe->out = 0;
        pipe->ended = false;
        pipe->error = 0;
    }
    return pipe;
}

void sac__pipe_free(const sac_alloc *alloc, sac__pipe *pipe)
{
    sac__alloc_free(alloc, pipe, sizeof *pipe);
}

size_t sac__pipe_put(sac__pipe *pipe, const void *p, size_t n)
{
    const char *from = p;
    size_t put = 0;
    size_t room;
    char *to;

    while (put < n) {
        to = sac__pipe_room(pipe, &room);
        if (room == 0)
            break;
        if (room > n - put)
            room = n - put;
        memcpy(to, from + put, room);
        pipe->in += room;
        put += room;
    }
    return put;
}

size_t sac__pipe_take(sac__pipe *pipe, void *buf, size_t cap)
{
    char *to = buf;
    size_t taken = 0;

    while (taken < cap && pipe->out < pipe->in) {
        const size_t at = (size_t)(pipe->out % SAC__PIPE_SIZE);
        size_t n = SAC__PIPE_SIZE - at;

        if (n > sac__pipe_used(pipe))
            n = sac__pipe_used(pipe);
        if (n > cap - taken)
            n = cap - taken;
        memcpy(to + taken, pipe->bytes + at, n);
        pipe->out += n;
        taken += n;
    }
    return taken;
}
