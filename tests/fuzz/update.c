/* SPDX-License-Identifier: MIT */
#include <sacrum/query.h>

#include "fuzz.h"
#include "query/patch.h"

#define NOW INT64_C(1714979289123)

/* What was made of a sound document is sound, and made again it is the same. */
static void hold_made(sac_str doc, sac_str made, sac_str again)
{
    HOLD(sac_str_eq(made, again));
    if (sac_bson_check(doc, NULL) == SAC_OK)
        HOLD(sac_bson_check(made, NULL) == SAC_OK);
    free((void *)(uintptr_t)made.p);
    free((void *)(uintptr_t)again.p);
}

static void update(sac_str given, sac_str doc)
{
    const sac_value id = sac_bson_get(doc, sac_str_of("_id"));
    sac_update *compiled = NULL;
    sac_str made, again;
    sac_value kept;
    sac_err err;

    if (sac_update_new(given, NULL, NULL, &compiled, &err) != SAC_OK) {
        HOLD(err.text[0] && !compiled);
        return;
    }
    if (sac_update_apply(compiled, doc, NOW, NULL, &made, &err) == SAC_OK) {
        HOLD(sac_update_apply(compiled, doc, NOW, NULL, &again, NULL) == SAC_OK);
        kept = sac_bson_get(made, sac_str_of("_id"));
        HOLD(kept.type == id.type && sac_str_eq(kept.raw, id.raw));
        hold_made(doc, made, again);
    } else {
        HOLD(err.text[0]);
    }
    sac_update_free(compiled);
}

static void project(sac_str given, sac_str doc)
{
    sac_projection *compiled = NULL;
    sac_bson out;
    sac_str made;

    if (sac_projection_new(given, NULL, NULL, &compiled, NULL) != SAC_OK)
        return;
    sac_bson_init(&out, NULL, 0);
    if (sac_projection_apply(compiled, doc, &out) == SAC_OK &&
        sac_bson_check(doc, NULL) == SAC_OK) {
        HOLD(sac_bson_finish(&out, &made) == SAC_OK);
        HOLD(sac_bson_check(made, NULL) == SAC_OK);
    }
    sac_bson_fini(&out);
    sac_projection_free(compiled);
}

static void merge(sac_str given, sac_str doc)
{
    sac_str made, again;

    if (sac_bson_check(given, NULL) != SAC_OK ||
        sac__merge_patch(doc, given, NULL, &made, NULL) != SAC_OK)
        return;
    HOLD(sac__merge_patch(made, given, NULL, &again, NULL) ==
         SAC_OK); /* once is as good as twice */
    hold_made(doc, made, again);
}

static void patch(sac_str given, sac_str doc)
{
    const sac_value operations = sac_bson_get(given, sac_str_of("p"));
    sac_str made, again;

    if (operations.type != SAC_BSON_ARRAY ||
        sac__json_patch(doc, operations.raw, NULL, NULL, &made, NULL) != SAC_OK)
        return;
    HOLD(sac__json_patch(doc, operations.raw, NULL, NULL, &again, NULL) == SAC_OK);
    hold_made(doc, made, again);
}

/* A byte that says what to do, a document by which, a document to which. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const run[])(sac_str given, sac_str doc) = {update, project, merge, patch};
    sac_str rest = sac_str_n(data, size);
    const unsigned kind = fuzz_byte(&rest);
    uint32_t n = 0;

    for (size_t i = 0; i < 4 && i < rest.n; i++)
        n |= (uint32_t)(unsigned char)rest.p[i] << 8 * i;
    if (n > rest.n)
        n = (uint32_t)rest.n;
    run[kind % 4](sac_str_n(rest.p, n), sac_str_n(rest.p + n, rest.n - n));
    return 0;
}
