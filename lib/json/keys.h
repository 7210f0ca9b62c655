/* SPDX-License-Identifier: MIT */
#ifndef JSON_KEYS_H
#define JSON_KEYS_H

#include <sacrum/alloc.h>
#include <sacrum/err.h>
#include <sacrum/str.h>

#include "core/hash.h"

/*
 * Which keys a document has had. Levels are opened and ended innermost last.
 * Few keys are compared one by one, and only where a small filter has seen
 * something alike; many go to a table under a secret hash.
 */
#define SAC__KEYS_FEW 64

typedef struct sac__key_table sac__key_table;

typedef struct sac__keys {
    const sac_alloc *alloc;
    size_t top;
    bool seeded;
    sac__hash_key secret;
    sac_str stack[4 * SAC__KEYS_FEW];
} sac__keys;

typedef struct sac__key_level {
    uint64_t filter[4];
    size_t base, n;
    sac__key_table *table;
} sac__key_level;

static inline void sac__keys_init(sac__keys *keys, const sac_alloc *alloc)
{
    keys->alloc = alloc;
    keys->top = 0;
    keys->seeded = false;
}

static inline void sac__keys_begin(const sac__keys *keys, sac__key_level *level)
{
    memset(level->filter, 0, sizeof level->filter);
    level->base = keys->top;
    level->n = 0;
    level->table = NULL;
}

void sac__keys_end(sac__keys *keys, sac__key_level *level);

int sac__keys_add_slow(sac__keys *keys, sac__key_level *level, sac_str key);

/* Eight bits of a key, by its length and ends. */
static inline unsigned sac__keys_mix(sac_str key)
{
    uint64_t first = 0, last = 0;

    if (key.n >= 8) {
        memcpy(&first, key.p, 8);
        memcpy(&last, key.p + key.n - 8, 8);
    } else if (key.n >= 4) {
        memcpy(&first, key.p, 4);
        memcpy(&last, key.p + key.n - 4, 4);
    } else if (key.n > 0) {
        first = (unsigned char)key.p[0];
        last = (uint64_t)(unsigned char)key.p[key.n / 2] << 8 | (unsigned char)key.p[key.n - 1];
    }
    first = (first ^ key.n) * UINT64_C(0x9e3779b97f4a7c15);
    first ^= last * UINT64_C(0xc2b2ae3d27d4eb4f);
    return (unsigned)((first ^ first >> 29) * UINT64_C(0x9e3779b97f4a7c15) >> 56);
}

/*
 * 1 the key is new here, 0 it was here before, or SAC_ENOMEM, SAC_EIO. `key` is
 * borrowed; `mix` is below 256 and a function of the key's bytes alone.
 */
static inline int sac__keys_add_mixed(sac__keys *keys, sac__key_level *level, sac_str key,
                                      unsigned mix)
{
    uint64_t *word = &level->filter[mix >> 6];
    const uint64_t bit = (uint64_t)1 << (mix & 63);

    if ((*word & bit) || level->n == SAC__KEYS_FEW || level->table ||
        keys->top == sizeof keys->stack / sizeof *keys->stack)
        return sac__keys_add_slow(keys, level, key);
    *word |= bit;
    keys->stack[keys->top++] = key;
    level->n++;
    return 1;
}

static inline int sac__keys_add(sac__keys *keys, sac__key_level *level, sac_str key)
{
    return sac__keys_add_mixed(keys, level, key, sac__keys_mix(key));
}

#endif
