/* SPDX-License-Identifier: MIT */
#ifndef PAGE_TEMPLATE_TEXT_H
#define PAGE_TEMPLATE_TEXT_H

#include <sacrum/bson.h>

#include "core/buf.h"

/* Values as Mustache takes them. */

/* Whether a section is rendered for it; of a list, whether there is something in it. */
bool sac__value_is_true(const sac_value *value);

/*
 * Its text, in the value itself or in `room`, which is emptied first.
 * SAC_ECORRUPT, SAC_ENOMEM, SAC_ETOOBIG.
 */
int sac__value_text(const sac_value *value, sac__buf *room, sac_str *out) SAC_MUST_USE;

/* Its JSON in the plain dialect, fit for a script element; of SAC_BSON_MISSING null. Likewise. */
int sac__value_json(const sac_value *value, sac__buf *out) SAC_MUST_USE;

#endif
