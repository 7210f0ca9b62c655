/* SPDX-License-Identifier: MIT */
#ifndef SCHEMA_SCHEMA_H
#define SCHEMA_SCHEMA_H

#include <sacrum/bson.h>
#include <sacrum/index.h>
#include <sacrum/schema.h>

#include "core/arena.h"
#include "http/problem.h"
#include "json/decode.h"
#include "json/plan.h"

/*
 * A field table, compiled: checked, its defaults and bounds parsed to BSON,
 * its patterns compiled, its plan made. Immutable; used by any thread.
 */
typedef struct sac__schema sac__schema;

typedef struct sac__schema_config {
    const sac_field *fields; /* NULL: no rows */
    size_t field_size;
    bool open;
    sac_type id_type;   /* SAC_OBJECTID, SAC_UUID, SAC_INT64 or SAC_STRING */
    const char *id_key; /* NULL: "_id" */
    bool rev;           /* `_rev` is shown (computed) and taken */
    const char *owner;  /* name of the row that only the server writes; NULL: none */
    bool bare;          /* no resource's: without `_id` and `_rev`; the three above are not used */
} sac__schema_config;

/* SAC_EINVAL naming the field (dotted) and what is wrong with its row; SAC_ENOMEM. */
int sac__schema_new(const sac__schema_config *config, const sac_alloc *alloc, sac__schema **out,
                    sac_err *err) SAC_MUST_USE;
void sac__schema_free(sac__schema *schema);

/* For the encoder: `_id` under its shown name first; computed fields flagged. */
const sac__plan *sac__schema_plan(const sac__schema *schema);

/* The row of sac__schema_config.owner, or NULL. */
const sac__plan_field *sac__schema_owner(const sac__schema *schema);

/* Which computed field a plan's row is; `_rev` is SAC__COMPUTED_REV. */
enum { SAC__COMPUTED_REV = 100 };
int sac__schema_computed(const sac__plan_field *field);

/* Whether lists may be filtered and sorted by a plan's row; whether `q` looks into it. */
bool sac__schema_filterable(const sac__plan_field *field);
bool sac__schema_searchable(const sac__plan_field *field);

/* For decoders that are only asked whether all fits: sets the bool that `self` points to. */
sac__json_misfit_fn sac__schema_note_misfit;

/* The index that a plan's row asks for, but for its keys; false: none. */
bool sac__schema_indexed(const sac__plan_field *field, sac_index *out);

/* Stands for all that a list's bytes depend on: changes when the table does. */
uint64_t sac__schema_fingerprint(const sac__schema *schema);

typedef struct sac__schema_limits {
    unsigned max_depth;
    size_t max_keys;
} sac__schema_limits;

/* A decoded body, in memory of the arena. What does not fit is kept beside it. */
typedef struct sac__misfit {
    sac__json_misfit kind;
    sac_str path; /* as the client sees it */
    const sac__plan_field *field;
    struct sac__misfit *next;
} sac__misfit;

typedef struct sac__body {
    sac_str doc;    /* members by the plan's types, without `_id` and `_rev` (unless bare) and
                       computed ones */
    sac_value id;   /* MISSING: none was sent */
    bool id_misfit; /* an `_id` was sent that is not of the id's type */
    sac_value rev;  /* likewise (an int64) */
    sac__misfit *misfits;
} sac__body;

/*
 * Reads one object. `patch`: dotted keys are paths (wire.md §5). Errors are
 * those of the text alone (SAC_ESYNTAX, SAC_ELIMIT, SAC_EINVAL, SAC_ENOMEM):
 * what does not fit the table is judged by the calls below.
 */
int sac__schema_decode(const sac__schema *schema, const sac__schema_limits *limits, sac_str json,
                       bool patch, sac__arena *arena, sac__body *out, sac_err *err) SAC_MUST_USE;

/* Reads an array of 1 to `max` objects. SAC_EINVAL for an empty or no array; SAC_ETOOBIG past max. */
typedef struct sac__bodies {
    sac__body *v;
    size_t n, max;
} sac__bodies;
int sac__schema_decode_many(const sac__schema *schema, const sac__schema_limits *limits,
                            sac_str json, sac__arena *arena, sac__bodies *out,
                            sac_err *err) SAC_MUST_USE;

/*
 * The three writes. Each makes the whole document to store (`id` first) in
 * memory of the arena, or adds every field's error to `errors`, paths behind
 * `prefix` ("3." for an element of a bulk), and returns SAC_EVALIDATION.
 * `stored` is the document as it is; values of the body that echo its
 * rendering keep its bytes and are not judged (wire.md §1), what the caller
 * cannot see or write stays as stored (§6).
 */
typedef struct sac__making {
    const sac__schema *schema;
    sac__arena *arena;
    sac__problem_errors *errors;
    const char *prefix;   /* "" or "3." */
    sac_oid_source *oids; /* for `objectid()` defaults */
    int64_t now;          /* ms, for `now()` */
    sac_value owner;      /* who the body is of, where the table has an owner */
    bool owner_free;      /* they may say whose it is */
} sac__making;

int sac__schema_create(const sac__making *making, const sac__body *body, sac_value id,
                       sac_str *doc) SAC_MUST_USE; /* id MISSING: none is written */
int sac__schema_replace(const sac__making *making, const sac__body *body, sac_str stored,
                        sac_str *doc) SAC_MUST_USE;
/* The same of a body that is the stored document as a patch left it: without defaults. */
int sac__schema_patched(const sac__making *making, const sac__body *body, sac_str stored,
                        sac_str *doc) SAC_MUST_USE;
/* SAC_EINVAL: two keys overlap (400); its text in `err`. */
int sac__schema_modify(const sac__making *making, const sac__body *body, sac_str stored,
                       sac_str *doc, sac_err *err) SAC_MUST_USE;

/* Whether a sent value is what the plain rendering of a stored one says (wire.md §1). */
bool sac__schema_echoes(const sac_value *sent, const sac_value *stored);

/* An id's URL spelling to its value, in memory of the arena; false when it is none (404). */
bool sac__schema_id_parse(const sac__schema *schema, sac_str text, sac__arena *arena,
                          sac_value *out);
/* And back: appended, not percent-encoded. */
void sac__schema_id_print(const sac_value *id, sac__buf *out);

#endif
