/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_QUERY_H
#define SACRUM_QUERY_H

#include <sacrum/bson.h>

SAC_BEGIN

/**
 * What is asked of a collection: which documents, in which order, how many.
 * The same on every store. Begin with SAC_QUERY() and set what is needed.
 *
 * The bounds speak of `_id` in the order of sac_value_compare(); a bound of
 * type SAC_BSON_MISSING is none. A filter on other fields is `filter`, a
 * MongoDB filter document; a store that cannot answer it refuses it with
 * SAC_ENOSYS.
 */
typedef struct sac_query {
    size_t size;            /**< sizeof this struct: SAC_QUERY sets it. */
    const char *collection; /**< Name; a collection never written to is empty. */
    sac_str filter;         /**< BSON; empty: all documents. */
    sac_value after;        /**< Only `_id` > this (with `descending`: <). */
    sac_value from;         /**< Only `_id` >= this. */
    sac_value to;           /**< Only `_id` <= this. */
    bool descending;        /**< `_id` descending instead of ascending. */
    bool count;             /**< Say in the snapshot how many there are, before skip and limit. */
    int64_t skip;           /**< So many of them are passed over. */
    int64_t limit;          /**< At most so many; 0: no bound. */
} sac_query;
#define SAC_QUERY(...) { .size = sizeof(sac_query), __VA_ARGS__ }

SAC_END

#endif
