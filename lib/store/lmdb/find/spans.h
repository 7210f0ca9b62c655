/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_SPANS_H
#define STORE_LMDB_SPANS_H

#include "store/lmdb/find/plan.h"
#include "store/lmdb/find/reach.h"

/* Appends the key of a value as a field of an index has it. */
int sac__lmdb_spans_key(sac__buf *bytes, const sac_value *value, bool descending);

/*
 * The spans of an index that a reach leads to; `*cut` when a bound was too long
 * for LMDB: then they hold more. SAC_ENOMEM, SAC_ELIMIT, SAC_ECORRUPT.
 */
int sac__lmdb_spans_make(sac__lmdb_plan *plan, const sac__lmdb_index *index,
                         const sac__lmdb_reach *reach, bool *cut);
/* Leaves of each what is within the bounds of the ids. For spans of ids. */
int sac__lmdb_spans_clip(sac__lmdb_plan *plan, const sac__lmdb_search *search);
/* Whether a key lies in one of them. */
bool sac__lmdb_spans_have(const sac__lmdb_plan *plan, const MDB_val *key);

#endif
