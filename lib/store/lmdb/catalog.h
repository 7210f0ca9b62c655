/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_CATALOG_H
#define STORE_LMDB_CATALOG_H

#include "store/lmdb/env.h"

#define SAC__LMDB_NAME_MAX 64

struct sac__lmdb_indexes;

/*
 * A collection whose named database is open. The database stays when the
 * collection is dropped, only its documents go: a handle never dangles.
 */
struct sac__lmdb_collection {
    MDB_dbi dbi;
    char name[SAC__LMDB_NAME_MAX + 1];
    _Atomic(struct sac__lmdb_indexes *) indexes; /* those known, the newest first */

    /* The writer's, valid while `group` is the number of the group it runs. */
    uint64_t group;
    uint64_t revision;
    bool exists;                         /* has a record and is not dropped */
    uint32_t version;                    /* of its indexes; 0: it never had any */
    const struct sac__lmdb_indexes *now; /* of that version */
    struct sac__lmdb_indexes *fresh;     /* to be known when the group has committed */
    bool touched;
    sac__lmdb_collection *next_touched;
    sac__lmdb_collection *next_made; /* among those to publish */
};

/* The record of the file. */
typedef struct sac__lmdb_head {
    uint64_t generation; /* raised when a collection comes or goes */
    uint64_t sequence;   /* number of the last operation; never restarts */
    uint8_t secret[32];
} sac__lmdb_head;

/* The record of a collection. */
typedef struct sac__lmdb_record {
    uint64_t revision;
    bool dropped;
    uint32_t indexes; /* version of the record of its indexes; 0: there is none */
} sac__lmdb_record;

/* Open the catalog, making it in an empty file, and every collection in it. */
int sac__lmdb_catalog_open(sac__lmdb_env *env, sac_err *err);
void sac__lmdb_catalog_close(sac__lmdb_env *env);

/* The key of a record about a collection, in `bytes`. */
#define SAC__LMDB_CATALOG_KEY (SAC__LMDB_NAME_MAX + 2)
MDB_val sac__lmdb_catalog_key(char bytes[SAC__LMDB_CATALOG_KEY], char kind, const char *name);

/* These return LMDB's codes. MDB_NOTFOUND: no such record. */
int sac__lmdb_head_get(sac__lmdb_env *env, MDB_txn *txn, sac__lmdb_head *head);
int sac__lmdb_head_put(sac__lmdb_env *env, MDB_txn *txn, const sac__lmdb_head *head);
int sac__lmdb_record_get(sac__lmdb_env *env, MDB_txn *txn, const char *name,
                         sac__lmdb_record *record);
int sac__lmdb_record_put(sac__lmdb_env *env, MDB_txn *txn, const char *name,
                         const sac__lmdb_record *record);

/* The collection if this process has it open, else NULL. No lock. */
sac__lmdb_collection *sac__lmdb_collection_cached(sac__lmdb_env *env, const char *name);
/*
 * For readers: the collection, opened if another process made it; NULL and
 * SAC_OK when there is none.
 */
int sac__lmdb_collection_find(sac__lmdb_env *env, const char *name, sac__lmdb_collection **out,
                              sac_err *err);
/* Open a named database in `txn`, begun and ended with dbi_lock held. An LMDB code. */
int sac__lmdb_collection_make(sac__lmdb_env *env, MDB_txn *txn, const char *name, unsigned flags,
                              sac__lmdb_collection **out);
/* After the commit of that transaction: let everyone see it. */
void sac__lmdb_collection_publish(sac__lmdb_env *env, sac__lmdb_collection *made);
/* Instead, when it did not commit. */
void sac__lmdb_collection_discard(sac__lmdb_env *env, sac__lmdb_collection *made);

/* Each name in the catalog as of `txn`, dropped ones aside; non-zero stops and is returned. */
int sac__lmdb_catalog_each(sac__lmdb_env *env, MDB_txn *txn,
                           int (*name)(void *self, const char *name), void *self, sac_err *err);

#endif
