/* SPDX-License-Identifier: MIT */
#ifndef JSON_PLAN_H
#define JSON_PLAN_H

#include <sacrum/alloc.h>
#include <sacrum/err.h>
#include <sacrum/str.h>
#include <sacrum/type.h>

/*
 * What a schema tells the codec: for each document level the fields, how their
 * JSON is read and which of them are shown. Made by lib/schema at build time,
 * immutable afterwards.
 */
typedef struct sac__plan sac__plan;

enum {
    SAC__PLAN_HIDDEN = 1 << 0,  /* never encoded: secret fields */
    SAC__PLAN_COMPUTED = 1 << 1 /* not stored: written by the encoder's `compute` */
};

typedef struct sac__plan_field {
    sac_str name;  /* as stored; NUL stands behind it */
    sac_str shown; /* as the client sees it (`id` for `_id` where renamed); NUL behind it */
    uint8_t type;  /* sac_type */
    uint8_t flags;
    const sac__plan *plan;              /* SAC_DOCUMENT: its members, or NULL (open) */
    const struct sac__plan_field *item; /* SAC_ARRAY: its elements, or NULL (anything) */
    const void *schema;                 /* lib/schema's own row */
} sac__plan_field;

/*
 * What the encoder writes for a field whose stored name stands before it: made
 * ready for names of few bytes that need no escapes.
 */
#define SAC__PLAN_KEYS 64 /* fields that may have one: the first ones */

#define SAC__PLAN_TEXT 32 /* bytes of text that are copied, whether used or not */

typedef struct sac__plan_key {
    char name[16];  /* stored, with its NUL */
    uint32_t bits;  /* a bit for each byte of that; beyond 16 bits: matches nothing */
    uint8_t name_n; /* without the NUL */
    uint8_t text_n;
    char text[SAC__PLAN_TEXT + 1]; /* `,"shown":` */
} sac__plan_key;

struct sac__plan {
    const sac__plan_field *fields;
    size_t n;
    bool open;               /* undeclared fields are taken and shown */
    bool computed;           /* some field here is computed */
    const uint16_t *by_name; /* hash tables of 1-based indexes; a power of two */
    const uint16_t *by_shown;
    size_t mask;
    const sac__plan_key *keys; /* of the first SAC__PLAN_KEYS fields */
};

/* The field stored (or shown) under a name, or NULL. `hint` is where to look first. */
const sac__plan_field *sac__plan_stored(const sac__plan *plan, sac_str name, size_t *hint);
const sac__plan_field *sac__plan_shown(const sac__plan *plan, sac_str name, size_t *hint);

/*
 * Builds the tables of a plan whose fields are set. Memory of `alloc`.
 * SAC_EEXIST when two fields have one name.
 */
int sac__plan_index(sac__plan *plan, const sac_alloc *alloc, sac_err *err) SAC_MUST_USE;
void sac__plan_unindex(sac__plan *plan, const sac_alloc *alloc);

#endif
