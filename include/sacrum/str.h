/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_STR_H
#define SACRUM_STR_H

#include <string.h>

#include <sacrum/export.h>

SAC_BEGIN

/**
 * A slice: bytes that someone else owns, not NUL-terminated. Passed by value.
 * `p` may be NULL when `n` is 0; where a getter says so, a NULL `p` means that
 * the thing is absent, as opposed to empty.
 */
typedef struct sac_str {
    const char *p;
    size_t n;
} sac_str;

/** A slice of a NUL-terminated string; of NULL, the absent slice. */
static inline sac_str sac_str_of(const char *s)
{
    sac_str str = {s, s ? strlen(s) : 0};

    return str;
}

static inline sac_str sac_str_n(const void *p, size_t n)
{
    sac_str str = {(const char *)p, n};

    return str;
}

/** Whether two slices hold the same bytes. */
static inline bool sac_str_eq(sac_str a, sac_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/** Whether a slice holds the bytes of a NUL-terminated string. */
static inline bool sac_str_is(sac_str a, const char *s)
{
    return sac_str_eq(a, sac_str_of(s));
}

SAC_END

#endif
