/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SCHEMA_FIXTURE_H
#define TESTS_SCHEMA_FIXTURE_H

#include "json/encode.h"
#include "schema/schema.h"
#include "support/support.h"

/*
 * One table and one request. Documents are written and checked as JSON: what
 * is stored as Extended JSON (canonical), what is sent as a client sends it.
 */
typedef struct fixture {
    fault_alloc fault;
    sac__arena_cache *cache;
    sac__arena *arena;
    sac__schema *schema;
    sac__problem_errors errors;
    sac_oid_source oids;
    sac_err err;
    const char *prefix;
    int rc;
} fixture;

#define ID "00112233445566778899aabb"
#define STORED_ID "{\"_id\":{\"$oid\":\"" ID "\"}"

static inline void fixture_open(fixture *f, const sac__schema_config *config)
{
    *f = (fixture){.prefix = ""};
    CHECK_INT(sac__arena_cache_new(fault_alloc_init(&f->fault, -1), 4096, 4, &f->cache), SAC_OK);
    f->arena = sac__arena_open(f->cache, (size_t)64 << 20);
    CHECK(f->arena != NULL);
    CHECK_INT(sac_oid_source_init(&f->oids), SAC_OK);
    CHECK_INT(sac__schema_new(config, &f->fault.alloc, &f->schema, &f->err), SAC_OK);
}

static inline void fixture_close(fixture *f)
{
    sac__schema_free(f->schema);
    sac__arena_close(f->arena);
    sac__arena_cache_free(f->cache);
    CHECK_INT(f->fault.live, 0);
}

static inline void fixture_fields(fixture *f, const sac_field *fields, bool open)
{
    const sac__schema_config config = {
        .fields = fields, .field_size = sizeof *fields, .open = open, .id_type = SAC_OBJECTID};

    fixture_open(f, &config);
}

static inline sac__making fixture_making(fixture *f)
{
    f->errors = (sac__problem_errors){.n = 0};
    return (sac__making){.schema = f->schema,
                         .arena = f->arena,
                         .errors = &f->errors,
                         .prefix = f->prefix,
                         .oids = &f->oids,
                         .now = 1000};
}

static inline sac__body fixture_body(fixture *f, const char *json, bool patch)
{
    sac__body body = {.misfits = NULL};

    f->rc = sac__schema_decode(f->schema, NULL, sac_str_of(json), patch, f->arena, &body, &f->err);
    CHECK_INT(f->rc, SAC_OK);
    return body;
}

/* Any Extended JSON as a document. */
static inline sac_str fixture_read(fixture *f, sac_str json)
{
    const sac__json_decoding decoding = {.flags = 0};
    sac_bson doc;
    sac_str out = {NULL, 0};

    sac_bson_init(&doc, sac__arena_alloc(f->arena), 0);
    CHECK_INT(sac__json_decode(&decoding, json, &doc, NULL), SAC_OK);
    CHECK_INT(sac_bson_finish(&doc, &out), SAC_OK);
    return out;
}

static inline sac_str fixture_doc(fixture *f, const char *json)
{
    return fixture_read(f, sac_str_of(json));
}

/* Canonical Extended JSON says all but the keys of arrays: these are checked by reading it again. */
static inline sac_str fixture_json(fixture *f, sac_str doc)
{
    const sac__json_encoding encoding = {.dialect = SAC_JSON_CANONICAL};
    sac__buf out;

    CHECK_INT(sac_bson_check(doc, NULL), SAC_OK);
    sac__buf_init(&out, sac__arena_alloc(f->arena), (size_t)32 << 20);
    CHECK_INT(sac__json_encode(&encoding, doc, &out, NULL), SAC_OK);
    CHECK(sac_str_eq(fixture_read(f, sac__buf_str(&out)), doc));
    return sac__buf_str(&out);
}

/* Errors as `field: message`, one behind the other with `; ` between. */
static inline sac_str fixture_errors(fixture *f)
{
    sac__buf out;

    sac__buf_init(&out, sac__arena_alloc(f->arena), (size_t)1 << 20);
    for (const sac__problem_error *e = f->errors.first; e; e = e->next) {
        sac__buf_add_text(&out, out.n ? "; " : "");
        sac__buf_add_str(&out, e->field);
        sac__buf_add_text(&out, ": ");
        sac__buf_add_str(&out, e->message);
    }
    return sac__buf_str(&out);
}

/* The document that comes out, or the errors, or the code's name. */
static inline sac_str fixture_outcome(fixture *f, int rc, sac_str doc)
{
    f->rc = rc;
    if (rc == SAC_OK)
        return fixture_json(f, doc);
    if (rc == SAC_EVALIDATION)
        return fixture_errors(f);
    return sac_str_of(sac_err_name(rc));
}

static inline sac_str create(fixture *f, const char *json)
{
    const sac__body body = fixture_body(f, json, false);
    const sac__making making = fixture_making(f);
    sac_value id = {.type = SAC_BSON_MISSING};
    sac_str doc = {NULL, 0};

    CHECK(sac__schema_id_parse(f->schema, sac_str_of(ID), f->arena, &id));
    return fixture_outcome(f, sac__schema_create(&making, &body, id, &doc), doc);
}

static inline sac_str replace(fixture *f, const char *stored, const char *json)
{
    const sac__body body = fixture_body(f, json, false);
    const sac__making making = fixture_making(f);
    sac_str doc = {NULL, 0};

    return fixture_outcome(f, sac__schema_replace(&making, &body, fixture_doc(f, stored), &doc),
                           doc);
}

static inline sac_str modify(fixture *f, const char *stored, const char *json)
{
    const sac__body body = fixture_body(f, json, true);
    const sac__making making = fixture_making(f);
    sac_str doc = {NULL, 0};

    return fixture_outcome(
        f, sac__schema_modify(&making, &body, fixture_doc(f, stored), &doc, &f->err), doc);
}

#endif
