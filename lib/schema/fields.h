/* SPDX-License-Identifier: MIT */
#ifndef SCHEMA_FIELDS_H
#define SCHEMA_FIELDS_H

#include "http/url.h"
#include "schema/schema.h"

/* Named texts (a form's fields, a query's parameters), to be read by a bare schema. */
typedef struct sac__fields {
    const sac__schema *schema;
    const sac__params *params;
    bool form; /* an absent bool is false, `csrf_token` is passed over; else `_` is */
    sac__arena *arena;
    sac__problem_errors *errors; /* gets what the JSON cannot say: unknown and repeated names */
} sac__fields;

/*
 * As the JSON text that a client would send, for sac__schema_decode(): dotted
 * names are nested documents, repeated ones arrays, an empty text of another
 * type than a string is absent. What does not look like its type is a string,
 * so that the schema refuses it by name. SAC_ENOMEM.
 */
int sac__fields_json(const sac__fields *fields, sac_str *json) SAC_MUST_USE;

/* `true`, `on`, `1` or `false`, `off`, `0`. */
bool sac__fields_bool(sac_str text, bool *out);

#endif
