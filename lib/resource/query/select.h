/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_QUERY_SELECT_H
#define RESOURCE_QUERY_SELECT_H

#include "resource/query/spot.h"
#include "resource/ask.h"

enum { SAC__CONDITIONS = 100 };

/* Which documents a request is about: conditions, all of which hold. */
typedef struct sac__select {
    const sac__ask *ask;
    sac_str *v; /* SAC__CONDITIONS of them, each a filter in BSON; NULL: none yet */
    size_t n;
    sac_str fixed[2]; /* the server's own, which no client can lift */
    size_t n_fixed;
    bool regex;      /* regular expressions of the client's are in it */
    uint64_t digest; /* of the conditions, in whatever order */
    sac_str filter;  /* all of them; empty: every document */
} sac__select;

/*
 * Each reads parameters and adds conditions; 400 naming the parameter. They
 * are called in this order: where and flat filters, `check`, `q`, `finish`.
 */
int sac__select_where(sac__select *select, const sac__param *param) SAC_MUST_USE;
/* Flat filters: parameters that have no other meaning. */
int sac__select_flat(sac__select *select, const sac__param *const *params, size_t n) SAC_MUST_USE;
int sac__select_check(sac__select *select) SAC_MUST_USE;
int sac__select_words(sac__select *select, const sac__param *param) SAC_MUST_USE;
int sac__select_finish(sac__select *select) SAC_MUST_USE;

/* Adds a condition of the server's, before `finish`; an empty one says nothing. */
void sac__select_fix(sac__select *select, sac_str condition);

/* Whether some field is declared searchable. */
bool sac__select_has_words(const sac__plan *plan);

/* For those that make conditions. */
int sac__select_add(sac__select *select, sac_bson *condition) SAC_MUST_USE;
void sac__select_begin(const sac__select *select, sac_bson *condition);
int sac__select_no_memory(const sac__select *select);
/* 400 bad_parameter: `name`, a colon, the text. */
int sac__select_bad(const sac__select *select, sac_str name, const char *format, ...)
    SAC_PRINTF(3, 4);
/* 400 bad_operator naming it. */
int sac__select_bad_operator(const sac__select *select, sac_str op);

#endif
