/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_QUERY_SPOT_H
#define RESOURCE_QUERY_SPOT_H

#include "schema/schema.h"

/* Where a client's dotted path leads. */
typedef struct sac__spot {
    sac_str path;                 /* as stored */
    const sac__plan_field *field; /* NULL: declared by no row */
    bool many;                    /* an array is on the way */
} sac__spot;

/*
 * Looks a path up among the members of `plan` (NULL: anything) that clients may
 * filter by. SAC_EINVAL when it names none, SAC_ENOMEM.
 */
int sac__spot_find(const sac__plan *plan, sac_str path, sac__arena *arena,
                   sac__spot *out) SAC_MUST_USE;

/* The row of an array's elements; what a value of another type has inside is the row itself. */
const sac__plan_field *sac__spot_item(const sac__plan_field *field);

/* Whether documents and arrays can be compared there: nothing in them is kept from the client. */
bool sac__spot_is_whole(const sac__plan_field *field);

/* Whether it has one value, by which a list can be continued. */
bool sac__spot_is_scalar(const sac__spot *spot);

/* The name before the first dot. */
sac_str sac__spot_head(sac_str path);

#endif
