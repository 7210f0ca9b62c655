/* SPDX-License-Identifier: MIT */
#ifndef HTTP_MEDIA_H
#define HTTP_MEDIA_H

#include <sacrum/err.h>
#include <sacrum/http.h>
#include <sacrum/str.h>

typedef struct sac__media {
    sac_str type;   /* "application/json", as sent */
    sac_str params; /* behind the first ';' */
} sac__media;
/* False when it is no media type at all. */
bool sac__media_parse(sac_str value, sac__media *out);
bool sac__media_is(const sac__media *media, const char *lower);
/* A parameter's value, unquoted where it needs no unescaping; p NULL when absent. */
sac_str sac__media_param(const sac__media *media, const char *name);

/*
 * What an Accept header (p NULL: none) says about `type` ("application/json"):
 * its quality in thousandths, 0 when it is refused. The most specific range
 * wins (RFC 9110 §12.5.1). `*params` gets the parameters of that range.
 */
int sac__accept_quality(sac_str accept, const char *type, sac_str *params);

/*
 * What the Accept-Encoding fields say about a content coding: its quality in
 * thousandths, 0 when it is refused or not named. Where nothing is said of it,
 * `identity` has 1: whatever else is taken goes before it (RFC 9110 §12.5.3).
 */
int sac__accept_coding(const sac_header *headers, size_t n, const char *coding);

#endif
