/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_REACH_H
#define STORE_LMDB_REACH_H

#include "store/lmdb/find/search.h"
#include "store/lmdb/index/index.h"

/* What the clauses say of one field of an index: single values, or a range, or nothing. */
typedef struct sac__lmdb_bound {
    const sac_value *points; /* NULL: no single values */
    size_t n;                /* of them; 0: no document can match */
    bool wide;               /* null is among them, so what is missing and undefined too */
    uint8_t rank;            /* of the type that a range stays in; 0: no range */
    const sac_value *low;    /* NULL: from the type's first */
    const sac_value *high;   /* NULL: to its last */
    bool low_open;
    bool high_open;
} sac__lmdb_bound;

/* How far the clauses of a filter lead into an index. */
typedef struct sac__lmdb_reach {
    size_t n;                                 /* leading fields with single values */
    bool range;                               /* the next one has a range */
    size_t spans;                             /* combinations of the single values */
    bool single;                              /* one combination */
    bool present;                             /* a document of the filter has one of the fields */
    bool exact;                               /* the filter says no more than the fields do */
    sac__lmdb_bound fields[SAC__SORT_FIELDS]; /* of these and a range's */
} sac__lmdb_reach;

void sac__lmdb_reach_init(sac__lmdb_reach *reach, const sac__lmdb_index *index,
                          const sac__lmdb_search *search);

/* The number that `$lt` leaves out although it comes before all others. */
sac_value sac__lmdb_nan(void);

#endif
