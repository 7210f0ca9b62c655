/* SPDX-License-Identifier: MIT */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include <stdarg.h>

#include <sacrum/alloc.h>
#include <sacrum/err.h>
#include <sacrum/str.h>

/*
 * A growing byte buffer with a maximum and a sticky error: append freely, look
 * at `error` once. After an error appends do nothing.
 */
typedef struct sac__buf {
    const sac_alloc *alloc;
    char *p;
    size_t n, cap, max;
    int error; /* SAC_OK, SAC_ENOMEM, SAC_ETOOBIG or what a user of it set */
} sac__buf;

void sac__buf_init(sac__buf *buf, const sac_alloc *alloc, size_t max);
/* A buffer over memory that does not grow: past `cap` it is SAC_ETOOBIG. */
void sac__buf_init_fixed(sac__buf *buf, char *p, size_t cap);
void sac__buf_fini(sac__buf *buf);

/* Room for `n` more bytes at p + n; false and a sticky error if there is none. */
bool sac__buf_room_slow(sac__buf *buf, size_t n);
static inline bool sac__buf_room(sac__buf *buf, size_t n)
{
    return (buf->cap - buf->n >= n && !buf->error) || sac__buf_room_slow(buf, n);
}

void sac__buf_add(sac__buf *buf, const void *p, size_t n);
void sac__buf_add_str(sac__buf *buf, sac_str s);
void sac__buf_add_text(sac__buf *buf, const char *text);
void sac__buf_add_char(sac__buf *buf, char c);
void sac__buf_add_int(sac__buf *buf, int64_t value);
void sac__buf_printf(sac__buf *buf, const char *format, ...) SAC_PRINTF(2, 3);
void sac__buf_vprintf(sac__buf *buf, const char *format, va_list args);

static inline sac_str sac__buf_str(const sac__buf *buf)
{
    return sac_str_n(buf->p, buf->n);
}

#endif
