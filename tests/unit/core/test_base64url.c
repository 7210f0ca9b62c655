/* SPDX-License-Identifier: MIT */
#include "core/base64url.h"

#include <stdlib.h>

#include "support/support.h"

typedef struct pair {
    const char *text;
    const char *bytes;
    size_t n;
} pair;

static const pair pairs[] = {
    {"", "", 0},
    {"AA", "\0", 1},
    {"Zg", "f", 1},
    {"Zm8", "fo", 2},
    {"Zm9v", "foo", 3},
    {"Zm9vYg", "foob", 4},
    {"Zm9vYmE", "fooba", 5},
    {"Zm9vYmFy", "foobar", 6},
    {"-_-_", "\xfb\xff\xbf", 3},
    {"__8", "\xff\xff", 2},
};

static void test_base64url__prints_without_padding(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char text[16];
        const char *end = sac__base64url_print(text, pairs[i].bytes, pairs[i].n);

        CHECK_INT(end - text, SAC__BASE64URL_SIZE(pairs[i].n));
        CHECK_STR(sac_str_n(text, (size_t)(end - text)), pairs[i].text);
    }
}

static void test_base64url__reads_what_it_prints(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char bytes[16];
        size_t n = 99;

        CHECK(sac__base64url_parse(sac_str_of(pairs[i].text), bytes, &n));
        CHECK_INT(n, pairs[i].n);
        assert_memory_equal(bytes, pairs[i].bytes, n);
    }
}

static void test_base64url__refuses_all_but_one_spelling(void **state)
{
    static const char *const bad[] = {"A",     "Zg=",    "Zg==", "Zh",    "Zm9",       "Zm9vY",
                                      "Zm 9v", "Zm9v\n", "+/+/", "Zm9v.", "Z\xc3\xa4", "AB",
                                      "AAB",   "AAD",    "_1",   "*AAA",  "AAA\x7f"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char bytes[16];
        size_t n = 99;

        CHECK(!sac__base64url_parse(sac_str_of(bad[i]), bytes, &n));
        CHECK_INT(n, 99);
    }
}

static void test_base64url__stays_within_its_output(void **state)
{
    char text[64];
    size_t n;

    (void)state;
    memset(text, 'A', sizeof text);
    for (size_t length = 0; length < sizeof text; length++) {
        const size_t cap = length / 4 * 3 + 2;
        char *out = malloc(cap);

        CHECK(out != NULL);
        CHECK_INT(sac__base64url_parse(sac_str_n(text, length), out, &n), length % 4 != 1);
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64url__prints_without_padding),
        cmocka_unit_test(test_base64url__reads_what_it_prints),
        cmocka_unit_test(test_base64url__refuses_all_but_one_spelling),
        cmocka_unit_test(test_base64url__stays_within_its_output),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
