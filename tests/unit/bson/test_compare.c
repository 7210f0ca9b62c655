/* SPDX-License-Identifier: MIT */
#include <sacrum/bson.h>

#include "numbers.h"
#include "support/support.h"

static int sign(int64_t x)
{
    return (x > 0) - (x < 0);
}

static void test_compare__numbers_by_exact_value(void **state)
{
    char a[16], b[16];

    (void)state;
    for (size_t i = 0; i < NUMBERS; i++) {
        for (size_t k = 0; k < NUMBERS; k++) {
            const sac_value x = number_value(i, a);
            const sac_value y = number_value(k, b);

            if (sac_value_compare(&x, &y) != sign(numbers[i].place - numbers[k].place))
                fail_msg("%s (%c) against %s (%c): %d", numbers[i].text, numbers[i].kind,
                         numbers[k].text, numbers[k].kind, sac_value_compare(&x, &y));
        }
    }
}

static void test_compare__int32_is_a_number_like_others(void **state)
{
    const sac_value five = {SAC_BSON_INT32, {"\5\0\0\0", 4}};
    const sac_value long_five = {SAC_BSON_INT64, {"\5\0\0\0\0\0\0\0", 8}};
    const sac_value less = {SAC_BSON_INT32, {"\xff\xff\xff\xff", 4}};

    (void)state;
    CHECK_INT(sac_value_compare(&five, &long_five), 0);
    CHECK_INT(sac_value_compare(&less, &long_five), -1);
    CHECK_INT(sac_value_compare(&long_five, &less), 1);
}

#define RAW(type, bytes)             \
    {                                \
        type,                        \
        {                            \
            bytes, sizeof(bytes) - 1 \
        }                            \
    }

