/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_INDEX_H
#define STORE_LMDB_INDEX_H

#include "core/buf.h"
#include "query/sort.h"
#include "store/lmdb/doc.h"

/*
 * An index is a named database with MDB_DUPSORT: key, the keys of the fields
 * one behind the other (complemented where they descend); data, the key of the
 * `_id`. A key longer than SAC__LMDB_WHOLE has SAC__LMDB_KEY_MAX bytes there:
 * the first SAC__LMDB_CUT of it, then a hash of it all.
 */
enum { SAC__LMDB_CUT = SAC__LMDB_KEY_MAX - 16, SAC__LMDB_WHOLE = SAC__LMDB_KEY_MAX - 1 };
enum { SAC__LMDB_INDEXES = 64 }; /* of a collection */

typedef struct sac__lmdb_index {
    char name[128];
    MDB_dbi dbi;
    unsigned slot; /* its database is "i:<slot>" */
    size_t n;
    sac__sort_field fields[SAC__SORT_FIELDS]; /* paths in memory of the set */
    sac_str keys;                             /* as sac_index has them, NUL behind */
    bool unique;
    bool sparse;
    bool ready;    /* built: serves queries */
    bool multikey; /* some document has had an array there */
    bool cut;      /* some key was cut: its order says nothing past the cut */
    bool numbered; /* a path has a name of digits, which a filter reads in two ways: no plan */
    int64_t expires;
} sac__lmdb_index;

/* The indexes of a collection. Immutable; lives until the file is closed. */
typedef struct sac__lmdb_indexes {
    struct sac__lmdb_indexes *next; /* of another version */
    size_t size;
    uint64_t version;
    size_t n;
    sac__lmdb_index v[];
} sac__lmdb_indexes;

/*
 * As of a transaction; NULL: none. An LMDB code. To be called first in a
 * transaction that reads: it may renew it, to see a database that was new.
 */
int sac__lmdb_indexes_get(sac__lmdb_env *env, MDB_txn *txn, const char *collection,
                          const sac__lmdb_indexes **out);

/*
 * Every entry of a document, each once, in order: `entry` gets its key, not
 * cut; non-zero stops and is returned. SAC_EINVAL for arrays in two fields,
 * SAC_ELIMIT for too many, SAC_ENOMEM, SAC_ECORRUPT.
 */
int sac__lmdb_index_entries(const sac__lmdb_index *index, sac_str doc,
                            int (*entry)(void *self, sac_str key), void *self, sac_err *err);

/* A key as the database has it: cut where it is too long. */
void sac__lmdb_index_cut(sac_str key, sac__lmdb_key *out, bool *was_cut);

#endif
