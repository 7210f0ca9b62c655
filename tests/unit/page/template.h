/* SPDX-License-Identifier: MIT */
#ifndef PAGE_TEST_TEMPLATE_H
#define PAGE_TEST_TEMPLATE_H

/* Templates rendered into memory, with data in JSON. */
#include <stdio.h>
#include <stdlib.h>

#include <sacrum/json.h>
#include <sacrum/template.h>

#include "core/buf.h"
#include "support/support.h"

static inline int collect(void *self, sac_str text)
{
    sac__buf *out = self;

    sac__buf_add_str(out, text);
    return out->error;
}

static inline void free_bytes(sac_str s)
{
    free((void *)(uintptr_t)s.p);
}

/* To be freed with free_bytes(). */
static inline sac_str bson_of(const char *json)
{
    const sac_json_options options = SAC_JSON_OPTIONS(.dialect = SAC_JSON_PLAIN);
    sac_str doc = {NULL, 0};
    sac_err err = {.text = ""};

    if (sac_json_decode(sac_str_of(json), &options, NULL, &doc, &err) != SAC_OK)
        print_error("%s\n", err.text);
    CHECK(doc.p != NULL);
    return doc;
}

static inline sac_template *compile(sac_str text)
{
    sac_template *made = NULL;
    sac_err err = {.text = ""};

    if (sac_template_new(text, NULL, &made, &err) != SAC_OK)
        print_error("%s\n", err.text);
    CHECK(made != NULL);
    return made;
}

/* Partials by name, compiled. */
typedef struct shelf {
    sac_str names[8];
    sac_template *partials[8];
    size_t n;
} shelf;

static inline const sac_template *shelf_find(void *self, sac_str name)
{
    const shelf *s = self;

    for (size_t i = 0; i < s->n; i++)
        if (sac_str_eq(s->names[i], name))
            return s->partials[i];
    return NULL;
}

static inline void shelf_add(shelf *s, sac_str name, sac_str text)
{
    CHECK(s->n < 8);
    s->names[s->n] = name;
    s->partials[s->n++] = compile(text);
}

static inline void shelf_clear(shelf *s)
{
    while (s->n > 0)
        sac_template_free(s->partials[--s->n]);
}

#endif
