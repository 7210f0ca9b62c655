/* SPDX-License-Identifier: MIT */
#ifndef JSON_ENCODE_H
#define JSON_ENCODE_H

#include <sacrum/json.h>

#include "core/buf.h"
#include "json/plan.h"

/* Writes the JSON value of a computed field (not its key). An error ends the encoding. */
typedef int sac__json_compute(void *self, const sac__plan_field *field, sac_str doc, sac__buf *out);

typedef struct sac__elements sac__elements;
typedef struct sac__words sac__words;

/* The same encoder for any processor and, where there is one, for the better one that runs here. */
extern const sac__elements sac__elements_any;
const sac__elements *sac__elements_best(void);

typedef struct sac__json_encoding {
    sac_json_dialect dialect;
    unsigned flags;        /* SAC_JSON_* */
    unsigned max_depth;    /* 0: SAC_BSON_DEPTH */
    const sac__plan *plan; /* NULL: every field, under its own name */
    sac__json_compute *compute;
    void *self;
    const sac__elements *elements; /* NULL: the best */
    sac__words *words;             /* NULL, or begun (words.h): keys of the documents before */
} sac__json_encoding;

/*
 * Appends one document as a JSON object to `out`. On error `out` has its old
 * length. Hidden fields of the plan, and in a closed plan undeclared ones, are
 * left out at every level; of duplicate keys the first wins. Bytes that are no
 * UTF-8 are SAC_ECORRUPT, or U+FFFD with SAC_JSON_REPAIR, which the resource
 * layer passes so that one bad string does not block a list.
 */
int sac__json_encode(const sac__json_encoding *encoding, sac_str doc, sac__buf *out,
                     sac_err *err) SAC_MUST_USE;

/* One value, as it would stand behind a key that has no plan. */
int sac__json_encode_value(const sac__json_encoding *encoding, const sac_value *value,
                           sac__buf *out, sac_err *err) SAC_MUST_USE;

/* A string with its quotes and escapes; invalid UTF-8 comes out as U+FFFD. */
void sac__json_encode_str(sac__buf *out, sac_str s);

/* Shortest text that reads back to the same bits; NaN and infinities are null. */
void sac__json_encode_double(sac__buf *out, double value);

#endif
