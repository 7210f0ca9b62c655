/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_WRITE_INDEXES_H
#define RESOURCE_WRITE_INDEXES_H

#include "resource/ask.h"

/* Collects the indexes of the table and of its fields, in memory of the app: SAC_EINVAL, SAC_ENOMEM. */
int sac__indexes_read(sac_app *app, sac__resource *resource, sac_err *err) SAC_MUST_USE;

/*
 * Makes them in the store. One that cannot be reached makes them when it can:
 * that is no error.
 */
int sac__indexes_make(const sac__resource *resource, sac_err *err) SAC_MUST_USE;

/*
 * Answers for a write that a unique index refused, SAC_EEXIST: `duplicate` with
 * the fields of the index behind `prefix` ("" or "3."); of `_id`, `exists`.
 */
int sac__indexes_refused(const sac__ask *ask, const char *index, const char *prefix) SAC_MUST_USE;

#endif
