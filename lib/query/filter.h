/* SPDX-License-Identifier: MIT */
#ifndef QUERY_FILTER_H
#define QUERY_FILTER_H

#include <sacrum/query.h>

/* What planners see of a filter. */
typedef enum sac__clause_op {
    SAC__CLAUSE_EQ,
    SAC__CLAUSE_GT,
    SAC__CLAUSE_GTE,
    SAC__CLAUSE_LT,
    SAC__CLAUSE_LTE,
    SAC__CLAUSE_IN
} sac__clause_op;

/*
 * A condition that every matching document meets, on one field: what $and and
 * the top of a filter consist of, as far as it bounds the field. Regular
 * expressions are left out, of $in too (then the whole clause), and comparisons
 * with arrays, and by order with MinKey and MaxKey. A document matches more than its clauses: they only narrow.
 */
typedef struct sac__clause {
    sac_str path;
    sac__clause_op op;
    const sac_value *values; /* IN: sorted, each once; else one */
    size_t n;
} sac__clause;

size_t sac__filter_clauses(const sac_filter *filter, const sac__clause **out);

/* Whether its clauses are all that it asks: what meets them, with no array on the way, matches. */
bool sac__filter_is_clauses(const sac_filter *filter);

/* Whether it takes every document. */
bool sac__filter_is_empty(const sac_filter *filter);

#endif
