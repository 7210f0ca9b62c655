/* SPDX-License-Identifier: MIT */
#include "core/utf8.h"

#include <stdio.h>
#include <stdlib.h>

#include <cJSON.h>

#include "support/support.h"

static sac_str from_hex(const char *hex, char *out)
{
    const size_t n = strlen(hex) / 2;

    for (size_t i = 0; i < n; i++) {
        unsigned byte;

        CHECK_INT(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (char)byte;
    }
    return sac_str_n(out, n);
}

/* The same bytes in front of and behind ASCII, so that they meet every fast step. */
static void check_surrounded(sac_str bytes, bool valid)
{
    char text[512];

    for (size_t pad = 0; pad < 35; pad++) {
        memset(text, 'a', sizeof text);
        memcpy(text + pad, bytes.p, bytes.n);
        CHECK_INT(sac__utf8_valid(sac_str_n(text, pad + bytes.n + 35)), valid);
        CHECK_INT(sac__utf8_valid(sac_str_n(text, pad + bytes.n)), valid);
    }
}

static void test_utf8__judges_the_suite(void **state)
{
    const char *path = suite_path("utf8/utf8tests.json");
    sac_str text = {NULL, 0};
    cJSON *suite, *row;
    char bytes[128];
    int count = 0;

    (void)state;
    if (!path)
        skip();
    text = read_file(path);
    suite = cJSON_ParseWithLength(text.p, text.n);
    CHECK(suite != NULL);
    cJSON_ArrayForEach(row, cJSON_GetObjectItem(suite, "cases"))
    {
        const char *hex = cJSON_GetObjectItem(row, "hex")->valuestring;
        const bool valid = cJSON_IsTrue(cJSON_GetObjectItem(row, "valid"));

        CHECK(strlen(hex) / 2 <= sizeof bytes);
        if (sac__utf8_valid(from_hex(hex, bytes)) != valid)
            fail_msg("case %s: %s", cJSON_GetObjectItem(row, "id")->valuestring, hex);
        check_surrounded(from_hex(hex, bytes), valid);
        count++;
    }
    CHECK_INT(count, 222);
    cJSON_Delete(suite);
    free((void *)(uintptr_t)text.p);
}

static bool is_point(uint32_t point)
{
    return point < 0xd800 || (point > 0xdfff && point < 0x110000);
}

static void test_utf8__puts_and_reads_every_point(void **state)
{
    char bytes[4];

    (void)state;
    for (uint32_t point = 0; point < 0x111000; point++) {
        const size_t n = sac__utf8_put(bytes, point);

        CHECK_INT(sac__utf8_valid(sac_str_n(bytes, n)), is_point(point));
        CHECK_INT(n, 1 + (point > 0x7f) + (point > 0x7ff) + (point > 0xffff));
        for (size_t cut = 1; cut < n; cut++)
            CHECK(!sac__utf8_valid(sac_str_n(bytes, cut)));
    }
}

static void test_utf8__tells_where_it_is_bad(void **state)
{
    (void)state;
    CHECK_INT(sac__utf8_bad(sac_str_of("abc")), 3);
    CHECK_INT(sac__utf8_bad(sac_str_of("")), 0);
    CHECK_INT(sac__utf8_bad(sac_str_of("ab\xff")), 2);
    CHECK_INT(sac__utf8_bad(sac_str_of("\xc3\xa4\xc3")), 2);
    CHECK_INT(sac__utf8_bad(sac_str_of("0123456789012345678\xe2\x82 ")), 19);
    CHECK(sac__utf8_valid(sac_str_n(NULL, 0)));
    CHECK(sac__utf8_valid(sac_str_n("a\0b", 3)));
}

static void test_utf8__counts_points(void **state)
{
    (void)state;
    CHECK_INT(sac__utf8_length(sac_str_of("")), 0);
    CHECK_INT(sac__utf8_length(sac_str_of("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x92\xa9z")), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8__judges_the_suite),
        cmocka_unit_test(test_utf8__puts_and_reads_every_point),
        cmocka_unit_test(test_utf8__tells_where_it_is_bad),
        cmocka_unit_test(test_utf8__counts_points),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
