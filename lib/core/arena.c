/* SPDX-License-Identifier: MIT */
#include "core/arena.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include <openssl/crypto.h>

#include "core/alloc.h"

#include <sacrum/err.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISON 1
#endif
#endif

#ifdef ARENA_POISON
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define ALIGNMENT _Alignof(max_align_t)
#define SMALLEST_BLOCK 1024

typedef struct block {
    _Alignas(max_align_t) struct block *next;
} block;

/* Stands before a piece that has memory of its own. */
typedef struct large {
    _Alignas(max_align_t) struct large *next;
    struct large *prev;
    size_t n; /* of the piece */
} large;

typedef struct deferred {
    struct deferred *next;
    void (*fn)(void *self);
    void *self;
} deferred;

struct sac__arena_cache {
    const sac_alloc *alloc;
    size_t block_size;
    size_t max_kept;
    _Atomic(block *) spare; /* one of those kept: most requests need no more, and no lock */
    pthread_mutex_t lock;
    block *kept; /* under lock */
    size_t n_kept;
};

struct sac__arena {
    sac_alloc view;
    sac__arena_cache *cache;
    char *p, *end; /* what is free in the newest block */
    block *blocks;
    large *larges;
    deferred *defers;
    size_t used, cap;
    bool capped, wiped;
};

int sac__arena_cache_new(const sac_alloc *alloc, size_t block_size, size_t max_kept,
                         sac__arena_cache **out)
{
    sac__arena_cache *cache;

    if (block_size < SMALLEST_BLOCK)
        return SAC_EINVAL;
    cache = sac__alloc_zero(alloc, sizeof *cache);
    if (!cache)
        return SAC_ENOMEM;
    if (pthread_mutex_init(&cache->lock, NULL) != 0) {
        sac__alloc_free(alloc, cache, sizeof *cache);
        return SAC_ENOMEM;
    }
    cache->alloc = alloc;
    cache->block_size = block_size;
    cache->max_kept = max_kept;
    *out = cache;
    return SAC_OK;
}

static void free_blocks(sac__arena_cache *cache, block *list)
{
    block *next;

    for (; list; list = next) {
        next = list->next;
        ASAN_UNPOISON_MEMORY_REGION(list, cache->block_size);
        sac__alloc_free(cache->alloc, list, cache->block_size);
    }
}

void sac__arena_cache_free(sac__arena_cache *cache)
{
    if (!cache)
        return;
    free_blocks(cache, cache->spare);
    free_blocks(cache, cache->kept);
    pthread_mutex_destroy(&cache->lock);
    sac__alloc_free(cache->alloc, cache, sizeof *cache);
}

static block *take_kept(sac__arena_cache *cache)
{
    block *b;

    pthread_mutex_lock(&cache->lock);
    b = cache->kept;
    if (b) {
        cache->kept = b->next;
        cache->n_kept--;
    }
    pthread_mutex_unlock(&cache->lock);
    return b;
}

static block *take_block(sac__arena_cache *cache)
{
    block *b = atomic_exchange_explicit(&cache->spare, NULL, memory_order_acquire);

    if (!b)
        b = take_kept(cache);
    if (!b) {
        b = sac__alloc(cache->alloc, cache->block_size);
        if (b)
            ASAN_POISON_MEMORY_REGION(b + 1, cache->block_size - sizeof *b);
    }
    return b;
}

/* Keeps the first of a chain of blocks without the lock, if it can; what is left. */
static block *give_spare(sac__arena_cache *cache, block *list)
{
    block *rest = list->next;
    block *none = NULL;

    list->next = NULL;
    if (cache->max_kept > 0 &&
        atomic_compare_exchange_strong_explicit(&cache->spare, &none, list, memory_order_release,
                                                memory_order_relaxed))
        return rest;
    list->next = rest;
    return list;
}

/* Keeps as many of a chain of blocks as the cache has room for. */
static void give_blocks(sac__arena_cache *cache, block *list)
{
    block *next;

    for (block *b = list; b; b = b->next)
        ASAN_POISON_MEMORY_REGION(b + 1, cache->block_size - sizeof *b);
    list = give_spare(cache, list);
    if (!list)
        return;
    pthread_mutex_lock(&cache->lock);
    while (list && cache->n_kept + 1 < cache->max_kept) {
        next = list->next;
        list->next = cache->kept;
        cache->kept = list;
        cache->n_kept++;
        list = next;
    }
    pthread_mutex_unlock(&cache->lock);
    free_blocks(cache, list);
}

