/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_INDEX_H
#define SACRUM_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sacrum/export.h>

SAC_BEGIN

enum {
    SAC_EXPIRES_THEN = -1 /**< For sac_index.expires: at the date itself. */
};

/**
 * An index of a collection, by the values of some of its fields. The meaning is
 * MongoDB's: an array has an entry for each of its elements (in one field of an
 * index at most), a missing field counts as null.
 *
 * Where a table of them is asked for, it ends with {.keys = NULL}.
 */
typedef struct sac_index {
    const char *keys; /**< Dotted fields, `-` before a descending one: "city,-name". */
    const char *name; /**< NULL: as MongoDB names it, "city_1_name_-1". 1 to 127 bytes. */
    bool unique;      /**< No two documents have the same values. */
    bool sparse;      /**< Documents that have none of the fields are left out. */
    int64_t expires;  /**< Seconds behind the date in its one field after which a document
                           goes; SAC_EXPIRES_THEN; 0: never. */
} sac_index;

SAC_END

#endif