/* One of each type, and of some more than one, in ascending order. */
static const sac_value ordered[] = {
    RAW(SAC_BSON_MINKEY, ""),
    RAW(SAC_BSON_UNDEFINED, ""),
    RAW(SAC_BSON_NULL, ""),
    RAW(SAC_BSON_DOUBLE, "\0\0\0\0\0\0\xf0\xbf"),
    RAW(SAC_BSON_INT32, "\1\0\0\0"),
    RAW(SAC_BSON_STRING, "\1\0\0\0\0"),
    RAW(SAC_BSON_STRING, "\2\0\0\0a\0"),
    RAW(SAC_BSON_STRING, "\3\0\0\0a\0\0"),
    RAW(SAC_BSON_SYMBOL, "\3\0\0\0a\1\0"),
    RAW(SAC_BSON_STRING, "\3\0\0\0aa\0"),
    RAW(SAC_BSON_STRING, "\2\0\0\0b\0"),
    RAW(SAC_BSON_STRING, "\3\0\0\0\xc3\xa4\0"),
    RAW(SAC_BSON_DOCUMENT, "\5\0\0\0\0"),
    RAW(SAC_BSON_DOCUMENT, "\x08\0\0\0\x0a"
                           "a\0\0"),
    RAW(SAC_BSON_DOCUMENT, "\x0b\0\0\0\x0a"
                           "a\0\x0a"
                           "a\0\0"),
    RAW(SAC_BSON_DOCUMENT, "\x08\0\0\0\x0a"
                           "b\0\0"),
    RAW(SAC_BSON_DOCUMENT, "\x0c\0\0\0\x10"
                           "a\0\1\0\0\0\0"), /* type before name */
    RAW(SAC_BSON_DOCUMENT, "\x0c\0\0\0\x10"
                           "a\0\2\0\0\0\0"),
    RAW(SAC_BSON_DOCUMENT, "\x0c\0\0\0\x10"
                           "b\0\1\0\0\0\0"),
    RAW(SAC_BSON_ARRAY, "\5\0\0\0\0"),
    RAW(SAC_BSON_ARRAY, "\x0c\0\0\0\x10"
                        "0\0\1\0\0\0\0"),
    RAW(SAC_BSON_ARRAY, "\x10\0\0\0\x01"
                        "0\0\0\0\0\0\0\0\0\x40\0"), /* 2.0 */
    RAW(SAC_BSON_BINARY, "\1\0\0\0\xff\xff"),
    RAW(SAC_BSON_BINARY, "\2\0\0\0\0\1\1"),
    RAW(SAC_BSON_BINARY, "\2\0\0\0\0\1\2"),
    RAW(SAC_BSON_BINARY, "\2\0\0\0\4\0\0"),
    RAW(SAC_BSON_OBJECTID, "\0\0\0\0\0\0\0\0\0\0\0\1"),
    RAW(SAC_BSON_OBJECTID, "\xff\0\0\0\0\0\0\0\0\0\0\0"),
    RAW(SAC_BSON_BOOL, "\0"),
    RAW(SAC_BSON_BOOL, "\1"),
    RAW(SAC_BSON_DATE, "\xff\xff\xff\xff\xff\xff\xff\xff"),
    RAW(SAC_BSON_DATE, "\0\0\0\0\0\0\0\0"),
    RAW(SAC_BSON_DATE, "\0\1\0\0\0\0\0\0"),
    RAW(SAC_BSON_TIMESTAMP, "\xff\0\0\0\1\0\0\0"),
    RAW(SAC_BSON_TIMESTAMP, "\0\0\0\0\2\0\0\0"),
    RAW(SAC_BSON_TIMESTAMP, "\0\0\0\0\0\0\0\xff"),
    RAW(SAC_BSON_REGEX, "a\0\0"),
    RAW(SAC_BSON_REGEX, "a\0i\0"),
    RAW(SAC_BSON_REGEX, "aa\0\0"),
    RAW(SAC_BSON_DBPOINTER, "\2\0\0\0z\0"
                            "012345678901"),
    RAW(SAC_BSON_DBPOINTER, "\3\0\0\0aa\0"
                            "012345678901"),
    RAW(SAC_BSON_DBPOINTER, "\3\0\0\0aa\0"
                            "012345678902"),
    RAW(SAC_BSON_CODE, "\2\0\0\0f\0"),
    RAW(SAC_BSON_CODE, "\2\0\0\0g\0"),
    RAW(SAC_BSON_CODE_W_SCOPE, "\x0f\0\0\0\2\0\0\0f\0\5\0\0\0\0"),
    RAW(SAC_BSON_CODE_W_SCOPE, "\x12\0\0\0\2\0\0\0f\0\x08\0\0\0\x0a"
                               "a\0\0"),
    RAW(SAC_BSON_CODE_W_SCOPE, "\x0f\0\0\0\2\0\0\0g\0\5\0\0\0\0"),
    RAW(SAC_BSON_MAXKEY, ""),
};

static void test_compare__orders_types_and_values(void **state)
{
    const int n = (int)(sizeof ordered / sizeof ordered[0]);

    (void)state;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < n; k++) {
            if (sac_value_compare(&ordered[i], &ordered[k]) != sign(i - k))
                fail_msg("row %d against row %d: %d", i, k,
                         sac_value_compare(&ordered[i], &ordered[k]));
        }
    }
}

static void test_compare__missing_is_null(void **state)
{
    const sac_value missing = {.type = SAC_BSON_MISSING};
    const sac_value null = {.type = SAC_BSON_NULL};

    (void)state;
    CHECK_INT(sac_value_compare(&missing, &null), 0);
    CHECK_INT(sac_value_compare(&missing, &ordered[3]), -1);
}

static void test_compare__numbers_inside_documents_are_equal_by_value(void **state)
{
    const sac_value a = RAW(SAC_BSON_DOCUMENT, "\x0c\0\0\0\x10"
                                               "a\0\2\0\0\0\0");
    const sac_value b = RAW(SAC_BSON_DOCUMENT, "\x10\0\0\0\x01"
                                               "a\0\0\0\0\0\0\0\0\x40\0");

    (void)state;
    CHECK_INT(sac_value_compare(&a, &b), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare__numbers_by_exact_value),
        cmocka_unit_test(test_compare__int32_is_a_number_like_others),
        cmocka_unit_test(test_compare__orders_types_and_values),
        cmocka_unit_test(test_compare__missing_is_null),
        cmocka_unit_test(test_compare__numbers_inside_documents_are_equal_by_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
