/* SPDX-License-Identifier: MIT */
#ifndef PAGE_TEMPLATE_RENDER_H
#define PAGE_TEMPLATE_RENDER_H

#include "page/template/template.h"

/* What a template of an app finds beside its data. */
typedef struct sac__beside {
    /* The value of a name that the data has not; SAC_BSON_MISSING: there is none either. */
    int (*name)(void *self, sac_str key, sac_value *out);
    /* Appends the path that {{#url_for}} stands for; its words are percent-encoded. */
    int (*url)(void *self, sac_str words, sac__buf *out, sac_err *err);
    void *self;
} sac__beside;

/* Where the text goes: into `buf`, and where there is a `write` from there to that. */
typedef struct sac__render_to {
    sac__buf *buf;
    int (*write)(void *self, sac_str text);
    void *self;
} sac__render_to;

/* As sac_template_render(); `beside` may be NULL where there are no lambdas. */
int sac__template_render(const sac_template *t, const sac_rendering *with,
                         const sac__beside *beside, const sac__render_to *to,
                         sac_err *err) SAC_MUST_USE;

#endif
