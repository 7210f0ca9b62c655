/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_QUERY_ORDER_H
#define RESOURCE_QUERY_ORDER_H

#include "resource/ask.h"

/* The order of a list. */
typedef struct sac__order {
    sac_str sort;    /* BSON; empty: by `_id` */
    bool descending; /* then */
    bool keyset;     /* a place in it can be told by values */
    size_t fields;   /* of `sort` */
} sac__order;

/* How it was asked for; each n is 0 where the parameter is not there. */
typedef struct sac__order_params {
    const sac__param *const *sort; /* each a list of names, `-` before a descending one */
    size_t n_sort;
    const sac__param *const *by; /* each a name */
    size_t n_by;
    const sac__param *const *way; /* asc or desc, for `by` in turn */
    size_t n_way;
} sac__order_params;

/* 400 naming the parameter. */
int sac__order_read(const sac__ask *ask, const sac__order_params *params,
                    sac__order *out) SAC_MUST_USE;

#endif
