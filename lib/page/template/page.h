/* SPDX-License-Identifier: MIT */
#ifndef PAGE_TEMPLATE_PAGE_H
#define PAGE_TEMPLATE_PAGE_H

#include "page/template/library.h"
#include "page/template/render.h"

/* A template on its way to be an answer. */

enum { SAC__PAGE_NAMES = 5 };

typedef struct sac__page_partial {
    sac_str name;
    const sac_template *made; /* NULL: there is none */
    struct sac__page_partial *next;
} sac__page_partial;

typedef struct sac__page {
    sac_req *req;
    const sac__library *library;
    sac__page_partial *partials;       /* read anew for this page: debug */
    int partial_error;                 /* what one of them failed with */
    sac_value values[SAC__PAGE_NAMES]; /* of the names beside the data */
    bool known[SAC__PAGE_NAMES];
    bool personal; /* it looked at who asks, or at the session */
    bool token;    /* and has what is different each time */
    bool failed;   /* the problem is set */
    sac_err err;
} sac__page;

/* The names beside the data's, and url_for: `self` of sac__beside is the page. */
int sac__page_name(void *self, sac_str key, sac_value *out);
int sac__page_url(void *self, sac_str words, sac__buf *out, sac_err *err);

#endif
