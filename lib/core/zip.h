/* SPDX-License-Identifier: MIT */
#ifndef CORE_ZIP_H
#define CORE_ZIP_H

#include <zlib.h>

#include <sacrum/alloc.h>

/* A stream for deflateInit2() and inflateInit2() that takes its memory from an allocator. */
z_stream sac__zip_stream(const sac_alloc *alloc);

#endif
