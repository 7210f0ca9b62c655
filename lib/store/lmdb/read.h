/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_READ_H
#define STORE_LMDB_READ_H

#include "store/lmdb/env.h"

/* The slots that read, but for the environment instead of `self`. */
int sac__lmdb_get(sac__lmdb_env *env, const char *collection, sac_value id, const sac_sink *sink,
                  sac_err *err);
int sac__lmdb_find(sac__lmdb_env *env, const sac_query *query, const sac_alloc *alloc,
                   const sac_cursor_ops **ops, void **cursor, sac_err *err);
int sac__lmdb_count(sac__lmdb_env *env, const sac_query *query, int64_t *count, sac_err *err);
int sac__lmdb_revision(sac__lmdb_env *env, const char *collection, uint64_t *revision,
                       sac_err *err);
int sac__lmdb_collections(sac__lmdb_env *env, int (*name)(void *self, const char *name), void *self,
                          sac_err *err);
/* Reads every document of every collection, in pieces, so that no snapshot is held long. */
int sac__lmdb_check(sac__lmdb_env *env, const sac_alloc *alloc, sac_err *err);

#endif
