/* SPDX-License-Identifier: MIT */
#include "json/decode.h"

#include "decoded.h"

static void check_typed(const char *text, const char *want, const char *misfits)
{
    decoded d;

    decode(&d, (sac__json_decoding){.flags = SAC_JSON_KEY_RULES, .plan = &plan}, sac_str_of(text));
    if (d.rc != SAC_OK)
        fail_msg("%s: %s", text, d.err.text);
    CHECK_STR(sac_str_of(d.json), want);
    CHECK_STR(sac_str_of(d.misfits), misfits);
}

static void test_fit__reads_integers_by_value(void **state)
{
    (void)state;
    check_typed("{\"int\":3.0}", "{\"int\":{\"$numberInt\":\"3\"}}", "");
    check_typed("{\"int\":1e2}", "{\"int\":{\"$numberInt\":\"100\"}}", "");
    check_typed("{\"int\":2147483648}", "{\"int\":{\"$numberLong\":\"2147483648\"}}", "");
    check_typed("{\"int\":1.5}", "{\"int\":{\"$numberDouble\":\"1.5\"}}", "int:type");
    check_typed("{\"int\":\"7\"}", "{\"int\":\"7\"}", "int:type");
    check_typed("{\"int\":9223372036854775808}",
                "{\"int\":{\"$numberDouble\":\"9.223372036854776E+18\"}}", "int:range");
    check_typed("{\"int\":{\"$numberLong\":\"5\"}}", "{\"int\":{\"$numberInt\":\"5\"}}", "");
    check_typed("{\"int\":{\"$numberDouble\":\"5.0\"}}", "{\"int\":{\"$numberInt\":\"5\"}}", "");
    check_typed("{\"int\":{\"$numberDecimal\":\"5E+1\"}}", "{\"int\":{\"$numberInt\":\"50\"}}", "");
    check_typed("{\"int\":{\"$numberDouble\":\"5.5\"}}", "{\"int\":{\"$numberDouble\":\"5.5\"}}",
                "int:type");
    check_typed("{\"int\":{\"$numberDouble\":\"NaN\"}}", "{\"int\":{\"$numberDouble\":\"NaN\"}}",
                "int:type");
    check_typed("{\"int64\":7}", "{\"int64\":{\"$numberLong\":\"7\"}}", "");
    check_typed("{\"int64\":\"-9223372036854775808\"}",
                "{\"int64\":{\"$numberLong\":\"-9223372036854775808\"}}", "");
    check_typed("{\"int64\":\"9223372036854775808\"}", "{\"int64\":\"9223372036854775808\"}",
                "int64:range");
    check_typed("{\"int64\":\"7.5\"}", "{\"int64\":\"7.5\"}", "int64:type");
    check_typed("{\"int64\":\"\"}", "{\"int64\":\"\"}", "int64:type");
}

static void test_fit__reads_other_numbers(void **state)
{
    (void)state;
    check_typed("{\"double\":1}", "{\"double\":{\"$numberDouble\":\"1.0\"}}", "");
    check_typed("{\"double\":9007199254740993}",
                "{\"double\":{\"$numberDouble\":\"9007199254740992.0\"}}", "");
    check_typed("{\"double\":{\"$numberLong\":\"2\"}}", "{\"double\":{\"$numberDouble\":\"2.0\"}}",
                "");
    check_typed("{\"double\":{\"$numberDouble\":\"NaN\"}}",
                "{\"double\":{\"$numberDouble\":\"NaN\"}}", "");
    check_typed("{\"double\":\"1\"}", "{\"double\":\"1\"}", "double:type");
    check_typed("{\"decimal\":1.10}", "{\"decimal\":{\"$numberDecimal\":\"1.10\"}}", "");
    check_typed("{\"decimal\":\"1e400\"}", "{\"decimal\":{\"$numberDecimal\":\"1E+400\"}}", "");
    check_typed("{\"decimal\":1e400}", "{\"decimal\":{\"$numberDecimal\":\"1E+400\"}}", "");
    check_typed("{\"decimal\":{\"$numberInt\":\"3\"}}", "{\"decimal\":{\"$numberDecimal\":\"3\"}}",
                "");
    check_typed("{\"decimal\":\"12345678901234567890123456789012345\"}",
                "{\"decimal\":\"12345678901234567890123456789012345\"}", "decimal:range");
    check_typed("{\"decimal\":12345678901234567890123456789012345}",
                "{\"decimal\":{\"$numberDouble\":\"1.234567890123457E+34\"}}", "decimal:range");
    check_typed("{\"decimal\":\"x\"}", "{\"decimal\":\"x\"}", "decimal:type");
}

