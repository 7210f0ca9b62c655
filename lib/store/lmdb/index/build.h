/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_INDEX_BUILD_H
#define STORE_LMDB_INDEX_BUILD_H

#include "store/lmdb/group.h"
#include "store/lmdb/index/index.h"

/* What one transaction of such work in the background may take. */
enum { SAC__LMDB_STEP_DOCS = 1000, SAC__LMDB_STEP_NS = 5000000 };

/* Who waits for an index, in memory of his. Guarded by env->lock. */
typedef struct sac__lmdb_waiter {
    struct sac__lmdb_waiter *next;
    const char *collection;
    const char *name;
    sac_err failed; /* its code: why the index did not come to be */
} sac__lmdb_waiter;

/*
 * One step of building what is to be built, in a transaction of its own.
 * Milliseconds until the next; < 0: there is nothing to build.
 */
int64_t sac__lmdb_build_step(sac__lmdb_group *group);
/* Forget how far a build had come. An LMDB code. */
int sac__lmdb_build_forget(sac__lmdb_group *group, const sac__lmdb_collection *of);
/* Take an index out of the catalog and empty its database. An LMDB code. */
int sac__lmdb_build_remove(sac__lmdb_group *group, sac__lmdb_collection *of,
                           const sac__lmdb_index *index);

#endif
