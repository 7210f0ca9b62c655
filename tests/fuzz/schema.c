/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "json/encode.h"
#include "table.h"

static const sac__schema_limits limits = {.max_depth = 64, .max_keys = 1000};
static sac__schema *schema;
static sac_oid_source oids;

static bool decode(sac__arena *arena, sac_str json, bool patch, sac__body *body)
{
    sac_err err = {.code = 0};
    const int rc = sac__schema_decode(schema, &limits, json, patch, arena, body, &err);

    HOLD(rc == SAC_OK || (err.code == rc && err.pos <= json.n));
    return rc == SAC_OK;
}

static bool outcome(const sac__making *making, int rc, sac_str doc, sac_str stored)
{
    sac_value a, b;

    HOLD(rc == SAC_OK ? making->errors->n == 0 : rc != SAC_EVALIDATION || making->errors->n > 0);
    making->errors->n = 0;
    making->errors->first = making->errors->last = NULL;
    if (rc != SAC_OK)
        return false;
    HOLD(sac_bson_check(doc, NULL) == SAC_OK);
    a = sac_bson_get(doc, sac_str_of("_id"));
    b = sac_bson_get(stored, sac_str_of("_id"));
    HOLD(a.type != SAC_BSON_MISSING && (!stored.p || sac_value_compare(&a, &b) == 0));
    return true;
}

/* What a client fetches and sends back changes nothing. */
static void check_echo(const sac__making *making, sac_str stored)
{
    const sac__json_encoding how = {.flags = SAC_JSON_REPAIR, .plan = sac__schema_plan(schema)};
    sac__body body;
    sac__buf text;
    sac_str doc;

    sac__buf_init(&text, sac__arena_alloc(making->arena), (size_t)1 << 20);
    HOLD(sac__json_encode(&how, stored, &text, NULL) == SAC_OK);
    if (!decode(making->arena, sac__buf_str(&text), false, &body))
        return; /* what stands in undeclared documents may be no good key */
    HOLD(outcome(making, sac__schema_replace(making, &body, stored, &doc), doc, stored));
    HOLD(sac_str_eq(doc, stored));
    HOLD(decode(making->arena, sac__buf_str(&text), true, &body));
    HOLD(outcome(making, sac__schema_modify(making, &body, stored, &doc, NULL), doc, stored));
    HOLD(sac_str_eq(doc, stored));
}

/* A line of JSON that makes the stored document, then the body of a PUT and of a PATCH. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sac__problem_errors errors = {.n = 0};
    sac_str rest = sac_str_n(data, size), doc = {NULL, 0}, stored;
    sac__arena *arena = fuzz_arena();
    const sac__making making = {.schema = schema ? schema : (schema = fuzz_schema()),
                                .arena = arena,
                                .errors = &errors,
                                .prefix = "",
                                .oids = &oids,
                                .now = 1795340460123};
    const sac_str first = fuzz_line(&rest);
    sac__body body;
    sac_value id;

    HOLD(oids.state || sac_oid_source_init(&oids) == SAC_OK);
    HOLD(sac__schema_id_parse(schema, sac_str_of("00112233445566778899aabb"), arena, &id));
    if (decode(arena, first, false, &body) &&
        outcome(&making, sac__schema_create(&making, &body, id, &doc), doc, (sac_str){NULL, 0})) {
        stored = doc;
        check_echo(&making, stored);
        if (decode(arena, rest, false, &body))
            outcome(&making, sac__schema_replace(&making, &body, stored, &doc), doc, stored);
        if (decode(arena, rest, true, &body))
            outcome(&making, sac__schema_modify(&making, &body, stored, &doc, NULL), doc, stored);
    }
    sac__arena_close(arena);
    return 0;
}
