/* SPDX-License-Identifier: MIT */
#ifndef PAGE_TEMPLATE_MEMBER_H
#define PAGE_TEMPLATE_MEMBER_H

#include <sacrum/bson.h>

/*
 * The first member of that name, as sac_bson_get() finds it, quicker for few
 * and short ones; of type SAC_BSON_MISSING where there is none. SAC_ECORRUPT
 * when the document is damaged as far as it was looked at.
 */
int sac__member_get(sac_str doc, sac_str key, sac_value *out) SAC_MUST_USE;

#endif
