/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_QUERY_PLACE_H
#define RESOURCE_QUERY_PLACE_H

#include "resource/query/order.h"

enum { SAC__PLACE_ID = 272, SAC__PLACE_KEYS = 1024 };

/* Where a document stands in a list, in memory of its own; zero at first. */
typedef struct sac__place {
    sac_value id;
    sac_str keys; /* BSON: its values of the order's fields; empty: there are none, or too long */
    bool told;    /* id and keys tell the place */
    char id_raw[SAC__PLACE_ID];
    char *keys_raw; /* SAC__PLACE_KEYS bytes, once they are needed */
} sac__place;

/* Keeps an `_id` alone, which tells a place where the order is by it. */
void sac__place_keep_id(sac__place *place, const sac_value *id, const sac__order *order);
/* The same with the keys, in memory of the arena. SAC_ENOMEM, SAC_ECORRUPT. */
int sac__place_keep(sac__place *place, sac_str doc, const sac__order *order,
                    sac__arena *arena) SAC_MUST_USE;
/* How two places that are told follow each other: < 0, 0, > 0. */
int sac__place_compare(const sac__place *a, const sac__place *b, const sac__order *order);

#endif
