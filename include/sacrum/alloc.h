/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_ALLOC_H
#define SACRUM_ALLOC_H

#include <sacrum/export.h>

SAC_BEGIN

/**
 * Where memory comes from. One function does all: `old` and `n` are sizes in
 * bytes, p == NULL allocates, n == 0 frees and returns NULL, else the block is
 * resized as by realloc(). A block is aligned for any type. On failure it
 * returns NULL and leaves the old block as it was; shrinking never fails.
 *
 * Threads: called from any thread, at the same time.
 */
typedef struct sac_alloc {
    size_t size; /**< sizeof this struct. */
    void *(*resize)(void *self, void *p, size_t old, size_t n);
    void *self;
} sac_alloc;
#define SAC_ALLOC(...) { .size = sizeof(sac_alloc), __VA_ARGS__ }

/** The allocator over malloc(); what a NULL allocator stands for. Threads: any. */
SAC_API const sac_alloc *sac_alloc_default(void);

SAC_END

#endif