static void test_fit__reads_strings_by_type(void **state)
{
    (void)state;
    check_typed("{\"date\":\"2026-11-22T09:41:00.123Z\"}",
                "{\"date\":{\"$date\":{\"$numberLong\":\"1795340460123\"}}}", "");
    check_typed("{\"date\":\"1970-01-02\"}",
                "{\"date\":{\"$date\":{\"$numberLong\":\"86400000\"}}}", "");
    check_typed("{\"date\":\"2026-11-22T09:41:00\"}", "{\"date\":\"2026-11-22T09:41:00\"}",
                "date:type");
    check_typed("{\"date\":{\"$date\":\"1970-01-01\"}}",
                "{\"date\":{\"$date\":{\"$numberLong\":\"0\"}}}", "");
    check_typed("{\"date\":0}", "{\"date\":{\"$numberInt\":\"0\"}}", "date:type");
    check_typed("{\"oid\":\"0123456789ABCDEF01234567\"}",
                "{\"oid\":{\"$oid\":\"0123456789abcdef01234567\"}}", "");
    check_typed("{\"oid\":{\"$oid\":\"0123456789abcdef01234567\"}}",
                "{\"oid\":{\"$oid\":\"0123456789abcdef01234567\"}}", "");
    check_typed("{\"oid\":\"0123456789abcdef0123456\"}", "{\"oid\":\"0123456789abcdef0123456\"}",
                "oid:type");
    check_typed(
        "{\"uuid\":\"73ffd264-44b3-4c69-90e8-e7d1dfc035d4\"}",
        "{\"uuid\":{\"$binary\":{\"base64\":\"c//SZESzTGmQ6OfR38A11A==\",\"subType\":\"04\"}}}",
        "");
    check_typed("{\"uuid\":{\"$binary\":{\"base64\":\"Zg==\",\"subType\":\"04\"}}}",
                "{\"uuid\":{\"$binary\":{\"base64\":\"Zg==\",\"subType\":\"04\"}}}", "uuid:type");
    check_typed("{\"binary\":\"Zm\\u0039v\"}",
                "{\"binary\":{\"$binary\":{\"base64\":\"Zm9v\",\"subType\":\"00\"}}}", "");
    check_typed("{\"binary\":\"Zm9\"}", "{\"binary\":\"Zm9\"}", "binary:type");
    check_typed(
        "{\"binary\":{\"$uuid\":\"73ffd264-44b3-4c69-90e8-e7d1dfc035d4\"}}",
        "{\"binary\":{\"$binary\":{\"base64\":\"c//SZESzTGmQ6OfR38A11A==\",\"subType\":\"04\"}}}",
        "");
    check_typed("{\"string\":{\"$symbol\":\"a\"}}", "{\"string\":{\"$symbol\":\"a\"}}",
                "string:type");
}

static void test_fit__tells_misfits_by_path(void **state)
{
    (void)state;
    check_typed("{\"string\":1,\"bool\":\"true\",\"int\":true,\"point\":[1],\"ints\":{\"a\":1}}",
                "{\"string\":{\"$numberInt\":\"1\"},\"bool\":\"true\",\"int\":true,"
                "\"point\":[{\"$numberInt\":\"1\"}],\"ints\":{\"a\":{\"$numberInt\":\"1\"}}}",
                "string:type bool:type int:type point:type ints:type");
    check_typed(
        "{\"point\":{\"x\":\"a\",\"y\":1},\"ints\":[1,\"b\",[2]],\"points\":[{},{\"x\":{}}]}",
        "{\"point\":{\"x\":\"a\"},\"ints\":[{\"$numberInt\":\"1\"},\"b\",[{\"$numberInt\":"
        "\"2\"}]],\"points\":[{},{\"x\":{}}]}",
        "point.x:type point.y:unknown ints.1:type ints.2:type points.1.x:type");
    check_typed("{\"point\":{\"$oid\":\"0123456789abcdef01234567\"}}",
                "{\"point\":{\"$oid\":\"0123456789abcdef01234567\"}}", "point:type");
    check_typed("{\"free\":{\"a\":{\"b\":\"c\"}},\"any\":[{\"$minKey\":1}]}",
                "{\"free\":{\"a\":{\"b\":\"c\"}},\"any\":[{\"$minKey\":1}]}", "");
    check_typed("{\"other\":{\"deep\":[1,2]},\"string\":\"s\"}", "{\"string\":\"s\"}",
                "other:unknown");
}

static void test_fit__takes_null_for_every_type(void **state)
{
    (void)state;
    check_typed("{\"string\":null,\"bool\":null,\"int\":null,\"date\":null,\"point\":null,"
                "\"ints\":[null]}",
                "{\"string\":null,\"bool\":null,\"int\":null,\"date\":null,\"point\":null,"
                "\"ints\":[null]}",
                "");
}

static void test_fit__renames_and_leaves_out(void **state)
{
    decoded d;

    (void)state;
    check_typed("{\"id\":7,\"url\":\"/7\",\"string\":\"s\"}",
                "{\"_id\":{\"$numberInt\":\"7\"},\"string\":\"s\"}", "");
    check_typed("{\"id\":\"a\"}", "{\"_id\":\"a\"}", "id:type");
    check_typed("{\"_id\":7,\"url\":{\"a\":[1]}}", "{}", "_id:unknown");
    plan.open = true;
    check_typed("{\"_id\":7,\"id\":8,\"more\":true}",
                "{\"_id\":{\"$numberInt\":\"8\"},\"more\":true}", "_id:unknown");
    plan.open = false;
    /* What is left out still has to be JSON and hold the key rules. */
    decode(&d, (sac__json_decoding){.flags = SAC_JSON_KEY_RULES, .plan = &plan},
           sac_str_of("{\"url\":{\"a\":1,\"a\":2}}"));
    CHECK_INT(d.rc, SAC_ESYNTAX);
    decode(&d, (sac__json_decoding){.flags = SAC_JSON_KEY_RULES, .plan = &plan},
           sac_str_of("{\"other\":1,\"other\":2}"));
    CHECK_INT(d.rc, SAC_ESYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit__reads_integers_by_value),
        cmocka_unit_test(test_fit__reads_other_numbers),
        cmocka_unit_test(test_fit__reads_strings_by_type),
        cmocka_unit_test(test_fit__tells_misfits_by_path),
        cmocka_unit_test(test_fit__takes_null_for_every_type),
        cmocka_unit_test(test_fit__renames_and_leaves_out),
    };

    return cmocka_run_group_tests(tests, index_plans, unindex_plans);
}
