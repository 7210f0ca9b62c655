/* SPDX-License-Identifier: MIT */
#include <sacrum/bson.h>

#include "bson/key.h"
#include "corpus.h"

/* Reads all that can be read of a document; only memory errors count. */
static void read_all(sac_str doc, int depth)
{
    sac_bson_iter iter;
    sac_str text, last = {NULL, 0};
    uint8_t subtype;
    int64_t whole;
    double d;

    if (depth > SAC_BSON_DEPTH || sac_bson_iter_init(&iter, doc) != SAC_OK)
        return;
    while (sac_bson_iter_next(&iter) == 1) {
        CHECK(iter.key.p >= doc.p && iter.value.raw.p + iter.value.raw.n < doc.p + doc.n);
        last = iter.key;
        sac_value_int(&iter.value, &whole);
        sac_value_double(&iter.value, &d);
        if (sac_value_str(&iter.value, &text) || sac_value_binary(&iter.value, &subtype, &text))
            CHECK(text.n == 0 || text.p[0] == text.p[0]);
        if (sac_value_doc(&iter.value, &text))
            read_all(text, depth + 1);
    }
    if (last.p)
        CHECK(sac_bson_get(doc, last).type != SAC_BSON_MISSING);
}

static void use(sac_str doc, sac_str original)
{
    const sac_value a = {SAC_BSON_DOCUMENT, doc};
    const sac_value b = {SAC_BSON_DOCUMENT, original};
    sac_err err;
    sac__buf key;

    read_all(doc, 1);
    if (sac_bson_check(doc, &err) != SAC_OK)
        CHECK(err.pos <= doc.n);
    sac_bson_path(doc, sac_str_of("a.b.c"));
    sac_bson_path(doc, sac_str_of("a.0.x"));
    sac_value_compare(&a, &b);
    sac__buf_init(&key, NULL, 10000);
    if (sac__bson_key(&a, &key) == SAC_OK)
        CHECK(key.n > 0);
    sac__buf_fini(&key);
}

/* {"a": {"b": {"c": [simple types]}}, …}: every type of element once. */
static const char every_type[] =
    "e2000000036100430000000362003b00000004630033000000083000010a310010320007000000123300f7ff"
    "ffffffffffff013400000000000000044002350003000000686900000000056f000600000002020000007a7a"
    "0769003031323334353637383961620b7200780069000c7000030000006e7300303132333435363738396162"
    "0d6b00020000006a000e7900020000006b000f7700160000000200000066000c000000107800010000000011"
    "740030313233343536370964000000000000000000136e0005000000000000000000000000004030ff6d007f"
    "4d0006750000";

static void each_way(const char *hex)
{
    sac_str doc;
    char *bytes = corpus_bytes(hex, &doc);

    CHECK_INT(sac_bson_check(doc, NULL), SAC_OK);
    use(doc, doc);
    for (size_t n = 0; n < doc.n; n++) {
        char *cut = malloc(n ? n : 1); /* of exact size, for the sanitizer */

        memcpy(cut, bytes, n);
        use(sac_str_n(cut, n), doc);
        if (n >= 5) { /* the same with a length and an end that are right */
            cut[0] = (char)n;
            cut[1] = (char)(n >> 8);
            cut[n - 1] = 0;
            use(sac_str_n(cut, n), doc);
        }
        free(cut);
    }
    for (size_t i = 0; i < doc.n; i++) {
        const char was = bytes[i];

        for (int c = 0; c < 256; c++) {
            bytes[i] = (char)c;
            use(doc, doc);
        }
        bytes[i] = was;
    }
    free(bytes);
}

static void test_hostile__truncated_and_corrupted_document(void **state)
{
    (void)state;
    each_way(every_type);
}

static void each_way_of_row(const char *file, const cJSON *row)
{
    const char *hex = corpus_text(row, "canonical_bson");

    (void)file;
    if (strlen(hex) < 600)
        each_way(hex);
}

static void test_hostile__corpus_of_many_types(void **state)
{
    (void)state;
    CHECK(corpus_each("multi-type", "valid", each_way_of_row) == 2);
    CHECK(corpus_each("code_w_scope", "valid", each_way_of_row) == 5);
    CHECK(corpus_each("regex", "valid", each_way_of_row) == 9);
    CHECK(corpus_each("dbpointer", "valid", each_way_of_row) == 3);
    CHECK(corpus_each("array", "valid", each_way_of_row) == 5);
}

static void walks_decode_error(const char *file, const cJSON *row)
{
    sac_str doc;
    char *bytes = corpus_bytes(corpus_text(row, "bson"), &doc);

    (void)file;
    use(doc, doc);
    free(bytes);
}

static void test_hostile__corpus_decode_errors(void **state)
{
    (void)state;
    CHECK_INT(corpus_each("", "decodeErrors", walks_decode_error), 76);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile__truncated_and_corrupted_document),
        cmocka_unit_test(test_hostile__corpus_of_many_types),
        cmocka_unit_test(test_hostile__corpus_decode_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
