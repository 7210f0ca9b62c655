/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_COUNT_H
#define STORE_LMDB_COUNT_H

#include "store/lmdb/find/search.h"
#include "store/lmdb/index/index.h"

/* The documents of a search, skip and limit aside. */
int sac__lmdb_search_count(const sac__lmdb_search *search, MDB_txn *txn,
                           const sac__lmdb_collection *of, const sac__lmdb_indexes *indexes,
                           int64_t *count, sac_err *err);

#endif
