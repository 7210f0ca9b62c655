/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_GROUP_H
#define STORE_LMDB_GROUP_H

#include "store/lmdb/catalog.h"

/*
 * Writes that share one transaction. Run on the writer's thread: begin, apply
 * one by one, commit or abort. dbi_lock is held all the while.
 */
typedef struct sac__lmdb_group {
    sac__lmdb_env *env;
    uint64_t number; /* of this group since the file was opened; never 0 */
    MDB_txn *txn;
    sac__lmdb_head head;
    size_t bytes;                  /* of documents written so far */
    bool recorded;                 /* the generation has changed */
    sac__lmdb_collection *touched; /* whose records are to be written */
    sac__lmdb_collection *made;    /* to be published at commit */
} sac__lmdb_group;

/* All return LMDB codes. After an error the group is to be aborted. */
int sac__lmdb_group_begin(sac__lmdb_group *group);
/* 0 also when the write was refused: its result says so, and it left no trace. */
int sac__lmdb_group_apply(sac__lmdb_group *group, sac_write *write);
/* Durable when it returns 0. Ends the group either way. */
int sac__lmdb_group_commit(sac__lmdb_group *group);
void sac__lmdb_group_abort(sac__lmdb_group *group);

#endif
