/* SPDX-License-Identifier: MIT */
#include "json/text.h"

#include "json/decode.h"
#include "support/support.h"

static void check_date(const char *text, int64_t want)
{
    int64_t ms = 0;

    if (!sac__json_parse_date(sac_str_of(text), &ms) || ms != want)
        fail_msg("%s: %lld", text, (long long)ms);
}

static void test_text__reads_dates(void **state)
{
    (void)state;
    check_date("1970-01-01", 0);
    check_date("1970-01-01T00:00:00Z", 0);
    check_date("2026-11-22T09:41:00.123Z", 1795340460123);
    check_date("2026-11-22t09:41:00.123z", 1795340460123);
    check_date("2026-11-22T09:41:00.1239999999Z", 1795340460123);
    check_date("2026-11-22T09:41:00.1Z", 1795340460100);
    check_date("2026-11-22T10:41:00.123+01:00", 1795340460123);
    check_date("2026-11-21T23:41:00.123-10:00", 1795340460123);
    check_date("2024-02-29", 1709164800000);
    check_date("2000-02-29", 951782400000);
    check_date("1969-12-31T23:59:59.999Z", -1);
    check_date("0000-01-01T00:00:00Z", SAC__TEXT_YEAR_0);
    check_date("9999-12-31T23:59:59.999Z", SAC__TEXT_YEAR_10000 - 1);
}

static void test_text__refuses_other_dates(void **state)
{
    static const char *const rows[] = {
        "",
        "2026",
        "2026-11",
        "2026-11-22T09:41:00",
        "2026-11-22T09:41Z",
        "2026-11-22 09:41:00Z",
        "2026-13-01",
        "2026-00-01",
        "2026-01-00",
        "2026-01-32",
        "2026-02-29",
        "1900-02-29",
        "2026-11-22T24:00:00Z",
        "2026-11-22T23:60:00Z",
        "2026-11-22T23:59:60Z",
        "2026-11-22T09:41:00.Z",
        "2026-11-22T09:41:00,1Z",
        "2026-11-22T09:41:00+24:00",
        "2026-11-22T09:41:00+01:60",
        "2026-11-22T09:41:00+0100",
        "2026-11-22T09:41:00+01",
        "2026-11-22T09:41:00ZZ",
        "2026-11-22Z",
        "+2026-11-22",
        "-026-11-22",
        "20261122",
        "2026-11-22T9:41:00Z",
        "2026-11-2",
        "12026-11-22",
        "2026-11-22T",
    };
    int64_t ms = 7;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (sac__json_parse_date(sac_str_of(rows[i]), &ms))
            fail_msg("%s was taken", rows[i]);
    CHECK_INT(ms, 7);
}

static void test_text__prints_dates(void **state)
{
    char text[25];
    int64_t back;
    size_t n;

    (void)state;
    sac__json_print_date(1795340460123, text, &n);
    CHECK_STR(sac_str_n(text, n), "2026-11-22T09:41:00.123Z");
    sac__json_print_date(-1, text, &n);
    CHECK_STR(sac_str_n(text, n), "1969-12-31T23:59:59.999Z");
    sac__json_print_date(SAC__TEXT_YEAR_0, text, &n);
    CHECK_STR(sac_str_n(text, n), "0000-01-01T00:00:00.000Z");
    sac__json_print_date(SAC__TEXT_YEAR_0 - 1, text, &n);
    CHECK_INT(n, 0);
    sac__json_print_date(SAC__TEXT_YEAR_10000, text, &n);
    CHECK_INT(n, 0);
    for (int64_t ms = SAC__TEXT_YEAR_0; ms < SAC__TEXT_YEAR_10000;
         ms += 86400000 * INT64_C(13) + 1) {
        sac__json_print_date(ms, text, &n);
        CHECK(n == 24 && sac__json_parse_date(sac_str_n(text, n), &back) && back == ms);
    }
}

static void test_text__reads_integers(void **state)
{
    static const char *const bad[] = {"",
                                      "-",
                                      "+1",
                                      "1.0",
                                      " 1",
                                      "1 ",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999",
                                      "1e2"};
    int64_t value = 0;

    (void)state;
    CHECK(sac__json_parse_int(sac_str_of("9223372036854775807"), &value) && value == INT64_MAX);
    CHECK(sac__json_parse_int(sac_str_of("-9223372036854775808"), &value) && value == INT64_MIN);
    CHECK(sac__json_parse_int(sac_str_of("007"), &value) && value == 7);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (sac__json_parse_int(sac_str_of(bad[i]), &value))
            fail_msg("%s was taken", bad[i]);
    CHECK_INT(value, 7);
}

static void test_text__knows_base64(void **state)
{
    static const struct {
        const char *bytes, *text;
    } rows[] = {{"", ""},
                {"f", "Zg=="},
                {"fo", "Zm8="},
                {"foo", "Zm9v"},
                {"foob", "Zm9vYg=="},
                {"fooba", "Zm9vYmE="},
                {"\xff\xef\xbe", "/+++"}};
    static const char *const bad[] = {
        "Zg=",  "Zg",   "Z",    "Zh==",     "Zm9=", "Zm-v",
        "Zm v", "====", "Z===", "Zg==Zg==", "Zg=a", "\xff\xff\xff\xff"};
    char out[16];
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const sac_str bytes = sac_str_of(rows[i].bytes);

        CHECK_STR(sac_str_n(out, (size_t)(sac__text_print_base64(out, bytes.p, bytes.n) - out)),
                  rows[i].text);
        CHECK(sac__text_parse_base64(sac_str_of(rows[i].text), out, &n));
        CHECK(sac_str_eq(sac_str_n(out, n), bytes));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (sac__text_parse_base64(sac_str_of(bad[i]), out, &n))
            fail_msg("%s was taken", bad[i]);
}

static void test_text__knows_uuids(void **state)
{
    static const char text[] = "73ffd264-44b3-4c69-90e8-e7d1dfc035d4";
    static const char *const bad[] = {"",
                                      "73ffd26444b34c6990e8e7d1dfc035d4",
                                      "73ffd264-44b3-4c69-90e8-e7d1dfc035d",
                                      "73ffd264-44b3-4c69-90e8-e7d1dfc035d4a",
                                      "73ffd264-44b3-4c69-90e8_e7d1dfc035d4",
                                      "73ffd264-44b3-4c69-90e8-e7d1dfc035dg",
                                      "{3ffd264-44b3-4c69-90e8-e7d1dfc035d}"};
    uint8_t bytes[16];
    char out[36];

    (void)state;
    CHECK(sac__json_parse_uuid(sac_str_of("73FFd264-44b3-4c69-90e8-e7d1dfc035d4"), bytes));
    sac__text_print_uuid(out, bytes);
    CHECK_STR(sac_str_n(out, sizeof out), text);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (sac__json_parse_uuid(sac_str_of(bad[i]), bytes))
            fail_msg("%s was taken", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text__reads_dates),  cmocka_unit_test(test_text__refuses_other_dates),
        cmocka_unit_test(test_text__prints_dates), cmocka_unit_test(test_text__reads_integers),
        cmocka_unit_test(test_text__knows_base64), cmocka_unit_test(test_text__knows_uuids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
