/* SPDX-License-Identifier: MIT */
#ifndef QUERY_SORT_H
#define QUERY_SORT_H

#include <sacrum/query.h>

#include "core/buf.h"

enum { SAC__SORT_FIELDS = 32 };

typedef struct sac__sort_field {
    sac_str path; /* bytes of the specification */
    bool descending;
} sac__sort_field;

/* `_id` is added behind the last field, in its direction, where it is not among them. */
typedef struct sac__sort {
    size_t n;
    sac__sort_field fields[SAC__SORT_FIELDS + 1];
} sac__sort;

/* SAC_EINVAL naming the field: not 1 or -1, a bad path, twice, too many. */
int sac__sort_init(sac__sort *sort, sac_str spec, sac_err *err) SAC_MUST_USE;

/*
 * Appends the key by which the order puts a document: memcmp() of two has the
 * order's sign. Of an array the least element counts, descending the greatest;
 * an empty array stands before null, as in MongoDB. The key of each field is
 * that of sac__bson_key(), complemented where it descends.
 */
int sac__sort_key(const sac__sort *sort, sac_str doc, sac__buf *out) SAC_MUST_USE;

/* The same of a position: `values` (a BSON array, of all fields but `_id`) and `_id`. */
int sac__sort_key_at(const sac__sort *sort, sac_str values, const sac_value *id,
                     sac__buf *out) SAC_MUST_USE;

/* The value of one field by which it sorts; MISSING where there is none. */
int sac__sort_value(const sac__sort_field *field, sac_str doc, sac_value *out) SAC_MUST_USE;

/*
 * Sorts things by such keys, within `max` bytes of memory. With `keep` > 0 only
 * the first so many are kept. What is given beside a key comes back with it.
 */
typedef struct sac__sorter sac__sorter;
int sac__sorter_new(size_t max, size_t keep, const sac_alloc *alloc,
                    sac__sorter **out) SAC_MUST_USE;
void sac__sorter_free(sac__sorter *sorter);
/* SAC_ELIMIT past `max`, SAC_ENOMEM. */
int sac__sorter_add(sac__sorter *sorter, sac_str key, sac_str beside) SAC_MUST_USE;
/* Orders what was added: their number. Then the i-th's `beside`. */
size_t sac__sorter_finish(sac__sorter *sorter);
sac_str sac__sorter_at(const sac__sorter *sorter, size_t i);

#endif
