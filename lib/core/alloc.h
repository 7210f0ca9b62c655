/* SPDX-License-Identifier: MIT */
#ifndef CORE_ALLOC_H
#define CORE_ALLOC_H

#include <sacrum/alloc.h>

/* A NULL allocator is the default one in all of these. */
void *sac__alloc(const sac_alloc *alloc, size_t n);
void *sac__alloc_zero(const sac_alloc *alloc, size_t n);
void *sac__alloc_resize(const sac_alloc *alloc, void *p, size_t old, size_t n);
void sac__alloc_free(const sac_alloc *alloc, void *p, size_t n); /* p may be NULL */

#endif
