/* SPDX-License-Identifier: MIT */

/* Documents of the BSON corpus with every end cut off, and with every byte changed. */
#include "json/encode.h"

#include "support/support.h"
#include "unit/bson/corpus.h"

/* A valid document's text of each dialect is far below it. */
enum { MOST_TEXT = 1 << 20 };

static unsigned long variants;

static int count(void *self, const char *p, size_t n)
{
    size_t *total = self;

    (void)p;
    *total += n;
    CHECK(*total < MOST_TEXT);
    return 0;
}

/* An error lies within the document; a document that is sound has a text. */
static void judge(sac_str doc, int sound, int rc, const sac_err *err, size_t text)
{
    if (rc == SAC_OK)
        CHECK(text >= 2);
    else
        CHECK(sound != SAC_OK && rc == SAC_ECORRUPT && err->code == rc && err->pos <= doc.n);
}

static int check(sac_str doc)
{
    sac_err err = {.code = 0};
    const int rc = sac_bson_check(doc, &err);

    CHECK(rc == SAC_OK || (err.code == rc && err.pos <= doc.n));
    variants++;
    return rc;
}

static void try(sac_str doc)
{
    const int sound = check(doc);

    for (int dialect = SAC_JSON_PLAIN; dialect <= SAC_JSON_CANONICAL; dialect++) {
        const sac_json_options options = SAC_JSON_OPTIONS(.dialect = (sac_json_dialect)dialect);
        size_t total = 0;
        sac_err err = {.code = 0};
        const int rc = sac_json_encode(doc, &options, count, &total, &err);

        judge(doc, sound, rc, &err, total);
    }
}

/* The same without a call of malloc. */
static void try_quickly(sac_str doc)
{
    static char text[1 << 16];
    const int sound = check(doc);

    for (int dialect = SAC_JSON_PLAIN; dialect <= SAC_JSON_CANONICAL; dialect++) {
        const sac__json_encoding how = {.dialect = (sac_json_dialect)dialect};
        sac_err err = {.code = 0};
        sac__buf out;
        int rc;

        sac__buf_init_fixed(&out, text, sizeof text);
        rc = sac__json_encode(&how, doc, &out, &err);
        judge(doc, sound, rc, &err, out.n);
    }
}

/* In memory that ends where the document does; with its old length and with the right one. */
static void cut(sac_str doc)
{
    for (size_t n = 0; n < doc.n; n++) {
        char *bytes = malloc(n ? n : 1);

        CHECK(bytes != NULL);
        memcpy(bytes, doc.p, n);
        try(sac_str_n(bytes, n));
        if (n >= 5) {
            bytes[0] = (char)(n & 255);
            bytes[1] = (char)(n >> 8);
            try(sac_str_n(bytes, n));
            bytes[n - 1] = 0;
            try(sac_str_n(bytes, n));
        }
        free(bytes);
    }
}

/* All other values of a byte, or those that are one bit away. */
static void change(char *bytes, size_t n, bool bits)
{
    for (size_t i = 0; i < n; i++) {
        const char was = bytes[i];

        for (unsigned by = 1; by < 256; by += bits ? by : 1) {
            bytes[i] = (char)((unsigned char)was ^ by);
            try_quickly(sac_str_n(bytes, n));
        }
        bytes[i] = was;
    }
}

/* Under a sanitizer the 600 documents of decimals, which are alike, get less. */
static void damage(const char *file, const cJSON *row)
{
    const char *hex = corpus_text(row, "canonical_bson");
    bool bits = false;
    sac_str doc;
    char *bytes;

#if defined(SANITIZED)
    bits = strstr(file, "decimal128") != NULL;
#else
    (void)file;
#endif
    bytes = corpus_bytes(hex ? hex : corpus_text(row, "bson"), &doc);
    try(doc);
    cut(doc);
    change(bytes, doc.n, bits);
    free(bytes);
}

static void test_damage__valid_documents(void **state)
{
    (void)state;
    CHECK_INT(corpus_each("", "valid", damage), 734);
    print_message("%lu variants\n", variants);
}

static void test_damage__documents_that_were_damaged_before(void **state)
{
    (void)state;
    CHECK_INT(corpus_each("", "decodeErrors", damage), 76);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damage__valid_documents),
        cmocka_unit_test(test_damage__documents_that_were_damaged_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
