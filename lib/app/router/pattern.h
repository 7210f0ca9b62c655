/* SPDX-License-Identifier: MIT */
#ifndef APP_ROUTER_PATTERN_H
#define APP_ROUTER_PATTERN_H

#include <sacrum/err.h>
#include <sacrum/str.h>

/* One segment of a route's pattern: a literal, or `{name}` or `{name:kind}`. */
typedef struct sac__segment {
    sac_str literal; /* p NULL: a parameter */
    sac_str name;
    sac_str kind; /* p NULL: string */
} sac__segment;

/*
 * Walks a pattern: 1 and the next segment, 0 at the end, SAC_EINVAL with what
 * is wrong. `*rest` begins as the whole pattern; a slash at its end is ignored.
 */
int sac__pattern_next(sac_str *rest, sac__segment *out, sac_err *err) SAC_MUST_USE;

#endif
