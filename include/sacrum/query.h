/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_QUERY_H
#define SACRUM_QUERY_H

/**
 * MongoDB's query language on documents as bytes: filters, sorts, projections
 * and updates, the same on every store and for programs of their own. What is
 * taken is listed in docs/reference/query.md.
 */
#include <sacrum/bson.h>

SAC_BEGIN

/**
 * What is asked of a collection: which documents, in which order, how many.
 * The same on every store. Begin with SAC_QUERY() and set what is needed.
 *
 * The bounds speak of `_id` in the order of sac_value_compare(); a bound of
 * type SAC_BSON_MISSING is none. They and the filter are ANDed.
 */
typedef struct sac_query {
    size_t size;            /**< sizeof this struct: SAC_QUERY sets it. */
    const char *collection; /**< Name; a collection never written to is empty. */
    sac_str filter;         /**< A MongoDB filter as BSON; empty: all documents. */
    sac_str sort;           /**< As BSON `{"city": 1, "name": -1}`; empty: by `_id`, as
                                 `descending` says. `_id` always comes last, in the direction
                                 of the last field, so that the order is whole. */
    sac_str projection;     /**< A MongoDB projection as BSON; empty: whole documents. */
    sac_value after;        /**< Only what comes behind the document of this `_id`. */
    sac_str after_keys;     /**< With `sort` and `after`: that document's values of the fields of
                                 `sort`, in its order, as a BSON array: sac_sort_keys(). */
    sac_value from;         /**< Only `_id` >= this. */
    sac_value to;           /**< Only `_id` <= this. */
    bool descending;        /**< Without `sort`: `_id` descending instead of ascending. */
    bool count;             /**< Say in the snapshot how many there are, before skip and limit. */
    bool indexed;           /**< Refuse with SAC_ENOINDEX what no index helps with. */
    int64_t skip;           /**< So many of them are passed over. */
    int64_t limit;          /**< At most so many; 0: no bound. */
    size_t max_sort;        /**< Bytes that a sort without an index may take, then SAC_ELIMIT;
                                 0: 32 MiB. */
} sac_query;
#define SAC_QUERY(...) { .size = sizeof(sac_query), __VA_ARGS__ }

/**
 * What a filter or an update may hold; for input of clients. All is optional;
 * 0 stands for the default.
 */
typedef struct sac_query_limits {
    size_t size;          /**< sizeof this struct: SAC_QUERY_LIMITS sets it. */
    size_t max_nodes;     /**< Conditions, operators and listed values; 0: 1,000. */
    unsigned max_depth;   /**< How deep they nest; 0: 20. */
    size_t max_pattern;   /**< Bytes of a regular expression; 0: 1,000. */
    uint32_t max_steps;   /**< PCRE2's match limit for one value; 0: 100,000. */
    /**
     * Asked of each operator with the dotted path (from the root, without array
     * indexes) that it stands on: non-zero refuses, with SAC_EINVAL and a text
     * that names operator and path. `op` of a plain comparison is "$eq"; a
     * logical operator comes with an empty path. NULL: all are allowed.
     */
    int (*allow)(void *self, const char *op, sac_str path);
    void *self;           /**< For allow. */
} sac_query_limits;
#define SAC_QUERY_LIMITS(...) { .size = sizeof(sac_query_limits), __VA_ARGS__ }

typedef struct sac_filter sac_filter;

/**
 * Compile a filter. `limits` NULL: the defaults.
 *
 * Ownership: free it with sac_filter_free(); memory of `alloc` (NULL: malloc);
 * the bytes of `filter` must live as long.
 * Errors: SAC_EINVAL, naming operator or path; SAC_ELIMIT; SAC_ECORRUPT;
 * SAC_ENOMEM.
 */
SAC_API int sac_filter_new(sac_str filter, const sac_query_limits *limits, const sac_alloc *alloc,
                           sac_filter **out, sac_err *err) SAC_MUST_USE;

/** NULL is a no-op. */
SAC_API void sac_filter_free(sac_filter *filter);

/**
 * Whether a document matches: 1, 0, or an error: SAC_ELIMIT when a regular
 * expression takes too many steps, SAC_ECORRUPT, SAC_ENOMEM.
 *
 * Threads: any, at the same time.
 */
SAC_API int sac_filter_match(const sac_filter *filter, sac_str doc, sac_err *err) SAC_MUST_USE;

/**
 * The values of a document by which `sort` puts it, as a BSON array for
 * sac_query.after_keys: of an array its least or greatest element; null where
 * there is none. Written by `out`, which the caller has begun.
 *
 * Errors: SAC_EINVAL, SAC_ECORRUPT; those of `out` come at its finish.
 */
SAC_API int sac_sort_keys(sac_str sort, sac_str doc, sac_bson *out, sac_err *err) SAC_MUST_USE;

typedef struct sac_projection sac_projection;

/** Compile a projection: names to show, or names to hide. Ownership, errors: sac_filter_new(). */
SAC_API int sac_projection_new(sac_str projection, const sac_query_limits *limits,
                               const sac_alloc *alloc, sac_projection **out,
                               sac_err *err) SAC_MUST_USE;
/** NULL is a no-op. */
SAC_API void sac_projection_free(sac_projection *projection);
/**
 * Write the part of `doc` that it shows: elements, by `out`, which the caller
 * has begun and finishes. Errors: SAC_ECORRUPT; those of `out` come at finish.
 */
SAC_API int sac_projection_apply(const sac_projection *projection, sac_str doc,
                                 sac_bson *out) SAC_MUST_USE;

typedef struct sac_update sac_update;

/**
 * Compile an update: operators as `{"$inc": {"hits": 1}}`. Paths that overlap,
 * operators that are unknown and arguments of a wrong kind are SAC_EINVAL here.
 * Ownership, other errors: sac_filter_new().
 */
SAC_API int sac_update_new(sac_str update, const sac_query_limits *limits, const sac_alloc *alloc,
                           sac_update **out, sac_err *err) SAC_MUST_USE;
/** NULL is a no-op. */
SAC_API void sac_update_free(sac_update *update);
/**
 * Make the document as the update leaves it, in memory of `alloc`; `*out` is
 * the same bytes where nothing changes. `now` is the time for $currentDate, in
 * milliseconds since 1970.
 *
 * Ownership: `*out` is memory of `alloc` (NULL: malloc), of out->n bytes, to be
 * freed by it.
 * Errors: SAC_ECONFLICT, naming the path, for what cannot be done to this
 * document ($inc of a string, a path through a scalar, `_id` changed);
 * SAC_ETOOBIG; SAC_ELIMIT (depth); SAC_ECORRUPT; SAC_ENOMEM.
 * Threads: any, at the same time.
 */
SAC_API int sac_update_apply(const sac_update *update, sac_str doc, int64_t now,
                             const sac_alloc *alloc, sac_str *out, sac_err *err) SAC_MUST_USE;

SAC_END

#endif
