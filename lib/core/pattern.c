/* SPDX-License-Identifier: MIT */
#include "core/pattern.h"

#include <stddef.h>

#include "core/alloc.h"

/* PCRE2 frees without telling sizes. */
typedef struct piece {
    _Alignas(max_align_t) size_t n;
} piece;

static void *get_piece(PCRE2_SIZE n, void *alloc)
{
    piece *p = n > SIZE_MAX - sizeof *p ? NULL : sac__alloc(alloc, sizeof *p + n);

    if (!p)
        return NULL;
    p->n = sizeof *p + n;
    return p + 1;
}

static void free_piece(void *p, void *alloc)
{
    piece *begin = p ? (piece *)p - 1 : NULL;

    if (begin)
        sac__alloc_free(alloc, begin, begin->n);
}

pcre2_general_context *sac__pattern_memory(const sac_alloc *alloc)
{
    if (!alloc)
        alloc = sac_alloc_default();
    return pcre2_general_context_create(get_piece, free_piece, (void *)(uintptr_t)alloc);
}
