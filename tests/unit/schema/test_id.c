/* SPDX-License-Identifier: MIT */
#include "unit/schema/fixture.h"

static void open_ids(fixture *f, sac_type type)
{
    const sac__schema_config config = {.id_type = type};

    fixture_open(f, &config);
}

static void check_ids(sac_type type, const char *const *good, const char *const *bad)
{
    fixture f;

    open_ids(&f, type);
    for (; *good; good++) {
        sac_value id;
        sac__buf text;

        CHECK(sac__schema_id_parse(f.schema, sac_str_of(*good), f.arena, &id));
        sac__buf_init(&text, sac__arena_alloc(f.arena), 1000);
        sac__schema_id_print(&id, &text);
        CHECK_STR(sac__buf_str(&text), *good);
    }
    for (; *bad; bad++) {
        sac_value id = {.type = SAC_BSON_MISSING};

        CHECK(!sac__schema_id_parse(f.schema, sac_str_of(*bad), f.arena, &id));
        CHECK_INT(id.type, SAC_BSON_MISSING);
    }
    fixture_close(&f);
}

static void test_id__is_lower_case_hex(void **state)
{
    static const char *const good[] = {ID, NULL};
    static const char *const bad[] = {"",
                                      "00112233445566778899AABB",
                                      "00112233445566778899aab",
                                      "00112233445566778899aabbc",
                                      "x0112233445566778899aabb",
                                      NULL};

    (void)state;
    check_ids(SAC_OBJECTID, good, bad);
}

static void test_id__is_lower_case_uuid(void **state)
{
    static const char *const good[] = {"00112233-4455-6677-8899-aabbccddeeff", NULL};
    static const char *const bad[] = {"00112233-4455-6677-8899-AABBCCDDEEFF",
                                      "00112233445566778899aabbccddeeff",
                                      "{00112233-4455-6677-8899-aabbccddeeff}", "", NULL};

    (void)state;
    check_ids(SAC_UUID, good, bad);
}

static void test_id__is_canonical_decimal(void **state)
{
    static const char *const good[] = {"0", "-1", "9223372036854775807", "-9223372036854775808",
                                       NULL};
    static const char *const bad[] = {"",    "-",   "-0",  "+1",
                                      "01",  " 1",  "1 ",  "9223372036854775808",
                                      "1.0", "1e2", "0x1", "-9223372036854775809",
                                      NULL};

    (void)state;
    check_ids(SAC_INT64, good, bad);
}

static void test_id__is_a_short_string(void **state)
{
    static const char *const good[] = {"a", "...", ".a", "\xc3\xa4/b c", NULL};
    static const char *const bad[] = {"", ".", "..", "\xff", NULL};
    char text[257];
    sac_value id;
    fixture f;

    (void)state;
    check_ids(SAC_STRING, good, bad);
    open_ids(&f, SAC_STRING);
    memset(text, 'a', sizeof text);
    CHECK(sac__schema_id_parse(f.schema, sac_str_n(text, 256), f.arena, &id));
    CHECK(!sac__schema_id_parse(f.schema, sac_str_n(text, 257), f.arena, &id));
    text[3] = '\0';
    CHECK(!sac__schema_id_parse(f.schema, sac_str_n(text, 10), f.arena, &id));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_id__is_lower_case_hex),
        cmocka_unit_test(test_id__is_lower_case_uuid),
        cmocka_unit_test(test_id__is_canonical_decimal),
        cmocka_unit_test(test_id__is_a_short_string),
    };

    return cmocka_run_group_tests_name("schema id", tests, NULL, NULL);
}
