/* SPDX-License-Identifier: MIT */
#include <sacrum/bson.h>

#include <stdlib.h>

#include <bson/bson.h>

#include "support/support.h"

static const sac_oid oid = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};

static void fill(sac_bson *doc)
{
    sac_bson_add_double(doc, "double", -1.5);
    sac_bson_add_str(doc, "str", sac_str_n("a\0b", 3));
    sac_bson_add_oid(doc, "oid", &oid);
    sac_bson_add_bool(doc, "true", true);
    sac_bson_add_bool(doc, "false", false);
    sac_bson_add_date(doc, "date", -1234567890123);
    sac_bson_add_null(doc, "null");
    sac_bson_add_int32(doc, "int32", -7);
    sac_bson_add_int64(doc, "int64", INT64_MIN);
    sac_bson_add_binary(doc, "binary", 0, sac_str_of("bytes"));
    sac_bson_add_binary(doc, "none", 0x80, sac_str_n(NULL, 0));
    sac_bson_begin_doc(doc, sac_str_of("doc"));
    sac_bson_begin_array(doc, sac_str_of("array"));
    for (int i = 0; i < 12; i++)
        sac_bson_add_int32(doc, "ignored", i);
    sac_bson_begin_array(doc, sac_str_of("ignored"));
    sac_bson_end(doc);
    sac_bson_end(doc);
    sac_bson_end(doc);
}

/* The same by libbson, the format's own implementation. */
static bson_t *reference(void)
{
    bson_t *doc = bson_new();
    bson_t inner = BSON_INITIALIZER;
    bson_t array = BSON_INITIALIZER;
    bson_t empty = BSON_INITIALIZER;
    bson_oid_t id;
    char key[3];

    memcpy(id.bytes, oid.bytes, 12);
    bson_append_double(doc, "double", -1, -1.5);
    bson_append_utf8(doc, "str", -1, "a\0b", 3);
    bson_append_oid(doc, "oid", -1, &id);
    bson_append_bool(doc, "true", -1, true);
    bson_append_bool(doc, "false", -1, false);
    bson_append_date_time(doc, "date", -1, -1234567890123);
    bson_append_null(doc, "null", -1);
    bson_append_int32(doc, "int32", -1, -7);
    bson_append_int64(doc, "int64", -1, INT64_MIN);
    bson_append_binary(doc, "binary", -1, BSON_SUBTYPE_BINARY, (const uint8_t *)"bytes", 5);
    bson_append_binary(doc, "none", -1, BSON_SUBTYPE_USER, (const uint8_t *)"", 0);
    for (int i = 0; i < 12; i++) {
        snprintf(key, sizeof key, "%d", i);
        bson_append_int32(&array, key, -1, i);
    }
    bson_append_array(&array, "12", -1, &empty);
    bson_append_array(&inner, "array", -1, &array);
    bson_append_document(doc, "doc", -1, &inner);
    bson_destroy(&empty);
    bson_destroy(&array);
    bson_destroy(&inner);
    return doc;
}

static void test_writer__writes_what_libbson_writes(void **state)
{
    bson_t *want = reference();
    sac_bson doc;
    sac_str got;

    (void)state;
    sac_bson_init(&doc, NULL, 0);
    fill(&doc);
    CHECK_INT(sac_bson_finish(&doc, &got), SAC_OK);
    CHECK_INT(got.n, want->len);
    assert_memory_equal(got.p, bson_get_data(want), got.n);
    CHECK_INT(sac_bson_check(got, NULL), SAC_OK);
    sac_bson_fini(&doc);
    bson_destroy(want);
}

