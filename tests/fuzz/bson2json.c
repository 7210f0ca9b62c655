/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "json/encode.h"
#include "json/words.h"
#include "table.h"

static const sac__schema *schema;

static int write_computed(void *self, const sac__plan_field *field, sac_str doc, sac__buf *out)
{
    (void)self;
    (void)field;
    (void)doc;
    sac__buf_add_text(out, "\"/x\"");
    return out->error;
}

static int count(void *self, const char *p, size_t n)
{
    (void)p;
    *(size_t *)self += n;
    return 0;
}

/* With the keys of the document before, which was the same one: the same bytes. */
static void encode_again(sac_str doc, const sac__json_encoding *how, int rc, sac_str json)
{
    static sac__words words;
    sac__json_encoding again = *how;

    sac__words_begin(&words);
    again.words = &words;
    for (int i = 0; i < 2; i++) {
        sac__buf out;

        sac__buf_init(&out, NULL, (size_t)64 << 20);
        HOLD(sac__json_encode(&again, doc, &out, NULL) == rc);
        HOLD(sac_str_eq(sac__buf_str(&out), json));
        sac__buf_fini(&out);
    }
}

static void encode(sac_str doc, const sac__json_encoding *how, bool sound)
{
    sac__buf out;
    sac_err err;
    int rc;

    sac__buf_init(&out, NULL, (size_t)64 << 20);
    rc = sac__json_encode(how, doc, &out, &err);
    if (rc == SAC_OK)
        HOLD(fuzz_is_json(sac__buf_str(&out)));
    else
        HOLD(out.n == 0 && err.code == rc && (rc != SAC_ECORRUPT || err.pos <= doc.n));
    if (sound)
        HOLD(rc == SAC_OK);
    encode_again(doc, how, rc, sac__buf_str(&out));
    if (!how->plan) {
        const sac_json_options options = SAC_JSON_OPTIONS(.dialect = how->dialect,
                                                          .flags = how->flags);
        size_t n = 0;

        HOLD(sac_json_encode(doc, &options, count, &n, NULL) == rc);
        HOLD(rc != SAC_OK || n == out.n);
    }
    sac__buf_fini(&out);
}

/* A byte of flags, then the document. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sac_str doc = sac_str_n(data, size);
    const unsigned flags = fuzz_byte(&doc) & (SAC_JSON_KEY_RULES - 1);
    sac_err err;
    const int rc = sac_bson_check(doc, &err);

    if (!schema)
        schema = fuzz_schema();
    HOLD(rc == SAC_OK || (err.code == rc && err.pos <= doc.n));
    for (int dialect = SAC_JSON_PLAIN; dialect <= SAC_JSON_CANONICAL; dialect++) {
        sac__json_encoding how = {.dialect = (sac_json_dialect)dialect, .flags = flags};

        encode(doc, &how, rc == SAC_OK);
        how.plan = sac__schema_plan(schema);
        how.compute = write_computed;
        encode(doc, &how, rc == SAC_OK);
    }
    return 0;
}