static void *view_resize(void *self, void *p, size_t old, size_t n)
{
    return sac__arena_resize(self, p, old, n);
}

sac__arena *sac__arena_open(sac__arena_cache *cache, size_t cap)
{
    block *b = take_block(cache);
    sac__arena *arena;

    if (!b)
        return NULL;
    b->next = NULL;
    arena = (sac__arena *)(b + 1);
    ASAN_UNPOISON_MEMORY_REGION(arena, sizeof *arena);
    *arena = (sac__arena){.view = SAC_ALLOC(.resize = view_resize, .self = arena),
                          .cache = cache,
                          .p = (char *)(arena + 1),
                          .end = (char *)b + cache->block_size,
                          .blocks = b,
                          .cap = cap};
    return arena;
}

static void wipe_blocks(const sac__arena_cache *cache, block *list)
{
    do {
        ASAN_UNPOISON_MEMORY_REGION(list, cache->block_size);
        OPENSSL_cleanse(list + 1, cache->block_size - sizeof *list);
    } while ((list = list->next));
}

void sac__arena_close(sac__arena *arena)
{
    sac__arena_cache *cache;
    block *blocks;
    deferred *d;
    large *l;

    if (!arena)
        return;
    while ((d = arena->defers)) {
        arena->defers = d->next;
        d->fn(d->self);
    }
    cache = arena->cache;
    blocks = arena->blocks;
    while ((l = arena->larges)) {
        arena->larges = l->next;
        if (arena->wiped)
            OPENSSL_cleanse(l + 1, l->n);
        sac__alloc_free(cache->alloc, l, sizeof *l + l->n);
    }
    if (arena->wiped)
        wipe_blocks(cache, blocks);
    give_blocks(cache, blocks);
}

void sac__arena_wipe(sac__arena *arena)
{
    arena->wiped = true;
}

/* Counts n bytes as given out, if the cap allows them. */
static bool charge(sac__arena *arena, size_t n)
{
    if (n > arena->cap - arena->used) {
        arena->capped = true;
        return false;
    }
    arena->used += n;
    return true;
}

static bool is_large(const sac__arena *arena, size_t n)
{
    return n > arena->cache->block_size / 4;
}

static void link_large(sac__arena *arena, large *l)
{
    if (l->next)
        l->next->prev = l;
    if (l->prev)
        l->prev->next = l;
    else
        arena->larges = l;
}

static void unlink_large(sac__arena *arena, const large *l)
{
    if (l->next)
        l->next->prev = l->prev;
    if (l->prev)
        l->prev->next = l->next;
    else
        arena->larges = l->next;
}

static void *get_large(sac__arena *arena, size_t n)
{
    large *l = n > SIZE_MAX - sizeof *l ? NULL : sac__alloc(arena->cache->alloc, sizeof *l + n);

    if (!l)
        return NULL;
    *l = (large){.next = arena->larges, .n = n};
    link_large(arena, l);
    return l + 1;
}

static void *get_from_new_block(sac__arena *arena, size_t n)
{
    block *b = take_block(arena->cache);

    if (!b)
        return NULL;
    b->next = arena->blocks;
    arena->blocks = b;
    arena->p = (char *)(b + 1) + n;
    arena->end = (char *)b + arena->cache->block_size;
    ASAN_UNPOISON_MEMORY_REGION(b + 1, n);
    return b + 1;
}

static void *get(sac__arena *arena, size_t n, size_t alignment)
{
    char *p;
    void *other;

    n = n ? n : 1;
    if (!charge(arena, n))
        return NULL;
    p = arena->p + (-(uintptr_t)arena->p & (alignment - 1));
    if (!is_large(arena, n) && p <= arena->end && n <= (size_t)(arena->end - p)) {
        arena->p = p + n;
        ASAN_UNPOISON_MEMORY_REGION(p, n);
        return p;
    }
    other = is_large(arena, n) ? get_large(arena, n) : get_from_new_block(arena, n);
    if (!other)
        arena->used -= n;
    return other;
}

void *sac__arena_get(sac__arena *arena, size_t n)
{
    return get(arena, n, ALIGNMENT);
}

void *sac__arena_get_zero(sac__arena *arena, size_t n)
{
    void *p = get(arena, n, ALIGNMENT);

    return p ? memset(p, 0, n) : NULL;
}

