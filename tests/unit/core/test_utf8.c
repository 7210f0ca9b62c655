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

/* RFC 3629's table 3-7, a byte at a time. */
static size_t first_bad(const unsigned char *p, size_t n)
{
    for (size_t at = 0; at < n;) {
        const unsigned char c = p[at];
        const size_t more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
        unsigned char low = 0x80, high = 0xbf;

        if ((c >= 0x80 && c < 0xc2) || c > 0xf4)
            return at;
        low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : low;
        high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : high;
        for (size_t i = 1; i <= more; i++) {
            if (at + i >= n || p[at + i] < low || p[at + i] > high)
                return at;
            low = 0x80;
            high = 0xbf;
        }
        at += more + 1;
    }
    return n;
}

/* Runs of sequences, most of them good, in blocks of exactly their size. */
static void test_utf8__agrees_with_the_table(void **state)
{
    static const char *const pieces[] = {
        "a",
        "abcdefghijklmnopq",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xe6\x9d\xb1",
        "\xed\x9f\xbf",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "\xe4\xba\xac",
        "\xf0\x9f\x98\x80",
        "\xc1\xbf",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5",
        "\x80",
        "\xe6\x9d",
        "\xf0\x9f\x98",
        "\xc3",
    };
    enum { GOOD = 12, ALL = sizeof pieces / sizeof *pieces };
    uint32_t seed = 12345;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char text[256];
        size_t n = 0;
        sac_str copy;

        for (int left = (int)(seed >> 16) % 12; left >= 0; left--) {
            const char *piece;

            seed = seed * 1103515245 + 12345;
            piece = pieces[(seed >> 16) % (i % 2 && seed >> 28 == 0 ? ALL : GOOD)];
            memcpy(text + n, piece, strlen(piece));
            n += strlen(piece);
        }
        if (i % 3 == 0)
            n--;
        copy = sac_str_n(memcpy(malloc(n ? n : 1), text, n), n);
        CHECK_INT(sac__utf8_bad(copy), first_bad((const unsigned char *)text, n));
        free((void *)(uintptr_t)copy.p);
    }
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
        cmocka_unit_test(test_utf8__agrees_with_the_table),
        cmocka_unit_test(test_utf8__counts_points),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
