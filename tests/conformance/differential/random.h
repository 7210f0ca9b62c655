/* SPDX-License-Identifier: MIT */
#ifndef TESTS_DIFFERENTIAL_RANDOM_H
#define TESTS_DIFFERENTIAL_RANDOM_H

/*
 * Random documents and what is asked of them, of few values, so that much of it
 * meets. What servers are known to answer otherwise than MongoDB's manual says is
 * not made: random.c has the reasons.
 */
#include <sacrum/bson.h>

typedef struct random_source {
    uint64_t state;
} random_source;

/* 0 to n - 1. */
unsigned random_below(random_source *random, unsigned n);

/* Each gives bytes of malloc's. */
sac_str random_doc(random_source *random, int32_t id);
sac_str random_filter(random_source *random);
sac_str random_sort(random_source *random);
sac_str random_projection(random_source *random);
sac_str random_update(random_source *random);

#endif
