/* SPDX-License-Identifier: MIT */
#include "page/mime.h"

#include "support/support.h"

static const char *type(const char *path)
{
    return sac__mime_type(sac_str_of(path));
}

static void test_mime__goes_by_the_last_ending(void **state)
{
    (void)state;
    assert_string_equal(type("index.html"), "text/html; charset=utf-8");
    assert_string_equal(type("a.b/app.min.JS"), "text/javascript; charset=utf-8");
    assert_string_equal(type("app.js.map"), "application/json");
    assert_string_equal(type("a.svg"), "image/svg+xml");
    assert_string_equal(type("a.woff2"), "font/woff2");
    assert_string_equal(type("a.webmanifest"), "application/manifest+json");
}

static void test_mime__of_the_unknown_is_bytes(void **state)
{
    static const char *const paths[] = {"", "html", "a.", "a.html/b", "a.html2", "a.htmlx", "a.h"};

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_string_equal(type(paths[i]), "application/octet-stream");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mime__goes_by_the_last_ending),
        cmocka_unit_test(test_mime__of_the_unknown_is_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
