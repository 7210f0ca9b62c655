/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_PARAMS_H
#define RESOURCE_PARAMS_H

#include "resource/ask.h"

typedef enum sac__counting {
    SAC__COUNT_UNSAID,
    SAC__COUNT_EXACT,
    SAC__COUNT_ESTIMATED,
    SAC__COUNT_NONE
} sac__counting;

/* What a list's query asks for. */
typedef struct sac__paging {
    bool paged, by_offset, descending, envelope;
    sac__counting counting;
    bool envelope_said;
    bool sort_said;
    sac_str cursor; /* p NULL: none; then page and offset count for nothing */
    int64_t page, per_page, skip;
} sac__paging;

/* 400 naming the parameter. */
int sac__params_list(const sac__ask *ask, sac__paging *out) SAC_MUST_USE;
/* The same where no parameter is known: items and writes. */
int sac__params_other(const sac__ask *ask) SAC_MUST_USE;

#endif
