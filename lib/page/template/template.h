/* SPDX-License-Identifier: MIT */
#ifndef PAGE_TEMPLATE_TEMPLATE_H
#define PAGE_TEMPLATE_TEMPLATE_H

#include <sacrum/template.h>

#include "core/buf.h"

/* A template, compiled: its tags and the text between them, in one array. */

enum {
    SAC__TEMPLATE_DEPTH = 64,      /* of sections in a template, and of partials */
    SAC__TEMPLATE_MAX = 16 << 20,  /* bytes, of a template and of what it renders to */
    SAC__TEMPLATE_STEPS = 4 << 20, /* tags and texts that are gone through */
    SAC__TEMPLATE_KEYS = 100       /* of a dotted name */
};

typedef enum sac__node_kind {
    SAC__NODE_TEXT,
    SAC__NODE_VALUE, /* escaped for HTML */
    SAC__NODE_BARE,  /* as it is */
    SAC__NODE_SECTION,
    SAC__NODE_INVERTED,
    SAC__NODE_URL, /* {{#url_for}} */
    SAC__NODE_END, /* of one of these three */
    SAC__NODE_PARTIAL,
    SAC__NODE_JSON /* {{#json}}, all of it */
} sac__node_kind;

typedef struct sac__node {
    uint8_t kind;
    bool line;       /* begins a line: a partial's indentation goes before it */
    uint16_t n_keys; /* of a name; 0: `.` */
    uint32_t keys;   /* the first of them */
    uint32_t other;  /* of a section: its END; of an END: its section */
    uint32_t row;    /* in the source, from 1 */
    sac_str text;    /* of TEXT; the name of all others */
    sac_str indent;  /* of a PARTIAL */
    bool alone;      /* a PARTIAL on a line of its own */
} sac__node;

struct sac_template {
    const sac_alloc *alloc;
    char *text; /* the source; slices of nodes and keys are within */
    size_t n_text;
    sac__buf nodes;   /* of sac__node */
    sac__buf keys;    /* of sac_str */
    const char *file; /* for messages; NULL: none. Borrowed. */
};

static inline const sac__node *sac__template_nodes(const sac_template *t)
{
    return (const sac__node *)(const void *)t->nodes.p;
}

static inline size_t sac__template_count(const sac_template *t)
{
    return t->nodes.n / sizeof(sac__node);
}

static inline const sac_str *sac__template_keys(const sac_template *t, const sac__node *node)
{
    return (const sac_str *)(const void *)t->keys.p + node->keys;
}

/* As sac_template_new(); `lambdas`: sections url_for, json and raw are the library's. */
int sac__template_compile(sac_str text, bool lambdas, const sac_alloc *alloc, sac_template **out,
                          sac_err *err) SAC_MUST_USE;

#endif