static void test_writer__copies_values_and_documents(void **state)
{
    sac_bson doc, copy, inner;
    sac_bson_iter iter;
    sac_str got, again;
    sac_value value;

    (void)state;
    sac_bson_init(&doc, NULL, 0);
    fill(&doc);
    CHECK_INT(sac_bson_finish(&doc, &got), SAC_OK);
    sac_bson_init(&copy, NULL, 0);
    CHECK_INT(sac_bson_iter_init(&iter, got), SAC_OK);
    while (sac_bson_iter_next(&iter) == 1)
        sac_bson_add_value(&copy, iter.key, iter.value);
    sac_bson_add_value(&copy, sac_str_of("no"), (sac_value){.type = SAC_BSON_MISSING});
    CHECK_INT(sac_bson_finish(&copy, &again), SAC_OK);
    CHECK(sac_str_eq(got, again));
    sac_bson_init(&inner, NULL, 0);
    sac_bson_add_doc(&inner, "d", got);
    CHECK_INT(sac_bson_finish(&inner, &again), SAC_OK);
    value = sac_bson_get(again, sac_str_of("d"));
    CHECK(value.type == SAC_BSON_DOCUMENT && sac_str_eq(value.raw, got));
    sac_bson_fini(&inner);
    sac_bson_fini(&copy);
    sac_bson_fini(&doc);
}

static void test_writer__empty_document(void **state)
{
    sac_bson doc;
    sac_str got;

    (void)state;
    sac_bson_init(&doc, NULL, 5);
    CHECK_INT(sac_bson_finish(&doc, &got), SAC_OK);
    CHECK(got.n == 5 && memcmp(got.p, "\5\0\0\0\0", 5) == 0);
    CHECK_INT(sac_bson_finish(&doc, &got), SAC_OK); /* again the same */
    CHECK_INT(got.n, 5);
    sac_bson_fini(&doc);
    sac_bson_fini(NULL);
}

static void test_writer__maximum_holds_to_the_byte(void **state)
{
    sac_str got = {NULL, 0};
    sac_bson doc;
    size_t n;

    (void)state;
    sac_bson_init(&doc, NULL, 0);
    fill(&doc);
    CHECK_INT(sac_bson_finish(&doc, &got), SAC_OK);
    n = got.n;
    sac_bson_fini(&doc);
    for (size_t max = 1; max <= n; max++) {
        got = sac_str_n(NULL, 0);
        sac_bson_init(&doc, NULL, max);
        fill(&doc);
        CHECK_INT(sac_bson_finish(&doc, &got), max < n ? SAC_ETOOBIG : SAC_OK);
        CHECK((got.p == NULL) == (max < n));
        CHECK(doc.cap <= max);
        sac_bson_fini(&doc);
    }
}

static void test_writer__sixteen_mib_by_default(void **state)
{
    static char mib[1 << 20];
    sac_str got;
    sac_bson doc;

    (void)state;
    sac_bson_init(&doc, NULL, 0);
    for (int i = 0; i < 15; i++)
        sac_bson_add_str(&doc, "x", sac_str_n(mib, sizeof mib));
    CHECK_INT(doc.error, SAC_OK);
    sac_bson_add_str(&doc, "x", sac_str_n(mib, sizeof mib));
    sac_bson_add_int32(&doc, "y", 1); /* would fit, but the error stays */
    CHECK_INT(sac_bson_finish(&doc, &got), SAC_ETOOBIG);
    sac_bson_fini(&doc);
}

static void test_writer__huge_lengths_do_not_wrap(void **state)
{
    const sac_str huge = sac_str_n("", SIZE_MAX);
    sac_bson doc;
    sac_str got;

    (void)state;
    for (int i = 0; i < 4; i++) {
        sac_bson_init(&doc, NULL, 0);
        if (i == 0)
            sac_bson_add_str(&doc, "x", huge);
        if (i == 1)
            sac_bson_add_binary(&doc, "x", 0, huge);
        if (i == 2)
            sac_bson_add_value(&doc, sac_str_of("x"), (sac_value){SAC_BSON_STRING, huge});
        if (i == 3)
            sac_bson_add_binary(&doc, "x", 2, sac_str_n("", SAC_BSON_MAX));
        CHECK_INT(sac_bson_finish(&doc, &got), SAC_ETOOBIG);
        sac_bson_fini(&doc);
    }
}

