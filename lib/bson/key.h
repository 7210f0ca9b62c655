/* SPDX-License-Identifier: MIT */
#ifndef BSON_KEY_H
#define BSON_KEY_H

#include <sacrum/bson.h>

#include "core/buf.h"

/*
 * Keys for ordered byte stores: memcmp() of two keys has the sign of
 * sac_value_compare() of their values, equal values have equal keys, no key is
 * the beginning of another (so that keys can be put one behind the other).
 * Layout: key.c.
 */

/* Where a type stands in the order; types that compare by value share a rank. 0: no type. */
uint8_t sac__bson_rank(uint8_t type);

/*
 * Appends the key of a value; a missing one has the key of null. SAC_ECORRUPT
 * for a damaged document or unknown type, SAC_ELIMIT past SAC_BSON_DEPTH, or
 * the error of `out`; then `out` may have got a part of it.
 */
int sac__bson_key(const sac_value *value, sac__buf *out) SAC_MUST_USE;

#endif
