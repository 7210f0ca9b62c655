/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_INDEX_MAKE_H
#define STORE_LMDB_INDEX_MAKE_H

#include "store/lmdb/env.h"

/* The slots, but for the environment instead of `self`. */
int sac__lmdb_index_make(sac__lmdb_env *env, const char *collection, const sac_index *index,
                         sac_err *err);
int sac__lmdb_index_drop(sac__lmdb_env *env, const char *collection, const char *name,
                         sac_err *err);
int sac__lmdb_index_list(sac__lmdb_env *env, const char *collection,
                         int (*index)(void *self, const sac_index *index), void *self,
                         sac_err *err);

#endif
