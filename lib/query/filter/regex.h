/* SPDX-License-Identifier: MIT */
#ifndef QUERY_FILTER_REGEX_H
#define QUERY_FILTER_REGEX_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <sacrum/bson.h>

typedef struct sac__regex {
    struct sac__regex *next;
    sac_str pattern, options; /* as the filter has them: a stored regex may be the same one */
    pcre2_code *code;
    pcre2_code *counted; /* the same, with a callout before each item: for long texts */
} sac__regex;

/* Options of a pattern for i m s x u; false for others. */
bool sac__regex_options(sac_str options, uint32_t *out);

/* Compiles `pattern` in memory of `general`; SAC_EINVAL, and then PCRE2's own text in `why`. */
int sac__regex_compile(sac__regex *regex, pcre2_general_context *general,
                       char why[100]) SAC_MUST_USE;

/*
 * Whether it matches a string or symbol, or is a stored regex: 1, 0, SAC_ELIMIT
 * past about `max_steps` in all, SAC_ENOMEM. Takes memory of `alloc` only where a stack of
 * 20 KiB is not enough.
 */
int sac__regex_match(const sac__regex *regex, uint32_t max_steps, const sac_alloc *alloc,
                     const sac_value *value) SAC_MUST_USE;

#endif
