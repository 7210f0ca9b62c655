/* SPDX-License-Identifier: MIT */
#ifndef QUERY_UPDATE_ARRAY_H
#define QUERY_UPDATE_ARRAY_H

#include "query/update/ops.h"

/* What the operators on arrays share. */

/* Reads the values that an operator lists, and how deep they nest. */
int sac__array_list(sac__compiling *c, sac__leaf *leaf, sac_str array) SAC_MUST_USE;

/* Whether what is stored is an array or nothing; else *rc is SAC_ECONFLICT. */
bool sac__array_is_stored(sac__run *run, const sac__leaf *leaf, const sac_value *old, int *rc);

/* Adds the elements from `from` to before `to` to the open array. */
int sac__array_copy(sac__run *run, sac_str array, size_t from, size_t to) SAC_MUST_USE;

/* Adds values of the leaf to the open array. */
int sac__array_put(sac__run *run, const sac__leaf *leaf, const sac_value *values,
                   size_t n) SAC_MUST_USE;

/* 1: the element goes, 0: it stays, or an error. */
typedef int sac__array_test(void *self, const sac_value *value);
int sac__array_keep_if(sac__run *run, sac_str key, const sac_value *old, sac__array_test *gone,
                       void *self) SAC_MUST_USE;

#endif
