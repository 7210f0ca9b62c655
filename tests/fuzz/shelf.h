/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_SHELF_H
#define TESTS_FUZZ_SHELF_H

#include <sacrum/store.h>

/*
 * `shelf:`, a store that always holds the same few documents: it decides and
 * judges every write and keeps none, so that an input's outcome is its own.
 * Collections `things` (ids of the table's) and `notes` (strings as ids).
 */
int fuzz_shelf(const sac_store_config *config, sac_store **out, sac_err *err);

#endif
