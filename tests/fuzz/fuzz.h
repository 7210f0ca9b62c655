/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <sacrum/str.h>

#include "core/arena.h"

/* One target: libFuzzer calls it, or driver.c with the files of a corpus. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must be true of any input. */
#define HOLD(condition) ((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__))

static inline void fuzz_broken(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

/* Whether a slice lies in another one. */
static inline bool fuzz_within(sac_str inner, sac_str outer)
{
    return inner.p >= outer.p && inner.n <= outer.n && inner.p + inner.n <= outer.p + outer.n;
}

/* Takes the first byte; 0 where there is none. */
static inline unsigned fuzz_byte(sac_str *rest)
{
    const unsigned byte = rest->n ? (unsigned char)*rest->p : 0;

    if (rest->n)
        *rest = sac_str_n(rest->p + 1, rest->n - 1);
    return byte;
}

/* Takes what stands before the next newline, and that. */
static inline sac_str fuzz_line(sac_str *rest)
{
    const char *end = rest->n ? (const char *)memchr(rest->p, '\n', rest->n) : NULL;
    const sac_str line = sac_str_n(rest->p, end ? (size_t)(end - rest->p) : rest->n);

    *rest = end ? sac_str_n(end + 1, rest->n - line.n - 1) : sac_str_n(rest->p + rest->n, 0);
    return line;
}

/* A cache that is made once and an arena for one input. */
static inline sac__arena *fuzz_arena(void)
{
    static sac__arena_cache *cache;
    sac__arena *arena;

    HOLD(cache || sac__arena_cache_new(NULL, 4096, 4, &cache) == 0);
    arena = sac__arena_open(cache, (size_t)64 << 20);
    HOLD(arena != NULL);
    return arena;
}

/* Whether it is one JSON value in UTF-8 by RFC 8259, told without the library. */
bool fuzz_is_json(sac_str text);

#endif