static void test_writer__bounds_the_depth(void **state)
{
    sac_bson doc;
    sac_str got;

    (void)state;
    for (int depth = SAC_BSON_DEPTH; depth <= SAC_BSON_DEPTH + 1; depth++) {
        sac_bson_init(&doc, NULL, 0);
        for (int i = 1; i < depth; i++)
            sac_bson_begin_array(&doc, sac_str_of("a"));
        for (int i = 1; i < depth; i++)
            sac_bson_end(&doc);
        if (depth > SAC_BSON_DEPTH) {
            CHECK_INT(sac_bson_finish(&doc, &got), SAC_ELIMIT);
        } else {
            CHECK_INT(sac_bson_finish(&doc, &got), SAC_OK);
            CHECK_INT(sac_bson_check(got, NULL), SAC_OK);
        }
        sac_bson_fini(&doc);
    }
}

static void test_writer__refuses_nul_in_a_key(void **state)
{
    sac_bson doc;
    sac_str got;

    (void)state;
    for (int i = 0; i < 2; i++) {
        sac_bson_init(&doc, NULL, 0);
        if (i == 0)
            sac_bson_begin_doc(&doc, sac_str_n("a\0b", 3));
        else
            sac_bson_add_value(&doc, sac_str_n("\0", 1), (sac_value){.type = SAC_BSON_NULL});
        CHECK_INT(sac_bson_finish(&doc, &got), SAC_EINVAL);
        sac_bson_fini(&doc);
    }
    sac_bson_init(&doc, NULL, 0); /* in an array no key is looked at */
    sac_bson_begin_array(&doc, sac_str_of("a"));
    sac_bson_add_value(&doc, sac_str_n("\0", 1), (sac_value){.type = SAC_BSON_NULL});
    sac_bson_end(&doc);
    CHECK_INT(sac_bson_finish(&doc, &got), SAC_OK);
    sac_bson_fini(&doc);
}

static void test_writer__refuses_misuse(void **state)
{
    sac_bson doc;
    sac_str got = {NULL, 0};

    (void)state;
    sac_bson_init(&doc, NULL, 0);
    sac_bson_end(&doc);
    CHECK_INT(sac_bson_finish(&doc, &got), SAC_EINVAL);
    sac_bson_fini(&doc);
    sac_bson_init(&doc, NULL, 0);
    sac_bson_begin_doc(&doc, sac_str_of("a"));
    CHECK_INT(sac_bson_finish(&doc, &got), SAC_EINVAL);
    sac_bson_fini(&doc);
    sac_bson_init(&doc, NULL, 0);
    sac_bson_add_doc(&doc, "a", sac_str_of("no document"));
    CHECK_INT(sac_bson_finish(&doc, &got), SAC_EINVAL);
    sac_bson_fini(&doc);
    sac_bson_init(&doc, NULL, 0);
    CHECK_INT(sac_bson_finish(&doc, &got), SAC_OK);
    sac_bson_add_null(&doc, "late");
    CHECK_INT(sac_bson_finish(&doc, &got), SAC_EINVAL);
    sac_bson_fini(&doc);
}

static void test_writer__survives_oom(void **state)
{
    static char text[5000];
    fault_alloc fault;
    int n = 0;

    (void)state;
    for (;; n++) {
        sac_str got = {NULL, 0};
        sac_bson doc;
        int rc;

        sac_bson_init(&doc, fault_alloc_init(&fault, n), 0);
        fill(&doc);
        sac_bson_add_str(&doc, "long", sac_str_n(text, sizeof text));
        fill(&doc);
        rc = sac_bson_finish(&doc, &got);
        CHECK((got.p != NULL) == (rc == SAC_OK));
        sac_bson_fini(&doc);
        CHECK_INT(fault.live, 0);
        if (rc == SAC_OK)
            break;
        CHECK_INT(rc, SAC_ENOMEM);
        CHECK(n < 100);
    }
    CHECK(n > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writer__writes_what_libbson_writes),
        cmocka_unit_test(test_writer__copies_values_and_documents),
        cmocka_unit_test(test_writer__empty_document),
        cmocka_unit_test(test_writer__maximum_holds_to_the_byte),
        cmocka_unit_test(test_writer__sixteen_mib_by_default),
        cmocka_unit_test(test_writer__huge_lengths_do_not_wrap),
        cmocka_unit_test(test_writer__bounds_the_depth),
        cmocka_unit_test(test_writer__refuses_nul_in_a_key),
        cmocka_unit_test(test_writer__refuses_misuse),
        cmocka_unit_test(test_writer__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
