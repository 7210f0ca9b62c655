/* SPDX-License-Identifier: MIT */
#include <sacrum/bson.h>

#include <math.h>

#include "support/support.h"

static sac_value only(sac_bson *doc)
{
    sac_str bytes;

    CHECK_INT(sac_bson_finish(doc, &bytes), SAC_OK);
    return sac_bson_get(bytes, sac_str_of("v"));
}

static void test_value__reads_each_type(void **state)
{
    const sac_oid oid = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
    uint8_t subtype = 9;
    bool flag = false;
    int64_t ms = 0;
    sac_bson doc;
    sac_value v;
    sac_str s;
    sac_oid got;

    (void)state;
    sac_bson_init(&doc, NULL, 0);
    sac_bson_add_str(&doc, "s", sac_str_n("a\0b", 3));
    sac_bson_add_oid(&doc, "o", &oid);
    sac_bson_add_bool(&doc, "b", true);
    sac_bson_add_date(&doc, "t", -5);
    sac_bson_add_binary(&doc, "x", 4, sac_str_of("uuid"));
    sac_bson_add_binary(&doc, "y", 2, sac_str_of("old"));
    CHECK_INT(sac_bson_finish(&doc, &s), SAC_OK);
    CHECK_INT(sac_bson_check(s, NULL), SAC_OK);

    v = sac_bson_get(s, sac_str_of("x"));
    CHECK(sac_value_binary(&v, &subtype, &s) && subtype == 4 && sac_str_is(s, "uuid"));
    CHECK_INT(sac_bson_finish(&doc, &s), SAC_OK);
    v = sac_bson_get(s, sac_str_of("o"));
    CHECK(sac_value_oid(&v, &got) && memcmp(&got, &oid, sizeof oid) == 0);
    v = sac_bson_get(s, sac_str_of("b"));
    CHECK(sac_value_bool(&v, &flag) && flag);
    v = sac_bson_get(s, sac_str_of("t"));
    CHECK(sac_value_date(&v, &ms) && ms == -5);
    v = sac_bson_get(s, sac_str_of("y"));
    CHECK_INT(v.raw.n, 5 + 4 + 3);
    CHECK(sac_value_binary(&v, &subtype, &s) && subtype == 2 && sac_str_is(s, "old"));
    CHECK_INT(sac_bson_finish(&doc, &s), SAC_OK);
    v = sac_bson_get(s, sac_str_of("s"));
    CHECK(sac_value_str(&v, &s) && s.n == 3 && memcmp(s.p, "a\0b", 4) == 0);
    sac_bson_fini(&doc);
}

static void test_value__leaves_outputs_of_other_types(void **state)
{
    const sac_value null = {SAC_BSON_NULL, {NULL, 0}};
    const sac_value missing = {SAC_BSON_MISSING, {NULL, 0}};
    const sac_value *values[] = {&null, &missing};

    (void)state;
    for (int i = 0; i < 2; i++) {
        sac_str s = sac_str_of("kept");
        uint8_t subtype = 7;
        bool flag = true;
        int64_t n = 42;
        double d = 1.5;
        sac_oid oid = {{1}};

        CHECK(!sac_value_str(values[i], &s) && !sac_value_doc(values[i], &s));
        CHECK(!sac_value_binary(values[i], &subtype, &s) && !sac_value_bool(values[i], &flag));
        CHECK(!sac_value_int(values[i], &n) && !sac_value_date(values[i], &n));
        CHECK(!sac_value_double(values[i], &d) && !sac_value_oid(values[i], &oid));
        CHECK_STR(s, "kept");
        CHECK(subtype == 7 && flag && n == 42 && d == 1.5 && oid.bytes[0] == 1);
    }
}

static void check_double_as_int(double d, bool is_int, int64_t want)
{
    int64_t got = 77;
    sac_bson doc;
    sac_value v;

    sac_bson_init(&doc, NULL, 0);
    sac_bson_add_double(&doc, "v", d);
    v = only(&doc);
    CHECK_INT(sac_value_int(&v, &got), is_int);
    CHECK(got == (is_int ? want : 77));
    sac_bson_fini(&doc);
}

static void test_value__integers_are_exact_or_none(void **state)
{
    (void)state;
    check_double_as_int(3.0, true, 3);
    check_double_as_int(-0.0, true, 0);
    check_double_as_int(3.5, false, 0);
    check_double_as_int(0x1p62, true, (int64_t)1 << 62);
    check_double_as_int(-0x1p63, true, INT64_MIN);
    check_double_as_int(0x1p63, false, 0);
    check_double_as_int((double)NAN, false, 0);
    check_double_as_int((double)INFINITY, false, 0);
    check_double_as_int(-(double)INFINITY, false, 0);
    check_double_as_int(1e300, false, 0);
}

static void test_value__numbers_as_doubles(void **state)
{
    int64_t i = 0;
    double d = 0;
    sac_bson doc;
    sac_value v;

    (void)state;
    sac_bson_init(&doc, NULL, 0);
    sac_bson_add_int64(&doc, "v", ((int64_t)1 << 53) + 1);
    v = only(&doc);
    CHECK(sac_value_double(&v, &d) && d == 0x1p53);
    CHECK(sac_value_int(&v, &i) && i == ((int64_t)1 << 53) + 1);
    sac_bson_fini(&doc);
    sac_bson_init(&doc, NULL, 0);
    sac_bson_add_int32(&doc, "v", INT32_MIN);
    v = only(&doc);
    CHECK(sac_value_double(&v, &d) && d == -0x1p31);
    CHECK(sac_value_int(&v, &i) && i == INT32_MIN);
    sac_bson_fini(&doc);
    sac_bson_init(&doc, NULL, 0);
    sac_bson_add_bool(&doc, "v", true);
    v = only(&doc);
    CHECK(!sac_value_double(&v, &d));
    CHECK(sac_value_int(&v, &i) && i == 1);
    sac_bson_fini(&doc);
}

static void test_value__members_by_type_or_the_fallback(void **state)
{
    sac_bson doc;
    sac_str made;

    (void)state;
    sac_bson_init(&doc, NULL, 0);
    sac_bson_add_str(&doc, "s", sac_str_of("text"));
    sac_bson_add_int64(&doc, "n", -7);
    sac_bson_add_double(&doc, "d", 2.5);
    sac_bson_add_bool(&doc, "b", true);
    CHECK_INT(sac_bson_finish(&doc, &made), SAC_OK);
    CHECK_STR(sac_bson_get_str(made, "s"), "text");
    CHECK(!sac_bson_get_str(made, "n").p);
    CHECK(!sac_bson_get_str(made, "none").p);
    CHECK_INT(sac_bson_get_int(made, "n", 3), -7);
    CHECK_INT(sac_bson_get_int(made, "d", 3), 3);
    CHECK_INT(sac_bson_get_int(made, "none", 3), 3);
    CHECK(sac_bson_get_double(made, "d", 1) == 2.5);
    CHECK(sac_bson_get_double(made, "n", 1) == -7);
    CHECK(sac_bson_get_double(made, "s", 1) == 1);
    CHECK(sac_bson_get_bool(made, "b", false));
    CHECK(sac_bson_get_bool(made, "s", true));
    CHECK(!sac_bson_get_bool(made, "none", false));
    sac_bson_fini(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value__members_by_type_or_the_fallback),
        cmocka_unit_test(test_value__reads_each_type),
        cmocka_unit_test(test_value__leaves_outputs_of_other_types),
        cmocka_unit_test(test_value__integers_are_exact_or_none),
        cmocka_unit_test(test_value__numbers_as_doubles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
