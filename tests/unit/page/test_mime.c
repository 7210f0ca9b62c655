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

static void test_mime__knows_what_front_ends_are_built_of(void **state)
{
    static const char *const known[][2] = {
        {"a.mjs", "text/javascript; charset=utf-8"},
        {"a.css", "text/css; charset=utf-8"},
        {"a.txt", "text/plain; charset=utf-8"},
        {"a.json", "application/json"},
        {"a.xml", "application/xml"},
        {"a.webp", "image/webp"},
        {"a.avif", "image/avif"},
        {"a.png", "image/png"},
        {"a.jpg", "image/jpeg"},
        {"a.gif", "image/gif"},
        {"favicon.ico", "image/x-icon"},
        {"a.woff", "font/woff"},
        {"a.ttf", "font/ttf"},
        {"a.wasm", "application/wasm"},
        {"a.pdf", "application/pdf"},
        {"a.mp4", "video/mp4"},
        {"a.webm", "video/webm"},
        {"a.mp3", "audio/mpeg"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_string_equal(type(known[i][0]), known[i][1]);
}

static void test_mime__knows_what_compresses(void **state)
{
    static const char *const texts[] = {"a.html", "a.js",  "a.css", "a.json",        "a.map",
                                        "a.svg",  "a.xml", "a.txt", "a.webmanifest", "a.wasm",
                                        "a.ttf",  "a.ico", "a.md",  "a.geojson"};
    static const char *const packed[] = {"a.png", "a.jpg", "a.webp", "a.woff2", "a.woff",
                                         "a.mp4", "a.mp3", "a.zip",  "a.gz",    "a.pdf"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CHECK(sac__mime_is_text(sac_str_of(type(texts[i]))));
        CHECK(!sac__mime_is_packed(type(texts[i])));
    }
    for (size_t i = 0; i < sizeof packed / sizeof *packed; i++) {
        CHECK(!sac__mime_is_text(sac_str_of(type(packed[i]))));
        CHECK(sac__mime_is_packed(type(packed[i])));
    }
    CHECK(!sac__mime_is_text(sac_str_of("application/octet-stream")));
    CHECK(!sac__mime_is_packed("application/octet-stream"));
    CHECK(!sac__mime_is_text(sac_str_of(NULL)));
    CHECK(!sac__mime_is_text(sac_str_of("")));
    CHECK(sac__mime_is_text(sac_str_of("application/problem+json")));
    CHECK(!sac__mime_is_text(sac_str_of("multipart/mixed; boundary=text/html")));
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
        cmocka_unit_test(test_mime__knows_what_front_ends_are_built_of),
        cmocka_unit_test(test_mime__knows_what_compresses),
        cmocka_unit_test(test_mime__of_the_unknown_is_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
