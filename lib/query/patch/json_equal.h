/* SPDX-License-Identifier: MIT */
#ifndef QUERY_PATCH_JSON_EQUAL_H
#define QUERY_PATCH_JSON_EQUAL_H

#include <sacrum/bson.h>

/*
 * Whether two values are the same to JSON: numbers by value, the members of
 * documents in any order. 1, 0, SAC_ENOMEM, SAC_ECORRUPT, SAC_ELIMIT (depth).
 */
int sac__json_equal(const sac_value *a, const sac_value *b, const sac_alloc *alloc) SAC_MUST_USE;

#endif
