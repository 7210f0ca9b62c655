/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_SEARCH_H
#define STORE_LMDB_SEARCH_H

#include "query/filter.h"
#include "query/sort.h"
#include "store/lmdb/doc.h"

/* What the key of a value may take: no document's is longer. */
#define SAC__LMDB_BYTES_MAX (4 * SAC_BSON_MAX)

/* A query made ready: what is asked, not yet how it is answered. */
typedef struct sac__lmdb_search {
    sac__lmdb_env *env;
    const sac_alloc *alloc;
    const sac_query *query;
    sac_filter *filter; /* NULL: every document */
    bool by_id;         /* the order is that of the ids alone */
    bool descending;    /* of the ids: by themselves, or among equal fields */
    sac__sort sort;     /* unless by_id */
    size_t n_order;     /* of its fields those before `_id` */
    /* Bounds of the ids, from the first up to but without the second; no bytes: none. */
    sac__lmdb_key low;
    sac__lmdb_key high;
    sac__buf after; /* unless by_id: the sort key to go on behind; empty: none */
} sac__lmdb_search;

/* The query is borrowed. On failure nothing is to be given to fini. */
int sac__lmdb_search_init(sac__lmdb_search *search, sac__lmdb_env *env, const sac_query *query,
                          const sac_alloc *alloc, sac_err *err);
void sac__lmdb_search_fini(sac__lmdb_search *search);

/* The key of any value; of one longer than LMDB takes as much as parts it from stored ids. */
int sac__lmdb_search_key(sac__lmdb_key *key, const sac_value *value);

/* Whether an id is within the bounds. */
bool sac__lmdb_search_has(const sac__lmdb_search *search, const MDB_val *id);

/* Order of two keys as LMDB has it. */
static inline int sac__lmdb_compare(const MDB_val *key, sac_str bound)
{
    const size_t n = key->mv_size < bound.n ? key->mv_size : bound.n;
    const int order = n > 0 ? memcmp(key->mv_data, bound.p, n) : 0;

    return order ? order : (key->mv_size > bound.n) - (key->mv_size < bound.n);
}

/* Turns bytes into the least ones behind all that begin with them; 0: there are none. */
static inline size_t sac__lmdb_past(char *bytes, size_t n)
{
    while (n > 0 && (unsigned char)bytes[n - 1] == 0xff)
        n--;
    if (n > 0)
        bytes[n - 1]++;
    return n;
}

static inline sac_str sac__lmdb_key_str(const sac__lmdb_key *key)
{
    return sac_str_n(key->bytes, key->n);
}

static inline void sac__lmdb_key_set(sac__lmdb_key *key, const MDB_val *val)
{
    key->n = val->mv_size;
    memcpy(key->bytes, val->mv_data, val->mv_size);
}

#endif
