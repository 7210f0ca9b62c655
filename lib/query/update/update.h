/* SPDX-License-Identifier: MIT */
#ifndef QUERY_UPDATE_UPDATE_H
#define QUERY_UPDATE_UPDATE_H

#include "query/update/ops.h"

/* The two ends of a $rename. */
typedef struct sac__rename {
    sac_str from, to;
    struct sac__rename *next;
} sac__rename;

struct sac_update {
    const sac_alloc *alloc;
    sac__tree tree;
    sac__rename *renames; /* the last one first; its number is n_renames - 1 */
    size_t n_renames;
};

#endif
