/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_STORE_NULL_H
#define SACRUM_STORE_NULL_H

#include <sacrum/store.h>

SAC_BEGIN

/**
 * Open `null:`, a store that takes every write and keeps nothing: to measure
 * what lies above a store, and to read how one is written (lib/store/null.c).
 *
 * Errors: SAC_ENOTMINE for another URI; SAC_ENOMEM.
 */
SAC_API int sac_null(const sac_store_config *config, sac_store **out,
                     sac_err *err) SAC_MUST_USE;

SAC_END

#endif
