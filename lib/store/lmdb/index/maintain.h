/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_INDEX_MAINTAIN_H
#define STORE_LMDB_INDEX_MAINTAIN_H

#include "store/lmdb/group.h"
#include "store/lmdb/index/keys.h"

/* What a write to one document does to the indexes, worked out before it is done. */
typedef struct sac__lmdb_delta {
    sac__lmdb_keys was;
    sac__lmdb_keys now;
    sac__buf steps;
    uint64_t multikey; /* the indexes, by number, that have to be marked */
    uint64_t cut;
} sac__lmdb_delta;

void sac__lmdb_delta_init(sac__lmdb_delta *delta);
void sac__lmdb_delta_fini(sac__lmdb_delta *delta);

/*
 * The document under `key` becomes `now` (empty: it goes) from `was` (empty: it
 * comes). An LMDB code; 0 also when the write is refused: its result says so.
 */
int sac__lmdb_delta_plan(sac__lmdb_group *group, const sac__lmdb_collection *of,
                         const sac__lmdb_key *key, sac_str was, sac_str now, sac_write *write);
/* Does what was planned. An LMDB code. */
int sac__lmdb_delta_apply(sac__lmdb_group *group, sac__lmdb_collection *of,
                          const sac__lmdb_key *key);
/* An entry that a document is to have: its key, which is one of `doc`. */
typedef struct sac__lmdb_entry {
    sac_str key;
    sac_str doc;
    MDB_val id;
} sac__lmdb_entry;

/* Whether another document has its value. An LMDB code. */
int sac__lmdb_delta_taken(const sac__lmdb_group *group, const sac__lmdb_collection *of,
                          const sac__lmdb_index *index, const sac__lmdb_entry *entry, bool *taken);
/* Empties every index of a collection. */
int sac__lmdb_delta_empty(const sac__lmdb_group *group, const sac__lmdb_collection *of);
/* Marks indexes, by number, in the catalog. */
int sac__lmdb_delta_mark(sac__lmdb_group *group, sac__lmdb_collection *of, uint64_t multikey,
                         uint64_t cut);

#endif
