/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "json/decode.h"
#include "json/encode.h"
#include "table.h"

static const sac__schema *schema;

static void count_misfit(void *self, sac__json_misfit misfit, sac_str path,
                         const sac__plan_field *field)
{
    (void)misfit;
    (void)field;
    *(size_t *)self += path.n;
}

/* Canonical text of a document says all of it. */
static void check_identity(sac_str doc)
{
    const sac__json_encoding how = {.dialect = SAC_JSON_CANONICAL};
    sac_str again;
    sac__buf text;

    sac__buf_init(&text, NULL, (size_t)64 << 20);
    HOLD(sac__json_encode(&how, doc, &text, NULL) == SAC_OK);
    HOLD(sac_json_decode(sac__buf_str(&text), NULL, NULL, &again, NULL) == SAC_OK);
    HOLD(sac_str_eq(doc, again));
    free((void *)(uintptr_t)again.p);
    sac__buf_fini(&text);
}

static void decode_by_table(sac_str json)
{
    size_t misfits = 0;
    sac__json_decoding how = {.flags = SAC_JSON_KEY_RULES,
                              .max_keys = 200,
                              .dotted = true,
                              .plan = sac__schema_plan(schema),
                              .misfit = count_misfit,
                              .self = &misfits};
    sac__arena *arena = fuzz_arena();
    sac_bson out;
    sac_str doc;

    sac_bson_init(&out, sac__arena_alloc(arena), 0);
    if (sac__json_decode(&how, json, &out, NULL) == SAC_OK) {
        HOLD(sac_bson_finish(&out, &doc) == SAC_OK);
        HOLD(sac_bson_check(doc, NULL) == SAC_OK);
    }
    sac__arena_close(arena);
}

/* What is read without v1's forms is read the same with them. */
static void decode_legacy(sac_str json, const sac_str *doc)
{
    const sac_json_options legacy = SAC_JSON_OPTIONS(.flags = SAC_JSON_LEGACY);
    sac_str other;

    if (sac_json_decode(json, &legacy, NULL, &other, NULL) != SAC_OK) {
        HOLD(!doc);
        return;
    }
    HOLD(sac_bson_check(other, NULL) == SAC_OK);
    HOLD(!doc || sac_str_eq(*doc, other));
    free((void *)(uintptr_t)other.p);
}

/* The text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const sac_json_options strict = SAC_JSON_OPTIONS(.flags = SAC_JSON_KEY_RULES);
    const sac_str json = sac_str_n(data, size);
    sac_err err = {.code = 0};
    sac_str doc, other;
    int rc = sac_json_decode(json, NULL, NULL, &doc, &err);

    if (!schema)
        schema = fuzz_schema();
    if (rc == SAC_OK) {
        HOLD(fuzz_is_json(json));
        HOLD(sac_bson_check(doc, NULL) == SAC_OK);
        decode_legacy(json, &doc);
        if (sac_json_decode(json, &strict, NULL, &other, NULL) == SAC_OK) {
            HOLD(sac_str_eq(doc, other));
            free((void *)(uintptr_t)other.p);
            check_identity(doc);
        }
        free((void *)(uintptr_t)doc.p);
    } else {
        HOLD(err.code == rc && err.pos <= size);
        decode_legacy(json, NULL);
        HOLD(sac_json_decode(json, &strict, NULL, &other, NULL) != SAC_OK);
    }
    decode_by_table(json);
    return 0;
}
