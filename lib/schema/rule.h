/* SPDX-License-Identifier: MIT */
#ifndef SCHEMA_RULE_H
#define SCHEMA_RULE_H

#include "core/pattern.h"
#include "schema/schema.h"

/* How deep tables may nest, the resource's own being 1. */
#define SAC__RULE_DEPTH 32

typedef enum sac__fallback {
    SAC__FALLBACK_NONE,
    SAC__FALLBACK_CONSTANT,
    SAC__FALLBACK_NOW,
    SAC__FALLBACK_OBJECTID,
    SAC__FALLBACK_UUID
} sac__fallback;

/* What is behind sac__plan_field.schema: the row and what its texts stand for. */
typedef struct sac__rule {
    sac_field row;
    int computed; /* as sac__schema_computed() */
    sac__fallback fallback;
    sac_value constant;
    sac_value min, max; /* MISSING: none */
    sac_value *one_of;  /* NULL: any */
    size_t n_one_of;
    pcre2_code *pattern;
} sac__rule;

struct sac__schema {
    const sac_alloc *alloc;
    sac__arena_cache *cache;
    sac__arena *memory;             /* of all that follows */
    pcre2_general_context *general; /* of memory while the table is compiled */
    sac_type id_type;
    sac_str id_key;
    bool rev, bare;
    sac__plan shown;              /* for the encoder */
    sac__plan read;               /* for the decoder */
    const sac__plan_field *owner; /* of `shown`; NULL: none */
    uint64_t fingerprint;
};

static inline const sac__rule *sac__rule_of(const sac__plan_field *field)
{
    return field ? (const sac__rule *)field->schema : NULL;
}

/* Reads the row's texts into the rule; `field` has its plan and item. */
int sac__rule_compile(sac__schema *schema, const sac__plan_field *field, sac__rule *rule, bool item,
                      sac_err *err) SAC_MUST_USE;

/* What patterns need while they are matched; made at the first one. */
typedef struct sac__matching {
    const sac_alloc *alloc;
    pcre2_general_context *general;
    pcre2_match_context *context;
    pcre2_match_data *data;
} sac__matching;

void sac__matching_fini(sac__matching *matching);

#define SAC__RULE_TEXT 80

/* Whether a value is of a declared type, not looking into it. */
bool sac__rule_fits(sac_type type, const sac_value *value);

/* What a value of another type is told. */
const char *sac__rule_misfit(sac_type type);

/*
 * A value that fits its type against bounds, choices and pattern: 1 it keeps
 * them, 0 it does not and `text` says why, SAC_ENOMEM.
 */
int sac__rule_check(const sac__rule *rule, const sac_value *value, sac__matching *matching,
                    char text[SAC__RULE_TEXT]) SAC_MUST_USE;

#endif
