/* SPDX-License-Identifier: MIT */
#ifndef HTTP_COOKIE_H
#define HTTP_COOKIE_H

#include <sacrum/err.h>
#include <sacrum/str.h>

#include "core/buf.h"

/* Walks a Cookie header (RFC 6265 §4.2, read leniently as §5): nameless pairs are skipped. */
bool sac__cookie_next(sac_str *rest, sac_str *name, sac_str *value);
/* The first cookie of that name; p NULL when there is none. */
sac_str sac__cookie_get(sac_str header, const char *name);

typedef struct sac__cookie {
    sac_str name, value;
    sac_str path;    /* "/" when empty */
    sac_str domain;  /* none when empty */
    sac_str expires; /* as HTTP prints a date; none when empty */
    int64_t max_age; /* seconds; -1: a session cookie */
    bool secure, http_only;
    const char *same_site; /* "Lax", "Strict", "None" or NULL */
} sac__cookie;
/* Appends a Set-Cookie value, laid out as Werkzeug does. SAC_EINVAL for bytes that RFC 6265 refuses, or a broken __Host-/__Secure- promise. */
int sac__cookie_print(const sac__cookie *cookie, sac__buf *out) SAC_MUST_USE;

#endif
