/* SPDX-License-Identifier: MIT */
#include "core/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *malloc_resize(void *self, void *p, size_t old, size_t n)
{
    (void)self;
    (void)old;
    if (n == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, n);
}

static const sac_alloc malloc_alloc = SAC_ALLOC(.resize = malloc_resize);

const sac_alloc *sac_alloc_default(void)
{
    return &malloc_alloc;
}

/* A piece of no bytes is asked for as one byte: NULL always means no memory. */
static size_t at_least_one(size_t n)
{
    return n ? n : 1;
}

static void *call(const sac_alloc *alloc, void *p, size_t old, size_t n)
{
    if (!alloc)
        alloc = &malloc_alloc;
    return alloc->resize(alloc->self, p, old, n);
}

void *sac__alloc(const sac_alloc *alloc, size_t n)
{
    return call(alloc, NULL, 0, at_least_one(n));
}

void *sac__alloc_zero(const sac_alloc *alloc, size_t n)
{
    void *p = sac__alloc(alloc, n);

    return p ? memset(p, 0, at_least_one(n)) : NULL;
}

void *sac__alloc_resize(const sac_alloc *alloc, void *p, size_t old, size_t n)
{
    return call(alloc, p, p ? at_least_one(old) : 0, at_least_one(n));
}

void sac__alloc_free(const sac_alloc *alloc, void *p, size_t n)
{
    if (p)
        call(alloc, p, at_least_one(n), 0);
}
