/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_READ_H
#define STORE_LMDB_READ_H

#include "store/lmdb/env.h"

/* The slots that read, but for the environment instead of `self`. */
int sac__lmdb_get(sac__lmdb_env *env, const char *collection, sac_value id, const sac_sink *sink,
                  sac_err *err);
int sac__lmdb_revision(sac__lmdb_env *env, const char *collection, uint64_t *revision,
                       sac_err *err);
int sac__lmdb_collections(sac__lmdb_env *env, int (*name)(void *self, const char *name), void *self,
                          sac_err *err);
/* The revision of a collection, 0 when it has no record, to `snapshot`. An LMDB code. */
int sac__lmdb_snapshot(sac__lmdb_env *env, MDB_txn *txn, const char *collection,
                       sac_snapshot *snapshot);

#endif
