/* SPDX-License-Identifier: MIT */
#ifndef QUERY_UPDATE_CONDITION_H
#define QUERY_UPDATE_CONDITION_H

#include "core/buf.h"
#include "query/update/tree.h"

/*
 * A condition on the elements of an array, as $pull and $elemMatch have it: a
 * value to be equal to; operators, as {$gte: 5}, on the element itself; or a
 * filter on the documents among the elements.
 */
typedef struct sac__condition {
    sac_value value;
    sac_filter *filter; /* NULL: equal to `value` */
    sac_str wrapped;    /* the filter is on a document with the element under this name */
} sac__condition;

/* Where a condition stands. */
typedef struct sac__condition_at {
    sac_str path; /* of the array */
    const sac_query_limits *limits;
    sac__arena *arena;
    const sac_alloc *alloc; /* of the filter */
} sac__condition_at;

/* Free `filter` with sac_filter_free(). */
int sac__condition_new(const sac__condition_at *at, const sac_value *arg, sac__condition *out,
                       sac_err *err) SAC_MUST_USE;

/* 1, 0 or an error. `scratch` keeps its memory from one element to the next. */
int sac__condition_match(const sac__condition *condition, const sac_value *value, sac__buf *scratch,
                         sac_err *err) SAC_MUST_USE;

#endif
