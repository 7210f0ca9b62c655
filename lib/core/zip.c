/* SPDX-License-Identifier: MIT */
#include "core/zip.h"

#include <stddef.h>

#include "core/alloc.h"

/* zlib does not say how large a block is when it frees it. */
typedef union block {
    size_t n;
    max_align_t align;
} block;

static voidpf get_block(voidpf self, uInt items, uInt size)
{
    const size_t n = sizeof(block) + (size_t)items * size;
    block *got = sac__alloc(self, n);

    if (!got)
        return Z_NULL;
    got->n = n;
    return got + 1;
}

static void free_block(voidpf self, voidpf p)
{
    block *got = (block *)p - 1;

    sac__alloc_free(self, got, got->n);
}

z_stream sac__zip_stream(const sac_alloc *alloc)
{
    return (z_stream){.zalloc = get_block, .zfree = free_block, .opaque = (voidpf)(uintptr_t)alloc};
}
