/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_INDEX_SET_H
#define STORE_LMDB_INDEX_SET_H

#include "store/lmdb/group.h"
#include "store/lmdb/index/index.h"

/* All return LMDB codes where they do not say otherwise. */

/* The whole chain. */
void sac__lmdb_indexes_free(sac__lmdb_indexes *first);

/*
 * The set of a version, which the transaction sees, from those known or from
 * its record, and then known. MDB_BAD_DBI: a database of it is not open yet.
 */
int sac__lmdb_indexes_load(sac__lmdb_env *env, MDB_txn *txn, sac__lmdb_collection *of,
                           uint32_t version, const sac__lmdb_indexes **out);
/* Make the indexes of a collection these, in the group's transaction. */
int sac__lmdb_indexes_put(sac__lmdb_group *group, sac__lmdb_collection *of,
                          const sac__lmdb_index *v, size_t n);
/* A copy of the group's set to change and put: `n` + `more` places; free() it. NULL: no memory. */
sac__lmdb_index *sac__lmdb_indexes_edit(const sac__lmdb_indexes *set, size_t more);
/* What the group made is known from now on. */
void sac__lmdb_indexes_publish(sac__lmdb_env *env, sac__lmdb_collection *of);

/*
 * The next collection behind `name`, which it becomes, with an index that is
 * to be built, or that has dates that expire. MDB_NOTFOUND: none.
 */
int sac__lmdb_indexes_next(const sac__lmdb_env *env, MDB_txn *txn, bool expiring,
                           char name[SAC__LMDB_NAME_MAX + 1]);

/* Of the name in a set, or NULL. */
const sac__lmdb_index *sac__lmdb_index_named(const sac__lmdb_indexes *set, const char *name);

/*
 * Databases of indexes are numbered from 0 on; one is made when all are in use,
 * and never removed. To open those that there are now:
 */
int sac__lmdb_slots_open(sac__lmdb_env *env);
/* One more, in a transaction of its own. */
int sac__lmdb_slots_add(sac__lmdb_env *env);
/* One that no index uses. MDB_NOTFOUND: all are in use. */
int sac__lmdb_slots_take(sac__lmdb_group *group, unsigned *slot);

#endif
