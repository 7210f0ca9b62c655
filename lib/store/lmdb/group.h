/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_GROUP_H
#define STORE_LMDB_GROUP_H

#include "store/lmdb/doc.h"

/*
 * Writes that share one transaction. Run on the writer's thread: begin, apply
 * one by one, commit or abort. dbi_lock is held all the while.
 */
typedef struct sac__lmdb_group sac__lmdb_group;
struct sac__lmdb_group {
    sac__lmdb_env *env;
    uint64_t number; /* of this group since the file was opened; never 0 */
    MDB_txn *txn;    /* while a child of it runs, that one */
    sac__lmdb_head head;
    size_t bytes;                  /* of documents written so far */
    bool recorded;                 /* the generation has changed */
    bool dirty;                    /* to be committed, even if no collection was touched */
    sac__lmdb_collection *touched; /* whose records are to be written */
    sac__lmdb_collection *made;    /* to be published at commit */
    struct sac__lmdb_delta *delta;
};

/* A transaction inside the group's, for what may have to be taken back. */
typedef struct sac__lmdb_child {
    MDB_txn *parent;
    const struct sac__lmdb_indexes *now;
    struct sac__lmdb_indexes *fresh;
    uint32_t version;
} sac__lmdb_child;

/* A write of the store's own, on the writer's thread in its turn. */
enum { SAC__LMDB_TASK = 1000 };
typedef struct sac__lmdb_task sac__lmdb_task;
struct sac__lmdb_task {
    sac_write write; /* first; of this kind */
    int (*run)(sac__lmdb_group *group, sac__lmdb_task *task);
};

/* All return LMDB codes. After an error the group is to be aborted. */
int sac__lmdb_group_begin(sac__lmdb_group *group);
/* 0 also when the write was refused: its result says so, and it left no trace. */
int sac__lmdb_group_apply(sac__lmdb_group *group, sac_write *write);
/* Durable when it returns 0. Ends the group either way. */
int sac__lmdb_group_commit(sac__lmdb_group *group);
void sac__lmdb_group_abort(sac__lmdb_group *group);

/* One that the group or the process has open, or NULL. */
sac__lmdb_collection *sac__lmdb_group_known(const sac__lmdb_group *group, const char *name);
/*
 * The collection with what the catalog says of it, opened where another process
 * made it or `flags` is MDB_CREATE; else MDB_NOTFOUND. MDB_BAD_DBI: the group
 * is to be run again with every database of an index open.
 */
int sac__lmdb_group_collection(sac__lmdb_group *group, const char *name, unsigned flags,
                               sac__lmdb_collection **out);
/* Its record is to be written at commit. */
void sac__lmdb_group_note(sac__lmdb_group *group, sac__lmdb_collection *of);
/* It is there from now on, if it was not. */
void sac__lmdb_group_exists(sac__lmdb_group *group, sac__lmdb_collection *of);
/* Its documents have changed: the operation takes the next number, which it returns. */
uint64_t sac__lmdb_group_touch(sac__lmdb_group *group, sac__lmdb_collection *of);
int sac__lmdb_child_begin(sac__lmdb_group *group, const sac__lmdb_collection *of,
                          sac__lmdb_child *child);
/* Keep what it did, or take it back; also when it cannot be kept. */
int sac__lmdb_child_end(sac__lmdb_group *group, sac__lmdb_collection *of,
                        const sac__lmdb_child *child, bool keep);
/*
 * Show a document to `decide` and do what it says: write->changed counts up.
 * Its revision is the next number. 0 also when the write is refused. `*of` may
 * be NULL where nothing is stored.
 */
int sac__lmdb_group_change(sac__lmdb_group *group, sac__lmdb_collection **of,
                           const sac__lmdb_key *key, const sac_view *stored, sac_write *write);
/* Remove a document with its entries in indexes. 0 also when the write is refused. */
int sac__lmdb_group_remove(sac__lmdb_group *group, sac__lmdb_collection *of,
                           const sac__lmdb_key *key, const sac_view *stored, sac_write *write);

#endif
