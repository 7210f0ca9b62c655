/* SPDX-License-Identifier: MIT */
#ifndef QUERY_SCRATCH_H
#define QUERY_SCRATCH_H

#include "core/alloc.h"
#include "core/arena.h"
#include <sacrum/err.h>

/* An arena of its own, for what is compiled or for the time of one call. */
typedef struct sac__scratch {
    sac__arena_cache *cache;
    sac__arena *arena;
} sac__scratch;

static inline int sac__scratch_open(sac__scratch *scratch, const sac_alloc *alloc)
{
    int rc = sac__arena_cache_new(alloc, 4096, 0, &scratch->cache);

    if (rc != SAC_OK)
        return rc;
    scratch->arena = sac__arena_open(scratch->cache, SIZE_MAX);
    if (scratch->arena)
        return SAC_OK;
    sac__arena_cache_free(scratch->cache);
    return SAC_ENOMEM;
}

static inline void sac__scratch_close(sac__scratch *scratch)
{
    sac__arena_close(scratch->arena);
    sac__arena_cache_free(scratch->cache);
}

/* Hands out the first n bytes of a block of `cap` as a block of that size. */
static inline int sac__block_give(const sac_alloc *alloc, char **p, size_t *cap, size_t n,
                                  sac_str *out)
{
    char *given = sac__alloc_resize(alloc, *p, *cap, n);

    if (!given)
        return SAC_ENOMEM;
    *p = NULL;
    *cap = 0;
    *out = sac_str_n(given, n);
    return SAC_OK;
}

#endif
