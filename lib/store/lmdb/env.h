/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_ENV_H
#define STORE_LMDB_ENV_H

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include <sacrum/impl/store.h>

#include "store/lmdb/uri.h"

typedef struct sac__lmdb_collection sac__lmdb_collection;
typedef struct sac__lmdb_env sac__lmdb_env;

/* A read transaction that is renewed for each call and idle in between. */
typedef struct sac__lmdb_reader {
    MDB_txn *txn;
    atomic_uint below; /* index + 1 of the next on the stack of idle ones */
} sac__lmdb_reader;

/*
 * One open file in this process: shared by every store on it, as LMDB forbids
 * a second environment. It outlives the store that made it, so its memory is
 * malloc's, not a store's.
 */
struct sac__lmdb_env {
    sac__lmdb_env *next; /* in the list of open files */
    dev_t dev;
    ino_t ino;
    unsigned refs;

    MDB_env *mdb;
    char *path;
    size_t path_size;
    const char *label; /* what error texts call the file: the end of a long path */
    size_t map;
    unsigned max_readers;
    unsigned max_collections;

    MDB_dbi catalog;
    uint8_t secret[32];
    /*
     * Held by every transaction that may open a named database, from before it
     * begins until it has ended: LMDB gives two at once the same handle.
     */
    pthread_mutex_t dbi_lock;
    _Atomic(sac__lmdb_collection *) *table; /* open addressing; entries stay until close */
    size_t table_size;
    unsigned n_collections;  /* that are open, with dbi_lock held */
    _Atomic(MDB_dbi) *slots; /* the databases of indexes: those open come first, then 0 */
    unsigned max_slots;
    uint64_t owner;                /* this opening of the file, for leases */
    unsigned ttl;                  /* seconds between two sweeps; 0: none */
    pthread_mutex_t sets_lock;     /* to add to a collection's sets of indexes */
    _Atomic(MDB_txn *) write_txn;  /* of the group that runs, or NULL */
    struct sac__lmdb_group *group; /* the writer's */

    sac__lmdb_reader *readers; /* max_readers; those made so far come first */
    atomic_uint n_readers;
    _Atomic uint64_t idle; /* stack of idle readers: tag << 32 | index + 1 */

    pthread_t writer;
    bool writing;         /* the thread runs */
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work;
    pthread_cond_t drained;
    sac_write *first;
    sac_write *last;
    uint64_t submitted;
    uint64_t answered;
    bool waiting;
    bool closing;
    struct sac__lmdb_waiter *waiters; /* for indexes that are built */
    pthread_cond_t built;

    /* The writer's: when it looks again for what it does beside writes; mono, ms. */
    uint64_t build_at;
    uint64_t sweep_at;
};

int sac__lmdb_env_open(const sac__lmdb_uri *uri, sac__lmdb_env **out, sac_err *err);
/* Waits until what was submitted before is answered; the last one out closes the file. */
void sac__lmdb_env_close(sac__lmdb_env *env);

/* A reader of the newest snapshot; SAC_EUNAVAILABLE when all are in use. */
int sac__lmdb_reader_begin(sac__lmdb_env *env, sac__lmdb_reader **out, sac_err *err);
void sac__lmdb_reader_end(sac__lmdb_env *env, sac__lmdb_reader *reader);
/* Ends it so that named databases opened in it stay open. An LMDB code. */
int sac__lmdb_reader_commit(sac__lmdb_env *env, sac__lmdb_reader *reader);

/* The sacrum error for an LMDB or system error, with a text that names the file. */
int sac__lmdb_fail(const sac__lmdb_env *env, int rc, sac_err *err);

#endif