void *sac__arena_bytes(sac__arena *arena, size_t n)
{
    return get(arena, n, 1);
}

static void *resize_large(sac__arena *arena, void *p, size_t old, size_t n)
{
    large *l = (large *)p - 1;
    large *moved;

    if (n > SIZE_MAX - sizeof *l || (n > old && !charge(arena, n - old)))
        return NULL;
    unlink_large(arena, l);
    moved = sac__alloc_resize(arena->cache->alloc, l, sizeof *l + l->n, sizeof *l + n);
    if (moved) {
        moved->n = n;
        link_large(arena, moved);
        if (n < old)
            arena->used -= old - n;
        return moved + 1;
    }
    link_large(arena, l);
    if (n > old)
        arena->used -= n - old;
    return n <= old ? p : NULL;
}

static void *move(sac__arena *arena, void *p, size_t old, size_t n)
{
    void *moved = get(arena, n, ALIGNMENT);

    return moved ? memcpy(moved, p, old < n ? old : n) : NULL;
}

/* The newest piece of a block ends where the free bytes begin. */
static bool resize_newest(sac__arena *arena, char *p, size_t old, size_t n)
{
    if (p + old != arena->p || is_large(arena, n) || n > (size_t)(arena->end - p))
        return false;
    if (n > old) {
        if (!charge(arena, n - old))
            return false;
        ASAN_UNPOISON_MEMORY_REGION(p + old, n - old);
    } else {
        arena->used -= old - n;
        ASAN_POISON_MEMORY_REGION(p + n, old - n);
    }
    arena->p = p + n;
    return true;
}

static void *release(sac__arena *arena, void *p, size_t old)
{
    large *l;

    if (p && is_large(arena, old)) {
        l = (large *)p - 1;
        unlink_large(arena, l);
        sac__alloc_free(arena->cache->alloc, l, sizeof *l + l->n);
        arena->used -= old;
    } else if (p) {
        (void)resize_newest(arena, p, old, 0);
    }
    return NULL;
}

void *sac__arena_resize(sac__arena *arena, void *p, size_t old, size_t n)
{
    old = p && old == 0 ? 1 : old;
    if (!p)
        return n ? get(arena, n, ALIGNMENT) : NULL;
    if (n == 0)
        return release(arena, p, old);
    /* By the size alone it is known which pieces are large: a large one that
     * shrinks to a small one is a small one that is never given back. */
    if (is_large(arena, old))
        return resize_large(arena, p, old, n);
    if (resize_newest(arena, p, old, n))
        return p;
    if (n <= old)
        return p;
    return move(arena, p, old, n);
}

sac_str sac__arena_dup(sac__arena *arena, sac_str s)
{
    char *p = s.n == SIZE_MAX ? NULL : sac__arena_bytes(arena, s.n + 1);

    if (!p)
        return sac_str_n(NULL, 0);
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return sac_str_n(p, s.n);
}

sac_str sac__arena_vprintf(sac__arena *arena, const char *format, va_list args)
{
    char small[256];
    va_list again;
    char *p = NULL;
    int n;

    va_copy(again, args);
    n = vsnprintf(small, sizeof small, format, args);
    if (n >= 0)
        p = sac__arena_bytes(arena, (size_t)n + 1);
    if (p && (size_t)n < sizeof small)
        memcpy(p, small, (size_t)n + 1);
    else if (p)
        vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    return sac_str_n(p, p ? (size_t)n : 0);
}

sac_str sac__arena_printf(sac__arena *arena, const char *format, ...)
{
    va_list args;
    sac_str s;

    va_start(args, format);
    s = sac__arena_vprintf(arena, format, args);
    va_end(args);
    return s;
}

int sac__arena_defer(sac__arena *arena, void (*fn)(void *self), void *self)
{
    deferred *d = sac__arena_get(arena, sizeof *d);

    if (!d)
        return SAC_ENOMEM;
    *d = (deferred){.next = arena->defers, .fn = fn, .self = self};
    arena->defers = d;
    return SAC_OK;
}

bool sac__arena_capped(const sac__arena *arena)
{
    return arena->capped;
}

size_t sac__arena_used(const sac__arena *arena)
{
    return arena->used;
}

const sac_alloc *sac__arena_alloc(sac__arena *arena)
{
    return &arena->view;
}
