/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_QUERY_CONVERT_H
#define RESOURCE_QUERY_CONVERT_H

#include "resource/ask.h"

/*
 * Values to compare with, made as bodies are: by the row's type, or as they
 * are where there is no row. Both append to `out`. SAC_EVALIDATION when one
 * does not fit; SAC_ENOMEM.
 */

/* A parameter's text. */
int sac__convert_text(const sac__ask *ask, const sac__plan_field *field, sac_str text, sac_str key,
                      sac_bson *out) SAC_MUST_USE;

/* A value of a filter; one that is no array is for an array's elements. */
int sac__convert_value(const sac__ask *ask, const sac__plan_field *field, const sac_value *value,
                       sac_str key, sac_bson *out) SAC_MUST_USE;

#endif
