/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_QUERY_PICK_H
#define RESOURCE_QUERY_PICK_H

#include "resource/ask.h"

/*
 * Reads `fields`: names to show, or with `-` before each to leave out. The
 * plan by which documents are shown then goes to ask->plan, the choice into
 * ask->variant. 400 naming the parameter.
 */
int sac__pick_read(sac__ask *ask, const sac__param *const *params, size_t n) SAC_MUST_USE;

#endif
