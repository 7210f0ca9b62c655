/* SPDX-License-Identifier: MIT */
#ifndef QUERY_PATH_H
#define QUERY_PATH_H

#include <sacrum/bson.h>

/* More names, or more that are numbers (each may double the ways), are SAC_ELIMIT. */
enum { SAC__PATH_PARTS = 100, SAC__PATH_NUMBERS = 8 };

/* A name of a dotted path, and the array index that it also is; -1: none. */
typedef struct sac__path_part {
    sac_str name;
    int64_t index;
} sac__path_part;

/* Splits a path: bytes of `path`. */
int sac__path_split(sac_str path, sac__path_part parts[SAC__PATH_PARTS], size_t *n) SAC_MUST_USE;

/* Returns 0 to go on, 1 to stop, or an error. `whole`: it is not to be looked into. */
typedef int sac__path_fn(void *self, const sac_value *value, bool whole);

/*
 * Gives what the rest of a path leads to from a value, which its first names led
 * to, as sac__path_each(); but nothing where there is an array on the way and
 * neither a document nor the index in it. What stands at an index is `whole`.
 */
int sac__path_walk(const sac_value *from, const sac__path_part *rest, size_t n, sac__path_fn *each,
                   void *self) SAC_MUST_USE;

/*
 * Gives every value that a dotted path leads to, as MongoDB's filters see it:
 * through arrays of documents, and by index where a name is a number. What
 * stands at the end is given as it is: arrays whole, their elements not. Where
 * the path leads nowhere (at least once), a MISSING value is given.
 * `each` returns 0 to go on, 1 to stop (returned), or an error.
 */
int sac__path_each(sac_str doc, sac_str path, int (*each)(void *self, const sac_value *value),
                   void *self) SAC_MUST_USE;

#endif
