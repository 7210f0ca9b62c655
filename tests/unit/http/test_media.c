/* SPDX-License-Identifier: MIT */
#include "http/media.h"

#include "support/support.h"

static sac_str S(const char *s)
{
    return sac_str_of(s);
}

static void test_media__parses_type_and_parameters(void **state)
{
    sac__media media;

    (void)state;
    CHECK(sac__media_parse(S(" Application/JSON ; charset=UTF-8; x=\"a;b\""), &media));
    CHECK_STR(media.type, "Application/JSON");
    CHECK(sac__media_is(&media, "application/json"));
    CHECK(!sac__media_is(&media, "application/jso"));
    CHECK_STR(sac__media_param(&media, "Charset"), "UTF-8");
    CHECK_STR(sac__media_param(&media, "x"), "a;b");
    CHECK(!sac__media_param(&media, "b").p);
    CHECK(sac__media_parse(S("text/plain"), &media));
    CHECK(!sac__media_param(&media, "charset").p);
    CHECK(sac__media_parse(S("text/plain;a;b=\"\";c=\"x\\\"y\"; =z"), &media));
    CHECK(!sac__media_param(&media, "a").p);
    CHECK(sac__media_param(&media, "b").p);
    CHECK_STR(sac__media_param(&media, "c"), "\"x\\\"y\"");
}

static void test_media__refuses_what_is_no_type(void **state)
{
    static const char *const bad[] = {"",      "json", "/json", "text/",           "te xt/plain",
                                      "a/b/c", ";a=b", "a/b c", "text/plain, a/b", "a/\"b\""};
    sac__media media = {{"kept", 4}, {NULL, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!sac__media_parse(S(bad[i]), &media));
    CHECK(!sac__media_parse(sac_str_n(NULL, 0), &media));
    CHECK_STR(media.type, "kept");
}

static int quality(const char *accept)
{
    sac_str params;

    return sac__accept_quality(sac_str_of(accept), "application/json", &params);
}

static void test_accept__weighs_by_the_most_specific_range(void **state)
{
    (void)state;
    CHECK_INT(quality(NULL), 1000);
    CHECK_INT(quality(""), 1000);
    CHECK_INT(quality("*/*"), 1000);
    CHECK_INT(quality("text/html"), 0);
    CHECK_INT(quality("text/*"), 0);
    CHECK_INT(quality("application/*;q=0.5"), 500);
    CHECK_INT(quality("APPLICATION/json;q=0.25, */*"), 250);
    CHECK_INT(quality("*/*;q=1, application/json;q=0"), 0);
    CHECK_INT(quality("application/json;q=0, application/*"), 0);
    CHECK_INT(quality("application/*;q=0.3, */*;q=0.9"), 300);
    CHECK_INT(quality("text/html, */*;q=0.001"), 1);
    CHECK_INT(quality("application/json-patch+json"), 0);
    CHECK_INT(quality("application/json, text/javascript, */*; q=0.01"), 1000);
}

static void test_accept__is_lenient_with_sloppy_numbers(void **state)
{
    (void)state;
    CHECK_INT(quality("text/html, *; q=.2, */*; q=.2"), 200);
    CHECK_INT(quality("application/json;q=1.5"), 1000);
    CHECK_INT(quality("application/json;q=99999999999999999999"), 1000);
    CHECK_INT(quality("application/json;q=0.1239999999999999999999"), 123);
    CHECK_INT(quality("application/json;Q=0.5"), 500);
    CHECK_INT(quality("application/json;q=x"), 0);
    CHECK_INT(quality("application/json;q="), 0);
    CHECK_INT(quality("application/json;q=-1, */*;q=0.4"), 400);
}

static void test_accept__gives_the_parameters_of_the_range(void **state)
{
    sac_str params;
    sac__media media = {{NULL, 0}, {NULL, 0}};

    (void)state;
    CHECK_INT(sac__accept_quality(S("*/*, application/json; dialect=relaxed;q=0.8"),
                                  "application/json", &params),
              800);
    media.params = params;
    CHECK_STR(sac__media_param(&media, "dialect"), "relaxed");
    CHECK_INT(sac__accept_quality(S("application/json;dialect=relaxed;q=0.5,application/json"),
                                  "application/json", &params),
              1000);
    CHECK_INT(params.n, 0);
    CHECK_INT(sac__accept_quality(S("application/json;q=0, application/json;dialect=canonical"),
                                  "application/json", &params),
              1000);
    CHECK_STR(params, "dialect=canonical");
    CHECK_INT(sac__accept_quality(S("text/html;a=b"), "application/json", &params), 0);
    CHECK(!params.p);
}

static int coding(const char *accept, const char *name)
{
    const sac_header field = {sac_str_of("Accept-Encoding"), sac_str_of(accept)};

    return sac__accept_coding(&field, accept ? 1 : 0, name);
}

static void test_accept_coding__weighs_each_coding(void **state)
{
    const sac_header many[] = {{S("accept-encoding"), S("br;q=0.1")},
                               {S("accept"), S("gzip")},
                               {S("Accept-Encoding"), S("br;q=0.5, gzip;q=0")}};

    (void)state;
    CHECK_INT(coding(NULL, "gzip"), 0);
    CHECK_INT(coding(NULL, "identity"), 1);
    CHECK_INT(coding("", "gzip"), 0);
    CHECK_INT(coding("", "identity"), 1);
    CHECK_INT(coding("gzip, br", "gzip"), 1000);
    CHECK_INT(coding("gzip, br", "identity"), 1);
    CHECK_INT(coding("GZip;Q=0.5", "gzip"), 500);
    CHECK_INT(coding("x-gzip", "gzip"), 1000);
    CHECK_INT(coding("gzip;q=0", "gzip"), 0);
    CHECK_INT(coding("gzip;q=0, *", "gzip"), 0);
    CHECK_INT(coding("gzip;q=0, *", "br"), 1000);
    CHECK_INT(coding("*;q=0", "identity"), 0);
    CHECK_INT(coding("identity;q=0.2, *;q=0", "identity"), 200);
    CHECK_INT(coding("gzip;q=high", "gzip"), 0);
    CHECK_INT(coding("gzipped", "gzip"), 0);
    CHECK_INT(sac__accept_coding(many, 3, "br"), 500);
    CHECK_INT(sac__accept_coding(many, 3, "gzip"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_media__parses_type_and_parameters),
        cmocka_unit_test(test_media__refuses_what_is_no_type),
        cmocka_unit_test(test_accept__weighs_by_the_most_specific_range),
        cmocka_unit_test(test_accept__is_lenient_with_sloppy_numbers),
        cmocka_unit_test(test_accept__gives_the_parameters_of_the_range),
        cmocka_unit_test(test_accept_coding__weighs_each_coding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
