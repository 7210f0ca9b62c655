/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_INDEX_LEASE_H
#define STORE_LMDB_INDEX_LEASE_H

#include "store/lmdb/group.h"

/*
 * A record of the catalog that says which open file of which process does a
 * work, and until when it may be left alone. It only spares work: what two do
 * at once, by transactions, is right too.
 */
typedef struct sac__lmdb_lease {
    bool ours; /* or nobody's, or run out */
    MDB_val rest;
} sac__lmdb_lease;

/* LMDB codes. A lease that is not there is nobody's, and its rest empty. */
int sac__lmdb_lease_get(const sac__lmdb_group *group, MDB_val key, int64_t ms,
                        sac__lmdb_lease *lease);
/* For `ms` from now on; `rest` is kept with it: at most SAC__LMDB_LEASE_REST bytes. */
enum { SAC__LMDB_LEASE_REST = 8 + SAC__LMDB_KEY_MAX };
int sac__lmdb_lease_put(sac__lmdb_group *group, MDB_val key, int64_t ms, MDB_val rest);

#endif
