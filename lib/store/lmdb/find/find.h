/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_FIND_H
#define STORE_LMDB_FIND_H

#include "store/lmdb/index/index.h"

/* The slots, but for the environment instead of `self`. */
int sac__lmdb_find(sac__lmdb_env *env, const sac_query *query, const sac_alloc *alloc,
                   const sac_cursor_ops **ops, void **cursor, sac_err *err);
int sac__lmdb_count(sac__lmdb_env *env, const sac_query *query, int64_t *count, sac_err *err);
int sac__lmdb_explain(sac__lmdb_env *env, const sac_query *query, sac_explain *out, sac_err *err);

/*
 * In a transaction of the caller's: the key of every document of the query's
 * filter and bounds, once each, in any order. `each`: non-zero stops and is
 * returned. For writes by query, which collect first.
 */
int sac__lmdb_find_keys(sac__lmdb_env *env, MDB_txn *txn, const sac__lmdb_collection *of,
                        const sac_query *query, int (*each)(void *self, const MDB_val *key),
                        void *self, sac_err *err);

#endif
