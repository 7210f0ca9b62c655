/* SPDX-License-Identifier: MIT */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include <sacrum/err.h>
#include <sacrum/str.h>

#include "core/arena.h"
#include "core/buf.h"

/*
 * Splits a request target in origin form (or absolute form, whose authority is
 * given back) into raw path and raw query. SAC_EINVAL for anything else,
 * control bytes and `#`.
 */
typedef struct sac__target {
    sac_str path;      /* raw, starts with '/' */
    sac_str query;     /* raw, without '?'; p NULL when there is none */
    sac_str authority; /* absolute form only */
} sac__target;
int sac__target_parse(sac_str raw, sac__target *out) SAC_MUST_USE;

/*
 * Percent-decodes once. Without an escape the result is `raw` itself.
 * SAC_ESYNTAX for a bad escape, a NUL, or bytes that are no UTF-8; SAC_ENOMEM.
 * `plus`: '+' is a blank.
 */
int sac__url_decode(sac__arena *arena, sac_str raw, bool plus, sac_str *out) SAC_MUST_USE;

/* Appends `s` with everything but unreserved characters percent-encoded. */
void sac__url_encode(sac__buf *out, sac_str s);

/* A query string's (or urlencoded form's) parameters in order, decoded. */
typedef struct sac__param {
    sac_str name;
    sac_str value; /* p NULL: no '=' */
} sac__param;
typedef struct sac__params {
    sac__param *v;
    size_t n;
} sac__params;
/* SAC_ESYNTAX for a bad escape or bad UTF-8; SAC_ELIMIT past `max`; SAC_ENOMEM. */
int sac__params_parse(sac__arena *arena, sac_str raw, size_t max, sac__params *out) SAC_MUST_USE;
/* The first of that name, or NULL. */
const sac__param *sac__params_get(const sac__params *params, const char *name);

/* A Host header's value: `host[:port]`, reg-name, IPv4 or [IPv6]. */
bool sac__host_valid(sac_str host);
/* localhost, 127.0.0.0/8 or [::1], with any port. */
bool sac__host_is_loopback(sac_str host);
/* `scheme://host[:port]`, lower case, no path: as browsers send Origin. */
bool sac__origin_valid(sac_str origin);

#endif
