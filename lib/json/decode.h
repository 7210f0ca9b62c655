/* SPDX-License-Identifier: MIT */
#ifndef JSON_DECODE_H
#define JSON_DECODE_H

#include <sacrum/bson.h>
#include <sacrum/json.h>

#include "json/plan.h"

/* Why a value or member does not fit the plan. The decoder goes on after it. */
typedef enum sac__json_misfit {
    SAC__JSON_WRONG_TYPE,   /* kept in the output as it would be without a plan */
    SAC__JSON_OUT_OF_RANGE, /* an integer beyond int64, a decimal beyond 34 digits; kept likewise */
    /*
     * Undeclared in a closed plan, or in an open one under a name that another
     * field is stored by; left out of the output.
     */
    SAC__JSON_UNKNOWN_FIELD
} sac__json_misfit;

/* `path` is the dotted path as the client sees it (`tags.3.name`), valid in the call. */
typedef void sac__json_misfit_fn(void *self, sac__json_misfit misfit, sac_str path,
                                 const sac__plan_field *field);

typedef struct sac__json_decoding {
    unsigned flags;        /* SAC_JSON_KEY_RULES, SAC_JSON_LEGACY */
    unsigned max_depth;    /* 0: SAC_BSON_DEPTH */
    size_t max_keys;       /* members and elements, of each item by itself; 0: no bound */
    bool dotted;           /* dots in top-level keys are no errors (PATCH) */
    bool operators;        /* neither are $ and dots at any depth (filters, update documents) */
    const sac__plan *plan; /* NULL: nothing is declared */
    sac__json_misfit_fn *misfit;
    void *self;
} sac__json_decoding;

/*
 * Reads one JSON object into the members of `out`, an initialised writer whose
 * document is open; nested values by the plan's types, integral by value.
 * `null` is stored as null whatever the type: lib/schema judges it.
 * A member whose plan field is computed is read and left out.
 *
 * SAC_ESYNTAX (byte offset in err->pos; line, and column in characters, in the
 * text), also for bad keys, whose err->text begins with "bad key", and for a
 * number too large for a double; SAC_ELIMIT for depth and number of keys;
 * SAC_EINVAL when the text is a JSON value but no object; the error of `out`.
 */
int sac__json_decode(const sac__json_decoding *decoding, sac_str json, sac_bson *out,
                     sac_err *err) SAC_MUST_USE;

/*
 * Reads an array of objects: `begin` is called before each and gives the
 * writer to fill, `end` after each. SAC_EINVAL when the text is no array or an
 * element no object (its index in the text). `alloc` is for what is needed on the way.
 */
typedef struct sac__json_items {
    int (*begin)(void *self, size_t index, sac_bson **out);
    int (*end)(void *self, size_t index);
    void *self;
} sac__json_items;
int sac__json_decode_items(const sac__json_decoding *decoding, sac_str json, const sac_alloc *alloc,
                           const sac__json_items *items, sac_err *err) SAC_MUST_USE;

/* Any JSON value, read by one field's type (NULL: none), appended under `key`. */
int sac__json_decode_value(const sac__json_decoding *decoding, const sac__plan_field *field,
                           sac_str json, sac_str key, sac_bson *out, sac_err *err) SAC_MUST_USE;

/* Texts of single values: true and *out, or false. */
bool sac__json_parse_date(sac_str text, int64_t *ms); /* wire.md §1's rules */
bool sac__json_parse_int(sac_str text, int64_t *out); /* decimal, canonical or not */
bool sac__json_parse_uuid(sac_str text, uint8_t out[16]);
/* `…Z` with milliseconds; *n is 0 for a year that is not 0 to 9999. */
void sac__json_print_date(int64_t ms, char out[25], size_t *n);

#endif
