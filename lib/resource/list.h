/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_LIST_H
#define RESOURCE_LIST_H

#include "app/data/rows.h"
#include "resource/cursor.h"
#include "resource/params.h"
#include "resource/query/place.h"
#include "resource/render.h"

/* Why the first read ended at its begin. */
typedef enum sac__halt {
    SAC__GO_ON,
    SAC__TOO_LONG,  /* for a list without pages */
    SAC__TOO_FAR,   /* past max_offset */
    SAC__OTHER_PAGE /* the one that was asked for is past the end: another was chosen */
} sac__halt;

/* One GET of a list. */
typedef struct sac__list {
    sac__ask ask;
    sac__paging paging;
    sac__render render;
    sac_query query;
    sac__rows out;
    bool begun, separate;
    bool more;       /* there are documents behind the page */
    bool unsent;     /* there are documents of the page behind the chunk */
    size_t hold;     /* bytes after which the chunk is full */
    int64_t total;   /* -1: not counted */
    int64_t passed;  /* documents before the page */
    int64_t rows;    /* documents of the page, encoded or not */
    int64_t encoded; /* of them, in the first chunk */
    int64_t foreign; /* documents met that are not the resource's */
    sac__halt halt;
    bool tagged;
    sac__tag tag;
    sac__verdict verdict;
    sac__place sent, last; /* the last document of the first chunk, the page's last */
    sac__place here;       /* the one at hand behind that chunk */
    sac_str tail;          /* what stands behind the documents */
} sac__list;

/* Stands for what was asked for: a cursor of the list has it. */
uint64_t sac__list_digest(const sac__list *list);

/* Sets Link and the X- fields, and makes `tail`. SAC_ENOMEM with the problem set. */
int sac__links_add(sac__list *list) SAC_MUST_USE;
/* Appends what stands before the documents. */
void sac__links_head(sac__list *list);
/* Pages in all, where they are counted. */
int64_t sac__links_pages(const sac__list *list);

#endif
