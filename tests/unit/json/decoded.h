/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_JSON_DECODED_H
#define TESTS_UNIT_JSON_DECODED_H

#include "plans.h"
#include "roundtrip.h"

/* What a decoding gave: the document as canonical JSON, and its misfits. */
typedef struct decoded {
    int rc;
    sac_err err;
    char json[4096];
    char misfits[4096];
} decoded;

static inline void note_misfit(void *self, sac__json_misfit misfit, sac_str path,
                               const sac__plan_field *field)
{
    static const char *const names[] = {"type", "range", "unknown"};
    decoded *d = self;
    const size_t n = strlen(d->misfits);

    CHECK((field == NULL) == (misfit == SAC__JSON_UNKNOWN_FIELD));
    snprintf(d->misfits + n, sizeof d->misfits - n, "%s%.*s:%s", n ? " " : "", (int)path.n, path.p,
             names[misfit]);
}

static inline void take_document(decoded *d, sac_bson *out)
{
    sac_str doc, json;

    CHECK_INT(sac_bson_finish(out, &doc), SAC_OK);
    CHECK_INT(sac_bson_check(doc, NULL), SAC_OK);
    json = json_of(doc, SAC_JSON_CANONICAL, 0);
    snprintf(d->json, sizeof d->json, "%s", json.p);
    drop(json);
}

static inline void decode(decoded *d, sac__json_decoding how, sac_str text)
{
    const sac_str json = exact_copy(text);
    sac_bson out;

    memset(d, 0, sizeof *d);
    how.misfit = note_misfit;
    how.self = d;
    sac_bson_init(&out, NULL, 0);
    d->rc = sac__json_decode(&how, json, &out, &d->err);
    if (d->rc == SAC_OK)
        take_document(d, &out);
    sac_bson_fini(&out);
    drop(json);
}

/* Fields of every type, and what comes of texts for them. */
static const sac__plan_field point_fields[] = {FIELD("x", SAC_INT, .flags = 0)};
static sac__plan point = PLAN(point_fields, .open = false);
static const sac__plan_field int_item = FIELD("", SAC_INT, .flags = 0);
static const sac__plan_field point_item = FIELD("", SAC_DOCUMENT, .plan = &point);
static const sac__plan_field typed[] = {
    FIELD("any", SAC_ANY, .flags = 0),
    FIELD("string", SAC_STRING, .flags = 0),
    FIELD("bool", SAC_BOOL, .flags = 0),
    FIELD("int", SAC_INT, .flags = 0),
    FIELD("int64", SAC_INT64, .flags = 0),
    FIELD("double", SAC_DOUBLE, .flags = 0),
    FIELD("decimal", SAC_DECIMAL, .flags = 0),
    FIELD("date", SAC_DATE, .flags = 0),
    FIELD("oid", SAC_OBJECTID, .flags = 0),
    FIELD("uuid", SAC_UUID, .flags = 0),
    FIELD("binary", SAC_BINARY, .flags = 0),
    FIELD("point", SAC_DOCUMENT, .plan = &point),
    FIELD("free", SAC_DOCUMENT, .flags = 0),
    FIELD("ints", SAC_ARRAY, .item = &int_item),
    FIELD("points", SAC_ARRAY, .item = &point_item),
    {.name = NAMED("_id"), .shown = NAMED("id"), .type = SAC_INT},
    FIELD("url", SAC_STRING, .flags = SAC__PLAN_COMPUTED),
};
static sac__plan plan = PLAN(typed, .open = false);

static inline int index_plans(void **state)
{
    (void)state;
    index_plan(&point);
    index_plan(&plan);
    return 0;
}

static inline int unindex_plans(void **state)
{
    (void)state;
    sac__plan_unindex(&point, NULL);
    sac__plan_unindex(&plan, NULL);
    return 0;
}

#endif
