/* SPDX-License-Identifier: MIT */
#include "core/buf.h"

#include <stdio.h>

#include "core/alloc.h"

#define FIRST_CAP 128

void sac__buf_init(sac__buf *buf, const sac_alloc *alloc, size_t max)
{
    *buf = (sac__buf){.alloc = alloc ? alloc : sac_alloc_default(), .max = max};
}

/* No allocator marks a buffer that does not grow. */
void sac__buf_init_fixed(sac__buf *buf, char *p, size_t cap)
{
    *buf = (sac__buf){.p = p, .cap = cap, .max = cap};
}

void sac__buf_fini(sac__buf *buf)
{
    if (buf && buf->alloc) {
        sac__alloc_free(buf->alloc, buf->p, buf->cap);
        buf->p = NULL;
        buf->n = 0;
        buf->cap = 0;
    }
}

bool sac__buf_room_slow(sac__buf *buf, size_t n)
{
    size_t cap;
    char *p;

    if (buf->error)
        return false;
    if (n > buf->max || buf->n > buf->max - n) {
        buf->error = SAC_ETOOBIG;
        return false;
    }
    cap = buf->cap > buf->max / 2 ? buf->max : buf->cap * 2;
    if (cap < FIRST_CAP)
        cap = buf->max < FIRST_CAP ? buf->max : FIRST_CAP;
    if (cap < buf->n + n)
        cap = buf->n + n;
    p = sac__alloc_resize(buf->alloc, buf->p, buf->cap, cap);
    if (!p) {
        buf->error = SAC_ENOMEM;
        return false;
    }
    buf->p = p;
    buf->cap = cap;
    return true;
}

void sac__buf_add(sac__buf *buf, const void *p, size_t n)
{
    if (n > 0 && sac__buf_room(buf, n)) {
        memcpy(buf->p + buf->n, p, n);
        buf->n += n;
    }
}

void sac__buf_add_str(sac__buf *buf, sac_str s)
{
    sac__buf_add(buf, s.p, s.n);
}

void sac__buf_add_text(sac__buf *buf, const char *text)
{
    sac__buf_add(buf, text, strlen(text));
}

void sac__buf_add_char(sac__buf *buf, char c)
{
    if (sac__buf_room(buf, 1))
        buf->p[buf->n++] = c;
}

void sac__buf_add_int(sac__buf *buf, int64_t value)
{
    char digits[20];
    char *p = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do
        *--p = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        *--p = '-';
    sac__buf_add(buf, p, (size_t)(digits + sizeof digits - p));
}

void sac__buf_vprintf(sac__buf *buf, const char *format, va_list args)
{
    char small[256];
    va_list again;
    int n;

    va_copy(again, args);
    n = vsnprintf(small, sizeof small, format, args);
    if (n < 0) {
        if (!buf->error)
            buf->error = SAC_EINVAL;
    } else if ((size_t)n < sizeof small) {
        sac__buf_add(buf, small, (size_t)n);
    } else if (sac__buf_room(buf, (size_t)n + 1)) {
        /* One byte more than is kept: vsnprintf ends with a NUL. */
        vsnprintf(buf->p + buf->n, (size_t)n + 1, format, again);
        buf->n += (size_t)n;
    }
    va_end(again);
}

void sac__buf_printf(sac__buf *buf, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    sac__buf_vprintf(buf, format, args);
    va_end(args);
}
