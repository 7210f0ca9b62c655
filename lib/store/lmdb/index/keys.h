/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_INDEX_KEYS_H
#define STORE_LMDB_INDEX_KEYS_H

#include "store/lmdb/index/index.h"

/* The keys of a document in one index, in order, each once. */
typedef struct sac__lmdb_keys {
    sac__buf bytes;
    sac__buf list;
    sac__buf scratch;
    size_t n;
    bool multikey; /* there is an array in the document */
    bool was_cut;  /* a key is longer than LMDB takes */
} sac__lmdb_keys;

void sac__lmdb_keys_init(sac__lmdb_keys *keys);
void sac__lmdb_keys_fini(sac__lmdb_keys *keys);
/*
 * Fills it anew; `cut`: as the database has them. An empty `doc` has none.
 * SAC_EINVAL, SAC_ELIMIT, SAC_ENOMEM, SAC_ECORRUPT.
 */
int sac__lmdb_keys_make(sac__lmdb_keys *keys, const sac__lmdb_index *index, sac_str doc, bool cut,
                        sac_err *err);
static inline sac_str sac__lmdb_keys_at(const sac__lmdb_keys *keys, size_t i)
{
    return ((const sac_str *)(const void *)keys->list.p)[i];
}

/* The order of keys: memcmp(), the shorter one first. */
static inline int sac__lmdb_keys_order(sac_str a, sac_str b)
{
    const int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

#endif
