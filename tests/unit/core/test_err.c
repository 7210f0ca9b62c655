/* SPDX-License-Identifier: MIT */
#include <sacrum/err.h>

#include <string.h>

#include "core/utf8.h"
#include "support/support.h"

static void test_err__every_code_has_name_text_and_status(void **state)
{
    (void)state;
#define CHECK_ROW(name, number, text, status)         \
    assert_string_equal(sac_err_name(number), #name); \
    assert_string_equal(sac_err_text(number), text);  \
    CHECK_INT(sac_err_status(number), status);
    SAC_ERRORS(CHECK_ROW)
#undef CHECK_ROW
}

static void test_err__unknown_codes_are_told(void **state)
{
    const int codes[] = {1, SAC_LATER, -1000, INT32_MIN, INT32_MAX, SAC_EUNKNOWN - 1};

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_string_equal(sac_err_name(codes[i]), "SAC_E?");
        CHECK(sac_err_text(codes[i]) != NULL);
        CHECK_INT(sac_err_status(codes[i]), 500);
    }
}

static void test_err__set_fills_and_returns_the_code(void **state)
{
    sac_err err = {.code = 0, .pos = 7};

    (void)state;
    CHECK_INT(sac_err_set(&err, SAC_EIO, "disk %d is %s", 3, "gone"), SAC_EIO);
    CHECK_INT(err.code, SAC_EIO);
    CHECK_INT(err.pos, 0);
    assert_string_equal(err.text, "disk 3 is gone");
    CHECK_INT(sac_err_set(NULL, SAC_EIO, "nobody asks"), SAC_EIO);
}

static void test_err__text_is_utf8_where_it_is_cut(void **state)
{
    char text[400] = "";
    sac_err err;

    (void)state;
    for (size_t pad = 0; pad < 5; pad++) {
        memset(text, 'x', pad);
        for (size_t i = pad; i + 5 < sizeof text; i += 4)
            memcpy(text + i, "\xf0\x9f\x92\xa9", 5);
        sac_err_set(&err, SAC_EIO, "%s", text);
        CHECK(sac__utf8_valid(sac_str_of(err.text)));
        CHECK(strlen(err.text) > sizeof err.text - 5);
        CHECK(strchr(err.text, '?') == NULL);
    }
}

static void test_err__text_is_utf8_whatever_it_quotes(void **state)
{
    sac_err err;

    (void)state;
    sac_err_set(&err, SAC_EIO, "key %s", "a\xff\xc3(b\xe2\x82");
    assert_string_equal(err.text, "key a?\?(b?\?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_err__every_code_has_name_text_and_status),
        cmocka_unit_test(test_err__unknown_codes_are_told),
        cmocka_unit_test(test_err__set_fills_and_returns_the_code),
        cmocka_unit_test(test_err__text_is_utf8_where_it_is_cut),
        cmocka_unit_test(test_err__text_is_utf8_whatever_it_quotes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
