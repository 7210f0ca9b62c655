/* SPDX-License-Identifier: MIT */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include <stdarg.h>

#include <sacrum/alloc.h>
#include <sacrum/str.h>

/*
 * A request's memory: bump allocation in blocks from a cache, freed at once,
 * with a cap and with deferred calls that run last in, first out. One thread
 * at a time. Every getter returns NULL when memory or the cap ends; the arena
 * remembers which (`capped`).
 */

/* Blocks of one size kept for the next request; shared by threads. */
typedef struct sac__arena_cache sac__arena_cache;

int sac__arena_cache_new(const sac_alloc *alloc, size_t block_size, size_t max_kept,
                         sac__arena_cache **out);
void sac__arena_cache_free(sac__arena_cache *cache);

typedef struct sac__arena sac__arena;

/* The arena itself lives in its first block. `cap` counts all bytes given out. */
sac__arena *sac__arena_open(sac__arena_cache *cache, size_t cap);
/* Runs the deferred calls, then gives every block back. NULL is a no-op. */
void sac__arena_close(sac__arena *arena);

void *sac__arena_get(sac__arena *arena, size_t n); /* aligned for any type */
void *sac__arena_get_zero(sac__arena *arena, size_t n);
void *sac__arena_bytes(sac__arena *arena, size_t n); /* any alignment */
/* Grows the newest piece in place where it can. */
void *sac__arena_resize(sac__arena *arena, void *p, size_t old, size_t n);
sac_str sac__arena_dup(sac__arena *arena, sac_str s); /* NUL behind it; p NULL on failure */
sac_str sac__arena_printf(sac__arena *arena, const char *format, ...) SAC_PRINTF(2, 3);
sac_str sac__arena_vprintf(sac__arena *arena, const char *format, va_list args);

/* 0 or SAC_ENOMEM, and then nothing is deferred. */
int sac__arena_defer(sac__arena *arena, void (*fn)(void *self), void *self) SAC_MUST_USE;

/* What it holds when it is closed is wiped then: there are secrets in it. */
void sac__arena_wipe(sac__arena *arena);

bool sac__arena_capped(const sac__arena *arena); /* the cap, not the system, said no */
size_t sac__arena_used(const sac__arena *arena);

/* The arena as an allocator: freeing is a no-op but for the newest piece. */
const sac_alloc *sac__arena_alloc(sac__arena *arena);

#endif
