/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_COLLECT_H
#define STORE_LMDB_COLLECT_H

#include "store/lmdb/find/walk.h"

/*
 * The ids of all documents of a search in its order, made in memory; with
 * `keep` > 0 the first so many. `*count` is the number of all.
 * SAC_LATER when the plan's index leads to so many documents that reading all
 * of them by their ids is better.
 */
int sac__lmdb_collect(sac__lmdb_walk *walk, size_t keep, sac__sorter **out, int64_t *count,
                      sac_err *err);

/*
 * Whether the entry's document comes behind the position of the search, in an
 * order that the walk does not give: 1, 0 or an error. `key` gets its sort key.
 */
int sac__lmdb_collect_key(const sac__lmdb_walk *walk, MDB_val *doc, sac__buf *key, sac_err *err);

#endif
