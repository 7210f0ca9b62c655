/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_PLAN_H
#define STORE_LMDB_PLAN_H

#include "store/lmdb/find/search.h"
#include "store/lmdb/index/index.h"

/* Keys from `low` on, up to but without `high`: places in the plan's bytes. No bytes: no bound. */
typedef struct sac__lmdb_span {
    uint32_t low, n_low;
    uint32_t high, n_high;
} sac__lmdb_span;

/*
 * Where to go on, in the order of a walk: upwards at the first that is not less,
 * downwards at the last that is less. Of documents by their ids only `key`
 * counts, of an index `id` does within one key.
 */
typedef struct sac__lmdb_place {
    bool set;
    sac__lmdb_key key;
    sac__lmdb_key id;
} sac__lmdb_place;

/* How a search is answered. */
typedef struct sac__lmdb_plan {
    const sac__lmdb_indexes *of;  /* what it was chosen from */
    const sac__lmdb_index *index; /* NULL: the documents by their ids */
    sac_scan scan;
    bool unhelped;      /* neither filter nor order made it better than reading all */
    bool sorts;         /* the order is made in memory */
    bool exact;         /* what lies in the spans needs no filter */
    bool repeats;       /* a document may come with several entries */
    bool single;        /* one key of the index: its ids are in order */
    bool backwards;     /* through the keys */
    bool ids_backwards; /* through the ids of one key */
    size_t n;
    sac__lmdb_span *spans; /* ascending and apart */
    size_t room;           /* for so many */
    sac__buf bytes;
    sac__lmdb_place start; /* in an index that gives the order: behind the search's position */
} sac__lmdb_plan;

/* Of the indexes as of a transaction; NULL: there are none. To be given to fini. */
int sac__lmdb_plan_init(sac__lmdb_plan *plan, const sac__lmdb_search *search,
                        const sac__lmdb_indexes *indexes, sac_err *err);
/* The one that needs no index. */
int sac__lmdb_plan_scan(sac__lmdb_plan *plan, const sac__lmdb_search *search, sac_err *err);
void sac__lmdb_plan_fini(sac__lmdb_plan *plan);

/* SAC_ENOINDEX for an unhelped plan of a query that asked for better. */
int sac__lmdb_plan_allow(const sac__lmdb_plan *plan, const sac__lmdb_search *search, sac_err *err);

static inline sac_str sac__lmdb_plan_low(const sac__lmdb_plan *plan, size_t i)
{
    return sac_str_n(plan->bytes.p + plan->spans[i].low, plan->spans[i].n_low);
}

static inline sac_str sac__lmdb_plan_high(const sac__lmdb_plan *plan, size_t i)
{
    return sac_str_n(plan->bytes.p + plan->spans[i].high, plan->spans[i].n_high);
}

#endif
