/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_CHECK_H
#define STORE_LMDB_CHECK_H

#include "store/lmdb/env.h"

/*
 * Reads every document of every collection, and holds its indexes against it:
 * in pieces, so that no snapshot is held long.
 */
int sac__lmdb_check(sac__lmdb_env *env, const sac_alloc *alloc, sac_err *err);

#endif
