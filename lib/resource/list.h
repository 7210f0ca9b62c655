/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_LIST_H
#define RESOURCE_LIST_H

#include "app/data/rows.h"
#include "resource/cursor.h"
#include "resource/params.h"
#include "resource/render.h"

enum { SAC__MAX_ID = 272 };

/* An `_id` in memory of its own. */
typedef struct sac__kept_id {
    sac_value value;
    char raw[SAC__MAX_ID];
} sac__kept_id;

/* One GET of a list. */
typedef struct sac__list {
    sac__ask ask;
    sac__paging paging;
    sac__render render;
    sac_query query;
    sac__rows out;
    bool begun, separate;
    bool more;     /* there are documents behind the page */
    bool unsent;   /* there are documents of the page behind the chunk */
    int64_t total; /* -1: not counted */
    int64_t rows;  /* documents of the page, encoded or not */
    bool too_long;
    bool tagged;
    sac__tag tag;
    sac__verdict verdict;
    sac__kept_id sent, last; /* the last document encoded, the page's last */
    sac_str tail;            /* what stands behind the documents */
} sac__list;

/* Sets Link and the X- fields, and makes `tail`. SAC_ENOMEM with the problem set. */
int sac__links_add(sac__list *list) SAC_MUST_USE;

#endif
