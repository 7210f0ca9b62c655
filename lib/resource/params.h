/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_PARAMS_H
#define RESOURCE_PARAMS_H

#include "resource/ask.h"
#include "resource/query/order.h"
#include "resource/query/select.h"

typedef enum sac__counting {
    SAC__COUNT_UNSAID,
    SAC__COUNT_EXACT,
    SAC__COUNT_ESTIMATED,
    SAC__COUNT_NONE
} sac__counting;

/* What stands around the documents of a list. */
typedef enum sac__shape { SAC__SHAPE_ARRAY, SAC__SHAPE_ENVELOPE, SAC__SHAPE_PAGEABLE } sac__shape;

/* What a list's query asks for. */
typedef struct sac__paging {
    bool paged, by_offset;
    sac__shape shape;
    sac__counting counting;
    sac_str cursor; /* p NULL: none; then page and offset count for nothing */
    int64_t page, per_page, skip;
    sac_str common; /* what every link repeats, `&` behind each */
    sac__order order;
    sac__select select;
} sac__paging;

/* 400 naming the parameter. */
int sac__params_list(sac__ask *ask, sac__paging *out) SAC_MUST_USE;
/* The same of GET of an item. */
int sac__params_item(sac__ask *ask) SAC_MUST_USE;
/* The same of PATCH and DELETE of a list: its filter alone. */
int sac__params_many(const sac__ask *ask, sac__select *out) SAC_MUST_USE;
/* The same where no parameter is known: writes. */
int sac__params_other(const sac__ask *ask) SAC_MUST_USE;

/* Digits alone; past int64 its greatest value. */
bool sac__params_number(sac_str text, int64_t *out);

/* Whether a page begins further behind than the resource lets it. */
bool sac__params_too_far(const sac__ask *ask, int64_t skip);
/* Says so: 400. */
int sac__params_refuse_far(const sac__ask *ask, const char *name);

#endif
