/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_WALK_H
#define STORE_LMDB_WALK_H

#include "store/lmdb/find/plan.h"

/* Through the spans of a plan, one entry after the other; inside one transaction. */
typedef struct sac__lmdb_walk {
    const sac__lmdb_search *search;
    const sac__lmdb_plan *plan;
    const sac__lmdb_collection *of;
    MDB_txn *txn;
    MDB_cursor *at;
    size_t span;
    MDB_val key;  /* of the entry */
    MDB_val data; /* the stored document, or the id that an index has */
} sac__lmdb_walk;

/* An LMDB code. To be closed before the transaction ends. */
int sac__lmdb_walk_open(sac__lmdb_walk *walk, MDB_txn *txn, const sac__lmdb_collection *of,
                        const sac__lmdb_search *search, const sac__lmdb_plan *plan);
void sac__lmdb_walk_close(sac__lmdb_walk *walk);

/*
 * To the first entry, or the first from a place on (or NULL); to the next; to the next key.
 * MDB_NOTFOUND: there is none.
 */
int sac__lmdb_walk_first(sac__lmdb_walk *walk, const sac__lmdb_place *place);
int sac__lmdb_walk_next(sac__lmdb_walk *walk);
int sac__lmdb_walk_next_key(sac__lmdb_walk *walk);
/* The place behind the entry. */
void sac__lmdb_walk_place(const sac__lmdb_walk *walk, sac__lmdb_place *place);

static inline MDB_val sac__lmdb_walk_id(const sac__lmdb_walk *walk)
{
    return walk->plan->index ? walk->data : walk->key;
}

/*
 * Whether the document of the entry is one of the search: 1, 0 or an error. Where it was
 * looked at, `doc` is the stored value, else it is NULL: sac__lmdb_walk_doc().
 */
int sac__lmdb_walk_takes(const sac__lmdb_walk *walk, MDB_val *doc, sac_err *err);
/* The stored value of the entry's document. An LMDB code. */
int sac__lmdb_walk_doc(const sac__lmdb_walk *walk, MDB_val *doc);

/* Whether a stored document meets the filter of the search: 1, 0 or an error. */
int sac__lmdb_search_takes(const sac__lmdb_search *search, const sac__lmdb_collection *of,
                           const MDB_val *id, const MDB_val *doc, sac_err *err);

#endif
