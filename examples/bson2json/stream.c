/* SPDX-License-Identifier: MIT */
#include "bson2json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE ((size_t)1 << 20)

/* A pipe of Linux's holds 64 KiB unless asked for more. */
static void widen(int fd)
{
#ifdef F_SETPIPE_SZ
    (void)fcntl(fd, F_SETPIPE_SZ, (int)PIECE);
#else
    (void)fd;
#endif
}

bool input_open(input *in, int fd, progress *shown)
{
    *in = (input){.fd = fd, .p = malloc(PIECE), .cap = PIECE, .progress = shown};
    widen(fd);
    return in->p != NULL;
}

void input_close(input *in)
{
    free(in->p);
}

/* Room for n bytes from p[begin], and some for what comes after. */
static bool make_room(input *in, size_t n)
{
    char *p;

    if (in->begin + n <= in->cap && in->end < in->cap)
        return true;
    memmove(in->p, in->p + in->begin, in->end - in->begin);
    in->end -= in->begin;
    in->begin = 0;
    if (n <= in->cap && in->end < in->cap)
        return true;
    p = realloc(in->p, n + PIECE);
    if (!p) {
        in->error = ENOMEM;
        return false;
    }
    in->p = p;
    in->cap = n + PIECE;
    return true;
}

size_t input_want(input *in, size_t n)
{
    while (in->end - in->begin < n && !in->at_end && !in->error && make_room(in, n)) {
        const ssize_t got = read(in->fd, in->p + in->end, in->cap - in->end);

        if (got > 0) {
            in->end += (size_t)got;
            in->progress->bytes += (uint64_t)got;
            progress_show(in->progress);
        } else if (got == 0) {
            in->at_end = true;
        } else if (errno != EINTR) {
            in->error = errno;
        }
    }
    return in->end - in->begin;
}

void input_take(input *in, size_t n)
{
    in->begin += n;
    in->offset += n;
}

bool output_open(output *out, int fd)
{
    *out = (output){.fd = fd, .p = malloc(PIECE), .cap = PIECE};
    widen(fd);
    return out->p != NULL;
}

void output_close(output *out)
{
    free(out->p);
}

static int write_all(output *out, const char *p, size_t n)
{
    while (n > 0 && !out->error) {
        const ssize_t put = write(out->fd, p, n);

        if (put >= 0) {
            p += put;
            n -= (size_t)put;
        } else if (errno != EINTR) {
            out->error = errno;
        }
    }
    return out->error;
}

int output_flush(output *out)
{
    const size_t n = out->n;

    out->n = 0;
    return write_all(out, out->p, n);
}

int output_add(output *out, const char *p, size_t n)
{
    if (n > out->cap - out->n && output_flush(out) != 0)
        return out->error;
    if (n > out->cap)
        return write_all(out, p, n);
    memcpy(out->p + out->n, p, n);
    out->n += n;
    return out->error;
}
